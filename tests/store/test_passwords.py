"""Password verifiers: RFC 5803 strings that PostgreSQL itself would accept."""

import base64
import hashlib
import hmac

import asyncpg
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.store.passwords import check_password, is_verifier, make_verifier, native_verifier, saslprep


def test_the_keys_of_rfc_7677_section_3() -> None:
    """The exchange in the RFC: user `user`, password `pencil`, its salt and 4096 iterations; the signatures must follow."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    authentication = (
        "n=user,r=rOprNGfwEbeRWgbNEkqO,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    salted = hashlib.pbkdf2_hmac("sha256", saslprep("pencil"), salt, 4096)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored, server = hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    verifier = f"SCRAM-SHA-256$4096:{parts[0]}${parts[1]}:{parts[2]}"
    signature = hmac.digest(server, authentication.encode(), "sha256")
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert check_password("pencil", verifier)
    assert not check_password("pencils", verifier)


@pytest.mark.parametrize("password", ["sesame", "pässwörd", "a b", "\u00a0x", "I\u00adX", "Ⅸ", "ا1", "🐘", "x" * 1000])
def test_what_is_made_is_accepted_and_nothing_else(password: str) -> None:
    verifier = make_verifier(password)
    assert is_verifier(verifier)
    assert check_password(password, verifier)
    assert not check_password(password + "x", verifier)
    assert not check_password("", verifier)
    assert make_verifier(password) != verifier


@pytest.mark.parametrize(
    ("given", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("ª", "a"),
        ("Ⅸ", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007é", "\u0007é"),
        ("ا1é", "ا1é"),
    ],
)
def test_saslprep_of_rfc_4013_section_3_with_texts_that_may_not_be_prepared_left_alone(given: str, prepared: str) -> None:
    assert saslprep(given) == prepared.encode()


@pytest.mark.parametrize(
    "verifier",
    [
        None,
        "",
        "md5abc",
        "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
        "SCRAM-SHA-256$0:AAAA$" + ":".join([base64.b64encode(bytes(32)).decode()] * 2),
        "SCRAM-SHA-256$99999999999:AAAA$" + ":".join([base64.b64encode(bytes(32)).decode()] * 2),
        "SCRAM-SHA-512$4096:AAAA$" + ":".join([base64.b64encode(bytes(32)).decode()] * 2),
        "$$$",
    ],
)
def test_without_a_sound_verifier_the_answer_is_no(verifier: str | None) -> None:
    assert not check_password("sesame", verifier)
    assert not is_verifier(verifier or "")


@pytest.mark.parametrize("password", ["", "a\0b"])
def test_what_cannot_be_a_password_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="not empty"):
        make_verifier(password)


def test_fewer_iterations_than_rfc_7677_allows_are_refused() -> None:
    with pytest.raises(ValueError, match="iterations"):
        make_verifier("sesame", iterations=1000)


def test_mysql_native_password() -> None:
    """SELECT PASSWORD('mypass') of the MySQL 5.7 manual, section 6.1.2.4."""
    assert native_verifier("mypass").hex().upper() == "6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"


@pytest.mark.parametrize("password", ["sesame", "pässwörd ²", "I\u00adX"])
async def test_postgresql_takes_the_verifier_as_its_own(embedded_pg: PostgresServer, password: str) -> None:
    """CREATE ROLE … PASSWORD takes an RFC 5803 string as it is; then the password must log in."""
    place = {"host": embedded_pg.host, "port": embedded_pg.port, "database": "postgres"}
    admin = await asyncpg.connect(user=embedded_pg.user, password=embedded_pg.password, **place)
    try:
        await admin.execute("DROP ROLE IF EXISTS verified")
        await admin.execute(f"CREATE ROLE verified LOGIN PASSWORD '{make_verifier(password)}'")
        as_verified = await asyncpg.connect(user="verified", password=password, **place)
        assert await as_verified.fetchval("SELECT current_user") == "verified"
        await as_verified.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(user="verified", password=password + "x", **place)
        await admin.execute("DROP ROLE verified")
    finally:
        await admin.close()
