"""Values of the gateway's own relations: as SQLite keeps them, and as a result's column shows them.

SQLite has no times: a moment is the text `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC, which orders as the moments do.
"""

from datetime import UTC, date, datetime
from typing import Final

from gateway.model.own import ColumnType, OwnFault, OwnRefused, Value

Stored = str | int | float | None

_TRUE: Final = frozenset({"t", "true", "on", "yes", "y", "1"})
_FALSE: Final = frozenset({"f", "false", "off", "no", "n", "0"})
NAMES: Final[dict[ColumnType, str]] = {
    "text": "text",
    "int8": "bigint",
    "bool": "boolean",
    "float8": "double precision",
    "timestamptz": "timestamp with time zone",
    "date": "date",
}
_INT8: Final = 2**63


def stored(value: Value, kind: ColumnType) -> Stored:
    """The value as SQLite keeps one of this type. Raises OwnRefused where it is none."""
    if value is None:
        return None
    try:
        match kind:
            case "int8":
                return _integer(value)
            case "float8":
                return float(str(value))
            case "bool":
                return int(_truth(value))
            case "timestamptz":
                return moment_text(moment_of(value))
            case "date":
                return moment_of(value).strftime("%Y-%m-%d")
            case "text":
                return moment_text(value) if isinstance(value, datetime) else _plain(value)
    except (ValueError, OverflowError):
        raise OwnRefused(OwnFault.WRONG_VALUE, f'invalid input syntax for type {NAMES[kind]}: "{value}"') from None


def shown(value: Stored | bytes, kind: ColumnType) -> Value:
    """The value of a result's column. Raises OwnRefused where it is not of the column's type."""
    if value is None:
        return None
    if isinstance(value, bytes):
        raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: binary values are not answered here")
    kept = stored(value, kind)
    match kind:
        case "bool":
            return bool(kept)
        case "timestamptz":
            return moment_of(str(kept))
        case "date":
            return date.fromisoformat(str(kept))
        case _:
            return kept


def moment_text(moment: datetime) -> str:
    """Of an aware moment."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return text.rstrip("0") if "." in text else text


def _integer(value: Value) -> int:
    number = int(value) if isinstance(value, int | str) else int(str(value).removesuffix(".0"))
    if not -_INT8 <= number < _INT8:
        raise OverflowError
    return number


def _truth(value: Value) -> bool:
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(word)
    return word in _TRUE


def moment_of(value: Value) -> datetime:
    """Of a moment, a day, or ISO 8601; without a zone it is UTC."""
    if isinstance(value, datetime):
        return value
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else str(value)
