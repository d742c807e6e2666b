"""What a database holds: relations, functions, types, operators, casts. Frozen values, named as catalogs name them.

Names of other objects are `QName(schema, name)`, which equals the plain tuple. MySQL's database is `schema` here.
Texts (`definition`, `default`, …) are SQL as the server prints it with an empty search path: whatever stands unqualified in
them lives in pg_catalog, and a session's temporary relations never shadow a name in them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

# Quoted as either server prints names, or bare. Words of string constants are found too: they only add to what is masked.
_NAMES: Final = re.compile(r'"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([^\W\d][\w$]*)')


class QName(NamedTuple):
    """A schema-qualified name. Equals and hashes as the tuple `(schema, name)`."""

    schema: str
    name: str


class RelationKind(StrEnum):
    TABLE = "table"
    PARTITIONED_TABLE = "partitioned_table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized_view"
    FOREIGN_TABLE = "foreign_table"
    SEQUENCE = "sequence"
    INDEX = "index"  # partitioned indexes too
    COMPOSITE = "composite"


class ReferentialAction(StrEnum):
    NO_ACTION = "no_action"
    RESTRICT = "restrict"
    CASCADE = "cascade"
    SET_NULL = "set_null"
    SET_DEFAULT = "set_default"


class FunctionKind(StrEnum):
    FUNCTION = "function"
    PROCEDURE = "procedure"
    AGGREGATE = "aggregate"
    WINDOW = "window"


class Volatility(StrEnum):
    IMMUTABLE = "immutable"
    STABLE = "stable"
    VOLATILE = "volatile"


class TypeKind(StrEnum):
    BASE = "base"
    COMPOSITE = "composite"
    DOMAIN = "domain"
    ENUM = "enum"
    RANGE = "range"
    MULTIRANGE = "multirange"
    PSEUDO = "pseudo"


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column. `number` is its attribute number (gaps where columns were dropped); `type_id` the type's oid.

    `default` is the default's or, where `generated`, the generation expression's SQL.
    """

    number: int
    name: str
    type_id: int
    type_name: str
    not_null: bool = False
    generated: bool = False
    default: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rewrite rule other than a view's own `_RETURN`. `event` is SELECT, INSERT, UPDATE or DELETE; `definition` the whole
    CREATE RULE."""

    name: str
    event: str
    instead: bool
    definition: str


@dataclass(frozen=True, slots=True)
class TriggerInfo:
    """A user's trigger (those that enforce foreign keys are in `foreign_keys`). `events`: INSERT, UPDATE, DELETE, TRUNCATE.

    `body` and `sql_mode` as a MySQL function has them; PostgreSQL's triggers run a function."""

    name: str
    function: QName
    events: frozenset[str]
    enabled: bool
    body: str | None = None
    sql_mode: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`relation`'s `columns` reference `referenced`'s `referenced_columns`."""

    name: str
    relation: QName
    columns: tuple[str, ...]
    referenced: QName
    referenced_columns: tuple[str, ...]
    on_update: ReferentialAction
    on_delete: ReferentialAction


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """A row security policy. `command` is ALL, SELECT, INSERT, UPDATE or DELETE; its expressions may read other relations."""

    name: str
    command: str
    using: str | None
    check: str | None


@dataclass(frozen=True, slots=True)
class RelationInfo:
    """One relation.

    parents, children   partition or inheritance, direct ones only
    definition          a view's or materialized view's SELECT; None for others
    foreign_keys        those this relation holds; `referenced_by`: those of others that point here
    table               an index's table
    owned_by            a sequence's (table, column)
    write_functions     user-defined functions that a write may call: checks, index expressions, generated columns, defaults
    system              it came with the server
    """

    oid: int
    name: QName
    kind: RelationKind
    columns: tuple[ColumnInfo, ...] = ()
    owner: str = ""
    parents: tuple[QName, ...] = ()
    children: tuple[QName, ...] = ()
    is_partition: bool = False
    definition: str | None = None
    rules: tuple[RuleInfo, ...] = ()
    triggers: tuple[TriggerInfo, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    referenced_by: tuple[ForeignKey, ...] = ()
    row_security: bool = False
    force_row_security: bool = False
    policies: tuple[RowPolicy, ...] = ()
    table: QName | None = None
    owned_by: tuple[QName, str] | None = None
    write_functions: tuple[QName, ...] = ()
    security_invoker: bool = False
    system: bool = False

    @property
    def has_rules(self) -> bool:
        return bool(self.rules)

    @property
    def is_view(self) -> bool:
        """A view whose body runs when it is read; a materialized view holds rows of its own."""
        return self.kind is RelationKind.VIEW

    def column(self, name: str) -> ColumnInfo | None:
        return next((column for column in self.columns if column.name == name), None)

    def made_of(self, column: ColumnInfo) -> frozenset[str]:
        """The other columns of its row that a generated column's values are computed from, through further generated ones."""
        found: set[str] = set()
        waiting = [column] if column.generated else []
        while waiting:
            words = _names(waiting.pop().default or "")
            for other in self.columns:
                if other.name.lower() in words and other is not column and other.name not in found:
                    found.add(other.name)
                    waiting += [other] if other.generated else []
        return frozenset(found)


