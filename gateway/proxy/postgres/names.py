"""The prepared statements and portals of a session, as the server has them.

Names are the bytes of the wire. A statement or portal that this model does not know is not used: a Bind or Execute of it is
answered as the server answers for one that does not exist. One that the model still has and the server has not is harmless, the
server says so itself: portals are forgotten only when nothing is on its way. What SQL's PREPARE and DECLARE make lives in
`SessionState`, under the same names at the server: the conversation looks there too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from gateway.model.statement import Namespace
from gateway.proxy.postgres.ledger import BOUND, PARSED, Entry, Prepared

MAX_STATEMENTS: Final = 20_000
MAX_PORTALS: Final = 20_000
MAX_TEXT: Final = 256 * 1024 * 1024  # characters of all prepared statements together


class Portal(Prepared):
    """A statement bound to a portal. What its names mean was settled then: `path` is the search path of that moment."""

    __slots__ = ("path",)

    def __init__(self, prepared: Prepared, path: tuple[str, ...]) -> None:
        super().__init__(prepared.name, prepared.text, prepared.verdict, prepared.stamp, prepared.parameters)
        self.path = path


class Names:
    """`unnamed` and `portal` are the unnamed statement and the statement behind the unnamed portal."""

    __slots__ = ("portal", "portals", "statements", "text_size", "unnamed")

    def __init__(self) -> None:
        self.statements: dict[bytes, Prepared] = {}
        self.portals: dict[bytes, Prepared] = {}
        self.unnamed: Prepared | None = None
        self.portal: Prepared | None = None
        self.text_size = 0

    @property
    def full(self) -> bool:
        """So many statements are prepared that no further one is taken."""
        return len(self.statements) >= MAX_STATEMENTS or self.text_size > MAX_TEXT

    def prepare(self, kind: int, prepared: Prepared) -> Entry:
        """A Parse under a name is on its way."""
        before = self.statements.get(prepared.name)
        self.statements[prepared.name] = prepared
        self.text_size += len(prepared.text) - (len(before.text) if before is not None else 0)
        return Entry(kind, (self.statements, prepared.name, before))

    def bind(self, kind: int, portal: bytes, prepared: Prepared) -> Entry:
        """A Bind to a portal with a name is on its way."""
        before = self.portals.get(portal)
        self.portals[portal] = prepared
        return Entry(kind, (self.portals, portal, before))

    def close_statement(self, kind: int, name: bytes) -> Entry:
        before = self.statements.pop(name, None)
        self.text_size -= len(before.text) if before is not None else 0
        return Entry(kind, (self.statements, name, before))

    def close_portal(self, kind: int, name: bytes) -> Entry:
        return Entry(kind, (self.portals, name, self.portals.pop(name, None)))

    def deallocate(self, name: str) -> None:
        """SQL's DEALLOCATE; "" is ALL. The unnamed statement is left alone by it."""
        if name:
            self.statements.pop(name.encode(), None)
        else:
            self.statements.clear()
        self.weigh()

    def skipped(self, entries: Iterable[Entry]) -> None:
        """The server skipped these. What its unnamed statement or portal is now, was never sent again: nobody may use it."""
        for entry in entries:
            if entry is PARSED:
                self.unnamed = None
            elif entry is BOUND:
                self.portal = None

    def forget_portals(self) -> None:
        """Portals ended with their transaction, and no Bind is on its way."""
        self.portals.clear()
        self.portal = None

    def everything(self) -> Iterator[Prepared]:
        yield from self.statements.values()
        if self.unnamed is not None:
            yield self.unnamed

    def visible(self, namespace: Namespace) -> Namespace:
        """The namespace with what the protocol prepared and opened: SQL sees it under the same names."""
        if not self.statements and not self.portals:
            return namespace
        prepared = dict(namespace.prepared) | {_text(name): item.text for name, item in self.statements.items()}
        path = namespace.search_path
        open_here = {_text(n): item.text for n, item in self.portals.items() if type(item) is not Portal or item.path == path}
        cursors = dict(namespace.cursors) | open_here
        return replace(namespace, prepared=tuple(sorted(prepared.items())), cursors=tuple(sorted(cursors.items())))

    def weigh(self) -> None:
        """Count anew: entries were taken back or deallocated."""
        self.text_size = sum(len(item.text) for item in self.statements.values())


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
