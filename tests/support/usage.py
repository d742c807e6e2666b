"""Rows of the day in memory, without table or store."""

from collections.abc import Iterable, Mapping


class MemoryUsage:
    """`proxy.obligations.Usage`. `elsewhere`: what other gateways read, heard of at a look."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], int] = {}
        self.elsewhere: dict[tuple[str, str], int] = {}
        self.looked: list[str] = []
        self.flushed = 0
        self._heard: dict[tuple[str, str], int] = {}

    def today(self, user: str, path: str) -> int:
        return self.rows.get((user, path), 0) + self._heard.get((user, path), 0)

    async def look(self, user: str, paths: Iterable[str]) -> None:
        for path in paths:
            self.looked.append(path)
            self._heard[user, path] = self.elsewhere.get((user, path), 0)

    def take(self, user: str, limits: Mapping[str, int], rows: int) -> bool:
        if any(self.today(user, path) + rows > limit for path, limit in limits.items()):
            return False
        for path in limits:
            self.rows[user, path] = self.rows.get((user, path), 0) + rows
        return True

    def flush_soon(self) -> None:
        self.flushed += 1
