"""The hash chain: records numbered from 1, each carrying the hash of the one before and its own.

`hash` is the SHA-256 of the line's exact bytes before `,"hash":`, so that checking needs no JSON parser:

    {"seq":2,"time":"2026-01-02T03:04:05.000006Z","kind":"statement",…,"prev":"<hash of 1>","hash":"<hash of 2>"}
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from time import gmtime, strftime

from gateway.model.event import EventKind

NO_HASH = b"0" * 64
HASH_KEY = b',"hash":"'
TAIL_BYTES = len(HASH_KEY) + 64 + len(b'"}')  # from `,"hash":` to the end of the line
PREV_KEY = b',"prev":"'
PREV_BYTES = len(PREV_KEY) + 64 + 1  # `,"prev":"…"`, just before the tail

# (kind, session fragment, body fragment, Unix seconds)
Entry = tuple[EventKind, bytes, bytes, float]


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive records, encoded, that are written and made durable together."""

    first: int
    last: int
    data: bytes
    hashes: list[bytes]

    @property
    def head(self) -> bytes:
        return self.hashes[-1]


class Chain:
    """Gives records their number, time, `prev` and `hash`. Single-threaded."""

    __slots__ = ("_second", "_second_text", "head", "seq")

    def __init__(self, seq: int = 0, head: bytes = NO_HASH) -> None:
        self.seq = seq
        self.head = head
        self._second = -1
        self._second_text = b""

    def encode(self, entries: Iterable[Entry]) -> Group:
        """Lines for the entries (at least one). On the path of every statement: about 2.5 µs a record."""
        seq, prev = self.seq, self.head
        lines: list[bytes] = []
        hashes: list[bytes] = []
        for kind, session, body, when in entries:
            seq += 1
            second, micros = divmod(int(when * 1_000_000 + 0.5), 1_000_000)
            if second != self._second:
                self._second_text = strftime("%Y-%m-%dT%H:%M:%S", gmtime(second)).encode()
                self._second = second
            line = b'{"seq":%d,"time":"%b.%06dZ","kind":"%b"%b%b%b%b,"prev":"%b"' % (
                seq,
                self._second_text,
                micros,
                kind._value_.encode(),
                b"," if session else b"",
                session,
                b"," if body else b"",
                body,
                prev,
            )
            prev = sha256(line).hexdigest().encode()
            lines.append(line)
            lines.append(b',"hash":"%b"}\n' % prev)
            hashes.append(prev)
        first, self.seq, self.head = self.seq + 1, seq, prev
        return Group(first, seq, b"".join(lines), hashes)


def record_fault(line: bytes, seq: int, prev: bytes) -> tuple[bytes, str]:
    """Check one line (without its newline) against its place in the chain: (its hash, "") or (b"", what is wrong)."""
    body = line[:-TAIL_BYTES]
    digest = sha256(body).hexdigest().encode()
    if line[-TAIL_BYTES:] == b',"hash":"%b"}' % digest:
        if body.startswith(b'{"seq":%d,' % seq) and body[-PREV_BYTES:] == b',"prev":"%b"' % prev:
            return digest, ""
        return b"", _misplaced(body, seq)
    return b"", "the record was changed: its hash does not fit its content"


def _misplaced(body: bytes, seq: int) -> str:
    number, _, _ = body.removeprefix(b'{"seq":').partition(b",")
    if number != b"%d" % seq:
        found = number[:20].decode("ascii", "replace")
        return f"expected record {seq}, found {found}: records were removed, inserted or reordered"
    return "the record does not follow the one before it: its prev is another hash"
