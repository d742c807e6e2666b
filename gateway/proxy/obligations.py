"""What carrying out obligations needs from other rooms: masks, catalogs, the counts of the day. Injected by the root."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from gateway.masking.plan import MaskPlan
from gateway.model.copying import CopyFormat
from gateway.model.decision import MaskColumns
from gateway.model.footprint import ColumnRef
from gateway.model.identity import Target
from gateway.verdict import SessionIdentity


class Usage(Protocol):
    """Rows read today, of a person and a relation's path, over all workers and gateways."""

    def today(self, user: str, path: str) -> int:
        """The count of this moment: this gateway's exactly, others' as of the last look."""

    async def look(self, user: str, paths: Iterable[str]) -> None:
        """Ask the store what others have read. Raises GatewayError where it does not answer."""

    def take(self, user: str, limits: Mapping[str, int], rows: int) -> bool:
        """Count so many rows of each path, unless one of them would pass its limit; whoever else reads at this moment."""

    def flush_soon(self) -> None:
        """A statement ended: tell the store now."""


class Obligations(Protocol):
    """`key`: for keyed hashes."""

    @property
    def key(self) -> bytes: ...

    @property
    def usage(self) -> Usage: ...

    def plan(self, masks: MaskColumns) -> MaskPlan:
        """By the policy of the moment. A masker that is not there any more hides its column."""

    def column(self, target: Target, relation: int, number: int) -> tuple[ColumnRef, bool] | None:
        """The column that a result's origin means (table oid, attribute number), and whether it is a table's own."""

    def type_of(self, target: Target, column: ColumnRef) -> int:
        """The type's oid; 0 where the catalog does not know it."""

    def copy_format(self, text: str) -> CopyFormat | None: ...

    def masked(self, who: SessionIdentity, schema: str, table: str) -> bool:
        """Whether some column of the relation is masked for this person."""

    def masks(self, who: SessionIdentity, schema: str, table: str) -> MaskColumns:
        """The relation's columns that are masked for this person; all of them for one who is not there any more."""
