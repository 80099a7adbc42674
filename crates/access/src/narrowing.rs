//! Narrowing: rights taken away per dataset and field, of a member or of a token.
//!
//! Invariant: a narrowing is a cap. It is only ever combined by [`Narrowing::meet`], which takes the lower right of
//! both, and only ever asked together with a permission; so nothing written into one can widen anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The number of a dataset within its organization (the 17 of table `d17`).
pub type DatasetId = i32;
/// The number of a field within its organization (the 123 of column `f123`).
pub type FieldId = i32;

/// The most that is left of a role's rights on a dataset, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetRight {
    /// As if it did not exist.
    None,
    /// Reading only.
    Read,
    /// Not narrowed.
    #[default]
    Write,
}

/// The most that is left of a role's rights on a field, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRight {
    /// As if it did not exist: not shown, sorted, filtered, exported or named.
    Hidden,
    /// Its presence shows, its value never does, whether the field is sensitive or not.
    Masked,
    /// Reading only.
    Read,
    /// Not narrowed.
    #[default]
    Write,
}

/// Caps on datasets and fields. The default narrows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Narrowing {
    others: DatasetRight,
    datasets: BTreeMap<DatasetId, DatasetRight>,
    fields: BTreeMap<DatasetId, BTreeMap<FieldId, FieldRight>>,
}

impl Narrowing {
    /// A narrowing that leaves everything.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// A narrowing to the datasets that [`Narrowing::with_dataset`] names: all others are as if they did not exist.
    pub fn only_named() -> Self {
        Narrowing {
            others: DatasetRight::None,
            ..Self::default()
        }
    }

    /// Caps one dataset.
    #[must_use]
    pub fn with_dataset(mut self, dataset: DatasetId, right: DatasetRight) -> Self {
        self.datasets.insert(dataset, right);
        self
    }

    /// Caps one field.
    #[must_use]
    pub fn with_field(mut self, dataset: DatasetId, field: FieldId, right: FieldRight) -> Self {
        self.fields.entry(dataset).or_default().insert(field, right);
        self
    }

    /// Caps every dataset that is not named.
    #[must_use]
    pub fn with_others(mut self, right: DatasetRight) -> Self {
        self.others = right;
        self
    }

    /// The cap on every dataset that is not named.
    pub fn others(&self) -> DatasetRight {
        self.others
    }

    /// The datasets that are named.
    pub fn datasets(&self) -> &BTreeMap<DatasetId, DatasetRight> {
        &self.datasets
    }

    /// The fields that are named, by dataset.
    pub fn fields(&self) -> &BTreeMap<DatasetId, BTreeMap<FieldId, FieldRight>> {
        &self.fields
    }

    /// The cap on a dataset.
    pub fn dataset(&self, dataset: DatasetId) -> DatasetRight {
        self.datasets.get(&dataset).copied().unwrap_or(self.others)
    }

    /// The cap on a field, its dataset's included.
    pub fn field(&self, dataset: DatasetId, field: FieldId) -> FieldRight {
        let own = self.fields.get(&dataset).and_then(|fields| fields.get(&field));
        let own = own.copied().unwrap_or_default();
        match self.dataset(dataset) {
            DatasetRight::None => FieldRight::Hidden,
            DatasetRight::Read => own.min(FieldRight::Read),
            DatasetRight::Write => own,
        }
    }

