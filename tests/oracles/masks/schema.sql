CREATE TABLE people (
  id int PRIMARY KEY, name text NOT NULL, city text, age int CHECK (age < 200),
  email text, phone varchar(40), card char(24), secret text, salary int, bonus bigint, rate numeric(20,4), share float8,
  born date, seen timestamptz, token uuid, blob bytea, tags text[], scores int[], doc jsonb, plain json,
  CONSTRAINT adult CHECK (age > 0 OR age IS NULL)
);
INSERT INTO people SELECT g, 'name ' || g, (ARRAY['Rome','Oslo','Bern'])[1 + g % 3], 20 + g,
  'aMRKq' || g || '@MRKq' || g || '.example', '+49 MRKq 7377 ' || g, '7377-7377-73' || g, 'MRKq secret ' || g,
  73770000 + g, 7377000000000 + g, 73770000.5 + g, 73770000.25 + g, date '1937-11-20' + g, timestamptz '1937-11-20 07:37:07+00' + g * interval '1 day',
  ('73770000-7377-7377-7377-' || lpad(g::text, 12, '7'))::uuid, convert_to('MRKq blob ' || g, 'UTF8'),
  ARRAY['MRKq a' || g, 'MRKq, "b"' || g], ARRAY[73770000 + g, 73771000 + g],
  jsonb_build_object('k', 'MRKq doc ' || g, 'n', 73770000 + g), json_build_object('k', 'MRKq plain ' || g)
FROM generate_series(1, 8) g;
CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people, total numeric, note text);
INSERT INTO orders SELECT g, 1 + g % 8, g * 10, 'note ' || g FROM generate_series(1, 20) g;
CREATE TABLE copies (id int, value text, other text);
CREATE VIEW contacts AS SELECT id, name AS who, email AS contact, secret FROM people;
CREATE VIEW nested AS SELECT c.who, c.contact || '!' AS shout, o.total FROM contacts c JOIN orders o ON o.person = c.id;
CREATE VIEW whole AS SELECT p FROM people p;
CREATE MATERIALIZED VIEW stored AS SELECT id, secret FROM people;
CREATE TABLE parted (id int, city text, secret text) PARTITION BY LIST (city);
CREATE TABLE parted_rome PARTITION OF parted FOR VALUES IN ('Rome');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT id, city, secret FROM people;
CREATE TABLE heirs (extra text) INHERITS (people);
INSERT INTO heirs (id, name, email, secret, extra) VALUES (101, 'heir', 'aMRKq@MRKq.example', 'MRKq heir', 'x');
CREATE TABLE made (id int, secret text, shout text GENERATED ALWAYS AS (upper(secret) || '!') STORED);
INSERT INTO made (id, secret) SELECT id, secret FROM people;
CREATE TYPE pair AS (a text, b text);
CREATE DOMAIN shout AS text;
CREATE TABLE typed (id int, value pair, dom shout, rng int4range, secret text);
INSERT INTO typed VALUES (1, ROW('MRKq a', 'b'), 'MRKq dom', '[1,5)', 'MRKq typed');
CREATE FUNCTION echo(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT t $$;
CREATE FUNCTION loud(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'loud %', t; RETURN t; END $$;
CREATE FUNCTION fails(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fails %', t; END $$;
CREATE PROCEDURE take(t text) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'take %', t; END $$;
CREATE INDEX people_secret ON people (secret);
ANALYZE;
