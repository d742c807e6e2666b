"""Cancel keys: each session has its own, mapped to the server's, which no client ever sees.

A cancel request is a new connection that carries a process id and a secret (chapter "Canceling Requests in Progress").
It is never answered, right or wrong. Where this process does not know the session, the request's digest goes to the other
workers and gateways.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.model.errors import StoreUnavailable
from gateway.proxy.ports import CancelForwarder

log = logging.getLogger(__name__)

_FORWARDS_AT_ONCE = 32  # anybody may send wrong keys: more than so many are dropped, not queued

CancelAction = Callable[[], Awaitable[None]]
"""Cancels what runs at the server, once; never raises for a server that is gone."""


@dataclass(frozen=True, slots=True)
class CancelKey:
    process_id: int
    secret: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """What other workers know the key by: it cannot be turned back into a key."""
        material = self.process_id.to_bytes(4, "big") + self.secret
        return hashlib.sha256(b"gateway cancel key\0" + material).hexdigest()


class CancelRegistry:
    """The sessions of this process by process id. Ids are random, so that workers need not agree on them."""

    def __init__(self, forwarder: CancelForwarder | None = None) -> None:
        self._forwarder = forwarder
        self._sessions: dict[int, tuple[CancelKey, CancelAction]] = {}
        self._by_digest: dict[str, int] = {}
        self._forwarding = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def register(self, action: CancelAction, secret_bytes: int) -> CancelKey:
        """A new key: 4 bytes of secret for protocol 3.0, 32 from 3.2 on."""
        process_id = secrets.randbelow(2**31 - 2) + 1
        while process_id in self._sessions:
            process_id = secrets.randbelow(2**31 - 2) + 1
        key = CancelKey(process_id, secrets.token_bytes(secret_bytes))
        self.enter(key, action)
        return key

    def enter(self, key: CancelKey, action: CancelAction) -> None:
        """A key that the caller made, for an id that is free."""
        self._sessions[key.process_id] = key, action
        self._by_digest[key.digest] = key.process_id

    def forget(self, key: CancelKey) -> None:
        if self._sessions.pop(key.process_id, None) is not None:
            self._by_digest.pop(key.digest, None)

    async def cancel(self, process_id: int, secret: bytes) -> None:
        """A client's request. Silent in every case."""
        entry = self._sessions.get(process_id)
        if entry is not None and hmac.compare_digest(entry[0].secret, secret):
            await entry[1]()
        elif self._forwarder is not None and self._forwarding < _FORWARDS_AT_ONCE:
            self._forwarding += 1
            try:
                await self._forwarder.forward(CancelKey(process_id, secret).digest)
            except StoreUnavailable as error:
                log.warning("a cancel request could not be passed to the other workers: %s", error)
            finally:
                self._forwarding -= 1

    async def cancel_by_digest(self, digest: str) -> bool:
        """Another worker's request: whether the session is here. The digest is looked up, not compared byte by byte:
        whoever can choose digests so finely must already be inside the store."""
        process_id = self._by_digest.get(digest)
        if process_id is None:
            return False
        await self._sessions[process_id][1]()
        return True
