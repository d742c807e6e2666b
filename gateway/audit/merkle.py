"""Merkle Tree Hash of RFC 9162, section 2.1.1, over the records of one checkpoint.

A leaf entry is not one record but the `hash` values of up to 256 consecutive records, joined as they stand in the log: one
hash for 256 records keeps the tree off the statement path, and a proof of one record is 16 KB plus the path.
"""

from collections.abc import Iterable
from hashlib import sha256

RECORDS_PER_LEAF = 256


class Tree:
    """Grows by record hashes (64 hexadecimal bytes each); holds 32 bytes for 256 records."""

    __slots__ = ("_leaves", "_open", "size")

    def __init__(self) -> None:
        self._leaves: list[bytes] = []
        self._open: list[bytes] = []
        self.size = 0

    def add(self, record_hashes: Iterable[bytes]) -> None:
        pending = self._open
        before = len(pending)
        pending.extend(record_hashes)
        self.size += len(pending) - before
        while len(pending) >= RECORDS_PER_LEAF:
            self._leaves.append(_leaf(pending[:RECORDS_PER_LEAF]))
            del pending[:RECORDS_PER_LEAF]

    def root(self) -> str:
        """The tree's head so far, in hexadecimal."""
        leaves = [*self._leaves, _leaf(self._open)] if self._open else list(self._leaves)
        return _tree_head(leaves).hex()


def _leaf(hashes: list[bytes]) -> bytes:
    return sha256(b"\x00" + b"".join(hashes)).digest()


def _tree_head(leaves: list[bytes]) -> bytes:
    """Pairing neighbours and carrying an odd last one up gives the RFC's recursive split at the largest power of two."""
    if not leaves:
        return sha256(b"").digest()
    while len(leaves) > 1:
        paired = [sha256(b"\x01" + left + right).digest() for left, right in zip(leaves[::2], leaves[1::2], strict=False)]
        leaves = paired + leaves[len(paired) * 2 :]
    return leaves[0]
