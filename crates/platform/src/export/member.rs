//! Members of an archive: their names, what is in them, and how they are written twice, once to know size and hash and
//! once to send them. Both passes read one snapshot, so they see the same.

use super::{
    Format, Reveal, Shown, Source,
    encode::Encoder,
    manifest::{ABOUT, HISTORY, attachment_path},
};
use crate::{
    Workspace,
    act::{ActorView, read_header, vault_failure},
    error::{PlatformError, Result},
    file::{self, FilePurpose},
    list::{self, Checked, PlaceOrLive, Query},
    pipe::Outlet,
    sealing,
};
use access::Permit;
use bytes::Bytes;
use futures_util::StreamExt;
use openssl::sha::Sha256;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use store::{
    StoreError,
    tenant::{TenantTx, audit as log, record as rows},
};
use types::{AttachmentId, Dataset, DatasetId, EntryId, RecordId, Value};

/// Images read at once.
const IMAGES_AT_ONCE: i64 = 500;

/// What the manifest says of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MemberLine {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Attachment(AttachmentId),
    Records(usize, PlaceOrLive, Format),
    History,
    /// Read once: the control schema is not part of the snapshot.
    About(Bytes),
}

/// Everything that an archive is made of.
pub(super) struct Collection {
    pub(super) workspace: Workspace,
    pub(super) permit: Permit,
    pub(super) tx: TenantTx,
    pub(super) datasets: Vec<Arc<Dataset>>,
    pub(super) shown: Vec<Shown>,
    pub(super) reach: Reach,
}

/// Which records there are for whoever reads the archive.
pub(crate) enum Reach {
    /// All of the organization's.
    Everything,
    /// One person's, with files that earlier versions of them name.
    Person {
        records: BTreeSet<RecordId>,
        files: BTreeSet<AttachmentId>,
        /// How values of fields go that are removed.
        removed: Reveal,
    },
}

/// Where a member's bytes go.
pub(super) enum Sink<'a> {
    Measure(Sha256, u64),
    Send(&'a Outlet, u64),
}

impl Sink<'_> {
    async fn put(&mut self, bytes: Bytes) -> Result<()> {
        match self {
            Self::Measure(hash, size) => {
                hash.update(&bytes);
                *size += bytes.len() as u64;
                Ok(())
            }
            Self::Send(outlet, size) => {
                *size += bytes.len() as u64;
                outlet.send(bytes).await
            }
        }
    }
}

/// What was seen while records were written.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) attachments: BTreeSet<AttachmentId>,
    pub(super) records: u64,
}

impl Content {
    pub(super) fn path(&self, datasets: &[Arc<Dataset>]) -> String {
        match self {
            Self::Attachment(id) => attachment_path(*id),
            Self::History => HISTORY.to_owned(),
            Self::About(_) => ABOUT.to_owned(),
            Self::Records(place, lies, format) => {
                let key = &datasets[*place].key;
                let trash = if *lies == PlaceOrLive::Trash { ".trash" } else { "" };
                let ending = if *format == Format::Csv { "csv" } else { "jsonl" };
                format!("datasets/{key}{trash}.{ending}")
            }
        }
    }
}

impl Collection {
    pub(super) async fn write(&self, content: &Content, sink: &mut Sink<'_>, seen: &mut Seen) -> Result<()> {
        match content {
            Content::Attachment(id) => self.write_attachment(*id, sink).await,
            Content::Records(place, lies, format) => {
                self.write_records(*place, *lies, *format, sink, seen).await
            }
            Content::History => self.write_history(sink).await,
            Content::About(text) => sink.put(text.clone()).await,
        }
    }

    async fn write_attachment(&self, id: AttachmentId, sink: &mut Sink<'_>) -> Result<()> {
        let (_, stored) = file::find(&self.workspace, FilePurpose::Attachment, id).await?;
        let mut bytes = file::read(&self.workspace, &stored);
        while let Some(piece) = bytes.next().await {
            sink.put(piece?).await?;
        }
        Ok(())
    }

    fn everything(&self, dataset: &Dataset, lies: PlaceOrLive) -> Result<Checked> {
        let query = Query {
            place: lies,
            ..Query::default()
        };
        let mut checked = list::check(&self.permit, dataset, &query)?;
        if let Reach::Person { records, .. } = &self.reach {
            checked.only(records);
        }
        Ok(checked)
    }

    async fn write_records(
        &self,
        place: usize,
        lies: PlaceOrLive,
        format: Format,
        sink: &mut Sink<'_>,
        seen: &mut Seen,
    ) -> Result<()> {
        let dataset = &self.datasets[place];
        let source = Source {
            workspace: &self.workspace,
            tx: &self.tx,
            dataset,
            shown: &self.shown[place],
        };
        let checked = self.everything(dataset, lies)?;
        let mut encoder = Encoder::new(dataset, format)?;
        let rows = source.rows(&checked).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(stored) = rows.next().await {
            let record = source.shown.open(&self.workspace, dataset, &stored?)?;
            seen.attachments
                .extend(record.values.iter().filter_map(|value| match value {
                    Value::Attachment(id) => Some(*id),
                    _ => None,
                }));
            seen.records += 1;
            encoder.record(&record)?;
            sink.put(encoder.take()).await?;
        }
        sink.put(encoder.finish()?).await
    }

