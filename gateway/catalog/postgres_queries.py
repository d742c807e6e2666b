"""The catalog queries of `read_postgres`, valid on PostgreSQL 12 to 18.

Where the system's and the users' half are read by one query, `$1` says whether the system's is wanted: objects with an oid
below 16384 came with initdb (`FirstNormalObjectId`, access/transam.h) and are the same in every database of a server version.
Reading runs with an empty search path, so that printed texts qualify everything outside pg_catalog. Temporary relations belong
to sessions, TOAST tables to their table: both are left out.
"""
# ruff: noqa: S608 -- the queries are put together from this file's own constants

from typing import Final

_KIND_RANGE: Final = "CASE WHEN $1 THEN {oid} < 16384 ELSE {oid} >= 16384 END"


def _half(oid: str) -> str:
    return _KIND_RANGE.format(oid=oid)


SERVER: Final = """
SELECT current_setting('server_version_num')::int AS version, current_database()::text AS database,
       current_user::text AS account, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser
"""

# Settings that change what a text means, as a fresh session of this account has them. reset_val, because reading itself
# sets search_path.
SETTINGS: Final = """
SELECT name::text, reset_val::text AS value FROM pg_settings WHERE name = ANY (ARRAY[
  'search_path', 'standard_conforming_strings', 'backslash_quote', 'escape_string_warning', 'transform_null_equals',
  'quote_all_identifiers', 'row_security', 'server_encoding', 'client_encoding', 'session_replication_role', 'role',
  'default_transaction_read_only', 'array_nulls', 'max_identifier_length', 'check_function_bodies', 'DateStyle',
  'IntervalStyle', 'TimeZone', 'statement_timeout', 'lock_timeout', 'max_prepared_transactions', 'track_counts'])
"""

SCHEMAS: Final = """
SELECT nspname::text AS name, pg_get_userbyid(nspowner)::text AS owner, has_schema_privilege(oid, 'USAGE') AS usable
FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp_|toast_temp_)'
"""

RELATIONS: Final = f"""
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       pg_get_userbyid(c.relowner)::text AS owner, c.relispartition AS is_partition, c.relhasrules AS has_rules,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
       coalesce('security_invoker=true' = ANY (c.reloptions) OR 'security_invoker=on' = ANY (c.reloptions)
                OR 'security_invoker=1' = ANY (c.reloptions) OR 'security_invoker=yes' = ANY (c.reloptions), false)
         AS security_invoker,
       CASE WHEN c.relkind IN ('i', 'I') THEN (SELECT indrelid FROM pg_index WHERE indexrelid = c.oid) END AS table_oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_half("c.oid")} AND c.relkind <> 't' AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
"""

# Null for a view dropped in the meantime. The printing locks what the view reads until the transaction ends: asked in batches.
DEFINITIONS: Final = "SELECT oid, pg_get_viewdef(oid) AS definition FROM unnest($1::oid[]) AS oid"

# One row a relation, arrays in column order: far fewer rows than one a column.
COLUMNS: Final = f"""
SELECT a.attrelid AS oid, array_agg(a.attnum::int ORDER BY a.attnum) AS numbers,
       array_agg(a.attname::text ORDER BY a.attnum) AS names, array_agg(a.atttypid ORDER BY a.attnum) AS types,
       array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers,
       array_agg(a.attnotnull ORDER BY a.attnum) AS not_nulls, array_agg(a.attgenerated <> '' ORDER BY a.attnum) AS generated
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE {_half("a.attrelid")} AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind NOT IN ('t', 'S', 'i', 'I') AND c.relpersistence <> 't'
GROUP BY a.attrelid
"""

# Distinct (type, modifier) pairs are few; printing each once is much cheaper than once a column.
TYPE_NAMES: Final = """
SELECT t.oid, t.modifier, format_type(t.oid, t.modifier) AS name
FROM (SELECT DISTINCT atttypid AS oid, atttypmod AS modifier FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped) t
"""

DEFAULTS: Final = """
SELECT d.adrelid AS oid, d.adnum::int AS number, pg_get_expr(d.adbin, d.adrelid) AS expression
FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid WHERE c.relpersistence <> 't'
"""

