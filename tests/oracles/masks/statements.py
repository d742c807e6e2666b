# ruff: noqa: E501 -- one statement a line
"""Statements that try to see masked values. `;;` parts steps that run one after the other in one session.

A line that begins with `! ` may be refused: what it does needs `infer`, `unmask` or another permission that neither person has.
All others must be answered, however masked; `? ` may also fail at the server, on which the very text of the error matters.
"""

PLAIN = """
SELECT * FROM people
SELECT email FROM people
SELECT email, secret, salary FROM people
SELECT people.email FROM people
SELECT p.email FROM people p
SELECT public.people.email FROM people
SELECT "email" AS name FROM people
SELECT email AS id, id AS email FROM people
SELECT p.* FROM people p
SELECT p.*, p.* FROM people p
SELECT name, p.* FROM people p
TABLE people
SELECT ALL email FROM people
SELECT email FROM ONLY people
SELECT email FROM people TABLESAMPLE BERNOULLI (100)
SELECT email FROM people LIMIT 3 OFFSET 1
SELECT email FROM people FETCH FIRST 2 ROWS ONLY
SELECT email FROM people WHERE id = 1
SELECT email FROM people ORDER BY id
SELECT id, name, city FROM people
SELECT count(*) FROM people
SELECT count(email) FROM people
SELECT count(email), count(secret), max(id) FROM people
SELECT city, count(email) FROM people GROUP BY city
SELECT email IS NULL, secret IS NOT NULL FROM people
SELECT email FROM people FOR UPDATE
SELECT p FROM people p
SELECT people FROM people
SELECT p::text FROM people p
SELECT (p).email FROM people p
SELECT (p).* FROM people p
SELECT (p.*)::text FROM people p
SELECT p.*::text FROM people p
SELECT ROW(p.*) FROM people p
SELECT ROW(email, id) FROM people
SELECT (email, id) FROM people
SELECT row_to_json(p) FROM people p
SELECT to_json(p) FROM people p
SELECT to_jsonb(p) FROM people p
! SELECT to_jsonb(p) - 'id' FROM people p
SELECT to_jsonb(p) ->> 'email' FROM people p
SELECT (to_jsonb(p))['secret'] FROM people p
SELECT json_agg(p) FROM people p
SELECT jsonb_agg(p.secret) FROM people p
SELECT json_object_agg(id, email) FROM people
SELECT json_build_object('e', email) FROM people
SELECT jsonb_build_array(email, id) FROM people
SELECT array_agg(email) FROM people
SELECT array_agg(p) FROM people p
SELECT string_agg(email, ',') FROM people
? SELECT xmlelement(name x, secret) FROM people
? SELECT xmlforest(email, secret) FROM people
? SELECT xmlagg(xmlelement(name x, secret)) FROM people
SELECT min(email), max(secret) FROM people
SELECT max(salary), avg(rate), sum(bonus) FROM people
? SELECT any_value(email) FROM people
SELECT mode() WITHIN GROUP (ORDER BY city) FROM people
SELECT upper(email) FROM people
SELECT lower(secret), length(secret), md5(secret) FROM people
SELECT substr(email, 1, 3) FROM people
SELECT left(secret, 4), right(secret, 4) FROM people
SELECT email || '' FROM people
SELECT concat(email, secret) FROM people
SELECT format('%s %s', email, secret) FROM people
SELECT reverse(secret) FROM people
SELECT translate(secret, 'x', 'y') FROM people
SELECT replace(secret, 'MRK', 'mrk') FROM people
! SELECT encode(secret::bytea, 'hex') FROM people
SELECT encode(blob, 'base64'), blob FROM people
! SELECT convert_from(blob, 'UTF8') FROM people
! SELECT regexp_replace(secret, 'x', 'y') FROM people
SELECT quote_literal(secret), quote_ident(secret) FROM people
SELECT secret::varchar(10) FROM people
SELECT CAST(secret AS char(30)) FROM people
SELECT secret::name FROM people
! SELECT secret::shout FROM people
SELECT salary + 0 FROM people
SELECT -salary FROM people
SELECT salary::text FROM people
SELECT salary::numeric(20,2) FROM people
SELECT bonus / 1 FROM people
SELECT rate * 1 FROM people
! SELECT share::int FROM people
SELECT born + 0 FROM people
SELECT born::text, seen::date FROM people
SELECT extract(year from born), age(born) FROM people
SELECT to_char(seen, 'YYYY-MM-DD') FROM people
SELECT token::text FROM people
SELECT token FROM people
SELECT salary, bonus, rate, share, born, seen, token, blob FROM people
SELECT tags FROM people
SELECT tags[1] FROM people
SELECT tags[1:1] FROM people
! SELECT tags || 'x'::text FROM people
SELECT array_to_string(tags, ';') FROM people
SELECT ARRAY[email, secret] FROM people
SELECT ARRAY(SELECT secret FROM people)
SELECT scores, scores[2] FROM people
SELECT doc FROM people
SELECT doc -> 'k', doc ->> 'k' FROM people
SELECT doc #>> '{k}' FROM people
SELECT plain FROM people
SELECT plain ->> 'k' FROM people
SELECT jsonb_pretty(doc) FROM people
SELECT doc['k'] FROM people
! SELECT jsonb_path_query_first(doc, '$.k') FROM people
SELECT COALESCE(email, 'none') FROM people
SELECT COALESCE(NULL, secret) FROM people
SELECT NULLIF(email, 'x') FROM people
SELECT CASE WHEN true THEN email END FROM people
SELECT CASE id WHEN 1 THEN secret ELSE email END FROM people
SELECT GREATEST(email, secret), LEAST(email, secret) FROM people
SELECT (SELECT email FROM people WHERE id = 1)
SELECT (SELECT secret FROM people p WHERE p.id = o.person) FROM orders o
SELECT o.id, (SELECT p FROM people p WHERE p.id = o.person) FROM orders o
SELECT EXISTS (SELECT email FROM people)
SELECT EXISTS (SELECT 1 FROM people WHERE id = 3)
SELECT ARRAY(SELECT p FROM people p)
SELECT x FROM (SELECT email AS x FROM people) s
SELECT s.x FROM (SELECT secret, id FROM people) s (x, y)
SELECT * FROM (SELECT * FROM people) s
SELECT name FROM (SELECT * FROM people) s
SELECT * FROM (SELECT p FROM people p) s
SELECT (s.p).secret FROM (SELECT p FROM people p) s
SELECT x.b FROM (SELECT a AS b FROM (SELECT secret AS a FROM people) y) x
SELECT s.* FROM (VALUES (1)) v (i), LATERAL (SELECT secret FROM people WHERE id = v.i) s
SELECT s.* FROM orders o, LATERAL (SELECT secret FROM people p WHERE p.id = o.person) s
SELECT s.* FROM orders o CROSS JOIN LATERAL (SELECT o.note, p.* FROM people p WHERE p.id = o.person) s
SELECT u.t FROM people p, LATERAL (SELECT p.secret) AS u(t)
SELECT v.t FROM people p, LATERAL (VALUES (p.secret)) AS v(t)
SELECT p.email, o.total FROM people p JOIN orders o ON o.person = p.id
SELECT * FROM people p JOIN orders o ON o.person = p.id
SELECT j.* FROM (people p JOIN orders o ON o.person = p.id) AS j (a, b, c, d, e)
SELECT * FROM people p LEFT JOIN orders o ON o.person = p.id AND o.total > 50
SELECT * FROM orders o RIGHT JOIN people p ON o.person = p.id
SELECT * FROM people p FULL JOIN orders o ON o.person = p.id
SELECT email FROM people JOIN orders USING (id)
SELECT * FROM people JOIN orders USING (id)
SELECT a.secret, b.email FROM people a, people b WHERE a.id = b.id
WITH x AS (SELECT email FROM people) SELECT * FROM x
WITH x (e) AS (SELECT secret FROM people) SELECT e FROM x
WITH x AS MATERIALIZED (SELECT * FROM people) SELECT secret FROM x
WITH x AS (SELECT p FROM people p) SELECT (x.p).secret FROM x
WITH x AS (SELECT secret FROM people), y AS (SELECT secret AS s FROM x) SELECT s FROM y
WITH x AS (SELECT 1) SELECT secret FROM people
WITH RECURSIVE r (n, s) AS (SELECT 1, secret FROM people WHERE id = 1 UNION ALL SELECT n + 1, s FROM r WHERE n < 3) SELECT * FROM r
WITH RECURSIVE r AS (SELECT id, secret FROM people WHERE id = 1 UNION ALL SELECT p.id, p.secret FROM people p JOIN r ON p.id = r.id + 1) SELECT secret FROM r
SELECT email FROM people UNION ALL SELECT note FROM orders
SELECT note FROM orders UNION ALL SELECT email FROM people
SELECT 'x' UNION ALL SELECT secret FROM people
SELECT note, id FROM orders UNION ALL (SELECT secret, id FROM people LIMIT 2)
SELECT NULL UNION ALL SELECT secret FROM people
(SELECT secret FROM people LIMIT 1) UNION ALL (SELECT email FROM people LIMIT 1)
SELECT secret, row_number() OVER (ORDER BY id) FROM people
SELECT lag(secret) OVER (ORDER BY id) FROM people
SELECT first_value(email) OVER (PARTITION BY city ORDER BY id) FROM people
SELECT max(secret) OVER () FROM people
SELECT nth_value(secret, 2) OVER w FROM people WINDOW w AS (ORDER BY id)
SELECT string_agg(secret, ',') OVER (ORDER BY id) FROM people
SELECT count(secret) OVER () FROM people
SELECT * FROM contacts
SELECT contact FROM contacts
SELECT c FROM contacts c
SELECT upper(contact) FROM contacts
SELECT to_jsonb(c) FROM contacts c
SELECT * FROM nested
SELECT shout FROM nested
SELECT * FROM whole
SELECT (p).secret FROM whole
SELECT who FROM contacts
SELECT secret FROM stored
SELECT * FROM stored
SELECT * FROM parted
SELECT * FROM made
SELECT shout FROM made
SELECT id, concat(shout, '?') AS x FROM made
INSERT INTO made (id, secret) VALUES (77, 'plain') RETURNING shout
SELECT row_to_json(m) FROM made m
TABLE made
COPY (SELECT shout FROM made) TO STDOUT
! SELECT id FROM made ORDER BY shout
! SELECT id FROM made WHERE shout LIKE 'M%'
! UPDATE copies SET value = shout FROM made
SELECT secret FROM parted_rome
SELECT secret FROM parted WHERE city = 'Rome'
SELECT p FROM parted p
SELECT * FROM heirs
SELECT secret, extra FROM heirs
SELECT tableoid::regclass, secret FROM people
SELECT * FROM typed
SELECT value FROM typed
SELECT (value).a FROM typed
SELECT (t.value).* FROM typed t
SELECT dom FROM typed
SELECT rng, id FROM typed
SELECT value::text, dom::text FROM typed
VALUES ((SELECT secret FROM people WHERE id = 1))
VALUES (1, 'a'), (2, (SELECT secret FROM people WHERE id = 2))
SELECT * FROM (VALUES ((SELECT email FROM people WHERE id = 1))) v
SELECT DISTINCT city FROM people
SELECT city FROM people GROUP BY city HAVING count(email) > 0
SELECT name, secret FROM people ORDER BY name
SELECT id, secret FROM people ORDER BY 1
INSERT INTO copies (id, value) VALUES (1, 'mine') RETURNING *
UPDATE people SET city = 'Bonn' WHERE id = 1 RETURNING *
UPDATE people SET city = 'Bonn' WHERE id = 2 RETURNING email, secret
UPDATE people SET secret = 'MINE' WHERE id = 3 RETURNING id
UPDATE people p SET city = 'Bonn' FROM orders o WHERE o.person = p.id AND p.id = 4 RETURNING p.secret, o.note
DELETE FROM orders WHERE id = 20 RETURNING *
DELETE FROM orders o USING people p WHERE p.id = o.person AND o.id = 19 RETURNING p.email, o.id
? INSERT INTO people (id, name, secret) VALUES (501, 'new', 'mine') RETURNING secret, id
INSERT INTO people (id, name) VALUES (1, 'again') ON CONFLICT (id) DO UPDATE SET city = 'Kiel' RETURNING *
INSERT INTO people (id, name) VALUES (1, 'again') ON CONFLICT DO NOTHING
WITH w AS (UPDATE people SET city = 'Bonn' WHERE id = 5 RETURNING *) SELECT secret FROM w
WITH w AS (DELETE FROM orders WHERE id = 18 RETURNING person) SELECT p.email FROM w JOIN people p ON p.id = w.person
MERGE INTO people p USING orders o ON p.id = o.person AND o.id = 1 WHEN MATCHED THEN UPDATE SET city = o.note
EXPLAIN SELECT secret FROM people
EXPLAIN (VERBOSE) SELECT upper(secret) FROM people
EXPLAIN ANALYZE SELECT secret FROM people
EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT secret || 'x' FROM people
PREPARE q AS SELECT secret FROM people;;EXECUTE q;;DEALLOCATE q
PREPARE q (int) AS SELECT secret, id FROM people WHERE id = $1;;EXECUTE q (3);;DEALLOCATE q
PREPARE q AS SELECT p FROM people p;;EXPLAIN ANALYZE EXECUTE q;;EXECUTE q
BEGIN;;DECLARE c CURSOR FOR SELECT secret, id FROM people;;FETCH 2 FROM c;;FETCH ALL FROM c;;COMMIT
BEGIN;;DECLARE c SCROLL CURSOR FOR SELECT * FROM people;;FETCH 3 FROM c;;FETCH BACKWARD 2 FROM c;;MOVE FIRST IN c;;FETCH c;;ROLLBACK
BEGIN;;DECLARE c BINARY CURSOR FOR SELECT secret, salary, born, tags FROM people;;FETCH ALL c;;ROLLBACK
DECLARE h CURSOR WITH HOLD FOR SELECT email FROM people;;FETCH ALL h;;CLOSE h
COPY people TO STDOUT
COPY people (id, secret) TO STDOUT
COPY people TO STDOUT (FORMAT csv)
COPY people TO STDOUT WITH CSV HEADER
COPY people (id, email, secret, tags) TO STDOUT (FORMAT csv, HEADER, DELIMITER ';', QUOTE '''', NULL 'nil')
COPY people (secret, id) TO STDOUT (DELIMITER '|', NULL '-')
COPY people (secret, tags) TO STDOUT (FORMAT csv, FORCE_QUOTE *)
COPY (SELECT secret, id FROM people) TO STDOUT
COPY (SELECT upper(secret), email FROM people) TO STDOUT
COPY (SELECT p FROM people p) TO STDOUT
COPY (SELECT to_jsonb(p) FROM people p) TO STDOUT (FORMAT csv)
COPY (SELECT * FROM people) TO STDOUT (FORMAT csv, ESCAPE '\\')
COPY (SELECT id, name FROM people) TO STDOUT
? COPY contacts TO STDOUT
COPY (SELECT * FROM contacts) TO STDOUT
COPY (UPDATE people SET city = 'x' WHERE id = 6 RETURNING secret) TO STDOUT
COPY (TABLE people) TO STDOUT
! COPY people TO STDOUT (FORMAT binary)
! COPY people TO STDOUT BINARY
! COPY people (secret) TO STDOUT (ENCODING 'SJIS')
"""

