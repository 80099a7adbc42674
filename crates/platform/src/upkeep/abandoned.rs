//! Uploads that nobody came back to: drafts of imports, and files that no record ever had, or whose field was dropped.
//!
//! Invariants: each removal is an act with its entry; an import that was started, and a file that any version of any
//! record names in a field that there is, are never touched. The database has the last word: a file that is attached in the same moment is held by
//! its foreign key. Start at [`remove_abandoned`].

use crate::{Platform, Workspace, error::Result, export::kept, file, import, organization, person, sealing};
use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};
use std::collections::BTreeSet;
use store::{
    StoreError,
    control::{legal_hold, organization::OrganizationState},
    tenant::{audit as log, catalogue, file as rows, record},
};
use types::{AttachmentId, Dataset, FieldKind, Value};

/// How long a draft of an import waits for its maker, from its last change on.
pub const DRAFT_AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a file waits for a record.
pub const FILE_AGE_MAX: SignedDuration = SignedDuration::from_hours(2 * 24);
/// Files older than that were looked at before. A file that a record had and has no more must not have the log read every day.
const FILE_AGE_SEEN: SignedDuration = SignedDuration::from_hours(32 * 24);
/// On this day (UTC) all are looked at, however old: their field may have been dropped since.
const WHOLE_LOOK_ON: Weekday = Weekday::Sunday;
/// No more are removed in one go.
const FILES_AT_ONCE: usize = 10_000;
/// Why it goes, as its entry says.
const UNNAMED: &str = "no record has it, and no history shows it";
/// Images read at once.
const IMAGES_AT_ONCE: i64 = 500;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Drafts of imports.
    pub drafts: usize,
    /// Files without a record, and archives whose day was over.
    pub files: usize,
}

/// Removes what lies abandoned as of `now`, in every organization that is neither cancelled nor under a hold.
///
/// # Errors
/// `unavailable`.
pub async fn remove_abandoned(platform: &Platform, now: Timestamp) -> Result<Removed> {
    let mut removed = Removed::default();
    for summary in organization::list_all(platform, &crate::Caller::system()).await? {
        let Some(home) = platform.home_by_slug(&summary.slug).await? else {
            continue;
        };
        let organization = home.summary.id;
        let is_held = legal_hold::in_force(&mut platform.control().read().await?, Some(organization)).await?;
        if is_held || home.state == OrganizationState::Cancelled {
            continue;
        }
        let workspace = platform.enter_as_system(home);
        removed.drafts += import::remove_abandoned(&workspace, before(now, DRAFT_AGE_MAX)).await?;
        removed.files += remove_files(&workspace, now).await?;
        removed.files += kept::remove_old(&workspace, now).await?;
        person::forget_words(&workspace).await?;
    }
    Ok(removed)
}

fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}

async fn remove_files(workspace: &Workspace, now: Timestamp) -> Result<usize> {
    let datasets = catalogue::list(workspace.tenant()).await?.into_iter();
    let datasets: Vec<Dataset> = datasets.filter(has_attachments).collect();
    let from = match now.to_zoned(TimeZone::UTC).weekday() {
        WHOLE_LOOK_ON => Timestamp::UNIX_EPOCH,
        _ => before(now, FILE_AGE_SEEN),
    };
    let period = from..before(now, FILE_AGE_MAX);
    let mut page = rows::unattached(workspace.tenant(), &datasets, period.clone(), None).await?;
    let Some((_, oldest)) = page.first().copied() else {
        return Ok(0);
    };
    let named = named_since(workspace, &datasets, oldest).await?;
    let mut removed = 0;
    // Those that the history alone names stay, and must not hide others behind them.
    while let Some(last) = page.last().copied() {
        for (id, _) in page.iter().filter(|(id, _)| !named.contains(id)) {
            removed += usize::from(file::discard(workspace, *id, UNNAMED).await?);
        }
        if removed >= FILES_AT_ONCE {
            break;
        }
        page = rows::unattached(workspace.tenant(), &datasets, period.clone(), Some(last)).await?;
    }
    Ok(removed)
}

fn has_attachments(dataset: &Dataset) -> bool {
    let mut fields = dataset.fields.iter();
    fields.any(|field| field.kind == FieldKind::Attachment)
}

/// Every file that a version of a record named since then: what the history shows must not go.
async fn named_since(
    workspace: &Workspace,
    datasets: &[Dataset],
    since: Timestamp,
) -> Result<BTreeSet<AttachmentId>> {
    let tx = workspace.tenant().begin_snapshot().await?;
    let mut named = BTreeSet::new();
    for dataset in datasets {
        let mut after = None;
        loop {
            let images = log::images_since(&tx, dataset.id, since, after, IMAGES_AT_ONCE).await?;
            for image in &images {
                named.extend(files_of(workspace, dataset, image).await?);
            }
            match images.last() {
                Some(last) => after = Some((last.record, last.version)),
                None => break,
            }
        }
    }
    tx.close().await?;
    Ok(named)
}

async fn files_of(
    workspace: &Workspace,
    dataset: &Dataset,
    image: &log::StoredImage,
) -> Result<Vec<AttachmentId>> {
    let found = match record::find(workspace.tenant(), dataset, image.record).await {
        // Erased, with everything that its history could show.
        Err(StoreError::NotFound) => return Ok(Vec::new()),
        found => found?,
    };
    let opened = sealing::open_image(workspace.keys(), &found.record_key, image)?;
    let file = |value| match value {
        Value::Attachment(id) => Some(id),
        _ => None,
    };
    let values = sealing::values_of(dataset, &opened).into_iter();
    Ok(values.filter_map(file).collect())
}
