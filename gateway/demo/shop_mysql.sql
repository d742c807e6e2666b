-- The demo's shop for MySQL and MariaDB: the same invented people as on PostgreSQL, in two databases.
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE DATABASE hr CHARACTER SET utf8mb4;
USE shop;

CREATE TABLE numbers (n INT PRIMARY KEY);
INSERT INTO numbers
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 1000) SELECT n FROM counter;
INSERT INTO numbers SELECT n + 1000 FROM numbers;
INSERT INTO numbers SELECT n + 2000 FROM numbers;
INSERT INTO numbers SELECT n + 4000 FROM numbers WHERE n <= 1000;

CREATE TABLE customers (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(200) NOT NULL UNIQUE,
    phone VARCHAR(40),
    card_number VARCHAR(20),
    city VARCHAR(60) NOT NULL,
    country CHAR(2) NOT NULL,
    newsletter BOOLEAN NOT NULL DEFAULT false,
    created_at DATETIME NOT NULL
);

CREATE TABLE categories (
    id INT PRIMARY KEY,
    name VARCHAR(60) NOT NULL UNIQUE,
    parent_id INT,
    FOREIGN KEY (parent_id) REFERENCES categories (id)
);

CREATE TABLE products (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    sku VARCHAR(20) NOT NULL UNIQUE,
    name VARCHAR(100) NOT NULL,
    category_id INT NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    stock INT NOT NULL DEFAULT 0,
    attributes JSON NOT NULL,
    FOREIGN KEY (category_id) REFERENCES categories (id)
);

