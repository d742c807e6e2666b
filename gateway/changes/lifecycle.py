"""The legal transitions of an issue and of its tasks.

An issue is OPEN while statements and opinions gather. One approval by another person of the version they saw makes it
APPROVED, and each of its statements may then run exactly once: either a rollout runs them (ROLLING_OUT, under a lease), or
the requester sends them again, in their order. A statement that changes after somebody looked would make a review worthless,
so EXTEND is legal only while OPEN, and every extension makes a new version. An approval can be taken back until the first
statement has started. A rollout that stops leaves the issue FAILED with its unfinished tasks; START resumes it. START while
ROLLING_OUT is the takeover of a lease that ran out. DONE, REJECTED and CANCELLED are final: the same statement sent again
opens a new issue. Comments are welcome in every state and change none.

A task moves from APPROVED to exactly one of CLAIMED and RUNNING, by a conditional write, and that is what "never twice"
rests on. It returns to APPROVED or FAILED only when the server has said that nothing of it stayed; where nobody can know, it
is UNCERTAIN (or stays CLAIMED) until a person says what happened.
"""

from enum import StrEnum

from gateway.model.change import IssueState, TaskState
from gateway.model.errors import Conflict


class Step(StrEnum):
    """What people and processes do to an issue."""

    EXTEND = "extend"
    COMMENT = "comment"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    START = "start"
    FINISH = "finish"
    FAIL = "fail"


class TaskStep(StrEnum):
    """What happens to one statement."""

    APPROVE = "approve"
    CLAIM = "claim"
    START = "start"
    FINISH = "finish"
    GIVE_BACK = "give_back"
    FAIL = "fail"
    LOSE = "lose"
    ASSUME_DONE = "assume_done"
    ASSUME_NOT_DONE = "assume_not_done"


_I = IssueState
_T = TaskState

TRANSITIONS: dict[tuple[IssueState, Step], IssueState] = {
    (_I.OPEN, Step.EXTEND): _I.OPEN,
    (_I.OPEN, Step.APPROVE): _I.APPROVED,
    (_I.OPEN, Step.REJECT): _I.REJECTED,
    (_I.OPEN, Step.CANCEL): _I.CANCELLED,
    (_I.APPROVED, Step.REJECT): _I.REJECTED,
    (_I.APPROVED, Step.CANCEL): _I.CANCELLED,
    (_I.APPROVED, Step.START): _I.ROLLING_OUT,
    (_I.APPROVED, Step.FINISH): _I.DONE,
    (_I.ROLLING_OUT, Step.START): _I.ROLLING_OUT,
    (_I.ROLLING_OUT, Step.FINISH): _I.DONE,
    (_I.ROLLING_OUT, Step.FAIL): _I.FAILED,
    (_I.FAILED, Step.START): _I.ROLLING_OUT,
    (_I.FAILED, Step.CANCEL): _I.CANCELLED,
} | {(state, Step.COMMENT): state for state in IssueState}

TASK_TRANSITIONS: dict[tuple[TaskState, TaskStep], TaskState] = {
    (_T.WAITING, TaskStep.APPROVE): _T.APPROVED,
    (_T.APPROVED, TaskStep.CLAIM): _T.CLAIMED,
    (_T.CLAIMED, TaskStep.FINISH): _T.DONE,
    (_T.CLAIMED, TaskStep.GIVE_BACK): _T.APPROVED,
    (_T.CLAIMED, TaskStep.LOSE): _T.UNCERTAIN,
    (_T.CLAIMED, TaskStep.ASSUME_DONE): _T.DONE,
    (_T.CLAIMED, TaskStep.ASSUME_NOT_DONE): _T.APPROVED,
    (_T.APPROVED, TaskStep.START): _T.RUNNING,
    (_T.FAILED, TaskStep.START): _T.RUNNING,
    (_T.RUNNING, TaskStep.FINISH): _T.DONE,
    (_T.RUNNING, TaskStep.GIVE_BACK): _T.APPROVED,
    (_T.RUNNING, TaskStep.FAIL): _T.FAILED,
    (_T.RUNNING, TaskStep.LOSE): _T.UNCERTAIN,
    (_T.UNCERTAIN, TaskStep.ASSUME_DONE): _T.DONE,
    (_T.UNCERTAIN, TaskStep.ASSUME_NOT_DONE): _T.APPROVED,
}

# The same statement sent again points to the issue while its task is in one of these states and the issue is not over.
LIVE_ISSUES = frozenset({_I.OPEN, _I.APPROVED, _I.ROLLING_OUT, _I.FAILED})
LIVE_TASKS = frozenset(TaskState) - {_T.DONE}

_WORDS = {
    Step.EXTEND: "takes no more statements",
    Step.APPROVE: "cannot be approved",
    Step.REJECT: "cannot be rejected",
    Step.CANCEL: "cannot be cancelled",
    Step.START: "cannot be rolled out",
    Step.FINISH: "cannot be finished",
    Step.FAIL: "cannot fail",
}


def after(number: int, state: IssueState, step: Step) -> IssueState:
    """The state that follows. Raises Conflict in words for people where the step is not legal."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise Conflict(f"issue #{number} {_WORDS[step]}: it is {state.value.replace('_', ' ')}") from None


def task_after(position: int, state: TaskState, step: TaskStep) -> TaskState:
    """The task's next state. Raises Conflict where the step is not legal."""
    try:
        return TASK_TRANSITIONS[state, step]
    except KeyError:
        raise Conflict(f"statement {position} is {state.value}: {step.value.replace('_', ' ')} is not possible") from None
