"""How expressions behave while they are evaluated, put together."""

from dataclasses import dataclass, field

from gateway.analysis.conduct import (
    COLUMN,
    CONSTANT,
    MOST,
    TOLD,
    UNKNOWN,
    Conduct,
    as_column,
    either,
    gated,
    partial,
    repeated,
    settled,
    strict,
    tell,
    unseen,
)
from gateway.analysis.postgres.records import Record
from gateway.analysis.postgres.scopes import Column, Value
from gateway.model.footprint import Action, Clause, ColumnUse, relation


@dataclass(slots=True)
class Walk:
    muted: bool = False
    record: Record = field(default_factory=lambda: Record(relation("public", "t"), Action.SELECT))

    def value(self, column: str, conduct: Conduct = COLUMN) -> Value:
        return Value(frozenset({(self.record, column)}), conduct=conduct)

    @property
    def told(self) -> set[str]:
        return {use.column for use in self.record.uses}


def test_total_values_put_together_are_total() -> None:
    walk = Walk()
    assert strict(walk, [walk.value("a"), Value(conduct=CONSTANT)], None, "f()") == Conduct(2, True, False)
    assert not walk.told


def test_what_stands_beside_something_that_may_fail_is_told() -> None:
    walk = Walk()
    made = strict(walk, [walk.value("a"), walk.value("b", partial(COLUMN))], Clause.OUTPUT, "f()")
    assert walk.record.uses == {ColumnUse(Clause.COMPUTED, "a", "the select list, in f()")}
    assert not made.total


def test_sizes_have_an_end() -> None:
    walk = Walk()
    made = strict(walk, [walk.value("a", COLUMN._replace(size=MOST))], Clause.RETURNING, "||")
    assert walk.record.uses == {ColumnUse(Clause.COMPUTED, "a", "RETURNING, in ||")}
    assert made == UNKNOWN
    assert strict(Walk(), [walk.value("a")], None, "repeat()", MOST) == UNKNOWN


def test_gates_are_told_of_what_is_behind_them() -> None:
    walk = Walk()
    gated(walk, [walk.value("a")], walk.value("b"), None, "CASE")
    assert not walk.told
    gated(walk, [walk.value("a")], Value(conduct=UNKNOWN), None, "CASE")
    assert walk.told == {"a"}


def test_nothing_is_told_of_conditions_and_definitions() -> None:
    for walk, clause in ((Walk(muted=True), None), (Walk(), Clause.WHERE), (Walk(), Clause.STORED)):
        tell(walk, walk.value("a").origins, clause, "CASE")
        assert not walk.told


def test_a_recursive_column_may_stand_in_its_step_once() -> None:
    walk = Walk()
    own = walk.value("a", repeated(COLUMN))
    assert strict(walk, [own, walk.value("b")], None, "||").total
    assert not strict(walk, [own, own], None, "||").total
    assert settled(own.conduct) == TOLD
    assert settled(UNKNOWN).size > MOST


def test_a_view_s_column_is_a_column() -> None:
    assert as_column(Conduct(40, True, False)) == COLUMN
    assert not as_column(UNKNOWN).total


def test_one_of_several() -> None:
    assert either([Value(conduct=COLUMN), Value(conduct=Conduct(9, False, True))]) == Conduct(10, False, True)


def test_how_what_is_not_shown_is_used() -> None:
    assert unseen(Column("a", exact=True)) is Clause.PRESENCE
    assert unseen(Column("a", conduct=TOLD)) is Clause.OUTPUT
    assert unseen(Column("a", conduct=UNKNOWN)) is Clause.ARGUMENT
