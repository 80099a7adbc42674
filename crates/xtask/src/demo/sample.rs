//! The demo's sample data: five datasets as the five kinds of work need them, and customers that the ledger refers to.
//!
//! Invariant: deterministic. The same rows come out on every machine, so that screenshots and tours stay true; all
//! names are made up, all e-mail addresses are of reserved domains, all IBANs have right check digits and no bank.

mod customers;
mod events;
mod ledger;
mod places;
mod service_hub;
mod subscriptions;
mod text;

use serde_json::Value as Json;

/// A dataset: its definition as the API takes it, and its rows as a CSV file.
pub(super) struct Sample {
    /// The dataset's key.
    pub(super) key: &'static str,
    pub(super) definition: Json,
    pub(super) csv: String,
}

/// The dataset that others refer to; it is made first.
pub(super) fn customers() -> Sample {
    customers::sample()
}

/// The others; `customers` are the ids of the customers' records, in the order of their numbers.
pub(super) fn others(customers: &[String]) -> Vec<Sample> {
    vec![
        ledger::sample(customers),
        subscriptions::sample(customers),
        places::sample(),
        service_hub::sample(customers),
        events::sample(),
    ]
}

/// Numbers that look random and never change: SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % u64::try_from(to - from + 1).unwrap_or(1)).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// True so many times out of a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all() -> Vec<Sample> {
        let ids: Vec<String> = (0..customers::COUNT)
            .map(|number| format!("id-{number}"))
            .collect();
        std::iter::once(customers()).chain(others(&ids)).collect()
    }

    #[test]
    fn every_row_has_a_cell_for_each_field_and_nothing_changes_from_run_to_run() {
        for (sample, again) in all().iter().zip(all()) {
            assert_eq!(sample.csv, again.csv, "{}", sample.key);
            let fields = sample.definition["fields"].as_array().unwrap();
            let keys: Vec<&str> = fields
                .iter()
                .map(|field| field["key"].as_str().unwrap())
                .collect();
            let mut lines = sample.csv.lines();
            assert_eq!(lines.next().unwrap(), keys.join(","), "{}", sample.key);
            let rows: Vec<&str> = lines.collect();
            assert!(
                (50..=300).contains(&rows.len()),
                "{} has {} rows",
                sample.key,
                rows.len()
            );
            for row in &rows {
                assert_eq!(text::cells(row), keys.len(), "{}: {row}", sample.key);
            }
            let different: HashSet<&&str> = rows.iter().collect();
            assert_eq!(different.len(), rows.len(), "{} repeats itself", sample.key);
        }
    }

    #[test]
    fn only_reserved_domains_are_written_to() {
        for sample in all() {
            for word in sample
                .csv
                .split([',', '"', '\n', ' '])
                .filter(|word| word.contains('@'))
            {
                assert!(word.ends_with(".example"), "{word}");
            }
        }
    }
}