def _names(expression: str) -> set[str]:
    """In lower case: two columns whose names differ in case alone count as both."""
    found = _NAMES.findall(expression)
    return {(double.replace('""', '"') or single.replace("``", "`") or bare).lower() for double, single, bare in found}


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One overload. `arguments` are the input arguments' type oids, `settings` its own SET clauses (`name=value`).

    body        MySQL: its text as it was written; None where it is hidden from the gateway's account
    definition  PostgreSQL: the whole CREATE statement, for functions in SQL and PL/pgSQL; None for others
    columns     PostgreSQL: names of its output parameters
    support     PostgreSQL: an aggregate's own functions, by oid
    parameters  MySQL: mode (IN, OUT, INOUT) and name of each, in order
    sql_mode    MySQL: under which the body is read
    """

    oid: int
    name: QName
    kind: FunctionKind
    builtin: bool
    language: str
    security_definer: bool
    volatility: Volatility
    arguments: tuple[int, ...] = ()
    argument_types: tuple[str, ...] = ()
    default_count: int = 0
    variadic: bool = False
    returns: int = 0
    returns_set: bool = False
    settings: tuple[str, ...] = ()
    extension: str | None = None
    body: str | None = None
    definition: str | None = None
    columns: tuple[str, ...] = ()
    support: tuple[int, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    sql_mode: str = ""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """One type.

    base        a domain's base type, a range's subtype: its oid; else 0
    element     an array's element type; else 0
    relation    the relation whose rows a composite type describes; else None
    functions   user-defined functions that making a value may call: input function, domain checks
    """

    oid: int
    name: QName
    kind: TypeKind
    builtin: bool
    base: int = 0
    element: int = 0
    relation: QName | None = None
    functions: tuple[QName, ...] = ()


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """A user-defined operator. `left` is 0 for a prefix operator. `functions`: its own and its estimators'."""

    oid: int
    name: QName
    left: int
    right: int
    function: QName
    functions: tuple[QName, ...] = ()


@dataclass(frozen=True, slots=True)
class CastInfo:
    """A user-defined cast. `function` is None for binary-coercible ones and those through text; `implicit`: applied unasked
    (`assignment`: in assignments too)."""

    source: int
    target: int
    function: QName | None
    implicit: bool
    assignment: bool


@dataclass(frozen=True, slots=True)
class SchemaInfo:
    """`usable`: the gateway's account has USAGE. The server skips the others when it resolves unqualified names."""

    name: str
    owner: str
    usable: bool


@dataclass(frozen=True, slots=True)
class ExtensionInfo:
    name: str
    schema: str
    version: str


@dataclass(frozen=True, slots=True)
class EventTriggerInfo:
    """`event` as PostgreSQL names it: ddl_command_start, sql_drop, …"""

    name: str
    event: str
    function: QName
    enabled: bool
