-- TPC-H's twenty-two query shapes over the shop's tables.

SELECT status, newsletter, sum(quantity) AS sum_qty, sum(unit_price) AS sum_base_price, sum(unit_price * (1 - 0.05)) AS sum_disc_price, avg(quantity) AS avg_qty, count(*) AS count_order FROM order_items l JOIN orders o ON o.id = l.order_id JOIN customers c ON c.id = o.customer_id WHERE l.ordered_at <= date '2026-12-01' - interval '90' day GROUP BY status, newsletter ORDER BY status, newsletter;

SELECT s.name, p.sku, p.price FROM products p, categories s, order_items i WHERE p.id = i.product_id AND s.id = p.category_id AND p.name LIKE '%knife%' AND p.price = (SELECT min(p2.price) FROM products p2, order_items i2 WHERE p2.id = i2.product_id AND p2.category_id = p.category_id) ORDER BY p.price DESC, s.name LIMIT 100;

SELECT l.order_id, sum(l.unit_price * (1 - 0.1)) AS revenue, o.ordered_at, o.status FROM customers c, orders o, order_items l WHERE c.country = 'DE' AND c.id = o.customer_id AND l.order_id = o.id AND o.ordered_at < date '2025-03-15' GROUP BY l.order_id, o.ordered_at, o.status ORDER BY revenue DESC, o.ordered_at LIMIT 10;

SELECT o.status, count(*) AS order_count FROM orders o WHERE o.ordered_at >= date '2025-07-01' AND o.ordered_at < date '2025-07-01' + interval '3' month AND EXISTS (SELECT * FROM order_items l WHERE l.order_id = o.id AND l.quantity < l.position) GROUP BY o.status ORDER BY o.status;

SELECT c.country, sum(l.unit_price * l.quantity) AS revenue FROM customers c, orders o, order_items l, products p, categories g WHERE c.id = o.customer_id AND l.order_id = o.id AND l.product_id = p.id AND p.category_id = g.id AND g.name = 'Kitchen' GROUP BY c.country ORDER BY revenue DESC;

SELECT sum(unit_price * 0.06) AS revenue FROM order_items WHERE ordered_at >= date '2024-01-01' AND ordered_at < date '2024-01-01' + interval '1' year AND unit_price BETWEEN 5 AND 50 AND quantity < 24;

SELECT supp, cust, l_year, sum(volume) AS revenue FROM (SELECT g.name AS supp, c.country AS cust, extract(year FROM l.ordered_at) AS l_year, l.unit_price * l.quantity AS volume FROM categories g, products p, order_items l, orders o, customers c WHERE g.id = p.category_id AND l.product_id = p.id AND o.id = l.order_id AND c.id = o.customer_id AND ((g.name = 'Pots' AND c.country = 'FR') OR (g.name = 'Knives' AND c.country = 'DE'))) AS shipping GROUP BY supp, cust, l_year ORDER BY 1, 2, 3;

SELECT o_year, sum(CASE WHEN nation = 'ES' THEN volume ELSE 0 END) / sum(volume) AS mkt_share FROM (SELECT extract(year FROM o.ordered_at) AS o_year, l.unit_price * l.quantity AS volume, c.country AS nation FROM products p, order_items l, orders o, customers c WHERE p.id = l.product_id AND l.order_id = o.id AND o.customer_id = c.id) AS all_nations GROUP BY o_year ORDER BY o_year;

SELECT nation, o_year, sum(amount) AS sum_profit FROM (SELECT c.country AS nation, extract(year FROM o.ordered_at) AS o_year, l.unit_price * l.quantity - p.price AS amount FROM products p, order_items l, orders o, customers c WHERE p.id = l.product_id AND o.id = l.order_id AND c.id = o.customer_id AND p.name LIKE '%pot%') AS profit GROUP BY nation, o_year ORDER BY nation, o_year DESC;

SELECT c.id, c.name, sum(l.unit_price) AS revenue, c.city, c.phone FROM customers c, orders o, order_items l WHERE c.id = o.customer_id AND l.order_id = o.id AND o.status = 'returned' GROUP BY c.id, c.name, c.phone, c.city ORDER BY revenue DESC LIMIT 20;

