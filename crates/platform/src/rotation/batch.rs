//! Sealing a dataset anew, a page of records at a time.

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::Result,
    sealing::{self, Show, split_key},
};
use access::Permit;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{
    StoreError,
    tenant::{
        StoredRecord, StoredValue, TenantTx,
        bulk::{self, Savepoint},
        catalogue,
    },
};
use types::{Dataset, DatasetId, FieldId, FieldKind, RecordId};
use vault::{OrganizationKeys, RecordKey, seal};

/// Records of one transaction.
const PAGE: i64 = 200;

/// What was done.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Done {
    /// Records that something was sealed anew of.
    pub(super) records: u64,
    /// Files that were sealed anew.
    pub(super) files: u64,
    /// Records with a value that could not be: another record came to hold the same unique value meanwhile.
    pub(super) left: u64,
}

impl Done {
    pub(super) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.files += other.files;
        self.left += other.left;
    }
}

/// What of one record is under an older version, sealed anew.
struct Resealed {
    record: RecordId,
    record_key: Vec<u8>,
    /// Whether the key was wrapped anew, or stands here as it was.
    rewrapped: bool,
    values: Vec<(FieldId, Vec<u8>, Vec<u8>)>,
}

/// Whether the values of each record are tried on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// The batch as a whole.
    Together,
    /// Each record, so that one that is refused leaves the others.
    Each,
}

/// Seals a dataset anew; counts the records looked at.
pub(super) async fn reseal_dataset(
    workspace: &Workspace,
    permit: &Permit,
    dataset: DatasetId,
    seen: &AtomicU64,
) -> Result<Done> {
    let mut done = Done::default();
    let mut after = None;
    loop {
        let step = match step(workspace, permit, dataset, after, Care::Together).await {
            Err(error) if is_taken(&error) => step(workspace, permit, dataset, after, Care::Each).await?,
            step => step?,
        };
        let Some((last, count, batch)) = step else {
            return Ok(done);
        };
        seen.fetch_add(count, Ordering::Relaxed);
        done.add(batch);
        after = Some(last);
    }
}

fn is_taken(error: &crate::PlatformError) -> bool {
    matches!(
        error.source,
        Some(crate::Failure::Store(StoreError::Taken { .. }))
    )
}

/// One transaction; nothing when there are no more records.
async fn step(
    workspace: &Workspace,
    permit: &Permit,
    dataset: DatasetId,
    after: Option<RecordId>,
    care: Care,
) -> Result<Option<(RecordId, u64, Done)>> {
    let tx = workspace.tenant().begin(permit).await?;
    let dataset = match catalogue::find_within(&tx, dataset).await {
        // It was removed meanwhile.
        Err(StoreError::NotFound) => return Ok(None),
        found => found?,
    };
    let page = bulk::lock_page(&tx, &dataset, after, PAGE).await?;
    let Some(last) = page.last().map(|stored| stored.id) else {
        tx.close().await?;
        return Ok(None);
    };
    let resealed = page
        .iter()
        .filter_map(|stored| reseal(workspace.keys(), &dataset, stored).transpose())
        .collect::<Result<Vec<Resealed>>>()?;
    let mut done = Done::default();
    if resealed.is_empty() {
        tx.close().await?;
    } else {
        let reason = format!("{} records", resealed.len());
        let act = Act::rotation("key.reencrypt", Object::new("dataset", dataset.id)).because(&reason);
        // The entry first: the database lets no row be sealed anew without it.
        tx.append(&workspace.plain_entry(&act)?).await?;
        for record in &resealed {
            done.add(write(&tx, &dataset, record, care).await?);
        }
        tx.commit_appended().await?;
    }
    Ok(Some((last, page.len() as u64, done)))
}

fn reseal(keys: &OrganizationKeys, dataset: &Dataset, stored: &StoredRecord) -> Result<Option<Resealed>> {
    let (id, wrapped) = split_key(&stored.record_key)?;
    let rewrapped = RecordKey::rewrap(keys, stored.id.bytes(), id, wrapped).map_err(vault_failure)?;
    let mut values = Vec::new();
    let mut old = Vec::new();
    for (place, field) in dataset
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.kind == FieldKind::SensitiveText)
    {
        if let Some(StoredValue::Sealed { sealed, .. }) = stored.values.get(place)
            && seal::key_version_of(sealed).map_err(vault_failure)? < keys.current_version()
        {
            old.push((place, field));
        }
    }
    if !old.is_empty() {
        let record = sealing::open_with(keys, dataset, stored, Show::Clear)?;
        for (place, field) in old {
            let value = sealing::seal_value(keys, dataset, stored.id, field, &record.values[place])?;
            if let StoredValue::Sealed { sealed, blind } = value {
                values.push((field.id, sealed, blind));
            }
        }
    }
    let something = rewrapped.is_some() || !values.is_empty();
    Ok(something.then(|| Resealed {
        record: stored.id,
        rewrapped: rewrapped.is_some(),
        record_key: rewrapped.map_or(stored.record_key.clone(), |wrapped| [&id[..], &wrapped].concat()),
        values,
    }))
}

async fn write(tx: &TenantTx, dataset: &Dataset, resealed: &Resealed, care: Care) -> Result<Done> {
    let mut done = Done {
        records: 1,
        ..Done::default()
    };
    match care {
        Care::Together => write_values(tx, dataset, resealed).await?,
        Care::Each => {
            bulk::savepoint(tx, Savepoint::Set).await?;
            match write_values(tx, dataset, resealed).await {
                Ok(()) => bulk::savepoint(tx, Savepoint::Release).await?,
                Err(StoreError::Taken { .. }) => {
                    bulk::savepoint(tx, Savepoint::Return).await?;
                    done = Done {
                        records: u64::from(resealed.rewrapped),
                        left: 1,
                        ..Done::default()
                    };
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    // Last, outside any savepoint: a row written within one bears a number that no entry has.
    bulk::rewrap_record_key(tx, dataset.id, resealed.record, &resealed.record_key).await?;
    Ok(done)
}

async fn write_values(
    tx: &TenantTx,
    dataset: &Dataset,
    resealed: &Resealed,
) -> std::result::Result<(), StoreError> {
    for (field, sealed, blind) in &resealed.values {
        bulk::reseal_value(tx, dataset.id, resealed.record, *field, sealed, blind).await?;
    }
    Ok(())
}
