import hashlib

import pytest

from gateway.wire.postgres.passwords import md5_answer, prepare_password


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("pencil", b"pencil"),
        ("I\u00adX", b"IX"),  # RFC 4013, section 3: soft hyphen mapped to nothing
        ("user", b"user"),
        ("\u00aa", b"a"),
        ("\u2168", b"IX"),
        ("a\u00a0b", b"a b"),
        ("\u00adx\u0007", "\u00adx\u0007".encode()),  # prohibited: as it is
        ("\u0627\u0031", "\u0627\u0031".encode()),  # prohibited by the bidi check
        ("\u00ad", "\u00ad".encode()),  # nothing left
        ("\u0221", "\u0221".encode()),  # unassigned in Unicode 3.2
        ("\udcff", b"\xff"),
    ],
)
def test_saslprep(password: str, prepared: bytes) -> None:
    assert prepare_password(password) == prepared


def test_md5() -> None:
    inner = hashlib.md5(b"secretalice").hexdigest()
    assert md5_answer("alice", "secret", b"salt") == "md5" + hashlib.md5(inner.encode() + b"salt").hexdigest()
