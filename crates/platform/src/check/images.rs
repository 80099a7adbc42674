//! Every image, record by record: dense versions, each opening to its commitment, each made by its entry, the last the
//! row as it is.

use super::{
    FaultCode, Subject,
    entries::Log,
    report::Findings,
    rows::{Difference, compare, rows_of},
};
use crate::{error::Result, sealing::split_key};
use audit::{Image, LeafKind, Role};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeSet, HashMap};
use store::{
    StoreError,
    tenant::{
        StoredRecord,
        audit::{self as log_rows, StoredEntry, StoredImage},
    },
};
use types::{EntryId, RecordId};
use vault::{RecordKey, opening};

/// Images read at once.
const PAGE: i64 = 250;
/// Entries looked up at once.
const LOOKUPS: usize = 32;

/// The record whose images are being read.
struct Chain {
    record: RecordId,
    version: i64,
    commitment: [u8; 32],
    sequence: i64,
    erasure: bool,
    dataset: types::DatasetId,
    /// The newest image, if it opened.
    image: Option<Image>,
    /// The first fault ends the chain: what follows from it is noise.
    faulty: bool,
    row: Option<StoredRecord>,
    /// The newest version's entry.
    entry: EntryId,
}

struct Reading<'a> {
    subject: &'a Subject<'a>,
    log: Log,
    singles: u64,
    chain: Option<Chain>,
}

