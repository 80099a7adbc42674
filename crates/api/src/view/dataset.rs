//! Datasets and fields as JSON: what can be sent back to create the same again.

use serde::Serialize;
use serde_json::Value as Json;
use std::sync::Arc;
use types::{
    Dataset, DatasetId, Field, FieldKind,
    field::{Indexing, Presence, Uniqueness},
};

/// A dataset with its fields.
#[derive(Serialize)]
pub(crate) struct DatasetView<'a> {
    key: &'a str,
    label: &'a str,
    description: &'a str,
    schema_version: i32,
    fields: Vec<FieldView<'a>>,
}

/// A field.
#[derive(Serialize)]
pub(crate) struct FieldView<'a> {
    key: &'a str,
    label: &'a str,
    kind: FieldKind,
    presence: Presence,
    uniqueness: Uniqueness,
    indexing: Indexing,
    rules: RulesView<'a>,
    /// The key of the dataset that a reference points to.
    references: Option<&'a str>,
    default: Option<&'a Json>,
    help: &'a str,
}

/// A field's rules, without the dataset's number.
#[derive(Serialize)]
struct RulesView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    choices: &'a [String],
}

/// The datasets of an organization.
#[derive(Serialize)]
pub(crate) struct DatasetsView<'a> {
    pub(crate) datasets: Vec<DatasetView<'a>>,
}

impl<'a> DatasetView<'a> {
    /// `known` are the datasets that references may point to.
    pub(crate) fn of(dataset: &'a Dataset, known: &'a [Arc<Dataset>]) -> Self {
        let key_of = |id: DatasetId| {
            known
                .iter()
                .find(|other| other.id == id)
                .map(|other| other.key.as_str())
        };
        let fields = dataset.fields.iter();
        Self {
            key: dataset.key.as_str(),
            label: &dataset.label,
            description: &dataset.description,
            schema_version: dataset.schema_version,
            fields: fields
                .map(|field| FieldView::of(field, field.rules.dataset.and_then(key_of)))
                .collect(),
        }
    }
}

impl<'a> FieldView<'a> {
    fn of(field: &'a Field, references: Option<&'a str>) -> Self {
        let rules = &field.rules;
        Self {
            key: field.key.as_str(),
            label: &field.label,
            kind: field.kind,
            presence: field.presence,
            uniqueness: field.uniqueness,
            indexing: field.indexing,
            rules: RulesView {
                min: rules.min.as_deref(),
                max: rules.max.as_deref(),
                length_min: rules.length_min,
                length_max: rules.length_max,
                pattern: rules.pattern.as_deref(),
                choices: &rules.choices,
            },
            references,
            default: field.default.as_ref(),
            help: &field.help,
        }
    }
}
