"""Hopping over rows finds what walking over packets one by one finds, wherever the piece is cut."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.proxy.mysql.hop import hop
from gateway.wire.mysql.packets import encode_packet


def walked(data: bytes, position: int, end: int) -> tuple[int, int]:
    rows = 0
    while position + 4 < end and data[position + 4] < 0xFE:
        size = 4 + int.from_bytes(data[position : position + 3], "little")
        if position + size > end or size == 4:
            break
        position += size
        rows += 1
    return position, rows


def rows(*bodies: bytes) -> bytes:
    return b"".join(encode_packet(body, number & 0xFF) for number, body in enumerate(bodies))


BODY = st.one_of(
    st.binary(min_size=1, max_size=3),
    st.integers(1, 300).map(lambda size: b"\x05" * size),
    st.sampled_from([b"\xfe\0\0\x02\0", b"\xff\x10\x04", b"\x03abc", b"\xfb"]),
)


@given(st.lists(st.tuples(BODY, st.integers(1, 12)), max_size=8), st.integers(0, 40), st.integers(0, 4))
def test_as_walking(runs: list[tuple[bytes, int]], cut: int, before: int) -> None:
    data = b"-" * before + rows(*(body for body, times in runs for _ in range(times)))
    end = max(before, len(data) - cut)
    assert hop(data, before, end) == walked(data, before, end)
    assert hop(data[:end], before, end) == walked(data, before, end)


def test_a_run_ends_at_an_end_and_at_an_error() -> None:
    for last in (b"\xfe\0\0\x02\0", b"\xff\x10\x04#HY000", b"\xfe12345"):
        data = rows(*[b"\x05abcde"] * 20, last)
        assert hop(data, 0, len(data)) == (200, 20)


def test_a_length_that_only_begins_alike_ends_a_run() -> None:
    data = rows(*[b"\x05abcde"] * 20, b"\x05" + bytes(261), *[b"\x05abcde"] * 20)
    assert hop(data, 0, len(data)) == (len(data), 41)


def test_an_empty_packet_is_no_row() -> None:
    assert hop(rows(b"\x05abcde", b"", b"\x05abcde"), 0, 24) == (10, 1)
