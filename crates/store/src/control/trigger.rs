//! The triggers that refuse a change without its entry, as the database's catalogue has them. Nothing here writes.
//!
//! Invariant: what a table must have stands in [`GUARDS`] once, for every organization's schema and the control schema;
//! a trigger counts only when it fires for ordinary sessions and is the one that the migrations made.

use super::{Reads, evidence::LIST_MAX};
use crate::StoreError;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

/// Which tables need which triggers: kind of schema, table (`d` stands for every table of records), trigger, its
/// function, and its `tgtype` (1 for each row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate).
///
/// A trigger of other events, of another function, or with a condition does not count; `claim_images` may have the one that the migrations
/// give it, and no other. `O` fires in ordinary sessions and `A` in all; `R` fires for replication only and `D` never.
const GUARDS: &str = "WITH guard (home, relation, trigger, function, events) AS (VALUES
        ('organization', 'd', 'check_insert', '_check_insert', 4),
        ('organization', 'd', 'check_update', '_check_update', 16),
        ('organization', 'd', 'check_delete', '_check_delete', 8),
        ('organization', '_dataset', 'require_entry', '_require_entry', 29),
        ('organization', '_field', 'require_entry', '_require_entry', 29),
        ('organization', '_file', 'require_entry', '_require_entry', 29),
        ('organization', '_person_request', 'require_entry', '_require_entry', 29),
        ('organization', '_person_hit', 'require_entry', '_require_entry', 29),
        ('organization', '_image', 'claim_images', '_claim_images', 4),
        ('organization', '_claim', 'settle_claim', '_settle_claim', 5),
        ('control', 'account', 'require_entry', 'require_entry', 29),
        ('control', 'organization', 'require_entry', 'require_entry', 29),
        ('control', 'organization_key', 'require_entry', 'require_entry', 29),
        ('control', 'membership', 'require_entry', 'require_entry', 29),
        ('control', 'kept_narrowing', 'require_entry', 'require_entry', 29),
        ('control', 'session', 'require_entry', 'require_entry', 29),
        ('control', 'api_token', 'require_entry', 'require_entry', 29),
        ('control', 'organization', 'require_entry_requirements', 'require_entry', 17),
        ('control', 'api_token', 'require_entry_narrowing', 'require_entry', 17),
        ('control', 'setting', 'require_entry', 'require_entry', 29),
        ('control', 'access_log_trim', 'require_entry', 'require_entry', 29),
        ('control', 'operator_grant', 'require_entry', 'require_entry', 29),
        ('control', 'identity', 'require_entry', 'require_entry', 29),
        ('control', 'identity_request', 'require_entry', 'require_entry', 29),
        ('control', 'openid_provider', 'require_entry', 'require_entry', 29),
        ('control', 'directory', 'require_entry', 'require_entry', 29),
        ('control', 'group_mapping', 'require_entry', 'require_entry', 29),
        ('control', 'account', 'require_entry_for_directory', 'require_entry', 17),
        ('control', 'directory', 'require_entry_for_key', 'require_entry', 17),
        ('control', 'password_reset', 'require_entry', 'require_entry', 29),
        ('control', 'organization', 'require_entry_cancelled', 'require_entry', 17),
        ('control', 'legal_hold', 'require_entry', 'require_entry', 29),
        ('control', 'deletion', 'require_entry', 'require_entry', 29),
        ('control', 'log_review', 'require_entry', 'require_entry', 29),
        ('control', 'organization', 'open_audit_home', 'open_audit_home', 5),
        ('control', 'audit_leaf', 'keep_audit_leaf', 'keep_audit_leaf', 27),
        ('control', 'audit_leaf', 'keep_audit_leaves', 'keep_audit_leaf', 34)
    ), guarded AS (
        SELECT c.oid, n.nspname, c.relname, c.relnamespace, g.trigger, g.function, g.events
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN guard g ON CASE g.home WHEN 'control' THEN n.nspname = 'strongroom' ELSE n.nspname ~ '^o_[a-z2-7]{26}$' END
            AND CASE g.relation WHEN 'd' THEN c.relname ~ '^d[0-9]+$' ELSE c.relname = g.relation END
        WHERE c.relkind IN ('r', 'p')
    ), found AS (
        SELECT g.nspname::text AS schema, g.relname::text AS relation, g.trigger, CASE
            WHEN t.oid IS NULL THEN 'missing'
            WHEN t.tgenabled = 'D' THEN 'disabled'
            WHEN t.tgenabled = 'R' THEN 'enabled for replication only'
            WHEN t.tgtype <> g.events OR p.proname <> g.function
                OR p.pronamespace <> g.relnamespace
                OR t.tgqual IS NOT NULL AND (g.trigger <> 'claim_images' OR pg_get_triggerdef(t.oid)
                    NOT LIKE '% FOR EACH STATEMENT WHEN ((CURRENT_USER <> ''strongroom_owner''::name)) EXECUTE %') THEN 'not the one that the migrations made'
            ELSE 'whole' END AS state
        FROM guarded g
        LEFT JOIN pg_trigger t ON t.tgrelid = g.oid AND t.tgname = g.trigger AND NOT t.tgisinternal
        LEFT JOIN pg_proc p ON p.oid = t.tgfoid
    )";

