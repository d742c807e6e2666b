"""PostgreSQL's own parser (libpg_query through postgast), with limits around it.

The C library walks trees by recursion and does not check its stack on the way out: a chain of a hundred thousand operators
would end the process. So a text that is long enough to hold such a tree is measured first. Its protobuf reader stops at a
hundred levels unless told otherwise, which ordinary statements reach.
"""

import re
from typing import Final

from google.protobuf.internal import api_implementation
from postgast import PgQueryError, scan
from postgast import parse as parse_text
from postgast import pg_query_pb2 as pb

MAX_NESTING: Final = 4000
"""Levels of nesting and of chained operators that a statement may have."""
_MEASURED_FROM: Final = 4096  # characters: a shorter text cannot nest deeper than the stack allows


class NotParsed(Exception):
    """`reason` says why; `position` is the character where (0: not known), `syntax` that the server would say the same."""

    def __init__(self, reason: str, position: int = 0, *, syntax: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.syntax = syntax


def _lift_depth_limit() -> None:
    """Lets the reader go as deep as the writer; MAX_NESTING bounds both. The pure-Python reader has no such limit."""
    if api_implementation.Type() == "upb":
        from google._upb import _message

        _message.SetAllowOversizeProtos(True)


_lift_depth_limit()


def parse(text: str) -> pb.ParseResult:
    """The tree of a text; NotParsed where there is none."""
    if "\0" in text:
        raise NotParsed("the text holds a NUL byte")
    if len(text) > _MEASURED_FROM and nesting(text) > MAX_NESTING:
        raise NotParsed(f"nested more than {MAX_NESTING} levels deep")
    try:
        return parse_text(text)
    except PgQueryError as error:
        raise NotParsed(error.message, max(error.cursorpos, 0), syntax=True) from error  # scanner_errposition: characters
    except UnicodeEncodeError as error:
        raise NotParsed("the text is not valid Unicode", error.start + 1) from error
    except Exception as error:  # protobuf's DecodeError has no stable home; whatever it is, there is no tree
        raise NotParsed(f"the parser's answer could not be read: {type(error).__name__}") from error


def _characters(text: str, offset: int) -> int:
    """A byte offset as a character offset."""
    return offset if text.isascii() else len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))


def offsets(text: str, positions: list[int]) -> list[int]:
    """Byte offsets as character offsets."""
    return positions if text.isascii() else [_characters(text, position) for position in positions]


# Runs of plain list items, and of rows of them, are skipped in one step: they are most of a long text, and nest nothing.
_PLAIN: Final = r"(?:'[^'\\]*+'|-?\d[\d.]*+|NULL|DEFAULT|true|false)"
_ITEM: Final = rf"(?:{_PLAIN}|\(\s*+(?:{_PLAIN}\s*+,\s*+)*+{_PLAIN}\s*+\))"
_TOKENS: Final = re.compile(
    rf"""
      (?P<skip> \s++ | --[^\n]*+ | /\*(?:.*?\*/|.*) | (?: {_ITEM} \s*+,\s*+ )++ )
    | (?P<text> [eE]'(?:[^'\\]|''|\\.)*+(?:'|$) | '(?:[^']|'')*+(?:'|$) | "(?:[^"]|"")*+(?:"|$) | \d[\w.]*+
              | \$(?P<tag>[A-Za-z_\x80-\U0010ffff]\w*|)\$(?:.*?\$(?P=tag)\$|.*) )
    | (?P<open> [(\[] ) | (?P<close> [)\]] ) | (?P<end> ;[;\s]*+ ) | (?P<comma> , )
    | (?P<word> [A-Za-z_\x80-\U0010ffff][\w$]*+ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
# Words after which the next expression starts anew; AND and OR chains are flat lists in the tree.
_SEPARATORS: Final = frozenset(
    {"and", "or", "select", "from", "where", "when", "then", "else", "values", "set", "by", "having", "limit", "returning"}
)
# Words that chain: each may add a level of its own that no separator takes back.
_CHAINING: Final = frozenset({"union", "intersect", "except", "join", "case", "not"})


def nesting(text: str) -> int:
    """An upper bound of the depth of a text's tree, from its tokens, in one pass.

    An open parenthesis goes on from the tokens since the last separator around it; chaining words count until the statement
    or the parenthesis ends.
    """
    deepest = level = chained = 0
    around: list[tuple[int, int]] = []
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if kind == "word":
            word = token.group().lower()
            if word in _SEPARATORS:
                level = around[-1][0] if around else 0
                continue
            if word in _CHAINING:
                chained += 1
        elif kind == "comma":
            level = around[-1][0] if around else 0
            continue
        elif kind == "end":
            around.clear()
            level = chained = 0
            continue
        elif kind == "open":
            around.append((level + 1, chained))
        elif kind == "close" and around:
            level, chained = around.pop()
        level += 1
        deepest = max(deepest, level + chained)
    return deepest


def split_postgres(text: str) -> list[str]:
    """The texts to analyse one by one: the whole where it has a tree, else its statements as the scanner tells them apart."""
    try:
        parse(text)
    except NotParsed as error:
        if not error.syntax:
            return [text]
        try:
            return _pieces(text) or [text]
        except PgQueryError:
            return [text]
    return [text]


def _pieces(text: str) -> list[str]:
    """The text cut at every semicolon outside parentheses."""
    encoded = text.encode("utf-8")
    pieces: list[str] = []
    begun = depth = 0
    for token in scan(text).tokens:
        depth += (token.token == pb.ASCII_40) - (token.token == pb.ASCII_41)
        if token.token == pb.ASCII_59 and depth <= 0:
            pieces.append(encoded[begun : token.start].decode("utf-8"))
            begun, depth = token.end, 0
    pieces.append(encoded[begun:].decode("utf-8"))
    return [piece for piece in pieces if piece.strip()]
