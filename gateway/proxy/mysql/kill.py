"""KILL: whose session is behind a connection id, in this process and in others.

A user reaches their own sessions by the id that the gateway told them, or by the server's, which CONNECTION_ID() shows. Other
workers and gateways are reached as with PostgreSQL's cancel requests: by a digest that only gateways can make, of the id and
the user's name. Everything else is the server's business and needs `admin`.
"""

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.proxy.cancel import CancelAction, CancelKey, CancelRegistry

_KILL: Final = re.compile(
    r"[ \t\r\n]*KILL[ \t\r\n]+(?:(?:HARD|SOFT)[ \t\r\n]+)?(?:(?P<query>QUERY)[ \t\r\n]+|CONNECTION[ \t\r\n]+)?"
    r"(?P<id>[0-9]{1,10})[ \t\r\n]*;?[ \t\r\n]*",
    re.IGNORECASE | re.ASCII,
)
_WHOLE: Final = 1 << 31  # the upper half of the numbers: the session itself, not only what it runs
_OURS: Final = 1 << 30  # ids of gateways have this bit and not the one above it; servers count up from 1


@dataclass(frozen=True, slots=True)
class Kill:
    connection_id: int
    query_only: bool


def parse_kill(text: str) -> Kill | None:
    """KILL with a plain number; anything else that begins like it is judged as any statement."""
    found = _KILL.fullmatch(text)
    return None if found is None else Kill(int(found["id"]), found["query"] is not None)


@dataclass(frozen=True, slots=True)
class _Entry:
    user: str
    server: tuple[str, int]
    cancel: CancelAction
    end: Callable[[], None]


class Killer:
    """One for all MySQL sessions of a process. `secret` is the same on every gateway of one store."""

    def __init__(self, cancels: CancelRegistry, secret: bytes) -> None:
        self._cancels = cancels
        self._secret = secret
        self._sessions: dict[int, _Entry] = {}

    def free_id(self) -> int:
        """A connection id that no session of this process has."""
        while (number := secrets.randbelow(_OURS) | _OURS) in self._sessions:
            continue
        return number

    def elsewhere(self, instance: str, number: int) -> bool:
        """Whether the number can be that of a session in another process. TiDB's own ids may look the same: there, who may end
        anybody's session means those."""
        ours = _OURS <= number < _WHOLE and number not in self._sessions
        return ours and all(entry.server != (instance, number) for entry in self._sessions.values())

    def enter(self, number: int, user: str, server: tuple[str, int], *, cancel: CancelAction, end: Callable[[], None]) -> None:
        """`server` is (instance, the connection id there); `end` ends the session."""

        async def end_it() -> None:
            end()

        self._sessions[number] = _Entry(user, server, cancel, end)
        self._cancels.enter(self._key(number, user), cancel)
        self._cancels.enter(self._key(number | _WHOLE, user), end_it)

    def leave(self, number: int) -> None:
        entry = self._sessions.pop(number, None)
        if entry is not None:
            self._cancels.forget(self._key(number, entry.user))
            self._cancels.forget(self._key(number | _WHOLE, entry.user))

    def find(self, user: str, instance: str, number: int) -> int | None:
        """The user's own session in this process that the number means; None: none of theirs."""
        entry = self._sessions.get(number)
        if entry is not None and entry.user == user:
            return number
        for own, other in self._sessions.items():
            if other.user == user and other.server == (instance, number):
                return own
        return None

    def server_id(self, instance: str, number: int) -> int | None:
        """The server's id of anybody's session on this instance, by the gateway's: for those who may `admin`."""
        entry = self._sessions.get(number)
        return entry.server[1] if entry is not None and entry.server[0] == instance else None

    async def kill(self, user: str, number: int, *, query_only: bool) -> None:
        """A session of this user's, wherever it is. Silent where there is none."""
        key = self._key(number if query_only else number | _WHOLE, user)
        await self._cancels.cancel(key.process_id, key.secret)

    def _key(self, number: int, user: str) -> CancelKey:
        return CancelKey(number, hmac.digest(self._secret, user.encode("utf-8", "surrogatepass"), "sha256"))
