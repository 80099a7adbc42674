//! The log's leaves: read by everybody here, appended by the one session that leads.
//!
//! Invariants: a [`Lead`] holds the database's lock for as long as it lives, unless another login than the program's sits on it, and
//! every append names its epoch, so that a leader that was cut off appends nothing once another leads; the database holds each leaf against the outbox and refuses
//! what does not match (`strongroom.append_leaves`). Start at [`lead`].

use super::{Control, Reads, pool::Pooled, transaction::sealed::Connected};
use crate::{StoreError, connect::Client};
use diesel::{
    OptionalExtension,
    sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use jiff::Timestamp;
use jiff_diesel::NullableTimestamp;
use types::{EntryId, OrganizationId};

/// Length of a leaf in bytes, as the table demands it.
pub const LEAF_BYTES: usize = 188;
/// Most entries that one append takes out of the outbox.
pub const BATCH_MAX: i64 = 5_000;

/// What waits in the outbox, with how far its home's own order has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number in the outbox.
    pub sequence: i64,
    /// Whose log: a schema's name, `strongroom` for the appliance's.
    pub home: String,
    /// As [`crate::NewEntry::kind`].
    pub kind: i16,
    /// The version of the key that sealed header and image.
    pub key_version: i32,
    /// Commitments to header, before and after.
    pub commitments: [[u8; 32]; 3],
    /// The home's random tag.
    pub tag: [u8; 16],
    /// The home's newest place before anything that waits; 0 before the first.
    pub home_sequence: i64,
    /// The leaf hash at that place; zeros before the first.
    pub home_previous: [u8; 32],
}

/// A leaf with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// Its index, from 0.
    pub index: i64,
    /// Its bytes.
    pub leaf: [u8; LEAF_BYTES],
}

/// Where an entry is on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// In the outbox.
    Pending {
        /// Since when.
        since: Timestamp,
    },
    /// In the log.
    Logged(StoredLeaf),
    /// In neither: it was tampered with, or never appended.
    Nowhere,
}

/// How the outbox and the log stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Leaves.
    pub size: i64,
    /// Entries that wait.
    pub pending: i64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

/// The one session that appends.
pub struct Lead {
    pooled: Pooled,
    epoch: i64,
}

#[derive(diesel::QueryableByName)]
struct Taken {
    #[diesel(sql_type = Nullable<BigInt>)]
    epoch: Option<i64>,
}

/// Takes the lead; none while another session has it.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn lead(control: &Control) -> Result<Option<Lead>, StoreError> {
    let mut pooled = control.pool.take().await?;
    // The lock is the session's: a connection that had it is never given to anybody else.
    pooled.close_afterwards();
    let connection = pooled.connection()?;
    // What is published must be in the database after a crash, whatever the cluster's setting.
    connection.batch_execute("SET synchronous_commit = on").await?;
    let query = diesel::sql_query("SELECT strongroom.take_audit_lease() AS epoch");
    let taken: Taken = query.get_result(connection).await?;
    if taken.epoch.is_some() && !has_lock(connection).await? {
        tracing::warn!(
            "another login than the program's holds the lock of this session of the audit log, which goes on without it; \
             find out who it is in pg_locks and pg_stat_activity (locktype advisory)"
        );
    }
    Ok(taken.epoch.map(|epoch| Lead { pooled, epoch }))
}

async fn has_lock(connection: &mut AsyncPgConnection) -> Result<bool, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Has {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        has: bool,
    }
    let text = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()) AS has";
    let row: Has = diesel::sql_query(text).get_result(connection).await?;
    Ok(row.has)
}

impl Connected for Lead {
    fn connection(&mut self) -> Result<&mut AsyncPgConnection, StoreError> {
        self.pooled.connection()
    }
}

impl Reads for Lead {}

#[derive(diesel::QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Text)]
    schema_name: String,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Integer)]
    key_version: i32,
    #[diesel(sql_type = Binary)]
    c_header: Vec<u8>,
    #[diesel(sql_type = Binary)]
    c_before: Vec<u8>,
    #[diesel(sql_type = Binary)]
    c_after: Vec<u8>,
    #[diesel(sql_type = Binary)]
    tag: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    home_sequence: i64,
    #[diesel(sql_type = Binary)]
    previous: Vec<u8>,
}

#[derive(diesel::QueryableByName)]
struct LeafRow {
    #[diesel(sql_type = BigInt)]
    index: i64,
    #[diesel(sql_type = Binary)]
    leaf: Vec<u8>,
}

fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    let wrong = || StoreError::unexpected(format!("{} bytes where {N} belong", bytes.len()));
    bytes.try_into().map_err(|_| wrong())
}

fn leaf_of(row: &LeafRow) -> Result<StoredLeaf, StoreError> {
    Ok(StoredLeaf {
        index: row.index,
        leaf: exact(&row.leaf)?,
    })
}

fn waiting_of(row: WaitingRow) -> Result<Waiting, StoreError> {
    Ok(Waiting {
        sequence: row.sequence,
        home: row.schema_name,
        kind: row.kind,
        key_version: row.key_version,
        commitments: [exact(&row.c_header)?, exact(&row.c_before)?, exact(&row.c_after)?],
        tag: exact(&row.tag)?,
        home_sequence: row.home_sequence,
        home_previous: exact(&row.previous)?,
    })
}

impl Lead {
    /// What waits, the oldest first, at most `limit` of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Internal`] for an outbox that names a home which is not there.
    pub async fn waiting(&mut self, limit: i64) -> Result<Vec<Waiting>, StoreError> {
        // Without the tag nothing can be logged: a missing home must fail here, and not be passed over.
        let text = "SELECT p.sequence, p.schema_name, p.kind, p.key_version, p.c_header, p.c_before, p.c_after,
                coalesce(h.tag, '') AS tag, coalesce(h.sequence, 0) AS home_sequence, coalesce(h.previous, '') AS previous
            FROM strongroom.audit_pending p LEFT JOIN strongroom.audit_home h ON h.schema_name = p.schema_name
            ORDER BY p.sequence LIMIT $1";
        let query = diesel::sql_query(text).bind::<BigInt, _>(limit.clamp(1, BATCH_MAX));
        let rows: Vec<WaitingRow> = query.load(self.pooled.connection()?).await?;
        rows.into_iter().map(waiting_of).collect()
    }

    /// The appliance's own home: its newest place and the leaf hash there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn appliance_home(&mut self) -> Result<(i64, [u8; 32]), StoreError> {
        let text = "SELECT sequence AS index, previous AS leaf FROM strongroom.audit_home WHERE schema_name = 'strongroom'";
        let row: LeafRow = diesel::sql_query(text)
            .get_result(self.pooled.connection()?)
            .await?;
        Ok((row.index, exact(&row.leaf)?))
    }

    /// Appends leaves from `first` on and takes what they stand for out of the outbox, all or nothing; none in `waiting` is a
    /// heartbeat.
    ///
    /// # Errors
    /// What the database refused: another leads, or a leaf is not what waits.
    pub async fn append(
        &mut self,
        first: i64,
        waiting: &[Option<i64>],
        leaves: &[[u8; LEAF_BYTES]],
    ) -> Result<(), StoreError> {
        let leaves: Vec<&[u8]> = leaves.iter().map(<[u8; LEAF_BYTES]>::as_slice).collect();
        let query = diesel::sql_query("SELECT strongroom.append_leaves($1, $2, $3, $4)")
            .bind::<BigInt, _>(self.epoch)
            .bind::<BigInt, _>(first)
            .bind::<Array<Nullable<BigInt>>, _>(waiting)
            .bind::<Array<Binary>, _>(leaves);
        query.execute(self.pooled.connection()?).await?;
        Ok(())
    }

    /// Lets another session lead at once, where dropping waits until the server sees the connection's end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn close(mut self) -> Result<(), StoreError> {
        let unlock = "SELECT pg_advisory_unlock_all()";
        Ok(self.pooled.connection()?.batch_execute(unlock).await?)
    }

    /// Forgets whose the leaves of organizations were that are gone; says of how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn forget_homes(&mut self) -> Result<i64, StoreError> {
        let query = diesel::sql_query("SELECT strongroom.forget_audit_homes() AS epoch");
        let forgotten: Taken = query.get_result(self.pooled.connection()?).await?;
        let forgotten = forgotten.epoch.unwrap_or(0);
        if forgotten > 0 {
            let rewrite = "SELECT strongroom.rewrite_audit_homes()";
            self.pooled.connection()?.batch_execute(rewrite).await?;
        }
        Ok(forgotten)
    }
}

/// Brings leaves back from `first` on that a restore of the database lost, as the cluster's superuser; says how many of them were of
/// entries that waited. The caller leads, and has compared them with what was signed.
///
/// # Errors
/// What the database refused; nothing is written then.
pub async fn return_leaves(
    superuser: &Client,
    first: i64,
    leaves: &[[u8; LEAF_BYTES]],
) -> Result<i64, StoreError> {
    let leaves: Vec<&[u8]> = leaves.iter().map(<[u8; LEAF_BYTES]>::as_slice).collect();
    let call = "SELECT strongroom.return_leaves($1, $2)";
    Ok(superuser.query_one(call, &[&first, &leaves]).await?.try_get(0)?)
}

