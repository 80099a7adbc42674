//! API tokens: a member's key for programs, bound to one organization, expiring, shown once.

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    organization::checked_name,
    session,
    workspace::random,
};
use access::Permission;
use jiff::{SignedDuration, Timestamp};
use store::{StoreError, control::api_token as rows};
use types::{ProblemCode, TokenId};
use vault::ApiToken;

/// Longest life of a token, in days.
pub const DAYS_MAX: u16 = 366;

/// A token, without its secret.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The part that may be shown.
    pub public_id: String,
    /// What its owner calls it.
    pub name: String,
    /// The permissions that it is narrowed to; none is all that the role has.
    pub permissions: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// How many days it lives, 1 to [`DAYS_MAX`].
    pub days: u16,
    /// The permissions to narrow it to.
    pub permissions: Option<Vec<String>>,
}

fn token_of(row: rows::ApiToken) -> Token {
    Token {
        id: row.id,
        public_id: row.public_id,
        name: row.name,
        permissions: row.permissions,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    }
}

/// The caller's own tokens in this organization, newest first.
///
/// # Errors
/// `not-allowed`.
pub async fn list(workspace: &Workspace) -> Result<Vec<Token>> {
    let permit = workspace.permit(Permission::TokenManageOwn).await?;
    let account = permit
        .account()
        .map(types::AccountId)
        .ok_or(access::Denial::NotSignedIn)?;
    let mut read = workspace.platform().control().read().await?;
    let rows = rows::list_of(&mut read, account, workspace.organization().id).await?;
    Ok(rows.into_iter().map(token_of).collect())
}

/// Makes a token; the secret is handed out this once.
///
/// # Errors
/// `invalid`; `proof-required`; `not-allowed` for permissions that the caller does not have, and for tokens that would make tokens.
pub async fn create(workspace: &Workspace, new: NewToken) -> Result<(Token, ApiToken)> {
    let permit = workspace.permit(Permission::TokenManageOwn).await?;
    if matches!(workspace.caller().identity, crate::caller::Identity::Token { .. }) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "a token cannot make tokens; sign in to make one",
        ));
    }
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let account = permit
        .account()
        .map(types::AccountId)
        .ok_or(access::Denial::NotSignedIn)?;
    let name = checked_name("/name", &new.name)?;
    if !(1..=DAYS_MAX).contains(&new.days) {
        return Err(PlatformError::invalid_at(
            "/days",
            "out-of-range",
            format!("1 to {DAYS_MAX} days"),
        ));
    }
    check_permissions(workspace, new.permissions.as_deref())?;
    let token = ApiToken::generate().map_err(vault_failure)?;
    let now = workspace.now();
    let lifetime = SignedDuration::from_hours(24 * i64::from(new.days));
    let row = rows::NewApiToken {
        id: TokenId::new(workspace.now_ms(), random()?),
        public_id: token.id().to_string(),
        secret_hash: token.hashed().bytes().to_vec(),
        account,
        organization: workspace.organization().id,
        name,
        permissions: new.permissions,
        created_at: now,
        expires_at: now.checked_add(lifetime).unwrap_or(now),
    };
    let id = row.id;
    let mut tx = workspace.platform().control().begin().await?;
    rows::insert(&mut tx, row).await?;
    commit(workspace, tx, "token.create", id).await?;
    let made = list(workspace).await?.into_iter().find(|token| token.id == id);
    Ok((
        made.ok_or_else(|| PlatformError::invariant("a token that was made is not there"))?,
        token,
    ))
}

fn check_permissions(workspace: &Workspace, codes: Option<&[String]>) -> Result<()> {
    for (place, code) in codes.unwrap_or_default().iter().enumerate() {
        let permission = code
            .parse::<Permission>()
            .ok()
            .filter(|permission| workspace.may(*permission));
        if permission.is_none() {
            let message = "not a permission that you have in this organization";
            return Err(PlatformError::invalid_at(
                format!("/permissions/{place}"),
                "unknown-permission",
                message,
            ));
        }
    }
    Ok(())
}

async fn commit(
    workspace: &Workspace,
    tx: store::control::ControlTx,
    action: &'static str,
    id: TokenId,
) -> Result<()> {
    let act = Act::configuration(action, Object::new("token", id));
    let entry = workspace
        .platform()
        .entry(workspace.caller(), Some(workspace.organization().id), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Revokes one of the caller's own tokens; it is refused within five seconds on every node.
///
/// # Errors
/// `not-found`.
pub async fn revoke(workspace: &Workspace, id: TokenId) -> Result<()> {
    let permit = workspace.permit(Permission::TokenManageOwn).await?;
    let account = permit
        .account()
        .map(types::AccountId)
        .ok_or(access::Denial::NotSignedIn)?;
    let mut tx = workspace.platform().control().begin().await?;
    match rows::revoke(&mut tx, account, workspace.organization().id, id, workspace.now()).await {
        Err(StoreError::NotFound) => return Err(PlatformError::not_found("token")),
        done => done?,
    }
    commit(workspace, tx, "token.revoke", id).await?;
    workspace.platform().known().clear();
    Ok(())
}
