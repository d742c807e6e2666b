"""How a MySQL session begins and ends: COM_QUIT, KILL, and COM_CHANGE_USER.

COM_CHANGE_USER ends a session too: the client's connection then goes back to the door, for a new login.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final

from gateway.proxy.lifetime import Lifetime as AnyLifetime
from gateway.proxy.lifetime import Words
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.refuse import Refusal
from gateway.wire.mysql.packets import encode_packet

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

QUIT: Final = b"\x01\0\0\0\x01"
_BESIDE_SECONDS: Final = 5.0  # for work that was begun beside the session
_CHANGED: Final = Refusal(1158, "08S01", "the client changed its user")
WORDS: Final = Words(
    client_gone=refuse.CLIENT_GONE,
    server_gone=refuse.SERVER_GONE,
    shutdown=refuse.SHUTDOWN,
    idle_too_long=refuse.IDLE_TOO_LONG,
    lost_track=Refusal(1105, "HY000", "gateway: lost track of the server's answers, connection closed"),
    audit_failed=Refusal(1105, "HY000", "gateway: audit log unavailable, connection closed"),
    revoked=lambda what, why: Refusal(1053, "08S01", f"{what}: {why}"),
)


class Lifetime(AnyLifetime["Conversation", Refusal]):
    __slots__ = ("_beside", "_flushed")

    def __init__(self, conversation: "Conversation") -> None:
        super().__init__(conversation, WORDS)
        self._beside: set[asyncio.Task[None]] = set()
        self._flushed: asyncio.Future[None] | None = None  # set by COM_CHANGE_USER

    def beside(self, work: Coroutine[None, None, None]) -> None:
        """Work that takes its time while the session goes on."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    # Ends of this protocol

    def client_quits(self) -> None:
        """COM_QUIT comes when nothing is on its way."""
        self._end(WORDS.client_gone, b"")

    def kill(self) -> None:
        self.end(refuse.KILLED)

    def change_user(self, command: bytes) -> None:
        """The client wants to be somebody else: this session is over, its connection is not."""
        self._c.change = command
        self._end(_CHANGED, b"")

    def server_gone(self) -> None:
        self._lost(client=False)
        if self._c.ended:
            return
        refusal = WORDS.server_gone
        if self._goodbye is not None:
            refusal = Refusal(refusal.number, refusal.state, f"{refusal.message}: {' '.join(self._goodbye)}")
        self.end(refusal)

    def answer_and_end(self, refusal: Refusal, sequence: int) -> None:
        """`sequence` is the id of the client's packet that the refusal answers."""
        self._end(refusal, encode_packet(refusal.encode(), (sequence + 1) & 0xFF))

    # What this engine knows

    def _running(self) -> bool:
        return self._c.busy

    def _in_transaction(self) -> bool:
        return self._c.progress.in_transaction

    def _last_words(self, refusal: Refusal) -> bytes:
        """In the middle of an answer an error takes the next id; out of the blue it has 0, as the servers' own have."""
        sequence = self._c.server_side.sequence + 1 if self._c.busy else 0
        return encode_packet(refusal.encode(), sequence & 0xFF)

    def _between_messages(self) -> bool:
        return self._c.server_side.between_packets

    def _farewell(self) -> bytes:
        return QUIT

    def _orderly(self, refusal: Refusal) -> bool:
        return refusal is _CHANGED or super()._orderly(refusal)

    def _lose(self, refusal: Refusal) -> None:
        c = self._c
        c.progress.lost(refusal.error)
        for prepared in c.prepared.values():
            if prepared.release is not None:
                c.claims.give_back(prepared.release)
        c.client_side.hot = False
        c.obliged.close()

    def _close_client(self, last_words: bytes) -> None:
        if self._c.change is None:
            super()._close_client(last_words)
        else:
            self._keep_client()

    def _keep_client(self) -> None:
        """Stop reading; `_flushed` is done when everything that was held for the log is written."""
        c = self._c
        self._flushed = flushed = asyncio.get_running_loop().create_future()
        if not c.session.client.is_closing():
            c.session.client.pause_reading()

        def settle() -> None:
            if not flushed.done():
                flushed.set_result(None)

        c.outlet.last(b"", settle)

    async def _finish(self) -> None:
        if self._flushed is not None:
            await self._flushed
        if self._beside:
            await asyncio.wait(self._beside, timeout=_BESIDE_SECONDS)

    async def _await_sockets(self) -> None:
        if self._c.change is None:
            await super()._await_sockets()