    /// What both leave: the lower right of the two, everywhere.
    #[must_use]
    pub fn meet(&self, other: &Narrowing) -> Narrowing {
        let named: BTreeSet<_> = self.datasets.keys().chain(other.datasets.keys()).collect();
        let lower = |id: &&DatasetId| (**id, self.dataset(**id).min(other.dataset(**id)));
        let mut fields = self.fields.clone();
        for (dataset, theirs) in &other.fields {
            let ours = fields.entry(*dataset).or_default();
            for (field, right) in theirs {
                let kept = ours.entry(*field).or_insert(*right);
                *kept = (*kept).min(*right);
            }
        }
        Narrowing {
            others: self.others.min(other.others),
            datasets: named.iter().map(lower).collect(),
            fields,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any narrowing of two datasets with two fields each.
    pub(crate) fn any_narrowing() -> impl Strategy<Value = Narrowing> {
        let right = prop_oneof![
            Just(DatasetRight::None),
            Just(DatasetRight::Read),
            Just(DatasetRight::Write)
        ];
        let field = prop_oneof![
            Just(FieldRight::Hidden),
            Just(FieldRight::Masked),
            Just(FieldRight::Read),
            Just(FieldRight::Write)
        ];
        // Few ids, so that two narrowings often speak of the same field.
        let datasets = prop::collection::btree_map(0..2, right.clone(), 0..3);
        let fields = prop::collection::btree_map(0..2, field, 0..3);
        let fields = prop::collection::btree_map(0..2, fields, 0..3);
        (right, datasets, fields).prop_map(|(others, datasets, fields)| Narrowing {
            others,
            datasets,
            fields,
        })
    }

    proptest! {
        #[test]
        fn what_two_narrowings_leave_is_the_lower_of_both(
            a in any_narrowing(), b in any_narrowing(), dataset in 0..3, field in 0..3,
        ) {
            let both = a.meet(&b);
            prop_assert_eq!(both.dataset(dataset), a.dataset(dataset).min(b.dataset(dataset)));
            prop_assert_eq!(both.field(dataset, field), a.field(dataset, field).min(b.field(dataset, field)));
        }

        #[test]
        fn narrowing_by_nothing_changes_nothing(a in any_narrowing(), dataset in 0..3, field in 0..3) {
            let same = a.meet(&Narrowing::nothing());
            prop_assert_eq!(same.dataset(dataset), a.dataset(dataset));
            prop_assert_eq!(same.field(dataset, field), a.field(dataset, field));
        }

        #[test]
        fn a_field_never_has_more_than_its_dataset(a in any_narrowing(), dataset in 0..3, field in 0..3) {
            let most = match a.dataset(dataset) {
                DatasetRight::None => FieldRight::Hidden,
                DatasetRight::Read => FieldRight::Read,
                DatasetRight::Write => FieldRight::Write,
            };
            prop_assert!(a.field(dataset, field) <= most);
        }
    }

    #[test]
    fn a_narrowing_reads_back_from_json_and_an_unknown_member_is_refused() {
        let narrowing = Narrowing::only_named()
            .with_dataset(1, DatasetRight::Read)
            .with_field(1, 7, FieldRight::Masked);
        let json = serde_json::to_string(&narrowing).unwrap();
        assert_eq!(
            json,
            r#"{"others":"none","datasets":{"1":"read"},"fields":{"1":{"7":"masked"}}}"#
        );
        assert_eq!(serde_json::from_str::<Narrowing>(&json).unwrap(), narrowing);
        assert!(serde_json::from_str::<Narrowing>(r#"{"field":{}}"#).is_err());
    }

    #[test]
    fn of_two_rights_on_a_field_the_lower_is_left() {
        let hidden = Narrowing::nothing().with_field(1, 7, FieldRight::Hidden);
        let masked = Narrowing::nothing().with_field(1, 7, FieldRight::Masked);
        assert_eq!(hidden.meet(&masked).field(1, 7), FieldRight::Hidden);
        assert_eq!(masked.meet(&hidden).field(1, 7), FieldRight::Hidden);
    }

    #[test]
    fn a_token_for_named_datasets_sees_no_other() {
        let token = Narrowing::only_named().with_dataset(1, DatasetRight::Read);
        assert_eq!(token.dataset(1), DatasetRight::Read);
        assert_eq!(token.dataset(2), DatasetRight::None);
        assert_eq!(token.field(2, 7), FieldRight::Hidden);
    }
}
