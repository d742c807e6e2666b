"""The head: where a chain stands, under a MAC, so that a tail cut off with all its records is noticed.

Two slots of 512 bytes (one disk sector each), written in turn through a shared mapping after each commit, so never ahead of
what is durable. Nothing waits for the mapping itself to reach the disk: after a power failure the head may stand behind the
log, never before it.
"""

import json
import mmap
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.audit.files import sync_folder
from gateway.audit.keys import AuditKeys

SLOT_BYTES = 512


@dataclass(frozen=True, slots=True)
class Head:
    """The last durable record, where its line ends, how many checkpoints there are, and whether the writer left in order."""

    seq: int
    hash: str
    segment: str
    offset: int
    checkpoints: int
    closed: bool

    def message(self) -> bytes:
        return _message(self.seq, self.hash.encode(), self.segment.encode(), self.offset, self.checkpoints, self.closed)


def _message(  # noqa: PLR0917 -- once a commit, as `HeadFile.advance`
    seq: int, digest: bytes, segment: bytes, offset: int, checkpoints: int, closed: bool
) -> bytes:
    return b'{"seq":%d,"hash":"%b","segment":"%b","offset":%d,"checkpoints":%d,"closed":%b' % (
        seq,
        digest,
        segment,
        offset,
        checkpoints,
        b"true" if closed else b"false",
    )


class HeadFile:
    """The writer's side."""

    __slots__ = ("_keys", "_map", "_slot")

    def __init__(self, path: Path, keys: AuditKeys, head: Head) -> None:
        self._keys = keys
        created = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, 2 * SLOT_BYTES)  # a full disk is an error here, not SIGBUS at the first store
            os.ftruncate(descriptor, 2 * SLOT_BYTES)
            self._map = mmap.mmap(descriptor, 2 * SLOT_BYTES)
        finally:
            os.close(descriptor)
        self._slot = 0
        self.write(head)
        self.write(head)
        if created:
            self._map.flush()
            sync_folder(path.parent)

    def write(self, head: Head) -> None:
        self._write(head.message())

    def advance(self, seq: int, digest: bytes, segment: bytes, offset: int, checkpoints: int) -> None:
        """The head behind one more commit, from its parts as they are at hand: nothing is made of them but bytes."""
        self._write(_message(seq, digest, segment, offset, checkpoints, False))

    def _write(self, message: bytes) -> None:
        text = b'%b,"mac":"%b"}' % (message, self._keys.head_mac(message))
        self._map[self._slot : self._slot + SLOT_BYTES] = text.ljust(SLOT_BYTES - 1) + b"\n"
        self._slot ^= SLOT_BYTES

    def close(self) -> None:
        self._map.flush()
        self._map.close()


def read_head(path: Path, keys: AuditKeys | None) -> tuple[Head | None, str]:
    """The newer slot and "", or None and what is wrong. Both slots must be whole; without keys their MACs are not checked."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None, "the head is missing"
    if len(content) != 2 * SLOT_BYTES:
        return None, "the head has the wrong size"
    heads = []
    for start in (0, SLOT_BYTES):
        head = _read_slot(content[start : start + SLOT_BYTES], keys)
        if head is None:
            return None, "the head was changed"
        heads.append(head)
    return max(heads, key=lambda head: (head.seq, head.checkpoints, head.closed)), ""


def _read_slot(slot: bytes, keys: AuditKeys | None) -> Head | None:
    try:
        fields = json.loads(slot)
        mac = str(fields.pop("mac")).encode()
        head = Head(**fields)
        message = head.message()
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if slot != (b'%b,"mac":"%b"}' % (message, mac)).ljust(SLOT_BYTES - 1) + b"\n":
        return None
    if keys is not None and not keys.head_mac_valid(message, mac):
        return None
    return head
