"""PostgreSQL's node trees in text form, as `pg_rewrite.ev_action` holds them (backend/nodes/outfuncs.c, readfuncs.c).

`{TYPE :field value …}` is a Node; `( … )` a list; everything else an atom: `<>` is None, the rest stays a string. A field may
hold several atoms in a row (`:constvalue 4 [ 1 0 0 0 ]`): the first is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'[{}()]|"(?:[^"\\]|\\.)*"|(?:[^\s{}()\\]|\\.)+', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Node:
    """`type` is the C struct's name in capitals: QUERY, RANGETBLENTRY (RTE before PostgreSQL 16), VAR …"""

    type: str
    fields: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields.get(name)

    def number(self, name: str) -> int:
        """An integer field; absent is 0."""
        value = self.fields.get(name)
        return int(value) if value is not None else 0

    def items(self, name: str) -> list[Any]:
        """A list field; absent or NIL is empty."""
        value = self.fields.get(name)
        return value if isinstance(value, list) else []


def parse(text: str) -> Any:
    """The tree that `text` holds."""
    tokens = _tokens(text)
    return _value(tokens, next(tokens))


def _tokens(text: str) -> Iterator[str]:
    return (match.group() for match in _TOKEN.finditer(text))


def _value(tokens: Iterator[str], token: str) -> Any:
    if token == "{":
        return _node(tokens)
    if token == "(":
        return _list(tokens)
    if token == "<>":
        return None
    return _ESCAPE.sub(r"\1", token.strip('"')) if "\\" in token or token.startswith('"') else token


def _list(tokens: Iterator[str]) -> list[Any]:
    items: list[Any] = []
    for token in tokens:
        if token == ")":
            return items
        items.append(_value(tokens, token))
    raise ValueError("a list without its end")


def _node(tokens: Iterator[str]) -> Node:
    node = Node(next(tokens))
    name = ""
    for token in tokens:
        if token == "}":
            return node
        if token.startswith(":"):
            name = token[1:]
        else:
            node.fields.setdefault(name, _value(tokens, token))
    raise ValueError(f"{node.type} without its end")
