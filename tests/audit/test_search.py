"""Search finds exactly what a walk over every record would find, with an index, without one, and with half of one."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.audit import AuditLog, end_body, files, identified, index, search
from gateway.audit.index import index_path, update_index
from gateway.audit.indexer import IndexProcess, update_all
from gateway.audit.query import Query, log_time
from gateway.audit.search import search_page
from gateway.model.event import EventKind
from tests.audit.logs import ALLOWED, DENIED, KEYS, ORDERS, SALARIES, body, session

USERS = ["alice", "bob", "carol", "a*b"]


async def fill(directory: Path, statements: int, chain: str, seed: int) -> None:
    choice = random.Random(seed)
    log = await AuditLog.open(directory, chain, KEYS, segment_bytes=64 * 1024)
    for number in range(statements):
        user = choice.choice(USERS)
        name = f"{chain}-{user}"
        who = session(name, user)
        decision = DENIED if choice.random() < 0.1 else ALLOWED
        relation = SALARIES if choice.random() < 0.05 else ORDERS
        text = f'SELECT "Näme" FROM t{number % 7} -- {choice.random()}' + "x" * (3_000 if number % 50 == 0 else 0)
        issue = number if number % 90 == 0 else None
        log.append(EventKind.STATEMENT, who, identified(f"{name}-{number}", body(text, relation, decision, issue)))
        position = log.append(EventKind.STATEMENT_END, who, end_body(f"{name}-{number}".encode(), number, 8, 0.25))
        if number % 50 == 0:
            log.append(EventKind.ISSUE_OPENED, who, b'"issue":%d' % number)
            await log.durable(position)
            await asyncio.sleep(0.001)
    await log.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("audit")
    asyncio.run(fill(directory, 900, "host-0", 1))
    asyncio.run(fill(directory, 500, "host-1", 2))
    return directory


def everything(directory: Path) -> Iterator[dict[str, Any]]:
    for chain in files.chains(directory):
        for path in files.segments(chain):
            for line in path.read_bytes().splitlines():
                yield {"chain": chain.name, **json.loads(line)}


QUERIES = [
    Query(),
    Query(user="alice"),
    Query(user="a*b"),
    Query(user="nobody"),
    Query(relation=SALARIES),
    Query(relation="salaries"),
    Query(relation="hr.salaries"),
    Query(relation="hr.sal*"),
    Query(relation="pg1/*/hr/*"),
    Query(relation="**/orders"),
    Query(user="bob", relation=SALARIES),
    Query(outcome="deny"),
    Query(outcome="deny", user="carol", relation=SALARIES),
    Query(relation=SALARIES, outcome="allow"),
    Query(kind="issue.opened"),
    Query(kind="issue.*"),
    Query(issue=180),
    Query(session="host-1-bob"),
    Query(statement_id="host-0-alice-17"),
    Query(instance="pg1", database="shop", kind="statement"),
    Query(text="from T3 --"),
    Query(text='"näme"'),
    Query(text="SELECT", user="bob"),
]


@pytest.mark.parametrize("indexed", ["none", "half", "whole"])
@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_search_finds_what_a_walk_finds(log: Path, indexed: str, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_CHUNK_BYTES", 1_000)  # lines longer than a piece, pieces that end anywhere
    monkeypatch.setattr(index, "BLOCK_RECORDS", 10)
    for number, path in enumerate(path for chain in files.chains(log) for path in files.segments(chain)):
        index_path(path).unlink(missing_ok=True)
        if indexed == "whole" or (indexed == "half" and number % 2):
            assert update_index(path) > 0
    if query.relation is not None and "deny" not in str(query):
        assert any(query.matches(record) for record in everything(log))
    wanted = sorted((record for record in everything(log) if query.matches(record)), key=lambda record: str(record["time"]))
    assert list(search.search(log, query, newest_first=False)) == wanted
    backwards = list(search.search(log, query))
    assert sorted(backwards, key=lambda record: (record["time"], record["chain"], record["seq"])) == sorted(
        wanted, key=lambda record: (record["time"], record["chain"], record["seq"])
    )
    assert [record["time"] for record in backwards] == sorted((record["time"] for record in wanted), reverse=True)


def test_times_bound_the_search(log: Path) -> None:
    update_all(log)
    records = sorted(everything(log), key=lambda record: str(record["time"]))
    middle = records[len(records) // 2]["time"]
    seconds = datetime.fromisoformat(middle).timestamp()
    assert log_time(seconds) == middle
    later = list(search.search(log, Query(since=seconds), newest_first=False))
    earlier = list(search.search(log, Query(until=seconds), newest_first=False))
    assert later == [record for record in records if record["time"] >= middle]
    assert earlier == [record for record in records if record["time"] < middle]


def test_pages_are_complete_and_do_not_move_while_the_log_grows(log: Path) -> None:
    query = Query(user="alice", kind="statement")
    wanted = [(record["chain"], record["seq"]) for record in search.search(log, query)]
    page = search_page(log, query, limit=37)
    asyncio.run(fill(log, 60, "host-1", 3))
    got = [(record["chain"], record["seq"]) for record in page.records]
    while page.next is not None:
        page = search_page(log, query, page.next, 37)
        got += [(record["chain"], record["seq"]) for record in page.records]
    assert got == wanted


def test_statements_come_with_what_came_of_them(log: Path) -> None:
    page = search_page(log, Query(relation=SALARIES), limit=5)
    assert page.records
    for record in page.records:
        assert record["rows"] == int(record["statement_id"].rpartition("-")[2])
        assert record["duration_ms"] == 0.25


@pytest.mark.parametrize("cursor", ["", "x", "e30=x", "W10=", "eyJhIjoieCJ9", "é"])
def test_a_cursor_from_elsewhere_is_refused(log: Path, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        search_page(log, Query(), cursor)


def test_an_index_of_another_file_or_a_broken_one_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BLOCK_RECORDS", 10)
    asyncio.run(fill(tmp_path, 200, "host-0", 1))
    first = files.segments(tmp_path / "host-0")[0]
    update_index(first)
    path = index_path(first)
    path.write_bytes(b"no database" * 1000)
    assert len(list(search.search(tmp_path, Query()))) == len(list(everything(tmp_path)))
    assert update_index(first) > 0
    asyncio.run(fill(tmp_path / "other", 200, "host-0", 9))
    first.write_bytes(files.segments(tmp_path / "other" / "host-0")[0].read_bytes())
    for _ in range(2):
        assert len(list(search.search(tmp_path, Query(user="bob")))) == sum(
            record["user"] == "bob" for record in everything(tmp_path) if record["chain"] == "host-0"
        )
        update_index(first)


async def test_the_index_process_follows_the_log_and_stops(tmp_path: Path) -> None:
    await fill(tmp_path, 300, "host-0", 1)
    process = IndexProcess(tmp_path)
    process.start()
    try:
        async with asyncio.timeout(20):
            while not index_path(files.segments(tmp_path / "host-0")[-1]).exists():
                await asyncio.sleep(0.05)
    finally:
        await process.stop()
    assert list(search.search(tmp_path, Query(relation=SALARIES)))
