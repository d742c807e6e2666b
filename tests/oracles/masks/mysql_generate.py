# ruff: noqa: E501 -- a list of shapes
"""Statements put together at random: a value that reads a masked column, in a shape that carries it to the client."""

import random
from collections.abc import Iterator
from typing import Final

_TEXTS: Final = ("email", "phone", "card", "secret", "p.secret", "p.email", "essay", "doc")
_NUMBERS: Final = ("salary", "bonus", "rate", "share", "p.salary")
_OTHERS: Final = ("born", "seen", "lasts", "token", "blobbed", "p.born")
_OF_TEXT: Final = (
    "{}", "UPPER({})", "LOWER({})", "CONCAT({}, 'x')", "CONCAT('x', {})", "CONCAT_WS(',', {}, id)", "LEFT({}, 9)", "RIGHT({}, 9)",
    "SUBSTR({}, 2)", "REPLACE({}, 'x', 'y')", "TRIM({})", "LPAD({}, 40, ' ')", "REPEAT({}, 2)", "INSERT({}, 1, 1, 'x')", "REVERSE({})",
    "CAST({} AS CHAR)", "CAST({} AS BINARY)", "CONVERT({} USING utf16)", "MD5({})", "LENGTH({})", "COALESCE({}, '')", "NULLIF({}, 'x')",
    "CASE WHEN id > 0 THEN {} END", "IF(id, {}, NULL)", "JSON_QUOTE({})", "JSON_OBJECT('a', {})", "JSON_ARRAY({})", "QUOTE({})",
    "(SELECT {})", "(SELECT MAX(q) FROM (SELECT {} AS q) z)", "SUBSTRING_INDEX({}, ' ', 1)", "{} COLLATE utf8mb4_bin", "GREATEST({}, 'A')",
    "ELT(1, {})", "ASCII({})", "HEX({})", "TO_BASE64({})", "UNHEX(HEX({}))", "FROM_BASE64(TO_BASE64({}))", "UNCOMPRESS(COMPRESS({}))",
    "REGEXP_SUBSTR({}, '.+')", "EXTRACTVALUE(CONCAT('<a>', {}, '</a>'), '/a')", "CRC32({})", "{} IN ('a', 'b')", "SFORMAT('{{}}', {})",
    "COLUMN_JSON(COLUMN_CREATE('a', {}))", "BINARY {}", "_utf8mb4'a' < {}", "{} LIKE 'x%'", "WEIGHT_STRING({})", "CAST({} AS INT)",
)  # fmt: skip
_OF_NUMBER: Final = (
    "{}", "{} + 0", "-{}", "ABS({})", "CAST({} AS CHAR)", "CAST({} AS DECIMAL(30,4))", "ROUND({}, 1)", "FORMAT({}, 2)", "{} * 1", "HEX({})",
    "COALESCE({}, 0)", "GREATEST({}, 1)", "CASE WHEN 1 THEN {} END", "(SELECT {})", "CAST({} AS DOUBLE)", "SQRT({})", "JSON_ARRAY({})",
    "CONV({}, 10, 16)", "{} DIV 1", "CONCAT({}, '')", "{} & 4294967295", "TRUNCATE({}, 0)", "CAST({} AS UNSIGNED)", "ELT(1, {})",
    "FROM_UNIXTIME({})", "INET_NTOA({})", "BIN({})",
)  # fmt: skip
_OF_OTHER: Final = ("{}", "CAST({} AS CHAR)", "JSON_ARRAY({})", "(SELECT {})", "COALESCE({}, NULL)", "CONCAT({}, '')", "{} + 0", "HEX({})",
             "CASE WHEN id > 0 THEN {} END", "DATE_FORMAT({}, '%Y-%m-%d')", "CAST({} AS BINARY)", "QUOTE({})", "MAX({}) OVER ()")  # fmt: skip
