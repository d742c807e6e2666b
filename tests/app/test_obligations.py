"""What conversations are told to carry obligations out: by the catalog and the policy of the moment."""

from typing import Any, cast

from gateway.app.obligations import PolicyObligations
from gateway.app.usage import DailyUsage
from gateway.catalog import CatalogSnapshot, ColumnInfo, QName, RelationInfo, RelationKind
from gateway.masking.plan import HIDDEN, ResultColumn
from gateway.model.decision import MaskColumns
from gateway.model.footprint import ColumnRef, relation
from gateway.model.identity import Principal
from gateway.model.masker import EmailMask
from gateway.policy.snapshot import PolicySnapshot, compile_policy
from gateway.verdict import SessionIdentity
from tests.policy.worlds import ALICE, CLIENT, SHOP, bundle

MASKS = '[[columns]]\npath = "*/shop/public/customers/email"\nmasker = "email"\n'
EMAIL = ColumnRef(relation("public", "customers"), "email")
WHO = SessionIdentity(ALICE, SHOP, CLIENT, "5e55")


class Policies:
    def __init__(self, *, policy: str = "", masking: str = MASKS, queries: str = "") -> None:
        self.current: PolicySnapshot = compile_policy(bundle(policy, masking=masking, queries=queries), [])


class People:
    there = True

    def current(self, principal: Principal) -> Principal | None:
        return principal if self.there else None


class Catalog:
    """Relation 7 is a table, 8 a view of it."""

    def __init__(self) -> None:
        columns = (ColumnInfo(1, "id", 20, "bigint"), ColumnInfo(3, "email", 25, "text"))
        self.relations = {
            7: RelationInfo(7, QName("public", "customers"), RelationKind.TABLE, columns),
            8: RelationInfo(8, QName("public", "contacts"), RelationKind.VIEW, columns),
        }

    def relation_by_oid(self, oid: int) -> RelationInfo | None:
        return self.relations.get(oid)

    def relation(self, schema: str, name: str) -> RelationInfo | None:
        return next((info for info in self.relations.values() if info.name == QName(schema, name)), None)


def duties(policies: Policies | None = None, people: People | None = None) -> PolicyObligations:
    found = cast("CatalogSnapshot", Catalog())
    return PolicyObligations(
        cast("Any", policies or Policies()), lambda _: found, people or People(), cast("DailyUsage", None), b"key"
    )


def test_a_results_origin_is_a_column_and_whether_a_table_holds_it() -> None:
    assert duties().column(SHOP, 7, 3) == (EMAIL, True)
    assert duties().column(SHOP, 8, 3) == (ColumnRef(relation("public", "contacts"), "email"), False)
    assert duties().column(SHOP, 7, 2) is None
    assert duties().column(SHOP, 9, 1) is None


def test_types_by_the_catalog() -> None:
    assert duties().type_of(SHOP, EMAIL) == 25
    assert duties().type_of(SHOP, ColumnRef(relation("public", "customers"), "none")) == 0
    assert duties().type_of(SHOP, ColumnRef(relation("public", "none"), "email")) == 0


def test_a_masker_that_is_not_there_any_more_hides() -> None:
    known, gone = (duties().plan(MaskColumns(((EMAIL, name),))) for name in ("email", "was removed"))
    origin = ResultColumn("email", EMAIL, True)
    (mask,) = known.columns(None, [origin])
    assert mask is not None
    assert isinstance(mask.masker, EmailMask)
    (hidden,) = gone.columns(None, [origin])
    assert hidden is not None
    assert hidden.masker is HIDDEN


def test_whether_a_relation_has_masked_columns_for_this_person() -> None:
    assert duties().masked(WHO, "public", "customers")
    assert not duties().masked(WHO, "public", "orders")
    unmasked = Policies(policy="p, developer, *, */*/public/customers, unmask, , allow\n")
    assert not duties(unmasked).masked(WHO, "public", "customers")
    people = People()
    people.there = False
    assert duties(people=people).masked(WHO, "public", "orders"), "who is not there any more is told nothing"


def test_masks_of_a_relation() -> None:
    assert duties().masks(WHO, "public", "customers").columns == ((EMAIL, "email"),)
    assert duties().masks(WHO, "public", "orders").columns == ()


def test_the_format_of_a_copy() -> None:
    layout = duties().copy_format("COPY customers TO STDOUT WITH (FORMAT csv, HEADER)")
    assert layout is not None
    assert layout.kind == "csv"
    assert duties().copy_format("SELECT 1") is None
