# ruff: noqa: E501 -- a statement a line
"""Statements that must be refused to a developer of the shop: select on its tables, nothing in hr, no writes in prod."""

HR = r"""
SELECT * FROM hr.salaries
SELECT * FROM `hr`.`salaries`
SELECT * FROM hr . salaries
SELECT * FROM HR.salaries
SELECT * FROM hr.Salaries
SELECT * FROM .hr.salaries
SELECT (SELECT MAX(amount) FROM hr.salaries)
SELECT 1 /*! UNION SELECT amount FROM hr.salaries */
SELECT 1 /*!50000 UNION SELECT amount FROM hr.salaries */
SELECT 1 /*!100000 UNION SELECT amount FROM hr.salaries */
SELECT 1 /*M! UNION SELECT amount FROM hr.salaries */
SELECT 1 /*M!100000 UNION SELECT amount FROM hr.salaries */
SELECT 1 /*M!50000 UNION SELECT amount FROM hr.salaries */
SELECT 1 /*!5000 UNION SELECT amount FROM hr.salaries */
SELECT 1 /*!050000 UNION SELECT amount FROM hr.salaries */
SELECT 1 /*!1011000UNION SELECT amount FROM hr.salaries */
SELECT 1 /* /*! */ UNION SELECT amount FROM hr.salaries -- */
SELECT 1 /*! /* */ UNION SELECT amount FROM hr.salaries */
SELECT 1 /*!99999 /*! */ */ UNION SELECT amount FROM hr.salaries
SELECT 1 /*!99999 ' */ UNION SELECT amount FROM hr.salaries -- ' */
SELECT 1 /*!50000 -- */ UNION SELECT amount FROM hr.salaries
SELECT 1 /*!50000 # */ UNION SELECT amount FROM hr.salaries
SELECT 1 --1 UNION SELECT amount FROM hr.salaries
SELECT 1/**/UNION/**/SELECT/**/amount/**/FROM/**/hr/**/./**/salaries
SELECT '\'' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode='NO_BACKSLASH_ESCAPES'; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=CONCAT('NO_BACKSLASH_','ESCAPES'); SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET @m='NO_BACKSLASH_ESCAPES'; SET sql_mode=@m; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET @m=@@sql_mode; SELECT 'NO_BACKSLASH_ESCAPES' INTO @m; SET sql_mode=@m; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET @m=@@sql_mode; SELECT @m:='NO_BACKSLASH_ESCAPES'; SET sql_mode=@m; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET @m=@@sql_mode; PREPARE p FROM 'SET @m=''NO_BACKSLASH_ESCAPES'''; EXECUTE p; SET sql_mode=@m; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=(SELECT 'NO_BACKSLASH_ESCAPES'); SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=1048576; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET @@session.sql_mode=1048576; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode='1048576'; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=1+1048575; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=0x4e4f5f4241434b534c4153485f45534341504553; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode='NO_BÀCKSLASH_ESCAPES'; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=NO_BACKSLASH_ESCAPES; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET @@local.sql_mode:='no_backslash_escapes'; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET autocommit=1, sql_mode='no_backslash_escapes'; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode=CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES'); SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET STATEMENT sql_mode='NO_BACKSLASH_ESCAPES' FOR EXECUTE IMMEDIATE 'SELECT ''\'' UNION SELECT amount FROM hr.salaries -- '''
SET STATEMENT sql_mode='' FOR SET sql_mode='NO_BACKSLASH_ESCAPES'; SELECT '\'', (SELECT amount FROM hr.salaries) -- '
SET STATEMENT sql_mode='NO_BACKSLASH_ESCAPES' FOR SET STATEMENT max_statement_time=9 FOR EXECUTE IMMEDIATE 'SELECT \'\\\' UNION SELECT amount FROM hr.salaries -- '
SET STATEMENT max_statement_time=9 FOR SELECT amount FROM hr.salaries
SET STATEMENT character_set_client=gbk FOR EXECUTE IMMEDIATE 'SELECT amount FROM hr.salaries'
PREPARE p FROM 'SET sql_mode=?'; SET @a='NO_BACKSLASH_ESCAPES'; EXECUTE p USING @a; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
PREPARE p FROM 'SET sql_mode=@m'; SET @m='NO_BACKSLASH_ESCAPES'; EXECUTE p; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
EXECUTE IMMEDIATE 'SET sql_mode=?' USING 'NO_BACKSLASH_ESCAPES'; SELECT '\' UNION SELECT amount FROM hr.salaries -- '
SET sql_mode='ANSI_QUOTES'; SELECT 1 FROM "hr"."salaries"
SET sql_mode='ANSI'; SELECT 1 FROM "hr"."salaries"
SET sql_mode='ANSI_QUOTES'; SELECT "\" UNION SELECT amount FROM hr.salaries -- "
USE hr
USE hr; SELECT * FROM salaries
EXECUTE IMMEDIATE 'USE hr'; SELECT * FROM salaries
PREPARE s FROM 'SELECT * FROM hr.salaries'
SET @q='SELECT * FROM hr.salaries'; PREPARE s FROM @q; EXECUTE s
EXECUTE IMMEDIATE 'SELECT * FROM hr.salaries'
EXECUTE IMMEDIATE CONCAT('SELECT * FROM hr','.salaries')
SET @q='SELECT * FROM hr.salaries'; EXECUTE IMMEDIATE @q
BEGIN NOT ATOMIC SELECT * FROM hr.salaries; END
IF 1 THEN SELECT * FROM hr.salaries; END IF
CALL raise_all()
CALL shop.raise_all
CALL hr.tell()
SELECT highest()
SELECT shop.highest()
SELECT `highest`()
SELECT * FROM hr.inside
HANDLER hr.salaries OPEN
HANDLER hr.salaries OPEN AS x; HANDLER x READ FIRST
TABLE hr.salaries
VALUES ((SELECT MAX(amount) FROM hr.salaries))
DO (SELECT MAX(amount) FROM hr.salaries)
SELECT amount INTO @v FROM hr.salaries LIMIT 1
SET @x=(SELECT MAX(amount) FROM hr.salaries)
SET max_statement_time=(SELECT MAX(amount) FROM hr.salaries)
SELECT * FROM JSON_TABLE((SELECT JSON_ARRAYAGG(amount) FROM hr.salaries), '$[*]' COLUMNS (a INT PATH '$')) t
SHOW CREATE TABLE hr.salaries
SHOW CREATE VIEW hr.inside
SHOW CREATE PROCEDURE hr.tell
SHOW CREATE DATABASE hr
SHOW FULL COLUMNS FROM hr.salaries
SHOW COLUMNS FROM salaries FROM hr
SHOW INDEX FROM salaries IN hr
SHOW TABLES WHERE (SELECT MAX(amount) FROM hr.salaries) > 0
SHOW VARIABLES WHERE (SELECT MAX(amount) FROM hr.salaries) > 0
SHOW STATUS WHERE variable_name = (SELECT MAX(amount) FROM hr.salaries)
SHOW TABLES FROM hr
SHOW FULL TABLES IN `hr`
SHOW TABLE STATUS FROM hr
SHOW TRIGGERS FROM hr
SHOW OPEN TABLES FROM hr
EXPLAIN SELECT * FROM hr.salaries
EXPLAIN EXTENDED SELECT * FROM hr.salaries WHERE amount > 5
ANALYZE SELECT * FROM hr.salaries
DESCRIBE hr.salaries
DESC hr.salaries amount
CHECK TABLE hr.salaries
CHECKSUM TABLE hr.salaries
ANALYZE TABLE hr.salaries
SELECT NEXTVAL(hr.numbers)
SELECT NEXT VALUE FOR hr.numbers
SELECT PREVIOUS VALUE FOR hr.numbers
SELECT SETVAL(hr.numbers, 99)
SELECT customers.* FROM hr.salaries customers
SELECT * FROM customers JOIN (hr.salaries) ON 1
SELECT * FROM (customers, hr.salaries)
SELECT * FROM customers NATURAL JOIN hr.salaries
SELECT * FROM { OJ customers LEFT JOIN hr.salaries ON 1 }
SELECT * FROM customers WHERE EXISTS (SELECT 1 FROM hr.salaries)
SELECT * FROM customers ORDER BY (SELECT MAX(amount) FROM hr.salaries)
SELECT * FROM hr.salaries FOR SYSTEM_TIME ALL
WITH hr AS (SELECT 1) SELECT * FROM hr.salaries
WITH salaries AS (SELECT 1) SELECT * FROM hr.salaries
WITH customers AS (SELECT * FROM hr.salaries) SELECT * FROM customers
SELECT EXTRACTVALUE(1, CONCAT(0x7e, (SELECT MAX(amount) FROM hr.salaries)))
SELECT 1;;SELECT amount FROM hr.salaries
SELECT amount FROM hr.salaries PROCEDURE ANALYSE(1, 1)
CREATE TEMPORARY TABLE copied AS SELECT * FROM hr.salaries
CREATE TEMPORARY TABLE hr.mine (a INT)
CREATE TEMPORARY TABLE mine LIKE hr.salaries
CREATE TEMPORARY TABLE mine (a INT) ENGINE=MERGE UNION=(hr.salaries)
CREATE TEMPORARY TABLE mine (a INT); INSERT INTO mine SELECT amount FROM hr.salaries
CREATE TEMPORARY TABLE salaries (a INT); SELECT * FROM hr.salaries
LOCK TABLES hr.salaries READ
LOCK TABLES customers READ, hr.salaries AS s READ
SELECT * FROM hr.salaries AS OF TIMESTAMP '2020-01-01'
SELECT /*+ MAX_EXECUTION_TIME(1000) */ amount FROM hr.salaries
SELECT /*+ QB_NAME(a) */ (SELECT MAX(amount) FROM hr.salaries)
SELECT /*+ ' */ amount FROM hr.salaries -- ' */
SELECT 1 UNION SELECT amount FROM hr.salaries # '
SELECT 1 FROM customers WHERE EXISTS (SELECT * FROM (SELECT amount FROM hr.salaries) x)
SELECT * FROM (SELECT * FROM hr.salaries) AS customers
SELECT hr.salaries.amount FROM hr.salaries
SELECT shop.customers.name FROM customers, hr.salaries
SELECT * FROM `hr`.`salaries` AS `shop.customers`
WITH x AS (SELECT amount FROM hr.salaries) SELECT 1
WITH x AS (SELECT nosuch FROM hr.salaries) SELECT 1
WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x, hr.salaries WHERE n < 3) SELECT * FROM x
SELECT * FROM hr.nosuch
SHOW CREATE SEQUENCE hr.numbers
SHOW CREATE FUNCTION hr.tell
SHOW PROCEDURE CODE hr.tell
SHOW COLUMNS FROM customers WHERE (SELECT MAX(amount) FROM hr.salaries) > 0
EXPLAIN FORMAT=JSON SELECT * FROM customers WHERE id = (SELECT MAX(amount) FROM hr.salaries)
EXPLAIN hr.salaries
SELECT GROUP_CONCAT(a) FROM (SELECT amount AS a FROM hr.salaries) s
SELECT name FROM customers PROCEDURE ANALYSE((SELECT MAX(amount) FROM hr.salaries))
SELECT CAST(name AS CHAR) FROM customers HAVING (SELECT MAX(amount) FROM hr.salaries) > 0
SELECT SUM(id) OVER (ORDER BY (SELECT MAX(amount) FROM hr.salaries)) FROM customers
SELECT IF((SELECT MAX(amount) FROM hr.salaries) > 1, SLEEP(1), 0)
SELECT name FROM customers LIMIT 1; SELECT amount FROM hr.salaries
BEGIN; SELECT amount FROM hr.salaries; COMMIT
SET @a = 1; USE hr; SELECT amount FROM salaries
PREPARE s FROM 'USE hr'; EXECUTE s; SELECT amount FROM salaries
EXPLAIN EXTENDED SELECT * FROM hr.inside
SELECT LAST_INSERT_ID((SELECT MAX(amount) FROM hr.salaries))
SELECT GET_LOCK((SELECT MAX(amount) FROM hr.salaries), 0)
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = (SELECT MAX(amount) FROM hr.salaries)
GET DIAGNOSTICS CONDITION (SELECT MAX(amount) FROM hr.salaries) @a = MESSAGE_TEXT
"""

