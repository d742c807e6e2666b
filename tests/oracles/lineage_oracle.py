"""The lineage oracle: `CREATE TEMP VIEW v AS <select>`, rolled back, makes the server analyse the statement and keep the result
in `pg_rewrite.ev_action`, names resolved to oids, columns to attribute numbers. From that tree: which base columns feed which
output.

Our sources must hold at least those (views expanded to their base); what more they hold is counted as inexact. Where ours says
`exact`, the server must say that the output is one column unchanged.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.model.footprint import Footprint, ObjectKind
from tests.oracles.nodetree import Node, parse
from tests.oracles.server import Session

_TREE = "SELECT ev_action::text FROM pg_rewrite WHERE ev_class = {} AND rulename = '_RETURN'"
_KIN = "SELECT inhrelid, inhparent FROM pg_inherits"
_COLUMNS = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text, a.attnum::int, a.attname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S') AND NOT a.attisdropped
"""
_QUERY = re.compile(r"\s*(SELECT|WITH|TABLE|VALUES|\()", re.IGNORECASE)

_FIRST_USERS = 16384  # access/transam.h, FirstNormalObjectId: views below are the system's, and granted by their own name
_COUNT = "2147"  # count("any"): how many rows, not what stands in them

BaseColumn = tuple[str, str, str]
Sources = frozenset[tuple[int, int]]  # (relation's oid, attribute number)
Analyse = Callable[[str], tuple[Footprint, ...]]


@dataclass(slots=True)
class LineageTally:
    """`missing` are base columns of an output that ours lacks, `false_exact` outputs that are not one unchanged column."""

    statements: int = 0
    outputs: int = 0
    unknown: int = 0  # statements whose outputs we do not claim to know
    identical: int = 0
    missing: list[str] = field(default_factory=list)
    false_exact: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.statements} statements, {self.outputs} outputs: {self.identical} identical, {len(self.inexact)} with more "
            f"sources, {len(self.missing)} with fewer, {len(self.false_exact)} wrongly exact; {self.unknown} statements unknown"
        )


@dataclass(frozen=True, slots=True)
class Output:
    """One output by the server's word: the base columns that feed it, and whether it is one of them unchanged."""

    sources: frozenset[BaseColumn]
    plain: bool


