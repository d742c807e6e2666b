"""Masking many values of a column at once. Each way gives what the column's cell gives for one value after the other.

The commonest maskers of text (`ascii.py` has them for one value) work on all values together, and change or replace no more
than they hide. Any other cell is called for each value; equal ones are masked once where there are many.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.masking.spans import WIDEST, Cut, Flags, Places, Run
from gateway.masking.text import Cell, TextCell, hide
from gateway.model.masker import ConstantMask, DigitsMask, EmailMask, NullMask, PartialMask, RoundMask, TruncateMask

_STAR: Final = ord("*")
_AT: Final = ord("@")
_DOT: Final = ord(".")
_ZERO: Final = ord("0")
_DOMAIN: Final = b"***@***"  # in place of an address's middle


@dataclass(frozen=True, slots=True)
class Masked:
    """sizes   of the masked values in bytes; -1 is NULL
    cut     what is replaced in the run; None where the values were written over in place
    """

    sizes: Places
    cut: Cut | None


Column = Callable[[Run, Places, Places], Masked]


def column_of(cell: Cell) -> Column:
    """What masks the values run[starts[i]:ends[i]], none of them NULL."""
    if cell is hide:
        return _hidden
    if not isinstance(cell, TextCell):
        return lambda run, starts, ends: _each(cell, run, starts, ends)
    match cell.spec:
        case NullMask() | RoundMask() | TruncateMask():
            return _hidden
        case ConstantMask():
            constant = cell(b"")
            return _hidden if constant is None else _constant(constant)
        case EmailMask():
            return _ascii(_emails, cell)
        case DigitsMask(last):
            return _ascii(lambda run, starts, ends: _digits(run, starts, ends, last), cell, WIDEST)
        case PartialMask(fill=fill) as spec if len(fill) == 1 and fill.isascii():
            return _ascii(lambda run, starts, ends: _partial(run, starts, ends, spec), cell)
        case _:
            return lambda run, starts, ends: _each(cell, run, starts, ends)


def mask_column(column: Column, run: Run, starts: Places, ends: Places, null: Flags) -> Masked:
    """The values that are not NULL, masked; the others stay."""
    if not null.any():
        return column(run, starts, ends)
    present = ~null
    if not present.any():
        return Masked(np.full(len(starts), -1), None)
    masked = column(run, starts[present], ends[present])
    return _merged(present, masked, Masked(np.full(int(null.sum()), -1), None), starts)


def _ascii(column: Column, cell: Cell, widest: int | None = None) -> Column:
    """Values of more than ASCII are taken one by one, since their characters are not bytes; and those wider than `widest`."""

    def mask(run: Run, starts: Places, ends: Places) -> Masked:
        other = run.beyond_ascii(starts, ends)
        if widest is not None and (wide := ends - starts > widest).any():
            other = wide if other is None else wide | other
        if other is None:
            return column(run, starts, ends)
        decoded = _each(cell, run, starts[other], ends[other])
        return _merged(other, decoded, column(run, starts[~other], ends[~other]), starts)

    return mask


def _merged(first: Flags, chosen: Masked, rest: Masked, starts: Places) -> Masked:
    """One for all values, of one for those flagged and one for the others."""
    sizes = _laid(first, chosen.sizes, rest.sizes)
    if chosen.cut is None and rest.cut is None:
        return Masked(sizes, None)
    one = chosen.cut or Cut(starts[first], starts[first], b"")
    other = rest.cut or Cut(starts[~first], starts[~first], b"")
    following, others = iter(one.each()), iter(other.each())
    pieces = [next(following) if flag else next(others) for flag in first.tolist()]
    return Masked(sizes, Cut(_laid(first, one.starts, other.starts), _laid(first, one.ends, other.ends), pieces))


def _laid(first: Flags, chosen: Places, rest: Places) -> Places:
    out = np.empty(len(first), np.int64)
    out[first] = chosen
    out[~first] = rest
    return out


def _hidden(_: Run, starts: Places, ends: Places) -> Masked:
    return Masked(np.full(len(starts), -1), Cut(starts, ends, b""))


def _constant(value: bytes) -> Column:
    return lambda _, starts, ends: Masked(np.full(len(starts), len(value)), Cut(starts, ends, value))


def _each(cell: Cell, run: Run, starts: Places, ends: Places) -> Masked:
    values = run.values(starts, ends)
    distinct = set(values)
    if len(distinct) * 2 <= len(values):
        known = {value: cell(value) for value in distinct}
        masked = [known[value] for value in values]
    else:
        masked = list(map(cell, values))
    sizes = np.fromiter((-1 if value is None else len(value) for value in masked), np.int64, len(masked))
    return Masked(sizes, Cut(starts, ends, [value or b"" for value in masked]))


def _emails(run: Run, starts: Places, ends: Places) -> Masked:
    """The first character stays, and what the last dot behind the last @ begins; without an @ nothing does."""
    at, dot = run.last((_AT, _DOT), starts, ends)
    cut_starts = starts + (at > starts)
    cut_ends = np.where(dot > at, dot, ends)
    pieces: bytes | list[bytes] = _DOMAIN
    other = at < starts
    if other.any():
        run.fill(starts[other], ends[other], _STAR)
        cut_starts[other] = cut_ends[other] = starts[other]
        pieces = [b"" if each else _DOMAIN for each in other.tolist()]
    kept = ends - starts - (cut_ends - cut_starts)
    return Masked(kept + len(_DOMAIN) * ~other, Cut(cut_starts, cut_ends, pieces))


def _digits(run: Run, starts: Places, ends: Places, keep: int) -> Masked:
    """All digits but the last `keep` are filled; what has no more digits than that is filled whole. No value is wider than a
    window."""
    sizes = ends - starts
    width = int(sizes.max(initial=0))
    text = run.on_their_side(ends, width)
    distance = np.arange(1, width + 1, dtype=np.int32)[:, None]  # from the end
    inside = distance <= sizes.astype(np.int32)
    digits = (text - _ZERO < 10) & inside  # of bytes without sign: what is below the zero is far above the nine
    hidden = np.empty_like(digits)
    count = np.zeros(len(sizes), np.uint8)
    for found, hide_them in zip(digits, hidden, strict=True):
        count += found
        np.logical_and(found, count > keep, out=hide_them)
    few = count <= keep
    if few.any():
        hidden[:, few] = inside[:, few]
    if (ends[1:] - width < ends[:-1]).any():  # windows overlap: each holds what another one is to change
        run.data[(ends - distance)[hidden]] = _STAR
    else:
        np.copyto(text, _STAR, where=hidden)
        run.put_windows(ends, text[::-1].T)
    return Masked(sizes, None)


def _partial(run: Run, starts: Places, ends: Places, spec: PartialMask) -> Masked:
    short = ends - starts <= spec.first + spec.last
    run.fill(np.where(short, starts, starts + spec.first), np.where(short, ends, ends - spec.last), ord(spec.fill))
    return Masked(ends - starts, None)
