"""The mask oracle: tables full of markers, masks on them, and every byte that reaches the client searched for a marker.

Zero is the only good figure. Statements that ought to be answered and are refused are counted, too.
"""

import select
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import pq

from gateway.demo.postgres_server import PostgresServer
from tests.oracles.masks.generate import statements as generated
from tests.oracles.masks.markers import found
from tests.oracles.masks.statements import EVERYTHING
from tests.oracles.masks.tap import Tap
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import PASSWORD, LiveGateway

_SCHEMA = (Path(__file__).parent / "masks" / "schema.sql").read_text("utf-8")
_DATABASE = "mask_oracle"
_POLICY = """p, user:alice, *, */*, connect|temp|explain, , allow
p, user:alice, *, */*/public/**, select|insert|update|delete|lock|export|explain|call|ddl, , allow
p, user:ina, *, */*, connect|temp|explain, , allow
p, user:ina, *, */*/public/**, select|insert|update|delete|lock|export|explain|call|infer|ddl, , allow
p, user:ina, *, */*/pg_catalog/pg_attribute, select, , allow
p, user:ina, *, */*/pg_catalog/pg_class, select, , allow
p, user:alice, *, */*/pg_catalog/pg_attribute, select, , allow
p, user:alice, *, */*/pg_catalog/pg_class, select, , allow
"""
_MASKING = """
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
    f'[[columns]]\npath = "*/*/public/{relation}/{column}"\nmasker = "{masker}"\n'
    for relation in ("people", "heirs")
    for column, masker in (
        ("email", "email"), ("phone", "words"), ("card", "card"), ("secret", "part"), ("salary", "rough"), ("bonus", "rough"),
        ("rate", "null"), ("share", "rough"), ("born", "year"), ("seen", "year"), ("token", "hash"), ("blob", "hash"),
        ("tags", "none"), ("scores", "rough"), ("doc", "null"), ("plain", "email"),
    )
) + """
[[columns]]
path = "*/*/public/made/secret"
masker = "email"
[[columns]]
path = "*/*/public/parted*/secret"
masker = "hash"
[[columns]]
path = "*/*/public/stored/secret"
masker = "email"
[[columns]]
path = "*/*/public/typed/*"
masker = "null"
"""  # fmt: skip
_OPTIONAL = ("! ", "? ")
_REFUSED = "42501"


class Client:
    """One person's session, begun anew where a statement ended it."""

    def __init__(self, port: int, user: str) -> None:
        self._dsn = f"host=127.0.0.1 port={port} user={user} password='{PASSWORD}' dbname=pg1/{_DATABASE} sslmode=disable"
        self._connection = psycopg.connect(self._dsn, autocommit=True)

    @property
    def _raw(self) -> pq.abc.PGconn:
        return self._connection.pgconn

    def run(self, text: str, mode: str) -> str:
        """The SQLSTATE of the first step that failed, or ""."""
        if self._raw.status == pq.ConnStatus.BAD:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        failed = ""
        for step in text.split(";;"):
            failed = failed or self._step(step, mode)
        if self._raw.transaction_status != pq.TransactionStatus.IDLE:
            self._step("ROLLBACK", "simple")
        if ";;" in text:
            self._step("DISCARD ALL", "simple")
        return failed

    def _step(self, text: str, mode: str) -> str:
        data = text.encode()
        if mode == "simple":
            result = self._raw.exec_(data)
        elif mode == "prepared":
            prepared = self._raw.prepare(b"", data)
            result = self._raw.exec_prepared(b"", [], [], 1) if not _state(prepared) else prepared
        else:
            result = self._raw.exec_params(data, [], [], [], 1 if mode == "binary" else 0)
        while result.status == pq.ExecStatus.COPY_OUT:
            self._read_copy()
            result = self._raw.get_result() or result
        return _state(result)

    def _read_copy(self) -> None:
        """Without blocking inside libpq, where nobody else in this process could run."""
        while (size := self._raw.get_copy_data(1)[0]) >= 0:
            if size == 0:
                select.select([self._raw.socket], [], [], 10)
                self._raw.consume_input()

    def close(self) -> None:
        self._connection.close()


def _state(result: pq.abc.PGresult) -> str:
    if result.status not in {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE}:
        return ""
    return (result.error_field(pq.DiagnosticField.SQLSTATE) or b"?????").decode()


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"], ids=["pg18", "distribution"])
def tapped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, Tap]]:
    server: PostgresServer = request.getfixturevalue(request.param)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {_DATABASE}")
    with psycopg.connect(server.dsn(_DATABASE), autocommit=True) as connection:
        connection.execute(_SCHEMA)
    access = Access(server.host, server.port, server.user, server.password)
    home = tmp_path_factory.mktemp("masks")
    files = {"masking.toml": _MASKING}
    with (
        LiveGateway(access, home, _POLICY, users=("alice", "ina"), databases=(_DATABASE,), files=files) as gateway,
        Tap(gateway.port) as tap,
    ):
        yield server, tap


@pytest.mark.parametrize("user", ["alice", "ina"])
@pytest.mark.parametrize("mode", ["simple", "text", "binary", "prepared"])
def test_no_marker_arrives(tapped: tuple[PostgresServer, Tap], user: str, mode: str, count: Callable[[object], None]) -> None:
    assert len(EVERYTHING) >= 300
    check(tapped[1], user, mode, EVERYTHING, count)


@pytest.mark.parametrize(("user", "mode"), [("alice", "binary"), ("ina", "simple")])
def test_no_marker_arrives_from_statements_put_together(
    tapped: tuple[PostgresServer, Tap], user: str, mode: str, count: Callable[[object], None]
) -> None:
    check(tapped[1], user, mode, tuple(generated(600, 20_240_607)), count)


def check(tap: Tap, user: str, mode: str, texts: tuple[str, ...], count: Callable[[object], None]) -> None:
    client = Client(tap.port, user)
    tap.taken()
    tally: Counter[str] = Counter()
    leaks: list[str] = []
    false: list[str] = []
    broken: list[str] = []
    for line in texts:
        marked = line.startswith(_OPTIONAL)
        text = line[2:] if marked else line
        state = client.run(text, mode)
        leaked = found(tap.taken())
        tally["statements"] += 1
        tally["refused" if state == _REFUSED else "failed" if state else "answered"] += 1
        if leaked:
            leaks.append(f"{text}: {leaked[:3]}")
        if state == _REFUSED and not marked:
            false.append(text)
        elif state and not marked:
            broken.append(f"{state} {text}")
    client.close()
    tally["leaks"], tally["false refusals"] = len(leaks), len(false)
    count(dict(tally))
    assert not leaks, "\n".join(leaks)
    assert not false, "\n".join(false)
    assert not broken, "\n".join(broken)
