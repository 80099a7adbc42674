//! Background jobs. Payload and result carry ids and counts, never values of records.
//!
//! Invariants: a job runs under a lease; when its worker dies the lease runs out and another takes it, at most
//! [`ATTEMPTS_MAX`] times; a worker that lost its lease can change nothing any more. What failed and was put back does not count there. A draft waits for its maker's
//! confirmation and is never claimed. Start at [`insert`] and [`claim_next`].

use super::{
    Keeps, Reads,
    account::found,
    column::{Column, text_enum},
    schema::job,
};
use crate::StoreError;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, PgExpressionMethods,
    PgJsonbExpressionMethods, QueryDsl, SelectableHelper,
    sql_types::{Integer, Timestamptz},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use serde_json::Value;
use types::{AccountId, JobId, OrganizationId, PageSize};

/// How often a job is claimed without anybody having noted what came of it.
pub const ATTEMPTS_MAX: i32 = 3;

text_enum! {
    /// Where a job is in its life.
    JobState {
        /// Prepared, not yet confirmed.
        Draft = "draft",
        /// To be claimed.
        Waiting = "waiting",
        /// Claimed by a worker.
        Running = "running",
        /// Did what it was to do.
        Done = "done",
        /// Gave up.
        Failed = "failed",
        /// Called off.
        Cancelled = "cancelled",
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = job)]
pub struct Job {
    /// Its id.
    #[diesel(deserialize_as = Column<JobId>)]
    pub id: JobId,
    /// For which organization; `None` is the appliance.
    #[diesel(deserialize_as = Column<Option<OrganizationId>>)]
    pub organization_id: Option<OrganizationId>,
    /// On whose behalf; `None` is the appliance itself.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub account_id: Option<AccountId>,
    /// What kind of work.
    pub kind: String,
    /// Where it is in its life.
    pub state: JobState,
    /// What to do.
    pub payload: Value,
    /// How far it is.
    pub progress: Value,
    /// What came of it.
    pub result: Option<Value>,
    /// How often it was claimed.
    pub attempts: i32,
    /// When it was made.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it was first claimed.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub started_at: Option<Timestamp>,
    /// When it was done, failed or called off.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub finished_at: Option<Timestamp>,
    /// Until when its worker has it.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub lease_until: Option<Timestamp>,
    /// How often it was put back.
    pub failures: i32,
}

/// A job to insert.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// For which organization; `None` is the appliance.
    pub organization: Option<OrganizationId>,
    /// On whose behalf.
    pub account: Option<AccountId>,
    /// What kind of work.
    pub kind: String,
    /// Whether it waits for confirmation.
    pub start: JobStart,
    /// What to do.
    pub payload: Value,
    /// Now.
    pub created_at: Timestamp,
}

/// How a job begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStart {
    /// It waits until [`release`].
    Draft,
    /// It can be claimed at once.
    Waiting,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// It did what it was to do.
    Done(Value),
    /// It gave up.
    Failed(Value),
}

/// Whether a worker still has its job.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It has.
    Held,
    /// The job was called off, or another worker has it: stop.
    Lost,
}

impl From<usize> for Lease {
    fn from(rows: usize) -> Self {
        if rows == 0 { Self::Lost } else { Self::Held }
    }
}

/// How many jobs of a kind wait or run.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_unfinished(on: &mut impl Reads, kind: &str) -> Result<i64, StoreError> {
    let unfinished = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let query = job::table
        .filter(job::kind.eq(kind))
        .filter(job::state.eq_any(unfinished));
    Ok(query.count().get_result(on.connection()?).await?)
}

/// How many jobs of a kind whose payload has this text under `name` were put up since.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_since(
    on: &mut impl Reads,
    kind: &str,
    name: &str,
    text: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let query = job::table
        .filter(job::kind.eq(kind))
        .filter(job::created_at.gt(since.to_diesel()))
        .filter(job::payload.contains(serde_json::json!({ name: text })));
    Ok(query.count().get_result(on.connection()?).await?)
}

