CREATE TABLE people (
  id INT PRIMARY KEY, name VARCHAR(60) NOT NULL, city VARCHAR(40), age INT CHECK (age < 200),
  email VARCHAR(80), phone VARCHAR(40), card CHAR(24), secret VARCHAR(60), salary INT, bonus BIGINT UNSIGNED, rate DECIMAL(20,4),
  share DOUBLE, born DATE, seen DATETIME(3), lasts TIME, token UUID, blobbed VARBINARY(60), doc JSON, essay TEXT,
  KEY by_secret (secret), KEY by_salary (salary), UNIQUE KEY by_email (email), FULLTEXT KEY by_essay (essay),
  CONSTRAINT adult CHECK (age > 0 OR age IS NULL)
) ENGINE=InnoDB CHARACTER SET utf8mb4;
INSERT INTO people SELECT seq, CONCAT('name ', seq), ELT(1 + seq % 3, 'Rome', 'Oslo', 'Bern'), 20 + seq,
  CONCAT('aMRKq', seq, '@MRKq', seq, '.example'), CONCAT('+49 MRKq 7377 ', seq), CONCAT('7377-7377-73', seq),
  CONCAT('MRKq secret ', seq), 73770000 + seq, 7377000000000 + seq, 73770000.5 + seq, 73770000.25 + seq,
  DATE '1937-11-20' + INTERVAL seq DAY, TIMESTAMP '1937-11-20 07:37:07' + INTERVAL seq DAY, SEC_TO_TIME(495427 + seq),
  CONCAT('73770000-7377-7377-7377-', LPAD(seq, 12, '7')), CONCAT('MRKq blob ', seq),
  JSON_OBJECT('k', CONCAT('MRKq doc ', seq), 'n', 73770000 + seq), CONCAT('MRKq essay number ', seq)
FROM seq_1_to_8;
CREATE TABLE orders (id INT PRIMARY KEY, person INT, total DECIMAL(10,2), note VARCHAR(60), FOREIGN KEY (person) REFERENCES people (id)) ENGINE=InnoDB;
INSERT INTO orders SELECT seq, 1 + seq % 8, seq * 10, CONCAT('note ', seq) FROM seq_1_to_20;
CREATE TABLE copies (id INT, value VARCHAR(200), other TEXT) ENGINE=InnoDB;
CREATE TABLE narrow (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(3), small TINYINT, day DATE) ENGINE=InnoDB;
CREATE VIEW contacts AS SELECT id, name AS who, email AS contact, secret FROM people;
CREATE VIEW nested AS SELECT c.who, CONCAT(c.contact, '!') AS shout, o.total FROM contacts c JOIN orders o ON o.person = c.id;
CREATE ALGORITHM=TEMPTABLE VIEW kept AS SELECT id, secret, salary FROM people;
CREATE TABLE parted (id INT, city VARCHAR(20), secret VARCHAR(60)) ENGINE=InnoDB
  PARTITION BY LIST COLUMNS (city) (PARTITION rome VALUES IN ('Rome'), PARTITION rest VALUES IN ('Oslo', 'Bern', 'Bonn'));
INSERT INTO parted SELECT id, city, secret FROM people;
CREATE TABLE made (id INT, secret VARCHAR(60), shout VARCHAR(80) AS (CONCAT(secret, '!')) STORED, louder VARCHAR(90) AS (CONCAT(shout, '!'))) ENGINE=InnoDB;
INSERT INTO made (id, secret) SELECT id, secret FROM people;
CREATE TABLE past (id INT, secret VARCHAR(60)) ENGINE=InnoDB WITH SYSTEM VERSIONING;
INSERT INTO past SELECT id, secret FROM people;
UPDATE past SET secret = CONCAT(secret, ' later');
CREATE FUNCTION echoed (t TEXT) RETURNS TEXT DETERMINISTIC RETURN t;
CREATE FUNCTION fails (t TEXT) RETURNS TEXT DETERMINISTIC BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = t; RETURN t; END;
CREATE PROCEDURE take (t TEXT) SELECT t;
CREATE PROCEDURE given (OUT t TEXT) SELECT 'plain' INTO t;
CREATE SEQUENCE counted;
ANALYZE TABLE people PERSISTENT FOR ALL
