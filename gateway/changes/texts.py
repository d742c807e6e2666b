"""The exact text of a statement, as an issue stores it and a release compares it."""

import re

from gateway.model.footprint import Footprint

_TITLE_LENGTH = 120
_LEXER_SPACE = " \t\n\r\f\v"  # scan.l: space
_SPACE = re.compile(r"\s+")


def exact_text(text: str) -> str:
    """The text without surrounding white space and closing semicolons.

    That is all the difference between what clients send for one statement: psql keeps the semicolon, most drivers do not.
    Everything inside stays byte for byte. White space is the lexer's own, not Unicode's: a no-break space is a name's part.
    """
    return text.strip(_LEXER_SPACE).rstrip(";" + _LEXER_SPACE)


def statement_text(text: str, footprint: Footprint) -> str:
    """The slice of `text` that the footprint is about. A footprint without a slice is about all of it."""
    piece = text[footprint.start : footprint.end] if footprint.end > footprint.start else text
    return exact_text(piece)


def title_of(text: str, more: int = 0) -> str:
    """A statement's beginning on one line, for lists; `more` counts the statements that follow."""
    line = _SPACE.sub(" ", text).strip()
    if len(line) > _TITLE_LENGTH:
        line = line[: _TITLE_LENGTH - 1] + "…"
    return f"{line} (+{more})" if more else line
