//! The catalogue: `catalogue.toml`, read once.
//!
//! Invariant: a [`PromiseId`] exists only for a promise of the catalogue, so a check cannot be registered for, or an
//! observation kept of, a promise that nobody made. Start at [`catalogue`].

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The stable id of a promise in the catalogue: `transit-tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PromiseId(&'static str);

/// How a promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The software makes the opposite impossible, and a check shows that it still does.
    Enforced,
    /// A figure is taken continuously and compared with its bound.
    Measured,
    /// People keep it; the register records who attests, with what evidence, until when.
    Attested,
}

/// Which security page makes the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Maker {
    /// CARTO on-premises.
    #[serde(rename = "CARTO")]
    Carto,
    /// CarteFi.
    CarteFi,
    /// ChartMogul.
    ChartMogul,
    /// CTO Enterprise Service Hub.
    #[serde(rename = "CTO")]
    Cto,
    /// Seatrobot.
    Seatrobot,
    /// None of the others: Strongroom's own.
    Strongroom,
}

/// One promise of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// The stable id, used in code, tests, docs, API and console.
    pub id: PromiseId,
    /// Who makes it.
    pub made_by: Vec<Maker>,
    /// How it is kept.
    pub kind: Kind,
    /// What a customer is told.
    pub promise: String,
    /// What the live check looks at.
    pub evidence: String,
    /// How a reviewer will try to make it false.
    pub broken_by: String,
}

/// A text that is no promise's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no promise has the id {id:?}")]
pub struct UnknownPromise {
    /// The text as it came.
    pub id: String,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    promise: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    made_by: Vec<Maker>,
    kind: Kind,
    promise: String,
    evidence: String,
    broken_by: String,
}

static CATALOGUE: LazyLock<Vec<Promise>> = LazyLock::new(read_embedded);

/// Every promise, in the order of the catalogue.
pub fn catalogue() -> &'static [Promise] {
    &CATALOGUE
}

/// The promise with this id.
///
/// # Errors
/// [`UnknownPromise`] when the catalogue has none.
pub fn find(id: &str) -> Result<&'static Promise, UnknownPromise> {
    let found = catalogue().iter().find(|promise| promise.id.0 == id);
    found.ok_or_else(|| UnknownPromise { id: id.to_owned() })
}

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program; an empty register would be worse"
)]
fn read_embedded() -> Vec<Promise> {
    read(include_str!("../catalogue.toml")).expect("catalogue.toml is valid; a test reads it")
}

fn read(text: &str) -> Result<Vec<Promise>, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    Ok(file.promise.into_iter().map(Promise::from).collect())
}

impl From<Written> for Promise {
    fn from(written: Written) -> Self {
        Promise {
            // Leaked once per promise, so that an id is a plain copyable word everywhere.
            id: PromiseId(written.id.leak()),
            made_by: written.made_by,
            kind: written.kind,
            promise: written.promise,
            evidence: written.evidence,
            broken_by: written.broken_by,
        }
    }
}

impl Kind {
    /// The stable name used in the API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Enforced => "enforced",
            Kind::Measured => "measured",
            Kind::Attested => "attested",
        }
    }
}

impl PromiseId {
    /// The id as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The promise it names.
    pub fn promise(self) -> Option<&'static Promise> {
        catalogue().iter().find(|promise| promise.id == self)
    }
}

impl fmt::Display for PromiseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl FromStr for PromiseId {
    type Err = UnknownPromise;

    fn from_str(id: &str) -> Result<Self, UnknownPromise> {
        find(id).map(|promise| promise.id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_has_67_promises_with_ids_of_their_own() {
        let ids: BTreeSet<_> = catalogue().iter().map(|promise| promise.id).collect();
        assert_eq!(catalogue().len(), 67);
        assert_eq!(ids.len(), 67);
    }

    #[test]
    fn ids_are_kebab_case() {
        let word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        for promise in catalogue() {
            assert!(promise.id.as_str().split('-').all(word), "{}", promise.id);
        }
    }

    #[test]
    fn every_promise_says_what_it_is_who_makes_it_and_how_it_breaks() {
        for promise in catalogue() {
            assert!(!promise.made_by.is_empty(), "{}", promise.id);
            for text in [&promise.promise, &promise.evidence, &promise.broken_by] {
                assert!(!text.trim().is_empty(), "{}", promise.id);
            }
        }
    }

    #[test]
    fn all_three_kinds_occur() {
        let count = |kind| catalogue().iter().filter(|promise| promise.kind == kind).count();
        assert_eq!(
            [Kind::Enforced, Kind::Measured, Kind::Attested].map(count),
            [54, 8, 5]
        );
    }

    #[test]
    fn an_id_is_known_or_refused() {
        assert_eq!(
            "transit-tls"
                .parse::<PromiseId>()
                .unwrap()
                .promise()
                .unwrap()
                .kind,
            Kind::Enforced
        );
        assert_eq!(
            find("transit-ssl").unwrap_err().to_string(),
            "no promise has the id \"transit-ssl\""
        );
    }

    #[test]
    fn an_unknown_key_or_kind_in_the_file_is_refused() {
        let good = "[[promise]]\nid = \"a\"\nmade_by = [\"CTO\"]\nkind = \"enforced\"\npromise = \"p\"\n\
                    evidence = \"e\"\nbroken_by = \"b\"\n";
        assert!(read(good).is_ok());
        assert!(read(&good.replace("enforced", "hoped")).is_err());
        assert!(read(&format!("{good}note = \"n\"\n")).is_err());
    }

    #[test]
    fn a_promise_in_json_has_this_shape() {
        let promise = find("people").unwrap();
        let json = serde_json::to_value(promise).unwrap();
        assert_eq!(json["id"], "people");
        assert_eq!(json["kind"], "attested");
        assert_eq!(
            json["made_by"],
            serde_json::json!(["CARTO", "ChartMogul", "CTO", "Seatrobot"])
        );
        assert_eq!(json["broken_by"], "an attestation that ran out");
    }
}
