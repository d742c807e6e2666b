"""Which function a call means, and its class."""

import tomllib
from importlib.resources import files
from typing import Final

from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.names import SYSTEM
from gateway.analysis.postgres.records import Record
from gateway.catalog import FunctionKind
from gateway.model.footprint import FunctionClass, FunctionUse, ObjectKind, ObjectName

COUNTS_OF_WARNINGS: Final = frozenset({"@@warning_count", "@@error_count"})
"""Variables that tell of the statement before: written down as functions are."""
_TABLE: Final = tomllib.loads((files("gateway.analysis.mysql") / "data" / "functions.toml").read_text("utf-8"))
_CLASSES: Final[dict[str, FunctionClass]] = {
    name: kind
    for kind in (FunctionClass.HARMLESS, FunctionClass.WRITES, FunctionClass.ADMIN, FunctionClass.READS)
    for name in _TABLE.get(kind.value, "").split()
}
_USES: Final[dict[str, FunctionUse]] = {
    name: FunctionUse(ObjectName(ObjectKind.FUNCTION, SYSTEM, name), kind) for name, kind in _CLASSES.items()
} | {name: FunctionUse(ObjectName(ObjectKind.FUNCTION, SYSTEM, name), FunctionClass.HARMLESS) for name in COUNTS_OF_WARNINGS}


def note(ctx: Context, schema: str, name: str) -> tuple[FunctionClass, Record | None]:
    """Writes down what a call can mean: its class, and the stored program whose result it may be. A stored function hides none
    of the server's own: both count where both are."""
    low = name.lower()
    builtin = _USES.get(low) if not schema else None
    if builtin is not None:
        ctx.findings.functions[builtin] = None
    routines = ctx.names.routines(schema, low, FunctionKind.FUNCTION)
    program: Record | None = None
    if routines or builtin is None:
        full = ctx.names.routine_name(schema, low)
        ctx.findings.functions[FunctionUse(full, FunctionClass.USER)] = None
        program = ctx.findings.program(full)
        if not routines:
            ctx.findings.unknown.add(full)
    return (builtin.function_class if builtin is not None else FunctionClass.USER), program
