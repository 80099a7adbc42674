//! API tokens: a member's key for programs, bound to one organization, expiring, shown once.

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    member,
    narrowing::{self, NamedNarrowing},
    organization::checked_name,
    session,
    workspace::random,
};
use access::{Permission, Permit};
use config::Network;
use jiff::{SignedDuration, Timestamp};
use store::{StoreError, control::api_token as rows, tenant::catalogue};
use types::{AccountId, Dataset, ProblemCode, TokenId};
use vault::ApiToken;

/// Longest life of a token, in days.
pub const DAYS_MAX: u16 = 366;
/// So many days before its end a token is shown as ending soon.
pub const EXPIRES_SOON_DAYS: i64 = 14;
/// Most networks of one token.
const NETWORKS_MAX: usize = 50;

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
    /// What is taken away from it besides; a person's own narrowing comes on top.
    pub narrowing: NamedNarrowing,
    /// The networks that it may be used from; none is everywhere.
    pub networks: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it is time to make another: it counts, and ends within [`EXPIRES_SOON_DAYS`] days.
    #[must_use]
    pub fn expires_soon(&self, now: Timestamp) -> bool {
        let left = self.expires_at.as_second() - now.as_second();
        self.revoked_at.is_none() && (1..=EXPIRES_SOON_DAYS * 86_400).contains(&left)
    }
}

/// A token to make.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// How many days it lives, 1 to [`DAYS_MAX`].
    pub days: u16,
    /// The permissions to narrow it to.
    pub permissions: Option<Vec<String>>,
    /// What to take away from it besides.
    pub narrowing: NamedNarrowing,
    /// The networks that it may be used from, as `10.0.0.0/24` or one address; none is everywhere.
    pub networks: Vec<String>,
}

fn token_of(permit: &Permit, datasets: &[Dataset], row: rows::ApiToken) -> Result<Token> {
    let narrowing = narrowing::read(row.narrowing)?;
    Ok(Token {
        id: row.id,
        public_id: row.public_id,
        name: row.name,
        permissions: row.permissions,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
        narrowing: narrowing::name(permit, datasets, &narrowing),
        networks: row.networks,
    })
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
    let datasets = catalogue::list(workspace.tenant()).await?;
    let mut read = workspace.platform().control().read().await?;
    let rows = rows::list_of(&mut read, account, workspace.organization().id).await?;
    let token = |row| token_of(&permit, &datasets, row);
    rows.into_iter().map(token).collect()
}

/// A member's tokens, newest first, for whoever manages everybody's.
///
/// # Errors
/// `not-found`; `not-allowed`.
pub async fn list_of(workspace: &Workspace, member: AccountId) -> Result<Vec<Token>> {
    let permit = workspace.permit(Permission::TokenManageAll).await?;
    let account = member::find(workspace, member).await?.account;
    let datasets = catalogue::list(workspace.tenant()).await?;
    let mut read = workspace.platform().control().read().await?;
    let rows = rows::list_of(&mut read, account, workspace.organization().id).await?;
    let token = |row| token_of(&permit, &datasets, row);
    rows.into_iter().map(token).collect()
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
    let networks = checked_networks(&new.networks)?;
    let narrowing = narrowing::resolve(workspace, &permit, "/narrowing", &new.narrowing).await?;
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
        narrowing: narrowing::write(&narrowing)?,
        networks,
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

/// In their one form.
fn checked_networks(texts: &[String]) -> Result<Vec<String>> {
    if texts.len() > NETWORKS_MAX {
        let message = format!("at most {NETWORKS_MAX} networks");
        return Err(PlatformError::invalid_at("/networks", "too-long", message));
    }
    let parse = |(place, text): (usize, &String)| {
        let network = text.trim().parse::<Network>();
        network.map(|network| network.to_string()).map_err(|error| {
            let message = format!("{error}; write for example 192.0.2.7 or 10.0.0.0/24");
            PlatformError::invalid_at(format!("/networks/{place}"), "malformed", message)
        })
    };
    texts.iter().enumerate().map(parse).collect()
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
    take_back(workspace, account, id).await
}

/// Revokes a member's token; it is refused within five seconds on every node.
///
/// # Errors
/// `not-found`; `not-allowed` for an owner's, unless by an owner.
pub async fn revoke_of(workspace: &Workspace, member: AccountId, id: TokenId) -> Result<()> {
    let permit = workspace.permit(Permission::TokenManageAll).await?;
    let found = member::find(workspace, member).await?;
    member::check_rank(permit.role(), found.role)?;
    take_back(workspace, found.account, id).await
}

async fn take_back(workspace: &Workspace, account: AccountId, id: TokenId) -> Result<()> {
    let mut tx = workspace.platform().control().begin().await?;
    match rows::revoke(&mut tx, account, workspace.organization().id, id, workspace.now()).await {
        Err(StoreError::NotFound) => return Err(PlatformError::not_found("token")),
        done => done?,
    }
    commit(workspace, tx, "token.revoke", id).await?;
    workspace.platform().known().clear();
    Ok(())
}
