"""Where a chain's files are, and how they are named.

    <audit.dir>/public_key                     Ed25519 public key, hexadecimal
    <audit.dir>/<chain>/00000000000000000001.jsonl   a segment, named after its first record's number
    <audit.dir>/<chain>/checkpoints.jsonl      signed checkpoints
    <audit.dir>/<chain>/head                   where the chain stands, with a MAC; rewritten with every commit
    <audit.dir>/<chain>/lock                   held by the one process that writes
    <audit.dir>/.index/<chain>/…               search index: disposable, proves nothing

A damaged chain is left as evidence and continued as its next generation: `host-0`, `host-0~2`, `host-0~3`.
"""

import fcntl
import os
import re
from pathlib import Path

PUBLIC_KEY = "public_key"
CHECKPOINTS = "checkpoints.jsonl"
HEAD = "head"
LOCK = "lock"
INDEX = ".index"
_SEGMENT = re.compile(r"\d{20}\.jsonl")
_CHAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(~\d+)?")


def segment_name(first_seq: int) -> str:
    return f"{first_seq:020d}.jsonl"


def first_seq(segment: Path) -> int:
    return int(segment.stem)


def segments(chain: Path) -> list[Path]:
    """The chain's segments in order."""
    try:
        return sorted(path for path in chain.iterdir() if _SEGMENT.fullmatch(path.name))
    except FileNotFoundError:
        return []


def data_end(segment: Path) -> int:
    """Behind the newline of the last line: a segment that is written to may have more newlines after it."""
    with segment.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 64 * 1024)
            file.seek(start)
            data = file.read(end - start).rstrip(b"\n")
            if data:
                return min(start + len(data) + 1, end)
            end = start
    return 0


def chains(directory: Path) -> list[Path]:
    """Every chain's folder below audit.dir, by name."""
    try:
        return sorted(path for path in directory.iterdir() if path.is_dir() and _CHAIN.fullmatch(path.name))
    except FileNotFoundError:
        return []


def chain_name(host: str, worker: int) -> str:
    """A name that stays the same over restarts and fits a file name."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '-', host).lstrip('.-_') or 'host'}-{worker}"


def latest_generation(directory: Path, name: str) -> int:
    """The highest generation of this chain that exists; 1 where there is none yet."""
    numbers = [1]
    for path in chains(directory):
        base, mark, number = path.name.partition("~")
        if base == name and mark:
            numbers.append(int(number))
    return max(numbers)


def generation_name(name: str, generation: int) -> str:
    return name if generation == 1 else f"{name}~{generation}"


def lock_chain(chain: Path) -> int | None:
    """Take the writer's lock: an open descriptor to keep, or None where another process holds it."""
    descriptor = os.open(chain / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def being_written(chain: Path) -> bool:
    """Whether a process holds the writer's lock at this moment."""
    try:
        descriptor = os.open(chain / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make created, renamed and removed names durable (POSIX: fsync of the directory)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
