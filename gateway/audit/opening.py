"""Taking a chain over: its folder, its lock, its state; a damaged one is left as evidence and its next generation begun."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from gateway.audit import files
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.disk import Disk
from gateway.audit.keys import AuditKeys
from gateway.audit.recovery import ChainState, Damaged, read_state
from gateway.model.errors import AuditUnavailable

logger = logging.getLogger(__name__)


def open_chain(
    directory: Path,
    chain: str,
    keys: AuditKeys,
    *,
    segment_bytes: int,
    fill: bool,
    on_checkpoint: Callable[[Checkpoint], None],
) -> tuple[Disk, int]:
    """The chain's files, ready to be written, and the descriptor of its lock. Raises AuditUnavailable, OSError.

    fill            make room ahead of a busy segment
    on_checkpoint   called in the commit thread with each checkpoint
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    _publish_key(directory, keys)
    notes: list[dict[str, object]] = []
    generation = files.latest_generation(directory, chain)
    while True:
        folder = directory / files.generation_name(chain, generation)
        folder.mkdir(exist_ok=True, mode=0o700)
        lock_file = files.lock_chain(folder)
        if lock_file is None:
            raise AuditUnavailable(f"audit log unavailable: another process writes the chain {folder.name}")
        try:
            state: ChainState = read_state(folder, keys)
            break
        except Damaged as damage:
            os.close(lock_file)
            logger.error("audit chain %s is damaged and left as it is: %s", folder.name, damage)  # noqa: TRY400
            notes.append({"change": "audit.damaged", "chain": folder.name, "reason": str(damage)})
            generation += 1
    state.notes[:0] = notes
    return Disk(folder, keys, segment_bytes, state, on_checkpoint, fill), lock_file


def _publish_key(directory: Path, keys: AuditKeys) -> None:
    """Beside the chains, so that those who only have the files can check the signatures."""
    path = directory / files.PUBLIC_KEY
    text = f"{keys.public_key.hex()}\n"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
