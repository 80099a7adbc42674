//! Idempotency keys: a request that is sent again gets the answer of the first.
//!
//! Invariant: of two requests with one scope, exactly one is told [`Begun::Fresh`].

use super::{Keeps, account::found, schema::idempotency};
use crate::StoreError;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use types::OrganizationId;

/// After so long without an answer whoever sends a request again is told to look what became of it.
pub const RUNNING_MAX: SignedDuration = SignedDuration::from_hours(2);
/// How long an answer is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What is known of a request.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: carry it out, then [`finish`] or [`abandon`].
    Fresh,
    /// The first one is still being carried out.
    Running,
    /// It began long ago and has no answer, as where whoever carried it out has died.
    Lost,
    /// The key was used for another request.
    Mismatch,
    /// The first one's answer, sealed.
    Done(Vec<u8>),
    /// It was carried out, and its answer went with what was erased.
    Erased,
}

/// Claims a scope (SHA-256 over who, where and the key) for a request, of an organization where it is into one, or says what
/// became of the first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn begin(
    on: &mut impl Keeps,
    scope: [u8; 32],
    request_hash: [u8; 32],
    organization: Option<OrganizationId>,
    now: Timestamp,
) -> Result<Begun, StoreError> {
    let row = (
        idempotency::scope.eq(scope.to_vec()),
        idempotency::request_hash.eq(request_hash.to_vec()),
        idempotency::created_at.eq(now.to_diesel()),
        idempotency::organization_id.eq(organization.map(|organization| organization.0)),
    );
    let insert = diesel::insert_into(idempotency::table)
        .values(row)
        .on_conflict_do_nothing();
    if insert.execute(on.connection()?).await? == 1 {
        return Ok(Begun::Fresh);
    }
    let query = idempotency::table.find(scope.to_vec());
    let query = query.select((
        idempotency::request_hash,
        idempotency::response,
        idempotency::created_at,
    ));
    type First = (Vec<u8>, Option<Vec<u8>>, jiff_diesel::Timestamp);
    let first: Option<First> = query.first(on.connection()?).await.optional()?;
    Ok(match first {
        Some((hash, ..)) if hash != request_hash => Begun::Mismatch,
        Some((_, Some(response), _)) if response.is_empty() => Begun::Erased,
        Some((_, Some(response), _)) => Begun::Done(response),
        Some((_, None, began)) if now.duration_since(began.to_jiff()) > RUNNING_MAX => Begun::Lost,
        // Gone again means that the first was abandoned just now; asking once more finds the scope free.
        Some((_, None, _)) | None => Begun::Running,
    })
}

/// Keeps the answer, sealed.
///
/// # Errors
/// [`StoreError::NotFound`] when the scope was not begun, or finished already.
pub async fn finish(on: &mut impl Keeps, scope: [u8; 32], response: &[u8]) -> Result<(), StoreError> {
    let running = idempotency::table
        .find(scope.to_vec())
        .filter(idempotency::response.is_null());
    let query = diesel::update(running).set(idempotency::response.eq(response));
    found(query.execute(on.connection()?).await?)
}

/// Gives the scope free again: the request was not carried out.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn abandon(on: &mut impl Keeps, scope: [u8; 32]) -> Result<(), StoreError> {
    let running = idempotency::table
        .find(scope.to_vec())
        .filter(idempotency::response.is_null());
    diesel::delete(running).execute(on.connection()?).await?;
    Ok(())
}

/// Takes the answers that are kept of an organization's requests, and not that the requests were carried out: sent again, they must
/// not be carried out again. Answers how many.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn erase(on: &mut impl Keeps, organization: OrganizationId) -> Result<usize, StoreError> {
    let answered = idempotency::table
        .filter(idempotency::organization_id.eq(organization.0))
        .filter(idempotency::response.is_not_null());
    let query = diesel::update(answered).set(idempotency::response.eq(Some(Vec::new())));
    Ok(query.execute(on.connection()?).await?)
}

/// Forgets what is older than [`KEPT`]; answers how many.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn purge(on: &mut impl Keeps, now: Timestamp) -> Result<usize, StoreError> {
    let old = idempotency::table.filter(idempotency::created_at.lt((now - KEPT).to_diesel()));
    Ok(diesel::delete(old).execute(on.connection()?).await?)
}
