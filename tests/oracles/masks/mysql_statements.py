# ruff: noqa: E501 -- one statement a line
"""Statements that try to see masked values in MariaDB. `;;` parts steps that run one after the other in one session.

A line that begins with `! ` may be refused: what it does needs `infer`, `unmask` or another permission that neither person has.
All others must be answered, however masked; `? ` may also fail at the server, on which the very text of the error matters.
An expression without an alias is named by its text: where a marker stands in it, it has one.
"""

PLAIN = """
SELECT * FROM people
SELECT email FROM people
SELECT email, secret, salary FROM people
SELECT people.email FROM people
SELECT p.email FROM people p
SELECT mask_oracle.people.email FROM people
SELECT p.email FROM mask_oracle.people AS p
SELECT `email` AS name FROM people
SELECT EMAIL, Email, eMaIl FROM people
SELECT email AS id, id AS email FROM people
SELECT email 'a b' FROM people
SELECT p.* FROM people p
SELECT p.*, p.* FROM people p
SELECT name, p.* FROM people p
SELECT *, 1 FROM people
SELECT mask_oracle.people.* FROM people
SELECT ALL email FROM people
SELECT SQL_NO_CACHE email FROM people
SELECT SQL_BUFFER_RESULT email FROM people
SELECT SQL_CALC_FOUND_ROWS email FROM people LIMIT 1;;SELECT FOUND_ROWS()
SELECT STRAIGHT_JOIN email FROM people
SELECT email FROM people USE INDEX (PRIMARY)
SELECT email FROM people LIMIT 3 OFFSET 1
SELECT email FROM people LIMIT 1, 2
SELECT email FROM people ORDER BY id FETCH FIRST 2 ROWS ONLY
SELECT email FROM people WHERE id = 1
SELECT email FROM people WHERE id IN (1, 2, 3)
SELECT email FROM people ORDER BY id
SELECT id, name, city FROM people
SELECT COUNT(*) FROM people
SELECT COUNT(email) FROM people
SELECT COUNT(email), COUNT(secret), MAX(id) FROM people
SELECT city, COUNT(email) FROM people GROUP BY city
SELECT city, COUNT(email) FROM people GROUP BY city WITH ROLLUP
SELECT email IS NULL, secret IS NOT NULL, ISNULL(salary) FROM people
SELECT email FROM people FOR UPDATE
SELECT email FROM people LOCK IN SHARE MODE
SELECT /*! email */ FROM people
SELECT /*!50000 secret */ FROM people
SELECT /* email */ id FROM people
SELECT (email) FROM people
SELECT ((secret)) FROM people
SELECT MIN(email), MAX(secret) FROM people
SELECT MAX(salary), AVG(rate), SUM(bonus), STD(share), VARIANCE(salary) FROM people
SELECT BIT_AND(salary), BIT_OR(salary), BIT_XOR(salary) FROM people
SELECT MIN(born), MAX(seen), MIN(lasts) FROM people
SELECT GROUP_CONCAT(email) FROM people
SELECT GROUP_CONCAT(secret SEPARATOR ';') FROM people
SELECT GROUP_CONCAT(secret ORDER BY id DESC SEPARATOR ';') FROM people
SELECT GROUP_CONCAT(id, secret LIMIT 2) FROM people
SELECT JSON_ARRAYAGG(email) FROM people
SELECT JSON_OBJECTAGG(id, email) FROM people
SELECT city, MAX(secret) FROM people GROUP BY city
SELECT UPPER(email), LOWER(secret), UCASE(secret), LCASE(email) FROM people
SELECT LENGTH(secret), CHAR_LENGTH(secret), MD5(secret), SHA1(secret), SHA2(secret, 256), CRC32(secret) FROM people
SELECT SUBSTR(email, 1, 3), SUBSTRING(secret FROM 2 FOR 9), MID(secret, 2), SUBSTRING_INDEX(email, '@', 1) FROM people
SELECT LEFT(secret, 4), RIGHT(secret, 4) FROM people
SELECT CONCAT(email, ''), CONCAT_WS(',', secret, email) FROM people
! SELECT REVERSE(secret), REPEAT(secret, 2), SPACE(LENGTH(secret)) FROM people
SELECT REPLACE(secret, 'x', 'y'), INSERT(secret, 1, 0, 'x') FROM people
SELECT TRIM(secret), LTRIM(secret), RTRIM(secret), TRIM(LEADING 'x' FROM secret) FROM people
SELECT LPAD(secret, 40, ' '), RPAD(secret, 40, ' ') FROM people
SELECT HEX(secret), TO_BASE64(secret), TO_BASE64(blobbed), HEX(blobbed) FROM people
! SELECT UNHEX(HEX(secret)), FROM_BASE64(TO_BASE64(secret)) FROM people
! SELECT COMPRESS(secret), UNCOMPRESS(COMPRESS(secret)) FROM people
! SELECT AES_DECRYPT(AES_ENCRYPT(secret, 'k'), 'k') FROM people
! SELECT DECODE(ENCODE(secret, 'k'), 'k') FROM people
SELECT QUOTE(secret), SOUNDEX(secret), ASCII(secret), ORD(secret) FROM people
! SELECT ELT(1, secret, email), FIELD(secret, 'a', 'b'), MAKE_SET(1, secret), EXPORT_SET(5, secret, email, ',', 3) FROM people
! SELECT REGEXP_REPLACE(secret, 'x', 'y'), REGEXP_SUBSTR(secret, '.*'), REGEXP_INSTR(secret, 'q') FROM people
! SELECT secret LIKE 'x%', secret REGEXP '^x', secret = 'x', secret <=> 'x', secret IN ('x', 'y'), secret BETWEEN 'a' AND 'b' FROM people
SELECT STRCMP(secret, 'x'), LOCATE('q', secret), INSTR(secret, 'q'), POSITION('q' IN secret), FIND_IN_SET('q', secret) FROM people
! SELECT SFORMAT('{} {}', secret, email) FROM people
SELECT NATURAL_SORT_KEY(secret), WEIGHT_STRING(secret) FROM people
! SELECT CONVERT(secret USING latin1), CONVERT(secret USING utf16), CONVERT(secret, CHAR(20)), CONVERT(secret, BINARY) FROM people
! SELECT CAST(secret AS CHAR), CAST(secret AS CHAR(30) CHARACTER SET ucs2), CAST(secret AS BINARY) FROM people
SELECT _utf8mb4'a' COLLATE utf8mb4_bin, secret COLLATE utf8mb4_bin, BINARY secret FROM people
SELECT CHARSET(secret), COLLATION(secret), COERCIBILITY(secret) FROM people
SELECT salary + 0, -salary, salary * 1, salary / 1, salary DIV 1, salary % 100000000, salary - 0 FROM people
SELECT CAST(salary AS CHAR), CONVERT(salary, CHAR), CAST(salary AS DECIMAL(20,2)), CAST(salary AS UNSIGNED), CAST(salary AS DOUBLE) FROM people
SELECT salary & 4294967295, salary | 0, salary ^ 0, salary << 0, salary >> 0, ~salary FROM people
! SELECT FORMAT(salary, 0), FORMAT(rate, 2, 'de_DE'), HEX(salary), OCT(salary), BIN(salary), CONV(salary, 10, 36) FROM people
! SELECT ROUND(rate, 1), TRUNCATE(share, 1), CEIL(rate), FLOOR(share), ABS(salary), SIGN(salary), SQRT(salary), MOD(salary, 7) FROM people
! SELECT EXP(LN(salary)), POW(salary, 1), LOG10(salary), DEGREES(RADIANS(salary)) FROM people
! SELECT INET_NTOA(salary), CHAR(salary), SEC_TO_TIME(salary), FROM_UNIXTIME(salary), FROM_DAYS(salary), MAKEDATE(2000, salary % 365) FROM people
! SELECT born + 0, born + INTERVAL 1 DAY, born - INTERVAL 0 DAY, DATE_ADD(born, INTERVAL 0 DAY), ADDDATE(born, 0) FROM people
SELECT CAST(born AS CHAR), DATE_FORMAT(born, '%Y-%m-%d'), DATE(seen), TIME(seen), CAST(seen AS DATE), TIMESTAMP(born) FROM people
SELECT YEAR(born), MONTH(born), DAY(born), DAYNAME(born), TO_DAYS(born), TO_SECONDS(seen), UNIX_TIMESTAMP(seen), LAST_DAY(born) FROM people
! SELECT EXTRACT(YEAR_MONTH FROM born), DATEDIFF(born, '2000-01-01'), TIMESTAMPDIFF(DAY, born, '2000-01-01'), PERIOD_ADD(EXTRACT(YEAR_MONTH FROM born), 0) FROM people
! SELECT STR_TO_DATE(CAST(born AS CHAR), '%Y-%m-%d'), CONVERT_TZ(seen, '+00:00', '+01:00'), TIMEDIFF(seen, '2000-01-01 00:00:00') FROM people
! SELECT lasts, lasts + 0, CAST(lasts AS CHAR), TIME_TO_SEC(lasts), ADDTIME(lasts, '0:0:0'), TIME_FORMAT(lasts, '%H:%i:%s') FROM people
SELECT token, CAST(token AS CHAR), HEX(token) FROM people
SELECT salary, bonus, rate, share, born, seen, lasts, token, blobbed, doc, essay FROM people
SELECT doc, JSON_EXTRACT(doc, '$.k'), JSON_VALUE(doc, '$.k'), JSON_UNQUOTE(JSON_EXTRACT(doc, '$.k')), JSON_QUERY(doc, '$') FROM people
SELECT JSON_OBJECT('e', email), JSON_ARRAY(email, id), JSON_QUOTE(secret), JSON_COMPACT(doc), JSON_DETAILED(doc), JSON_LOOSE(doc) FROM people
! SELECT JSON_KEYS(doc), JSON_LENGTH(doc), JSON_SEARCH(doc, 'one', '%'), JSON_MERGE_PATCH(doc, '{}'), JSON_SET(doc, '$.z', secret), JSON_INSERT('{}', '$.a', secret) FROM people
! SELECT JSON_REMOVE(doc, '$.n'), JSON_REPLACE(doc, '$.n', 1), JSON_ARRAY_APPEND('[]', '$', secret), JSON_CONTAINS(doc, '1'), JSON_TYPE(doc), JSON_VALID(doc) FROM people
! SELECT JSON_NORMALIZE(doc), JSON_OVERLAPS(doc, '{}'), JSON_EXISTS(doc, '$.k'), JSON_MERGE(doc, '{}') FROM people
! SELECT COLUMN_GET(COLUMN_CREATE('a', secret), 'a' AS CHAR), COLUMN_JSON(COLUMN_CREATE('a', secret)), COLUMN_CREATE('a', secret) FROM people
SELECT COALESCE(email, 'none'), IFNULL(email, 'x'), NULLIF(email, 'x'), NVL(secret, 'x'), NVL2(id, secret, 'x'), IF(id, secret, '') FROM people
SELECT CASE WHEN TRUE THEN email END, CASE id WHEN 1 THEN secret ELSE email END FROM people
SELECT GREATEST(email, secret), LEAST(email, secret), INTERVAL(salary, 1, 2) FROM people
! SELECT EXTRACTVALUE(CONCAT('<a>', secret, '</a>'), '/a') FROM people
! SELECT UPDATEXML('<a>x</a>', '/a', CONCAT('<b>', secret, '</b>')) FROM people
! SELECT MATCH (essay) AGAINST ('number') FROM people
! SELECT ST_ASTEXT(POINT(salary, share)), ST_X(POINT(share, 1)) FROM people
SELECT INET6_NTOA(INET6_ATON('::1')), BENCHMARK(1, 1), VERSION(), DATABASE() FROM people LIMIT 1
SELECT secret || '' FROM people
SELECT email AND 1, NOT salary, salary XOR 0, email IS TRUE FROM people
SELECT (SELECT email FROM people WHERE id = 1)
SELECT (SELECT secret FROM people p WHERE p.id = o.person) FROM orders o
SELECT o.id, (SELECT MAX(secret) FROM people p WHERE p.id = o.person) AS x FROM orders o
SELECT EXISTS (SELECT email FROM people)
SELECT EXISTS (SELECT 1 FROM people WHERE id = 3)
SELECT 'x' IN (SELECT secret FROM people), 'x' = ANY (SELECT email FROM people), 1 > ALL (SELECT salary FROM people)
SELECT x FROM (SELECT email AS x FROM people) s
SELECT x FROM (SELECT email AS x FROM people LIMIT 3) s
! SELECT x FROM (SELECT DISTINCT city AS x, MAX(secret) AS y FROM people GROUP BY city) s
SELECT * FROM (SELECT * FROM people) s
SELECT name FROM (SELECT * FROM people) s
SELECT x.b FROM (SELECT a AS b FROM (SELECT secret AS a FROM people) y) x
SELECT orders.note FROM (SELECT secret AS note, id FROM people) orders
SELECT orders.note FROM (SELECT secret AS note, id FROM people LIMIT 4) orders
SELECT people.note FROM (SELECT note FROM orders) people
SELECT * FROM (SELECT salary AS id, secret AS city FROM people LIMIT 5) people
SELECT p.email, o.total FROM people p JOIN orders o ON o.person = p.id
SELECT * FROM people p JOIN orders o ON o.person = p.id
SELECT * FROM people p LEFT JOIN orders o ON o.person = p.id AND o.total > 50
SELECT * FROM orders o RIGHT JOIN people p ON o.person = p.id
SELECT * FROM people p CROSS JOIN orders o LIMIT 20
SELECT * FROM people p STRAIGHT_JOIN orders o ON o.person = p.id
SELECT * FROM (people p, orders o) WHERE o.person = p.id
SELECT * FROM { OJ people p LEFT OUTER JOIN orders o ON o.person = p.id }
SELECT email FROM people JOIN orders USING (id)
SELECT * FROM people JOIN orders USING (id)
SELECT * FROM orders RIGHT JOIN people USING (id)
SELECT secret FROM people NATURAL JOIN (SELECT id FROM orders) o
SELECT * FROM people NATURAL LEFT JOIN orders
SELECT a.secret, b.email FROM people a, people b WHERE a.id = b.id
WITH x AS (SELECT email FROM people) SELECT * FROM x
WITH x (e) AS (SELECT secret FROM people) SELECT e FROM x
WITH x AS (SELECT secret FROM people), y AS (SELECT secret AS s FROM x) SELECT s FROM y
WITH x AS (SELECT secret FROM people LIMIT 2), y AS (SELECT secret AS s FROM x) SELECT x.secret, y.s FROM x, y
WITH x AS (SELECT 1) SELECT secret FROM people
WITH people AS (SELECT note AS secret FROM orders) SELECT secret FROM people
WITH orders AS (SELECT secret AS note FROM people) SELECT note FROM orders
WITH RECURSIVE r (n, s) AS (SELECT 1, secret FROM people WHERE id = 1 UNION ALL SELECT n + 1, s FROM r WHERE n < 3) SELECT * FROM r
WITH RECURSIVE r AS (SELECT id, secret FROM people WHERE id = 1 UNION ALL SELECT p.id, p.secret FROM people p JOIN r ON p.id = r.id + 1) SELECT secret FROM r
! WITH RECURSIVE r (a, b, n) AS (SELECT CAST(name AS CHAR(80)), secret, 1 FROM people UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 2) SELECT a FROM r
SELECT email FROM people UNION ALL SELECT note FROM orders
SELECT note FROM orders UNION ALL SELECT email FROM people
SELECT 'x' UNION ALL SELECT secret FROM people
SELECT NULL UNION ALL SELECT salary FROM people
SELECT note, id FROM orders UNION ALL (SELECT secret, id FROM people LIMIT 2)
(SELECT secret FROM people LIMIT 1) UNION ALL (SELECT email FROM people LIMIT 1)
(SELECT secret FROM people) UNION ALL (SELECT note FROM orders) LIMIT 3
SELECT s FROM (SELECT secret AS s FROM people UNION ALL SELECT note FROM orders) u
SELECT 1, 'a' UNION ALL SELECT id, secret FROM people UNION ALL SELECT id, note FROM orders
VALUES ('x') UNION ALL SELECT secret FROM people
SELECT secret, ROW_NUMBER() OVER (ORDER BY id) FROM people
SELECT LAG(secret) OVER (ORDER BY id), LEAD(email, 2) OVER (ORDER BY id) FROM people
SELECT FIRST_VALUE(email) OVER (PARTITION BY city ORDER BY id), LAST_VALUE(secret) OVER () FROM people
SELECT MAX(salary) OVER (), SUM(bonus) OVER (ORDER BY id), AVG(rate) OVER () FROM people
SELECT NTH_VALUE(secret, 2) OVER w FROM people WINDOW w AS (ORDER BY id)
SELECT COUNT(secret) OVER () FROM people
SELECT city, NTILE(2) OVER (ORDER BY id), PERCENT_RANK() OVER (ORDER BY id) FROM people
SELECT * FROM contacts
SELECT contact FROM contacts
SELECT c.secret FROM contacts c
SELECT UPPER(contact) FROM contacts
SELECT orders.contact AS note FROM contacts orders
SELECT who FROM contacts
SELECT * FROM nested
SELECT shout FROM nested
SELECT * FROM kept
SELECT secret FROM kept WHERE id = 1
SELECT salary + 0 FROM kept
SELECT * FROM contacts c JOIN kept k USING (id)
SELECT * FROM parted
SELECT * FROM made
SELECT shout FROM made
SELECT id, concat(shout, '?') AS x FROM made
INSERT INTO made (id, secret) VALUES (77, 'plain') RETURNING shout
SELECT louder FROM made
! SELECT id FROM made ORDER BY louder
! SELECT id FROM made WHERE shout LIKE 'M%'
! INSERT INTO copies (id, value) SELECT id, louder FROM made
SELECT secret FROM parted PARTITION (rome)
SELECT secret FROM parted WHERE city = 'Rome'
SELECT secret FROM past
SELECT * FROM past FOR SYSTEM_TIME ALL
SELECT secret, id FROM past FOR SYSTEM_TIME AS OF NOW() - INTERVAL 1 SECOND
SELECT * FROM past FOR SYSTEM_TIME BETWEEN '2000-01-01' AND NOW()
? TABLE people
? TABLE contacts
VALUES ((SELECT secret FROM people WHERE id = 1))
VALUES (1, 'a'), (2, (SELECT secret FROM people WHERE id = 2))
SELECT * FROM (VALUES ((SELECT email FROM people WHERE id = 1))) v
SELECT DISTINCT city FROM people
SELECT city FROM people GROUP BY city HAVING COUNT(email) > 0
SELECT name, secret FROM people ORDER BY name
SELECT id, secret FROM people ORDER BY 1
SELECT id, secret FROM people ORDER BY ROWNUM()
SELECT * FROM people PROCEDURE ANALYSE()
SELECT secret FROM people PROCEDURE ANALYSE(10, 2000)
SELECT id, email FROM people WHERE id > 2 PROCEDURE ANALYSE(1)
INSERT INTO copies (id, value) VALUES (1, 'mine') RETURNING *
INSERT INTO copies SET id = 2, value = 'mine' RETURNING value
UPDATE people SET city = 'Bonn' WHERE id = 1
UPDATE people SET secret = 'MINE' WHERE id = 9
UPDATE people p JOIN orders o ON o.person = p.id SET p.city = o.note WHERE o.id = 1
DELETE FROM orders WHERE id = 20 RETURNING *
DELETE o FROM orders o JOIN people p ON p.id = o.person WHERE o.id = 19
DELETE FROM copies WHERE id = 1 RETURNING value, id
INSERT INTO people (id, name) VALUES (1, 'again') ON DUPLICATE KEY UPDATE city = 'Kiel'
INSERT INTO people (id, name, secret) VALUES (1, 'again', 'mine') ON DUPLICATE KEY UPDATE city = VALUES(city)
INSERT INTO people (id, name) VALUES (1, 'again') ON DUPLICATE KEY UPDATE city = 'Kiel' RETURNING *
INSERT IGNORE INTO people (id, name) VALUES (1, 'again')
INSERT IGNORE INTO people (id, name) VALUES (2, 'again') RETURNING secret
REPLACE INTO copies (id, value) VALUES (3, 'x') RETURNING *
EXPLAIN SELECT secret FROM people
EXPLAIN SELECT secret FROM people WHERE id = 1
EXPLAIN EXTENDED SELECT UPPER(secret) FROM people WHERE id = 1
EXPLAIN PARTITIONS SELECT secret FROM parted
EXPLAIN FORMAT=JSON SELECT secret FROM people
EXPLAIN FORMAT=JSON SELECT o.id, p.secret FROM people p, orders o WHERE p.id = 1
EXPLAIN UPDATE people SET city = 'x' WHERE id = 1
EXPLAIN DELETE FROM orders WHERE id = 1
ANALYZE SELECT secret FROM people
ANALYZE FORMAT=JSON SELECT CONCAT(secret, 'x') FROM people WHERE id = 1
DESCRIBE people
DESC people secret
SHOW COLUMNS FROM people
SHOW FULL COLUMNS FROM people LIKE 's%'
SHOW INDEX FROM people
SHOW CREATE TABLE people
SHOW CREATE VIEW contacts
PREPARE q FROM 'SELECT secret FROM people';;EXECUTE q;;DEALLOCATE PREPARE q
PREPARE q FROM 'SELECT secret, id FROM people WHERE id = ?';;SET @n = 3;;EXECUTE q USING @n;;EXECUTE q USING 4
PREPARE q FROM 'SELECT * FROM people p JOIN orders o ON o.person = p.id';;EXECUTE q;;EXECUTE q
EXECUTE IMMEDIATE 'SELECT secret FROM people'
EXECUTE IMMEDIATE 'SELECT secret FROM people WHERE id = ?' USING 1
PREPARE q FROM 'EXPLAIN EXTENDED SELECT secret FROM people WHERE id = 1';;EXECUTE q
SET STATEMENT max_statement_time = 5 FOR SELECT secret FROM people
SET sql_mode = 'ANSI_QUOTES';;SELECT "secret" FROM "people"
SET sql_mode = 'PIPES_AS_CONCAT';;SELECT secret || email FROM people
SET NAMES latin1;;SELECT secret, essay FROM people
SET NAMES utf8mb4 COLLATE utf8mb4_bin;;SELECT secret FROM people
SET character_set_results = NULL;;SELECT secret, doc FROM people
SET character_set_results = utf16;;SELECT secret, salary, email FROM people
SET character_set_results = ucs2;;SELECT * FROM people
SET character_set_results = latin1;;SELECT * FROM people
SET autocommit = 0;;SELECT secret FROM people;;COMMIT
START TRANSACTION READ ONLY;;SELECT secret FROM people;;ROLLBACK
BEGIN;;SELECT secret FROM people FOR UPDATE;;SAVEPOINT a;;SELECT email FROM people;;ROLLBACK TO a;;COMMIT
HANDLER people OPEN;;HANDLER people READ FIRST;;HANDLER people READ NEXT LIMIT 3;;HANDLER people CLOSE
HANDLER people OPEN AS h;;HANDLER h READ NEXT WHERE id = 3;;HANDLER h CLOSE
HANDLER mask_oracle.people OPEN orders;;HANDLER orders READ FIRST
CREATE TEMPORARY TABLE mine (a INT, note VARCHAR(60));;INSERT INTO mine VALUES (1, 'x');;SELECT * FROM mine;;SELECT mine.*, secret FROM mine, people
CREATE TEMPORARY TABLE mine (a INT);;INSERT INTO mine VALUES (1);;SELECT * FROM mine, (SELECT secret AS note, id FROM people) orders
CREATE TEMPORARY TABLE mine (a INT);;INSERT INTO mine VALUES (1);;SELECT * FROM mine, (SELECT secret AS note, email AS id FROM people LIMIT 3) orders
! CREATE TEMPORARY TABLE mine (a INT);;INSERT INTO mine VALUES (1);;SELECT * FROM mine NATURAL JOIN (SELECT salary AS total, secret AS note FROM people) orders
CREATE TEMPORARY TABLE people (id INT, secret VARCHAR(20));;SELECT * FROM people;;DROP TEMPORARY TABLE people;;SELECT * FROM people
? CREATE TEMPORARY TABLE mine LIKE people;;SELECT * FROM mine
! CHECK TABLE copies FAST
LOCK TABLES people READ;;SELECT secret FROM people;;UNLOCK TABLES
SELECT @@version_comment, @@sql_mode
SELECT COUNT(*) FROM people p JOIN orders o ON o.person = p.id
SELECT NEXT VALUE FOR counted, secret FROM people LIMIT 1
SELECT LASTVAL(counted)
CALL given(@x);;SELECT @x
DO 1
SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()
SELECT secret, 1 AS `MAX(secret)` FROM people
SELECT 1; SELECT secret FROM people; SELECT 2, contact FROM contacts
SELECT secret FROM people LIMIT 1; UPDATE people SET city = 'x' WHERE id = 1; SELECT salary, seen FROM people
CREATE TEMPORARY TABLE mine LIKE orders;;SELECT * FROM mine;;SELECT secret, mine.* FROM people LEFT JOIN mine USING (id)
CREATE TEMPORARY TABLE orders (note VARCHAR(60));;INSERT INTO orders VALUES ('x');;SELECT * FROM orders, (SELECT secret AS note FROM people) o
WITH x AS (SELECT secret FROM people) SELECT 1
! WITH x AS (SELECT CAST(secret AS INT) FROM people) SELECT id FROM orders
SELECT o.note, p.secret FROM orders o LEFT JOIN people p ON p.id = o.person ORDER BY o.id DESC LIMIT 5
SELECT o.id FROM orders o WHERE EXISTS (SELECT p.secret FROM people p WHERE p.id = o.person)
SELECT id, (SELECT COUNT(secret) FROM people) FROM orders
SELECT DATE(seen), secret FROM people GROUP BY id
SELECT name, MAX(secret) FROM people GROUP BY name
"""

