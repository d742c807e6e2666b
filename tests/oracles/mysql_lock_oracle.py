"""The lock oracle for MariaDB: metadata locks say which tables a statement touched, until its transaction ends.

Each statement of a script runs in a session whose state (database, SQL mode, temporary tables, prepared statements, handlers)
is followed from the footprints' own effects. A locked table that the footprint does not explain is a hole; so is one locked for
writing that the footprint calls read. A lock is explained
  directly     the table is in the footprint, or beneath a view in it;
  by writing   foreign keys either way, and what triggers of a written table name;
  by calling   what the body of a stored program in the footprint names, or its call tells it: it needs `call`;
  by the text  the server's own bookkeeping in `mysql`, where the text does not name that database;
  by UPDATE    it locks every table it names for writing, before it knows which it changes;
  by DELETE    once prepared, it locks what its subqueries read through views as it locks its own table;
  by members   a MERGE table's members, and sequences that a default names.
The result's column definitions are held against the footprint's lineage: where they name a table's column, it is a source.
DDL commits, and with it go its locks: what DDL touches is not seen here.
"""

import math
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pymysql

from gateway.analysis import analyse_mysql
from gateway.catalog import CatalogSnapshot, SystemCatalog
from gateway.catalog.mysql import QUERIES, SERVER, build_snapshot
from gateway.model.footprint import Access, Action, EffectKind, Footprint, FunctionClass, ObjectKind, OutputColumn, relation
from gateway.model.identity import Engine
from gateway.model.statement import Namespace, Origin, Statement

