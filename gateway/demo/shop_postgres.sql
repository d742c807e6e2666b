-- The demo's shop: invented people, the same on every machine.
BEGIN;

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    phone text,
    card_number text,
    city text NOT NULL,
    country char(2) NOT NULL,
    newsletter boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN customers.card_number IS 'personal: payment card';

CREATE TABLE categories (
    id int PRIMARY KEY,
    name text NOT NULL UNIQUE,
    parent_id int REFERENCES categories
);

CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    category_id int NOT NULL REFERENCES categories,
    price numeric(10, 2) NOT NULL CHECK (price >= 0),
    stock int NOT NULL DEFAULT 0,
    attributes jsonb NOT NULL DEFAULT '{}'
);

CREATE TYPE order_status AS ENUM ('open', 'paid', 'shipped', 'returned');

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY,
    customer_id bigint NOT NULL REFERENCES customers,
    status order_status NOT NULL DEFAULT 'open',
    ordered_at timestamptz NOT NULL,
    note text,
    PRIMARY KEY (id, ordered_at)
) PARTITION BY RANGE (ordered_at);
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01+00') TO ('2025-01-01+00');
CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01+00') TO ('2026-01-01+00');
CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01+00') TO ('2027-01-01+00');
CREATE TABLE orders_later PARTITION OF orders DEFAULT;
CREATE INDEX orders_customer ON orders (customer_id, ordered_at);

CREATE TABLE order_items (
    order_id bigint NOT NULL,
    ordered_at timestamptz NOT NULL,
    position int NOT NULL,
    product_id bigint NOT NULL REFERENCES products,
    quantity int NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, position),
    FOREIGN KEY (order_id, ordered_at) REFERENCES orders (id, ordered_at) ON DELETE CASCADE
);
CREATE INDEX order_items_product ON order_items (product_id);

CREATE TABLE payments (
    id uuid PRIMARY KEY,
    order_id bigint NOT NULL,
    ordered_at timestamptz NOT NULL,
    amount numeric(12, 2) NOT NULL,
    paid_at timestamptz NOT NULL,
    FOREIGN KEY (order_id, ordered_at) REFERENCES orders (id, ordered_at)
);

CREATE SCHEMA hr;
CREATE TABLE hr.employees (
    id int PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    title text NOT NULL,
    department text NOT NULL,
    manager_id int REFERENCES hr.employees,
    hired_on date NOT NULL
);
CREATE TABLE hr.salaries (
    employee_id int NOT NULL REFERENCES hr.employees,
    valid_from date NOT NULL,
    amount numeric(10, 2) NOT NULL,
    currency char(3) NOT NULL DEFAULT 'EUR',
    PRIMARY KEY (employee_id, valid_from)
);

INSERT INTO customers (name, email, phone, card_number, city, country, newsletter, created_at)
SELECT f.name || ' ' || l.name,
       lower(f.name || '.' || l.name || n || '@example.' || (ARRAY ['com', 'org', 'net'])[1 + n % 3]),
       '+49 30 ' || lpad(((n * 7919) % 9000000 + 1000000)::text, 7, '0'),
       '4' || lpad(((n::bigint * 982451653) % 1000000000000000)::text, 15, '0'),
       c.city, c.country, n % 3 = 0,
       timestamptz '2024-01-01 08:00+00' + (n * 7 % 900) * interval '1 day' + (n % 1440) * interval '1 minute'
