//! Facts for the promise checks, read from the database's own catalogue. Nothing here writes.
//!
//! Every list has a bound; a check whose list is cut says so by its length ([`LIST_MAX`]).

use super::{Reads, column::Column, schema::account};
use crate::StoreError;
use diesel::{
    ExpressionMethods, NullableExpressionMethods, QueryDsl,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use diesel_async::RunQueryDsl;
use types::{AccountId, PageSize};

/// The longest list.
pub const LIST_MAX: i32 = 10_000;

/// The shape of a generated schema name, as a pattern of PostgreSQL.
macro_rules! generated {
    () => {
        "'^o_[a-z2-7]{26}$'"
    };
}

/// An account's stored password.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable)]
pub struct PasswordHash {
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// What is stored: a PHC string if all is well.
    pub stored: String,
}

/// Stored passwords in the order of accounts, those after `after`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_password_hashes(
    on: &mut impl Reads,
    limit: PageSize,
    after: Option<AccountId>,
) -> Result<Vec<PasswordHash>, StoreError> {
    let query = account::table
        .filter(account::id.gt(after.map_or(uuid::Uuid::nil(), |id| id.0)))
        .filter(account::password.is_not_null())
        .order(account::id)
        .limit(limit.get().into());
    let query = query.select((account::id, account::password.assume_not_null()));
    Ok(query.load(on.connection()?).await?)
}

/// An organization's schema as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct SchemaFact {
    /// Its name, `o_...`.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// The role that owns it; `strongroom_owner` if all is well.
    #[diesel(sql_type = Text)]
    pub owner: String,
    /// Whether a row of `organization` names it.
    #[diesel(sql_type = Bool)]
    pub known: bool,
}

/// Every schema named as an organization's is.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_schemas(on: &mut impl Reads) -> Result<Vec<SchemaFact>, StoreError> {
    let text = concat!(
        "SELECT n.nspname::text AS schema, pg_get_userbyid(n.nspowner)::text AS owner,
            EXISTS (SELECT FROM strongroom.organization o WHERE o.schema_name = n.nspname) AS known
        FROM pg_namespace n WHERE n.nspname ~ ",
        generated!(),
        " ORDER BY 1 LIMIT 10000"
    );
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Schema names of organizations that have no schema.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_organizations_without_schema(on: &mut impl Reads) -> Result<Vec<String>, StoreError> {
    let text = "SELECT o.schema_name AS name FROM strongroom.organization o
        WHERE NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = o.schema_name) ORDER BY 1 LIMIT 10000";
    let names: Vec<Name> = diesel::sql_query(text).load(on.connection()?).await?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

/// Where the server keeps what it stores, as far as the application's login is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageFact {
    /// The server's `cluster_name`; Debian sets it to major and name, `17/main`. The data folder itself is shown to
    /// superusers only.
    pub cluster_name: String,
    /// The folders of the tablespaces that lie outside the data folder.
    pub tablespaces: Vec<String>,
}

/// Where the server keeps what it stores.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn storage(on: &mut impl Reads) -> Result<StorageFact, StoreError> {
    let named = "SELECT current_setting('cluster_name') AS name";
    let cluster: Vec<Name> = diesel::sql_query(named).load(on.connection()?).await?;
    let located = "SELECT name FROM (SELECT pg_tablespace_location(oid) AS name FROM pg_tablespace) located
        WHERE name <> '' ORDER BY 1 LIMIT 10000";
    let tablespaces: Vec<Name> = diesel::sql_query(located).load(on.connection()?).await?;
    Ok(StorageFact {
        cluster_name: cluster.into_iter().map(|row| row.name).collect(),
        tablespaces: tablespaces.into_iter().map(|row| row.name).collect(),
    })
}

/// A right on a schema, or on a table, sequence or function within one.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Grant {
    /// The schema.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// The table, sequence, column or function; `None` is the schema itself.
    #[diesel(sql_type = Nullable<Text>)]
    pub object: Option<String>,
    /// Who has it; `PUBLIC` is everyone.
    #[diesel(sql_type = Text)]
    pub grantee: String,
    /// What, such as `SELECT`.
    #[diesel(sql_type = Text)]
    pub privilege: String,
}

/// Every right in the schemas of this database that are ours, from the access lists of schemas, relations, columns and
/// functions. A null list stands for the defaults (the owner's rights; for functions also everyone's EXECUTE).
const GRANTS: &str = "WITH acl AS (
        SELECT nspname, NULL::text AS object, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace
        UNION ALL
        SELECT nspname, relname::text, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END, relowner))
            FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        UNION ALL
        SELECT nspname, relname || '.' || attname, attacl FROM pg_attribute
            JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE attacl IS NOT NULL
        UNION ALL
        SELECT nspname, proname || '()', coalesce(proacl, acldefault('f', proowner))
            FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    )
    SELECT nspname::text AS schema, object, privilege_type::text AS privilege,
        CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END AS grantee
    FROM acl, aclexplode(acl)";

