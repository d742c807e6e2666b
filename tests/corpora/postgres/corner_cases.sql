-- Corners of names, rows, joins and nesting, where lineage goes astray.

SELECT * FROM customers AS c (a, b, m);

SELECT m, c.* FROM customers AS c (a, b, m) LIMIT 1;

SELECT (c).* FROM customers c;

SELECT (extra.orders_of(1)).*;

SELECT (extra.orders_of(1)).note, 1 AS one;

SELECT (o).id FROM extra.orders_of(2) AS o;

SELECT o FROM extra.orders_of(2) AS o;

SELECT q FROM (SELECT email, name FROM customers) q;

SELECT q.*, 1 FROM (SELECT c, 2 AS two FROM customers c) q;

SELECT (q.c).email, ((q.c)).phone FROM (SELECT c FROM customers c) q;

SELECT (q.w).id FROM (SELECT ROW(id, email)::text AS w, id FROM customers) r, LATERAL (SELECT p AS w FROM products p WHERE p.id = r.id) q;

SELECT * FROM customers NATURAL JOIN hr.employees;

SELECT * FROM customers NATURAL LEFT JOIN (SELECT name, email AS mail FROM hr.employees) e;

SELECT email, id FROM customers FULL JOIN hr.employees USING (email, id);

SELECT j.email, j.* FROM customers c JOIN hr.employees e USING (email) AS j;

SELECT * FROM customers c JOIN hr.employees e USING (email) JOIN auth_user a USING (email);

SELECT a, f FROM (customers c JOIN orders o ON o.customer_id = c.id) AS j (a, b, c3, d, e, f);

SELECT j FROM (customers c JOIN hr.employees e USING (email)) AS j LIMIT 1;

SELECT c.email, x.email FROM customers c CROSS JOIN LATERAL (SELECT c.email || c.phone AS email) x;

SELECT t.part FROM customers c, string_to_table(c.email, '@') AS t(part);

SELECT t.* FROM customers c, LATERAL regexp_matches(c.phone, '\d+', 'g') WITH ORDINALITY AS t(found, n);

SELECT * FROM ROWS FROM (json_to_recordset('[]') AS (a int, b text), generate_series(1, 2)) WITH ORDINALITY;

SELECT * FROM customers c, ROWS FROM (unnest(ARRAY[c.email]), unnest(ARRAY[c.phone, c.city])) AS t(a, b);

SELECT * FROM json_populate_recordset(NULL::customers, '[]') WHERE false;

SELECT (json_populate_record(NULL::products, row_to_json(p))).* FROM products p LIMIT 1;

SELECT (jsonb_populate_record(p, '{}')).name FROM products p LIMIT 1;

SELECT count(c), max(c::text), string_agg(c.email, ',') FROM customers c;

SELECT c.row_to_json FROM customers c LIMIT 1;

SELECT email(c), (c).phone FROM customers AS c LIMIT 1;

SELECT (SELECT q.email FROM (SELECT * FROM customers) q LIMIT 1), (SELECT max(s.amount) FROM hr.salaries s WHERE s.employee_id = e.id) FROM hr.employees e;

SELECT (SELECT count(*) FROM (SELECT c.email) z) FROM customers c;

SELECT (SELECT sum(o.id + c.id) FROM orders o) FROM customers c GROUP BY c.id;

SELECT ARRAY(SELECT ROW(email, phone) FROM customers LIMIT 2), ARRAY[(SELECT email FROM customers LIMIT 1)];

SELECT x[1], x FROM (SELECT array_agg(email) AS x FROM customers) q;

SELECT email IN (SELECT email FROM hr.employees), phone = ANY (SELECT phone FROM customers) FROM customers;

SELECT (email, phone) = (SELECT email, name FROM hr.employees LIMIT 1) FROM customers;

SELECT NOT EXISTS (SELECT 1 FROM hr.salaries WHERE amount > c.id) FROM customers c;

SELECT CASE (SELECT count(*) FROM hr.salaries) WHEN 0 THEN email ELSE phone END FROM customers;

SELECT COALESCE(email, phone), NULLIF(email, card_number), GREATEST(city, country) FROM customers;

SELECT DISTINCT email FROM customers ORDER BY 1;

SELECT DISTINCT ON (country) country, last_value(email) OVER (PARTITION BY city ORDER BY card_number) FROM customers;

SELECT lag(email, 1, phone) OVER w, nth_value(name, 2) OVER (w ROWS 1 PRECEDING) FROM customers WINDOW w AS (ORDER BY id);

SELECT sum(amount) FILTER (WHERE currency = 'EUR'), percentile_disc(0.5) WITHIN GROUP (ORDER BY valid_from), rank(5) WITHIN GROUP (ORDER BY employee_id) FROM hr.salaries;

SELECT GROUPING(country, city), country, city, grouping(city) + 1 FROM customers GROUP BY GROUPING SETS ((country, city), (country), ());