/// Leaves in order from an index on.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn leaves_from(on: &mut impl Reads, first: i64, limit: i64) -> Result<Vec<StoredLeaf>, StoreError> {
    let text = "SELECT index, leaf FROM strongroom.audit_leaf WHERE index >= $1 ORDER BY index LIMIT $2";
    let query = diesel::sql_query(text)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(limit);
    let rows: Vec<LeafRow> = query.load(on.connection()?).await?;
    rows.iter().map(leaf_of).collect()
}

/// One home's leaves in its own order, after a place.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn leaves_of_home(
    on: &mut impl Reads,
    tag: &[u8; 16],
    after: i64,
    limit: i64,
) -> Result<Vec<StoredLeaf>, StoreError> {
    let text = "SELECT index, leaf FROM strongroom.audit_leaf
        WHERE substr(leaf, 13, 24) > $1 AND substr(leaf, 13, 24) <= $2 ORDER BY substr(leaf, 13, 24) LIMIT $3";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>([&tag[..], &after.to_be_bytes()].concat())
        .bind::<Binary, _>([&tag[..], &i64::MAX.to_be_bytes()].concat())
        .bind::<BigInt, _>(limit);
    let rows: Vec<LeafRow> = query.load(on.connection()?).await?;
    rows.iter().map(leaf_of).collect()
}

/// The newest leaf.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn newest(on: &mut impl Reads) -> Result<Option<StoredLeaf>, StoreError> {
    let text = "SELECT index, leaf FROM strongroom.audit_leaf ORDER BY index DESC LIMIT 1";
    let row: Option<LeafRow> = diesel::sql_query(text)
        .get_result(on.connection()?)
        .await
        .optional()?;
    row.as_ref().map(leaf_of).transpose()
}

/// The tag of a home; none when it is gone.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn tag_of(on: &mut impl Reads, home: &str) -> Result<Option<[u8; 16]>, StoreError> {
    let text = "SELECT sequence AS index, tag AS leaf FROM strongroom.audit_home WHERE schema_name = $1";
    let query = diesel::sql_query(text).bind::<Text, _>(home);
    let row: Option<LeafRow> = query.get_result(on.connection()?).await.optional()?;
    row.map(|row| exact(&row.leaf)).transpose()
}

#[derive(diesel::QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    since: NullableTimestamp,
    #[diesel(sql_type = Nullable<BigInt>)]
    index: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    leaf: Option<Vec<u8>>,
}

/// Where the entry with that id and that commitment to its header is. One statement looks at both places, so that an entry which
/// is sequenced in this moment is in one of them.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn standing(
    on: &mut impl Reads,
    entry: EntryId,
    c_header: &[u8; 32],
) -> Result<Standing, StoreError> {
    let text = "SELECT p.appended_at AS since, l.index, l.leaf FROM (VALUES (1)) one
        LEFT JOIN strongroom.audit_pending p ON p.entry_id = $1 AND p.c_header = $2
        LEFT JOIN strongroom.audit_leaf l ON substr(l.leaf, 77, 32) = $2 AND get_byte(l.leaf, 8) <> 3
        ORDER BY l.index LIMIT 1";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(entry.0)
        .bind::<Binary, _>(&c_header[..]);
    let row: StandingRow = query.get_result(on.connection()?).await?;
    Ok(
        match (row.index, row.leaf, Option::<Timestamp>::from(row.since)) {
            (Some(index), Some(leaf), _) => Standing::Logged(StoredLeaf {
                index,
                leaf: exact(&leaf)?,
            }),
            (_, _, Some(since)) => Standing::Pending { since },
            _ => Standing::Nowhere,
        },
    )
}

/// The first leaf with that commitment to a header; none where there is none.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn first_of_entry(on: &mut impl Reads, c_header: &[u8; 32]) -> Result<Option<i64>, StoreError> {
    let text = "SELECT index, leaf FROM strongroom.audit_leaf
        WHERE substr(leaf, 77, 32) = $1 AND get_byte(leaf, 8) <> 3 ORDER BY index LIMIT 1";
    let query = diesel::sql_query(text).bind::<Binary, _>(&c_header[..]);
    let row: Option<LeafRow> = query.get_result(on.connection()?).await.optional()?;
    Ok(row.map(|row| row.index))
}

