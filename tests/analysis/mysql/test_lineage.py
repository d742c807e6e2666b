"""Queries: where outputs come from, and under which clause columns are used. Masks and `infer` stand on it."""

# ruff: noqa: E501 -- a statement stands on one line

import pytest

from tests.analysis.mysql.support import Case, check

CASES = [
    Case(
        "SELECT id, email AS e, CONCAT(name, phone) FROM customers WHERE id > 1 ORDER BY name, 2",
        accesses=["select shop.customers: order.email order.name output.email output.id output.name output.phone where.id"],
        outputs=[
            "id==shop.customers.id",
            "e==shop.customers.email",
            "CONCAT(name, phone)=shop.customers.name+shop.customers.phone",
        ],
    ),
    Case(
        "TABLE customers",
        accesses=["select shop.customers: output.email output.id output.name output.phone"],
        outputs=[
            "id==shop.customers.id",
            "name==shop.customers.name",
            "email==shop.customers.email",
            "phone==shop.customers.phone",
        ],
    ),
    Case(
        "VALUES (1, 'a'), ((SELECT MAX(amount) FROM hr.salaries), 'b')",
        accesses=["select hr.salaries: output.amount"],
        outputs=["column_0=hr.salaries.amount", "column_1="],
    ),
    Case(
        "SELECT s.x FROM (SELECT email AS x, phone AS y FROM customers WHERE id = 1) s WHERE s.x > 'a'",
        accesses=["select shop.customers: output.email presence.phone where.email where.id"],
        outputs=["x==shop.customers.email"],
    ),
    Case(
        "WITH a AS (SELECT email FROM customers), b (m) AS (SELECT * FROM a) SELECT m FROM b",
        accesses=["select shop.customers: output.email"],
        outputs=["m==shop.customers.email"],
    ),
    Case(
        "WITH x AS (SELECT email, UPPER(phone) FROM customers) SELECT 1",
        accesses=["select shop.customers: output.phone presence.email"],
        outputs=["1="],
    ),
    Case(
        "WITH RECURSIVE t (a, b, c) AS (SELECT name, email, phone FROM customers UNION SELECT b, c, a FROM t) SELECT a FROM t",
        accesses=["select shop.customers: distinct.email distinct.name distinct.phone output.email output.name"],
        outputs=["a=shop.customers.email+shop.customers.name"],
    ),
    Case(
        "SELECT email FROM customers UNION SELECT person FROM hr.salaries ORDER BY 1",
        accesses=[
            "select hr.salaries: distinct.person order.person output.person",
            "select shop.customers: distinct.email output.email",
        ],
        outputs=["email==hr.salaries.person+shop.customers.email"],
    ),
    Case(
        "SELECT email FROM customers UNION ALL SELECT person FROM hr.salaries",
        accesses=["select hr.salaries: output.person", "select shop.customers: output.email"],
        outputs=["email==hr.salaries.person+shop.customers.email"],
    ),
    Case(
        "SELECT id, COUNT(*) FROM customers GROUP BY 1 HAVING MAX(phone) > 'x'",
        accesses=["select shop.customers: group.id having.phone output.id"],
        outputs=["id==shop.customers.id", "COUNT(*)="],
    ),
    Case(
        "SELECT name AS k FROM customers GROUP BY k",
        accesses=["select shop.customers: group.name output.name"],
        outputs=["k==shop.customers.name"],
    ),
    Case(
        "SELECT DISTINCT email FROM customers",
        accesses=["select shop.customers: distinct.email output.email"],
        outputs=["email==shop.customers.email"],
    ),
    Case(
        "SELECT COUNT(*), COUNT(phone), COUNT(DISTINCT email), COUNT(name = 'a') FROM customers",
        accesses=["select shop.customers: argument.name distinct.email presence.phone"],
        outputs=["COUNT(*)=", "COUNT(phone)=", "COUNT(DISTINCT email)=", "COUNT(name = 'a')="],
    ),
    Case(
        "SELECT id FROM customers GROUP BY id HAVING COUNT(phone) > 0",
        accesses=["select shop.customers: group.id output.id presence.phone"],
        outputs=["id==shop.customers.id"],
    ),
    Case(
        "SELECT phone IS NULL, ISNULL(email), name IS TRUE, UPPER(name) IS NOT NULL FROM customers",
        accesses=["select shop.customers: argument.name output.name presence.email presence.phone"],
        outputs=["phone IS NULL=", "ISNULL(email)=", "name IS TRUE=shop.customers.name", "UPPER(name) IS NOT NULL="],
    ),
    Case(
        "SELECT 1 FROM customers WHERE phone IS NULL",
        accesses=["select shop.customers: where.phone"],
        outputs=["1="],
    ),
    Case(
        "SELECT (SELECT amount FROM hr.salaries WHERE id = c.id) FROM customers c WHERE EXISTS (SELECT phone FROM customers WHERE name = c.name)",
        accesses=["select hr.salaries: output.amount where.id", "select shop.customers: presence.phone where.id where.name"],
        outputs=["(SELECT amount FROM hr.salaries WHERE id = c.id)=hr.salaries.amount"],
    ),
    Case(
        "SELECT name FROM customers WHERE (id, name) IN (SELECT id, person FROM hr.salaries)",
        accesses=["select hr.salaries: where.id where.person", "select shop.customers: output.name where.id where.name"],
        outputs=["name==shop.customers.name"],
    ),
    Case(
        "SELECT 'x' IN (SELECT phone FROM customers)",
        accesses=["select shop.customers: output.phone"],
        outputs=["'x' IN (SELECT phone FROM customers)=shop.customers.phone"],
    ),
    Case(
        "SELECT RANK() OVER (PARTITION BY email ORDER BY phone), FIRST_VALUE(name) OVER w FROM customers WINDOW w AS (ORDER BY id)",
        accesses=["select shop.customers: output.name window.email window.id window.phone"],
        outputs=["RANK() OVER (PARTITION BY email ORDER BY phone)=", "FIRST_VALUE(name) OVER w=shop.customers.name"],
    ),
    Case(
        "SELECT GROUP_CONCAT(DISTINCT email ORDER BY phone SEPARATOR ';') FROM customers",
        accesses=["select shop.customers: distinct.email order.phone output.email"],
        outputs=["GROUP_CONCAT(DISTINCT email ORDER BY phone SEPARATOR ';')=shop.customers.email+shop.customers.phone"],
    ),
    Case(
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) OVER (PARTITION BY person) FROM hr.salaries",
        accesses=["select hr.salaries: order.amount output.amount window.person"],
        outputs=["PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) OVER (PARTITION BY person)=hr.salaries.amount"],
    ),
    Case(
        "SELECT CASE WHEN phone > 'x' THEN 1 ELSE 2 END, COALESCE(email, name), id + 1, BINARY name, name COLLATE utf8mb4_bin, CAST(phone AS CHAR), -id FROM customers",
        accesses=["select shop.customers: output.email output.id output.name output.phone"],
        outputs=[
            "CASE WHEN phone > 'x' THEN 1 ELSE 2 END=shop.customers.phone",
            "COALESCE(email, name)=shop.customers.email+shop.customers.name",
            "id + 1=shop.customers.id",
            "BINARY name=shop.customers.name",
            "name==shop.customers.name",
            "CAST(phone AS CHAR)=shop.customers.phone",
            "-id=shop.customers.id",
        ],
    ),
    Case(
        "SELECT JSON_OBJECT('k', email), JSON_VALUE(phone, '$.a'), name -> '$.b', _utf8mb4'x' FROM customers",
        accesses=["select shop.customers: output.email output.name output.phone"],
        outputs=[
            "JSON_OBJECT('k', email)=shop.customers.email",
            "JSON_VALUE(phone, '$.a')=shop.customers.phone",
            "name -> '$.b'=shop.customers.name",
            "_utf8mb4'x'=",
        ],
    ),
    Case(
        "SELECT * FROM customers NATURAL JOIN orders",
        accesses=[
            "select shop.customers: join.id output.email output.id output.name output.phone",
            "select shop.orders: join.id output.customer_id output.id output.placed output.total",
        ],
        outputs=[
            "id=shop.customers.id+shop.orders.id",
            "name==shop.customers.name",
            "email==shop.customers.email",
            "phone==shop.customers.phone",
            "customer_id==shop.orders.customer_id",
            "total==shop.orders.total",
            "placed==shop.orders.placed",
        ],
    ),
    Case(
        "SELECT * FROM customers JOIN orders USING (id)",
        accesses=[
            "select shop.customers: join.id output.email output.id output.name output.phone",
            "select shop.orders: join.id output.customer_id output.id output.placed output.total",
        ],
        outputs=[
            "id=shop.customers.id+shop.orders.id",
            "name==shop.customers.name",
            "email==shop.customers.email",
            "phone==shop.customers.phone",
            "customer_id==shop.orders.customer_id",
            "total==shop.orders.total",
            "placed==shop.orders.placed",
        ],
    ),
    Case(
        "SELECT c.email FROM customers c RIGHT JOIN orders o ON c.id = o.customer_id AND o.total > 5",
        accesses=["select shop.customers: join.id output.email", "select shop.orders: join.customer_id join.total"],
        outputs=["email==shop.customers.email"],
    ),
    Case(
        "SELECT j.* FROM customers, JSON_TABLE(phone, '$' COLUMNS (n FOR ORDINALITY, k INT PATH '$.k' NULL ON EMPTY, NESTED PATH '$.l' COLUMNS (z DECIMAL(9,2) PATH '$'))) j",
        accesses=["select shop.customers: argument.phone output.phone"],
        outputs=["n=shop.customers.phone", "k=shop.customers.phone", "z=shop.customers.phone"],
    ),
    Case(
        "SELECT mail, id FROM contacts",
        accesses=[
            "select shop.contacts: output.id output.mail",
            "view_body select shop.customers: output.email output.id",
        ],
        outputs=["mail==shop.contacts.mail+shop.customers.email", "id==shop.contacts.id+shop.customers.id"],
    ),
    Case(
        "SELECT UPPER(mail) FROM contacts",
        accesses=[
            "select shop.contacts: output.mail",
            "view_body select shop.customers: output.email",
        ],
        outputs=["UPPER(mail)=shop.contacts.mail+shop.customers.email"],
    ),
    Case(
        "SELECT email FROM customers PROCEDURE ANALYSE()",
        accesses=["select shop.customers: output.email"],
        outputs=[
            "Field_name=",
            "Min_value=shop.customers.email",
            "Max_value=shop.customers.email",
            "Min_length=shop.customers.email",
            "Max_length=shop.customers.email",
            "Empties_or_zeros=shop.customers.email",
            "Nulls=shop.customers.email",
            "Avg_value_or_avg_length=shop.customers.email",
            "Std=shop.customers.email",
            "Optimal_fieldtype=shop.customers.email",
        ],
    ),
    Case(
        "SELECT not_there FROM customers",
        accesses=["select shop.customers: output.not_there"],
        outputs=["not_there=shop.customers.not_there"],
    ),
    Case(
        "SELECT @a := phone, email FROM customers",
        accesses=["select shop.customers: output.email output.phone stored.phone"],
        outputs=["@a := phone=shop.customers.phone", "email==shop.customers.email"],
    ),
    Case(
        "SELECT (SELECT @a := phone FROM customers LIMIT 1) IS NULL",
        accesses=["select shop.customers: argument.phone stored.phone"],
        outputs=["(SELECT @a := phone FROM customers LIMIT 1) IS NULL="],
    ),
    Case(
        "SELECT phone INTO @a FROM customers",
        accesses=["select shop.customers: stored.phone"],
        outputs=[],
    ),
    Case(
        "SELECT phone FROM customers UNION SELECT 1 INTO @a",
        accesses=["select shop.customers: distinct.phone stored.phone"],
        outputs=[],
    ),
    Case(
        "SELECT GET_LOCK(phone, 1), LAST_INSERT_ID(id), SLEEP(id), total_of(email) FROM customers",
        accesses=["select shop.customers: argument.id output.email output.id output.phone stored.email stored.id stored.phone"],
        outputs=[
            "GET_LOCK(phone, 1)=shop.customers.phone",
            "LAST_INSERT_ID(id)=shop.customers.id",
            "SLEEP(id)=shop.customers.id",
            "total_of(email)=shop.customers.email",
        ],
    ),
    Case(
        "SELECT phone AS id FROM customers ORDER BY id",
        accesses=["select shop.customers: order.id order.phone output.phone"],
        outputs=["id==shop.customers.phone"],
    ),
    Case(
        "SELECT phone AS id FROM customers WHERE id = 1",
        accesses=["select shop.customers: output.phone where.id"],
        outputs=["id==shop.customers.phone"],
    ),
    Case(
        "SELECT c.phone FROM customers c, LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id) l",
        accesses=["select shop.customers: output.phone where.id", "select shop.orders: presence.total where.customer_id"],
        outputs=["phone==shop.customers.phone"],
    ),
    Case(
        "SELECT id FROM customers ORDER BY ?",
        accesses=["select shop.customers: order.id output.id"],
        outputs=["id==shop.customers.id"],
    ),
    Case(
        "SELECT email FROM customers INTERSECT SELECT phone FROM customers",
        accesses=["select shop.customers: distinct.email distinct.phone output.email output.phone"],
        outputs=["email==shop.customers.email+shop.customers.phone"],
    ),
    Case(
        "SELECT IF(phone LIKE '7%', SLEEP(1), 0) FROM customers",
        accesses=["select shop.customers: output.phone"],
        outputs=["IF(phone LIKE '7%', SLEEP(1), 0)=shop.customers.phone"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lineage(case: Case) -> None:
    check(case)
