"""INSERT, UPDATE, DELETE and MERGE: what they write, what they read to do so, and what RETURNING gives back."""

from collections.abc import Iterable
from dataclasses import dataclass

from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import TOLD
from gateway.analysis.postgres import conversions, expressions, filters, from_items, query, relations
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.records import Record, narrow_alike, with_beneath
from gateway.analysis.postgres.scopes import Column, Rows, Scope, Source
from gateway.model.footprint import AccessOrigin, Action, Clause

NO_ROWS = Rows([])


@dataclass(slots=True)
class Target:
    """The relation written to, and its columns. `source` reads it: that needs `select` too, but only if something reads."""

    written: list[Record]
    columns: Source
    source: Source
    read: list[Record]

    def assign(self, name: str) -> None:
        """The column is a target; through a view, so is what it stands on."""
        for record in self.written:
            record.use(Clause.TARGET, name)
        for column in self.columns.columns:
            if name in (column.name, "*"):
                for record, base in column.origins:
                    self._assign_beneath(record, base)

    def narrow(self) -> None:
        """The conditions told apart the rows that were read: they are the ones that are written."""
        for written in self.written:
            for record in self.read:
                if record.object == written.object:
                    narrow_alike(written, record)

    def by_key(self) -> None:
        """Only rows that the statement itself gives are met."""
        for record in with_beneath([*self.written, *self.read]):
            record.narrowed_by = Clause.WHERE

    def _assign_beneath(self, record: Record, column: str) -> None:
        for written in self.written:
            for under in written.beneath:
                if under.object == record.object and under.action is written.action and under.origin is AccessOrigin.VIEW_BODY:
                    under.use(Clause.TARGET, column)


def statement(ctx: Context, node: pb.Node, scope: Scope | None, clause: Clause | None) -> Rows:
    """Whatever may stand as a query: SELECT, or a data-modifying WITH query with its RETURNING."""
    match node.WhichOneof("node"):
        case "select_stmt":
            return query.select(ctx, node.select_stmt, scope, clause)
        case "insert_stmt":
            return insert(ctx, node.insert_stmt, scope)
        case "update_stmt":
            return update(ctx, node.update_stmt, scope)
        case "delete_stmt":
            return delete(ctx, node.delete_stmt, scope)
        case "merge_stmt":
            return merge(ctx, node.merge_stmt, scope)
        case "notify_stmt" | None:
            return NO_ROWS
        case kind:
            ctx.not_understood(f"{kind} inside a statement")
            return NO_ROWS


def insert(ctx: Context, message: pb.InsertStmt, parent: Scope | None) -> Rows:
    outer = _outer(ctx, message, parent)
    target = _target(ctx, message.relation, Action.INSERT)
    target.by_key()
    given = (
        query.select(ctx, message.select_stmt.select_stmt, outer, Clause.STORED)
        if message.HasField("select_stmt")
        else Rows([])
    )
    _inserted_columns(message, target, given)
    conversions.stored(ctx, given)
    for node in message.cols:
        expressions.evaluate_all(ctx, node.res_target.indirection, outer, Clause.STORED)
    scope = Scope(outer, sources=[target.source])
    if message.HasField("on_conflict_clause"):
        _on_conflict(ctx, message, target, scope)
    rows = _returning(ctx, message.returning_clause, target, scope)
    return _done(ctx, message, outer, target, rows)


def _inserted_columns(message: pb.InsertStmt, target: Target, given: Rows) -> None:
    if message.cols:
        for node in message.cols:
            target.assign(node.res_target.name)
    elif not message.HasField("select_stmt"):
        return  # DEFAULT VALUES
    elif given.rest is None and target.source.rest is None and len(given.columns) <= len(target.source.columns):
        for column in target.source.columns[: len(given.columns)]:
            target.assign(column.name)
    else:
        target.assign("*")


def _on_conflict(ctx: Context, message: pb.InsertStmt, target: Target, scope: Scope) -> None:
    conflict = message.on_conflict_clause
    if conflict.HasField("infer"):
        expressions.parts(ctx, conflict.infer, scope, Clause.CONFLICT)
        for node in conflict.infer.index_elems:
            if node.index_elem.name:
                expressions.referred(target.source.find(node.index_elem.name), Clause.CONFLICT)
    if conflict.action != pb.ONCONFLICT_UPDATE:
        return
    updated, columns = relations.target(ctx, message.relation, Action.UPDATE)
    excluded = Source("excluded", [Column(column.name, type_id=column.type, conduct=TOLD) for column in target.source.columns])
    excluded.rest = frozenset() if target.source.rest is not None else None
    excluded.plain = False
    inside = Scope(scope.parent, sources=[target.source, excluded])
    changed = Target(updated, columns, target.source, target.read)
    changed.by_key()
    _assignments(ctx, conflict.target_list, inside, changed)
    if conflict.HasField("where_clause"):
        expressions.evaluate(ctx, conflict.where_clause, inside, Clause.WHERE)


