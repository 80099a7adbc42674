//! Records out as CSV (RFC 4180, UTF-8), streamed.
//!
//! Invariants: no cell of a text kind runs as a formula in a spreadsheet ([`crate::defuse`]), and a reader with
//! [`crate::Defusing::Undo`] and [`crate::Whitespace::Keep`] gets every value back exactly. Numbers, dates, amounts,
//! points, ids and JSON are written as they are: none of them is free text.

use crate::defuse::defuse;
use std::borrow::Cow;
use std::io::{self, Write};
use types::{Field, Record, Value};

/// What the first line calls the columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderNames {
    /// The fields' keys, for programs and for coming back.
    #[default]
    Keys,
    /// The fields' labels, for people.
    Labels,
}

/// Does the file begin with a byte order mark? Some spreadsheets need it to see UTF-8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ByteOrderMark {
    /// No.
    #[default]
    Absent,
    /// Yes.
    Present,
}

/// Are the record's own columns written before the fields?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SystemColumns {
    /// No: the file comes back as a dataset like the one it is from.
    #[default]
    Absent,
    /// `id, version, created_at, created_by, updated_at, updated_by`.
    Present,
}

/// How a CSV export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CsvExportOptions {
    /// The first line.
    pub header: HeaderNames,
    /// The byte order mark.
    pub byte_order_mark: ByteOrderMark,
    /// The record's own columns.
    pub system: SystemColumns,
}

const SYSTEM: [&str; 6] = [
    "id",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
];
/// Written at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// An export in progress.
pub struct CsvExport<W> {
    write: W,
    buffer: Vec<u8>,
    system: SystemColumns,
}

impl<W: Write> CsvExport<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(write: W, fields: &[Field], options: CsvExportOptions) -> io::Result<Self> {
        let mut buffer = Vec::with_capacity(CHUNK_BYTES + 4096);
        if options.byte_order_mark == ByteOrderMark::Present {
            buffer.extend("\u{feff}".as_bytes());
        }
        let system = match options.system {
            SystemColumns::Absent => &[][..],
            SystemColumns::Present => &SYSTEM,
        };
        let names = fields.iter().map(|field| match options.header {
            HeaderNames::Keys => Cow::Borrowed(field.key.as_str()),
            HeaderNames::Labels => defuse(&field.label),
        });
        push_row(
            &mut buffer,
            system.iter().map(|name| Cow::Borrowed(*name)).chain(names),
        );
        let mut export = Self {
            write,
            buffer,
            system: options.system,
        };
        export.flush_above(CHUNK_BYTES)?;
        Ok(export)
    }

    /// Writes one record; its values stand in the order of the fields.
    ///
    /// # Errors
    /// When writing fails.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        let system = match self.system {
            SystemColumns::Absent => Vec::new(),
            SystemColumns::Present => vec![
                record.id.to_string(),
                record.version.to_string(),
                record.created_at.to_string(),
                record.created_by.to_string(),
                record.updated_at.to_string(),
                record.updated_by.to_string(),
            ],
        };
        let cells = system
            .into_iter()
            .map(Cow::Owned)
            .chain(record.values.iter().map(cell_of));
        push_row(&mut self.buffer, cells);
        self.flush_above(CHUNK_BYTES)
    }

    /// Ends the export and gives the writer back.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush_above(0)?;
        self.write.flush()?;
        Ok(self.write)
    }

    fn flush_above(&mut self, bytes: usize) -> io::Result<()> {
        if self.buffer.len() > bytes {
            self.write.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// The value as a cell. `12.50 EUR`, `a; b` (a name that holds a semicolon in quotation marks), `52.5, 13.4`,
/// `2026-03-31T12:00:00Z`; a masked value is dots, which no import takes for a value.
fn cell_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) | Value::Sensitive(text) => defuse(text),
        Value::Choices(names) => Cow::Owned(defuse(&crate::choices::join(names)).into_owned()),
        Value::Empty
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Money(..)
        | Value::Boolean(_)
        | Value::Date(_)
        | Value::Timestamp(_)
        | Value::Reference(_)
        | Value::Point(..)
        | Value::Attachment(_)
        | Value::Json(_)
        | Value::Masked => Cow::Owned(value.to_text()),
    }
}

