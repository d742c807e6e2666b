"""The audit log: what a record costs, group commit at several loads, proof and search over a large log."""

import asyncio
import contextlib
import multiprocessing
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import uvloop

from benchmarks.machine import save
from gateway.audit import AuditKeys, AuditLog, end_body, files, session_fragment, statement_body
from gateway.audit.chain import Chain, Entry
from gateway.audit.checkpoint import NO_CHECKPOINT, Checkpoint, signed
from gateway.audit.head import Head, HeadFile
from gateway.audit.indexer import update_all
from gateway.audit.merkle import Tree
from gateway.audit.query import Query
from gateway.audit.search import search_page
from gateway.audit.verify import verify
from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.event import EventKind

KEYS = AuditKeys(b"s" * 32, b"h" * 32)
SEGMENT_BYTES = 256 * 1024 * 1024
Durability = Literal["none", "strict", "relaxed"]
_ALLOWED = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "granted", rule="policy.csv:3"), "4f1c2a")
_DENIED = Decision(Outcome.DENY, Reason(ReasonCode.NO_RULE, "no rule"), "4f1c2a")
_WHO = session_fragment(
    "8f3a9c2e1b7d4f60", user="alice", client="127.0.0.1", application="pgbench", instance="pg1", database="b"
)
_BODY = statement_body(
    text="SELECT abalance FROM pgbench_accounts WHERE aid = 4711;",
    fingerprint="50fde20626009aba",
    statement_kind="SELECT",
    relations=[("pg1/b/public/pgbench_accounts", "select")],
    decision=_ALLOWED,
)


def run(rounds: int = 5, seconds: int = 4, clients: tuple[int, ...] = (1, 8, 64), records: int | None = None) -> dict[str, Any]:
    """`records` (or BENCH_RECORDS; a million) is the size of the log that is proved and searched."""
    size = records or int(os.environ.get("BENCH_RECORDS", "1000000"))
    with tempfile.TemporaryDirectory(prefix="bench-audit-") as folder:
        result = {
            "record_us": record_costs(rounds),
            "commit": commits(Path(folder), rounds, seconds, clients),
            "large_log": large_log(Path(folder) / "large", size),
        }
    print("written to", save("audit", result))
    return result


def record_costs(rounds: int) -> dict[str, float]:
    """CPU microseconds a record: encoding and hashing in groups of 1, 8 and 64."""
    costs = {}
    for count in (1, 8, 64):
        entries = [_entry(number) for number in range(count)]
        repeat = 20_000 // count
        costs[str(count)] = round(_best(partial(_encode, entries, repeat), rounds) / repeat / count * 1e6, 2)
        print(f"encode, group of {count:3}: {costs[str(count)]:5.2f} µs a record")
    return costs


def _encode(entries: list[Entry], repeat: int) -> None:
    chain = Chain()
    for _ in range(repeat):
        chain.encode(entries)


def _entry(number: int) -> Entry:
    if number % 2:
        return EventKind.STATEMENT_END, _WHO, end_body(b"8f3a9c2e1b7d4f60-%d" % number, 1, 8, 0.2), time.time()
    return EventKind.STATEMENT, _WHO, b'"statement_id":"8f3a9c2e1b7d4f60-%d",%b' % (number, _BODY), time.time()


