//! Narrowings as people and programs name them: by the keys of datasets and fields. What decides is `access::Narrowing`,
//! by numbers, so that a dataset renamed or made anew under the same key is another one.
//!
//! Invariant: whoever sets a narrowing hands on no more than they have themselves: what is asked for is met with their own.

use crate::{
    Workspace,
    act::vault_failure,
    error::{PlatformError, Result},
};
use access::{DatasetRight, FieldRight, Narrowing, Permit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::tenant::catalogue;
use types::{Dataset, FieldProblem};

/// Most names in one narrowing.
const NAMES_MAX: usize = 2_000;

/// What is left of a role's or a token's rights, by key. The default takes nothing away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NamedNarrowing {
    /// On every dataset that is not named, those made later included.
    pub others: DatasetRight,
    /// On these datasets.
    pub datasets: BTreeMap<String, DatasetRight>,
    /// On these fields, by the key of their dataset.
    pub fields: BTreeMap<String, BTreeMap<String, FieldRight>>,
}

impl NamedNarrowing {
    /// Only these datasets, and nothing of any other.
    #[must_use]
    pub fn only(datasets: impl IntoIterator<Item = String>) -> Self {
        Self {
            others: DatasetRight::None,
            datasets: datasets
                .into_iter()
                .map(|key| (key, DatasetRight::Write))
                .collect(),
            fields: BTreeMap::new(),
        }
    }

    /// As an audit entry says it: `others: none; customers: read; customers.iban: hidden`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let others = (self.others != DatasetRight::Write).then(|| format!("others: {}", word(self.others)));
        let datasets = self
            .datasets
            .iter()
            .map(|(key, right)| format!("{key}: {}", word(*right)));
        let fields = self.fields.iter().flat_map(|(dataset, fields)| {
            fields
                .iter()
                .map(move |(key, right)| format!("{dataset}.{key}: {}", field_word(*right)))
        });
        let said: Vec<String> = others.into_iter().chain(datasets).chain(fields).collect();
        match said.is_empty() {
            true => "nothing".to_owned(),
            false => said.join("; "),
        }
    }
}

/// A right as the API writes it.
#[must_use]
pub fn word(right: DatasetRight) -> &'static str {
    match right {
        DatasetRight::None => "none",
        DatasetRight::Read => "read",
        DatasetRight::Write => "write",
    }
}

/// A right on a field as the API writes it.
#[must_use]
pub fn field_word(right: FieldRight) -> &'static str {
    match right {
        FieldRight::Hidden => "hidden",
        FieldRight::Masked => "masked",
        FieldRight::Read => "read",
        FieldRight::Write => "write",
    }
}

/// What a column says.
pub(crate) fn read(json: serde_json::Value) -> Result<Narrowing> {
    serde_json::from_value(json).map_err(vault_failure)
}

/// What a column shall say.
pub(crate) fn write(narrowing: &Narrowing) -> Result<serde_json::Value> {
    match *narrowing == Narrowing::nothing() {
        true => Ok(serde_json::json!({})),
        false => serde_json::to_value(narrowing).map_err(vault_failure),
    }
}

/// By numbers, and within what the permit's holder has. Problems are at pointers below `at`.
pub(crate) async fn resolve(
    workspace: &Workspace,
    permit: &Permit,
    at: &str,
    named: &NamedNarrowing,
) -> Result<Narrowing> {
    let names = named.datasets.len() + named.fields.values().map(BTreeMap::len).sum::<usize>();
    if names > NAMES_MAX {
        let message = format!("at most {NAMES_MAX} datasets and fields");
        return Err(PlatformError::invalid_at(at, "too-long", message));
    }
    let mut known = catalogue::list(workspace.tenant()).await?;
    known.retain(|dataset| permit.may_see_dataset(dataset.id.0));
    let mut problems = Vec::new();
    let mut narrowing = Narrowing::nothing().with_others(named.others);
    for (key, right) in &named.datasets {
        match find(&known, key) {
            Some(dataset) => narrowing = narrowing.with_dataset(dataset.id.0, *right),
            None => problems.push(unknown(format!("{at}/datasets/{key}"), "dataset")),
        }
    }
    for (key, fields) in &named.fields {
        let Some(dataset) = find(&known, key) else {
            problems.push(unknown(format!("{at}/fields/{key}"), "dataset"));
            continue;
        };
        for (field, right) in fields {
            let mut all = dataset.fields.iter();
            let found = all.find(|one| one.key.as_str() == field);
            match found.filter(|one| permit.may_see_field(dataset.id.0, one.id.0)) {
                Some(one) => narrowing = narrowing.with_field(dataset.id.0, one.id.0, *right),
                None => problems.push(unknown(format!("{at}/fields/{key}/{field}"), "field")),
            }
        }
    }
    match problems.is_empty() {
        true => Ok(narrowing.meet(permit.narrowing())),
        false => Err(PlatformError::invalid(problems)),
    }
}

fn find<'a>(known: &'a [Dataset], key: &str) -> Option<&'a Dataset> {
    known.iter().find(|dataset| dataset.key.as_str() == key)
}

fn unknown(pointer: String, what: &str) -> FieldProblem {
    FieldProblem::new(pointer, "unknown-name", format!("there is no such {what}"))
}

/// By key, as far as the permit's holder sees the datasets and fields; what is gone has no name any more.
pub(crate) fn name(permit: &Permit, known: &[Dataset], narrowing: &Narrowing) -> NamedNarrowing {
    let mut named = NamedNarrowing {
        others: narrowing.others(),
        ..NamedNarrowing::default()
    };
    for dataset in known.iter().filter(|one| permit.may_see_dataset(one.id.0)) {
        let key = dataset.key.to_string();
        if let Some(right) = narrowing.datasets().get(&dataset.id.0) {
            named.datasets.insert(key.clone(), *right);
        }
        let Some(fields) = narrowing.fields().get(&dataset.id.0) else {
            continue;
        };
        let mut seen = BTreeMap::new();
        for field in dataset
            .fields
            .iter()
            .filter(|one| permit.may_see_field(dataset.id.0, one.id.0))
        {
            if let Some(right) = fields.get(&field.id.0) {
                seen.insert(field.key.to_string(), *right);
            }
        }
        if !seen.is_empty() {
            named.fields.insert(key, seen);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrowing_is_said_in_words() {
        assert_eq!(NamedNarrowing::default().in_words(), "nothing");
        let mut named = NamedNarrowing::only(["customers".to_owned()]);
        let fields = BTreeMap::from([("iban".to_owned(), FieldRight::Hidden)]);
        named.fields.insert("customers".to_owned(), fields);
        assert_eq!(
            named.in_words(),
            "others: none; customers: write; customers.iban: hidden"
        );
    }

    #[test]
    fn a_word_is_what_the_api_writes() {
        for right in [DatasetRight::None, DatasetRight::Read, DatasetRight::Write] {
            assert_eq!(serde_json::to_value(right).unwrap(), word(right));
        }
        for right in [
            FieldRight::Hidden,
            FieldRight::Masked,
            FieldRight::Read,
            FieldRight::Write,
        ] {
            assert_eq!(serde_json::to_value(right).unwrap(), field_word(right));
        }
    }
}
