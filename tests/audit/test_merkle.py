"""RFC 9162's Merkle Tree Hash, against its recursive definition."""

from hashlib import sha256

import pytest

from gateway.audit.merkle import RECORDS_PER_LEAF, Tree


def tree_hash(entries: list[bytes]) -> bytes:
    """Section 2.1.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return sha256(b"\x01" + tree_hash(entries[:split]) + tree_hash(entries[split:])).digest()


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000, 1280, 3000, 5000])
@pytest.mark.parametrize("step", [1, 100, 10_000])
def test_the_root_is_the_rfcs_whatever_the_groups(count: int, step: int) -> None:
    hashes = [sha256(b"%d" % number).hexdigest().encode() for number in range(count)]
    tree = Tree()
    for start in range(0, count, step):
        tree.add(hashes[start : start + step])
    leaves = [b"".join(hashes[start : start + RECORDS_PER_LEAF]) for start in range(0, count, RECORDS_PER_LEAF)]
    assert tree.root() == tree_hash(leaves).hex()
    assert tree.size == count
