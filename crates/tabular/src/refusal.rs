//! Rows that were not taken: where, why and a glimpse of what was there.
//!
//! Invariant: a refusal never quotes a sensitive field, and of a payment card number only the last four digits.

use crate::ReadFault;
use crate::export_csv::push_row;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use types::card::carries_card_number;
use types::{Field, FieldKind, ValueError};

/// Most characters of an excerpt.
const EXCERPT_MAX: usize = 80;

/// One reason why a row was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The data row, from 1; 0 is the header.
    pub row: u64,
    /// The line where it begins, from 1.
    pub line: u64,
    /// The column's header, if one column is at fault.
    pub column: Option<String>,
    /// The stable code of [`ValueError::code`] or [`ReadFault::code`].
    pub code: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// The cell's beginning, at most 80 characters; empty where it must not be shown.
    pub excerpt: String,
}

impl Refusal {
    /// Of a cell that its field refuses.
    #[must_use]
    pub fn of_cell(place: (u64, u64), header: &str, field: &Field, cell: &str, error: &ValueError) -> Self {
        let (row, line) = place;
        let excerpt = match field.kind {
            FieldKind::SensitiveText => String::new(),
            _ => excerpt(cell),
        };
        Self {
            row,
            line,
            column: Some(header.to_owned()),
            code: error.code().into(),
            message: error.to_string(),
            excerpt,
        }
    }

    /// Of a row that cannot be read. Its cells may be sensitive, so none is shown.
    #[must_use]
    pub fn of_fault(fault: &ReadFault) -> Self {
        Self {
            row: fault.row,
            line: fault.line,
            column: fault.column.clone(),
            code: fault.code().into(),
            message: fault.kind.to_string(),
            excerpt: String::new(),
        }
    }
}

/// The beginning of a cell; of a card number only the last four digits.
#[must_use]
pub fn excerpt(cell: &str) -> String {
    // The whole cell decides: a card number cut in two would not be recognised.
    let shown = if carries_card_number(cell) {
        mask_digits(cell)
    } else {
        cell.to_owned()
    };
    if shown.chars().count() <= EXCERPT_MAX {
        return shown;
    }
    let beginning: String = shown.chars().take(EXCERPT_MAX - 1).collect();
    beginning + "…"
}

/// Every digit but the last four becomes a dot.
fn mask_digits(text: &str) -> String {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let mut seen = 0;
    let mask = |c: char| {
        if !c.is_numeric() {
            return c;
        }
        seen += 1;
        if seen + 4 <= digits { '•' } else { c }
    };
    text.chars().map(mask).collect()
}

/// Writes refusals as CSV with a header, formulas defused.
pub struct RefusalReport<W> {
    write: W,
    buffer: Vec<u8>,
}

impl<W: Write> RefusalReport<W> {
    /// Begins the report.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(write: W) -> io::Result<Self> {
        let mut report = Self {
            write,
            buffer: Vec::new(),
        };
        report.row(["row", "line", "column", "code", "message", "excerpt"])?;
        Ok(report)
    }

    /// Adds one refusal.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, refusal: &Refusal) -> io::Result<()> {
        self.row([
            &refusal.row.to_string(),
            &refusal.line.to_string(),
            refusal.column.as_deref().unwrap_or_default(),
            &refusal.code,
            &refusal.message,
            &refusal.excerpt,
        ])
    }

    /// Ends the report and gives the writer back.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.write.flush()?;
        Ok(self.write)
    }

    fn row(&mut self, cells: [&str; 6]) -> io::Result<()> {
        self.buffer.clear();
        push_row(
            &mut self.buffer,
            cells.iter().map(|cell| crate::defuse::defuse(cell)),
        );
        self.write.write_all(&self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewField;
    use types::FieldId;

    fn field(kind: FieldKind) -> Field {
        NewField::plain("x".parse().unwrap(), "x", kind).with_id(FieldId(1))
    }

    #[test]
    fn a_sensitive_field_is_never_quoted() {
        let error = ValueError::TooShort { min: 5 };
        let refusal = Refusal::of_cell((1, 2), "IBAN", &field(FieldKind::SensitiveText), "DE89", &error);
        assert!(!serde_json::to_string(&refusal).unwrap().contains("DE89"));
    }

    #[test]
    fn a_card_number_is_masked_even_where_the_excerpt_would_cut_it() {
        assert_eq!(excerpt("card 4111 1111 1111 1111"), "card •••• •••• •••• 1111");
        let late = format!("{} 4111111111111111", "x".repeat(70));
        assert!(!excerpt(&late).contains("4111"), "{}", excerpt(&late));
        assert_eq!(excerpt(&"y".repeat(500)).chars().count(), 80);
        assert_eq!(
            excerpt("４１１１１１１１１１１１１１１１"),
            "••••••••••••１１１１"
        );
    }

    #[test]
    fn the_report_is_csv_without_formulas() {
        let mut report = RefusalReport::new(Vec::new()).unwrap();
        let error = ValueError::Malformed {
            expected: "a whole number",
        };
        report
            .write(&Refusal::of_cell(
                (1, 2),
                "a,b",
                &field(FieldKind::Integer),
                "=1+1",
                &error,
            ))
            .unwrap();
        let text = String::from_utf8(report.finish().unwrap()).unwrap();
        let expected =
            "row,line,column,code,message,excerpt\r\n1,2,\"a,b\",malformed,not a whole number,'=1+1\r\n";
        assert_eq!(text, expected);
    }
}
