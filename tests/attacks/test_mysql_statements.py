"""Every known way round a gateway by a MySQL statement: refused, unheard by the server, and on record."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT

from gateway.demo.home import shipped_policies
from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import free_port
from gateway.model.identity import Engine, RoleBinding
from tests.attacks.mysql_refused import DDL, FOLDED, HR, SERVER, WRITES, listed
from tests.attacks.mysql_stage import SALARY, MySqlStage, fill
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import LiveGateway

REFUSED = {1142, 1115, 1094, 1064}
"""By permission or issue; character set; somebody else's thread; misspelt for any server."""


@contextlib.contextmanager
def staged(server: MariaDbServer, home: Path) -> Iterator[MySqlStage]:
    admin = fill(server)
    access = Access(server.host, server.port, server.user, server.password, engine=Engine.MYSQL)
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
        playing = MySqlStage(server, live, admin)
        yield playing
        playing.close()
        with admin.cursor() as cursor:
            cursor.execute("SET GLOBAL general_log = 0")


@pytest.fixture(scope="module")
def stage(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySqlStage]:
    with staged(mariadb, tmp_path_factory.mktemp("gateway")) as playing:
        yield playing


@pytest.fixture(scope="module")
def world(stage: MySqlStage) -> tuple[object, ...]:
    return stage.world()


@pytest.mark.parametrize("text", [*listed(HR), *listed(WRITES), *listed(SERVER), *listed(DDL)])
def test_is_refused_unheard_and_recorded(stage: MySqlStage, world: tuple[object, ...], text: str) -> None:
    stage.forget()
    stage.news()
    code, said = stage.attempt(text)

    assert code in REFUSED, f"{code} {said}"
    assert SALARY not in said
    heard = stage.heard()
    parts = [text, *(part.strip() for part in text.split(";") if len(part) > 12)]
    assert not [part for part in parts if part in heard]
    refused = [record for record in stage.news() if record["decision"]["outcome"] in {"deny", "review"}]
    assert refused
    assert all("***" in record["text"] or record["text"] in text for record in refused)
    assert stage.world() == world


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SELEKT 1", 1),
        ("SELECT 1\nFROM", 2),
        ("SELECT *\nFROM customers\nWHERE", 3),
        ("SELECT 'open", 1),
        ("SELECT 1;\nFRM x", 2),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_told_as_one_and_not_sent(stage: MySqlStage, text: str, line: int) -> None:
    stage.forget()
    code, said = stage.attempt(text)

    assert code == 1064
    assert f"at line {line}" in said
    assert said.startswith("gateway: syntax error ")
    assert not [heard for heard in stage.heard() if heard in text]


def test_a_literal_of_another_character_set_is_one_literal(stage: MySqlStage) -> None:
    """The server reads it in the client's character set; what the introducer says counts for its value alone."""
    assert stage.attempt("SELECT LENGTH(_gbk'縗'' UNION SELECT 1 -- ') AS n") == (0, "[((23,),)]")


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


@pytest.fixture(scope="module")
def folding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySqlStage]:
    """A server that compares names of tables without regard to case, as on Windows and macOS."""
    home = Path(tmp_path_factory.mktemp("lc"))
    with MariaDbServer(home, free_port(), ("--lower-case-table-names=1",)) as server, staged(server, home) as stage:
        yield stage


@pytest.mark.parametrize("text", listed(FOLDED))
def test_case_of_names_hides_nothing_where_the_server_folds_it(folding: MySqlStage, text: str) -> None:
    folding.forget()
    code, said = folding.attempt(text)

    assert code in REFUSED, f"{code} {said}"
    assert SALARY not in said
    assert not [heard for heard in folding.heard() if "salar" in heard.lower() or "customers" in heard.lower()]


def test_case_of_names_forbids_nothing_where_the_server_folds_it(folding: MySqlStage) -> None:
    assert folding.attempt("SELECT name FROM CUSTOMERS WHERE Customers.ID = 1") == (0, "[(('Ada',),)]")
    assert folding.attempt("SELECT Name FROM `Shop`.`cUSTOMERS` AS C WHERE c.id = 2") == (0, "[(('Ben',),)]")


def test_a_saved_mode_is_put_back_by_itself(stage: MySqlStage) -> None:
    """As dumps do it, statement by statement."""
    with stage.gateway.connect("alice") as client, client.cursor() as cursor:
        cursor.execute("SET @saved = @@sql_mode, sql_mode = 'NO_BACKSLASH_ESCAPES'")
        cursor.execute(r"SELECT '\'")
        assert cursor.fetchall() == (("\\",),)
        cursor.execute("SET sql_mode = @saved")
        cursor.execute(r"SELECT '\''")
        assert cursor.fetchall() == (("'",),)
