"""Passwords and tokens in SQL text, error messages and log lines are replaced before anything is written.

Lexical on purpose: it also works on text that no parser understood, and on the cut-off texts of error messages. It may blank
too much; it must not blank too little. Found is the value behind a word such as PASSWORD, IDENTIFIED BY, secret or token,
however it is quoted (E'', U&'', N'', dollar quotes, double quotes, quotes inside a string), as well as password=… in connection
strings, JSON members, and the password of a URL. Time is linear in the text, and behind a thousand such words everything is
replaced: statements of megabytes are the sender's choice.
"""

import re

MASK = "***"

_HINT = re.compile(r"passw|pwd|identified|secret|://|api_?key|access_?key|token", re.IGNORECASE)
_HINTS = ("passw", "pwd", "identified", "secret", "://", "api_key", "apikey", "access_key", "accesskey", "token")  # the same
_WORD = re.compile(
    r"://|(?:password|passwd|pwd|secret|secret_access_key|api_?key|access_?key|token|identified)\b", re.IGNORECASE
)
_USER_AND_PASSWORD = re.compile(r"[^\s:/@'\"]{0,256}:([^\s@'\"]{1,512}+)@")
_SPACE = re.compile(r"\s+")
_CONNECTOR = re.compile(r"(?:by|as|using|random)\b|:?=|[(:,]", re.IGNORECASE)
_NAMING = re.compile(r"(?:for|to|with|via)\b", re.IGNORECASE)
_NAME = re.compile(
    r"(?:'[^']{0,256}'|\"[^\"]{0,256}\"|`[^`]{0,256}`|[\w.%$-]{1,256})(?:\s*@\s*(?:'[^']{0,256}'|\"[^\"]{0,256}\"|[\w.%-]{1,256}))?(?:\(\))?"
)
_QUOTE = re.compile(r"(?:[eEnNbBxX]|[uU]&|_\w{1,32}\s{0,8})?(['\"])")
_DOLLAR = re.compile(r"\$(?:[^\W\d]\w{0,64})?\$")
_CALL = re.compile(r"[A-Za-z_][\w.]{0,64}\s{0,8}\(")
_PLACEHOLDER = re.compile(r"\$\d+|\?|%s|:\w+|null\b", re.IGNORECASE)
_BARE = re.compile(r"[^\s'\"&;,)\\]+")
_REPLACE = re.compile(r"\s+replace\s+(?=['\"])", re.IGNORECASE)
_CONTINUED = re.compile(r"\s+(?=')")
_QUOTED = re.compile(r"[\"'`«„“]")
_ROLE = re.compile(r"\b(?:alter|create)\b.{0,40}?\b(?:role|user|group)\b", re.IGNORECASE | re.DOTALL)
_STEPS = 16
_WORDS = 1_000


def hints_at_secret(text: str) -> bool:
    """Whether `redact` has to look closer. Ten times quicker than the expression on ASCII; other texts may hold letters that
    only the expression takes for ASCII ones (ſ, K)."""
    if not text.isascii():
        return _HINT.search(text) is not None
    lower = text.lower()
    for hint in _HINTS:  # noqa: SIM110 -- any() costs as much as the whole loop
        if hint in lower:
            return True
    return False


def redact(text: str) -> str:
    """The text with every secret that can be recognised replaced by ***. Cheap where no hint of one stands in it."""
    if not hints_at_secret(text):
        return text
    return _Redaction(text).run()


def withheld(message: str) -> str:
    """The error message of a statement that holds a secret: errors quote pieces of it, with nothing to tell them by."""
    quoted = _QUOTED.search(message)
    return message if quoted is None else message[: quoted.start()] + MASK