USES = """
! SELECT id FROM people WHERE email = 'aMRKq1@MRKq1.example'
! SELECT id FROM people WHERE secret LIKE 'MRK%'
! SELECT id FROM people WHERE secret > 'M' AND id > 0
! SELECT id FROM people WHERE salary BETWEEN 1 AND 2
! SELECT name FROM people ORDER BY salary
! SELECT name, secret FROM people ORDER BY secret
! SELECT name, secret FROM people ORDER BY 2
! SELECT secret, count(*) FROM people GROUP BY secret
! SELECT secret, count(*) FROM people GROUP BY 1
! SELECT DISTINCT secret FROM people
! SELECT DISTINCT ON (secret) id FROM people
! SELECT count(DISTINCT secret) FROM people
! SELECT count(*) FILTER (WHERE secret > 'M') FROM people
! SELECT count(CASE WHEN secret > 'M' THEN 1 END) FROM people
! SELECT (CASE WHEN secret > 'M' THEN 1 END) IS NULL FROM people
! SELECT city FROM people GROUP BY city HAVING max(secret) > 'M'
! SELECT row_number() OVER (ORDER BY secret) FROM people
! SELECT row_number() OVER (PARTITION BY secret ORDER BY id) FROM people
! SELECT a.id FROM people a JOIN people b ON a.secret = b.secret
! SELECT a.id FROM people a JOIN people b USING (secret)
! SELECT count(*) FROM people a NATURAL JOIN people b
! SELECT email FROM people UNION SELECT note FROM orders
! SELECT email FROM people INTERSECT SELECT secret FROM people
! SELECT email FROM people EXCEPT SELECT secret FROM people
! SELECT id FROM orders LIMIT (SELECT salary FROM people WHERE id = 1)
! SELECT id FROM people WHERE EXISTS (SELECT 1 FROM people p WHERE p.secret = people.secret AND p.id <> people.id)
! SELECT id FROM people WHERE id IN (SELECT id FROM people WHERE secret > 'M')
! SELECT string_agg(name, ',' ORDER BY secret) FROM people
! SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY salary) FROM people
! SELECT mode() WITHIN GROUP (ORDER BY secret) FROM people
! SELECT count(*) FROM (SELECT generate_series(1, salary - 73770000) FROM people) s
! SELECT count(*) FROM people p, generate_series(1, p.salary - 73770000)
! SELECT unnest(tags) FROM people
! SELECT u FROM people, unnest(tags) u
! SELECT jsonb_each_text(doc) FROM people
! SELECT e.* FROM people, jsonb_each_text(doc) e
! SELECT e.* FROM people p, jsonb_each_text(to_jsonb(p)) e
! SELECT r.* FROM people p, jsonb_to_record(to_jsonb(p)) AS r (secret text)
! SELECT r.* FROM people p, jsonb_populate_record(NULL::people, to_jsonb(p)) r
! SELECT (jsonb_populate_record(NULL::people, to_jsonb(p))).secret FROM people p
! SELECT jsonb_path_query(doc, '$.*') FROM people
! SELECT regexp_split_to_table(secret, ' ') FROM people
! SELECT m FROM people, regexp_matches(secret, '(M.*)') m
! SELECT string_to_table(secret, ' ') FROM people
! SELECT t.word FROM people, ts_parse('default', secret) AS t (id, word)
! SELECT to_tsvector(secret) FROM people
! SELECT x.* FROM people p, XMLTABLE('/x' PASSING xmlelement(name x, p.secret) COLUMNS v text PATH '.') x
! SELECT * FROM people p, JSON_TABLE(p.doc, '$' COLUMNS (k text PATH '$.k')) j
! SELECT ts_headline(secret, to_tsquery('MRKq')) FROM people
! WITH RECURSIVE r AS (SELECT id, secret FROM people UNION SELECT id, secret FROM r) SELECT secret FROM r
! EXPLAIN SELECT id FROM people WHERE secret = 'x'
! EXPLAIN ANALYZE SELECT id FROM people WHERE secret > 'M'
! SELECT id FROM people WHERE (people).secret > 'M'
! SELECT id FROM people p WHERE p::text LIKE '%MRKq%'
! SELECT id FROM people p WHERE to_jsonb(p) ->> 'secret' LIKE 'M%'
! SELECT id FROM people p WHERE p = (SELECT x FROM people x WHERE x.id = 1)
! SELECT id FROM contacts WHERE contact LIKE 'a%'
! SELECT DISTINCT p FROM people p
! SELECT p FROM people p ORDER BY p
! SELECT bool_or(secret > 'M') FROM people WHERE salary > 0
"""

