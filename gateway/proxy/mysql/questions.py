"""The gateway's own questions to the server, between two commands of the client."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.proxy.mysql.awaited import State
from gateway.wire.errors import ProtocolViolation

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation
    from gateway.proxy.mysql.server_side import ServerSide


Row = tuple[bytes | None, ...]


class Questions:
    """`asked`: the rows of the answer so far."""

    __slots__ = ("_c", "_left", "_side", "_told", "asked")

    def __init__(self, conversation: "Conversation", side: "ServerSide") -> None:
        self._c = conversation
        self._side = side
        self._left: list[bytes] = []
        self._told: Callable[[Row], None] = self._learned
        self.asked: list[Row] = []

    def ask(self, questions: list[bytes], told: Callable[[Row], None] | None = None) -> None:
        """Each is sent when the one before is answered; `told` gets the last one's row, which else is the session's state."""
        self._told = told or self._learned
        self._left = list(questions)
        self._side.hidden = True
        self._c.busy = True
        self.next()

    def next(self) -> None:
        """The answer before is complete. Raises ProtocolViolation where the last one has no row."""
        c = self._c
        if self._left:
            self.asked.clear()
            self._side.state = State.RESULT
            c.question(self._left.pop(0))
            return
        self._side.hidden = False
        c.busy = False
        if not self.asked:
            raise ProtocolViolation("the server does not tell the session's state")
        row = self.asked[0]
        self.asked.clear()
        self._told(row)

    def _learned(self, row: Row) -> None:
        c = self._c
        c.learned(tuple((value or b"").decode("utf-8", "replace") for value in row))
        c.follow_state()
        c.decider.state_learned()
