"""Rows read today, counted by all workers of a gateway in one file that each has in its memory.

A count is there at once for every worker, and asking whether more may be read and counting it are one step, under a lock of
some microseconds: statements that run at the same moment share what is left exactly. The file outlives the processes, so what
a killed worker had counted is not lost; if it is gone, the store knows what it was told, under this table's old name.

    header   magic 8 · name 16 · nothing 40
    slot     digest of person and path 24 · day 4 · nothing 4 · rows counted here 8 · rows counted elsewhere 8
"""

import errno
import fcntl
import hashlib
import mmap
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Final, Self

from gateway.model.errors import ConfigurationError, GatewayError

_MAGIC: Final = b"gwrows1\0"
_HEADER: Final = Struct("<8s16s40x")
_WHOSE: Final = Struct("<24sI4x")
_COUNT: Final = Struct("<q")
_SLOT: Final = _WHOSE.size + 2 * _COUNT.size
_SLOTS: Final = 1 << 16  # persons times relations with a daily limit
_SIZE: Final = _HEADER.size + _SLOTS * _SLOT
_PROBES: Final = 64


class TableFull(GatewayError):
    """So many persons have read so many relations today that one more pair cannot be counted."""


class DayTable:
    """`name` tells this table from other gateways' in the store."""

    def __init__(self, descriptor: int, memory: mmap.mmap) -> None:
        self._descriptor = descriptor
        self._memory = memory
        self.name = bytes(_HEADER.unpack_from(memory)[1]).hex()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make the file where there is none, or one of another form. Raises ConfigurationError."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.parent.stat().st_uid != os.geteuid():
                raise ConfigurationError(f"{path.parent} belongs to somebody else")
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ConfigurationError(f"rows of the day cannot be counted in {path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_size != _SIZE or os.pread(descriptor, len(_MAGIC), 0) != _MAGIC:
                _begin(descriptor)
            memory = mmap.mmap(descriptor, _SIZE)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        except OSError as error:
            os.close(descriptor)
            raise ConfigurationError(f"rows of the day cannot be counted in {path}: {error.strerror}") from error
        return cls(descriptor, memory)

    def close(self) -> None:
        self._memory.close()
        os.close(self._descriptor)

    def counted(self, user: str, path: str, day: int) -> tuple[int, int]:
        """Rows counted here, and elsewhere as far as was heard."""
        place = self._find(_digest(user, path), day)
        return (0, 0) if place is None else self._counts(place)

    def hear(self, user: str, path: str, day: int, elsewhere: int) -> None:
        """What other gateways have counted; a worker that asked earlier may hear later. Raises TableFull."""
        if not elsewhere:  # no slot for what nobody reads
            return
        with self._locked():
            place = self._place(user, path, day) + _WHOSE.size + _COUNT.size
            _COUNT.pack_into(self._memory, place, max(elsewhere, *_COUNT.unpack_from(self._memory, place)))

    def take(self, user: str, limits: Sequence[tuple[str, int]], day: int, rows: int) -> bool:
        """Count so many rows of each path if none of them passes its limit by it; all or nothing. Raises TableFull."""
        with self._locked():
            places = [(self._place(user, path, day), limit) for path, limit in limits]
            counts = [sum(self._counts(place)) for place, _ in places]
            if any(count + rows > limit for count, (_, limit) in zip(counts, places, strict=True)):
                return False
            for place, _ in places:
                _COUNT.pack_into(self._memory, place + _WHOSE.size, self._counts(place)[0] + rows)
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The kernel releases the lock of a process that dies."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _counts(self, place: int) -> tuple[int, int]:
        first = place + _WHOSE.size
        (here,), (elsewhere,) = _COUNT.unpack_from(self._memory, first), _COUNT.unpack_from(self._memory, first + _COUNT.size)
        return here, elsewhere

    def _find(self, digest: bytes, day: int) -> int | None:
        whose = _WHOSE.pack(digest, day)
        return next((place for place in _places(digest) if self._memory[place : place + _WHOSE.size] == whose), None)

    def _place(self, user: str, path: str, day: int) -> int:
        """The slot, taken from another day's where there is none. Under the lock."""
        digest = _digest(user, path)
        place = self._find(digest, day)
        if place is not None:
            return place
        for place in _places(digest):
            if _WHOSE.unpack_from(self._memory, place)[1] != day:
                self._memory[place : place + _SLOT] = _WHOSE.pack(digest, day) + bytes(2 * _COUNT.size)
                return place
        raise TableFull("gateway: too many persons and relations have rows counted today; nothing more can be counted")


def _begin(descriptor: int) -> None:
    """A new table. Its room on disk is taken now: a write to memory for which there is none later ends the process."""
    os.ftruncate(descriptor, 0)
    table = bytearray(_SIZE)
    _HEADER.pack_into(table, 0, _MAGIC, secrets.token_bytes(16))
    if os.pwrite(descriptor, table, 0) != _SIZE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _digest(user: str, path: str) -> bytes:
    return hashlib.sha256(f"{user}\0{path}".encode("utf-8", "surrogatepass")).digest()[:24]


def _places(digest: bytes) -> Iterator[int]:
    first = int.from_bytes(digest[:4])
    return (_HEADER.size + (first + step) % _SLOTS * _SLOT for step in range(_PROBES))