INHERITS: Final = """
SELECT inhrelid AS child, inhparent AS parent FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind NOT IN ('i', 'I') ORDER BY inhrelid, inhseqno
"""

RULES: Final = """
SELECT r.oid AS rule_oid, r.ev_class AS oid, r.rulename::text AS name, r.ev_type::text AS event, r.is_instead AS instead
FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.oid >= 16384 ORDER BY r.ev_class, r.rulename
"""

TRIGGERS: Final = """
SELECT t.tgrelid AS oid, t.tgname::text AS name, t.tgtype::int AS bits, t.tgenabled::text <> 'D' AS enabled,
       n.nspname::text AS schema, p.proname::text AS function
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal ORDER BY t.tgrelid, t.tgname
"""

FOREIGN_KEYS: Final = """
SELECT k.conname::text AS name, k.conrelid AS oid, k.confrelid AS referenced, k.confupdtype::text AS on_update,
       k.confdeltype::text AS on_delete,
       (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY u (number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) AS referenced_columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND c.relpersistence <> 't' ORDER BY k.conrelid, k.conname
"""

POLICIES: Final = """
SELECT polrelid AS oid, polname::text AS name, polcmd::text AS command, pg_get_expr(polqual, polrelid) AS using,
       pg_get_expr(polwithcheck, polrelid) AS check
FROM pg_policy ORDER BY polrelid, polname
"""

RULE_DEFINITIONS: Final = "SELECT oid, pg_get_ruledef(oid) AS definition FROM unnest($1::oid[]) AS oid"

# Internal and automatic dependencies: serial and identity columns.
OWNED_SEQUENCES: Final = """
SELECT d.objid AS oid, d.refobjid AS table_oid, a.attname::text AS column_name
FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
"""

# User-defined functions behind checks, defaults, generated columns, index expressions and policies. Pinned (built-in) functions
# have no rows in pg_depend.
DEPENDENT_FUNCTIONS: Final = """
SELECT owner.oid, owner.domain, n.nspname::text AS schema, p.proname::text AS name
FROM pg_depend d
JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace n ON n.oid = p.pronamespace
CROSS JOIN LATERAL (
    SELECT k.conrelid AS oid, k.contypid AS domain FROM pg_constraint k
    WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
  UNION ALL
    SELECT f.adrelid, 0 FROM pg_attrdef f WHERE d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
  UNION ALL
    SELECT i.indrelid, 0 FROM pg_index i WHERE d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid) owner
WHERE d.refclassid = 'pg_proc'::regclass
"""

FUNCTIONS: Final = f"""
SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name, p.prokind::text AS kind, l.lanname::text AS language,
       p.prosecdef AS security_definer, p.provolatile::text AS volatility, p.proargtypes::oid[] AS arguments,
       ARRAY(SELECT format_type(u.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u (type, place) ORDER BY place)
         AS argument_types,
       p.pronargdefaults::int AS default_count, p.provariadic <> 0 AS variadic, p.prorettype AS returns,
       p.proretset AS returns_set, p.proconfig AS settings,
       ARRAY(SELECT u.name FROM unnest(p.proargnames, p.proargmodes) u (name, mode) WHERE u.mode IN ('o', 'b', 't')) AS columns,
       CASE WHEN p.oid >= 16384 AND l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p')
            THEN pg_get_functiondef(p.oid) END AS definition,
       ARRAY(SELECT f.oid FROM pg_aggregate a, unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,
               a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) f (oid)
             WHERE p.prokind = 'a' AND a.aggfnoid = p.oid AND f.oid <> 0) AS support
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE {_half("p.oid")}
"""

FUNCTION_EXTENSIONS: Final = """
SELECT d.objid AS oid, e.extname::text AS extension FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
"""

# Row types of temporary relations, of TOAST tables and of indexes are nobody's business.
TYPES: Final = f"""
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS kind, t.typelem AS element,
       CASE WHEN t.typtype = 'd' THEN t.typbasetype
            WHEN t.typtype = 'r' THEN (SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid) ELSE 0 END AS base,
       t.typrelid AS relation,
       ARRAY[t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid, t.typmodin::oid] AS functions
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE {_half("t.oid")} AND n.nspname !~ '^pg_(toast|temp_)'
"""

