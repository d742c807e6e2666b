"""MySQL's lexer (sql_lex.cc, `lex_one_token`), one statement at a time.

The tokens are those the server would see: executable comments are opened or dropped as its version says, quotes are read under
the session's sql_mode. What the server would read in a way that is not certain here raises NotLexed: the statement is opaque.
"""

import re
from functools import lru_cache
from typing import Final

from gateway.analysis.mysql.mistakes import Misread
from gateway.analysis.mysql.modes import Flavour, Reading

WORD: Final = "word"  # an identifier or keyword without quotes
NAME: Final = "name"  # a quoted identifier
STRING: Final = "string"
NUMBER: Final = "number"
BITS: Final = "bits"  # x'', 0x, b'', 0b
USER: Final = "user"  # @variable
SYSTEM: Final = "system"  # @@variable
PARAMETER: Final = "parameter"  # ?
OPERATOR: Final = "operator"

_IDENT: Final = "[A-Za-z0-9_$\u0080-\U0010ffff]"
_SPACE: Final = r"[ \t\n\v\f\r]"
_MAX_TOKENS: Final = 2_000_000


class NotLexed(Misread):
    """The text has no certain tokens; the message says why."""


class Token:
    """`text` is the value: an identifier without its quotes, a string's contents. `upper` is "" but for words."""

    __slots__ = ("end", "kind", "start", "text", "upper")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.upper = text.upper() if kind is WORD else text if kind is OPERATOR else ""
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{self.kind}:{self.text}"


def word(text: str) -> Token:
    """A word or operator that does not stand in the text."""
    return Token(WORD if text[0].isalpha() else OPERATOR, text, 0, 0)


@lru_cache(maxsize=8)
def _pattern(ansi_quotes: bool, backslash: bool) -> re.Pattern[str]:
    body = r"(?:[^'\\]|''|\\.)*+" if backslash else r"(?:[^']|'')*+"
    double = body.replace("'", '"')
    quoted = r'"(?:[^"]|"")*+"' if ansi_quotes else "(?!)"
    string = rf"'{body}'" + ("" if ansi_quotes else rf'|"{double}"')
    return re.compile(
        rf"""
          (?P<space> {_SPACE}++ | \#[^\n]*+ | --(?=[\x00-\x20\x7f]|\Z)[^\n]*+ )
        | (?P<bits> [xX]'[0-9a-fA-F]*+' | [bB]'[01]*+' | 0x[0-9a-fA-F]++(?!{_IDENT}) | 0b[01]++(?!{_IDENT}) )
        | (?P<number> \d++\.\d*+(?:[eE][+-]?\d++)? | \.\d++(?:[eE][+-]?\d++)? | \d++[eE][+-]?\d++ | \d++(?!{_IDENT}) )
        | (?P<national> [nN]'{body}' )
        | (?P<word> {_IDENT}++ )
        | (?P<name> `(?:[^`]|``)*+` | {quoted} )
        | (?P<string> {string} )
        | (?P<system> @@(?:{_IDENT}++|`(?:[^`]|``)*+`)? )
        | (?P<user> @(?:(?:{_IDENT}|\.)++|`(?:[^`]|``)*+`|'{body}'|"{double}") )
        | (?P<comment> /\* )
        | (?P<close> \*/ )
        | (?P<parameter> \? )
        | (?P<bad> ['"`\x00] )
        | (?P<operator> :=|<=>|<<|>>|<=|>=|<>|!=|&&|\|\||->>|->|. )
        """,
        re.VERBOSE | re.DOTALL,
    )


_AFTER_DOT: Final = re.compile(rf"{_IDENT}++")
_ESCAPE: Final = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_ESCAPED: Final = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_VERSION: Final = re.compile(r"(M?)!(\d{5}\d?)?")
_TIDB: Final = re.compile(r"T!(?:\[[^\]]*\])?")
_QUOTES: Final = re.compile(r"['\"`]")


