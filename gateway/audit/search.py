"""Search over all chains in time's order: read where the index says that a match may be, and what it does not know yet."""

import base64
import heapq
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.audit import files
from gateway.audit.index import Span, candidate_spans
from gateway.audit.query import Query

_CHUNK_BYTES = 256 * 1024  # also how long the interpreter's lock is held at a time: some 100 µs
_NEAR_BYTES = 2 * 1024 * 1024
_END_FIELDS = ("rows", "bytes", "duration_ms", "error")


@dataclass(frozen=True, slots=True)
class Page:
    """Records newest first, and where the next page begins (None: there is none)."""

    records: list[dict[str, Any]]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A matching record, and where its line ends."""

    record: dict[str, Any]
    segment: Path
    stop: int


def search(
    directory: Path, query: Query, *, newest_first: bool = True, below: Mapping[str, int] | None = None
) -> Iterator[dict[str, Any]]:
    """Matching records of all chains, each with its `chain`, merged by time.

    `below` bounds each chain's record numbers (excluded); chains that it does not name are left out. Raises OSError.
    """
    return (found.record for found in _merged(directory, query, newest_first, below))


def search_page(directory: Path, query: Query, cursor: str | None = None, limit: int = 100) -> Page:
    """One page, newest first; statements carry what came of them (rows, bytes, duration, error) where that is known.

    Raises ValueError for a cursor that no page gave, OSError.
    """
    below = _decode(cursor) if cursor is not None else _ends(directory)
    records: list[dict[str, Any]] = []
    for found in _merged(directory, query, True, below):
        if len(records) == limit:
            return Page(records, _encode(below))
        below[str(found.record["chain"])] = int(found.record["seq"])
        records.append(_with_end(found))
    return Page(records, None)


def _merged(directory: Path, query: Query, newest_first: bool, below: Mapping[str, int] | None) -> Iterator[_Found]:
    bounds = (
        dict.fromkeys(files.chains(directory))
        if below is None
        else {folder: below[folder.name] for folder in files.chains(directory) if folder.name in below}
    )
    streams = [_search_chain(folder, query, newest_first, bound) for folder, bound in bounds.items()]
    return heapq.merge(*streams, key=lambda found: str(found.record.get("time", "")), reverse=newest_first)


def _search_chain(folder: Path, query: Query, newest_first: bool, below: int | None) -> Iterator[_Found]:
    segments = files.segments(folder)
    needle, fold = query.bytes_within(), False
    if not needle and query.text is not None and query.text.isascii():
        needle, fold = json.dumps(query.text.lower()).encode()[1:-1], True
    for segment in reversed(segments) if newest_first else segments:
        if below is not None and files.first_seq(segment) >= below:
            continue
        spans, indexed = candidate_spans(segment, query)
        spans.append(Span(indexed, files.data_end(segment)))
        for span in reversed(spans) if newest_first else spans:
            for line, stop in _lines(segment, span, needle, backwards=newest_first, fold=fold):
                record = _parse(line)
                if record is not None and query.matches(record) and (below is None or int(record["seq"]) < below):
                    yield _Found({"chain": folder.name, **record}, segment, stop)


def _with_end(found: _Found) -> dict[str, Any]:
    """A `statement` record with the fields of its `statement.end`; unchanged where that is not near or not there yet."""
    record, statement = found.record, found.record.get("statement_id")
    if record.get("kind") != "statement" or not isinstance(statement, str):
        return record
    query = Query(statement_id=statement, kind="statement.end")
    size = files.data_end(found.segment)
    near = Span(found.stop, min(size, found.stop + _NEAR_BYTES))
    places = itertools.chain([(found.segment, near)], _places_of_end(found, query))
    for segment, span in places:
        for line, _ in _lines(segment, span, query.bytes_within(), backwards=False):
            end = _parse(line)
            if end is not None and query.matches(end):
                return {**record, **{name: end[name] for name in _END_FIELDS if name in end}}
    return record


def _places_of_end(found: _Found, query: Query) -> Iterator[tuple[Path, Span]]:
    """Further away: where the index knows the session in this segment and the next, and the beginning of the next."""
    segments = files.segments(found.segment.parent)
    following = [path for path in segments if path.name > found.segment.name][:1]
    for segment in (found.segment, *following):
        spans, indexed = candidate_spans(segment, query)
        for span in spans:
            if segment != found.segment or span.stop > found.stop:
                yield segment, span
        if segment != found.segment:
            yield segment, Span(indexed, min(files.data_end(segment), indexed + _NEAR_BYTES))


def _lines(segment: Path, span: Span, needle: bytes, *, backwards: bool, fold: bool = False) -> Iterator[tuple[bytes, int]]:
    """The span's complete lines that hold the needle (all of them where it is empty), each with where it ends."""
    for data, offset in _chunks(segment, span, backwards=backwards):
        for line, stop in _lines_with(data, needle, backwards=backwards, fold=fold):
            yield line, offset + stop


def _chunks(segment: Path, span: Span, *, backwards: bool) -> Iterator[tuple[bytes, int]]:
    """Whole lines in pieces of bounded size (a longer line comes alone), each with its offset; a torn last line is left out."""
    with segment.open("rb") as file:
        position, rest = (span.stop if backwards else span.start), b""
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
                rest, whole, offset = data[:cut], data[cut:], position + cut
            else:
                offset = position - size - len(rest)
                data = rest + data
                cut = data.rfind(b"\n") + 1
                whole, rest = data[:cut], data[cut:]
            if whole:
                yield whole, offset


def _lines_with(data: bytes, needle: bytes, *, backwards: bool, fold: bool = False) -> Iterator[tuple[bytes, int]]:
    stop = data.rfind(b"\n") + 1
    searched = data.lower() if fold else data
    low, high = 0, stop
    while low < high:
        # Without a needle every line is found, by the newline at its end.
        place = searched.rfind(needle or b"\n", low, high) if backwards else searched.find(needle or b"\n", low, high)
        if place < 0:
            return
        begin, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
        yield data[begin:end], end + 1
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


def _ends(directory: Path) -> dict[str, int]:
    """For each chain a bound above its last record as it is now, so that pages stay as they are while the log grows."""
    ends = {}
    for folder in files.chains(directory):
        last = next(_search_chain(folder, Query(), True, None), None)
        ends[folder.name] = int(last.record["seq"]) + 1 if last else 0
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
