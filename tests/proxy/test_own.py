"""How an answer of the gateway's own becomes a verdict, and what its record says."""

import json
from typing import Any

from gateway.model.decision import Outcome
from gateway.model.identity import ClientInfo, Engine, Principal
from gateway.model.own import CALLS, OwnFault, OwnRefused, OwnRequest, Row
from gateway.model.statement import Namespace, Origin, Statement
from gateway.proxy.own import answered, refused_verdict
from gateway.verdict import SessionIdentity
from tests.proxy.postgres.duties import Answers
from tests.proxy.postgres.playbook import TARGET, Stage

WHO = SessionIdentity(Principal("alice"), TARGET, ClientInfo("10.0.0.1"), "5e55")
CALL = OwnRequest("explain", CALLS["explain"], call=True, arguments=("SELECT 1",))


def statement(text: str) -> Statement:
    return Statement(Engine.POSTGRES, text, Namespace(("public",)), Origin.SIMPLE)


def recorded(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b"{" + body + b"}")
    return found


async def test_rows_come_with_a_verdict_that_passes_and_is_recorded() -> None:
    judge, answers = Stage().judge, Answers()
    verdict, refused = await answered(answers, judge, WHO, statement("SELECT * FROM gateway.masks"), answers.request)
    assert refused is None
    assert (verdict.outcome, verdict.bound) == (Outcome.ALLOW, True)
    assert verdict.own is not None
    assert verdict.own.rows == answers.rows
    record = recorded(verdict.rulings[0].audit_body)
    assert record["text"] == "SELECT * FROM gateway.masks"
    assert record["relations"] == [{"path": "gateway/masks", "action": "select"}]
    assert (record["statement_kind"], record["decision"]["outcome"]) == ("SELECT", "allow")


async def test_a_call_is_recorded_as_one() -> None:
    judge, answers = Stage().judge, Answers()
    verdict, _ = await answered(answers, judge, WHO, statement("CALL gateway.explain('SELECT 1')"), CALL)
    record = recorded(verdict.rulings[0].audit_body)
    assert (record["statement_kind"], record["relations"]) == ("CALL", [{"path": "gateway/explain", "action": "call"}])


async def test_what_cannot_be_answered_is_refused_and_says_why_in_its_record() -> None:
    class Refusing(Answers):
        async def answer(self, who: SessionIdentity, request: OwnRequest, namespace: Namespace) -> list[Row]:
            raise OwnRefused(OwnFault.WRONG_VALUE, "no such action", "There are: select.")

    judge = Stage().judge
    verdict, refused = await answered(Refusing(), judge, WHO, statement("CALL gateway.x()"), CALL)
    assert refused is not None
    assert verdict == refused_verdict(judge, "CALL gateway.x()", refused)
    assert (verdict.outcome, verdict.own, verdict.bound) == (Outcome.DENY, None, False)
    decision = recorded(verdict.rulings[0].audit_body)["decision"]
    assert (decision["reason"], decision["hint"]) == ("no such action", "There are: select.")