    /// One line per version of each record: who, when, what it held then.
    async fn write_history(&self, sink: &mut Sink<'_>) -> Result<()> {
        let mut reader = HistoryReader::new(self);
        if let Reach::Person { records, .. } = &self.reach {
            for record in records {
                let images = log::images_of_record(&self.tx, *record).await?;
                sink.put(reader.lines(&images).await?).await?;
            }
            return Ok(());
        }
        let mut after = None;
        loop {
            let images = log::images_after(&self.tx, after, IMAGES_AT_ONCE).await?;
            sink.put(reader.lines(&images).await?).await?;
            match images.last() {
                Some(last) => after = Some((last.record, last.version)),
                None => return Ok(()),
            }
        }
    }
}

/// Reads images with what they need: the record's key, the entry's header.
struct HistoryReader<'a> {
    collection: &'a Collection,
    places: BTreeMap<DatasetId, usize>,
    key: Option<(RecordId, Option<Vec<u8>>)>,
    header: Option<(EntryId, serde_json::Value)>,
}

impl<'a> HistoryReader<'a> {
    fn new(collection: &'a Collection) -> Self {
        let places = collection.datasets.iter().enumerate();
        Self {
            collection,
            places: places.map(|(place, dataset)| (dataset.id, place)).collect(),
            key: None,
            header: None,
        }
    }

    async fn lines(&mut self, images: &[log::StoredImage]) -> Result<Bytes> {
        let mut text = Vec::new();
        for image in images {
            if let Some(line) = self.line(image).await? {
                serde_json::to_writer(&mut text, &line).map_err(vault_failure)?;
                text.push(b'\n');
            }
        }
        Ok(text.into())
    }

    async fn line(&mut self, image: &log::StoredImage) -> Result<Option<serde_json::Value>> {
        // A dataset that is gone took its records' keys with it.
        let Some(place) = self.places.get(&image.dataset).copied() else {
            return Ok(None);
        };
        let collection = self.collection;
        let dataset = &collection.datasets[place];
        let mut line = serde_json::json!({
            "dataset": dataset.key, "record": image.record, "version": image.version,
            "act": self.header(image.entry).await?,
        });
        let Some(key) = self.key(dataset, image.record).await? else {
            line["erased"] = true.into();
            return Ok(Some(line));
        };
        let opened = sealing::open_image(collection.workspace.keys(), &key, image)?;
        line["state"] = format!("{:?}", opened.state).to_lowercase().into();
        let mut fields = serde_json::Map::new();
        let values = sealing::values_of(dataset, &opened);
        let clear = &collection.shown[place].clear;
        for ((field, value), clear) in dataset.fields.iter().zip(values).zip(clear) {
            let value = match value {
                Value::Sensitive(_) if !clear => Value::Masked,
                value => value,
            };
            fields.insert(field.key.to_string(), value.to_json());
        }
        line["fields"] = fields.into();
        if let Reach::Person { removed, .. } = collection.reach {
            let values = sealing::removed_values(dataset, &opened);
            let values = values.iter().map(|(number, value)| match removed {
                Reveal::Clear => (number.to_string(), value.to_json()),
                Reveal::Masked => (number.to_string(), Value::Masked.to_json()),
            });
            line["removed_fields"] = serde_json::Value::Object(values.collect());
        }
        Ok(Some(line))
    }

    async fn key(&mut self, dataset: &Dataset, record: RecordId) -> Result<Option<Vec<u8>>> {
        if let Some((known, key)) = &self.key
            && *known == record
        {
            return Ok(key.clone());
        }
        let found = match rows::find(self.collection.workspace.tenant(), dataset, record).await {
            Ok(stored) => Some(stored.record_key),
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        self.key = Some((record, found.clone()));
        Ok(found)
    }

    async fn header(&mut self, entry: EntryId) -> Result<serde_json::Value> {
        if let Some((known, header)) = &self.header
            && *known == entry
        {
            return Ok(header.clone());
        }
        let workspace = &self.collection.workspace;
        let stored = log::find_entry(workspace.tenant(), entry).await?;
        let header = read_header(workspace.keys(), &stored)?;
        let actor = ActorView::of(&header);
        let json = serde_json::json!({
            "entry": entry, "action": header.action, "at": stored.appended_at,
            "actor": { "kind": actor.kind, "account": actor.account },
        });
        self.header = Some((entry, json.clone()));
        Ok(json)
    }
}

/// An archive whose two passes differ is not one.
pub(super) fn check_size(line: &MemberLine, sent: u64) -> Result<()> {
    if line.size == sent {
        return Ok(());
    }
    Err(PlatformError::new(
        types::ProblemCode::Conflict,
        "something was erased for good while the archive was made; make it again",
    ))
}
