"""MySQL's command lines and tools through the gateway and straight to the server: what a user with broad rights sees must be
the same, byte for byte."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymysql
import pytest

from gateway.demo.shop import fill_mysql
from gateway.model.identity import Engine
from tests.proxy.postgres.gatehouse import Access
from tests.support.deployment import SERVER_PASSWORD, Done, run
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer

DATABASES = ("shop", "hr", "scratch", "restored")
COMMANDS = (
    "SELECT 1, 'a', NULL, 1.5, CAST('2026-01-02' AS DATE), JSON_OBJECT('a', 1), x'00ff', b'101', true",
    "SELECT 1/0; SHOW WARNINGS",
    "SELECT nonesuch FROM customers",
    "SELECT * FROM nonesuch",
    "SELEC 1",
    "SELECT 1 +",
    "SELECT 'größer' AS `Größe`, 1 FROM customers WHERE nämen = 1",
    "SELECT 1; SELECT 2; SELECT * FROM nonesuch; SELECT 3",
    "",
    ";;",
    "-- nothing",
    "# nothing",
    "/* nothing */",
    "SELECT /*! STRAIGHT_JOIN */ 1 /*!99999 + 1 */ /*M!100000 + 2 */ -- behind\n+ 3 # more",
    "SELECT 2--1, 2 -- 1",
    "SHOW VARIABLES LIKE 'character_set%'",
    "SHOW TABLES; SHOW FULL TABLES; SHOW TABLE STATUS LIKE 'categories'",
    "SHOW FULL COLUMNS FROM customers",
    "SHOW INDEX FROM orders",
    "SHOW CREATE TABLE orders",
    "SHOW DATABASES",
    "SHOW GRANTS",
    "SHOW ENGINES; SHOW COLLATION LIKE 'utf8mb4_g%'; SHOW CHARACTER SET LIKE 'u%'; SHOW PLUGINS",
    "SHOW TRIGGERS; SHOW EVENTS; SHOW FUNCTION STATUS WHERE Db = 'shop'; SHOW PROCEDURE STATUS WHERE Db = 'shop'",
    "DESCRIBE orders; EXPLAIN SELECT * FROM orders WHERE id = 7; EXPLAIN FORMAT=JSON SELECT 1",
    "VALUES (1, 'x'), (2, 'y')",
    "INSERT INTO categories (id, name) SELECT id, name FROM categories LIMIT 1",
    "INSERT IGNORE INTO categories (id, name) SELECT id, name FROM categories LIMIT 2; SHOW WARNINGS; SELECT ROW_COUNT()",
    "BEGIN; DELETE FROM order_items LIMIT 3; SELECT ROW_COUNT(); ROLLBACK",
    "DROP TABLE IF EXISTS nonesuch; SHOW WARNINGS",
    "LOCK TABLES customers READ; SELECT count(*) FROM orders; UNLOCK TABLES",
    "CREATE TABLE customers (a int)",
    "SELECT USER(), CURRENT_USER(), DATABASE(), SCHEMA(), VERSION()",
    "USE hr; SELECT DATABASE(); SHOW TABLES; USE nonesuch",
    "USE nonesuch; SELECT 1",
    "SET @a = 1, @b = 'x'; SELECT @a, @b, @c",
    "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'; SELECT 'a' || 'b' AS \"c d\"",
    "SET NAMES latin1; SELECT 'ä', HEX('ä')",
    "PREPARE p FROM 'SELECT ? + 1'; SET @x = 4; EXECUTE p USING @x; DEALLOCATE PREPARE p; EXECUTE p USING @x",
    "EXECUTE IMMEDIATE 'SELECT 1 + 1'",
    "DO SLEEP(0); SELECT FOUND_ROWS(), LAST_INSERT_ID()",
    "CREATE TEMPORARY TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b TEXT); INSERT INTO t (b) VALUES ('x'), ('y');"
    " SELECT LAST_INSERT_ID(); TABLE t; ALTER TABLE t ADD c INT; SHOW COLUMNS FROM t; DROP TEMPORARY TABLE t",
    "HANDLER categories OPEN; HANDLER categories READ FIRST; HANDLER categories CLOSE",
    "CHECK TABLE categories; ANALYZE TABLE categories; OPTIMIZE TABLE categories; CHECKSUM TABLE categories",
    "SELECT id, name FROM categories ORDER BY id LIMIT 2 INTO @i, @n",
    "SELECT id, name INTO @i, @n FROM categories ORDER BY id LIMIT 1; SELECT @i, @n",
    "KILL 4000000000",
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'raised', MYSQL_ERRNO = 5555",
    "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
    "SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' ORDER BY 1, 2, 3, 5",
    "XA START 'a'; XA END 'a'; XA ROLLBACK 'a'",
    "SET SESSION TRANSACTION READ ONLY; DELETE FROM orders",
    "HELP 'nonesuch'",
    "SELECT * FROM customers ORDER BY id LIMIT 3\\G",
    "SET STATEMENT max_statement_time = 10 FOR SELECT 5",
)
SCRIPT = r"""
SELECT 1;
\W
SELECT 1/0;
\w
SELECT CAST('x' AS INT) AS a;
delimiter //
CREATE PROCEDURE scratch.loud(IN a INT, OUT b INT)
BEGIN
  DECLARE c CURSOR FOR SELECT id FROM shop.categories ORDER BY id;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT; SELECT 'handled', @m; END;
  SELECT a AS given; SET b = a + 1;
  IF a > 5 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too much'; END IF;
  OPEN c; FETCH c INTO b; CLOSE c;
  SELECT b;
