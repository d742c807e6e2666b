-- ActiveRecord: application queries and what it asks the catalog.

SELECT "customers".* FROM "customers" WHERE "customers"."id" = $1 LIMIT $2;

SELECT "customers".* FROM "customers" ORDER BY "customers"."id" ASC LIMIT 1000;

SELECT 1 AS one FROM "customers" WHERE "customers"."email" = 'a@example.com' AND "customers"."id" != 5 LIMIT 1;

SELECT "orders".* FROM "orders" WHERE "orders"."customer_id" IN (1, 2, 3);

SELECT COUNT(DISTINCT "customers"."id") FROM "customers" LEFT OUTER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "orders"."status" = 'open';

SELECT "customers"."id" AS t0_r0, "customers"."name" AS t0_r1, "orders"."id" AS t1_r0, "orders"."note" AS t1_r1 FROM "customers" LEFT OUTER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "orders"."id" IS NULL;

SELECT COUNT(*) AS "count_all", "orders"."status" AS "orders_status" FROM "orders" GROUP BY "orders"."status";

SELECT SUM("order_items"."quantity" * "order_items"."unit_price") FROM "order_items" INNER JOIN "orders" ON "order_items"."order_id" = "orders"."id" WHERE "orders"."ordered_at" >= '2026-01-01 00:00:00';

SELECT "customers".* FROM "customers" WHERE (name ILIKE '%ada%' OR email ILIKE '%ada%') AND "customers"."created_at" > '2024-06-01' ORDER BY created_at DESC LIMIT 20 OFFSET 0;

SELECT DISTINCT ON (orders.customer_id) orders.* FROM "orders" ORDER BY orders.customer_id, orders.ordered_at DESC;

INSERT INTO "customers" ("name", "email", "city", "country", "created_at") VALUES ('R', 'r@example.com', 'Ulm', 'DE', '2026-03-01 10:00:00.123456') RETURNING "id";

INSERT INTO "products" ("sku","name","category_id","price") VALUES ('R-1', 'r', 2, 3.0) ON CONFLICT ("sku") DO UPDATE SET "name"=excluded."name","price"=excluded."price" RETURNING "id";

INSERT INTO "schema_migrations" ("version") VALUES ('20260101000000') RETURNING "version";

INSERT INTO "ar_internal_metadata" ("key", "value", "created_at", "updated_at") VALUES ('environment', 'production', '2026-01-01', '2026-01-01') RETURNING "key";

UPDATE "customers" SET "phone" = $1, "city" = $2 WHERE "customers"."id" = $3;

UPDATE "products" SET "stock" = COALESCE("stock", 0) + 1 WHERE "products"."id" = 9;

UPDATE "orders" SET "note" = 'x' WHERE ("orders"."id", "orders"."ordered_at") IN (SELECT "orders"."id", "orders"."ordered_at" FROM "orders" INNER JOIN "customers" ON "customers"."id" = "orders"."customer_id" WHERE "customers"."country" = 'PT' ORDER BY "orders"."id" LIMIT 10);

DELETE FROM "Post" WHERE "Post"."id" = 2;

DELETE FROM "User" WHERE "User"."id" = 1;

SELECT "customers".* FROM "customers" WHERE "customers"."id" = 1 LIMIT 1 FOR UPDATE;

SELECT "extra"."accounts".* FROM "extra"."accounts" INNER JOIN "extra"."memberships" ON "extra"."memberships"."account_id" = "extra"."accounts"."id" WHERE "extra"."memberships"."person" = 'ada';

SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC;

SELECT pg_try_advisory_lock(1234567890123);

SELECT pg_advisory_unlock(1234567890123);

SHOW max_identifier_length;

SHOW search_path;

SET client_min_messages TO 'warning';

SET SESSION timezone TO 'UTC';

SET standard_conforming_strings = on;

SELECT t.oid, t.typname FROM pg_type as t WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'timestamp', 'timestamptz');

SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'jsonb', 'uuid') OR t.typtype IN ('r', 'e', 'd') OR t.typinput = 'array_in(cstring,oid,integer)'::regprocedure OR t.typelem != 0;

SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"customers"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;

SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"orders"'::regclass AND indisprimary) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx;

SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'customers' AND c.relkind IN ('r','v','m','p','f');

SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'orders' AND n.nspname = ANY (current_schemas(false)) ORDER BY i.relname;

SELECT extversion FROM pg_extension WHERE extname = 'pgcrypto';

SELECT type.typname AS name, type.OID AS oid, n.nspname AS schema, array_agg(enum.enumlabel ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(false)) GROUP BY type.OID, n.nspname, type.typname;
