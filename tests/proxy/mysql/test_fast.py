"""The cache of caching_sha2_password."""

from gateway.proxy.mysql.fast import FastLogins
from gateway.wire.mysql.auth import sha2_scramble

NONCE = b"n" * 20


def test_only_what_matched_this_very_verifier_is_fast() -> None:
    fast = FastLogins()
    response = sha2_scramble(b"right", NONCE)
    assert not fast.check("alice", "v1", response, NONCE)
    fast.keep("alice", "v1", b"right")
    assert fast.check("alice", "v1", response, NONCE)
    assert not fast.check("alice", "v1", sha2_scramble(b"wrong", NONCE), NONCE)
    assert not fast.check("alice", "v1", response, b"m" * 20)
    assert not fast.check("bob", "v1", response, NONCE)


def test_a_new_password_drops_the_entry_for_good() -> None:
    fast = FastLogins()
    fast.keep("alice", "v1", b"right")
    response = sha2_scramble(b"right", NONCE)
    assert not fast.check("alice", "v2", response, NONCE)
    assert not fast.check("alice", "v1", response, NONCE)


def test_it_is_bounded() -> None:
    fast = FastLogins(capacity=2)
    for name in ("a", "b", "c"):
        fast.keep(name, "v", b"p")
    response = sha2_scramble(b"p", NONCE)
    assert [fast.check(name, "v", response, NONCE) for name in ("a", "b", "c")] == [False, True, True]
