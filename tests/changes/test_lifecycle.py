"""The whole table: every (state, step) either leads where it should or is refused in words."""

import itertools

import pytest

from gateway.changes.lifecycle import TASK_TRANSITIONS, TRANSITIONS, Step, TaskStep, after, task_after
from gateway.model.change import IssueState, TaskState
from gateway.model.errors import Conflict

S, T, U = Step, TaskState, TaskStep
STATE = IssueState

LEGAL = {
    STATE.OPEN: {S.EXTEND: STATE.OPEN, S.APPROVE: STATE.APPROVED, S.REJECT: STATE.REJECTED, S.CANCEL: STATE.CANCELLED},
    STATE.APPROVED: {S.REJECT: STATE.REJECTED, S.CANCEL: STATE.CANCELLED, S.START: STATE.ROLLING_OUT, S.FINISH: STATE.DONE},
    STATE.ROLLING_OUT: {S.START: STATE.ROLLING_OUT, S.FINISH: STATE.DONE, S.FAIL: STATE.FAILED},
    STATE.FAILED: {S.START: STATE.ROLLING_OUT, S.CANCEL: STATE.CANCELLED},
    STATE.DONE: {},
    STATE.REJECTED: {},
    STATE.CANCELLED: {},
}

LEGAL_TASKS = {
    T.WAITING: {U.APPROVE: T.APPROVED},
    T.APPROVED: {U.CLAIM: T.CLAIMED, U.START: T.RUNNING},
    T.CLAIMED: {
        U.FINISH: T.DONE,
        U.GIVE_BACK: T.APPROVED,
        U.LOSE: T.UNCERTAIN,
        U.ASSUME_DONE: T.DONE,
        U.ASSUME_NOT_DONE: T.APPROVED,
    },
    T.RUNNING: {U.FINISH: T.DONE, U.GIVE_BACK: T.APPROVED, U.FAIL: T.FAILED, U.LOSE: T.UNCERTAIN},
    T.FAILED: {U.START: T.RUNNING},
    T.UNCERTAIN: {U.ASSUME_DONE: T.DONE, U.ASSUME_NOT_DONE: T.APPROVED},
    T.DONE: {},
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(IssueState, Step)))
def test_issue_transitions(state: IssueState, step: Step) -> None:
    expected = state if step is Step.COMMENT else LEGAL[state].get(step)
    if expected is None:
        with pytest.raises(Conflict, match="issue #7"):
            after(7, state, step)
    else:
        assert after(7, state, step) is expected


@pytest.mark.parametrize(("state", "step"), list(itertools.product(TaskState, TaskStep)))
def test_task_transitions(state: TaskState, step: TaskStep) -> None:
    expected = LEGAL_TASKS[state].get(step)
    if expected is None:
        with pytest.raises(Conflict, match="statement 3"):
            task_after(3, state, step)
    else:
        assert task_after(3, state, step) is expected


def test_every_state_is_reached_and_final_states_end() -> None:
    assert set(TRANSITIONS.values()) == set(IssueState)
    assert set(TASK_TRANSITIONS.values()) == set(TaskState) - {TaskState.WAITING}
    for final in (STATE.DONE, STATE.REJECTED, STATE.CANCELLED):
        assert {step for state, step in TRANSITIONS if state is final} == {Step.COMMENT}


def test_a_statement_that_may_have_run_never_starts_again_by_itself() -> None:
    """From CLAIMED, RUNNING and UNCERTAIN nothing leads to a new start but a word of the server or of a person."""
    words = {U.GIVE_BACK, U.FAIL, U.ASSUME_NOT_DONE}
    startable = {T.APPROVED, T.FAILED}
    for (state, step), target in TASK_TRANSITIONS.items():
        if state in (T.CLAIMED, T.RUNNING, T.UNCERTAIN) and target in startable:
            assert step in words
