"""The tokens are the server's: comments, quotes and semicolons under every version and SQL mode."""

import pytest

from gateway.model.statement import Namespace
from tests.analysis.mysql.support import catalog, flags, footprint, footprints, touched

SALARIES = ("hr.salaries", "select")


@pytest.mark.parametrize(
    ("text", "server", "executed"),
    [
        ("SELECT 1 /*! FROM hr.salaries */", "mariadb 10.11.6", True),
        ("SELECT 1 /*!50000 FROM hr.salaries */", "mariadb 10.11.6", True),
        ("SELECT 1 /*!999999 FROM hr.salaries */", "mariadb 10.11.6", False),
        ("SELECT 1 /*!80000 FROM hr.salaries */", "mariadb 10.11.6", False),
        ("SELECT 1 /*!100000 FROM hr.salaries */", "mariadb 10.11.6", True),
        ("SELECT 1 /*M!100000 FROM hr.salaries */", "mariadb 10.11.6", True),
        ("SELECT 1 /*M! FROM hr.salaries */", "mariadb 10.11.6", True),
        ("SELECT 1 /*M!110000 FROM hr.salaries */", "mariadb 10.11.6", False),
        ("SELECT 1 /*!80000 FROM hr.salaries */", "mysql 8.0.36", True),
        ("SELECT 1 /*!80100 FROM hr.salaries */", "mysql 8.0.36", False),
        ("SELECT 1 /*M! FROM hr.salaries */", "mysql 8.0.36", False),
        ("SELECT 1 /*!99999 FROM hr.salaries */", "8.0.11-TiDB-v7.5.0", True),
        ("SELECT 1 /*T! FROM hr.salaries */", "8.0.11-TiDB-v7.5.0", True),
        ("SELECT 1 /*T![auto_rand] FROM hr.salaries */", "8.0.11-TiDB-v7.5.0", True),
        ("SELECT 1 /*T! FROM hr.salaries */", "mariadb 10.11.6", False),
        ("SELECT 1 /* FROM hr.salaries */", "mariadb 10.11.6", False),
        ("SELECT /*+ MAX_EXECUTION_TIME(1) */ 1 FROM hr.salaries", "mysql 8.0.36", True),
        ("SELECT 1 /*!999999 a /* b */ c */ FROM hr.salaries", "mariadb 10.11.6", True),
        ("SELECT 1 --\tFROM hr.salaries", "mariadb 10.11.6", False),
        ("SELECT 1 -- FROM hr.salaries", "mariadb 10.11.6", False),
        ("SELECT 1 # FROM hr.salaries", "mariadb 10.11.6", False),
        ("SELECT 1 --1 FROM hr.salaries", "mariadb 10.11.6", True),
        ("SELECT 1 # x\n FROM hr.salaries", "mariadb 10.11.6", True),
    ],
)
def test_comments_are_read_as_the_server_reads_them(text: str, server: str, executed: bool) -> None:
    assert touched(footprint(text, flags(server=server))) == ({SALARIES} if executed else set())


@pytest.mark.parametrize(
    ("text", "mode", "reads"),
    [
        ("SELECT 'a\\' FROM hr.salaries -- '", "", False),
        ("SELECT 'a\\' FROM hr.salaries -- '", "NO_BACKSLASH_ESCAPES", True),
        ('SELECT "a\\" FROM hr.salaries -- "', "ANSI_QUOTES", True),
        ("SELECT 'a'' FROM hr.salaries -- '", "", False),
        ("SELECT ' FROM hr.salaries -- '", "", False),
        ("SELECT N'x' FROM hr.salaries", "", True),
        ("SELECT _utf8mb4'x' FROM hr.salaries", "", True),
        ("SELECT x'41', 0x41, b'1', 0b1 FROM hr.salaries", "", True),
        ('SELECT 1 FROM "hr"."salaries"', "ANSI_QUOTES", True),
        ('SELECT 1 FROM "hr"."salaries"', "ANSI", True),
        ("SELECT 'a' 'b' || 'c' FROM hr.salaries", "PIPES_AS_CONCAT", True),
    ],
)
def test_quotes_are_read_under_the_sql_mode(text: str, mode: str, reads: bool) -> None:
    assert touched(footprint(text, flags(sql_mode=mode))) == ({SALARIES} if reads else set())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'a",
        'SELECT "a',
        "SELECT `a",
        "SELECT 1 /* a",
        "SELECT 1 /*! a",
        "SELECT 1 */ 2",
        "SELECT \0",
        "SELECT 1 /*! ; SELECT 2 */",
        "SELECT 1 /*! /*! 2 */ */",
        "SELECT 1; SELECT 'a",
    ],
)
def test_what_has_no_certain_tokens_is_opaque(text: str) -> None:
    assert footprints(text)[-1].opaque


