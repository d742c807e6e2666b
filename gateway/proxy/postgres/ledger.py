"""What the server still owes: one entry for each message that it will answer, in order (chapter "Message Flow").

A Query is answered by a completion for each of its statements and by ReadyForQuery, which ends it. Parse, Bind, Close and a
Describe have one answer each, an Execute ends with CommandComplete, EmptyQueryResponse, PortalSuspended or ErrorResponse. After
an error in the extended protocol the server skips everything up to the next Sync: so do the entries. COPY_END marks a CopyDone
or CopyFail that was sent before the server had asked for data: it is never answered.
"""

from collections import deque
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Final

from gateway.proxy.postgres.refuse import Refusal
from gateway.proxy.rooms import Release
from gateway.verdict import Verdict

if TYPE_CHECKING:
    from gateway.proxy.postgres.watch import Watch

PARSE: Final = 1
BIND: Final = 2
DESCRIBE: Final = 3
CLOSE: Final = 4
EXECUTE: Final = 5
QUERY: Final = 6
SYNC: Final = 7
COPY_END: Final = 8
PROBE: Final = 9  # the gateway's own question: its answer is not the client's

# So many messages may be on their way to the server before the client must take answers; the server answers all but the last
# few kilobytes of them by itself, without Sync or Flush.
UNANSWERED_LIMIT: Final = 40_000
UNANSWERED: Final = 4  # reason of the client's valve


class Prepared:
    """A statement that the server has parsed. `stamp` is the session's stamp its verdict was made under; None: judge anew.
    `parameters` are the users' types that the client declared for its parameters."""

    __slots__ = ("name", "parameters", "release", "stamp", "text", "verdict")

    def __init__(
        self, name: bytes, text: str, verdict: Verdict, stamp: object | None, parameters: tuple[int, ...] = ()
    ) -> None:
        self.name = name
        self.text = text
        self.verdict = verdict
        self.stamp = stamp
        self.parameters = parameters
        self.release: Release | None = None


class Entry:
    """A message of the extended protocol. `undo` (mapping, key, value before) is for when the server skips or refuses it."""

    __slots__ = ("barrier", "kind", "refusal", "undo")
    watch: "Watch | None" = None

    def __init__(self, kind: int, undo: "Undo | None" = None) -> None:
        self.kind = kind
        self.barrier = False
        self.undo = undo
        self.refusal: Refusal | None = None

    def take_back(self) -> None:
        if self.undo is not None:
            mapping, key, before = self.undo
            if before is None:
                mapping.pop(key, None)
            else:
                mapping[key] = before


Undo = tuple[MutableMapping[bytes, Prepared], bytes, Prepared | None]


class Execution(Entry):
    """A Query or an Execute on its way: everything its end record needs. Also a refused message, which will fail.

    number   of its first statement in the session; -1 where no record was written (or none could be)
    index    how many of its statements are complete
    began    monotonic seconds
    rows, size   of the statement's result so far; size in payload bytes
    watch    over its results, where the decision has obligations
    """

    __slots__ = ("began", "index", "number", "release", "rows", "size", "verdict", "watch")

    def __init__(self, kind: int, number: int, verdict: Verdict | None, began: float) -> None:
        self.kind = kind
        self.barrier = False
        self.undo = None
        self.refusal = None
        self.number = number
        self.verdict = verdict
        self.began = began
        self.rows = 0
        self.size = 0
        self.index = 0
        self.release: Release | None = None
        self.watch = None


class Ledger:
    """The entries in order.

    barriers   entries whose completion decides what later messages mean
    skipping   the server ignores everything up to the next Sync, which has not been sent yet
    quick      there may be exchanges of the short way among them
    copying    the execution whose COPY data the server is reading
    """

    __slots__ = ("barriers", "copying", "entries", "quick", "skipping")

    def __init__(self) -> None:
        self.entries: deque[Entry | Quick] = deque()
        self.quick = False
        self.barriers = 0
        self.skipping = False
        self.copying: Execution | None = None

    def spell_out(self) -> None:
        """Turn every exchange of the short way into the entries it stands for."""
        self.quick = False
        found = list(self.entries)
        self.entries.clear()
        for entry in found:
            if type(entry) is Quick:
                self.entries.extend(entry.entries())
            else:
                self.entries.append(entry)

    def append(self, entry: Entry) -> None:
        if entry.barrier:
            self.barriers += 1
        self.entries.append(entry)

    def pop(self) -> None:
        """The head is answered. A CopyDone or CopyFail behind it that no COPY was there for is never answered."""
        entries = self.entries
        entries.popleft()
        while entries and entries[0].kind == COPY_END:
            entries.popleft()

    def settle(self, entry: Entry) -> None:
        """The entry is complete: nobody waits for it any more."""
        if entry.barrier:
            entry.barrier = False
            self.barriers -= 1

    def drop_to_sync(self) -> list[Entry]:
        """After an error in the extended protocol: what the server skips, in order. The Sync itself stays."""
        dropped: list[Entry] = []
        while self.entries and self.entries[0].kind != SYNC:
            entry = self.entries.popleft()
            self.settle(entry)
            dropped.append(entry)
        self.skipping = not self.entries
        self.copying = None
        return dropped

    def skip_unless_synced(self) -> None:
        """The client was told an error in place of the head's completion: what it sends up to its Sync is dropped."""
        self.skipping = not any(entry.kind == SYNC for entry in self.entries)

    def begin_copy_in(self, execution: "Execution") -> None:
        """CopyInResponse: the server reads on until CopyDone or CopyFail and ignores every Sync before it."""
        kept: list[Entry] = []
        self.copying = execution
        rest = list(self.entries)[1:]
        while rest and self.copying is not None:
            entry = rest.pop(0)
            if entry.kind == COPY_END:
                self.copying = None
            elif entry.kind != SYNC:
                kept.append(entry)
        if len(kept) + len(rest) + 1 != len(self.entries):
            self.entries.clear()
            self.entries.extend((execution, *kept, *rest))


class Quick(Entry):
    """One whole exchange of the short way: a Query, or [Parse] Bind Describe Execute Sync. Most of them are answered by one
    chunk of a known form; for any other it becomes the entries it stands for.

    acknowledged   how the answer begins: nothing for a Query, BindComplete, or ParseComplete and BindComplete
    """

    __slots__ = ("acknowledged", "began", "number", "verdict")

    def __init__(self, kind: int, number: int, verdict: Verdict, began: float, acknowledged: bytes) -> None:
        self.kind = kind
        self.number = number
        self.verdict = verdict
        self.began = began
        self.acknowledged = acknowledged

    def entries(self) -> "tuple[Entry, ...]":
        execution = Execution(self.kind, self.number, self.verdict, self.began)
        if not self.acknowledged:
            return (execution,)
        batch = (BOUND, DESCRIBED, execution, SYNCED)
        return batch if self.acknowledged == BIND_COMPLETE else (PARSED, *batch)


NOTHING: Final = b""
BIND_COMPLETE: Final = b"2\0\0\0\x04"
PARSE_BIND_COMPLETE: Final = b"1\0\0\0\x04" + BIND_COMPLETE
PARSED: Final = Entry(PARSE)
BOUND: Final = Entry(BIND)
DESCRIBED: Final = Entry(DESCRIBE)
CLOSED: Final = Entry(CLOSE)
SYNCED: Final = Entry(SYNC)
COPY_ENDED: Final = Entry(COPY_END)
PROBED: Final = Entry(PROBE)
