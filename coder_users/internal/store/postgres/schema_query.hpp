// Internal: may change at any time.
// The statement that describes what a schema holds, as a line for each part.
#pragma once

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// Selects a line for each column, rule, index and trigger of the schema coder_users, and for what
/// hides, loses or rewrites rows there, sorted.
/// Servers of every version say the same of the same schema. Leaves out the index of texts, which
/// only some databases have, and what belongs to an extension.
inline constexpr const char* describe_schema = R"sql(
SELECT line FROM (
    SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || COALESCE(' ' || l.collname, '') || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END
        || COALESCE(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'coder_users'::regnamespace AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'rule ' || r.conname || ' of ' || t.relname || ' ' || CAST(r.contype AS TEXT)
        || COALESCE(' ' || (SELECT string_agg(a.attname, ', ' ORDER BY k.at)
            FROM unnest(r.conkey) WITH ORDINALITY AS k (number, at)
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), '')
        || CASE WHEN r.convalidated THEN '' ELSE ' not valid' END
        || CASE WHEN r.contype IN ('c', 'f') THEN ' ' || pg_get_constraintdef(r.oid) ELSE '' END
    FROM pg_constraint r JOIN pg_class t ON t.oid = r.conrelid
    WHERE r.connamespace = 'coder_users'::regnamespace AND r.contype IN ('p', 'u', 'f', 'c', 'x')
    UNION ALL
    SELECT 'index ' || i.relname || ' of ' || t.relname || ' '
        || (SELECT string_agg(pg_get_indexdef(x.indexrelid, n, true), ', ' ORDER BY n)
            FROM generate_series(1, x.indnkeyatts) n)
        || CASE WHEN x.indisunique THEN ' unique' ELSE '' END
        || CASE WHEN x.indisvalid AND x.indisready THEN '' ELSE ' not valid' END
        || COALESCE(' where ' || pg_get_expr(x.indpred, x.indrelid), '')
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE i.relnamespace = 'coder_users'::regnamespace AND i.relname <> 'users_text'
    UNION ALL
    SELECT 'trigger ' || g.tgname || ' of ' || t.relname
    FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
    WHERE t.relnamespace = 'coder_users'::regnamespace AND NOT g.tgisinternal
    UNION ALL
    SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'view ' ELSE 'table ' END || c.relname
    FROM pg_class c
    WHERE c.relnamespace = 'coder_users'::regnamespace AND c.relkind NOT IN ('r', 'i', 'S', 't', 'c')
    UNION ALL
    SELECT 'unlogged table ' || c.relname
    FROM pg_class c
    WHERE c.relnamespace = 'coder_users'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relpersistence <> 'p'
    UNION ALL
    SELECT 'row security of ' || c.relname
    FROM pg_class c
    WHERE c.relnamespace = 'coder_users'::regnamespace
        AND (c.relrowsecurity OR c.relforcerowsecurity)
    UNION ALL
    SELECT 'rewrite rule ' || w.rulename || ' of ' || t.relname
    FROM pg_rewrite w JOIN pg_class t ON t.oid = w.ev_class
    WHERE t.relnamespace = 'coder_users'::regnamespace AND w.rulename <> '_RETURN'
    UNION ALL
    SELECT 'function ' || f.proname
    FROM pg_proc f
    WHERE f.pronamespace = 'coder_users'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
            AND d.objid = f.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'policy ' || p.polname || ' of ' || t.relname
    FROM pg_policy p JOIN pg_class t ON t.oid = p.polrelid
    WHERE t.relnamespace = 'coder_users'::regnamespace
) lines ORDER BY line COLLATE "C"
)sql";

}}}}  // namespace coder_users::v0::store::postgres
