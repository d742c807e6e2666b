"""What PostgreSQL statements that run outside of transactions leave behind, so that a crash need not ask a person."""

from dataclasses import dataclass
from enum import StrEnum

import postgast
from postgast import pg_query_pb2


class Kind(StrEnum):
    CREATE_INDEX = "create_index"
    DROP_INDEX = "drop_index"
    REPEATABLE = "repeatable"  # a second run changes nothing: VACUUM, REINDEX
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AloneEffect:
    """`relation` is the table of a new index, or the index to drop, as SQL names it; `concurrent`: it never blocks others."""

    kind: Kind
    relation: str = ""
    index: str = ""
    concurrent: bool = False


_UNKNOWN = AloneEffect(Kind.UNKNOWN)


def effect_of(text: str) -> AloneEffect:
    """The effect of one statement; UNKNOWN where it cannot be checked afterwards."""
    try:
        statements = postgast.parse(text).stmts
    except postgast.PgQueryError:
        return _UNKNOWN
    if len(statements) != 1:
        return _UNKNOWN
    node = statements[0].stmt
    match node.WhichOneof("node"):
        case "index_stmt":
            return _create_index(node.index_stmt)
        case "drop_stmt" if node.drop_stmt.remove_type == pg_query_pb2.OBJECT_INDEX and len(node.drop_stmt.objects) == 1:
            parts = [item.string.sval for item in node.drop_stmt.objects[0].list.items]
            return AloneEffect(Kind.DROP_INDEX, _qualified(*parts), concurrent=node.drop_stmt.concurrent)
        case "vacuum_stmt" | "cluster_stmt" | "check_point_stmt":
            return AloneEffect(Kind.REPEATABLE)
        case "reindex_stmt":
            return AloneEffect(Kind.REPEATABLE, concurrent="concurrently" in text.lower())
        case _:
            return _UNKNOWN


def _create_index(statement: pg_query_pb2.IndexStmt) -> AloneEffect:
    if not statement.idxname:  # the server chooses the name
        return AloneEffect(Kind.UNKNOWN, concurrent=statement.concurrent)
    table = statement.relation
    parts = [part for part in (table.schemaname, table.relname) if part]
    return AloneEffect(Kind.CREATE_INDEX, _qualified(*parts), statement.idxname, statement.concurrent)


def _qualified(*parts: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
