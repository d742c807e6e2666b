"""A socket while somebody logs in to PostgreSQL's protocol over it: awaits frames."""

from gateway.proxy.channel import PeerChannel, PeerGone, TlsFailed
from gateway.wire.postgres.frames import SMALL_LIMIT, Frame, FrameReader

__all__ = ["LoginChannel", "PeerGone", "TlsFailed"]


class LoginChannel(PeerChannel[FrameReader]):
    """Holds at most one frame of the limit asked for, or what the peer sent ahead."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(FrameReader())

    async def startup_packet(self) -> Frame:
        """Raises PeerGone, ProtocolViolation."""
        while (frame := self._reader.next_startup()) is None:
            await self.more()
        return frame

    async def frame(self, limit: int = SMALL_LIMIT) -> Frame:
        """Raises PeerGone, ProtocolViolation."""
        while (frame := self._reader.next_frame(limit)) is None:
            await self.more()
        return frame

    async def byte(self) -> bytes:
        """One bare byte: the answer to an SSLRequest."""
        while (byte := self._reader.take_byte()) is None:
            await self.more()
        return bytes([byte])