CARRIES = """
! INSERT INTO copies SELECT id, secret FROM people
! INSERT INTO copies (id, value) VALUES (1, (SELECT secret FROM people WHERE id = 1)) RETURNING *
! INSERT INTO copies SELECT id, to_jsonb(p)::text FROM people p RETURNING value
! UPDATE copies SET value = (SELECT secret FROM people WHERE id = 1)
! UPDATE copies c SET value = p.secret FROM people p WHERE p.id = c.id RETURNING c.value
! UPDATE people SET city = secret RETURNING city
! UPDATE people SET (city, name) = (SELECT secret, email FROM people x WHERE x.id = people.id)
! UPDATE people SET city = city || secret WHERE id = 1
! MERGE INTO copies c USING people p ON c.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.secret)
! INSERT INTO people (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET city = people.secret RETURNING city
! CREATE TEMP TABLE taken AS SELECT secret FROM people;;SELECT * FROM taken
! SELECT secret INTO TEMP taken FROM people;;SELECT * FROM taken
! CREATE TEMP VIEW seen AS SELECT secret FROM people;;SELECT * FROM seen
! CREATE TEMP TABLE taken AS TABLE people;;TABLE taken
! CREATE TEMP TABLE taken (v text);;INSERT INTO taken SELECT secret FROM people;;SELECT v FROM taken
! CREATE TEMP TABLE taken AS EXECUTE q
! PREPARE q AS SELECT secret FROM people;;CREATE TEMP TABLE taken AS EXECUTE q;;TABLE taken
! WITH w AS (INSERT INTO copies SELECT id, secret FROM people RETURNING value) SELECT * FROM w
! SELECT set_config('my.secret', secret, false) FROM people;;SHOW my.secret;;SELECT current_setting('my.secret', true)
! SELECT pg_notify('x', secret) FROM people
! SELECT set_config('application_name', secret, false) FROM people
! CALL take((SELECT secret FROM people WHERE id = 1))
! SELECT echo(secret) FROM people
! SELECT loud(secret) FROM people
! SELECT fails(secret) FROM people
! SELECT * FROM people, LATERAL echo(secret)
! DO $$ DECLARE s text; BEGIN SELECT secret INTO s FROM people; RAISE NOTICE '%', s; END $$
! CREATE FUNCTION mine() RETURNS SETOF text LANGUAGE sql AS 'SELECT secret FROM people'
! CREATE MATERIALIZED VIEW mine AS SELECT secret FROM people
! SELECT lo_from_bytea(0, blob) FROM people
! SELECT pg_advisory_lock(salary) FROM people WHERE id = 1
! ALTER TABLE people ALTER COLUMN city SET DEFAULT 'x'
! CREATE RULE r AS ON INSERT TO copies DO ALSO SELECT secret FROM people
! CREATE INDEX ON people ((secret || 'x'))
"""

