"""Masked columns in a footprint: what must be masked on the way out, and which uses need `infer` or `unmask`."""

from collections.abc import Iterable, Iterator

from gateway.model.decision import MaskColumns
from gateway.model.footprint import Access, Action, Clause, ColumnRef, ColumnUse, Footprint, ObjectKind, ObjectName
from gateway.model.identity import Engine, Target
from gateway.model.masker import NullMask
from gateway.model.paths import object_path, segment
from gateway.policy.asking import Answer, Asker
from gateway.policy.masking_rules import MaskedColumn, MaskingRules
from gateway.policy.moves import MoveCheck
from gateway.policy.patterns import DEEP, STAR, path_matches, segment_matches
from gateway.policy.programs import ProgramCheck
from gateway.policy.refusals import Refusal, masked, not_permitted

_SHOWN = frozenset({Clause.OUTPUT, Clause.RETURNING})
# The value goes somewhere else than to a result row, where no mask would meet it.
_MOVED = frozenset({Clause.STORED})
# Tells nothing of the value: it is overwritten, or only its presence is asked for.
_FREE = frozenset({Clause.TARGET, Clause.PRESENCE})
# A statement that writes may fail with the whole row in its error.
_WRITES = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE})
_KEPT_RELATIONS = 8_192
HIDES = str(NullMask())
# Their rows quote values of any table's columns: samples, histograms, keys that are locked, words that are indexed. PostgreSQL:
# system catalogs, chapter "Statistics". MariaDB, MySQL, TiDB: column statistics, InnoDB's locks and full-text indexes.
_QUOTING = {
    "pg_catalog": {"pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"},
    "mysql": {"column_stats", "stats_histograms", "stats_buckets", "stats_top_n", "stats_history", "stats_meta_history"},
    "information_schema": {
        *("column_statistics", "innodb_locks", "innodb_ft_index_table", "innodb_ft_index_cache", "optimizer_trace"),
    },
    "performance_schema": {"data_locks"},
}


