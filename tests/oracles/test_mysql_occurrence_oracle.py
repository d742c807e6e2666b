"""The oracle of occurrence for MySQL: rows that differ in masked columns alone behave alike, to whoever may not infer.

Seen are errors, rows, the count of warnings in the answer, the rows of SHOW WARNINGS, what a later step answers, and time.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pymysql
import pytest
from pymysql.constants import CLIENT

from gateway.demo.mariadb_server import MariaDbServer
from gateway.model.identity import Engine
from tests.oracles.masks.mysql_occurrence import EVERYDAY, ORACLES, statements
from tests.oracles.masks.occurrence import lines, text_for
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway

_DATABASE: Final = "occurrence_oracle"
_SCHEMA: Final = (Path(__file__).parent / "masks" / "mysql_occurrence.sql").read_text("utf-8")
_POLICY: Final = f"""p, user:alice, *, */*, connect|temp|explain, , allow
p, user:alice, *, */{_DATABASE}/**, select|insert|update|delete|lock|export|explain|call, , allow
"""
_MASKING: Final = '[maskers.gone]\nkind = "null"\n' + "".join(
    f'[[columns]]\npath = "*/{_DATABASE}/twins/{column}"\nmasker = "gone"\n'
    for column in ("card", "pay", "big", "few", "rate", "share", "born", "seen", "doc", "flag")
)
_TWINS: Final = range(1, 6)
_LONG: Final = 1.5  # seconds
Seen = tuple[object, ...]


class Observer:
    """One person's session, and what can be seen of a statement from outside, other than masked values."""

    def __init__(self, port: int) -> None:
        self._connect: dict[str, Any] = {
            "host": "127.0.0.1", "port": port, "user": "alice", "password": PASSWORD, "database": f"my1/{_DATABASE}",
        }  # fmt: skip
        self._driver = pymysql.connect(**self._connect, autocommit=True)

    def sees(self, text: str) -> Seen:
        """What each step shows, an error as (its number, whether it is a refusal); and whether all of it took long."""
        started = time.monotonic()
        seen: list[object] = []
        for step in [*text.split(";;"), "SHOW WARNINGS"]:
            try:
                with self._driver.cursor() as cursor:
                    rows = cursor.execute(step)
                    shown = cursor.fetchall() if "warning" in step.lower() or step.startswith("SELECT @") else ()
                    seen.append((rows, cursor.warning_count, shown))
            except pymysql.MySQLError as error:
                seen.append((error.args[0], "gateway: permission denied" in str(error.args[-1])))
        took = time.monotonic() - started
        if ";;" in text:
            self._driver.close()
            self._driver = pymysql.connect(**self._connect, autocommit=True)
        return *seen, took > _LONG

    def close(self) -> None:
        self._driver.close()


@pytest.fixture(scope="module")
def observer(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observer]:
    server: dict[str, Any] = {
        "host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password,
    }  # fmt: skip
    with pymysql.connect(**server, client_flag=CLIENT.MULTI_STATEMENTS) as admin, admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_DATABASE}; CREATE DATABASE {_DATABASE}; USE {_DATABASE}; {_SCHEMA}")
        while cursor.nextset():
            pass
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
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
        first = seen[1][:-1]
        errors = [item for item in first if isinstance(item, tuple) and len(item) == 2]
        refused = any(item[1] for item in errors)
        tally["statements"] += 1
        tally["refused" if refused else "failed" if errors else "answered"] += 1
        if len({repr(item) for item in seen.values()}) > 1:
            telling.append(f"{text}: {seen}")
        elif not optional and errors:
            (false if refused else broken).append(f"{errors} {text}")
    tally["oracles"], tally["false refusals"] = len(telling), len(false)
    count(dict(tally))
    assert not telling + false + broken, "\n".join(["they tell", *telling, "false refusals", *false, "errors", *broken])
