//! Records in from JSON, streamed: what [`crate::JsonExport`] writes, and plain arrays or lines of objects.
//!
//! Invariant: one record is held at a time, at most 4 MiB of it and 64 levels deep; no member may stand twice in it.
//! Start at [`JsonReader::new`].

mod scan;
mod unique;

use scan::Scanner;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::io::Read;
use types::{DatasetKey, Field};
use unique::UniqueMap;

/// The definition at the head of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonDataset {
    /// Its name for programs.
    pub key: DatasetKey,
    /// Its name for people.
    pub label: String,
    /// What it holds.
    #[serde(default)]
    pub description: String,
    /// Its fields; their ids are those of the organization it came from.
    pub fields: Vec<Field>,
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonRow {
    /// Which record it is, from 1.
    pub number: u64,
    /// The line where it begins, from 1.
    pub line: u64,
    /// The id that it had, if it names one.
    pub id: Option<String>,
    /// Its values by the fields' keys.
    pub fields: Map<String, Json>,
}

/// A fault with its place.
#[derive(Debug, thiserror::Error)]
#[error("record {row} (line {line}) {kind}")]
pub struct JsonFault {
    /// The record, from 1; 0 before the first.
    pub row: u64,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub kind: JsonFaultKind,
}

/// What is wrong. `Display` continues the sentence "record 3 (line 4) ...".
#[derive(Debug, thiserror::Error)]
pub enum JsonFaultKind {
    /// The source failed.
    #[error("could not be read")]
    Io(#[source] std::io::Error),
    /// It is no JSON, or cut short.
    #[error("is not valid JSON: {expected} expected")]
    Malformed {
        /// What should have stood there.
        expected: &'static str,
    },
    /// A record without an end.
    #[error("is longer than {max} bytes")]
    TooLong {
        /// The bound.
        max: usize,
    },
    /// Arrays in arrays in arrays.
    #[error("has more than {max} levels")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// The same member twice.
    #[error("names a member twice")]
    DuplicateMember,
    /// The head is not the definition of a dataset.
    #[error("has a \"dataset\" that does not define one")]
    Definition(#[source] serde_json::Error),
}

impl JsonFault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind {
            JsonFaultKind::Io(_) => "read-failed",
            JsonFaultKind::Malformed { .. } => "malformed-json",
            JsonFaultKind::TooLong { .. } => "record-too-long",
            JsonFaultKind::TooDeep { .. } => "too-deep",
            JsonFaultKind::DuplicateMember => "duplicate-member",
            JsonFaultKind::Definition(_) => "bad-definition",
        }
    }
}

/// What comes next.
enum Stage {
    /// A record of JSON Lines that stood where the head was looked for.
    Waiting(JsonRow),
    /// Records of an array; the first needs no comma.
    Array { first: bool },
    /// Records, one after the other.
    Lines,
    /// Nothing: the end, or a fault.
    Ended,
}

/// Records being read. After a fault nothing more comes: half an export is none.
pub struct JsonReader<R> {
    scanner: Scanner<R>,
    dataset: Option<JsonDataset>,
    records: u64,
    stage: Stage,
    /// The array stands in the document's object, whose end must follow.
    in_document: bool,
}

