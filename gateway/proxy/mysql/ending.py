"""Ending a statement while it runs, because what allowed it is gone: grants end by the clock and are taken back.

The server is told to kill the query. Rows that still come are swallowed; the client hears the refusal in place of the next one.
Where no row has come yet, the refusal stands in place of the server's answer; but an OK passes: what it tells of was done in
time, and an error would be a lie. A row that has half passed is finished first.
"""

from typing import TYPE_CHECKING, Final

from gateway.model.decision import Outcome
from gateway.proxy.mysql.awaited import State
from gateway.proxy.mysql.refuse import Refusal
from gateway.wire.mysql.packets import encode_packet

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation


_KILLING: Final = 4  # reason of the server's valve
# Of the statements behind it in its text: the server may have come to them before it heard of the kill.
UNANSWERED: Final = ("1105", "not answered: an earlier statement of the same text was ended")


class Ending:
    """What the client shall hear. `said`: it has heard it; the rest of the server's answer is not for it."""

    __slots__ = ("refusal", "said")

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.said = False


def look_again(c: "Conversation", now: float) -> None:
    """What runs at the moment must still be allowed."""
    execution = c.execution
    if c.ended or not c.busy or execution is None or c.server_side.ending is not None:
        return
    verdict = execution.verdict
    if verdict.outcome is not Outcome.ALLOW or verdict.own is not None:
        return
    if verdict.valid_until > now and verdict.epoch == c.judge.epoch:
        return
    decision = c.judge.still(c.who, verdict)
    if decision is None:
        return
    text = f"gateway: permission ended while the statement ran: {decision.reason.text}"
    end(c, Refusal(1142, "42000", f"{text} (policy version {decision.policy_version})"))


def end(c: "Conversation", refusal: Refusal) -> None:
    """End what runs. Until the server has taken the kill nothing new is sent there, lest that be what it kills."""
    side = c.server_side
    side.ending = Ending(refusal)
    if side.state == State.RESULT:
        side.state = State.ENDING
    say(c)
    # What it still sends waits meanwhile: reading it would take the time that the kill needs to get there.
    c.server_valve.pause(_KILLING)
    c.decider.later(_kill(c))


async def _kill(c: "Conversation") -> None:
    try:
        await c.session.cancel()
    finally:
        c.server_valve.resume(_KILLING)


def say(c: "Conversation") -> None:
    """Tell the client, if its result is at a place where an error may stand."""
    side, execution = c.server_side, c.execution
    ending = side.ending
    if ending is None or ending.said or side.state != State.ROWS or not side.between_packets:
        return
    ending.said = True
    c.outlet.send(encode_packet(ending.refusal.encode(), side.sequence + 1))
    if execution is not None:
        c.progress.failed(execution, ending.refusal.error, behind=UNANSWERED)
