//! The entries of one home in the order of its leaves, opened, for an export.
//!
//! Invariant: entries are read once, in their own order, which is nearly that of the leaves; those that come early wait in a bounded
//! place.

use crate::{
    Platform,
    error::{PlatformError, Result},
    key,
    sealing::split_key,
    trail,
    workspace::Home,
};
use audit::{Header, Role};
use std::{
    collections::{HashMap, hash_map::Entry as Slot},
    sync::Arc,
};
use store::{
    StoreError,
    control::{
        audit_log::{self as leaves, Standing},
        entry_log,
    },
    tenant::{
        audit::{self as rows, StoredEntry, StoredImage},
        catalogue, record,
    },
};
use types::{Dataset, DatasetId, EntryId, PageSize, RecordId};
use vault::{OrganizationKeys, RecordKey, opening};

/// Entries read at once.
const PAGE: u16 = 500;
/// Entries that wait for their leaf; far more than transactions can be out of order.
const AHEAD_MAX: usize = 20_000;
/// Images read at once.
pub(super) const IMAGES: i64 = 2_000;

/// The entries of one home.
pub(super) struct Feed {
    home: Option<(Arc<Home>, OrganizationKeys)>,
    after: i64,
    exhausted: bool,
    ahead: HashMap<[u8; 32], StoredEntry>,
    datasets: HashMap<DatasetId, Option<Dataset>>,
    /// The record whose images were opened last, with its key or what became of it.
    record: Option<(RecordId, Key)>,
}

/// An entry that a leaf is of.
pub(super) struct Found {
    pub(super) id: EntryId,
    /// What its commitment opens to; none where it does not open.
    pub(super) opening: Option<vault::Opening>,
    pub(super) header: Option<Header>,
}

/// What became of the key of a record's images.
enum Key {
    There(RecordKey),
    /// The record was erased, and the leaf with that index says so.
    Erased(u64),
    Lost,
}

/// What became of an image.
pub(super) enum Image {
    Open(vault::Opening),
    Gone(u64),
    Missing,
}

impl Feed {
    pub(super) fn of_appliance() -> Self {
        Self::of(None)
    }

    pub(super) async fn of_organization(platform: &Platform, home: Arc<Home>) -> Result<Self> {
        let keys = key::load(platform.control(), platform.root(), home.summary.id).await?;
        Ok(Self::of(Some((home, keys))))
    }

    fn of(home: Option<(Arc<Home>, OrganizationKeys)>) -> Self {
        Self {
            home,
            after: i64::MIN,
            exhausted: false,
            ahead: HashMap::new(),
            datasets: HashMap::new(),
            record: None,
        }
    }

    /// The entry with that commitment to its header.
    pub(super) async fn find(&mut self, platform: &Platform, c_header: &[u8; 32]) -> Result<Option<Found>> {
        while !self.ahead.contains_key(c_header) && !self.exhausted && self.ahead.len() < AHEAD_MAX {
            self.read(platform).await?;
        }
        let Some(entry) = self.ahead.remove(c_header) else {
            return Ok(None);
        };
        let keys = self
            .home
            .as_ref()
            .map_or(platform.appliance_keys(), |(_, keys)| keys);
        let opened = opening::open_header(keys, entry.id, &entry.header).ok();
        let opening = opened.filter(|opened| opened.commitment(Role::Header, entry.id).0 == entry.c_header);
        let header = opening
            .as_ref()
            .and_then(|opening| Header::decode(&opening.bytes).ok());
        Ok(Some(Found {
            id: entry.id,
            opening,
            header,
        }))
    }

    async fn read(&mut self, platform: &Platform) -> Result<()> {
        let page: Vec<StoredEntry> = match &self.home {
            Some((home, _)) => rows::list_entries_after(&home.tenant, self.after, i64::from(PAGE)).await?,
            None => {
                let size = PageSize::new(PAGE).unwrap_or_default();
                let mut read = platform.control().read().await?;
                let page = entry_log::list_after(&mut read, size, self.after).await?;
                page.into_iter().map(trail::as_tenants).collect()
            }
        };
        self.exhausted = page.len() < usize::from(PAGE);
        self.after = page.last().map_or(self.after, |entry| entry.sequence);
        self.ahead
            .extend(page.into_iter().map(|entry| (entry.c_header, entry)));
        Ok(())
    }

    /// The images that an entry made, in the order of the act, after one of them.
    pub(super) async fn images(
        &self,
        entry: EntryId,
        header: &Header,
        after: i32,
    ) -> Result<Vec<StoredImage>> {
        let Some((home, _)) = &self.home else {
            return Ok(Vec::new());
        };
        let record = header
            .object
            .id
            .as_deref()
            .filter(|_| header.object.kind == "record");
        let record = record.and_then(|id| id.parse::<RecordId>().ok());
        Ok(rows::images_of_entry(&home.tenant, entry, record, after, IMAGES).await?)
    }

    pub(super) async fn open_image(&mut self, platform: &Platform, image: &StoredImage) -> Result<Image> {
        if self
            .record
            .as_ref()
            .is_none_or(|(record, _)| *record != image.record)
        {
            let key = self.key_of(platform, image).await?;
            self.record = Some((image.record, key));
        }
        Ok(match self.record.as_ref().map(|(_, key)| key) {
            Some(Key::There(key)) => {
                let opened = opening::open_image(key, image.entry, &image.sealed).ok();
                let is_its = |opened: &vault::Opening| {
                    opened.commitment(Role::AfterImage, image.entry).0 == image.commitment
                };
                opened.filter(is_its).map_or(Image::Missing, Image::Open)
            }
            Some(Key::Erased(by)) => Image::Gone(*by),
            Some(Key::Lost) | None => Image::Missing,
        })
    }

    async fn key_of(&mut self, platform: &Platform, image: &StoredImage) -> Result<Key> {
        let Some((home, keys)) = &self.home else {
            return Ok(Key::Lost);
        };
        let dataset = match self.datasets.entry(image.dataset) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(place) => {
                place.insert(match catalogue::find_by_id(&home.tenant, image.dataset).await {
                    Ok(found) => Some(found),
                    Err(StoreError::NotFound) => None,
                    Err(error) => return Err(error.into()),
                })
            }
        };
        if let Some(dataset) = dataset {
            match record::find(&home.tenant, dataset, image.record).await {
                Ok(row) => {
                    let (id, wrapped) = split_key(&row.record_key)?;
                    let key = RecordKey::unwrap(keys, image.record.bytes(), id, wrapped);
                    return Ok(key.map_or(Key::Lost, Key::There));
                }
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        erased(platform, home, image.record).await
    }
}

/// The leaf of the erasure of a record that is not there any more.
async fn erased(platform: &Platform, home: &Home, record: RecordId) -> Result<Key, PlatformError> {
    let newest = rows::history(&home.tenant, record, None, 1).await?;
    let erasure = i16::from(audit::LeafKind::Erasure.number());
    let Some((_, entry)) = newest.into_iter().find(|(_, entry)| entry.kind == erasure) else {
        return Ok(Key::Lost);
    };
    let mut read = platform.control().read().await?;
    Ok(
        match leaves::standing(&mut read, entry.id, &entry.c_header).await? {
            Standing::Logged(leaf) => Key::Erased(leaf.index.unsigned_abs()),
            Standing::Pending { .. } | Standing::Nowhere => Key::Lost,
        },
    )
}
