//! What can be wrong with a table before anyone looks at its values.

use crate::encoding::InvalidBytes;

/// A fault with its place.
#[derive(Debug, thiserror::Error)]
#[error("{}{kind}", place(*.row, *.line))]
pub struct ReadFault {
    /// The data row, from 1; 0 is the header.
    pub row: u64,
    /// The line where the row begins (of invalid bytes: where they are), from 1.
    pub line: u64,
    /// The header of the column at fault, if it is one column.
    pub column: Option<String>,
    /// What is wrong.
    pub kind: ReadFaultKind,
}

fn place(row: u64, line: u64) -> String {
    match row {
        0 => format!("the header (line {line}) "),
        row => format!("row {row} (line {line}) "),
    }
}

/// What is wrong. `Display` continues the sentence "row 3 (line 4) ...".
#[derive(Debug, thiserror::Error)]
pub enum ReadFaultKind {
    /// The source failed.
    #[error("could not be read")]
    Io(#[source] std::io::Error),
    /// Bytes that are not text of the encoding.
    #[error("is not valid {}: see the byte at offset {}; save the file as UTF-8 or choose another encoding", .0.encoding, .0.offset)]
    InvalidBytes(InvalidBytes),
    /// A record without an end.
    #[error("is longer than {max} bytes; is a quotation mark left open?")]
    RecordTooLong {
        /// The bound.
        max: usize,
    },
    /// One cell is too long.
    #[error("has a cell of more than {max} characters")]
    CellTooLong {
        /// The bound.
        max: usize,
    },
    /// Too many columns.
    #[error("has {actual} columns, but at most {max} are possible")]
    TooManyColumns {
        /// The bound.
        max: usize,
        /// What the table has.
        actual: usize,
    },
    /// A row with more or fewer cells than the header.
    #[error("has {actual} field{}, expected {expected}", if *.actual == 1 { "" } else { "s" })]
    Ragged {
        /// Columns of the table.
        expected: usize,
        /// Cells of the row.
        actual: usize,
    },
    /// The NUL character.
    #[error("contains the NUL character; remove it")]
    Nul,
    /// Nothing but line ends.
    #[error("is missing: the table is empty")]
    Empty,
}

impl ReadFault {
    pub(crate) fn new(row: u64, line: u64, kind: ReadFaultKind) -> Self {
        let line = match &kind {
            ReadFaultKind::InvalidBytes(invalid) => invalid.line,
            ReadFaultKind::Io(_)
            | ReadFaultKind::RecordTooLong { .. }
            | ReadFaultKind::CellTooLong { .. }
            | ReadFaultKind::TooManyColumns { .. }
            | ReadFaultKind::Ragged { .. }
            | ReadFaultKind::Nul
            | ReadFaultKind::Empty => line,
        };
        Self {
            row,
            line,
            column: None,
            kind,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind {
            ReadFaultKind::Io(_) => "read-failed",
            ReadFaultKind::InvalidBytes(_) => "invalid-bytes",
            ReadFaultKind::RecordTooLong { .. } => "record-too-long",
            ReadFaultKind::CellTooLong { .. } => "cell-too-long",
            ReadFaultKind::TooManyColumns { .. } => "too-many-columns",
            ReadFaultKind::Ragged { .. } => "ragged-row",
            ReadFaultKind::Nul => "nul",
            ReadFaultKind::Empty => "empty-table",
        }
    }

    /// True when nothing after it can be read; otherwise the row is refused and the next one follows.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self.kind {
            ReadFaultKind::Ragged { .. } | ReadFaultKind::Nul | ReadFaultKind::CellTooLong { .. } => {
                self.row == 0
            }
            ReadFaultKind::Io(_)
            | ReadFaultKind::InvalidBytes(_)
            | ReadFaultKind::RecordTooLong { .. }
            | ReadFaultKind::TooManyColumns { .. }
            | ReadFaultKind::Empty => true,
        }
    }
}
