"""Review rules for MySQL and MariaDB: what copies a table, and what should not be chosen any more.

Sources: MySQL 8.0 reference manual, "Online DDL Operations" and "The utf8mb3 Character Set"; MariaDB's "InnoDB Online DDL".
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
    is_volatile,
)

_OLD_UTF8 = ("utf8", "utf8mb3")
_QUIET = "choose a quiet time, or ALGORITHM=INPLACE, LOCK=NONE so that the server refuses instead of blocking"


def changes_column(subject: Subject) -> Iterator[Remark]:
    """Another type copies the table (ALGORITHM=COPY) and blocks writers; what MODIFY and CHANGE do not repeat is lost."""
    if subject.on_fresh_table:
        return
    for action in actions(subject.tree):
        if isinstance(action, exp.ModifyColumn):
            text = f"redefines column {action.this.name}: a new type copies the table and blocks those who write"
            advice = f"repeat NOT NULL, DEFAULT and COMMENT, or they are lost; {_QUIET}"
            yield Remark(Level.WARNING, "type-change", text, advice)


def copies_table(subject: Subject) -> Iterator[Remark]:
    """CONVERT TO CHARACTER SET, another engine, DROP PRIMARY KEY alone and ALGORITHM=COPY write the whole table anew."""
    tree = subject.tree
    if subject.on_fresh_table:
        return
    found = actions(tree)
    options = list(tree.args.get("options") or ()) if isinstance(tree, exp.Alter) else []
    why = ""
    if isinstance(tree, exp.Command) and subject.words[:2] == ("ALTER", "TABLE") and subject.says("CONVERT", "TO"):
        why = "CONVERT TO CHARACTER SET"
    elif any(isinstance(option, exp.EngineProperty) for option in options):
        why = "ENGINE"
    elif any(isinstance(option, exp.AlgorithmProperty) and option.name.upper() == "COPY" for option in options):
        why = "ALGORITHM=COPY"
    elif any(isinstance(action, exp.DropPrimaryKey) for action in found) and "ADD" not in subject.words:
        why = "DROP PRIMARY KEY"
    if why:
        yield Remark(Level.WARNING, "table-copy", f"{why} writes the whole table anew and blocks those who write", _QUIET)


def checks_foreign_key(subject: Subject) -> Iterator[Remark]:
    """With foreign_key_checks on, ADD FOREIGN KEY runs as ALGORITHM=COPY."""
    if subject.on_fresh_table:
        return
    if any(isinstance(action, exp.AddConstraint) and action.find(exp.ForeignKey) for action in actions(subject.tree)):
        text = "adds a foreign key: the table is copied and checked, and those who write to it wait"
        yield Remark(Level.WARNING, "constraint-scan", text, "look for rows without a parent first; choose a quiet time")


def defaults_row_by_row(subject: Subject) -> Iterator[Remark]:
    """A default such as uuid() copies the table and is unsafe for statement-based replication."""
    if subject.on_fresh_table:
        return
    for column in added_columns(subject.tree):
        default = constraint_of(column, exp.DefaultColumnConstraint)
        if default is not None and is_volatile(default):
            text = f"column {column.name} has a default that differs row by row: the table is copied"
            yield Remark(Level.WARNING, "volatile-default", text, "add it nullable, fill it in batches, then set the default")


def uses_old_utf8(subject: Subject) -> Iterator[Remark]:
    """utf8 means utf8mb3 here: three bytes a character, no emoji and no rare names, and deprecated."""
    named = [
        node.name.lower()
        for node in subject.tree.find_all(exp.CharacterSetProperty, exp.CharacterSetColumnConstraint, exp.CollateProperty)
    ]
    if isinstance(subject.tree, exp.Command):
        named += [
            subject.words[place + 1].lower()
            for place, word in enumerate(subject.words[:-1])
            if word in ("CHARSET", "SET", "COLLATE")
        ]
    if any(name in _OLD_UTF8 or name.startswith(("utf8_", "utf8mb3_")) for name in named):
        yield Remark(Level.WARNING, "utf8mb3", "utf8 is utf8mb3: it cannot hold every character", "use utf8mb4")


def leaves_innodb(subject: Subject) -> Iterator[Remark]:
    """Other engines know no transactions and no crash recovery, or keep nothing at all."""
    for node in subject.tree.find_all(exp.EngineProperty):
        if node.name.lower() != "innodb":
            text = f"engine {node.name} instead of InnoDB: no transactions, no crash recovery as you know it"
            yield Remark(Level.WARNING, "engine", text, "use InnoDB, or say in a comment why not")


RULES: tuple[Rule, ...] = (
    changes_column,
    copies_table,
    checks_foreign_key,
    defaults_row_by_row,
    uses_old_utf8,
    leaves_innodb,
)
