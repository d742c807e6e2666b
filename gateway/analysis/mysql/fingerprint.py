"""A statement without its constants: the key of the second-level verdict cache, and the fingerprint for the audit log."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.analysis.mysql.lexer import BITS, NAME, NUMBER, PARAMETER, STRING, SYSTEM, USER, Lexer, NotLexed, Token
from gateway.analysis.mysql.modes import Reading
from gateway.model.mysql_shape import is_plain, shape

_CONSTANTS: Final = frozenset({STRING, NUMBER, BITS, PARAMETER})
# Only these statements have footprints that may not depend on their constants.
_STARTS: Final = frozenset({"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE", "("})
_BEGINS: Final = re.compile(r"[\t\n\r ]*(?:\(|(?:SELECT|INSERT|REPLACE|UPDATE|DELETE|WITH|VALUES|TABLE)\b)", re.IGNORECASE)
_EXECUTABLE: Final = re.compile(r"/\*[MT]?!")
_ANY_SESSION: Final = Reading()
_MAX_CHARACTERS: Final = 65536
_MAX_FINGERPRINTED: Final = 40000  # tokens


def normalise_mysql(text: str) -> str | None:
    """The text with one mark for its constants; None where that would not help or is not certain.

    Two texts with the same form have the same footprint in the same session, if that footprint says `not literals_matter`.
    The form is the same under every SQL mode and server: what stands in double quotes is kept as it is, and a text with
    backslashes or executable comments has none. A slice of a longer text has none either.
    """
    if len(text) > _MAX_CHARACTERS or "\\" in text:
        return None
    if text.isascii() and ";" not in text:  # most texts need no lexer: their bytes tell
        form = shape(text.encode())
        if is_plain(form):
            return f"\1{form.decode()}" if _BEGINS.match(text) is not None else None
    return tokens_form(text)


def tokens_form(text: str) -> str | None:
    """The form of a text whose constants only a lexer can tell."""
    if _EXECUTABLE.search(text) is not None:
        return None
    lexer = Lexer(text, _ANY_SESSION)
    try:
        piece = lexer.statement()
        if piece is None or piece[1] != 0 or piece[0][0].upper not in _STARTS or lexer.statement() is not None:
            return None
    except NotLexed:
        return None
    form = " ".join(_form(piece[0], text, fold=False))
    return form if text.isascii() else f"{form} \x80"  # some character sets are only read where all is ASCII


def _form(tokens: Sequence[Token], text: str, *, fold: bool) -> Iterator[str]:
    previous = ""
    for token in tokens:
        kind = token.kind
        if kind in _CONSTANTS:
            if kind is STRING and not fold and text[token.start] == '"':
                yield text[token.start : token.end]
            elif not (previous == STRING and kind is STRING):  # adjacent strings are one
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
    form = " ".join(_form(tokens, "", fold=True))
    while "? , ?" in form:
        form = form.replace("? , ?", "?")
    while "( ? ) , ( ? )" in form:
        form = form.replace("( ? ) , ( ? )", "( ? )")
    return hashlib.blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