USES = """
! SELECT id FROM people WHERE email = 'aMRKq1@MRKq1.example'
! SELECT id FROM people WHERE secret LIKE 'MRK%'
! SELECT id FROM people WHERE secret > 'M' AND id > 0
! SELECT id FROM people WHERE salary BETWEEN 1 AND 2
! SELECT id FROM people WHERE secret IS NULL
! SELECT id FROM people WHERE MATCH (essay) AGAINST ('number' IN BOOLEAN MODE)
! SELECT id FROM people WHERE doc -> '$.k' = 'x'
! SELECT id FROM people WHERE JSON_VALUE(doc, '$.k') = 'x'
! SELECT id FROM people WHERE (id, secret) = (1, 'x')
! SELECT id FROM people WHERE IF(secret LIKE 'M%', 1, 0)
! SELECT id FROM people WHERE 'MRKq secret 1' IN (secret, email)
! SELECT id FROM people WHERE id IN (SELECT id FROM people WHERE secret > 'M')
! SELECT id FROM people WHERE secret = (SELECT MAX(secret) FROM people)
! SELECT id FROM orders WHERE note IN (SELECT secret FROM people)
! SELECT id FROM orders WHERE total < ANY (SELECT salary FROM people)
! SELECT id FROM people p WHERE EXISTS (SELECT 1 FROM people q WHERE q.secret = p.secret AND q.id <> p.id)
! SELECT name FROM people ORDER BY salary
! SELECT name, secret FROM people ORDER BY secret
! SELECT name, secret FROM people ORDER BY 2
! SELECT name, UPPER(secret) u FROM people ORDER BY u
! SELECT name FROM people ORDER BY IF(secret LIKE 'M%', id, -id)
! SELECT name FROM people ORDER BY (SELECT MAX(salary) FROM people q WHERE q.id = people.id)
! SELECT secret, COUNT(*) FROM people GROUP BY secret
! SELECT secret, COUNT(*) FROM people GROUP BY 1
! SELECT LEFT(secret, 6) x, COUNT(*) FROM people GROUP BY x
! SELECT COUNT(*) FROM people GROUP BY salary > 73770004
! SELECT id, COUNT(*) FROM people GROUP BY id, secret WITH ROLLUP
! SELECT DISTINCT secret FROM people
! SELECT DISTINCT city, secret FROM people
! SELECT COUNT(DISTINCT secret) FROM people
! SELECT COUNT(secret > 'M') FROM people
! SELECT COUNT(CASE WHEN secret > 'M' THEN 1 END) FROM people
! SELECT COUNT(IF(salary > 73770004, 1, NULL)) AS n FROM people
! SELECT (CASE WHEN secret > 'M' THEN 1 END) IS NULL FROM people
! SELECT NULLIF(secret, 'MRKq secret 1') IS NULL AS n FROM people
! SELECT ISNULL(NULLIF(secret, 'MRKq secret 1')) AS n FROM people
! SELECT city FROM people GROUP BY city HAVING MAX(secret) > 'M'
! SELECT id, secret s FROM people HAVING s > 'M'
! SELECT ROW_NUMBER() OVER (ORDER BY secret) FROM people
! SELECT ROW_NUMBER() OVER (PARTITION BY secret ORDER BY id) FROM people
! SELECT RANK() OVER w FROM people WINDOW w AS (ORDER BY salary)
! SELECT SUM(id) OVER (ORDER BY salary) FROM people
! SELECT id, DENSE_RANK() OVER (ORDER BY email) FROM contacts JOIN people USING (id)
! SELECT MEDIAN(salary) OVER (PARTITION BY secret) FROM people
! SELECT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY salary) OVER () FROM people
! SELECT a.id FROM people a JOIN people b ON a.secret = b.secret
! SELECT a.id FROM people a JOIN people b USING (secret)
! SELECT COUNT(*) FROM people a NATURAL JOIN people b
! SELECT a.id FROM people a LEFT JOIN people b ON a.salary < b.salary
! SELECT id FROM people NATURAL JOIN (SELECT 'MRKq secret 1' AS secret) g
! SELECT email FROM people UNION SELECT note FROM orders
! SELECT email FROM people INTERSECT SELECT secret FROM people
! SELECT email FROM people EXCEPT SELECT secret FROM people
! SELECT 'x' UNION SELECT secret FROM people
! SELECT 'MRKq secret 1' AS n INTERSECT ALL SELECT secret FROM people
! SELECT GROUP_CONCAT(name ORDER BY secret) FROM people
! SELECT GROUP_CONCAT(DISTINCT secret) FROM people
! SELECT JSON_ARRAYAGG(DISTINCT secret) FROM people
! SELECT j.* FROM people, JSON_TABLE(doc, '$' COLUMNS (k VARCHAR(40) PATH '$.k')) j
! SELECT COUNT(*) FROM people, JSON_TABLE(JSON_ARRAY(secret), '$[*]' COLUMNS (k VARCHAR(40) PATH '$')) j
! WITH RECURSIVE r AS (SELECT id, secret FROM people UNION SELECT id, secret FROM r) SELECT secret FROM r
! WITH x AS (SELECT id FROM people WHERE secret > 'M') SELECT COUNT(*) FROM x
! EXPLAIN SELECT id FROM people WHERE secret = 'x'
! EXPLAIN FORMAT=JSON SELECT o.id FROM people p, orders o WHERE p.id = 1 AND o.note > p.secret
! EXPLAIN EXTENDED SELECT o.id FROM people p, orders o WHERE p.id = 1 AND o.note > p.secret;;SHOW WARNINGS
! ANALYZE FORMAT=JSON SELECT o.id FROM people p, orders o WHERE p.id = 1 AND o.note > p.secret
! ANALYZE SELECT id FROM people WHERE secret > 'M'
! EXPLAIN FORMAT=JSON SELECT o.id FROM people p, orders o WHERE p.id = 1 ORDER BY CONCAT(o.note, p.secret)
! UPDATE people SET city = 'x' WHERE secret = 'MRKq secret 1'
! UPDATE people SET city = 'x' ORDER BY salary LIMIT 1
! UPDATE orders o JOIN people p ON p.secret = o.note SET o.note = 'x'
! DELETE FROM orders WHERE person IN (SELECT id FROM people WHERE secret = 'x')
! DELETE FROM copies WHERE value = (SELECT secret FROM people WHERE id = 1)
! DELETE o FROM orders o JOIN people p ON p.salary = o.total
! SELECT id FROM contacts WHERE contact LIKE 'a%'
! SELECT id FROM kept ORDER BY salary
! SELECT SLEEP(secret LIKE 'x%') FROM people
! SELECT BENCHMARK(salary - 73770000, MD5('x')) AS n FROM people WHERE id = 1
! SELECT COUNT(*) FROM people USE INDEX (by_secret) WHERE secret > 'N'
! HANDLER people OPEN;;HANDLER people READ by_secret FIRST;;HANDLER people READ by_secret NEXT
! HANDLER people OPEN;;HANDLER people READ by_secret >= ('M')
! HANDLER people OPEN;;HANDLER people READ by_salary = (73770001)
! HANDLER people OPEN;;HANDLER people READ NEXT WHERE secret LIKE 'M%'
! SHOW TABLES WHERE (SELECT MAX(secret) FROM people) > 'M'
! SELECT id FROM orders WHERE id = (SELECT COUNT(*) FROM people WHERE secret > 'M')
! CHECKSUM TABLE people
! SELECT COUNT(*) FROM orders HAVING (SELECT MAX(secret) FROM people) > 'M'
"""

