"""What the server's catalogs say about which relations belong together. Read by plain queries of its own, not through the
gateway's catalog room: an oracle must not share the eyes of what it judges."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg

_RELATIONS = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text,
       coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = c.oid), 0) AS table_oid,
       c.reltoastrelid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
"""
_FOREIGN_KEYS = "SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f'"
_INHERITS = "SELECT inhrelid, inhparent FROM pg_inherits"
_TRIGGER_SOURCES = """
SELECT t.tgrelid, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal
"""
_FUNCTION_SOURCES = """
SELECT n.nspname, p.proname, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid >= 16384 AND p.prokind <> 'a'
"""
_SYSTEM_SQL_FUNCTIONS = """
SELECT n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid < 16384 AND l.lanname = 'sql'
"""
# System views that print definitions or look into sequences, and lock what they describe. information_schema too.
_DESCRIBING_VIEWS = """
SELECT c.oid FROM pg_class c WHERE c.relkind = 'v' AND c.oid < 16384
AND pg_get_viewdef(c.oid) ~ 'pg_get_(viewdef|ruledef|functiondef|triggerdef|expr)|pg_sequence_last_value'
"""
# Which relation needs which: views their tables, defaults their sequences, columns their types, through the objects between.
_DEPENDENCIES = """
WITH owners AS (
    SELECT 'pg_class'::regclass AS classid, oid AS objid, oid AS relation FROM pg_class
  UNION ALL SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite
  UNION ALL SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
  UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint WHERE conrelid <> 0
  UNION ALL SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger
  UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
  UNION ALL SELECT 'pg_type'::regclass, oid, typrelid FROM pg_type WHERE typrelid <> 0)
SELECT DISTINCT dependent.relation, needed.relation
FROM pg_depend d
JOIN owners dependent ON dependent.classid = d.classid AND dependent.objid = d.objid
JOIN owners needed ON needed.classid = d.refclassid AND needed.objid = d.refobjid
WHERE dependent.relation <> needed.relation
"""

Name = tuple[str, str]


@dataclass(slots=True)
class SchemaFacts:
    """Relations by oid, and the edges between them. Indexes and TOAST tables are mapped to their table by `home`."""

    names: dict[int, Name] = field(default_factory=dict)
    oids: dict[Name, int] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    home: dict[int, int] = field(default_factory=dict)
    children: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    parents: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    keys: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    dependents: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    needs: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    trigger_sources: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    function_sources: dict[Name, str] = field(default_factory=dict)
    system_sql_functions: set[Name] = field(default_factory=set)
    describing_views: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, connection: psycopg.Connection) -> "SchemaFacts":
        facts = cls()
        for oid, schema, name, kind, table, toast in connection.execute(_RELATIONS).fetchall():
            facts.names[oid] = (schema, name)
            facts.oids[schema, name] = oid
            facts.kinds[oid] = kind
            if table:
                facts.home[oid] = table
            if toast:
                facts.home[toast] = oid
        for holder, referenced in connection.execute(_FOREIGN_KEYS).fetchall():
            facts.keys[holder].add(referenced)
            facts.keys[referenced].add(holder)
        for child, parent in connection.execute(_INHERITS).fetchall():
            facts.children[parent].add(child)
            facts.parents[child].add(parent)
        for dependent, needed in connection.execute(_DEPENDENCIES).fetchall():
            facts.dependents[needed].add(dependent)
            facts.needs[dependent].add(needed)
        for relation, source in connection.execute(_TRIGGER_SOURCES).fetchall():
            facts.trigger_sources[relation].append(source)
        for schema, name, source in connection.execute(_FUNCTION_SOURCES).fetchall():
            facts.function_sources[schema, name] = source
        facts.system_sql_functions = {(schema, name) for schema, name in connection.execute(_SYSTEM_SQL_FUNCTIONS).fetchall()}
        facts.describing_views = {oid for (oid,) in connection.execute(_DESCRIBING_VIEWS).fetchall()}
        return facts

    def table_of(self, oid: int) -> int:
        """The table an index, a TOAST table or a TOAST table's index belongs to; other relations are their own."""
        while oid in self.home:
            oid = self.home[oid]
        return oid

    def is_system(self, oid: int) -> bool:
        return oid < 16384

    def named_in(self, source: str) -> set[int]:
        """User relations whose name stands in a function's source, and what views among them need."""
        found = {oid for oid, (_, name) in self.names.items() if not self.is_system(oid) and name in source}
        return found | self.reach(found, self.needs)

    @staticmethod
    def reach(start: Iterable[int], edges: dict[int, set[int]]) -> set[int]:
        """Everything that can be reached along `edges`, the start included."""
        seen: set[int] = set()
        ahead = list(start)
        while ahead:
            oid = ahead.pop()
            if oid not in seen:
                seen.add(oid)
                ahead.extend(edges.get(oid, ()))
        return seen