_LOCKS: Final = (
    "SELECT table_schema, table_name, lock_mode FROM information_schema.metadata_lock_info "
    "WHERE thread_id = %s AND lock_type = 'Table metadata lock'"
)
_SYSTEM: Final = ("information_schema", "performance_schema", "mysql", "sys")
_NOT_SYSTEM: Final = f"NOT IN {_SYSTEM}"
_SCHEMA_COLUMNS: Final = {
    "schemas": "schema_name", "relations": "table_schema", "columns": "table_schema", "views": "table_schema",
    "routines": "routine_schema", "parameters": "specific_schema", "triggers": "trigger_schema", "keys": "table_schema",
    "rules": "constraint_schema",
}  # fmt: skip
_WRITE_MODES: Final = frozenset({"MDL_SHARED_WRITE", "MDL_SHARED_NO_WRITE", "MDL_SHARED_NO_READ_WRITE", "MDL_EXCLUSIVE"})
_WRITES: Final = frozenset(
    {Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE, Action.LOCK, Action.DDL, Action.ADMIN, Action.EXPLAIN}
)
# They end the run, wait for other sessions, or change the server for those behind them.
_SKIPPED: Final = re.compile(
    r"\s*(?:shutdown|restart|kill|flush|set\s+(?:@@)?global|change\s+master|start\s+(?:slave|all)|stop|reset|install|uninstall"
    r"|purge|backup|xa\b|lock\b|create\s+(?:or\s+replace\s+)?(?:user|role)|drop\s+(?:user|role)|grant|revoke|set\s+password|set\s+role"
    r"|set\s+debug|set\s+(?:session\s+)?debug|drop\s+database\s+(?:if\s+exists\s+)?mysql|rename\s+user|alter\s+user|set\s+default\s+role)",
    re.IGNORECASE,
)
_FILE: Final = re.compile(r"\binto\s+(?:outfile|dumpfile)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
_REPLACED: Final = re.compile("[\ufffd\udc80-\udcff]")
_CONSTANT: Final = re.compile(r"'([^']*)'")


Named = tuple[str, str, str]
"""Database, table and column as a column definition names them; empty for expressions."""


@dataclass(frozen=True, slots=True)
class Hole:
    label: str
    text: str
    table: str
    mode: str

    def __str__(self) -> str:
        return f"{self.label}: {self.table} {self.mode} unexplained in: {self.text[:300]}"


@dataclass(slots=True)
class Tally:
    statements: int = 0
    refused: int = 0  # by the server
    opaque: int = 0  # of those the server took
    locked: int = 0
    over_reported: int = 0
    misnamed: int = 0  # as many outputs were foretold as the server gave, but not so named
    holes: list[Hole] = field(default_factory=list)
    opaque_texts: list[str] = field(default_factory=list)
    widths: list[str] = field(default_factory=list)  # another number of result columns than foretold
    origins: int = 0  # result columns for which the server names a table's column
    moved: list[str] = field(default_factory=list)  # of those, columns whose lineage does not have it

    @property
    def valid(self) -> int:
        return self.statements - self.refused

    def __str__(self) -> str:
        share = 100 * self.opaque / self.valid if self.valid else 0.0
        return (
            f"{self.statements} statements ({self.refused} refused by the server), "
            f"{self.opaque} of {self.valid} valid ones opaque "
            f"({share:.2f} %), {self.locked} locked tables, {len(self.holes)} unexplained, {self.over_reported} over-reported, "
            f"{len(self.widths)} results of another width, {self.origins} columns whose table the server names, "
            f"{len(self.moved)} of them not in the lineage"
        )


@dataclass(slots=True)
class Facts:
    """What the server's dictionary says besides the snapshot: bodies of triggers and routines, members of MERGE tables."""

    triggers: dict[tuple[str, str], str] = field(default_factory=dict)
    routines: dict[tuple[str, str], str] = field(default_factory=dict)


class MySqlLockOracle:
    """`connect` opens a connection with every right; MariaDB's metadata_lock_info is installed."""

    def __init__(self, connect: dict[str, Any]) -> None:
        self._connect = connect
        self._watcher = pymysql.connect(**connect, autocommit=True, charset="utf8mb4")
        self._install()
        rows = {name: self._fetch(self._query(name, f"IN {_SYSTEM}")) for name in QUERIES}
        dictionary = build_snapshot(self._fetch(SERVER)[0], rows, "", 0)
        self._system = SystemCatalog(dictionary.server_version, relations=dictionary.relations)
        self._session: Any = None
        self._thread = 0
        self._catalog: CatalogSnapshot | None = None
        self._facts = Facts()
        self._namespace = Namespace()

    def _install(self) -> None:
        if not self._fetch("SELECT 1 FROM information_schema.plugins WHERE plugin_name = 'METADATA_LOCK_INFO'"):
            with closing(self._watcher.cursor()) as cursor:
                cursor.execute("INSTALL SONAME 'metadata_lock_info'")

    def close(self) -> None:
        self._watcher.close()
        if self._session is not None:
            self._session.close()

    # --- one script

    def judge_script(self, name: str, statements: Iterable[str], tally: Tally, until: float = math.inf) -> None:
        """All statements of a script in a new session on empty databases, or as many as there is time for (monotonic)."""
        self._fresh()
        for text in statements:
            if time.monotonic() > until:
                return
            if _SKIPPED.match(text) is None and _FILE.search(text) is None and self._has_same_letters(text):
                self.judge(name, text, tally)

    def _has_same_letters(self, text: str) -> bool:
        """Whether server and analysis get the same letters: what is no UTF-8 in a script is sent as U+FFFD in UTF-8."""
        charset = dict(self._namespace.flags).get("character_set_client", "utf8mb4")
        return charset.startswith("utf8") or not _REPLACED.search(text)

    def _fresh(self) -> None:
        """A new session on empty databases."""
        if self._session is not None:
            self._session.close()
        with closing(self._watcher.cursor()) as cursor:
            cursor.execute("SELECT schema_name FROM information_schema.schemata WHERE schema_name " + _NOT_SYSTEM)
            for (schema,) in cursor.fetchall():
                cursor.execute(f"DROP DATABASE IF EXISTS `{schema}`")
            cursor.execute("CREATE DATABASE test")
            cursor.execute("CREATE DATABASE mtr")
        self._session = pymysql.connect(
            **self._connect, database="test", autocommit=False, charset="utf8mb4", read_timeout=20,
            client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
            init_command="SET max_statement_time=3, lock_wait_timeout=2, innodb_lock_wait_timeout=1",
        )  # fmt: skip
        self._thread = self._session.thread_id()
        self._catalog = None
        self._namespace = Namespace(search_path=("test",))

    def judge(self, label: str, text: str, tally: Tally) -> None:
        tally.statements += 1
        footprints = self._analyse(text)
        if any(f.kind in ("CREATE DATABASE", "DROP DATABASE") for f in footprints):
            self._catalog = None
        before = self._locks()
        columns, error = self._run(text)
        locks = self._locks()
        self._settle()
        if any(f.category.value in ("ddl", "admin") or f.opaque for f in footprints):
            self._catalog = None
        if error:
            tally.refused += 1
            return
        self._follow(footprints)
        if any(f.opaque is not None for f in footprints):
            tally.opaque += 1
            tally.opaque_texts.append(f"{label}: {next(f.opaque for f in footprints if f.opaque)}: {text[:200]}")
            return
        self._compare(label, text, footprints, {lock: modes for lock, modes in locks.items() if lock not in before}, tally)
        if len(footprints) == 1 and footprints[0].outputs and columns is not None:
            self._trace(f"{label}: {text[:200]}", footprints[0], footprints[0].outputs, columns, tally)

    def _trace(
        self, where: str, footprint: Footprint, outputs: tuple[OutputColumn, ...], columns: list[Named], tally: Tally
    ) -> None:
        """Each result column's table and column, as the server names them, among the sources of its output.

        For derived tables and views the server gives their alias; so only tables that the footprint reads count.
        """
        if len(columns) != len(outputs):
            tally.widths.append(f"{len(columns)} columns, {len(outputs)} foretold: {where}")
            return
        read = {access.object for access in _flat(footprint.accesses)}
        for output, (schema, table, column) in zip(outputs, columns, strict=True):
            info = self._catalog.relation(schema, table) if self._catalog is not None else None
            name = relation(schema, table)
            if info is None or info.is_view or name not in read or not any(c.name == column for c in info.columns):
                continue
            tally.origins += 1
            sources = {(source.object, source.column.lower()) for source in output.sources}
            if (name, column.lower()) not in sources and (name, "*") not in sources:
                tally.moved.append(f"{schema}.{table}.{column} is not in {output}: {where}")

    def _analyse(self, text: str) -> tuple[Footprint, ...]:
        if self._catalog is None:
            self._catalog = self._read()
        found = analyse_mysql(Statement(Engine.MYSQL, text, self._namespace, Origin.SIMPLE), self._catalog)
        if any(footprint.unknown for footprint in found):
            self._catalog = self._read()
            found = analyse_mysql(Statement(Engine.MYSQL, text, self._namespace, Origin.SIMPLE), self._catalog)
        return found

    def _run(self, text: str) -> tuple[list[Named] | None, str]:
        """The first result's columns, None where it has none; and the error, "" for none."""
        try:
            with closing(self._session.cursor()) as cursor:
                cursor.execute(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
                fields = cursor._result.fields if cursor.description else None
                columns = None if fields is None else [(_text(f.db), _text(f.org_table), _text(f.org_name)) for f in fields]
                while cursor.nextset():
                    pass
                return columns, ""
        except (pymysql.MySQLError, UnicodeError, ValueError, OSError, OverflowError) as error:
            if not self._session.open:
                self._session.ping(reconnect=True)
                self._thread = self._session.thread_id()
            return None, str(error) or type(error).__name__

    def _settle(self) -> None:
        try:
            self._session.commit()
        except pymysql.MySQLError:
            self._session.ping(reconnect=True)
            self._session.select_db("test")
            self._thread = self._session.thread_id()

    def _locks(self) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        with closing(self._watcher.cursor()) as cursor:
            cursor.execute(_LOCKS, (self._thread,))
            for schema, table, mode in cursor.fetchall():
                found.setdefault((schema, table), set()).add(mode)
        return found

    def _follow(self, footprints: tuple[Footprint, ...]) -> None:
        """The session state as the proxy would keep it."""
        space = self._namespace
        database = space.search_path
        temporary = set(space.temporary)
        prepared = dict(space.prepared)
        cursors = dict(space.cursors)
        flags = dict(space.flags)
        for effect in (effect for footprint in footprints for effect in footprint.effects):
            match effect.kind:
                case EffectKind.USE:
                    database = (effect.value,)
                case EffectKind.TEMP_CREATE:
                    temporary.add(effect.name)
                case EffectKind.TEMP_DROP:
                    temporary.discard(effect.name)
                case EffectKind.PREPARE:
                    prepared[effect.name] = effect.value
                case EffectKind.DECLARE:
                    cursors[effect.name] = effect.value
                case EffectKind.SET if effect.value and effect.name in ("sql_mode", "character_set_client"):
                    flags[effect.name] = effect.value
                case EffectKind.SET if effect.name in ("sql_mode", "character_set_client"):
                    flags.pop(effect.name, None)
                case EffectKind.SET if effect.name.startswith("@"):
                    if effect.value == "\0":
                        flags.pop(effect.name, None)
                    else:
                        flags[effect.name] = effect.value
        self._namespace = Namespace(
            database,
            frozenset(temporary),
            tuple(sorted(prepared.items())),
            tuple(sorted(cursors.items())),
            tuple(sorted(flags.items())),
        )

    # --- comparing

    def _compare(
        self, label: str, text: str, footprints: tuple[Footprint, ...], locks: dict[tuple[str, str], set[str]], tally: Tally
    ) -> None:
        named = {word.lower() for word in _WORD.findall(text)}
        told = {word.lower() for constant in _CONSTANT.findall(text) for word in _WORD.findall(constant)}
        explanation = self._explanation(footprints, told)
        updates = any(
            footprint.kind == "UPDATE" or any(access.action is Action.UPDATE for access in footprint.accesses)
            for footprint in footprints
        )
        deletes = any(access.action is Action.DELETE for footprint in footprints for access in footprint.accesses)
        tally.locked += len(locks)
        for (schema, table), modes in sorted(locks.items()):
            actions = explanation.actions.get((schema, table))
            writes = bool(modes & _WRITE_MODES)
            viewed = deletes and (schema, table) in explanation.beneath
            if actions is not None and (not writes or updates or viewed or actions & _WRITES or explanation.programs):
                continue
            if schema == "mysql" and ("mysql" not in named and table.lower() not in named):
                continue
            if table.lower() in explanation.words:
                continue
            if explanation.reads_dictionary:
                continue
            tally.holes.append(Hole(label, text, f"{schema}.{table}", "/".join(sorted(modes))))
        if locks:
            tally.over_reported += len(set(explanation.actions) - set(locks) - explanation.virtual)

    def _explanation(self, footprints: tuple[Footprint, ...], told: set[str]) -> "Explanation":
        made = Explanation()
        for access in _flat(access for footprint in footprints for access in footprint.accesses):
            if access.object.kind is ObjectKind.RELATION:
                key = (access.object.schema, access.object.name)
                made.actions.setdefault(key, set()).add(access.action)
                made.beneath |= {(under.object.schema, under.object.name) for under in access.beneath}
        calls = [u.name for f in footprints for u in f.functions if u.function_class is FunctionClass.USER]
        calls += [a.object for a in _flat(a for f in footprints for a in f.accesses) if a.object.kind is ObjectKind.FUNCTION]
        made.programs = bool(calls)
        for key in list(made.actions):
            info = self._catalog.relation(*key) if self._catalog is not None else None
            if key[0] in ("information_schema", "performance_schema", "sys"):
                made.reads_dictionary = True
            if key[0] in ("information_schema", "performance_schema") or (info is not None and info.is_view):
                made.virtual.add(key)
            if info is not None:
                for foreign in (*info.foreign_keys, *info.referenced_by):
                    made.words |= {foreign.relation.name.lower(), foreign.referenced.name.lower()}
            made.words |= {word.lower() for word in _WORD.findall(self._facts.triggers.get(key, ""))}
            made.words |= {
                word.lower() for column in (info.columns if info else ()) for word in _WORD.findall(column.default or "")
            }
        if calls:
            made.words |= told
            for body in self._facts.routines.values():
                made.words |= {word.lower() for word in _WORD.findall(body)}
        self._close(made)
        return made

    def _close(self, made: "Explanation") -> None:
        """What bodies and keys reach goes on: through views they name, and triggers of tables they name."""
        before = -1
        while made.words and before != len(made.words):
            before = len(made.words)
            for name, info in self._catalog.relations.items() if self._catalog is not None else ():
                if name.name.lower() in made.words:
                    text = f"{info.definition or ''} {self._facts.triggers.get((name.schema, name.name), '')}"
                    made.words |= {word.lower() for word in _WORD.findall(text)}
            if any(name.name in made.words for name in (self._catalog.functions if self._catalog is not None else ())):
                for body in self._facts.routines.values():
                    made.words |= {word.lower() for word in _WORD.findall(body)}

    # --- the dictionary

    def _read(self) -> CatalogSnapshot:
        with closing(self._watcher.cursor()) as cursor:
            cursor.execute("SHOW DATABASES")
            databases = [name for (name,) in cursor.fetchall() if name not in _SYSTEM]
        rows: dict[str, tuple[Any, ...]] = dict.fromkeys(QUERIES, ())
        for name in QUERIES:
            for database in databases:
                rows[name] = (*rows[name], *self._fetch(self._query(name, f"= '{database}'")))
        self._facts = Facts(
            {},
            {(row[0], row[1]): str(row[2] or "") for row in self._fetch(
                "SELECT routine_schema, routine_name, routine_definition FROM information_schema.routines "
                f"WHERE routine_schema {_NOT_SYSTEM}")},
        )  # fmt: skip
        for schema, table, body in (
            row
            for database in databases
            for row in self._fetch(
                "SELECT event_object_schema, event_object_table, action_statement FROM information_schema.triggers "
                f"WHERE trigger_schema = '{database}'"
            )
        ):
            self._facts.triggers[schema, table] = self._facts.triggers.get((schema, table), "") + " " + str(body)
        server = self._fetch(SERVER)[0]
        return replace(build_snapshot(server, rows, "", 0), system=self._system)

    @staticmethod
    def _query(name: str, which: str) -> str:
        query = QUERIES[name]
        head, order, tail = query.partition(" ORDER BY ")
        condition = _SCHEMA_COLUMNS[name] + " " + which
        joint = " AND " if " WHERE " in head else " WHERE "
        return head + joint + condition + order + tail

    def _fetch(self, query: str) -> tuple[Any, ...]:
        with closing(self._watcher.cursor()) as cursor:
            cursor.execute(query)
            return tuple(cursor.fetchall())


@dataclass(slots=True)
class Explanation:
    """What one text's footprints account for. `beneath`: read through views; `words`: tables that bodies and keys may reach."""

    actions: dict[tuple[str, str], set[Action]] = field(default_factory=dict)
    beneath: set[tuple[str, str]] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    virtual: set[tuple[str, str]] = field(default_factory=set)
    programs: bool = False
    reads_dictionary: bool = False


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


def _flat(accesses: Iterable[Access]) -> Iterator[Access]:
    for access in accesses:
        yield access
        yield from _flat(access.beneath)
