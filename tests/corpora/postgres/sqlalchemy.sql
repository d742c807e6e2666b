-- SQLAlchemy's ORM and core, as psycopg, psycopg2 and asyncpg send them.

SELECT customers.id AS customers_id, customers.name AS customers_name, customers.email AS customers_email FROM customers WHERE customers.id = $1;

SELECT customers.id, customers.name, anon_1.total FROM customers JOIN (SELECT orders.customer_id AS customer_id, count(orders.id) AS total FROM orders GROUP BY orders.customer_id) AS anon_1 ON customers.id = anon_1.customer_id WHERE anon_1.total > $1::INTEGER;

SELECT orders_1.id AS orders_1_id, customers.id AS customers_id, customers.name AS customers_name FROM customers LEFT OUTER JOIN orders AS orders_1 ON customers.id = orders_1.customer_id WHERE customers.country = $1::VARCHAR ORDER BY customers.id;

SELECT orders.customer_id AS orders_customer_id, orders.id AS orders_id, orders.note AS orders_note FROM orders WHERE orders.customer_id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

SELECT anon_1.customers_id, anon_1.customers_name, order_items_1.quantity FROM (SELECT customers.id AS customers_id, customers.name AS customers_name FROM customers LIMIT $1::INTEGER OFFSET $2::INTEGER) AS anon_1 LEFT OUTER JOIN orders AS orders_1 ON anon_1.customers_id = orders_1.customer_id LEFT OUTER JOIN order_items AS order_items_1 ON orders_1.id = order_items_1.order_id;

SELECT EXISTS (SELECT * FROM customers WHERE customers.email = $1::VARCHAR) AS anon_1;

SELECT count(*) AS count_1 FROM (SELECT products.id AS products_id FROM products WHERE products.price BETWEEN 5 AND 10) AS anon_1;

SELECT products.id, products.name, lag(products.price) OVER (PARTITION BY products.category_id ORDER BY products.price) AS anon_1 FROM products;

WITH RECURSIVE tree(id, parent_id, level) AS (SELECT categories.id AS id, categories.parent_id AS parent_id, 0 AS level FROM categories WHERE categories.parent_id IS NULL UNION ALL SELECT c.id AS id, c.parent_id AS parent_id, tree.level + 1 AS anon_1 FROM categories AS c JOIN tree ON c.parent_id = tree.id) SELECT tree.id, tree.level FROM tree ORDER BY tree.level;

WITH regional AS (SELECT customers.country AS country, sum(payments.amount) AS total FROM customers JOIN orders ON orders.customer_id = customers.id JOIN payments ON payments.order_id = orders.id GROUP BY customers.country), top AS (SELECT regional.country AS country FROM regional WHERE regional.total > (SELECT sum(regional.total) / 10 AS anon_1 FROM regional)) SELECT customers.name FROM customers WHERE customers.country IN (SELECT top.country FROM top);

INSERT INTO customers (name, email, city, country) VALUES ('S'::VARCHAR, 's@example.com'::VARCHAR, 'Rome'::VARCHAR, 'IT'::VARCHAR) RETURNING customers.id, customers.created_at;

INSERT INTO products (sku, name, category_id, price) SELECT p0::VARCHAR, p1::VARCHAR, p2::INTEGER, p3::NUMERIC FROM (VALUES ('A-1', 'a', 2, 1.0, 0), ('A-2', 'b', 3, 2.0, 1)) AS imp_sen(p0, p1, p2, p3, sen_counter) ORDER BY sen_counter RETURNING products.id, products.id AS id__1;

INSERT INTO hr.employees (id, name, email, title, department, hired_on) VALUES (999, 'n', 'n@shop.example', 't', 'IT', '2026-01-01') ON CONFLICT (id) DO UPDATE SET name = excluded.name, title = coalesce(excluded.title, hr.employees.title) WHERE hr.employees.department = 'IT' RETURNING hr.employees.id;

UPDATE customers SET phone=$1::VARCHAR WHERE customers.id = $2::INTEGER;

UPDATE orders SET note=customers.name FROM customers WHERE customers.id = orders.customer_id AND orders.id = 77;

UPDATE products SET stock=anon_1.sold FROM (SELECT order_items.product_id AS product_id, sum(order_items.quantity) AS sold FROM order_items GROUP BY order_items.product_id) AS anon_1 WHERE products.id = anon_1.product_id RETURNING products.id, products.stock;

DELETE FROM order_items USING orders, customers WHERE order_items.order_id = orders.id AND orders.customer_id = customers.id AND customers.country = 'NO' AND orders.id < 5;

DELETE FROM extra.memberships WHERE extra.memberships.account_id = 1 RETURNING extra.memberships.person;

SELECT hr.employees.name, manager.name AS name_1 FROM hr.employees LEFT OUTER JOIN hr.employees AS manager ON manager.id = hr.employees.manager_id;

SELECT hr.employees.department, percentile_cont(0.5) WITHIN GROUP (ORDER BY hr.salaries.amount) AS median FROM hr.employees JOIN hr.salaries ON hr.salaries.employee_id = hr.employees.id GROUP BY hr.employees.department;

SELECT jsonb_agg(jsonb_build_object('id', products.id, 'name', products.name)) AS jsonb_agg_1 FROM products WHERE products.attributes @> '{"colour": "red"}'::jsonb;

SELECT anon_1.id, anon_2.amount FROM (SELECT orders.id AS id FROM orders WHERE orders.status = 'paid' LIMIT 5) AS anon_1 JOIN LATERAL (SELECT payments.amount AS amount FROM payments WHERE payments.order_id = anon_1.id ORDER BY payments.paid_at DESC LIMIT 1) AS anon_2 ON true;

SELECT customers.name FROM customers EXCEPT SELECT hr.employees.name FROM hr.employees;

SELECT customers.city FROM customers INTERSECT ALL SELECT all_people.name FROM extra.all_people;

SELECT unnest(documents.tags) AS tag, count(*) AS n FROM extra.documents AS documents GROUP BY tag ORDER BY n DESC;

SELECT documents.id FROM extra.documents AS documents WHERE documents.tags && ARRAY['kitchen']::TEXT[] AND documents.search @@ websearch_to_tsquery('english', 'sharp knife');

SELECT customers.id, t.n FROM generate_series(1, 10) AS t(n), customers WHERE customers.id = t.n;

SELECT nextval('extra.ticket_numbers');

SELECT cast(orders.ordered_at AS DATE) AS day, count(distinct(orders.customer_id)) AS count_1 FROM orders GROUP BY cast(orders.ordered_at AS DATE);

SELECT "User".id, "User"."firstName", posts.title FROM public."User" JOIN public."Post" AS posts ON posts."authorId" = "User".id;

SELECT customers.id FROM customers TABLESAMPLE bernoulli(10) REPEATABLE (42);

SELECT value FROM json_each('{"a":1}') AS value;

BEGIN ISOLATION LEVEL READ COMMITTED;

ROLLBACK TO SAVEPOINT sa_savepoint_1;

RELEASE SAVEPOINT sa_savepoint_1;
