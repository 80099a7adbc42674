//! Invitations: single-use links with which a person sets a first password. Only the hash of a link's token is stored.
//!
//! Invariant: an organization's invitation lets in only somebody who is that organization's alone and has no password,
//! judged at the moment of use, not of making. Otherwise an administrator could keep a link until its holder is another
//! organization's member too, and walk in there. Whoever makes or uses one locks the account first ([`lock_account`]):
//! a membership that another organization is about to add waits, or is seen.

use super::{ControlTx, Reads, schema::account};
use crate::StoreError;
use diesel::{
    OptionalExtension, QueryDsl,
    sql_types::{Binary, Bool, Nullable, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::{AccountId, InvitationId, OrganizationId};

/// An invitation to insert.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Its id.
    pub id: InvitationId,
    /// The hash of its token.
    pub token_hash: Vec<u8>,
    /// Who is invited.
    pub account: AccountId,
    /// By which organization; none is the operator.
    pub organization: Option<OrganizationId>,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An invitation that could be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveInvitation {
    /// Who is invited.
    pub account: AccountId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// By which organization, and what it is called; none is the operator.
    pub organization: Option<(OrganizationId, String)>,
}

/// May the account `a` be let in by the organization `o` (null: by the operator)? Written once, for making and for using. Whom a directory or a
/// provider vouches for has a way in, and no organization gives another one.
macro_rules! may_be_let_in {
    ($organization:literal) => {
        concat!(
            "a.password IS NULL AND a.state = 'active' AND (",
            $organization,
            " IS NULL OR NOT a.operator
                AND NOT EXISTS (SELECT FROM strongroom.identity t WHERE t.account_id = a.id)
                AND EXISTS (SELECT FROM strongroom.membership m WHERE m.account_id = a.id
                    AND m.organization_id = ",
            $organization,
            " AND m.state <> 'disabled')
                AND NOT EXISTS (SELECT FROM strongroom.membership m WHERE m.account_id = a.id
                    AND m.organization_id <> ",
            $organization,
            "))"
        )
    };
}

/// An invitation `i` that is open, and whose holder may still be let in.
macro_rules! live {
    () => {
        concat!(
            "i.token_hash = $1 AND i.used_at IS NULL AND i.voided_at IS NULL AND i.expires_at > $2
                AND a.id = i.account_id AND ",
            may_be_let_in!("i.organization_id")
        )
    };
}

#[derive(diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(diesel::QueryableByName)]
struct LiveRow {
    #[diesel(sql_type = Uuid)]
    account_id: uuid::Uuid,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Uuid>)]
    organization_id: Option<uuid::Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    organization_name: Option<String>,
}

/// Holds up whatever would change what decides about an account's invitations, until this transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn lock_account(tx: &mut ControlTx, account: AccountId) -> Result<(), StoreError> {
    // FOR UPDATE, since a new membership takes FOR KEY SHARE of the account, which weaker locks let pass.
    let query = account::table.find(account.0).select(account::id).for_update();
    query.first::<uuid::Uuid>(tx.connection()?).await?;
    Ok(())
}

/// May this organization invite this account?
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn is_invitable(
    on: &mut impl Reads,
    account: AccountId,
    organization: Option<OrganizationId>,
) -> Result<bool, StoreError> {
    let text = concat!(
        "SELECT EXISTS (SELECT FROM strongroom.account a WHERE a.id = $1 AND ",
        may_be_let_in!("$2"),
        ") AS yes"
    );
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(account.0)
        .bind::<Nullable<Uuid>, _>(organization.map(|id| id.0));
    Ok(query.get_result::<Answer>(on.connection()?).await?.yes)
}

/// Inserts an invitation. The account's open one is to be voided before.
///
/// # Errors
/// [`StoreError::Taken`] of `invitation_open`.
pub async fn insert(tx: &mut ControlTx, new: NewInvitation) -> Result<(), StoreError> {
    let text = "INSERT INTO strongroom.invitation
        (id, token_hash, account_id, organization_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    diesel::sql_query(text)
        .bind::<Uuid, _>(new.id.0)
        .bind::<Binary, _>(new.token_hash)
        .bind::<Uuid, _>(new.account.0)
        .bind::<Nullable<Uuid>, _>(new.organization.map(|id| id.0))
        .bind::<Timestamptz, _>(new.created_at.to_diesel())
        .bind::<Timestamptz, _>(new.expires_at.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Voids the account's open invitation, if there is one.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn void_open(tx: &mut ControlTx, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.invitation SET voided_at = $2
        WHERE account_id = $1 AND used_at IS NULL AND voided_at IS NULL";
    diesel::sql_query(text)
        .bind::<Uuid, _>(account.0)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The invitation of a token, if it could be used now.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live_by_hash(
    on: &mut impl Reads,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<LiveInvitation>, StoreError> {
    let text = concat!(
        "SELECT i.account_id, a.email, a.name, i.organization_id, o.name AS organization_name
            FROM strongroom.account a, strongroom.invitation i
            LEFT JOIN strongroom.organization o ON o.id = i.organization_id WHERE ",
        live!()
    );
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    let row: Option<LiveRow> = query.get_result(on.connection()?).await.optional()?;
    Ok(row.map(|row| LiveInvitation {
        account: AccountId(row.account_id),
        email: row.email,
        name: row.name,
        organization: row.organization_id.map(OrganizationId).zip(row.organization_name),
    }))
}

/// Uses an invitation up. One conditional statement: of two at once, one finds nothing.
///
/// # Errors
/// [`StoreError::NotFound`] when it could not be used any more.
pub async fn use_up(tx: &mut ControlTx, token_hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    let text = concat!(
        "UPDATE strongroom.invitation i SET used_at = $2 FROM strongroom.account a WHERE ",
        live!()
    );
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    super::account::found(query.execute(tx.connection()?).await?)
}
