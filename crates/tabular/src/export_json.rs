//! Records out as JSON, streamed: one document with the dataset's definition, or JSON Lines.
//!
//! The document is `{"dataset": {...}, "records": [...]}`; of JSON Lines the first line is `{"dataset": {...}}` and every
//! other one a record. [`crate::JsonReader`] reads both. Decimals and amounts are strings, as in the API.

use crate::import_json::JsonDataset;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, Write};
use types::{Dataset, FieldKey, Record, Value};

/// How records are put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JsonForm {
    /// One JSON document.
    #[default]
    Document,
    /// One JSON value per line.
    Lines,
}

/// Written at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// An export in progress. Without [`JsonExport::finish`] the document is cut short and no reader takes it for whole.
pub struct JsonExport<W> {
    write: W,
    buffer: Vec<u8>,
    form: JsonForm,
    keys: Vec<FieldKey>,
    records: u64,
}

impl<W: Write> JsonExport<W> {
    /// Writes the dataset's definition.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(write: W, dataset: &Dataset, form: JsonForm) -> io::Result<Self> {
        let mut buffer = Vec::with_capacity(CHUNK_BYTES + 4096);
        buffer.extend(b"{\"dataset\":");
        let definition = JsonDataset {
            key: dataset.key.clone(),
            label: dataset.label.clone(),
            description: dataset.description.clone(),
            fields: dataset.fields.clone(),
        };
        serde_json::to_writer(&mut buffer, &definition)?;
        buffer.extend(match form {
            JsonForm::Document => &b",\"records\":["[..],
            JsonForm::Lines => b"}\n",
        });
        Ok(Self {
            write,
            buffer,
            form,
            keys: dataset.fields.iter().map(|field| field.key.clone()).collect(),
            records: 0,
        })
    }

    /// Writes one record; its values stand in the order of the dataset's fields.
    ///
    /// # Errors
    /// When writing fails.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        if self.form == JsonForm::Document {
            self.buffer
                .extend(if self.records == 0 { &b"\n"[..] } else { b",\n" });
        }
        let keys = &self.keys;
        serde_json::to_writer(&mut self.buffer, &JsonRecord { record, keys })?;
        if self.form == JsonForm::Lines {
            self.buffer.push(b'\n');
        }
        self.records += 1;
        if self.buffer.len() > CHUNK_BYTES {
            self.write.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Ends the document and gives the writer back.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        if self.form == JsonForm::Document {
            self.buffer.extend(b"\n]}\n");
        }
        self.write.write_all(&self.buffer)?;
        self.write.flush()?;
        Ok(self.write)
    }
}

/// A record as the API shows it.
struct JsonRecord<'a> {
    record: &'a Record,
    keys: &'a [FieldKey],
}

impl Serialize for JsonRecord<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", &record.id)?;
        map.serialize_entry("version", &record.version)?;
        map.serialize_entry("created_at", &record.created_at)?;
        map.serialize_entry("created_by", &record.created_by)?;
        map.serialize_entry("updated_at", &record.updated_at)?;
        map.serialize_entry("updated_by", &record.updated_by)?;
        if let Some(at) = record.deleted_at {
            map.serialize_entry("deleted_at", &at)?;
        }
        let keys = self.keys;
        map.serialize_entry(
            "fields",
            &JsonFields {
                keys,
                values: &record.values,
            },
        )?;
        map.end()
    }
}

struct JsonFields<'a> {
    keys: &'a [FieldKey],
    values: &'a [Value],
}

impl Serialize for JsonFields<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let values = self.values.iter().map(Value::to_json);
        to.collect_map(self.keys.iter().map(FieldKey::as_str).zip(values))
    }
}
