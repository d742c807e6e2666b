"""Which question policy is asked for which step: every person against every step."""

import pytest

from gateway.changes import Authority
from gateway.model.errors import Forbidden
from gateway.model.footprint import Action
from gateway.model.identity import Principal
from tests.changes.support import TARGET, Clock, Permits

STEPS = ["approve", "see", "cancel", "roll_out", "assume"]


def allowed(step: str, name: str, grants: set[Action], requester: str) -> bool:
    authority = Authority(Permits({name: grants}), Clock())
    who = Principal(name)
    try:
        match step:
            case "approve":
                authority.require_approval(who, TARGET, requester)
            case "see":
                return authority.may_see(who, TARGET, requester)
            case "cancel":
                authority.require_cancel(who, TARGET, requester)
            case "roll_out":
                authority.require_rollout(who, TARGET, requester)
            case "assume":
                authority.require_assumption(who, TARGET)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("grants", "own", "steps"),
    [
        (set(), False, set()),
        (set(), True, {"see", "cancel"}),
        ({Action.PROPOSE}, False, set()),
        ({Action.PROPOSE}, True, {"see", "cancel", "roll_out"}),
        ({Action.DDL}, False, {"see", "roll_out"}),
        ({Action.ADMIN}, False, {"see", "cancel"}),
        ({Action.APPROVE}, False, {"approve", "see", "cancel", "roll_out", "assume"}),
        ({Action.APPROVE}, True, {"see", "cancel", "roll_out", "assume"}),
        ({Action.APPROVE_OWN}, True, {"see", "cancel"}),
        ({Action.APPROVE, Action.APPROVE_OWN}, True, set(STEPS)),
        ({Action.SELECT, Action.EXPORT, Action.CONNECT}, False, set()),
    ],
)
def test_who_may_do_what(grants: set[Action], own: bool, steps: set[str]) -> None:
    requester = "pat" if own else "somebody else"
    assert {step for step in STEPS if allowed(step, "pat", grants, requester)} == steps


def test_issues_are_asked_of_their_database() -> None:
    permits = Permits()
    Authority(permits, Clock()).require_approval(Principal("bob"), TARGET, "alice")
    assert permits.asked == {"pg1/shop"}
