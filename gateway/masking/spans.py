"""Parts of a run of rows, many at once: where values stand in its bytes, and what comes in their place.

The rows of a large result are not taken apart one by one: what happens to a column happens to all its values together, in
numpy's loops. A place is an offset in the run; arrays of places ascend, and the parts they bound do not overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
WIDEST: Final = 64  # bytes of a window
_FRONT: Final = WIDEST  # bytes in front of the run, so that a window can end at its first byte
_MARKS: Final = [bytes((byte,)) for byte in (*range(0xF8, 0x100), 0xC0, 0xC1)]  # no text in UTF-8 holds any of them
_BEHIND: Final = 8  # bytes behind it, so that a number can be read at its last byte
_WASTE: Final = 4  # how many times the run's bytes are worth copying rather than making an object of each part


class Run:
    """The bytes of some rows, to be written over. `data` ends where they end."""

    __slots__ = ("_high", "_padded", "data")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._padded = np.empty(_FRONT + end - start + _BEHIND, np.uint8)
        self._padded[:_FRONT] = self._padded[-_BEHIND:] = 0
        self.data: Bytes = self._padded[_FRONT : _FRONT + end - start]
        self.data[:] = np.frombuffer(data, np.uint8)[start:end]
        self._high: Places | None = None  # where bytes beyond ASCII stand, once somebody asked: what is written later is ASCII

    def cut_to(self, size: int) -> "Run":
        """The same without what stands behind its first `size` bytes."""
        self.data = self.data[:size]
        return self

    def numbers(self, layout: str) -> NDArray[np.signedinteger]:
        """The same bytes as numbers of this layout, one at every place up to the end: to be read, and written."""
        return np.ndarray((len(self.data) + 1,), np.dtype(layout), self._padded, offset=_FRONT, strides=(1,))

    def within(self, starts: Places, ends: Places) -> Flags:
        """A flag for each byte: whether it is in one of these parts."""
        bounds = np.empty(2 * len(starts) + 2, np.int64)
        bounds[0], bounds[-1] = 0, len(self.data)
        bounds[1:-1:2], bounds[2:-1:2] = starts, ends
        inside = np.zeros(2 * len(starts) + 1, np.bool_)
        inside[1::2] = True
        return np.repeat(inside, np.diff(bounds))

    def fill(self, starts: Places, ends: Places, byte: int) -> None:
        self.data[self.within(starts, ends)] = byte

    def last(self, bytes_: tuple[int, int], starts: Places, ends: Places) -> tuple[Places, Places]:
        """Where each of two bytes is last in each of these parts; in front of its start, or -1, where it is not."""
        width = int((ends - starts).max(initial=0))
        if width > WIDEST:
            return self._last_before(bytes_, ends)
        text = self.on_their_side(ends, width)
        nearness = np.arange(width, 0, -1, dtype=np.uint8)[:, None]
        one, other = ((nearness * (text == byte)).max(axis=0, initial=0) for byte in bytes_)
        return np.where(one > 0, ends + one - (width + 1), -1), np.where(other > 0, ends + other - (width + 1), -1)

    def _last_before(self, bytes_: tuple[int, int], ends: Places) -> tuple[Places, Places]:
        first, second = bytes_
        found = np.flatnonzero((self.data == first) | (self.data == second))
        if not len(found):
            return np.full(len(ends), -1), np.full(len(ends), -1)
        behind = np.searchsorted(found, ends)
        is_first = self.data[found] == first
        latest = (np.maximum.accumulate(np.where(each, found, -1)) for each in (is_first, ~is_first))
        one, other = (np.where(behind > 0, places[behind - 1], -1) for places in latest)
        return one, other

    def beyond_ascii(self, starts: Places, ends: Places) -> Flags | None:
        """Which of these parts hold more than ASCII; None where none does."""
        found = self._high
        if found is None:
            found = self._high = np.flatnonzero(self.data & 0x80)
        if not len(found):
            return None
        parts = np.searchsorted(starts, found, side="right") - 1
        inside = (parts >= 0) & (found < ends[parts])
        if not inside.any():
            return None
        flags = np.zeros(len(starts), np.bool_)
        flags[parts[inside]] = True
        return flags

    def windows(self, ends: Places, width: int) -> Bytes:
        """The `width` bytes in front of each of `ends`, a row for each: a copy. What is in front of the run is zero."""
        return _windows(self._padded, width)[ends + (_FRONT - width)]

    def on_their_side(self, ends: Places, width: int) -> Bytes:
        """These windows as columns: a line has the last byte of each, the next one those in front of them, and so on."""
        return np.ascontiguousarray(self.windows(ends, width).T[::-1])

    def put_windows(self, ends: Places, windows: Bytes) -> None:
        """Write windows back that do not overlap. In front of the run there is room for what they have of it."""
        width = windows.shape[1]
        _windows(self._padded, width)[ends + (_FRONT - width)] = windows

    def values(self, starts: Places, ends: Places) -> list[bytes]:
        raw = self.data.tobytes()
        return list(map(raw.__getitem__, map(slice, starts.tolist(), ends.tolist())))


@dataclass(frozen=True, slots=True)
class Rows:
    """Whole rows, one behind the other: `run` begins with them. `starts` is where each begins, `after` where it ends."""

    run: Run
    starts: Places
    after: Places

    @property
    def count(self) -> int:
        return len(self.starts)

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return int(self.after[-1])


@dataclass(frozen=True, slots=True)
class Cut:
    """Parts that others replace: `pieces` in their order, or one that replaces each."""

    starts: Places
    ends: Places
    pieces: bytes | list[bytes]

    def each(self) -> list[bytes]:
        return [self.pieces] * len(self.starts) if isinstance(self.pieces, bytes) else self.pieces


def splice(run: Run, cuts: Sequence[Cut]) -> bytes:
    """The run, of no use afterwards, with every cut carried out. Each has one part for a row; a row's parts stand in
    the order of `cuts`."""
    if not cuts:
        return run.data.tobytes()
    starts, ends = _by_rows([cut.starts for cut in cuts]), _by_rows([cut.ends for cut in cuts])
    constants = [cut.pieces for cut in cuts if isinstance(cut.pieces, bytes)]
    if len(constants) == len(cuts) and (moved := _moved(run, starts, ends, constants)) is not None:
        return moved
    parts = _split(run, starts, ends)
    for index, cut in enumerate(cuts):
        parts[1 + 2 * index :: 2 * len(cuts)] = cut.each()
    return b"".join(parts)


def _moved(run: Run, starts: Places, ends: Places, pieces: list[bytes]) -> bytes | None:
    """The same where the same `pieces` stand in every row. What stands between parts is copied in windows as wide as the widest
    of it: what a window holds too much is written over by what comes behind it, since numpy assigns in the order of the
    places. None where few are that wide."""
    kept_from, kept = np.empty(len(starts) + 1, np.int64), np.empty(len(starts) + 1, np.int64)
    kept_from[0], kept_from[1:] = 0, ends
    kept[:-1], kept[-1] = starts, len(run.data)
    kept -= kept_from
    width = int(kept.max())
    if width * len(kept) > _WASTE * len(run.data):
        return None
    target = np.empty(len(kept), np.int64)
    target[0] = 0
    np.cumsum(kept[:-1] + np.tile([len(piece) for piece in pieces], len(starts) // len(pieces)), out=target[1:])
    total = int(target[-1] + kept[-1])
    source, made = np.empty(len(run.data) + width, np.uint8), np.empty(total + width, np.uint8)
    source[: len(run.data)] = run.data
    _windows(made, width)[target] = _windows(source, width)[kept_from]
    for index, piece in enumerate(pieces):
        if piece:
            _windows(made, len(piece))[target[1 + index :: len(pieces)] - len(piece)] = np.frombuffer(piece, np.uint8)
    return made[:total].tobytes()


def _windows(data: Bytes, width: int) -> Bytes:
    """As many bytes from each place on: not a copy."""
    return np.lib.stride_tricks.as_strided(data, (len(data) - width + 1, width), (1, 1))


def _split(run: Run, starts: Places, ends: Places) -> list[bytes]:
    """What stands between the parts, and in turn what the parts will be. With a byte that the run lacks at both ends of each
    part, the interpreter's own split does it, in half the time."""
    raw = run.data.tobytes()
    mark = next((byte for byte in _MARKS if byte not in raw), None)
    if mark is not None and (ends - starts >= 2).all():
        run.data[starts] = run.data[ends - 1] = mark[0]
        return run.data.tobytes().split(mark)
    parts = [b""] * (2 * len(starts) + 1)
    parts[0::2] = [raw[end:start] for end, start in zip([0, *ends.tolist()], [*starts.tolist(), len(raw)], strict=True)]
    return parts


def _by_rows(columns: list[Places]) -> Places:
    return columns[0] if len(columns) == 1 else np.stack(columns, axis=1).ravel()