def test_without_a_version_an_executable_comment_that_depends_on_it_is_opaque() -> None:
    unknown = catalog(version="")
    assert footprint("SELECT 1 /*!80000 FROM hr.salaries */", snapshot=unknown).opaque
    assert footprint("SELECT 1 /*M!100000 FROM hr.salaries */", snapshot=unknown).opaque
    assert touched(footprint("SELECT 1 /*!40101 FROM hr.salaries */", snapshot=unknown)) == {SALARIES}


def test_a_mysql_version_of_six_digits_is_not_certain() -> None:
    assert footprint("SELECT 1 /*!080000 FROM hr.salaries */", flags(server="mysql 8.0.36")).opaque


def test_an_open_quote_in_a_hint_is_not_certain() -> None:
    assert footprint("SELECT /*+ QB_NAME(`a*/ 1 FROM hr.salaries", flags(server="mysql 8.0.36")).opaque


@pytest.mark.parametrize("charset", ["gbk", "sjis", "big5"])
def test_characters_beyond_ascii_in_unsafe_character_sets_are_opaque(charset: str) -> None:
    assert footprint("SELECT '縗'", flags(character_set_client=charset)).opaque
    assert footprint("SELECT 'a'", flags(character_set_client=charset)).opaque is None


def test_statements_are_told_apart_by_semicolons_outside_quotes() -> None:
    found = footprints("SELECT ';'; SELECT 1 FROM hr.salaries;;  -- end\n")
    assert [each.kind for each in found] == ["SELECT", "SELECT"]
    assert touched(found[1]) == {SALARIES}


def test_use_counts_for_the_statements_behind_it() -> None:
    found = footprints("USE hr; SELECT 1 FROM salaries")
    assert touched(found[0]) == {("database:hr", "connect")}
    assert touched(found[1]) == {SALARIES}


def test_a_sql_mode_counts_for_the_statements_behind_it() -> None:
    found = footprints('SET sql_mode = "ANSI_QUOTES"; SELECT "email" FROM customers')
    assert {use.column for access in found[1].accesses for use in access.columns} == {"email"}
    added = footprints('SET sql_mode = CONCAT(@@sql_mode, \',ANSI_QUOTES\'); SELECT 1 FROM "hr"."salaries"')
    assert touched(added[1]) == {SALARIES}


def test_a_sql_mode_that_must_be_computed_is_opaque() -> None:
    assert footprint("SET sql_mode = (SELECT 'ANSI_QUOTES')").opaque
    assert footprint("SET sql_mode = @mode").opaque
    kept = footprints("SET @old = @@sql_mode, sql_mode = 'ANSI_QUOTES'; SET sql_mode = @old; SELECT \"hr\"")
    assert [each.opaque is None for each in kept] == [True, True, False]  # anything may have changed @old
    assert footprint("SET sql_mode = 1048576").opaque
    assert footprint("SET sql_mode = 'NO_BÀCKSLASH_ESCAPES'").opaque


@pytest.mark.parametrize(
    "text",
    [
        "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
        "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; CASE b WHEN 1 THEN SELECT 2; END CASE; END;",
        "CREATE FUNCTION f() RETURNS INT BEGIN RETURN CASE WHEN 1 THEN 2 END; END",
        "CREATE PROCEDURE p() l: LOOP SELECT 1; LEAVE l; END LOOP",
        "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW BEGIN SET NEW.total = 1; SET @a = 2; END",
    ],
)
def test_a_stored_program_keeps_its_semicolons(text: str) -> None:
    assert len(footprints(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "CREATE PROCEDURE p() SELECT 1; DROP TABLE hr.salaries",
        "CREATE PROCEDURE p() SELECT 1 AS begin; DROP TABLE hr.salaries; END",
        "CREATE PROCEDURE p() BEGIN SELECT 1 AS begin; END; DROP TABLE hr.salaries; END",
        "CREATE PROCEDURE begin() SELECT 1; DROP TABLE hr.salaries; END",
        "CREATE PROCEDURE p() BEGIN SELECT CASE WHEN 1 THEN begin END; END; DROP TABLE hr.salaries; END",
        "CREATE TRIGGER begin BEFORE INSERT ON orders FOR EACH ROW SET @a = 1; DROP TABLE hr.salaries; END",
    ],
)
def test_nothing_hides_behind_a_stored_program(text: str) -> None:
    found = footprints(text)
    assert any(each.kind == "DROP TABLE" and ("hr.salaries", "ddl") in touched(each) for each in found)


def test_oracle_mode_is_refused() -> None:
    assert footprint("SELECT 1", flags(sql_mode="ORACLE")).opaque


def test_an_empty_text_is_empty() -> None:
    assert footprint(" /* a */ ; -- b\n").kind == "EMPTY"
    assert footprint("", Namespace(search_path=())).kind == "EMPTY"
