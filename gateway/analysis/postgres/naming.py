"""The name of an output column that has none of its own (parse_target.c, FigureColnameInternal)."""

from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import text_of

_UNNAMED: Final = "?column?"
_STRONG: Final = 2
_WEAK: Final = 1
_FIXED: Final = {
    "a_array_expr": "array",
    "coalesce_expr": "coalesce",
    "row_expr": "row",
    "grouping_func": "grouping",
    "merge_support_func": "merge_action",
    "xml_serialize": "xmlserialize",
    "json_parse_expr": "json",
    "json_scalar_expr": "json_scalar",
    "json_serialize_expr": "json_serialize",
    "json_object_constructor": "json_object",
    "json_array_constructor": "json_array",
    "json_array_query_constructor": "json_array",
    "json_object_agg": "json_objectagg",
    "json_array_agg": "json_arrayagg",
}
_XML: Final = {
    pb.IS_XMLCONCAT: "xmlconcat",
    pb.IS_XMLELEMENT: "xmlelement",
    pb.IS_XMLFOREST: "xmlforest",
    pb.IS_XMLPARSE: "xmlparse",
    pb.IS_XMLPI: "xmlpi",
    pb.IS_XMLROOT: "xmlroot",
}
_JSON: Final = {pb.JSON_EXISTS_OP: "json_exists", pb.JSON_QUERY_OP: "json_query", pb.JSON_VALUE_OP: "json_value"}
_VALUES: Final = {
    pb.SVFOP_CURRENT_DATE: "current_date",
    pb.SVFOP_CURRENT_TIME: "current_time",
    pb.SVFOP_CURRENT_TIME_N: "current_time",
    pb.SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
    pb.SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
    pb.SVFOP_LOCALTIME: "localtime",
    pb.SVFOP_LOCALTIME_N: "localtime",
    pb.SVFOP_LOCALTIMESTAMP: "localtimestamp",
    pb.SVFOP_LOCALTIMESTAMP_N: "localtimestamp",
    pb.SVFOP_CURRENT_ROLE: "current_role",
    pb.SVFOP_CURRENT_USER: "current_user",
    pb.SVFOP_USER: "user",
    pb.SVFOP_SESSION_USER: "session_user",
    pb.SVFOP_CURRENT_CATALOG: "current_catalog",
    pb.SVFOP_CURRENT_SCHEMA: "current_schema",
}


def of_expression(node: pb.Node) -> str:
    """What the server calls the column."""
    return _named(node)[0] or _UNNAMED


def _named(node: pb.Node) -> tuple[str, int]:  # noqa: PLR0912 -- one flat table
    """A name and how strongly it is meant: a weak one gives way to what stands further out."""
    kind = node.WhichOneof("node")
    if kind is not None and kind in _FIXED:
        return _FIXED[kind], _STRONG
    match kind:
        case "column_ref":
            return _last([text_of(field) for field in node.column_ref.fields])
        case "a_indirection":
            found = _last([text_of(step) for step in node.a_indirection.indirection])
            return found if found[0] else _named(node.a_indirection.arg)
        case "func_call":
            return text_of(node.func_call.funcname[-1]), _STRONG
        case "a_expr" if node.a_expr.kind == pb.AEXPR_NULLIF:
            return "nullif", _STRONG
        case "type_cast":
            return _cast(node.type_cast)
        case "collate_clause":
            return _named(node.collate_clause.arg)
        case "case_expr":
            found = _named(node.case_expr.defresult)
            return found if found[1] == _STRONG else ("case", _WEAK)
        case "min_max_expr":
            return ("greatest" if node.min_max_expr.op == pb.IS_GREATEST else "least"), _STRONG
        case "sub_link":
            return _sub_link(node.sub_link)
        case "sqlvalue_function":
            return _VALUES.get(node.sqlvalue_function.op, ""), _STRONG
        case "xml_expr":
            return _XML.get(node.xml_expr.op, ""), _STRONG
        case "json_func_expr":
            return _JSON.get(node.json_func_expr.op, ""), _STRONG
        case _:
            return "", 0


def _last(words: list[str]) -> tuple[str, int]:
    named = [word for word in words if word]
    return (named[-1], _STRONG) if named else ("", 0)


def _cast(cast: pb.TypeCast) -> tuple[str, int]:
    found = _named(cast.arg)
    if found[1] == _STRONG:
        return found
    return (text_of(cast.type_name.names[-1]), _WEAK) if cast.type_name.names else found


def _sub_link(link: pb.SubLink) -> tuple[str, int]:
    if link.sub_link_type == pb.EXISTS_SUBLINK:
        return "exists", _STRONG
    if link.sub_link_type == pb.ARRAY_SUBLINK:
        return "array", _STRONG
    if link.sub_link_type == pb.EXPR_SUBLINK:
        statement = link.subselect.select_stmt
        while statement.op != pb.SETOP_NONE:
            statement = statement.larg
        if statement.target_list:
            target = statement.target_list[0].res_target
            return (target.name, _STRONG) if target.name else _named(target.val)
    return "", 0
