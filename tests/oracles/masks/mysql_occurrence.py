# ruff: noqa: E501 -- one statement a line
"""Statements whose behaviour must not tell one row of `twins` from another, `{id}` being the row: the oracle of occurrence for
MySQL. A line that begins with `! ` may be refused: it needs `infer`. All others must be answered, for every row, and alike.
"""

import random
from collections.abc import Iterator
from typing import Final

EVERYDAY: Final = """
SELECT card FROM twins WHERE id = {id}
SELECT * FROM twins WHERE id = {id}
SELECT UPPER(card), LOWER(card), LENGTH(card), LEFT(card, 4), RIGHT(card, 4), SUBSTR(card, 1, 3), SUBSTRING(card FROM 2 FOR 3) FROM twins WHERE id = {id}
SELECT CONCAT(card, '-', note), CONCAT_WS(' ', card, note), TRIM(card), REVERSE(card), REPLACE(card, '-', ''), LPAD(card, 20, '*'), MD5(card) FROM twins WHERE id = {id}
SELECT CONCAT('****', RIGHT(card, 4)), CONCAT(REPEAT('*', 12), RIGHT(card, 4)), SUBSTRING_INDEX(card, ' ', 1), INSERT(card, 1, 4, '****') FROM twins WHERE id = {id}
SELECT card LIKE '4%', card = '7', card <> note, card > 'm', card IN ('7', '8'), card BETWEEN 'a' AND 'z', card IS NULL, NOT card = 'x' FROM twins WHERE id = {id}
SELECT CASE WHEN card LIKE '4%' THEN 'visa' WHEN card LIKE '5%' THEN 'mastercard' ELSE 'other' END FROM twins WHERE id = {id}
SELECT CASE WHEN card LIKE '4%' AND pay > 100 OR flag THEN card ELSE note END, CASE card WHEN '7' THEN 1 ELSE 0 END FROM twins WHERE id = {id}
SELECT CASE WHEN id > 2 THEN card ELSE LEFT(card, 2) END, IF(id > 2, card, note), IF(card LIKE '4%', 'visa', 'other') FROM twins WHERE id = {id}
SELECT CASE WHEN card IS NULL THEN 'no' ELSE 'yes' END, IF(ISNULL(card), 'no', 'yes'), IFNULL(card, 'none'), COALESCE(card, note, '') FROM twins WHERE id = {id}
SELECT NULLIF(card, ''), GREATEST(card, note), LEAST(pay, 10), COALESCE(NULLIF(TRIM(card), ''), note) FROM twins WHERE id = {id}
SELECT pay * 2, pay + 1, pay - 10, pay * 12, pay / 12, 12 * pay, pay % 10, pay DIV 3, -pay, ABS(pay), few * 2, few / 12 FROM twins WHERE id = {id}
SELECT rate * 1.19, rate * 12 / 100, ROUND(rate * 1.19, 2), rate + 100, ROUND(rate / 12, 2), ROUND(rate), CEIL(rate), FLOOR(rate) FROM twins WHERE id = {id}
SELECT pay / NULLIF(id, 0), rate / id, CAST(pay AS CHAR), CAST(card AS CHAR), CAST(pay AS DOUBLE), CONVERT(card USING utf8mb4), card COLLATE utf8mb4_bin FROM twins WHERE id = {id}
SELECT IFNULL(pay, 0) * 12, COALESCE(pay, 0) + 1, SUM(IFNULL(pay, 0)) OVER () FROM twins WHERE id = {id}
SELECT SUM(pay), AVG(pay), MIN(pay), MAX(pay), COUNT(pay), ROUND(AVG(pay), 2), SUM(pay) / 12, SUM(rate) * 2, SUM(pay) / COUNT(*) FROM twins WHERE id = {id}
SELECT GROUP_CONCAT(card), GROUP_CONCAT(card SEPARATOR ', '), MAX(card), MIN(born), JSON_ARRAYAGG(card) FROM twins WHERE id = {id}
SELECT note, SUM(pay), COUNT(*) FROM twins WHERE id = {id} GROUP BY note ORDER BY note
SELECT note, MAX(card) FROM twins WHERE id = {id} GROUP BY note HAVING COUNT(*) > 0
SELECT born + INTERVAL 1 DAY, DATE_ADD(born, INTERVAL 1 YEAR), DATE_SUB(seen, INTERVAL 7 DAY), DATEDIFF(NOW(), seen), TIMESTAMPDIFF(YEAR, born, CURDATE()) FROM twins WHERE id = {id}
SELECT YEAR(born), MONTH(born), DATE_FORMAT(born, '%Y-%m'), DATE(seen), EXTRACT(YEAR FROM born), LAST_DAY(born), born < '2000-01-01' FROM twins WHERE id = {id}
SELECT seen > NOW() - INTERVAL 7 DAY, UNIX_TIMESTAMP(seen), FORMAT(pay, 2), HEX(card), JSON_OBJECT('c', card, 'p', pay), JSON_ARRAY(card, pay) FROM twins WHERE id = {id}
SELECT (SELECT card FROM twins WHERE id = {id}), UPPER((SELECT card FROM twins WHERE id = {id})), IFNULL((SELECT card FROM twins WHERE id = {id}), '')
SELECT ROW_NUMBER() OVER (ORDER BY id), LAG(card) OVER (ORDER BY id), LEAD(pay, 1) OVER (ORDER BY id), SUM(pay) OVER (ORDER BY id), FIRST_VALUE(card) OVER (ORDER BY id) FROM twins WHERE id = {id}
SELECT COUNT(*) FROM (SELECT id, UPPER(card), pay * 2 FROM twins WHERE id = {id}) s
SELECT id FROM (SELECT id, UPPER(card) AS loud, pay * 2 AS twice FROM twins WHERE id = {id}) s
SELECT EXISTS (SELECT id, UPPER(card) FROM twins WHERE id = {id})
WITH c AS (SELECT id, LEFT(card, 4) AS head, pay + 1 AS more FROM twins WHERE id = {id}) SELECT CONCAT(head, '…'), more FROM c
SELECT card FROM twins WHERE id = {id} UNION ALL SELECT UPPER(card) FROM twins WHERE id = {id}
WITH RECURSIVE r AS (SELECT id, card, 1 AS n FROM twins WHERE id = {id} UNION ALL SELECT id, card, n + 1 FROM r WHERE n < 3) SELECT card FROM r
WITH RECURSIVE r AS (SELECT id, card, 1 AS n FROM twins WHERE id = {id} UNION ALL SELECT t.id, t.card, n + 1 FROM r JOIN twins t ON t.id = r.id WHERE n < 3) SELECT card FROM r
SELECT SUM(CASE WHEN flag THEN pay ELSE 0 END), SUM(IF(pay > 10, 1, 0)), AVG(CASE WHEN id > 1 THEN pay END) FROM twins WHERE id = {id}
SELECT id, card, twice, loud FROM twin_view WHERE id = {id} AND id < 0
SELECT id, LOWER(loud), CONCAT(card, loud), twice * 2 FROM twin_view WHERE id = {id}
SELECT MD5(LOWER(TRIM(card))), LENGTH(card) > 12, CHAR_LENGTH(TRIM(card)), ASCII(card), INSTR(card, '@'), LOCATE(' ', card) FROM twins WHERE id = {id}
SELECT CASE WHEN pay < 100 THEN 'low' WHEN pay < 1000 THEN 'mid' ELSE 'high' END AS band, FIELD(card, 'a', 'b'), ELT(1, card) FROM twins WHERE id = {id}
PREPARE q FROM 'SELECT UPPER(card), pay * 2 FROM twins WHERE id = {id}';;EXECUTE q
"""

