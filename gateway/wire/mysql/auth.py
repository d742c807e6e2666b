"""Authentication of both sides: the scrambles of mysql_native_password and caching_sha2_password, and RSA exchange."""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.wire.errors import ProtocolViolation

REQUEST_PUBLIC_KEY = b"\x02"
FAST_AUTH_SUCCESS = b"\x03"
PERFORM_FULL_AUTHENTICATION = b"\x04"


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def native_scramble(password: bytes, nonce: bytes) -> bytes:
    """mysql_native_password: SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))); empty for an empty password."""
    if not password:
        return b""
    stage1 = hashlib.sha1(password, usedforsecurity=False).digest()
    stage2 = hashlib.sha1(stage1, usedforsecurity=False).digest()
    return _xor(stage1, hashlib.sha1(nonce + stage2, usedforsecurity=False).digest())


def native_verifier(password: bytes) -> bytes:
    """SHA1(SHA1(password)): what a server keeps to check `native_scramble`."""
    return hashlib.sha1(hashlib.sha1(password, usedforsecurity=False).digest(), usedforsecurity=False).digest()


def check_native(response: bytes, nonce: bytes, verifier: bytes) -> bool:
    """Constant-time. An empty response never passes: it would mean an empty password."""
    if len(response) != 20:
        return False
    stage1 = _xor(response, hashlib.sha1(nonce + verifier, usedforsecurity=False).digest())
    return hmac.compare_digest(hashlib.sha1(stage1, usedforsecurity=False).digest(), verifier)


def sha2_scramble(password: bytes, nonce: bytes) -> bytes:
    """caching_sha2_password: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce); empty for an empty password."""
    if not password:
        return b""
    stage1 = hashlib.sha256(password).digest()
    stage2 = hashlib.sha256(stage1).digest()
    return _xor(stage1, hashlib.sha256(stage2 + nonce).digest())


def sha2_cache_entry(password: bytes) -> bytes:
    """SHA256(SHA256(password)): kept in memory after a full authentication, so that the next can be fast."""
    return hashlib.sha256(hashlib.sha256(password).digest()).digest()


def check_sha2(response: bytes, nonce: bytes, entry: bytes) -> bool:
    """Constant-time check of `sha2_scramble` against a cache entry."""
    if len(response) != 32:
        return False
    stage1 = _xor(response, hashlib.sha256(entry + nonce).digest())
    return hmac.compare_digest(hashlib.sha256(stage1).digest(), entry)


def _mask_password(password: bytes, nonce: bytes) -> bytes:
    text = password + b"\0"
    return bytes(byte ^ nonce[index % len(nonce)] for index, byte in enumerate(text))


def encrypt_password(password: bytes, nonce: bytes, public_key_pem: bytes) -> bytes:
    """The client's full authentication without TLS: the password XOR nonce, under the server's RSA key (OAEP, SHA-1)."""
    key = serialization.load_pem_public_key(public_key_pem)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ProtocolViolation("server sent a public key that is not RSA")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303 - the protocol's
    return key.encrypt(_mask_password(password, nonce), oaep)


class RsaKey:
    """The gateway's own key for full authentication without TLS: 2048 bits, made at start, kept in memory only."""

    __slots__ = ("_key", "public_pem")

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def decrypt_password(self, response: bytes, nonce: bytes, *, oaep: bool = True) -> bytes | None:
        """The password, or None where the response is not one made with this key and nonce. Without `oaep` the padding is that
        of PKCS #1 v1.5, where OpenSSL gives noise for a wrong one, so that nobody can tell."""
        how = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None) if oaep else padding.PKCS1v15()  # noqa: S303
        try:
            text = self._key.decrypt(response, how)
        except ValueError:
            return None
        password = bytes(byte ^ nonce[index % len(nonce)] for index, byte in enumerate(text))
        return password[:-1] if password.endswith(b"\0") else None