/// Whether a job of a kind whose payload has this text under `name` waits, runs, or was done since; one that ended with `left_out` has
/// done nothing.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn is_unfailed_since(
    on: &mut impl Reads,
    kind: &str,
    name: &str,
    text: &str,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let unfinished = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let is_done = job::state
        .eq(JobState::Done.as_str())
        .and(job::finished_at.ge(since.to_diesel()))
        .and(job::result.has_key("left_out").is_distinct_from(Some(true)));
    let query = job::table
        .filter(job::kind.eq(kind))
        .filter(job::payload.contains(serde_json::json!({ name: text })))
        .filter(job::state.eq_any(unfinished).or(is_done));
    let count: i64 = query.count().get_result(on.connection()?).await?;
    Ok(count > 0)
}

/// When the last job of a kind came to such an end.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn last_end(
    on: &mut impl Reads,
    kind: &str,
    end: JobState,
) -> Result<Option<Timestamp>, StoreError> {
    let query = job::table
        .filter(job::kind.eq(kind))
        .filter(job::state.eq(end.as_str()))
        .filter(job::finished_at.is_not_null())
        .order(job::finished_at.desc())
        .select(job::finished_at);
    let found: Option<NullableTimestamp> = query.first(on.connection()?).await.optional()?;
    Ok(found.and_then(NullableTimestamp::to_jiff))
}

/// How many jobs of a kind were given up.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_failed(on: &mut impl Reads, kind: &str) -> Result<i64, StoreError> {
    let query = job::table
        .filter(job::kind.eq(kind))
        .filter(job::state.eq(JobState::Failed.as_str()));
    Ok(query.count().get_result(on.connection()?).await?)
}

/// What came of the job of a kind that was given up last.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn last_failure(on: &mut impl Reads, kind: &str) -> Result<Option<Value>, StoreError> {
    let query = job::table
        .filter(job::kind.eq(kind))
        .filter(job::state.eq(JobState::Failed.as_str()))
        .order(job::finished_at.desc())
        .select(job::result);
    let found: Option<Option<Value>> = query.first(on.connection()?).await.optional()?;
    Ok(found.flatten())
}

