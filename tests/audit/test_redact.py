"""No secret that SQL or a connection string can hold comes through; what is no secret stays."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.redact import _HINT, _HINTS, hints_at_secret, redact

SECRETS = [
    "CREATE ROLE a LOGIN PASSWORD 'hunter2'",
    "ALTER USER a WITH ENCRYPTED PASSWORD 'hunter2' VALID UNTIL 'infinity'",
    "alter role a password E'hunter2'",
    "alter role a password U&'hunter2'",
    "alter role a password U&'x!0061hunter2' UESCAPE '!'",
    "alter role a password $$hunter2$$",
    "alter role a password $x$ hunter2 $$ $x$",
    "alter role a password $ü$ hunter2 $ü$",
    "alter role a password /* why */ 'hunter2'",
    "alter role a password -- why\n 'hunter2'",
    "alter role a password 'it''s hunter2'",
    "alter role a password 'x'\n'hunter2'",
    "alter role a password E'\\'hunter2'",
    "alter role a password 'hunter2",
    "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'a', password 'hunter2')",
    "CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (secret_access_key 'hunter2')",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h user=u password=hunter2 dbname=d' PUBLICATION p",
    "SELECT dblink('host=h password=hunter2', 'select 1')",
    "SELECT dblink('host=h password = ''hunter2 x''', 'select 1')",
    "SELECT dblink('postgresql://u:hunter2@h/d', 'select 1')",
    "SELECT dblink('postgresql://h/d?password=hunter2', 'select 1')",
    "SELECT dblink('postgresql://h/d?user=u&sslpassword=hunter2', 'select 1')",
    "CREATE USER a IDENTIFIED BY 'hunter2'",
    'CREATE USER a IDENTIFIED BY "hunter2"',
    "CREATE USER a IDENTIFIED BY PASSWORD 'hunter2'",
    "CREATE USER a IDENTIFIED WITH mysql_native_password BY 'hunter2'",
    "CREATE USER a IDENTIFIED WITH caching_sha2_password AS 'hunter2'",
    "CREATE USER a IDENTIFIED VIA mysql_native_password USING PASSWORD('hunter2')",
    "CREATE USER a IDENTIFIED VIA mysql_native_password USING 'hunter2'",
    "ALTER USER a IDENTIFIED BY 'new' REPLACE 'hunter2'",
    "GRANT ALL ON *.* TO a IDENTIFIED BY 'hunter2'",
    "SET PASSWORD = 'hunter2'",
    "SET PASSWORD FOR 'bob'@'%' = PASSWORD('hunter2')",
    "SET PASSWORD FOR bob = 'hunter2'",
    "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='hunter2'",
    "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 'hunter2'",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'a', PASSWORD 'hunter2')",
    'syntax error at or near "foo": ALTER ROLE a PASSWORD \'hunter2',
    "SET SESSION my.api_key = 'hunter2'",
]

HARMLESS = [
    "SELECT password_changed_at FROM users WHERE name = 'hunter2'",
    "SELECT 1",
    "COMMENT ON COLUMN users.token_count IS 'hunter2'",
    "CREATE TABLE t (password text, name text DEFAULT 'hunter2')",
    "SELECT * FROM pg_roles -- hunter2",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_replaced(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", SECRETS)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@settings(max_examples=200)
@given(st.text("password identifyb'\"$/*-\\=(\n", max_size=400))
def test_any_text_is_handled_in_bounded_time(text: str) -> None:
    assert isinstance(redact(text), str)


@pytest.mark.parametrize(
    "piece",
    ["password ", "password/*", "password '", "password --\n", "identified by ", "a://", "set password for ", "password $a"],
)
def test_long_hostile_texts_are_quick(piece: str) -> None:
    start = time.process_time()
    redact(piece * (16_000_000 // len(piece)))
    assert time.process_time() - start < 2


@given(
    st.text(alphabet=st.sampled_from("pasword_tknicelif:/ ſKSECRT"), max_size=40), st.sampled_from([*_HINTS, "", "Paſſword"])
)
@settings(max_examples=200, deadline=None)
def test_the_quick_look_finds_what_the_expression_finds(around: str, hint: str) -> None:
    for text in (around, around + hint, hint.upper() + around, hint.title() + around):
        assert hints_at_secret(text) == (_HINT.search(text) is not None)
