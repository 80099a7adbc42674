//! The functions that guard changes and append entries, held against the migrations. Nothing here writes.
//!
//! Invariant: only schemas that had this program's steps and no more are judged; [`count`] tells of the others.

use super::{Reads, evidence::LIST_MAX};
use crate::{
    StoreError,
    migration::{
        Scope, Steps,
        function::{self, SCHEMA},
    },
};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text};
use diesel_async::RunQueryDsl;

/// The control schema and every organization's, and whether each had the steps up to $1 and $2.
const HOMES: &str = "homes AS (
        SELECT n.oid, n.nspname::text AS schema, 'control' AS scope, strongroom.control_version() = $1 AS is_ours
        FROM pg_namespace n WHERE n.nspname = 'strongroom'
        UNION ALL
        SELECT n.oid, n.nspname::text, 'organization', o.schema_version = $2
        FROM pg_namespace n JOIN strongroom.organization o ON o.schema_name = n.nspname
    )";

/// A function that is not the one that the migrations made.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct FunctionFact {
    /// Its schema.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub function: String,
    /// What is wrong, in words.
    #[diesel(sql_type = Text)]
    pub state: String,
}

/// Functions of the control schema and of every organization's that are missing, altered or there twice, or act for their owner along
/// a search path that others choose: none if all is well.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_altered(on: &mut impl Reads) -> Result<Vec<FunctionFact>, StoreError> {
    let (mut scopes, mut names, mut digests, mut definers) = (vec![], vec![], vec![], vec![]);
    for scope in Scope::ALL {
        for function in function::list(Steps::OWN, scope) {
            scopes.push(scope.as_str());
            names.push(function.name);
            digests.push(function.digest);
            definers.push(function.is_definer);
        }
    }
    let text = format!(
        "WITH {HOMES}, wanted AS (
            SELECT * FROM unnest($3, $4, $5, $6) AS w (scope, function, digest, is_definer)
        ), found AS (
            SELECT h.oid, p.proname::text AS function, count(*) AS count, bool_and(p.prosecdef) AS is_definer,
                bool_and(NOT p.prosecdef OR 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig)) AS is_pinned,
                min(encode(sha256(convert_to(CASE h.scope WHEN 'control' THEN p.prosrc
                    ELSE replace(p.prosrc, h.schema, '{SCHEMA}') END, 'UTF8')), 'hex')) AS digest
            FROM pg_proc p JOIN homes h ON h.oid = p.pronamespace GROUP BY 1, 2
        )
        SELECT h.schema, w.function, CASE
            WHEN f.function IS NULL THEN 'missing'
            WHEN f.count > 1 THEN 'there more than once'
            WHEN f.is_pinned IS NOT TRUE THEN 'without its own search path'
            ELSE 'not the one that the migrations made' END AS state
        FROM homes h JOIN wanted w ON w.scope = h.scope
        LEFT JOIN found f ON f.oid = h.oid AND f.function = w.function
        WHERE h.is_ours AND (f.function IS NULL OR f.count > 1 OR f.is_pinned IS NOT TRUE
            OR f.digest <> w.digest OR f.is_definer <> w.is_definer)
        ORDER BY 1, 2 LIMIT {LIST_MAX}"
    );
    let query = diesel::sql_query(text)
        .bind::<Integer, _>(Steps::OWN.newest(Scope::Control))
        .bind::<Integer, _>(Steps::OWN.newest(Scope::Organization))
        .bind::<Array<Text>, _>(scopes)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Text>, _>(digests)
        .bind::<Array<Bool>, _>(definers);
    Ok(query.load(on.connection()?).await?)
}

/// What [`list_altered`] looks at, and what not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct FunctionCounts {
    /// Functions in schemas that are judged.
    #[diesel(sql_type = BigInt)]
    pub judged: i64,
    /// Schemas that had other steps than this program knows.
    #[diesel(sql_type = BigInt)]
    pub unjudged: i64,
}

/// Counts.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count(on: &mut impl Reads) -> Result<FunctionCounts, StoreError> {
    let text = format!(
        "WITH {HOMES} SELECT count(*) FILTER (WHERE is_ours IS NOT TRUE) AS unjudged,
            (SELECT count(*) FROM pg_proc p JOIN homes h ON h.oid = p.pronamespace WHERE h.is_ours) AS judged
        FROM homes"
    );
    let query = diesel::sql_query(text)
        .bind::<Integer, _>(Steps::OWN.newest(Scope::Control))
        .bind::<Integer, _>(Steps::OWN.newest(Scope::Organization));
    Ok(query.get_result(on.connection()?).await?)
}
