"""Ways to run a user's function without `call`: checks of domains, casts, operators and aggregates that conversions reach.

Every function here tells hr's highest salary in an error: it must never run.
"""

from collections.abc import Iterator

import pytest

from tests.attacks.stage import SYNC, RawSession, Stage, errors, execute, frame

_TELL = (
    "language plpgsql strict security definer as $$begin raise exception 'SPY %', (select max(amount) from hr.salaries); end$$"
)
SPIES = f"""
CREATE FUNCTION spy(text) RETURNS boolean {_TELL};
CREATE FUNCTION spy2(text, text) RETURNS boolean {_TELL};
CREATE FUNCTION spied_on(text, text) RETURNS text {_TELL};
CREATE DOMAIN dspy AS text CHECK (spy(VALUE));
CREATE DOMAIN dd AS dspy;
CREATE TYPE cspy AS (a dspy);
CREATE TYPE plainc AS (a text);
CREATE FUNCTION tocast(plainc) RETURNS int {_TELL};
CREATE CAST (plainc AS int) WITH FUNCTION tocast(plainc) AS IMPLICIT;
CREATE OPERATOR ### (leftarg = text, rightarg = text, function = spy2);
CREATE AGGREGATE aggspy(text) (sfunc = spied_on, stype = text, initcond = '');
CREATE TABLE spied (a plainc, b text);
INSERT INTO spied VALUES (ROW('x'), 'y');
CREATE TABLE withdom (id int, d cspy, plain text, mail dspy);
INSERT INTO withdom VALUES (1, NULL, 'x', NULL);
"""
GONE = """
DROP TABLE spied, withdom; DROP AGGREGATE aggspy(text); DROP OPERATOR ###(text, text); DROP TYPE plainc CASCADE;
DROP TYPE cspy; DROP DOMAIN dd; DROP DOMAIN dspy; DROP FUNCTION spied_on, spy2, spy(text)
"""
ATTACKS = [
    ("SELECT 'x'::public.dspy",),
    ("SELECT 'x'::dspy",),
    ("SELECT CAST(b AS dspy) FROM spied",),
    ("SELECT domain_in('x'::cstring, 'dspy'::regtype, -1)",),
    ("SELECT domain_in('x'::cstring, to_regtype('dspy'), -1)",),
    ("SELECT record_in('(x)'::cstring, 'cspy'::regtype, -1)",),
    ("SELECT array_in('{x}'::cstring, 'dspy'::regtype, -1)",),
    ("SELECT pg_input_is_valid('x','dspy')",),
    ("SELECT * FROM pg_input_error_info('x','dspy')",),
    ("SELECT pg_input_is_valid('x','ds'||'py')",),
    ("SELECT * FROM json_to_record('{\"a\":\"x\"}') AS t(a dspy)",),
    ("SELECT json_populate_record(NULL::cspy, '{\"a\":\"x\"}')",),
    ("SELECT json_populate_record(NULL::withdom, '{\"d\":{\"a\":\"x\"}}')",),
    ("SELECT jsonb_populate_record(w, '{\"d\":{\"a\":\"x\"}}') FROM withdom w",),
    ("SELECT jsonb_populate_record_valid(NULL::cspy, '{\"a\":\"x\"}')",),
    ("SELECT * FROM xmltable('/r' passing xmlparse(content '<r><a>x</a></r>') columns a dspy path 'a')",),
    ("SELECT * FROM json_table('{\"a\":\"x\"}'::jsonb, '$' columns (a dspy path '$.a'))",),
    ("SELECT json_value('{\"a\":\"x\"}'::jsonb, '$.a' returning dspy)",),
    ("SELECT json_query('{\"a\":\"x\"}'::jsonb, '$.a' returning cspy)",),
    ("SELECT ROW('x')::cspy",),
    ("SELECT '(x)'::cspy",),
    ("SELECT '{x}'::dspy[]",),
    ("SELECT ARRAY['x']::dspy[]",),
    ("SELECT 'x'::dd",),
    ("CREATE TEMP TABLE t (a dspy)", "INSERT INTO t VALUES ('x')",),
    ("CREATE TEMP TABLE t (a text)", "INSERT INTO t VALUES ('x')", "ALTER TABLE t ALTER a TYPE dspy",),
    ("CREATE TEMP TABLE t OF cspy", "INSERT INTO t VALUES ('x')",),
    ("CREATE TEMP TABLE t (LIKE withdom)", "INSERT INTO t VALUES (1,'(x)','a')",),
    ("CREATE TEMP TABLE t AS SELECT * FROM withdom", "INSERT INTO t VALUES (1,'(x)','a')",),
    ("CREATE TEMP TABLE t AS SELECT d FROM withdom", "INSERT INTO t VALUES (ROW('x'))",),
    ("CREATE TEMP TABLE t AS SELECT * FROM withdom", "UPDATE t SET d.a = 'x'",),
    ("PREPARE p(dspy) AS SELECT 1", "EXECUTE p('x')",),
    ("PREPARE p(cspy) AS SELECT 1", "EXECUTE p('(x)')",),
    ("SELECT d FROM withdom WHERE d = '(x)'",),
    ("SELECT coalesce(d, '(x)') FROM withdom",),
    ("SELECT CASE WHEN d IS NULL THEN '(x)' ELSE d END FROM withdom",),
    ("SELECT d FROM withdom UNION SELECT '(x)'",),
    ("SELECT * FROM (VALUES (NULL::withdom)) v(w) WHERE w = '(1,(x),a)'",),
    ("SELECT w FROM withdom w WHERE w = '(1,\"(x)\",a)'",),
    ("SELECT d IN ('(x)') FROM withdom",),
    ("SELECT nullif(d, '(x)') FROM withdom",),
    ("SELECT array_append(array_agg(d), '(x)') FROM withdom",),
    ("SELECT lag(d, 1, '(x)') OVER () FROM withdom",),
    ("SELECT a::int FROM spied",),
    ("SELECT a + 1 FROM spied",),
    ("SELECT CAST(a AS int) FROM spied",),
    ("SELECT abs(a) FROM spied",),
    ("SELECT 5 = a FROM spied",),
    ("SELECT generate_series(1, a) FROM spied",),
    ("SELECT ROW('x')::plainc::int",),
    ("SELECT ARRAY[a, 1] FROM spied",),
    ("SELECT coalesce(a,1) FROM spied",),
    ("SELECT CASE WHEN true THEN a ELSE 1 END FROM spied",),
    ("SELECT a FROM spied UNION ALL SELECT 1",),
    ("VALUES ((SELECT a FROM spied)), (1)",),
    ("SELECT (array[1,2])[a] FROM spied",),
    ("SELECT array_to_string(ARRAY[a]::int[],'') FROM spied",),
    ("SELECT greatest(a,1) FROM spied",),
    ("SELECT 1 BETWEEN 0 AND a FROM spied",),
    ("SELECT extract(year from now())::int IN (SELECT a FROM spied)",),
    ("SELECT b ### 'x' FROM spied",),
    ("SELECT b OPERATOR(public.###) 'x' FROM spied",),
    ("SELECT 'a' ### 'b'",),
    ("SELECT b ### ANY (ARRAY['x']) FROM spied",),
    ("SELECT b FROM spied ORDER BY b USING ###",),
    ("SELECT aggspy(b) FROM spied",),
    ("SELECT aggspy(b) OVER () FROM spied",),
    ("SELECT * FROM ROWS FROM (spy('x'))",),
    ("EXPLAIN SELECT 'x'::dspy",),
    ("EXPLAIN SELECT spy('x')",),
    ("EXPLAIN (ANALYZE) SELECT spy('x')",),
    ("MERGE INTO withdom USING spied ON a = 1 WHEN MATCHED THEN DO NOTHING",),
    ("SELECT * FROM spied JOIN withdom ON a = id",),
    ("SELECT * FROM (SELECT a AS id FROM spied) s NATURAL JOIN withdom",),
    ("SELECT * FROM (SELECT a AS id FROM spied) s JOIN withdom USING (id)",),
    ("CREATE TEMP TABLE t AS SELECT coalesce(mail, mail) AS mail FROM withdom", "INSERT INTO t VALUES ('x')"),
    ("CREATE TEMP TABLE t (a int)", "INSERT INTO t SELECT * FROM spied"),
    ("CREATE TEMP TABLE t (a int)", "ALTER TABLE t ADD COLUMN b dspy DEFAULT 'x'"),
    ("CREATE TEMP TABLE t (a int) INHERITS (withdom)", "INSERT INTO t (mail) VALUES ('x')"),
    ("SELECT mail FROM withdom INTO TEMP t", "INSERT INTO t VALUES ('x')"),
]  # fmt: skip
HARMLESS = [
    "SELECT * FROM withdom",
    "SELECT mail, d, plain FROM withdom WHERE mail = 'x' OR mail LIKE 'a%' ORDER BY mail",
    "SELECT coalesce(mail, 'x'), upper(mail), mail || 'x', coalesce(plain, 'y') FROM withdom",
    "SELECT row_to_json(w), count(w), to_jsonb(w) FROM withdom w GROUP BY w.id, w.d, w.plain, w.mail, w",
    "SELECT json_agg(w) FROM withdom w WHERE id = 1",
    "SELECT jsonb_build_object('w', w, 'n', 1) FROM withdom w",
    "SELECT mail FROM withdom UNION SELECT 'x'",
    "SELECT (SELECT d FROM withdom LIMIT 1), 1",
    "SELECT (d).a, d IS NULL, d::text FROM withdom",
    "SELECT b, count(*) FROM spied GROUP BY b HAVING count(*) > 0",
    "SELECT '[1,2]'::int4range, array_fill('(x)'::text, array[1]), pg_input_is_valid('12', 'numeric(10, 2)')",
    "CREATE TEMP TABLE t AS SELECT id, plain FROM withdom",
]


