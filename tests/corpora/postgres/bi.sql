-- Metabase, Superset, Tableau, Looker, Power BI, Grafana, Redash.

SELECT "source"."ordered_at" AS "ordered_at", COUNT(*) AS "count" FROM (SELECT CAST(DATE_TRUNC('month', "public"."orders"."ordered_at") AS date) AS "ordered_at" FROM "public"."orders") AS "source" GROUP BY "source"."ordered_at" ORDER BY "source"."ordered_at" ASC;

SELECT "public"."customers"."country" AS "country", COUNT(*) AS "count" FROM "public"."customers" WHERE ("public"."customers"."created_at" >= DATE_TRUNC('month', (NOW() + INTERVAL '-12 month'))) AND ("public"."customers"."created_at" < DATE_TRUNC('month', NOW())) GROUP BY "public"."customers"."country" ORDER BY "public"."customers"."country" ASC;

SELECT "public"."orders"."id" AS "id", "Customers"."name" AS "Customers__name", "Customers"."email" AS "Customers__email" FROM "public"."orders" LEFT JOIN "public"."customers" AS "Customers" ON "public"."orders"."customer_id" = "Customers"."id" LIMIT 1048575;

SELECT "substring"."email" AS "email", SUBSTRING("substring"."email", 1, 1234) AS "s" FROM (SELECT "public"."customers"."email" AS "email" FROM "public"."customers") AS "substring" LIMIT 10000;

SELECT SUM("public"."payments"."amount") AS "sum", CASE WHEN SUM("public"."payments"."amount") > 0 THEN 'p' ELSE 'n' END AS "sign" FROM "public"."payments" INNER JOIN "public"."orders" AS "Orders" ON "public"."payments"."order_id" = "Orders"."id" WHERE "Orders"."status" = CAST('paid' AS "public"."order_status");

SELECT FLOOR(("public"."products"."price" - 0.0) / 10.0) * 10.0 + 0.0 AS "price", COUNT(*) AS "count" FROM "public"."products" GROUP BY 1 ORDER BY 1;

SELECT DATE_TRUNC('week', ordered_at) AS __timestamp, status AS status, count(*) AS count FROM public.orders JOIN (SELECT status AS status__, count(*) AS mme_inner__ FROM public.orders WHERE ordered_at >= '2025-01-01 00:00:00.000000' GROUP BY status ORDER BY mme_inner__ DESC LIMIT 5) AS anon_1 ON status = status__ GROUP BY status, DATE_TRUNC('week', ordered_at) ORDER BY count DESC LIMIT 50000;

SELECT country AS country, SUM(orders) AS "SUM(orders)" FROM (SELECT * FROM customer_overview WHERE last_order IS NOT NULL) AS virtual_table WHERE country IN ('DE', 'NO') GROUP BY country ORDER BY "SUM(orders)" DESC LIMIT 100;

SELECT count(*) AS count_1 FROM (SELECT id, contact FROM customer_contacts) AS inner_qry;

SELECT "customers"."city" AS "city", SUM(1) AS "sum:Number of Records:ok" FROM "public"."customers" "customers" GROUP BY 1;

SELECT "t0"."country" AS "country", "t1"."__measure__1" AS "avg" FROM (SELECT "customers"."country" AS "country" FROM "public"."customers" "customers" GROUP BY 1) "t0" INNER JOIN (SELECT "customers"."country" AS "country", AVG("payments"."amount") AS "__measure__1" FROM "public"."customers" "customers" INNER JOIN "public"."orders" "orders" ON ("customers"."id" = "orders"."customer_id") INNER JOIN "public"."payments" "payments" ON ("orders"."id" = "payments"."order_id") GROUP BY 1) "t1" ON ("t0"."country" IS NOT DISTINCT FROM "t1"."country");

CREATE LOCAL TEMPORARY TABLE "#Tableau_01_0_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS;

SELECT TRUNC(EXTRACT(YEAR FROM "orders"."ordered_at"))::INTEGER AS "yr:ordered_at:ok", COUNT(DISTINCT "orders"."customer_id") AS "ctd" FROM "public"."orders" "orders" GROUP BY 1 HAVING COUNT(1) > 0;

SELECT MIN("orders"."ordered_at") AS "TEMP(attr)(1)(0)", MAX("orders"."ordered_at") AS "TEMP(attr)(2)(0)" FROM "public"."orders" "orders" HAVING (COUNT(1) > 0);

SELECT customers.country AS "customers.country", COALESCE(SUM(order_items.unit_price * order_items.quantity), 0) AS "order_items.revenue", COUNT(DISTINCT CASE WHEN orders.status = 'returned' THEN orders.id ELSE NULL END) AS "orders.returned" FROM order_items AS order_items LEFT JOIN orders AS orders ON order_items.order_id = orders.id LEFT JOIN customers AS customers ON orders.customer_id = customers.id WHERE ((( orders.ordered_at ) >= ((DATE_TRUNC('day', CURRENT_TIMESTAMP AT TIME ZONE 'UTC') + (-364 || ' day')::INTERVAL)))) GROUP BY 1 ORDER BY 2 DESC FETCH NEXT 500 ROWS ONLY;