class MaskIndex:
    """The bundle's masked columns, remembered by relation path."""

    def __init__(self, rules: MaskingRules) -> None:
        self._rules = rules
        specs = [rules.masker_of(entry) for entry in rules.columns]
        self.maskers = {str(spec): spec for spec in (NullMask(), *specs)}
        self._by_relation: dict[str, tuple[MaskedColumn, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._rules.columns)

    def of(self, path: str) -> tuple[MaskedColumn, ...]:
        """Entries for columns of the relation at this path, in the order of the file."""
        found = self._by_relation.get(path)
        if found is None:
            if len(self._by_relation) >= _KEPT_RELATIONS:
                self._by_relation.clear()
            found = tuple(entry for entry in self._rules.columns if path_matches(path, entry.relation))
            self._by_relation[path] = found
        return found

    def reaches(self, target: Target) -> bool:
        """Whether some entry may mean a column of the target; MySQL's programs reach every database of their server."""
        parts = [segment(target.instance), segment(target.database)]
        known = parts[:1] if target.engine is Engine.MYSQL else parts
        return any(_may_begin(entry.relation.split("/"), known) for entry in self._rules.columns)

    def masker_of(self, entry: MaskedColumn) -> str:
        """The masker's canonical text, by which decisions name it."""
        return str(self._rules.masker_of(entry))

    def covered(self, path: str, column: str) -> dict[str, str]:
        """Maskers by column: of this one, or of every entry for the relation where the column is `*`."""
        found: dict[str, str] = {}
        name = segment(column)
        for entry in self.of(path):
            if column == STAR:
                found.setdefault(entry.column, self.masker_of(entry))
            elif segment_matches(entry.column, name):
                found.setdefault(column, self.masker_of(entry))
        return found

    def uncovered(self, target: Target, footprint: Footprint) -> tuple[tuple[str, str], ...]:
        """Paths of masked columns that a statement moves, and those where no entry masks them alike; and of those whose values
        it stores, with the statement's kind."""
        found: dict[tuple[str, str], None] = {}
        for access in walk((*footprint.accesses, *footprint.shown)):
            path = object_path(target, access.object)
            for use in access.columns:
                if use.clause in _MOVED:
                    found |= {
                        (f"{path}/{column}", f"what {footprint.kind} makes"): None for column in self.covered(path, use.column)
                    }
        for move in footprint.moves:
            source, other = object_path(target, move.source.object), object_path(target, move.target.object)
            for column, masker in self.covered(source, move.source.column).items():
                name = column if move.target.column == STAR else move.target.column
                if self.covered(other, name).get(name) != masker:
                    found[f"{source}/{column}", f"{other}/{name}"] = None
        return tuple(found)


class ColumnCheck:
    """Column uses of one footprint against the masks, for one asker."""

    def __init__(self, masks: MaskIndex, asker: Asker, target: Target) -> None:
        self._masks = masks
        self._asker = asker
        self._target = target

    def refusals(self, footprint: Footprint) -> Iterator[Refusal]:
        """Uses that would let a masked value be inferred, or carry it away."""
        if footprint.programs:
            yield from ProgramCheck(self, footprint).refusals()
        if footprint.moves:
            yield from MoveCheck(self, self._asker.view, self._target).refusals(footprint)
        for access in walk((*footprint.accesses, *footprint.shown)):
            path = object_path(self._target, access.object)
            if access.object.name.lower() in _QUOTING.get(access.object.schema.lower(), ()):
                answer = self._asker.passes(Action.UNMASK, path)
                if not answer.allowed:
                    yield Refusal(not_permitted(Action.UNMASK, path, answer, self._target.project))
            if not self._masks.of(path):
                continue
            for use in sorted(access.columns, key=_order):
                if use.clause in _SHOWN or use.clause in _FREE:
                    continue
                needed = Action.UNMASK if use.clause in _MOVED else Action.INFER
                for column, _ in self.hidden(path, use.column):
                    answer = self.column(needed, path, column)
                    if not answer.allowed:
                        yield Refusal(masked(needed, path, column, use.inside or use.clause.value.upper(), answer))

    def obligation(self, footprint: Footprint) -> MaskColumns | None:
        """Every base column that may reach the client and must be masked there: in rows, or quoted in an error.

        That is every masked column the statement uses, and all of a relation that it writes to.
        A column written with `*` (a whole row, or an entry such as `*_email` under a whole row) stands for all that it matches.
        """
        found: dict[ColumnRef, str] = {}
        for shown in self._shown(footprint):
            path = object_path(self._target, shown.object)
            for column, masker in self.hidden(path, shown.column):
                found.setdefault(ColumnRef(shown.object, column), masker)
        if footprint.programs:
            found.update(dict.fromkeys(ProgramCheck(self, footprint).hiding(), HIDES))
        columns = sorted(found.items(), key=lambda item: (item[0].object.schema, item[0].object.name, item[0].column))
        return MaskColumns(tuple(columns)) if columns else None

    def entries(self, name: ObjectName) -> tuple[tuple[str, str], ...]:
        """(column, masker) of all that is masked in the relation."""
        return tuple(self.hidden(object_path(self._target, name), STAR))

    def _shown(self, footprint: Footprint) -> Iterator[ColumnRef]:
        for access in walk((*footprint.accesses, *footprint.shown)):
            if access.action in _WRITES:
                yield ColumnRef(access.object, STAR)
            for use in access.columns:
                if use.clause not in _FREE:
                    yield ColumnRef(access.object, use.column)
        for outputs in (footprint.outputs or (), *(footprint.results or ())):
            for output in outputs:
                yield from (source for source in output.sources if source.object.kind is ObjectKind.RELATION)

    def masked(self, column: ColumnRef, needed: Action) -> Iterator[tuple[str, str, Answer]]:
        """(path, column, answer) of all that is masked in this column or whole row, and for which `needed` is not allowed."""
        path = object_path(self._target, column.object)
        for name, _ in self.hidden(path, column.column):
            answer = self.column(needed, path, name)
            if not answer.allowed:
                yield path, name, answer

    def whole(self, name: ObjectName) -> tuple[str, Answer]:
        """Whether what a program gives, whatever it may be, is shown as it is."""
        path = object_path(self._target, name)
        return path, self._asker.passes(Action.UNMASK, path)

    @property
    def concerns(self) -> bool:
        """Whether anything that a program of this server can reach may be masked."""
        return self._masks.reaches(self._target)

    def hidden(self, path: str, column: str) -> list[tuple[str, str]]:
        """(column, masker) for a used column, or for every entry where the use is a whole row; without what is unmasked."""
        found = self._masks.covered(path, column)
        return [item for item in found.items() if not self.column(Action.UNMASK, path, item[0]).allowed]

    def masker(self, path: str, column: str) -> str | None:
        """The masker of one column for whom it is masked; None where no entry covers it."""
        return self._masks.covered(path, column).get(column)

    def column(self, action: Action, path: str, column: str) -> Answer:
        """The column's own path, or the relation's: either may allow, either may deny."""
        own = self._asker.ask(action, f"{path}/{column if STAR in column else segment(column)}")
        whole = self._asker.ask(action, path)
        return self._asker.counted(Answer(own.allow or whole.allow, own.deny or whole.deny))


def _order(use: ColumnUse) -> tuple[bool, Clause, str, str]:
    """What a clause does with a column is named before what an output computes of it."""
    return use.clause is Clause.COMPUTED, use.clause, use.column, use.inside


def _may_begin(pattern: list[str], known: list[str]) -> bool:
    for part, name in zip(pattern, known, strict=False):
        if part == DEEP:
            return True
        if not segment_matches(part, name):
            return False
    return True


def walk(accesses: Iterable[Access]) -> Iterator[Access]:
    """Every access and everything beneath it."""
    waiting = list(accesses)[::-1]
    while waiting:
        access = waiting.pop()
        yield access
        waiting.extend(reversed(access.beneath))