impl<R: Read> JsonReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// When reading fails or the head is neither an export's nor a record.
    pub fn new(read: R) -> Result<Self, JsonFault> {
        let mut reader = Self {
            scanner: Scanner::new(read),
            dataset: None,
            records: 0,
            stage: Stage::Ended,
            in_document: false,
        };
        reader.open().map_err(|kind| reader.fault(kind))?;
        Ok(reader)
    }

    /// The dataset's definition, if the input has one.
    #[must_use]
    pub fn dataset(&self) -> Option<&JsonDataset> {
        self.dataset.as_ref()
    }

    fn fault(&self, kind: JsonFaultKind) -> JsonFault {
        JsonFault {
            row: self.records,
            line: self.scanner.line(),
            kind,
        }
    }

    fn open(&mut self) -> Result<(), JsonFaultKind> {
        match self.scanner.peek()? {
            None => Ok(()),
            Some(b'[') => {
                self.scanner.take(b'[')?;
                self.stage = Stage::Array { first: true };
                Ok(())
            }
            Some(_) => self.open_object(),
        }
    }

    /// The document's members up to its records, or the first of JSON Lines.
    fn open_object(&mut self) -> Result<(), JsonFaultKind> {
        let line = self.scanner.line();
        let mut others = Map::new();
        let mut bytes = 0;
        self.scanner.take(b'{')?;
        while self.scanner.peek()? != Some(b'}') {
            if self.dataset.is_some() || !others.is_empty() {
                self.scanner.take(b',')?;
            }
            let name = self.scanner.member_name()?;
            match name.as_str() {
                "dataset" if self.dataset.is_none() && others.is_empty() => {
                    let definition = serde_json::from_slice(self.scanner.value()?);
                    self.dataset = Some(definition.map_err(JsonFaultKind::Definition)?);
                }
                "records" if others.is_empty() && self.scanner.peek()? == Some(b'[') => {
                    self.scanner.take(b'[')?;
                    self.in_document = true;
                    self.stage = Stage::Array { first: true };
                    return Ok(());
                }
                _ => {
                    let raw = self.scanner.value()?;
                    bytes += raw.len() + name.len();
                    let value = unique::value(raw)?;
                    if bytes > scan::BYTES_MAX {
                        return Err(JsonFaultKind::TooLong { max: scan::BYTES_MAX });
                    }
                    if others.insert(name, value).is_some() {
                        return Err(JsonFaultKind::DuplicateMember);
                    }
                }
            }
        }
        self.scanner.take(b'}')?;
        self.stage = match others.is_empty() {
            true => Stage::Lines,
            false => Stage::Waiting(self.row(line, others)),
        };
        Ok(())
    }

    /// An export's record carries its values under `fields`; any other object is its values.
    fn row(&mut self, line: u64, mut members: Map<String, Json>) -> JsonRow {
        self.records += 1;
        let number = self.records;
        match members.remove("fields") {
            Some(Json::Object(fields)) => JsonRow {
                number,
                line,
                id: members.get("id").and_then(Json::as_str).map(str::to_owned),
                fields,
            },
            other => {
                members.extend(other.map(|other| ("fields".to_owned(), other)));
                JsonRow {
                    number,
                    line,
                    id: None,
                    fields: members,
                }
            }
        }
    }

    fn read_record(&mut self) -> Result<JsonRow, JsonFaultKind> {
        self.scanner.peek()?;
        let line = self.scanner.line();
        let raw = self.scanner.value()?;
        let UniqueMap(members) = unique::parse(raw)?;
        Ok(self.row(line, members))
    }

    fn advance(&mut self) -> Result<Option<JsonRow>, JsonFaultKind> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Ended => Ok(None),
            Stage::Waiting(row) => {
                self.stage = Stage::Lines;
                Ok(Some(row))
            }
            Stage::Lines => {
                if self.scanner.peek()?.is_none() {
                    return Ok(None);
                }
                let row = self.read_record()?;
                self.stage = Stage::Lines;
                Ok(Some(row))
            }
            Stage::Array { first } => {
                if self.scanner.peek()? == Some(b']') {
                    self.close()?;
                    return Ok(None);
                }
                if !first {
                    self.scanner.take(b',')?;
                }
                let row = self.read_record()?;
                self.stage = Stage::Array { first: false };
                Ok(Some(row))
            }
        }
    }

    /// Members may follow the records; after the end nothing may.
    fn close(&mut self) -> Result<(), JsonFaultKind> {
        self.scanner.take(b']')?;
        if self.in_document {
            while self.scanner.peek()? == Some(b',') {
                self.scanner.take(b',')?;
                self.scanner.member_name()?;
                self.scanner.value()?;
            }
            self.scanner.take(b'}')?;
        }
        match self.scanner.peek()? {
            None => Ok(()),
            Some(_) => Err(JsonFaultKind::Malformed {
                expected: "the end of the file",
            }),
        }
    }
}

impl<R: Read> Iterator for JsonReader<R> {
    type Item = Result<JsonRow, JsonFault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(row) => row.map(Ok),
            Err(kind) => {
                let mut fault = self.fault(kind);
                fault.row += 1;
                Some(Err(fault))
            }
        }
    }
}

#[cfg(test)]
mod tests;
