"""What each kind of MySQL statement touches."""

import pytest

from gateway.model.footprint import Category, Clause, Effect, EffectKind, FunctionClass
from gateway.model.statement import Namespace
from tests.analysis.mysql.support import catalog, flags, footprint, footprints, touched, uses

INSTANCE = ("instance:", "admin")
SALARIES = ("hr.salaries", "select")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 FROM hr.salaries", {SALARIES}),
        ("SELECT 1 FROM `hr` . `salaries`", {SALARIES}),
        ("SELECT 1 FROM orders, hr.salaries", {("shop.orders", "select"), SALARIES}),
        ("SELECT 1 FROM (orders, (hr.salaries))", {("shop.orders", "select"), SALARIES}),
        ("SELECT 1 FROM orders LEFT JOIN (customers c JOIN hr.salaries s ON 1) ON 1",
         {("shop.orders", "select"), ("shop.customers", "select"), SALARIES}),
        ("SELECT (SELECT max(amount) FROM hr.salaries)", {SALARIES}),
        ("SELECT 1 FROM orders WHERE id IN (SELECT id FROM hr.salaries)", {("shop.orders", "select"), SALARIES}),
        ("SELECT 1 FROM hr.salaries WHERE (match `hr`.`salaries`.`person` against ('x' in boolean mode))", {SALARIES}),
        ("SELECT 1 FROM DUAL", set()),
        ("TABLE hr.salaries", {SALARIES}),
        ("VALUES (1), ((SELECT 1 FROM hr.salaries))", {SALARIES}),
        ("(SELECT 1) UNION (SELECT 1 FROM hr.salaries) ORDER BY 1 LIMIT 1", {SALARIES}),
        ("WITH salaries AS (SELECT 1) SELECT * FROM salaries", set()),
        ("WITH c AS (SELECT * FROM hr.salaries) SELECT 1 FROM c", {SALARIES}),
        ("SELECT 1 FROM orders PARTITION (p0) USE INDEX (a), hr.salaries", {("shop.orders", "select"), SALARIES}),
        ("SELECT jt.a FROM hr.salaries, JSON_TABLE(person, '$' COLUMNS (a INT PATH '$.a')) jt", {SALARIES}),
        ("SELECT 1 FROM contacts", {("shop.contacts", "select"), ("shop.customers", "select")}),
        ("SELECT 1 FROM hr.salaries FOR UPDATE", {SALARIES, ("hr.salaries", "lock")}),
        ("SELECT 1 FROM hr.salaries LOCK IN SHARE MODE", {SALARIES, ("hr.salaries", "lock")}),
        ("SELECT id INTO @v FROM hr.salaries", {SALARIES}),
        ("SELECT id INTO OUTFILE '/tmp/x' FROM hr.salaries", {SALARIES, INSTANCE}),
        ("SELECT id FROM hr.salaries INTO DUMPFILE '/tmp/x'", {SALARIES, INSTANCE}),
        ("SELECT id FROM hr.salaries PROCEDURE ANALYSE(1)", {SALARIES}),
        ("SELECT * FROM hr.salaries FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01'", {SALARIES}),
        ("SELECT * FROM hr.salaries AS OF TIMESTAMP '2020-01-01'", {SALARIES}),
        ("SELECT NEXT VALUE FOR shop.numbers, NEXTVAL(numbers)", {("shop.numbers", "update")}),
        ("INSERT INTO orders (id) SELECT id FROM hr.salaries", {("shop.orders", "insert"), SALARIES}),
        ("INSERT DELAYED IGNORE orders SET id = 1", {("shop.orders", "insert")}),
        ("INSERT INTO orders VALUES (1, 2, 3, 4) ON DUPLICATE KEY UPDATE total = VALUES(total)",
         {("shop.orders", "insert"), ("shop.orders", "update")}),
        ("INSERT INTO orders VALUES (1, 2, 3, 4) ON DUPLICATE KEY UPDATE total = total + 1",
         {("shop.orders", "insert"), ("shop.orders", "update"), ("shop.orders", "select")}),
        ("INSERT INTO orders (id) VALUES (1) RETURNING total",
         {("shop.orders", "insert"), ("shop.orders", "select")}),
        ("REPLACE orders (id) VALUES (1)", {("shop.orders", "insert"), ("shop.orders", "delete")}),
        ("UPDATE IGNORE orders SET total = 1", {("shop.orders", "update")}),
        ("UPDATE orders SET total = 1 WHERE id = 1", {("shop.orders", "update"), ("shop.orders", "select")}),
        ("UPDATE orders o, hr.salaries s SET o.total = s.amount",
         {("shop.orders", "update"), ("shop.orders", "select"), SALARIES}),
        ("UPDATE contacts SET mail = 1",
         {("shop.contacts", "update"), ("shop.customers", "update"), ("shop.customers", "select")}),
        ("DELETE FROM orders", {("shop.orders", "delete")}),
        ("DELETE o FROM orders AS o JOIN hr.salaries s ON o.id = s.id",
         {("shop.orders", "delete"), ("shop.orders", "select"), SALARIES}),
        ("DELETE FROM o, s.* USING orders o, hr.salaries s",
         {("shop.orders", "delete"), ("shop.orders", "select"), SALARIES, ("hr.salaries", "delete")}),
        ("WITH c AS (SELECT id FROM hr.salaries) DELETE FROM orders WHERE id IN (SELECT id FROM c)",
         {("shop.orders", "delete"), ("shop.orders", "select"), SALARIES}),
        ("LOAD DATA LOCAL INFILE 'x' INTO TABLE orders", {("shop.orders", "insert")}),
        ("LOAD DATA INFILE 'x' REPLACE INTO TABLE orders FIELDS TERMINATED BY ',' (id, @v) SET total = @v",
         {("shop.orders", "insert"), ("shop.orders", "delete"), INSTANCE}),
        ("TRUNCATE hr.salaries", {("hr.salaries", "truncate")}),
        ("HANDLER hr.salaries OPEN AS h", {SALARIES}),
        ("DO (SELECT 1 FROM hr.salaries)", {SALARIES}),
        ("EXPLAIN SELECT 1 FROM hr.salaries", {("hr.salaries", "explain")}),
        ("EXPLAIN ANALYZE SELECT 1 FROM hr.salaries", {("hr.salaries", "explain"), SALARIES}),
        ("ANALYZE FORMAT=JSON DELETE FROM hr.salaries", {("hr.salaries", "explain"), ("hr.salaries", "delete")}),
        ("DESCRIBE hr.salaries", {("hr.salaries", "explain")}),
        ("DESC hr.salaries 'a%'", {("hr.salaries", "explain")}),
        ("SHOW FULL COLUMNS FROM salaries IN hr LIKE 'a%'", {("hr.salaries", "explain")}),
        ("SHOW INDEX FROM hr.salaries", {("hr.salaries", "explain")}),
        ("SHOW CREATE TABLE hr.salaries", {("hr.salaries", "explain")}),
        (
            "SHOW TABLES FROM hr WHERE 1 IN (SELECT 1 FROM hr.salaries)",
            {("information_schema.tables", "select"), SALARIES, ("database:hr", "connect")},
        ),
        ("SHOW TABLE STATUS", {("information_schema.tables", "select")}),
        ("SHOW DATABASES", {("information_schema.schemata", "select")}),
        ("SHOW FULL PROCESSLIST", {("information_schema.processlist", "select")}),
        ("SHOW VARIABLES LIKE 'a'", set()),
        ("SHOW WARNINGS LIMIT 5", set()),
        ("SHOW GRANTS", set()),
        ("SHOW GRANTS FOR root@localhost", {INSTANCE}),
        ("SHOW MASTER STATUS", {INSTANCE}),
        ("SHOW ENGINE INNODB STATUS", {INSTANCE}),
        ("SELECT * FROM INFORMATION_SCHEMA.TABLES", {("information_schema.tables", "select")}),
        ("SELECT 1 FROM mysql.user", {("mysql.user", "select")}),
        ("SELECT 1 FROM performance_schema.threads", {("performance_schema.threads", "select")}),
        ("LOCK TABLES hr.salaries AS s WRITE, orders READ LOCAL", {("hr.salaries", "lock"), ("shop.orders", "lock")}),
        ("UNLOCK TABLES", set()),
        ("CHECK TABLE hr.salaries EXTENDED", {("hr.salaries", "admin")}),
        ("OPTIMIZE NO_WRITE_TO_BINLOG TABLE hr.salaries", {("hr.salaries", "admin")}),
        ("CHECKSUM TABLE hr.salaries", {SALARIES}),
        ("ANALYZE TABLE hr.salaries PERSISTENT FOR ALL", {("hr.salaries", "admin")}),
        ("FLUSH TABLES hr.salaries WITH READ LOCK", {INSTANCE, ("hr.salaries", "lock")}),
        ("KILL QUERY 1", {INSTANCE}),
        ("SET GLOBAL max_connections = 1", {INSTANCE}),
        ("SET @@global.read_only = 0", {INSTANCE}),
        ("SET sql_log_bin = 0", {INSTANCE}),
        ("SET SESSION optimizer_trace = 'enabled=on'", {INSTANCE}),
        ("SET STATEMENT sql_mode = 'NO_ENGINE_SUBSTITUTION' FOR CREATE TABLE a (b INT)", {("shop.a", "ddl")}),
        ("SET STATEMENT optimizer_trace = 'enabled=on' FOR SELECT 1", {INSTANCE}),
        ("SET @a = (SELECT 1 FROM hr.salaries)", {SALARIES}),
        ("SET PASSWORD = 'x'", {INSTANCE}),
        ("SET ROLE admin", {INSTANCE}),
        ("SET STATEMENT max_statement_time = 1 FOR SELECT 1 FROM hr.salaries", {SALARIES}),
        ("GRANT SELECT ON hr.salaries TO a@b", {INSTANCE, ("hr.salaries", "explain")}),
        ("INSTALL PLUGIN a SONAME 'b'", {INSTANCE}),
        ("CREATE FUNCTION f RETURNS STRING SONAME 'udf.so'", {INSTANCE}),
        ("CREATE USER a IDENTIFIED BY 'x'", {INSTANCE}),
        ("CREATE TABLE copy AS SELECT amount FROM hr.salaries", {("shop.copy", "ddl"), SALARIES}),
        ("CREATE TABLE copy (a INT) SELECT amount FROM hr.salaries", {("shop.copy", "ddl"), SALARIES}),
        ("CREATE TABLE copy LIKE hr.salaries", {("shop.copy", "ddl"), ("hr.salaries", "explain")}),
        ("CREATE TABLE m (a INT) ENGINE=MERGE UNION=(hr.salaries)",
         {("shop.m", "ddl"), SALARIES, ("hr.salaries", "update"), ("hr.salaries", "delete")}),
        ("CREATE TABLE f (a INT) ENGINE=FEDERATED CONNECTION='mysql://x'", {("shop.f", "ddl"), INSTANCE}),
        ("CREATE TABLE f (a INT) DATA DIRECTORY='/x'", {("shop.f", "ddl"), INSTANCE}),
        ("CREATE TABLE f (a INT REFERENCES hr.salaries (id))", {("shop.f", "ddl"), SALARIES}),
        ("CREATE TEMPORARY TABLE copy SELECT amount FROM hr.salaries", {("database:", "temp"), SALARIES}),
        ("CREATE OR REPLACE VIEW v AS SELECT amount FROM hr.salaries", {("shop.v", "ddl"), SALARIES}),
        ("CREATE DEFINER=root@localhost VIEW v (a) AS SELECT 1", {("shop.v", "ddl")}),
        ("CREATE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW v AS SELECT 1", {("shop.v", "ddl")}),
        ("CREATE UNIQUE INDEX i ON hr.salaries (id)", {("hr.salaries", "ddl")}),
        ("CREATE DATABASE extra", {("database:extra", "ddl")}),
        ("CREATE TRIGGER t AFTER INSERT ON hr.salaries FOR EACH ROW SET @a = 1",
         {("function:shop.t", "ddl"), ("hr.salaries", "ddl")}),
        ("CREATE PROCEDURE p() DELETE FROM hr.salaries", {("function:shop.p", "ddl")}),
        ("ALTER TABLE hr.salaries RENAME TO shop.pay", {("hr.salaries", "ddl"), ("shop.pay", "ddl")}),
        ("ALTER TABLE orders EXCHANGE PARTITION p WITH TABLE hr.salaries", {("shop.orders", "ddl"), ("hr.salaries", "ddl")}),
        ("DROP TABLE IF EXISTS orders, hr.salaries CASCADE", {("shop.orders", "ddl"), ("hr.salaries", "ddl")}),
        ("RENAME TABLE hr.salaries TO shop.a, orders TO b",
         {("hr.salaries", "ddl"), ("shop.a", "ddl"), ("shop.orders", "ddl"), ("shop.b", "ddl")}),
        ("BEGIN", set()),
        ("START TRANSACTION READ ONLY", set()),
        ("XA RECOVER", {INSTANCE}),
        ("PREPARE s FROM 'SELECT 1 FROM hr.salaries'", {SALARIES}),
        ("EXECUTE IMMEDIATE 'SELECT 1 FROM hr.salaries WHERE id = ?' USING 1", {SALARIES}),
        ("HELP 'contents'", set()),
        ("ADMIN SHOW DDL", {INSTANCE}),
        ("SPLIT TABLE hr.salaries BETWEEN (0) AND (9) REGIONS 2", {("hr.salaries", "ddl")}),
        ("BATCH ON id LIMIT 10 DELETE FROM hr.salaries", {("hr.salaries", "delete")}),
        ("SHUTDOWN", {INSTANCE}),
    ],
)  # fmt: skip
def test_what_a_statement_touches(text: str, expected: set[tuple[str, str]]) -> None:
    assert touched(footprint(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "PREPARE s FROM @text",
        "PREPARE s FROM CONCAT('SELECT', ' 1')",
        "EXECUTE unknown",
        "EXECUTE IMMEDIATE @text",
        "EXECUTE IMMEDIATE CONCAT('SELECT', ' 1')",
        "EXECUTE IMMEDIATE 'SELECT 1; SELECT 2'",
        "BEGIN NOT ATOMIC DELETE FROM hr.salaries; END",
        "IF 1 THEN SELECT 1; END IF",
        "HANDLER h READ FIRST",
        "SELEKT 1",
        "SELECT 1 FROM",
        "SELECT 1 FROM orders WHERE",
        "CREATE SOMETHING x",
        "SELECT " + "(" * 400 + "1" + ")" * 400,
        "SELECT " + "NOT " * 5000 + "1",
        "SELECT 1 FROM " + "(SELECT 1 FROM " * 500,
        "SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR EXECUTE IMMEDIATE 'SELECT 1'",
        "SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR CREATE TABLE a (b INT)",
        "SET STATEMENT sql_mode = '' FOR SET sql_mode = ''",
        "SET STATEMENT sql_mode = '' + 1048576 FOR CREATE TABLE a (b INT)",
        "SET STATEMENT sql_mode = '1048576' FOR CREATE TABLE a (b INT)",
        "SET STATEMENT sql_mode = @m FOR CREATE TABLE a (b INT)",
        "SET STATEMENT sql_mode = 1048576 FOR CREATE TABLE a (b INT)",
    ],
)
def test_what_is_not_understood_says_why(text: str) -> None:
    found = footprint(text)
    assert found.opaque
    assert found.literals_matter or found.category in (Category.QUERY, Category.WRITE, Category.UTILITY)


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("SELECT LOAD_FILE('/etc/passwd')", "mysql.load_file", FunctionClass.ADMIN),
        ("SELECT SLEEP(1)", "mysql.sleep", FunctionClass.HARMLESS),
        ("SELECT GET_LOCK('a', 1)", "mysql.get_lock", FunctionClass.HARMLESS),
        ("SELECT CURRENT_USER", "mysql.current_user", FunctionClass.HARMLESS),
        ("SELECT total_of(1)", "shop.total_of", FunctionClass.USER),
        ("SELECT Total_Of(1)", "shop.total_of", FunctionClass.USER),
        ("SELECT hr.bonus(1)", "hr.bonus", FunctionClass.USER),
        ("SELECT sys.format_time(1)", "sys.format_time", FunctionClass.USER),
        ("SELECT some_udf(1)", "shop.some_udf", FunctionClass.USER),
        ("CALL close_day()", "shop.close_day", FunctionClass.USER),
        ("CALL hr.raise(1)", "hr.raise", FunctionClass.USER),
        ("SELECT sys_exec('id')", "mysql.sys_exec", FunctionClass.ADMIN),
    ],
)
def test_functions_and_their_classes(text: str, name: str, kind: FunctionClass) -> None:
    found = footprint(text)
    assert found.opaque is None
    assert [(f"{use.name.schema}.{use.name.name}", use.function_class) for use in found.functions] == [(name, kind)]


