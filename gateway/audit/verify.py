"""Proof of the whole log: every record of every chain, streaming, at some 300,000 records a second.

What is claimed is read first (heads, checkpoints), the records afterwards, so that a log may be verified while it is written:
what is claimed must be there, what came since may be there too. Found are records changed, removed, inserted or reordered,
segments or chains removed, ends cut off, checkpoints and heads changed or forged.

Without the keys the signatures are checked with the public key given, or the one beside the log; the head's MAC and, without
anchors, the replacement of the whole folder by an older copy, need the master key and the store.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from gateway.audit import files
from gateway.audit.chain import NO_HASH, TAIL_BYTES, record_fault
from gateway.audit.checkpoint import NO_CHECKPOINT, Checkpoint, checkpoint_signature_valid, parse_checkpoint
from gateway.audit.head import Head, read_head
from gateway.audit.keys import AuditKeys
from gateway.audit.merkle import Tree

_PUBLIC_KEY = re.compile(rb"[0-9a-f]{64}\n")
_READ_BYTES = 4 * 1024 * 1024
_LIVE_ATTEMPTS = 20
_LIVE_PAUSE = 0.02
_HEAD_ATTEMPTS = 20  # a writer may be in the middle of a slot when it is read


@dataclass(frozen=True, slots=True)
class Breakage:
    """The first thing wrong in a chain. `line` counts from 1 in `file`; `seq` is the record that should stand there."""

    chain: str
    reason: str
    file: str = ""
    line: int | None = None
    seq: int | None = None

    def __str__(self) -> str:
        place = "/".join(filter(None, (self.chain, self.file)))
        line = f", line {self.line}" if self.line is not None else ""
        record = f", record {self.seq}" if self.seq is not None else ""
        return f"{place}{line}{record}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What one chain holds, and what is wrong with it first.

    unattested   whole records behind the head, as a crash leaves them: chained, but no key has vouched for them yet
    torn_bytes   an incomplete line behind them; the next start of the gateway removes it and says so
    """

    chain: str
    records: int = 0
    segments: int = 0
    checkpoints: int = 0
    last_hash: str = ""
    unattested: int = 0
    torn_bytes: int = 0
    broken: Breakage | None = None


@dataclass(frozen=True, slots=True)
class Report:
    chains: tuple[ChainReport, ...]
    missing: tuple[Breakage, ...] = ()

    @property
    def broken(self) -> tuple[Breakage, ...]:
        """One breakage a chain: the first. Empty where everything is proved."""
        return (*(report.broken for report in self.chains if report.broken), *self.missing)

    @property
    def records(self) -> int:
        return sum(report.records for report in self.chains)


