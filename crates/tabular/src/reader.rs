//! A streaming CSV reader (RFC 4180 and what programs really write), in bounded memory.
//!
//! Invariant: however large the input, at most one record of [`Limits::record_bytes_max`] is held; a line of a gigabyte
//! is refused after its first megabyte. Text reaches the caller only as valid UTF-8 without NUL.
//! Start at [`CsvReader::new`]; [`CsvReader::read`] reuses one row, the iterator makes a new one each time.

mod fault;
mod row;
mod source;

pub use fault::{ReadFault, ReadFaultKind};
pub use row::Row;
pub(crate) use source::core_reader;

use crate::{Dialect, Encoding, Header, defuse};
use source::Source;
use std::io::Read;

/// Bounds of a table that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of one record with its line end, as UTF-8.
    pub record_bytes_max: usize,
    /// Most characters of one cell.
    pub cell_characters_max: usize,
    /// Most columns.
    pub columns_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes_max: 1 << 20,
            cell_characters_max: 1 << 19,
            columns_max: 500,
        }
    }
}

/// Is the apostrophe that an export put before a formula taken away again?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Defusing {
    /// Cells are read as they stand.
    #[default]
    Keep,
    /// See [`crate::defuse::undo`].
    Undo,
}

/// How a table is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Bounds.
    pub limits: Limits,
    /// Apostrophes before formulas.
    pub defusing: Defusing,
}

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first record was data and waits in `CsvReader::first`.
    First,
    /// Rows follow.
    Rows,
    /// The end, or a fault that cannot be passed.
    Ended,
}

/// A table being read, row by row.
pub struct CsvReader<R> {
    source: Source<R>,
    options: ReadOptions,
    headers: Vec<String>,
    first: Row,
    rows: u64,
    stage: Stage,
}

impl<R: Read> CsvReader<R> {
    /// Opens a table and reads its header. Without one the columns are called `Column 1`, `Column 2`, ...
    ///
    /// # Errors
    /// When reading fails, the table is empty, the header is too long or has too many columns.
    pub fn new(
        read: R,
        encoding: Encoding,
        dialect: Dialect,
        options: ReadOptions,
    ) -> Result<Self, ReadFault> {
        let mut reader = Self {
            source: Source::new(read, encoding, dialect, options.limits),
            options,
            headers: Vec::new(),
            first: Row::default(),
            rows: 0,
            stage: Stage::Rows,
        };
        reader.open(dialect.header)?;
        Ok(reader)
    }

    fn open(&mut self, header: Header) -> Result<(), ReadFault> {
        let mut first = Row::default();
        match self.source.read(&mut first) {
            None => return Err(ReadFault::new(0, 1, ReadFaultKind::Empty)),
            Some(Err((line, kind))) => return Err(ReadFault::new(0, line, kind)),
            Some(Ok(())) => {}
        }
        let max = self.options.limits.columns_max;
        if first.len() > max {
            let actual = first.len();
            return Err(ReadFault::new(
                0,
                first.line(),
                ReadFaultKind::TooManyColumns { max, actual },
            ));
        }
        first.set_defusing(self.options.defusing);
        match header {
            Header::Present => {
                check_cells(&first, self.options.limits)
                    .map_err(|kind| ReadFault::new(0, first.line(), kind.1))?;
                self.headers = first.iter().map(|cell| cell.trim().to_owned()).collect();
            }
            Header::Absent => {
                self.headers = (1..=first.len())
                    .map(|number| format!("Column {number}"))
                    .collect();
                self.first = first;
                self.stage = Stage::First;
            }
        }
        Ok(())
    }

    /// The columns' names as in the file, blanks around them dropped; they may be empty or repeat.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Data rows read so far, refused ones too.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the file decoded so far; for progress, ahead of the row by at most a few buffers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    /// Reads the next row into `row`, whose memory is reused; `None` at the end.
    /// After a fault that [`ReadFault::is_fatal`] denies the next row can be read.
    pub fn read(&mut self, row: &mut Row) -> Option<Result<(), ReadFault>> {
        match self.stage {
            Stage::Ended => return None,
            Stage::First => {
                *row = std::mem::take(&mut self.first);
                self.stage = Stage::Rows;
            }
            Stage::Rows => match self.source.read(row) {
                None => {
                    self.stage = Stage::Ended;
                    return None;
                }
                Some(Err((line, kind))) => {
                    self.stage = Stage::Ended;
                    return Some(Err(ReadFault::new(self.rows + 1, line, kind)));
                }
                Some(Ok(())) => {}
            },
        }
        self.rows += 1;
        row.set_number(self.rows);
        row.set_defusing(self.options.defusing);
        Some(self.check(row))
    }

    fn check(&self, row: &Row) -> Result<(), ReadFault> {
        let (expected, actual) = (self.headers.len(), row.len());
        if expected != actual {
            let kind = ReadFaultKind::Ragged { expected, actual };
            return Err(ReadFault::new(row.number(), row.line(), kind));
        }
        check_cells(row, self.options.limits).map_err(|(column, kind)| {
            let mut fault = ReadFault::new(row.number(), row.line(), kind);
            fault.column = self.headers.get(column).cloned();
            fault
        })
    }
}

