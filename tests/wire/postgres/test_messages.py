"""Every message decodes what it encodes; one vector table is read both ways, and in any chunks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.backend import BACKEND as BACKEND_KINDS
from gateway.wire.postgres.backend import CommandComplete, decode_backend
from gateway.wire.postgres.frames import Frame, FrameReader
from gateway.wire.postgres.frontend import FRONTEND as FRONTEND_KINDS
from gateway.wire.postgres.frontend import PasswordMessage, decode_frontend, frame_limit
from gateway.wire.postgres.message import BackendMessage, FrontendMessage
from gateway.wire.postgres.report import ErrorResponse, sqlstate
from tests.wire.postgres.vectors import BACKEND, FRONTEND, PASSWORDS

TYPED = [*FRONTEND, *PASSWORDS, *BACKEND]


def frames(data: bytes) -> list[Frame]:
    reader = FrameReader(1 << 20)
    reader.feed(data)
    found = []
    while (frame := reader.next_frame()) is not None:
        found.append(frame)
    assert reader.buffered == 0
    return found


@pytest.mark.parametrize(("message", "wire"), TYPED, ids=lambda value: repr(value)[:40])
def test_a_message_is_written_as_the_protocol_says(message: FrontendMessage | BackendMessage, wire: bytes) -> None:
    assert message.encode() == wire


@pytest.mark.parametrize(("message", "wire"), FRONTEND, ids=lambda value: repr(value)[:40])
def test_a_clients_message_is_read_as_it_was_meant(message: FrontendMessage, wire: bytes) -> None:
    assert [decode_frontend(frame) for frame in frames(wire)] == [message]


@pytest.mark.parametrize(("message", "wire"), PASSWORDS, ids=lambda value: repr(value)[:40])
def test_an_authentication_answer_is_read_by_the_type_expected(message: FrontendMessage, wire: bytes) -> None:
    (frame,) = frames(wire)
    assert type(message).decode(frame.payload) == message
    with pytest.raises(ProtocolViolation):
        decode_frontend(frame)  # after login no `p` is legal


@pytest.mark.parametrize(("message", "wire"), BACKEND, ids=lambda value: repr(value)[:40])
def test_a_servers_message_is_read_as_it_was_meant(message: BackendMessage, wire: bytes) -> None:
    assert [decode_backend(frame) for frame in frames(wire)] == [message]


def test_every_kind_has_a_vector() -> None:
    assert {type(message) for message, _ in FRONTEND} == set(FRONTEND_KINDS.values())
    assert {type(message) for message, _ in BACKEND} >= set(BACKEND_KINDS.values())


@pytest.mark.parametrize("wire", [wire for _, wire in FRONTEND], ids=repr)
def test_a_clients_message_cut_short_is_a_violation(wire: bytes) -> None:
    kind, payload = wire[0], wire[5:]
    for cut in range(len(payload)):
        if kind == ord("d"):
            break  # CopyData is any bytes
        with pytest.raises(ProtocolViolation):
            decode_frontend(Frame(kind, payload[:cut]))


@pytest.mark.parametrize("wire", [wire for _, wire in [*FRONTEND, *BACKEND]], ids=repr)
def test_bytes_left_over_are_a_violation(wire: bytes) -> None:
    kind, payload = wire[0], wire[5:]
    open_ended = kind in b"dK" or (kind == ord("R") and payload[3] in (11, 12))
    decode = decode_frontend if wire in [known for _, known in FRONTEND] else decode_backend
    if not open_ended:
        with pytest.raises(ProtocolViolation):
            decode(Frame(kind, payload + b"\0"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TYPED), max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_frames_are_the_same_in_any_chunks(sequence: list[tuple[BackendMessage, bytes]], sizes: list[int]) -> None:
    """Whole, byte by byte and followed by other bytes (habit 3)."""
    data = b"".join(wire for _, wire in sequence)
    whole = frames(data)
    reader, chunked, position, turn = FrameReader(1 << 20), [], 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        reader.feed(data[position : position + size])
        position += size
        turn += 1
        while (frame := reader.next_frame()) is not None:
            chunked.append(frame)
    assert chunked == whole
    reader.feed(b"Q\0\0")
    assert reader.next_frame() is None
    assert reader.take_rest() == b"Q\0\0"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=80))
def test_a_decoder_answers_with_a_message_or_a_violation(kind: int, payload: bytes) -> None:
    for decode in (decode_frontend, decode_backend):
        try:
            message = decode(Frame(kind, payload))
        except ProtocolViolation:
            continue
        assert message.encode()[5:] == payload


def test_a_count_is_checked_before_a_list_is_built() -> None:
    with pytest.raises(ProtocolViolation):
        decode_frontend(Frame(ord("B"), b"\0\0\xff\xff"))
    with pytest.raises(ProtocolViolation):
        decode_backend(Frame(ord("v"), b"\0\x03\0\0\x7f\xff\xff\xff"))


def test_limits_by_type() -> None:
    assert frame_limit(ord("Q"), 1 << 20) == 1 << 20
    assert frame_limit(ord("S"), 1 << 20) == 10_000
    with pytest.raises(ProtocolViolation):
        frame_limit(ord("p"), 1 << 20)


def test_a_nul_cannot_be_smuggled_into_a_string() -> None:
    with pytest.raises(ProtocolViolation):
        PasswordMessage("a\0b").encode()
    assert ErrorResponse.of("ERROR", "42501", "a\0b").message == "ab"


def test_secrets_show_in_no_repr() -> None:
    assert "geheim" not in repr(PasswordMessage("geheim"))


@pytest.mark.parametrize(
    ("tag", "rows"), [("SELECT 5", 5), ("INSERT 0 3", 3), ("BEGIN", None), ("COPY 0", 0), ("CREATE TABLE", None)]
)
def test_rows_of_a_tag(tag: str, rows: int | None) -> None:
    assert CommandComplete(tag).rows == rows


def test_the_sqlstate_is_found_without_decoding() -> None:
    assert sqlstate(ErrorResponse.of("ERROR", "42501", "C12345").body()) == b"42501"
    for broken in (b"", b"\0", b"SERROR\0\0", b"Mno end"):
        with pytest.raises(ProtocolViolation):
            sqlstate(broken)
