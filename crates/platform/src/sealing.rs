//! Records on their way into the database and back: sensitive values sealed at their place, the after-image sealed
//! under the record's own key, and the commitment that ties the row to the log.
//!
//! Invariant: the image holds every value of the record in the clear, inside the seal, so that its commitment speaks
//! for the whole row; the row holds no sensitive value in the clear.

mod image;

pub(crate) use image::{compare, image_of, removed_values, values_of};

use crate::{
    Workspace,
    act::vault_failure,
    error::{Failure, PlatformError, Result},
};
use audit::{Image, RecordState, Role};
use store::tenant::{StoredRecord, StoredValue, audit::StoredImage};
use types::{Dataset, EntryId, Field, ProblemCode, Record, RecordId, Value};
use vault::{OpenError, Opening, OrganizationKeys, Place, Purpose, RecordKey, blind, opening, seal};

/// May sensitive values leave in the clear?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// They are masked.
    Masked,
    /// They are shown; only to code that changes records, or under a permit to reveal or export.
    Clear,
}

/// A record ready to be stored.
pub(crate) struct Sealed {
    pub(crate) stored: StoredRecord,
    /// The sealed after-image.
    pub(crate) image: Vec<u8>,
    /// The id of the key that seals it.
    pub(crate) image_key: [u8; 16],
}

/// The image of a purged record: nothing but that it is gone.
pub(crate) struct Tombstone {
    pub(crate) image: Vec<u8>,
    pub(crate) commitment: [u8; 32],
    pub(crate) image_key: [u8; 16],
}

/// Seals a record. `before` is the row it replaces, whose key it keeps and whose unchanged sealed values it takes over.
pub(crate) fn seal_record(
    workspace: &Workspace,
    dataset: &Dataset,
    record: &Record,
    before: Option<&StoredRecord>,
    state: RecordState,
    entry: EntryId,
) -> Result<Sealed> {
    let keys = workspace.keys();
    let (key, record_key) = match before {
        Some(before) => (
            unwrap_key(keys, before.id, &before.record_key)?,
            before.record_key.clone(),
        ),
        None => {
            let key = RecordKey::generate().map_err(vault_failure)?;
            let wrapped = wrap_key(keys, record.id, &key)?;
            (key, wrapped)
        }
    };
    let opening = Opening::new(image_of(dataset, record, state)?.encode()).map_err(vault_failure)?;
    let commitment = opening.commitment(Role::AfterImage, entry).0;
    let image = opening::seal_image(&key, entry, &opening).map_err(vault_failure)?;
    let fields = dataset.fields.iter().zip(&record.values);
    let values = fields.map(|(field, value)| seal_value(keys, dataset, record.id, field, value));
    let stored = StoredRecord {
        id: record.id,
        version: record.version,
        created_at: record.created_at,
        created_by: record.created_by,
        updated_at: record.updated_at,
        updated_by: record.updated_by,
        deleted_at: record.deleted_at,
        commitment,
        record_key,
        values: values.collect::<Result<Vec<_>>>()?,
    };
    Ok(Sealed {
        stored,
        image,
        image_key: key.id(),
    })
}

/// Seals the image of a record that is removed for good.
pub(crate) fn seal_tombstone(
    workspace: &Workspace,
    before: &StoredRecord,
    entry: EntryId,
) -> Result<Tombstone> {
    let key = unwrap_key(workspace.keys(), before.id, &before.record_key)?;
    let opening = Opening::new(Image::new(RecordState::Purged).encode()).map_err(vault_failure)?;
    Ok(Tombstone {
        image: opening::seal_image(&key, entry, &opening).map_err(vault_failure)?,
        commitment: opening.commitment(Role::AfterImage, entry).0,
        image_key: key.id(),
    })
}

/// Stored as key id (16 bytes) and wrapped key.
pub(crate) fn wrap_key(keys: &OrganizationKeys, record: RecordId, key: &RecordKey) -> Result<Vec<u8>> {
    let wrapped = key.wrap(keys, record.bytes()).map_err(vault_failure)?;
    Ok([&key.id()[..], &wrapped].concat())
}

fn unwrap_key(keys: &OrganizationKeys, record: RecordId, stored: &[u8]) -> Result<RecordKey> {
    let (id, wrapped) = split_key(stored)?;
    RecordKey::unwrap(keys, record.bytes(), id, wrapped).map_err(open_failure)
}