/// Inserts a job.
///
/// # Errors
/// [`StoreError::Dangling`] when account or organization is not there.
pub async fn insert(on: &mut impl Keeps, new: NewJob) -> Result<(), StoreError> {
    let state = match new.start {
        JobStart::Draft => JobState::Draft,
        JobStart::Waiting => JobState::Waiting,
    };
    let row = (
        job::id.eq(new.id.0),
        job::organization_id.eq(new.organization.map(|id| id.0)),
        job::account_id.eq(new.account.map(|id| id.0)),
        job::kind.eq(new.kind),
        job::state.eq(state.as_str()),
        job::payload.eq(new.payload),
        job::created_at.eq(new.created_at.to_diesel()),
    );
    diesel::insert_into(job::table)
        .values(row)
        .execute(on.connection()?)
        .await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Claimed {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: uuid::Uuid,
}

/// Claims the oldest job that waits and may be tried, or whose lease has run out, until `lease_until`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn claim_next(
    on: &mut impl Keeps,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let text = "UPDATE strongroom.job SET state = 'running', attempts = attempts + 1, lease_until = $2,
            started_at = coalesce(started_at, $1)
        WHERE id = (
            SELECT id FROM strongroom.job
            WHERE (state = 'waiting' AND (not_before IS NULL OR not_before <= $1) OR state = 'running' AND lease_until < $1)
                AND attempts - failures < $3
            ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id";
    let claim = diesel::sql_query(text)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Timestamptz, _>(lease_until.to_diesel())
        .bind::<Integer, _>(ATTEMPTS_MAX);
    let claimed: Option<Claimed> = claim.get_result(on.connection()?).await.optional()?;
    let Some(Claimed { id }) = claimed else {
        return Ok(None);
    };
    let query = job::table.find(id).select(Job::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Fails the jobs whose last attempt ran out of its lease; answers which, at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn fail_exhausted(
    on: &mut impl Keeps,
    now: Timestamp,
    result: &Value,
) -> Result<Vec<JobId>, StoreError> {
    let exhausted = job::table
        .filter(job::state.eq(JobState::Running.as_str()))
        .filter(job::lease_until.lt(now.to_diesel()))
        .filter((job::attempts - job::failures).ge(ATTEMPTS_MAX));
    let change = (
        job::state.eq(JobState::Failed.as_str()),
        job::finished_at.eq(now.to_diesel()),
        job::result.eq(result),
    );
    let query = diesel::update(exhausted).set(change).returning(job::id);
    let ids: Vec<uuid::Uuid> = query.load(on.connection()?).await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// The kinds of the jobs that a worker holds at this moment, at most 100.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn running_kinds(on: &mut impl Reads, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let running = job::table
        .filter(job::state.eq(JobState::Running.as_str()))
        .filter(job::lease_until.ge(now.to_diesel()))
        .order(job::kind)
        .limit(100);
    Ok(running.select(job::kind).load(on.connection()?).await?)
}

/// The claimed job's row while this claim still holds it; a later claim counts one attempt more.
macro_rules! held {
    ($claimed:expr) => {
        job::table
            .find($claimed.id.0)
            .filter(job::state.eq(JobState::Running.as_str()))
            .filter(job::attempts.eq($claimed.attempts))
    };
}

/// Keeps a claimed job until a later time.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn extend_lease(
    on: &mut impl Keeps,
    claimed: &Job,
    lease_until: Timestamp,
) -> Result<Lease, StoreError> {
    let query = diesel::update(held!(claimed)).set(job::lease_until.eq(lease_until.to_diesel()));
    Ok(query.execute(on.connection()?).await?.into())
}

/// Notes how far a claimed job is.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn set_progress(on: &mut impl Keeps, claimed: &Job, progress: &Value) -> Result<Lease, StoreError> {
    let query = diesel::update(held!(claimed)).set(job::progress.eq(progress));
    Ok(query.execute(on.connection()?).await?.into())
}

/// Puts a claimed job back that failed for a reason that passes; it is not claimed before a time.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn put_back(
    on: &mut impl Keeps,
    claimed: &Job,
    not_before: Timestamp,
) -> Result<Lease, StoreError> {
    let change = (
        job::state.eq(JobState::Waiting.as_str()),
        job::failures.eq(job::failures + 1),
        job::not_before.eq(not_before.to_diesel()),
        job::lease_until.eq(None::<diesel::pg::data_types::PgTimestamp>),
    );
    let query = diesel::update(held!(claimed)).set(change);
    Ok(query.execute(on.connection()?).await?.into())
}

/// Ends a claimed job.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn finish(
    on: &mut impl Keeps,
    claimed: &Job,
    end: JobEnd,
    now: Timestamp,
) -> Result<Lease, StoreError> {
    let (state, result) = match end {
        JobEnd::Done(result) => (JobState::Done, result),
        JobEnd::Failed(result) => (JobState::Failed, result),
    };
    let change = (
        job::state.eq(state.as_str()),
        job::result.eq(result),
        job::finished_at.eq(now.to_diesel()),
    );
    let query = diesel::update(held!(claimed)).set(change);
    Ok(query.execute(on.connection()?).await?.into())
}

/// Calls off a job of an organization that has not ended; its worker finds its lease lost.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or has ended.
pub async fn cancel(
    on: &mut impl Keeps,
    organization: Option<OrganizationId>,
    id: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let unfinished = [JobState::Draft, JobState::Waiting, JobState::Running].map(JobState::as_str);
    let target = job::table
        .find(id.0)
        .filter(job::organization_id.is_not_distinct_from(organization.map(|id| id.0)))
        .filter(job::state.eq_any(unfinished));
    let change = (
        job::state.eq(JobState::Cancelled.as_str()),
        job::finished_at.eq(now.to_diesel()),
    );
    found(
        diesel::update(target)
            .set(change)
            .execute(on.connection()?)
            .await?,
    )
}

