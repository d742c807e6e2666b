"""A developer of the shipped bundle, in prod: reads public and analytics; nothing of hr, no writes, no DDL, no files.

The last text of every attack is refused by the gateway (where it says so: by the server), nothing of hr has arrived on the way,
nothing permanent has changed on the server, and the refusal stands in the audit log.
"""

import psycopg
import pytest

from tests.attacks.stage import Stage

DENIED = [
    # whole relations, whatever the words
    ("TABLE hr.salaries",),
    ("SELECT (SELECT max(amount) FROM hr.salaries)",),
    ("WITH x AS (SELECT * FROM hr.salaries) SELECT 1",),
    ("SELECT s FROM hr.salaries s",),
    ("SELECT row_to_json(s) FROM hr.salaries s",),
    ("SELECT * FROM ONLY hr.salaries",),
    ("SELECT * FROM hr.salaries TABLESAMPLE system(100)",),
    ("SELECT c.name FROM customers c, LATERAL (SELECT 1 FROM hr.salaries s) x",),
    ("SELECT 1 FROM customers UNION ALL SELECT amount FROM hr.salaries",),
    ('SELECT * FROM U&"h\\0072".salaries',),
    ("SELECT * FROM HR.SaLaRiEs",),
    ("SELECT/**/*/**/FROM/*/*nested*/*/hr.salaries",),
    ("SELECT 1; SELECT * FROM hr.salaries",),
    ("SELECT xmlserialize(content (SELECT xmlagg(xmlelement(name a, amount)) FROM hr.salaries) AS text)",),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT * FROM hr.salaries",),
    ("PREPARE p AS SELECT * FROM hr.salaries",),
    ("CREATE TEMP TABLE mine AS SELECT * FROM hr.salaries",),
    ("SELECT * INTO TEMP mine FROM hr.salaries",),
    ("CREATE TEMP TABLE mine (LIKE hr.salaries INCLUDING ALL)",),
    ("CREATE TEMP TABLE mine () INHERITS (hr.salaries)",),
    ("EXPLAIN SELECT * FROM hr.salaries",),
    ("COPY (SELECT * FROM hr.salaries) TO STDOUT",),
    ("COPY customers TO STDOUT",),
    ("SELECT * FROM customers FOR UPDATE",),
    # SQL, relations and files named by text
    ("SELECT query_to_xml('select * from hr.salaries', true, true, '')",),
    ("SELECT query_to_xml(nulls => true, tableforest => true, targetns => '', query => 'select * from hr.salaries')",),
    ("SELECT table_to_xml('hr.salaries', true, true, '')",),
    ("SELECT schema_to_xml('hr', true, true, '')",),
    ("SELECT database_to_xml(true, true, '')",),
    ("SELECT cursor_to_xml('c', 1, true, true, '')",),
    ("SELECT * FROM ts_stat('select to_tsvector(name) from hr.employees')",),
    ("SELECT ts_rewrite('a'::tsquery, 'select ''a''::tsquery, name::tsquery from hr.employees')",),
    ("SELECT pg_read_file('/etc/hostname')",),
    ("SELECT pg_read_binary_file('/etc/hostname')",),
    ("SELECT pg_ls_dir('.')",),
    ("SELECT pg_stat_file('.')",),
    ("SELECT pg_current_logfile()",),
    ("SELECT lo_import('/etc/hostname')",),
    ("SELECT lo_export(1, '/tmp/x')",),
    ("SELECT lo_get(1)",),
    ("SELECT lo_creat(1)",),
    ("COPY customers TO '/tmp/x'",),
    ("COPY customers TO PROGRAM 'cat'",),
    ("COPY customers FROM PROGRAM 'cat'",),
    ("CREATE TEMP TABLE mine (a text)", "COPY mine FROM '/etc/hostname'"),
    ("CREATE TEMP TABLE mine (a text DEFAULT pg_read_file('/etc/hostname'))",),
    ("CREATE TEMP TABLE mine (a text)", "ALTER TABLE mine ALTER a TYPE text USING pg_read_file('/etc/hostname')"),
    ("CREATE TEMP TABLE mine (a text)", "CREATE INDEX ON pg_temp.mine ((pg_read_file(a)))"),
    ("CREATE TEMP TABLE mine (a text)", "COPY mine FROM STDIN WHERE pg_read_file('/etc/hostname') > ''"),
    # other people and other sessions
    ("SELECT query FROM pg_stat_activity",),
    ("SELECT * FROM pg_stat_get_activity(NULL)",),
    ("SELECT pg_stat_get_backend_activity(1)",),
    ("SELECT pg_stat_get_backend_client_addr(1)",),
    ("SELECT * FROM pg_stat_get_wal_senders()",),
    ("SELECT * FROM pg_get_replication_slots()",),
    ("SELECT * FROM pg_show_all_settings()",),
    ("SELECT * FROM pg_config()",),
    ("SELECT * FROM pg_stats",),
    ("SELECT * FROM pg_statistic",),
    ("SELECT * FROM pg_authid",),
    ("SELECT * FROM pg_shadow",),
    ("SELECT * FROM pg_largeobject",),
    ("SELECT * FROM information_schema.user_mapping_options",),
    ("SELECT pg_terminate_backend(1)",),
    ("SELECT pg_cancel_backend(1)",),
    ("NOTIFY channel, 'x'",),
    ("SELECT pg_notify('channel', 'x')",),
    ("SHOW data_directory",),
    ("SELECT current_setting('data' || '_directory')",),
    # session state
    ("SET ROLE gateway",),
    ("SET SESSION AUTHORIZATION gateway",),
    ("SELECT set_config('role', 'gateway', false)",),
    ("SET session_replication_role = replica",),
    ("SET standard_conforming_strings = off",),
    ("SELECT set_config('standard_conforming_strings', 'off', false)",),
    ("SET client_encoding = SJIS",),
    ("SELECT set_config(lower('search_path'), 'hr', false)",),
    ("SET search_path = public, pg_toast",),
    ("SET search_path = public, pg_temp_3",),
    ("UPDATE pg_settings SET setting = 'hr' WHERE name = 'search_path'",),
    # writes
    ("EXPLAIN ANALYZE DELETE FROM payments",),
    ("EXPLAIN (ANALYZE false, ANALYZE) DELETE FROM payments",),
    ("EXPLAIN (ANALYZE off, ANALYZE on) UPDATE customers SET city = 'x'",),
    ("WITH x AS (DELETE FROM payments RETURNING 1) SELECT * FROM x",),
    ("INSERT INTO categories VALUES (77, 'x', NULL) ON CONFLICT DO NOTHING",),
    ("MERGE INTO categories c USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT VALUES (77, 'x', NULL)",),
    ("UPDATE customer_contacts SET phone = ''",),
    ("DELETE FROM orders_2024",),
    ("TRUNCATE customers CASCADE",),
    ("LOCK TABLE customers",),
    ("SELECT nextval('customers_id_seq')",),
    ("SELECT setval('customers_id_seq', 1)",),
    ("REFRESH MATERIALIZED VIEW analytics.daily_revenue",),
    ("CREATE TEMP VIEW mine AS SELECT * FROM customers",),
    ("CREATE TEMP TABLE mine (a int)", "CREATE RULE r AS ON INSERT TO pg_temp.mine DO ALSO NOTIFY channel"),
    ("CREATE TEMP TABLE mine (a int)", "CREATE RULE r AS ON INSERT TO pg_temp.mine DO ALSO DELETE FROM payments"),
    ("PREPARE TRANSACTION 'x'",),
    ("ALTER ROLE CURRENT_USER SET search_path = hr",),
    ("ALTER ROLE ALL SET search_path = hr",),
    ("ALTER DATABASE shop SET search_path = hr",),
    ("ALTER ROLE gateway RESET ALL",),
    ("SELECT currtid2('hr.salaries', '(0,1)')",),
    ("SELECT pg_sequence_last_value('hr.employees_id_seq')",),
    ("SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'customers', 'relpages', 1::int)",),
    ("VACUUM",),
    ("REINDEX TABLE customers",),
    # code
    ("DO $$ BEGIN END $$",),
    ("LOAD 'plpgsql'",),
    ("CREATE EXTENSION dblink",),
    ("ALTER SYSTEM SET work_mem = '1MB'",),
    ("SELECT order_total(1)",),
    ("SELECT headcount('IT')",),
    ("SELECT o.order_total FROM (SELECT 1::bigint) o(x), LATERAL order_total(o.x)",),
    ("CREATE TEMP TABLE mine (a text)", "CREATE TRIGGER t BEFORE INSERT ON mine EXECUTE FUNCTION headcount('x')"),
    ("SELECT dblink('host=127.0.0.1', 'select 1')",),
]

