"""SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677; channel binding tls-server-end-point, RFC 5929), both sides, sans-I/O.

    client                                   server
    first()   gs2-header, n=,r=<nonce>  ->   first()
    respond() <-  r=<both nonces>,s=<salt>,i=<iterations>
              c=<binding>,r=,p=<proof>  ->   final()
    verify()  <-  v=<server signature>

The user of PostgreSQL is the one of the startup message; SCRAM's own name field is ignored, as the server does.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.passwords import prepare_password

SCRAM = "SCRAM-SHA-256"
SCRAM_PLUS = "SCRAM-SHA-256-PLUS"
DEFAULT_ITERATIONS = 4_096  # RFC 7677's least, and PostgreSQL's own default: the client pays for each login
MOST_ITERATIONS = 2_000_000  # a server may not keep the gateway computing for longer than about a second
_KEY_SIZE = 32
_SALT_SIZE = 16
_NONCE_SIZE = 18  # SCRAM_RAW_NONCE_LEN: 144 bits, base64 without padding
_PRINTABLE = re.compile(rb"[\x21-\x2b\x2d-\x7e]+")  # RFC 5802, section 7: "printable", which leaves the comma out


class WrongPassword(Exception):
    """The proof does not fit. Says nothing about whether the user exists."""


class ServerNotTrusted(ProtocolViolation):
    """The server could not show that it knows the password's verifier, or asked for something unsafe."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a server keeps of a password (RFC 5803): it proves a login but does not let its reader log in."""

    iterations: int
    salt: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def build(cls, password: str, iterations: int = DEFAULT_ITERATIONS, salt: bytes | None = None) -> Self:
        """Costs `iterations` rounds of HMAC-SHA-256 (4096: about 2 ms)."""
        salt = secrets.token_bytes(_SALT_SIZE) if salt is None else salt
        client_key, server_key = _derive(prepare_password(password), salt, iterations)
        return cls(iterations, salt, hashlib.sha256(client_key).digest(), server_key)

    @classmethod
    def parse(cls, text: str) -> Self:
        """`SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. Raises ValueError."""
        mechanism, *parts = text.split("$")
        if mechanism != SCRAM or len(parts) != 2:
            raise ValueError("not a SCRAM-SHA-256 verifier")
        (iterations, salt), (stored_key, server_key) = (part.split(":") for part in parts)
        verifier = cls(int(iterations), _unbase64(salt), _unbase64(stored_key), _unbase64(server_key))
        if verifier.iterations < 1 or {len(verifier.stored_key), len(verifier.server_key)} != {_KEY_SIZE}:
            raise ValueError("not a SCRAM-SHA-256 verifier")
        return verifier

    def __str__(self) -> str:
        salt, stored_key, server_key = map(_base64, (self.salt, self.stored_key, self.server_key))
        return f"{SCRAM}${self.iterations}:{salt}${stored_key}:{server_key}"

    def fits(self, password: str) -> bool:
        """Whether this is the password; for ways in that carry it in clear. As expensive as `build`."""
        return hmac.compare_digest(Verifier.build(password, self.iterations, self.salt).stored_key, self.stored_key)


def mock_verifier(secret: bytes, user: str, iterations: int = DEFAULT_ITERATIONS) -> Verifier:
    """A verifier no password fits, for a user who does not exist: the same salt each time, as a real user's would be."""

    def derived(purpose: str) -> bytes:
        return hmac.digest(secret, f"{purpose}\0{user}".encode("utf-8", "surrogateescape"), "sha256")

    return Verifier(iterations, derived("salt")[:_SALT_SIZE], derived("stored key"), derived("server key"))


def offered_mechanisms(binding: bytes | None) -> tuple[str, ...]:
    """What a server offers, best first: -PLUS where the connection has channel binding data."""
    return (SCRAM,) if binding is None else (SCRAM_PLUS, SCRAM)


