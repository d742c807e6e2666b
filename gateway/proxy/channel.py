"""A socket while somebody logs in over it: awaits bytes, writes bytes, upgrades to TLS, and lets go of its transport.

All logins use it, on both sides and for both engines, since they are conversations of a few messages; each engine adds what
a message is. The relay afterwards has its own protocol classes.
"""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Generic, Protocol, TypeVar, cast

from gateway.wire.errors import ProtocolViolation

_UNREAD_LIMIT = 64 * 1024  # what a peer may send ahead while nobody waits for it
_FAREWELL_SECONDS = 5.0


class PeerGone(Exception):
    """The peer closed the connection. No fault of its own before it is logged in: psql does so to ask for a password."""


class Reader(Protocol):
    """Collects bytes until they are a message (`FrameReader`, `PacketReader`)."""

    @property
    def buffered(self) -> int: ...
    def feed(self, data: bytes) -> None: ...
    def take_rest(self) -> bytes: ...


R = TypeVar("R", bound=Reader)


class PeerChannel(asyncio.Protocol, Generic[R]):
    """Holds at most one message of the reader's limit, or what the peer sent ahead."""

    __slots__ = ("_gone", "_lost", "_paused", "_reader", "_transport", "_waiter", "encrypted")

    def __init__(self, reader: R) -> None:
        self._reader = reader
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = False
        self._paused = False
        self.encrypted = False

    @property
    def transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise PeerGone
        return self._transport

    @property
    def unread(self) -> int:
        """Bytes that arrived and that nobody asked for yet."""
        return self._reader.buffered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass of it
        self.encrypted = transport.get_extra_info("ssl_object") is not None

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._wake()
        if self._waiter is None and self._reader.buffered > _UNREAD_LIMIT:
            self._pause()

    def eof_received(self) -> None:
        self._gone = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._gone = True
        if not self._lost.done():
            self._lost.set_result(None)
        self._wake()

    def write(self, *messages: bytes) -> None:
        self.transport.write(b"".join(messages))

    async def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool, server_hostname: str | None = None, early: bool = False
    ) -> None:
        """Continue over TLS. What has arrived and was not read would be plaintext that somebody put in front of the handshake
        (CVE-2021-23214, CVE-2021-23222), or, with `early`, is the handshake of a peer that awaits no answer: TLS reads it then,
        never the protocol. Raises ProtocolViolation, TlsFailed."""
        ahead = self._reader.take_rest() if early else b""
        if self._reader.buffered:
            raise ProtocolViolation("received unencrypted data after SSL request")
        plain, loop = self.transport, asyncio.get_running_loop()
        upgrade = loop.start_tls(plain, self, context, server_side=server_side, server_hostname=server_hostname)
        try:
            encrypted = await _with_early_data(plain, upgrade, ahead)
        except BaseException as error:
            self._cut_off(plain)  # the half-made TLS layer has the transport now and tells this protocol nothing more
            if isinstance(error, ssl.SSLCertVerificationError):
                raise TlsFailed(f"certificate not accepted: {error.verify_message}") from error
            if isinstance(error, OSError):  # ssl.SSLError is one
                raise TlsFailed(f"TLS handshake failed: {error.__class__.__name__}") from error
            raise
        if encrypted is None:
            raise PeerGone
        self._transport = encrypted
        self._paused = False
        self.encrypted = True

    def hand_over(self) -> tuple[asyncio.Transport, bytes]:
        """The transport with reading paused, and what arrived that nobody asked for. The channel is of no use afterwards."""
        if self._gone or self.transport.is_closing():
            raise PeerGone
        self.transport.pause_reading()
        return self.transport, self._reader.take_rest()

    async def farewell(self, *last: bytes) -> None:
        """Write what is left to say and close. A peer that does not take it within five seconds is cut off."""
        if self._transport is None or self._lost.done():
            return
        if last and not self._transport.is_closing():
            self._transport.write(b"".join(last))
        self._transport.close()
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self.wait_closed()
        except TimeoutError:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Until the connection is lost; a peer that closes its half closes ours."""
        await asyncio.shield(self._lost)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _cut_off(self, transport: asyncio.Transport) -> None:
        transport.abort()
        self._gone = True
        if not self._lost.done():
            self._lost.set_result(None)

    async def more(self) -> None:
        """Wait for bytes. Raises PeerGone."""
        if self._gone:
            raise PeerGone
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _pause(self) -> None:
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self.transport.pause_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _with_early_data(
    plain: asyncio.Transport, upgrade: Coroutine[None, None, asyncio.Transport | None], ahead: bytes
) -> asyncio.Transport | None:
    """The upgrade, with bytes that arrived before it."""
    if not ahead:
        return await upgrade
    loop = asyncio.get_running_loop()
    task = loop.create_task(upgrade)
    try:
        await asyncio.sleep(0)  # its first step, which gives the transport to TLS and queues `connection_made`
        loop.call_soon(_feed, plain.get_protocol(), ahead)  # behind that, and before anything is read
        return await task
    finally:
        task.cancel()


def _feed(protocol: asyncio.BaseProtocol, data: bytes) -> None:
    tls = cast(asyncio.BufferedProtocol, protocol)  # asyncio's and uvloop's both are, without being its subclass
    while data:
        room = memoryview(tls.get_buffer(len(data)))
        taken = min(len(room), len(data))
        room[:taken] = data[:taken]
        tls.buffer_updated(taken)
        data = data[taken:]


class TlsFailed(PeerGone):
    """The handshake failed; nothing can be said over this connection any more. The text says why, without secrets."""
