//! A maker of bundles with keys of its own, and a machine that trusts it.

use std::fs;
use std::path::PathBuf;

use jiff::{Timestamp, ToSpan};
use tempfile::TempDir;
use updates::build::{self, Draft, Source};
use updates::digest::Digest;
use updates::key::{KeySet, PublicKey, SigningKey};
use updates::manifest::{Content, Manifest};
use updates::name::TargetName;
use updates::receive::{Received, receive};
use updates::refusal::Refusal;
use updates::root::{Anchor, Chain, Root};
use updates::terms::{Held, Machine, Terms};

/// The day on which everything happens.
pub(crate) fn today() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(crate) fn days(number: i64) -> Timestamp {
    today() + (number * 24).hours()
}

/// Keys that are the same in each run.
pub(crate) fn keys<const N: usize>(numbers: [u8; N]) -> Vec<SigningKey> {
    numbers
        .into_iter()
        .map(|number| SigningKey::from_bytes(&[number; 32]).unwrap())
        .collect()
}

pub(crate) fn set(threshold: usize, keys: &[SigningKey]) -> KeySet {
    let public: Vec<PublicKey> = keys.iter().map(|key| key.public().unwrap()).collect();
    KeySet::new(threshold, public).unwrap()
}

/// A root whose keys for roots are `number`, +1, +2 and those for bundles `number` + 10, +11, +12.
pub(crate) fn root(version: u64, number: u8) -> Root {
    Root {
        version,
        expires: days(365),
        root: set(2, &keys([number, number + 1, number + 2])),
        bundle: set(2, &keys([number + 10, number + 11, number + 12])),
    }
}

/// Root 1 with the keys from 1 on.
pub(crate) fn chain() -> Chain {
    build::add_root(Chain::new(Vec::new()), &root(1, 1), &keys([1, 2]), today()).unwrap()
}

/// Root 2, which puts the keys for bundles 11 to 13 out of use for 51 to 53.
pub(crate) fn rotated() -> Chain {
    let next = Root {
        bundle: set(2, &keys([51, 52, 53])),
        ..root(2, 1)
    };
    build::add_root(chain(), &next, &keys([2, 3]), today()).unwrap()
}

pub(crate) fn machine() -> Machine {
    Machine {
        product: "strongroom".to_owned(),
        release: "trixie".to_owned(),
        architecture: "amd64".to_owned(),
        version: "0.1.0".parse().unwrap(),
    }
}

/// What the maker writes down; change it, then make the bundle.
pub(crate) struct Maker {
    folder: TempDir,
    pub(crate) chain: Chain,
    pub(crate) draft: Draft,
    pub(crate) sources: Vec<Source>,
    pub(crate) keys: Vec<SigningKey>,
}

impl Maker {
    pub(crate) fn new() -> Self {
        let mut maker = Self {
            folder: tempfile::tempdir().unwrap(),
            chain: chain(),
            draft: Draft {
                machine: Machine {
                    version: "0.2.0".parse().unwrap(),
                    ..machine()
                },
                from_oldest: "0.1.0".parse().unwrap(),
                sequence: 7,
                made_at: today(),
                not_before: today(),
                not_after: days(90),
            },
            sources: Vec::new(),
            keys: keys([11, 13]),
        };
        let program = package("strongroom", "0.2.0");
        maker.add("strongroom_0.2.0_amd64.deb", b"the program", program);
        maker.add(
            "openssl_3.5.1-1_amd64.deb",
            b"a library",
            package("openssl", "3.5.1-1"),
        );
        maker.add("notes.md", b"What changed.\n", Content::Notes);
        maker
    }

    pub(crate) fn add(&mut self, name: &str, bytes: &[u8], content: Content) {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        let name = TargetName::parse(name).unwrap();
        self.sources.push(Source { name, path, content });
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn make(&self) -> Vec<u8> {
        self.make_with_list().0
    }

    pub(crate) fn make_with_list(&self) -> (Vec<u8>, Manifest) {
        let mut bytes = Vec::new();
        let list = build::bundle(&mut bytes, &self.chain, &self.draft, &self.sources, &self.keys).unwrap();
        (bytes, list)
    }
}

pub(crate) fn package(name: &str, version: &str) -> Content {
    Content::Package {
        package: name.to_owned(),
        version: version.parse().unwrap(),
        architecture: "amd64".to_owned(),
    }
}

/// A machine that trusts root 1 and has taken nothing yet.
pub(crate) fn terms() -> Terms {
    Terms {
        machine: machine(),
        trusted: anchor(),
        held: None,
        clock: days(1),
        floor: None,
    }
}

pub(crate) fn anchor() -> Anchor {
    chain().first_anchor().unwrap()
}

/// The same machine after it has taken this bundle.
pub(crate) fn after(received: &Received) -> Terms {
    Terms {
        trusted: received.anchor,
        held: Some(Held {
            sequence: received.manifest.sequence,
            manifest_sha256: received.manifest_sha256,
            bundle_keys: received.root.bundle.keys().to_vec(),
        }),
        floor: Some(received.manifest.made_at),
        ..terms()
    }
}

/// Looks at a bundle and keeps nothing.
pub(crate) fn look(bytes: &[u8], terms: &Terms) -> Result<Received, Refusal> {
    receive(bytes, terms, |_| Ok(None))
}

/// The name of the refusal's variant, with the sentence.
pub(crate) fn refused(bytes: &[u8], terms: &Terms) -> String {
    let refusal = look(bytes, terms).expect_err("it was taken");
    format!("{refusal:?}: {refusal}")
}

#[track_caller]
pub(crate) fn assert_refused(bytes: &[u8], terms: &Terms, variant: &str) {
    let said = refused(bytes, terms);
    assert!(said.starts_with(variant), "expected {variant}, got {said}");
}

/// Replaces the bytes between two places by the digest of others, so that a list can be changed and signed anew.
pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    Digest::of(bytes)
}
