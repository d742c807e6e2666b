"""The current policy, followed as its folder and the store's grants change."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.model.errors import ConfigurationError
from gateway.model.event import EventKind
from gateway.policy.bundle import CASES, MASKING, MODEL, POLICY, QUERIES, Bundle, load_bundle
from gateway.policy.grants import Grant
from gateway.policy.snapshot import PolicySnapshot, compile_policy

_log = logging.getLogger(__name__)
_FILES = frozenset({MODEL, POLICY, QUERIES, MASKING})
POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """What happened to the policy, for the audit log: POLICY_LOADED with its version, or POLICY_REJECTED and why."""

    kind: EventKind
    version: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Stamp:
    """The folder as its directory entries tell: cheap to look at three times a second."""

    entries: tuple[tuple[str, int, int, int], ...]


class PolicyService:
    """Holds the snapshot that decides. A bad bundle on disk never replaces a good one: it is reported, once, and waited out.

    `current` is swapped in one assignment; whoever keeps answers compares it by identity to know that they are old.
    `on_event` is called on the thread of the event loop, for every bundle taken and for every one refused.
    """

    def __init__(
        self,
        directory: Path,
        *,
        on_event: Callable[[PolicyEvent], None] | None = None,
        poll_seconds: float = POLL_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Loads the bundle. Raises ConfigurationError where there is none to begin with."""
        self._directory = directory
        self._on_event = on_event or (lambda _event: None)
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._grants: tuple[Grant, ...] = ()
        self.problem = ""
        """Why the newest bundle on disk is not in force; empty where it is."""
        self.loaded_at = 0.0
        self._stamp = _stamp(directory)
        self._current = compile_policy(load_bundle(directory))
        self._told("")

    @property
    def current(self) -> PolicySnapshot:
        return self._current

    @property
    def version(self) -> str:
        return self._current.version

    def set_grants(self, grants: Sequence[Grant]) -> None:
        """The store's grants have changed. Those that end by the clock need no call."""
        self._grants = tuple(grants)
        self._current = self._current.with_grants(self._grants)

    def reload(self) -> bool:
        """Look at the folder now (SIGHUP). True if a new bundle decides from here on."""
        self._stamp = _stamp(self._directory)
        return self._take(_attempt(self._directory))

    async def watch(self) -> None:
        """Follow the folder until cancelled. Reading and compiling happen beside the event loop."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            stamp = await asyncio.to_thread(_stamp, self._directory)
            if stamp == self._stamp:
                continue
            attempt = await asyncio.to_thread(_attempt, self._directory)
            if await asyncio.to_thread(_stamp, self._directory) == stamp:
                # Otherwise it was written to while it was read: the next round sees it whole.
                self._stamp = stamp
                self._take(attempt)

    def _take(self, attempt: PolicySnapshot | str) -> bool:
        if isinstance(attempt, str):
            if attempt != self.problem:
                _log.error("the policy bundle is not taken, %s stays in force:\n%s", self.version, attempt)
                self.problem = attempt
                self._on_event(PolicyEvent(EventKind.POLICY_REJECTED, self.version, attempt))
            return False
        changed = attempt.version != self.version
        recovered = bool(self.problem)
        before = self.version
        if changed:
            self._current = attempt.with_grants(self._grants)
        if changed or recovered:
            self._told(before)
        return changed

    def _told(self, before: str) -> None:
        self.problem = ""
        self.loaded_at = self._clock()
        bundle: Bundle = self._current.bundle
        detail = f"{len(bundle.rules)} rules from {self._directory}" + (f", in place of {before}" if before else "")
        _log.info("policy %s: %s", self.version, detail)
        self._on_event(PolicyEvent(EventKind.POLICY_LOADED, self.version, detail))


def _attempt(directory: Path) -> PolicySnapshot | str:
    """The bundle compiled, or what is wrong with it."""
    try:
        return compile_policy(load_bundle(directory))
    except ConfigurationError as error:
        return str(error)


def _stamp(directory: Path) -> _Stamp:
    entries: list[tuple[str, int, int, int]] = []
    for folder, prefix in ((directory, ""), (directory / CASES, f"{CASES}/")):
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    if entry.name in _FILES or (prefix and entry.name.endswith(".toml")):
                        status = entry.stat()
                        entries.append((prefix + entry.name, status.st_mtime_ns, status.st_size, status.st_ino))
        except (FileNotFoundError, NotADirectoryError):
            # Gone, or between two renames: a stamp of its own, and loading says what is missing.
            entries.append((f"{prefix}missing", 0, 0, 0))
    return _Stamp(tuple(sorted(entries)))
