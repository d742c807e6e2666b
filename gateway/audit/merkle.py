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


def audit_path(record_hashes: list[bytes], index: int) -> list[bytes]:
    """The nodes beside the way from record `index` (from 0) to the root (RFC 9162, section 2.1.3.1)."""
    nodes = [_leaf(record_hashes[at : at + RECORDS_PER_LEAF]) for at in range(0, len(record_hashes), RECORDS_PER_LEAF)]
    place, path = index // RECORDS_PER_LEAF, []
    while len(nodes) > 1:
        if place ^ 1 < len(nodes):
            path.append(nodes[place ^ 1])
        nodes, place = _above(nodes), place // 2
    return path


def root_above(leaf_hashes: list[bytes], index: int, size: int, path: list[bytes]) -> str | None:
    """The root over `size` records, from the hashes in the leaf of record `index` and its audit path, in hexadecimal; None
    where the path does not fit (RFC 9162, section 2.1.3.2)."""
    node, place, count = _leaf(leaf_hashes), index // RECORDS_PER_LEAF, -(-size // RECORDS_PER_LEAF)
    waiting = list(path)
    while count > 1:
        if place ^ 1 < count:
            if not waiting:
                return None
            beside = waiting.pop(0)
            node = sha256(b"\x01" + (beside + node if place & 1 else node + beside)).digest()
        place, count = place // 2, (count + 1) // 2
    return None if waiting else node.hex()


def _leaf(hashes: list[bytes]) -> bytes:
    return sha256(b"\x00" + b"".join(hashes)).digest()


def _tree_head(leaves: list[bytes]) -> bytes:
    """Pairing neighbours and carrying an odd last one up gives the RFC's recursive split at the largest power of two."""
    if not leaves:
        return sha256(b"").digest()
    while len(leaves) > 1:
        leaves = _above(leaves)
    return leaves[0]


def _above(nodes: list[bytes]) -> list[bytes]:
    paired = [sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
    return paired + nodes[len(paired) * 2 :]
