//! The place of a sealed field: what ties a value to its cell.
//!
//! Invariant: two cells have two places, so a value copied to another cell does not open there.

use types::{DatasetId, FieldId, OrganizationId, RecordId};

/// One cell: a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose.
    pub organization: OrganizationId,
    /// In which dataset.
    pub dataset: DatasetId,
    /// In which column.
    pub field: FieldId,
    /// In which row.
    pub record: RecordId,
}

impl Place {
    /// The associated data: a number for "cell", then every part at its fixed width.
    #[must_use]
    pub fn bytes(&self) -> [u8; 41] {
        let mut out = [0; 41];
        let (organization, record) = (self.organization.bytes(), self.record.bytes());
        let (dataset, field) = (self.dataset.0.to_be_bytes(), self.field.0.to_be_bytes());
        let parts: [&[u8]; 5] = [&[1], &organization, &dataset, &field, &record];
        out.iter_mut()
            .zip(parts.into_iter().flatten())
            .for_each(|(place, byte)| *place = *byte);
        out
    }
}
