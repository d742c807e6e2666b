"""Small logs for tests: written by the real writer, into a temporary folder."""

import asyncio
from pathlib import Path

from gateway.audit import AuditKeys, AuditLog, end_body, fragment, identified, session_fragment, statement_body
from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.event import EventKind

KEYS = AuditKeys(b"s" * 32, b"h" * 32)
OTHER_KEYS = AuditKeys(b"x" * 32, b"y" * 32)
ALLOWED = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "granted", rule="policy.csv:3"), "v1")
DENIED = Decision(Outcome.DENY, Reason(ReasonCode.NO_RULE, "no rule"), "v1")
SALARIES = "pg1/shop/hr/salaries"
ORDERS = "pg1/shop/public/orders"


def session(name: str, user: str) -> bytes:
    return session_fragment(name, user=user, client="127.0.0.1", application="psql", instance="pg1", database="shop")


def body(text: str, relation: str = ORDERS, decision: Decision = ALLOWED, issue: int | None = None) -> bytes:
    return statement_body(
        text=text,
        fingerprint="f1",
        statement_kind="SELECT",
        relations=[(relation, "select")],
        decision=decision,
        issue=issue,
    )


def append_statements(log: AuditLog, count: int, *, user: str = "alice", start: int = 0) -> int:
    """`count` statements with their outcomes; the last position."""
    who = session(f"s-{user}", user)
    position = 0
    for number in range(start, start + count):
        name = f"s-{user}-{number}"
        log.append(EventKind.STATEMENT, who, identified(name, body(f"SELECT {number} FROM orders")))
        position = log.append(EventKind.STATEMENT_END, who, end_body(name.encode(), 1, 8, 0.25))
    return position


async def write_log(directory: Path, statements: int = 20, *, chain: str = "host-0", segment_bytes: int = 1 << 28) -> None:
    """A closed chain with a checkpoint in its middle and one at its end, in several segments if they are small."""
    log = await AuditLog.open(directory, chain, KEYS, segment_bytes=segment_bytes)
    log.append(EventKind.POLICY_LOADED, b"", fragment({"policy_version": "v1"}))
    for number in range(statements):
        await log.durable(append_statements(log, 1, start=number))
        if number == statements // 2:
            await asyncio.to_thread(log._disk.checkpoint)
    await log.close()
