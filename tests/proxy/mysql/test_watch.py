"""A watch over one execution: which statement it is about, what counts, which columns are masked, what the record says."""

from types import SimpleNamespace
from typing import Any, cast

from gateway.masking import FieldFlag, FieldType
from gateway.masking.plan import MaskPlan
from gateway.model.decision import Decision, MaskColumns, Mode, Outcome, Reason, ReasonCode, RowLimit
from gateway.model.footprint import Category, ColumnRef, Footprint, ObjectKind, ObjectName, OutputColumn, ProgramUse, relation
from gateway.model.masker import EmailMask, Masker, NullMask
from gateway.proxy.duties import Counts
from gateway.proxy.mysql.diagnostics import Diagnostics
from gateway.proxy.mysql.execution import Execution
from gateway.proxy.mysql.watch import ResultState, Watch, nullable, result_column
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.constants import UTF8_COLLATIONS
from gateway.wire.mysql.packets import HEADER_SIZE
from gateway.wire.mysql.results import ColumnDefinition
from tests.support.usage import MemoryUsage

PEOPLE = relation("shop", "people")
PROGRAM = ObjectName(ObjectKind.FUNCTION, "shop", "shown")
EMAIL = MaskColumns(((ColumnRef(PEOPLE, "email"), "email"),))
HIDING = MaskColumns(((ColumnRef(PEOPLE, "email"), "email"), (ColumnRef(PROGRAM, "*"), "null")))
UTF8 = next(iter(UTF8_COLLATIONS))


def masker(name: str) -> Masker:
    return EmailMask() if name == "email" else NullMask()


class By:
    """What a watch asks of the session's obligations."""

    key = b"key"

    def __init__(self) -> None:
        self.diagnostics = Diagnostics()
        self.usage = MemoryUsage()
        self.usage.rows["alice", "daily"] = 8
        self.counts = Counts(cast("Any", self), "alice")

    def plan(self, masks: MaskColumns) -> MaskPlan:
        return MaskPlan(masks, masker)

    def masks_by_origin(self, definitions: list[ColumnDefinition]) -> tuple[None, ...]:
        return (None,) * len(definitions)

    def result_column(self, definition: ColumnDefinition) -> Any:
        return result_column(definition, "shop")


def watch(*obligations: Any, by: By | None = None, cursor: ResultState | None = None, **footprint: Any) -> Watch:
    made = Footprint(**({"kind": "SELECT", "category": Category.QUERY} | footprint))
    decision = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "granted"), "1", tuple(obligations))
    verdict = Verdict((Ruling(made, decision, b""),), Outcome.ALLOW, 0.0, 1, bound=bool(obligations))
    return Watch(cast("Any", by or By()), Execution(1, verdict, 0.0), cursor)


def column(name: str, origin: str = "", table: str = "people") -> ColumnDefinition:
    org_table = table if origin else ""
    return cast(
        "ColumnDefinition",
        SimpleNamespace(
            name=name.encode(),
            org_name=origin.encode(),
            org_table=org_table.encode(),
            schema=b"shop",
            type=FieldType.VAR_STRING,
            flags=0,
            collation=UTF8,
            length=60,
            decimals=0,
        ),
    )


def outputs(*columns: tuple[str, str]) -> tuple[OutputColumn, ...]:
    return tuple(
        OutputColumn(name, frozenset({ColumnRef(PEOPLE, source)}) if source else frozenset(), exact=True)
        for name, source in columns
    )


def test_columns_are_masked_by_lineage_and_the_record_says_it() -> None:
    made = watch(EMAIL, outputs=outputs(("id", "id"), ("email", "email")))
    assert made.hides
    assert made.described([column("id", "id"), column("email", "email")]) == (False, True)
    assert made.remark() == b',"carried_out":{"masked":[{"column":"email","masker":"email","by":"lineage"}]}'


def test_without_masks_a_program_is_masked_by_the_servers_origin_alone() -> None:
    made = watch(kind="CALL", category=Category.UTILITY, outputs=None)
    assert made.hides, "nobody knows its columns before the server names them"
    assert made.described([column("id", "id")]) == (False,)
    assert made.state.masker is None


def test_a_programs_results_are_told_apart_by_their_columns() -> None:
    results = (outputs(("word", "word")), outputs(("email", "email")), outputs(("id", "id"), ("email", "email")))
    made = watch(EMAIL, kind="CALL", outputs=None, programs=(ProgramUse(PROGRAM),), results=results)
    assert made.described([column("word", "word")]) == (False,)
    assert made.described([column("email", "email")]) == (True,)
    assert made.described([column("other", "other")]) == (True,), "it may be either of one column"
    assert made.described([column("id", "id"), column("email", "email")]) == (False, True)
    assert made.described([column(name) for name in "abc"]) == (True,) * 3, "it is none of them"


def test_a_program_that_works_with_masked_columns_shows_nothing() -> None:
    made = watch(HIDING, kind="CALL", outputs=None, programs=(ProgramUse(PROGRAM),), results=(outputs(("said", "")),))
    assert made.described([column("said")]) == (True,)
    assert b'"masker":"hidden","by":"unknown"' in made.remark()


def test_rows_count_until_the_limit_strikes() -> None:
    by = By()
    made = watch(RowLimit(2, None, 100, "rule", paths=("orders",)), by=by)
    assert made.limited
    assert made.used_up is None
    assert made.count(2, 20)
    assert not made.count(1, 10), "the third passes the limit: look at each"
    assert not made.row(10)
    assert made.refusal is not None
    assert "limited to 2 rows" in made.refusal.message
    assert by.usage.today("alice", "orders") == 2
    assert b'"limit":"rule"' in made.remark()


def test_a_truncating_limit_ends_the_result_and_warns() -> None:
    made = watch(RowLimit(1, None, None, "rule", truncate=True))
    packet = (3).to_bytes(3, "little") + b"\x00abc"
    data = packet * 3
    assert made.passing(data, 0, len(data)) == (HEADER_SIZE + 3, 1)
    assert made.truncated
    assert made.refusal is None
    assert made.warned == 1


def test_a_warning_limit_speaks_once_and_lets_pass() -> None:
    made = watch(RowLimit(1, None, None, "rule", Mode.WARN))
    assert [made.row(5) for _ in range(4)] == [True] * 4
    assert made.warned == 1
    assert made.refusal is None


def test_a_day_that_is_used_up_is_known_before_it_runs() -> None:
    assert watch(RowLimit(None, None, 8, "rule", paths=("daily",))).used_up is not None
    assert watch(RowLimit(None, None, 9, "rule", paths=("daily",))).used_up is None


def test_a_cursors_counts_outlive_one_fetch() -> None:
    state, limit = ResultState(), RowLimit(3, None, None, "rule")
    assert watch(limit, cursor=state).count(2, 20)
    again = watch(limit, cursor=state)
    assert not again.count(2, 20)
    assert again.count(1, 10)


def test_a_masked_column_promises_no_value() -> None:
    payload = b"definition" + int(FieldFlag.NOT_NULL | FieldFlag.UNSIGNED).to_bytes(2, "little") + b"\x00\x00\x00"
    changed = nullable(payload)
    assert changed[:10] == payload[:10]
    assert int.from_bytes(changed[10:12], "little") == FieldFlag.UNSIGNED


def test_an_origin_is_a_table_and_a_column_and_vouches_for_nothing() -> None:
    named = result_column(column("e", "email"), "shop")
    assert (named.origin, named.base) == (ColumnRef(PEOPLE, "email"), False)
    assert result_column(column("1"), "shop").origin is None
