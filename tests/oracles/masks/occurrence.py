# ruff: noqa: E501 -- one statement a line
"""Statements whose behaviour must not tell one row of `twins` from another, `{id}` being the row: the oracle of occurrence.

A line that begins with `! ` may be refused: it needs `infer`. All others must be answered, for every row, and alike.
"""

import random
from collections.abc import Iterator
from typing import Final

EVERYDAY = """
SELECT card FROM twins WHERE id = {id}
SELECT * FROM twins WHERE id = {id}
SELECT upper(card), lower(card), length(card), left(card, 4), right(card, 4), substr(card, 1, 3) FROM twins WHERE id = {id}
SELECT substring(card from 2 for 3), substring(card, 2), trim(card), btrim(card, 'x'), reverse(card), initcap(card) FROM twins WHERE id = {id}
SELECT card || ' ' || note, concat(card, '-', note), concat_ws(' ', card, note), format('%s (%s)', card, id) FROM twins WHERE id = {id}
SELECT 'card ' || upper(card), coalesce(card, '') || note, lower(trim(card)) || '@' FROM twins WHERE id = {id}
SELECT replace(card, '-', ''), translate(card, 'abc', 'xyz'), lpad(card, 20, '*'), split_part(card, ' ', 1), md5(card) FROM twins WHERE id = {id}
SELECT '****' || right(card, 4), repeat('*', 12) || right(card, 4), overlay(card placing '****' from 1 for 4) FROM twins WHERE id = {id}
SELECT card LIKE '4%', card ILIKE '%x%', card = '7', card <> note, card > 'm', card IN ('7', '8'), card BETWEEN 'a' AND 'z' FROM twins WHERE id = {id}
SELECT CASE WHEN card LIKE '4%' THEN 'visa' WHEN card LIKE '5%' THEN 'mastercard' ELSE 'other' END FROM twins WHERE id = {id}
SELECT CASE WHEN card LIKE '4%' AND pay > 100 OR flag THEN card ELSE note END FROM twins WHERE id = {id}
SELECT CASE card WHEN '7' THEN 1 WHEN '8' THEN 2 ELSE 0 END FROM twins WHERE id = {id}
SELECT CASE WHEN id > 2 THEN card ELSE left(card, 2) END FROM twins WHERE id = {id}
SELECT CASE WHEN id / 2 > 0 THEN card END FROM twins WHERE id = {id}
SELECT CASE WHEN card IS NULL THEN 'no' ELSE 'yes' END, card IS NOT NULL FROM twins WHERE id = {id}
SELECT COALESCE(card, 'none'), COALESCE(card, note, ''), NULLIF(card, ''), GREATEST(card, note), LEAST(pay, 10) FROM twins WHERE id = {id}
SELECT COALESCE(NULLIF(trim(card), ''), note) FROM twins WHERE id = {id}
SELECT pay * 2, pay + 1, pay - 10, pay * 12, pay / 12, 12 * pay, pay % 10, -pay, abs(pay) FROM twins WHERE id = {id}
SELECT rate * 1.19, rate * 12 / 100, round(rate * 1.19, 2), rate + 1000000, 100 - rate, rate / 12, round(rate / 12, 2) FROM twins WHERE id = {id}
SELECT rate * id, rate * id * 1.2, round(rate), ceil(rate), floor(rate), trunc(rate, 1), -rate, many * 2 FROM twins WHERE id = {id}
SELECT round(pay * 1.1, 2), pay::numeric / 12, pay::numeric * 1000000000, pay::bigint, pay::float8, pay::text, pay::numeric(20,2) FROM twins WHERE id = {id}
SELECT rate / NULLIF(id, 0), pay / NULLIF(big, 0), 100.0 * pay / NULLIF(pay, 0), rate / id FROM twins WHERE id = {id}
SELECT coalesce(pay, 0) * 12, sum(coalesce(pay, 0)) OVER () FROM twins WHERE id = {id}
SELECT sum(pay), avg(pay), min(pay), max(pay), count(pay), round(avg(pay), 2), sum(pay) / 12, sum(rate) * 2 FROM twins WHERE id = {id}
SELECT sum(rate * id), sum(pay) / NULLIF(count(*), 0), sum(rate) / count(*), avg(pay) * 12, stddev(pay) FROM twins WHERE id = {id}
SELECT string_agg(card, ', '), array_agg(card), json_agg(card), max(card), min(born), bool_or(flag) FROM twins WHERE id = {id}
SELECT note, sum(pay), count(*) FROM twins WHERE id = {id} GROUP BY note ORDER BY note
SELECT note, max(card) FROM twins WHERE id = {id} GROUP BY note HAVING count(*) > 0
SELECT born + 1, born + interval '1 year', born - interval '18 years', now() - seen, age(born), age(now(), seen), current_date - born FROM twins WHERE id = {id}
SELECT extract(year from current_date) - extract(year from born), extract(month from born) + 1 FROM twins WHERE id = {id}
SELECT date_trunc('month', seen), extract(year from born), date_part('month', born), to_char(born, 'YYYY-MM'), to_char(pay, '999,999') FROM twins WHERE id = {id}
SELECT seen AT TIME ZONE 'UTC', seen::date, born::timestamp, born::text, seen > now() - interval '7 days', born < '2000-01-01' FROM twins WHERE id = {id}
SELECT doc->'k', doc->>'k', doc #>> '{{k,a}}', doc @> '{{"k": "1"}}', doc ? 'k', plain->>'k', jsonb_typeof(doc), doc['k'] FROM twins WHERE id = {id}
SELECT tags[1], tags, array_length(tags, 1), cardinality(tags), array_to_string(tags, ','), tags::text FROM twins WHERE id = {id}
SELECT to_json(card), to_jsonb(t), row_to_json(t), json_build_object('c', card, 'p', pay), jsonb_build_array(card, pay) FROM twins t WHERE id = {id}
SELECT json_agg(row_to_json(s)) FROM (SELECT id, card, pay * 2 AS double FROM twins WHERE id = {id}) s
SELECT coalesce(json_agg(s), '[]') FROM (SELECT id, upper(card) AS loud FROM twins WHERE id = {id}) s
SELECT json_build_object('id', id, 'x', (SELECT json_agg(o.note) FROM twins o WHERE o.id = t.id)), card FROM twins t WHERE id = {id}
SELECT t, ROW(card, pay), (t).card, ARRAY[card, note], card::varchar(10), card::char(3), card::text, card COLLATE "C" FROM twins t WHERE id = {id}
SELECT (SELECT card FROM twins WHERE id = {id}), upper((SELECT card FROM twins WHERE id = {id})), coalesce((SELECT card FROM twins WHERE id = {id}), '')
SELECT row_number() OVER (ORDER BY id), lag(card) OVER (ORDER BY id), lead(pay, 1) OVER (ORDER BY id), sum(pay) OVER (ORDER BY id), first_value(card) OVER (ORDER BY id) FROM twins WHERE id = {id}
SELECT count(*) FROM (SELECT id, upper(card), pay * 2 FROM twins WHERE id = {id}) s
SELECT id FROM (SELECT id, upper(card) AS loud, pay * 2 AS double FROM twins WHERE id = {id}) s
SELECT EXISTS (SELECT id, upper(card) FROM twins WHERE id = {id})
WITH c AS (SELECT id, left(card, 4) AS head, pay + 1 AS more FROM twins WHERE id = {id}) SELECT head || '…', more FROM c
SELECT x.v || 'x' FROM twins t, LATERAL (VALUES (t.card)) x (v) WHERE t.id = {id}
SELECT card FROM twins WHERE id = {id} UNION ALL SELECT upper(card) FROM twins WHERE id = {id}
WITH RECURSIVE r AS (SELECT id, card::text AS path, 1 AS n FROM twins WHERE id = {id} UNION ALL SELECT r.id, r.path || '/' || t.card, n + 1 FROM r JOIN twins t ON t.id = r.id WHERE n < 3) SELECT path FROM r
UPDATE twins SET note = 'note' WHERE id = {id} RETURNING card, upper(card), pay * 2
COPY (SELECT id, upper(card), pay * 2 FROM twins WHERE id = {id}) TO STDOUT
SELECT id, card, twice, loud FROM twin_view WHERE id = {id}
SELECT twice * 2, lower(loud), card || loud FROM twin_view WHERE id = {id}
BEGIN;;DECLARE c CURSOR FOR SELECT upper(card), pay * 2 FROM twins WHERE id = {id};;FETCH ALL c;;ROLLBACK
PREPARE q AS SELECT upper(card), pay * 2 FROM twins WHERE id = {id};;EXECUTE q;;DEALLOCATE q
SELECT round(avg(pay), 2), round(sum(rate) / 1000, 1), to_char(sum(rate), 'FM999G999'), max(born)::text FROM twins WHERE id = {id}
SELECT md5(lower(trim(card))), encode(sha256('x'), 'hex'), length(card) > 12, length(trim(card)) FROM twins WHERE id = {id}
SELECT date_trunc('year', born)::date, extract(epoch from now() - seen), (born + interval '18 years') < now() FROM twins WHERE id = {id}
SELECT CASE WHEN pay < 100 THEN 'low' WHEN pay < 1000 THEN 'mid' ELSE 'high' END AS band, CASE WHEN flag THEN 1 ELSE 0 END FROM twins WHERE id = {id}
SELECT sum(CASE WHEN flag THEN pay ELSE 0 END), sum(CASE WHEN pay > 10 THEN 1 ELSE 0 END), avg(CASE WHEN id > 1 THEN pay END) FROM twins WHERE id = {id}
SELECT count(*) FILTER (WHERE id > 1), sum(pay) FILTER (WHERE id > 1) FROM twins WHERE id = {id}
"""

