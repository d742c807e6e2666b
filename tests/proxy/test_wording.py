"""Refusals in the contract's words, whichever engine's client hears them."""

from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.footprint import Action, Category, Footprint
from gateway.proxy.mysql import refuse as mysql
from gateway.proxy.postgres import refuse as postgres
from gateway.proxy.wording import denial, grounds
from gateway.verdict import Ruling, Verdict

PATH = "pg1/shop/public/customers/email"


def ruling(reason: Reason, opaque: str | None = None) -> Ruling:
    footprint = Footprint("SELECT", Category.QUERY, opaque=opaque)
    return Ruling(footprint, Decision(Outcome.DENY, reason, "v7"), b"")


def test_action_path_clause_rule_and_version() -> None:
    reason = Reason(ReasonCode.MASKED_COLUMN, "…", "", "ask", Action.INFER, PATH, "masked column used in WHERE")
    said = ruling(reason)
    assert denial(said) == f"permission denied: infer on {PATH}"
    assert grounds(said) == "masked column used in WHERE; no rule permits it; policy version v7"
    verdict = Verdict((said,), Outcome.DENY, 0.0, 0)
    heard = postgres.denied(verdict)
    assert (heard.message, heard.detail, heard.hint) == (f"gateway: {denial(said)}", grounds(said), "ask")
    assert mysql.denied(verdict).message == f"gateway: {denial(said)} ({grounds(said)}) HINT: ask"


def test_a_denying_rule_and_what_is_not_understood() -> None:
    denied = ruling(Reason(ReasonCode.DENIED_BY_RULE, "…", "policy.csv:3", "", Action.SELECT, PATH))
    assert grounds(denied) == "rule policy.csv:3; policy version v7"
    assert denial(ruling(Reason(ReasonCode.OPAQUE, "…"), "a word too many")) == "statement not understood: a word too many"
