"""Passwords and tokens in SQL text, error messages and log lines are replaced before anything is written.

Lexical on purpose: it also works on text that no parser understood. It may blank too much; it must not blank too little.
Covered: PASSWORD 'x' (CREATE/ALTER ROLE, USER MAPPING options), IDENTIFIED BY/AS 'x' and SET PASSWORD = 'x' (MySQL), any
quoting of the literal (E'', U&'', N'', dollar quotes, double quotes), password=… and URL credentials in connection strings.
"""

import re

MASK = "***"

# A literal may be cut off (error messages quote only the start of a statement): then everything to the end goes.
_LITERAL = (
    r"(?:"
    r"(?:[eEnNbBxX]|[uU]&|_[a-zA-Z0-9]+\s*)?'(?:[^'\\]|''|\\.)*(?:'|\Z)"
    r'|"(?:[^"\\]|""|\\.)*(?:"|\Z)'
    r"|\$(?P<tag>[A-Za-z_\x80-\U0010ffff0-9]*)\$.*?(?:\$(?P=tag)\$|\Z)"
    r")"
)
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)*"
_HINT = re.compile(r"passw|pwd|identified|secret|://|api_?key|access_?key|token", re.IGNORECASE)
_KEYWORD = re.compile(
    rf"(?P<lead>\b(?:password|passwd|passphrase|secret|secret_access_key|api_?key|access_?key|token|identified{_GAP}(?:by|as)"
    rf"|identified{_GAP}(?:with|via){_GAP}\S+{_GAP}(?:by|as|using))\b{_GAP}(?:(?:for|to)\b[^=']*?)?[=(]?{_GAP}"
    rf"(?:by{_GAP})?(?:password{_GAP}[(=]?{_GAP})?(?:random{_GAP})?){_LITERAL}",
    re.IGNORECASE | re.DOTALL,
)
_ASSIGNED = re.compile(
    r"(?P<lead>\b(?:password|passwd|pwd|sslpassword|secret|api_?key|token)\s*=\s*)(?!\*\*\*)[^\s'\"&;,)]+", re.IGNORECASE
)
_URL = re.compile(r"(?P<lead>\b[a-z][a-z0-9+.-]*://[^\s:/@'\"]*:)[^\s@'\"]+(?=@)", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with every secret that can be recognised replaced by ***. Cheap where no hint of one stands in it."""
    if _HINT.search(text) is None:
        return text
    text = _KEYWORD.sub(rf"\g<lead>'{MASK}'", text)
    text = _ASSIGNED.sub(rf"\g<lead>{MASK}", text)
    return _URL.sub(rf"\g<lead>{MASK}", text)
