"""What each relation and procedure of the gateway's own answers, to whom: grants, masks, limits, issues, denials, access."""

import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.app.day_table import DayTable
from gateway.app.own import OwnAnswers
from gateway.app.usage import DailyUsage
from gateway.audit import AuditLog
from gateway.audit.encoding import session_fragment, statement_body
from gateway.audit.keys import AuditKeys
from gateway.changes import AccessDesk
from gateway.model.change import ChangeNamespace
from gateway.model.decision import Decision, MaskColumns, Outcome, Reason, ReasonCode, RowLimit
from gateway.model.event import EventKind
from gateway.model.footprint import Category, ColumnRef, Footprint, relation
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.own import CALLS, RELATIONS, OwnFault, OwnRefused, OwnRequest, Row
from gateway.model.statement import Namespace, Origin, Statement
from gateway.own.query import read_query
from gateway.store import SecretKey, Store
from gateway.store.issues import IssueRepository
from gateway.store.usage import RowUsage, day_of
from gateway.verdict import Ruling, SessionIdentity
from tests.app.test_obligations import MASKS, Catalog, People, Policies
from tests.changes.support import Desk, targets
from tests.policy.worlds import ALICE, CLIENT, SHOP

WHO = SessionIdentity(ALICE, SHOP, CLIENT, "5e55")
NAMESPACE = Namespace(("public",))


class CatalogOfNames(Catalog):
    def resolve(self, name: str, path: Sequence[str]) -> object:
        return next((info for info in self.relations.values() if info.name.name == name and info.name.schema in path), None)


class Catalogs:
    def current(self, target: Target) -> Any:
        catalog = CatalogOfNames()
        return cast("Any", _Named(catalog))


class _Named:
    """The catalog with its relations by name."""

    def __init__(self, catalog: CatalogOfNames) -> None:
        self.relations = {info.name: info for info in catalog.relations.values()}
        self.resolve = catalog.resolve


class Road:
    asked: ChangeNamespace | None = None

    async def rulings(
        self, principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
    ) -> Sequence[Ruling]:
        self.asked = namespace
        mask = MaskColumns(((ColumnRef(relation("public", "customers"), "email"), "email"),))
        limit = RowLimit(5, None, None, "rules:few")
        reason = Reason(ReasonCode.GRANTED, "granted", "policy.csv:2")
        return [Ruling(Footprint("SELECT", Category.QUERY), Decision(Outcome.ALLOW, reason, "1", (mask, limit)), b"")]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/gateway.db", SecretKey.load_or_create(tmp_path / "master.key"))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def usage(store: Store, tmp_path: Path) -> Iterator[DailyUsage]:
    with closing(DayTable.open(tmp_path / "rows")) as table:
        yield DailyUsage(store, table)


@pytest.fixture
def answers(store: Store, usage: DailyUsage, tmp_path: Path) -> OwnAnswers:
    office = Desk(IssueRepository(store))
    access = AccessDesk(store, office.recorder, office.authority, targets=targets, clock=office.clock)
    queries = '[[rules]]\nname = "daily"\nroles = ["developer"]\nobjects = ["*/shop/public/*"]\nmax_rows_per_day = 10\n'
    policies = Policies(masking=MASKS, queries=queries)
    return OwnAnswers(
        store=store,
        usage=usage,
        policies=cast("Any", policies),
        principals=People(),
        catalogs=cast("Any", Catalogs()),
        road=cast("Any", Road()),
        desk=cast("Any", None),
        access=access,
        authority=office.authority,
        audit_dir=tmp_path / "audit",
    )


async def told(answers: OwnAnswers, name: str) -> list[Row]:
    return await answers.answer(WHO, read_query(Engine.POSTGRES, f"TABLE gateway.{name}"), NAMESPACE)


async def called(answers: OwnAnswers, name: str, *arguments: str, who: SessionIdentity = WHO) -> list[Row]:
    return await answers.answer(who, OwnRequest(name, CALLS[name], call=True, arguments=arguments), NAMESPACE)


async def test_grants_masks_and_limits_are_the_persons(answers: OwnAnswers, store: Store, usage: DailyUsage) -> None:
    assert await told(answers, "grants") == [("*/*", "connect", "allow", None, None, "developer", "policy.csv:1")]
    assert await told(answers, "masks") == [("public", "customers", "email", "email")]
    await store.tell_usage("another", [RowUsage("alice", "pg1/shop/public/orders", day_of(time.time()), 3)])
    assert usage.take("alice", {"pg1/shop/public/orders": 10}, 1)
    assert usage.take("bob", {"pg1/shop/public/orders": 10}, 9)
    ((rule, path, rows, _, daily, read, left, *_),) = await told(answers, "limits")
    assert (rule, path, rows, daily, read, left) == ("daily", "pg1/shop/public/orders", None, 10, 4, 6)


