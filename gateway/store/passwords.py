"""Password verifiers: what the store keeps in place of a password.

SCRAM-SHA-256 (RFC 5802, RFC 7677) in the form of RFC 5803 and of PostgreSQL's pg_authid:
`SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the three in base64.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass

MECHANISM = "SCRAM-SHA-256"
# What PostgreSQL itself uses, and the least that RFC 7677 allows: the client pays for them at each login.
ITERATIONS = 4096
_SALT_BYTES = 16
_DIGEST_BYTES = 32
_MAXIMUM_ITERATIONS = 10_000_000


@dataclass(frozen=True, slots=True)
class _Verifier:
    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes


def make_verifier(password: str, *, iterations: int = ITERATIONS) -> str:
    """A verifier with a salt of its own. Raises ValueError for an empty password or one with a NUL byte."""
    if not password or "\0" in password:
        raise ValueError("a password is not empty and has no NUL character")
    if not ITERATIONS <= iterations <= _MAXIMUM_ITERATIONS:
        raise ValueError(f"iterations are {ITERATIONS} to {_MAXIMUM_ITERATIONS}")
    salt = secrets.token_bytes(_SALT_BYTES)
    stored_key, server_key = _keys(password, salt, iterations)
    return f"{MECHANISM}${iterations}:{_encode(salt)}${_encode(stored_key)}:{_encode(server_key)}"


def check_password(password: str, verifier: str | None) -> bool:
    """Whether `password` is the one behind `verifier`.

    Without a verifier (unknown user, tokens only, a broken row) the same work is done and the answer is no: the time taken
    does not tell whether a user exists. About 2 ms of CPU at 4096 iterations.
    """
    parsed = _parse(verifier or "")
    known = parsed or _Verifier(ITERATIONS, bytes(_SALT_BYTES), bytes(_DIGEST_BYTES), bytes(_DIGEST_BYTES))
    stored_key, _ = _keys(password, known.salt, known.iterations)
    return hmac.compare_digest(stored_key, known.stored_key) and parsed is not None


def is_verifier(text: str) -> bool:
    """Whether `text` has the form of RFC 5803."""
    return _parse(text) is not None


def native_verifier(password: str) -> bytes:
    """SHA1(SHA1(password)): what `mysql_native_password` needs. Weak; kept only where the configuration asks for it."""
    return hashlib.sha1(hashlib.sha1(password.encode(), usedforsecurity=False).digest(), usedforsecurity=False).digest()


def saslprep(text: str) -> bytes:
    """RFC 4013 as PostgreSQL applies it: a text that may not be prepared stays as it is (pg_saslprep in libpq)."""
    if text.isascii():
        return text.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character for character in text if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    return (prepared if prepared and _allowed(prepared) else text).encode("utf-8", "surrogatepass")


def _allowed(text: str) -> bool:
    prohibited = (
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
        stringprep.in_table_a1,
    )
    if any(table(character) for character in text for table in prohibited):
        return False
    # RFC 3454 section 6: right-to-left text holds no left-to-right letter, and begins and ends right-to-left.
    if any(stringprep.in_table_d1(character) for character in text):
        ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
        return ends and not any(stringprep.in_table_d2(character) for character in text)
    return True


def _keys(password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """RFC 5802 section 3: StoredKey and ServerKey."""
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")


def _parse(text: str) -> _Verifier | None:
    try:
        mechanism, parameters, keys = text.split("$")
        iterations, salt = parameters.split(":")
        stored_key, server_key = keys.split(":")
        verifier = _Verifier(int(iterations), _decode(salt), _decode(stored_key), _decode(server_key))
    except (ValueError, binascii.Error):
        return None
    sizes = len(verifier.stored_key), len(verifier.server_key)
    sound = sizes == (_DIGEST_BYTES, _DIGEST_BYTES) and 1 <= verifier.iterations <= _MAXIMUM_ITERATIONS and verifier.salt
    return verifier if mechanism == MECHANISM and sound else None


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decode(value: str) -> bytes:
    return base64.b64decode(value, validate=True)
