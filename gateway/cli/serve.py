"""`gateway serve`: the gateway itself."""

import asyncio
from pathlib import Path

import click
import uvloop

from gateway.config import load_settings


@click.command()
@click.option("-c", "--config", type=click.Path(path_type=Path), required=True, help="gateway.toml")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes on the same ports.")
@click.option("--worker", type=click.IntRange(0, 255), hidden=True, help="This process's number, set by the supervisor.")
def serve(config: Path, workers: int, worker: int | None) -> int:
    """Serve clients until SIGTERM, which lets every session come to its end first."""
    settings = load_settings(config)
    if worker is None and workers > 1:
        from gateway.endpoints import require_free
        from gateway.supervisor import supervise

        listen = settings.listen
        require_free(endpoint for endpoint in (listen.postgres, listen.mysql, listen.http) if endpoint is not None)
        return supervise(["serve", "-c", str(config), "--workers", str(workers)], workers)
    from gateway.app import run_worker
    from gateway.logs import start_logging

    start_logging(settings.log_level, fields={"worker": worker or 0})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings, worker or 0, workers))
    return 0