/// A trigger that does not do its work.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct TriggerFact {
    /// The schema of its table.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// Its table.
    #[diesel(sql_type = Text)]
    pub relation: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub trigger: String,
    /// `missing`, `disabled` and so on, in words.
    #[diesel(sql_type = Text)]
    pub state: String,
}

/// Triggers that are missing, disabled or weakened: none if all is well.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_broken(on: &mut impl Reads) -> Result<Vec<TriggerFact>, StoreError> {
    let text =
        format!("{GUARDS} SELECT * FROM found WHERE state <> 'whole' ORDER BY 1, 2, 3 LIMIT {LIST_MAX}");
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many triggers [`list_broken`] looks at.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count(on: &mut impl Reads) -> Result<i64, StoreError> {
    let text = format!("{GUARDS} SELECT count(*) AS count FROM found");
    let count: Count = diesel::sql_query(text).get_result(on.connection()?).await?;
    Ok(count.count)
}

#[derive(diesel::QueryableByName)]
struct Whose {
    #[diesel(sql_type = Text)]
    whose: String,
}

/// Who could write as replication does, past every ordinary trigger: whose sessions begin in another
/// `session_replication_role` than `origin`, and who may choose it. Nobody if all is well. Roles belong to the whole
/// cluster; those of other databases are none of ours.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_replica_roles(on: &mut impl Reads) -> Result<Vec<String>, StoreError> {
    let text = "WITH ours AS (
            SELECT oid, rolname::text FROM pg_roles
            WHERE rolname IN ('strongroom_owner', 'strongroom_app')
                OR rolname IN (SELECT schema_name FROM strongroom.organization)
        )
        SELECT coalesce('the role ' || o.rolname, 'every role of this database') AS whose
            FROM pg_db_role_setting s LEFT JOIN ours o ON o.oid = s.setrole, unnest(s.setconfig) AS one
            WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                AND (s.setrole = 0 OR o.oid IS NOT NULL)
                AND one LIKE 'session\\_replication\\_role=%' AND one <> 'session_replication_role=origin'
        UNION
        SELECT 'every new session of this program' FROM pg_settings
            WHERE name = 'session_replication_role' AND reset_val <> 'origin'
        UNION
        SELECT 'the role ' || coalesce(o.rolname, 'PUBLIC')
            FROM pg_parameter_acl a, aclexplode(a.paracl) g LEFT JOIN ours o ON o.oid = g.grantee
            WHERE a.parname = 'session_replication_role' AND (g.grantee = 0 OR o.oid IS NOT NULL)
        ORDER BY 1 LIMIT 10000";
    let rows: Vec<Whose> = diesel::sql_query(text).load(on.connection()?).await?;
    Ok(rows.into_iter().map(|row| row.whose).collect())
}
