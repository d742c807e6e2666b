-- Queries of people and services: window functions, JSON, full-text search, recursion, LATERAL, MERGE, upserts, odd corners.

TABLE customers;

TABLE ONLY extra.places LIMIT 1;

VALUES (1, 'a'), (2, 'b');

SELECT;

SELECT 1;

SELECT c FROM customers c LIMIT 1;

SELECT c.* FROM customers AS c WHERE c IS NOT NULL LIMIT 1;

SELECT row_to_json(c) FROM customers c LIMIT 1;

SELECT (c).email FROM customers c LIMIT 1;

SELECT customers.name(customers) FROM (SELECT 1 AS x) q WHERE false;

SELECT to_jsonb(p) - 'attributes' FROM products p LIMIT 1;

SELECT name(c) FROM customers c LIMIT 1;

SELECT * FROM customers NATURAL JOIN (SELECT id, city FROM customers) d LIMIT 3;

SELECT * FROM order_items JOIN orders USING (ordered_at) WHERE orders.id = order_id LIMIT 3;

SELECT * FROM (customers c JOIN orders o ON o.customer_id = c.id) AS j LIMIT 1;

SELECT * FROM extra.places;

SELECT * FROM ONLY extra.places;

SELECT * FROM extra.places*;

SELECT tableoid::regclass, name FROM extra.capitals;

SELECT * FROM orders_2025 WHERE customer_id = 4;

SELECT * FROM extra.events WHERE tenant = 'acme' AND id = 4;

SELECT * FROM extra.german_mails WHERE id < 100;

SELECT kind, count(*) FROM extra.all_people GROUP BY kind;

SELECT * FROM extra.recent_orders WHERE customer LIKE 'A%';

SELECT everything FROM extra.wallet_worth;

SELECT * FROM extra.category_paths;

SELECT * FROM extra.mails_by_country;

SELECT * FROM extra.secrets;

SELECT * FROM extra."odd.name" WHERE "select" = 1 AND "a""b" IS NULL;

SELECT u&"n\0061me" FROM customers WHERE id = 1;

SELECT order_total(5), headcount('IT');

SELECT * FROM extra.orders_of(3);

SELECT o.id FROM customers c, extra.orders_of(c.id) o WHERE c.id < 3;

SELECT extra.longest(name) FROM products;

SELECT id FROM extra.wallets WHERE balance OPERATOR(extra.===) ROW(10, 'EUR')::extra.money_amount;

SELECT (balance).currency, balance::bigint FROM extra.wallets;

SELECT 'ada@example.com'::extra.mail;

SELECT CAST('5' AS extra.positive), 'happy'::extra.mood, '[1,2)'::extra.price_range;

CALL extra.add_note('called');

INSERT INTO extra.wallets (owner, balance, size) VALUES ('x@example.com', (1, 'EUR'), 4);

INSERT INTO extra.wallet_owners VALUES ('y@example.com');

INSERT INTO extra.notes_view VALUES (DEFAULT, 'through a rule');

INSERT INTO extra.german_customers (name, email, city, country) VALUES ('G', 'g1@example.com', 'Ulm', 'DE');

UPDATE extra.german_customers SET city = 'Bonn' WHERE id = 7;

DELETE FROM extra.german_mails WHERE id = -1;

UPDATE extra.wallets SET balance.amount = 4 WHERE id = 1;

UPDATE extra.accounts SET id = 9 WHERE id = 2;

DELETE FROM extra.accounts WHERE id = 2;

DELETE FROM extra.notes;

UPDATE extra.places SET population = population + 1;

DELETE FROM ONLY extra.places WHERE name = 'Lyon';

INSERT INTO extra.tickets (title) VALUES ('x') RETURNING *;

INSERT INTO extra.events (tenant, id, kind) VALUES ('acme', 100, 'view'), ('zeta', 101, 'view');

UPDATE extra.events SET tenant = 'zeta' WHERE tenant = 'acme' AND id = 2;

INSERT INTO orders (customer_id, ordered_at) VALUES (1, '2025-05-05') RETURNING id, status;

DELETE FROM orders WHERE status = 'open' AND ordered_at < '2024-01-20';

UPDATE orders SET ordered_at = '2026-05-05' WHERE id = -3;

