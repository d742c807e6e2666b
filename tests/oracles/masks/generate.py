# ruff: noqa: E501 -- a list of shapes
"""Statements put together at random: a value that reads a masked column, in a shape that carries it to the client."""

import random
from collections.abc import Iterator

_TEXTS = ("email", "phone", "card", "secret", "p.secret", "p.email")
_NUMBERS = ("salary", "bonus", "rate", "share")
_OTHERS = ("born", "seen", "token", "blob", "tags", "scores", "doc", "plain", "p", "p.*::text")
_OF_TEXT = (
    "{}", "upper({})", "lower({})", "initcap({})", "{} || 'x'", "'x' || {}", "concat({}, 'x')", "left({}, 9)", "right({}, 9)",
    "substr({}, 2)", "replace({}, 'x', 'y')", "btrim({})", "lpad({}, 40)", "repeat({}, 2)", "overlay({} placing 'x' from 1)",
    "{}::varchar", "{}::text::bytea", "convert_to({}, 'UTF8')", "md5({})", "length({})", "coalesce({}, '')", "nullif({}, 'x')",
    "case when id > 0 then {} end", "to_json({}::text)", "jsonb_build_object('a', {})", "array[{}]", "row({}, id)",
    "(select {})", "(select max(q) from (select {} as q) z)", "format('%s', {})", "quote_nullable({})", "split_part({}, ' ', 1)",
    "{} collate \"C\"", "greatest({}, 'A')", "string_to_array({}, ' ')", "ascii({})", "(array[{}])[1]", "{}::xml is null",
    "encode({}::bytea, 'escape')", "to_jsonb(array[{}])", "hashtext({})", "(xpath('/x/text()', xmlelement(name x, {})))[1]",
)  # fmt: skip
_OF_NUMBER = (
    "{}", "{} + 0", "-{}", "abs({})", "{}::text", "{}::numeric", "round({}::numeric, 1)", "to_char({}, '999999999999')", "{} * 1",
    "coalesce({}, 0)", "array[{}]", "row({})", "to_json({})", "greatest({}, 1)", "case when true then {} end", "(select {})",
    "{}::float8", "sqrt({}::float8)", "format('%s', {})", "jsonb_build_array({})", "to_hex({}::bigint)", "width_bucket({}::float8, 1, 9, 3)",
)  # fmt: skip
_OF_OTHER = ("{}", "({})::text", "to_json({})", "row({})", "array[{}]", "(select {})", "coalesce({})", "jsonb_build_object('v', {})",
             "format('%s', {})", "case when id > 0 then {} end")  # fmt: skip
_SHAPES = (
    "SELECT {} FROM people p",
    "SELECT id, {}, name FROM people p LIMIT 4",
    "SELECT v FROM (SELECT {} AS v FROM people p) s",
    "SELECT s FROM (SELECT {} AS v FROM people p) s",
    "SELECT row_to_json(s) FROM (SELECT {} AS v, id FROM people p) s",
    "WITH c AS (SELECT {} AS v FROM people p) SELECT v FROM c",
    "WITH c AS MATERIALIZED (SELECT {} AS v FROM people p) SELECT c.* FROM c",
    "SELECT o.id, s.v FROM orders o, LATERAL (SELECT {} AS v FROM people p WHERE p.id = o.person) s",
    "SELECT (SELECT {} FROM people p WHERE p.id = 1)",
    "SELECT array(SELECT {} FROM people p)",
    "SELECT NULL UNION ALL SELECT ({})::text FROM people p",
    "SELECT json_agg(v) FROM (SELECT {} AS v FROM people p) s",
    "SELECT last_value({}) OVER () FROM people p",
    "SELECT o.note, {} FROM people p JOIN orders o ON o.person = p.id WHERE p.id < 4",
    "VALUES (1, (SELECT ({})::text FROM people p WHERE p.id = 2))",
    "UPDATE people p SET city = 'x' WHERE id = 7 RETURNING {}",
    "COPY (SELECT {} AS v, id FROM people p) TO STDOUT",
    "COPY (SELECT {} AS v, id FROM people p) TO STDOUT (FORMAT csv)",
    "BEGIN;;DECLARE g CURSOR FOR SELECT {} FROM people p;;FETCH ALL g;;ROLLBACK",
    "PREPARE g AS SELECT {} FROM people p;;EXECUTE g;;DEALLOCATE g",
    "EXPLAIN ANALYZE SELECT {} FROM people p",
    "SELECT CASE WHEN false THEN NULL ELSE {} END FROM people p",
    "SELECT count({}) FROM people p",
    "SELECT {} IS NULL FROM people p",
    "SELECT x.v::text FROM people p CROSS JOIN LATERAL (VALUES ({})) x (v)",
)


def statements(count: int, seed: int) -> Iterator[str]:
    choose = random.Random(seed)
    for _ in range(count):
        kind = choose.randrange(3)
        columns, forms = ((_TEXTS, _OF_TEXT), (_NUMBERS, _OF_NUMBER), (_OTHERS, _OF_OTHER))[kind]
        value = choose.choice(forms).format(choose.choice(columns))
        if kind == 0 and choose.random() < 0.3:
            value = choose.choice(_OF_TEXT).format(f"({value})::text")
        yield "? " + choose.choice(_SHAPES).format(value)
