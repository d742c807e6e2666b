"""Every known way round a gateway by a MySQL statement: refused, unheard by the server, and on record."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT

from gateway.demo.home import shipped_policies
from gateway.demo.mariadb_server import MariaDbServer
from gateway.model.identity import Engine, RoleBinding
from tests.attacks.mysql_refused import DDL, HR, SERVER, WRITES, listed
from tests.attacks.mysql_stage import SALARY, MySqlStage, fill
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import LiveGateway

REFUSED = {1142, 1115, 1094, 1064}
"""By permission or issue; character set; somebody else's thread; misspelt for any server."""


@pytest.fixture(scope="module")
def stage(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySqlStage]:
    admin = fill(mariadb)
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    home: Path = tmp_path_factory.mktemp("gateway")
    with (
        LiveGateway(
            access,
            home,
            (shipped_policies() / "policy.csv").read_text(),
            databases=("shop", "hr"),
            projects={"hr": "payroll"},
            environment="prod",
            bindings={"alice": (RoleBinding("developer", "shop"),)},
        ) as live,
        admin,
    ):
        yield MySqlStage(mariadb, live, admin)
        with admin.cursor() as cursor:
            cursor.execute("SET GLOBAL general_log = 0")


@pytest.fixture(scope="module")
def world(stage: MySqlStage) -> tuple[object, ...]:
    return stage.world()


def attempt(stage: MySqlStage, text: str) -> tuple[int, str]:
    """The error that alice gets; (0, rows) where everything ran."""
    with stage.gateway.connect("alice", client_flag=CLIENT.MULTI_STATEMENTS) as client, client.cursor() as cursor:
        try:
            cursor.execute(text)
            rows = [cursor.fetchall()]
            while cursor.nextset():
                rows.append(cursor.fetchall())
        except pymysql.MySQLError as error:
            return error.args[0], str(error.args[1])
        return 0, repr(rows)


@pytest.mark.parametrize("text", [*listed(HR), *listed(WRITES), *listed(SERVER), *listed(DDL)])
def test_is_refused_unheard_and_recorded(stage: MySqlStage, world: tuple[object, ...], text: str) -> None:
    stage.forget()
    code, said = attempt(stage, text)

    assert code in REFUSED, f"{code} {said}"
    assert SALARY not in said
    heard = stage.heard()
    parts = [text, *(part.strip() for part in text.split(";") if len(part) > 12)]
    assert not [part for part in parts if part in heard]
    judged = [record for record in stage.last_session() if record["kind"] == "statement"]
    refused = [record for record in judged if record["decision"]["outcome"] in {"deny", "review"}]
    assert refused
    assert all("***" in record["text"] or record["text"] in text for record in refused)
    assert stage.world() == world


def raw(stage: MySqlStage, text: bytes, charset: str) -> tuple[int, str]:
    """As `attempt`, of bytes that no driver would send."""
    with (
        stage.gateway.connect("alice", charset=charset, client_flag=CLIENT.MULTI_STATEMENTS) as client,
        client.cursor() as cursor,
    ):
        try:
            cursor.execute(f"SET NAMES {charset}")
            driver: Any = client  # its inside takes bytes
            driver._execute_command(0x03, text)
            driver._read_query_result()
        except pymysql.MySQLError as error:
            return error.args[0], str(error.args[1])
        return 0, repr(driver._result.rows)


@pytest.mark.parametrize("charset", ["latin1", "cp1251", "latin2", "ascii"])
@pytest.mark.parametrize(
    "text",
    [
        b"SELECT amount\xa0FROM\xa0hr.salaries --\xa0\n FROM customers",
        b"SELECT 1 --\xa0 '\n UNION SELECT amount FROM hr.salaries -- '",
        b"SELECT 1 AS x\xa0UNION\xa0SELECT\xa0amount\xa0FROM\xa0hr.salaries",
    ],
)
def test_a_space_that_is_none_in_other_character_sets_hides_nothing(stage: MySqlStage, charset: str, text: bytes) -> None:
    stage.forget()
    code, said = raw(stage, text, charset)

    assert code, said
    assert SALARY not in said
    assert not [heard for heard in stage.heard() if "hr.salaries" in heard]


@pytest.mark.parametrize(
    "text", [b"SELECT '\xbf\x27 UNION SELECT amount FROM hr.salaries -- '", b"SELECT '\xe4' FROM hr.salaries"]
)
def test_bytes_that_are_no_utf8_are_refused(stage: MySqlStage, text: bytes) -> None:
    stage.forget()
    code, said = raw(stage, text, "utf8mb4")

    assert code, said
    assert not [heard for heard in stage.heard() if "hr.salaries" in heard]


def test_a_saved_mode_is_put_back_by_itself(stage: MySqlStage) -> None:
    """As dumps do it, statement by statement."""
    with stage.gateway.connect("alice") as client, client.cursor() as cursor:
        cursor.execute("SET @saved = @@sql_mode, sql_mode = 'NO_BACKSLASH_ESCAPES'")
        cursor.execute(r"SELECT '\'")
        assert cursor.fetchall() == (("\\",),)
        cursor.execute("SET sql_mode = @saved")
        cursor.execute(r"SELECT '\''")
        assert cursor.fetchall() == (("'",),)
