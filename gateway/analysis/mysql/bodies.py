"""What stored programs do, by their text in the catalog: procedures, functions, triggers. Read once per catalog."""

from typing import Final

from gateway.analysis.mysql import modes, programs, query
from gateway.analysis.mysql.context import Context, TooDeep
from gateway.analysis.mysql.cursor import NotParsed
from gateway.analysis.mysql.lexer import Lexer, NotLexed, Token, word
from gateway.analysis.mysql.modes import Reading
from gateway.analysis.mysql.names import Names
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.utility import Walk
from gateway.analysis.postgres.records import Findings, Record, freeze
from gateway.analysis.postgres.scopes import Column
from gateway.analysis.programs import Bodies, Body, either, taint, touched, unread, worked_with, writing
from gateway.catalog import FunctionInfo, QName, RelationInfo, TriggerInfo
from gateway.model.footprint import Action, Category, Clause, EffectKind, ObjectKind, ObjectName, relation

_bodies: Final = Bodies()
TRIGGER: Final = "trigger "
_HIDDEN: Final = "the gateway's account may not see its body"
_MAX_TOKENS: Final = 200_000
_EVENTS: Final = {Action.INSERT: "INSERT", Action.UPDATE: "UPDATE", Action.DELETE: "DELETE"}
_ROWS: Final = frozenset({"NEW", "OLD"})
_ASSIGNING: Final = frozenset({"=", ":="})


class BodyReader:
    """Reads the programs of one catalog. `walk` takes any statement."""

    def __init__(self, ctx: Context, walk: Walk) -> None:
        self._catalog = ctx.names.catalog
        self._server = ctx.reading.server
        self._text = ctx.text
        self._walk = walk
        self._known = _bodies.of(self._catalog)

    def of(self, name: ObjectName) -> Body:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._read(name)
        return found

    def _read(self, name: ObjectName) -> Body:
        if name.name.startswith(TRIGGER):
            return self._of_trigger(QName(name.schema, name.name.removeprefix(TRIGGER)))
        infos = self._catalog.functions.get(QName(name.schema, name.name), ())
        if not infos:  # a loadable function, which knows no session, or a program that was made a moment ago
            return unread("it is not among the stored programs that the gateway sees", carries=False)
        return either(list(map(self._of_routine, infos)))

    def _of_routine(self, info: FunctionInfo) -> Body:
        if info.body is None:
            return unread(_HIDDEN)
        own = frozenset(name.lower() for _, name in info.parameters)
        return self._walked(info.name.schema, info.body, info.sql_mode, own)

    def _of_trigger(self, wanted: QName) -> Body:
        for info in self._catalog.relations.values():
            for trigger in info.triggers:
                if trigger.function == wanted:
                    row = None if trigger.body is None else info
                    return self._walked(wanted.schema, trigger.body or "", trigger.sql_mode, frozenset(), row)
        return unread("the trigger is not in the catalog")

    def _walked(self, schema: str, text: str, sql_mode: str, own: frozenset[str], row: RelationInfo | None = None) -> Body:
        """`own`: its parameters. `row`: NEW and OLD are rows of this relation."""
        reading = Reading(modes.modes(sql_mode), self._server)
        if "ORACLE" in reading.modes:
            return unread("SQL mode ORACLE has a grammar of its own")
        try:
            return self.of_new(schema, _tokens(text, reading), text, reading, own, row)
        except NotLexed as error:
            return unread(error.said_of(text))

    def of_new(  # noqa: PLR0917 - as `_walked`
        self,
        schema: str,
        tokens: list[Token],
        text: str,
        reading: Reading,
        own: frozenset[str],
        row: RelationInfo | None = None,
    ) -> Body:
        """A body by its tokens, in the catalog or not yet."""
        findings = Findings()
        inner = Context(names=Names(self._catalog, schema), findings=findings, reading=reading, text=self._text, muted=True)
        try:
            programs.ProgramText(inner, self._walk, text).run(tokens)
        except NotParsed as error:
            return unread(error.said_of(text))
        except (RecursionError, TooDeep):
            return unread("nested too deeply")
        query.finish(inner.derived)
        if findings.opaque is not None:
            return unread(findings.opaque)
        if row is not None:
            _use_row(findings, row, tokens)
        note_triggers(inner, None)
        accesses = freeze(findings.records)
        unknown = any(name.kind is ObjectKind.RELATION for name in findings.unknown)  # the session's temporary table, perhaps
        temporary = any(effect.kind is EffectKind.TEMP_CREATE for effect in findings.effects)
        return Body(
            worked_with(accesses, findings.programs.values()),
            frozenset(findings.programs),
            touched(accesses),
            None if findings.results is None else tuple(findings.results),
            carries=unknown or temporary or programs.carries(tokens, own | programs.declared(tokens)),
            writes=writing(accesses),
        )


def _use_row(findings: Findings, info: RelationInfo, tokens: list[Token]) -> None:
    """NEW.c and OLD.c are columns of the row, but where they are assigned to."""
    record = findings.record(relation(*info.name), Action.SELECT)
    for index, token in enumerate(tokens[:-2]):
        if token.upper in _ROWS and tokens[index + 1].upper == ".":
            after = tokens[index + 3].upper if index + 3 < len(tokens) else ""
            assigned = after in _ASSIGNING and tokens[index - 1].upper in ("SET", ",")
            record.use(Clause.TARGET if assigned else Clause.STORED, tokens[index + 2].text)


def _tokens(text: str, reading: Reading) -> list[Token]:
    """All tokens of a body, with the semicolons between its statements. Raises NotLexed."""
    lexer = Lexer(text, reading)
    found: list[Token] = []
    while (piece := lexer.statement()) is not None:
        if found:
            found.append(word(";"))
        found += piece[0]
        if len(found) > _MAX_TOKENS:
            raise NotLexed("the program is too long")
    return found


# --- triggers


def note_triggers(ctx: Context, outcome: Outcome | None) -> None:
    """The triggers of what is written. What one sets in the row may be in RETURNING's columns of it."""
    waiting = list(ctx.findings.records)
    while waiting:
        record = waiting.pop()
        waiting += record.beneath
        event = _EVENTS.get(record.action)
        if event is None or record.object.kind is not ObjectKind.RELATION:
            continue
        info = ctx.names.info(QName(record.object.schema, record.object.name))
        for trigger in info.triggers if info is not None else ():
            if trigger.enabled and event in trigger.events:
                _fires(ctx, record, trigger, outcome)


def _fires(ctx: Context, written: Record, trigger: TriggerInfo, outcome: Outcome | None) -> None:
    name = ObjectName(ObjectKind.FUNCTION, trigger.function.schema, TRIGGER + trigger.function.name)
    program = ctx.findings.program(name)
    if outcome is None or outcome.rows is None or outcome.category is not Category.WRITE:
        return
    assigned = programs.assigned(trigger.body)
    shown = [
        column
        for column in outcome.rows.columns
        if assigned is None or any(base == "*" or base.lower() in assigned for base in _bases(column, written))
    ]
    taint(shown, frozenset({(program, "*")}))


def _bases(column: Column, written: Record) -> list[str]:
    return [base for record, base in column.origins if record.object == written.object]
