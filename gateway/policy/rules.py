"""Rules and role links, and how `policy.csv` writes them. Every rule remembers where it stands."""

import csv
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gateway.model.footprint import Action
from gateway.policy.conditions import ALWAYS, Condition, parse_condition
from gateway.policy.patterns import Pattern, parse_pattern

ANY = "*"
USER_PREFIX = "user:"
ACTIONS = frozenset(action.value for action in Action)
# Approval of one's own request is never meant by "everything": a rule has to name it.
NOT_IN_ANY = frozenset({Action.APPROVE_OWN.value})
# Casbin's role manager looks this many links deep (max_hierarchy_level 10 counts the subject itself).
MAX_ROLE_DEPTH = 9


class Effect(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Rule:
    """One `p` line, or one grant. `source` is `policy.csv:12` or `grant #7`; `expires_at` in Unix seconds.

    `subject` is a role, or `user:NAME`. `actions` is the text as written: one, several with `|`, or `*`.
    """

    subject: str
    domain: str
    pattern: Pattern
    actions: str
    condition: Condition
    effect: Effect
    source: str
    order: int = 0
    expires_at: float | None = None

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, slots=True)
class RoleLink:
    """One `g` line: `member` (a role, or `user:NAME`) holds `role` in `domain` (`*`: everywhere)."""

    member: str
    role: str
    domain: str
    source: str


def domain_matches(domain: str, pattern: str) -> bool:
    return pattern in (ANY, domain)


def action_matches(action: str, actions: str) -> bool:
    return action in action_set(actions)


@lru_cache(maxsize=4_096)
def action_set(actions: str) -> frozenset[str]:
    """Every action that the text stands for."""
    if actions == ANY:
        return ACTIONS - NOT_IN_ANY
    return frozenset(actions.split("|"))


def user_subject(name: str) -> str:
    return USER_PREFIX + name


def make_rule(  # noqa: PLR0917 - the six fields of a `p` line, in its order
    subject: str,
    domain: str,
    pattern: str,
    actions: str,
    condition: str,
    effect: str,
    *,
    source: str,
    order: int = 0,
    expires_at: float | None = None,
) -> Rule:
    """A checked rule. Raises ValueError that says what is wrong with which field."""
    if not subject or subject == USER_PREFIX:
        raise ValueError("the role is empty; write a role's name, or user:NAME for one person")
    if not domain:
        raise ValueError("the project is empty; write a project's name, or * for every project")
    if ANY in subject or (ANY in domain and domain != ANY):
        raise ValueError("roles and projects are names; only the project may be * on its own")
    for action in () if actions == ANY else actions.split("|"):
        if action not in ACTIONS:
            raise ValueError(_unknown("action", action, ACTIONS))
    if effect not in tuple(Effect):
        raise ValueError(_unknown("effect", effect, (item.value for item in Effect)))
    parsed = parse_condition(condition) if condition else ALWAYS
    return Rule(subject, domain, parse_pattern(pattern), actions, parsed, Effect(effect), source, order, expires_at)


def _unknown(what: str, value: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = difflib.get_close_matches(value, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    return f"unknown {what} {value!r}; {hint}"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """What `policy.csv` says."""

    rules: tuple[Rule, ...]
    links: tuple[RoleLink, ...]
    problems: tuple[str, ...] = ()

    @property
    def roles(self) -> frozenset[str]:
        return role_names(self.rules, self.links)


def role_names(rules: Iterable[Rule], links: Iterable[RoleLink]) -> frozenset[str]:
    """Names that are roles: they hold rules, or somebody is made a member of them."""
    names = {rule.subject for rule in rules} | {link.role for link in links}
    return frozenset(name for name in names if not name.startswith(USER_PREFIX))


def parse_policy(text: str, name: str = "policy.csv") -> PolicyFile:
    """Read `policy.csv`. Mistakes are collected as `policy.csv:LINE: what is wrong`, so that all are seen at once."""
    rules: list[Rule] = []
    links: list[tuple[str, str, str, str]] = []
    problems: list[str] = []
    for number, fields in _lines(text, name, problems):
        source = f"{name}:{number}"
        try:
            match fields:
                case ["p", subject, domain, pattern, actions, condition, effect]:
                    rules.append(make_rule(subject, domain, pattern, actions, condition, effect, source=source, order=number))
                case ["g", member, role, domain]:
                    links.append((member, role, domain, source))
                case ["p", *_]:
                    raise ValueError("expected `p, role, project, object pattern, action, condition, allow|deny`")  # noqa: TRY301
                case _:
                    raise ValueError("expected a line `p, …` or `g, user or role, role, project`")  # noqa: TRY301
        except ValueError as error:
            problems.append(f"{source}: {error}")
    checked = tuple(_links(rules, links, problems))
    return PolicyFile(tuple(rules), checked, tuple(problems))


def _lines(text: str, name: str, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            (fields,) = csv.reader([line], skipinitialspace=True, strict=True)
        except csv.Error as error:
            problems.append(f"{name}:{number}: not readable as CSV: {error}; put a field that holds a comma in double quotes")
            continue
        yield number, [field.strip() for field in fields]


def _links(rules: list[Rule], links: list[tuple[str, str, str, str]], problems: list[str]) -> Iterator[RoleLink]:
    """The first name of a `g` line is a role if it is one anywhere in the bundle; otherwise it is a person."""
    roles = {rule.subject for rule in rules} | {role for _, role, _, _ in links}
    for member, role, domain, source in links:
        if not member or not role or not domain or ANY in member + role or (ANY in domain and domain != ANY):
            problems.append(f"{source}: expected `g, user or role, role, project` with names; only the project may be *")
        elif role.startswith(USER_PREFIX):
            problems.append(f"{source}: {role!r} is a person; the second name must be a role")
        else:
            subject = member if member in roles or member.startswith(USER_PREFIX) else user_subject(member)
            yield RoleLink(subject, role, domain, source)
