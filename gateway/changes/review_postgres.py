"""Review rules for PostgreSQL: what rewrites a table, scans it under a lock, or stops those who write to it.

Sources: PostgreSQL's documentation of ALTER TABLE ("Notes"), CREATE INDEX ("Building Indexes Concurrently") and explicit
locking (table-level lock modes).
"""

from collections.abc import Iterator

from sqlglot import exp

from gateway.changes.review_rules import (
    Level,
    Remark,
    Rule,
    Subject,
    actions,
    added_columns,
    constraint_of,
    dropped,
    is_volatile,
)

_SERIAL = (exp.DType.SERIAL, exp.DType.BIGSERIAL, exp.DType.SMALLSERIAL)
_UNIQUE = (exp.PrimaryKey, exp.UniqueColumnConstraint)


def builds_index_under_lock(subject: Subject) -> Iterator[Remark]:
    """CREATE INDEX holds SHARE: reads go on, every write waits until the index is built."""
    tree = subject.tree
    if not isinstance(tree, exp.Create) or tree.kind != "INDEX" or tree.args.get("concurrently") or subject.on_fresh_table:
        return
    text = "builds an index without CONCURRENTLY: nobody can write to the table until it is built"
    yield Remark(Level.WARNING, "index-lock", text, "CREATE INDEX CONCURRENTLY; it runs outside a transaction")


def drops_index_under_lock(subject: Subject) -> Iterator[Remark]:
    """DROP INDEX takes ACCESS EXCLUSIVE on the table and queues behind, and in front of, everybody."""
    for kind, name, node in dropped(subject.tree):
        if kind == "INDEX" and not node.args.get("concurrently"):
            text = f"drops index {name} without CONCURRENTLY: the table is locked while it waits for its readers"
            yield Remark(Level.WARNING, "index-lock", text, "DROP INDEX CONCURRENTLY, after a look at how often it is used")


def validates_under_lock(subject: Subject) -> Iterator[Remark]:
    """A new CHECK or foreign key reads the whole table under its lock, unless it is NOT VALID and validated afterwards."""
    tree = subject.tree
    if subject.on_fresh_table or tree.args.get("not_valid"):
        return
    found = any(
        isinstance(action, exp.AddConstraint) and action.find(exp.ForeignKey, exp.CheckColumnConstraint) is not None
        for action in actions(tree)
    )
    if isinstance(tree, exp.Command) and subject.words[:2] == ("ALTER", "TABLE"):
        found = subject.says("ADD", "CHECK") and not subject.says("NOT", "VALID")
    if found:
        text = "adds a constraint and checks every row under a lock"
        yield Remark(
            Level.WARNING, "constraint-scan", text, "add it NOT VALID, then VALIDATE CONSTRAINT in a statement of its own"
        )


def builds_key_under_lock(subject: Subject) -> Iterator[Remark]:
    """ADD PRIMARY KEY and ADD UNIQUE build their index under ACCESS EXCLUSIVE: not even readers get through."""
    if subject.on_fresh_table:
        return
    tree = subject.tree
    constraints = any(isinstance(action, exp.AddConstraint) and action.find(*_UNIQUE) is not None for action in actions(tree))
    columns = any(
        constraint_of(column, kind) is not None
        for column in added_columns(tree)
        for kind in (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint)
    )
    if constraints or columns:
        text = "builds the index of a key while nobody can read or write the table"
        advice = "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX"
        yield Remark(Level.WARNING, "key-lock", text, advice)


def requires_values(subject: Subject) -> Iterator[Remark]:
    """SET NOT NULL reads the whole table under ACCESS EXCLUSIVE, unless a valid CHECK already proves it."""
    if subject.on_fresh_table:
        return
    for action in actions(subject.tree):
        if isinstance(action, exp.AlterColumn) and action.args.get("allow_null") is False:
            text = f"SET NOT NULL on {action.name} reads every row while nobody can use the table"
            advice = f"ADD CHECK ({action.name} IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL and drop the check"
            yield Remark(Level.WARNING, "not-null-scan", text, advice)


def changes_type(subject: Subject) -> Iterator[Remark]:
    """Most type changes rewrite the table and its indexes under ACCESS EXCLUSIVE; widening a varchar does not."""
    if subject.on_fresh_table:
        return
    for action in actions(subject.tree):
        if isinstance(action, exp.AlterColumn) and action.args.get("dtype") is not None:
            text = f"changes the type of {action.name}: the table may be rewritten while nobody can use it"
            advice = "on a large table add a new column, fill it in batches and switch; views on the column must go first"
            yield Remark(Level.WARNING, "type-change", text, advice)


def rewrites_for_default(subject: Subject) -> Iterator[Remark]:
    """A constant default costs nothing; one that differs row by row, an identity or a stored expression rewrites the table."""
    if subject.on_fresh_table:
        return
    for column in added_columns(subject.tree):
        default = constraint_of(column, exp.DefaultColumnConstraint)
        kind = column.args.get("kind")
        rewritten = default is not None and is_volatile(default)
        rewritten = rewritten or (isinstance(kind, exp.DataType) and kind.this in _SERIAL)
        rewritten = rewritten or constraint_of(column, exp.GeneratedAsIdentityColumnConstraint) is not None
        if rewritten or constraint_of(column, exp.ComputedColumnConstraint) is not None:
            text = f"column {column.name} gets a value row by row: the table is rewritten while nobody can use it"
            yield Remark(
                Level.WARNING, "volatile-default", text, "add the column without it, set the default, fill old rows in batches"
            )


def rewrites_table(subject: Subject) -> Iterator[Remark]:
    """These make a new copy of the table, and of its indexes, under ACCESS EXCLUSIVE."""
    words = subject.words
    full = words[:1] == ("VACUUM",) and "FULL" in words
    moved = any(isinstance(action, exp.AlterSet) for action in actions(subject.tree)) and bool(
        {"LOGGED", "UNLOGGED", "TABLESPACE"} & set(words)
    )
    if full or moved or words[:1] == ("CLUSTER",):
        yield Remark(Level.WARNING, "rewrite", "writes the whole table anew while nobody can use it", "choose a quiet time")


RULES: tuple[Rule, ...] = (
    builds_index_under_lock,
    drops_index_under_lock,
    validates_under_lock,
    builds_key_under_lock,
    requires_values,
    changes_type,
    rewrites_for_default,
    rewrites_table,
)
