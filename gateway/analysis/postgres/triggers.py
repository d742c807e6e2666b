"""Triggers of what a statement writes: what one puts into the row may be in RETURNING's columns of it."""

import re
from typing import Final

from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.records import Record
from gateway.analysis.postgres.scopes import Column, Rows
from gateway.analysis.programs import taint
from gateway.catalog import TriggerInfo
from gateway.model.footprint import Action, ObjectKind, ObjectName

_EVENTS: Final = {Action.INSERT: "INSERT", Action.UPDATE: "UPDATE", Action.DELETE: "DELETE"}
_ASSIGNED: Final = re.compile(r'\bNEW\s*\.\s*("(?:[^"]|"")*"|\w+)(\s*:?=)?', re.IGNORECASE)
_READ: Final = re.compile(r'\b(?:NEW|OLD)\s*\.\s*("(?:[^"]|"")*"|\w+)', re.IGNORECASE)
# The row as a whole is made anew: NEW := …, INTO NEW, RETURN of something else than the row as it is.
_WHOLE: Final = re.compile(
    r"\bNEW\s*:?=|\bINTO\s+(?:STRICT\s+)?NEW\b(?!\s*\.)|\bRETURN\s+(?!NEW\s*;|OLD\s*;|NULL\s*;)", re.IGNORECASE
)
_INTO: Final = re.compile(r"(\bINSERT\s+|\bMERGE\s+)?\bINTO\b(.*?)(?=\bFROM\b|\bWHERE\b|;|$)", re.IGNORECASE | re.DOTALL)
_NEW: Final = re.compile(r"\bNEW\b", re.IGNORECASE)
_ANY: Final = "*"
_COMMENT: Final = re.compile(r"--[^\n]*")
_RETURNED: Final = re.compile(r"\bRETURN\s+(?:NEW|OLD)\s*;", re.IGNORECASE)
_WHOLE_ROW: Final = re.compile(r"\b(?:NEW|OLD)\b", re.IGNORECASE)


def note_triggers(ctx: Context, rows: Rows | None) -> None:
    """The triggers of every relation that is written to, and of its partitions and children."""
    waiting = list(ctx.findings.records)
    while waiting:
        record = waiting.pop()
        waiting += record.beneath
        event = _EVENTS.get(record.action)
        info = ctx.names.catalog.relation(record.object.schema, record.object.name) if event is not None else None
        for trigger in info.triggers if info is not None else ():
            if trigger.enabled and event in trigger.events:
                _fires(ctx, record, trigger, rows)


def _fires(ctx: Context, written: Record, trigger: TriggerInfo, rows: Rows | None) -> None:
    name = ObjectName(ObjectKind.FUNCTION, *trigger.function)
    program = ctx.findings.program(name)
    infos = ctx.names.catalog.functions.get(trigger.function, ())
    definition = infos[0].definition if len(infos) == 1 else None
    assigned, read = _row(definition)
    if rows is None or not assigned:
        return
    shown = [column for column in rows.columns if _may_be(column, written, assigned)]
    taken = frozenset((ctx.findings.show(written.object), column) for column in read)
    taint(shown, taken | {(program, "*")})


def _row(definition: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """The columns that a trigger function may set in its row (`*`: any), and those of the row that it reads."""
    if definition is None:
        return frozenset({_ANY}), frozenset({_ANY})
    found = _ASSIGNED.findall(definition)
    assigned = {_plain(name) for name, sign in found if sign}
    if _WHOLE.search(definition) or any(not insert and _NEW.search(names) for insert, names in _INTO.findall(definition)):
        assigned.add(_ANY)
    read = {_plain(name) for name in _READ.findall(_ASSIGNED.sub(_without_target, definition))}
    return frozenset(assigned), frozenset(read)


def row_of(definition: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """As `_row`, and `*` is read where the text says more of NEW or OLD than their columns and that one is returned."""
    assigned, read = _row(definition)
    if definition is not None and _WHOLE_ROW.search(_READ.sub(" ", _RETURNED.sub(" ", _COMMENT.sub(" ", definition)))):
        read |= {_ANY}
    return assigned, read


def _without_target(found: "re.Match[str]") -> str:
    return " " if found[2] else found[0]


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _may_be(column: Column, written: Record, assigned: frozenset[str]) -> bool:
    own = {base for record, base in column.origins if record.object == written.object}
    return bool(own) and (_ANY in own or _ANY in assigned or not own.isdisjoint(assigned))