class LineageOracle:
    """Lets the server analyse statements on `session`; `session` must see the same database as the catalog `analyse` uses."""

    def __init__(self, session: Session, analyse: Analyse) -> None:
        self._session = session
        self._analyse = analyse
        self._columns: dict[tuple[int, int], BaseColumn] = {}
        self._views: set[int] = set()
        self._trees: dict[int, Node] = {}
        self._whole: dict[int, list[int]] = {}
        self._oids: dict[tuple[str, str], int] = {}
        self._parent: dict[int, int] = {}
        for oid, schema, name, kind, number, column in session.connection.execute(_COLUMNS).fetchall():
            self._columns[oid, number] = (schema, name, column)
            if number > 0:
                self._whole.setdefault(oid, []).append(number)
            self._oids[schema, name] = oid
            if kind == "v" and oid >= _FIRST_USERS:
                self._views.add(oid)
        for child, parent in session.connection.execute(_KIN).fetchall():
            self._parent[child] = parent

    def judge_all(self, statements: Iterable[tuple[str, str, str]]) -> LineageTally:
        """Of (label, text to analyse, text to run); what is no query, or what the server refuses as a view, is left out."""
        tally = LineageTally()
        for label, text, runnable in statements:
            if _QUERY.match(runnable):
                theirs = self.ask(runnable)
                if theirs is not None:
                    self._compare(f"{label}: {text}", theirs, self._analyse(text), tally)
        return tally

    def ask(self, text: str) -> list[Output] | None:
        """The server's own answer; None where the statement cannot be a view."""
        count = self._session.column_count(text)
        if not count:
            return None
        names = ", ".join(f"c{number}" for number in range(count))
        with self._session.attempt(f"CREATE TEMP VIEW oracle_view ({names}) AS {text}") as ran:
            if ran.error:
                return None
            query = self._tree("'pg_temp.oracle_view'::regclass")
            return [
                Output(frozenset(self._columns[source] for source in self._base(sources)), plain)
                for sources, plain in self._outputs(query, ())
            ]

    def _compare(self, label: str, theirs: list[Output], footprints: tuple[Footprint, ...], tally: LineageTally) -> None:
        tally.statements += 1
        if len(footprints) != 1 or footprints[0].opaque is not None or footprints[0].outputs is None:
            tally.unknown += 1
            return
        ours = footprints[0].outputs
        tally.outputs += len(theirs)
        if len(ours) != len(theirs):
            tally.missing.append(f"{len(ours)} outputs, the server says {len(theirs)}: {label}")
            return
        for place, (mine, server) in enumerate(zip(ours, theirs, strict=True), start=1):
            sources = self._expanded((ref.object.schema, ref.object.name, ref.column) for ref in mine.sources
                                     if ref.object.kind is ObjectKind.RELATION)  # fmt: skip
            lacking = server.sources - sources
            if lacking:
                tally.missing.append(f"output {place} ({mine.name}) lacks {sorted(lacking)}: {label}")
            elif extra := self._families(sources) - self._families(server.sources):
                tally.inexact.append(f"output {place} ({mine.name}) has also {sorted(extra)}: {label}")
            else:
                tally.identical += 1
            if mine.exact and not server.plain:
                tally.false_exact.append(f"output {place} ({mine.name}) is no plain column: {label}")

    def _families(self, columns: Iterable[BaseColumn]) -> frozenset[tuple[int, str]]:
        """Columns with partitions and inheritance children taken for their first parent."""
        return frozenset((self._first(self._oids[schema, name]), column) for schema, name, column in columns)

    def _first(self, oid: int) -> int:
        while oid in self._parent:
            oid = self._parent[oid]
        return oid

    def _expanded(self, columns: Iterable[BaseColumn]) -> frozenset[BaseColumn]:
        """`*` as every column; a view's columns are left out, because their base columns must stand there too."""
        found: set[BaseColumn] = set()
        for schema, name, column in columns:
            oid = self._oids.get((schema, name))
            if oid is None or oid in self._views:
                continue
            if column == "*":
                found.update(self._columns[oid, number] for number in self._whole[oid])
            else:
                found.add((schema, name, column))
        return frozenset(found)

    def _tree(self, relation: str) -> Node:
        row = self._session.connection.pgconn.exec_(_TREE.format(relation).encode()).get_value(0, 0)
        if row is None:
            raise LookupError(f"no tree of {relation}")
        query = parse(row.decode())[0]
        assert isinstance(query, Node)
        return query

    def _base(self, sources: Sources) -> Sources:
        """Views' columns replaced by what feeds them, down to relations with rows of their own."""
        found: set[tuple[int, int]] = set()
        for oid, number in sources:
            if oid not in self._views:
                found.add((oid, number))
                continue
            if oid not in self._trees:
                self._trees[oid] = self._tree(str(oid))
            found |= self._base(self._outputs(self._trees[oid], ())[number - 1][0])
        return frozenset(found)

    def _outputs(self, query: Node, outer: tuple[Node, ...]) -> list[tuple[Sources, bool]]:
        """Per visible output of a query: what feeds it, and whether it is one column unchanged."""
        walk = _Walk(self._whole, (query, *outer))
        return [
            (walk.target(target), walk.is_plain_target(target))
            for target in query.items("targetList")
            if target["resjunk"] != "true"
        ]


