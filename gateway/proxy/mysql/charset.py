"""Collations that a handshake may ask for: those of character sets that the gateway reads as the server does."""

from typing import Final

from gateway.wire.mysql.constants import ASCII_COLLATIONS, BINARY_COLLATION, LATIN1_COLLATIONS, UTF8_COLLATIONS

# latin2, latin5, latin7, cp1250, cp1251, cp1256 and their collations.
_OTHERS: Final = frozenset({2, 9, 14, 20, 21, 23, 26, 27, 30, 34, 41, 42, 44, 50, 51, 52, 57, 66, 67, 77, 78, 79, 99})


def safe_collation(collation: int) -> bool:
    """Whether a handshake may ask for it. 0 is the server's own default, which is looked at after the login."""
    return (
        collation in {0, BINARY_COLLATION}
        or collation in UTF8_COLLATIONS
        or collation in LATIN1_COLLATIONS
        or collation in ASCII_COLLATIONS
        or collation in _OTHERS
    )