class Lexer:
    """Statements of one text, in order. `reading` may be changed between two of them."""

    def __init__(self, text: str, reading: Reading) -> None:
        self.text = text
        self.reading = reading
        self.position = 0
        self._count = 0

    def statement(self) -> tuple[list[Token], int, int] | None:
        """The tokens up to the next semicolon, and where they begin and end; None where nothing is left."""
        text = self.text
        size = len(text)
        while self.position < size:
            tokens = self._tokens()
            if tokens:
                return tokens, tokens[0].start, tokens[-1].end
        return None

    def _tokens(self) -> list[Token]:
        pattern = _pattern(self.reading.ansi_quotes, self.reading.backslash_escapes)
        text, position, size = self.text, self.position, len(self.text)
        found: list[Token] = []
        opened = False  # an executable comment
        while position < size:
            match = pattern.match(text, position)
            if match is None:
                raise NotLexed("an unreadable character", position)
            kind = match.lastgroup
            end = match.end()
            if kind == "operator" and match.group() == ";":
                position = end
                break
            if kind == "comment":
                opened, end = self._comment(position, opened)
            elif kind == "close":
                opened, end = self._close(end, opened)
            elif kind == "number":
                end = self._number(found, position, match.group())
            elif kind != "space":
                found.append(self._token(kind or "", match.group(), position, end, found))
            position = end
        if opened:
            raise NotLexed("an executable comment that its statement does not end")
        self.position = position
        self._count += len(found)
        if self._count > _MAX_TOKENS:
            raise NotLexed("too many tokens")
        return found

    def _token(self, kind: str, raw: str, start: int, end: int, before: list[Token]) -> Token:
        if kind in ("word", "user", "system") and not self.reading.letters and not raw.isascii():
            # 0xA0 is a space in latin1 and its like, and what else is a letter differs (init_state_maps).
            raise NotLexed(f"a name beyond ASCII in the character set {self.reading.charset}")
        if kind == "word":
            after_dot = start > 0 and self.text[start - 1] == "." and before and before[-1].text == "."
            return Token(NAME if after_dot else WORD, raw, start, end)
        if kind == "operator":
            return Token(OPERATOR, raw, start, end)
        if kind == "bad":
            raise NotLexed("a NUL byte" if raw == "\0" else f"unterminated {raw}", start)
        return self._valued(kind, raw, start, end)

    @staticmethod
    def _close(end: int, opened: bool) -> tuple[bool, int]:
        if not opened:
            raise NotLexed("*/ without a comment", end)
        return False, end

    def _number(self, found: list[Token], position: int, raw: str) -> int:
        """A number, or where a name stands directly before it, `t.1`: a dot and an identifier. The answer is its end."""
        if not self._names_follow(found, position) and not raw.endswith("."):
            found.append(Token(NUMBER, raw, position, position + len(raw)))
            return position + len(raw)
        if raw[0] != "." or not self._names_follow(found, position):
            return self._after_dot_or_number(found, position, raw)
        found.append(Token(OPERATOR, ".", position, position + 1))
        after = _AFTER_DOT.match(self.text, position + 1)
        end = after.end() if after is not None else position + 1
        found.append(Token(NAME, self.text[position + 1 : end], position + 1, end))
        return end

    @staticmethod
    def _names_follow(found: list[Token], position: int) -> bool:
        """Whether what stands before, without a space, is a name: `t.1` and `.5` begin alike."""
        return bool(found) and found[-1].end == position and (found[-1].kind in (WORD, NAME) or found[-1].text == ".")

    def _after_dot_or_number(self, found: list[Token], position: int, text: str) -> int:
        """Digits directly behind a dot are an identifier (MY_LEX_IDENT_START); elsewhere a number."""
        if found and found[-1].text == "." and found[-1].end == position:
            after = _AFTER_DOT.match(self.text, position)
            end = after.end() if after is not None else position + len(text)
            found.append(Token(NAME, self.text[position:end], position, end))
            return end
        found.append(Token(NUMBER, text, position, position + len(text)))
        return position + len(text)

    def _valued(self, kind: str, raw: str, start: int, end: int) -> Token:
        match kind:
            case "name":
                return Token(NAME, _unquoted(raw), start, end)
            case "string":
                return Token(STRING, self._unescaped(raw), start, end)
            case "national":
                return Token(STRING, self._unescaped(raw[1:]), start, end)
            case "bits":
                return Token(BITS, raw, start, end)
            case "number":
                return Token(NUMBER, raw, start, end)
            case "user":
                name = raw[1:]
                return Token(USER, _unquoted(name) if name[0] == "`" else name.strip("'\""), start, end)
            case "system":
                name = raw[2:]
                return Token(SYSTEM, _unquoted(name) if name.startswith("`") else name, start, end)
            case _:
                return Token(PARAMETER, "?", start, end)

    def _unescaped(self, raw: str) -> str:
        quote, body = raw[0], raw[1:-1]
        if not self.reading.backslash_escapes or "\\" not in body:
            return body.replace(quote * 2, quote)

        def replaced(match: re.Match[str]) -> str:
            char = match.group(1)
            if char is None:
                return quote if match.group()[0] == quote else match.group()
            return _ESCAPED.get(char, char)

        return _ESCAPE.sub(replaced, body)

    def _comment(self, position: int, opened: bool) -> tuple[bool, int]:
        """(whether an executable comment is open behind this, where reading goes on)."""
        text = self.text
        server = self.reading.server
        if server is not None and server.flavour is Flavour.TIDB and (tidb := _TIDB.match(text, position + 2)):
            return self._open(opened, tidb.end())
        version = _VERSION.match(text, position + 2)
        if version is None:
            return opened, self._end_of(position + 2, nested=False)
        maria, digits = version.groups()
        if server is None:
            if maria or (digits is not None and int(digits[:5]) > 50699):
                raise NotLexed("an executable comment, and the server's version is not known")
            return self._open(opened, version.end())
        if maria and server.flavour is not Flavour.MARIADB:
            return opened, self._end_of(position + 2, nested=False)
        if digits is None or server.flavour is Flavour.TIDB:
            return self._open(opened, version.end())
        if server.flavour is Flavour.MYSQL and len(digits) == 6:
            raise NotLexed("an executable comment with a version of six digits")
        number = int(digits)
        executed = number <= server.version
        if server.flavour is Flavour.MARIADB and not maria:
            executed = executed and not 50700 <= number <= 99999
        if executed:
            return self._open(opened, version.end())
        return opened, self._end_of(version.end(), nested=True)

    @staticmethod
    def _open(opened: bool, position: int) -> tuple[bool, int]:
        if opened:
            raise NotLexed("an executable comment inside another")
        return True, position

    def _end_of(self, position: int, *, nested: bool) -> int:
        """Behind the `*/` of a comment that is dropped; one that its version drops may hold a comment itself."""
        text = self.text
        server = self.reading.server
        hint = text.startswith("+", position) and (server is None or server.flavour is not Flavour.MARIADB)
        start = position
        while True:
            close = text.find("*/", position)
            if close < 0:
                raise NotLexed("unterminated comment", start)
            inner = text.find("/*", position, close) if nested else -1
            if inner < 0:
                break
            inner_end = text.find("*/", inner + 2)
            if inner_end < 0:
                raise NotLexed("unterminated comment", start)
            position = inner_end + 2
        if hint and len(_QUOTES.findall(text, start, close)) % 2:
            raise NotLexed("an optimizer hint with an open quote")
        return close + 2