FROM generate_series(1, 1000) AS n
JOIN LATERAL (SELECT (ARRAY ['Ada', 'Ben', 'Chiara', 'David', 'Elif', 'Farid', 'Greta', 'Hiro', 'Ines', 'Jonas', 'Kim', 'Lena'])[1 + n % 12]) AS f(name) ON true
JOIN LATERAL (SELECT (ARRAY ['Abel', 'Brandt', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Hansen', 'Ito', 'Jansen', 'Kaya'])[1 + n % 11]) AS l(name) ON true
JOIN LATERAL (SELECT (ARRAY ['Berlin', 'Paris', 'Lisbon', 'Oslo', 'Osaka', 'Izmir', 'Madrid'])[1 + n % 7],
                     (ARRAY ['DE', 'FR', 'PT', 'NO', 'JP', 'TR', 'ES'])[1 + n % 7]) AS c(city, country) ON true;

INSERT INTO categories VALUES (1, 'Everything', NULL), (2, 'Kitchen', 1), (3, 'Garden', 1), (4, 'Books', 1), (5, 'Knives', 2), (6, 'Pots', 2);

INSERT INTO products (sku, name, category_id, price, stock, attributes)
SELECT 'SKU-' || lpad(n::text, 5, '0'),
       (ARRAY ['Chef''s knife', 'Saucepan', 'Watering can', 'Atlas', 'Paring knife', 'Stock pot', 'Trowel'])[1 + n % 7] || ' No. ' || n,
       2 + n % 5, 5 + (n * 37 % 9500) / 100.0, n * 13 % 250,
       jsonb_build_object('colour', (ARRAY ['red', 'black', 'steel'])[1 + n % 3], 'weight_g', 100 + n * 17 % 2900)
FROM generate_series(1, 200) AS n;

INSERT INTO orders (customer_id, status, ordered_at)
SELECT 1 + (n * 31) % 1000,
       (ARRAY ['open', 'paid', 'shipped', 'shipped', 'shipped', 'returned'])[1 + n % 6]::order_status,
       timestamptz '2024-01-02 09:00+00' + (n * 4) * interval '1 hour' + (n % 60) * interval '1 minute'
FROM generate_series(1, 5000) AS n;

INSERT INTO order_items (order_id, ordered_at, position, product_id, quantity, unit_price)
SELECT o.id, o.ordered_at, i, p.id, 1 + (o.id + i) % 4, p.price
FROM orders AS o
CROSS JOIN generate_series(1, 3) AS i
JOIN products AS p ON p.id = 1 + (o.id * 7 + i * 53) % 200;

INSERT INTO payments (id, order_id, ordered_at, amount, paid_at)
SELECT md5('payment ' || o.id)::uuid, o.id, o.ordered_at,
       (SELECT sum(quantity * unit_price) FROM order_items AS i WHERE i.order_id = o.id),
       o.ordered_at + interval '2 hours'
FROM orders AS o
WHERE status <> 'open';

INSERT INTO hr.employees
SELECT n, (ARRAY ['Mona', 'Nils', 'Olga', 'Paul', 'Quinn', 'Rosa', 'Sven', 'Tara'])[1 + n % 8] || ' ' ||
          (ARRAY ['Keller', 'Lange', 'Moreau', 'Novak', 'Okafor', 'Peters'])[1 + n % 6],
       'staff' || n || '@shop.example', (ARRAY ['Engineer', 'Buyer', 'Clerk', 'Accountant'])[1 + n % 4],
       (ARRAY ['IT', 'Purchasing', 'Sales', 'Finance'])[1 + n % 4], CASE WHEN n > 1 THEN 1 + n / 8 END,
       date '2018-01-15' + n * 41
FROM generate_series(1, 60) AS n;

INSERT INTO hr.salaries (employee_id, valid_from, amount)
SELECT id, hired_on, 38000 + (id * 977) % 52000 FROM hr.employees;

CREATE VIEW customer_overview AS
SELECT c.id, c.name, c.city, c.country, count(o.id) AS orders, max(o.ordered_at) AS last_order
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.id
GROUP BY c.id;

CREATE VIEW customer_contacts AS
SELECT id, name, email AS contact, phone FROM customers;

CREATE FUNCTION order_total(wanted bigint) RETURNS numeric LANGUAGE sql STABLE AS
$$ SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = wanted $$;

CREATE FUNCTION headcount(wanted text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = hr AS
$$ BEGIN RETURN (SELECT count(*) FROM employees WHERE department = wanted); END $$;

CREATE SCHEMA analytics;
CREATE MATERIALIZED VIEW analytics.daily_revenue AS
SELECT date_trunc('day', i.ordered_at) AS day, sum(i.quantity * i.unit_price) AS revenue, count(DISTINCT i.order_id) AS orders
FROM order_items AS i
GROUP BY 1;
CREATE UNIQUE INDEX daily_revenue_day ON analytics.daily_revenue (day);

CREATE VIEW analytics.top_products AS
SELECT p.id, p.name, sum(i.quantity) AS sold, sum(i.quantity * i.unit_price) AS revenue
FROM products AS p
JOIN order_items AS i ON i.product_id = p.id
GROUP BY p.id
ORDER BY revenue DESC;

COMMIT;
ANALYZE;
