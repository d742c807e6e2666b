"""Workers tell each other of sessions and figures."""

import asyncio
import stat
from contextlib import AsyncExitStack
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from gateway.app.peers import Workers, WorkerSocket, merged, socket_path
from gateway.config import Secrets, Settings
from gateway.metrics import Metrics
from gateway.proxy.sessions import Sessions
from tests.proxy.test_sessions import Running


def settings(folder: Path) -> Settings:
    return Settings(secrets=Secrets(key_file=folder / "master.key"))


async def test_sessions_and_figures_of_another_worker(tmp_path: Path) -> None:
    mine, theirs = Sessions(9), Sessions(9)
    figures = Metrics(1)
    figures.statement("allow", 0.001)
    there = Running(busy=True)
    task = asyncio.ensure_future(theirs.run(there))
    await asyncio.sleep(0)
    async with AsyncExitStack() as stack:
        await WorkerSocket(settings(tmp_path), 1, theirs, figures, lambda entries: None).open(stack)
        path = socket_path(settings(tmp_path), 1)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        workers = Workers(settings(tmp_path), 0, 2, mine, Metrics(0))
        following = asyncio.ensure_future(workers.follow(every=0.01))
        async with asyncio.timeout(5):
            while not workers.listing():
                await asyncio.sleep(0.01)
        assert [session.user for session in workers.listing()] == ["alice"]
        families = {family.name: family for family in text_string_to_metric_families(workers.render().decode())}
        counted = {
            sample.labels["worker"]: sample.value
            for sample in families["gateway_statements"].samples
            if sample.labels["outcome"] == "allow"
        }
        assert counted == {"0": 0.0, "1": 1.0}
        assert await workers.end(there.about.id)
        assert not await workers.end("unknown")
        await task
        following.cancel()
    assert there.aborted
    assert not path.exists()


async def test_a_worker_that_is_away_is_left_out(tmp_path: Path) -> None:
    workers = Workers(settings(tmp_path), 0, 2, Sessions(9), Metrics(0))
    assert not await workers.end("anything")
    assert workers.listing() == []


def test_merged_expositions_parse(tmp_path: Path) -> None:
    one, two = Metrics(0), Metrics(1)
    text = merged([one.render().decode(), two.render().decode()]).decode()
    names = [family.name for family in text_string_to_metric_families(text)]
    assert len(names) == len(set(names))
    assert "gateway_added_seconds" in names


def test_long_folders_still_give_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90) / ("y" * 90)
    assert len(str(socket_path(settings(deep), 0))) < 107
