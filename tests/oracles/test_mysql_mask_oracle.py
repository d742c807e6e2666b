"""The mask oracle for MySQL: tables full of markers, masks on them, and every byte that reaches the client searched for one.

Zero is the only good figure. Statements that ought to be answered and are refused are counted, too.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pymysql
import pytest
from pymysql.constants import CLIENT

from gateway.demo.mariadb_server import MariaDbServer
from gateway.model.identity import Engine
from tests.oracles.masks.mysql_client import RawClient
from tests.oracles.masks.mysql_generate import statements as generated
from tests.oracles.masks.mysql_markers import MARKERS, found
from tests.oracles.masks.mysql_statements import EVERYTHING
from tests.oracles.masks.tap import Tap
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway

_DATABASE: Final = "mask_oracle"
_SCHEMA: Final = (Path(__file__).parent / "masks" / "mysql_schema.sql").read_text("utf-8")
_ALL: Final = "select|insert|update|delete|lock|export|explain|call"
_POLICY: Final = f"""p, user:alice, *, */*, connect|temp|explain, , allow
p, user:alice, *, */{_DATABASE}/**, {_ALL}, , allow
p, user:alice, *, */information_schema/*, select, , allow
p, user:alice, *, */information_schema/*processlist, *, , deny
p, user:alice, *, */information_schema/innodb_*, *, , deny
p, user:ina, *, */*, connect|temp|explain, , allow
p, user:ina, *, */{_DATABASE}/**, {_ALL}|infer, , allow
p, user:ina, *, */information_schema/*, select, , allow
p, user:ina, *, */information_schema/*processlist, *, , deny
p, user:ina, *, */information_schema/innodb_*, *, , deny
"""
_MASKERS: Final = (
    ("email", "email"), ("phone", "words"), ("card", "card"), ("secret", "part"), ("salary", "rough"), ("bonus", "rough"),
    ("rate", "null"), ("share", "rough"), ("born", "year"), ("seen", "year"), ("lasts", "null"), ("token", "hash"),
    ("blobbed", "hash"), ("doc", "null"), ("essay", "none"),
)  # fmt: skip
_MASKING: Final = """
[maskers.card]
kind = "digits"
last = 2
[maskers.rough]
kind = "round"
to = 100000000000000
[maskers.year]
kind = "truncate"
unit = "year"
[maskers.part]
kind = "partial"
first = 1
last = 1
[maskers.none]
kind = "constant"
value = "hidden"
[maskers.words]
kind = "regex"
pattern = "[A-Za-z0-9]+"
replacement = "x"
""" + "".join(
    f'[[columns]]\npath = "*/{_DATABASE}/{column}"\nmasker = "{masker}"\n'
    for column, masker in (
        *((f"people/{name}", masker) for name, masker in _MASKERS), ("parted/secret", "hash"), ("past/s*", "email"),
        ("made/secret", "email"),
    )
)  # fmt: skip
_OPTIONAL: Final = ("! ", "? ")
_REFUSED: Final = {1142, 1064, 1115}


@pytest.fixture(scope="module")
def tapped(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tap]:
    server: dict[str, Any] = {
        "host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password,
    }  # fmt: skip
    with pymysql.connect(**server, client_flag=CLIENT.MULTI_STATEMENTS) as admin, admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_DATABASE}; CREATE DATABASE {_DATABASE}; USE {_DATABASE}; {_SCHEMA}")
        while cursor.nextset():
            pass
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    home = tmp_path_factory.mktemp("masks")
    with (
        LiveGateway(
            access, home, _POLICY, users=("alice", "ina"), databases=(_DATABASE,), files={"masking.toml": _MASKING}
        ) as gateway,
        Tap(gateway.port) as tap,
    ):
        yield tap


def test_the_markers_are_what_an_open_door_would_show(mariadb: MariaDbServer, tapped: Tap) -> None:
    """The oracle notices a leak of each column in each protocol, where nobody masks."""
    with Tap(mariadb.port) as open_door:
        for mode in ("text", "binary", "cursor"):
            client = RawClient(mode, **_login(open_door.port, mariadb.user, mariadb.password, _DATABASE))
            for column, _ in _MASKERS:
                open_door.taken()
                assert client.run(f"SELECT {column} AS a FROM people") is None
                assert found(open_door.taken()), (mode, column)
            client.close()
    assert len(MARKERS) > 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("user", "mode"), [("alice", "text"), ("ina", "text"), ("alice", "binary"), ("ina", "binary"), ("ina", "cursor")]
)
def test_no_marker_arrives(tapped: Tap, user: str, mode: str, count: Callable[[object], None]) -> None:
    assert len(EVERYTHING) >= 300
    check(tapped, user, mode, EVERYTHING, count)


@pytest.mark.slow
@pytest.mark.parametrize(("user", "mode"), [("alice", "binary"), ("ina", "text")])
def test_no_marker_arrives_from_statements_put_together(
    tapped: Tap, user: str, mode: str, count: Callable[[object], None]
) -> None:
    check(tapped, user, mode, tuple(generated(600, 20_240_607)), count)


def _login(port: int, user: str, password: str, database: str) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": port, "user": user, "password": password, "database": database}


def check(tap: Tap, user: str, mode: str, texts: tuple[str, ...], count: Callable[[object], None]) -> None:
    client = RawClient(mode, **_login(tap.port, user, PASSWORD, f"my1/{_DATABASE}"))
    tap.taken()
    tally: Counter[str] = Counter()
    leaks: list[str] = []
    false: list[str] = []
    broken: list[str] = []
    for line in texts:
        marked = line.startswith(_OPTIONAL)
        text = line[2:] if marked else line
        error = client.run(text)
        leaked = found(tap.taken())
        refused = error is not None and error[0] in _REFUSED and error[1].startswith("gateway: ")
        tally["statements"] += 1
        tally["refused" if refused else "failed" if error else "answered"] += 1
        if leaked:
            leaks.append(f"{text}: {leaked[:3]}")
        if refused and not marked:
            false.append(f"{text}: {error}")
        elif error and not marked:
            broken.append(f"{error} {text}")
    client.close()
    tally["leaks"], tally["false refusals"] = len(leaks), len(false)
    count(dict(tally))
    assert not leaks + false + broken, "\n".join(["leaks", *leaks, "false refusals", *false, "errors", *broken])
