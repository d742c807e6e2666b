"""What a statement touches, as far as it was understood. Total: bad SQL gives a footprint that is `opaque`."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What can be permitted on an object (contract: policy bundle)."""

    CONNECT = "connect"
    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    CALL = "call"
    TEMP = "temp"
    LOCK = "lock"
    DDL = "ddl"
    EXPORT = "export"
    EXPLAIN = "explain"
    INFER = "infer"
    UNMASK = "unmask"
    APPROVE = "approve"
    APPROVE_OWN = "approve_own"  # one's own issue or access request; a bundle that grants `*` widely denies this by name
    ADMIN = "admin"
    PROPOSE = "propose"


class Category(StrEnum):
    """The coarse class of a statement; `Footprint.kind` has the exact command."""

    QUERY = "query"
    WRITE = "write"
    DDL = "ddl"
    TRANSACTION = "transaction"
    SESSION = "session"
    COPY_IN = "copy_in"
    COPY_OUT = "copy_out"
    UTILITY = "utility"
    ADMIN = "admin"
    EMPTY = "empty"


class Clause(StrEnum):
    """Where in a statement a column is used."""

    OUTPUT = "output"
    WHERE = "where"
    JOIN = "join"
    GROUP = "group"
    ORDER = "order"
    HAVING = "having"
    DISTINCT = "distinct"
    WINDOW = "window"
    LIMIT = "limit"
    ARGUMENT = "argument"  # something else than its value is seen: how many rows a function of it gives, a count of a condition
    PRESENCE = "presence"  # no more than whether there is a value, if that: count(column), IS NULL, EXISTS
    STORED = "stored"  # the value is written somewhere other than the result: INSERT … SELECT, CTAS, SET, a variable
    TARGET = "target"  # the column is assigned to
    RETURNING = "returning"
    CONFLICT = "conflict"


class ObjectKind(StrEnum):
    RELATION = "relation"
    FUNCTION = "function"
    TYPE = "type"
    SCHEMA = "schema"
    DATABASE = "database"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A resolved object inside one target. `schema` is MySQL's database; () names for DATABASE and INSTANCE themselves."""

    kind: ObjectKind
    schema: str = ""
    name: str = ""


DATABASE = ObjectName(ObjectKind.DATABASE)
INSTANCE = ObjectName(ObjectKind.INSTANCE)


def relation(schema: str, name: str) -> ObjectName:
    return ObjectName(ObjectKind.RELATION, schema, name)


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column of the access's relation in one clause. Column `*` is every column: whole rows, or not known which."""

    clause: Clause
    column: str


class AccessOrigin(StrEnum):
    DIRECT = "direct"  # named in the statement
    VIEW_BODY = "view_body"  # read by a view's definition
    CHILD = "child"  # partition or inheritance child read through its parent
    RULE = "rule"  # added by a rewrite rule


@dataclass(frozen=True, slots=True)
class Access:
    """One action on one object.

    `beneath` is what stands under it. Under a view: what its definition reads; the view passes if it is granted itself or
    everything beneath passes. CHILD entries pass with their parent unless a rule denies them by name.
    """

    object: ObjectName
    action: Action
    columns: frozenset[ColumnUse] = frozenset()
    origin: AccessOrigin = AccessOrigin.DIRECT
    beneath: tuple["Access", ...] = ()


class FunctionClass(StrEnum):
    HARMLESS = "harmless"
    READS = "reads"  # reads relations named by a string or by SQL text: query_to_xml, dblink, ts_stat
    WRITES = "writes"
    ADMIN = "admin"  # files, settings, other sessions
    USER = "user"  # user-defined: needs `call`


@dataclass(frozen=True, slots=True)
class FunctionUse:
    name: ObjectName
    function_class: FunctionClass


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A base column by name: where an output's values come from."""

    object: ObjectName
    column: str


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """One column of the result.

    sources   base (and view) columns whose values can be recovered from this output; empty for constants.
    exact     the value is one source column unchanged (a mask can keep its type); otherwise it is an expression.
    """

    name: str
    sources: frozenset[ColumnRef]
    exact: bool


class EffectKind(StrEnum):
    """A change of session state that the proxy follows when the server reports success."""

    SET = "set"  # name, value ("" is DEFAULT); local: until the transaction ends
    RESET_ALL = "reset_all"
    PREPARE = "prepare"  # name, value: the prepared text
    DEALLOCATE = "deallocate"  # name; "" is ALL
    DECLARE = "declare"  # name, value: the cursor's query
    CLOSE = "close"  # name; "" is ALL
    FETCH = "fetch"  # name; the cursor that rows are read from
    DISCARD_ALL = "discard_all"
    TEMP_CREATE = "temp_create"  # name
    TEMP_DROP = "temp_drop"  # name; "" is ALL
    CATALOG = "catalog"  # the catalog changes: refresh before the next resolution
    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"  # name
    RELEASE = "release"  # name
    ROLLBACK_TO = "rollback_to"  # name
    USE = "use"  # MySQL: value is the database


@dataclass(frozen=True, slots=True)
class Effect:
    kind: EffectKind
    name: str = ""
    value: str = ""
    local: bool = False


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one statement touches.

    kind               the command in upper case as its manual names it: SELECT, ALTER TABLE, CREATE INDEX
    start, end         the statement's slice of the text that was analysed, in characters
    accesses           every (object, action); all must pass
    outputs            the result's columns in order, or None where they are not known
    effects            changes of session state, in order
    literals_matter    a constant's value was looked at: another literal may mean another footprint
    opaque             why it was not understood; None if it was
    unknown            relations that the catalog did not know (already in `accesses`); one refresh is due
    transactional      False where the server refuses it inside a transaction block (CREATE INDEX CONCURRENTLY)
    """

    kind: str
    category: Category
    start: int = 0
    end: int = 0
    accesses: tuple[Access, ...] = ()
    functions: tuple[FunctionUse, ...] = ()
    outputs: tuple[OutputColumn, ...] | None = ()
    effects: tuple[Effect, ...] = ()
    literals_matter: bool = False
    opaque: str | None = None
    unknown: frozenset[ObjectName] = frozenset()
    transactional: bool = True
    fingerprint: str = ""