WRITES = r"""
UPDATE customers SET name = 'x'
UPDATE customers c, hr.salaries s SET c.name = 'x'
UPDATE (SELECT 1 AS one) x JOIN customers c ON 1 SET c.name = 'x'
UPDATE LOW_PRIORITY IGNORE customers SET name = 'x'
DELETE FROM customers
DELETE c FROM customers c
DELETE FROM c USING customers c
DELETE c.* FROM customers c
DELETE customers, categories FROM customers JOIN categories
DELETE hr.employees FROM hr.employees
WITH x AS (SELECT 1) DELETE FROM customers
INSERT INTO customers (id) VALUES (1) ON DUPLICATE KEY UPDATE name = 'x'
INSERT INTO customers SET id = 9
INSERT IGNORE customers (id) VALUES (9)
INSERT DELAYED INTO customers (id) VALUES (9)
INSERT INTO categories (name) SELECT amount FROM hr.salaries RETURNING *
INSERT INTO peek VALUES (1)
REPLACE INTO categories VALUES (1, 'x')
REPLACE categories SET id = 1
TRUNCATE TABLE customers
TRUNCATE customers
LOAD DATA INFILE '/etc/passwd' INTO TABLE categories
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE categories
LOAD XML INFILE '/etc/passwd' INTO TABLE categories
SELECT NEXTVAL(tickets)
SELECT * FROM customers FOR UPDATE
EXPLAIN FORMAT=JSON INSERT INTO hr.salaries VALUES (2, 2)
ANALYZE UPDATE customers SET name = 'x'
ANALYZE FORMAT=JSON DELETE FROM customers
PREPARE s FROM 'DELETE FROM customers'
EXECUTE IMMEDIATE 'DELETE FROM customers'
CREATE TEMPORARY TABLE mine (a INT); DROP TABLE mine, customers
CREATE TEMPORARY TABLE mine (a INT); DROP TABLE mine; DROP TABLE mine, categories
CREATE TEMPORARY TABLE mine (a INT); ALTER TABLE mine RENAME TO hr.mine
CREATE TEMPORARY TABLE customers (a INT); DROP TEMPORARY TABLE customers; DELETE FROM customers
CREATE TEMPORARY TABLE customers (a INT); DROP TABLE customers; DELETE FROM customers
CREATE TEMPORARY TABLE customers (a INT); DELETE FROM Customers
CREATE TEMPORARY TABLE IF NOT EXISTS customers (a INT); DELETE FROM hr.employees
CREATE TEMPORARY TABLE mine (a INT) ENGINE=MERGE UNION=(customers) INSERT_METHOD=LAST
CREATE TEMPORARY TABLE mine (a INT) ENGINE=FEDERATED CONNECTION='mysql://x'
CREATE TEMPORARY TABLE mine (a INT) DATA DIRECTORY='/tmp'
CREATE TEMPORARY TABLE mine (a INT) ENGINE=CONNECT TABLE_TYPE=CSV FILE_NAME='/etc/passwd'
CREATE TEMPORARY TABLE mine (a INT DEFAULT NEXTVAL(tickets), b INT); INSERT INTO mine (b) VALUES (1)
CREATE TEMPORARY TABLE mine (b INT); ALTER TABLE mine ADD a INT DEFAULT (NEXT VALUE FOR tickets)
"""

