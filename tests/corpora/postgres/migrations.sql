-- Alembic, Django, Rails, Flyway, Liquibase, Prisma migrate, hand-written change scripts.

CREATE TABLE alembic_test (id SERIAL NOT NULL, name VARCHAR(50), customer_id BIGINT, PRIMARY KEY (id), FOREIGN KEY(customer_id) REFERENCES customers (id) ON DELETE CASCADE);

ALTER TABLE customers ADD COLUMN loyalty INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE customers DROP COLUMN card_number;

ALTER TABLE customers RENAME COLUMN city TO town;

ALTER TABLE customers RENAME TO clients;

ALTER TABLE hr.employees ALTER COLUMN title TYPE VARCHAR(200) USING title::varchar(200);

ALTER TABLE products ALTER COLUMN stock SET DEFAULT 1;

ALTER TABLE products ALTER COLUMN attributes DROP NOT NULL;

ALTER TABLE payments ADD CONSTRAINT amount_positive CHECK (amount > 0) NOT VALID;

ALTER TABLE payments VALIDATE CONSTRAINT payments_order_id_ordered_at_fkey;

ALTER TABLE "Post" ADD CONSTRAINT "post_customer_fk" FOREIGN KEY ("id") REFERENCES "User" ("id") DEFERRABLE INITIALLY DEFERRED NOT VALID;

ALTER TABLE order_items DROP CONSTRAINT order_items_quantity_check;

ALTER TABLE orders ATTACH PARTITION orders_2030 FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');

ALTER TABLE orders DETACH PARTITION orders_later;

CREATE TABLE orders_2027 PARTITION OF orders FOR VALUES FROM ('2037-01-01') TO ('2038-01-01');

CREATE INDEX ix_customers_country ON customers (country);

CREATE UNIQUE INDEX IF NOT EXISTS ux_customers_mail ON customers (lower(email));

CREATE INDEX ix_products_attr ON products USING gin (attributes jsonb_path_ops) WHERE stock > 0;

CREATE INDEX ix_items_cover ON ONLY orders (status) INCLUDE (note);

DROP INDEX order_items_product;

DROP INDEX IF EXISTS ix_nothing;

REINDEX TABLE products;

DROP TABLE IF EXISTS nothing_here;

DROP TABLE payments;

DROP TABLE extra.accounts CASCADE;

DROP VIEW customer_contacts;

DROP MATERIALIZED VIEW analytics.daily_revenue;

DROP SCHEMA hr CASCADE;

DROP FUNCTION order_total(bigint);

DROP SEQUENCE extra.ticket_numbers CASCADE;

DROP TYPE extra.mood CASCADE;

DROP TRIGGER wallets_log ON extra.wallets;

DROP RULE notes_keep ON extra.notes;

DROP POLICY secrets_members ON extra.secrets;

TRUNCATE TABLE extra.change_log;

TRUNCATE orders, order_items, payments RESTART IDENTITY;

TRUNCATE extra.accounts CASCADE;

TRUNCATE ONLY extra.places;

CREATE VIEW vip AS SELECT c.id, c.name FROM customers c WHERE EXISTS (SELECT FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.customer_id = c.id AND p.amount > 500);

CREATE OR REPLACE VIEW customer_contacts AS SELECT id, name, email AS contact, phone, city FROM customers;

CREATE MATERIALIZED VIEW analytics.by_city AS SELECT city, count(*) FROM customers GROUP BY city WITH NO DATA;

REFRESH MATERIALIZED VIEW analytics.daily_revenue;

REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.daily_revenue;

CREATE TYPE shipping AS ENUM ('post', 'courier');

ALTER TYPE order_status ADD VALUE 'lost' AFTER 'shipped';

ALTER TYPE extra.mood RENAME VALUE 'ok' TO 'fine';

CREATE SEQUENCE invoice_numbers START 1000 OWNED BY payments.amount;

ALTER SEQUENCE extra.ticket_numbers RESTART WITH 5000;

CREATE SCHEMA IF NOT EXISTS staging AUTHORIZATION CURRENT_USER;

ALTER SCHEMA analytics RENAME TO reports;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created_at := now(); RETURN NEW; END $$;

CREATE OR REPLACE FUNCTION order_total(wanted bigint) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT coalesce(sum(quantity * unit_price), 0) FROM order_items WHERE order_id = wanted $$;

