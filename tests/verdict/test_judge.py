import asyncio
import math
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from gateway.catalog import CatalogSnapshot, SystemCatalog
from gateway.catalog.objects import QName, RelationInfo, RelationKind, SchemaInfo
from gateway.model.decision import Decision, MaskColumns, Outcome, Reason, ReasonCode
from gateway.model.footprint import Access, Action, Category, ColumnRef, Effect, EffectKind, Footprint, relation
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.statement import Namespace, Origin, Statement
from gateway.verdict import Judge, SessionIdentity, SessionState

TARGET = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")
WHO = SessionIdentity(Principal("alice"), TARGET, ClientInfo("10.0.0.1"), "s1")


def catalog(*tables: str) -> CatalogSnapshot:
    relations = {QName("public", name): cast("RelationInfo", _Relation("public", name, RelationKind.TABLE)) for name in tables}
    schemas = {name: cast("SchemaInfo", _Schema(True)) for name in ("public", "hidden")}
    return CatalogSnapshot(Engine.POSTGRES, "shop", 180000, SystemCatalog(180000), relations=relations, schemas=schemas)


@dataclass(frozen=True)
class _Relation:
    schema: str
    name: str
    kind: RelationKind


@dataclass(frozen=True)
class _Schema:
    usable: bool


@dataclass
class Rooms:
    """All of the judge's rooms in one, counting what is asked of them."""

    snapshot: CatalogSnapshot = field(default_factory=lambda: catalog("orders"))
    refreshed: CatalogSnapshot | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    obligations: tuple[Any, ...] = ()
    valid_until: float = math.inf
    gone: bool = False
    analysed: list[Statement] = field(default_factory=list)
    decided: int = 0
    now: float = 1_000.0
    version: str = "v1"

    def judge(self, **options: Any) -> Judge:
        engine = Engine.POSTGRES
        normalise = {engine: lambda text: "".join("0" if letter.isdigit() else letter for letter in text)}
        return Judge(
            cast("Any", self),
            cast("Any", _Catalogs(self)),
            cast("Any", _People(self)),
            {engine: self.analyse},
            normalise,
            clock=lambda: self.now,
            **options,
        )

    @property
    def current(self) -> "Rooms":
        return self

    def decide(self, principal: Principal, target: Target, client: ClientInfo, footprint: Footprint, now: float) -> Decision:
        self.decided += 1
        outcome = self.outcomes.get(footprint.kind, Outcome.ALLOW)
        reason = Reason(ReasonCode.GRANTED, "because", "policy.csv:1")
        return Decision(outcome, reason, self.version, self.obligations, self.valid_until)

    def permits(self, *_: object, **__: object) -> Decision:
        return Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "because"), self.version)

    def analyse(self, statement: Statement, snapshot: CatalogSnapshot) -> tuple[Footprint, ...]:
        """Statements are separated by `;`. `SET x` sets the path, `FROM name` reads, `literal` looks at literals, `weigh`
        weighs them."""
        self.analysed.append(statement)
        found, position = [], 0
        for part in statement.text.split(";"):
            found.append(self._footprint(part, position, statement.namespace, snapshot))
            position += len(part) + 1
        return tuple(found)

    @staticmethod
    def _footprint(part: str, start: int, namespace: Namespace, snapshot: CatalogSnapshot) -> Footprint:
        words = part.split()
        kind = words[0] if words else "EMPTY"
        effects = (Effect(EffectKind.SET, "search_path", words[1]),) if kind == "SET" else ()
        name = words[words.index("FROM") + 1] if "FROM" in words else None
        schema = namespace.search_path[0] if namespace.search_path else ""
        accesses = (Access(relation(schema, name), Action.SELECT),) if name else ()
        unknown = frozenset({relation(schema, name)}) if name and snapshot.relation("public", name) is None else frozenset()
        return Footprint(
            kind,
            Category.QUERY,
            start,
            start + len(part),
            accesses,
            effects=effects,
            unknown=unknown,
            literals_matter="literal" in words,
            literals_weigh="weigh" in words,
        )


