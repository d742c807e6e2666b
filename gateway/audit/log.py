"""The writer: records are queued on the event loop, chained there in groups, and made durable by one thread.

    append ──► pending ──► Chain.encode ──► commit thread: write, durable, head ──► waiters told
                 ▲  gathers while a commit is in flight                    │
                 └──────────────────── next group ◄────────────────────────┘

In `strict`, what begins something (a statement, a login, an issue's step) starts a commit at the end of the loop's turn;
outcomes (`statement.end`, `session.close`) ride along with the next group, at most 20 ms later. Where several sessions are
busy, a group waits a millisecond, two at most, for as many as the last one showed there to be: a commit costs the same for one
record as for a hundred. In `relaxed` everything rides on a 50 ms timer, and nobody waits.

When a group cannot be written the log has failed: waiters hear it, `append` refuses whatever would begin. The group is kept and
tried again; outcomes of what had begun are still taken, within a bound. Once a write succeeds the log is open again, and a
record says how long it was not.
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from gateway.audit.chain import Chain, Entry, Group
from gateway.audit.checkpoint import Anchor, Checkpoint, anchor_of
from gateway.audit.disk import Disk
from gateway.audit.encoding import fragment
from gateway.audit.keys import AuditKeys
from gateway.audit.opening import open_chain
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind

logger = logging.getLogger(__name__)

WhenDurable = Callable[[AuditUnavailable | None], None]

GROUP_RECORDS = 512
GATHER_SECONDS = 0.001
LAZY_SECONDS = 0.02
RELAXED_SECONDS = 0.05
PENDING_BYTES = 256 * 1024 * 1024
RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0)
_END = EventKind.STATEMENT_END
_CLOSE = EventKind.SESSION_CLOSE


class AuditLog:
    """One chain, one writer. Every method belongs to the event loop's thread.

    durable_position   every record up to this number is on disk (in `relaxed`: was accepted, and will be within 100 ms)
    synced_position    every record up to this number is on disk, whatever the durability
    """

    __slots__ = (
        "_anchor",
        "_busy",
        "_chain",
        "_checkpoint_seconds",
        "_checkpoint_timer",
        "_checkpoint_wanted",
        "_closing",
        "_commits",
        "_disk",
        "_failed_at",
        "_failure",
        "_gathered_for",
        "_gathering",
        "_group_urgent",
        "_idle",
        "_job",
        "_lock_file",
        "_loop",
        "_pending",
        "_pending_bytes",
        "_position",
        "_refused",
        "_retries",
        "_scheduled",
        "_strict",
        "_stuck",
        "_target",
        "_thread",
        "_timer",
        "_urgent",
        "_waiters",
        "_wake",
        "durable_position",
        "synced_position",
    )

    def __init__(
        self,
        disk: Disk,
        lock_file: int,
        *,
        strict: bool,
        checkpoint_seconds: float,
        on_anchor: Callable[[Anchor], None] | None,
    ) -> None:
        state = disk.state
        self._loop = asyncio.get_running_loop()
        self._disk = disk
        self._lock_file = lock_file
        self._strict = strict
        self._checkpoint_seconds = checkpoint_seconds
        self._anchor = on_anchor
        self._chain = Chain(state.seq, state.hash)
        self._position = self.durable_position = self.synced_position = state.seq
        self._pending: list[Entry] = []
        self._pending_bytes = 0
        self._waiters: deque[tuple[int, WhenDurable]] = deque()
        self._busy = self._scheduled = self._timer = self._gathering = False
        self._gathered_for = 0  # the commits there were when the group at hand began to gather
        self._closing = self._checkpoint_wanted = False
        self._urgent = self._group_urgent = 0  # records that somebody waits for: gathering, in the group on its way
        self._target = 1
        self._failure: AuditUnavailable | None = None
        self._failed_at = 0.0
        self._stuck: Group | None = None
        self._refused = self._retries = self._commits = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._job: Callable[[], None] | None = None
        self._wake = threading.Lock()
        self._wake.acquire()
        self._thread = threading.Thread(target=self._commit_jobs, name="audit-commit", daemon=True)
        self._thread.start()
        self._checkpoint_timer = self._loop.call_later(checkpoint_seconds, self._checkpoint_due)

    @classmethod
    async def open(
        cls,
        directory: Path,
        chain: str,
        keys: AuditKeys,
        *,
        durability: Literal["strict", "relaxed"] = "strict",
        segment_bytes: int = 256 * 1024 * 1024,
        checkpoint_seconds: float = 10.0,
        on_anchor: Callable[[Anchor], None] | None = None,
    ) -> "AuditLog":
        """Continue the chain (`chain_name`), or begin it.

        `on_anchor` is called on the loop with each checkpoint.
        Raises AuditUnavailable where the folder cannot be used or another process writes this chain.
        """
        loop = asyncio.get_running_loop()
        anchors: Callable[[Checkpoint], None] = lambda checkpoint: None  # noqa: E731
        if on_anchor is not None:
            told = on_anchor

            def anchors(checkpoint: Checkpoint) -> None:
                loop.call_soon_threadsafe(told, anchor_of(checkpoint))

        strict = durability == "strict"
        try:
            disk, lock_file = await asyncio.to_thread(
                partial(open_chain, directory, chain, keys, segment_bytes=segment_bytes, fill=strict, on_checkpoint=anchors)
            )
        except OSError as error:
            raise AuditUnavailable(f"audit log unavailable: {error}") from error
        log = cls(disk, lock_file, strict=strict, checkpoint_seconds=checkpoint_seconds, on_anchor=on_anchor)
        for note in disk.state.notes:
            log.append(EventKind.ADMIN_CHANGE, b"", fragment(note))
        disk.state.notes.clear()
        return log

    @property
    def chain(self) -> str:
        return self._disk.folder.name

    @property
    def position(self) -> int:
        """The number of the last record accepted."""
        return self._position

    @property
    def lag(self) -> int:
        """Records accepted and not yet on disk."""
        return self._position - self.synced_position

    @property
    def commits(self) -> int:
        """Groups made durable since the start."""
        return self._commits

    @property
    def failure(self) -> AuditUnavailable | None:
        """Why nothing can be written at the moment; None while all is well."""
        return self._failure

    def append(self, kind: EventKind, session: bytes, body: bytes) -> int:
        """Queue one record and return its number. Fragments as `encoding` makes them. Raises AuditUnavailable."""
        outcome = kind is _END or kind is _CLOSE
        if (self._failure is not None and not outcome) or self._closing or self._pending_bytes > PENDING_BYTES:
            raise self._refusal()
        self._pending.append((kind, session, body, time.time()))
        self._pending_bytes += len(body)
        self._position = position = self._position + 1
        if self._strict:
            if not outcome:
                self._urgent = urgent = self._urgent + 1
                if not self._busy:
                    if urgent >= self._target:
                        self._schedule()
                    elif not self._gathering:
                        self._gather()
            elif not self._timer:
                self._timer = True
                self._loop.call_later(LAZY_SECONDS, self._flush_lazily)
        else:
            if self._failure is None:
                self.durable_position = position
            if not self._timer:
                self._timer = True
                self._loop.call_later(RELAXED_SECONDS, self._flush_lazily)
        return position

    def call_when_durable(self, position: int, callback: WhenDurable) -> None:
        """Call back on the loop with None once `durable_position` has reached `position`, or with the failure.

        Called before this returns where that is already so.
        """
        if position <= self.durable_position:
            callback(None)
        elif self._failure is not None:
            callback(self._failure)
        else:
            self._waiters.append((position, callback))
            if position > self._chain.seq and not self._urgent:  # an outcome, and not in the group that is on its way
                self._schedule()

    async def durable(self, position: int) -> None:
        """Return when the record is on disk, in either durability. Raises AuditUnavailable."""
        while self.synced_position < position:
            if self._failure is not None:
                raise self._failure
            told: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append((position, partial(_tell, told)))
            if position > self._chain.seq:
                self._schedule()
            await told

    async def close(self) -> None:
        """Write what is queued, sign a checkpoint, leave in order. Raises AuditUnavailable where that could not be done."""
        if self._closing:
            return
        self._closing = True
        self._checkpoint_timer.cancel()
        while self._pending or self._busy:
            if self._failure is not None and not self._busy:
                break
            self._flush()
            await self._idle.wait()
        failure = self._failure
        await asyncio.to_thread(self._leave, orderly=failure is None)
        if failure is not None:
            raise failure

    # -- groups ------------------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        """Commit at the end of this turn of the loop; while a commit is in flight, right after it."""
        if self._busy:
            self._urgent = max(self._urgent, GROUP_RECORDS)
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _gather(self) -> None:
        self._gathering = True
        self._gathered_for = self._commits
        self._loop.call_later(GATHER_SECONDS, self._gathered)

    def _gathered(self) -> None:
        """The time to gather is over. Where the group it was for is written already, the next one gets its own."""
        self._gathering = False
        if not self._urgent or self._scheduled or self._busy:
            return
        if self._gathered_for == self._commits:
            self._flush()
        else:
            self._gather()

    def _flush_lazily(self) -> None:
        self._timer = False
        if self._busy:
            self._urgent = max(self._urgent, GROUP_RECORDS)
        else:
            self._flush()

    def _flush(self) -> None:
        self._scheduled = False
        if self._busy or self._failure is not None:
            return
        self._group_urgent, self._urgent = min(self._urgent, len(self._pending)), 0
        if not self._pending:
            return
        batch = self._pending
        if len(batch) > GROUP_RECORDS:
            batch, self._pending = batch[:GROUP_RECORDS], batch[GROUP_RECORDS:]
            self._pending_bytes = sum(len(entry[2]) for entry in self._pending)
            self._urgent = GROUP_RECORDS
        else:
            self._pending, self._pending_bytes = [], 0
        self._commit(self._chain.encode(batch))

    def _commit(self, group: Group) -> None:
        self._stuck = group
        self._submit(partial(self._disk.write, group))

    def _submit(self, job: Callable[[], None]) -> None:
        self._busy = True
        self._idle.clear()
        self._job = job
        self._wake.release()

    def _commit_jobs(self) -> None:
        """The commit thread: one job at a time, each answered with one wake-up of the loop."""
        while True:
            self._wake.acquire()
            job = self._job
            if job is None:
                return
            error: Exception | None = None
            try:
                job()
            except Exception as failure:  # the loop decides what a failure means
                error = failure
            self._loop.call_soon_threadsafe(self._done, error)

    def _done(self, error: Exception | None) -> None:
        self._busy = False
        group, self._stuck = self._stuck, None
        if error is not None:
            self._stuck = group
            self._fail(error)
        else:
            if group is not None:
                self._disk.written(group)
                self._commits += 1
                self.synced_position = group.last
                if self._strict:
                    self.durable_position = group.last
            if self._failure is not None:
                self._recover()
            if self._checkpoint_wanted:
                self._begin_checkpoint()
            else:
                self._next_group()
            self._tell_waiters()
        if not self._busy:
            self._idle.set()

    def _next_group(self) -> None:
        """Those who were told and those who wait already are how many sessions are busy: three quarters make a group."""
        urgent = self._urgent
        self._target = max(1, (3 * (self._group_urgent + min(urgent, len(self._pending))) + 3) // 4)
        if urgent >= self._target or self._closing:
            self._flush()
        elif urgent and not self._gathering:
            self._gather()

    def _tell_waiters(self) -> None:
        waiters, durable = self._waiters, self.synced_position
        while waiters and waiters[0][0] <= durable:
            waiters.popleft()[1](None)

    # -- failure -----------------------------------------------------------------------------------------------------

    def _refusal(self) -> AuditUnavailable:
        self._refused += 1
        if self._failure is not None:
            return self._failure
        return AuditUnavailable(
            "audit log unavailable: " + ("it is closed" if self._closing else "too much is waiting to be written")
        )

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failed_at = time.time()
            logger.error("audit log %s cannot be written, statements are refused: %s", self.chain, error)
        self._failure = failure = AuditUnavailable(f"audit log unavailable: {error}")
        waiters, self._waiters = self._waiters, deque()
        for _, callback in waiters:
            callback(failure)
        if not self._closing:
            delay = RETRY_SECONDS[min(self._retries, len(RETRY_SECONDS) - 1)]
            self._retries += 1
            self._loop.call_later(delay, self._retry)

    def _retry(self) -> None:
        if self._failure is None or self._busy or self._closing:
            return
        if self._stuck is not None:
            self._commit(self._stuck)
        else:
            self._submit(self._disk.checkpoint)

    def _recover(self) -> None:
        seconds = time.time() - self._failed_at
        logger.warning("audit log %s can be written again after %.1f s", self.chain, seconds)
        self._failure, refused = None, self._refused
        self._retries = self._refused = 0
        if not self._closing:
            note = {"change": "audit.recovered", "seconds": round(seconds, 3), "refused": refused}
            self.append(EventKind.ADMIN_CHANGE, b"", fragment(note))

    # -- checkpoints and leaving -------------------------------------------------------------------------------------

    def _checkpoint_due(self) -> None:
        if self._closing:
            return
        self._checkpoint_wanted = True  # after the commit that is on its way, before the next
        if not self._busy and self._failure is None:
            self._begin_checkpoint()
        self._checkpoint_timer = self._loop.call_later(self._checkpoint_seconds, self._checkpoint_due)

    def _begin_checkpoint(self) -> None:
        self._checkpoint_wanted = False
        self._submit(self._disk.checkpoint)

    def _leave(self, *, orderly: bool) -> None:
        self._job = None
        self._wake.release()
        self._thread.join()
        try:
            if orderly:
                self._disk.checkpoint()
        finally:
            self._disk.close(orderly=orderly)
            os.close(self._lock_file)


def _tell(told: "asyncio.Future[None]", error: AuditUnavailable | None) -> None:
    if told.done():
        return
    if error is None:
        told.set_result(None)
    else:
        told.set_exception(error)
