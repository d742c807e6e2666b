"""The oracle of occurrence: rows that differ in masked columns alone behave alike, to whoever may not infer.

An output over a masked column is masked whole. Whether the statement fails, with which SQLSTATE, how many rows it gives and
whether it takes long must tell nothing either. Statements that ought to be answered and are refused are counted, too.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import pq

from gateway.demo.postgres_server import PostgresServer
from tests.oracles.masks.occurrence import EVERYDAY, ORACLES, lines, statements, text_for
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import PASSWORD, LiveGateway

_SCHEMA: Final = (Path(__file__).parent / "masks" / "occurrence.sql").read_text("utf-8")
_DATABASE: Final = "occurrence_oracle"
_POLICY: Final = """p, user:alice, *, */*, connect|temp|explain, , allow
p, user:alice, *, */*/public/**, select|insert|update|delete|lock|export|explain|call, , allow
"""
_MASKING: Final = '[maskers.gone]\nkind = "null"\n' + "".join(
    f'[[columns]]\npath = "*/*/public/twins/{column}"\nmasker = "gone"\n'
    for column in ("card", "pay", "big", "rate", "share", "born", "seen", "doc", "plain", "tags", "flag", "many")
)
_TWINS: Final = range(1, 6)
_REFUSED: Final = "42501"
_LONG: Final = 1.5  # seconds


class Observer:
    """One person's session, and what can be seen of a statement from outside, other than values."""

    def __init__(self, port: int) -> None:
        self._dsn = f"host=127.0.0.1 port={port} user=alice password='{PASSWORD}' dbname=pg1/{_DATABASE} sslmode=disable"
        self._connection = psycopg.connect(self._dsn, autocommit=True)

    def sees(self, text: str) -> tuple[str, tuple[int, ...], bool]:
        """(SQLSTATE, rows of each step, whether it took long)."""
        raw = self._connection.pgconn
        started = time.monotonic()
        state, rows = "", []
        for step in text.split(";;"):
            result = raw.exec_(step.encode())
            while result.status == pq.ExecStatus.COPY_OUT:
                while raw.get_copy_data(0)[0] > 0:
                    continue
                result = raw.get_result() or result
            rows.append(result.ntuples)
            if result.status == pq.ExecStatus.FATAL_ERROR:
                state = state or (result.error_field(pq.DiagnosticField.SQLSTATE) or b"?????").decode()
        took = time.monotonic() - started
        if raw.transaction_status != pq.TransactionStatus.IDLE:
            raw.exec_(b"ROLLBACK")
        if ";;" in text:
            raw.exec_(b"DISCARD ALL")
        return state, tuple(rows), took > _LONG

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"], ids=["pg18", "distribution"])
def observer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observer]:
    server: PostgresServer = request.getfixturevalue(request.param)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {_DATABASE}")
    with psycopg.connect(server.dsn(_DATABASE), autocommit=True) as connection:
        connection.execute(_SCHEMA.encode())
    access = Access(server.host, server.port, server.user, server.password)
    home = tmp_path_factory.mktemp("occurrence")
    files = {"masking.toml": _MASKING}
    with LiveGateway(access, home, _POLICY, users=("alice",), databases=(_DATABASE,), files=files) as gateway:
        made = Observer(gateway.port)
        yield made
        made.close()


def test_nothing_that_happens_tells_of_a_value(observer: Observer, count: Callable[[object], None]) -> None:
    check(observer, lines(EVERYDAY) + lines(ORACLES), count)


def test_nothing_that_happens_tells_of_a_value_in_statements_put_together(
    observer: Observer, count: Callable[[object], None]
) -> None:
    check(observer, tuple(statements(300, 20_261_122)), count)


def check(observer: Observer, texts: tuple[str, ...], count: Callable[[object], None]) -> None:
    tally: Counter[str] = Counter()
    telling: list[str] = []
    false: list[str] = []
    broken: list[str] = []
    for line in texts:
        optional = line.startswith("! ")
        text = line.removeprefix("! ")
        seen = {place: observer.sees(text_for(text, place)) for place in _TWINS}
        states = {state for state, _, _ in seen.values()}
        tally["statements"] += 1
        tally["refused" if states == {_REFUSED} else "answered" if states == {""} else "failed"] += 1
        if len(set(seen.values())) > 1:
            telling.append(f"{text}: {seen}")
        elif not optional and states != {""}:
            (false if states == {_REFUSED} else broken).append(f"{states} {text}")
    tally["oracles"], tally["false refusals"] = len(telling), len(false)
    count(dict(tally))
    assert not telling + false + broken, "\n".join(["they tell", *telling, "false refusals", *false, "errors", *broken])
