"""A statement without its constants: the key of the second-level verdict cache, and the fingerprint for the audit log."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.analysis.mysql.lexer import BITS, NAME, NUMBER, PARAMETER, STRING, SYSTEM, USER, Lexer, NotLexed, Token
from gateway.analysis.mysql.modes import Reading

_CONSTANTS: Final = frozenset({STRING, NUMBER, BITS, PARAMETER})
# Only these statements have footprints that may not depend on their constants.
_STARTS: Final = frozenset({"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE", "("})
_MAX_CHARACTERS: Final = 65536
_MAX_FINGERPRINTED: Final = 40000  # tokens


def normalise_mysql(text: str, reading: Reading = Reading()) -> str | None:
    """The text with `?` for its constants; None where that would not help or is not certain.

    `reading` must be the session's: quotes and executable comments mean something else under another. Two texts with the same
    form have the same footprint if that footprint says `not literals_matter`. A slice of a longer text has none.
    """
    if len(text) > _MAX_CHARACTERS:
        return None
    lexer = Lexer(text, reading)
    try:
        piece = lexer.statement()
        if piece is None or piece[0][0].upper not in _STARTS or lexer.statement() is not None:
            return None
    except NotLexed:
        return None
    if piece[1] != 0:
        return None
    return " ".join(_form(piece[0], fold=False))


def _form(tokens: Sequence[Token], *, fold: bool) -> Iterator[str]:
    previous = ""
    for token in tokens:
        kind = token.kind
        if kind in _CONSTANTS:
            # Negative numbers and runs of strings are one constant; what stands where stays otherwise.
            if not (previous == STRING and kind is STRING):
                yield "?"
        elif kind is NAME:
            yield "`" + token.text.replace("`", "``") + "`"
        elif kind is USER:
            yield f"@`{token.text}`"
        elif kind is SYSTEM:
            yield f"@@{token.text}"
        else:
            yield token.upper if fold else token.text
        previous = kind


def fingerprint_mysql(tokens: Sequence[Token]) -> str:
    """Sixteen hexadecimal digits: equal for statements that differ in constants, spacing, comments and case alone; lists of
    constants of any length are one."""
    if len(tokens) > _MAX_FINGERPRINTED:
        return ""
    form = " ".join(_form(tokens, fold=True))
    while "? , ?" in form:
        form = form.replace("? , ?", "?")
    while "( ? ) , ( ? )" in form:
        form = form.replace("( ? ) , ( ? )", "( ? )")
    return hashlib.blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
