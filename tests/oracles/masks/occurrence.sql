-- Rows that differ in masked columns alone: whoever may not infer sees no difference between them.
CREATE TABLE twins (
  id int PRIMARY KEY, note text, none int, large text, card text, pay int, big bigint, rate numeric(20,4), share float8,
  born date, seen timestamptz, doc jsonb, plain json, tags text[], flag boolean, many numeric
);
INSERT INTO twins
SELECT id, 'note', 0, repeat('x', 1000), card, pay, big, rate, share, born, seen, doc, plain, tags, flag, rate FROM (VALUES
  (1, '4111 1111', 100, 100::bigint, 100::numeric, 100::float8, date '1970-01-01', timestamptz '1970-01-01 UTC', '{"k": "1"}'::jsonb,
   '{"k": "1"}'::json, ARRAY['a', 'b'], true),
  (2, '7', 30000, 3000000000, 30000, 1e300, date '2020-02-29', timestamptz '2020-02-29 UTC', '[1, 2, 3]', '[1]', ARRAY['c'], false),
  (3, 'x\', 1, 1, 0.0001, 1e-300, date '1999-12-31', timestamptz '1999-12-31 UTC', '{"k": {"a": "x"}}', '"x"',
   ARRAY['d', 'e', 'f'], true),
  (4, '', 0, 0, 0, 0, date '0001-01-01', timestamptz '0001-01-01 UTC', '7', '7', ARRAY[]::text[], false),
  (5, 'Ab(c]%_"''<\u0000', -2000, -2000, -2000, -2000, date '2100-06-01', timestamptz '2100-06-01 UTC', 'null', 'null',
   ARRAY['1', '2'], true)
) v (id, card, pay, big, rate, share, born, seen, doc, plain, tags, flag);
CREATE VIEW twin_view AS SELECT id, card, pay * 2 AS twice, 1 / none AS never, upper(card) AS loud FROM twins;
CREATE TABLE own_numbers (id int PRIMARY KEY, n int, d numeric, f float8, s text);
INSERT INTO own_numbers VALUES (1, 2147400000, 1e131000, 1e308, repeat('y', 100000));
