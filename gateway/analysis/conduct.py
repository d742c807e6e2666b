"""How an expression behaves while it is evaluated: whether anything beside its value tells of the values in it.

An output over a masked column is masked whole, so its value tells nothing. But whether it fails, warns or takes long does, one
bit at a time: `CASE WHEN card LIKE '4%' THEN 1/0 END`. So an output may do with a masked value only what is *total*: what can
neither fail nor warn nor take noticeable time, whatever the value. Each engine lists what is (`totality` in its room, with the
functions in `data/total.toml`); everything else is a use of the columns (`Clause.COMPUTED`) that needs `infer`. What is
evaluated or not by a value's grace, in CASE, AND, COALESCE, must be total as well, whatever it is made of.

The analysis does not know what is masked, so it says this of every column that an output computes with. A view's definition is
its author's, whoever reads it: what it computes is not held against them.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from gateway.model.footprint import Clause, ColumnUse

if TYPE_CHECKING:
    from gateway.analysis.postgres.records import Origins

MOST: Final = 1_000
"""Values and operations in one expression, beyond which its size and time are not held to be small."""
_SHOWN: Final = frozenset({None, Clause.OUTPUT, Clause.RETURNING})


class Conduct(NamedTuple):
    """size    how much the value may grow and take: columns and operations in it, kilobytes of literals; over MOST: not known
    total   evaluating it can neither fail nor take long, whatever the values
    plain   its magnitude comes from the data, not from whoever asks: a column, its sum, its least; never a constant
    """

    size: int
    total: bool
    plain: bool


CONSTANT: Final = Conduct(0, True, False)
COLUMN: Final = Conduct(1, True, True)
TOLD: Final = Conduct(1, True, False)  # a truth value, a number of few digits
CLOCK: Final = Conduct(0, True, True)
UNKNOWN: Final = Conduct(MOST + 1, False, False)


class Evaluated(Protocol):
    """What an expression gives."""

    @property
    def origins(self) -> "Origins": ...
    @property
    def conduct(self) -> Conduct: ...


class Made(Protocol):
    """A column of a query's result."""

    @property
    def exact(self) -> bool: ...
    @property
    def conduct(self) -> Conduct: ...


class Walk(Protocol):
    """`muted`: what is walked is no output, or its author is trusted."""

    @property
    def muted(self) -> bool: ...


def shown(clause: Clause | None) -> bool:
    """Whether values go to an output, as far as one can tell: None leaves it to whoever refers to them."""
    return clause in _SHOWN


def tell(ctx: Walk, origins: "Origins", clause: Clause | None, where: str) -> None:
    """Writes down that these columns' values decide over more than the output's value, and in what."""
    if not origins or clause not in _SHOWN or ctx.muted:
        return
    inside = f"{'RETURNING' if clause is Clause.RETURNING else 'the select list'}, in {where}"
    for record, column in origins:
        record.uses.add(ColumnUse(Clause.COMPUTED, column, inside))


def partial(conduct: Conduct) -> Conduct:
    """The same, where evaluating it may fail or take time for reasons of its own."""
    return Conduct(conduct.size, False, conduct.plain)


def repeated(conduct: Conduct) -> Conduct:
    """Of a recursive query's own column while it is walked: what has it twice would double it at every step."""
    return Conduct(max(conduct.size, MOST // 2 + 1), conduct.total, False)


def settled(conduct: Conduct) -> Conduct:
    """The same afterwards: as large as a column may be."""
    return Conduct(COLUMN.size if conduct.size <= MOST else conduct.size, conduct.total, False)


def read_before(conduct: Conduct) -> Conduct:
    """Of what a function in FROM gives: its rows are there before anything is computed of them."""
    return Conduct(conduct.size, conduct.size <= MOST, False)


def as_column(conduct: Conduct) -> Conduct:
    """Of a view's column: what its author computes is a column to whoever reads it. Evaluating it may still fail, and by a
    condition's grace."""
    return Conduct(COLUMN.size if conduct.size <= MOST else conduct.size, conduct.total, COLUMN.plain)


def unseen(column: Made) -> Clause:
    """How a column is used that may be computed but is not shown: as it is, not at all; by what is total, as in an output."""
    if column.exact:
        return Clause.PRESENCE
    return Clause.OUTPUT if column.conduct.total else Clause.ARGUMENT


def unknown(ctx: Walk, values: Iterable[Evaluated], clause: Clause | None, where: str) -> Conduct:
    """Of an operation that is on no list."""
    for value in values:
        tell(ctx, value.origins, clause, where)
    return UNKNOWN


def strict(ctx: Walk, values: Sequence[Evaluated], clause: Clause | None, where: str, growth: int = 1) -> Conduct:
    """Of a total operation over all of these values. One that is not total may hide what the others do, or be hidden by
    them: `a AND f(b)`; so may a size that nobody knows. `growth`: how many times as large it may make them."""
    size, partials = 1, 0
    for value in values:
        size += value.conduct.size
        partials += not value.conduct.total
    size *= growth
    if size > MOST or partials:
        for value in values:
            if size > MOST or partials > (not value.conduct.total):  # another one is not total
                tell(ctx, value.origins, clause, where)
    return Conduct(min(size, MOST + 1), not partials and size <= MOST, False)


def gated(ctx: Walk, gates: Iterable[Evaluated], behind: Evaluated, clause: Clause | None, where: str) -> None:
    """`behind` is evaluated or not as the gates' values say."""
    if not behind.conduct.total:
        for gate in gates:
            tell(ctx, gate.origins, clause, where)


def either(values: Sequence[Evaluated]) -> Conduct:
    """Of one of these values, as others say: the largest."""
    return Conduct(
        max((value.conduct.size for value in values), default=0) + 1,
        all(value.conduct.total for value in values),
        all(value.conduct.plain for value in values),
    )