CARRIES = """
! INSERT INTO copies SELECT id, secret, NULL FROM people
! INSERT INTO copies (id, value) VALUES (1, (SELECT secret FROM people WHERE id = 1)) RETURNING *
! INSERT INTO copies (id, value) SELECT id, JSON_OBJECT('a', secret) FROM people RETURNING value
! INSERT INTO copies (id, value) SELECT id, email FROM contacts JOIN people USING (id);;SELECT value FROM copies
! INSERT INTO copies SET id = (SELECT salary FROM people WHERE id = 1);;SELECT * FROM copies
! REPLACE INTO copies SELECT id, secret, email FROM people;;SELECT * FROM copies
! REPLACE INTO copies (id, value) WITH x AS (SELECT id, secret FROM people) SELECT * FROM x RETURNING *
! UPDATE copies SET value = (SELECT secret FROM people WHERE id = 1);;SELECT value FROM copies
! UPDATE copies c JOIN people p ON p.id = c.id SET c.value = p.secret;;SELECT value FROM copies
! UPDATE copies c, people p SET c.value = p.secret WHERE p.id = 1;;SELECT value FROM copies
! UPDATE people SET city = secret;;SELECT city FROM people
! UPDATE people SET city = CONCAT(city, secret) WHERE id = 1;;SELECT city FROM people
! UPDATE people SET name = email, city = phone WHERE id = 2;;SELECT name, city FROM people
! UPDATE people SET age = salary WHERE id = 2
! INSERT INTO people (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE city = secret;;SELECT city FROM people
! INSERT INTO people (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = CONCAT(VALUES(name), people.secret);;SELECT name FROM people
! INSERT INTO copies (id, value) SELECT 1, 'a' FROM people ON DUPLICATE KEY UPDATE value = people.secret
! CREATE TEMPORARY TABLE taken AS SELECT secret FROM people;;SELECT * FROM taken
! CREATE TEMPORARY TABLE taken (v TEXT) SELECT secret AS v FROM people;;SELECT * FROM taken
! CREATE TEMPORARY TABLE taken (v TEXT);;INSERT INTO taken SELECT secret FROM people;;SELECT v FROM taken
! CREATE TEMPORARY TABLE taken AS TABLE people;;TABLE taken
! CREATE TEMPORARY TABLE taken AS WITH x AS (SELECT * FROM people) SELECT * FROM x;;TABLE taken
! CREATE TABLE taken AS SELECT secret FROM people
! CREATE VIEW seen AS SELECT secret FROM people;;SELECT * FROM seen
! SELECT secret INTO @v FROM people LIMIT 1;;SELECT @v
! SELECT secret FROM people LIMIT 1 INTO @v;;SELECT @v
! SELECT id, secret INTO @i, @v FROM people WHERE id = 1;;SELECT @v
! (SELECT secret FROM people LIMIT 1) UNION ALL (SELECT 'x' LIMIT 0) INTO @v;;SELECT @v
! SELECT @v := secret FROM people;;SELECT @v
! SELECT @v := @v + salary FROM people;;SELECT @v
! SELECT id FROM people WHERE (@v := secret) IS NOT NULL;;SELECT @v
! SELECT COUNT(@v := secret) FROM people;;SELECT @v
! SELECT (@v := secret) IS NULL FROM people;;SELECT @v
! SELECT EXISTS (SELECT @v := secret FROM people);;SELECT @v
! SELECT 1 FROM (SELECT @v := secret FROM people) s;;SELECT @v
! SET @v = (SELECT secret FROM people WHERE id = 1);;SELECT @v
! SET @v := (SELECT GROUP_CONCAT(secret) FROM people);;SELECT @v
! SET @a = 1, @v = (SELECT MAX(salary) FROM people);;SELECT @v
! DO @v := (SELECT secret FROM people LIMIT 1);;SELECT @v
! SET timestamp = (SELECT salary FROM people WHERE id = 1);;SELECT UNIX_TIMESTAMP()
! SET last_insert_id = (SELECT salary FROM people WHERE id = 1);;SELECT LAST_INSERT_ID()
! SET insert_id = (SELECT salary FROM people WHERE id = 1);;SELECT @@insert_id
! SET sort_buffer_size = (SELECT salary FROM people WHERE id = 1);;SELECT @@sort_buffer_size
! SET max_statement_time = (SELECT salary / 100000 FROM people WHERE id = 1);;SELECT @@max_statement_time
! SET STATEMENT max_statement_time = (SELECT salary FROM people WHERE id = 1) FOR SELECT @@max_statement_time
! SELECT LAST_INSERT_ID(salary) FROM people WHERE id = 1;;SELECT LAST_INSERT_ID()
! UPDATE orders SET total = LAST_INSERT_ID((SELECT salary FROM people WHERE id = 1)) WHERE id = 1;;SELECT LAST_INSERT_ID()
! SELECT GET_LOCK(secret, 0) FROM people
! SELECT SETVAL(counted, (SELECT salary FROM people WHERE id = 1));;SELECT LASTVAL(counted)
! CALL take((SELECT secret FROM people WHERE id = 1))
! CALL take(CONCAT((SELECT email FROM people LIMIT 1), 'x'))
! SELECT echoed(secret) FROM people
! SELECT fails(secret) FROM people
! SELECT id FROM orders WHERE note = echoed((SELECT secret FROM people LIMIT 1))
! EXECUTE IMMEDIATE (SELECT CONCAT('SELECT "', secret, '"') FROM people LIMIT 1)
! EXECUTE IMMEDIATE 'SELECT ?' USING (SELECT secret FROM people LIMIT 1)
! PREPARE q FROM 'SELECT @v := secret FROM people';;EXECUTE q;;SELECT @v
! PREPARE q FROM 'SELECT secret INTO @v FROM people LIMIT 1';;EXECUTE q;;SELECT @v
! EXECUTE IMMEDIATE 'SELECT secret INTO @v FROM people LIMIT 1';;SELECT @v
! PREPARE q FROM 'INSERT INTO copies SELECT id, secret, NULL FROM people';;EXECUTE q
! PREPARE q FROM 'CREATE TEMPORARY TABLE taken AS SELECT secret FROM people';;EXECUTE q;;TABLE taken
! SELECT secret FROM people INTO OUTFILE '/tmp/mask-oracle'
! SELECT secret INTO DUMPFILE '/tmp/mask-oracle' FROM people WHERE id = 1
! BEGIN NOT ATOMIC DECLARE s TEXT; SELECT secret INTO s FROM people LIMIT 1; SELECT s; END
! BEGIN NOT ATOMIC FOR r IN (SELECT secret FROM people) DO SELECT r.secret; END FOR; END
! BEGIN NOT ATOMIC DECLARE c CURSOR FOR SELECT secret FROM people; OPEN c; FETCH c INTO @v; CLOSE c; END;;SELECT @v
! CREATE FUNCTION mine () RETURNS TEXT RETURN (SELECT secret FROM people LIMIT 1)
! CREATE PROCEDURE mine () SELECT secret FROM people
! CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW SET @v = (SELECT MAX(secret) FROM people)
! CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO copies SELECT id, secret, NULL FROM people
! ALTER TABLE people ADD shown VARCHAR(60) AS (secret)
! ALTER TABLE people ALTER COLUMN city SET DEFAULT 'x'
! ALTER TABLE people MODIFY secret INT
! LOAD DATA LOCAL INFILE '/dev/null' INTO TABLE copies (id) SET value = (SELECT secret FROM people LIMIT 1)
! CREATE TEMPORARY TABLE taken (v VARCHAR(60)) ENGINE=MERGE UNION=(people)
! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = (SELECT secret FROM people LIMIT 1)
! KILL (SELECT salary FROM people LIMIT 1)
"""

