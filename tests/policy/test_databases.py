"""A role in one project gives nothing in another project's database, however a MySQL statement gets there."""

from pathlib import Path

import pytest

from gateway.model.decision import Outcome
from gateway.model.footprint import INSTANCE, Access, AccessOrigin, Action, Category, Footprint, relation
from gateway.model.identity import ClientInfo, Engine, Principal, RoleBinding, Target
from gateway.policy import PolicySnapshot, compile_policy, load_bundle
from tests.support.gateway import write_bundle

SHOP = Target(Engine.MYSQL, "my1", "shop", "prod", "a")
OTHER = Target(Engine.MYSQL, "my1", "other", "prod", "b")
DATABASES = {"shop": SHOP, "other": OTHER}
CLIENT = ClientInfo("127.0.0.1")
POLICY = "p, reader, *, **, *, , allow\n"


@pytest.fixture
def policy(tmp_path: Path) -> PolicySnapshot:
    return compile_policy(load_bundle(write_bundle(tmp_path, POLICY)))


def person(*projects: str | None) -> Principal:
    return Principal("bob", tuple(RoleBinding("reader", project) for project in projects))


def outcome(policy: PolicySnapshot, principal: Principal, *accesses: Access, opaque: str | None = None) -> Outcome:
    footprint = Footprint("SELECT", Category.QUERY, accesses=accesses, opaque=opaque)
    return policy.decide(principal, SHOP, CLIENT, footprint, 0.0, DATABASES).outcome


def select(database: str, name: str = "t", *beneath: Access, origin: AccessOrigin = AccessOrigin.DIRECT) -> Access:
    return Access(relation(database, name), Action.SELECT, origin=origin, beneath=beneath)


@pytest.mark.parametrize(("database", "allowed"), [("shop", True), ("other", False), ("mysql", False), ("unknown", False)])
def test_each_database_has_its_own_project(policy: PolicySnapshot, database: str, allowed: bool) -> None:
    expected = Outcome.ALLOW if allowed else Outcome.DENY
    assert outcome(policy, person("a"), select(database)) is expected
    assert outcome(policy, person(None), select(database)) is Outcome.ALLOW


def test_a_role_in_both_projects(policy: PolicySnapshot) -> None:
    assert outcome(policy, person("a", "b"), select("shop"), select("other")) is Outcome.ALLOW
    assert outcome(policy, person("a"), select("shop"), select("other")) is Outcome.DENY


def test_information_schema_is_read_as_part_of_the_sessions_own(policy: PolicySnapshot) -> None:
    assert outcome(policy, person("a"), select("information_schema", "tables")) is Outcome.ALLOW


def test_the_instance_belongs_to_no_project(policy: PolicySnapshot) -> None:
    assert outcome(policy, person("a"), Access(INSTANCE, Action.ADMIN)) is Outcome.DENY
    assert outcome(policy, person(None), Access(INSTANCE, Action.ADMIN)) is Outcome.ALLOW


def test_what_is_not_understood_may_reach_every_database(policy: PolicySnapshot) -> None:
    assert outcome(policy, person("a"), opaque="why") is Outcome.DENY
    assert outcome(policy, person(None), opaque="why") is Outcome.ALLOW


def test_what_a_view_reads_is_asked_in_its_own_project(tmp_path: Path) -> None:
    rules = "p, reader, *, my1/other/**, *, , allow\np, reader, *, my1/shop, connect, , allow\n"
    policy = compile_policy(load_bundle(write_bundle(tmp_path, rules)))
    view = select("shop", "v", select("other", "t", origin=AccessOrigin.VIEW_BODY))
    assert outcome(policy, person("a"), view) is Outcome.DENY
    assert outcome(policy, person("a", "b"), view) is Outcome.ALLOW
