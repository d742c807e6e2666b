"""Watched answers: however the server's bytes come in pieces, the client gets the same packets, with ids that count up."""

from collections.abc import Coroutine, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.plan import MaskPlan
from gateway.model.decision import Decision, MaskColumns, Mode, Outcome, Reason, ReasonCode, RowLimit
from gateway.model.footprint import Category, ColumnRef, Footprint, OutputColumn, relation
from gateway.model.masker import EmailMask, Masker
from gateway.proxy.mysql.execution import Execution
from gateway.proxy.mysql.obliged import Obliged
from gateway.proxy.mysql.server_side import ServerSide
from gateway.proxy.mysql.watch import ROW_LIMIT, TOO_LARGE
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.constants import Capability, Status
from gateway.wire.mysql.packets import MAX_PIECE, encode_packet
from gateway.wire.mysql.payload import lenenc_bytes
from gateway.wire.mysql.results import ColumnDefinition, Eof, Err, Ok
from tests.support.usage import MemoryUsage

PEOPLE = relation("shop", "people")
MASKS = MaskColumns(((ColumnRef(PEOPLE, "email"), "email"),))
OUTPUTS = (
    OutputColumn("id", frozenset({ColumnRef(PEOPLE, "id")}), exact=True),
    OutputColumn("email", frozenset({ColumnRef(PEOPLE, "email")}), exact=True),
)
DEPRECATE = Capability.PROTOCOL_41 | Capability.DEPRECATE_EOF
PLAIN = Capability.PROTOCOL_41


def limit(rows: int, *, truncate: bool = False, mode: Mode = Mode.ENFORCE) -> RowLimit:
    return RowLimit(rows, None, None, "rule", mode, truncate)


def masker(_: str) -> Masker:
    return EmailMask()


class Room:
    """Masks as the test says; nobody counts days."""

    key = b"key"
    usage = MemoryUsage()

    def plan(self, masks: MaskColumns) -> MaskPlan:
        return MaskPlan(masks, masker)

    def masked(self, who: Any, schema: str, table: str) -> bool:
        return (schema, table) == ("shop", "people")


class Session:
    """A conversation's insides without sockets: what reached the client is in `out`."""

    def __init__(self, capabilities: Capability, *obligations: Any, statements: int = 1) -> None:
        self.out = bytearray()
        self.failed: list[tuple[str, str]] = []
        self.capabilities = capabilities
        self.tracked = False
        self.ended = self.draining = False
        self.busy = True
        target = SimpleNamespace(database="shop")
        self.who = SimpleNamespace(principal=SimpleNamespace(name="alice"), target=target)
        self.session = SimpleNamespace(server_capabilities=capabilities, server_version="11.4.2-MariaDB")
        self.outlet = SimpleNamespace(send=self.out.extend)
        self.life = SimpleNamespace(lost_track=self._lost)
        self.server_valve = SimpleNamespace(pause=lambda _: None, resume=lambda _: None)
        self.decider = SimpleNamespace(later=self._later)
        self.progress = SimpleNamespace(
            status=lambda _: None,
            ended=lambda *_: None,
            result=self._result,
            failed=lambda _, error, **__: self.failed.append(error),
        )
        footprint = Footprint("SELECT", Category.QUERY, outputs=OUTPUTS)
        decision = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "granted"), "1", tuple(obligations))
        rulings = (Ruling(footprint, decision, b""),) * statements
        self.execution = Execution(1, Verdict(rulings, Outcome.ALLOW, 9e9, 1, bound=True), 0.0)
        self.obliged = Obliged(self, Room())  # type: ignore[arg-type]
        self.server_side = ServerSide(self)  # type: ignore[arg-type]
        assert self.obliged.begin(self.execution) is None
        self.server_side.expect_result()

    @staticmethod
    def _lost(what: str) -> None:
        raise AssertionError(what)

    @staticmethod
    def _later(work: Coroutine[Any, Any, Any]) -> None:
        work.close()

    def _result(self, execution: Execution, **_: Any) -> bool:
        execution.index += 1
        return True

    def follow_state(self) -> None:
        return

    def answered(self) -> None:
        self.busy = False


