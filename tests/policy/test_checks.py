"""Warnings: what loads but looks wrong."""

import pytest

from gateway.policy.case_files import parse_cases
from gateway.policy.checks import warnings
from tests.policy.worlds import bundle

CHAIN = "".join(f"g, r{number}, r{number + 1}, *\n" for number in range(10)) + "p, r10, *, **, select, , allow\n"


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("p, a, *, *, select, , allow\n", "policy.csv:2: `*` alone matches only a server"),
        (
            "p, a, *, pg1/shop, select|connect, , allow\n",
            "policy.csv:2: select on 'pg1/shop' matches no table; write 'pg1/shop/**'",
        ),
        ("p, a, *, */*, approve_own, , allow\n", "policy.csv:2: lets people approve their own requests"),
        ("p, a, *, **, ddl, , allow\np, a, *, **, ddl, , allow\n", "policy.csv:3: says the same as policy.csv:2"),
        ("p, a, *, **, ddl|temp, , allow\np, a, *, **, *, , deny\n", "policy.csv:2: never counts, policy.csv:3 always denies"),
        ("g, bob, devloper, shop\n", "policy.csv:2: role 'devloper' has no rules; is it misspelt?"),
        ("p, user:developer, *, **, ddl, , allow\n", "'developer' is a person and a role"),
        ("g, a, b, *\ng, b, a, *\np, a, *, **, ddl, , allow\n", "role 'a' is a member of itself"),
        ("g, r0, top, *\ng, top, r0, shop\n" + CHAIN, "below 'r0' roles stand more than 8 deep"),
        (CHAIN, "below 'user:r0' roles stand more than 9 deep"),
    ],
)
def test_looks_wrong(policy: str, says: str) -> None:
    assert any(says in warning for warning in warnings(bundle(policy)))


@pytest.mark.parametrize(
    "policy",
    [
        "p, a, *, **, ddl, client.tls, allow\np, a, *, **, ddl, , allow\n",
        "p, a, *, **, *, , allow\np, a, *, **, ddl, , deny\n",
        "p, a, *, **, ddl, , allow\np, a, *, **, ddl, client.tls, deny\n",
        "p, a, *, gateway/audit, select, , allow\n",
        "p, a, *, pg1/**, select, , allow\n",
        "g, a, b, *\np, b, *, **, select, , allow\n",
        CHAIN.replace("g, r0, r1, *\n", "").replace("g, r1, r2, *\n", ""),
    ],
)
def test_looks_right(policy: str) -> None:
    assert warnings(bundle(policy)) == []


def test_query_rules_of_unknown_roles() -> None:
    queries = '[[rules]]\nname = "n"\nroles = ["devloper", "*", "user:bob"]\nobjects = ["**"]\nmax_rows = 1\n'
    assert warnings(bundle("", queries=queries)) == ["query_rules.toml:n: no role 'devloper' in policy.csv; is it misspelt?"]


def test_cases_show_which_roles_are_reached() -> None:
    text = '[[cases]]\nname = "n"\nroles = ["devloper@shop"]\nsql = "SELECT 1"\nexpect = "deny"\n'
    file, _ = parse_cases(text, "cases/x.toml")
    assert file is not None
    found = bundle("")
    with_cases = type(found)(found.directory, found.version, found.rules, found.links, cases=(file,))
    assert warnings(with_cases) == [
        "policy.csv:1: role 'developer' is held in no `g` line and in no case: nothing shows that it can be reached",
        "cases/x.toml: n: no role 'devloper' in policy.csv; is it misspelt?",
    ]