def test_variables_keep_values() -> None:
    found = footprint("SELECT @v := amount FROM hr.salaries")
    assert uses(found, "hr.salaries", Clause.STORED) == {"amount"}
    found = footprint("SELECT amount, person INTO @a, @b FROM hr.salaries")
    assert uses(found, "hr.salaries", Clause.STORED) == {"amount", "person"}
    assert found.outputs == ()


def test_columns_of_insert_select_on_duplicate_key() -> None:
    found = footprint("INSERT INTO orders (id) SELECT id FROM hr.salaries ON DUPLICATE KEY UPDATE total = amount")
    assert uses(found, "hr.salaries", Clause.STORED) == {"id", "amount"}
    assert uses(found, "shop.orders", Clause.TARGET) == {"id", "total"}


def test_temporary_tables_shadow_without_hiding() -> None:
    found = footprints(
        "CREATE TEMPORARY TABLE fresh (a INT); SELECT a FROM fresh; DROP TEMPORARY TABLE fresh; SELECT a FROM fresh"
    )
    assert found[0].effects == (Effect(EffectKind.TEMP_CREATE, "shop.fresh"),)
    assert touched(found[1]) == set()
    assert touched(found[3]) == {("shop.fresh", "select")}
    both = footprint("SELECT id FROM orders", Namespace(("shop",), temporary=frozenset({"shop.orders"})))
    assert touched(both) == {("shop.orders", "select")}