@pytest.fixture(scope="module", autouse=True)
def _spies(stage: Stage) -> Iterator[None]:
    with stage.direct() as direct:
        direct.execute(SPIES)
        yield
        direct.execute(GONE)


def _name(attack: tuple[str, ...]) -> str:
    return attack[-1][:70]


@pytest.mark.parametrize("attack", ATTACKS, ids=_name)
def test_no_users_function_runs(stage: Stage, attack: tuple[str, ...]) -> None:
    steps = stage.play(*attack)
    assert [message for _, message, _ in steps if "SPY" in message] == []
    assert any(state == "42501" and message.startswith("gateway: ") for state, message, _ in steps), steps


@pytest.mark.parametrize("text", HARMLESS)
def test_reading_such_columns_needs_no_call(stage: Stage, text: str) -> None:
    state, message, _ = stage.play(text)[0]
    assert (state, message) == ("", message)


@pytest.mark.parametrize("type_name", ["dspy", "cspy", "dspy[]", "withdom"])
def test_a_parameter_declared_as_a_users_type(stage: Stage, type_name: str) -> None:
    with stage.direct() as direct:
        row = direct.execute("SELECT %s::regtype::oid::int", (type_name,)).fetchone()
    assert row is not None
    value = {"dspy": b"x", "cspy": b"(x)", "dspy[]": b"{x}", "withdom": b"(1,,x,x)"}[type_name]
    with RawSession(stage.gateway.dsn("alice")) as session:
        for _ in range(2):  # the second time, verdicts are known
            answers = session.ask(_declared(b"SELECT $1", row[0]), _bound(value), execute(b""), SYNC)
            assert [error.split(" ")[0] for error in errors(answers)] == ["42501"]
            assert "SPY" not in errors(answers)[0]
        answers = session.ask(_declared(b"SELECT $1", 25), _bound(b"x"), execute(b""), SYNC)
        assert errors(answers) == []


def _declared(text: bytes, oid: int) -> bytes:
    return frame(b"P", b"\0" + text + b"\0" + b"\0\x01" + oid.to_bytes(4, "big"))


def _bound(value: bytes) -> bytes:
    return frame(b"B", b"\0\0" + b"\0\0" + b"\0\x01" + len(value).to_bytes(4, "big") + value + b"\0\0")