class KnownPoint(Protocol):
    """Something outside the log's folder that says what a record was: `checkpoint.Anchor`, or the store's."""

    @property
    def chain(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def hash(self) -> str: ...


def verify(
    directory: Path,
    *,
    keys: AuditKeys | None = None,
    public_key: bytes | None = None,
    anchors: Iterable[KnownPoint] = (),
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Check every chain below `audit.dir`. `progress` hears how many bytes more were read. Raises OSError."""
    known = list(anchors)
    published, fault = _public_keys(directory, keys, public_key)
    names: set[str] = set()
    reports = []
    for folder in files.chains(directory):
        points = [point for point in known if point.chain == folder.name]
        check = _ChainCheck(folder, keys, published, points, progress or (lambda _: None))
        reports.append(check.run())
        names.update(check.siblings)
    there = {report.chain for report in reports}
    names.update(point.chain for point in known if point.seq)
    missing = [Breakage(name, "the whole chain is missing") for name in sorted(names - there)]
    if fault is not None:
        missing.insert(0, fault)
    return Report(tuple(reports), tuple(missing))


def _public_keys(directory: Path, keys: AuditKeys | None, given: bytes | None) -> tuple[bytes, Breakage | None]:
    """The key to check signatures with. The file beside the log is only believed where there is nothing better."""
    path = directory / files.PUBLIC_KEY
    text = path.read_bytes() if path.exists() else b""
    trusted = keys.public_key if keys is not None else given
    if trusted is not None:
        same = text == trusted.hex().encode() + b"\n" or not files.chains(directory)
        return trusted, None if same else Breakage(files.PUBLIC_KEY, "the published key is not the gateway's")
    if _PUBLIC_KEY.fullmatch(text):
        return bytes.fromhex(text.decode()), None
    if not text and not files.chains(directory):
        return b"", None
    return b"", Breakage(files.PUBLIC_KEY, "missing, or not a public key")


class _Broken(Exception):
    def __init__(self, reason: str, file: str = "", line: int | None = None, seq: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.file, self.line, self.seq = reason, file, line, seq


class _ChainCheck:
    """The walk over one chain."""

    def __init__(
        self,
        folder: Path,
        keys: AuditKeys | None,
        public_key: bytes,
        points: Sequence[KnownPoint],
        progress: Callable[[int], None],
    ) -> None:
        self.folder = folder
        self.siblings: tuple[str, ...] = ()
        self._keys = keys
        self._public_key = public_key
        self._points = {point.seq: point.hash for point in points if point.seq}
        self._seq = 0
        self._hash = NO_HASH
        self._tree = Tree()
        self._checkpoints: list[Checkpoint] = []
        self._next_checkpoint = 0
        self._head: Head | None = None
        self._segments = 0
        self._torn = self._line = self._offset = 0
        self._live = False
        self._progress = progress

    def run(self) -> ChainReport:
        broken = None
        try:
            self._live = files.being_written(self.folder)
            self._read_head()
            self._read_checkpoints()
            self._read_segments()
            self._compare_ends()
        except _Broken as fault:
            broken = Breakage(self.folder.name, fault.reason, fault.file, fault.line, fault.seq)
        vouched = self._head.seq if self._head else 0
        return ChainReport(
            chain=self.folder.name,
            records=self._seq,
            segments=self._segments,
            checkpoints=len(self._checkpoints),
            last_hash=self._hash.decode(),
            unattested=0 if self._live else max(0, self._seq - vouched),
            torn_bytes=self._torn,
            broken=broken,
        )

    def _read_head(self) -> None:
        for _ in range(_HEAD_ATTEMPTS if self._live else 1):
            self._head, fault = read_head(self.folder / files.HEAD, self._keys)
            if self._head is not None:
                return
        if fault == "the head is missing" and not files.segments(self.folder) and not self._points:
            return  # a chain that was only just begun
        raise _Broken(fault, files.HEAD)

    def _read_checkpoints(self) -> None:
        path = self.folder / files.CHECKPOINTS
        content = path.read_bytes() if path.exists() else b""
        digest = NO_CHECKPOINT
        *whole, end = content.split(b"\n")
        lines = [line + b"\n" for line in whole] + ([end] if end else [])
        for number, line in enumerate(lines, 1):
            checkpoint = parse_checkpoint(line)
            torn = not line.endswith(b"\n") and self._head is not None and number > self._head.checkpoints
            if checkpoint is None and torn and not self._closed:
                break
            reason = self._checkpoint_fault(checkpoint, digest)
            if reason or checkpoint is None:
                raise _Broken(reason, files.CHECKPOINTS, number)
            digest = checkpoint.digest()
            self._checkpoints.append(checkpoint)
        wanted = self._head.checkpoints if self._head else 0
        if len(self._checkpoints) < wanted:
            raise _Broken(f"{wanted} checkpoints were written, {len(self._checkpoints)} are there", files.CHECKPOINTS)
        if self._closed and len(self._checkpoints) > wanted:
            raise _Broken("checkpoints were added after the log was closed", files.CHECKPOINTS, wanted + 1)
        if self._checkpoints:
            self.siblings = self._checkpoints[-1].chains

    def _checkpoint_fault(self, checkpoint: Checkpoint | None, digest: str) -> str:
        if checkpoint is None:
            return "the checkpoint was changed"
        before = self._checkpoints[-1].seq if self._checkpoints else 0
        if checkpoint.chain != self.folder.name:
            return f"the checkpoint belongs to the chain {checkpoint.chain}"
        if checkpoint.prev != digest:
            return "the checkpoint does not follow the one before it: checkpoints were removed or reordered"
        if checkpoint.first != before + 1 or checkpoint.seq < checkpoint.first:
            return "the checkpoint covers the wrong records"
        if not checkpoint_signature_valid(checkpoint, self._public_key):
            return "the checkpoint's signature is not the gateway's"
        return ""

    def _read_segments(self) -> None:
        segments = files.segments(self.folder)
        for number, path in enumerate(segments, 1):
            last = number == len(segments)
            if files.first_seq(path) != self._seq + 1:
                reason = f"a segment that begins with record {self._seq + 1} was removed"
                raise _Broken(reason, path.name, 1, self._seq + 1)
            self._segments += 1
            self._read_segment(path, open_end=last and not self._closed)

    def _read_segment(self, path: Path, *, open_end: bool) -> None:
        """`open_end`: a writer was, or is, at the end of this segment: what no head has vouched for may be unfinished."""
        self._line = self._offset = 0
        vouched = self._head.seq if self._head else 0
        for attempt in range(_LIVE_ATTEMPTS):
            try:
                self._read_lines(path, open_end)
            except _Broken:
                if not open_end or self._seq < vouched:
                    raise
                torn = self._unfinished_line(path)
                if torn:
                    self._torn = 0 if self._live else torn
                    return
                if not self._live or attempt == _LIVE_ATTEMPTS - 1:
                    raise
                time.sleep(_LIVE_PAUSE)  # caught in the middle of a write: look again from the last whole record on
            else:
                return

    def _read_lines(self, path: Path, open_end: bool) -> None:
        rest, filled = b"", False
        with path.open("rb", buffering=0) as file:
            file.seek(self._offset)
            while chunk := file.read(_READ_BYTES):
                data = rest + chunk
                lines, rest = data.split(b"\n"), b""
                if data.endswith(b"\n\n") or data == b"\n":  # room made ahead of the records
                    records = data.rstrip(b"\n")
                    lines, room = records.split(b"\n") if records else [], True
                else:
                    rest, room = lines.pop(), False
                if filled and (lines or rest):
                    raise _Broken("bytes stand behind the last record", path.name, self._line + 1, self._seq + 1)
                self._check_lines(path, lines)
                filled = filled or room
                self._progress(len(chunk))
        if rest:
            raise _Broken("the line is incomplete", path.name, self._line + 1, self._seq + 1)
        if filled and not open_end:
            raise _Broken("newlines were added behind the last record", path.name, self._line + 1, self._seq + 1)

    def _unfinished_line(self, path: Path) -> int:
        """The length of the line behind the last good record, if nothing but room comes after it; otherwise 0."""
        with path.open("rb") as file:
            file.seek(self._offset)
            line, _, after = file.read().partition(b"\n")
        return 0 if after.strip(b"\n") else len(line)

    def _check_lines(self, path: Path, lines: list[bytes]) -> None:
        seq, prev = self._seq, self._hash
        hashes: list[bytes] = []
        stop = self._next_stop()
        for number, line in enumerate(lines):
            # What `record_fault` does, without a call for each of millions of records.
            digest = sha256(line[:-TAIL_BYTES]).hexdigest().encode()
            ending = b',"prev":"%b","hash":"%b"}' % (prev, digest)
            if not line.endswith(ending) or not line.startswith(b'{"seq":%d,' % (seq + 1)):
                self._advance(seq, prev, hashes, lines[:number])
                raise _Broken(record_fault(line, seq + 1, prev)[1], path.name, self._line + 1, seq + 1)
            seq, prev = seq + 1, digest
            hashes.append(digest)
            if seq == stop:
                self._advance(seq, prev, hashes, ())
                hashes = []
                self._at_stop(path, self._line + number + 1)
                stop = self._next_stop()
        self._advance(seq, prev, hashes, lines)

    def _advance(self, seq: int, digest: bytes, hashes: list[bytes], lines: Sequence[bytes]) -> None:
        self._seq, self._hash = seq, digest
        self._tree.add(hashes)
        self._line += len(lines)
        self._offset += sum(map(len, lines)) + len(lines)

    def _next_stop(self) -> int:
        """The next record of which something else says what its hash is."""
        stops = [seq for seq in self._points if seq > self._seq]
        if self._next_checkpoint < len(self._checkpoints):
            stops.append(self._checkpoints[self._next_checkpoint].seq)
        if self._head is not None and self._head.seq > self._seq:
            stops.append(self._head.seq)
        return min(stops, default=0)

    def _at_stop(self, path: Path, number: int) -> None:
        digest = self._hash.decode()
        head = self._head
        if head is not None and head.seq == self._seq and head.hash != digest:
            raise _Broken("not the record that was written: the head has another hash", path.name, number, self._seq)
        if self._points.get(self._seq, digest) != digest:
            raise _Broken("not the record that was written: the store's anchor has another hash", path.name, number, self._seq)
        if self._next_checkpoint == len(self._checkpoints):
            return
        checkpoint = self._checkpoints[self._next_checkpoint]
        if checkpoint.seq != self._seq:
            return
        if checkpoint.hash != digest or checkpoint.root != self._tree.root():
            raise _Broken("not the records that the checkpoint signed", path.name, number, self._seq)
        self._next_checkpoint += 1
        self._tree = Tree()

    def _compare_ends(self) -> None:
        seq, head = self._seq, self._head
        claims = [((self._points and max(self._points)) or 0, "the store's anchor")]
        if self._checkpoints:
            claims.append((self._checkpoints[-1].seq, "a signed checkpoint"))
        if head is not None:
            claims.append((head.seq, "the head"))
        claimed, witness = max(claims)
        if claimed > seq:
            last = files.segments(self.folder)
            reason = f"the log ends with record {seq}, but {witness} has seen {claimed}: its end was cut off"
            raise _Broken(reason, last[-1].name if last else "", None, seq + 1)
        if self._closed and head is not None and seq > head.seq:
            raise _Broken(f"the log was closed at record {head.seq}, but goes on", "", None, head.seq + 1)

    @property
    def _closed(self) -> bool:
        return self._head is not None and self._head.closed and not self._live
