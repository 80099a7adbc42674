//! A dataset: a real table with real, typed columns in its organization's schema.

use crate::{DatasetId, DatasetKey, Field, FieldId};

/// A dataset's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its id; the table is `d<id>`.
    pub id: DatasetId,
    /// Its immutable name for programs.
    pub key: DatasetKey,
    /// Its name for people, at most 200 characters.
    pub label: String,
    /// What it holds, at most 2,000 characters.
    pub description: String,
    /// Counts every change of the definition; a write names the version it was checked against.
    pub schema_version: i32,
    /// The fields, in the order of forms and exports. [`crate::Record::values`] has the same order.
    pub fields: Vec<Field>,
}

impl Dataset {
    /// The field of that key, with its place among [`Dataset::fields`].
    #[must_use]
    pub fn field(&self, key: &str) -> Option<(usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.key.as_str() == key)
    }

    /// The field of that id, with its place among [`Dataset::fields`].
    #[must_use]
    pub fn field_by_id(&self, id: FieldId) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.id == id)
    }

    /// The table's generated name.
    #[must_use]
    pub fn table(&self) -> String {
        self.id.identifier()
    }
}
