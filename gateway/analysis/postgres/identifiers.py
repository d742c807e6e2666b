"""Names inside strings, as the server reads them in `nextval('Name')` or `'Name'::regclass`."""

import re
from typing import Final

# varlena.c textToQualifiedNameList/SplitIdentifierString: quoted parts as they are, others folded to lower case, 63 bytes.
_PART: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^".,\s]+))\s*')
_MAX_BYTES: Final = 63


def split_name(text: str) -> tuple[str, str]:
    """(schema, name) of a dotted name; a database in front is the current one."""
    parts = split_list(text, ".")
    return (parts[-2] if len(parts) > 1 else "", parts[-1] if parts else "")


def split_list(text: str, separator: str = ",") -> list[str]:
    """The identifiers of a list, folded and truncated as the server does; what does not read as one is kept as it stands."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or match.end() == position:
            return [*parts, text[position:].strip()]
        quoted, plain = match.groups()
        parts.append(truncated(quoted.replace('""', '"') if quoted is not None else folded(plain)))
        position = match.end()
        if position < len(text):
            if text[position] != separator:
                return [*parts, text[position:].strip()]
            position += 1
    return parts


def folded(name: str) -> str:
    """Unquoted identifiers lose their case in ASCII alone (downcase_identifier in a multi-byte encoding)."""
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in name)


def truncated(name: str) -> str:
    """NAMEDATALEN - 1 bytes, whole characters."""
    encoded = name.encode("utf-8", "surrogatepass")
    return name if len(encoded) <= _MAX_BYTES else encoded[:_MAX_BYTES].decode("utf-8", "ignore")
