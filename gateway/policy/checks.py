"""What looks wrong in a bundle that loads: rules that can never count, roles that nobody can hold, names that clash."""

from collections.abc import Iterator

from gateway.model.footprint import Action
from gateway.policy.bundle import POLICY, Bundle
from gateway.policy.case_files import parse_role
from gateway.policy.patterns import DEEP, OWN_SEGMENT, STAR
from gateway.policy.rules import ANY, MAX_ROLE_DEPTH, USER_PREFIX, Effect, Rule, action_set

# These are asked of tables, columns and functions only: three segments (MySQL) at least.
_OF_RELATIONS = frozenset(
    {Action.SELECT, Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE, Action.LOCK, Action.CALL}
)
# The only reserved word of the gateway's own that a database role may carry too.
_RESERVED_ROLES = frozenset({"gateway", "public", "user", "role"})


def warnings(bundle: Bundle) -> list[str]:
    """Each as `file:line: what looks wrong and what would be right`. The bundle is valid all the same."""
    return [*_rules(bundle), *_duplicates(bundle), *_roles(bundle), *_depth(bundle), *_query_rules(bundle), *_cases(bundle)]


def _rules(bundle: Bundle) -> Iterator[str]:
    for rule in bundle.rules:
        segments = rule.pattern.segments
        if segments == (STAR,):
            yield f"{rule.source}: `*` alone matches only a server; write `**` for everything"
        named = {action for action in _OF_RELATIONS if action.value in rule.actions.split("|")}
        if named and DEEP not in segments and len(segments) < 3 and segments[0] != OWN_SEGMENT:
            which = ", ".join(sorted(named))
            yield f"{rule.source}: {which} on {rule.pattern.text!r} matches no table; write {rule.pattern.text + '/**'!r}"
        if Action.APPROVE_OWN.value in rule.actions.split("|") and rule.effect is Effect.ALLOW:
            yield f"{rule.source}: lets people approve their own requests"


def _duplicates(bundle: Bundle) -> Iterator[str]:
    """Same rule twice, or an allow that an unconditional deny over the same always beats."""
    first: dict[tuple[str, ...], Rule] = {}
    denied = {
        (rule.subject, rule.domain, rule.pattern.text, action): rule
        for rule in bundle.rules
        if rule.effect is Effect.DENY and not rule.condition.text
        for action in action_set(rule.actions)
    }
    for rule in bundle.rules:
        key = (rule.subject, rule.domain, rule.pattern.text, rule.actions, rule.condition.text, rule.effect.value)
        if key in first:
            yield f"{rule.source}: says the same as {first[key].source}"
        first.setdefault(key, rule)
        if rule.effect is Effect.ALLOW:
            beaten = [denied.get((rule.subject, rule.domain, rule.pattern.text, action)) for action in action_set(rule.actions)]
            if beaten and beaten[0] is not None and all(beaten):
                yield f"{rule.source}: never counts, {beaten[0].source} always denies the same"


def _roles(bundle: Bundle) -> Iterator[str]:
    with_rules = {rule.subject for rule in bundle.rules}
    members = {link.member for link in bundle.links}
    roles = bundle.roles
    limited = {name for rule in bundle.queries.rules for name in rule.roles}
    for link in bundle.links:
        if link.role not in with_rules and link.role not in members:
            yield f"{link.source}: role {link.role!r} has no rules; is it misspelt?"
    people = {
        subject.removeprefix(USER_PREFIX) for subject in (*with_rules, *members, *limited) if subject.startswith(USER_PREFIX)
    }
    for name in sorted(people & roles):
        yield f"{POLICY}: {name!r} is a person and a role; grants to the bare name go to the role"
    held = {link.role for link in bundle.links}
    for file in bundle.cases:
        held |= {parse_role(text).role for case in file.cases for text in case.roles}
    if bundle.cases:
        first = {rule.subject: rule.source for rule in reversed(bundle.rules)}
        for role in sorted(roles & with_rules - held):
            yield f"{first[role]}: role {role!r} is held in no `g` line and in no case: nothing shows that it can be reached"


def _depth(bundle: Bundle) -> Iterator[str]:
    roles_of: dict[str, set[str]] = {}
    for link in bundle.links:
        roles_of.setdefault(link.member, set()).add(link.role)
    for start in sorted(roles_of):
        seen, frontier, depth = {start}, {start}, 0
        while frontier:
            reached = {role for member in frontier for role in roles_of.get(member, ())}
            if start in reached:
                yield f"{POLICY}: role {start!r} is a member of itself, through other roles"
            frontier, depth = reached - seen, depth + 1
            seen |= frontier
        # People come one link before the first role.
        allowed = MAX_ROLE_DEPTH if start.startswith(USER_PREFIX) else MAX_ROLE_DEPTH - 1
        if depth - 1 > allowed:
            yield f"{POLICY}: below {start!r} roles stand more than {allowed} deep; Casbin looks no further"


def _query_rules(bundle: Bundle) -> Iterator[str]:
    for rule in bundle.queries.rules:
        for name in rule.roles:
            if name != ANY and not name.startswith(USER_PREFIX) and name not in bundle.roles:
                yield f"{rule.source}: no role {name!r} in {POLICY}; is it misspelt?"


def _cases(bundle: Bundle) -> Iterator[str]:
    for file in bundle.cases:
        for case in file.cases:
            for text in case.roles:
                role = parse_role(text).role
                if role not in bundle.roles:
                    yield f"{file.name}: {case.name}: no role {role!r} in {POLICY}; is it misspelt?"
