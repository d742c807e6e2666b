"""A socket while somebody logs in to MySQL's protocol over it: awaits packets, keeps count of sequence ids."""

from gateway.proxy.channel import PeerChannel, PeerGone, TlsFailed
from gateway.wire.mysql.packets import LOGIN_LIMIT, PacketReader, encode_packet

__all__ = ["LoginChannel", "PeerGone", "TlsFailed"]


class LoginChannel(PeerChannel[PacketReader]):
    """Holds at most one packet of `limit`. Ids count through both directions ("MySQL Packets", Sequence ID)."""

    __slots__ = ("_sequence",)

    def __init__(self, limit: int = LOGIN_LIMIT, sequence: int = 0) -> None:
        super().__init__(PacketReader(limit))
        self._sequence = sequence

    async def packet(self) -> bytes:
        """The body of the peer's next packet. Raises PeerGone, ProtocolViolation for one that is out of order."""
        self._reader.expected = self._sequence
        while (packet := self._reader.next_packet()) is None:
            await self.more()
        self._sequence = packet.sequence + 1 & 0xFF
        return packet.payload

    def say(self, payload: bytes) -> None:
        """Send one packet (of less than 16 MB)."""
        self.write(encode_packet(payload, self._sequence))
        self._sequence = self._sequence + 1 & 0xFF

    def last_words(self, payload: bytes) -> bytes:
        """The packet that `farewell` is to send."""
        return encode_packet(payload, self._sequence)

    def command(self, payload: bytes) -> None:
        """Send a command: ids begin anew."""
        self._sequence = 0
        self.say(payload)

    @property
    def sequence(self) -> int:
        """The id that the next packet has, whoever sends it."""
        return self._sequence