@dataclass(slots=True)
class _Walk:
    """Sources of expressions, seen from the innermost query of `scopes`."""

    whole: dict[int, list[int]]
    scopes: tuple[Node, ...]
    recursive: frozenset[tuple[str, int]] = frozenset()

    def target(self, target: Node) -> Sources:
        """What feeds one entry of the innermost query's target list."""
        query = self.scopes[0]
        if isinstance(query["setOperations"], Node):
            branches = self._branches(query["setOperations"])
            return frozenset().union(*(self._column_of(branch, target.number("resno"), 0) for branch in branches))
        return self.sources(target["expr"])

    def is_plain_target(self, target: Node) -> bool:
        """Whether one column comes out of it unchanged, or of each branch of a set operation."""
        query = self.scopes[0]
        if isinstance(query["setOperations"], Node):
            inner = (
                _Walk(self.whole, (branch["subquery"], *self.scopes), self.recursive)
                for branch in self._branches(query["setOperations"])
            )
            return all(walk._plain_output(target.number("resno")) for walk in inner)
        return isinstance(target["expr"], Node) and self._is_plain(target["expr"])

    def sources(self, value: object) -> Sources:
        """Every column whose value enters `value`."""
        if isinstance(value, list):
            return frozenset().union(*(self.sources(item) for item in value)) if value else frozenset()
        if not isinstance(value, Node):
            return frozenset()
        match value.type:
            case "VAR":
                return self._variable(value)
            case "QUERY":
                inner = _Walk(self.whole, (value, *self.scopes), self.recursive)
                return frozenset().union(
                    *(inner.target(item) for item in value.items("targetList") if item["resjunk"] != "true")
                )
            case "NULLTEST":  # whether there is a value, not which
                return frozenset()
            case "AGGREF" if value["aggfnoid"] == _COUNT:
                return frozenset()
            case "SUBLINK" if value["subLinkType"] == "0":  # EXISTS: no value comes out of its rows
                return self.sources(value["testexpr"])
            case _:
                return frozenset().union(*(self.sources(part) for part in value.fields.values()), frozenset())

    def _variable(self, variable: Node) -> Sources:
        level = variable.number("varlevelsup")
        entry = self.scopes[level].items("rtable")[variable.number("varno") - 1]
        return self._column_of(entry, variable.number("varattno"), level)

    def _column_of(self, entry: Node, number: int, level: int) -> Sources:
        """Column `number` (0: the whole row) of a range table entry of the query `level` levels up."""
        scopes = self.scopes[level:]
        here = _Walk(self.whole, scopes, self.recursive)
        match entry.number("rtekind"):  # parsenodes.h, RTEKind
            case 0:  # relation
                oid = entry.number("relid")
                return frozenset((oid, each) for each in ([number] if number else self.whole[oid]))
            case 1:  # subquery
                return here._query_column(entry["subquery"], number)
            case 2:  # join
                aliases = entry.items("joinaliasvars")
                return here.sources(aliases[number - 1] if number else aliases)
            case 6:  # CTE
                return here._cte_column(entry, number)
            case 9:  # group, since PostgreSQL 18
                expressions = entry.items("groupexprs")
                return here.sources(expressions[number - 1] if number else expressions)
            case 5:  # VALUES
                rows = entry.items("values_lists")
                return here.sources([row[number - 1] for row in rows] if number else rows)
            case 3:  # functions
                return here._function_column(entry, number)
            case _:  # XMLTABLE, JSON_TABLE
                return here.sources(entry["tablefunc"])

    def _query_column(self, query: Node, number: int) -> Sources:
        inner = _Walk(self.whole, (query, *self.scopes), self.recursive)
        chosen = (item for item in query.items("targetList") if not number or item.number("resno") == number)
        return frozenset().union(*(inner.target(item) for item in chosen))

    def _function_column(self, entry: Node, number: int) -> Sources:
        """ROWS FROM has several functions side by side, each of some columns; WITH ORDINALITY numbers the rows after them."""
        behind = number
        for function in entry.items("functions"):
            if not number or behind <= function.number("funccolcount"):
                return self.sources(function if number else entry.items("functions"))
            behind -= function.number("funccolcount")
        return frozenset()

    def _cte_column(self, entry: Node, number: int) -> Sources:
        level = entry.number("ctelevelsup")
        scopes = self.scopes[level:]
        tables = [cte for cte in scopes[0].items("cteList") if cte["ctename"] == entry["ctename"]]
        key = (str(entry["ctename"]), len(scopes) * 10_000 + number)
        if not tables or key in self.recursive or not isinstance(tables[0]["ctequery"], Node):
            return frozenset()
        inner = _Walk(self.whole, scopes, self.recursive | {key})
        return inner._query_column(tables[0]["ctequery"], number)

    def _branches(self, operation: Node) -> list[Node]:
        """The range table entries a set operation combines."""
        if operation.type == "RANGETBLREF":
            entry = self.scopes[0].items("rtable")[operation.number("rtindex") - 1]
            assert isinstance(entry, Node)
            return [entry]
        return self._branches(operation["larg"]) + self._branches(operation["rarg"])

    def _is_plain(self, expression: Node) -> bool:
        """One base or view column passed on unchanged, through subqueries, CTEs, joins and groups."""
        if expression.type == "RELABELTYPE":  # a binary-coercible cast: text for varchar
            return isinstance(expression["arg"], Node) and self._is_plain(expression["arg"])
        if expression.type == "SUBLINK" and expression["subLinkType"] == "4":  # EXPR: a scalar subquery
            return _Walk(self.whole, (expression["subselect"], *self.scopes), self.recursive)._plain_output(1)
        return expression.type == "VAR" and expression.number("varattno") != 0 and self._plain_column(expression)

    def _plain_column(self, variable: Node) -> bool:
        level, number = variable.number("varlevelsup"), variable.number("varattno")
        here = _Walk(self.whole, self.scopes[level:], self.recursive)
        entry = here.scopes[0].items("rtable")[variable.number("varno") - 1]
        match entry.number("rtekind"):
            case 0:
                return True
            case 1:
                return _Walk(self.whole, (entry["subquery"], *here.scopes), self.recursive)._plain_output(number)
            case 2:
                return here._is_plain(entry.items("joinaliasvars")[number - 1])
            case 9:
                return here._is_plain(entry.items("groupexprs")[number - 1])
            case 6:
                scopes = here.scopes[entry.number("ctelevelsup") :]
                found = [cte for cte in scopes[0].items("cteList") if cte["ctename"] == entry["ctename"]]
                key = (str(entry["ctename"]), len(scopes) * 10_000 + number)
                if key in self.recursive:  # plain if the other branch is
                    return True
                inner = (_Walk(self.whole, (cte["ctequery"], *scopes), self.recursive | {key}) for cte in found)
                return bool(found) and all(walk._plain_output(number) for walk in inner)
            case _:
                return False

    def _plain_output(self, number: int) -> bool:
        return any(self.is_plain_target(item) for item in self.scopes[0].items("targetList") if item.number("resno") == number)
