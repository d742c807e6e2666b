"""Search over all chains in time's order: read where the index says that a match may be, and what it does not know yet."""

import base64
import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.audit import files
from gateway.audit.index import Span, candidate_spans
from gateway.audit.query import Query

_CHUNK_BYTES = 256 * 1024  # also how long the interpreter's lock is held at a time: some 100 µs
_LOOK_AHEAD_BYTES = 32 * 1024 * 1024
_END_FIELDS = ("rows", "bytes", "duration_ms", "error")


@dataclass(frozen=True, slots=True)
class Page:
    """Records newest first, and where the next page begins (None: there is none)."""

    records: list[dict[str, Any]]
    next: str | None


def search(
    directory: Path, query: Query, *, newest_first: bool = True, below: Mapping[str, int] | None = None
) -> Iterator[dict[str, Any]]:
    """Matching records of all chains, each with its `chain`, merged by time.

    `below` bounds each chain's record numbers (excluded); chains that it does not name are left out. Raises OSError.
    """
    streams = [
        _search_chain(folder, query, newest_first, below.get(folder.name) if below is not None else None)
        for folder in files.chains(directory)
        if below is None or folder.name in below
    ]
    return heapq.merge(*streams, key=lambda record: str(record.get("time", "")), reverse=newest_first)


def search_page(directory: Path, query: Query, cursor: str | None = None, limit: int = 100) -> Page:
    """One page, newest first; statements carry what came of them (rows, bytes, duration, error) where that is known.

    Raises ValueError for a cursor that no page gave, OSError.
    """
    below = _decode(cursor) if cursor is not None else _ends(directory)
    found: list[dict[str, Any]] = []
    for record in search(directory, query, below=below):
        if len(found) == limit:
            return Page(found, _encode(below))
        below[str(record["chain"])] = int(record["seq"])
        found.append(with_end(directory, record))
    return Page(found, None)


def with_end(directory: Path, record: dict[str, Any]) -> dict[str, Any]:
    """A `statement` record with the fields of its `statement.end`; unchanged where that is not near or not there yet."""
    statement = record.get("statement_id")
    if record.get("kind") != "statement" or not isinstance(statement, str):
        return record
    query = Query(statement_id=statement, kind="statement.end")
    needle = query.bytes_within()
    left = _LOOK_AHEAD_BYTES
    for segment in _segments_from(directory / str(record["chain"]), int(record["seq"])):
        spans, indexed = candidate_spans(segment, query)
        for span in (*spans, Span(indexed, segment.stat().st_size)):
            for lines in _chunks(segment, span, backwards=False):
                for line in _lines_with(lines, needle, backwards=False):
                    end = _parse(line)
                    if end is not None and query.matches(end):
                        return {**record, **{name: end[name] for name in _END_FIELDS if name in end}}
                left -= len(lines)
                if left <= 0:
                    return record
    return record


def _search_chain(folder: Path, query: Query, newest_first: bool, below: int | None) -> Iterator[dict[str, Any]]:
    segments = files.segments(folder)
    needle, fold = query.bytes_within(), False
    if not needle and query.text is not None and query.text.isascii():
        needle, fold = json.dumps(query.text.lower()).encode()[1:-1], True
    for segment in reversed(segments) if newest_first else segments:
        if below is not None and files.first_seq(segment) >= below:
            continue
        for data in _candidates(segment, query, newest_first):
            for line in _lines_with(data, needle, backwards=newest_first, fold=fold):
                record = _parse(line)
                if record is None or not query.matches(record):
                    continue
                if below is None or int(record["seq"]) < below:
                    yield {"chain": folder.name, **record}


def _candidates(segment: Path, query: Query, newest_first: bool) -> Iterator[bytes]:
    """Pieces of whole lines in which matches may be: what the index points at, and what it does not know yet."""
    spans, indexed = candidate_spans(segment, query)
    spans.append(Span(indexed, segment.stat().st_size))
    for span in reversed(spans) if newest_first else spans:
        yield from _chunks(segment, span, backwards=newest_first)


def _chunks(segment: Path, span: Span, *, backwards: bool) -> Iterator[bytes]:
    """The span's whole lines in pieces of bounded size (a longer line comes alone); a torn line at the end is left out."""
    with segment.open("rb") as file:
        position, rest = (span.stop, b"") if backwards else (span.start, b"")
        while position > span.start if backwards else position < span.stop:
            size = min(_CHUNK_BYTES, position - span.start if backwards else span.stop - position)
            position -= size if backwards else 0
            file.seek(position)
            data = file.read(size)
            position += 0 if backwards else size
            if backwards:
                data += rest
                newline = data.find(b"\n")
                cut = 0 if position == span.start else len(data) if newline < 0 else newline + 1
                rest, whole = data[:cut], data[cut:]
            else:
                data = rest + data
                cut = data.rfind(b"\n") + 1
                whole, rest = data[:cut], data[cut:]
            if whole:
                yield whole


def _lines_with(data: bytes, needle: bytes, *, backwards: bool, fold: bool = False) -> Iterator[bytes]:
    """Complete lines that hold the needle (all of them where it is empty), in order or backwards."""
    stop = data.rfind(b"\n") + 1
    if not needle:
        lines = data[:stop].split(b"\n")[:-1]
        yield from reversed(lines) if backwards else lines
        return
    searched = data.lower() if fold else data
    low, high = 0, stop
    while low < high:
        place = searched.rfind(needle, low, high) if backwards else searched.find(needle, low, high)
        if place < 0:
            return
        begin, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
        yield data[begin:end]
        if backwards:
            high = begin
        else:
            low = end + 1


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None  # damaged: `verify` names it
    return record if isinstance(record, dict) else None


def _segments_from(folder: Path, seq: int) -> list[Path]:
    """The segment that holds record `seq` and the one after it."""
    segments = files.segments(folder)
    at = max((index for index, path in enumerate(segments) if files.first_seq(path) <= seq), default=0)
    return segments[at : at + 2]


def _ends(directory: Path) -> dict[str, int]:
    """For each chain a bound above its last record as it is now, so that pages stay as they are while the log grows."""
    ends = {}
    for folder in files.chains(directory):
        last = next(_search_chain(folder, Query(), True, None), None)
        ends[folder.name] = int(last["seq"]) + 1 if last else 0
    return ends


def _encode(below: Mapping[str, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(below).encode()).decode()


def _decode(cursor: str) -> dict[str, int]:
    try:
        below = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except ValueError as error:
        raise ValueError("not a cursor") from error
    if not isinstance(below, dict) or not all(type(seq) is int for seq in below.values()):
        raise ValueError("not a cursor")
    return below
