//! A round trip: records written as CSV and JSON, as an export writes them, and read back equal; and the files that they name, read
//! to their end and compared with what was stored.

use super::{homes, look::Look, sample};
use crate::{
    Platform,
    check::is_same,
    error::Result,
    file,
    sealing::{self, Show},
    workspace::Workspace,
};
use futures_util::StreamExt;
use openssl::sha::Sha256;
use promises::Outcome;
use store::tenant::{StoredRecord, catalogue};
use tabular::{
    Converter, CsvExport, CsvExportOptions, CsvReader, Defusing, Dialect, Encoding, Formats, JsonExport,
    JsonForm, JsonReader, ReadOptions, Whitespace,
};
use types::{AttachmentId, Dataset, Record, Value};

/// Records of one dataset in the sample.
const SAMPLE: usize = 200;
/// Files of one dataset in the sample, the first that its records name.
const FILES: usize = 20;
const ADVICE: &str = "compare the record with its export, and report this";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let (mut datasets, mut records, mut files) = (0, 0, 0);
    for home in homes(platform).await? {
        for dataset in catalogue::list(&home.tenant).await? {
            let mut kept: Vec<Record> = Vec::new();
            let mut unreadable = 0;
            let see = |page: &[StoredRecord]| {
                for stored in page {
                    match sealing::open_with(&home.keys, &dataset, stored, Show::Clear) {
                        Ok(record) => kept.push(record),
                        Err(_) => unreadable += 1,
                    }
                }
            };
            sample::newest(&home, &dataset, SAMPLE, see).await?;
            let place = format!("{} / {}", home.summary.slug, dataset.key);
            if unreadable > 0 {
                look.fault(
                    format!("{unreadable} records cannot be opened to be exported"),
                    place.clone(),
                    ADVICE,
                );
            }
            records += kept.len();
            datasets += 1;
            let workspace = platform.enter_as_system(std::sync::Arc::clone(&home));
            for id in attached(&kept) {
                files += 1;
                if let Some(what) = fault_of(&workspace, id).await? {
                    look.fault(what, format!("{place}, file {id}"), ADVICE);
                }
            }
            for (format, back) in [
                ("CSV", through_csv(&dataset, &kept)),
                ("JSON", through_json(&dataset, &kept)),
            ] {
                compare(&dataset, &kept, back, &format!("{place}, as {format}"), &mut look);
            }
        }
    }
    Ok(look
        .fact("datasets", datasets)
        .fact("records there and back as CSV and JSON", records)
        .fact("files read to their end", files)
        .done())
}

/// The first files that records name, each once.
fn attached(records: &[Record]) -> Vec<AttachmentId> {
    let values = records.iter().flat_map(|record| &record.values);
    let mut ids: Vec<AttachmentId> = values
        .filter_map(|value| match value {
            Value::Attachment(id) => Some(*id),
            _ => None,
        })
        .take(FILES)
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// What is wrong with a file that an export would hold.
async fn fault_of(workspace: &Workspace, id: AttachmentId) -> Result<Option<&'static str>> {
    let (view, mut stream) = match file::open(workspace, id).await {
        Err(error) if error.code == types::ProblemCode::NotFound => {
            return Ok(Some("a record names a file that is not there"));
        }
        opened => opened?,
    };
    let (mut hash, mut size) = (Sha256::new(), 0);
    while let Some(piece) = stream.next().await {
        let Ok(piece) = piece else {
            return Ok(Some("a file cannot be read to its end"));
        };
        size += piece.len() as u64;
        hash.update(&piece);
    }
    let is_whole = u64::try_from(view.size).is_ok_and(|stored| stored == size);
    let is_same = hex::encode(hash.finish()) == view.sha256;
    Ok((!is_whole || !is_same).then_some("a file is not what was stored"))
}

/// What came back of each record, or why it did not.
type Back = std::result::Result<Vec<Vec<Option<Value>>>, String>;

fn compare(dataset: &Dataset, kept: &[Record], back: Back, place: &str, look: &mut Look) {
    let back = match back {
        Ok(back) => back,
        Err(why) => return look.fault(format!("the export does not come back: {why}"), place, ADVICE),
    };
    if back.len() != kept.len() {
        let what = format!("{} records went out and {} came back", kept.len(), back.len());
        return look.fault(what, place, ADVICE);
    }
    for (record, values) in kept.iter().zip(back) {
        for ((field, value), came) in dataset.fields.iter().zip(&record.values).zip(values) {
            if !came.is_some_and(|came| is_same(value, &came)) {
                let place = format!("{place}, {} of record {}", field.key, record.id);
                look.fault("a value does not come back as it was", place, ADVICE);
            }
        }
    }
}

fn through_csv(dataset: &Dataset, records: &[Record]) -> Back {
    let fault = |error: &dyn std::fmt::Display| error.to_string();
    let mut export = CsvExport::new(Vec::new(), &dataset.fields, CsvExportOptions::default())
        .map_err(|error| fault(&error))?;
    for record in records {
        export.record(record).map_err(|error| fault(&error))?;
    }
    let bytes = export.finish().map_err(|error| fault(&error))?;
    if dataset.fields.is_empty() {
        return Ok(vec![Vec::new(); records.len()]);
    }
    let options = ReadOptions {
        defusing: Defusing::Undo,
        ..ReadOptions::default()
    };
    let formats = Formats {
        whitespace: Whitespace::Keep,
        ..Formats::default()
    };
    let converters: Vec<Converter> = dataset
        .fields
        .iter()
        .map(|field| Converter::new(field, formats))
        .collect();
    let reader = CsvReader::new(&bytes[..], Encoding::Utf8, Dialect::default(), options)
        .map_err(|error| fault(&error))?;
    let mut back = Vec::new();
    for row in reader {
        let row = row.map_err(|error| fault(&error))?;
        let cells = converters.iter().enumerate();
        back.push(
            cells
                .map(|(place, column)| column.convert(row.cell(place).unwrap_or("")).ok())
                .collect(),
        );
    }
    Ok(back)
}

fn through_json(dataset: &Dataset, records: &[Record]) -> Back {
    let fault = |error: &dyn std::fmt::Display| error.to_string();
    let mut export =
        JsonExport::new(Vec::new(), dataset, JsonForm::Document).map_err(|error| fault(&error))?;
    for record in records {
        export.record(record).map_err(|error| fault(&error))?;
    }
    let bytes = export.finish().map_err(|error| fault(&error))?;
    let reader = JsonReader::new(&bytes[..]).map_err(|error| fault(&error))?;
    let mut back = Vec::new();
    for row in reader {
        let row = row.map_err(|error| fault(&error))?;
        let value = |field: &types::Field| {
            let json = row.fields.get(field.key.as_str())?;
            Value::from_json(field.kind, json).ok()
        };
        back.push(dataset.fields.iter().map(value).collect());
    }
    Ok(back)
}