def definition(name: str, flags: int = 1) -> bytes:
    return ColumnDefinition(b"shop", b"p", b"people", name.encode(), name.encode(), 45, 200, 253, flags, 0).encode()


def end(capabilities: Capability, status: int = 2) -> bytes:
    newer = capabilities & Capability.DEPRECATE_EOF
    return Ok(status=status, ends_result=True).encode(capabilities) if newer else Eof(0, status).encode()


def result(capabilities: Capability, rows: Iterable[tuple[bytes, bytes]], status: int = 2) -> list[bytes]:
    """Payloads of one text result of (id, email)."""
    head = [b"\x02", definition("id"), definition("email")]
    between = [] if capabilities & Capability.DEPRECATE_EOF else [Eof(0, 2).encode()]
    return [*head, *between, *(lenenc_bytes(one) + lenenc_bytes(two) for one, two in rows), end(capabilities, status)]


def stream(payloads: list[bytes]) -> bytes:
    out, sequence = b"", 1
    for payload in payloads:
        out += encode_packet(payload, sequence)
        sequence += 1 + len(payload) // MAX_PIECE
    return out


def told(session: Session) -> list[bytes]:
    """The payloads that the client got, their ids checked."""
    data, position, sequence, found, joined = bytes(session.out), 0, 1, [], b""
    while position < len(data):
        size = int.from_bytes(data[position : position + 3], "little")
        assert data[position + 3] == sequence & 0xFF
        joined += data[position + 4 : position + 4 + size]
        position += 4 + size
        sequence += 1
        if size < MAX_PIECE:
            found.append(joined)
            joined = b""
    return found


def feed(session: Session, data: bytes, cuts: Iterable[int] = ()) -> list[bytes]:
    before = 0
    for cut in [*sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]:
        if cut > before:
            session.server_side.data_received(data[before:cut])
        before = cut
    return told(session)


ROWS = [(b"%d" % number, b"ann%d@shop.example" % number) for number in range(5)]
SHOWN = [(number, b"a***@***.example") for number, _ in ROWS]
cuts = st.lists(st.integers(0, 2_000), max_size=12)


def row(pair: tuple[bytes, bytes]) -> bytes:
    return lenenc_bytes(pair[0]) + lenenc_bytes(pair[1])


@pytest.mark.parametrize("capabilities", [PLAIN, DEPRECATE])
@settings(max_examples=60)
@given(cuts=cuts)
def test_masked_rows_however_they_come(capabilities: Capability, cuts: list[int]) -> None:
    session = Session(capabilities, MASKS)
    expected = result(capabilities, SHOWN)
    expected[2] = definition("email", flags=0)  # a masked value may be NULL
    assert feed(session, stream(result(capabilities, ROWS)), cuts) == expected
    assert not session.busy
    assert session.execution.rows == 5


@pytest.mark.parametrize("capabilities", [PLAIN, DEPRECATE])
@settings(max_examples=60)
@given(cuts=cuts)
def test_truncated_rows_and_the_results_behind_them(capabilities: Capability, cuts: list[int]) -> None:
    more = int(Status.AUTOCOMMIT | Status.MORE_RESULTS_EXISTS)
    session = Session(capabilities, MASKS, limit(2, truncate=True), statements=2)
    data = stream([*result(capabilities, ROWS, more), *result(capabilities, ROWS[:1])])
    found = feed(session, data, cuts)
    first, second = result(capabilities, SHOWN[:2], more), result(capabilities, SHOWN[:1])
    first[2] = second[2] = definition("email", flags=0)
    place = 3 if capabilities & Capability.DEPRECATE_EOF else 1
    place += 2 if capabilities & Capability.DEPRECATE_EOF else 0
    warned = bytearray(first[-1])
    warned[place] = 1
    assert found == [*first[:-1], bytes(warned), *second]
    assert [item.code for item in session.obliged.diagnostics.own] == [1104]


