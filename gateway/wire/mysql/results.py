"""What a server answers: OK, ERR, EOF, column definitions, prepared statements ("Text Resultset", "Binary Protocol")."""

from dataclasses import dataclass

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability, SessionTrack, Status
from gateway.wire.mysql.payload import Payload, lenenc_bytes, lenenc_int

OK_HEADER = 0x00
EOF_HEADER = 0xFE
ERR_HEADER = 0xFF
LOCAL_INFILE_HEADER = 0xFB


@dataclass(frozen=True, slots=True)
class Ok:
    """OK_Packet. With DEPRECATE_EOF a result ends with one whose header is 0xFE (`ends_result`).

    The manual has `info` as string<EOF> where SESSION_TRACK is off; all servers send its length first, and clients read that.
    """

    affected_rows: int = 0
    last_insert_id: int = 0
    status: int = int(Status.AUTOCOMMIT)
    warnings: int = 0
    info: bytes = b""
    session_state: bytes = b""
    ends_result: bool = False

    def encode(self, capabilities: int) -> bytes:
        parts = [
            bytes((EOF_HEADER if self.ends_result else OK_HEADER,)),
            lenenc_int(self.affected_rows),
            lenenc_int(self.last_insert_id),
            self.status.to_bytes(2, "little"),
            self.warnings.to_bytes(2, "little"),
        ]
        tracked = bool(capabilities & Capability.SESSION_TRACK and self.status & Status.SESSION_STATE_CHANGED)
        if self.info or tracked:
            parts.append(lenenc_bytes(self.info))
        if tracked:
            parts.append(lenenc_bytes(self.session_state))
        return b"".join(parts)

    @classmethod
    def decode(cls, payload: bytes, capabilities: int) -> "Ok":
        reader = Payload(payload)
        header = reader.byte()
        if header not in (OK_HEADER, EOF_HEADER):
            raise ProtocolViolation("not an OK packet")
        affected, inserted = reader.lenenc_int(), reader.lenenc_int()
        status, warnings = reader.uint(2), reader.uint(2)
        info = state = b""
        if reader.remaining:
            info = reader.lenenc_bytes()
        if capabilities & Capability.SESSION_TRACK and status & Status.SESSION_STATE_CHANGED and reader.remaining:
            state = reader.lenenc_bytes()
        return cls(affected, inserted, status, warnings, info, state, header == EOF_HEADER)

    def state_changes(self) -> list[tuple[int, bytes, bytes]]:
        """The SESSION_TRACK entries as (kind, name, value); the name is empty but for system variables."""
        reader = Payload(self.session_state)
        changes = []
        while reader.remaining:
            kind, body = reader.byte(), Payload(reader.lenenc_bytes())
            if kind == SessionTrack.SYSTEM_VARIABLES:
                while body.remaining:
                    changes.append((kind, body.lenenc_bytes(), body.lenenc_bytes()))
            elif kind == SessionTrack.GTIDS:
                changes.append((kind, b"", body.rest()))
            else:
                changes.append((kind, b"", body.lenenc_bytes()))
        return changes


@dataclass(frozen=True, slots=True)
class Err:
    """ERR_Packet. `message` is in the session's character set."""

    code: int
    sql_state: bytes
    message: bytes

    def encode(self) -> bytes:
        return b"\xff" + self.code.to_bytes(2, "little") + b"#" + self.sql_state + self.message

    @classmethod
    def decode(cls, payload: bytes) -> "Err":
        reader = Payload(payload)
        if reader.byte() != ERR_HEADER:
            raise ProtocolViolation("not an ERR packet")
        code = reader.uint(2)
        rest = reader.rest()
        if rest.startswith(b"#") and len(rest) >= 6:
            return cls(code, rest[1:6], rest[6:])
        return cls(code, b"HY000", rest)  # before the handshake response the server leaves the state out


@dataclass(frozen=True, slots=True)
class Eof:
    """EOF_Packet, where DEPRECATE_EOF is off."""

    warnings: int
    status: int

    def encode(self) -> bytes:
        return b"\xfe" + self.warnings.to_bytes(2, "little") + self.status.to_bytes(2, "little")

    @classmethod
    def decode(cls, payload: bytes) -> "Eof":
        reader = Payload(payload)
        if reader.byte() != EOF_HEADER or len(payload) >= 9:
            raise ProtocolViolation("not an EOF packet")
        return cls(reader.uint(2), reader.uint(2))


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """Protocol::ColumnDefinition41. `org_table` and `org_name` are where the server says that the column comes from."""

    schema: bytes
    table: bytes
    org_table: bytes
    name: bytes
    org_name: bytes
    collation: int
    length: int
    type: int
    flags: int
    decimals: int
    catalog: bytes = b"def"
    extension: bytes | None = None  # MariaDB's extended metadata

    def encode(self) -> bytes:
        parts = [
            lenenc_bytes(part) for part in (self.catalog, self.schema, self.table, self.org_table, self.name, self.org_name)
        ]
        if self.extension is not None:
            parts.append(lenenc_bytes(self.extension))
        parts.append(
            b"\x0c"
            + self.collation.to_bytes(2, "little")
            + self.length.to_bytes(4, "little")
            + bytes((self.type,))
            + self.flags.to_bytes(2, "little")
            + bytes((self.decimals,))
            + b"\0\0"
        )
        return b"".join(parts)

    @classmethod
    def decode(cls, payload: bytes, extended: bool = False) -> "ColumnDefinition":
        reader = Payload(payload)
        catalog, schema, table, org_table, name, org_name = (reader.lenenc_bytes() for _ in range(6))
        extension = reader.lenenc_bytes() if extended else None
        if reader.lenenc_int() != 0x0C:
            raise ProtocolViolation("malformed column definition")
        collation, length, kind = reader.uint(2), reader.uint(4), reader.byte()
        flags, decimals = reader.uint(2), reader.byte()
        return cls(schema, table, org_table, name, org_name, collation, length, kind, flags, decimals, catalog, extension)


@dataclass(frozen=True, slots=True)
class PrepareOk:
    """COM_STMT_PREPARE_OK: the definitions of parameters and columns follow it."""

    statement_id: int
    columns: int
    parameters: int
    warnings: int = 0

    def encode(self) -> bytes:
        return b"".join(
            (
                b"\0",
                self.statement_id.to_bytes(4, "little"),
                self.columns.to_bytes(2, "little"),
                self.parameters.to_bytes(2, "little"),
                b"\0",
                self.warnings.to_bytes(2, "little"),
            )
        )

    @classmethod
    def decode(cls, payload: bytes) -> "PrepareOk":
        reader = Payload(payload)
        if reader.byte() != OK_HEADER:
            raise ProtocolViolation("not an answer to COM_STMT_PREPARE")
        statement_id, columns, parameters = reader.uint(4), reader.uint(2), reader.uint(2)
        reader.take(1)
        return cls(statement_id, columns, parameters, reader.uint(2) if reader.remaining >= 2 else 0)
