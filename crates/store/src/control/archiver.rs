//! How archiving goes, as the daemons' login sees it.

use super::Reads;
use crate::{
    StoreError,
    backup::{ARCHIVER, Archiver},
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use jiff_diesel::NullableTimestamp;

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: NullableTimestamp,
    #[diesel(sql_type = Nullable<Text>)]
    failed: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failed_at: NullableTimestamp,
    #[diesel(sql_type = Bool)]
    is_on: bool,
    #[diesel(sql_type = BigInt)]
    files_behind: i64,
}

/// How it goes.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn look(on: &mut impl Reads) -> Result<Archiver, StoreError> {
    let row: Row = diesel::sql_query(ARCHIVER).get_result(on.connection()?).await?;
    Ok(Archiver {
        last: row.last,
        last_at: row.last_at.into(),
        failed: row.failed,
        failed_at: row.failed_at.into(),
        is_on: row.is_on,
        files_behind: row.files_behind,
    })
}