CREATE FUNCTION newest() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(id) FROM customers; END;

CREATE TRIGGER touch_wallets BEFORE UPDATE ON extra.wallets FOR EACH ROW WHEN (OLD.owner IS DISTINCT FROM NEW.owner) EXECUTE FUNCTION extra.log_change();

ALTER TABLE extra.wallets DISABLE TRIGGER wallets_log;

ALTER TABLE extra.secrets DISABLE ROW LEVEL SECURITY;

CREATE POLICY own_orders ON orders FOR SELECT USING (customer_id IN (SELECT id FROM customers WHERE name = current_user));

CREATE RULE no_delete AS ON DELETE TO products DO INSTEAD NOTHING;

CREATE RULE copy_notes AS ON INSERT TO extra.notes DO ALSO INSERT INTO extra.change_log (relation, operation) SELECT 'notes', name FROM customers WHERE id = 1;

CREATE STATISTICS city_country (dependencies) ON city, country FROM customers;

COMMENT ON TABLE customers IS 'people who buy';

COMMENT ON COLUMN products.sku IS 'stock keeping unit';

GRANT SELECT ON customers TO PUBLIC;

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA extra TO PUBLIC;

REVOKE ALL ON hr.salaries FROM PUBLIC;

ALTER TABLE hr.salaries OWNER TO CURRENT_USER;

ALTER DEFAULT PRIVILEGES IN SCHEMA extra GRANT SELECT ON TABLES TO PUBLIC;

CREATE DOMAIN zip AS text CHECK (VALUE ~ '^\d{5}$');

CREATE EXTENSION IF NOT EXISTS plpgsql;

CREATE TABLE copy_of_customers (LIKE customers INCLUDING ALL);

CREATE TABLE big_spenders AS SELECT o.customer_id, sum(p.amount) AS total FROM payments p JOIN orders o ON o.id = p.order_id GROUP BY 1 HAVING sum(p.amount) > 1000;

CREATE TEMPORARY TABLE tmp_ids ON COMMIT DROP AS SELECT id FROM customers WHERE newsletter;

CREATE TABLE child_of_places () INHERITS (extra.places);

SELECT id, name INTO TEMP picked FROM products WHERE price > 50;

ALTER TABLE extra.places ADD COLUMN area numeric;

ALTER TABLE extra.places ALTER population TYPE numeric;

ALTER VIEW customer_contacts RENAME TO contacts;

ALTER MATERIALIZED VIEW analytics.daily_revenue RENAME COLUMN revenue TO turnover;

ALTER INDEX order_items_product RENAME TO ix_items_product;

ALTER TABLE products SET (fillfactor = 80);

ALTER TABLE products CLUSTER ON products_pkey;

ALTER TABLE products REPLICA IDENTITY FULL;

ALTER TABLE hr.employees SET SCHEMA public;

ALTER TABLE extra.events ADD COLUMN source text DEFAULT 'web';

ALTER FUNCTION order_total(bigint) SET search_path = public;

LOCK TABLE customers, orders IN SHARE ROW EXCLUSIVE MODE;

LOCK TABLE ONLY extra.places IN ACCESS EXCLUSIVE MODE NOWAIT;

LOCK TABLE customer_overview IN ACCESS SHARE MODE;

ANALYZE customers (email);

CLUSTER products USING products_pkey;

SET LOCAL lock_timeout = '5s';

SET CONSTRAINTS ALL DEFERRED;

SELECT "version", "description", "type", "script", "checksum" FROM "public"."flyway_schema_history" WHERE "installed_rank" > 0 ORDER BY "installed_rank";

INSERT INTO "public"."flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "execution_time", "success") VALUES (1, '1', 'init', 'SQL', 'V1__init.sql', 1, 'x', 10, TRUE);

SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname = 'flyway_schema_history' AND c.relkind = 'r');

UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';

DELETE FROM alembic_version WHERE alembic_version.version_num = 'zz';

SELECT alembic_version.version_num FROM alembic_version;

UPDATE customers SET country = upper(country) WHERE country <> upper(country);

INSERT INTO categories (id, name, parent_id) SELECT max(id) + 1, 'New', 1 FROM categories;

DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'shipping2') THEN CREATE TYPE shipping2 AS ENUM ('a'); END IF; END $$;

DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM public.customers LIMIT 3 LOOP UPDATE public.customers SET newsletter = true WHERE id = r.id; END LOOP; END $$;