ORACLES = """
! SELECT CASE WHEN card LIKE '4%' THEN 1/0 END FROM twins WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN 1/none END FROM twins WHERE id = {id}
! SELECT CASE card WHEN '7' THEN 1/none END FROM twins WHERE id = {id}
! SELECT CASE WHEN card = '7' THEN 0 WHEN 1/none = 1 THEN 2 END FROM twins WHERE id = {id}
! SELECT 1/(position('4' in card) - 1) FROM twins WHERE id = {id}
! SELECT 1/length(card) FROM twins WHERE id = {id}
! SELECT 1/pay, 1 % pay FROM twins WHERE id = {id}
! SELECT pay * 1000000 FROM twins WHERE id = {id}
! SELECT 1000000 * pay FROM twins WHERE id = {id}
! SELECT pay + 2147483000 FROM twins WHERE id = {id}
! SELECT pay * pay * pay FROM twins WHERE id = {id}
! SELECT (pay * 900) * 900 FROM twins WHERE id = {id}
! SELECT twice * 900 * 900 FROM twin_view WHERE id = {id}
! SELECT s.p * 900 FROM (SELECT pay * 900 AS p FROM twins WHERE id = {id}) s
! SELECT CASE WHEN card LIKE '4%' THEN 2147483647 ELSE 0 END + 1 FROM twins WHERE id = {id}
! SELECT GREATEST(pay, 2147483000) + 900 FROM twins WHERE id = {id}
! SELECT -(CASE WHEN card LIKE '4%' THEN -2147483648 ELSE 0 END) FROM twins WHERE id = {id}
! SELECT abs(CASE WHEN card LIKE '4%' THEN -2147483648 ELSE 0 END) FROM twins WHERE id = {id}
! SELECT t.pay + o.n FROM twins t, own_numbers o WHERE t.id = {id}
! SELECT t.pay + v.n FROM twins t, (VALUES (2147480000)) v (n) WHERE t.id = {id}
! SELECT t.rate * o.d FROM twins t, own_numbers o WHERE t.id = {id}
! SELECT t.rate * v.d FROM twins t, (VALUES (1e131071)) v (d) WHERE t.id = {id}
! SELECT rate * 1e131070 FROM twins WHERE id = {id}
! SELECT many * 1e131070 FROM twins WHERE id = {id}
! SELECT t.share * o.f FROM twins t, own_numbers o WHERE t.id = {id}
! SELECT share * 1e300 FROM twins WHERE id = {id}
! SELECT share / 1e300 FROM twins WHERE id = {id}
! SELECT exp(rate), power(rate, 100000), sqrt(rate), ln(rate) FROM twins WHERE id = {id}
! SELECT factorial(pay) FROM twins WHERE id = {id}
! SELECT card::int FROM twins WHERE id = {id}
! SELECT CAST(card AS numeric) FROM twins WHERE id = {id}
! SELECT card::date, card::json, card::uuid, card::inet FROM twins WHERE id = {id}
! SELECT card::bytea FROM twins WHERE id = {id}
! SELECT big::int FROM twins WHERE id = {id}
! SELECT rate::numeric(4, 2) FROM twins WHERE id = {id}
! SELECT pay::smallint FROM twins WHERE id = {id}
! SELECT (doc->>'k')::int FROM twins WHERE id = {id}
! SELECT card LIKE '4\\' FROM twins WHERE id = {id}
! SELECT card LIKE 'x\\\\\\' FROM twins WHERE id = {id}
! SELECT card LIKE card FROM twins WHERE id = {id}
! SELECT note LIKE card FROM twins WHERE id = {id}
! SELECT card SIMILAR TO card FROM twins WHERE id = {id}
! SELECT note ~ card FROM twins WHERE id = {id}
! SELECT card ~ '^(a+)+$' FROM twins WHERE id = {id}
! SELECT regexp_replace(note, card, '') FROM twins WHERE id = {id}
! SELECT to_number(card, '99') FROM twins WHERE id = {id}
! SELECT to_date(card, 'YYYY') FROM twins WHERE id = {id}
! SELECT to_timestamp(card, 'YYYY') FROM twins WHERE id = {id}
! SELECT chr(pay) FROM twins WHERE id = {id}
! SELECT decode(card, 'hex') FROM twins WHERE id = {id}
! SELECT convert_from(card::bytea, 'UTF8') FROM twins WHERE id = {id}
! SELECT substr(card, 1, pay) FROM twins WHERE id = {id}
! SELECT substr(note, 1, pay) FROM twins WHERE id = {id}
! SELECT repeat('x', pay * 100) FROM twins WHERE id = {id}
! SELECT repeat(card, 100000000) FROM twins WHERE id = {id}
! SELECT card || repeat('x', 1073741815) FROM twins WHERE id = {id}
! SELECT concat(card, repeat('x', 1073741815)) FROM twins WHERE id = {id}
! SELECT card || r FROM twins, repeat('x', 1073741815) r WHERE id = {id}
! SELECT lpad(card, pay * 100000) FROM twins WHERE id = {id}
! SELECT make_date(pay, 1, 1) FROM twins WHERE id = {id}
! SELECT make_interval(years => pay * 10000) FROM twins WHERE id = {id}
! SELECT born + pay * 1000 FROM twins WHERE id = {id}
! SELECT born + interval '290000 years' FROM twins WHERE id = {id}
! SELECT timestamp '294276-12-31' - born FROM twins WHERE id = {id}
! SELECT date_trunc(card, now()) FROM twins WHERE id = {id}
! SELECT extract(year from card::date) FROM twins WHERE id = {id}
! SELECT now() AT TIME ZONE card FROM twins WHERE id = {id}
! SELECT jsonb_array_length(doc) FROM twins WHERE id = {id}
! SELECT doc || '{{}}' FROM twins WHERE id = {id}
! SELECT doc - 1 FROM twins WHERE id = {id}
! SELECT jsonb_set(doc, '{{a}}', '1') FROM twins WHERE id = {id}
! SELECT jsonb_path_query_first(doc, 'strict $.k.a') FROM twins WHERE id = {id}
! SELECT JSON_VALUE(doc, 'strict $.k.a' ERROR ON ERROR) FROM twins WHERE id = {id}
! SELECT jsonb_each(doc) FROM twins WHERE id = {id}
! SELECT plain::jsonb FROM twins WHERE id = {id}
! SELECT tags || ARRAY[tags] FROM twins WHERE id = {id}
! SELECT array_agg(tags) FROM twins WHERE id IN ({id}, 1)
! SELECT ARRAY[tags, ARRAY['x', 'y']] FROM twins WHERE id = {id}
! SELECT tags[pay * 100000::bigint] FROM twins WHERE id = {id}
! SELECT (ARRAY[1, 2])[big] FROM twins WHERE id = {id}
! SELECT unnest(tags) FROM twins WHERE id = {id}
! SELECT generate_series(1, pay) FROM twins WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN (SELECT count(*) FROM generate_series(1, 3000000)) END FROM twins WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN pg_sleep(2)::text END FROM twins WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN (SELECT id FROM twins) END FROM twins WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN never END FROM twin_view WHERE id = {id}
! SELECT COALESCE(NULLIF(card, '7'), (1/none)::text) FROM twins WHERE id = {id}
! SELECT card = '7' AND 1/none = 1 FROM twins WHERE id = {id}
! SELECT card = '7' OR 1/none = 1 FROM twins WHERE id = {id}
! SELECT NOT (card = '7' AND 1/none = 1) FROM twins WHERE id = {id}
! SELECT pay BETWEEN 50 AND 1/none FROM twins WHERE id = {id}
! SELECT card IN ('7', (1/none)::text) FROM twins WHERE id = {id}
! SELECT ROW(card, 1) = ROW('7', 1/none) FROM twins WHERE id = {id}
! SELECT (card, 1) IN (('7', 1/none)) FROM twins WHERE id = {id}
! SELECT card IN (SELECT CASE WHEN s = 5 THEN (1/(s - 5))::text ELSE '7' END FROM generate_series(1, 5) s) FROM twins WHERE id = {id}
! SELECT card = ANY (SELECT note FROM twins) FROM twins WHERE id = {id}
! SELECT card = ANY (ARRAY['7', (1/none)::text]) FROM twins WHERE id = {id}
! SELECT EXISTS (SELECT 1 FROM twins o WHERE o.card = t.card AND 1/o.none = 1) FROM twins t WHERE id = {id}
! SELECT x FROM (SELECT CASE WHEN card LIKE '4%' THEN 1/none END AS x FROM twins WHERE id = {id}) s
! SELECT 1 FROM (SELECT CASE WHEN card LIKE '4%' THEN 1/none END AS x FROM twins WHERE id = {id} OFFSET 0) s
! SELECT CASE WHEN s.hit THEN s.boom END FROM (SELECT card LIKE '4%' AS hit, 1/none AS boom FROM twins WHERE id = {id}) s
! WITH c AS MATERIALIZED (SELECT card::int AS x FROM twins WHERE id = {id}) SELECT 1 FROM c
! SELECT (SELECT CASE WHEN card LIKE '4%' THEN 1/none END) FROM twins WHERE id = {id}
! SELECT v FROM twins t, LATERAL (VALUES (CASE WHEN card LIKE '4%' THEN 1/none END)) x (v) WHERE id = {id}
! SELECT CASE WHEN card LIKE '4%' THEN 1/none END FROM twins WHERE id = {id} UNION ALL SELECT 1
! VALUES ((SELECT CASE WHEN card LIKE '4%' THEN 1/none END FROM twins WHERE id = {id}))
! UPDATE twins SET note = 'note' WHERE id = {id} RETURNING CASE WHEN card LIKE '4%' THEN 1/none END
! COPY (SELECT CASE WHEN card LIKE '4%' THEN 1/none END FROM twins WHERE id = {id}) TO STDOUT
! BEGIN;;DECLARE c CURSOR FOR SELECT card::int FROM twins WHERE id = {id};;FETCH ALL c;;ROLLBACK
! PREPARE q AS SELECT card::int FROM twins WHERE id = {id};;EXECUTE q;;DEALLOCATE q
! SELECT sum(1/length(card)) FROM twins WHERE id = {id}
! SELECT max(CASE WHEN card LIKE '4%' THEN 1/none END) FROM twins WHERE id = {id}
! SELECT CASE WHEN max(card) LIKE '4%' THEN 1/none END FROM twins WHERE id = {id} GROUP BY none
! SELECT CASE WHEN lag(card, 0) OVER () LIKE '4%' THEN 1/none END FROM twins WHERE id = {id}
! SELECT ntile(pay) OVER () FROM twins WHERE id = {id}
! SELECT nth_value(note, pay) OVER () FROM twins WHERE id = {id}
! SELECT lag(note, pay) OVER () FROM twins WHERE id = {id}
! SELECT count(*) OVER (ROWS pay PRECEDING) FROM twins WHERE id = {id}
! SELECT sum(pay) FILTER (WHERE 1/length(card) > 0) FROM twins WHERE id = {id}
! SELECT string_agg(note, ',' ORDER BY card::int) FROM twins WHERE id = {id}
! SELECT json_object(card VALUE 1, '7' VALUE 2 WITH UNIQUE KEYS) FROM twins WHERE id = {id}
! SELECT json_build_object(CASE WHEN card LIKE '4%' THEN NULL ELSE 'x' END, 1) FROM twins WHERE id = {id}
! SELECT xmlelement(name x, card), xmlparse(content card) FROM twins WHERE id = {id}
! SELECT xmlcomment(card) FROM twins WHERE id = {id}
! SELECT format(card, 1) FROM twins WHERE id = {id}
! SELECT format('%I', NULLIF(card, '7')) FROM twins WHERE id = {id}
! SELECT to_char(now(), card) FROM twins WHERE id = {id}
! SELECT set_config('a.b', card, false), current_setting(card) FROM twins WHERE id = {id}
! SELECT card::regclass FROM twins WHERE id = {id}
! SELECT has_table_privilege(card, 'select') FROM twins WHERE id = {id}
! SELECT pay - lag(pay) OVER (ORDER BY id) FROM twins WHERE id = {id}
! SELECT width_bucket(pay, 1, none, 3) FROM twins WHERE id = {id}
! SELECT get_byte(convert_to(card, 'UTF8'), 5) FROM twins WHERE id = {id}
! SELECT array_fill(1, ARRAY[pay]) FROM twins WHERE id = {id}
! SELECT pay / (CASE WHEN card LIKE '4%' THEN 0 ELSE 1 END) FROM twins WHERE id = {id}
! SELECT id / (CASE WHEN card LIKE '4%' THEN 0 ELSE 1 END) FROM twins WHERE id = {id}
! WITH RECURSIVE r AS (SELECT card::text AS c, 1 AS n FROM twins WHERE id = {id} UNION ALL SELECT c || c, n + 1 FROM r WHERE n < 31) SELECT length(c) FROM r
! WITH RECURSIVE r AS (SELECT 1 AS n, card FROM twins WHERE id = {id} UNION ALL SELECT n + 1, card FROM r WHERE n < length(card)) SELECT n FROM r
"""

