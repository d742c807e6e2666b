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
    COMPUTED = "computed"  # an output is computed from it in a way that may fail, warn or take time as its value is
    PRESENCE = "presence"  # no more than whether there is a value, if that: count(column), IS NULL, EXISTS
    CONSTRAINT = "constraint"  # a schema change judges the rows by it: whether it succeeds tells of the values
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
    """A column of the access's relation in one clause. Column `*` is every column: whole rows, or not known which.

    inside   of COMPUTED: in which output and in what, as a refusal says it: `the select list, in CASE`
    """

    clause: Clause
    column: str
    inside: str = ""


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

    `narrowed_by` is how every place of the statement that means the object says which of its rows: WHERE by a condition, JOIN
    by the rows of what it is joined with, None where one place takes them all.
    """

    object: ObjectName
    action: Action
    columns: frozenset[ColumnUse] = frozenset()
    origin: AccessOrigin = AccessOrigin.DIRECT
    beneath: tuple["Access", ...] = ()
    narrowed_by: Clause | None = None


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


@dataclass(frozen=True, slots=True)
class ProgramUse:
    """A stored program (function, procedure, trigger) that a statement may run, itself or through another.

    An output that holds its value has `ColumnRef(name, "*")` among its sources.

    clauses    where its value is used; STORED also where what it reads may outlive the call: variables, parameters, settings
    reads      columns that it works with: whatever it gives may hold their values or tell of them. Those of a program are
               another's result; columns that it only shows in a result of its own are in that result's lineage
    touches    relations that it reads or writes
    undecided  why its body was not read; None if it was
    """

    name: ObjectName
    clauses: frozenset[Clause] = frozenset()
    reads: frozenset[ColumnRef] = frozenset()
    touches: frozenset[ObjectName] = frozenset()
    undecided: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A schema change puts the values of a column under another path, where what is masked may be another.

    Column `*` on both sides: every column, each under its own name.
    """

    source: ColumnRef
    target: ColumnRef


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
    literals_weigh     one was looked at to tell whether an output is total: another may mean other uses of the clause COMPUTED,
                       which count for masked columns alone
    opaque             why it was not understood; None if it was
    unknown            relations that the catalog did not know (already in `accesses`); one refresh is due
    transactional      False where the server refuses it inside a transaction block (CREATE INDEX CONCURRENTLY)
    programs           stored programs that it may run, those that others run included
    shown              columns that programs show in their results, as they are used; no permission is asked for them but masks'
    moves              columns whose values a schema change puts under another path
    results            what results a stored program may give, each by its columns; None where they are not known
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
    literals_weigh: bool = False
    opaque: str | None = None
    unknown: frozenset[ObjectName] = frozenset()
    transactional: bool = True
    fingerprint: str = ""
    programs: tuple[ProgramUse, ...] = ()
    shown: tuple[Access, ...] = ()
    results: tuple[tuple[OutputColumn, ...], ...] | None = None
    moves: tuple[Move, ...] = ()