CREATE TABLE orders (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    status ENUM ('open', 'paid', 'shipped', 'returned') NOT NULL DEFAULT 'open',
    ordered_at DATETIME NOT NULL,
    note TEXT,
    KEY orders_customer (customer_id, ordered_at),
    FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE TABLE order_items (
    order_id BIGINT NOT NULL,
    position INT NOT NULL,
    product_id BIGINT NOT NULL,
    quantity INT NOT NULL,
    unit_price DECIMAL(10, 2) NOT NULL,
    PRIMARY KEY (order_id, position),
    FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE TABLE payments (
    id CHAR(32) PRIMARY KEY,
    order_id BIGINT NOT NULL,
    amount DECIMAL(12, 2) NOT NULL,
    paid_at DATETIME NOT NULL,
    FOREIGN KEY (order_id) REFERENCES orders (id)
);

CREATE TABLE hr.employees (
    id INT PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(200) NOT NULL UNIQUE,
    title VARCHAR(60) NOT NULL,
    department VARCHAR(60) NOT NULL,
    manager_id INT,
    hired_on DATE NOT NULL,
    FOREIGN KEY (manager_id) REFERENCES hr.employees (id)
);

CREATE TABLE hr.salaries (
    employee_id INT NOT NULL,
    valid_from DATE NOT NULL,
    amount DECIMAL(10, 2) NOT NULL,
    currency CHAR(3) NOT NULL DEFAULT 'EUR',
    PRIMARY KEY (employee_id, valid_from),
    FOREIGN KEY (employee_id) REFERENCES hr.employees (id)
);

INSERT INTO customers (name, email, phone, card_number, city, country, newsletter, created_at)
SELECT CONCAT(f, ' ', l),
       LOWER(CONCAT(f, '.', l, n, '@example.', ELT(1 + n MOD 3, 'com', 'org', 'net'))),
       CONCAT('+49 30 ', LPAD(n * 7919 MOD 9000000 + 1000000, 7, '0')),
       CONCAT('4', LPAD(n * 982451653 MOD 1000000000000000, 15, '0')),
       ELT(1 + n MOD 7, 'Berlin', 'Paris', 'Lisbon', 'Oslo', 'Osaka', 'Izmir', 'Madrid'),
       ELT(1 + n MOD 7, 'DE', 'FR', 'PT', 'NO', 'JP', 'TR', 'ES'),
       n MOD 3 = 0,
       TIMESTAMPADD(DAY, n * 7 MOD 900, TIMESTAMPADD(MINUTE, n MOD 1440, '2024-01-01 08:00:00'))
FROM (
    SELECT n,
           ELT(1 + n MOD 12, 'Ada', 'Ben', 'Chiara', 'David', 'Elif', 'Farid', 'Greta', 'Hiro', 'Ines', 'Jonas', 'Kim', 'Lena') AS f,
           ELT(1 + n MOD 11, 'Abel', 'Brandt', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Hansen', 'Ito', 'Jansen', 'Kaya') AS l
    FROM numbers WHERE n <= 1000 ORDER BY n
) AS people;

INSERT INTO categories VALUES (1, 'Everything', NULL), (2, 'Kitchen', 1), (3, 'Garden', 1), (4, 'Books', 1), (5, 'Knives', 2), (6, 'Pots', 2);

INSERT INTO products (sku, name, category_id, price, stock, attributes)
SELECT CONCAT('SKU-', LPAD(n, 5, '0')),
       CONCAT(ELT(1 + n MOD 7, 'Chef''s knife', 'Saucepan', 'Watering can', 'Atlas', 'Paring knife', 'Stock pot', 'Trowel'), ' No. ', n),
       2 + n MOD 5, 5 + (n * 37 MOD 9500) / 100, n * 13 MOD 250,
       JSON_OBJECT('colour', ELT(1 + n MOD 3, 'red', 'black', 'steel'), 'weight_g', 100 + n * 17 MOD 2900)
FROM numbers WHERE n <= 200 ORDER BY n;

INSERT INTO orders (customer_id, status, ordered_at)
SELECT 1 + n * 31 MOD 1000, ELT(1 + n MOD 6, 'open', 'paid', 'shipped', 'shipped', 'shipped', 'returned'),
       TIMESTAMPADD(HOUR, n * 4, TIMESTAMPADD(MINUTE, n MOD 60, '2024-01-02 09:00:00'))
FROM numbers WHERE n <= 5000 ORDER BY n;

INSERT INTO order_items (order_id, position, product_id, quantity, unit_price)
SELECT o.id, i.n, p.id, 1 + (o.id + i.n) MOD 4, p.price
FROM orders AS o
JOIN numbers AS i ON i.n <= 3
JOIN products AS p ON p.id = 1 + (o.id * 7 + i.n * 53) MOD 200;

INSERT INTO payments (id, order_id, amount, paid_at)
SELECT MD5(CONCAT('payment ', o.id)), o.id,
       (SELECT SUM(quantity * unit_price) FROM order_items AS i WHERE i.order_id = o.id),
       TIMESTAMPADD(HOUR, 2, o.ordered_at)
FROM orders AS o WHERE status <> 'open';

INSERT INTO hr.employees
SELECT n, CONCAT(ELT(1 + n MOD 8, 'Mona', 'Nils', 'Olga', 'Paul', 'Quinn', 'Rosa', 'Sven', 'Tara'), ' ',
                 ELT(1 + n MOD 6, 'Keller', 'Lange', 'Moreau', 'Novak', 'Okafor', 'Peters')),
       CONCAT('staff', n, '@shop.example'), ELT(1 + n MOD 4, 'Engineer', 'Buyer', 'Clerk', 'Accountant'),
       ELT(1 + n MOD 4, 'IT', 'Purchasing', 'Sales', 'Finance'), IF(n > 1, 1 + n DIV 8, NULL),
       TIMESTAMPADD(DAY, n * 41, '2018-01-15')
FROM numbers WHERE n <= 60 ORDER BY n;

INSERT INTO hr.salaries (employee_id, valid_from, amount)
SELECT id, hired_on, 38000 + id * 977 MOD 52000 FROM hr.employees;

DROP TABLE numbers;

CREATE VIEW customer_overview AS
SELECT c.id, c.name, c.city, c.country, COUNT(o.id) AS orders, MAX(o.ordered_at) AS last_order
FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id
GROUP BY c.id;

CREATE VIEW customer_contacts AS SELECT id, name, email AS contact, phone FROM customers;

CREATE FUNCTION order_total (wanted BIGINT) RETURNS DECIMAL(12, 2) READS SQL DATA
RETURN (SELECT SUM(quantity * unit_price) FROM order_items WHERE order_id = wanted);
