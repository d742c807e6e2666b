-- Django's ORM through psycopg: literals are sent inline or as server-side parameters.

SELECT "customers"."id", "customers"."name", "customers"."email", "customers"."phone", "customers"."card_number", "customers"."city", "customers"."country", "customers"."newsletter", "customers"."created_at" FROM "customers" WHERE "customers"."id" = 7 LIMIT 21;

SELECT COUNT(*) AS "__count" FROM "customers" WHERE ("customers"."country" = 'DE' AND NOT ("customers"."newsletter"));

SELECT (1) AS "a" FROM "customers" WHERE "customers"."email" = 'ada@example.com' LIMIT 1;

SELECT DISTINCT "customers"."city" FROM "customers" ORDER BY "customers"."city" ASC;

SELECT "orders"."id", "orders"."status", "orders"."ordered_at", "customers"."id", "customers"."name" FROM "orders" INNER JOIN "customers" ON ("orders"."customer_id" = "customers"."id") WHERE UPPER("customers"."name"::text) LIKE UPPER('%ada%') ORDER BY "orders"."ordered_at" DESC LIMIT 25 OFFSET 50;

SELECT "customers"."id", "customers"."name", COUNT("orders"."id") AS "num_orders" FROM "customers" LEFT OUTER JOIN "orders" ON ("customers"."id" = "orders"."customer_id") GROUP BY "customers"."id" HAVING COUNT("orders"."id") > 3 ORDER BY 3 DESC;

SELECT "products"."id", "products"."sku", (SELECT SUM(U0."quantity") AS "sold" FROM "order_items" U0 WHERE U0."product_id" = ("products"."id") GROUP BY U0."product_id") AS "sold" FROM "products" WHERE EXISTS(SELECT 1 AS "a" FROM "order_items" U0 WHERE (U0."product_id" = ("products"."id") AND U0."quantity" >= 2) LIMIT 1);

SELECT "customers"."id" FROM "customers" WHERE "customers"."id" IN (SELECT U0."customer_id" FROM "orders" U0 WHERE U0."status" = 'open');

SELECT "orders"."id" FROM "orders" WHERE ("orders"."ordered_at" BETWEEN '2025-01-01T00:00:00+00:00'::timestamptz AND '2025-12-31T23:59:59.999999+00:00'::timestamptz AND EXTRACT(MONTH FROM "orders"."ordered_at" AT TIME ZONE 'UTC') = 3);

SELECT DATE_TRUNC('month', "orders"."ordered_at" AT TIME ZONE 'Europe/Berlin') AS "month", COUNT(*) AS "n" FROM "orders" GROUP BY 1 ORDER BY 1 ASC;

SELECT "products"."id" FROM "products" WHERE ("products"."attributes" -> 'colour') = '"red"'::jsonb;

SELECT "products"."id" FROM "products" WHERE "products"."attributes" ? 'weight_g' AND ("products"."attributes" #>> '{colour}') ILIKE 're%';

INSERT INTO "customers" ("name", "email", "phone", "card_number", "city", "country", "newsletter", "created_at") VALUES ('Zoe', 'zoe@example.com', NULL, NULL, 'Bonn', 'DE', true, '2026-01-01T00:00:00+00:00'::timestamptz) RETURNING "customers"."id";

INSERT INTO "order_items" ("order_id", "ordered_at", "position", "product_id", "quantity", "unit_price") SELECT o.id, o.ordered_at, 9, 1, 1, 5 FROM orders o WHERE o.id = 1;

INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('shop', '0001_initial', '2026-01-01T00:00:00+00:00'::timestamptz) RETURNING "django_migrations"."id";

INSERT INTO "products" ("sku", "name", "category_id", "price", "stock", "attributes") VALUES ('X1', 'x', 2, '1.00', 0, '{}'), ('X2', 'y', 2, '2.00', 0, '{}') ON CONFLICT DO NOTHING RETURNING "products"."id";

INSERT INTO "products" ("sku", "name", "category_id", "price") VALUES ('SKU-00001', 'x', 2, 1) ON CONFLICT("sku") DO UPDATE SET "name" = EXCLUDED."name", "price" = EXCLUDED."price";

UPDATE "customers" SET "newsletter" = true WHERE "customers"."id" = 3;

UPDATE "products" SET "stock" = ("products"."stock" - 1) WHERE ("products"."id" = 5 AND "products"."stock" >= 1);

UPDATE "products" SET "price" = CASE WHEN ("products"."id" = 1) THEN 1.5 WHEN ("products"."id" = 2) THEN 2.5 ELSE NULL END::numeric(10, 2) WHERE "products"."id" IN (1, 2);

UPDATE "orders" SET "note" = (SELECT U0."name" FROM "customers" U0 WHERE U0."id" = ("orders"."customer_id") LIMIT 1) WHERE "orders"."id" = 12;

DELETE FROM "payments" WHERE "payments"."order_id" IN (10, 11, 12);

DELETE FROM "django_session" WHERE "django_session"."expire_date" < '2026-01-01T00:00:00+00:00'::timestamptz;

SELECT "customers"."id", "customers"."name" FROM "customers" WHERE "customers"."id" = 1 LIMIT 21 FOR UPDATE;

SELECT "orders"."id" FROM "orders" INNER JOIN "customers" ON ("orders"."customer_id" = "customers"."id") WHERE "orders"."id" = 4 FOR UPDATE OF "orders" SKIP LOCKED;

SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'shop' AND "django_content_type"."model" = 'order') LIMIT 21;

SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login" FROM "auth_user" WHERE "auth_user"."username" = 'admin' LIMIT 21;

SELECT "auth_user"."id", ROW_NUMBER() OVER (PARTITION BY "auth_user"."is_staff" ORDER BY "auth_user"."date_joined" DESC) AS "rank" FROM "auth_user";

SELECT * FROM (SELECT "orders"."id" AS "col1", ROW_NUMBER() OVER (PARTITION BY "orders"."customer_id" ORDER BY "orders"."ordered_at" DESC) AS "qual0" FROM "orders") "qualify" WHERE "qual0" <= 3;

(SELECT "customers"."email" AS "col1" FROM "customers") UNION (SELECT "auth_user"."email" AS "col1" FROM "auth_user") ORDER BY 1 ASC LIMIT 100;

SELECT COALESCE(SUM("payments"."amount"), 0) AS "total", AVG("payments"."amount") FILTER (WHERE "payments"."paid_at" > now() - interval '30 days') AS "recent" FROM "payments";

SELECT "documents"."id", ts_rank(to_tsvector(COALESCE("documents"."title", '')), plainto_tsquery('knife')) AS "rank" FROM "extra"."documents" WHERE to_tsvector(COALESCE("documents"."title", '') || ' ' || COALESCE("documents"."body", '')) @@ (plainto_tsquery('knife')) ORDER BY "rank" DESC;

EXPLAIN SELECT "customers"."id" FROM "customers" WHERE "customers"."country" = 'FR';

DECLARE "_django_curs_140187_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "orders"."id", "orders"."note" FROM "orders" WHERE "orders"."customer_id" = 9;

SAVEPOINT "s140187_x1";

SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND pg_catalog.pg_table_is_visible(c.oid);

SELECT a.attname, c.column_default, NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable FROM pg_attribute a LEFT JOIN pg_class pc ON a.attrelid = pc.oid LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN information_schema.columns c ON c.column_name = a.attname AND c.table_name = pc.relname WHERE pc.relname = 'orders' AND a.attnum > 0 AND NOT a.attisdropped;