@dataclass
class _Catalogs:
    rooms: Rooms

    def current(self, target: Target) -> CatalogSnapshot:
        return self.rooms.snapshot

    async def load(self, target: Target) -> CatalogSnapshot:
        return self.rooms.snapshot

    async def refresh(self, target: Target) -> CatalogSnapshot:
        self.rooms.snapshot = self.rooms.refreshed or self.rooms.snapshot
        return self.rooms.snapshot

    async def refresh_unknown(self, target: Target, names: Collection[Hashable]) -> CatalogSnapshot:
        return await self.refresh(target)


@dataclass
class _People:
    rooms: Rooms

    def current(self, principal: Principal) -> Principal | None:
        return None if self.rooms.gone else principal


def statement(text: str, **namespace: Any) -> Statement:
    return Statement(Engine.POSTGRES, text, Namespace(**namespace), Origin.SIMPLE)


def test_the_same_text_is_judged_once() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    first = judge.judge(WHO, statement("SELECT 1 FROM orders"))
    assert judge.judge(WHO, statement("SELECT 1 FROM orders")) is first
    assert (len(rooms.analysed), rooms.decided) == (1, 1)


def test_another_literal_shares_the_verdict_but_not_the_text() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    first = judge.judge(WHO, statement('SELECT 1 FROM orders /* "a" */'))
    second = judge.judge(WHO, statement('SELECT 2 FROM orders /* "a" */'))
    assert len(rooms.analysed) == 1
    assert second.rulings[0].audit_body == first.rulings[0].audit_body.replace(b"SELECT 1", b"SELECT 2")
    assert b'"text":"SELECT 2 FROM orders /* \\"a\\" */","' in second.rulings[0].audit_body


def test_literals_that_outputs_compute_with_matter_where_something_is_masked() -> None:
    masks = MaskColumns(((ColumnRef(relation("public", "orders"), "total"), "null"),))
    for obligations, analysed in (((), 1), ((masks,), 2)):
        rooms = Rooms(obligations=obligations)
        judge = rooms.judge(masks=True)
        judge.judge(WHO, statement("SELECT weigh 1 FROM orders"))
        judge.judge(WHO, statement("SELECT weigh 2 FROM orders"))
        assert len(rooms.analysed) == analysed


@pytest.mark.parametrize("text", ["SELECT literal {}", "SELECT {}; SELECT 1", "SET path{}", "EXECUTE p ( {} )"])
def test_what_may_depend_on_a_literal_is_judged_anew(text: str) -> None:
    rooms = Rooms()
    judge = rooms.judge()
    judge.judge(WHO, statement(text.format(1)))
    before = len(rooms.analysed)
    judge.judge(WHO, statement(text.format(2)))
    assert len(rooms.analysed) > before


def test_secrets_are_neither_shared_nor_recorded() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    for number in (1, 2):
        verdict = judge.judge(WHO, statement(f"ALTER ROLE x PASSWORD 'hunter{number}'"))
        assert verdict.head is None
        assert b"hunter" not in verdict.rulings[0].audit_body
    assert len(rooms.analysed) == 2


def test_everything_falls_with_a_change() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    told: list[int] = []
    judge.subscribe(lambda: told.append(judge.epoch))
    first = judge.judge(WHO, statement("SELECT 1 FROM orders"))
    rooms.outcomes["SELECT"] = Outcome.DENY
    judge.changed()
    second = judge.judge(WHO, statement("SELECT 1 FROM orders"))
    assert (first.outcome, second.outcome) == (Outcome.ALLOW, Outcome.DENY)
    assert told == [second.epoch]
    assert second.epoch > first.epoch


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT literal 1"])
def test_the_clock_ends_a_verdict(text: str) -> None:
    rooms = Rooms(valid_until=1_010.0)
    judge = rooms.judge()
    judge.judge(WHO, statement(text))
    rooms.now, rooms.valid_until, rooms.outcomes["SELECT"] = 1_010.0, math.inf, Outcome.DENY
    assert judge.judge(WHO, statement(text)).outcome is Outcome.DENY


def test_people_and_places_do_not_share() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    for who in (WHO, replace(WHO, principal=Principal("bob")), replace(WHO, client=ClientInfo("10.0.0.2"))):
        judge.judge(who, statement("SELECT 1"))
    judge.judge(WHO, statement("SELECT 1", search_path=("hidden",)))
    assert rooms.decided == 4