def test_prepared_statements_are_known_by_name() -> None:
    found = footprints("PREPARE S FROM 'SELECT amount FROM hr.salaries'; EXECUTE s; DEALLOCATE PREPARE s")
    assert found[1].outputs is not None
    assert touched(found[1]) == {SALARIES}
    assert found[2].effects == (Effect(EffectKind.DEALLOCATE, "s"),)


@pytest.mark.parametrize("text", ["SHOW WARNINGS", "SHOW ERRORS", "GET DIAGNOSTICS @n = NUMBER"])
def test_what_tells_of_the_last_statement_is_known_however_it_is_run(text: str) -> None:
    found = footprints(
        f"PREPARE s FROM '{text}'; EXECUTE s; EXECUTE IMMEDIATE '{text}'; SET STATEMENT max_statement_time=1 FOR {text}"
    )
    assert {each.kind for each in found[1:]} == {" ".join(text.split()[:2])}


def test_handlers_are_read_by_the_table_they_were_opened_for() -> None:
    found = footprints(
        "HANDLER hr.salaries OPEN AS h; HANDLER h READ `PRIMARY` = (1) WHERE amount > 1 LIMIT 5; HANDLER h CLOSE"
    )
    assert touched(found[1]) == {SALARIES}
    assert uses(found[1], "hr.salaries", Clause.OUTPUT) == {"*", "id", "person", "amount"}


