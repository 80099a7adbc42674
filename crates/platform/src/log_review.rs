//! Reviews of the security logs: the platform prepares what there is to look at of 90 days, a person looks and signs.
//!
//! Invariants: what is signed is what was shown: it is counted anew for the same time, and refused where it differs; a signature is an
//! entry of the audit log with the digest's SHA-256, and no signed review is changed (the database refuses it). Start at [`prepare`].

mod digest;
mod remind;

pub use digest::{AccessLine, ActLine, Concern, Digest};
pub use remind::remind_if_due;

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object, vault_failure},
    caller::Identity,
    error::{PlatformError, Result},
    lifecycle, operator, session,
    workspace::random,
};
use access::Permission;
use digest::Source;
use jiff::{SignedDuration, Timestamp};
use openssl::sha::sha256;
use store::control::log_review::{self as rows, LogReview};
use types::{AccountId, LogReviewId, OrganizationId, ProblemCode};

/// What a review reaches back.
pub const DAYS: i64 = 90;
/// After so many days without one people are reminded.
pub const REMIND_DAYS: i64 = 80;
/// What is shown ends so long before it is shown: events are written a moment after they happen.
const SETTLED: SignedDuration = SignedDuration::from_mins(2);
/// What was shown longer ago is prepared anew.
const SHOWN_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Fewest characters of a note.
const NOTE_CHARACTERS_MIN: usize = 5;
/// Most.
const NOTE_CHARACTERS_MAX: usize = 2_000;
/// Most reviews of a list.
const LIST_MAX: i64 = 100;

/// What there is to look at, and what a signature names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What there is.
    pub digest: Digest,
    /// SHA-256 of it in hexadecimal.
    pub sha256: String,
}

/// A signed review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: LogReviewId,
    /// Who signed it.
    pub signed_by: AccountId,
    /// When.
    pub signed_at: Timestamp,
    /// What they said.
    pub note: String,
    /// Until when it reaches.
    pub ends_at: Timestamp,
    /// SHA-256 of what was shown, in hexadecimal.
    pub sha256: String,
}

fn review_of(row: LogReview) -> Review {
    Review {
        id: LogReviewId(row.id),
        signed_by: AccountId(row.signed_by),
        signed_at: row.signed_at,
        note: row.note,
        ends_at: row.ends_at,
        sha256: hex::encode(row.sha256),
    }
}

/// Prepares a review of an organization's logs: what happened in it and who came in, of 90 days.
///
/// # Errors
/// `not-allowed` for those who may not read its logs.
pub async fn prepare(workspace: &Workspace) -> Result<Prepared> {
    let ends_at = settled(workspace.platform());
    of_organization(workspace, ends_at).await
}

async fn of_organization(workspace: &Workspace, ends_at: Timestamp) -> Result<Prepared> {
    workspace.permit(Permission::AuditRead).await?;
    workspace.permit(Permission::AccessLogRead).await?;
    prepared(workspace.platform(), Source::Organization(workspace), ends_at).await
}

/// The same of the appliance, for operators: who came in anywhere, and acts on accounts, access and settings.
///
/// # Errors
/// `not-allowed`.
pub async fn prepare_appliance(platform: &Platform, caller: &Caller) -> Result<Prepared> {
    operator::require(caller)?;
    prepared(platform, Source::Appliance, settled(platform)).await
}

fn settled(platform: &Platform) -> Timestamp {
    let end = platform.now().checked_sub(SETTLED).unwrap_or(Timestamp::MIN);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

async fn prepared(platform: &Platform, source: Source<'_>, ends_at: Timestamp) -> Result<Prepared> {
    let begins_at = ends_at
        .checked_sub(SignedDuration::from_hours(24 * DAYS))
        .unwrap_or(Timestamp::MIN);
    let digest = digest::count(platform, source, begins_at, ends_at).await?;
    let sha256 = hex::encode(sha256(&written(&digest)?));
    Ok(Prepared { digest, sha256 })
}

fn written(digest: &Digest) -> Result<Vec<u8>> {
    serde_json::to_vec(digest).map_err(vault_failure)
}

/// What somebody signs.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Until when it reaches, as it was shown.
    pub ends_at: Timestamp,
    /// SHA-256 in hexadecimal, as it was shown.
    pub sha256: String,
    /// What was looked at and found, 5 to 2,000 characters.
    pub note: String,
}

