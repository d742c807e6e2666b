"""A whole text result, read packet by packet: for questions of the gateway's own, whose answers are small."""

from collections.abc import Awaitable, Callable

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.payload import Payload
from gateway.wire.mysql.results import EOF_HEADER, Eof, Ok

_MOST_COLUMNS = 64
_MOST_ROWS = 1_000


def decode_row(payload: bytes) -> tuple[bytes | None, ...]:
    """ProtocolText::ResultsetRow; None is NULL."""
    reader = Payload(payload)
    values: list[bytes | None] = []
    while reader.remaining:
        values.append(reader.value())
    return tuple(values)


async def read_rows(packet: Callable[[], Awaitable[bytes]], capabilities: int) -> tuple[list[tuple[bytes | None, ...]], int]:
    """The rows and the final status of one text result. `packet` gives the next packet and raises for an ERR.

    Raises ProtocolViolation for what is no result, or not a small one.
    """
    columns = Payload(await packet()).lenenc_int()
    if not 0 < columns <= _MOST_COLUMNS:
        raise ProtocolViolation("not a small result")
    for _ in range(columns):
        await packet()
    deprecate_eof = bool(capabilities & Capability.DEPRECATE_EOF)
    if not deprecate_eof:
        Eof.decode(await packet())
    rows: list[tuple[bytes | None, ...]] = []
    while True:
        payload = await packet()
        if payload and payload[0] == EOF_HEADER and (deprecate_eof or len(payload) < 9):
            status = Ok.decode(payload, capabilities).status if deprecate_eof else Eof.decode(payload).status
            return rows, status
        if len(rows) >= _MOST_ROWS:
            raise ProtocolViolation("not a small result")
        rows.append(decode_row(payload))