END//
CREATE FUNCTION scratch.plus(a INT) RETURNS INT DETERMINISTIC BEGIN RETURN a + 1; END//
CREATE TABLE scratch.watched (a INT, b INT)//
CREATE TRIGGER scratch.watching BEFORE INSERT ON scratch.watched FOR EACH ROW BEGIN SET NEW.b = NEW.a * 2; END//
delimiter ;
CALL scratch.loud(1, @b);
SELECT @b, scratch.plus(41);
CALL scratch.loud(9, @b);
USE scratch
INSERT INTO watched (a) VALUES (1), (2);
SELECT * FROM watched;
SHOW CREATE PROCEDURE loud\G
SELECT * FROM watched\G
\u shop
SELECT DATABASE();
\R changed>
status
\s
SELECT 'a;b' AS `c;d`, "e\";f";
SELECT 'two
lines', 'tab	bed', 'back\\slash', NULL, '';
SELECT nonesuch;
SELECT 'still here';
\c
SELECT 2 \p
;
SELECT 3 \g
SELECT 4;;
tee /dev/null
notee
warnings;
BEGIN;
UPDATE customers SET name = 'changed' WHERE id = 1;
SELECT name FROM customers WHERE id = 1;
ROLLBACK;
SELECT name FROM customers WHERE id = 1;
DROP PROCEDURE scratch.loud; DROP FUNCTION scratch.plus; DROP TABLE scratch.watched;
"""
# What every session has for itself, and what the clock or other sessions move.
_OWN = re.compile(
    r"(?<=Connection id:).*|(?<=TCP port).*|(?<=Uptime:).*|(?<=Threads: ).*|(?<=^-- Dump completed on ).*|\(\d+\.\d+ sec\)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Way:
    port: int
    user: str
    password: str

    @property
    def arguments(self) -> list[str]:
        return ["--no-defaults", "-h127.0.0.1", f"-P{self.port}", f"-u{self.user}", f"-p{self.password}"]


_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")


@dataclass(frozen=True, slots=True)
class Ways:
    """Through the gateway, and straight with the login that the gateway itself has."""

    through: Way
    straight: Way

    def both(self, program: str, *arguments: str, script: str | None = None) -> Done:
        """What the same call did on both ways, once it is shown to be equal."""
        done = [self.one(way, program, *arguments, script=script) for way in (self.through, self.straight)]
        assert done[0] == done[1]
        return done[0]

    def one(self, way: Way, program: str, *arguments: str, script: str | None = None) -> Done:
        done = as_it_is(way, program, *arguments, script=script)
        return replace(done, stdout=_OWN.sub("…", done.stdout), stderr=_OWN.sub("…", done.stderr))


def as_it_is(way: Way, program: str, *arguments: str, script: str | None = None) -> Done:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return run([program, *way.arguments, *arguments], script=script)


@pytest.fixture(scope="module")
def ways(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    """A server with the demo's shop; the gateway's login there may do everything."""
    where: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**where) as admin, admin.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("SHOW DATABASES")
        for (name,) in [found for found in cursor.fetchall() if found[0] not in _SYSTEM]:
            cursor.execute(f"DROP DATABASE `{name}`")  # others leave tables of their own, too large for a dump
        fill_mysql(mariadb, SERVER_PASSWORD)
        for name in ("scratch", "restored"):
            cursor.execute(f"CREATE OR REPLACE DATABASE {name}")
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    with LiveGateway(access, tmp_path_factory.mktemp("same"), databases=DATABASES) as live:
        yield Ways(Way(live.port, "alice", PASSWORD), Way(mariadb.port, mariadb.user, mariadb.password))


# The command line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(ways: Ways, command: str) -> None:
    ways.both("mariadb", "-v", "--show-warnings", "--force", "shop", "-e", command)


@pytest.mark.parametrize(
    "options",
    [
        ("-t",),
        ("--batch",),
        ("-vvv", "--show-warnings"),
        ("-E",),
        ("-X",),
        ("-H",),
        ("-N", "--raw"),
        ("--quick",),
        ("--unbuffered", "--column-names"),
        ("--column-type-info", "-t"),
        ("--binary-as-hex", "-t"),
        ("--default-character-set=latin1",),
        ("--comments", "-t"),
        ("--auto-rehash", "-t"),
        ("--reconnect", "--force"),
        ("--init-command=SET @a = 7",),
        ("--max-allowed-packet=1M",),
        ("--safe-updates",),
    ],
    ids=" ".join,
)
def test_a_script_with_each_option(ways: Ways, options: tuple[str, ...]) -> None:
    done = ways.both("mariadb", *options, "--force", "shop", script=SCRIPT)
    assert "still here" in done.stdout
    assert "too much" in done.stdout
    assert "ERROR 1054 (42S22)" in done.stderr


def test_a_script_stops_at_its_error(ways: Ways) -> None:
    done = ways.both("mariadb", "shop", script="SELECT 1;\nSELECT * FROM nonesuch;\nSELECT 2;\n")
    assert done.returncode == 1
    assert "ERROR 1146 (42S02) at line 2" in done.stderr


def test_compression_is_not_offered(ways: Ways) -> None:
    done = ways.one(ways.through, "mariadb", "--compress", "-N", "shop", "-e", "SELECT repeat('x', 100000)")
    assert (done.returncode, len(done.stdout)) == (0, 100_001)


def test_a_long_result(ways: Ways) -> None:
    text = "SELECT seq, repeat('x', seq % 500) FROM seq_1_to_20000"
    assert ways.both("mariadb", "-N", "shop", "-e", text).stdout.count("\n") == 20_000


@pytest.mark.parametrize("program", ["mariadb-show", "mariadb-check", "mariadb-admin"])
def test_the_other_programs(ways: Ways, program: str) -> None:
    calls = {
        "mariadb-show": (
            ("shop",),
            ("shop", "customers"),
            ("--status", "shop", "categories"),
            ("--count", "shop"),
            ("-k", "shop", "orders"),
        ),
        "mariadb-check": (("shop",), ("--analyze", "shop"), ("--check-upgrade", "hr")),
        "mariadb-admin": (("ping",), ("status",), ("version",), ("flush-tables",), ("refresh",)),
    }
    for arguments in calls[program]:
        assert ways.both(program, *arguments).returncode == 0


def test_import_loads_a_local_file(ways: Ways, tmp_path: Path) -> None:
    file = tmp_path / "imported.txt"
    file.write_text("".join(f"{number}\tline {number}\n" for number in range(5000)))
    for way in (ways.through, ways.straight):
        ways.one(way, "mariadb", "scratch", "-e", "CREATE OR REPLACE TABLE imported (id INT, line TEXT)")
        done = ways.one(way, "mariadb-import", "--local", "scratch", str(file))
        assert "Records: 5000  Deleted: 0  Skipped: 0  Warnings: 0" in done.stdout
        assert (
            ways.one(way, "mariadb", "-N", "scratch", "-e", "SELECT count(*), sum(id) FROM imported").stdout
            == "5000\t12497500\n"
        )


# Dumps


@pytest.mark.parametrize(
    "options",
    [
        ("shop",),
        ("--routines", "--triggers", "--events", "shop"),
        ("--single-transaction", "--quick", "shop"),
        ("--lock-all-tables", "--flush-logs", "shop"),
        ("--databases", "shop", "hr"),
        ("--no-data", "--compact", "shop"),
        ("--skip-opt", "--complete-insert", "--hex-blob", "shop", "products"),
        ("--xml", "hr"),
        ("--where=id < 5", "shop", "customers"),
        ("--order-by-primary", "--skip-extended-insert", "hr"),
        ("--all-databases", "--no-data", "--ignore-table=mysql.innodb_index_stats", "--ignore-table=mysql.innodb_table_stats"),
    ],
    ids=" ".join,
)
def test_a_dump(ways: Ways, options: tuple[str, ...]) -> None:
    done = ways.both("mariadb-dump", *options)
    assert done.returncode == 0, done.stderr


def test_a_dump_is_restored_through_the_gateway(ways: Ways) -> None:
    dump = as_it_is(ways.straight, "mariadb-dump", "--routines", "--skip-dump-date", "shop")
    done = as_it_is(ways.through, "mariadb", "restored", script=dump.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    again = as_it_is(ways.straight, "mariadb-dump", "--routines", "--skip-dump-date", "restored")
    told = again.stdout.replace("Database: restored", "Database: shop").replace("database 'restored'", "database 'shop'")
    assert told == dump.stdout


def test_nothing_of_a_dump_is_opaque(ways: Ways, mariadb: MariaDbServer, tmp_path: Path) -> None:
    """Neither what the dump asks nor what its output says when it is restored."""
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    with LiveGateway(access, tmp_path, databases=DATABASES) as live:
        way = replace(ways.through, port=live.port)
        dump = as_it_is(way, "mariadb-dump", "--routines", "--events", "--tz-utc", "shop")
        assert as_it_is(way, "mariadb", "restored", script=dump.stdout).returncode == 0
        opaque = [record["text"] for record in live.records() if record.get("decision", {}).get("code") == "opaque"]
        kinds = {record["statement_kind"] for record in live.records() if record["kind"] == "statement"}
    assert opaque == []
    assert {"SET", "INSERT", "CREATE TABLE", "LOCK TABLES", "SELECT"} <= kinds


# sysbench


@pytest.mark.parametrize("prepared", ["auto", "disable"])
def test_sysbench(ways: Ways, prepared: str) -> None:
    if shutil.which("sysbench") is None:
        pytest.skip("sysbench is not installed")
    way = ways.through
    base = [
        "sysbench", "oltp_read_write", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={way.port}",
        f"--mysql-user={way.user}", f"--mysql-password={way.password}", "--mysql-db=scratch", "--tables=2", "--table-size=500",
        f"--db-ps-mode={prepared}", "--threads=1", "--events=60", "--time=0",
    ]  # fmt: skip
    for step in ("prepare", "run", "cleanup"):
        done = run([*base, step])
        assert done.returncode == 0, done.stdout + done.stderr
        if step == "run":
            assert "total number of events:              60" in done.stdout
            assert re.search(r"queries performed:\n +read: +840\n +write: +240\n +other: +120\n", done.stdout)
