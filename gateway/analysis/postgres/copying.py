"""The format of a COPY … TO STDOUT, for whoever changes its data on the way."""

from typing import Final, Literal, cast

from postgast import PgQueryError
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import parser
from gateway.analysis.postgres.utility import flag, option_value
from gateway.model.copying import CopyFormat

_KINDS: Final = frozenset({"text", "csv", "binary"})


def copy_format(text: str) -> CopyFormat | None:
    """The format that a single COPY statement asks for, in either of its syntaxes; None where the text is none."""
    try:
        tree = parser.parse(text)
    except (parser.NotParsed, PgQueryError):
        return None
    if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") != "copy_stmt":
        return None
    return _format(tree.stmts[0].stmt.copy_stmt)


def _format(statement: pb.CopyStmt) -> CopyFormat:
    named = {node.def_elem.defname.lower(): option_value(node.def_elem) or "" for node in statement.options}
    kind = named.get("format", "text").lower()
    csv = kind == "csv"
    quote = named.get("quote", '"')
    return CopyFormat(
        kind=cast(Literal["text", "csv", "binary", "unknown"], kind if kind in _KINDS else "unknown"),
        delimiter=named.get("delimiter", "," if csv else "\t").encode(),
        null=named.get("null", "" if csv else "\\N").encode(),
        quote=quote.encode(),
        escape=named.get("escape", quote).encode(),
        header=flag(statement.options, "header"),
        encoding=named.get("encoding", ""),
    )