ERRORS = """
? SELECT CAST(secret AS INT) FROM people;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SHOW WARNINGS LIMIT 1
? SELECT CAST(secret AS INT) FROM people;;SHOW COUNT(*) WARNINGS
? SELECT secret + 0 FROM people;;SHOW WARNINGS
? SELECT CAST(secret AS DATE), CAST(email AS DECIMAL), CAST(phone AS TIME) FROM people;;SHOW WARNINGS
? SELECT CAST(secret AS DOUBLE) FROM people;;SHOW ERRORS
? SELECT CAST(secret AS INT) FROM people;;GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT;;SELECT @m
? SELECT CAST(secret AS INT) FROM people;;GET CURRENT DIAGNOSTICS @n = NUMBER;;SELECT @n;;GET DIAGNOSTICS CONDITION 2 @m = MESSAGE_TEXT, @c = MYSQL_ERRNO;;SELECT @m, @c
? SELECT EXTRACTVALUE(1, CONCAT(0x7e, secret)) FROM people
? SELECT EXTRACTVALUE(1, CONCAT(0x7e, (SELECT secret FROM people LIMIT 1)))
? SELECT UPDATEXML(1, CONCAT(0x7e, (SELECT email FROM people LIMIT 1)), 1)
? SELECT UPDATEXML(1, CONCAT('~', secret), 1) FROM people;;SHOW WARNINGS
? SELECT EXTRACTVALUE(1, CONCAT('~', secret)) FROM people;;GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT;;SELECT @m
? SELECT EXTRACTVALUE(1, CONCAT('~', secret)) FROM people;;SHOW ERRORS
? SELECT EXP(salary) FROM people
? SELECT salary * 9223372036854775807 FROM people
? SELECT bonus - 9223372036854775807 FROM people;;SHOW ERRORS
? SELECT ~0 + salary FROM people WHERE id = 1
? SELECT POW(salary, 99) FROM people;;SHOW WARNINGS
? SELECT 1 + (SELECT secret FROM people)
? SELECT (SELECT secret, id FROM people LIMIT 1)
? SELECT ST_GEOMFROMTEXT(secret) FROM people
? SELECT ST_GEOMFROMGEOJSON(doc) FROM people
? SELECT JSON_EXTRACT(secret, '$') FROM people;;SHOW WARNINGS
? SELECT JSON_EXTRACT(doc, secret) FROM people;;SHOW WARNINGS
? SELECT REGEXP_REPLACE('a', CONCAT('(', secret), 'b') FROM people
? SELECT STR_TO_DATE(secret, '%Y') FROM people;;SHOW WARNINGS
? SELECT secret REGEXP CONCAT('[', secret) FROM people
? SELECT INET_ATON(secret), INET6_NTOA(blobbed) FROM people;;SHOW WARNINGS
? SELECT UNCOMPRESS(secret), FROM_BASE64(secret), UNHEX(secret) FROM people;;SHOW WARNINGS
? SELECT CONVERT_TZ(secret, 'x', 'y'), SEC_TO_TIME(bonus), MAKETIME(salary, 0, 0) FROM people;;SHOW WARNINGS
? SELECT TIME(CONCAT(secret, ':1')), DATE_ADD(secret, INTERVAL 1 DAY), TO_DAYS(secret) FROM people;;SHOW WARNINGS
? SELECT DATE_ADD('2000-01-01', INTERVAL salary YEAR), INTERVAL(secret, 1, 2) FROM people;;SHOW WARNINGS
? SELECT CHAR(salary USING utf8mb4), CONVERT(blobbed USING utf8mb4) FROM people;;SHOW WARNINGS
? SELECT CONV(secret, 99, 1), BIN(secret), SFORMAT(secret, 1) FROM people;;SHOW WARNINGS
? SELECT REPEAT('x', salary * 1000), SPACE(salary * 100), RPAD('x', salary * 100, 'y') FROM people WHERE id = 1;;SHOW WARNINGS
? SELECT AES_DECRYPT(secret, email, phone, essay) FROM people
? SELECT COLUMN_GET(secret, 'a' AS CHAR), COLUMN_JSON(secret) FROM people
? SELECT GROUP_CONCAT(REPEAT(secret, 9999999)) FROM people;;SHOW WARNINGS
? SELECT CAST(secret AS UUID), CAST(secret AS INET6) FROM people;;SHOW WARNINGS
? SELECT CAST(CONCAT(secret, 'x') AS UUID) = token FROM people;;SHOW WARNINGS
? SELECT NAME_CONST(secret, 1) FROM people
? SELECT id FROM people WHERE id = 1 AND CAST(secret AS INT) = 1;;SHOW WARNINGS
? SELECT id FROM people ORDER BY CAST(secret AS INT);;SHOW WARNINGS
? SELECT COUNT(*) FROM people GROUP BY CAST(secret AS INT);;SHOW WARNINGS
? SELECT COUNT(CAST(secret AS INT)) FROM people;;SHOW WARNINGS
? SELECT MAX(CAST(secret AS INT)) OVER () FROM people;;SHOW WARNINGS
? SELECT CAST(secret AS INT) IS NULL FROM people;;SHOW WARNINGS
? SELECT EXISTS (SELECT CAST(secret AS INT) FROM people HAVING COUNT(*) > 0);;SHOW WARNINGS
? SELECT x FROM (SELECT CAST(secret AS INT) AS x FROM people LIMIT 8) s;;SHOW WARNINGS
? WITH c AS (SELECT CAST(secret AS INT) AS x FROM people) SELECT x FROM c;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM contacts;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people UNION ALL SELECT 1;;SHOW WARNINGS
? VALUES ((SELECT CAST(secret AS INT) FROM people LIMIT 1));;SHOW WARNINGS
? EXPLAIN EXTENDED SELECT secret FROM people WHERE id = 1;;SHOW WARNINGS
? EXPLAIN EXTENDED SELECT UPPER(secret), salary + 1 FROM people WHERE id = 2;;SHOW WARNINGS
? EXPLAIN EXTENDED SELECT (SELECT secret FROM people WHERE id = 1);;SHOW WARNINGS
? EXPLAIN EXTENDED SELECT secret FROM people WHERE id = 1;;GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT;;SELECT @m
? EXPLAIN EXTENDED SELECT contact FROM contacts WHERE id = 1;;SHOW WARNINGS
? EXPLAIN EXTENDED UPDATE people SET city = 'x' WHERE id = 1;;SHOW WARNINGS
? EXPLAIN EXTENDED SELECT COUNT(secret), secret IS NULL FROM people WHERE id = 1;;SHOW WARNINGS
? EXPLAIN EXTENDED SELECT EXISTS (SELECT secret FROM people WHERE id = 1);;SHOW WARNINGS
? UPDATE people SET age = 1000
? UPDATE people SET age = -1 WHERE id = 2
? UPDATE people SET name = NULL WHERE id = 3
? UPDATE people SET id = 2 WHERE id = 1
? UPDATE people SET email = 'same'
? UPDATE IGNORE people SET email = 'same' WHERE id < 0;;SHOW WARNINGS
? UPDATE people SET city = 'much too long for a column of forty characters, it is' WHERE id = 1
? UPDATE IGNORE people SET id = 2 WHERE id = 1;;SHOW WARNINGS
? INSERT INTO people (id, name) VALUES (1, 'again')
? INSERT INTO people (id, name) VALUES (1, 'again');;SHOW ERRORS
? INSERT INTO people (id, name, email) VALUES (400, 'x', (SELECT email FROM (SELECT 'a' AS email) z))
? INSERT INTO people (id, name, email) VALUES (401, 'x', 'aMRKq1@MRKq1.example');;SHOW ERRORS
? INSERT IGNORE INTO people (id, name) VALUES (1, 'again');;SHOW WARNINGS
? INSERT INTO people (id, name, age) VALUES (2000, 'x', -5)
? INSERT INTO people (id) VALUES (2001)
? INSERT INTO narrow (small) SELECT salary FROM people;;SHOW WARNINGS
? INSERT INTO narrow (word) SELECT secret FROM people;;SHOW ERRORS
? INSERT IGNORE INTO narrow (day) SELECT secret FROM people;;SHOW WARNINGS
? INSERT INTO narrow (id) SELECT 1 FROM people
? DELETE FROM people WHERE id = 1
? DELETE FROM people WHERE id = 1;;SHOW ERRORS
? INSERT INTO orders (id, person) VALUES (900, 77)
? REPLACE INTO people (id, name) VALUES (1, 'x')
? SELECT secret FROM people WHERE id = 1 FOR UPDATE NOWAIT
? SELECT secret FROM people PROCEDURE ANALYSE(secret)
? SELECT secret FROM people PROCEDURE nosuch()
? SELECT secret, nosuch FROM people
? SELECT secret FROM people GROUP BY city
? SELECT secret FROM people UNION ALL SELECT 1, 2
? SELECT secret.nosuch FROM people
? PREPARE q FROM 'SELECT EXTRACTVALUE(1, CONCAT(0x7e, secret)) FROM people';;EXECUTE q;;SHOW ERRORS
? EXECUTE IMMEDIATE 'SELECT CAST(secret AS INT) FROM people';;SHOW WARNINGS
? BEGIN;;SELECT EXTRACTVALUE(1, CONCAT(0x7e, secret)) FROM people;;SELECT 1;;SHOW WARNINGS;;ROLLBACK
? SELECT CAST(secret AS INT) FROM people;;SELECT 1;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SET @a = 1;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SHOW WARNINGS;;SHOW WARNINGS;;SHOW ERRORS
? SELECT CAST(secret AS INT) FROM people;;USE mask_oracle;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;DO 1;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;COMMIT;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;RESIGNAL
? SELECT CAST(secret AS INT) FROM people;;SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT = 'x';;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT @@warning_count, @@error_count;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT secret FROM people LIMIT 0;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;PREPARE q FROM 'SHOW WARNINGS';;EXECUTE q
? SELECT CAST(secret AS INT) FROM people;;EXECUTE IMMEDIATE 'SHOW WARNINGS'
? SELECT CAST(secret AS INT) FROM people;;PREPARE q FROM 'GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT';;EXECUTE q;;SELECT @m
? SELECT CAST(secret AS INT) FROM people; SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people; SHOW ERRORS; SHOW COUNT(*) WARNINGS; SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people; GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT; SELECT @m
? SELECT EXTRACTVALUE(1, CONCAT(0x7e, secret)) FROM people; SHOW WARNINGS
? SET @x = 'SHOW WARNINGS';;SELECT CAST(secret AS INT) FROM people;;EXECUTE IMMEDIATE @x
? SELECT CAST(secret AS INT) FROM people;;BEGIN NOT ATOMIC SHOW WARNINGS; END
? SELECT CAST(secret AS INT) FROM people;;BEGIN NOT ATOMIC GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT; END;;SELECT @m
? SELECT CAST(secret AS INT) FROM people;;CALL given(@x);;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT id FROM orders;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT id FROM nosuch;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SHOW TABLES;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT nosuch FROM orders;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;EXPLAIN SELECT id FROM orders;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;DESCRIBE orders;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;HANDLER orders OPEN;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;HANDLER orders OPEN;;HANDLER orders READ FIRST;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT id FROM orders WHERE id = (SELECT;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;PREPARE q FROM 'SELECT id FROM orders';;SHOW WARNINGS;;EXECUTE q;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;INSERT INTO copies VALUES (1, 2, 3);;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT id FROM copies WHERE id = 0 AND nosuch = 1;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;WITH x AS (SELECT id FROM orders) SELECT 1;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SET @a = (SELECT id FROM orders LIMIT 1);;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;DO (SELECT id FROM orders LIMIT 1);;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;LOCK TABLES orders READ;;SHOW WARNINGS
? PREPARE q FROM 'SHOW WARNINGS';;SELECT CAST(secret AS INT) FROM people;;EXECUTE q
? SELECT CAST(secret AS INT) FROM people;;SET STATEMENT max_statement_time = 1 FOR SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;/*!50000 SHOW WARNINGS */
? SELECT CAST(secret AS INT) FROM people;;SELEKT;;SHOW WARNINGS
? SELECT CAST(secret AS INT) FROM people;;SELECT * FROM nosuch.table_;;SHOW WARNINGS
? SELECT EXTRACTVALUE(1, CONCAT(0x7e, secret)) FROM people;;SELECT @@error_count;;SHOW WARNINGS
? HANDLER people OPEN;;HANDLER people READ NEXT WHERE CAST(secret AS INT) = 1;;SHOW WARNINGS
"""

