//! One row of a table: its cells in one text, so that a row costs two allocations or, reused, none.

use super::{Defusing, apply_defusing};

/// One row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    number: u64,
    line: u64,
    text: String,
    ends: Vec<usize>,
    defusing: Defusing,
}

impl Row {
    /// Which data row it is, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The line where it begins, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many cells it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True without a cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of that place, from 0.
    #[must_use]
    pub fn cell(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        self.text
            .get(start..end)
            .map(|cell| apply_defusing(cell, self.defusing))
    }

    /// Every cell in its order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.cell(place))
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn set_number(&mut self, number: u64) {
        self.number = number;
    }

    pub(super) fn set_defusing(&mut self, defusing: Defusing) {
        self.defusing = defusing;
    }

    pub(super) fn fill(&mut self, line: u64, text: &str, ends: &[usize]) {
        self.line = line;
        self.text.clear();
        self.text.push_str(text);
        self.ends.clear();
        self.ends.extend_from_slice(ends);
    }
}
