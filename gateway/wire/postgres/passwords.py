"""Preparation and one-step proofs of passwords: SASLprep (RFC 4013) and PostgreSQL's md5 answer."""

import hashlib
import stringprep
from unicodedata import ucd_3_2_0 as unicode_3_2

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,  # unassigned in Unicode 3.2: not allowed in stored strings (RFC 3454, section 7)
)


def prepare_password(password: str) -> bytes:
    """The password as SCRAM hashes it. As PostgreSQL does, one that SASLprep prohibits is taken as it is, in UTF-8."""
    if not password.isascii():
        prepared = _saslprep(password)
        if prepared is not None:
            password = prepared
    return password.encode("utf-8", "surrogateescape")


def _saslprep(password: str) -> str | None:
    """RFC 4013, section 2; None where the profile prohibits the string or nothing is left of it."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not stringprep.in_table_b1(character)
    )
    prepared = unicode_3_2.normalize("NFKC", mapped)
    if not prepared or any(prohibited(character) for character in prepared for prohibited in _PROHIBITED):
        return None
    return prepared if _bidi_allowed(prepared) else None


def _bidi_allowed(prepared: str) -> bool:
    """RFC 3454, section 6: with a right-to-left character no left-to-right one, and right-to-left at both ends."""
    if not any(map(stringprep.in_table_d1, prepared)):
        return True
    if any(map(stringprep.in_table_d2, prepared)):
        return False
    return stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1])


def md5_answer(user: str, password: str, salt: bytes) -> str:
    """What AuthenticationMD5Password asks for: `md5` and md5(md5(password ‖ user) ‖ salt) in hex."""
    raw = password.encode("utf-8", "surrogateescape") + user.encode("utf-8", "surrogateescape")
    inner = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return "md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
