"""Review rules that hold for both engines, and what every rule is given and gives back.

A rule is a function over the tree of one statement. It says what a person should look at before they approve; it decides
nothing. What stands in a table that the same issue has just made hurts nobody, so rules about waiting and data pass it by.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from gateway.model.identity import Engine


class Level(StrEnum):
    """How much a finding asks for. `danger`: something is lost or opened; `warning`: it may fail, block or break readers."""

    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule has to say: what happens, and what to do about it."""

    level: Level
    rule: str
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A statement as rules see it.

    `words` are its tokens in capitals, without strings and comments, for what the parser keeps as text (`exp.Command`).
    `fresh` names the tables that earlier statements of the same issue create, as `table_name` spells them.
    """

    engine: Engine
    tree: exp.Expr
    words: tuple[str, ...]
    fresh: frozenset[str]

    @property
    def on_fresh_table(self) -> bool:
        """Whether it is about a table that is new and therefore empty and unread."""
        names = target_names(self.tree)
        return bool(names) and self.fresh.issuperset(names)

    def says(self, *words: str) -> bool:
        """Whether these words follow each other."""
        size = len(words)
        return any(self.words[start : start + size] == words for start in range(len(self.words) - size + 1))


Rule = Callable[[Subject], Iterator[Remark]]

_LOSES_DATA = {"TABLE": "table", "COLUMN": "column", "SCHEMA": "schema", "DATABASE": "database"}
_MONEY = re.compile(
    r"price|amount|cost|salary|balance|(\b|_)(fee|tax|total|money|payment|discount|revenue)s?(\b|_)", re.IGNORECASE
)
_FLOATS = (exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.UDOUBLE)
_VOLATILE_NAMES = frozenset(
    {"clock_timestamp", "timeofday", "nextval", "uuid_generate_v1", "uuid_generate_v4", "uuidv7", "uuidv4"}
)
_ROUTINES = ("FUNCTION", "PROCEDURE", "TRIGGER", "EVENT")


def table_name(table: exp.Expr) -> str:
    """A table's name as one word, folded so that spellings of one name meet."""
    return ".".join(part.name.lower() for part in table.find_all(exp.Identifier, bfs=False))


def target_names(tree: exp.Expr) -> frozenset[str]:
    """The tables that a statement alters, drops, empties, indexes or renames."""
    if isinstance(tree, (exp.Drop, exp.TruncateTable)):
        named = tree.args.get("tables") or tree.expressions
        return frozenset(table_name(table) for table in named if isinstance(table, exp.Table))
    this = tree.this
    if isinstance(this, exp.Index):
        this = this.args.get("table")
    return frozenset({table_name(this)}) if isinstance(this, exp.Table) else frozenset()


def created_table(tree: exp.Expr) -> str | None:
    """The table that this statement certainly makes: IF NOT EXISTS may find an old one, full of rows."""
    if not isinstance(tree, exp.Create) or tree.kind != "TABLE" or tree.args.get("exists"):
        return None
    this = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return table_name(this) if isinstance(this, exp.Table) else None


def actions(tree: exp.Expr) -> list[exp.Expr]:
    """The actions of an ALTER; none for other statements."""
    return list(tree.args.get("actions") or ()) if isinstance(tree, exp.Alter) else []


def added_columns(tree: exp.Expr) -> list[exp.ColumnDef]:
    """The columns that an ALTER adds."""
    return [action for action in actions(tree) if isinstance(action, exp.ColumnDef)]


def constraint_of(column: exp.Expr, kind: type[exp.Expr]) -> exp.Expr | None:
    """The column's own constraint of this kind."""
    kinds = (constraint.args.get("kind") for constraint in column.args.get("constraints") or ())
    return next((found for found in kinds if isinstance(found, kind)), None)


def is_volatile(default: exp.Expr) -> bool:
    """Whether the expression gives each row its own value (PostgreSQL's `random()`, not its `now()`)."""
    if default.find(exp.Uuid, exp.Rand, exp.NextValueFor) is not None:
        return True
    return any(call.name.lower() in _VOLATILE_NAMES for call in default.find_all(exp.Anonymous))


def dropped(tree: exp.Expr) -> Iterator[tuple[str, str, exp.Drop]]:
    """What goes away, as (kind, name, node): of a DROP, or of the actions of an ALTER."""
    for node in [tree, *actions(tree)]:
        if isinstance(node, exp.Drop):
            for what in node.args.get("tables") or ():
                yield str(node.args.get("kind") or "").upper(), what.sql(), node


