//! Looks at an uploaded file: what it is, its columns, its first rows, what the columns seem to hold.
//!
//! Invariant: memory does not grow with the file; at most [`ROWS_MAX`] rows are looked at.

use super::plan::FileFormat;
use crate::{
    Workspace,
    error::{PlatformError, Result},
    file,
    pipe::{PipeReader, pipe},
};
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use store::tenant::file::StoredFile;
use tabular::{
    ColumnGuess, CsvReader, Dialect, Encoding, Guesser, JsonDataset, JsonReader, ReadOptions, decode_head,
    guess_dialect, guess_encoding_of, refusal::excerpt,
};

/// Most rows that are looked at; what comes later and does not fit is refused, not misread.
const ROWS_MAX: u64 = 100_000;
/// Rows of the preview.
const PREVIEW_ROWS: usize = 20;
/// Most members of JSON records.
const MEMBERS_MAX: usize = 500;
/// Bytes that the dialect is guessed from.
const HEAD_BYTES: usize = 1 << 20;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// What the file is.
    pub format: FileFormat,
    /// The encoding.
    pub encoding: Encoding,
    /// The dialect.
    pub dialect: Dialect,
    /// Why, a sentence each.
    pub evidence: Vec<String>,
    /// The columns' names.
    pub headers: Vec<String>,
    /// The first rows.
    pub preview: Vec<Vec<String>>,
    /// What the columns seem to hold.
    pub guesses: Vec<ColumnGuess>,
    /// The definition that a JSON export begins with.
    pub definition: Option<JsonDataset>,
}

/// How a CSV file is to be read; without it that is guessed.
pub(super) type Reading = Option<(Encoding, Dialect)>;

/// Looks at a file.
pub(super) async fn analyse(
    workspace: &Workspace,
    stored: &StoredFile,
    format: FileFormat,
    reading: Reading,
) -> Result<Analysis> {
    match (format, reading) {
        (FileFormat::Json, _) => pass(workspace, stored, look_at_json).await,
        (FileFormat::Csv, Some((encoding, dialect))) => {
            let evidence = vec!["chosen by a person".to_owned()];
            pass(workspace, stored, move |read| {
                look_at_csv(read, encoding, dialect, evidence)
            })
            .await
        }
        (FileFormat::Csv, None) => {
            let (encoding, dialect, evidence) = pass(workspace, stored, guess_reading).await?;
            pass(workspace, stored, move |read| {
                look_at_csv(read, encoding, dialect, evidence)
            })
            .await
        }
    }
}

/// The file's first byte that is no blank says JSON, unless its name says otherwise.
pub(super) async fn guess_format(
    workspace: &Workspace,
    stored: &StoredFile,
    name: &str,
) -> Result<FileFormat> {
    let name = name.to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".json", ".jsonl", ".ndjson"]) {
        return Ok(FileFormat::Json);
    }
    if ends(&[".csv", ".tsv", ".txt"]) {
        return Ok(FileFormat::Csv);
    }
    let head = pass(workspace, stored, |mut read| Ok(read_head(&mut read, 4_096)?)).await?;
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(match first {
        Some(b'{' | b'[') => FileFormat::Json,
        Some(_) | None => FileFormat::Csv,
    })
}

/// Why a file cannot be looked at.
pub(super) enum Unreadable {
    /// Its bytes did not come.
    Io(io::Error),
    /// What is wrong with them.
    Fault(&'static str, String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<tabular::ReadFault> for Unreadable {
    fn from(fault: tabular::ReadFault) -> Self {
        Self::Fault(fault.code(), fault.to_string())
    }
}

impl From<tabular::JsonFault> for Unreadable {
    fn from(fault: tabular::JsonFault) -> Self {
        Self::Fault(fault.code(), fault.to_string())
    }
}

/// Reads the file once, on a thread where reading may take its time.
async fn pass<T: Send + 'static>(
    workspace: &Workspace,
    stored: &StoredFile,
    look: impl FnOnce(PipeReader) -> std::result::Result<T, Unreadable> + Send + 'static,
) -> Result<T> {
    let (feeder, reader) = pipe(std::sync::Arc::default());
    let looking = tokio::task::spawn_blocking(move || look(reader));
    let (fed, looked) = tokio::join!(feeder.feed(file::read(workspace, stored)), looking);
    fed?;
    match looked.map_err(|error| PlatformError::invariant(error.to_string()))? {
        Ok(seen) => Ok(seen),
        Err(Unreadable::Io(error)) => Err(PlatformError::invariant(error.to_string())),
        Err(Unreadable::Fault(code, message)) => Err(PlatformError::invalid_at("/file", code, message)),
    }
}