/// Appends a row of texts with its line end; no cell of it runs as a formula ([`crate::defuse`]).
pub fn push_text_row(buffer: &mut Vec<u8>, cells: &[&str]) {
    push_row(buffer, cells.iter().map(|cell| defuse(cell)));
}

/// One row with its line end. A row of one empty cell is `""`, because a blank line is no row.
pub(crate) fn push_row<'a>(buffer: &mut Vec<u8>, cells: impl Iterator<Item = Cow<'a, str>>) {
    let begin = buffer.len();
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            buffer.push(b',');
        }
        push_cell(buffer, &cell);
    }
    if buffer.len() == begin {
        buffer.extend(b"\"\"");
    }
    buffer.extend(b"\r\n");
}

/// Quotes more than RFC 4180 asks: other delimiters too, because a program that splits at semicolons would otherwise see
/// a cell that begins in the middle of ours, perhaps with a formula.
fn push_cell(buffer: &mut Vec<u8>, cell: &str) {
    let special = |byte: &u8| matches!(byte, b'"' | b',' | b';' | b'\t' | b'|' | b'\r' | b'\n');
    let outer_blank = cell.starts_with(char::is_whitespace) || cell.ends_with(char::is_whitespace);
    if !outer_blank && !cell.starts_with('\u{feff}') && !cell.as_bytes().iter().any(special) {
        buffer.extend(cell.as_bytes());
        return;
    }
    buffer.push(b'"');
    for (place, part) in cell.split('"').enumerate() {
        if place > 0 {
            buffer.extend(b"\"\"");
        }
        buffer.extend(part.as_bytes());
    }
    buffer.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Converter, CsvReader, Defusing, Dialect, Encoding, Formats, NewField, ReadOptions, Whitespace,
    };
    use proptest::prelude::*;
    use types::{AccountId, FieldId, FieldKind, RecordId};

    fn fields(kinds: &[FieldKind]) -> Vec<Field> {
        let named = kinds.iter().enumerate();
        let field = |(place, kind): (usize, &FieldKind)| {
            let key = format!("c{place}");
            NewField::plain(key.parse().unwrap(), "=Label", *kind).with_id(FieldId(1))
        };
        named.map(field).collect()
    }

    fn record(values: Vec<Value>) -> Record {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let by = AccountId(uuid::Uuid::nil());
        let (created_at, updated_at, created_by, updated_by) = (at, at, by, by);
        Record {
            id: RecordId(uuid::Uuid::nil()),
            version: 1,
            created_at,
            created_by,
            updated_at,
            updated_by,
            deleted_at: None,
            values,
        }
    }

    fn written(fields: &[Field], rows: &[Vec<Value>], options: CsvExportOptions) -> Vec<u8> {
        let mut export = CsvExport::new(Vec::new(), fields, options).unwrap();
        rows.iter()
            .for_each(|row| export.record(&record(row.clone())).unwrap());
        export.finish().unwrap()
    }

    fn read_back(fields: &[Field], file: &[u8]) -> Vec<Vec<Value>> {
        let options = ReadOptions {
            defusing: Defusing::Undo,
            ..ReadOptions::default()
        };
        let formats = Formats {
            whitespace: Whitespace::Keep,
            ..Formats::default()
        };
        let converters: Vec<Converter> = fields
            .iter()
            .map(|field| Converter::new(field, formats))
            .collect();
        let reader = CsvReader::new(file, Encoding::Utf8, Dialect::default(), options).unwrap();
        let read = |row: crate::Row| {
            row.iter()
                .zip(&converters)
                .map(|(cell, to)| to.convert(cell).unwrap())
                .collect()
        };
        reader.map(|row| read(row.unwrap())).collect()
    }

    #[test]
    fn every_kind_comes_back() {
        let samples = [
            (FieldKind::Text, "=1+1"),
            (FieldKind::LongText, " a\r\n\"b\",;\t'"),
            (FieldKind::Integer, "-42"),
            (FieldKind::Decimal, "-1234.5600"),
            (FieldKind::Money, "-12.50 EUR"),
            (FieldKind::Boolean, "true"),
            (FieldKind::Date, "2026-02-28"),
            (FieldKind::Timestamp, "2026-02-28T12:00:00.123456Z"),
            (FieldKind::Email, "+ann@example.org"),
            (FieldKind::Url, "https://example.org/a?b=c"),
            (FieldKind::Phone, "+442079460958"),
            (FieldKind::GeoPoint, "-31.95376472, -89.23450472"),
            (FieldKind::Json, "{\"a\":[1,\"x\",null]}"),
            (FieldKind::SensitiveText, "-DE89 3704 0044"),
        ];
        let mut kinds: Vec<FieldKind> = samples.iter().map(|(kind, _)| *kind).collect();
        let mut row: Vec<Value> = samples
            .iter()
            .map(|(kind, text)| Value::from_text(*kind, text).unwrap())
            .collect();
        kinds.push(FieldKind::MultipleChoice);
        row.push(Value::Choices(vec!["=a;b".into(), "c".into()]));
        let mut fields = fields(&kinds);
        fields.last_mut().unwrap().rules.choices = vec!["=a;b".into(), "c".into()];
        let empty = vec![Value::Empty; kinds.len()];
        let rows = vec![row, empty];
        let file = written(&fields, &rows, CsvExportOptions::default());
        assert_eq!(read_back(&fields, &file), rows);
        let text = String::from_utf8(file).unwrap();
        assert!(
            text.contains("\r\n'=1+1,") && text.contains(",-42,-1234.5600,-12.50 EUR,"),
            "{text}"
        );
    }

    #[test]
    fn labels_are_defused_and_system_columns_come_first() {
        let options = CsvExportOptions {
            header: HeaderNames::Labels,
            byte_order_mark: ByteOrderMark::Present,
            system: SystemColumns::Present,
        };
        let text = String::from_utf8(written(
            &fields(&[FieldKind::Text]),
            &[vec![Value::Masked]],
            options,
        ))
        .unwrap();
        let expected = "\u{feff}id,version,created_at,created_by,updated_at,updated_by,'=Label\r\n\
            00000000-0000-0000-0000-000000000000,1,1970-01-01T00:00:00Z,00000000-0000-0000-0000-000000000000,\
            1970-01-01T00:00:00Z,00000000-0000-0000-0000-000000000000,••••••\r\n";
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(rows in proptest::collection::vec(("[-'=+@\"\r\n\t ,;a\u{feff}]{0,6}|\\PC{0,12}", "\\PC{0,5}"), 1..6)) {
            let texts = |text: String| if text.is_empty() { Value::Empty } else { Value::Text(text) };
            let kept = rows.iter().all(|(one, two)| !types::card::carries_card_number(one) && !types::card::carries_card_number(two));
            prop_assume!(kept);
            let one: Vec<Vec<Value>> = rows.iter().map(|(one, _)| vec![texts(one.clone())]).collect();
            let single = fields(&[FieldKind::Text]);
            prop_assert_eq!(read_back(&single, &written(&single, &one, CsvExportOptions::default())), one);
            let two: Vec<Vec<Value>> = rows.into_iter().map(|(one, two)| vec![texts(one), texts(two)]).collect();
            let double = fields(&[FieldKind::Text, FieldKind::LongText]);
            prop_assert_eq!(read_back(&double, &written(&double, &two, CsvExportOptions::default())), two);
        }
    }
}
