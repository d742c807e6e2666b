"""Newlines ahead of a busy segment's records, written in the background, so that commits need not make the file grow.

Only a help: where it fails (a full disk) commits grow the file themselves, and say so if that fails too.
"""

import logging
import os
import threading
from pathlib import Path

logger = logging.getLogger(__name__)

FILL_BYTES = 4 * 1024 * 1024
_NEWLINES = b"\n" * (256 * 1024)


class Filler:
    """Belongs to the commit thread; the filling itself runs in a thread that lives as long as it takes (some milliseconds)."""

    def __init__(self, segment: Path, size: int, limit: int) -> None:
        self._segment = segment
        self._limit = limit
        self._end = size  # up to here the file exists, as records or as newlines
        self._thread: threading.Thread | None = None

    def keep_ahead(self, size: int) -> None:
        """Begin to fill where less than half of the room is left behind `size`."""
        if self._thread is not None and not self._thread.is_alive():
            self.wait()
        start = max(self._end, size)
        stop = min(start + FILL_BYTES, self._limit)
        if self._thread is None and stop > start and start - size < FILL_BYTES // 2:
            self._thread = threading.Thread(target=self._fill, args=(start, stop), name="audit-fill", daemon=True)
            self._thread.start()

    def make_room(self, stop: int) -> None:
        """Records are about to be written up to `stop`: never where newlines are still being written."""
        if stop > self._end:
            self.wait()
            self._end = max(self._end, stop)

    def wait(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _fill(self, start: int, stop: int) -> None:
        try:
            descriptor = os.open(self._segment, os.O_WRONLY | os.O_CLOEXEC)
            try:
                position = start
                while position < stop:
                    position += os.pwrite(descriptor, _NEWLINES[: stop - position], position)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._limit = start  # no more attempts in this segment
            logger.warning("no room could be made ahead of the audit log, commits are slower: %s", error)
        else:
            self._end = stop
