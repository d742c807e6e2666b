"""A gateway process that rolls issue 1 out, to be killed: `python -m tests.changes.rollout_process FOLDER DSN POINT`.

POINT is where it stops for ever, after printing `there`: before_commit, after_commit, before_alone, after_alone.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

from gateway.changes import Rollouts
from gateway.changes.executor import Executor
from gateway.changes.postgres_executor import PostgresExecutor
from gateway.config import Changes
from gateway.model.identity import Target
from gateway.store import SecretKey, Store
from gateway.store.issues import IssueRepository
from tests.changes.support import BOB, Desk, targets


async def stop_here() -> None:
    print("there", flush=True)
    await asyncio.Event().wait()


class StoppingExecutor(PostgresExecutor):
    point = ""

    async def commit(self) -> None:
        if self.point == "before_commit":
            await stop_here()
        await super().commit()
        if self.point == "after_commit":
            await stop_here()

    async def execute_alone(self, text: str) -> None:
        if self.point == "before_alone":
            await stop_here()
        await super().execute_alone(text)
        if self.point == "after_alone":
            await stop_here()


async def main(folder: str, dsn: str, point: str) -> None:
    path = Path(folder)
    store = await Store.open(f"sqlite:///{path}/gateway.db", SecretKey.load_or_create(path / "master.key"))
    StoppingExecutor.point = point

    async def connect(target: Target) -> Executor:
        return StoppingExecutor(await asyncpg.connect(dsn, statement_cache_size=0), 2000)

    office = Desk(IssueRepository(store))
    rollouts = Rollouts(
        office.repository,
        office.recorder,
        office.authority,
        targets=targets,
        connect=connect,
        settings=Changes(),
        clock=office.clock,
    )
    await rollouts.roll_out(BOB, 1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
