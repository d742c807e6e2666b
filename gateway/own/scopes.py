"""Which column each name of a query means. Every select list is written out: no star, each column under its name.

The relations of a FROM are looked up among the gateway's own, queries of WITH, and subqueries. Sizes are bounded before they
are made: a star over a star over a star doubles each time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from sqlglot import exp

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, SCHEMA, ColumnType, OwnFault, OwnRefused
from gateway.own import faults
from gateway.own.faults import SHOWN, refused
from gateway.own.kinds import KIND, kind_of
from gateway.own.mysql_schema import INFORMATION, VIEWS

MOST_COLUMNS: Final = 100  # of any select list, written out
TABLE: Final = "own_"  # before a relation's name in SQLite, where a WITH query may have the same


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a result. `relation` and `column` are where it comes from, "" for what is computed."""

    name: str
    kind: ColumnType
    relation: str = ""
    column: str = ""


Fields = tuple[Field, ...]


class Scope:
    """The sources of one SELECT by their names, inside of another's.

    merged    columns of JOIN … USING, each with the source it is taken from
    aliases   the result's columns, for the clauses that may name them
    """

    def __init__(self, outer: "Scope | None" = None) -> None:
        self.outer = outer
        self.sources: dict[str, Fields] = {}
        self.merged: dict[str, str] = {}
        self.aliases: dict[str, ColumnType] = {}