async def test_columns_lists_every_relation(answers: OwnAnswers) -> None:
    assert await told(answers, "columns") == [
        (name, column, kind) for name, columns in RELATIONS.items() for column, kind in columns
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("hr.employees", "pg1/shop/hr/employees"),
        ("customers", "pg1/shop/public/customers"),
        ("hr", "pg1/shop/hr"),
        ("hr.*", "pg1/shop/hr/*"),
        ('"a/b".t', "pg1/shop/a%2Fb/t"),
        ("pg1/shop/hr/staff", "pg1/shop/hr/staff"),
    ],
)
async def test_access_is_asked_for_by_the_names_of_the_client(answers: OwnAnswers, name: str, path: str) -> None:
    ((number, state, on, actions, seconds, hint),) = await called(
        answers, "request_access", "select, export", name, "4h", "why"
    )
    assert (state, on, actions, seconds) == ("open", path, "select,export", 14_400)
    assert hint == f"somebody else decides: gateway access approve {number}"


@pytest.mark.parametrize(("name", "path"), [("t", "my1/shop/t"), ("hr.t", "my1/hr/t"), ("`hr`.`t`", "my1/hr/t")])
def test_on_mysql_a_name_is_qualified_by_its_database(answers: OwnAnswers, name: str, path: str) -> None:
    target = Target(Engine.MYSQL, "my1", "shop", "prod", "shop")
    assert answers._path(target, name, Namespace(("shop",))) == path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("fly", "customers", "4h", "why"), "no such action"),
        (("select", "customers", "long", "why"), "no duration"),
        (("select", "customers", "10s", "why"), "60 seconds"),
        (("admin", "customers", "4h", "why"), "cannot be asked for"),
        (("select", "pg9/x/y", "4h", "why"), "no database"),
        (("select", "customers", "4h", " "), "say why"),
    ],
)
async def test_what_cannot_be_asked_for(answers: OwnAnswers, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(OwnRefused, match=says) as caught:
        await called(answers, "request_access", *arguments)
    assert caught.value.fault is OwnFault.WRONG_VALUE


async def test_an_explanation_is_the_roads_in_the_sessions_namespace(answers: OwnAnswers) -> None:
    (row,) = await called(answers, "explain", "SELECT email FROM customers")
    assert row == (
        "SELECT email FROM customers", "SELECT", "allow", "granted", "granted", "policy.csv:2", None,
        "customers.email masked: email; rows limited by rules:few",
    )  # fmt: skip
    road: Any = answers._road
    assert road.asked == ChangeNamespace(("public",))


async def test_denials_are_ones_own_with_the_hint_that_was_given(answers: OwnAnswers, tmp_path: Path) -> None:
    keys = AuditKeys.derive(lambda purpose: hashlib.sha512(purpose.encode()).digest())
    log = await AuditLog.open(tmp_path / "audit", "test-0", keys)
    for user, outcome in (("alice", Outcome.DENY), ("alice", Outcome.ALLOW), ("bob", Outcome.DENY)):
        reason = Reason(ReasonCode.NO_RULE, "permission denied: select on x", "", f"ask for x, {user}")
        body = statement_body(
            text="SELECT 1", fingerprint="", statement_kind="SELECT", relations=[("x", "select")],
            decision=Decision(outcome, reason, "1"),
        )  # fmt: skip
        log.append(EventKind.STATEMENT, session_fragment("5e55", user=user, client="10.0.0.1"), body)
    await log.close()
    ((_, statement, outcome_, code, relations, rule, message, hint),) = await told(answers, "denials")
    assert (statement, outcome_, code, relations, rule) == ("SELECT 1", "deny", "no_rule", "select x", None)
    assert (message, hint) == ("permission denied: select on x", "ask for x, alice")


async def test_who_is_not_there_any_more_is_told_nothing(answers: OwnAnswers) -> None:
    people: Any = answers._principals
    people.there = False
    with pytest.raises(OwnRefused) as caught:
        await told(answers, "grants")
    assert caught.value.fault is OwnFault.NOT_PERMITTED


def test_each_engine_reads_its_own_texts(answers: OwnAnswers) -> None:
    text = 'SELECT "object" FROM gateway.grants'
    found = answers.recognise(WHO, Statement(Engine.POSTGRES, text, NAMESPACE, Origin.SIMPLE))
    assert found is not None
    assert found.engine is Engine.POSTGRES
