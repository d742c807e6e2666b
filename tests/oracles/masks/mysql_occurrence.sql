-- Rows that differ in masked columns alone: whoever may not infer sees no difference between them.
CREATE TABLE twins (
  id INT PRIMARY KEY, note VARCHAR(20), none INT, card VARCHAR(24), pay INT, big BIGINT, few INT UNSIGNED, rate DECIMAL(20,4),
  share DOUBLE, born DATE, seen DATETIME, doc LONGTEXT, flag TINYINT
);
INSERT INTO twins VALUES
  (1, 'note', 0, '4111 1111', 100, 100, 100, 100, 100, '1970-01-01', '1970-01-01', '{"k": "1"}', 1),
  (2, 'note', 0, '7', 30000, 9000000000000000000, 4000000000, 30000, 1e300, '2020-02-29', '2020-02-29', '[1, 2', 0),
  (3, 'note', 0, 'x\\', 1, 1, 1, 0.0001, 1e-300, '1999-12-31', '1999-12-31', '"x"', 1),
  (4, 'note', 0, '', 0, 0, 0, 0, 0, '1000-01-01', '1000-01-01', '7', 0),
  (5, 'note', 0, 'Ab(c]%_"''<', -2000, -2000, 7, -2000, -2000, '2100-06-01', '2100-06-01', 'null', 1);
CREATE TABLE own_numbers (id INT PRIMARY KEY, n BIGINT, f DOUBLE);
INSERT INTO own_numbers VALUES (1, 9223372036854775000, 1e308), (2, 1, 1);
CREATE VIEW twin_view AS SELECT id, card, pay * 2 AS twice, (SELECT n.n FROM own_numbers n) AS never, UPPER(card) AS loud FROM twins;
