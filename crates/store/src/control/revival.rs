//! What must not come back to life when a database goes back in time, or is rebuilt from a backup: whatever lets somebody in
//! without a password, and whatever deletes without being asked again.

use super::ControlTx;
use crate::StoreError;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;

/// What was ended after the moment that was gone back to lives again in the copy; so all of it ends now.
const ENDINGS: [&str; 6] = [
    "UPDATE strongroom.session SET ended_at = $1 WHERE ended_at IS NULL",
    "UPDATE strongroom.api_token SET revoked_at = $1 WHERE revoked_at IS NULL",
    "UPDATE strongroom.invitation SET voided_at = $1 WHERE used_at IS NULL AND voided_at IS NULL",
    "UPDATE strongroom.break_glass SET voided_at = $1 WHERE used_at IS NULL AND voided_at IS NULL",
    "UPDATE strongroom.password_reset SET voided_at = $1 WHERE used_at IS NULL AND voided_at IS NULL",
    "DELETE FROM strongroom.pending_sign_in WHERE created_at <= $1",
];

/// An order to delete that was open in the copy may have been called back since, and is long due: it is given the longest time
/// anew, in which everybody in the organization sees it. What was ordered stays as it was, so each is called back and made again.
const ORDERS: &str = "
    WITH open AS (UPDATE strongroom.deletion SET called_back_at = clock_timestamp()
        WHERE called_back_at IS NULL AND finished_at IS NULL
        RETURNING organization_id, slug, name, cause, ordered_by)
    INSERT INTO strongroom.deletion (id, organization_id, slug, name, cause, ordered_by, hours)
    SELECT gen_random_uuid(), organization_id, slug, name, cause, ordered_by, 24 FROM open";

/// Ends every session, token, invitation and one-time link; answers how many. Open orders to delete begin anew.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn end_all(tx: &mut ControlTx, now: Timestamp) -> Result<usize, StoreError> {
    let mut ended = 0;
    for text in ENDINGS {
        let query = diesel::sql_query(text).bind::<Timestamptz, _>(now.to_diesel());
        ended += query.execute(tx.connection()?).await?;
    }
    diesel::sql_query(ORDERS).execute(tx.connection()?).await?;
    Ok(ended)
}
