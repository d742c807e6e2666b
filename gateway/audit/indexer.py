"""Keeps the search index fresh in a process of its own, so that it takes nothing from the one that serves statements.

`IndexProcess` starts it and ends it; it also ends by itself when the gateway dies, because its standard input closes.
"""

import asyncio
import contextlib
import logging
import os
import select
import subprocess
import sys
from pathlib import Path

from gateway.audit import files
from gateway.audit.index import index_path, update_index

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
_STOP_SECONDS = 5.0


def update_all(directory: Path, known: dict[Path, int] | None = None) -> None:
    """Index every segment that has grown since `known` (path -> size then); indexes of removed segments go."""
    sizes = known if known is not None else {}
    for chain in files.chains(directory):
        segments = files.segments(chain)
        for segment in segments:
            size = files.data_end(segment)
            if size != sizes.get(segment):
                update_index(segment)
                sizes[segment] = size
        wanted = {index_path(segment) for segment in segments}
        for path in (directory / files.INDEX / chain.name).glob("*.sqlite"):
            if path not in wanted:
                path.unlink(missing_ok=True)


class IndexProcess:
    """The indexer beside a gateway."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "gateway.audit.indexer", str(self._directory)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.to_thread(process.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


def run(directory: Path) -> None:
    """Index until standard input closes."""
    with contextlib.suppress(OSError):
        os.nice(19)
    known: dict[Path, int] = {}
    while True:
        try:
            update_all(directory, known)
        except OSError as error:
            logger.warning("the audit index is behind: %s", error)
        readable, _, _ = select.select([sys.stdin], [], [], INTERVAL_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            return


if __name__ == "__main__":
    run(Path(sys.argv[1]))