WITH order_facts AS (SELECT customer_id, MIN(ordered_at) AS first_order, COUNT(*) AS lifetime_orders FROM orders GROUP BY 1) SELECT CASE WHEN order_facts.lifetime_orders >= 10 THEN '0' WHEN order_facts.lifetime_orders >= 5 THEN '1' ELSE '2' END AS "tier__sort_", COUNT(*) AS "count" FROM customers LEFT JOIN order_facts ON customers.id = order_facts.customer_id GROUP BY 1;

SELECT EXTRACT(DOW FROM orders.ordered_at)::integer AS "orders.day_of_week_index", TO_CHAR(orders.ordered_at, 'Day') AS "orders.day_of_week" FROM orders GROUP BY 1, 2 ORDER BY 1 LIMIT 500;

select "_"."id", "_"."name", "_"."email" from (select "id", "name", "email" from "public"."customers" "$Table") "_" where "_"."name" = 'Ada Abel' limit 1000;

select "rows"."country" as "country", sum("rows"."orders") as "a0" from (select "country", "orders" from "public"."customer_overview" "$Table") "rows" group by "country" limit 1000001;

select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME;

select character_set_name from INFORMATION_SCHEMA.character_sets;

select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'public' and TABLE_NAME = 'customers' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION;

select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'customers' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME where pkcol.TABLE_SCHEMA = 'public' and pkcol.TABLE_NAME = 'customers' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION;

SELECT extract(epoch from ordered_at) AS "time", count(*) AS metric FROM orders WHERE ordered_at BETWEEN '2025-01-01T00:00:00Z' AND '2025-02-01T00:00:00Z' GROUP BY 1 ORDER BY 1;

SELECT floor(extract(epoch from paid_at)/3600)*3600 AS "time", sum(amount) AS "value" FROM payments WHERE paid_at >= '2025-01-01' GROUP BY 1 ORDER BY 1;

SELECT day, revenue, revenue - lag(revenue) OVER w AS change, avg(revenue) OVER (ORDER BY day ROWS 6 PRECEDING) AS weekly FROM analytics.daily_revenue WINDOW w AS (ORDER BY day) ORDER BY day DESC LIMIT 90;

SELECT * FROM analytics.top_products LIMIT 10;

SELECT name, sold, rank() OVER (ORDER BY sold DESC), ntile(4) OVER (ORDER BY revenue) AS quartile, first_value(name) OVER (ORDER BY revenue DESC) FROM analytics.top_products;

SELECT CASE GROUPING(c.country, c.city) WHEN 3 THEN 'all' WHEN 1 THEN 'country' ELSE 'city' END AS level, c.country, c.city, sum(p.amount) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN payments p ON p.order_id = o.id AND p.ordered_at = o.ordered_at GROUP BY ROLLUP (c.country, c.city) ORDER BY 1, 2, 3;

SELECT status, date_part('year', ordered_at) AS year, count(*) FROM orders GROUP BY CUBE (status, date_part('year', ordered_at));

SELECT country, newsletter, count(*) FROM customers GROUP BY GROUPING SETS ((country), (newsletter), ());

SELECT d::date AS day, coalesce(n, 0) FROM generate_series('2025-01-01'::date, '2025-01-31', interval '1 day') AS d LEFT JOIN (SELECT ordered_at::date AS day, count(*) AS n FROM orders GROUP BY 1) AS o ON o.day = d::date;

SELECT * FROM (SELECT customer_id, ordered_at, lead(ordered_at) OVER (PARTITION BY customer_id ORDER BY ordered_at) - ordered_at AS gap FROM orders) g WHERE gap > interval '100 days';

WITH cohort AS (SELECT customer_id, date_trunc('month', min(ordered_at)) AS month FROM orders GROUP BY 1) SELECT cohort.month, (extract(year FROM age(o.ordered_at, cohort.month)) * 12 + extract(month FROM age(o.ordered_at, cohort.month)))::int AS period, count(DISTINCT o.customer_id) FROM cohort JOIN orders o USING (customer_id) GROUP BY 1, 2 ORDER BY 1, 2;

SELECT mode() WITHIN GROUP (ORDER BY city), percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY created_at), string_agg(DISTINCT country, ',' ORDER BY country), array_agg(id ORDER BY id DESC) FILTER (WHERE newsletter), bool_or(newsletter), corr(id, id * 2) FROM customers;

SELECT e.department, e.name, s.amount, s.amount - avg(s.amount) OVER (PARTITION BY e.department) AS above, cume_dist() OVER (PARTITION BY e.department ORDER BY s.amount) FROM hr.employees e JOIN LATERAL (SELECT amount FROM hr.salaries WHERE employee_id = e.id ORDER BY valid_from DESC LIMIT 1) s ON true;

SELECT product_a, product_b, n FROM (SELECT a.product_id AS product_a, b.product_id AS product_b, count(*) AS n FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2) pairs ORDER BY n DESC LIMIT 10;

SELECT width_bucket(price, 0, 100, 10) AS bucket, min(price), max(price), count(*) FROM products GROUP BY 1 ORDER BY 1;

SELECT x.* FROM customers c, LATERAL (VALUES ('name', c.name), ('mail', c.email), ('city', c.city)) AS x(k, v) WHERE c.id = 1;

SELECT to_char(sum(amount) FILTER (WHERE paid_at >= now() - interval '1 year'), 'FM999G999D00') AS y, format('%s of %s', count(*), (SELECT count(*) FROM orders)) AS share FROM payments;