fn read_head(read: &mut impl Read, bytes: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(bytes.min(1 << 16));
    read.take(bytes as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn guess_reading(mut read: PipeReader) -> std::result::Result<(Encoding, Dialect, Vec<String>), Unreadable> {
    let head = read_head(&mut read, HEAD_BYTES)?;
    let (encoding, why) = guess_encoding_of(head.as_slice().chain(read))?;
    let (dialect, reason) = guess_dialect(&decode_head(encoding, &head));
    Ok((encoding, dialect, vec![why, reason]))
}

fn look_at_csv(
    read: impl Read,
    encoding: Encoding,
    dialect: Dialect,
    evidence: Vec<String>,
) -> std::result::Result<Analysis, Unreadable> {
    let mut reader = CsvReader::new(read, encoding, dialect, ReadOptions::default())?;
    let headers = reader.headers().to_vec();
    let mut guesser = Guesser::new(&headers);
    let mut preview = Vec::with_capacity(PREVIEW_ROWS);
    let mut row = tabular::Row::default();
    while reader.rows() < ROWS_MAX {
        match reader.read(&mut row) {
            None => break,
            Some(Ok(())) => {
                guesser.see(&row);
                if preview.len() < PREVIEW_ROWS {
                    preview.push(row.iter().map(excerpt).collect());
                }
            }
            // The row will be refused when it is imported; here the others matter.
            Some(Err(fault)) if !fault.is_fatal() => {}
            Some(Err(fault)) if reader.rows() == 0 => return Err(fault.into()),
            Some(Err(_)) => break,
        }
    }
    Ok(Analysis {
        format: FileFormat::Csv,
        encoding,
        dialect,
        evidence,
        headers,
        preview,
        guesses: guesser.finish(),
        definition: None,
    })
}

/// Records become rows of text, so that one guesser serves both formats.
fn look_at_json(read: PipeReader) -> std::result::Result<Analysis, Unreadable> {
    let mut reader = JsonReader::new(read)?;
    let definition = reader.dataset().cloned();
    let mut headers: Vec<String> = definition
        .iter()
        .flat_map(|dataset| &dataset.fields)
        .map(|field| field.key.to_string())
        .collect();
    let mut table = JsonTable::default();
    for record in reader.by_ref().take(ROWS_MAX as usize) {
        let record = record?;
        for key in record.fields.keys() {
            if !headers.contains(key) {
                headers.push(key.clone());
            }
        }
        if headers.len() > MEMBERS_MAX {
            let message = format!("the records have more than {MEMBERS_MAX} different members");
            return Err(Unreadable::Fault("too-many-columns", message));
        }
        table.see(&headers, &record.fields);
    }
    let read = table.as_csv(&headers);
    let evidence = vec![match &definition {
        Some(_) => "a JSON export with its dataset's definition".to_owned(),
        None => "JSON records".to_owned(),
    }];
    let analysis = look_at_csv(read.as_slice(), Encoding::Utf8, Dialect::default(), evidence)?;
    Ok(Analysis {
        format: FileFormat::Json,
        definition,
        headers,
        ..analysis
    })
}

/// The first rows of JSON records as text, bounded in bytes.
#[derive(Default)]
struct JsonTable {
    rows: Vec<Vec<String>>,
    bytes: usize,
}

/// Most bytes of JSON that columns are guessed from.
const TABLE_BYTES_MAX: usize = 8 << 20;

impl JsonTable {
    fn see(&mut self, headers: &[String], fields: &serde_json::Map<String, serde_json::Value>) {
        if self.bytes > TABLE_BYTES_MAX {
            return;
        }
        let cell = |key: &String| match fields.get(key) {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let row: Vec<String> = headers.iter().map(cell).collect();
        self.bytes += row.iter().map(|cell| cell.len() + 24).sum::<usize>();
        self.rows.push(row);
    }

    fn as_csv(&self, headers: &[String]) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.bytes);
        for row in std::iter::once(headers).chain(self.rows.iter().map(Vec::as_slice)) {
            for place in 0..headers.len() {
                let cell = row.get(place).map_or("", String::as_str).replace('"', "\"\"");
                text.extend(if place == 0 { &b"\""[..] } else { b",\"" });
                text.extend(cell.replace('\0', "").as_bytes());
                text.push(b'"');
            }
            text.push(b'\n');
        }
        text
    }
}
