"""What a refusal says: the contract's text, without the proxy's `gateway: `, and what to do next."""

from dataclasses import dataclass

from gateway.model.decision import Reason, ReasonCode
from gateway.model.footprint import Action
from gateway.policy.asking import Answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one access failed. `reviewable`: a change issue may ask for it."""

    reason: Reason
    reviewable: bool = False


def not_permitted(action: Action, path: str, answer: Answer, project: str) -> Reason:
    """The answer for a missing object and a forbidden one is the same: rules look at paths, not at what exists."""
    text = f"permission denied: {action} on {path}"
    if answer.deny is not None:
        who = f"the owners of project {project}" if project else "a DBA"
        hint = f"{answer.deny.source} forbids this; {who} can say why"
        return Reason(ReasonCode.DENIED_BY_RULE, text, answer.deny.source, hint, action, path)
    return Reason(ReasonCode.NO_RULE, text, "", ask_for(action, path), action, path)


def ask_for(action: Action, path: str) -> str:
    return f'ask for access: gateway access request --on {path} --actions {action} --for 4h --reason "…"'


def of_function(action: Action, path: str, answer: Answer, project: str, function_class: str) -> Reason:
    refused = not_permitted(action, path, answer, project)
    hint = f"this function {_DOES.get(function_class, 'is not known to be harmless')}; {refused.hint}"
    code = ReasonCode.FUNCTION_CLASS if answer.deny is None else refused.code
    return Reason(code, refused.text, refused.rule, hint, action, path)


_DOES = {
    "reads": "reads what its arguments name, which cannot be told beforehand",
    "writes": "changes data or session state in ways that cannot be told beforehand",
    "admin": "reaches files, settings or other sessions",
}


def opaque(reason: str, rule: str) -> Reason:
    hint = "write it in a simpler form, or ask a DBA to run it: statements that are not understood need `admin` on the database"
    return Reason(ReasonCode.OPAQUE, f"statement not understood: {reason}", rule, hint)


def needs_issue(kind: str, address: str, refused: Reason) -> Reason:
    hint = "another person approves the change issue; then send the statement again, or let the gateway roll it out"
    text = f"{kind} on {address} needs an approved change issue"
    return Reason(ReasonCode.NEEDS_ISSUE, text, refused.rule, hint, refused.action, refused.path)


def masked(action: Action, path: str, column: str, clause: str, answer: Answer) -> Reason:
    """Names column and clause; `path` is the relation's."""
    where = f"{path}/{column}"
    used = f"masked column used in {clause}"
    text = f"permission denied: {action} on {where} ({used})"
    rule = answer.deny.source if answer.deny is not None else ""
    return Reason(ReasonCode.MASKED_COLUMN, text, rule, ask_for(action, where), action, where, used)


def program_masked(action: Action, where: str, program: str, clause: str, answer: Answer) -> Reason:
    """A program works with the column `where`; what it gives is used in the clause, or outlives the call."""
    used = f"masked column behind {program}, {_carried(clause)}"
    text = f"permission denied: {action} on {where} ({used})"
    rule = answer.deny.source if answer.deny is not None else ""
    return Reason(ReasonCode.MASKED_COLUMN, text, rule, ask_for(action, where), action, where, used)


def program_unread(program: str, why: str, clause: str, answer: Answer) -> Reason:
    """Of a program whose body was not read nobody knows which columns it works with."""
    used = f"its body is not understood, {_carried(clause)}"
    text = f"permission denied: {Action.UNMASK} on {program} ({used})"
    rule = answer.deny.source if answer.deny is not None else ""
    hint = f"{why}; {ask_for(Action.UNMASK, program)}"
    return Reason(ReasonCode.MASKED_COLUMN, text, rule, hint, Action.UNMASK, program, used)


def _carried(clause: str) -> str:
    return "which may keep values in the session" if clause == "stored" else f"used in {clause.upper()}"


def where_required(path: str, rule: str, action: Action) -> Reason:
    hint = "add a WHERE clause that names a column of this relation"
    if action is Action.SELECT:
        hint += ", or ask for `export`"
    return Reason(ReasonCode.WHERE_REQUIRED, f"a WHERE clause is required on {path}", rule, hint, action, path)
