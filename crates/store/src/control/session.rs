//! Sessions: signed-in browsers. Only the hash of a session's token is stored.

use super::{
    ControlTx, Keeps, Reads,
    account::{Account, found},
    column::Column,
    schema::{account, session},
};
use crate::StoreError;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    sql_types::{BigInt, Integer, Nullable, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, PageSize, SessionId};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = session)]
pub struct Session {
    /// Its id.
    #[diesel(deserialize_as = Column<SessionId>)]
    pub id: SessionId,
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// When it began.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it was last used.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub expires_at: Timestamp,
    /// When it was ended.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub ended_at: Option<Timestamp>,
    /// The network address it began from.
    pub address: String,
    /// The browser, as it called itself.
    pub device: String,
    /// How the second step was passed, if it was.
    pub factor: Option<String>,
    /// Until when it may do what needs a fresh proof.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub elevated_until: Option<Timestamp>,
}

/// How a session passed the second step of its sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedFactor {
    /// A code of an authenticator app.
    Totp,
    /// A passkey or security key.
    Passkey,
    /// A code by mail.
    Mail,
    /// A code by SMS.
    Sms,
    /// A recovery code.
    Recovery,
    /// It went past it, by a link made on the host.
    BreakGlass,
    /// The provider that the person came from saw one, and the operator lets that count.
    Provider,
}

impl PassedFactor {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Mail => "mail",
            Self::Sms => "sms",
            Self::Recovery => "recovery",
            Self::BreakGlass => "break-glass",
            Self::Provider => "provider",
        }
    }
}

/// A session to insert.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The hash of its token.
    pub token_hash: Vec<u8>,
    /// Whose.
    pub account: AccountId,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// The network address.
    pub address: String,
    /// The browser, as it called itself.
    pub device: String,
    /// How the second step was passed, if it was.
    pub factor: Option<PassedFactor>,
    /// Until when it may do what needs a fresh proof.
    pub elevated_until: Timestamp,
}

/// Inserts a session.
///
/// # Errors
/// [`StoreError::Dangling`] when the account is not there.
pub async fn insert(tx: &mut ControlTx, new: NewSession) -> Result<(), StoreError> {
    let row = (
        session::id.eq(new.id.0),
        session::token_hash.eq(new.token_hash),
        session::account_id.eq(new.account.0),
        session::created_at.eq(new.created_at.to_diesel()),
        session::last_seen_at.eq(new.created_at.to_diesel()),
        session::expires_at.eq(new.expires_at.to_diesel()),
        session::address.eq(new.address),
        session::device.eq(new.device),
        session::factor.eq(new.factor.map(PassedFactor::as_str)),
        session::elevated_until.eq(new.elevated_until.to_diesel()),
    );
    diesel::insert_into(session::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The session of a token, with its account in whatever state, unless it has ended or expired.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live_by_hash(
    on: &mut impl Reads,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Session, Account)>, StoreError> {
    let query = session::table
        .inner_join(account::table)
        .filter(session::token_hash.eq(token_hash))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now.to_diesel()))
        .select((Session::as_select(), Account::as_select()));
    Ok(query.first(on.connection()?).await.optional()?)
}

/// A session known by its id, with its account in whatever state, unless it has ended or expired.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live(
    on: &mut impl Reads,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, StoreError> {
    let query = session::table
        .inner_join(account::table)
        .filter(session::id.eq(id.0))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now.to_diesel()))
        .select((Session::as_select(), Account::as_select()));
    Ok(query.first(on.connection()?).await.optional()?)
}

/// The tightest bounds that the organizations of a person set, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, diesel::QueryableByName)]
pub struct Bounds {
    /// Longest time without use.
    #[diesel(sql_type = Nullable<Integer>)]
    pub idle_seconds_max: Option<i32>,
    /// Longest time in all.
    #[diesel(sql_type = Nullable<Integer>)]
    pub absolute_seconds_max: Option<i32>,
}