def test_one_refused_statement_refuses_the_text() -> None:
    rooms = Rooms(outcomes={"DROP": Outcome.REVIEW, "GRANT": Outcome.DENY})
    judge = rooms.judge()
    review = judge.judge(WHO, statement("SELECT 1; DROP x"))
    assert (review.outcome, review.refused) == (Outcome.REVIEW, review.rulings[1])
    denied = judge.judge(WHO, statement("DROP x; GRANT y"))
    assert (denied.outcome, denied.refused) == (Outcome.DENY, denied.rulings[1])
    assert b'"text":" GRANT y"' in denied.rulings[1].audit_body


def test_later_statements_are_read_as_earlier_ones_leave_the_session() -> None:
    rooms = Rooms()
    verdict = rooms.judge().judge(WHO, statement("SET hidden; SELECT 1 FROM orders"), SessionState())
    assert [access.object for access in verdict.rulings[1].footprint.accesses] == [relation("hidden", "orders")]
    assert verdict.barrier
    assert (verdict.rulings[1].footprint.start, verdict.rulings[1].footprint.end) == (11, 32)


def test_schemas_that_do_not_exist_are_passed_over() -> None:
    rooms = Rooms()
    verdict = rooms.judge().judge(WHO, statement("SELECT 1 FROM orders", search_path=("alice", "public")))
    assert [access.object for access in verdict.rulings[0].footprint.accesses] == [relation("public", "orders")]


def test_a_temporary_relation_never_hides_a_permanent_one() -> None:
    rooms = Rooms()
    rooms.judge().judge(WHO, statement("SELECT 1", temporary=frozenset({"orders", "mine"})))
    assert rooms.analysed[-1].namespace.temporary == {"mine"}


def test_names_of_statements_and_cursors_count_where_they_are_used() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    names: dict[str, Any] = {"prepared": (("p", "SELECT 1"),), "cursors": (("c", "SELECT 2"),)}
    assert not judge.judge(WHO, statement("SELECT 1", **names)).named
    assert rooms.analysed[-1].namespace.prepared == ()
    assert judge.judge(WHO, statement("EXECUTE p", **names)).named
    assert rooms.analysed[-1].namespace.prepared == names["prepared"]


def test_nobody_who_is_gone_passes() -> None:
    rooms = Rooms(gone=True)
    judge = rooms.judge()
    assert judge.judge(WHO, statement("SELECT 1")).outcome is Outcome.DENY
    assert judge.connect(WHO).outcome is Outcome.DENY


def test_masks_that_nobody_applies_refuse() -> None:
    rooms = Rooms(obligations=(MaskColumns(((ColumnRef(relation("public", "t"), "email"), "null"),)),))
    verdict = rooms.judge().judge(WHO, statement("SELECT 1"))
    assert verdict.outcome is Outcome.DENY
    assert verdict.rulings[0].decision.reason.code is ReasonCode.MASKED_COLUMN
    assert rooms.judge(masks=True).judge(WHO, statement("SELECT 1")).outcome is Outcome.ALLOW


async def test_an_unknown_relation_causes_a_refresh() -> None:
    rooms = Rooms(refreshed=catalog("orders", "fresh"))
    judge = rooms.judge()
    first = judge.judge(WHO, statement("SELECT 1 FROM fresh"))
    assert judge.unknown(first) == {relation("public", "fresh")}
    second = await judge.judge_after_refresh(WHO, statement("SELECT 1 FROM fresh"))
    assert not judge.unknown(second)
    assert second.epoch == judge.epoch > first.epoch


async def test_a_refresh_that_finds_nothing_new_changes_nothing() -> None:
    rooms = Rooms()
    judge = rooms.judge()
    epoch = judge.epoch
    await asyncio.gather(judge.refresh(WHO), judge.load(WHO))
    assert judge.epoch == epoch


def test_an_approved_statement_says_by_which_issue() -> None:
    rooms = Rooms(outcomes={"DROP": Outcome.REVIEW})
    judge = rooms.judge()
    verdict = judge.judge(WHO, statement("SELECT 1; DROP x"))
    released = judge.released(WHO, verdict, "SELECT 1; DROP x", 12)
    assert released.outcome is Outcome.ALLOW
    assert released.rulings[0] is verdict.rulings[0]
    assert released.rulings[1].decision.reason.code is ReasonCode.APPROVED_ISSUE
    assert released.rulings[1].audit_body.endswith(b'"issue":12')
    assert judge.with_issue(verdict, 7).rulings[1].audit_body.endswith(b'"issue":7')