/// The tags of all homes.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn tags(on: &mut impl Reads) -> Result<Vec<[u8; 16]>, StoreError> {
    let text = "SELECT sequence AS index, tag AS leaf FROM strongroom.audit_home";
    let rows: Vec<LeafRow> = diesel::sql_query(text).load(on.connection()?).await?;
    rows.iter().map(|row| exact(&row.leaf)).collect()
}

#[derive(diesel::QueryableByName)]
struct HomeRow {
    #[diesel(sql_type = Binary)]
    tag: Vec<u8>,
    #[diesel(sql_type = Uuid)]
    id: uuid::Uuid,
}

/// Which organizations these tags are of, as far as they are there.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn organizations_of(
    on: &mut impl Reads,
    tags: &[[u8; 16]],
) -> Result<Vec<([u8; 16], OrganizationId)>, StoreError> {
    let text = "SELECT h.tag, o.id FROM strongroom.audit_home h
        JOIN strongroom.organization o ON o.schema_name = h.schema_name WHERE h.tag = ANY ($1)";
    let tags: Vec<&[u8]> = tags.iter().map(<[u8; 16]>::as_slice).collect();
    let query = diesel::sql_query(text).bind::<Array<Binary>, _>(tags);
    let rows: Vec<HomeRow> = query.load(on.connection()?).await?;
    let found = rows
        .into_iter()
        .map(|row| Ok((exact(&row.tag)?, OrganizationId(row.id))));
    found.collect()
}

/// An entry in the outbox, as a check compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingEntry {
    /// Its id.
    pub id: EntryId,
    /// As [`crate::NewEntry::kind`].
    pub kind: i16,
    /// Commitments to header, before and after.
    pub commitments: [[u8; 32]; 3],
}

#[derive(diesel::QueryableByName)]
struct WaitingEntryRow {
    #[diesel(sql_type = Uuid)]
    entry_id: uuid::Uuid,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Binary)]
    c_header: Vec<u8>,
    #[diesel(sql_type = Binary)]
    c_before: Vec<u8>,
    #[diesel(sql_type = Binary)]
    c_after: Vec<u8>,
}

/// What waits in the outbox of one home, the oldest first; at most `limit`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn waiting_of_home(
    on: &mut impl Reads,
    home: &str,
    limit: i64,
) -> Result<Vec<WaitingEntry>, StoreError> {
    let text = "SELECT entry_id, kind, c_header, c_before, c_after FROM strongroom.audit_pending
        WHERE schema_name = $1 ORDER BY sequence LIMIT $2";
    let query = diesel::sql_query(text)
        .bind::<Text, _>(home)
        .bind::<BigInt, _>(limit);
    let rows: Vec<WaitingEntryRow> = query.load(on.connection()?).await?;
    let read = |row: WaitingEntryRow| {
        Ok(WaitingEntry {
            id: EntryId(row.entry_id),
            kind: row.kind,
            commitments: [exact(&row.c_header)?, exact(&row.c_before)?, exact(&row.c_after)?],
        })
    };
    rows.into_iter().map(read).collect()
}

/// The newest place in a home's own order; 0 before the first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn last_place(on: &mut impl Reads, tag: &[u8; 16]) -> Result<i64, StoreError> {
    let text = "SELECT index, leaf FROM strongroom.audit_leaf
        WHERE substr(leaf, 13, 24) > $1 AND substr(leaf, 13, 24) <= $2 ORDER BY substr(leaf, 13, 24) DESC LIMIT 1";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>([&tag[..], &0_i64.to_be_bytes()].concat())
        .bind::<Binary, _>([&tag[..], &i64::MAX.to_be_bytes()].concat());
    let row: Option<LeafRow> = query.get_result(on.connection()?).await.optional()?;
    let place = |row: LeafRow| {
        Ok(i64::from_be_bytes(exact(
            row.leaf.get(28..36).unwrap_or_default(),
        )?))
    };
    row.map_or(Ok(0), place)
}

#[derive(diesel::QueryableByName)]
struct FiguresRow {
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest: NullableTimestamp,
}

/// How the outbox and the log stand. The size is one more than the newest index: what is missing below is for checks to find.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn figures(on: &mut impl Reads) -> Result<Figures, StoreError> {
    let text = "SELECT (SELECT coalesce(max(index) + 1, 0) FROM strongroom.audit_leaf) AS size,
        count(*) AS pending, min(appended_at) AS oldest FROM strongroom.audit_pending";
    let row: FiguresRow = diesel::sql_query(text).get_result(on.connection()?).await?;
    Ok(Figures {
        size: row.size,
        pending: row.pending,
        oldest: row.oldest.into(),
    })
}
