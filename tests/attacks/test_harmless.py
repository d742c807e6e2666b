"""What the same developer must be able to do: refusing these is a defect, too."""

import pytest

from tests.attacks.stage import Stage

HARMLESS = [
    ("SELECT * FROM customers LIMIT 3",),
    ("SELECT count(*), avg(price), max(stock) FROM products WHERE attributes ->> 'colour' = 'red'",),
    ("SELECT c.name, sum(i.quantity * i.unit_price) OVER (PARTITION BY c.id ORDER BY o.ordered_at) FROM customers c "
     "JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id LIMIT 5",),
    ("WITH RECURSIVE t AS (SELECT id, parent_id FROM categories UNION SELECT c.id, c.parent_id FROM categories c, t "
     "WHERE c.parent_id = t.id) SELECT count(*) FROM t",),
    ("SELECT * FROM customer_overview ORDER BY orders DESC LIMIT 3",),
    ("SELECT * FROM analytics.top_products LIMIT 3",),
    ("SELECT day, revenue FROM analytics.daily_revenue ORDER BY 1 LIMIT 3",),
    ("SELECT date_trunc('month', ordered_at) m, count(*) FROM orders GROUP BY 1 ORDER BY 1",),
    ("SELECT jsonb_agg(p) FROM (SELECT * FROM products LIMIT 2) p",),
    ("SELECT * FROM jsonb_to_recordset('[{\"a\":1}]') AS x(a int)",),
    ("SELECT string_agg(name, ',' ORDER BY name) FILTER (WHERE id < 5) FROM categories",),
    ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) FROM products",),
    ("SELECT * FROM generate_series(1, 3) WITH ORDINALITY",),
    ("SELECT to_tsvector('english', name) @@ to_tsquery('knife') FROM products LIMIT 1",),
    ("SELECT version(), current_user, current_database(), pg_backend_pid(), now(), inet_server_port()",),
    ("SELECT current_setting('search_path'), current_setting('server_version_num')",),
    ("SHOW server_version",),
    ("SHOW ALL",),
    ("SELECT name, setting FROM pg_settings WHERE name LIKE 'work%'",),
    ("SELECT pg_size_pretty(pg_total_relation_size('customers'))",),
    ("SELECT obj_description('customers'::regclass), col_description('customers'::regclass, 5)",),
    ("SELECT pg_get_viewdef('customer_overview'::regclass)",),
    ("SELECT * FROM information_schema.columns WHERE table_schema = 'public' LIMIT 3",),
    ("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' LIMIT 3",),
    ("SELECT * FROM pg_stat_user_tables LIMIT 1",),
    ("SELECT * FROM pg_locks LIMIT 1",),
    ("EXPLAIN SELECT * FROM customers WHERE id = 1",),
    ("EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT * FROM customers WHERE id = 1",),
    ("EXPLAIN (ANALYZE false) DELETE FROM payments",),
    ("SET search_path = analytics, public", "SELECT count(*) FROM daily_revenue", "RESET search_path"),
    ("SELECT pg_catalog.set_config('search_path', '', false)", "SELECT count(*) FROM public.customers"),
    ("SELECT set_config('search_path', 'analytics', false); SELECT count(*) FROM daily_revenue",),
    ("SELECT set_config('work_mem', '8MB', true), set_config('app.user', 'x', false) FROM customers LIMIT 1",),
    ("BEGIN", "SET LOCAL statement_timeout = '5s'", "SAVEPOINT a", "SELECT 1", "ROLLBACK TO a", "COMMIT"),
    ("SET TIME ZONE 'Europe/Berlin'", "SET client_encoding = 'UTF8'", "SET NAMES 'LATIN1'", "SET DateStyle = ISO"),
    ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET extra_float_digits = 3", "RESET ALL", "DISCARD ALL"),
    ("PREPARE p (int) AS SELECT name FROM customers WHERE id = $1", "EXECUTE p (1)", "DEALLOCATE p"),
    ("BEGIN", "DECLARE c CURSOR FOR SELECT * FROM customers", "FETCH 2 FROM c", "MOVE 5 IN c", "CLOSE c", "COMMIT"),
    ("CREATE TEMP TABLE mine AS SELECT id, name FROM customers", "CREATE INDEX ON mine (id)", "ANALYZE mine",
     "UPDATE mine SET name = upper(name)", "SELECT count(*) FROM mine", "TRUNCATE mine", "DROP TABLE mine"),
    ("CREATE TEMP TABLE mine (id int PRIMARY KEY, at timestamptz DEFAULT now()) ON COMMIT DROP",),
    ("LISTEN channel", "UNLISTEN *"),
    ("SELECT * FROM customers; SELECT 2; SELECT * FROM orders LIMIT 1",),
    ("MERGE INTO customers c USING orders o ON false WHEN NOT MATCHED THEN DO NOTHING",),
    ("SELECT pg_advisory_lock(1), pg_advisory_unlock(1)",),
    ("SELECT CASE WHEN o.status = 'paid' THEN 1 ELSE 0 END FROM orders o WHERE o.status IN ('paid', 'open') LIMIT 1",),
    ("SELECT 'open'::order_status, ARRAY[1, 2]::bigint[], '{\"a\": 1}'::jsonb -> 'a', E'a\\nb', $$x$$, U&'\\0041'",),
]  # fmt: skip


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("texts", HARMLESS, ids=lambda texts: texts[0][:60])
def test_passes(stage: Stage, texts: tuple[str, ...]) -> None:
    assert [(state, message) for state, message, _ in stage.play(*texts) if state] == []


DESCRIBING = r"""\d|\dt+ public.*|\d+ customers|\df|\dv|\dn+|\du|\l|\dx|\dT+|\di|\sf order_total|\dp|\ds|\dm analytics.*"""


@pytest.mark.parametrize("command", DESCRIBING.split("|"))
def test_psql_describes(stage: Stage, command: str) -> None:
    done = stage.gateway.psql(stage.gateway.dsn("alice"), "-c", command)
    assert (done.returncode, done.stderr) == (0, "")
