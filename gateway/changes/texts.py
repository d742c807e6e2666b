"""The exact text of a statement, as an issue stores it and a release compares it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from gateway.audit import redact
from gateway.model.change import Issue
from gateway.model.footprint import Footprint
from gateway.store.issues import NewTask

_TITLE_LENGTH = 120
_LOGGED_CHARACTERS = 200_000
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


def new_task(statement: str, footprint: Footprint) -> NewTask:
    """The statement as an issue keeps it; what holds a password lies in the store as ciphertext."""
    return NewTask(statement, footprint.kind, footprint.transactional, secret=redact(statement) != statement)


def shown(issue: Issue) -> Issue:
    """The issue for people's eyes: passwords in its statements are blanked."""
    return replace(issue, tasks=tuple(replace(task, text=redact(task.text)) for task in issue.tasks))


def for_the_log(statements: Sequence[NewTask]) -> list[str]:
    """What an audit record says of statements: their texts without passwords, cut where together they are very long."""
    left, found = _LOGGED_CHARACTERS, []
    for statement in statements:
        text = redact(statement.text)
        found.append(text if len(text) <= left else text[:left] + "…")
        left = max(0, left - len(text))
    return found


def title_of(text: str, more: int = 0) -> str:
    """A statement's beginning on one line, for lists; `more` counts the statements that follow."""
    line = _SPACE.sub(" ", redact(text)).strip()
    if len(line) > _TITLE_LENGTH:
        line = line[: _TITLE_LENGTH - 1] + "…"
    return f"{line} (+{more})" if more else line