/// The bounds for an account: the tightest of every organization in which its membership counts.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn bounds_of(on: &mut impl Reads, account: AccountId) -> Result<Bounds, StoreError> {
    let text = "SELECT min((o.requirements ->> 'session_idle_seconds_max')::integer) AS idle_seconds_max,
            min((o.requirements ->> 'session_absolute_seconds_max')::integer) AS absolute_seconds_max
        FROM strongroom.membership m JOIN strongroom.organization o ON o.id = m.organization_id
        WHERE m.account_id = $1 AND m.state = 'active'";
    let query = diesel::sql_query(text).bind::<SqlUuid, _>(account.0);
    Ok(query.get_result(on.connection()?).await?)
}

/// Notes that a session was used.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn touch(on: &mut impl Keeps, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let query = diesel::update(session::table.find(id.0)).set(session::last_seen_at.eq(now.to_diesel()));
    query.execute(on.connection()?).await?;
    Ok(())
}

/// Gives a live session a new token and time to do what needs a fresh proof; where a factor was passed, notes which.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or has ended.
pub async fn elevate(
    tx: &mut ControlTx,
    id: SessionId,
    token_hash: &[u8],
    factor: Option<PassedFactor>,
    until: Timestamp,
) -> Result<(), StoreError> {
    let live = session::table.find(id.0).filter(session::ended_at.is_null());
    let change = (
        session::token_hash.eq(token_hash),
        session::elevated_until.eq(until.to_diesel()),
    );
    let rows = match factor {
        Some(factor) => {
            let change = (change, session::factor.eq(factor.as_str()));
            diesel::update(live).set(change).execute(tx.connection()?).await?
        }
        None => diesel::update(live).set(change).execute(tx.connection()?).await?,
    };
    found(rows)
}

/// Ends a session by its own sign-out, which leaves what runs in its name.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or has ended.
pub async fn sign_out(tx: &mut ControlTx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let live = session::table.find(id.0).filter(session::ended_at.is_null());
    let query = diesel::update(live).set(session::ended_at.eq(now.to_diesel()));
    found(query.execute(tx.connection()?).await?)
}

/// Ends a session, and with it what runs in its name.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or has ended.
pub async fn end(tx: &mut ControlTx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let live = session::table.find(id.0).filter(session::ended_at.is_null());
    let change = (session::ended_at.eq(now.to_diesel()), session::withdrawn.eq(true));
    found(diesel::update(live).set(change).execute(tx.connection()?).await?)
}

/// Whether a session was ended by anything but its own sign-out or its time, or its account was put out since; one that is not there
/// counts as if.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn is_withdrawn(on: &mut impl Reads, id: SessionId) -> Result<bool, StoreError> {
    let query = session::table.find(id.0).select(session::withdrawn);
    let withdrawn: Option<bool> = query.first(on.connection()?).await.optional()?;
    Ok(withdrawn.unwrap_or(true))
}

/// Ends every session of an account; answers how many were live. What runs in their names ends, and what goes on after a sign-out too:
/// whoever puts somebody out means all of it.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn end_all_of(tx: &mut ControlTx, account: AccountId, now: Timestamp) -> Result<usize, StoreError> {
    end_but(tx, account, None, now).await
}

/// The same, but for one session that stays.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn end_others_of(
    tx: &mut ControlTx,
    account: AccountId,
    kept: SessionId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    end_but(tx, account, Some(kept), now).await
}

async fn end_but(
    tx: &mut ControlTx,
    account: AccountId,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    // No session has the nil id.
    let kept = kept.map_or_else(uuid::Uuid::nil, |kept| kept.0);
    let theirs = || {
        session::table
            .filter(session::account_id.eq(account.0))
            .filter(session::id.ne(kept))
    };
    let running = theirs().filter(session::withdrawn.eq(false));
    let withdraw = diesel::update(running).set(session::withdrawn.eq(true));
    withdraw.execute(tx.connection()?).await?;
    let live = theirs().filter(session::ended_at.is_null());
    let end = diesel::update(live).set(session::ended_at.eq(now.to_diesel()));
    Ok(end.execute(tx.connection()?).await?)
}

#[derive(diesel::QueryableByName)]
struct Ended {
    #[diesel(sql_type = SqlUuid)]
    id: uuid::Uuid,
}

