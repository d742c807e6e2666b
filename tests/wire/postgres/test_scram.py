import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.scram import (
    SCRAM,
    SCRAM_PLUS,
    ClientExchange,
    ServerExchange,
    ServerNotTrusted,
    Verifier,
    WrongPassword,
    mock_verifier,
    offered_mechanisms,
)

PENCIL = Verifier.build("pencil", 4096, base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
BINDING = hashlib.sha256(b"certificate").digest()


def test_the_example_of_rfc_7677() -> None:
    """Section 3. The RFC's client names its user (n=user); a server reads any name."""
    server = ServerExchange(PENCIL, nonce="%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    first = server.first(SCRAM, b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    assert first == b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    final = server.final(
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert final == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@pytest.mark.parametrize(("binding", "mechanism"), [(None, SCRAM), (BINDING, SCRAM_PLUS)])
def test_both_sides_understand_each_other(binding: bytes | None, mechanism: str) -> None:
    client = ClientExchange("pencil", offered_mechanisms(binding), binding)
    server = ServerExchange(PENCIL, binding)
    assert client.mechanism == mechanism
    client.verify(server.final(client.respond(server.first(client.mechanism, client.first()))))


def test_a_wrong_password_and_an_unknown_user_end_alike() -> None:
    for verifier in (PENCIL, mock_verifier(b"secret", "nobody")):
        client, server = ClientExchange("pen", [SCRAM]), ServerExchange(verifier)
        with pytest.raises(WrongPassword):
            server.final(client.respond(server.first(SCRAM, client.first())))


def test_a_user_who_does_not_exist_keeps_the_same_salt() -> None:
    one, again, other = (mock_verifier(b"secret", user) for user in ("bob", "bob", "eve"))
    assert one == again
    assert one.salt != other.salt
    assert len(one.salt) == len(PENCIL.salt)
    assert one.iterations == PENCIL.iterations


def test_channel_binding_to_another_certificate_fails() -> None:
    """Somebody in the middle with a certificate of their own."""
    client = ClientExchange("pencil", [SCRAM_PLUS, SCRAM], hashlib.sha256(b"another").digest())
    server = ServerExchange(PENCIL, BINDING)
    first = server.first(client.mechanism, client.first())
    with pytest.raises(ProtocolViolation, match="channel binding check failed"):
        server.final(client.respond(first))


def test_an_offer_of_plus_taken_away_on_the_road_is_noticed() -> None:
    client = ClientExchange("pencil", [SCRAM], BINDING)
    assert client.first().startswith(b"y,,")
    with pytest.raises(ProtocolViolation, match="thinks the server does not"):
        ServerExchange(PENCIL, BINDING).first(SCRAM, client.first())


def test_a_client_without_channel_binding_may_log_in_over_tls() -> None:
    client, server = ClientExchange("pencil", [SCRAM_PLUS, SCRAM], None), ServerExchange(PENCIL, BINDING)
    client.verify(server.final(client.respond(server.first(client.mechanism, client.first()))))


def test_a_verifier_is_written_as_rfc_5803_says() -> None:
    text = str(PENCIL)
    assert text.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    assert Verifier.parse(text) == PENCIL
    assert PENCIL.fits("pencil")
    assert not PENCIL.fits("pen")
    assert "W22Z" not in repr(PENCIL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "md5abc",
        "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
        "SCRAM-SHA-256$x:AAAA$AAAA:AAAA",
        "SCRAM-SHA-256$1:?$A:A",
        "SCRAM-SHA-256$1$2",
    ],
)
def test_what_is_no_verifier(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Verifier.parse(text)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n",
        b"n,,",
        b"n,,n=",
        b"n,,n=,r=",
        b"n,,n=,r=a\x7f",
        b"n,,n=,r=a b",
        b"n,a=admin,n=,r=abc",
        b"n,,m=ext,n=,r=abc",
        b"x,,n=,r=abc",
        b"p=tls-unique,,n=,r=abc",
        b"n,,r=abc,n=",
    ],
    ids=repr,
)
def test_broken_first_messages(message: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        ServerExchange(PENCIL).first(SCRAM, message)


@pytest.mark.parametrize("mechanism", [SCRAM_PLUS, "PLAIN", "", "scram-sha-256"])
def test_a_mechanism_that_was_not_offered(mechanism: str) -> None:
    with pytest.raises(ProtocolViolation, match="invalid SASL authentication mechanism"):
        ServerExchange(PENCIL).first(mechanism, b"n,,n=,r=abc")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda final: b"",
        lambda final: final.replace(b"c=biws", b"c=eSws"),  # y,, where n,, was sent
        lambda final: final.replace(b"r=abc", b"r=abd"),
        lambda final: final.rpartition(b",")[0],
        lambda final: final.rpartition(b",")[0] + b",p=",
        lambda final: final.rpartition(b",")[0] + b",p=AAAA",
        lambda final: final.rpartition(b",")[0] + b",p=!!!!",
        lambda final: final.partition(b",")[2],
    ],
)
def test_broken_final_messages(spoil: Callable[[bytes], bytes]) -> None:
    server, client = ServerExchange(PENCIL), ClientExchange("pencil", [SCRAM], nonce="abc")
    final = client.respond(server.first(SCRAM, client.first()))
    with pytest.raises(ProtocolViolation):
        server.final(spoil(final))


@pytest.mark.parametrize(
    "server_first",
    [
        b"",
        b"r=abc,s=AAAA,i=4096",  # the client's nonce alone
        b"r=other,s=AAAA,i=4096",
        b"r=abcdef,s=,i=4096",
        b"r=abcdef,s=AAAA,i=0",
        b"r=abcdef,s=AAAA,i=-1",
        b"r=abcdef,s=AAAA,i=2000000000",
        b"r=abcdef,s=AAAA,i=99999999999999999999999999",
        b"r=abcdef,s=AAAA",
    ],
    ids=repr,
)
def test_a_server_may_not_ask_for_anything(server_first: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        ClientExchange("pencil", [SCRAM], nonce="abc").respond(server_first)


def test_a_server_must_prove_that_it_knows_the_verifier() -> None:
    client, server = ClientExchange("pencil", [SCRAM]), ServerExchange(PENCIL)
    client.respond(server.first(SCRAM, client.first()))
    for final in (b"v=" + base64.b64encode(bytes(32)), b"e=other-error", b"v=?", b""):
        with pytest.raises(ProtocolViolation):
            client.verify(final)
    with pytest.raises(ServerNotTrusted):
        ClientExchange("pencil", [SCRAM]).verify(b"v=" + base64.b64encode(hmac.digest(b"", b"", "sha256")))


def test_no_mechanism_in_common() -> None:
    with pytest.raises(ProtocolViolation):
        ClientExchange("pencil", [SCRAM_PLUS])  # without TLS
    with pytest.raises(ProtocolViolation):
        ClientExchange("pencil", ["OAUTHBEARER"])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_server_answers_anything_with_a_violation_or_no(first: bytes, final: bytes) -> None:
    server = ServerExchange(PENCIL)
    try:
        server.first(SCRAM, first)
    except ProtocolViolation:
        server.first(SCRAM, b"n,,n=,r=abc")
    with pytest.raises((ProtocolViolation, WrongPassword)):
        server.final(final)