def loses_data(subject: Subject) -> Iterator[Remark]:
    """A dropped table, column, schema or database takes its rows along, and only a backup brings them back."""
    if subject.on_fresh_table:
        return
    for kind, name, _ in dropped(subject.tree):
        if kind in _LOSES_DATA:
            yield Remark(
                Level.DANGER,
                "drops-data",
                f"drops {_LOSES_DATA[kind]} {name}: its data is lost",
                "make sure that nothing reads it and that a backup holds it; renaming it first leaves a way back",
            )
    if any(isinstance(action, exp.DropPartition) for action in actions(subject.tree)):
        yield Remark(Level.DANGER, "drops-data", "drops a partition: its data is lost", "make sure that a backup holds it")
    if subject.words[:2] == ("DROP", "OWNED"):
        yield Remark(Level.DANGER, "drops-data", "drops everything a role owns", "name the objects, or reassign them first")


def drops_dependency(subject: Subject) -> Iterator[Remark]:
    """Views, functions, types and constraints are what other statements lean on; the break shows only when these run."""
    for kind, name, _ in dropped(subject.tree):
        if kind in ("CONSTRAINT", "FOREIGN KEY", "CHECK"):
            text = f"drops constraint {name}: wrong data is refused no more"
            yield Remark(Level.WARNING, "drops-constraint", text, "say in a comment what keeps the data right from now on")
        elif kind not in _LOSES_DATA and kind != "INDEX":
            text = f"drops {kind.lower()} {name}: whatever uses it fails"
            yield Remark(Level.WARNING, "drops-object", text, "look for what uses it, in the database and in applications")


def cascades(subject: Subject) -> Iterator[Remark]:
    """CASCADE removes what depends on the object as well; the statement does not say what that is."""
    tree = subject.tree
    wide = any(node.args.get("cascade") for _, _, node in dropped(tree))
    if subject.engine is Engine.POSTGRES:
        wide = wide or (isinstance(tree, exp.TruncateTable) and tree.args.get("option") == "CASCADE")
        wide = wide or (subject.words[:1] == ("DROP",) and subject.words[-1:] == ("CASCADE",))
        if wide:
            text = "CASCADE reaches every object that depends on this one, unnamed"
            yield Remark(
                Level.DANGER, "cascade", text, "name the dependent objects, each in its own statement, and leave CASCADE out"
            )


def truncates(subject: Subject) -> Iterator[Remark]:
    """TRUNCATE removes every row, fires no row triggers, and waits for (and blocks) everybody who uses the table."""
    if isinstance(subject.tree, exp.TruncateTable) and not subject.on_fresh_table:
        names = ", ".join(table.sql() for table in subject.tree.expressions)
        text = f"removes every row of {names}"
        yield Remark(Level.DANGER, "truncate", text, "make sure that a backup holds them; DELETE with a condition removes less")


def changes_every_row(subject: Subject) -> Iterator[Remark]:
    """An UPDATE or DELETE without a condition is most often one that lost it; on a large table it locks all of it."""
    for node in subject.tree.find_all(exp.Update, exp.Delete):
        where = node.args.get("where")
        if (where is not None and where.find(exp.Column, exp.Query) is not None) or node.find(exp.Join) is not None:
            continue
        if isinstance(node.this, exp.Table) and table_name(node.this) in subject.fresh:
            continue
        name = node.this.sql() if isinstance(node.this, exp.Expr) else "a table"
        text = f"{node.key.upper()} of {name} without a condition on its rows"
        yield Remark(
            Level.DANGER, "no-where", text, "add a WHERE, in batches where the table is large; or say that all rows are meant"
        )


def renames(subject: Subject) -> Iterator[Remark]:
    """Old and new names never work at the same time, so readers and the change would have to switch in one moment."""
    if subject.on_fresh_table:
        return
    tree = subject.tree
    renamed = any(
        isinstance(action, (exp.AlterRename, exp.RenameColumn))
        or (isinstance(action, exp.ModifyColumn) and _differs(action.args.get("rename_from"), action.this.this))
        for action in actions(tree)
    )
    if isinstance(tree, exp.Command):
        renamed = "RENAME" in subject.words[:1] or (subject.words[:1] == ("ALTER",) and subject.says("RENAME", "TO"))
        renamed = renamed and not (subject.says("ALTER", "ROLE") or subject.says("RENAME", "USER"))
    if renamed and tree.args.get("kind") != "INDEX":
        text = "renames what others may read by its old name"
        yield Remark(Level.WARNING, "rename", text, "keep the old name working for a while: a view, or a second column")


