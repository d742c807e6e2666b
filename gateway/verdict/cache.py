"""A mapping that forgets what was used least recently before it outgrows its bytes."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Two generations instead of a linked list: a hit in the old one moves the entry to the young one; when the young one
    is full it becomes the old one and the old one is dropped. At most `limit` bytes stand in each, as told by `put`."""

    __slots__ = ("_limit", "_old", "_size", "_young", "hits", "misses")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._young: dict[Key, tuple[Value, int]] = {}
        self._old: dict[Key, tuple[Value, int]] = {}
        self._size = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._young) + sum(key not in self._young for key in self._old)

    def get(self, key: Key) -> Value | None:
        entry = self._young.get(key)
        if entry is None:
            entry = self._old.get(key)
            if entry is None:
                self.misses += 1
                return None
            self.put(key, *entry)
        self.hits += 1
        return entry[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """`size` in bytes, of key and value together. What is larger than a quarter of the limit is not kept."""
        if size * 4 > self._limit:
            return
        replaced = self._young.pop(key, None)
        if replaced is not None:
            self._size -= replaced[1]
        if self._size + size > self._limit:
            self._old, self._young, self._size = self._young, {}, 0
        self._young[key] = (value, size)
        self._size += size

    def clear(self) -> None:
        self._young.clear()
        self._old.clear()
        self._size = 0