/// Rights in organizations' schemas of anyone but `strongroom_owner` and the organization's own role: none if all is
/// well.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_foreign_grants(on: &mut impl Reads) -> Result<Vec<Grant>, StoreError> {
    let generated = generated!();
    let text = format!(
        "SELECT * FROM ({GRANTS}) grants WHERE schema ~ {generated} AND grantee NOT IN (schema, 'strongroom_owner')
         ORDER BY schema, object, grantee, privilege LIMIT {LIST_MAX}"
    );
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// Rights of everyone in our schemas and in `public`: none if all is well.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_public_grants(on: &mut impl Reads) -> Result<Vec<Grant>, StoreError> {
    let generated = generated!();
    let text = format!(
        "SELECT * FROM ({GRANTS}) grants WHERE grantee = 'PUBLIC'
            AND (schema ~ {generated} OR schema ~ '^strongroom' OR schema = 'public')
         ORDER BY schema, object, privilege LIMIT {LIST_MAX}"
    );
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// A membership among roles.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct RoleMembership {
    /// The role that lends its rights.
    #[diesel(sql_type = Text)]
    pub role: String,
    /// The role that has them.
    #[diesel(sql_type = Text)]
    pub member: String,
}

/// Memberships of organizations' roles in any other role, and of any role but `strongroom_owner` in them: none if all
/// is well. PostgreSQL 16 and later make the creator of a role its administrator, hence the exception.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_role_memberships(on: &mut impl Reads) -> Result<Vec<RoleMembership>, StoreError> {
    let generated = generated!();
    let text = format!(
        "SELECT r.rolname::text AS role, m.rolname::text AS member FROM pg_auth_members a
         JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
         WHERE m.rolname ~ {generated} OR r.rolname ~ {generated} AND m.rolname <> 'strongroom_owner'
         ORDER BY 1, 2 LIMIT {LIST_MAX}"
    );
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// What a login role may do beyond its grants.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct RoleFact {
    /// The role.
    #[diesel(sql_type = Text)]
    pub role: String,
    /// Superuser, or may make roles or databases, replicate, or pass row security: none of it if all is well.
    #[diesel(sql_type = Bool)]
    pub powerful: bool,
    /// How many objects it owns in this database; none if all is well.
    #[diesel(sql_type = BigInt)]
    pub owned: i64,
}

/// `strongroom_app` and the roles of this database's organizations.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_login_roles(on: &mut impl Reads) -> Result<Vec<RoleFact>, StoreError> {
    let text = "SELECT rolname::text AS role,
            rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful,
            (SELECT count(*) FROM pg_class WHERE relowner = r.oid)
                + (SELECT count(*) FROM pg_namespace WHERE nspowner = r.oid)
                + (SELECT count(*) FROM pg_proc WHERE proowner = r.oid) AS owned
        FROM pg_roles r
        WHERE rolname = 'strongroom_app' OR rolname IN (SELECT schema_name FROM strongroom.organization)
        ORDER BY 1 LIMIT 10000";
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// How many rows the tables have that checks reason about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct Counts {
    /// Accounts.
    #[diesel(sql_type = BigInt)]
    pub accounts: i64,
    /// Organizations.
    #[diesel(sql_type = BigInt)]
    pub organizations: i64,
    /// Memberships.
    #[diesel(sql_type = BigInt)]
    pub memberships: i64,
    /// Sessions that have not ended or expired.
    #[diesel(sql_type = BigInt)]
    pub live_sessions: i64,
    /// API tokens that are neither revoked nor expired.
    #[diesel(sql_type = BigInt)]
    pub live_tokens: i64,
    /// The appliance's audit entries.
    #[diesel(sql_type = BigInt)]
    pub entries: i64,
    /// Entries that wait for the sequencer, of all logs.
    #[diesel(sql_type = BigInt)]
    pub pending: i64,
}

/// Counts, by the database's clock.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn counts(on: &mut impl Reads) -> Result<Counts, StoreError> {
    let text = "SELECT (SELECT count(*) FROM strongroom.account) AS accounts,
        (SELECT count(*) FROM strongroom.organization) AS organizations,
        (SELECT count(*) FROM strongroom.membership) AS memberships,
        (SELECT count(*) FROM strongroom.session WHERE ended_at IS NULL AND expires_at > now()) AS live_sessions,
        (SELECT count(*) FROM strongroom.api_token WHERE revoked_at IS NULL AND expires_at > now()) AS live_tokens,
        (SELECT count(*) FROM strongroom.entry) AS entries,
        (SELECT count(*) FROM strongroom.audit_pending) AS pending";
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}