def _best(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(max(3, rounds)):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


# -- group commit ----------------------------------------------------------------------------------------------------------


def commits(folder: Path, rounds: int, seconds: int, clients: tuple[int, ...]) -> dict[str, Any]:
    """Closed-loop clients over an echo server: what the log adds to a conversation that waits for it. CPU of this process."""
    figures: dict[str, Any] = {}
    with _echo_server(folder / "echo") as address:
        for count in clients:
            measured: dict[Durability, list[dict[str, float]]] = {"none": [], "strict": [], "relaxed": []}
            for number in range(rounds):
                for durability, found in measured.items():
                    log = folder / f"{durability}-{count}-{number}"
                    found.append(uvloop.run(_converse(log, address, durability, count, max(1.0, seconds / 4))))
            figures[str(count)] = {name: _medians(found) for name, found in measured.items()}
            for name, figure in figures[str(count)].items():
                print(f"{count:3} clients, {name:7}: " + ", ".join(f"{key} {value}" for key, value in figure.items()))
    return figures


def _medians(found: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(statistics.median(item[key] for item in found), 1) for key in found[0]}


class _Client(asyncio.Protocol):
    """A statement: record it, send, wait for the answer and for the record, record the end, begin again."""

    def __init__(self, log: AuditLog | None) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._position = 0
        self.done = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._send()

    def _send(self) -> None:
        if self.transport.is_closing():
            return
        if self._log is not None:
            body = b'"statement_id":"8f3a9c2e1b7d4f60-%d",%b' % (self.done, _BODY)
            self._position = self._log.append(EventKind.STATEMENT, _WHO, body)
        self.transport.write(b"x" * 60)

    def data_received(self, data: bytes) -> None:
        if self._log is None:
            self._finish(None)
        else:
            self._log.call_when_durable(self._position, self._finish)

    def _finish(self, error: Exception | None) -> None:
        if error is not None:
            raise error
        if self._log is not None:
            self._log.append(EventKind.STATEMENT_END, _WHO, end_body(b"8f3a9c2e1b7d4f60-%d" % self.done, 1, 8, 0.2))
        self.done += 1
        self._loop.call_soon(self._send)


async def _converse(folder: Path, address: str, durability: Durability, count: int, seconds: float) -> dict[str, float]:
    log = None if durability == "none" else await AuditLog.open(folder, "bench-0", KEYS, durability=durability)
    loop = asyncio.get_running_loop()
    clients = [(await loop.create_unix_connection(lambda: _Client(log), address))[1] for _ in range(count)]
    await asyncio.sleep(0.3)
    done, used, start, groups = sum(client.done for client in clients), _cpu(), time.perf_counter(), log.commits if log else 0
    await asyncio.sleep(seconds)
    statements, cpu, wall = sum(client.done for client in clients) - done, _cpu() - used, time.perf_counter() - start
    groups = (log.commits if log else 0) - groups
    for client in clients:
        client.transport.abort()
    await asyncio.sleep(0.05)
    if log is not None:
        await log.close()
    return {
        "cpu_us": cpu / statements * 1e6,
        "statements_per_second": statements / wall,
        "latency_us": wall * count / statements * 1e6,
        "statements_per_group": statements / groups if groups else 0.0,
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def _echo_server(path: Path) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_serve_echo, args=(str(path), ready), daemon=True)
    process.start()
    ready.wait(30)
    try:
        yield str(path)
    finally:
        process.kill()
        process.join()


def _serve_echo(path: str, ready: Any) -> None:
    class Echo(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = cast(asyncio.Transport, transport)

        def data_received(self, data: bytes) -> None:
            self._transport.write(data)

    async def serve() -> None:
        await asyncio.get_running_loop().create_unix_server(Echo, path)
        ready.set()
        await asyncio.Event().wait()

    uvloop.run(serve())


# -- a large log -----------------------------------------------------------------------------------------------------------


def large_log(folder: Path, records: int) -> dict[str, Any]:
    """Two chains as two workers leave them, a hundred users, a thousand relations; proved, indexed, searched."""
    start = time.perf_counter()
    for worker in range(2):
        _generate(folder, f"bench-{worker}", records // 2, seed=worker)
    (folder / files.PUBLIC_KEY).write_text(f"{KEYS.public_key.hex()}\n")
    size = sum(path.stat().st_size for path in folder.rglob("*.jsonl"))
    print(f"{records} records, {size / 1e6:.0f} MB, generated in {time.perf_counter() - start:.0f} s")
    result: dict[str, Any] = {"records": records, "megabytes": round(size / 1e6)}
    start = time.perf_counter()
    report = verify(folder, keys=KEYS)
    assert not report.broken, report.broken
    assert report.records == records
    result["verified_per_second"] = round(records / (time.perf_counter() - start))
    print(f"verify: {result['verified_per_second']} records a second")
    result["search_without_index_ms"] = _searches(folder)
    start = time.perf_counter()
    update_all(folder)
    result["indexed_per_second"] = round(records / (time.perf_counter() - start))
    index = sum(path.stat().st_size for path in (folder / files.INDEX).rglob("*.sqlite"))
    result["index_megabytes"] = round(index / 1e6, 1)
    print(f"index: {result['indexed_per_second']} records a second, {result['index_megabytes']} MB")
    result["search_ms"] = _searches(folder)
    return result


_BEGIN = 1_780_272_000.0  # 2026-06-01


def _generate(folder: Path, chain_name: str, records: int, seed: int) -> None:
    """A closed chain without the writer's waits: the same lines, one checkpoint, the head."""
    choice = random.Random(seed)
    directory = folder / chain_name
    directory.mkdir(parents=True)
    chain, tree, written, segment = Chain(), Tree(), 0, None
    while chain.seq < records:
        group = chain.encode(_traffic(choice, min(2_000, records - chain.seq), chain.seq))
        tree.add(group.hashes)
        if segment is None or written + len(group.data) > SEGMENT_BYTES:
            segment, written = directory / files.segment_name(group.first), 0
        with segment.open("ab") as file:
            file.write(group.data)
        written += len(group.data)
    assert segment is not None
    names = ("bench-0", "bench-1")
    unsigned = Checkpoint(chain_name, 1, chain.seq, _BEGIN, chain.head.decode(), tree.root(), names, NO_CHECKPOINT)
    (directory / files.CHECKPOINTS).write_bytes(signed(unsigned, KEYS).line())
    HeadFile(directory / files.HEAD, KEYS, Head(chain.seq, chain.head.decode(), segment.name, written, 1, closed=True)).close()


def _traffic(choice: random.Random, count: int, start: int) -> Iterator[Entry]:
    """Thirty days, evenly; popular relations are asked for more often, one statement in a hundred is refused."""
    for number in range(start, start + count, 2):
        user = f"user{choice.randrange(100)}"
        session = f"{user}-{number // 20_000}"
        who = session_fragment(
            session, user=user, client="10.0.0.7", application="psql", instance="pg1", database=f"db{number % 5}"
        )
        table = int(choice.paretovariate(0.6)) % 1_000
        body = statement_body(
            text=f"SELECT * FROM public.t{table} WHERE id = {number}",
            fingerprint="50fde20626009aba",
            statement_kind="SELECT",
            relations=[(f"pg1/db{number % 5}/public/t{table}", "select")],
            decision=_DENIED if number % 200 == 0 else _ALLOWED,
            issue=number // 100_000 if number % 10_000 == 0 else None,
        )
        name = b"%b-%d" % (session.encode(), number)
        when = _BEGIN + number * 2.592e6 / 10_000_000
        yield EventKind.STATEMENT, who, b'"statement_id":"%b",%b' % (name, body), when
        if number + 1 < start + count:
            yield EventKind.STATEMENT_END, who, end_body(name, 1, 8, 0.2), when + 0.001


QUERIES = {
    "newest": Query(),
    "user": Query(user="user42"),
    "relation, rare": Query(relation="pg1/db1/public/t997"),
    "relation, by name": Query(relation="t998"),
    "user and relation": Query(user="user42", relation="pg1/db1/public/t996"),
    "relation and time": Query(relation="pg1/db1/public/t2", since=_BEGIN + 3_600, until=_BEGIN + 7_200),
    "outcome": Query(outcome="deny"),
    "user and outcome": Query(user="user42", outcome="deny"),
    "issue": Query(issue=3),
    "statement": Query(statement_id="user1-0-nothing"),
    "text, rare": Query(text="where id = 4242 "),
    "nobody": Query(user="nobody"),
}


def _searches(folder: Path) -> dict[str, float]:
    """Milliseconds to the first page of a hundred."""
    found = {}
    for name, query in QUERIES.items():
        start = time.perf_counter()
        page = search_page(folder, query)
        found[name] = round((time.perf_counter() - start) * 1000, 1)
        print(f"search {name:20}: {found[name]:8.1f} ms, {len(page.records)} records")
    return found
