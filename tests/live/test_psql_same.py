"""psql through the gateway and straight to the server: what a user with broad rights sees must be the same, byte for byte."""

import re
from dataclasses import replace

import pytest

from tests.support.deployment import Deployment, Done

META = (
    *(
        "\\d",
        "\\d+",
        "\\d customers",
        "\\d+ customer_contacts",
        "\\d+ orders",
        "\\dt *.*",
        "\\dtvmsi+",
        "\\df",
        "\\df+ order_total",
    ),
    *("\\dn+", "\\du", "\\dT+", "\\l", "\\dp", "\\z orders", "\\dx", "\\dP+", "\\dD", "\\do", "\\da", "\\dC", "\\dO", "\\db+"),
    *(
        "\\ddp",
        "\\dg",
        "\\dL",
        "\\dy",
        "\\dRp",
        "\\des",
        "\\dF",
        "\\dconfig work_mem",
        "\\sf order_total",
        "\\sv customer_overview",
    ),
    *("\\dt hr.*", "\\d nonesuch", "\\dt pub*.ord*", '\\d "Orders"', "\\dX", "\\dA", "\\drds", "\\encoding", "\\d pg_class"),
)
COMMANDS = (
    "SELECT 1, 'a', NULL, 1.5, ARRAY[1,2], '{}'::jsonb, true, '2026-01-02'::date",
    "SELECT 1/0",
    "SELECT nonesuch FROM customers",
    "SELECT * FROM nonesuch",
    "SELEC 1",
    "SELECT 1 +",
    "SELECT 'abc",
    "SELECT 'größer' AS \"Größe\", 1 FROM customers WHERE nämen = 1",
    "SELECT 1; SELECT 2; SELECT 1/0; SELECT 3",
    "",
    ";;",
    "-- nothing",
    "SHOW server_version",
    "SET search_path = hr; SELECT count(*) FROM salaries",
    "EXPLAIN (COSTS OFF) SELECT * FROM orders WHERE id = 7",
    "VALUES (1, 'x'), (2, 'y')",
    "TABLE categories",
    "INSERT INTO categories (name) SELECT name FROM categories LIMIT 1",
    "DO $$ BEGIN RAISE NOTICE 'noticed %', 1; RAISE WARNING 'warned'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = 'P0042', DETAIL = 'd', HINT = 'h'; END $$",
    "BEGIN; SELECT 1; ROLLBACK",
    "COMMIT",
    "DROP TABLE IF EXISTS nonesuch",
    "LOCK TABLE customers",
    "SELECT 'abc'::int",
    "COPY (SELECT 1, 'x') TO STDOUT",
    "COPY customers FROM '/etc/passwd'",
    "CREATE TABLE customers (a int)",
    "SELECT * FROM order_total(1)",
    "SELECT pg_notify('nobody', 'x')",
    "MERGE INTO categories c USING (SELECT -1 AS id) s ON c.id = s.id WHEN MATCHED THEN DELETE",
    "SELECT current_user, session_user, current_database(), current_schema",
    "SELECT U&'\\00e4', E'\\u00e4', $q$x$q$, B'101', X'ff'",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "SELECT set_config('search_path', 'hr', false), count(*) FROM hr.employees",
    "LISTEN a; NOTIFY a, 'text'",
)
ONE_GO = """CREATE TABLE one_go (a int);
INSERT INTO one_go VALUES (1);
SELECT 1/0;
SELECT count(*) FROM one_go;
DROP TABLE one_go;
"""
# What every session has for itself, and the time that \\watch tells.
_OWN = re.compile(r"(?<=PID )\d+|(?<=pg_temp_)\d+|^.*(?= \(every )", re.MULTILINE)
SCRIPT = r"""
\set VERBOSITY verbose
\set number 7
\set text 'it''s'
SELECT :number + 1, :'text', :"text" FROM (SELECT 1 AS "it's") AS t;
SELECT 1 AS a, 'x'::varchar(3) AS b, 2.5::numeric(5,2) \gdesc
SELECT id, name FROM customers WHERE id = $1 OR name = $2 \bind 1 nobody \g
SELECT 3 AS three \gset
\echo :three
SELECT 1 \watch i=0 c=1
CREATE TEMP TABLE copied (a int, b text);
\copy copied FROM PROGRAM 'printf "1\tone\n2\ttwo\n"'
\copy copied FROM STDIN (FORMAT csv)
3,three
4,"f,our"
\.
COPY copied FROM STDIN;
not a number	x
\.
\copy (SELECT * FROM copied ORDER BY a) TO STDOUT WITH CSV HEADER
BEGIN;
SAVEPOINT s;
SELECT 1/0;
SELECT 1;
ROLLBACK TO s;
SELECT 2;
COMMIT;
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT broken;
SELECT 'still here';
END;
\set FETCH_COUNT 100
SELECT id FROM customers ORDER BY id LIMIT 250;
\unset FETCH_COUNT
PREPARE p (int) AS SELECT name FROM products WHERE id = $1;
EXECUTE p(1);
EXECUTE p('x');
DEALLOCATE p;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM categories ORDER BY id;
FETCH 2 FROM c;
MOVE 1 FROM c;
FETCH ALL FROM c;
CLOSE c;
SELECT format('SELECT %s', g) FROM generate_series(1, 3) g \gexec
SELECT 'a' AS r, 'b' AS c, 1 AS v \crosstabview
\x
SELECT * FROM customers ORDER BY id LIMIT 1;
\errverbose
CREATE FUNCTION pg_temp.loud(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'a=%', a; RETURN a / 0; END $$;
SELECT pg_temp.loud(1);
DISCARD ALL;
SELECT * FROM copied;
SELECT DISTINCT ON (a) a FROM (VALUES (1)) AS v (a) ORDER BY a DESC \; SELECT 'second';
"""