/// Drafts of a kind that were made before a time, oldest first, at most 100: the next look finds the others.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_drafts(
    on: &mut impl Reads,
    organization: OrganizationId,
    kind: &str,
    before: Timestamp,
) -> Result<Vec<Job>, StoreError> {
    let query = job::table
        .filter(job::organization_id.eq(organization.0))
        .filter(job::kind.eq(kind))
        .filter(job::state.eq(JobState::Draft.as_str()))
        .filter(job::created_at.lt(before.to_diesel()))
        .order((job::created_at, job::id))
        .limit(100);
    Ok(query.select(Job::as_select()).load(on.connection()?).await?)
}

/// An account's own jobs of a kind that were made since a time, newest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_own(
    on: &mut impl Reads,
    organization: OrganizationId,
    account: AccountId,
    kind: &str,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let query = job::table
        .filter(job::organization_id.eq(organization.0))
        .filter(job::account_id.eq(account.0))
        .filter(job::kind.eq(kind))
        .filter(job::created_at.gt(since.to_diesel()))
        .order((job::created_at.desc(), job::id))
        .limit(limit);
    Ok(query.select(Job::as_select()).load(on.connection()?).await?)
}

/// Calls a draft off, unless it was started.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or no draft.
pub async fn abandon(
    on: &mut impl Keeps,
    organization: OrganizationId,
    id: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let draft = job::table
        .find(id.0)
        .filter(job::organization_id.eq(organization.0))
        .filter(job::state.eq(JobState::Draft.as_str()));
    let change = (
        job::state.eq(JobState::Cancelled.as_str()),
        job::finished_at.eq(now.to_diesel()),
    );
    found(
        diesel::update(draft)
            .set(change)
            .execute(on.connection()?)
            .await?,
    )
}

/// Confirms a draft: with its final payload it can be claimed.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or no draft.
pub async fn release(
    on: &mut impl Keeps,
    organization: Option<OrganizationId>,
    id: JobId,
    payload: &Value,
) -> Result<(), StoreError> {
    let draft = job::table
        .find(id.0)
        .filter(job::organization_id.is_not_distinct_from(organization.map(|id| id.0)))
        .filter(job::state.eq(JobState::Draft.as_str()));
    let change = (
        job::state.eq(JobState::Waiting.as_str()),
        job::payload.eq(payload),
    );
    found(
        diesel::update(draft)
            .set(change)
            .execute(on.connection()?)
            .await?,
    )
}

/// A job of an organization, or of the appliance.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(
    on: &mut impl Reads,
    organization: Option<OrganizationId>,
    id: JobId,
) -> Result<Option<Job>, StoreError> {
    let query = job::table
        .find(id.0)
        .filter(job::organization_id.is_not_distinct_from(organization.map(|id| id.0)));
    Ok(query
        .select(Job::as_select())
        .first(on.connection()?)
        .await
        .optional()?)
}

/// Jobs of an organization, or of the appliance, newest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(
    on: &mut impl Reads,
    organization: Option<OrganizationId>,
    limit: PageSize,
) -> Result<Vec<Job>, StoreError> {
    let query = job::table
        .order((job::created_at.desc(), job::id.desc()))
        .limit(limit.get().into())
        .into_boxed();
    // Not `IS NOT DISTINCT FROM`: it uses no index.
    let query = match organization {
        Some(organization) => query.filter(job::organization_id.eq(organization.0)),
        None => query.filter(job::organization_id.is_null()),
    };
    Ok(query.select(Job::as_select()).load(on.connection()?).await?)
}
