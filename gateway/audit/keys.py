"""The keys of the audit log. Both come from the gateway's master key, so that whoever can only write files cannot forge.

Checkpoints are signed with Ed25519 (RFC 8032): anyone with the public key can prove the log offline. The head, rewritten with
every commit, carries a keyed BLAKE2b (RFC 7693, 1 µs): only the holder of the master key can check or make it.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNING_PURPOSE = "audit checkpoint signing"
HEAD_PURPOSE = "audit head"


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """What a writer needs: 32 bytes of Ed25519 seed, 32 bytes of MAC key."""

    signing_seed: bytes = field(repr=False)
    head_key: bytes = field(repr=False)

    @classmethod
    def derive(cls, derive: Callable[[str], bytes]) -> "AuditKeys":
        """From `SecretKey.derive` or any function from a purpose to at least 32 bytes."""
        return cls(derive(SIGNING_PURPOSE)[:32], derive(HEAD_PURPOSE)[:32])

    @property
    def public_key(self) -> bytes:
        """32 raw bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.signing_seed).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.signing_seed).sign(message)

    def head_mac(self, message: bytes) -> bytes:
        """64 hexadecimal characters."""
        return hashlib.blake2b(message, key=self.head_key, digest_size=32).hexdigest().encode()

    def head_mac_valid(self, message: bytes, mac: bytes) -> bool:
        return hmac.compare_digest(self.head_mac(message), mac)


def signature_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
