"""The compiled index decides exactly as Casbin's Enforcer, whatever the rules, roles, projects, patterns and conditions."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.decision import Outcome
from gateway.model.footprint import Action
from gateway.model.identity import ClientInfo, Principal, RoleBinding
from gateway.policy.bundle import Bundle
from gateway.policy.casbin_model import build_enforcer
from gateway.policy.grants import grant_rules
from gateway.policy.roles import RoleGraph, binding_links
from gateway.policy.rules import RoleLink, Rule, make_rule, role_names, user_subject
from gateway.policy.snapshot import compile_policy, path_circumstances
from tests.policy.worlds import NOW, StoredGrant

ROLES = ("reader", "writer", "chief", "guest")
USERS = ("alice", "bob", "reader")  # the last one is named like a role
PROJECTS = ("shop", "bank", "")
DOMAINS = ("shop", "bank", "*")
SEGMENTS = ("pg1", "gateway", "shop", "orders_2024", "orders", "a%2Fb")
PARTS = ("pg1", "gateway", "shop", "orders_2024", "orders", "*", "**", "orders*", "*_2024", "o*s", "*d*", "a%2Fb", "*%2F*")
ACTIONS = ("select", "update", "ddl", "approve_own", "*", "select|update", "approve_own|ddl")
CONDITIONS = (
    "",
    "environment == 'prod'",
    "environment != 'prod' and client.tls",
    "client.address in ('10.0.0.0/8', '192.168.0.0/16')",
    "hour >= 20 or weekday == 'sat'",
    "'chief' in roles",
    "not 'chief' in roles",
    "user == 'alice' and project == 'shop'",
    "now < '2026-01-01T00:00Z'",
)

patterns = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join)
paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map("/".join)
subjects = st.sampled_from(ROLES + tuple(map(user_subject, USERS)))
effects = st.sampled_from(("allow", "allow", "deny"))
expiries = st.sampled_from((None, None, NOW - 1, NOW, NOW + 1))


@st.composite
def rules(draw: st.DrawFn, name: str = "policy.csv") -> tuple[Rule, ...]:
    count = draw(st.integers(0, 8))
    return tuple(
        make_rule(
            draw(subjects),
            draw(st.sampled_from(DOMAINS)),
            draw(patterns),
            draw(st.sampled_from(ACTIONS)),
            draw(st.sampled_from(CONDITIONS)),
            draw(effects),
            source=f"{name}:{number}",
            order=number,
        )
        for number in range(count)
    )


members = st.sampled_from(ROLES + tuple(map(user_subject, USERS)))
links = st.lists(
    st.builds(
        RoleLink, member=members, role=st.sampled_from(ROLES), domain=st.sampled_from(DOMAINS), source=st.just("policy.csv:99")
    ),
    max_size=8,
).map(tuple)
bindings = st.lists(
    st.builds(RoleBinding, role=st.sampled_from(ROLES), project=st.sampled_from(("shop", "bank", None)), expires_at=expiries),
    max_size=3,
).map(tuple)
principals = st.builds(Principal, name=st.sampled_from(USERS), bindings=bindings)
clients = st.sampled_from((None, ClientInfo("10.1.2.3", tls=True), ClientInfo("203.0.113.9"), ClientInfo("")))


grants = st.lists(
    st.builds(
        StoredGrant,
        id=st.integers(1, 99),
        subject=st.sampled_from((*ROLES, *USERS, "user:reader", "role:chief")),
        project=st.sampled_from(DOMAINS),
        object=patterns,
        action=st.sampled_from(ACTIONS),
        condition=st.sampled_from(CONDITIONS),
        effect=effects,
        expires_at=expiries,
    ),
    max_size=3,
)


@settings(max_examples=200, deadline=None)
@given(
    rules=rules(),
    links=links,
    grants=grants,
    principal=principals,
    client=clients,
    questions=st.lists(
        st.tuples(st.sampled_from(PROJECTS), paths, st.sampled_from(list(Action)), st.sampled_from(("prod", "dev"))),
        min_size=1,
        max_size=6,
    ),
)
def test_compiled_decision_is_the_enforcers(
    rules: tuple[Rule, ...],
    links: tuple[RoleLink, ...],
    grants: list[StoredGrant],
    principal: Principal,
    client: ClientInfo | None,
    questions: list[tuple[str, str, Action, str]],
) -> None:
    bundle = Bundle(Path("test"), "v", rules, links)
    snapshot = compile_policy(bundle, grants)
    granted = grant_rules(grants, bundle.roles)
    for project, path, action, environment in questions:
        compiled = snapshot.permits(principal, project, path, action, NOW, client, environment)
        facts = path_circumstances(principal, project, path, NOW, client=client, environment=environment)
        held = RoleGraph(links).membership(principal.name, principal.bindings, project, NOW).roles
        enforcer = build_enforcer((*rules, *granted), (*links, *binding_links(principal, NOW)), replace(facts, roles=held))
        truth = enforcer.enforce(user_subject(principal.name), project, path, action.value)
        assert (compiled.outcome is Outcome.ALLOW) == truth, (project, path, action, environment)


@settings(max_examples=100, deadline=None)
@given(links=links, principal=principals, project=st.sampled_from(PROJECTS))
def test_roles_held_are_those_casbin_reaches(links: tuple[RoleLink, ...], principal: Principal, project: str) -> None:
    mine = RoleGraph(links).membership(principal.name, principal.bindings, project, NOW).roles
    everything = (*links, *binding_links(principal, NOW))
    enforcer = build_enforcer((), everything, path_circumstances(principal, project, "x", NOW, client=None, environment=""))
    manager = enforcer.get_role_manager()
    subject = user_subject(principal.name)
    assert mine == {role for role in role_names((), everything) if manager.has_link(subject, role, project)}


def test_a_chain_of_roles_ends_where_casbins_does() -> None:
    chain = tuple(RoleLink(f"r{n}", f"r{n + 1}", "*", "policy.csv:1") for n in range(12))
    principal = Principal("alice", (RoleBinding("r0"),))
    held = RoleGraph(chain).membership("alice", principal.bindings, "shop", NOW).roles
    facts = path_circumstances(principal, "shop", "x", NOW, client=None, environment="")
    manager = build_enforcer((), (*chain, *binding_links(principal, NOW)), facts).get_role_manager()
    assert held == {f"r{n}" for n in range(13) if manager.has_link("user:alice", f"r{n}", "shop")}
    assert "r8" in held
    assert "r9" not in held
