"""What to look for in the log: how a record matches, which index terms a match must have, which bytes its line must hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from gateway.audit.encoding import json_string

_USUAL = "allow"  # nearly every block has it: terms that combine with it would find nothing out


@dataclass(frozen=True, slots=True)
class Query:
    """All that is given must hold. Times are Unix seconds; `since` is included, `until` is not.

    relation   a path (`pg1/shop/hr/salaries`), a pattern with `*` and `**`, or a name (`salaries`, `hr.salaries`)
    outcome    allow | deny | review, of the decision
    kind       an event kind, or a family: `issue.*`
    text       part of the statement's text, in any case
    """

    user: str | None = None
    relation: str | None = None
    outcome: str | None = None
    kind: str | None = None
    issue: int | None = None
    session: str | None = None
    statement_id: str | None = None
    instance: str | None = None
    database: str | None = None
    text: str | None = None
    since: float | None = None
    until: float | None = None

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Exactly: the index and the bytes only say where it is worth looking."""
        for name in ("user", "issue", "session", "statement_id", "instance", "database"):
            wanted = getattr(self, name)
            if wanted is not None and record.get(name) != wanted:
                return False
        if self.kind is not None and not _kind_matches(self.kind, str(record.get("kind"))):
            return False
        if self.outcome is not None and _outcome(record) != self.outcome:
            return False
        if self.text is not None and self.text.lower() not in str(record.get("text", "")).lower():
            return False
        if self.relation is not None:
            pattern = relation_pattern(self.relation)
            if not any(map(pattern.matches, _paths(record))):
                return False
        return self.in_time(str(record.get("time", "")))

    def in_time(self, time: str) -> bool:
        """Times in the log have one form, so that they compare as text."""
        if self.since is not None and time < log_time(self.since):
            return False
        return self.until is None or time < log_time(self.until)

    def bytes_within(self) -> bytes:
        """Bytes that every matching line holds, the rarest that is known; b"" where there are none."""
        for name in ("statement_id", "session", "user"):
            wanted = getattr(self, name)
            if wanted is not None:
                return b'"%b":%b' % (name.encode(), json_string(wanted))
        if self.issue is not None:
            return b'"issue":%d' % self.issue
        if self.relation is not None and "*" not in self.relation:
            return json_string(self.relation) if "/" in self.relation else json_string(self.relation.rpartition(".")[2])[1:]
        if self.outcome is not None:
            return b'"outcome":%b' % json_string(self.outcome)
        if self.kind is not None and not self.kind.endswith("*"):
            return b'"kind":%b' % json_string(self.kind)
        return b""

    def terms(self) -> list[str]:
        """Index terms that a block must have for a match to be in it (a term with `*` stands for any that fits)."""
        user, outcome, relation = self.user, self.outcome, self.relation
        found = []
        exact = relation is not None and "/" in relation and "*" not in relation
        if user is not None and exact:
            found.append(f"ur:{user}|{relation}")
        if outcome is not None and outcome != _USUAL:
            found += [f"uo:{user}|{outcome}"] if user is not None else []
            found += [f"ro:{relation}|{outcome}"] if exact else []
        if relation is not None:
            found.append(f"r:{relation}")
        session = self.session or (self.statement_id.rpartition("-")[0] if self.statement_id else None)
        simple = {
            "u": user,
            "o": outcome,
            "s": session,
            "k": self.kind,
            "i": self.issue,
            "n": self.instance,
            "d": self.database,
        }
        found += [f"{prefix}:{value}" for prefix, value in simple.items() if value is not None]
        return found


def record_terms(record: Mapping[str, Any]) -> Iterator[str]:
    """Every index term of one record."""
    for prefix, name in (("u", "user"), ("s", "session"), ("k", "kind"), ("i", "issue"), ("n", "instance"), ("d", "database")):
        value = record.get(name)
        if value is not None:
            yield f"{prefix}:{value}"
    user, outcome = record.get("user"), _outcome(record)
    unusual = outcome is not None and outcome != _USUAL
    if outcome is not None:
        yield f"o:{outcome}"
    if unusual:
        yield f"uo:{user}|{outcome}"
    for path in _paths(record):
        yield f"r:{path}"
        yield f"ur:{user}|{path}"
        if unusual:
            yield f"ro:{path}|{outcome}"


def log_time(seconds: float) -> str:
    """Unix seconds in the log's form, `2026-01-02T03:04:05.000006Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class RelationPattern:
    """`*` is a segment or part of one, `**` any number of segments. Matching takes linear time whatever the pattern."""

    alternatives: tuple[tuple[str, ...], ...]

    def matches(self, path: str) -> bool:
        segments = path.split("/")
        return any(_path_matches(pattern, segments) for pattern in self.alternatives)


@lru_cache(maxsize=256)
def relation_pattern(relation: str) -> RelationPattern:
    """Of a path or pattern; a name without `/` is the path's end, its dots being separators or just dots."""
    if "/" in relation:
        return RelationPattern((tuple(relation.split("/")),))
    return RelationPattern((("**", relation), ("**", *relation.split("."))))


def _path_matches(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    """Walk both; where it goes wrong, let the last `**` take one segment more."""
    place = at = 0
    resume: tuple[int, int] | None = None
    while at < len(segments):
        if place < len(pattern) and pattern[place] == "**":
            resume = place, at
            place += 1
        elif place < len(pattern) and _segment_matches(pattern[place], segments[at]):
            place, at = place + 1, at + 1
        elif resume is not None:
            resume = resume[0], resume[1] + 1
            place, at = resume[0] + 1, resume[1]
        else:
            return False
    return all(rest == "**" for rest in pattern[place:])


def _segment_matches(pattern: str, segment: str) -> bool:
    first, *more = pattern.split("*")
    if not more:
        return pattern == segment
    *middle, last = more
    if not segment.startswith(first) or not segment.endswith(last) or len(segment) < len(first) + len(last):
        return False
    place, end = len(first), len(segment) - len(last)
    for part in middle:
        found = segment.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _outcome(record: Mapping[str, Any]) -> str | None:
    decision = record.get("decision")
    return decision.get("outcome") if isinstance(decision, Mapping) else None


def _paths(record: Mapping[str, Any]) -> list[str]:
    relations = record.get("relations")
    return [str(item.get("path")) for item in relations if isinstance(item, Mapping)] if isinstance(relations, list) else []


def _kind_matches(wanted: str, kind: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted
