"""caching_sha2_password's cache: what lets a second login of the same user be fast.

After a full authentication SHA256(SHA256(password)) stays in memory, bound to the stored verifier that the password matched: a
changed password makes the entry worthless at once. It never leaves this process.
"""

import hashlib
from collections import OrderedDict

from gateway.wire.mysql.auth import check_sha2, sha2_cache_entry


class FastLogins:
    """At most `capacity` users; the longest untouched are forgotten."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()

    def check(self, user: str, verifier: str, response: bytes, nonce: bytes) -> bool:
        """Whether the scramble proves the password that was last seen to match this very verifier."""
        entry = self._entries.get(user)
        if entry is None:
            return False
        bound, digest = entry
        if bound != _binding(verifier):
            del self._entries[user]
            return False
        self._entries.move_to_end(user)
        return check_sha2(response, nonce, digest)

    def keep(self, user: str, verifier: str, password: bytes) -> None:
        """The password was checked against the verifier and is right."""
        self._entries[user] = _binding(verifier), sha2_cache_entry(password)
        self._entries.move_to_end(user)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _binding(verifier: str) -> bytes:
    return hashlib.sha256(verifier.encode()).digest()