@pytest.mark.parametrize(
    ("setting", "name", "table"),
    [("0", "MIXED", "MIXED"), ("0", "Mixed", "Mixed"), ("1", "MIXED", "Mixed"), ("2", "mixed", "Mixed")],
)
def test_case_of_tables_follows_the_server(setting: str, name: str, table: str) -> None:
    found = footprint(f"SELECT VALUE FROM {name}", snapshot=catalog(lower_case_table_names=setting))
    assert touched(found) == {(f"shop.{table}", "select")}


def test_without_a_database_names_are_unknown() -> None:
    assert touched(footprint("SELECT 1 FROM orders", Namespace(search_path=()))) == {(".orders", "select")}


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("USE hr", [Effect(EffectKind.USE, value="hr")]),
        ("SET NAMES latin1", [Effect(EffectKind.SET, "character_set_client", "latin1")]),
        ("SET CHARACTER SET utf8mb4", [Effect(EffectKind.SET, "character_set_client", "utf8mb4")]),
        ("SET autocommit = 0", [Effect(EffectKind.SET, "autocommit", "0")]),
        ("SET SESSION sql_mode = DEFAULT", [Effect(EffectKind.SET, "sql_mode", "")]),
        ("SET @@session.sql_mode := 'ANSI'", [Effect(EffectKind.SET, "sql_mode", "ANSI")]),
        ("COMMIT", [Effect(EffectKind.COMMIT)]),
        ("ROLLBACK TO SAVEPOINT a", [Effect(EffectKind.ROLLBACK_TO, "a")]),
        ("CREATE TABLE a (b INT)", [Effect(EffectKind.CATALOG)]),
    ],
)
def test_effects_on_the_session(text: str, effects: list[Effect]) -> None:
    assert list(footprint(text, flags()).effects) == effects


def test_ddl_is_not_transactional() -> None:
    assert not footprint("ALTER TABLE orders ADD a INT").transactional
    assert not footprint("TRUNCATE orders").transactional
    assert footprint("CREATE TEMPORARY TABLE a (b INT)").transactional


def test_mysqldump_puts_the_mode_back() -> None:
    found = footprints(
        "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
        "/*!40000 ALTER TABLE `orders` DISABLE KEYS */;\nINSERT INTO `orders` VALUES (1,2,3,'x');\n"
        "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;"
    )
    assert [each.opaque for each in found] == [None] * 4
    assert [each.kind for each in found] == ["SET", "ALTER TABLE", "INSERT", "SET"]
