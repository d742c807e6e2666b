"""Proof of one record to somebody who has neither the log nor the gateway: with the public key alone, offline.

A proof holds the record's line, the hashes of the records in its leaf of the Merkle tree, the nodes beside the way to the root,
and the checkpoint that signs the root (RFC 9162, section 2.1.3). It tells nothing of other records but their hashes.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from gateway.audit import files
from gateway.audit.chain import HASH_KEY, TAIL_BYTES
from gateway.audit.checkpoint import Checkpoint, checkpoint_signature_valid, parse_checkpoint
from gateway.audit.merkle import RECORDS_PER_LEAF, audit_path, root_above
from gateway.model.errors import NotFound

FORMAT: Final = "gateway audit proof 1"
_HASH: Final = slice(-66, -2)  # of a line without its newline


@dataclass(frozen=True, slots=True)
class Proof:
    """`record` and `checkpoint` are lines as they stand in the log, without and with their newline."""

    record: bytes
    leaf: tuple[bytes, ...]
    path: tuple[bytes, ...]
    checkpoint: bytes

    def dump(self) -> str:
        document = {
            "format": FORMAT,
            "record": self.record.decode(),
            "leaf": [value.decode() for value in self.leaf],
            "path": [value.hex() for value in self.path],
            "checkpoint": self.checkpoint.decode(),
        }
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def load_proof(text: str) -> Proof:
    """Raises ValueError for what is no proof."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'not of the format "{FORMAT}"')
    try:
        leaf = tuple(value.encode("ascii") for value in document["leaf"])
        path = tuple(map(bytes.fromhex, document["path"]))
        return Proof(document["record"].encode(), leaf, path, document["checkpoint"].encode())
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a part is missing or of the wrong kind: {error}") from None


def prove(directory: Path, chain: str, seq: int) -> Proof:
    """Read record `seq` of a chain below `audit.dir` and what proves it. Raises NotFound, OSError."""
    folder = directory / chain
    checkpoint = _covering(folder, seq)
    lines = _records(folder, checkpoint.first, checkpoint.seq)
    hashes = [line[_HASH] for line in lines]
    index = seq - checkpoint.first
    begin = index // RECORDS_PER_LEAF * RECORDS_PER_LEAF
    leaf = tuple(hashes[begin : begin + RECORDS_PER_LEAF])
    return Proof(lines[index], leaf, tuple(audit_path(hashes, index)), checkpoint.line())


def proof_fault(proof: Proof, public_key: bytes) -> str:
    """What is wrong with a proof; "" where the record was in the gateway's log as it stands here."""
    checkpoint = parse_checkpoint(proof.checkpoint)
    if checkpoint is None:
        return "the checkpoint cannot be read"
    if not checkpoint_signature_valid(checkpoint, public_key):
        return "the checkpoint's signature is not of this key"
    body, tail = proof.record[:-TAIL_BYTES], proof.record[-TAIL_BYTES:]
    digest = sha256(body).hexdigest().encode()
    if tail != HASH_KEY + digest + b'"}':
        return "the record was changed: its hash does not fit its content"
    number = body.removeprefix(b'{"seq":').partition(b",")[0]
    seq = int(number) if number.isdigit() and len(number) < 20 else 0
    if not checkpoint.first <= seq <= checkpoint.seq:
        return "the checkpoint does not cover the record"
    index, size = seq - checkpoint.first, checkpoint.seq - checkpoint.first + 1
    begin = index // RECORDS_PER_LEAF * RECORDS_PER_LEAF
    if len(proof.leaf) != min(RECORDS_PER_LEAF, size - begin) or proof.leaf[index - begin] != digest:
        return "the record is not in the leaf of its number"
    if root_above(list(proof.leaf), index, size, list(proof.path)) != checkpoint.root:
        return "the way from the record does not lead to the root that was signed"
    return ""


def _covering(folder: Path, seq: int) -> Checkpoint:
    path = folder / files.CHECKPOINTS
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        checkpoint = parse_checkpoint(line)
        if checkpoint is not None and checkpoint.first <= seq <= checkpoint.seq:
            return checkpoint
    raise NotFound(f"no checkpoint covers record {seq} of {folder.name} (the next one is written within seconds)")


def _records(folder: Path, first: int, last: int) -> list[bytes]:
    """The lines of records `first`..`last`, without their newlines."""
    segments = files.segments(folder)
    starts = [files.first_seq(path) for path in segments]
    found: list[bytes] = []
    for path, start, following in zip(segments, starts, [*starts[1:], last + 1], strict=True):
        if following <= first or start > last:
            continue
        with path.open("rb") as file:
            for seq, line in enumerate(file, start):
                if seq > last or line == b"\n":  # room made ahead of the records
                    break
                if seq >= first:
                    found.append(line.rstrip(b"\n"))
    if len(found) != last - first + 1:
        raise NotFound(f"records {first} to {last} of {folder.name} are not all there: verify the log")
    return found