pub(crate) fn split_key(stored: &[u8]) -> Result<([u8; 16], &[u8])> {
    let (id, wrapped) = stored
        .split_first_chunk::<16>()
        .ok_or_else(|| PlatformError::invariant("a cut record key"))?;
    Ok((*id, wrapped))
}

/// A value under a key version that is not loaded: another process rotated the key within the last two seconds, and the
/// next request loads it.
fn open_failure(error: OpenError) -> PlatformError {
    match error {
        OpenError::KeyVersion { .. } => PlatformError {
            source: Some(Failure::Vault(error.to_string())),
            ..PlatformError::new(
                ProblemCode::Unavailable,
                "the organization's key was rotated a moment ago; try again in a moment",
            )
        },
        other => vault_failure(other),
    }
}

fn place(keys: &OrganizationKeys, dataset: &Dataset, record: RecordId, field: &Field) -> [u8; 41] {
    Place {
        organization: keys.organization(),
        dataset: dataset.id,
        field: field.id,
        record,
    }
    .bytes()
}

/// Seals a sensitive value at its place; every other value stays as it is.
pub(crate) fn seal_value(
    keys: &OrganizationKeys,
    dataset: &Dataset,
    record: RecordId,
    field: &Field,
    value: &Value,
) -> Result<StoredValue> {
    let Value::Sensitive(text) = value else {
        return Ok(StoredValue::Plain(value.clone()));
    };
    let place = place(keys, dataset, record, field);
    let sealed = seal::seal(keys.current(Purpose::Fields), &place, text.as_bytes()).map_err(vault_failure)?;
    let blind = blind::blind_index(keys, dataset.id, field.id, text);
    Ok(StoredValue::Sealed {
        sealed,
        blind: blind.to_vec(),
    })
}

/// Opens a stored record.
pub(crate) fn open_record(
    workspace: &Workspace,
    dataset: &Dataset,
    stored: &StoredRecord,
    show: Show,
) -> Result<Record> {
    let opened = open_with(workspace.keys(), dataset, stored, show);
    if opened
        .as_ref()
        .is_err_and(|error| error.code == ProblemCode::Unavailable)
    {
        workspace.platform().homes().clear();
    }
    opened
}

/// Opens a stored record with the organization's keys.
pub(crate) fn open_with(
    keys: &OrganizationKeys,
    dataset: &Dataset,
    stored: &StoredRecord,
    show: Show,
) -> Result<Record> {
    let fields = dataset.fields.iter().zip(&stored.values);
    let values = fields.map(|(field, value)| open_value(keys, dataset, stored.id, field, value, show));
    Ok(Record {
        id: stored.id,
        version: stored.version,
        created_at: stored.created_at,
        created_by: stored.created_by,
        updated_at: stored.updated_at,
        updated_by: stored.updated_by,
        deleted_at: stored.deleted_at,
        values: values.collect::<Result<Vec<_>>>()?,
    })
}

fn open_value(
    keys: &OrganizationKeys,
    dataset: &Dataset,
    record: RecordId,
    field: &Field,
    value: &StoredValue,
    show: Show,
) -> Result<Value> {
    match (value, show) {
        (StoredValue::Plain(value), _) => Ok(value.clone()),
        (StoredValue::Sealed { .. }, Show::Masked) => Ok(Value::Masked),
        (StoredValue::Sealed { sealed, .. }, Show::Clear) => {
            let place = place(keys, dataset, record, field);
            let bytes = seal::open(keys, Purpose::Fields, &place, sealed).map_err(open_failure)?;
            let text = std::str::from_utf8(&bytes).map_err(vault_failure)?;
            Ok(Value::Sensitive(text.to_owned()))
        }
    }
}

/// Opens an image and checks that it opens its commitment.
pub(crate) fn open_image(keys: &OrganizationKeys, record_key: &[u8], stored: &StoredImage) -> Result<Image> {
    let key = unwrap_key(keys, stored.record, record_key)?;
    let opening = opening::open_image(&key, stored.entry, &stored.sealed).map_err(vault_failure)?;
    if opening.commitment(Role::AfterImage, stored.entry).0 != stored.commitment {
        let what = format!(
            "the image of record {} version {} does not open its commitment",
            stored.record, stored.version
        );
        return Err(PlatformError::invariant(what));
    }
    Image::decode(&opening.bytes).map_err(vault_failure)
}
