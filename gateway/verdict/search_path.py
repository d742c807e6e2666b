"""`search_path` as PostgreSQL reads it: a list of identifiers (SplitIdentifierString, utils/adt/varlena.c)."""

from collections.abc import Sequence

_SPACE = " \t\n\r\f\v"
_MAX_NAME = 63  # NAMEDATALEN - 1, in bytes


def split_search_path(value: str) -> tuple[str, ...] | None:
    """The names in order, folded and unquoted; None where the server would call the list invalid."""
    names: list[str] = []
    position = _skip(value, 0)
    if position == len(value):
        return ()
    while True:
        name, position = _name(value, position)
        if name is None:
            return None
        names.append(_truncated(name))
        position = _skip(value, position)
        if position == len(value):
            return tuple(names)
        if value[position] != ",":
            return None
        position = _skip(value, position + 1)


def expand_user(names: Sequence[str], user: str) -> tuple[str, ...]:
    """`$user` is the schema of the current user's name."""
    return tuple(user if name == "$user" else name for name in names if name)


def _skip(value: str, position: int) -> int:
    while position < len(value) and value[position] in _SPACE:
        position += 1
    return position


def _name(value: str, position: int) -> tuple[str | None, int]:
    if value[position : position + 1] == '"':
        return _quoted(value, position + 1)
    start = position
    while position < len(value) and value[position] != "," and value[position] not in _SPACE:
        position += 1
    if start == position:
        return None, position
    return _folded(value[start:position]), position


def _quoted(value: str, position: int) -> tuple[str | None, int]:
    parts: list[str] = []
    while (quote := value.find('"', position)) >= 0:
        parts.append(value[position:quote])
        if value[quote + 1 : quote + 2] != '"':
            return "".join(parts), quote + 1
        parts.append('"')
        position = quote + 2
    return None, len(value)


def _folded(name: str) -> str:
    """ASCII alone is folded in multi-byte encodings (downcase_identifier)."""
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in name)


def _truncated(name: str) -> str:
    encoded = name.encode()
    return name if len(encoded) <= _MAX_NAME else encoded[:_MAX_NAME].decode(errors="ignore")
