"""A gateway as a process of its own, for the benchmarks: `python -m benchmarks.gateway_process PORT HOME DATABASE DURABILITY`.

The server's address and account come in BENCH_HOST, BENCH_PORT, BENCH_USER, BENCH_PASSWORD.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Literal

import uvloop

from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import OPEN_POLICY, running_gateway


async def main(port: int, home: Path, database: str, durability: Literal["strict", "relaxed"]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    access = Access(
        os.environ["BENCH_HOST"], int(os.environ["BENCH_PORT"]), os.environ["BENCH_USER"], os.environ["BENCH_PASSWORD"]
    )
    policy = OPEN_POLICY + os.environ.get("BENCH_RULES", "")
    async with running_gateway(access, home, policy, databases=(database,), durability=durability, port=port):
        gc.collect()
        gc.freeze()
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    mode: Literal["strict", "relaxed"] = "relaxed" if sys.argv[4] == "relaxed" else "strict"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], mode))
