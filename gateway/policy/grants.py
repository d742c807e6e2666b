"""Grants from the store as rules: temporary access, standing extras. They stand beside the bundle and end by the clock."""

import logging
from collections.abc import Iterable
from typing import Protocol

from gateway.policy.conditions import ALWAYS
from gateway.policy.patterns import parse_pattern
from gateway.policy.rules import ANY, USER_PREFIX, Effect, Rule, make_rule, user_subject

_log = logging.getLogger(__name__)
ROLE_PREFIX = "role:"


class Grant(Protocol):
    """A row of the store's `grants`: what policy needs of it. Times in Unix seconds."""

    @property
    def id(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def object(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def condition(self) -> str: ...
    @property
    def effect(self) -> str: ...
    @property
    def expires_at(self) -> float | None: ...


def grant_rules(grants: Iterable[Grant], roles: frozenset[str]) -> tuple[Rule, ...]:
    """Every grant as a rule. `roles` are the bundle's: a bare subject that is none of them is a person.

    A grant that cannot be read never gives anything: a broken allow is left out, a broken deny denies everything to its
    subject, both loudly.
    """
    rules = []
    for grant in grants:
        try:
            rules.append(grant_rule(grant, roles))
        except ValueError as error:
            _log.error("grant #%s cannot be read: %s", grant.id, error)
            if grant.effect != Effect.ALLOW:
                rules.append(_deny_everything(grant, roles))
    return tuple(rules)


def grant_rule(grant: Grant, roles: frozenset[str]) -> Rule:
    """Raises ValueError that says which field is wrong: whoever stores a grant checks it with this first."""
    return make_rule(
        grant_subject(grant.subject, roles),
        grant.project or ANY,
        grant.object,
        grant.action,
        grant.condition,
        grant.effect,
        source=f"grant #{grant.id}",
        expires_at=grant.expires_at,
    )


def grant_subject(subject: str, roles: frozenset[str]) -> str:
    """`user:alice` and `role:dba` say what they are; a bare name is a role if the bundle knows such a role."""
    if subject.startswith(ROLE_PREFIX):
        return subject.removeprefix(ROLE_PREFIX)
    if subject.startswith(USER_PREFIX) or subject in roles:
        return subject
    return user_subject(subject) if subject else ""


def _deny_everything(grant: Grant, roles: frozenset[str]) -> Rule:
    subject = grant_subject(grant.subject, roles)
    return Rule(subject, ANY, parse_pattern("**"), ANY, ALWAYS, Effect.DENY, f"grant #{grant.id} (unreadable)")
