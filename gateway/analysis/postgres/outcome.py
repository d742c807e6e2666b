"""What walking one whole statement gives besides its findings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context
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


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement as it stands in the text: its own slice, and the walk over a statement inside it."""

    sql: str
    walk: "Callable[[Context, pb.Node, Asked], Outcome]"


Handler = Callable[[Context, Any, Asked], Outcome]
