"""Long texts are judged beside the loop: a statement of ten megabytes takes its sender's time, not everybody's.

One thread for the process, so that such texts wait for each other; the loop takes the interpreter back every few milliseconds.
What a verdict is made of (catalog, policy, principals) are immutable snapshots, read once each; one that was made while they
changed carries the epoch from before, and whoever asked sees that it is old.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from gateway.model.statement import Statement
from gateway.verdict.judge import Judge
from gateway.verdict.ports import State
from gateway.verdict.verdict import SessionIdentity, Verdict

LONG_TEXT: Final = 16 * 1024  # characters: up to here a judgement takes a fraction of a second at the very worst
_thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="long texts")


async def judge_aside(judge: Judge, who: SessionIdentity, statement: Statement, state: State | None = None) -> Verdict:
    """As `Judge.judge_after_refresh`, from the thread where the text is long. Raises GatewayError."""
    if len(statement.text) <= LONG_TEXT:
        verdict = judge.judge(who, statement, state)
        return await judge.judge_after_refresh(who, statement, state) if judge.unknown(verdict) else verdict
    verdict = await _judged(judge, who, statement, state)
    names = judge.unknown(verdict)
    if names:
        await judge.look_up(who, names)
        verdict = await _judged(judge, who, statement, state)
    return verdict


async def _judged(judge: Judge, who: SessionIdentity, statement: Statement, state: State | None) -> Verdict:
    known = judge.recall(who, statement)
    if known is not None:
        return known
    epoch = judge.epoch
    made = await asyncio.get_running_loop().run_in_executor(_thread, judge.make, who, statement, state)
    verdict = replace(made, epoch=epoch)
    if epoch == judge.epoch:
        judge.keep(who, statement, verdict)
    return verdict