def _unquoted(raw: str) -> str:
    quote = raw[0]
    return raw[1:-1].replace(quote * 2, quote)


_BLOCKS: Final = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})


def unclosed_program(tokens: list[Token]) -> bool:
    """Whether a stored program's body, or a compound statement, is still open at the end of these tokens.

    BEGIN, IF, LOOP, WHILE, REPEAT and FOR open where a statement begins; CASE is reserved and always opens; END closes. Only
    THEN and ELSE of a CASE expression are followed by an expression.
    """
    opened: list[str] = []
    fresh = True
    handler = False
    index = 0
    size = len(tokens)
    while index < size:
        token = tokens[index]
        upper = token.upper
        if upper == "BEGIN" and (fresh or handler):
            opened.append("begin")
            fresh, handler = True, False
        elif fresh and upper in _BLOCKS:
            opened.append("statement")
            fresh = upper in ("LOOP", "REPEAT")
        elif upper == "CASE":
            opened.append("statement" if fresh else "expression")
            fresh = False
        elif upper == "END" and opened:
            after = tokens[index + 1].upper if index + 1 < size else ""
            opened.pop()
            index += after in _BLOCKS or after == "CASE"
            fresh = False
        elif upper in ("THEN", "ELSE"):
            fresh = not opened or opened[-1] != "expression"
        elif upper in (";", ":", "DO", "LOOP", "REPEAT"):
            fresh, handler = True, False
        else:
            handler = handler or upper == "HANDLER"
            fresh = False
        index += 1
    return bool(opened)
