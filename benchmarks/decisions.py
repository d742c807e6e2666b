"""Decisions at 10 … 100,000 rules: compiled, and by pycasbin's Enforcer at the sizes it can be waited for.

    python -m benchmarks decisions

Rules are spread over roles, projects and tables as in a large company; the asker holds three roles. "first" is a decision on a
table that has not been asked for, "again" one on a table that has; both are whole decisions on a footprint of one SELECT.
Figures are medians of several rounds, the sizes taking turns, so that a noisy moment meets all of them.
"""

import random
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.machine import save
from gateway.model.decision import Outcome
from gateway.model.footprint import Access, Action, Category, Footprint, relation
from gateway.model.identity import ClientInfo, Engine, Principal, RoleBinding, Target
from gateway.policy.bundle import Bundle
from gateway.policy.casbin_model import build_enforcer
from gateway.policy.roles import binding_links
from gateway.policy.rules import RoleLink, Rule, make_rule, user_subject
from gateway.policy.snapshot import PolicySnapshot, compile_policy, path_circumstances

SIZES = (10, 100, 1_000, 10_000, 100_000)
CASBIN_SIZES = (10, 100, 1_000)
TABLES = 400
NOW = 1_780_000_000.0
TARGET = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")
CLIENT = ClientInfo("10.0.0.7", "psql", tls=True)
WHO = Principal("alice", (RoleBinding("reader", "shop"), RoleBinding("role7"), RoleBinding("role11", "shop")))


def make_rules(count: int) -> tuple[Rule, ...]:
    """`count` rules of which a few concern the asker's tables, whatever the count."""
    dice = random.Random(count)
    rules = [
        make_rule("reader", "*", "*/*", "connect", "", "allow", source="policy.csv:1", order=1),
        make_rule(
            "reader", "*", "pg1/shop/public/*", "select", "environment == 'prod'", "allow", source="policy.csv:2", order=2
        ),
        make_rule("reader", "*", "pg1/shop/public/secret_*", "*", "", "deny", source="policy.csv:3", order=3),
    ]
    while len(rules) < count:
        line = len(rules) + 1
        table = f"t{dice.randrange(count)}"
        pattern = dice.choice(
            (
                f"pg{dice.randrange(50)}/db{dice.randrange(20)}/public/{table}",
                f"pg1/shop/public/{table}",
                f"pg1/shop/public/{table}_*",
                f"pg1/shop/public/*_{table}",
                f"*/db{dice.randrange(20)}/s{dice.randrange(9)}/**",
            )
        )
        role = dice.choice(("reader", *(f"role{number}" for number in range(40))))
        project = dice.choice(("*", "shop", f"project{dice.randrange(200)}"))
        condition = dice.choice(("", "", "environment == 'prod'", "client.address in ('10.0.0.0/8')"))
        effect = "deny" if dice.random() < 0.05 else "allow"
        action = dice.choice(("select", "insert|update", "*", "ddl"))
        rules.append(make_rule(role, project, pattern, action, condition, effect, source=f"policy.csv:{line}", order=line))
    return tuple(rules[:count])


def footprint(table: str) -> Footprint:
    return Footprint("SELECT", Category.QUERY, accesses=(Access(relation("public", table), Action.SELECT),))


def timed(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU for one call."""
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1_000 / times


def decide_all(snapshot: PolicySnapshot, footprints: list[Footprint]) -> None:
    for item in footprints:
        if snapshot.decide(WHO, TARGET, CLIENT, item, NOW).outcome is not Outcome.ALLOW:
            raise AssertionError(f"unexpected refusal: {item.accesses}")


def casbin_microseconds(rules: tuple[Rule, ...]) -> float:
    links: tuple[RoleLink, ...] = tuple(binding_links(WHO, NOW))
    facts = path_circumstances(WHO, "shop", "pg1/shop/public/orders", NOW, client=CLIENT, environment="prod")
    enforcer = build_enforcer(rules, links, facts)
    asked = (user_subject(WHO.name), "shop", "pg1/shop/public/orders", "select")
    enforcer.enforce(*asked)
    times = max(1, 2_000 // len(rules))

    def work() -> None:
        for _ in range(times):
            enforcer.enforce(*asked)

    return timed(work, times)


def measure(rounds: int) -> dict[str, Any]:
    bundles = {size: Bundle(Path("benchmark"), "0" * 12, make_rules(size), ()) for size in SIZES}
    compile_ms: dict[int, float] = {}
    compiled: dict[int, PolicySnapshot] = {}
    for size, bundle in bundles.items():
        start = time.perf_counter()
        compiled[size] = compile_policy(bundle)
        compile_ms[size] = (time.perf_counter() - start) * 1_000
    first: dict[int, list[float]] = {size: [] for size in SIZES}
    again: dict[int, list[float]] = {size: [] for size in SIZES}
    for number in range(rounds):
        footprints = [footprint(f"orders_{number}_{table}") for table in range(TABLES)]
        for size in random.Random(number).sample(SIZES, len(SIZES)):
            snapshot = compiled[size]
            first[size].append(timed(lambda s=snapshot, f=footprints: decide_all(s, f), TABLES))  # type: ignore[misc]
            again[size].append(timed(lambda s=snapshot, f=footprints: decide_all(s, f), TABLES))  # type: ignore[misc]
    casbin = {size: casbin_microseconds(bundles[size].rules) for size in CASBIN_SIZES}
    rows = [
        {
            "rules": size,
            "compile_ms": round(compile_ms[size], 1),
            "first_us": round(statistics.median(first[size]), 2),
            "again_us": round(statistics.median(again[size]), 2),
            "casbin_us": round(casbin[size], 1) if size in casbin else None,
        }
        for size in SIZES
    ]
    small, large = rows[0], rows[-1]
    return {
        "casbin": version("casbin"),
        "rows": rows,
        "ratio_first": round(float(str(large["first_us"])) / float(str(small["first_us"])), 2),
        "ratio_again": round(float(str(large["again_us"])) / float(str(small["again_us"])), 2),
    }


def run(rounds: int = 7) -> dict[str, Any]:
    """Measure, print a table, write results/decisions.json."""
    result = measure(rounds)
    print(f"{'rules':>8} {'compile ms':>11} {'first µs':>9} {'again µs':>9} {'pycasbin µs':>12}")
    for row in result["rows"]:
        casbin = "-" if row["casbin_us"] is None else f"{row['casbin_us']:,.0f}"
        print(f"{row['rules']:>8,} {row['compile_ms']:>11,.1f} {row['first_us']:>9.1f} {row['again_us']:>9.1f} {casbin:>12}")
    print(f"100,000 rules against 10: first ×{result['ratio_first']}, again ×{result['ratio_again']}")
    save("decisions", result)
    return result