SERVER = r"""
SELECT 1 INTO OUTFILE '/tmp/gateway-attack'
SELECT 1 INTO DUMPFILE '/tmp/gateway-attack'
(SELECT name FROM customers) INTO OUTFILE '/tmp/gateway-attack'
SELECT name INTO OUTFILE '/tmp/gateway-attack' FROM customers
SELECT * FROM customers UNION SELECT * FROM customers INTO OUTFILE '/tmp/gateway-attack'
SELECT LOAD_FILE('/etc/passwd')
SELECT load_file ('/etc/passwd')
SELECT `load_file`('/etc/passwd')
SELECT /*!50000LOAD_FILE*/('/etc/passwd')
SHOW PROCESSLIST
SHOW FULL PROCESSLIST
SELECT * FROM information_schema.processlist
SELECT info FROM INFORMATION_SCHEMA.`ProcessList`
USE information_schema; SELECT * FROM processlist
SELECT * FROM information_schema.innodb_trx
SELECT * FROM information_schema.INNODB_LOCKS
SELECT * FROM information_schema.innodb_ft_index_table
SELECT * FROM information_schema.query_cache_info
SHOW USER_STATISTICS
SHOW GRANTS FOR root@localhost
SHOW GRANTS FOR gateway
SHOW CREATE USER
SHOW CREATE USER gateway
SHOW BINLOG EVENTS
SHOW BINARY LOGS
SHOW MASTER STATUS
SHOW SLAVE STATUS
SHOW ALL SLAVES STATUS
SHOW ENGINE INNODB STATUS
SHOW EXPLAIN FOR 1
SHOW ANALYZE FOR 1
EXPLAIN FOR CONNECTION 1
SELECT * FROM performance_schema.threads
SELECT * FROM PERFORMANCE_SCHEMA.threads
SELECT * FROM mysql.user
SELECT * FROM `MYSQL`.user
SELECT * FROM mysql.global_priv
SELECT * FROM mysql.column_stats
SELECT * FROM sys.session
USE mysql
KILL 1
KILL QUERY 5
KILL USER gateway
KILL HARD CONNECTION 3
KILL (SELECT 1)
KILL QUERY ID 3
SET GLOBAL max_connections = 10
SET @@global.max_connections = 10
SET autocommit = 1, GLOBAL max_connections = 10
SET STATEMENT GLOBAL max_connections = 10 FOR SELECT 1
SET GLOBAL general_log = 0
SET SESSION sql_log_bin = 0
SET SESSION debug_dbug = '+d,x'
SET STATEMENT session_track_system_variables = '' FOR SELECT 1
SET PASSWORD = PASSWORD('x')
SET PASSWORD FOR gateway = 'x'
SET ROLE admin
SET DEFAULT ROLE NONE
SET NAMES gbk
SET NAMES 'sjis'
SET character_set_client = gbk
SET character_set_client = 28
SET character_set_client = 0x67626b
SET character_set_client = @@character_set_server
SET @@character_set_client = 'big5'
SET CHARACTER SET cp932
SET CHARSET gbk
ALTER USER gateway IDENTIFIED BY 'x'
FLUSH TABLES
FLUSH TABLES WITH READ LOCK
FLUSH PRIVILEGES
FLUSH STATUS
RESET QUERY CACHE
INSTALL PLUGIN x SONAME 'y.so'
INSTALL SONAME 'y'
UNINSTALL PLUGIN x
XA RECOVER
LOCK TABLES customers READ
LOCK TABLE customers WRITE
OPTIMIZE TABLE customers
REPAIR TABLE customers
ANALYZE TABLE customers
GRANT ALL ON *.* TO x
CREATE USER x
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM hr.salaries
CREATE FUNCTION f RETURNS STRING SONAME 'x.so'
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')
SHUTDOWN
CHANGE MASTER TO MASTER_HOST = 'x'
STOP SLAVE
PURGE BINARY LOGS TO 'x'
BINLOG 'x'
BACKUP STAGE START
BACKUP LOCK customers
ADMIN SHOW DDL
ADMIN CANCEL DDL JOBS 1
SPLIT TABLE customers BETWEEN (0) AND (9) REGIONS 2
FLASHBACK TABLE customers
RECOVER TABLE customers
IMPORT INTO customers FROM '/tmp/x'
BATCH ON id LIMIT 1 DELETE FROM customers
TRACE SELECT * FROM mysql.user
SET PERSIST max_connections = 10
RESTART
CLONE LOCAL DATA DIRECTORY = '/tmp/x'
SHOW CREATE EVENT hr.e
SHOW EVENTS FROM hr
SELECT * FROM information_schema.index_statistics
SELECT sys_exec('id')
"""