ERRORS = """
? SELECT secret::int FROM people
? SELECT email::date FROM people
? SELECT secret::uuid FROM people
? SELECT secret::jsonb FROM people
? SELECT (secret || 'x')::int FROM people
? SELECT CAST(tags AS int[]) FROM people
? SELECT secret::numeric, id FROM people
? SELECT secret::inet FROM people
? SELECT secret::boolean FROM people
? SELECT secret::timestamptz FROM people
? SELECT secret::interval FROM people
? SELECT secret::xml, ('<' || secret)::xml FROM people
? SELECT decode(secret, 'hex') FROM people
? SELECT decode(secret, 'base64') FROM people
? SELECT to_date(secret, 'YYYY-MM-DD') FROM people
? SELECT to_number(secret, '9') FROM people
? SELECT (doc ->> 'k')::int FROM people
? SELECT salary::smallint FROM people
? SELECT bonus::int FROM people
? SELECT rate::int2 FROM people
? SELECT secret::regclass FROM people
? SELECT secret::point FROM people
? SELECT secret::money FROM people
? SELECT secret::int4range FROM people
? SELECT array_position(scores, salary), 1 / (salary - salary) FROM people
? SELECT jsonb_path_query_first(doc, '$.k.double()') FROM people
? SELECT secret::bit(3) FROM people
? SELECT id::int FROM people WHERE id = 1/0
? SELECT secret::char(3)::int FROM people
? UPDATE people SET age = -1 WHERE id = 2
? UPDATE people SET age = 1000
? UPDATE people SET name = NULL WHERE id = 3
? INSERT INTO people (id, name) VALUES (1, 'again')
? INSERT INTO people (id, name, age) VALUES (2000, 'x', -5)
? INSERT INTO people (id) VALUES (2001)
? UPDATE people SET id = 2 WHERE id = 1
? UPDATE heirs SET age = -1
? UPDATE parted_rome SET city = 'Oslo'
? DELETE FROM people WHERE id = 1
? BEGIN;;SELECT secret::int FROM people;;SELECT 1;;ROLLBACK
? BEGIN;;DECLARE c CURSOR FOR SELECT secret::int FROM people;;FETCH c;;ROLLBACK
? PREPARE q AS SELECT secret::int FROM people;;EXECUTE q
? COPY (SELECT secret::int FROM people) TO STDOUT
? EXPLAIN ANALYZE SELECT secret::int FROM people
? WITH w AS (UPDATE people SET age = -1 RETURNING secret) SELECT * FROM w
? SELECT id FROM people WHERE secret::int = 1
? SELECT id FROM people WHERE length(secret)::text::date IS NULL
? SELECT id FROM people ORDER BY secret::int
? SELECT count(*) FROM people GROUP BY secret::int
? SELECT count(secret::int) FROM people
? SELECT max(secret::int) OVER () FROM people
"""