ORACLES: Final = """
! SELECT CASE WHEN card LIKE '4%' THEN 1/0 END FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', 1/none, 0) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', (SELECT 1 UNION SELECT 2), 0) FROM twins WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN (SELECT n FROM own_numbers) END FROM twins WHERE id = {id}
! SELECT card LIKE '4%' AND (SELECT n FROM own_numbers) FROM twins WHERE id = {id}
! SELECT card LIKE '4%' OR (SELECT n FROM own_numbers) FROM twins WHERE id = {id}
! SELECT IFNULL(NULLIF(card, '7'), (SELECT n FROM own_numbers)) FROM twins WHERE id = {id}
! SELECT COALESCE(NULLIF(card, '7'), (SELECT n FROM own_numbers)) FROM twins WHERE id = {id}
! SELECT card IN ('7', (SELECT n FROM own_numbers)) FROM twins WHERE id = {id}
! SELECT pay BETWEEN 50 AND (SELECT n FROM own_numbers) FROM twins WHERE id = {id}
! SELECT NULLIF(card, IF(card = '7', (SELECT n FROM own_numbers), 0)) FROM twins WHERE id = {id}
! SELECT ELT(pay, 1, (SELECT n FROM own_numbers)) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', SLEEP(2), 0) FROM twins WHERE id = {id}
! SELECT SLEEP(IF(card LIKE '4%', 2, 0)) FROM twins WHERE id = {id}
! SELECT SLEEP(2 * (card = '7')) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', BENCHMARK(20000000, MD5('x')), 0) FROM twins WHERE id = {id}
! SELECT BENCHMARK(pay * 1000, MD5('x')) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', GET_LOCK('x', 1), 0) FROM twins WHERE id = {id}
! SELECT ~0 + pay FROM twins WHERE id = {id}
! SELECT 18446744073709551615 + pay FROM twins WHERE id = {id}
! SELECT pay + 9223372036854775000 FROM twins WHERE id = {id}
! SELECT big * 1000000 FROM twins WHERE id = {id}
! SELECT pay * pay * pay * pay * pay * pay FROM twins WHERE id = {id}
! SELECT big * 900 * 900 FROM twins WHERE id = {id}
! SELECT (pay * 900) * 900 * 900 * 900 * 900 FROM twins WHERE id = {id}
! SELECT s.p * 900 FROM (SELECT big * 9 AS p FROM twins WHERE id = {id} AND id <> 2) s
! SELECT few - 10 FROM twins WHERE id = {id}
! SELECT 10 - few FROM twins WHERE id = {id}
! SELECT t.pay + o.n FROM twins t, own_numbers o WHERE t.id = {id} AND o.id = 1
! SELECT t.share * o.f FROM twins t, own_numbers o WHERE t.id = {id}
! SELECT share * 1e300 FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', 9223372036854775807, 0) + 1 FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', 9223372036854775807 + 1, 0) FROM twins WHERE id = {id}
! SELECT -(IF(card LIKE '4%', -9223372036854775808, 0)) FROM twins WHERE id = {id}
! SELECT ABS(IF(card LIKE '4%', -9223372036854775808, 0)) FROM twins WHERE id = {id}
! SELECT GREATEST(pay, 9223372036854775000) + 900 FROM twins WHERE id = {id}
! SELECT EXP(pay), POW(pay, 100), EXP(IF(card LIKE '4%', 710, 1)) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', EXP(710), 0) FROM twins WHERE id = {id}
! SELECT COT(pay), TAN(pay), SQRT(pay), LN(pay), LOG(pay) FROM twins WHERE id = {id}
! SELECT 1/pay, 1 % pay, 1 DIV pay, 1 MOD pay, MOD(1, pay) FROM twins WHERE id = {id}
! SELECT 1/(LOCATE('4', card) - 1) FROM twins WHERE id = {id}
! SELECT JSON_EXTRACT(doc, '$'), JSON_EXTRACT(card, '$') FROM twins WHERE id = {id}
! SELECT JSON_EXTRACT(doc, card) FROM twins WHERE id = {id}
! SELECT JSON_LENGTH(doc), JSON_TYPE(doc), JSON_KEYS(doc), JSON_UNQUOTE(card) FROM twins WHERE id = {id}
! SELECT JSON_VALUE(doc, '$.k'), JSON_CONTAINS(doc, '1'), JSON_MERGE(doc, '1') FROM twins WHERE id = {id}
! SELECT EXTRACTVALUE(card, '/a'), EXTRACTVALUE('<a/>', card) FROM twins WHERE id = {id}
! SELECT UPDATEXML(card, '/a', 'x') FROM twins WHERE id = {id}
! SELECT note RLIKE card, note REGEXP card FROM twins WHERE id = {id}
! SELECT card REGEXP '^(a+)+$', REGEXP_REPLACE(card, 'a', 'b') FROM twins WHERE id = {id}
! SELECT note LIKE card, card LIKE card FROM twins WHERE id = {id}
! SELECT CAST(card AS SIGNED), CAST(card AS UNSIGNED), CAST(card AS DECIMAL(5,2)), CAST(card AS DATE) FROM twins WHERE id = {id}
! SELECT CAST(card AS CHAR(3)), CAST(pay AS UNSIGNED), CAST(rate AS DECIMAL(4,2)) FROM twins WHERE id = {id}
! SELECT card + 0, card * 1, -card, card = 7, card > 3, card & 1, card | 1, ~card FROM twins WHERE id = {id}
! SELECT SUM(card), AVG(card), ROUND(card), ABS(card), CEIL(card) FROM twins WHERE id = {id}
! SELECT DATE(card), YEAR(card), DATE_FORMAT(card, '%Y'), card + INTERVAL 1 DAY, DATEDIFF(card, NOW()), STR_TO_DATE(card, '%Y') FROM twins WHERE id = {id}
! SELECT born + INTERVAL pay * 1000 YEAR, MAKEDATE(pay, 1), MAKETIME(pay, 1, 1), FROM_DAYS(pay), SEC_TO_TIME(big), PERIOD_ADD(pay, 1) FROM twins WHERE id = {id}
! SELECT FROM_UNIXTIME(big), INET_NTOA(pay), INET_ATON(card), CONV(card, 16, 10), UNHEX(card), FROM_BASE64(card) FROM twins WHERE id = {id}
! SELECT REPEAT('x', pay * 100000), RPAD(card, pay, 'x'), SPACE(pay), LPAD('x', big, 'x') FROM twins WHERE id = {id}
! SELECT REPEAT(card, 2000000), CONCAT(card, REPEAT('x', 16777210)) FROM twins WHERE id = {id}
! SELECT LEFT(card, pay), SUBSTR(note, pay), INSERT(note, pay, 1, card), SUBSTRING_INDEX(note, card, pay) FROM twins WHERE id = {id}
! SELECT UNCOMPRESS(card), AES_DECRYPT(card, 'x'), COLUMN_JSON(card), COLUMN_GET(card, 'a' AS CHAR) FROM twins WHERE id = {id}
! SELECT ST_GEOMFROMTEXT(card), ST_ASTEXT(card) FROM twins WHERE id = {id}
! SELECT CONVERT(card USING latin1), WEIGHT_STRING(card), CHAR(pay) FROM twins WHERE id = {id}
! SELECT LAST_INSERT_ID(pay), FORMAT(card, 2), SFORMAT(card, 1), NAME_CONST(card, 1) FROM twins WHERE id = {id}
! SELECT card IN (SELECT IF(n = 1, (SELECT n FROM own_numbers), '7') FROM own_numbers) FROM twins WHERE id = {id}
! SELECT card = ANY (SELECT note FROM twins) FROM twins WHERE id = {id}
! SELECT (card, 1) = ('7', (SELECT n FROM own_numbers)) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', never, 0) FROM twin_view WHERE id = {id}
! SELECT x FROM (SELECT IF(card LIKE '4%', (SELECT n FROM own_numbers), 0) AS x FROM twins WHERE id = {id}) s
! SELECT 1 FROM (SELECT IF(card LIKE '4%', (SELECT n FROM own_numbers), 0) AS x FROM twins WHERE id = {id} LIMIT 5) s
! WITH c AS (SELECT IF(card LIKE '4%', (SELECT n FROM own_numbers), 0) AS x FROM twins WHERE id = {id} LIMIT 5) SELECT COUNT(*) FROM c
! SELECT (SELECT IF(card LIKE '4%', (SELECT n FROM own_numbers), 0)) FROM twins WHERE id = {id}
! SELECT IF(card LIKE '4%', (SELECT n FROM own_numbers), 0) FROM twins WHERE id = {id} UNION ALL SELECT 1
! VALUES ((SELECT IF(card LIKE '4%', (SELECT n FROM own_numbers), 0) FROM twins WHERE id = {id}))
! SELECT SUM(IF(card LIKE '4%', (SELECT n FROM own_numbers), 0)) FROM twins WHERE id = {id}
! SELECT IF(MAX(card) LIKE '4%', (SELECT n FROM own_numbers), 0) FROM twins WHERE id = {id} GROUP BY none
! SELECT IF(LAG(card, 0) OVER (ORDER BY id) LIKE '4%', (SELECT n FROM own_numbers), 0) FROM twins WHERE id = {id}
! SELECT NTILE(pay) OVER (ORDER BY id), NTH_VALUE(note, pay) OVER (ORDER BY id) FROM twins WHERE id = {id}
! SELECT COUNT(*) OVER (ORDER BY id ROWS pay PRECEDING) FROM twins WHERE id = {id}
! INSERT IGNORE INTO twins (id) VALUES ({id}) RETURNING IF(card LIKE '4%', (SELECT n FROM own_numbers), 0)
! PREPARE q FROM 'SELECT IF(card LIKE ''4%'', (SELECT n FROM own_numbers), 0) FROM twins WHERE id = {id}';;EXECUTE q
! EXECUTE IMMEDIATE 'SELECT card + 0 FROM twins WHERE id = {id}'
! WITH RECURSIVE r AS (SELECT card AS c, 1 AS n FROM twins WHERE id = {id} UNION ALL SELECT CONCAT(c, 'xxxxxxxxxx'), n + 1 FROM r WHERE n < 3) SELECT c FROM r
! WITH RECURSIVE r AS (SELECT 'abc' AS c, 1 AS n UNION ALL SELECT t.card, n + 1 FROM r JOIN twins t ON t.id = {id} WHERE n < 3) SELECT c FROM r
! SET group_concat_max_len = 8;;SELECT GROUP_CONCAT(card, note) FROM twins WHERE id = {id}
! SELECT GROUP_CONCAT(card) FROM twins WHERE id = {id};;SELECT @@warning_count
! SELECT CONCAT(card, '') FROM twins WHERE id = {id};;SHOW COUNT(*) WARNINGS
! SET @big = REPEAT('x', 16777205);;SELECT CONCAT(card, @big) FROM twins WHERE id = {id};;SELECT @@warning_count
! SET @big = REPEAT('x', 16777205);;SELECT CONCAT(card, @big) FROM twins WHERE id = {id};;SHOW WARNINGS
! SET @big = REPEAT('x', 16777205);;SELECT CONCAT(card, @big) FROM twins WHERE id = {id};;SHOW COUNT(*) WARNINGS
! SET @big = REPEAT('x', 16777205);;SELECT CONCAT(card, @big) FROM twins WHERE id = {id};;GET DIAGNOSTICS @n = NUMBER;;SELECT @n
! SET group_concat_max_len = 8;;SELECT GROUP_CONCAT(card, note) FROM twins WHERE id = {id};;SHOW WARNINGS
! SET group_concat_max_len = 8;;SELECT GROUP_CONCAT(card, note) FROM twins WHERE id = {id};;SELECT @@warning_count
"""