AROUND = """
! SELECT min_value, max_value FROM mysql.column_stats WHERE table_name = 'people'
! SELECT * FROM mysql.column_stats
! SELECT DECODE_HISTOGRAM(hist_type, histogram) FROM mysql.column_stats
! SELECT * FROM mysql.innodb_index_stats
! SELECT * FROM mysql.general_log
! SELECT * FROM mysql.proc
! SELECT info FROM information_schema.processlist
! SELECT * FROM information_schema.innodb_ft_index_table
! SELECT * FROM information_schema.innodb_ft_index_cache
! SELECT * FROM information_schema.innodb_buffer_page
! SELECT * FROM information_schema.column_statistics
! SHOW PROCESSLIST
! SET optimizer_trace = 'enabled=on';;SELECT secret FROM people WHERE id = 1;;SELECT * FROM information_schema.optimizer_trace
! SET optimizer_trace = 'enabled=on';;SELECT o.id FROM people p, orders o WHERE p.id = 1 AND o.note > p.secret;;SELECT * FROM information_schema.optimizer_trace
! SET STATEMENT optimizer_trace = 'enabled=on' FOR SELECT o.id FROM people p, orders o WHERE p.id = 1 AND o.note > p.secret;;SELECT * FROM information_schema.optimizer_trace
! SET profiling = 1;;SELECT o.id FROM people p, orders o WHERE p.id = 1 AND o.note > p.secret;;SHOW PROFILES;;SHOW PROFILE
! SHOW ENGINE INNODB STATUS
! SET GLOBAL innodb_ft_aux_table = 'mask_oracle/people'
! SELECT * FROM performance_schema.events_statements_history
! SELECT LOAD_FILE('/etc/passwd')
! SHOW BINLOG EVENTS
! LOAD DATA INFILE '/etc/passwd' INTO TABLE copies
! ANALYZE TABLE people PERSISTENT FOR ALL
! CHECK TABLE people EXTENDED
! SHOW TABLE STATUS LIKE 'people'
SELECT column_name, column_default FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'people'
SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
SELECT index_name, cardinality FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'people'
SELECT partition_description FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = 'parted'
SELECT view_definition FROM information_schema.views WHERE table_schema = DATABASE()
SHOW TABLES
SHOW WARNINGS
SHOW ERRORS
SELECT MIN(id), MAX(id) FROM people
"""

EVERYTHING = tuple(
    line for block in (PLAIN, USES, CARRIES, ERRORS, AROUND) for line in block.strip().splitlines() if line.strip()
)