INSERT INTO extra.notes DEFAULT VALUES;

INSERT INTO products AS p (sku, name, category_id, price) VALUES ('SKU-00009', 'n', 2, 1) ON CONFLICT ON CONSTRAINT products_sku_key DO UPDATE SET stock = p.stock + excluded.stock, name = (SELECT name FROM categories WHERE id = excluded.category_id) RETURNING p.id, p.stock;

MERGE INTO products p USING (SELECT product_id, sum(quantity) AS sold FROM order_items GROUP BY 1) s ON p.id = s.product_id WHEN MATCHED AND s.sold > 1000 THEN DELETE WHEN MATCHED THEN UPDATE SET stock = p.stock - s.sold WHEN NOT MATCHED THEN DO NOTHING;

MERGE INTO extra.wallets w USING customers c ON w.owner = c.email WHEN NOT MATCHED AND c.id < 3 THEN INSERT (owner) VALUES (c.email);

MERGE INTO extra.events e USING (VALUES ('acme', 2)) v(tenant, id) ON e.tenant = v.tenant AND e.id = v.id WHEN MATCHED THEN UPDATE SET kind = 'merged';

WITH gone AS (DELETE FROM extra.invoices WHERE total > 60 RETURNING *) INSERT INTO extra.change_log (relation, operation, row_data) SELECT 'invoices', 'moved', to_jsonb(gone) FROM gone;

WITH up AS (UPDATE products SET stock = stock + 1 WHERE id = 1 RETURNING id, stock), ins AS (INSERT INTO extra.notes (body) SELECT stock::text FROM up RETURNING id) SELECT up.id, ins.id FROM up, ins;

WITH RECURSIVE staff AS (SELECT id, name, manager_id, ARRAY[id] AS path FROM hr.employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.name, e.manager_id, path || e.id FROM hr.employees e JOIN staff s ON e.manager_id = s.id) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET is_cycle USING cyc SELECT * FROM staff ORDER BY ord;

WITH customers AS (SELECT id, name FROM products) SELECT * FROM customers LIMIT 1;

WITH a AS MATERIALIZED (SELECT * FROM customers), b AS NOT MATERIALIZED (SELECT * FROM a) SELECT count(*) FROM b;

WITH x AS (WITH y AS (SELECT email FROM customers) SELECT * FROM y) SELECT (SELECT max(email) FROM x);

SELECT (SELECT card_number FROM customers WHERE id = o.customer_id) FROM orders o LIMIT 3;

SELECT ARRAY(SELECT email FROM customers ORDER BY id LIMIT 3);

SELECT * FROM customers WHERE (name, email) IN (SELECT name, email FROM hr.employees);

SELECT * FROM products WHERE price > ALL (SELECT price FROM products WHERE category_id = 2);

SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) WITH ORDINALITY AS t(a, b, n);

SELECT * FROM jsonb_to_recordset('[{"a":1}]') AS t(a int, b text);

SELECT * FROM json_populate_record(NULL::customers, '{"name":"x"}');

SELECT NULL::customers;

SELECT * FROM unnest(ARRAY[ROW(1, 'x')::extra.money_amount]);

SELECT p.id, kv.key, kv.value FROM products p CROSS JOIN LATERAL jsonb_each_text(p.attributes) AS kv LIMIT 5;

SELECT jsonb_path_query(attributes, '$.weight_g ? (@ > 500)') FROM products;

SELECT attributes['colour'], attributes #>> '{weight_g}' FROM products WHERE attributes @? '$.colour';

SELECT xmlelement(name person, xmlattributes(c.id AS id), c.name) FROM customers c LIMIT 1;

SELECT id, ts_headline('english', body, q) FROM extra.documents, plainto_tsquery('knife') q WHERE search @@ q ORDER BY ts_rank_cd(search, q) DESC;

SELECT * FROM extra.documents WHERE during @> now() OR tags @> '{kitchen}';

SELECT d.title, t.tag FROM extra.documents d LEFT JOIN LATERAL unnest(d.tags) AS t(tag) ON t.tag <> 'steel';

SELECT count(*) OVER (), sum(amount) OVER w, row_number() OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING EXCLUDE TIES) FROM payments WINDOW w AS (PARTITION BY date_trunc('month', paid_at) ORDER BY paid_at) LIMIT 10;

