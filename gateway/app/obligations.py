"""What conversations need to carry out obligations: policy's masks, catalogs, the counts of the day."""

import time
from collections.abc import Callable

from gateway.analysis.postgres.copying import copy_format
from gateway.catalog import CatalogSnapshot, RelationKind
from gateway.masking.plan import HIDDEN, MaskPlan
from gateway.model.copying import CopyFormat
from gateway.model.decision import MaskColumns
from gateway.model.footprint import ColumnRef, relation
from gateway.model.identity import Target
from gateway.model.masker import Masker
from gateway.policy import PolicyService
from gateway.proxy.obligations import Usage
from gateway.verdict import SessionIdentity
from gateway.verdict.ports import Principals

# A view's or a foreign table's rows stand for others'; a composite type has none.
_OWN_ROWS = frozenset({RelationKind.TABLE, RelationKind.PARTITIONED_TABLE})


class PolicyObligations:
    """`proxy.obligations.Obligations`. `catalog` gives a target's catalog of the moment; `key` is for keyed hashes."""

    def __init__(
        self,
        policies: PolicyService,
        catalog: Callable[[Target], CatalogSnapshot],
        principals: Principals,
        usage: Usage,
        key: bytes,
    ) -> None:
        self._policies = policies
        self._catalog = catalog
        self._principals = principals
        self._usage = usage
        self._key = key

    @property
    def key(self) -> bytes:
        return self._key

    @property
    def usage(self) -> Usage:
        return self._usage

    def plan(self, masks: MaskColumns) -> MaskPlan:
        return MaskPlan(masks, self._masker)

    def _masker(self, name: str) -> Masker:
        try:
            return self._policies.current.masker(name)
        except KeyError:
            return HIDDEN

    def column(self, target: Target, relation_oid: int, number: int) -> tuple[ColumnRef, bool] | None:
        info = self._catalog(target).relation_by_oid(relation_oid)
        if info is None:
            return None
        name = next((column.name for column in info.columns if column.number == number), None)
        if name is None:
            return None
        return ColumnRef(relation(info.name.schema, info.name.name), name), info.kind in _OWN_ROWS

    def type_of(self, target: Target, column: ColumnRef) -> int:
        info = self._catalog(target).relation(column.object.schema, column.object.name)
        found = info.column(column.column) if info is not None else None
        return 0 if found is None else found.type_id

    def copy_format(self, text: str) -> CopyFormat | None:
        return copy_format(text)

    def masked(self, who: SessionIdentity, schema: str, table: str) -> bool:
        return bool(self.masks(who, schema, table).columns)

    def masks(self, who: SessionIdentity, schema: str, table: str) -> MaskColumns:
        name, principal = relation(schema, table), self._principals.current(who.principal)
        if principal is None:
            return MaskColumns(((ColumnRef(name, "*"), ""),))
        entries = self._policies.current.masked(principal, who.target, who.client, name, time.time())
        return MaskColumns(tuple((ColumnRef(name, column), masker) for column, masker in entries))