REVIEWED = [
    ("CREATE VIEW hidden AS SELECT * FROM products",),
    ("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",),
    ("COMMENT ON TABLE customers IS 'x'",),
    ("CREATE TEMP TABLE mine (a int, b int)", "CREATE STATISTICS public.hidden ON a, b FROM pg_temp.mine"),
    ("CREATE TEMP SEQUENCE mine OWNED BY customers.name",),
    ("SET search_path = pg_temp, public; RESET search_path; CREATE TABLE hidden (a int)",),
]

# What search_path is, is known: neither a condition, a cursor, a definition nor a rollback makes the gateway believe another.
_EITHER = (
    "SELECT CASE WHEN true THEN set_config('search_path', 'hr', false) ELSE set_config('search_path', 'public', false) END"
)
BELIEVED = [
    ("SET search_path = hr", "SELECT set_config('search_path', 'analytics', false) WHERE false; SELECT * FROM salaries"),
    ("SET search_path = hr", "SELECT set_config('search_path', 'analytics', true) LIMIT 0; TABLE salaries"),
    ("CREATE TEMP VIEW v AS SELECT set_config('search_path', 'hr', false)", "TABLE v", "SELECT * FROM salaries"),
    (
        "CREATE TEMP TABLE t (a text DEFAULT set_config('search_path', 'hr', false))",
        "INSERT INTO pg_temp.t DEFAULT VALUES",
        "SELECT * FROM salaries",
    ),
    (
        "CREATE TEMP TABLE t (a text CHECK (set_config('search_path', 'hr', false) > ''))",
        "INSERT INTO pg_temp.t VALUES ('')",
        "TABLE salaries",
    ),
    ("BEGIN", _EITHER, "COMMIT; SELECT * FROM salaries"),
    ("BEGIN", _EITHER, "SET LOCAL search_path = public", "COMMIT", "SELECT * FROM salaries"),
    (f"BEGIN; {_EITHER}; SAVEPOINT a", "SET search_path = public", "ROLLBACK TO a", "SELECT * FROM salaries"),
    ("PREPARE p AS SELECT set_config('search_path', 'hr', false)", "EXECUTE p; SELECT * FROM salaries"),
    (
        "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT set_config('search_path', 'hr', false); COMMIT; SELECT * FROM salaries",
        "SELECT * FROM salaries",
    ),
    ("EXPLAIN ANALYZE SELECT set_config('search_path', 'hr', false)", "SELECT * FROM salaries"),
    ("SET search_path = hr", "SET search_path = analytics; BEGIN; ROLLBACK; SELECT * FROM salaries"),
    ("SET search_path = hr", "SELECT 1; SET LOCAL search_path = analytics; COMMIT; SELECT * FROM salaries"),
    ("CREATE TEMP TABLE salaries (a int)", "SET search_path = hr; DROP TABLE pg_temp.salaries; SELECT * FROM salaries"),
    (
        "CREATE TEMP TABLE salaries (a int)",
        "PREPARE n AS TABLE salaries",
        "DROP TABLE salaries",
        "SET search_path = hr",
        "EXECUTE n",
    ),
    ("CREATE TEMP TABLE t (a int)", "ALTER TABLE t RENAME TO salaries", "SET search_path = hr, pg_temp", "TABLE salaries"),
]


