//! How accounts come in besides a password: whom sources vouch for, and which factors count. For lists of members.

use super::Reads;
use crate::StoreError;
use diesel::sql_types::{Array, Text, Uuid};
use diesel_async::RunQueryDsl;
use types::AccountId;

/// One way of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Whose.
    pub account: AccountId,
    /// What it is.
    pub kind: WayKind,
    /// Of a directory its key, of a provider its label, of a factor its kind.
    pub name: String,
}

/// What a way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayKind {
    /// A directory vouches for them.
    Directory,
    /// An OpenID provider does.
    Provider,
    /// A second factor that counts.
    Factor,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    account_id: uuid::Uuid,
    #[diesel(sql_type = Text)]
    way: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The ways of these accounts, by account, kind and name.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of(on: &mut impl Reads, accounts: &[AccountId]) -> Result<Vec<Way>, StoreError> {
    let text = "SELECT i.account_id, 'directory' AS way, d.key AS name
            FROM strongroom.identity i JOIN strongroom.directory d ON i.source_kind = 'directory' AND d.id = i.source_id
            WHERE i.account_id = ANY($1)
        UNION SELECT i.account_id, 'provider', p.label
            FROM strongroom.identity i JOIN strongroom.openid_provider p ON i.source_kind = 'openid' AND p.id = i.source_id
            WHERE i.account_id = ANY($1)
        UNION SELECT f.account_id, 'factor', f.kind
            FROM strongroom.factor f WHERE f.account_id = ANY($1) AND f.state = 'active'
        ORDER BY 1, 2, 3";
    let ids: Vec<uuid::Uuid> = accounts.iter().map(|account| account.0).collect();
    let query = diesel::sql_query(text).bind::<Array<Uuid>, _>(ids);
    let rows: Vec<Row> = query.load(on.connection()?).await?;
    let way = |row: Row| Way {
        account: AccountId(row.account_id),
        kind: match row.way.as_str() {
            "directory" => WayKind::Directory,
            "provider" => WayKind::Provider,
            _ => WayKind::Factor,
        },
        name: row.name,
    };
    Ok(rows.into_iter().map(way).collect())
}