@pytest.mark.parametrize("capabilities", [PLAIN, DEPRECATE])
@settings(max_examples=60)
@given(cuts=cuts)
def test_the_error_at_a_limit_stands_behind_the_rows_that_passed(capabilities: Capability, cuts: list[int]) -> None:
    session = Session(capabilities, MASKS, limit(3))
    found = feed(session, stream(result(capabilities, ROWS)), cuts)
    assert found[-4:-1] == list(map(row, SHOWN[:3]))
    error = Err.decode(found[-1])
    assert (error.code, error.sql_state) == (1104, b"42000")
    assert error.message.startswith(b"gateway: result limited to 3 rows; export permission is needed for more")
    assert len(session.failed) == 1
    assert not session.busy


@given(cuts=cuts)
def test_a_limit_that_only_speaks_lets_pass(cuts: list[int]) -> None:
    for mode, warnings in ((Mode.WARN, 1), (Mode.SHADOW, 0)):
        session = Session(PLAIN, limit(2, mode=mode))
        found = feed(session, stream(result(PLAIN, ROWS)), cuts)
        assert found[4:-1] == list(map(row, ROWS))
        assert Eof.decode(found[-1]).warnings == warnings


def test_errors_of_the_server_are_scrubbed() -> None:
    session = Session(PLAIN, MASKS)
    (found,) = feed(session, stream([Err(1062, b"23000", b"Duplicate entry 'ann@shop.example' for key").encode()]))
    assert (Err.decode(found).code, b"ann" in found) == (1062, False)
    assert "ann" not in str(session.failed)
    session = Session(PLAIN, MASKS)
    formal = Err(1054, b"42S22", b"Unknown column 'x' in 'field list'").encode()
    assert feed(session, stream([formal])) == [formal]


def test_masked_rows_of_several_packets() -> None:
    large = b"x" * (MAX_PIECE + 100)
    session = Session(PLAIN, MASKS)
    data = stream(result(PLAIN, [(large, b"ann@shop.example"), *ROWS[:1]]))
    found = feed(session, data, range(0, len(data), 1 << 20))
    assert found[4:-1] == [row((large, b"a***@***.example")), row(SHOWN[0])]


def test_a_masked_row_over_the_bound_ends_the_statement_before_it_is_collected() -> None:
    session = Session(PLAIN, MASKS)
    head = stream(result(PLAIN, [])[:-1])
    session.server_side.data_received(head)
    pieces = ROW_LIMIT // MAX_PIECE + 1
    for number in range(pieces):
        session.server_side.data_received(MAX_PIECE.to_bytes(3, "little") + bytes((5 + number,)) + bytes(MAX_PIECE))
    assert told(session)[-1] == TOO_LARGE.encode()


def test_rows_that_nobody_masks_pass_in_pieces() -> None:
    large = b"x" * (MAX_PIECE + 100)
    session = Session(PLAIN, limit(10))
    data = stream(result(PLAIN, [(large, b"y"), *ROWS]))
    session.server_side.data_received(data[: MAX_PIECE // 2])
    assert len(session.out) == MAX_PIECE // 2  # nothing is held back
    session.server_side.data_received(data[MAX_PIECE // 2 :])
    assert bytes(session.out) == data
    assert session.execution.rows == 6


def test_a_row_that_does_not_fit_its_definitions_is_not_shown() -> None:
    session = Session(PLAIN, MASKS)
    payloads = result(PLAIN, [])
    found = feed(session, stream([*payloads[:-1], b"\x05ab", payloads[-1]]))
    assert Err.decode(found[-1]).code == 1105
    assert b"ab" not in found[-1][:3]
