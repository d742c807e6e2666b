"""Hopping over the rows of a result: how many whole ones stand in a piece of it, and where they end."""

from struct import Struct
from typing import Final

from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE
from gateway.wire.mysql.results import EOF_HEADER

_word = Struct("<I").unpack_from
_TRIES: Final = 4  # looks for a run in vain, before rows are taken one by one
_RUN: Final = 4  # rows that are worth a look
_SHORT: Final = 256


def hop(data: bytes, position: int, end: int) -> tuple[int, int]:
    """(where the first packet begins that is no whole row, the number of rows in front of it), from `position` up to `end`.

    A packet that begins like an end or an error is none: who hops has to look at it. Rows of equal length stand at equal
    distances: a run of them is seen at a look at every so many bytes.
    """
    rows = tries = 0
    last = end - HEADER_SIZE
    while position < last:
        if data[position + HEADER_SIZE] >= EOF_HEADER:
            break
        length = _word(data, position)[0] & MAX_PIECE
        size = HEADER_SIZE + length
        if position + size > end or not 0 < length < MAX_PIECE:
            break
        if tries < _TRIES and length < _SHORT and (end - position) // size > _RUN:
            run = _run(data, position, end, size)
            if run > 1:
                rows += run
                position += run * size
                tries = 0
                continue
            tries += 1
        rows += 1
        position += size
    return position, rows


def _run(data: bytes, position: int, end: int, size: int) -> int:
    """How many rows of this very size stand here, one behind the other; 0 where it cannot be told."""
    stop = position + (end - position) // size * size
    lengths = data[position:stop:size]
    run = len(lengths) - len(lengths.lstrip(lengths[:1]))
    if run > 1:
        stop = position + run * size
        longer = any(data[position + 1 : stop : size]) or any(data[position + 2 : stop : size])
        if longer or max(data[position + HEADER_SIZE : stop : size]) >= EOF_HEADER:
            return 0
    return run