DDL = r"""
DROP TABLE customers
ALTER TABLE customers ADD x INT
CREATE TABLE mine AS SELECT 1
CREATE VIEW v AS SELECT * FROM hr.salaries
CREATE FUNCTION f() RETURNS INT RETURN (SELECT MAX(amount) FROM hr.salaries)
CREATE TRIGGER t BEFORE INSERT ON customers FOR EACH ROW DELETE FROM hr.salaries
CREATE PROCEDURE p() DELETE FROM hr.salaries
CREATE SEQUENCE s
RENAME TABLE customers TO clients
CREATE TEMPORARY TABLE mine (a INT); RENAME TABLE customers TO clients
CREATE INDEX i ON customers (name)
DROP VIEW peek
CREATE OR REPLACE TABLE customers (id INT)
"""

FOLDED = r"""
SELECT * FROM HR.SALARIES
SELECT * FROM Hr.Salaries
SELECT salaries.* FROM hr.SALARIES
SELECT s.amount FROM hr.Salaries AS S
USE HR
USE Hr; SELECT * FROM Salaries
TABLE HR.Salaries
SELECT * FROM HR.INSIDE
SELECT HIGHEST()
CALL Raise_All()
HANDLER HR.Salaries OPEN
DELETE FROM CUSTOMERS
DELETE C FROM Customers c
UPDATE Customers C SET c.name = 'x'
CREATE TEMPORARY TABLE Customers (a INT); DROP TEMPORARY TABLE CUSTOMERS; DELETE FROM customers
CREATE TEMPORARY TABLE mine AS SELECT * FROM HR.Salaries
EXPLAIN SELECT * FROM HR.Salaries
SHOW COLUMNS FROM Salaries FROM HR
INSERT INTO HR.Employees VALUES (9, 'x')
"""


def listed(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]