def _differs(old: object, new: object) -> bool:
    return isinstance(old, exp.Expr) and isinstance(new, exp.Expr) and old.name.lower() != new.name.lower()


def adds_required_column(subject: Subject) -> Iterator[Remark]:
    """Rows that exist have no value for a new NOT NULL column: PostgreSQL fails, MySQL fills in 0 or ''."""
    if subject.on_fresh_table:
        return
    for column in added_columns(subject.tree):
        required = constraint_of(column, exp.NotNullColumnConstraint)
        if required is None or required.args.get("allow_null") or _fills_itself(column):
            continue
        happens = "fails where the table holds rows"
        if subject.engine is Engine.MYSQL:
            happens = "existing rows silently get 0, '' or a zero date"
        text = f"adds column {column.name} NOT NULL without a default: {happens}"
        yield Remark(Level.WARNING, "required-column", text, "give it a default, or add it nullable, fill it, then require it")


def _fills_itself(column: exp.ColumnDef) -> bool:
    default = constraint_of(column, exp.DefaultColumnConstraint)
    if default is not None and not isinstance(default.this, exp.Null):
        return True
    generated = (
        exp.GeneratedAsIdentityColumnConstraint,
        exp.AutoIncrementColumnConstraint,
        exp.ComputedColumnConstraint,
        exp.GeneratedAsRowColumnConstraint,
    )
    serial = (exp.DType.SERIAL, exp.DType.BIGSERIAL, exp.DType.SMALLSERIAL)
    return _type(column) in serial or any(constraint_of(column, kind) is not None for kind in generated)


def _type(column: exp.Expr) -> object:
    kind = column.args.get("kind")
    return kind.this if isinstance(kind, exp.DataType) else None


def stores_money_as_float(subject: Subject) -> Iterator[Remark]:
    """Binary floating point holds no cents: 0.1 + 0.2 is not 0.3, and sums drift."""
    for column in subject.tree.find_all(exp.ColumnDef):
        if _type(column) in _FLOATS and _MONEY.search(column.name):
            text = f"column {column.name} looks like money and is floating point"
            yield Remark(Level.WARNING, "float-money", text, "use numeric/decimal with a scale, or whole cents in bigint")


def creates_table_without_key(subject: Subject) -> Iterator[Remark]:
    """Without a primary key a row cannot be named: replication, repair and duplicates all suffer."""
    tree = subject.tree
    if not isinstance(tree, exp.Create) or tree.kind != "TABLE":
        return
    inherited = (exp.PartitionedOfProperty, exp.LikeProperty, exp.TemporaryProperty)
    if tree.find(exp.PrimaryKey, exp.PrimaryKeyColumnConstraint, *inherited) is None:
        text = f"creates table {created_table(tree) or ''} without a primary key".replace("  ", " ")
        yield Remark(
            Level.WARNING, "no-primary-key", text, "give it one, if only GENERATED ALWAYS AS IDENTITY or AUTO_INCREMENT"
        )


def grants_to_all(subject: Subject) -> Iterator[Remark]:
    """PUBLIC is every role there is and will be; a grant to it is seldom taken back."""
    tree = subject.tree
    public = isinstance(tree, exp.Command) and subject.words[:1] == ("GRANT",) and subject.says("TO", "PUBLIC")
    if isinstance(tree, exp.Grant):
        public = any(principal.name.lower() == "public" for principal in tree.args.get("principals") or ())
        if tree.args.get("grant_option"):
            text = "whoever gets this may pass it on"
            yield Remark(Level.WARNING, "grant-option", text, "leave WITH GRANT OPTION out; grant to a role instead")
    if public:
        yield Remark(
            Level.DANGER, "grant-public", "grants to every role, present and future", "grant to the role that needs it"
        )


def hides_statements(subject: Subject) -> Iterator[Remark]:
    """What a routine does when it is called is not in the tree of the statement that creates it."""
    tree = subject.tree
    if isinstance(tree, exp.Create) and tree.kind in _ROUTINES:
        text = f"the body of this {str(tree.kind).lower()} is not reviewed"
        yield Remark(Level.INFO, "body-not-reviewed", text, "read it")


RULES: tuple[Rule, ...] = (
    loses_data,
    drops_dependency,
    cascades,
    truncates,
    changes_every_row,
    renames,
    adds_required_column,
    stores_money_as_float,
    creates_table_without_key,
    grants_to_all,
    hides_statements,
)
