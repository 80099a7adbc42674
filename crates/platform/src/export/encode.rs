//! Records as bytes in one of the formats.

use super::Format;
use crate::{act::vault_failure, error::Result, pipe::Drain};
use bytes::Bytes;
use tabular::{CsvExport, CsvExportOptions, JsonExport, JsonForm};
use types::{Dataset, Record};

/// Writes records; what was written is taken out as it comes.
pub(super) struct Encoder {
    drain: Drain,
    form: Form,
}

enum Form {
    Csv(CsvExport<Drain>),
    Json(JsonExport<Drain>),
}

impl Encoder {
    pub(super) fn new(dataset: &Dataset, format: Format) -> Result<Self> {
        let drain = Drain::default();
        let json = |form| JsonExport::new(drain.clone(), dataset, form).map(Form::Json);
        let form = match format {
            Format::Csv => {
                CsvExport::new(drain.clone(), &dataset.fields, CsvExportOptions::default()).map(Form::Csv)
            }
            Format::Json => json(JsonForm::Document),
            Format::JsonLines => json(JsonForm::Lines),
        };
        let form = form.map_err(vault_failure)?;
        Ok(Self { drain, form })
    }

    pub(super) fn record(&mut self, record: &Record) -> Result<()> {
        let written = match &mut self.form {
            Form::Csv(export) => export.record(record),
            Form::Json(export) => export.record(record),
        };
        written.map_err(vault_failure)
    }

    /// What was written since the last call: nothing, or tens of kilobytes.
    pub(super) fn take(&self) -> Bytes {
        self.drain.take()
    }

    pub(super) fn finish(self) -> Result<Bytes> {
        let ended = match self.form {
            Form::Csv(export) => export.finish().map(drop),
            Form::Json(export) => export.finish().map(drop),
        };
        ended.map_err(vault_failure)?;
        Ok(self.drain.take())
    }
}
