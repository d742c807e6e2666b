-- Prisma, TypeORM, Sequelize, Knex, Drizzle, Objection, node-pg.

SELECT "public"."User"."id", "public"."User"."firstName", "public"."User"."lastName", "public"."User"."isActive", "public"."User"."createdAt" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3;

SELECT "public"."Post"."id", "public"."Post"."authorId" FROM "public"."Post" WHERE "public"."Post"."authorId" IN (1,2) OFFSET 0;

SELECT "t0"."id", "t0"."firstName", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title") AS "__prisma_data__" FROM (SELECT "t1".* FROM "public"."Post" AS "t1" WHERE "t0"."id" = "t1"."authorId") AS "t2") AS "t3") AS "t4") AS "User_posts" ON TRUE LIMIT 10;

SELECT COUNT(*) FROM (SELECT "public"."Post"."id" FROM "public"."Post" WHERE "public"."Post"."title" LIKE '%a%' OFFSET 0) AS "sub";

SELECT "public"."Post"."id" FROM "public"."Post" WHERE ("public"."Post"."id") IN (SELECT "t0"."B" FROM "public"."_CategoryToPost" AS "t0" INNER JOIN "public"."User" AS "j0" ON ("j0"."id") = ("t0"."A") WHERE ("j0"."firstName" = 'x' AND "t0"."B" IS NOT NULL)) ORDER BY "public"."Post"."id" ASC;

INSERT INTO "public"."Post" ("title","authorId","tags") VALUES ('t',1,'{}') RETURNING "public"."Post"."id", "public"."Post"."title";

INSERT INTO "public"."_CategoryToPost" ("B", "A") VALUES (1, 1) ON CONFLICT DO NOTHING;

UPDATE "public"."User" SET "firstName" = 'y', "isActive" = false WHERE ("public"."User"."id" IN (1) AND ("public"."User"."id" = 1 AND 1=1)) RETURNING "public"."User"."id";

DELETE FROM "public"."User" WHERE ("public"."User"."id" = 2 AND 1=1) RETURNING "public"."User"."id", "public"."User"."firstName";

SELECT "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count" FROM "_prisma_migrations" ORDER BY "started_at" ASC;

SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = 'public'), version(), current_setting('server_version_num')::integer as numeric_version;

SELECT "User"."id" AS "User_id", "User"."firstName" AS "User_firstName", "User__posts"."id" AS "User__posts_id", "User__posts"."title" AS "User__posts_title" FROM "User" "User" LEFT JOIN "Post" "User__posts" ON "User__posts"."authorId"="User"."id" WHERE (("User"."isActive" = true)) ORDER BY "User__posts_id" ASC;

SELECT DISTINCT "distinctAlias"."User_id" AS "ids_User_id" FROM (SELECT "User"."id" AS "User_id", "User"."firstName" AS "User_firstName" FROM "User" "User" LEFT JOIN "Post" "p" ON "p"."authorId"="User"."id") "distinctAlias" ORDER BY "User_id" ASC LIMIT 1;

SELECT COUNT(1) AS "cnt" FROM "User" "User" WHERE "User"."createdAt" > '2024-01-01T00:00:00.000Z';

INSERT INTO "User"("firstName", "lastName", "isActive") VALUES ('T', DEFAULT, DEFAULT) RETURNING "id", "isActive";

UPDATE "User" SET "firstName" = 'z' WHERE "id" IN (1);

SELECT * FROM current_schema();

SELECT * FROM "information_schema"."tables" WHERE "table_schema" = current_schema() AND "table_name" = 'typeorm_metadata';

SELECT columns.*, pg_catalog.col_description(('"' || table_catalog || '"."' || table_schema || '"."' || table_name || '"')::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype" AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = (SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema") WHERE ("table_schema" = 'hr' AND "table_name" = 'nothing');

SELECT "Customer"."id", "Customer"."name", "Orders"."id" AS "Orders.id" FROM "customers" AS "Customer" LEFT OUTER JOIN "orders" AS "Orders" ON "Customer"."id" = "Orders"."customer_id" AND ("Orders"."status" = 'open') WHERE "Customer"."country" IN ('DE', 'FR') LIMIT 10;

SELECT count(*) AS "count" FROM "customers" AS "Customer" WHERE "Customer"."name" ILIKE '%a%';

INSERT INTO "customers" ("id","name","email","city","country") VALUES (DEFAULT,'s','s@example.com','x','DE') RETURNING "id","name","email";

UPDATE "customers" SET "phone"=$1 WHERE "id" = $2;

DELETE FROM "extra"."notes" WHERE "id" = 1;

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type LIKE '%TABLE' AND table_name != 'spatial_ref_sys';

SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'customers' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;

select * from "customers" where "country" = $1 and ("city" = $2 or "city" is null) order by "id" asc limit $3;

select "o".*, "c"."name" as "customer_name" from "orders" as "o" inner join "customers" as "c" on "c"."id" = "o"."customer_id" where "o"."id" in (select "order_id" from "payments" where "amount" > 100);

insert into "extra"."notes" ("body") values ('k'), ('l') returning "id";

select count("id") as "total", max("price") as "m" from "products" where not "category_id" = 3;

with "recent" as (select "id", "customer_id" from "orders" where "ordered_at" > '2026-01-01') select "customers"."name" from "recent" left join "customers" on "customers"."id" = "recent"."customer_id" group by "customers"."name" having count(*) > 1;

select "d0"."id", "d0"."name", "d0_orders"."data" as "orders" from "customers" as "d0" left join lateral (select coalesce(json_agg(json_build_array("d1"."id", "d1"."note")), '[]'::json) as "data" from "orders" "d1" where "d1"."customer_id" = "d0"."id") "d0_orders" on true limit 3;

insert into "products" ("sku", "name", "category_id", "price") values ('SKU-00002', 'x', 2, 3) on conflict ("sku") do update set "price" = "products"."price" + 1 where "products"."price" < 100;

SELECT "customers"."id" FROM "customers" WHERE EXISTS (SELECT 1 FROM "orders" WHERE "orders"."customer_id" = "customers"."id" AND "orders"."ordered_at" >= $1);

LISTEN "shop_events";

NOTIFY shop_events, 'hello';
