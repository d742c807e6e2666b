"""What somebody may be told of the policy that holds for them: rules, masked columns, limits."""

from collections.abc import Iterable, Mapping, Sequence

from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.paths import segment
from gateway.policy.limits import LimitCheck
from gateway.policy.patterns import DEEP, path_matches, segment_matches
from gateway.policy.query_rules import QueryRule
from gateway.policy.rules import ANY, Rule
from gateway.policy.snapshot import PolicySnapshot, target_circumstances


def rules_of(snapshot: PolicySnapshot, principal: Principal, target: Target, now: float) -> list[Rule]:
    """Every rule and grant of the person in this database's project whose objects may lie in this database."""
    circumstances = target_circumstances(principal, target, ClientInfo(""), now)
    subjects = set(snapshot.asker(principal, circumstances).membership.subjects)
    return [
        rule
        for rule in (*snapshot.bundle.rules, *snapshot.granted)
        if rule.subject in subjects
        and rule.domain in (ANY, target.project)
        and not rule.expired(now)
        and _reaches(rule.pattern.segments, target)
    ]


def _reaches(parts: Sequence[str], target: Target) -> bool:
    """Whether a pattern may match anything in this database; paths of MySQL's have no schema."""
    if len(parts) > (3 if target.engine is Engine.MYSQL else 4) and DEEP not in parts:
        return False
    for part, name in zip(parts, (segment(target.instance), segment(target.database)), strict=False):
        if part == DEEP:
            return True
        if not segment_matches(part, name):
            return False
    return True


def masked_columns(entries: Iterable[tuple[str, str]], columns: Sequence[str]) -> list[tuple[str, str]]:
    """(column, masker) of the columns there are; the first entry that matches a column counts."""
    found: dict[str, str] = {}
    for pattern, masker in entries:
        for column in columns:
            if segment_matches(pattern, segment(column)):
                found.setdefault(column, masker)
    return [(column, found[column]) for column in columns if column in found]


def query_limits(  # noqa: PLR0917 -- who, where, when and what was read
    snapshot: PolicySnapshot,
    principal: Principal,
    target: Target,
    client: ClientInfo,
    now: float,
    read: Mapping[str, int],
) -> list[tuple[QueryRule, list[tuple[str, int]]]]:
    """The query rules that hold for the person now, each with the relations of which rows were read today."""
    asker = snapshot.asker(principal, target_circumstances(principal, target, client, now))
    here = f"{segment(target.instance)}/{segment(target.database)}/"
    return [
        (rule, [(path, rows) for path, rows in read.items() if path.startswith(here) and _met(rule, path)])
        for rule in LimitCheck(snapshot.bundle.queries, asker, target).rules
        if any(_meets_relations(pattern.split("/"), target) for pattern in rule.objects)
    ]


def _meets_relations(parts: Sequence[str], target: Target) -> bool:
    """Whether a pattern may match a relation in this database: limits concern nothing else."""
    return _reaches(parts, target) and (DEEP in parts or len(parts) == (3 if target.engine is Engine.MYSQL else 4))


def _met(rule: QueryRule, path: str) -> bool:
    return rule.max_rows_per_day is not None and any(path_matches(path, pattern) for pattern in rule.objects)