class ServerExchange:
    """The server's side of one login. `binding`: the hash of the server's certificate, None where -PLUS was not offered."""

    def __init__(self, verifier: Verifier, binding: bytes | None = None, nonce: str | None = None) -> None:
        self._verifier = verifier
        self._binding = binding
        self._own_nonce = nonce or _fresh_nonce()
        self._nonce = b""
        self._bound = b""
        self._transcript = b""

    def first(self, mechanism: str, message: bytes) -> bytes:
        """client-first-message to server-first-message. Raises ProtocolViolation."""
        if mechanism not in offered_mechanisms(self._binding):
            raise ProtocolViolation("client selected an invalid SASL authentication mechanism")
        flag, comma, rest = message.partition(b",")
        identity, second_comma, bare = rest.partition(b",")
        if not comma or not second_comma:
            raise ProtocolViolation("malformed SCRAM message: no channel binding header")
        self._check_binding_flag(mechanism, flag)
        if identity:
            raise ProtocolViolation("client uses authorization identity, but it is not supported")
        attributes = bare.split(b",")
        if attributes[0].startswith(b"m="):
            raise ProtocolViolation("client requires an unsupported SCRAM extension")
        if len(attributes) < 2 or not attributes[0].startswith(b"n="):
            raise ProtocolViolation("malformed SCRAM message: user name and nonce expected")
        client_nonce = _attribute(attributes[1], b"r")
        if not _PRINTABLE.fullmatch(client_nonce):
            raise ProtocolViolation("non-printable characters in SCRAM nonce")

        self._bound = flag + b",," + (self._binding or b"" if mechanism == SCRAM_PLUS else b"")
        self._nonce = client_nonce + self._own_nonce.encode()
        reply = b"r=%s,s=%s,i=%d" % (self._nonce, _base64(self._verifier.salt).encode(), self._verifier.iterations)
        self._transcript = bare + b"," + reply
        return reply

    def final(self, message: bytes) -> bytes:
        """client-final-message to server-final-message. Raises ProtocolViolation, or WrongPassword."""
        without_proof, comma, proof_attribute = message.rpartition(b",")
        attributes = without_proof.split(b",")
        if not comma or len(attributes) < 2:
            raise ProtocolViolation("malformed SCRAM message: channel binding, nonce and proof expected")
        if not hmac.compare_digest(_binary(attributes[0], b"c"), self._bound):
            raise ProtocolViolation("SCRAM channel binding check failed")
        if not hmac.compare_digest(_attribute(attributes[1], b"r"), self._nonce):
            raise ProtocolViolation("invalid SCRAM response: nonce does not match")
        proof = _binary(proof_attribute, b"p")
        if len(proof) != _KEY_SIZE:
            raise ProtocolViolation("malformed SCRAM message: invalid length of proof")

        transcript = self._transcript + b"," + without_proof
        client_key = _xor(proof, hmac.digest(self._verifier.stored_key, transcript, "sha256"))
        if not hmac.compare_digest(hashlib.sha256(client_key).digest(), self._verifier.stored_key):
            raise WrongPassword
        return b"v=" + _base64(hmac.digest(self._verifier.server_key, transcript, "sha256")).encode()

    def _check_binding_flag(self, mechanism: str, flag: bytes) -> None:
        """RFC 5802, section 6: `y` against a server that offered -PLUS means that somebody in between took the offer away."""
        if mechanism == SCRAM_PLUS:
            if flag != b"p=tls-server-end-point":
                raise ProtocolViolation("unsupported SCRAM channel-binding type")
        elif flag == b"y":
            if self._binding is not None:
                raise ProtocolViolation("the client supports SCRAM channel binding but thinks the server does not")
        elif flag != b"n":
            raise ProtocolViolation("malformed SCRAM message: unexpected channel binding flag")


class ClientExchange:
    """The client's side of one login. `binding`: the hash of the server's certificate, None without TLS or where unknown.

    Raises ProtocolViolation where the server offers no mechanism that is spoken here.
    """

    def __init__(self, password: str, offered: Collection[str], binding: bytes | None = None, nonce: str | None = None) -> None:
        self._password = prepare_password(password)
        self._own_nonce = (nonce or _fresh_nonce()).encode()
        self._server_signature = b""
        if SCRAM_PLUS in offered and binding is not None:
            self.mechanism = SCRAM_PLUS
            self._header, self._bound = b"p=tls-server-end-point,,", binding
        elif SCRAM in offered:
            self.mechanism = SCRAM
            # `y` tells a server that does offer -PLUS that its offer was taken away on the road.
            self._header, self._bound = (b"n,," if binding is None else b"y,,"), b""
        else:
            raise ProtocolViolation("the server offers no SASL mechanism that is supported")

    def first(self) -> bytes:
        return self._header + self._first_bare

    @property
    def _first_bare(self) -> bytes:
        return b"n=,r=" + self._own_nonce

    def respond(self, server_first: bytes) -> bytes:
        """server-first-message to client-final-message. Raises ProtocolViolation, ServerNotTrusted."""
        attributes = server_first.split(b",")
        if len(attributes) < 3:
            raise ProtocolViolation("malformed SCRAM message: nonce, salt and iteration count expected")
        nonce, salt = _attribute(attributes[0], b"r"), _binary(attributes[1], b"s")
        count = _attribute(attributes[2], b"i")
        if not nonce.startswith(self._own_nonce) or len(nonce) <= len(self._own_nonce):
            raise ServerNotTrusted("invalid SCRAM response: nonce mismatch")
        if not count.isdigit() or len(count) > 10 or not 1 <= int(count) <= MOST_ITERATIONS or not salt:
            raise ServerNotTrusted("the server asks for an unusable SCRAM iteration count or salt")

        client_key, server_key = _derive_once(self._password, salt, int(count))
        without_proof = b"c=" + _base64(self._header + self._bound).encode() + b",r=" + nonce
        transcript = b",".join((self._first_bare, server_first, without_proof))
        self._server_signature = hmac.digest(server_key, transcript, "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), transcript, "sha256")
        return without_proof + b",p=" + _base64(_xor(client_key, signature)).encode()

    def verify(self, server_final: bytes) -> None:
        """Raises ServerNotTrusted where the server did not prove that it knows the verifier (RFC 5802, section 5)."""
        if server_final.startswith(b"e="):
            raise ServerNotTrusted("the server ended the SCRAM exchange with an error")
        if not self._server_signature or not hmac.compare_digest(_binary(server_final, b"v"), self._server_signature):
            raise ServerNotTrusted("incorrect SCRAM server signature")


def _derive(password: bytes, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """ClientKey and ServerKey."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    return hmac.digest(salted, b"Client Key", "sha256"), hmac.digest(salted, b"Server Key", "sha256")


# Only for the gateway's own passwords: it logs in at the same few servers again and again.
_derive_once = lru_cache(maxsize=512)(_derive)


def _fresh_nonce() -> str:
    return _base64(secrets.token_bytes(_NONCE_SIZE))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(data: str | bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _attribute(text: bytes, name: bytes) -> bytes:
    if text[:2] != name + b"=":
        raise ProtocolViolation(f"malformed SCRAM message: attribute {name.decode()!r} expected")
    return text[2:]


def _binary(text: bytes, name: bytes) -> bytes:
    try:
        return _unbase64(_attribute(text, name))
    except ValueError:
        raise ProtocolViolation(f"malformed SCRAM message: attribute {name.decode()!r} is not base64") from None