_GATES: Final = (
    "card LIKE '4%'", "card = '7'", "pay > 50", "flag", "born < '2000-01-01'", "length(card) > 3", "left(card, 1) = 'x'", "rate > 1",
    "card IN ('7', '4111 1111')", "upper(card) LIKE 'A%'", "doc->>'k' = '1'", "tags[1] = 'a'", "NULLIF(card, '7') IS NULL",
)  # fmt: skip
_RISKS: Final = (
    "1/none", "1/0", "(note || card)::int", "'x'::text::int", "2147483647 + id", "pay * 100000", "exp(1000 * id)", "1/pay",
    "(SELECT id FROM twins)", "sqrt(-id)", "substr(note, 1, none - 1)", "chr(none)", "to_date(note, 'YYYY')", "lpad(note, 1 << 30)",
    "(ARRAY[1])[big]", "card::numeric", "jsonb_array_length(doc)", "make_date(none, 1, 1)", "repeat(card, 1 << 30)", "regexp_count(note, card)",
    "twins.card::date", "ln(rate)", "born + pay * 100000", "note::xml", "1 % none",
)  # fmt: skip
_HARMLESS: Final = (
    "card", "note", "upper(card)", "pay * 2", "rate * 1.5", "'x'", "NULL", "id + 1", "born + 1", "left(card, 3)", "card || note",
    "concat(card, pay)", "doc->'k'", "to_json(card)", "md5(card)", "greatest(pay, 1)", "coalesce(card, note)",
)  # fmt: skip
_JOINTS: Final = (
    "CASE WHEN {g} THEN ({a})::text ELSE ({b})::text END", "CASE WHEN {g} THEN ({b})::text WHEN ({a})::text = 'x' THEN 'y' END",
    "COALESCE(CASE WHEN {g} THEN ({b})::text END, ({a})::text)", "({g}) AND ({a})::text = 'x'", "({g}) OR ({a})::text = 'x'",
    "concat(({a})::text, ({b})::text)", "ROW({a}, {b})", "jsonb_build_object('a', {a}, 'b', {b})", "NULLIF(({a})::text, ({b})::text)",
    "({b})::text || ({a})::text", "({b})::text IN ('x', ({a})::text)", "(SELECT {a})", "ARRAY[({a})::text, ({b})::text]",
    "upper(({a})::text) LIKE '4%'", "max(({a})::text) OVER ()", "length(({a})::text) * 2",
)  # fmt: skip
_FRAMES: Final = (
    "SELECT {e} FROM twins WHERE id = {{id}}", "SELECT v FROM (SELECT {e} AS v FROM twins WHERE id = {{id}}) s",
    "WITH c AS MATERIALIZED (SELECT {e} AS v FROM twins WHERE id = {{id}}) SELECT 1 FROM c",
    "UPDATE twins SET none = 0 WHERE id = {{id}} RETURNING {e}", "SELECT count(*) FROM (SELECT {e} AS v FROM twins WHERE id = {{id}} OFFSET 0) s",
    "SELECT (SELECT {e}) FROM twins WHERE id = {{id}}", "SELECT id, {e}, note FROM twins WHERE id = {{id}}",
)  # fmt: skip


def lines(block: str) -> tuple[str, ...]:
    return tuple(line for line in block.strip().splitlines() if line.strip())


def text_for(line: str, place: int) -> str:
    return line.replace("{id}", str(place)).replace("{{", "{").replace("}}", "}")


def statements(count: int, seed: int) -> Iterator[str]:
    """Gates over masked values, and behind them what fails, or what does not."""
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