AROUND = """
! SELECT query_to_xml('SELECT secret FROM people', true, true, '')
! SELECT table_to_xml('people', true, true, '')
! SELECT schema_to_xml('public', true, true, '')
! SELECT database_to_xml(true, true, '')
! SELECT query_to_xml_and_xmlschema('SELECT secret FROM people', true, true, '')
! BEGIN;;DECLARE c CURSOR FOR SELECT secret FROM people;;SELECT cursor_to_xml('c', 10, true, true, '');;ROLLBACK
! SELECT * FROM ts_stat('SELECT to_tsvector(secret) FROM people')
! SELECT ts_rewrite('a'::tsquery, 'SELECT secret::tsquery, secret::tsquery FROM people')
! SELECT most_common_vals FROM pg_stats WHERE tablename = 'people'
! SELECT histogram_bounds FROM pg_stats WHERE tablename = 'people'
! SELECT stavalues1 FROM pg_statistic
! SELECT * FROM pg_stats_ext
! SELECT query FROM pg_stat_activity
! SELECT pg_read_file('PG_VERSION')
! SELECT lo_import('/etc/passwd')
! SELECT * FROM pg_get_keywords() WHERE word = (SELECT secret FROM people LIMIT 1)
! COPY people TO PROGRAM 'cat'
! COPY people TO '/tmp/people'
! SELECT dblink('x', 'SELECT secret FROM people')
! SELECT brin_page_items('a', 'b')
! SELECT * FROM heap_page_items(get_raw_page('people', 0))
! SELECT pg_relation_filepath('people')
! SELECT currval((SELECT secret FROM people LIMIT 1))
! SELECT to_regclass((SELECT secret FROM people LIMIT 1))
SELECT min(id), max(id) FROM people
SELECT attname FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0
"""