SELECT DISTINCT ON (country) country, name FROM customers ORDER BY country, created_at DESC;

SELECT city FROM customers GROUP BY city ORDER BY max(card_number) LIMIT 3;

SELECT name AS label FROM products ORDER BY name COLLATE "C" NULLS LAST FETCH FIRST 3 ROWS WITH TIES;

SELECT 1 FROM customers WHERE email ~* '^a' AND phone SIMILAR TO '%1%' LIMIT (SELECT count(*) FROM categories);

SELECT a.email FROM customers a WHERE a.email LIKE 'x%' UNION ALL SELECT b.email FROM hr.employees b UNION SELECT email FROM auth_user ORDER BY 1 OFFSET 2;

SELECT COALESCE(c.phone, e.title), NULLIF(c.city, ''), GREATEST(c.id, e.id) FROM customers c FULL JOIN hr.employees e ON e.email = c.email WHERE c.id IS NULL OR e.id IS NULL LIMIT 5;

SELECT s.employee_id, s.amount FROM hr.salaries s WHERE s.amount = (SELECT max(amount) FROM hr.salaries);

SELECT relname FROM pg_class WHERE oid = 'customers'::regclass;

SELECT pg_size_pretty(pg_total_relation_size('orders_2025'));

SELECT currval(pg_get_serial_sequence('extra.notes', 'id')) WHERE false;

SELECT setval('extra.ticket_numbers', 10);

SELECT last_value FROM extra.ticket_numbers;

SELECT * FROM pg_stat_activity;

SELECT schemaname, relname, n_live_tup FROM pg_stat_user_tables ORDER BY n_live_tup DESC;

SELECT attname, n_distinct, most_common_vals FROM pg_stats WHERE tablename = 'customers';

SELECT query_to_xml('SELECT name FROM customers LIMIT 1', true, false, '');

SELECT table_to_xml('hr.salaries', true, false, '');

SELECT * FROM ts_stat('SELECT search FROM extra.documents');

SELECT database_to_xml(true, false, '') IS NULL WHERE false;

EXPLAIN (ANALYZE, COSTS off) DELETE FROM extra.invoices WHERE id = 1;

EXPLAIN (FORMAT json) INSERT INTO extra.notes (body) SELECT name FROM customers;

PREPARE by_country (text) AS SELECT * FROM customers WHERE country = $1;

DECLARE cur CURSOR FOR SELECT email FROM customers;

COPY (SELECT name, email FROM customers) TO STDOUT WITH (FORMAT csv, HEADER);

COPY customers (name, email) TO STDOUT;

COPY extra.places TO STDOUT;

CREATE TEMP TABLE customers (id int);

CREATE TEMP VIEW tv AS SELECT email FROM customers;

SELECT * FROM customers FOR KEY SHARE OF customers SKIP LOCKED LIMIT 1;

SELECT * FROM customer_contacts WHERE id = 1 FOR UPDATE;

SELECT count(*) FROM "Post" WHERE 'x' = ANY (tags) AND "publishedAt" IS NOT NULL;

SELECT (ARRAY_AGG(e ORDER BY e.hired_on))[1] FROM hr.employees e;

SELECT extract(epoch FROM max(at)) FROM extra.change_log WHERE row_data ->> 'owner' = 'x';

SELECT merge_action FROM (SELECT 'x' AS merge_action) q;

SELECT grouping(country), country FROM customers GROUP BY DISTINCT ROLLUP (country), CUBE (country);

SELECT overlay(name placing 'x' from 1), position('a' in name), trim(both from city), name || email FROM customers WHERE id = 1;

SELECT CASE WHEN EXISTS (SELECT FROM payments WHERE order_id = o.id) THEN 'paid' END FROM orders o ORDER BY (SELECT name FROM customers WHERE id = o.customer_id) LIMIT 2;

SELECT * FROM extra.remote_stock;

SELECT * FROM nothing_of_that_name;

SELECT no_such_column FROM customers;

SELEC 1;

SET search_path = hr, public;

SET ROLE NONE;

RESET ALL;

DISCARD TEMP;

SHOW ALL;

CHECKPOINT;

VACUUM customers;
