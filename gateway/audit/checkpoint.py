"""Signed checkpoints: what the chain was at a moment, provable with the public key alone (RFC 9162's signed tree heads).

One line each in `checkpoints.jsonl`. The signature covers the line's exact bytes before `,"signature":`; `prev` is the SHA-256
of the checkpoint line before, so none can be taken out. `chains` names the sibling chains at that moment: a chain that is
missing later was removed.
"""

import json
from dataclasses import dataclass, replace
from hashlib import sha256

from gateway.audit.keys import AuditKeys, signature_valid

SIGNATURE_KEY = b',"signature":"'
NO_CHECKPOINT = "0" * 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Records `first`..`seq` of `chain` have the Merkle root `root`; record `seq` has `hash`. `time` is in Unix seconds."""

    chain: str
    first: int
    seq: int
    time: float
    hash: str
    root: str
    chains: tuple[str, ...]
    prev: str
    signature: str = ""

    def message(self) -> bytes:
        fields = {
            "chain": self.chain,
            "first": self.first,
            "seq": self.seq,
            "time": self.time,
            "hash": self.hash,
            "root": self.root,
            "chains": list(self.chains),
            "prev": self.prev,
        }
        return json.dumps(fields, separators=(",", ":")).encode()[:-1]

    def line(self) -> bytes:
        return b'%b,"signature":"%b"}\n' % (self.message(), self.signature.encode())

    def digest(self) -> str:
        return sha256(self.line()).hexdigest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint as it is kept outside the log's folder (store: audit_anchors). `time` is in Unix seconds."""

    chain: str
    seq: int
    hash: str
    time: float
    signature: str


def anchor_of(checkpoint: Checkpoint) -> Anchor:
    return Anchor(checkpoint.chain, checkpoint.seq, checkpoint.hash, checkpoint.time, checkpoint.signature)


def signed(checkpoint: Checkpoint, keys: AuditKeys) -> Checkpoint:
    signature = keys.sign(checkpoint.message()).hex()
    return replace(checkpoint, signature=signature)


def parse_checkpoint(line: bytes) -> Checkpoint | None:
    """The checkpoint, if the line is byte for byte what `line()` writes."""
    try:
        fields = json.loads(line)
        checkpoint = Checkpoint(**{**fields, "chains": tuple(fields["chains"])})
        exact = checkpoint.line() == line
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return checkpoint if exact else None


def checkpoint_signature_valid(checkpoint: Checkpoint, public_key: bytes) -> bool:
    try:
        signature = bytes.fromhex(checkpoint.signature)
    except ValueError:
        return False
    return signature_valid(public_key, checkpoint.message(), signature)