def update(ctx: Context, message: pb.UpdateStmt, parent: Scope | None) -> Rows:
    outer = _outer(ctx, message, parent)
    mark = len(ctx.findings.records)
    target = _target(ctx, message.relation, Action.UPDATE)
    scope = Scope(outer, sources=[target.source])
    from_items.add(ctx, message.from_clause, scope)
    beside = ctx.findings.records[mark:]
    _assignments(ctx, message.target_list, scope, target)
    if message.HasField("where_clause"):
        filters.where(ctx, message.where_clause, scope, beside)
    target.narrow()
    rows = _returning(ctx, message.returning_clause, target, scope)
    return _done(ctx, message, outer, target, rows)


def delete(ctx: Context, message: pb.DeleteStmt, parent: Scope | None) -> Rows:
    outer = _outer(ctx, message, parent)
    mark = len(ctx.findings.records)
    target = _target(ctx, message.relation, Action.DELETE)
    scope = Scope(outer, sources=[target.source])
    from_items.add(ctx, message.using_clause, scope)
    beside = ctx.findings.records[mark:]
    if message.HasField("where_clause"):
        filters.where(ctx, message.where_clause, scope, beside)
    target.narrow()
    rows = _returning(ctx, message.returning_clause, target, scope)
    return _done(ctx, message, outer, target, rows)


_MERGED_ACTIONS = {pb.CMD_INSERT: Action.INSERT, pb.CMD_UPDATE: Action.UPDATE, pb.CMD_DELETE: Action.DELETE}


def merge(ctx: Context, message: pb.MergeStmt, parent: Scope | None) -> Rows:
    outer = _outer(ctx, message, parent)
    clauses = [node.merge_when_clause for node in message.merge_when_clauses]
    actions = dict.fromkeys(_MERGED_ACTIONS[when.command_type] for when in clauses if when.command_type in _MERGED_ACTIONS)
    written = {action: relations.target(ctx, message.relation, action) for action in actions}
    target = _reader(ctx, message.relation, [], None)
    scope = Scope(outer)
    from_items.add(ctx, [message.source_relation], scope)
    scope.sources.append(target.source)  # RETURNING * gives the source's columns first
    for record in target.read:
        record.use(Clause.JOIN, "*") if not message.HasField("join_condition") else None
    filters.joined(ctx, message.join_condition, scope)
    for when in clauses:
        if when.HasField("condition"):
            expressions.evaluate(ctx, when.condition, scope, Clause.WHERE)
        action = _MERGED_ACTIONS.get(when.command_type)
        records, columns = written[action] if action is not None else ([], target.columns)
        into = Target(records, columns, target.source, target.read)
        into.narrow()
        _assignments(ctx, when.target_list, scope, into)
        expressions.evaluate_all(ctx, when.values, scope, Clause.STORED)
        if action is Action.INSERT and not when.target_list:
            into.assign("*")
    rows = _returning(ctx, message.returning_clause, target, scope)
    return _done(ctx, message, outer, target, rows)


# --- what they share


def _outer(ctx: Context, message: pb.InsertStmt | pb.UpdateStmt | pb.DeleteStmt | pb.MergeStmt, parent: Scope | None) -> Scope:
    outer = Scope(parent)
    if message.HasField("with_clause"):
        query.define(ctx, message.with_clause, outer)
    return outer


def _target(ctx: Context, var: pb.RangeVar, action: Action) -> Target:
    return _reader(ctx, var, *relations.target(ctx, var, action))


def _reader(ctx: Context, var: pb.RangeVar, written: list[Record], columns: Source | None) -> Target:
    before = len(ctx.findings.records)
    source = relations.range_var(ctx, var)
    return Target(written, columns or source, source, ctx.findings.records[before:])


def _assignments(ctx: Context, nodes: Iterable[pb.Node], scope: Scope, target: Target) -> None:
    """SET a = …, (b, c) = (…): the values are stored, the columns are targets."""
    for node in nodes:
        assignment = node.res_target
        target.assign(assignment.name)
        expressions.evaluate_all(ctx, assignment.indirection, scope, Clause.STORED)
        expressions.evaluate(ctx, assignment.val, scope, Clause.STORED)


def _returning(ctx: Context, clause: pb.ReturningClause, target: Target, scope: Scope) -> Rows:
    """RETURNING reads the row before (`old`) and after (`new`) the change; both names can be changed."""
    if not clause.exprs:
        return NO_ROWS
    names = {"old", "new"}
    for node in clause.options:
        option = node.returning_option
        names.discard("old" if option.option == pb.RETURNING_OPTION_OLD else "new")
        names.add(option.value)
    hidden = [_alias(target.source, name) for name in sorted(names) if scope.source(name) is None]
    inside = Scope(scope.parent, sources=[*scope.sources, *hidden])
    return query.targets(ctx, clause.exprs, inside, Clause.RETURNING)


def _alias(source: Source, name: str) -> Source:
    made = Source(name, source.columns, rest=source.rest, record=source.record)
    made.plain = False
    return made


def _done(
    ctx: Context,
    message: pb.InsertStmt | pb.UpdateStmt | pb.DeleteStmt | pb.MergeStmt,
    outer: Scope,
    target: Target,
    rows: Rows,
) -> Rows:
    """Walks WITH queries nobody referred to, and forgets the reading of the target where nothing was read."""
    if message.HasField("with_clause"):
        for cte in outer.ctes.values():
            cte.result()
    ctx.unread += [record for record in target.read if not record.uses]
    ctx.derived.append(rows)
    for column in rows.columns:
        column.touched = True
    return rows
