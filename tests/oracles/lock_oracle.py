"""The lock oracle: PostgreSQL locks every relation a statement touches until its transaction ends: `pg_locks` is the server's
own footprint. A locked relation that ours does not explain is a hole; so is one locked for writing that ours calls read.

A lock is explained
  directly     the relation is in the footprint, under a view, as a rule's action, as a child;
  by belonging index, TOAST table, partition or inheritance kin, owned sequence of an explained relation;
  by writing   foreign keys either way and what trigger functions name, if the explained relation is written;
  by calling   what the source of a user-defined function in the footprint names: the function needs `call`;
  by class     what the text does not name, if a function reads by name or SQL text, or the database's DDL is asked for;
  by system    catalogs beneath a system view or function: granted by its name; what a describing system view prints;
  by DDL       what depends on the explained relation, if the footprint has `ddl` on it.
System catalogs count too, where the statement is no DDL: DDL keeps locks on the catalogs it writes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

import psycopg

from gateway.model.footprint import Access, AccessOrigin, Action, Category, Footprint, FunctionClass, ObjectKind
from tests.oracles.schema_facts import SchemaFacts
from tests.oracles.server import Session

_LOCKS = """
SELECT relation, array_agg(mode) FROM pg_locks
WHERE pid = %s AND locktype = 'relation' AND granted GROUP BY relation
"""
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r"\w+")
_MERGE_WRITES = re.compile(r"\bTHEN\s+(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_PLANNABLE = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE)\b", re.IGNORECASE)
_READ_LOCKS = frozenset({"AccessShareLock", "RowShareLock"})
# EXPLAIN locks for what it does not do.
_WRITES = frozenset(
    {
        Action.INSERT,
        Action.UPDATE,
        Action.DELETE,
        Action.TRUNCATE,
        Action.LOCK,
        Action.DDL,
        Action.ADMIN,
        Action.EXPLAIN,
    }
)
# They print definitions, and lock what the definition names; no row is read.
_DESCRIBERS = frozenset(
    {
        "pg_get_viewdef",
        "pg_get_ruledef",
        "pg_get_functiondef",
        "pg_get_triggerdef",
        "pg_get_expr",
        "pg_partition_tree",
        "pg_partition_ancestors",
    }
)
# Relations reached through these are named at run time, if at all: policy answers the function's class.
_RUN_TIME = frozenset({FunctionClass.READS, FunctionClass.WRITES, FunctionClass.ADMIN})

Analyse = Callable[[str], tuple[Footprint, ...]]


@dataclass(frozen=True, slots=True)
class Hole:
    """A locked relation that the footprint does not explain."""

    label: str
    text: str
    relation: str
    modes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.label}: {self.relation} {'/'.join(self.modes)} unexplained in: {self.text}"


@dataclass(slots=True)
class Tally:
    """What a run over many statements found."""

    statements: int = 0
    refused: int = 0  # by the server: nothing stays locked
    opaque: int = 0  # not understood: policy refuses unless a rule says otherwise
    locked: int = 0
    over_reported: int = 0
    holes: list[Hole] = field(default_factory=list)
    over_reports: list[str] = field(default_factory=list)
    opaque_texts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.statements} statements ({self.refused} refused by the server, {self.opaque} opaque), "
            f"{self.locked} locked relations, {len(self.holes)} unexplained, {self.over_reported} over-reported"
        )


class LockOracle:
    """Runs statements on `session`, reads its locks through `watcher`, and holds footprints against them."""

    def __init__(self, session: Session, watcher: psycopg.Connection, analyse: Analyse) -> None:
        self._session = session
        self._watcher = watcher
        self._analyse = analyse
        self._facts = SchemaFacts.read(watcher)

    def judge_all(self, statements: Iterable[tuple[str, str, str]]) -> Tally:
        """Of (label, text to analyse, text to run)."""
        tally = Tally()
        for label, text, runnable in statements:
            self.judge(label, text, runnable, tally)
        return tally

    def judge(self, label: str, text: str, runnable: str, tally: Tally) -> None:
        tally.statements += 1
        footprints = self._analyse(text)
        locks = self._locks_of(runnable)
        if locks is None and _PLANNABLE.match(runnable):
            locks = self._locks_of(f"EXPLAIN {runnable}")  # it failed or took too long while running: planning locks the same
        if locks is None:
            tally.refused += 1
            return
        if any(footprint.opaque is not None for footprint in footprints):
            tally.opaque += 1
            tally.opaque_texts.append(f"{label}: {[footprint.opaque for footprint in footprints]}: {text}")
            return
        explained = Explanation(self._facts, footprints, text)
        tally.locked += len(locks)
        for oid, modes in sorted(locks.items()):
            if not explained.covers(oid, modes):
                tally.holes.append(Hole(label, text, ".".join(self._facts.names[oid]), tuple(sorted(modes))))
        over = explained.reported - set(locks) if locks else set()
        tally.over_reported += len(over)
        tally.over_reports.extend(f"{label}: {'.'.join(self._facts.names[oid])} not locked by: {text}" for oid in sorted(over))

    def _locks_of(self, text: str) -> dict[int, frozenset[str]] | None:
        with self._session.attempt(text) as ran:
            return None if ran.error else self._locks()

    def _locks(self) -> dict[int, frozenset[str]]:
        """Lock modes by table: indexes and TOAST tables count for theirs. What the transaction itself created is not known to
        the facts, and left out."""
        found: dict[int, frozenset[str]] = {}
        for oid, modes in self._watcher.execute(_LOCKS, (self._session.pid,)).fetchall():
            if oid in self._facts.names:
                table = self._facts.table_of(oid)
                # An index is locked RowExclusive wherever its table is: it says nothing of its own.
                found[table] = found.get(table, frozenset()) | (frozenset(modes) if table == oid else frozenset())
        return found


class Explanation:
    """Everything that some footprints account for: oid -> whether writing is accounted for too."""

    def __init__(self, facts: SchemaFacts, footprints: Iterable[Footprint], text: str) -> None:
        footprints = tuple(footprints)
        self._facts = facts
        self._words = frozenset(_WORD.findall(_LITERAL.sub("''", text).lower()))
        self._ddl = any(footprint.category is Category.DDL for footprint in footprints)
        self._anything = False
        self._system_view = False
        self._describing_view = False
        self._explained: dict[int, bool] = {}
        self.reported: set[int] = set()
        # CREATE FUNCTION looks at what its body names, and reads none of it.
        self._only_checked = any(footprint.kind in {"CREATE FUNCTION", "CREATE PROCEDURE"} for footprint in footprints)
        # MERGE locks its target for writing even where every branch does nothing.
        self._idle_merge = footprints[0].kind == "MERGE" and _MERGE_WRITES.search(text) is None if footprints else False
        for footprint in footprints:
            self._add_footprint(footprint)
        self._spread()

    def covers(self, oid: int, modes: frozenset[str]) -> bool:
        if self._ddl and self._facts.is_system(oid):
            return True
        if self._is_beneath_system_view(oid) and not self._is_named(oid):
            return True
        if self._anything and not self._is_named(oid):
            return True
        if self._idle_merge and oid in self._explained:
            return True
        if self._only_checked and modes <= _READ_LOCKS:
            return True
        return oid in self._explained and (modes <= _READ_LOCKS or self._explained[oid])

    def _is_beneath_system_view(self, oid: int) -> bool:
        """A catalog that a system view reads, or a relation that one describes: pg_views prints every view."""
        return self._system_view and (self._facts.is_system(oid) or self._describing_view)

    def _is_named(self, oid: int) -> bool:
        return self._facts.names[oid][1].lower() in self._words

    def _add_footprint(self, footprint: Footprint) -> None:
        for access in _flat(footprint.accesses):
            self._add_access(access)
        for use in footprint.functions:
            if use.function_class in _RUN_TIME or use.name.name in _DESCRIBERS:
                self._anything = True
            if (use.name.schema, use.name.name) in self._facts.system_sql_functions:
                self._system_view = True  # obj_description and its like read catalogs as system views do
            source = self._facts.function_sources.get((use.name.schema, use.name.name))
            if source is not None:
                self._add(self._facts.named_in(source), written=True)

    def _add_access(self, access: Access) -> None:
        name, written = access.object, access.action in _WRITES
        if name.kind is ObjectKind.RELATION:
            oid = self._facts.oids.get((name.schema, name.name))
            if oid is not None:
                if self._facts.is_system(oid) and self._facts.kinds[oid] == "v":
                    self._system_view = True
                    self._describing_view |= oid in self._facts.describing_views
                self._add((self._facts.table_of(oid),), written=written)
                if access.origin is not AccessOrigin.CHILD and access.action is not Action.DDL:
                    self.reported.add(self._facts.table_of(oid))
        elif written and name.kind is ObjectKind.SCHEMA:
            inside = (oid for oid, (schema, _) in self._facts.names.items() if schema == name.schema)
            self._add(inside, written=True)
        elif access.action in {Action.DDL, Action.ADMIN}:
            self._anything = True  # the right to change the whole database's schema

    def _add(self, oids: Iterable[int], *, written: bool) -> None:
        for oid in oids:
            self._explained[oid] = self._explained.get(oid, False) or written

    def _spread(self) -> None:
        """Follow belonging, and from what is written keys, triggers, and under DDL dependents."""
        ahead = list(self._explained.items())
        while ahead:
            oid, written = ahead.pop()
            for neighbour in self._neighbours(oid, written):
                if neighbour not in self._explained or (written and not self._explained[neighbour]):
                    self._add((neighbour,), written=written)
                    ahead.append((neighbour, written))

    def _neighbours(self, oid: int, written: bool) -> Iterable[int]:
        facts = self._facts
        kin = chain(facts.children.get(oid, ()), facts.parents.get(oid, ()))
        if not written:
            return kin
        sequences = (needed for needed in facts.needs.get(oid, ()) if facts.kinds[needed] == "S")
        owned = (other for other in facts.dependents.get(oid, ()) if facts.kinds[other] == "S")
        triggered = chain.from_iterable(facts.named_in(source) for source in facts.trigger_sources.get(oid, ()))
        dependents = facts.dependents.get(oid, ()) if self._ddl else ()
        return chain(kin, facts.keys.get(oid, ()), sequences, owned, triggered, dependents)


def _flat(accesses: Iterable[Access]) -> Iterable[Access]:
    for access in accesses:
        yield access
        yield from _flat(access.beneath)