_SHAPES: Final = (
    "SELECT {} FROM people p",
    "SELECT id, {}, name FROM people p LIMIT 4",
    "SELECT v FROM (SELECT {} AS v FROM people p) s",
    "SELECT s.* FROM (SELECT {} AS v, id FROM people p LIMIT 5) s",
    "SELECT orders.note FROM (SELECT {} AS note, id FROM people p) orders",
    "WITH c AS (SELECT {} AS v FROM people p) SELECT v FROM c",
    "WITH RECURSIVE c (v, n) AS (SELECT {}, 1 FROM people p UNION ALL SELECT v, n + 1 FROM c WHERE n < 2) SELECT v FROM c",
    "SELECT (SELECT {} FROM people p WHERE p.id = 1)",
    "SELECT o.id, (SELECT {} FROM people p WHERE p.id = o.person) FROM orders o",
    "SELECT NULL UNION ALL SELECT {} FROM people p",
    "(SELECT {} FROM people p) UNION ALL (SELECT note FROM orders)",
    "SELECT JSON_ARRAYAGG(v) FROM (SELECT {} AS v FROM people p) s",
    "SELECT GROUP_CONCAT({}) FROM people p",
    "SELECT MAX({}), MIN({}) FROM people p",
    "SELECT LAST_VALUE(v) OVER () FROM (SELECT {} AS v FROM people p) s",
    "SELECT o.note, {} FROM people p JOIN (SELECT note, person FROM orders) o ON o.person = p.id WHERE p.id < 4",
    "SELECT * FROM (SELECT {} AS v, id FROM people p) s JOIN orders USING (id)",
    "VALUES (1, (SELECT {} FROM people p WHERE p.id = 2))",
    "UPDATE people SET city = 'x' WHERE id = 7;;SELECT {} FROM people p",
    "INSERT IGNORE INTO people (id, name) VALUES (7, 'x') RETURNING {}",
    "PREPARE g FROM 'SELECT {} FROM people p';;EXECUTE g;;EXECUTE g",
    "EXECUTE IMMEDIATE 'SELECT {} FROM people p'",
    "EXPLAIN EXTENDED SELECT {} FROM people p WHERE id = 1;;SHOW WARNINGS",
    "ANALYZE FORMAT=JSON SELECT {} FROM people p",
    "SELECT CASE WHEN FALSE THEN NULL ELSE {} END FROM people p;;SHOW WARNINGS",
    "SELECT COUNT({}) FROM people p",
    "SELECT {} IS NULL FROM people p",
    "SELECT {} FROM people p PROCEDURE ANALYSE()",
    "SELECT @v := {} FROM people p;;SELECT @v",
    "SELECT {} FROM people p LIMIT 1 INTO @v;;SELECT @v",
    "SELECT EXTRACTVALUE(1, CONCAT('~', {})) FROM people p;;SHOW WARNINGS",
    "SELECT CAST({} AS DATE) FROM people p;;SHOW WARNINGS",
    "CREATE TEMPORARY TABLE g AS SELECT {} AS v FROM people p;;SELECT v FROM g",
    "CREATE TEMPORARY TABLE g (a INT);;INSERT INTO g VALUES (1);;SELECT * FROM g, (SELECT {} AS note, id FROM people p) orders",
)  # fmt: skip
_QUOTED: Final = ("PREPARE", "EXECUTE")


def statements(count: int, seed: int) -> Iterator[str]:
    choose = random.Random(seed)
    for _ in range(count):
        kind = choose.randrange(3)
        columns, forms = ((_TEXTS, _OF_TEXT), (_NUMBERS, _OF_NUMBER), (_OTHERS, _OF_OTHER))[kind]
        value = choose.choice(forms).format(choose.choice(columns))
        if choose.random() < 0.3:
            value = choose.choice(_OF_TEXT).format(f"CAST({value} AS CHAR)")
        shape = choose.choice(_SHAPES)
        if shape.startswith(_QUOTED):
            value = value.replace("'", "''")
        if "people p" not in shape or "RETURNING" in shape:
            value = value.replace("p.", "")
        yield "? " + shape.replace("{}", value)