SELECT product_id, sum(unit_price * quantity) AS value FROM order_items GROUP BY product_id HAVING sum(unit_price * quantity) > (SELECT sum(unit_price * quantity) * 0.0001 FROM order_items) ORDER BY value DESC;

SELECT o.status, sum(CASE WHEN c.country = 'DE' OR c.country = 'FR' THEN 1 ELSE 0 END) AS high, sum(CASE WHEN c.country <> 'DE' AND c.country <> 'FR' THEN 1 ELSE 0 END) AS low FROM orders o, customers c WHERE o.customer_id = c.id AND o.status IN ('paid', 'shipped') GROUP BY o.status;

SELECT c_count, count(*) AS custdist FROM (SELECT c.id, count(o.id) FROM customers c LEFT OUTER JOIN orders o ON c.id = o.customer_id AND o.note NOT LIKE '%special%requests%' GROUP BY c.id) AS c_orders (c_custkey, c_count) GROUP BY c_count ORDER BY custdist DESC, c_count DESC;

SELECT 100.00 * sum(CASE WHEN p.name LIKE 'Atlas%' THEN l.unit_price ELSE 0 END) / sum(l.unit_price) AS promo_revenue FROM order_items l, products p WHERE l.product_id = p.id AND l.ordered_at >= date '2025-09-01';

WITH revenue (supplier_no, total_revenue) AS (SELECT product_id, sum(unit_price * quantity) FROM order_items GROUP BY product_id) SELECT p.id, p.name, total_revenue FROM products p, revenue WHERE p.id = supplier_no AND total_revenue = (SELECT max(total_revenue) FROM revenue) ORDER BY p.id;

SELECT p.name, count(DISTINCT i.order_id) AS supplier_cnt FROM order_items i, products p WHERE p.id = i.product_id AND p.sku <> 'SKU-00045' AND p.category_id IN (2, 3, 4) AND i.order_id NOT IN (SELECT id FROM orders WHERE note LIKE '%Complaints%') GROUP BY p.name ORDER BY supplier_cnt DESC;

SELECT sum(l.unit_price) / 7.0 AS avg_yearly FROM order_items l, products p WHERE p.id = l.product_id AND l.quantity < (SELECT 0.2 * avg(quantity) FROM order_items WHERE product_id = p.id);

SELECT c.name, c.id, o.id, o.ordered_at, sum(l.quantity) FROM customers c, orders o, order_items l WHERE o.id IN (SELECT order_id FROM order_items GROUP BY order_id HAVING sum(quantity) > 10) AND c.id = o.customer_id AND o.id = l.order_id GROUP BY c.name, c.id, o.id, o.ordered_at ORDER BY o.ordered_at LIMIT 100;

SELECT sum(l.unit_price * 0.9) AS revenue FROM order_items l, products p WHERE (p.id = l.product_id AND p.category_id = 2 AND l.quantity BETWEEN 1 AND 11) OR (p.id = l.product_id AND p.category_id = 3 AND l.quantity BETWEEN 10 AND 20);

SELECT p.name, p.sku FROM products p WHERE p.id IN (SELECT product_id FROM order_items WHERE product_id IN (SELECT id FROM products WHERE name LIKE 'A%') AND quantity > (SELECT 0.5 * sum(quantity) FROM order_items l WHERE l.product_id = order_items.product_id)) ORDER BY p.name;

SELECT c.name, count(*) AS numwait FROM customers c, order_items l1, orders o WHERE c.id = o.customer_id AND o.id = l1.order_id AND o.status = 'shipped' AND EXISTS (SELECT * FROM order_items l2 WHERE l2.order_id = l1.order_id AND l2.product_id <> l1.product_id) AND NOT EXISTS (SELECT * FROM order_items l3 WHERE l3.order_id = l1.order_id AND l3.quantity > 3) GROUP BY c.name ORDER BY numwait DESC, c.name LIMIT 100;

SELECT cntrycode, count(*) AS numcust, sum(id) AS totacctbal FROM (SELECT substring(phone FROM 1 FOR 2) AS cntrycode, id FROM customers WHERE substring(phone FROM 1 FOR 2) IN ('+4', '23') AND id > (SELECT avg(id) FROM customers WHERE id > 0) AND NOT EXISTS (SELECT * FROM orders WHERE customer_id = customers.id)) AS custsale GROUP BY cntrycode ORDER BY cntrycode;
