"""Signed checkpoints and the head, byte for byte."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.audit.checkpoint import NO_CHECKPOINT, Checkpoint, anchor_of, checkpoint_signature_valid, parse_checkpoint, signed
from gateway.audit.head import SLOT_BYTES, Head, HeadFile, read_head
from gateway.audit.keys import AuditKeys
from tests.audit.logs import KEYS, OTHER_KEYS

CHECKPOINT = Checkpoint("host-0", 1, 10, 1.5, "a" * 64, "b" * 64, ("host-0", "host-1"), NO_CHECKPOINT)
HEAD = Head(10, "a" * 64, "00000000000000000001.jsonl", 5_000, 1, closed=False)


def test_a_checkpoint_says_what_it_signed_and_only_that() -> None:
    checkpoint = signed(CHECKPOINT, KEYS)
    assert parse_checkpoint(checkpoint.line()) == checkpoint
    assert checkpoint_signature_valid(checkpoint, KEYS.public_key)
    assert not checkpoint_signature_valid(checkpoint, OTHER_KEYS.public_key)
    assert not checkpoint_signature_valid(replace(checkpoint, seq=11), KEYS.public_key)
    assert not checkpoint_signature_valid(replace(checkpoint, signature="zz"), KEYS.public_key)
    assert not checkpoint_signature_valid(checkpoint, b"short")
    anchor = anchor_of(checkpoint)
    assert (anchor.chain, anchor.seq, anchor.hash, len(anchor.signature)) == ("host-0", 10, "a" * 64, 128)


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b"[]\n", b"null\n", b"\xff\n", b'{"chain":"x"}\n'])
def test_what_is_no_checkpoint_is_none(line: bytes) -> None:
    assert parse_checkpoint(line) is None
    assert parse_checkpoint(signed(CHECKPOINT, KEYS).line().replace(b'"seq":10', b'"seq": 10')) is None


def test_the_head_is_read_back_and_the_newer_slot_counts(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "head", KEYS, HEAD)
    file.write(replace(HEAD, seq=11))
    assert read_head(tmp_path / "head", KEYS) == (replace(HEAD, seq=11), "")
    file.write(replace(HEAD, seq=12, closed=True))
    file.close()
    assert read_head(tmp_path / "head", KEYS) == (replace(HEAD, seq=12, closed=True), "")
    assert read_head(tmp_path / "head", None)[0] is not None
    assert read_head(tmp_path / "head", OTHER_KEYS) == (None, "the head was changed")


def test_a_head_cut_away_or_changed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "head"
    assert read_head(path, KEYS) == (None, "the head is missing")
    HeadFile(path, KEYS, HEAD).close()
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert read_head(path, KEYS) == (None, "the head has the wrong size")
    for place in (0, 10, SLOT_BYTES - 1, SLOT_BYTES, 2 * SLOT_BYTES - 1):
        path.write_bytes(content[:place] + b"X" + content[place + 1 :])
        assert read_head(path, KEYS) == (None, "the head was changed")


def test_keys_come_from_purposes_and_are_not_shown() -> None:
    keys = AuditKeys.derive(lambda purpose: purpose.encode().ljust(64, b"."))
    assert keys.signing_seed != keys.head_key
    assert len(keys.public_key) == 32
    assert "audit" not in repr(keys)