pub(super) async fn check(subject: &Subject<'_>, log: Log, findings: &mut Findings) -> Result<()> {
    let mut reading = Reading {
        subject,
        log,
        singles: 0,
        chain: None,
    };
    let mut after = None;
    loop {
        let page = log_rows::images_after(&subject.tx, after, PAGE).await?;
        let mut rows = rows_of(subject, &page).await?;
        let entries = reading.entries_of(&page).await?;
        for image in &page {
            findings.images += 1;
            reading.see(image, &mut rows, entries.get(&image.entry), findings);
        }
        after = page.last().map(|image| (image.record, image.version));
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    reading.end_chain(findings);
    if reading.singles != reading.log.singles {
        find_without_image(subject, findings).await?;
    }
    reading.log.acts.finish(subject, findings).await
}

impl Reading<'_> {
    /// The entries of acts on one record. They are never changed, so they need not come from the snapshot.
    async fn entries_of(&self, page: &[StoredImage]) -> Result<HashMap<EntryId, StoredEntry>> {
        let tenant = &self.subject.home.tenant;
        let ids: BTreeSet<EntryId> = page.iter().map(|image| image.entry).collect();
        let missing = ids.into_iter().filter(|id| self.log.acts.entry(*id).is_none());
        let lookups = missing.map(|id| async move {
            match log_rows::find_entry(tenant, id).await {
                Ok(entry) => Ok(Some((id, entry))),
                Err(StoreError::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let found: Vec<_> = stream::iter(lookups.collect::<Vec<_>>())
            .buffer_unordered(LOOKUPS)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    fn see(
        &mut self,
        image: &StoredImage,
        rows: &mut HashMap<RecordId, StoredRecord>,
        single: Option<&StoredEntry>,
        findings: &mut Findings,
    ) {
        if self
            .chain
            .as_ref()
            .is_none_or(|chain| chain.record != image.record)
        {
            self.end_chain(findings);
            self.chain = Some(Chain::new(image, rows.remove(&image.record)));
        }
        let Some(chain) = &mut self.chain else { return };
        let before = chain.commitment;
        let bulk = self.log.acts.entry(image.entry);
        let is_single = bulk.is_none() && single.is_some();
        self.singles += u64::from(is_single);
        let fault = chain.follow(self.subject, image, bulk, single);
        self.log.acts.add(image, before);
        if let Some((code, detail)) = fault.filter(|_| !chain.faulty) {
            chain.faulty = true;
            findings.push(code, Some(image.entry), Some(image.record), detail);
        }
    }

    fn end_chain(&mut self, findings: &mut Findings) {
        let Some(chain) = self.chain.take() else { return };
        findings.erased += u64::from(chain.erasure && chain.row.is_none());
        if chain.faulty {
            return;
        }
        let gone = self.log.erased.contains(&chain.dataset);
        if let Some((code, detail)) = chain.end(self.subject, gone) {
            findings.push(code, Some(chain.entry), Some(chain.record), detail);
        }
    }
}

type Fault = (FaultCode, String);

impl Chain {
    fn new(image: &StoredImage, row: Option<StoredRecord>) -> Self {
        Self {
            record: image.record,
            version: 0,
            commitment: [0; 32],
            sequence: 0,
            erasure: false,
            dataset: image.dataset,
            image: None,
            faulty: false,
            row,
            entry: image.entry,
        }
    }

    /// Takes the next version and says what is wrong with it.
    fn follow(
        &mut self,
        subject: &Subject<'_>,
        image: &StoredImage,
        bulk: Option<&StoredEntry>,
        single: Option<&StoredEntry>,
    ) -> Option<Fault> {
        let expected = self.version + 1;
        let before = std::mem::replace(&mut self.commitment, image.commitment);
        self.version = image.version;
        self.entry = image.entry;
        if image.version != expected {
            let detail = format!("version {expected} of the record is missing in the log");
            return Some((FaultCode::ImageMissing, detail));
        }
        let Some(entry) = bulk.or(single) else {
            let detail = format!("the entry of version {} is missing in the log", image.version);
            return Some((FaultCode::EntryMissing, detail));
        };
        let sequence = std::mem::replace(&mut self.sequence, entry.sequence);
        self.erasure = entry.kind == i16::from(LeafKind::Erasure.number());
        let at = format!("version {} of the record", image.version);
        if entry.sequence <= sequence {
            let detail = format!("{at} has an entry that stands before that of the version before it");
            return Some((FaultCode::EntryOrder, detail));
        }
        if bulk.is_none() && entry.c_after != image.commitment {
            let detail = format!("{at} is not what its entry commits to");
            return Some((FaultCode::EntryCommitment, detail));
        }
        if bulk.is_none() && entry.c_before != before {
            return Some((
                FaultCode::EntryLink,
                format!("{at} does not continue the version before it"),
            ));
        }
        let row = self.row.as_ref()?;
        match open(subject, row, image) {
            Ok(image) => {
                self.image = Some(image);
                None
            }
            Err((code, what)) => Some((code, format!("{at}: {what}"))),
        }
    }

    /// Compares the newest version with the row.
    fn end(&self, subject: &Subject<'_>, dataset_gone: bool) -> Option<Fault> {
        let Some(row) = &self.row else {
            if self.erasure || dataset_gone {
                return None;
            }
            let detail = "the record's row is gone, and no erasure explains it";
            return Some((FaultCode::RowMissing, detail.into()));
        };
        if row.version != self.version || row.commitment != self.commitment {
            let detail = "the row is not the newest version in the log";
            return Some((FaultCode::RowVersion, detail.into()));
        }
        let dataset = subject
            .datasets
            .iter()
            .find(|dataset| dataset.id == self.dataset)?;
        match compare(subject, dataset, row, self.image.as_ref()?)? {
            Difference::Unreadable => {
                let detail = "the row's sealed values do not open";
                Some((FaultCode::RowUnreadable, detail.into()))
            }
            Difference::Value(field) => {
                let detail = format!("the row's {field} is not what the newest image says");
                Some((FaultCode::RowValues, detail))
            }
            Difference::State => {
                let detail = "the row is in the trash, or not, unlike its newest image";
                Some((FaultCode::RowValues, detail.into()))
            }
        }
    }
}

/// Opens an image with the key of its record's row.
fn open(
    subject: &Subject<'_>,
    row: &StoredRecord,
    image: &StoredImage,
) -> std::result::Result<Image, (FaultCode, &'static str)> {
    let unreadable = |what| (FaultCode::ImageUnreadable, what);
    let (id, wrapped) = split_key(&row.record_key).map_err(|_| unreadable("the record's key is cut"))?;
    let key = RecordKey::unwrap(&subject.keys, row.id.bytes(), id, wrapped)
        .map_err(|_| unreadable("the record's key does not open"))?;
    let opening = opening::open_image(&key, image.entry, &image.sealed)
        .map_err(|_| unreadable("its image does not open, and no erasure explains it"))?;
    if opening.commitment(Role::AfterImage, image.entry).0 != image.commitment {
        return Err((
            FaultCode::ImageCommitment,
            "its image is not the one committed to",
        ));
    }
    Image::decode(&opening.bytes).map_err(|_| unreadable("its image cannot be read"))
}

/// Some entry has no image: looks for it, one record at a time. Slow, and only done when the counts differ.
async fn find_without_image(subject: &Subject<'_>, findings: &mut Findings) -> Result<()> {
    let mut after = 0;
    loop {
        let page = log_rows::entries_after(&subject.tx, after, PAGE).await?;
        for entry in page.iter().filter(|entry| entry.c_after != [0; 32]) {
            if let Some(record) = record_of(subject, entry)
                && !has_image(subject, record, entry.id).await?
            {
                let detail = "the entry's image is missing in the log".to_owned();
                findings.push(FaultCode::ImageMissing, Some(entry.id), Some(record), detail);
            }
        }
        after = page.last().map_or(after, |entry| entry.sequence);
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

fn record_of(subject: &Subject<'_>, entry: &StoredEntry) -> Option<RecordId> {
    let opening = opening::open_header(&subject.keys, entry.id, &entry.header).ok()?;
    let header = audit::Header::decode(&opening.bytes).ok()?;
    let id = header.object.id.filter(|_| header.object.kind == "record")?;
    id.parse().ok()
}

async fn has_image(subject: &Subject<'_>, record: RecordId, entry: EntryId) -> Result<bool> {
    let tenant = &subject.home.tenant;
    let mut before = None;
    loop {
        let page = log_rows::history(tenant, record, before, PAGE).await?;
        if page.iter().any(|(image, _)| image.entry == entry) {
            return Ok(true);
        }
        match page.last() {
            Some((image, _)) => before = Some(image.version),
            None => return Ok(false),
        }
    }
}
