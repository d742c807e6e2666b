import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.errors import FrameTooLarge, ProtocolViolation
from gateway.wire.postgres.frames import FrameReader, encode_frame, frame_end, frame_payload, skip_run


def test_a_frame_over_the_limit_is_known_by_its_header_alone() -> None:
    reader = FrameReader(limit=100)
    reader.feed(b"Q\x3f\xff\xff\xff")
    with pytest.raises(FrameTooLarge, match="1073741823 bytes is over the limit of 100 bytes") as caught:
        reader.next_frame()
    assert (caught.value.length, caught.value.limit) == (0x3FFFFFFF, 100)


def test_the_limit_counts_as_the_length_field_does() -> None:
    reader = FrameReader(limit=8)
    reader.feed(encode_frame(ord("Q"), b"1234") + encode_frame(ord("Q"), b"12345"))
    assert reader.next_frame() == (ord("Q"), b"1234")
    with pytest.raises(FrameTooLarge):
        reader.next_frame()


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_a_length_that_would_not_move_forward_is_a_violation(length: int) -> None:
    header = b"D" + length.to_bytes(4, "big")
    for read in (lambda: frame_end(header, 0), lambda: skip_run(header, 0, ord("D"))):
        with pytest.raises(ProtocolViolation):
            read()


def test_a_bare_byte_stands_before_frames() -> None:
    reader = FrameReader()
    assert reader.take_byte() is None
    reader.feed(b"S" + encode_frame(ord("Z"), b"I"))
    assert (reader.peek(), reader.take_byte()) == (ord("S"), ord("S"))
    assert reader.next_frame() == (ord("Z"), b"I")
    assert reader.peek() is None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=20), st.integers(0, 30))
def test_hopping_over_a_run_equals_reading_it(rows: list[bytes], cut: int) -> None:
    data = b"".join(encode_frame(ord("D"), row) for row in rows) + encode_frame(ord("C"), b"SELECT\0")
    assert skip_run(data, 0, ord("D")) == (len(data) - 12, len(rows))

    part = data[: max(len(data) - cut, 0)]
    position, count = skip_run(part, 0, ord("D"))
    expected_position = expected_count = 0
    while (end := frame_end(part, expected_position)) >= 0 and part[expected_position] == ord("D"):
        expected_position, expected_count = end, expected_count + 1
    assert (position, count) == (expected_position, expected_count)


def test_the_body_of_a_frame_in_place() -> None:
    data = b"xx" + encode_frame(ord("Q"), b"body\0")
    assert frame_payload(data, 2, frame_end(data, 2)) == b"body\0"
    assert frame_end(data, len(data) - 3) == -1