def _name(attack: tuple[str, ...]) -> str:
    return attack[-1][:70]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("attack", DENIED, ids=_name)
def test_denied(stage: Stage, attack: tuple[str, ...]) -> None:
    steps = stage.play(*attack)
    state, message, _ = steps[-1]
    assert (state, message.startswith("gateway: ")) == ("42501", True), steps
    assert "needs an approved change issue" not in message
    assert not _leaked(stage, steps)
    if ";" not in attack[-1]:
        stage.recorded(attack[-1], "deny")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("attack", REVIEWED, ids=_name)
def test_becomes_an_issue(stage: Stage, attack: tuple[str, ...]) -> None:
    state, message, _ = stage.play(*attack)[-1]
    assert state == "42501"
    assert "needs an approved change issue: #" in message


@pytest.mark.usefixtures("each_untouched")
@pytest.mark.parametrize("attack", BELIEVED, ids=_name)
def test_search_path_is_what_the_server_has(each_stage: Stage, attack: tuple[str, ...]) -> None:
    steps = each_stage.play(*attack)
    assert steps[-1][0] in {"42501", "42P01", "25P02"}, steps  # refused, or the server knows no such relation either
    assert not _leaked(each_stage, steps)


@pytest.mark.parametrize("options", ["-c search_path=hr", "-csearch_path=hr,public", "--search-path=hr"])
def test_a_search_path_asked_for_at_login_counts(each_stage: Stage, options: str) -> None:
    with (
        psycopg.connect(each_stage.gateway.dsn("alice", options=options), autocommit=True) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="select on pg1/shop/hr/salaries"),
    ):
        session.execute("SELECT * FROM salaries")


def _leaked(stage: Stage, steps: list[tuple[str, str, list[tuple[str | None, ...]]]]) -> set[str]:
    return {value for _, _, rows in steps for row in rows for value in row if value is not None} & stage.markers
