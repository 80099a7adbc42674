//! What a connection may be used for, as types: reading, house-keeping, and transactions that end with an entry.

use super::pool::Pooled;
use crate::{NewEntry, StoreError};
use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use jiff::Timestamp;

pub(super) mod sealed {
    use super::{AsyncPgConnection, StoreError};

    /// The connection itself stays inside this crate.
    pub trait Connected: Send {
        #[doc(hidden)]
        fn connection(&mut self) -> Result<&mut AsyncPgConnection, StoreError>;
    }
}

/// What rows can be read through.
pub trait Reads: sealed::Connected {}

/// What house-keeping can be done through: rows whose change is not an act worth auditing.
pub trait Keeps: Reads {}

/// A connection for reading.
pub struct ControlRead(Pooled);

/// A connection for house-keeping.
pub struct ControlKeep(Pooled);

/// An open transaction. It commits only together with an audit entry; dropping it rolls back.
pub struct ControlTx(Pooled);

macro_rules! connected {
    ($($name:ident: $($ability:ident),+;)+) => {
        $(
            impl sealed::Connected for $name {
                fn connection(&mut self) -> Result<&mut AsyncPgConnection, StoreError> {
                    self.0.connection()
                }
            }
            $(impl $ability for $name {})+
        )+
    };
}

connected! {
    ControlRead: Reads;
    ControlKeep: Reads, Keeps;
    ControlTx: Reads, Keeps;
}

impl ControlRead {
    pub(super) fn new(pooled: Pooled) -> Self {
        Self(pooled)
    }
}

impl ControlKeep {
    pub(super) fn new(pooled: Pooled) -> Self {
        Self(pooled)
    }
}

#[derive(diesel::QueryableByName)]
struct Appended {
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    at: Timestamp,
}

impl ControlTx {
    pub(super) async fn begin(mut pooled: Pooled) -> Result<Self, StoreError> {
        pooled.close_afterwards();
        pooled.connection()?.batch_execute("BEGIN").await?;
        Ok(Self(pooled))
    }

    pub(super) fn connection(&mut self) -> Result<&mut AsyncPgConnection, StoreError> {
        self.0.connection()
    }

    /// Appends the entries in this order and commits; answers with their times. At least one is needed, and the database
    /// refuses a change without one.
    ///
    /// # Errors
    /// What the database refused; nothing is written then. After [`StoreError::Unavailable`] the outcome is unknown.
    pub async fn commit(mut self, first: &NewEntry, rest: &[NewEntry]) -> Result<Vec<Timestamp>, StoreError> {
        let mut times = Vec::with_capacity(1 + rest.len());
        for entry in std::iter::once(first).chain(rest) {
            times.push(self.append(entry).await?);
        }
        self.finish("COMMIT").await?;
        Ok(times)
    }

    /// Rolls back and keeps the connection, where dropping would close it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection is lost.
    pub async fn close(self) -> Result<(), StoreError> {
        self.finish("ROLLBACK").await
    }

    async fn append(&mut self, entry: &NewEntry) -> Result<Timestamp, StoreError> {
        let query = diesel::sql_query("SELECT strongroom.append_entry($1, $2, $3, $4, $5, $6, $7, $8) AS at")
            .bind::<Uuid, _>(entry.id.0)
            .bind::<SmallInt, _>(entry.kind)
            .bind::<Integer, _>(entry.key_version)
            .bind::<Binary, _>(&entry.header)
            .bind::<Binary, _>(&entry.c_header[..])
            .bind::<Binary, _>(&entry.c_before[..])
            .bind::<Binary, _>(&entry.c_after[..])
            .bind::<Nullable<Uuid>, _>(entry.organization.map(|id| id.0));
        Ok(query.get_result::<Appended>(self.connection()?).await?.at)
    }

    async fn finish(mut self, statement: &str) -> Result<(), StoreError> {
        self.connection()?.batch_execute(statement).await?;
        self.0.give_back_afterwards();
        Ok(())
    }
}
