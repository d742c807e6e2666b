"""The search index of one segment: which blocks of about a hundred records hold which terms. SQLite, disposable.

It only says where to look; what is found is read from the log itself. A block, not a record, is the unit: 128 records share
most of their terms, so the index has a hundredth of the log's size and is made at the speed of reading JSON.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.audit import files
from gateway.audit.query import Query, log_time, record_terms, relation_pattern

BLOCK_RECORDS = 128
BLOCK_BYTES = 256 * 1024
_BATCH_BLOCKS = 64
_FORMAT = 2
_SCHEMA = """
CREATE TABLE meta (format INTEGER, first_line BLOB, indexed INTEGER);
CREATE TABLE blocks (id INTEGER PRIMARY KEY, start INTEGER, stop INTEGER, since TEXT, until TEXT);
CREATE TABLE terms (id INTEGER PRIMARY KEY, term TEXT UNIQUE);
CREATE TABLE postings (term INTEGER, block INTEGER, PRIMARY KEY (term, block)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start`..`stop` of a segment: whole lines."""

    start: int
    stop: int


def index_path(segment: Path) -> Path:
    return segment.parent.parent / files.INDEX / segment.parent.name / f"{segment.stem}.sqlite"


def candidate_spans(segment: Path, query: Query) -> tuple[list[Span], int]:
    """Where matches may be, in the log's order, and up to which byte the index knows the segment (0: there is none)."""
    path = index_path(segment)
    if not path.exists():
        return [], 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2.0)) as database:
            indexed = _usable(database, segment)
            return (_spans(database, query), indexed) if indexed else ([], 0)
    except sqlite3.Error:
        return [], 0  # unreadable or being replaced: the segment itself is read instead


def update_index(segment: Path) -> int:
    """Index what has come since the last time; the byte up to which the segment is now known. Raises OSError."""
    path = index_path(segment)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _update(path, segment)
    except sqlite3.DatabaseError:
        path.unlink(missing_ok=True)
        return _update(path, segment)


def _update(path: Path, segment: Path) -> int:
    with closing(sqlite3.connect(path, timeout=5.0, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = MEMORY")
        database.execute("PRAGMA synchronous = OFF")  # a crash may ruin the index: then it is made again
        indexed = _usable(database, segment)
        if not indexed:
            _begin(database, segment)
        batch: list[tuple[Span, list[bytes]]] = []
        for block in _blocks(segment, indexed):
            batch.append(block)
            if len(batch) == _BATCH_BLOCKS:
                indexed = _add(database, batch)
                batch = []
        return _add(database, batch) if batch else indexed


def _usable(database: sqlite3.Connection, segment: Path) -> int:
    """How far the index reaches; 0 where it is of another format or of another file than this one."""
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None:
        return 0
    row = database.execute("SELECT format, first_line, indexed FROM meta").fetchone()
    if row is None or row[0] != _FORMAT or row[1] != _first_line(segment) or row[2] > segment.stat().st_size:
        return 0
    return int(row[2])


def _begin(database: sqlite3.Connection, segment: Path) -> None:
    for table in ("meta", "blocks", "terms", "postings"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    database.executescript(_SCHEMA)
    database.execute("INSERT INTO meta VALUES (?, ?, 0)", (_FORMAT, _first_line(segment)))


def _first_line(segment: Path) -> bytes:
    with segment.open("rb") as lines:
        return lines.readline()[-80:]


def _blocks(segment: Path, start: int) -> Iterator[tuple[Span, list[bytes]]]:
    """Full blocks from byte `start` on; what does not fill a block yet is left for the next time."""
    with segment.open("rb") as file:
        file.seek(start)
        begin = stop = start
        lines: list[bytes] = []
        for line in file:
            if not line.endswith(b"\n") or line == b"\n":
                return
            lines.append(line)
            stop += len(line)
            if len(lines) == BLOCK_RECORDS or stop - begin >= BLOCK_BYTES:
                yield Span(begin, stop), lines
                begin, lines = stop, []


def _add(database: sqlite3.Connection, batch: list[tuple[Span, list[bytes]]]) -> int:
    """Write some blocks in one transaction, and with them how far the index reaches."""
    number = database.execute("SELECT coalesce(max(id), 0) FROM blocks").fetchone()[0]
    database.execute("BEGIN IMMEDIATE")
    postings: list[tuple[str, int]] = []
    for span, lines in batch:
        number += 1
        terms, since, until = _digest(lines)
        database.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", (number, span.start, span.stop, since, until))
        postings += [(term, number) for term in terms]
    numbers = _number_terms(database, {term for term, _ in postings})
    database.executemany("INSERT INTO postings VALUES (?, ?)", sorted((numbers[term], block) for term, block in postings))
    database.execute("UPDATE meta SET indexed = ?", (batch[-1][0].stop,))
    database.execute("COMMIT")
    return batch[-1][0].stop


def _number_terms(database: sqlite3.Connection, terms: set[str]) -> dict[str, int]:
    """The numbers of these terms; new ones get the next."""
    known = database.execute(
        "SELECT terms.term, terms.id FROM json_each(?) AS wanted JOIN terms ON terms.term = wanted.value",
        (json.dumps(list(terms)),),
    )
    numbers = dict(known)
    first = database.execute("SELECT coalesce(max(id), 0) + 1 FROM terms").fetchone()[0]
    new = {term: number for number, term in enumerate(sorted(terms - numbers.keys()), first)}
    database.executemany("INSERT INTO terms (term, id) VALUES (?, ?)", new.items())
    return numbers | new


def _digest(lines: list[bytes]) -> tuple[set[str], str, str]:
    """A block's terms, its earliest and its latest time."""
    terms: set[str] = set()
    times = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue  # damaged: `verify` names it; here it is only not found
        terms.update(record_terms(record))
        times.append(str(record.get("time", "")))
    return terms, min(times, default=""), max(times, default="")


def _spans(database: sqlite3.Connection, query: Query) -> list[Span]:
    conditions, values = ["1"], []
    if query.since is not None:
        conditions.append("until >= ?")
        values.append(log_time(query.since))
    if query.until is not None:
        conditions.append("since < ?")
        values.append(log_time(query.until))
    for term in query.terms():
        found = _term_ids(database, term)
        if not found:
            return []
        conditions.append(f"id IN (SELECT block FROM postings WHERE term IN ({','.join(map(str, found))}))")  # noqa: S608
    # Values are bound; what is put into the text are integers.
    sql = f"SELECT start, stop FROM blocks WHERE {' AND '.join(conditions)} ORDER BY id"  # noqa: S608
    spans: list[Span] = []
    for start, stop in database.execute(sql, values):
        if spans and spans[-1].stop == start:
            spans[-1] = Span(spans[-1].start, stop)
        else:
            spans.append(Span(start, stop))
    return spans


def _term_ids(database: sqlite3.Connection, term: str) -> list[int]:
    """The term's number, or those of all terms that a pattern fits."""
    prefix, _, wanted = term.partition(":")
    if "*" not in term and (prefix != "r" or "/" in wanted):
        return [row[0] for row in database.execute("SELECT id FROM terms WHERE term = ?", (term,))]
    rows = database.execute("SELECT id, term FROM terms WHERE term >= ? AND term < ?", (f"{prefix}:", f"{prefix};"))
    if prefix == "k":
        return [number for number, known in rows if known.startswith(term.rstrip("*"))]
    if prefix != "r":
        return [number for number, known in rows if known == term]
    pattern = relation_pattern(wanted)
    return [number for number, known in rows if pattern.matches(known.removeprefix("r:"))]