fn check_cells(row: &Row, limits: Limits) -> Result<(), (usize, ReadFaultKind)> {
    let max = limits.cell_characters_max;
    if row.text().contains('\0') {
        let column = row.iter().position(|cell| cell.contains('\0')).unwrap_or(0);
        return Err((column, ReadFaultKind::Nul));
    }
    if row.text().len() <= max {
        return Ok(());
    }
    match row
        .iter()
        .position(|cell| cell.len() > max && cell.chars().count() > max)
    {
        Some(column) => Err((column, ReadFaultKind::CellTooLong { max })),
        None => Ok(()),
    }
}

impl<R: Read> Iterator for CsvReader<R> {
    type Item = Result<Row, ReadFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = Row::default();
        Some(self.read(&mut row)?.map(|()| row))
    }
}

/// The cell as the export's writer was given it, or as it stands.
fn apply_defusing(cell: &str, defusing: Defusing) -> &str {
    match defusing {
        Defusing::Keep => cell,
        Defusing::Undo => defuse::undo(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> CsvReader<&[u8]> {
        CsvReader::new(
            text.as_bytes(),
            Encoding::Utf8,
            Dialect::default(),
            ReadOptions::default(),
        )
        .unwrap()
    }

    fn all(text: &str) -> Vec<Result<Vec<String>, &'static str>> {
        open(text)
            .map(|row| {
                row.map(|row| row.iter().map(str::to_owned).collect())
                    .map_err(|fault| fault.code())
            })
            .collect()
    }

    #[test]
    fn rows_are_read_with_their_number_and_line_whatever_the_line_ends() {
        for end in ["\n", "\r\n"] {
            let text = "a,b\n1,\"x\ny\"\n\n2,z\n3,w".replace('\n', end);
            let rows: Vec<Row> = open(&text).map(Result::unwrap).collect();
            let places: Vec<(u64, u64)> = rows.iter().map(|row| (row.number(), row.line())).collect();
            assert_eq!(places, [(1, 2), (2, 5), (3, 6)], "{end:?}");
            assert_eq!(rows[0].cell(1), Some(format!("x{end}y").as_str()));
        }
    }

    #[test]
    fn a_ragged_row_is_refused_and_the_next_one_read() {
        let ok = |cells: [&str; 2]| Ok(cells.map(str::to_owned).to_vec());
        assert_eq!(
            all("a,b\n1\n2,3\n4,5,6\n"),
            [Err("ragged-row"), ok(["2", "3"]), Err("ragged-row")]
        );
        let fault = open("a,b\n1\n").next().unwrap().unwrap_err();
        assert_eq!((fault.row, fault.line), (1, 2));
        assert_eq!(fault.to_string(), "row 1 (line 2) has 1 field, expected 2");
    }

    #[test]
    fn nul_and_invalid_bytes_are_refused() {
        assert_eq!(all("a\nx\0y\nz\n"), [Err("nul"), Ok(vec!["z".into()])]);
        let reader = CsvReader::new(
            &b"a\nb\nc\xff\nd\n"[..],
            Encoding::Utf8,
            Dialect::default(),
            ReadOptions::default(),
        );
        let rows: Vec<_> = reader.unwrap().collect();
        let fault = rows.last().unwrap().as_ref().unwrap_err();
        assert_eq!(
            (fault.code(), fault.line, fault.is_fatal()),
            ("invalid-bytes", 3, true)
        );
    }

    #[test]
    fn bounds_of_cells_and_columns_hold() {
        let long = "é".repeat((1 << 19) + 1);
        let mut options = ReadOptions::default();
        options.limits.record_bytes_max = 4 << 20;
        let text = format!("a,b\n1,{long}\n2,3\n");
        let reader = CsvReader::new(text.as_bytes(), Encoding::Utf8, Dialect::default(), options).unwrap();
        let codes: Vec<_> = reader
            .map(|row| row.map(|_| ()).map_err(|fault| (fault.code(), fault.column)))
            .collect();
        assert_eq!(codes, [Err(("cell-too-long", Some("b".into()))), Ok(())]);

        let wide = vec!["x"; 501].join(",");
        let refused = CsvReader::new(
            wide.as_bytes(),
            Encoding::Utf8,
            Dialect::default(),
            ReadOptions::default(),
        );
        assert_eq!(refused.err().unwrap().code(), "too-many-columns");
        let empty = CsvReader::new(
            &b"\n\n"[..],
            Encoding::Utf8,
            Dialect::default(),
            ReadOptions::default(),
        );
        assert_eq!(empty.err().unwrap().code(), "empty-table");
    }

    #[test]
    fn without_a_header_the_first_line_is_a_row() {
        let dialect = Dialect {
            header: Header::Absent,
            ..Dialect::default()
        };
        let reader = CsvReader::new(
            &b"1,2\n3,4\n"[..],
            Encoding::Utf8,
            dialect,
            ReadOptions::default(),
        )
        .unwrap();
        assert_eq!(reader.headers(), ["Column 1", "Column 2"]);
        let places: Vec<_> = reader
            .map(|row| row.map(|row| (row.number(), row.line())).unwrap())
            .collect();
        assert_eq!(places, [(1, 1), (2, 2)]);
    }
}
