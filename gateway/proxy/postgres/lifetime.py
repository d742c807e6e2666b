"""How a PostgreSQL session begins and ends: Terminate, FATAL errors, a pipeline that finishes by itself."""

from typing import TYPE_CHECKING, Final

from gateway.proxy.lifetime import Lifetime as AnyLifetime
from gateway.proxy.lifetime import Words
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.refuse import Refusal

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

TERMINATE: Final = b"X\0\0\0\x04"
_IDLE: Final = 0x49
WORDS: Final = Words(
    client_gone=Refusal(refuse.CONNECTION_FAILURE, "the client closed the connection"),
    server_gone=Refusal(refuse.CONNECTION_FAILURE, "gateway: the server closed the connection unexpectedly"),
    shutdown=Refusal(refuse.ADMIN_SHUTDOWN, "terminating connection due to administrator command"),
    idle_too_long=Refusal(refuse.IDLE_TIMEOUT, "terminating connection due to idle-session timeout"),
    lost_track=Refusal(refuse.PROTOCOL_VIOLATION, "gateway: lost track of the server's answers, connection closed"),
    audit_failed=Refusal(refuse.IO_ERROR, "gateway: audit log unavailable, connection closed"),
    revoked=lambda what, why: Refusal(refuse.ADMIN_SHUTDOWN, what, why),
)


class Lifetime(AnyLifetime["Conversation", Refusal]):
    __slots__ = ()

    def __init__(self, conversation: "Conversation") -> None:
        super().__init__(conversation, WORDS)

    # Peers leave

    def client_said_all(self) -> None:
        """After Terminate the server finishes by itself."""
        if not self._c.client_side.finished:
            super().client_said_all()

    def client_gone(self) -> None:
        c = self._c
        if not c.ended and c.client_side.finished and c.ledger.entries:
            self._lost(client=True)
            c.server_valve.resume(0xFF)  # the server finishes what it was sent before Terminate; nobody reads the results
        else:
            super().client_gone()

    def server_gone(self) -> None:
        c = self._c
        self._lost(client=False)
        if c.ended:
            return
        if self._goodbye is not None:
            self._end(Refusal(*self._goodbye), b"")
        elif c.client_side.finished and not c.ledger.entries:
            self._end(WORDS.client_gone, b"")
        else:
            self.end(WORDS.server_gone)

    # What this engine knows

    def _running(self) -> bool:
        return bool(self._c.ledger.entries)

    def _in_transaction(self) -> bool:
        return self._c.status != _IDLE

    def _last_words(self, refusal: Refusal) -> bytes:
        return refusal.encode("FATAL")

    def _between_messages(self) -> bool:
        return self._c.server_side.between_frames

    def _farewell(self) -> bytes:
        return TERMINATE

    def _lose(self, refusal: Refusal) -> None:
        c = self._c
        c.obliged.close()
        c.progress.lost(refusal.error)
        for prepared in c.names.everything():
            if prepared.release is not None:
                c.claims.give_back(prepared.release)
        c.client_side.hot = False
