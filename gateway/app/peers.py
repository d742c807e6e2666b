"""What the workers of one gateway tell each other: sessions and figures, over Unix sockets that only their user can open.

Each worker answers on its own socket; the one that serves the API asks the others, so that its answers are about all of
them. One JSON object a line in each direction. Nothing here decides anything: a worker that does not answer is left out.
"""

import asyncio
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from gateway.api import LiveSession
from gateway.config import Settings
from gateway.metrics import Metrics
from gateway.model.errors import ConfigurationError
from gateway.proxy.sessions import About, Sessions

_log = logging.getLogger("gateway.peers")
_ASK_SECONDS = 2.0
_LONGEST_PATH = 100  # a Unix socket's name has at most 107 bytes
_LONGEST_ANSWER = 64 * 1024 * 1024


class WorkerSocket:
    """This worker's end: answers `sessions`, `metrics` and `end`, and takes `logins` that others counted."""

    def __init__(
        self, settings: Settings, worker: int, sessions: Sessions, metrics: Metrics, logins: Callable[[Any], None]
    ) -> None:
        self._path = socket_path(settings, worker)
        self._sessions = sessions
        self._metrics = metrics
        self._logins = logins

    async def open(self, stack: AsyncExitStack) -> None:
        """Raises ConfigurationError where the socket cannot be made."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._path.parent.stat().st_uid != os.geteuid():
                raise ConfigurationError(f"{self._path.parent} belongs to somebody else")
            self._path.unlink(missing_ok=True)
            server = await asyncio.start_unix_server(self._serve, self._path)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {self._path}: {error.strerror or error}") from error
        self._path.chmod(0o600)
        stack.callback(self._path.unlink, missing_ok=True)
        stack.callback(server.close)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                asked = json.loads(await reader.readline())
                writer.write(json.dumps(self._answer(asked)).encode() + b"\n")
                await writer.drain()
        except (OSError, TypeError, ValueError, TimeoutError) as error:
            _log.warning("a question of another worker was not answered: %s", error or type(error).__name__)
        finally:
            writer.close()

    def _answer(self, asked: dict[str, Any]) -> Any:
        match asked:
            case {"ask": "sessions"}:
                return [asdict(_live(about)) for about in self._sessions.listing()]
            case {"ask": "metrics"}:
                return self._metrics.render().decode()
            case {"ask": "end", "session": str(session)}:
                return self._sessions.end(session)
            case {"ask": "logins", "entries": list(entries)}:
                return self._logins(entries)
            case _:
                return None


class Workers:
    """All workers of this gateway, seen from the one that serves the API. `api.services.Sessions`."""

    def __init__(self, settings: Settings, worker: int, workers: int, sessions: Sessions, metrics: Metrics) -> None:
        self._others = [socket_path(settings, number) for number in range(workers) if number != worker]
        self._sessions = sessions
        self._metrics = metrics
        self._elsewhere: list[LiveSession] = []
        self._figures: list[str] = []

    def listing(self) -> Sequence[LiveSession]:
        """Of this worker now, of the others as of a second ago."""
        return [*(_live(about) for about in self._sessions.listing()), *self._elsewhere]

    async def end(self, session_id: str) -> bool:
        if self._sessions.end(session_id):
            return True
        answers = await asyncio.gather(*(ask(path, {"ask": "end", "session": session_id}) for path in self._others))
        return any(answer is True for answer in answers)

    def render(self) -> bytes:
        """The metrics of all workers in one exposition, told apart by their `worker` label."""
        if not self._others:
            return self._metrics.render()
        return merged([self._metrics.render().decode(), *self._figures])

    async def follow(self, every: float = 1.0) -> None:
        """Keep what the others say fresh, until cancelled."""
        while self._others:
            sessions = await asyncio.gather(*(ask(path, {"ask": "sessions"}) for path in self._others))
            self._elsewhere = [LiveSession(**item) for answer in sessions if answer for item in answer]
            figures = await asyncio.gather(*(ask(path, {"ask": "metrics"}) for path in self._others))
            self._figures = [text for text in figures if isinstance(text, str)]
            await asyncio.sleep(every)


def run_dir(settings: Settings) -> Path:
    """What this gateway's workers share: beside the key file, or where that name is too long for a socket, in a folder of ours
    for temporary files."""
    beside = settings.secrets.key_file.parent / "run"
    if len(os.fsencode(beside)) > _LONGEST_PATH - 20:
        name = hashlib.sha256(os.fsencode(settings.secrets.key_file)).hexdigest()[:16]
        beside = Path(tempfile.gettempdir()) / f"gateway-{os.geteuid()}-{name}"
    return beside


def socket_path(settings: Settings, worker: int) -> Path:
    return run_dir(settings) / f"worker-{worker}.sock"


def merged(expositions: Iterable[str]) -> bytes:
    """One exposition of several: the samples of a family together."""
    families: dict[str, Metric] = {}
    for text in expositions:
        for family in text_string_to_metric_families(text):
            known = families.setdefault(family.name, Metric(family.name, family.documentation, family.type, family.unit))
            known.samples.extend(family.samples)
    registry = CollectorRegistry()
    registry.register(_Collected(families.values))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families()


async def ask(path: Path, question: dict[str, Any]) -> Any:
    """The answer, or None from a worker that is just being started again."""
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path, limit=_LONGEST_ANSWER)
            try:
                writer.write(json.dumps(question).encode() + b"\n")
                return json.loads(await reader.readline())
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError) as error:
        _log.debug("worker at %s does not answer: %s", path, error or type(error).__name__)
        return None


def _live(about: About) -> LiveSession:
    return LiveSession(
        id=about.id,
        user=about.principal.name,
        instance=about.target.instance,
        database=about.target.database,
        project=about.target.project,
        address=about.client.address,
        application=about.client.application,
        started_at=about.started_at,
        statements=about.statements,
    )
