"""Several worker processes behind the same ports.

The supervisor binds nothing and holds no secret: each worker listens with SO_REUSEPORT, and the kernel spreads the
connections. A worker that dies is started again, with a growing pause while it dies at once. SIGTERM drains all,
SIGHUP reloads all.
"""

import asyncio
import logging
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence

_log = logging.getLogger("gateway.supervisor")
_STABLE_SECONDS = 10.0
_LONGEST_PAUSE = 30.0


class Supervisor:
    """Runs `command + ["--worker", N]` for each N below `workers` until told to stop."""

    def __init__(self, command: Sequence[str], workers: int) -> None:
        self._command = tuple(command)
        self._workers = workers
        self._processes: dict[int, Process] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Returns the exit status: 0 after a drain, 3 when a worker refuses its configuration at the first start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._forward, signal.SIGHUP)
        results = await asyncio.gather(*(self._keep(worker) for worker in range(self._workers)))
        return max(results)

    def stop(self) -> None:
        """Drain every worker. A second call is the workers' own to interpret: they end at once."""
        self._stopping.set()
        self._forward(signal.SIGTERM)

    def _forward(self, number: int) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(number)

    async def _keep(self, worker: int) -> int:
        pause = 0.1
        first = True
        while not self._stopping.is_set():
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(*self._command, "--worker", str(worker))
            self._processes[worker] = process
            status = await process.wait()
            if self._stopping.is_set():
                return 0 if status in (0, -signal.SIGTERM) else 3
            lived = time.monotonic() - started
            if first and status == 3 and lived < _STABLE_SECONDS:
                self.stop()
                return 3
            first = False
            pause = 0.1 if lived > _STABLE_SECONDS else min(pause * 2, _LONGEST_PAUSE)
            _log.error("worker ended", extra={"worker": worker, "status": status, "restart_in": pause})
            await self._wait(pause)
        return 0

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def supervise(arguments: Sequence[str], workers: int) -> int:
    """Run `gateway` with these arguments as `workers` processes; see Supervisor.run for the exit status."""
    command = [sys.executable, "-m", "gateway", *arguments]
    return asyncio.run(Supervisor(command, workers).run())