/// Ends sessions that are past their bounds, whoever's they are: at most `limit`, the longest unused first. Answers which.
/// The bounds are the appliance's, or tighter ones of an organization.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn end_overdue(
    tx: &mut ControlTx,
    idle_seconds_max: i64,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<SessionId>, StoreError> {
    let text = format!(
        "UPDATE strongroom.session SET ended_at = $2 WHERE id IN (
            SELECT s.id FROM strongroom.session s {BOUNDED} WHERE s.ended_at IS NULL
                AND (s.expires_at <= $2
                    OR s.last_seen_at < $2 - make_interval(secs => least($1, b.idle))
                    OR s.created_at < $2 - make_interval(secs => b.absolute))
            ORDER BY s.last_seen_at LIMIT $3 FOR UPDATE OF s SKIP LOCKED) RETURNING id"
    );
    let query = diesel::sql_query(text)
        .bind::<BigInt, _>(idle_seconds_max)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<BigInt, _>(limit);
    let ended: Vec<Ended> = query.load(tx.connection()?).await?;
    Ok(ended.into_iter().map(|row| SessionId(row.id)).collect())
}

/// The bounds of a session's organizations, for a query on `session s`.
const BOUNDED: &str = "CROSS JOIN LATERAL (
        SELECT min((o.requirements ->> 'session_idle_seconds_max')::integer) AS idle,
            min((o.requirements ->> 'session_absolute_seconds_max')::integer) AS absolute
        FROM strongroom.membership m JOIN strongroom.organization o ON o.id = m.organization_id
        WHERE m.account_id = s.account_id AND m.state = 'active') b";

/// How sessions stand to their bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct SessionFigures {
    /// Neither ended nor past their bounds.
    #[diesel(sql_type = BigInt)]
    pub live: i64,
    /// Not ended, though idle or old for longer than `slack` beyond their bounds.
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
    /// Live beyond the appliance's absolute bound.
    #[diesel(sql_type = BigInt)]
    pub too_long: i64,
    /// Made or used in the future, which would keep them alive for longer than they may.
    #[diesel(sql_type = BigInt)]
    pub from_the_future: i64,
}

/// Counts sessions by the database's own clock.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn figures(
    on: &mut impl Reads,
    idle_seconds_max: i64,
    absolute_seconds_max: i64,
    slack_seconds: i64,
) -> Result<SessionFigures, StoreError> {
    let text = format!(
        "WITH open AS (
            SELECT s.*, least($1, b.idle) AS idle, least($2, b.absolute) AS absolute, now() AS at
            FROM strongroom.session s {BOUNDED} WHERE s.ended_at IS NULL
        ), judged AS (
            SELECT *, expires_at > at AND last_seen_at >= at - make_interval(secs => idle)
                AND created_at >= at - make_interval(secs => absolute) AS live FROM open
        )
        SELECT count(*) FILTER (WHERE live) AS live,
            count(*) FILTER (WHERE least(expires_at, last_seen_at + make_interval(secs => idle),
                created_at + make_interval(secs => absolute)) < at - make_interval(secs => $3)) AS overdue,
            count(*) FILTER (WHERE live AND expires_at > created_at + make_interval(secs => $2 + 1)) AS too_long,
            count(*) FILTER (WHERE live AND greatest(created_at, last_seen_at)
                > at + make_interval(secs => $3)) AS from_the_future
        FROM judged"
    );
    let query = diesel::sql_query(text)
        .bind::<BigInt, _>(idle_seconds_max)
        .bind::<BigInt, _>(absolute_seconds_max)
        .bind::<BigInt, _>(slack_seconds);
    Ok(query.get_result(on.connection()?).await?)
}

/// An account's sessions that have not ended, newest first; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of(
    on: &mut impl Reads,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let query = session::table
        .filter(session::account_id.eq(account.0))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now.to_diesel()))
        .order(session::id.desc())
        .limit(PageSize::MAX.into());
    Ok(query.select(Session::as_select()).load(on.connection()?).await?)
}