class _Redaction:
    """One walk over a text, from one telling word to the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        role = _ROLE.search(text)
        self._role = role.end() if role is not None else None
        self._comment_ends: dict[str, tuple[int, int]] = {}  # closing mark -> (searched from, found at)

    def run(self) -> str:
        parts: list[str] = []
        position = 0
        for _ in range(_WORDS):
            word = _WORD.search(self._text, position)
            if word is None:
                parts.append(self._text[position:])
                return "".join(parts)
            place = self._find_value(word)
            parts.append(self._text[position : place if place is not None else word.end()])
            if place is None:
                position = word.end()
                continue
            position, mask = self._skip_value(word, place)
            parts.append(mask)
        return "".join([*parts, MASK])

    def _find_value(self, word: re.Match[str]) -> int | None:
        """Where the value behind the word begins; None where none follows."""
        text, place = self._text, word.end()
        if word[0] == "://":
            login = _USER_AND_PASSWORD.match(text, place)
            return login.start(1) if login is not None else None
        # ALTER ROLE … PASSWORD word: the quotes were forgotten, the word is the password all the same.
        assigned = self._role is not None and self._role < word.start() and word[0].lower() == "password"
        if text[place : place + 1] in {'"', "`", "'"} and text[word.start() - 1 : word.start()] == text[place : place + 1]:
            place += 1  # the word itself is quoted: an identifier, a JSON member
        for _ in range(_STEPS):
            place = self._skip_gap(place)
            if self._literal_at(place) or text.startswith(("\\'", '\\"'), place):
                return place
            if (naming := _NAMING.match(text, place)) is not None:
                name = _NAME.match(text, self._skip_gap(naming.end()))
                place = name.end() if name is not None else naming.end()
            elif (connector := _CONNECTOR.match(text, place)) is not None:
                if connector[0] == ",":
                    return None
                place = connector.end()
                assigned = assigned or connector[0] in {"=", ":=", ":"}
            elif (call := _CALL.match(text, place)) is not None and assigned:
                place = call.end()
            else:
                return place if assigned and _PLACEHOLDER.match(text, place) is None and _BARE.match(text, place) else None
        return None

    def _literal_at(self, place: int) -> bool:
        return _QUOTE.match(self._text, place) is not None or _DOLLAR.match(self._text, place) is not None

    def _skip_gap(self, place: int) -> int:
        """Past white space and comments."""
        text = self._text
        while True:
            if (space := _SPACE.match(text, place)) is not None:
                place = space.end()
            elif text.startswith("/*", place):
                place = self._past("*/", place + 2)
            elif text.startswith(("--", "#"), place):
                place = self._past("\n", place + 1)
            else:
                return place

    def _past(self, mark: str, place: int) -> int:
        """Behind the next mark. What was found once is not searched again: many words may stand in one long comment."""
        start, found = self._comment_ends.get(mark, (len(self._text), -1))
        if not start <= place <= found:
            found = self._text.find(mark, place)
            found = len(self._text) if found < 0 else found
            self._comment_ends[mark] = (place, found)
        return min(found + len(mark), len(self._text))

    def _skip_value(self, word: re.Match[str], place: int) -> tuple[int, str]:
        """The end of the value that begins here, and what stands in its place."""
        text = self._text
        if word[0] == "://":
            return text.index("@", place), MASK
        if text.startswith(("\\'", '\\"'), place):
            return self._closing(text[place : place + 2], place + 2), MASK
        if (dollar := _DOLLAR.match(text, place)) is not None:
            return self._closing(dollar[0], dollar.end()), f"'{MASK}'"
        quote = _QUOTE.match(text, place)
        if quote is None:
            bare = _BARE.match(text, place)
            return (bare.end() if bare is not None else place), MASK
        mark, inside = quote[1], quote.end()
        doubled = text.startswith(mark, inside) and text[inside + 1 : inside + 2] not in {"", " ", ",", ")", ";", "\n"}
        if doubled and text[inside + 1 : inside + 2] != mark:
            return self._closing(mark * 2, inside + 1), mark * 2 + MASK + mark * 2  # quoted inside a string
        end = _literal_end(text, mark, inside)
        while (more := _CONTINUED.match(text, end)) is not None:  # SQL joins literals over line ends, MySQL over any space
            end = _literal_end(text, "'", more.end() + 1)
        if (replace := _REPLACE.match(text, end)) is not None:  # MySQL: IDENTIFIED BY 'new' REPLACE 'old'
            old = text[replace.end()]
            return _literal_end(text, old, replace.end() + 1), f"'{MASK}' REPLACE '{MASK}'"
        return end, f"{mark}{MASK}{mark}"

    def _closing(self, mark: str, place: int) -> int:
        found = self._text.find(mark, place)
        return len(self._text) if found < 0 else found + len(mark)


def _literal_end(text: str, mark: str, inside: int) -> int:
    """Behind the closing quote. Where backslashes make it ambiguous (they escape in E'' and MySQL only), the text's end."""
    plain = _scan(text, mark, inside, escapes=False)
    if text.find("\\", inside, plain) < 0:
        return plain
    return plain if _scan(text, mark, inside, escapes=True) == plain else len(text)


_PLAIN = {mark: re.compile(f"(?:[^{mark}]++|{mark}{mark})*+{mark}") for mark in "'\""}
_ESCAPED = {mark: re.compile(rf"(?:[^{mark}\\]++|{mark}{mark}|\\.)*+{mark}", re.DOTALL) for mark in "'\""}


def _scan(text: str, mark: str, inside: int, *, escapes: bool) -> int:
    found = (_ESCAPED if escapes else _PLAIN)[mark].match(text, inside)
    return len(text) if found is None else found.end()
