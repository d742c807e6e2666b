"""A MySQL text without its constants, where bytes alone tell what is one: no lexer runs, no character set or SQL mode is asked.

Constants are whole and decimal numbers that stand by themselves and strings in single quotes. The shape is the text with each
of them made the same. It says something of a text only where the text is ASCII without backslashes and what remains is
printable and holds no comment, no other quote and no variable, whose name could hide a number (`is_plain`): then every quote
opens or closes a string whatever the SQL mode, and every other byte of two texts of one shape is the same.
"""

import re
from typing import Final

DIGITS: Final = b"0123456789"
MOST_DIGITS: Final = 20
# The first digit stands ahead of what is asked about it, so that the search skips to it.
NUMBER: Final = re.compile(rb"[0-9](?<![\w.@$\x80-\xff][0-9])[0-9]{0,19}(?:\.[0-9]{1,20})?(?![\w.@$\x80-\xff])")
_STRING: Final = re.compile(rb"'[^']*'")
# Printable ASCII without quotes, backslash, dollar, #, @.
_PLAIN: Final = b"\t\n\r !%&()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~"


def shape(text: bytes) -> bytes:
    if b"'" in text:
        text = _STRING.sub(b"''", text)
    return NUMBER.sub(b"0", text)


def is_plain(form: bytes) -> bool:
    """Whether a shape may stand for its texts: those that are ASCII without backslashes."""
    return b"--" not in form and b"/*" not in form and not form.replace(b"''", b"").translate(None, _PLAIN)