def both(process: Deployment, *arguments: str, script: str | None = None) -> Done:
    """The same psql call on both ways; what it did through the gateway, once it is shown to be equal."""
    ways = []
    for dsn in (process.dsn("wide"), process.direct()):
        process.psql(process.direct(), "-q", "-c", "DROP TABLE IF EXISTS one_go")
        done = process.psql(dsn, *arguments, script=script)
        ways.append(replace(done, stdout=_OWN.sub("…", done.stdout), stderr=_OWN.sub("…", done.stderr)))
    assert ways[0] == ways[1]
    return ways[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(gateway_process: Deployment, command: str) -> None:
    both(gateway_process, "-v", "VERBOSITY=verbose", "-c", command)


def test_the_commands_of_the_backslash(gateway_process: Deployment) -> None:
    script = "\n".join(f"\\echo --- {command.replace(chr(92), '')}\n{command}" for command in META)
    done = both(gateway_process, script=script)
    assert 'Table "public.customers"' in done.stdout
    assert "order_total" in done.stdout


def _script(process: Deployment) -> str:
    """\\bind is psql 16's, options of \\watch are 16's and 17's."""
    if "postgresql/15" not in str(process.server.bin_dir):
        return SCRIPT
    return "".join(line for line in SCRIPT.splitlines(keepends=True) if "\\bind" not in line and "\\watch" not in line)


def test_a_script(gateway_process: Deployment) -> None:
    done = both(gateway_process, script=_script(gateway_process))
    assert '3,three\n4,"f,our"' in done.stdout
    assert "still here" in done.stdout
    assert "ERROR:  22P02" in done.stderr


@pytest.mark.parametrize(
    "options", [("-1",), ("-v", "ON_ERROR_STOP=1"), ("-1", "-v", "ON_ERROR_STOP=1"), ("-At",), ("-e",), ("-E",)]
)
def test_a_script_with_an_error_and_the_options_of_psql(gateway_process: Deployment, options: tuple[str, ...]) -> None:
    done = both(gateway_process, *options, script=ONE_GO)
    assert "division by zero" in done.stderr


def test_a_file(gateway_process: Deployment) -> None:
    path = gateway_process.home / "script.sql"
    path.write_text("SELECT 1;\nSELECT * FROM nonesuch;\n\\set ON_ERROR_STOP 1\nSELEC 2;\nSELECT 3;\n")
    done = both(gateway_process, "-f", str(path))
    assert done.returncode == 3
    assert "script.sql:4: ERROR:  syntax error" in done.stderr


def test_a_long_result(gateway_process: Deployment) -> None:
    done = both(gateway_process, "-At", "-c", "SELECT g, repeat('x', g % 500) FROM generate_series(1, 20000) g")
    assert done.stdout.count("\n") == 20_000


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1", "WIN1252"])
def test_an_encoding(gateway_process: Deployment, encoding: str) -> None:
    both(gateway_process, "-c", f"SET client_encoding = '{encoding}'", "-c", "SELECT chr(228), length(chr(228))")
