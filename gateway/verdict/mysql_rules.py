"""What holds for MySQL beside policy: decisions over several databases, and session state that cannot be permitted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.model.decision import Decision, Obligation, Outcome, Reason, ReasonCode
from gateway.model.footprint import Effect, EffectKind, Footprint, FunctionClass
from gateway.model.identity import Principal, Target
from gateway.model.paths import segment
from gateway.verdict.ports import Policy
from gateway.verdict.verdict import SessionIdentity

# character_set_client -> Python's codec. In all of these an ASCII byte is that ASCII character and nothing else. In the others
# (big5, gbk, sjis, cp932, gb18030, ucs2, utf16 …) a quote or backslash may be half of a letter.
CHARSETS: Final = {
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "utf8": "utf-8",
    "ascii": "ascii",
    "binary": "utf-8",
    "latin1": "cp1252",
    "latin2": "iso8859-2",
    "latin5": "iso8859-9",
    "latin7": "iso8859-13",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
}
_CHARSET_VARIABLES: Final = frozenset({"names", "character set", "charset", "character_set_client", "character_set_connection"})
_VIRTUAL: Final = frozenset({"information_schema"})
_WORST_FIRST: Final = (Outcome.DENY, Outcome.REVIEW)


def charset_codec(charset: str) -> str | None:
    """Python's codec for a character_set_client, or None where its text cannot be read safely."""
    return CHARSETS.get(charset.lower())


def decide_everywhere(  # noqa: PLR0917 -- as policy has it
    policy: Policy,
    principal: Principal,
    who: SessionIdentity,
    footprint: Footprint,
    now: float,
    databases: Mapping[str, Target],
) -> Decision:
    """The worst of the decisions in every database that the statement names, with all their obligations.

    Each is made as that database's own: `connect` there, its project's limits. Single objects are looked up in their own
    database's project in all of them (`policy.databases`), those that only a view reads, too.
    """
    places = [who.target, *_others(who.target, footprint, databases)]
    decisions = [policy.decide(principal, place, who.client, footprint, now, databases) for place in places]
    if len(decisions) == 1:
        return decisions[0]
    until = min(decision.valid_until for decision in decisions)
    for outcome in _WORST_FIRST:
        for decision in decisions:
            if decision.outcome is outcome:
                return replace(decision, valid_until=until)
    obligations: dict[Obligation, None] = {}
    for decision in decisions:
        obligations.update(dict.fromkeys(decision.obligations))
    return replace(decisions[0], obligations=tuple(obligations), valid_until=until)


def _others(own: Target, footprint: Footprint, databases: Mapping[str, Target]) -> list[Target]:
    """The databases that a statement names or moves to, beside the session's own."""
    names = dict.fromkeys(access.object.schema for access in footprint.accesses)
    users = (use for use in footprint.functions if use.function_class is FunctionClass.USER)  # the server's own are nowhere
    names.update(dict.fromkeys(use.name.schema for use in users))
    names.update(dict.fromkeys(effect.value or effect.name for effect in footprint.effects if effect.kind is EffectKind.USE))
    found = []
    for name in names:
        if name and name != own.database and name.lower() not in _VIRTUAL:
            found.append(databases.get(segment(name)) or replace(own, database=name, project=""))
    return found


def forbidden_mysql_state(footprint: Footprint) -> Reason | None:
    """Why this statement's change of session state is refused, whoever asks; None where it is not."""
    for effect in footprint.effects:
        text = _forbidden(effect) if effect.kind is EffectKind.SET else None
        if text is not None:
            return Reason(ReasonCode.SESSION_STATE, text, hint="The gateway could not tell any more what statements mean.")
    return None


def _forbidden(effect: Effect) -> str | None:
    name = effect.name.lower().removeprefix("@@").removeprefix("session.").removeprefix("local.")
    value = effect.value.strip("'\" ").lower()
    if name in _CHARSET_VARIABLES and value not in {"", "default"} and charset_codec(value.split(" ")[0]) is None:
        return f"character set {value!r} is not supported; use utf8mb4"
    return None
