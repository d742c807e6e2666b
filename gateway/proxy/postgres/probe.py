"""The gateway's own question to the server: what do names mean in this session now?

Asked in the extended protocol under names nobody else can know, so that the client's unnamed statement and portal stay; behind
it the names are closed again. With Sync where the server is idle; with Flush in the middle of a pipeline, where a Sync would
end the client's implicit transaction.
"""

import secrets
from typing import Final, NamedTuple

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.backend import DataRow
from gateway.wire.postgres.frames import encode_frame

_QUESTION: Final = (
    b"SELECT pg_catalog.current_setting('search_path'), current_user,"
    b" pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('session_replication_role'),"
    b" pg_catalog.current_setting('client_encoding')"
)
_RENAME: Final = b", pg_catalog.set_config('application_name', $1, false)"
SYNC: Final = b"S\0\0\0\x04"
FLUSH: Final = b"H\0\0\0\x04"


class Answer(NamedTuple):
    search_path: str
    user: str
    standard_conforming_strings: str
    session_replication_role: str
    client_encoding: str


def question(*, sync: bool, rename: bytes | None = None) -> bytes:
    """The frames to send. `rename` is the application_name that the session takes on the way."""
    renaming = b"" if rename is None else _RENAME
    values = b"\0\0" if rename is None else b"\0\x01" + len(rename).to_bytes(4, "big") + rename
    name = b"gateway_" + secrets.token_hex(8).encode() + b"\0"
    return b"".join(
        (
            encode_frame(0x50, name + _QUESTION + renaming + b"\0\0\0"),
            encode_frame(0x42, name + name + b"\0\0" + values + b"\0\0"),
            encode_frame(0x45, name + b"\0\0\0\0"),
            encode_frame(0x43, b"P" + name),
            encode_frame(0x43, b"S" + name),
            SYNC if sync else FLUSH,
        )
    )


def answer(payload: bytes) -> Answer:
    """The DataRow that came back. Raises ProtocolViolation."""
    values = DataRow.decode(payload).values[: len(Answer._fields)]
    if len(values) != len(Answer._fields) or any(value is None for value in values):
        raise ProtocolViolation("the server's answer about its own state cannot be read")
    return Answer(*(bytes(value or b"").decode("utf-8", "replace") for value in values))
