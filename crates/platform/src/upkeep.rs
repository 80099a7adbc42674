//! Upkeep: what the worker does now and then so that things stay quick and nothing lies about, without anybody asking.

mod abandoned;
mod scrub;

pub use abandoned::{DRAFT_AGE_MAX, FILE_AGE_MAX, Removed, remove_abandoned};
pub use scrub::{SCRUB_EVERY, scrub_if_due};
pub(crate) use scrub::{last_scrub, place_of};

use crate::{Platform, error::Result, organization};
use store::tenant::catalogue;

/// From so many records on, full-text search gets an index.
const SEARCH_RECORDS_MIN: i64 = 5_000;

/// Makes search indexes where datasets have grown or their fields have changed.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn index_searches(platform: &Platform) -> Result<()> {
    for summary in organization::list_all(platform, &crate::Caller::system()).await? {
        let Some(home) = platform.home_by_slug(&summary.slug).await? else {
            continue;
        };
        for dataset in catalogue::list(&home.tenant).await? {
            if catalogue::index_search(&home.tenant, &dataset, SEARCH_RECORDS_MIN).await? {
                tracing::info!(organization = %summary.slug, dataset = %dataset.key, "a search index was made");
            }
        }
    }
    Ok(())
}