/// Signs a review of an organization's logs.
///
/// # Errors
/// `not-allowed`; `proof-required`; `invalid`; `conflict` where what there is differs from what was shown: look again.
pub async fn sign(workspace: &Workspace, signing: &Signing) -> Result<LogReviewId> {
    let by = lifecycle::require_meant(workspace, Permission::AuditRead).await?;
    let platform = workspace.platform();
    check_time(platform, signing)?;
    let prepared = of_organization(workspace, signing.ends_at).await?;
    let organization = Some(workspace.organization().id);
    keep(platform, workspace.caller(), organization, by, &prepared, signing).await
}

/// The same of the appliance, by an operator in a session of their own.
///
/// # Errors
/// As [`sign`].
pub async fn sign_appliance(platform: &Platform, caller: &Caller, signing: &Signing) -> Result<LogReviewId> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let Identity::Person { account, .. } = &caller.identity else {
        let why = "a review is signed by a person; name who you are";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    };
    check_time(platform, signing)?;
    let prepared = prepared(platform, Source::Appliance, signing.ends_at).await?;
    keep(platform, caller, None, account.id, &prepared, signing).await
}

fn check_time(platform: &Platform, signing: &Signing) -> Result<()> {
    let newest = settled(platform);
    let oldest = newest.checked_sub(SHOWN_MAX).unwrap_or(Timestamp::MIN);
    match (oldest..=newest).contains(&signing.ends_at) {
        true => Ok(()),
        false => Err(differs()),
    }
}

fn differs() -> PlatformError {
    let why = "what there is to look at is not what was shown to you; look at it again";
    PlatformError::new(ProblemCode::Conflict, why)
}

async fn keep(
    platform: &Platform,
    caller: &Caller,
    organization: Option<OrganizationId>,
    by: AccountId,
    prepared: &Prepared,
    signing: &Signing,
) -> Result<LogReviewId> {
    if prepared.sha256 != signing.sha256 {
        return Err(differs());
    }
    let note = checked_note(&signing.note)?;
    let id = LogReviewId::new(platform.now_ms(), random()?);
    let digest = serde_json::to_value(&prepared.digest).map_err(vault_failure)?;
    let row = rows::NewLogReview {
        id,
        organization,
        begins_at: prepared.digest.begins_at,
        ends_at: prepared.digest.ends_at,
        digest: &digest,
        sha256: sha256(&written(&prepared.digest)?),
        note: &note,
        signed_by: by,
    };
    let mut tx = platform.control().begin().await?;
    rows::insert(&mut tx, &row).await?;
    let reason = format!("until {}, SHA-256 {}: {note}", row.ends_at, prepared.sha256);
    let act = Act::access("log-review.sign", Object::new("log-review", id)).because(&reason);
    let entry = platform.entry(caller, organization, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(id)
}

fn checked_note(note: &str) -> Result<String> {
    let note = note.trim();
    let is_line = |c: char| !c.is_control() || c == '\n' || c == '\r';
    let fits = (NOTE_CHARACTERS_MIN..=NOTE_CHARACTERS_MAX).contains(&note.chars().count());
    if fits && note.chars().all(is_line) {
        return Ok(note.to_owned());
    }
    let message = format!("{NOTE_CHARACTERS_MIN} to {NOTE_CHARACTERS_MAX} characters");
    Err(PlatformError::invalid_at("/note", "malformed", message))
}

/// Signed reviews of the organization's logs, newest first.
///
/// # Errors
/// `not-allowed`.
pub async fn list(workspace: &Workspace) -> Result<Vec<Review>> {
    workspace.permit(Permission::AuditRead).await?;
    signed(workspace.platform(), Some(workspace.organization().id)).await
}

/// Signed reviews of the appliance's, newest first.
///
/// # Errors
/// `not-allowed`.
pub async fn list_appliance(platform: &Platform, caller: &Caller) -> Result<Vec<Review>> {
    operator::require(caller)?;
    signed(platform, None).await
}

async fn signed(platform: &Platform, organization: Option<OrganizationId>) -> Result<Vec<Review>> {
    let found = rows::list(&mut platform.control().read().await?, organization, LIST_MAX).await?;
    Ok(found.into_iter().map(review_of).collect())
}

/// The newest review of the appliance's logs, and when its log begins.
pub(crate) async fn newest(platform: &Platform) -> Result<(Option<Review>, rows::ReviewFigures)> {
    let mut read = platform.control().read().await?;
    let newest = rows::list(&mut read, None, 1).await?.into_iter().next();
    Ok((newest.map(review_of), rows::figures(&mut read).await?))
}
