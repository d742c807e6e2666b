"""What walking one whole statement gives besides its findings."""

from dataclasses import dataclass

from gateway.analysis.postgres.scopes import Rows
from gateway.model.footprint import Category


@dataclass(frozen=True, slots=True)
class Outcome:
    """`rows` None: the statement gives no rows. `known` False: it gives some, of which nothing is known."""

    kind: str
    category: Category
    rows: Rows | None = None
    known: bool = True
    transactional: bool = True
