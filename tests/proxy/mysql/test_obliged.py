"""A session's obligations: which executions they concern, what is refused at once, time limits, words that quote values."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.masking.plan import MaskPlan
from gateway.model.decision import Decision, MaskColumns, Mode, Notice, Outcome, Reason, ReasonCode, RowLimit, TimeLimit
from gateway.model.footprint import Access, Action, Category, ColumnRef, Footprint, ObjectKind, ObjectName, ProgramUse, relation
from gateway.model.masker import EmailMask
from gateway.proxy.mysql.execution import Execution, Prepared
from gateway.proxy.mysql.obliged import Obliged
from gateway.proxy.mysql.refuse import Refusal
from gateway.proxy.mysql.watch import UNDESCRIBED
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.results import Err
from tests.support.usage import MemoryUsage

PEOPLE = relation("shop", "people")
MASKS = MaskColumns(((ColumnRef(PEOPLE, "email"), "email"),))
QUOTES = Err(1062, b"23000", b"Duplicate entry 'ann@shop.example' for key 'by_email'")


class Room:
    key = b"key"

    def __init__(self) -> None:
        self.usage = MemoryUsage()

    def plan(self, masks: MaskColumns) -> MaskPlan:
        return MaskPlan(masks, lambda _: EmailMask())

    def masked(self, who: Any, schema: str, table: str) -> bool:
        return (schema, table) == ("shop", "people")

    def masks(self, who: Any, schema: str, table: str) -> MaskColumns:
        return MASKS if self.masked(who, schema, table) else MaskColumns(())


def session(room: Room | None, version: str = "11.4.2-MariaDB") -> tuple[Obliged, Any]:
    who = SimpleNamespace(principal=SimpleNamespace(name="alice"), target=SimpleNamespace(database="shop"))
    c = SimpleNamespace(
        who=who, ended=False, busy=True, execution=None, session=SimpleNamespace(server_version=version), server_side=None
    )
    return Obliged(cast("Any", c), cast("Any", room)), c


def verdict(*obligations: Any, **footprint: Any) -> Verdict:
    made = Footprint(**({"kind": "SELECT", "category": Category.QUERY} | footprint))
    decision = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "granted"), "1", tuple(obligations))
    return Verdict((Ruling(made, decision, b""),), Outcome.ALLOW, 0.0, 1, bound=bool(obligations))


def run(obliged: Obliged, judged: Verdict, prepared: Prepared | None = None, **how: bool) -> tuple[Execution, Refusal | None]:
    execution = Execution(1, judged, 0.0)
    for name, value in how.items():
        setattr(execution, name, value)
    return execution, obliged.begin(execution, prepared)


def test_a_plain_statement_is_nobodys_concern_and_a_program_is() -> None:
    obliged, _ = session(Room())
    assert not obliged.concerns(verdict())
    assert obliged.concerns(verdict(RowLimit(1, None, None, "rule")))
    assert obliged.concerns(verdict(kind="CALL", category=Category.UTILITY))
    assert not session(None)[0].concerns(verdict(kind="CALL", category=Category.UTILITY))


def test_only_what_has_something_to_carry_out_is_watched() -> None:
    obliged, _ = session(Room())
    assert run(obliged, verdict())[0].watch is None
    assert run(obliged, verdict(MASKS))[0].watch is not None


def test_without_the_rooms_only_notices_pass() -> None:
    obliged, _ = session(None)
    _, refusal = run(obliged, verdict(RowLimit(1, None, None, "rule")))
    assert refusal is not None
    assert "cannot be carried out here" in refusal.message
    execution, refusal = run(obliged, verdict(Notice(Mode.WARN, "a WHERE clause is required", "rules:1")))
    assert refusal is None
    assert execution.watch is not None
    assert execution.watch.warned == 1


async def test_todays_counts_are_read_first() -> None:
    room = Room()
    room.usage.elsewhere["alice", "orders"] = 5
    obliged, _ = session(room)
    daily = verdict(RowLimit(None, None, 5, "rule", paths=("orders",)))
    assert not obliged.counts.ready(daily)
    await obliged.counts.look(daily)
    assert room.usage.looked == ["orders"]
    _, refusal = run(obliged, daily)
    assert refusal is not None
    assert "5 rows a day of orders" in refusal.message
    obliged.ended(Execution(1, daily, 0.0))
    obliged.ended(Execution(2, verdict(), 0.0))
    assert room.usage.flushed == 1


def test_a_cursor_that_nobody_saw_described_is_not_read_on() -> None:
    obliged, _ = session(Room())
    masked = verdict(MASKS)
    prepared = Prepared("SELECT email FROM people", masked, cast("Any", None), None)
    assert run(obliged, masked, prepared, fetches=True)[1] is UNDESCRIBED
    assert run(obliged, masked, prepared)[1] is None
    assert prepared.cursor is not None
    prepared.cursor.described = True
    assert run(obliged, masked, prepared, fetches=True)[1] is None


@pytest.mark.parametrize(("version", "code"), [("11.4.2-MariaDB", 1969), ("8.4.0", 3024)])
async def test_the_time_limit_ends_what_still_runs(version: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    obliged, c = session(Room(), version)
    ended: list[Refusal] = []
    monkeypatch.setattr(Obliged, "end", lambda _, refusal: ended.append(refusal))
    c.execution, _ = run(obliged, verdict(TimeLimit(60_000, "slow"), TimeLimit(1, "quick")))
    deadline = asyncio.get_running_loop().time() + 5
    while not ended:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)
    assert (ended[0].number, "quick" in ended[0].message) == (code, True)


async def test_what_ended_in_time_is_not_ended_again(monkeypatch: pytest.MonkeyPatch) -> None:
    obliged, c = session(Room())
    ended: list[Refusal] = []
    monkeypatch.setattr(Obliged, "end", lambda _, refusal: ended.append(refusal))
    c.execution, _ = run(obliged, verdict(TimeLimit(5, "quick")))
    obliged.ended(c.execution)
    await asyncio.sleep(0.03)
    assert ended == []


def test_errors_of_what_touches_masked_columns_quote_nothing() -> None:
    obliged, _ = session(Room())
    touching = (Access(relation("shop", "contacts"), Action.SELECT, beneath=(Access(PEOPLE, Action.SELECT),)),)
    program = ProgramUse(ObjectName(ObjectKind.FUNCTION, "shop", "fill"), touches=frozenset({PEOPLE}))
    for judged in (verdict(MASKS), verdict(accesses=touching), verdict(kind="CALL", programs=(program,))):
        scrubbed = obliged.scrubbed(Execution(1, judged, 0.0), QUOTES)
        assert scrubbed.code == 1062
        assert b"ann" not in scrubbed.message
    plain = verdict(accesses=(Access(relation("shop", "plain"), Action.INSERT),))
    assert obliged.scrubbed(Execution(1, plain, 0.0), QUOTES) is QUOTES
    assert obliged.scrubbed(None, QUOTES) is QUOTES
