"""Small policies and footprints for tests."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.model.decision import Decision
from gateway.model.footprint import (
    Access,
    AccessOrigin,
    Action,
    Category,
    Clause,
    ColumnUse,
    Footprint,
    FunctionClass,
    FunctionUse,
    ObjectKind,
    ObjectName,
    relation,
)
from gateway.model.identity import ClientInfo, Engine, Principal, RoleBinding, Target
from gateway.policy.bundle import Bundle
from gateway.policy.casbin_model import SUPPORTED_MODEL
from gateway.policy.masking_rules import MaskingRules
from gateway.policy.query_rules import QueryRules
from gateway.policy.rules import parse_policy
from gateway.policy.snapshot import PolicySnapshot, compile_policy
from gateway.policy.tables import parse_table

NOW = 1_780_000_000.0  # 2026-05-28 20:26:40 UTC, a Thursday
SHOP = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")
CLIENT = ClientInfo("10.0.0.7", "psql", tls=True)
ALICE = Principal("alice", (RoleBinding("developer", "shop"),))
CONNECT = "p, developer, *, */*, connect, , allow\n"


@dataclass(frozen=True)
class StoredGrant:
    """A grant as the store gives it."""

    id: int = 7
    subject: str = "user:alice"
    project: str = "shop"
    object: str = "pg1/shop/hr/**"
    action: str = "select"
    condition: str = ""
    effect: str = "allow"
    expires_at: float | None = None


def bundle(policy: str, *, queries: str = "", masking: str = "") -> Bundle:
    """A bundle of these texts; each must be without mistakes. `connect` for developers stands on line 1."""
    file = parse_policy(CONNECT + policy)
    limits, mistakes = parse_table(QueryRules, queries, "query_rules.toml")
    masks, more = parse_table(MaskingRules, masking, "masking.toml")
    problems = [*file.problems, *mistakes, *more]
    if problems or limits is None or masks is None:
        raise AssertionError("\n".join(problems))
    return Bundle(Path("test"), "version", file.rules, file.links, limits, masks)


def world(policy: str, *, queries: str = "", masking: str = "", grants: Iterable[StoredGrant] = ()) -> PolicySnapshot:
    return compile_policy(bundle(policy, queries=queries, masking=masking), tuple(grants))


def write_bundle(folder: Path, policy: str, **files: str) -> Path:
    """A bundle's folder; further files by name with `_` for the dot: `query_rules_toml`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.conf").write_text(SUPPORTED_MODEL)
    (folder / "policy.csv").write_text(policy)
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text)
    return folder


def decide(snapshot: PolicySnapshot, footprint: Footprint, who: Principal = ALICE, now: float = NOW) -> Decision:
    return snapshot.decide(who, SHOP, CLIENT, footprint, now)


def access(
    name: str,
    action: Action = Action.SELECT,
    *uses: tuple[Clause, str],
    beneath: Iterable[Access] = (),
    origin: AccessOrigin = AccessOrigin.DIRECT,
) -> Access:
    """`public.orders` as an access; `uses` are (clause, column)."""
    columns = frozenset(ColumnUse(clause, column) for clause, column in uses)
    clauses = {clause for clause, _ in uses}
    narrowed_by = next((clause for clause in (Clause.WHERE, Clause.JOIN) if clause in clauses), None)
    return Access(named(name), action, columns, origin, tuple(beneath), narrowed_by)


def named(name: str) -> ObjectName:
    schema, _, table = name.rpartition(".")
    return relation(schema or "public", table)


def function(name: str, function_class: FunctionClass = FunctionClass.USER) -> FunctionUse:
    schema, _, short = name.rpartition(".")
    return FunctionUse(ObjectName(ObjectKind.FUNCTION, schema or "public", short), function_class)


def query(*accesses: Access, functions: Iterable[FunctionUse] = (), opaque: str | None = None) -> Footprint:
    return Footprint("SELECT", Category.QUERY, accesses=accesses, functions=tuple(functions), opaque=opaque)


def command(kind: str, category: Category, *accesses: Access) -> Footprint:
    return Footprint(kind, category, accesses=accesses)