# Schema changes that take a column out from under its entry, or ask what is in it; undone at once.
MOVES = """
! BEGIN ;; ALTER TABLE people RENAME COLUMN secret TO moved ;; SELECT moved FROM people ;; ROLLBACK
! BEGIN ;; ALTER TABLE people RENAME TO moved ;; SELECT * FROM moved ;; ROLLBACK
! BEGIN ;; ALTER TABLE made ALTER shout DROP EXPRESSION ;; SELECT shout FROM made ;; ROLLBACK
! BEGIN ;; ALTER TABLE people ALTER city TYPE text USING secret ;; SELECT city FROM people ;; ROLLBACK
! BEGIN ;; ALTER TABLE people ALTER city TYPE text USING city || upper(email) ;; SELECT city FROM people ;; ROLLBACK
! BEGIN ;; ALTER TABLE parted DETACH PARTITION parted_rome ;; SELECT * FROM parted_rome ;; ROLLBACK
! BEGIN ;; ALTER TABLE heirs NO INHERIT people ;; SELECT * FROM heirs ;; ROLLBACK
! BEGIN ;; CREATE RULE away AS ON UPDATE TO people DO ALSO INSERT INTO copies VALUES (OLD.id, OLD.secret) ;; UPDATE people SET city = city WHERE id = 1 ;; SELECT * FROM copies ;; ROLLBACK
! BEGIN ;; CREATE FUNCTION away () RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.copies SELECT id, secret FROM public.people; RETURN 1; END $$ ;; SELECT away() ;; SELECT * FROM copies ;; ROLLBACK
! BEGIN ;; CREATE FUNCTION away () RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.city := NEW.secret; RETURN NEW; END $$ ;; CREATE TRIGGER away BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION away() ;; UPDATE people SET id = id WHERE id = 1 ;; SELECT city FROM people ;; ROLLBACK
! BEGIN ;; ALTER TABLE people ALTER secret TYPE int USING secret::int ;; ROLLBACK
! BEGIN ;; ALTER TABLE people ADD CHECK (secret::int > 0) ;; ROLLBACK
! BEGIN ;; CREATE UNIQUE INDEX ON people ((secret IS NULL)) ;; ROLLBACK
! BEGIN ;; CREATE INDEX ON people ((secret::int)) ;; ROLLBACK
"""

EVERYTHING = tuple(
    line for block in (PLAIN, USES, CARRIES, ERRORS, AROUND, MOVES) for line in block.strip().splitlines() if line.strip()
)
