"""Scrambles, held against PyMySQL's own."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from pymysql import _auth as pymysql_auth

from gateway.wire.mysql import auth

_nonce = st.binary(min_size=20, max_size=20)
_password = st.binary(min_size=1, max_size=60)


@given(_password, _nonce)
def test_scrambles_agree_with_another_implementation(password: bytes, nonce: bytes) -> None:
    assert auth.native_scramble(password, nonce) == pymysql_auth.scramble_native_password(password, nonce)
    assert auth.sha2_scramble(password, nonce) == pymysql_auth.scramble_caching_sha2(password, nonce)


@given(_password, _password, _nonce)
def test_only_the_right_password_passes(password: bytes, other: bytes, nonce: bytes) -> None:
    same = password == other
    assert auth.check_native(auth.native_scramble(other, nonce), nonce, auth.native_verifier(password)) is same
    assert auth.check_sha2(auth.sha2_scramble(other, nonce), nonce, auth.sha2_cache_entry(password)) is same


def test_an_empty_response_never_passes() -> None:
    nonce = b"n" * 20
    assert not auth.check_native(b"", nonce, auth.native_verifier(b""))
    assert not auth.check_sha2(b"", nonce, auth.sha2_cache_entry(b""))


def test_rsa_exchange() -> None:
    key, nonce = auth.RsaKey(), bytes(range(1, 21))
    sealed = auth.encrypt_password(b"correct horse battery staple", nonce, key.public_pem)
    assert key.decrypt_password(sealed, nonce) == b"correct horse battery staple"
    assert key.decrypt_password(b"x" * 256, nonce) is None
    assert key.decrypt_password(sealed, bytes(20)) != b"correct horse battery staple"


def test_rsa_exchange_with_the_older_padding() -> None:
    key, nonce = auth.RsaKey(), bytes(range(1, 21))
    masked = bytes(a ^ b for a, b in zip(b"secret\0", nonce, strict=False))
    public = serialization.load_pem_public_key(key.public_pem)
    assert isinstance(public, rsa.RSAPublicKey)
    sealed = public.encrypt(masked, padding.PKCS1v15())
    assert key.decrypt_password(sealed, nonce, oaep=False) == b"secret"
    assert key.decrypt_password(sealed, nonce) is None
    assert key.decrypt_password(b"x" * 256, nonce, oaep=False) != b"secret"
