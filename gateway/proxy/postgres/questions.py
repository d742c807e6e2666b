"""The gateway's own question to the server (`probe.py`), while its answer comes in between two answers for the client."""

from typing import TYPE_CHECKING

from gateway.proxy.postgres import probe
from gateway.wire.errors import ProtocolViolation

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation


class Questions:
    """One question at a time. `syncs`: it ends with Sync, so its answer ends with ReadyForQuery."""

    __slots__ = ("_answer", "_c", "_closes", "syncs")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._answer: probe.Answer | None = None
        self._closes = 0
        self.syncs = False

    def expect(self, *, sync: bool) -> None:
        self._answer = None
        self._closes = 0
        self.syncs = sync

    def row(self, payload: bytes) -> None:
        """Raises ProtocolViolation."""
        self._answer = probe.answer(payload)

    def failed(self) -> None:
        """The server's error in place of the row; ReadyForQuery follows."""
        self._answer = None

    def skipped(self) -> None:
        """An earlier error of the pipeline made the server skip the question."""
        self._c.decider.probe_ended()

    def closes(self) -> None:
        """CloseComplete comes twice, for portal and statement; without Sync the second ends the answer."""
        if self._answer is None:
            raise ProtocolViolation("no answer about the session's state")
        self._closes += 1
        if self._closes == 2 and not self.syncs:
            self._c.ledger.pop()
            self.ended()

    def ended(self) -> None:
        if self._answer is not None:
            self._c.learned(self._answer)
        else:
            self._c.probe_failed()
        self._c.decider.probe_ended()