_GATES: Final = (
    "card LIKE '4%'", "card = '7'", "pay > 50", "flag", "born < '2000-01-01'", "LENGTH(card) > 3", "LEFT(card, 1) = 'x'", "rate > 1",
    "card IN ('7', '4111 1111')", "UPPER(card) LIKE 'A%'", "NULLIF(card, '7') IS NULL", "NOT flag", "share > 5",
)  # fmt: skip
_RISKS: Final = (
    "1/none", "1/0", "card + 0", "9223372036854775807 + id", "big * 100000", "EXP(1000 * id)", "1/pay", "(SELECT n FROM own_numbers)",
    "few - 50", "JSON_EXTRACT(doc, '$.k')", "CAST(card AS DATE)", "EXTRACTVALUE(card, '/a')", "REPEAT(card, 9000000)", "SLEEP(0)",
    "card REGEXP note", "note REGEXP card", "CAST(doc AS SIGNED)", "POW(pay, 300)", "UNHEX(card)", "DATE(card)", "INET_ATON(card)",
    "~0 + pay", "share * 1e300",
)  # fmt: skip
_HARMLESS: Final = (
    "card", "note", "UPPER(card)", "pay * 2", "rate * 1.5", "'x'", "NULL", "id + 1", "born + INTERVAL 1 DAY", "LEFT(card, 3)",
    "CONCAT(card, note)", "CONCAT(card, pay)", "MD5(card)", "GREATEST(pay, 1)", "COALESCE(card, note)", "JSON_ARRAY(card)",
)  # fmt: skip
_JOINTS: Final = (
    "CASE WHEN {g} THEN {a} ELSE {b} END", "CASE WHEN {g} THEN {b} WHEN {a} = 'x' THEN 'y' END", "IF({g}, {a}, {b})",
    "COALESCE(IF({g}, {b}, NULL), {a})", "IFNULL(NULLIF({b}, 'x'), {a})", "({g}) AND {a} = 'x'", "({g}) OR {a} = 'x'", "CONCAT({a}, {b})",
    "JSON_OBJECT('a', {a}, 'b', {b})", "NULLIF({a}, {b})", "{b} IN ('x', {a})", "(SELECT {a})", "UPPER({a}) LIKE '4%'",
    "LENGTH({a}) * 2", "({g}) XOR ({a})", "MAX({a}) OVER ()", "FIELD({b}, {a}, 'x')", "CONCAT_WS(',', {b}, {a})",
)  # fmt: skip
_FRAMES: Final = (
    "SELECT {e} FROM twins WHERE id = {{id}}", "SELECT v FROM (SELECT {e} AS v FROM twins WHERE id = {{id}}) s",
    "WITH c AS (SELECT {e} AS v FROM twins WHERE id = {{id}} LIMIT 9) SELECT 1 FROM c",
    "SELECT COUNT(*) FROM (SELECT {e} AS v FROM twins WHERE id = {{id}} LIMIT 9) s",
    "SELECT (SELECT {e}) FROM twins WHERE id = {{id}}", "SELECT id, {e}, note FROM twins WHERE id = {{id}}",
    "SELECT {e} FROM twins WHERE id = {{id}} UNION ALL SELECT 'x'",
)  # fmt: skip


def statements(count: int, seed: int) -> Iterator[str]:
    """Gates over masked values, and behind them what fails or warns, or does not."""
    choose = random.Random(seed)
    for _ in range(count):
        parts = {
            "g": choose.choice(_GATES),
            "a": choose.choice(_RISKS if choose.random() < 0.7 else _HARMLESS),
            "b": choose.choice(_HARMLESS if choose.random() < 0.8 else _RISKS),
        }
        value = choose.choice(_JOINTS).format(**parts)
        if choose.random() < 0.3:
            value = choose.choice(_JOINTS).format(g=choose.choice(_GATES), a=value, b=choose.choice(_HARMLESS))
        yield "! " + choose.choice(_FRAMES).format(e=value)