SELECT email || 'x' AS e FROM customers GROUP BY email || 'x';

SELECT upper(country) AS u, count(*) FROM customers GROUP BY 1 HAVING max(email) > 'a';

SELECT id FROM customers UNION ALL SELECT id FROM hr.employees EXCEPT (SELECT id FROM products INTERSECT SELECT id FROM categories);

SELECT email, 1 FROM customers UNION SELECT NULL, amount FROM hr.salaries;

(SELECT email FROM customers ORDER BY phone LIMIT 1) UNION ALL (SELECT title FROM hr.employees LIMIT 1) ORDER BY email;

VALUES ((SELECT email FROM customers LIMIT 1), 1), ('x', (SELECT id FROM products LIMIT 1));

SELECT v.b FROM (VALUES (1, 'a'), (2, (SELECT card_number FROM customers LIMIT 1))) AS v (a, b);

WITH customers AS (SELECT id, email FROM public.customers), hidden AS (SELECT * FROM customers) SELECT * FROM hidden;

WITH a AS (SELECT email FROM customers), b AS (WITH a AS (SELECT phone FROM customers) SELECT * FROM a) SELECT * FROM a, b;

WITH a (x, y) AS (SELECT email, phone FROM customers) SELECT y AS x, x AS y FROM a;

WITH a AS (SELECT email AS m FROM customers) SELECT (SELECT m FROM a LIMIT 1), EXISTS (SELECT FROM a), (SELECT (SELECT max(m) FROM a));

WITH RECURSIVE r (n, m) AS (SELECT 1, email FROM customers UNION ALL SELECT n + 1, m || (SELECT max(phone) FROM customers) FROM r WHERE n < 3) SELECT n, m FROM r LIMIT 3;

WITH RECURSIVE a AS (SELECT email FROM customers UNION SELECT x.email FROM b AS x), b AS (SELECT email FROM auth_user) SELECT * FROM a;

WITH RECURSIVE t AS (SELECT id, parent_id, name FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, t.name || c.name FROM categories c JOIN t ON t.id = c.parent_id) SEARCH BREADTH FIRST BY id SET ord SELECT * FROM t;

WITH x AS (SELECT 1 AS a) SELECT x.*, c.email FROM x LEFT JOIN customers c ON true;

WITH d AS (DELETE FROM extra.invoices RETURNING id, total, (SELECT max(email) FROM customers) AS m) SELECT m, total FROM d;

WITH i AS (INSERT INTO extra.notes (body) SELECT email FROM customers LIMIT 1 RETURNING *) SELECT body FROM i;

WITH u AS (UPDATE extra.accounts a SET name = c.email FROM customers c WHERE c.id = a.id RETURNING a.*, c.phone) SELECT * FROM u;

INSERT INTO extra.notes (body) SELECT card_number FROM customers LIMIT 1 RETURNING body, id, (SELECT max(amount) FROM hr.salaries);

UPDATE extra.accounts AS a SET (name, parent) = (SELECT email, NULL::int FROM customers WHERE id = 1) WHERE a.id = 1 RETURNING *;

UPDATE extra.accounts SET name = DEFAULT FROM (SELECT max(amount) AS m FROM hr.salaries) s WHERE id = -1 RETURNING s.m;

DELETE FROM extra.invoices i USING extra.accounts a WHERE a.id = i.account_id RETURNING a.name, i.*;

INSERT INTO extra.accounts (id, name) SELECT 1, email FROM customers LIMIT 1 ON CONFLICT (id) DO UPDATE SET name = (SELECT max(phone) FROM customers) || excluded.name WHERE accounts.id IN (SELECT id FROM hr.employees);

INSERT INTO extra.accounts VALUES (77, (SELECT card_number FROM customers LIMIT 1), NULL);

INSERT INTO extra.events SELECT 'acme', id, created_at, email FROM customers LIMIT 2;

INSERT INTO extra.wallets (owner, balance.currency, balance.amount) VALUES ('q@example.com', 'EUR', (SELECT max(amount) FROM hr.salaries));

SELECT * FROM extra.german_mails NATURAL JOIN extra.german_customers;

SELECT m FROM extra.german_mails AS m;

SELECT (m).email FROM extra.german_mails AS m;

SELECT o FROM customer_overview o LIMIT 1;

SELECT customer, r.status, r FROM extra.recent_orders r;

SELECT kind || mail FROM extra.all_people a WHERE a.name > 'M';

SELECT * FROM (SELECT * FROM extra.all_people) x (one, two, three);

SELECT p.*, c.state FROM extra.places p LEFT JOIN extra.capitals c USING (id);

SELECT tableoid, ctid, xmin, p.* FROM extra.places p;

SELECT o.tableoid::regclass, o.* FROM orders o WHERE o.ordered_at >= '2026-01-01';

