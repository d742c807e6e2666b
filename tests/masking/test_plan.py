"""Which outputs are masked: lineage, origin, and what holds when either is missing."""

from gateway.masking.plan import HIDDEN, MaskPlan, ResultColumn
from gateway.model.decision import MaskColumns
from gateway.model.footprint import ColumnRef, OutputColumn, relation
from gateway.model.masker import DigitsMask, EmailMask, Masker

CUSTOMERS = relation("public", "customers")
VIEW = relation("public", "contacts")
EMAIL, CARD, CITY = (ColumnRef(CUSTOMERS, name) for name in ("email", "card_number", "city"))
SPECS: dict[str, Masker] = {"email": EmailMask(), "digits(last=4)": DigitsMask(4)}


def plan(*columns: tuple[ColumnRef, str]) -> MaskPlan:
    return MaskPlan(MaskColumns(columns), SPECS.__getitem__)


PLAN = plan((EMAIL, "email"), (CARD, "digits(last=4)"))


def output(*sources: ColumnRef, exact: bool = True) -> OutputColumn:
    return OutputColumn("whatever", frozenset(sources), exact)


def test_a_plain_column_keeps_its_own_masker() -> None:
    masks = PLAN.columns([output(EMAIL), output(CITY)], [ResultColumn("x", EMAIL), ResultColumn("y", CITY)])
    assert masks[0] is not None
    assert masks[0].masker == EmailMask()
    assert masks[1] is None


def test_an_expression_over_a_masked_column_is_hidden_whole() -> None:
    (mask,) = PLAN.columns([output(EMAIL, exact=False)], [ResultColumn("upper", None)])
    assert mask is not None
    assert mask.masker == HIDDEN


def test_two_masked_sources_in_one_output_are_hidden() -> None:
    (mask,) = PLAN.columns([output(EMAIL, CARD)], [ResultColumn("coalesce", None)])
    assert mask is not None
    assert mask.masker == HIDDEN


def test_a_whole_row_is_hidden() -> None:
    (mask,) = PLAN.columns([output(ColumnRef(CUSTOMERS, "*"), exact=False)], [ResultColumn("customers", None)])
    assert mask is not None
    assert mask.masker == HIDDEN


def test_the_servers_origin_masks_what_lineage_missed() -> None:
    (mask,) = PLAN.columns([output(CITY)], [ResultColumn("city", EMAIL)])
    assert mask is not None
    assert (mask.masker, mask.because) == (EmailMask(), "origin")


def test_without_lineage_only_proven_base_columns_pass() -> None:
    described = [
        ResultColumn("a", CITY),
        ResultColumn("b", EMAIL),
        ResultColumn("c", None),
        ResultColumn("d", ColumnRef(VIEW, "contact"), base=False),
    ]
    masks = PLAN.columns(None, described)
    assert masks[0] is None
    assert [mask.because for mask in masks[1:] if mask is not None] == ["origin", "unknown", "unknown"]
    assert PLAN.columns([output(CITY)], described) == masks  # another number of columns than lineage says


def test_patterns_of_columns_meet_the_columns_they_match() -> None:
    masks = plan((ColumnRef(CUSTOMERS, "*_number"), "digits(last=4)")).columns(
        [output(CARD), output(CITY), output(EMAIL)], [ResultColumn(name, None) for name in "abc"]
    )
    assert masks[0] is not None
    assert masks[1:] == (None, None)
