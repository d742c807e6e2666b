"""policy.csv: how lines are read, and what is said of those that cannot be."""

import pytest

from gateway.policy.rules import Effect, action_matches, parse_policy


def test_lines_become_rules_and_links_with_their_place() -> None:
    file = parse_policy(
        "# people\n"
        "\n"
        "g, alice, developer, shop\n"
        "g, lead, developer, *\n"
        "p, lead, *, **, select, , allow\n"
        "p, developer, shop, pg1/shop/public/*, select|insert, \"environment in ('dev', 'test')\", deny\n"
        "p, user:bob, *, pg1/shop/**, select, client.tls, allow\n"
    )
    assert file.problems == ()
    assert [rule.source for rule in file.rules] == ["policy.csv:5", "policy.csv:6", "policy.csv:7"]
    assert file.rules[1].effect is Effect.DENY
    assert file.rules[1].condition.text == "environment in ('dev', 'test')"
    # `alice` is nobody's role, so she is a person; `lead` holds rules, so it is a role.
    assert [(link.member, link.role, link.domain, link.source) for link in file.links] == [
        ("user:alice", "developer", "shop", "policy.csv:3"),
        ("lead", "developer", "*", "policy.csv:4"),
    ]
    assert file.roles == {"lead", "developer"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("p, developer, *, **, selct, , allow", "unknown action 'selct'; did you mean 'select'?"),
        ("p, developer, *, **, fly, , allow", "unknown action 'fly'; there are: admin, approve"),
        ("p, developer, *, **, select|, , allow", "unknown action ''"),
        ("p, developer, *, **, select, , alow", "unknown effect 'alow'; did you mean 'allow'?"),
        ("p, developer, *, a//b, select, , allow", "empty segment"),
        ("p, developer, *, **, select, hour > '8', allow", "hour is compared with a whole number"),
        ("p, developer, *, **, select, allow", "expected `p, role, project, object pattern"),
        ("p, , *, **, select, , allow", "the role is empty"),
        ("p, user:, *, **, select, , allow", "the role is empty"),
        ("p, developer, , **, select, , allow", "the project is empty"),
        ("p, dev*, *, **, select, , allow", "roles and projects are names"),
        ("p, developer, sh*, **, select, , allow", "roles and projects are names"),
        ("g, alice, developer", "expected a line `p, …` or `g"),
        ("g, alice, , shop", "expected `g, user or role"),
        ("g, alice, user:bob, shop", "is a person"),
        ("q, alice", "expected a line `p, …`"),
        ("p2, a, *, **, select, , allow", "expected a line `p, …`"),
        ('p, developer, *, **, select, "hour, allow', "not readable as CSV"),
    ],
)
def test_mistakes_name_the_line(line: str, says: str) -> None:
    (problem,) = parse_policy(f"# head\n{line}\n").problems
    assert problem.startswith("policy.csv:2: ")
    assert says in problem


def test_all_mistakes_are_told_at_once() -> None:
    assert [problem.split(": ")[0] for problem in parse_policy("x\np, a\ng, b\n").problems] == [
        "policy.csv:1",
        "policy.csv:2",
        "policy.csv:3",
    ]


def test_everything_is_everything_but_approval_of_ones_own() -> None:
    assert action_matches("unmask", "*")
    assert not action_matches("approve_own", "*")
    assert action_matches("approve_own", "approve|approve_own")
    assert not action_matches("approve", "approve_own")
