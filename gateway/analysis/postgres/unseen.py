"""What would act later, or only perhaps, without the statement that sets it off showing it: refused where it is made.

A change of a setting that names and texts depend on is followed from its statement's text, so it must be certain to happen:
a SET, or a plain SELECT of set_config calls. Inside anything else (a condition, a cursor, a prepared statement, a default, a
view) it may happen or not, once or often, now or when something harmless is read. A temporary view's name says nothing of what
it reads and, being updatable, writes; a rule on a temporary table is the same.
"""

from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import text_of
from gateway.analysis.postgres.records import Findings
from gateway.model.footprint import DATABASE, Action, EffectKind

_DECISIVE: Final = frozenset(
    {
        "search_path",
        "standard_conforming_strings",
        "client_encoding",
        "names",
        "role",
        "session_authorization",
        "session_replication_role",
        "transform_null_equals",
    }
)
_PLAIN_PARTS: Final = frozenset({"target_list", "limit_option", "op"})


def acts_unseen(node: pb.Node, findings: Findings) -> str | None:
    """Why the statement cannot be followed; None where it can."""
    kind = node.WhichOneof("node")
    changes = sum(effect.kind is EffectKind.SET and effect.name in _DECISIVE for effect in findings.effects)
    if changes and kind not in ("variable_set_stmt", "explain_stmt") and changes > _certain(node):
        return "set_config of a setting that names depend on, other than in a plain SELECT set_config(…)"
    if changes and kind == "explain_stmt":
        return "EXPLAIN ANALYZE of set_config of a setting that names depend on"
    if kind == "view_stmt" and any(effect.kind is EffectKind.TEMP_CREATE for effect in findings.effects):
        return "a temporary view hides what it reads and writes; use WITH, or CREATE TEMP TABLE … AS"
    if kind == "rule_stmt" and any((item.object, item.action) == (DATABASE, Action.TEMP) for item in findings.records):
        return "a rule on a temporary table hides what it does"
    return None


def _certain(node: pb.Node) -> int:
    """How many settings a plain SELECT of nothing but constants and set_config calls changes; 0 for any other statement."""
    if node.WhichOneof("node") != "select_stmt":
        return 0
    select = node.select_stmt
    if any(field.name not in _PLAIN_PARTS for field, _ in select.ListFields()):
        return 0
    count = 0
    for target in select.target_list:
        value = target.res_target.val
        match value.WhichOneof("node"):
            case "func_call" if value.func_call.funcname and text_of(value.func_call.funcname[-1]) == "set_config":
                count += 1
            case "a_const" | "sqlvalue_function":
                continue
            case _:
                return 0
    return count
