"""What comes with statements to the gateway itself: their parameters' values, in either format, and their refusals."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final

from gateway.model.own import ColumnType, OwnFault, OwnRefused, Value
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.ledger import Prepared
from gateway.proxy.postgres.names import Portal
from gateway.proxy.postgres.refuse import Refusal
from gateway.wire.postgres.frontend import Bind

_TYPES: Final = Struct("!I")
# As the stand-in's casts have them.
_UNDECLARED: Final[dict[ColumnType, int]] = {
    "text": 25,
    "int8": 20,
    "bool": 16,
    "float8": 701,
    "timestamptz": 1184,
    "date": 1082,
}
_BOOL, _DATE, _FLOAT8 = 16, 1082, 701
_SIZES: Final = {1114: 8, 1184: 8, _DATE: 4}  # timestamp, timestamptz
_FLOAT: Final = Struct("!d")
_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_USER_OID: Final = 16384  # FirstNormalObjectId
_INTEGERS: Final = {20: 8, 21: 2, 23: 4}  # pg_type's OIDs and their sizes
_TEXTS: Final = frozenset({18, 19, 25, 114, 705, 1042, 1043})

# Appendix A of the manual.
_CODES: Final = {
    OwnFault.NOT_ANSWERED: "0A000",
    OwnFault.SYNTAX: "42601",
    OwnFault.NO_RELATION: "42P01",
    OwnFault.NO_COLUMN: "42703",
    OwnFault.NO_SOURCE: "42P01",
    OwnFault.AMBIGUOUS: "42702",
    OwnFault.NAMED_TWICE: "42712",
    OwnFault.NO_FUNCTION: "42883",
    OwnFault.NO_PROCEDURE: "42883",
    OwnFault.WRONG_ARGUMENTS: "42883",
    OwnFault.WRONG_VALUE: "22023",
    OwnFault.TOO_LARGE: refuse.PROGRAM_LIMIT_EXCEEDED,
    OwnFault.NOT_PERMITTED: refuse.INSUFFICIENT_PRIVILEGE,
}


def own_refusal(refused: OwnRefused) -> Refusal:
    return Refusal(_CODES[refused.fault], str(refused), hint=refused.hint, position=refused.position)


class OwnPrepared(Prepared):
    """A prepared statement that the gateway answers. `types` are the OIDs that the client declared for its parameters."""

    __slots__ = ("types",)

    def __init__(self, prepared: Prepared, types: tuple[int, ...]) -> None:
        super().__init__(prepared.name, prepared.text, prepared.verdict, prepared.stamp, prepared.parameters)
        self.types = types


class OwnPortal(Portal):
    """One that is bound: with its parameters' values. `begun`: its rows are found, and come from the portal from now on."""

    __slots__ = ("begun", "values")

    def __init__(self, prepared: Prepared, path: tuple[str, ...], values: tuple[Value, ...]) -> None:
        super().__init__(prepared, path)
        self.values = values
        self.begun = False


def users_types(declared_types: tuple[int, ...]) -> tuple[int, ...]:
    """Those of them that are not the server's own: converting a value to one may run users' functions."""
    return tuple(sorted({oid for oid in declared_types if oid >= _FIRST_USER_OID}))


def declared(types: bytes) -> tuple[int, ...]:
    """The OIDs behind a Parse's text, as far as they are whole: the server checks the rest."""
    body = types[2:]
    return tuple(oid for (oid,) in _TYPES.iter_unpack(body[: len(body) // 4 * 4]))


def own_values(payload: bytes, prepared: OwnPrepared, read: Callable[[bytes], str | Refusal]) -> tuple[Value, ...]:
    """The values of a Bind for the request's parameters. `read` decodes a text with its NUL.

    Raises OwnRefused, ProtocolViolation."""
    own = prepared.verdict.own
    kinds = own.request.parameters if own is not None else ()
    bind = Bind.decode(payload)
    formats = bind.parameter_formats or (0,)
    found: list[Value] = []
    for index, (raw, kind) in enumerate(zip(bind.parameters, kinds, strict=False)):
        binary = formats[index if len(formats) > 1 else 0] if len(formats) in {1, len(bind.parameters)} else 0
        oid = prepared.types[index] if index < len(prepared.types) else 0
        found.append(_value(raw, binary=bool(binary), oid=oid or _UNDECLARED[kind], read=read))
    return tuple(found)


def _value(raw: bytes | None, *, binary: bool, oid: int, read: Callable[[bytes], str | Refusal]) -> Value:
    if raw is None:
        return None
    if binary and oid == _BOOL:
        return raw != b"\0"
    if binary and oid in _INTEGERS and len(raw) == _INTEGERS[oid]:
        return int.from_bytes(raw, "big", signed=True)
    if binary and oid == _FLOAT8 and len(raw) == _FLOAT.size:
        return float(_FLOAT.unpack(raw)[0])
    if binary and _SIZES.get(oid) == len(raw):
        return _moment(int.from_bytes(raw, "big", signed=True), days=oid == _DATE)
    if binary and oid not in _TEXTS:
        words = f"gateway: a parameter of the type with OID {oid} is not read here in binary; send it as text"
        raise OwnRefused(OwnFault.NOT_ANSWERED, words)
    text = read(raw + b"\0")
    if isinstance(text, Refusal):
        raise OwnRefused(OwnFault.WRONG_VALUE, text.message)
    return text


def _moment(number: int, *, days: bool) -> datetime:
    """Raises OwnRefused for infinity, and for what no calendar has."""
    try:
        return _BEGIN + (timedelta(days=number) if days else timedelta(microseconds=number))
    except OverflowError:
        raise OwnRefused(OwnFault.WRONG_VALUE, "gateway: this moment is not answered here") from None