class Resolver:
    """For one statement; `relations` are those of the gateway's that it reads."""

    def __init__(self, engine: Engine, *, inside: bool = False, views: bool = False) -> None:
        self._engine = engine
        self._inside = inside
        self._known = {SCHEMA: RELATIONS} | ({INFORMATION: VIEWS} if views else {})
        self.relations: set[str] = set()

    def query(self, node: exp.Expr, known: dict[str, Fields], outer: Scope | None) -> Fields:
        """The columns of a query, where `known` are the queries of WITH around it. Raises OwnRefused."""
        known = self._with(node, known, outer)
        match node:
            case exp.Subquery():
                return self.query(node.this, known, outer)
            case exp.SetOperation():
                fields = self.query(node.this, known, outer)
                self.query(node.expression, known, outer)
                self._order(node, fields)
                return fields
            case exp.Values():
                first = node.expressions[0].expressions if node.expressions else []
                return tuple(Field(f"column{place}", kind_of(item, self._engine)) for place, item in enumerate(first, 1))
            case exp.Select():
                return self._select(node, known, outer)
            case _:
                raise refused("this form of a query is not answered here")

    def _with(self, node: exp.Expr, known: dict[str, Fields], outer: Scope | None) -> dict[str, Fields]:
        clause = node.args.get("with_")
        if clause is None:
            return known
        known = dict(known)
        for cte in clause.expressions:
            name, inner, alias = cte.alias, cte.this, cte.args.get("alias")
            if clause.args.get("recursive") and isinstance(inner, exp.SetOperation):
                known[name] = _renamed(self.query(inner.this.copy(), known, outer), alias)
            known[name] = _renamed(self.query(inner, known, outer), alias)
        return known

    def _order(self, node: exp.SetOperation, fields: Fields) -> None:
        """ORDER BY of a set operation names its columns."""
        scope = Scope()
        scope.aliases = {field.name: field.kind for field in fields}
        for key in ("order", "limit", "offset"):
            self._settle(node.args.get(key), scope, {})

    # One SELECT

    def _select(self, select: exp.Select, known: dict[str, Fields], outer: Scope | None) -> Fields:
        scope = Scope(outer)
        if select.args.get("laterals"):
            raise refused("LATERAL is not answered here")
        clause = select.args.get("from_")
        if clause is not None:
            self._source(clause.this, scope, known)
        joins = select.args.get("joins") or []
        for join in joins:
            self._join(join, scope, known)
        projections = [item for projection in select.expressions for item in self._expanded(projection, scope)]
        if len(projections) > MOST_COLUMNS:
            raise OwnRefused(OwnFault.TOO_LARGE, f"gateway: a result of more than {MOST_COLUMNS} columns is not answered")
        select.set("expressions", projections)
        for item in projections:
            self._settle(item, scope, known)
        fields = tuple(self._field(item, scope) for item in projections)
        scope.aliases = {item.alias: field.kind for item, field in zip(projections, fields, strict=True)}
        for key, part in select.args.items():
            if key not in {"expressions", "with_", "from_", "joins"}:
                for node in part if isinstance(part, list) else [part]:
                    self._settle(node, scope, known)
        for source in [clause, *joins]:
            for join in source.find_all(exp.Join) if source is not None else ():
                if join.parent_select is select:
                    self._settle(join.args.get("on"), scope, known)
        return fields

    def _settle(self, root: object, scope: Scope, known: dict[str, Fields]) -> None:
        """The columns below, and the queries that begin there."""
        if not isinstance(root, exp.Expr):
            return
        for node in list(root.walk(prune=lambda item: isinstance(item, exp.Column) or _is_query(item))):
            if isinstance(node, exp.Column):
                self._column(node, scope)
            elif _is_query(node):
                kind = self.query(node, known, scope)[0].kind
                node.meta[KIND] = kind
                if isinstance(node.parent, exp.Subquery):
                    node.parent.meta[KIND] = kind

    def _field(self, projection: exp.Expr, scope: Scope) -> Field:
        name = projection.alias
        if self._engine is Engine.MYSQL:  # names are compared in lower case, and shown as they are written
            name = projection.args["alias"].meta.get(SHOWN) or name
        value = projection.unalias()
        if isinstance(value, exp.Column):
            return replace(self._lookup(value, scope)[0], name=name)
        return Field(name, kind_of(value, self._engine))

    def _expanded(self, projection: exp.Expr, scope: Scope) -> Iterator[exp.Expr]:
        """A star as its columns; anything else as it is."""
        if not projection.is_star or isinstance(projection, exp.Alias):
            yield projection
            return
        if not scope.sources:
            raise OwnRefused(OwnFault.SYNTAX, "SELECT * with no tables specified is not valid")
        whole = isinstance(projection, exp.Star)
        if (projection if whole else projection.this).args.get("except_"):
            raise refused("this form of a select list is not answered here")
        if isinstance(projection, exp.Column) and projection.table not in scope.sources:
            raise faults.no_source(projection, scope.sources, self._engine)
        merged = scope.merged if whole else {}
        for name, source in merged.items():
            yield _written(source, name)
        names: Iterable[str] = scope.sources if whole else [projection.text("table")]
        for source in names:
            yield from (_written(source, field.name) for field in scope.sources[source] if field.name not in merged)

    # Sources

    def _join(self, join: exp.Join, scope: Scope, known: dict[str, Fields]) -> None:
        before = list(scope.sources)
        self._source(join.this, scope, known)
        added = [name for name in scope.sources if name not in before]
        left = {field.name: name for name in reversed(before) for field in scope.sources[name]}
        right = [field.name for name in added for field in scope.sources[name]]
        shared = [item.name for item in join.args.get("using") or ()]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            shared = [name for name in right if name in left]
        for name in shared:
            if name not in left or name not in right:
                raise faults.no_column(exp.column(name), [item for item in right if item in left], self._engine)
            scope.merged.setdefault(name, left[name])

    def _source(self, node: exp.Expr, scope: Scope, known: dict[str, Fields]) -> None:
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):  # (a JOIN b)
            self._source(node.this, scope, known)
        else:
            self._named(node, scope, known)
        for join in node.args.get("joins") or ():
            self._join(join, scope, known)

    def _named(self, node: exp.Expr, scope: Scope, known: dict[str, Fields]) -> None:
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            name, fields = node.alias_or_name, self._relation(node, known)
        elif isinstance(node, exp.Subquery | exp.Values):
            name, fields = node.alias, self.query(node, known, scope.outer)
        else:
            raise refused("a FROM names relations and subqueries here, no functions")
        if name in scope.sources:
            raise faults.twice(name, self._engine)
        renamed = _renamed(fields, node.args.get("alias"))
        if renamed != fields:
            _rename(node, name, fields, renamed)
        scope.sources[name or f"own {len(scope.sources)}"] = renamed

    def _relation(self, node: exp.Table, known: dict[str, Fields]) -> Fields:
        name = node.name
        if not node.db and name in known:
            return known[name]
        schema = node.db or (SCHEMA if self._inside else "")
        known_here = self._known.get(schema)
        if known_here is None or node.catalog:
            raise faults.mixed()
        if name not in known_here:
            written = node.this.meta.get(SHOWN) if self._engine is Engine.MYSQL else name
            raise faults.no_relation(written or name, self._engine, faults.position(node))
        key = name if schema == SCHEMA else f"{INFORMATION}.{name}"
        self.relations.add(key)
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        node.set("this", exp.to_identifier(TABLE + key, quoted=True))
        node.set("db", None)
        return tuple(Field(column, kind, key, column) for column, kind in known_here[name])

    # Names

    def _column(self, column: exp.Column, scope: Scope) -> None:
        field, source = self._lookup(column, scope)
        column.meta[KIND] = field.kind
        column.set("db", None)
        if source:
            column.set("table", exp.to_identifier(source, quoted=True))

    def _lookup(self, column: exp.Column, scope: Scope) -> tuple[Field, str]:
        """What the name means, and which source it belongs to: "" for a column of the result. Raises OwnRefused."""
        name, table = column.name, column.table
        at: Scope | None = scope
        while at is not None:
            sources = [table] if table else [at.merged[name]] if name in at.merged else list(at.sources)
            found = [(field, source) for source in sources for field in at.sources.get(source, ()) if field.name == name]
            if not table and name in at.aliases and (len(found) != 1 or column.find_ancestor(exp.Order)):
                return Field(name, at.aliases[name]), ""
            if len(found) > 1:
                raise faults.ambiguous(column, self._engine)
            if found:
                return found[0]
            if table and table in at.sources:
                break
            at = at.outer
        if table and (at is None or column.text("db") not in {"", SCHEMA}):
            raise faults.no_source(column, scope.sources, self._engine)
        there = [field.name for source, fields in scope.sources.items() if table in {"", source} for field in fields]
        raise faults.no_column(column, there, self._engine)


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query) and not isinstance(node, exp.Subquery | exp.Table)


def _written(source: str, name: str) -> exp.Expr:
    return exp.alias_(exp.column(name, source, quoted=True), name, quoted=True)


def _rename(node: exp.Expr, name: str, fields: Fields, renamed: Fields) -> None:
    """SQLite has no names of columns behind an alias: a subquery gives them."""
    inner = node.copy()
    inner.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    columns = [
        exp.alias_(exp.column(old.name, name, quoted=True), new.name, quoted=True)
        for old, new in zip(fields, renamed, strict=True)
    ]
    alias = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    node.replace(exp.Subquery(this=exp.select(*columns).from_(inner), alias=alias))


def _renamed(fields: Fields, alias: exp.Expr | None) -> Fields:
    """Under the names of an alias's list of columns."""
    names = [item.name for item in alias.args.get("columns") or ()] if alias is not None else []
    return (*(replace(field, name=name) for field, name in zip(fields, names, strict=False)), *fields[len(names) :])