OPERATORS: Final = """
SELECT o.oid, n.nspname::text AS schema, o.oprname::text AS name, o.oprleft AS left, o.oprright AS right,
       o.oprcode::oid AS function, o.oprrest::oid AS restriction, o.oprjoin::oid AS join
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid >= 16384 AND o.oprcode <> 0
"""

CASTS: Final = """
SELECT castsource AS source, casttarget AS target, castfunc AS function, castcontext::text AS context
FROM pg_cast WHERE oid >= 16384
"""

EXTENSIONS: Final = """
SELECT e.extname::text AS name, n.nspname::text AS schema, e.extversion AS version
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
"""

EVENT_TRIGGERS: Final = """
SELECT t.evtname::text AS name, t.evtevent::text AS event, t.evtenabled::text <> 'D' AS enabled,
       n.nspname::text AS schema, p.proname::text AS function
FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace ORDER BY t.evtname
"""


def _count(catalog: str, where: str = "true") -> str:
    return (
        f"SELECT '{catalog}' AS part, count(*) AS rows,"
        " coalesce(sum(hashint8extended(t.xmin::text::bigint, 1) & 4503599627370495), 0) AS mark"
        f" FROM {catalog} t WHERE {where}"
    )


_NOT_TEMPORARY = "EXISTS (SELECT FROM pg_class c WHERE c.oid = t.{} AND c.relpersistence <> 't')"

# Every change of a catalog row is a new row version with a new xmin; every removal changes the count. VACUUM keeps both (a
# frozen row still shows its xmin, since 9.4), and its in-place updates of pg_class make no new version. Sessions' temporary
# tables are left out, or every report that makes one would cause a refresh.
PROBE_PARTS: Final = "\nUNION ALL ".join(
    (
        _count("pg_class", "t.relpersistence <> 't' AND t.relkind <> 't'"),
        _count(
            "pg_attribute",
            "t.attnum > 0 AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.attrelid AND c.relpersistence <> 't'"
            " AND c.relkind NOT IN ('t', 'i', 'I'))",
        ),
        _count("pg_attrdef", _NOT_TEMPORARY.format("adrelid")),
        _count("pg_inherits", _NOT_TEMPORARY.format("inhrelid")),
        _count("pg_rewrite", _NOT_TEMPORARY.format("ev_class")),
        _count("pg_trigger", "NOT t.tgisinternal AND " + _NOT_TEMPORARY.format("tgrelid")),
        _count("pg_constraint", "t.conrelid = 0 OR " + _NOT_TEMPORARY.format("conrelid")),
        _count("pg_policy"),
        _count("pg_proc"),
        _count("pg_type", "t.typrelid = 0 AND t.typelem = 0"),
        _count("pg_operator"),
        _count("pg_cast"),
        _count("pg_namespace", "t.nspname !~ '^pg_(temp_|toast_temp_)'"),
        _count("pg_extension"),
        _count("pg_event_trigger"),
        _count("pg_db_role_setting"),
        _count("pg_auth_members"),
        "SELECT 'pg_roles', count(*), coalesce(sum(hashtext(rolname || rolsuper::text)::bigint), 0) FROM pg_roles",
    )
)

PROBE: Final = f"SELECT string_agg(part || ' ' || rows || ' ' || mark, ' ' ORDER BY part) AS digest FROM ({PROBE_PARTS}) parts"

# The system half is shared between databases under this key: two servers share it only if they are the same build and nobody
# replaced what came with it.
SYSTEM_KEY: Final = f"""
SELECT version() || ' ' || string_agg(part || ' ' || rows || ' ' || mark, ' ') AS key FROM (
{_count("pg_proc", "t.oid < 16384")}
UNION ALL
{_count("pg_rewrite", "t.oid < 16384")}
UNION ALL
{_count("pg_type", "t.oid < 16384")}) parts
"""
