-- What a PostgreSQL database contains: each query gives (of, kind, name, details); blank lines separate them.
-- :user(n) a schema of the users' own; :own(c, ...) no member of an extension, whose own line says its version; :table the
-- qualified name of c; :grants(x) an access list in a steady order.

SELECT '', 'schema', quote_ident(n.nspname), jsonb_build_object('owner', n.nspowner::regrole::text,
        'grants', :grants(n.nspacl), 'comment', obj_description(n.oid, 'pg_namespace'))
    FROM pg_namespace n WHERE :user(n)

SELECT '', 'extension', quote_ident(extname), jsonb_build_object('version', extversion,
        'schema', extnamespace::regnamespace::text)
    FROM pg_extension

SELECT :table, CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' ELSE 'table' END, :table,
        jsonb_build_object('owner', c.relowner::regrole::text, 'persistence', c.relpersistence, 'options', c.reloptions,
        'partition_key', pg_get_partkeydef(c.oid), 'partition_bound', pg_get_expr(c.relpartbound, c.oid),
        'inherits', (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid
        = c.oid),
        'row_security', c.relrowsecurity, 'force_row_security', c.relforcerowsecurity, 'replica_identity', c.relreplident,
        'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace),
        'grants', :grants(c.relacl), 'comment', obj_description(c.oid, 'pg_class'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND :own(c, pg_class) AND c.relkind IN ('r', 'p', 'f')

SELECT :table, 'column', :table || '.' || quote_ident(a.attname),
        jsonb_build_object('type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
        'default', CASE a.attgenerated WHEN '' THEN pg_get_expr(e.adbin, e.adrelid) END,
        'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(e.adbin, e.adrelid) END, 'identity', a.attidentity,
        'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
        'statistics', NULLIF(a.attstattarget, -1), 'storage', NULLIF(a.attstorage, t.typstorage),
        'grants', :grants(a.attacl), 'comment', col_description(c.oid, a.attnum))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef e ON e.adrelid = c.oid AND e.adnum = a.attnum
    WHERE :user(n) AND :own(c, pg_class) AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped

SELECT :table, 'constraint', :table || '.' || quote_ident(k.conname),
        jsonb_build_object('definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated,
        'inherited', NOT k.conislocal,
        'comment', obj_description(k.oid, 'pg_constraint'))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND :own(c, pg_class) AND k.contype <> 't'

SELECT :table, 'index', quote_ident(n.nspname) || '.' || quote_ident(x.relname),
        jsonb_build_object('definition', pg_get_indexdef(x.oid), 'valid', i.indisvalid, 'comment', obj_description(x.oid,
        'pg_class'))
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND :own(c, pg_class)

SELECT :table, CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, :table,
        jsonb_build_object('definition', pg_get_viewdef(c.oid), 'owner', c.relowner::regrole::text, 'options', c.reloptions,
        'grants', :grants(c.relacl), 'comment', obj_description(c.oid, 'pg_class'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND :own(c, pg_class) AND c.relkind IN ('v', 'm')

SELECT :table, 'sequence', :table, jsonb_build_object('type', format_type(s.seqtypid, NULL), 'start', s.seqstart,
        'increment', s.seqincrement, 'min', s.seqmin, 'max', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
        'owner', c.relowner::regrole::text, 'grants', :grants(c.relacl),
        'comment', obj_description(c.oid, 'pg_class'))
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND :own(c, pg_class)

SELECT :table, 'trigger', :table || '.' || quote_ident(t.tgname),
        jsonb_build_object('definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled,
        'comment', obj_description(t.oid, 'pg_trigger'))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND NOT t.tgisinternal

SELECT :table, 'rule', :table || '.' || quote_ident(r.rulename),
        jsonb_build_object('definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE :user(n) AND :own(c, pg_class) AND r.rulename <> '_RETURN'

SELECT :table, 'policy', :table || '.' || quote_ident(p.polname),
        jsonb_build_object('command', p.polcmd, 'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid),
        'roles', (SELECT array_agg(CASE r WHEN 0 THEN 'public' ELSE r::regrole::text END
            ORDER BY 1) FROM unnest(p.polroles) r))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE :user(n)

SELECT quote_ident(n.nspname), CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        p.oid::regprocedure::text, jsonb_build_object('definition', CASE WHEN p.prokind <> 'a' THEN
        pg_get_functiondef(p.oid) END,
        'owner', p.proowner::regrole::text, 'grants', :grants(p.proacl),
        'comment', obj_description(p.oid, 'pg_proc'))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE :user(n) AND :own(p, pg_proc)

SELECT quote_ident(n.nspname), CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range'
            ELSE 'composite type' END, t.oid::regtype::text,
        jsonb_build_object('owner', t.typowner::regrole::text,
        'labels', (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
        'base', CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END, 'not_null', t.typnotnull,
        'default', t.typdefault, 'checks', (SELECT array_agg(k.conname || ' ' || pg_get_constraintdef(k.oid) ORDER BY
        k.conname)
            FROM pg_constraint k WHERE k.contypid = t.oid),
        'subtype', (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid),
        'attributes', (SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY
        a.attnum)
            FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
        'grants', :grants(t.typacl), 'comment', obj_description(t.oid, 'pg_type'))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE :user(n) AND :own(t, pg_type) AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')

SELECT quote_ident(n.nspname), 'statistics', quote_ident(n.nspname) || '.' || quote_ident(s.stxname),
        jsonb_build_object('definition', pg_get_statisticsobjdef(s.oid))
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE :user(n)

SELECT '', 'event trigger', quote_ident(evtname), jsonb_build_object('event', evtevent,
        'function', evtfoid::regprocedure::text,
        'enabled', evtenabled, 'tags', evttags) FROM pg_event_trigger

SELECT '', 'publication', quote_ident(pubname), jsonb_build_object('all_tables', puballtables, 'tables',
        (SELECT array_agg(prrelid::regclass::text ORDER BY 1) FROM pg_publication_rel WHERE prpubid = p.oid)) FROM
        pg_publication p

SELECT '', 'default privileges', coalesce(defaclrole::regrole::text,
        '') || ' ' || coalesce(defaclnamespace::regnamespace::text, '')
        || ' ' || defaclobjtype::text, jsonb_build_object('grants', :grants(defaclacl))
    FROM pg_default_acl

SELECT '', 'role', quote_ident(rolname), jsonb_build_object('superuser', rolsuper, 'inherit', rolinherit,
        'create_role', rolcreaterole,
        'create_db', rolcreatedb, 'login', rolcanlogin, 'replication', rolreplication, 'bypass_rls', rolbypassrls,
        'connection_limit', rolconnlimit, 'valid_until', rolvaliduntil,
        'member_of', (SELECT array_agg(DISTINCT m.roleid::regrole::text) FROM pg_auth_members m WHERE m.member = r.oid))
    FROM pg_roles r WHERE rolname !~ '^pg_'

SELECT '', 'database', quote_ident(datname), jsonb_build_object('owner', datdba::regrole::text,
        'grants', :grants(datacl),
        'settings', (SELECT array_agg(coalesce(s.setrole::regrole::text,
        '') || ' ' || v ORDER BY 1) FROM pg_db_role_setting s,
            unnest(s.setconfig) v WHERE s.setdatabase = d.oid)) FROM pg_database d WHERE datname = current_database()