SELECT * FROM XMLTABLE('/r' PASSING (NULL::xml) COLUMNS a text, b int) AS x;

SELECT x.a FROM customers c, XMLTABLE('/r' PASSING (NULL::xml) COLUMNS a text DEFAULT c.email) AS x;

SELECT * FROM customers AS s TABLESAMPLE system (1 + 1);

SELECT s.n, c.email FROM customers c JOIN generate_series(1, (SELECT max(id) FROM products)) AS s(n) ON s.n = c.id;

SELECT current_user, current_date, c.email FROM customers c;

SELECT c.email COLLATE "C", c.email::varchar(3), c.email::text, CAST(c.id AS int), +c.id, c.id::bigint FROM customers c;

SELECT c.created_at AT TIME ZONE 'UTC', extract(year FROM c.created_at), c.attributes FROM (SELECT *, '{}'::jsonb AS attributes FROM customers) c;

SELECT w.balance, (w.balance).amount, w.*, (w).owner FROM extra.wallets w;

SELECT ROW(c.*), ROW(c.email, 1), ROW(c) FROM customers c;

SELECT format('%s', c), concat(c), c::text, to_json(c), hstore FROM customers c, (SELECT 1 AS hstore) h;

SELECT xmin::text, email AS xmin2 FROM customers;

SELECT "Post"."id", "User".* FROM "Post", "User" WHERE "User".id = "Post"."authorId";

SELECT public.customers.email, customers.phone FROM public.customers;

SELECT orders.email FROM customers AS orders;

SELECT c.email FROM customers c, LATERAL (SELECT c.note AS email FROM orders c WHERE false) d;

SELECT (SELECT c.note FROM orders c LIMIT 1), c.email FROM customers c;

SELECT email FROM customers c WHERE EXISTS (SELECT email FROM orders WHERE customer_id = c.id);

SELECT (SELECT m FROM extra.german_mails m LIMIT 1).email;

SELECT 1 AS "customers.email", 'email' AS email;

SELECT FROM customers;

SELECT email AS "?column?", 1, 2 FROM customers LIMIT ALL;

SELECT string_agg(x, '') FROM (SELECT substr(card_number, n, 1) AS x FROM customers, generate_series(1, 3) n) q;

SELECT json_agg(q) FROM (SELECT email, phone FROM customers) q;

SELECT jsonb_build_object('m', email, 'p', (SELECT jsonb_agg(o.note) FROM orders o WHERE o.customer_id = c.id)) FROM customers c;

SELECT json_object_agg(email, phone), array_agg(DISTINCT (email, phone)) FROM customers;

SELECT a.x FROM (SELECT b.x FROM (SELECT email AS x FROM customers) b) a;

SELECT x, y FROM (SELECT email, phone FROM customers) AS q (x, y) ORDER BY y;

SELECT * FROM (SELECT email FROM customers UNION SELECT email FROM auth_user) AS u, (SELECT 1 AS one) AS o;

SELECT v FROM (SELECT unnest(ARRAY[email, phone]) AS v FROM customers) q;

SELECT generate_series(1, id), email FROM customers WHERE id < 3;

SELECT (each).key, (each).value FROM (SELECT jsonb_each(attributes) AS each FROM products) q;

SELECT lower(email) ~ 'x', email LIKE phone, email BETWEEN 'a' AND city, id IS DISTINCT FROM 4, newsletter IS TRUE FROM customers;

SELECT email FROM ONLY customers FOR NO KEY UPDATE;

SELECT * FROM hr.employees e JOIN hr.salaries s ON s.employee_id = e.id AND s.amount > (SELECT avg(amount) FROM hr.salaries) ORDER BY s.amount DESC LIMIT (SELECT 3);

SELECT * FROM unnest(ARRAY[ROW(1, 'x')::extra.money_amount]) AS u, customers c;

SELECT * FROM unnest(ARRAY(SELECT balance FROM extra.wallets)) AS u;

SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS u (a, b), customers;

SELECT * FROM (SELECT balance FROM extra.wallets) w, LATERAL unnest(ARRAY[w.balance]);

SELECT * FROM pg_catalog.unnest((SELECT array_agg(c) FROM customers c));

SELECT * FROM jsonb_populate_record(ROW(1, 'EUR')::extra.money_amount, '{}');

SELECT * FROM jsonb_each('{"a": 1}') AS e, customers;

SELECT * FROM pg_options_to_table(ARRAY['a=b']), categories;

SELECT * FROM json_each_text('{}') WITH ORDINALITY AS t, categories;

SELECT c.*, t.* FROM customers c LEFT JOIN LATERAL jsonb_to_record('{}') AS t(a int, b text) ON true;

SELECT * FROM generate_series(1, 2) AS t(email), customers;

SELECT e.* FROM extra.events e, LATERAL jsonb_each(e.payload) AS x(k, value);
