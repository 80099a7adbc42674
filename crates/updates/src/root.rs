//! Roots: who may sign, in versions that follow each other.
//!
//! Root 1 is where trust begins; each later one is signed by enough keys of the one before it and of its own, so that
//! keys can be replaced, and stolen ones put out of use. A machine trusts one root by version and digest (an
//! [`Anchor`]), given once by people, and whatever follows from it.
//!
//! Invariant: no root is parsed before the trusted one, or enough signatures of the one before it, vouch for its
//! bytes. A bundle carries all roots from the first on.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::key::KeySet;
use crate::refusal::Refusal;
use crate::signed::{Purpose, Signed, check_bound, fill};

/// Most roots of a chain: with one a year, a lifetime.
pub const ROOTS_MAX: usize = 64;
/// Most bytes of a root.
pub const ROOT_BYTES_MAX: u32 = 16 << 10;

/// Who may sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its number, from 1 on.
    pub version: u64,
    /// When it ends. Only the newest root's end counts.
    pub expires: Timestamp,
    /// Who may sign the next root.
    pub root: KeySet,
    /// Who may sign bundles.
    pub bundle: KeySet,
}

/// A root by version and digest: what a machine trusts. `1:ba78…15ad` as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The root's number.
    pub version: u64,
    /// The digest of its body.
    pub sha256: Digest,
}

/// Not an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a root is named by its number, a colon and 64 lower-case hexadecimal digits: 1:ba78…15ad")]
pub struct InvalidAnchor;

impl fmt::Display for Anchor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.version, self.sha256)
    }
}

impl FromStr for Anchor {
    type Err = InvalidAnchor;

    fn from_str(text: &str) -> Result<Self, InvalidAnchor> {
        let (version, digest) = text.split_once(':').ok_or(InvalidAnchor)?;
        let version = version.parse().map_err(|_| InvalidAnchor)?;
        let sha256 = Digest::parse(digest).ok_or(InvalidAnchor)?;
        match (1..=ROOTS_MAX as u64).contains(&version) {
            true => Ok(Self { version, sha256 }),
            false => Err(InvalidAnchor),
        }
    }
}

/// All roots of a bundle, from the first on, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(Vec<Signed>);

impl Chain {
    /// A chain of these.
    #[must_use]
    pub fn new(roots: Vec<Signed>) -> Self {
        Self(roots)
    }

    /// The bytes in the file: their number in one byte, then each.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(self.0.len()).unwrap_or(u8::MAX)];
        bytes.extend(self.0.iter().flat_map(Signed::encode));
        bytes
    }

    /// Reads one, without verifying it.
    ///
    /// # Errors
    /// As [`Signed::read`].
    pub fn read(source: &mut impl Read) -> Result<Self, Refusal> {
        let [count] = fill(source, "the roots")?;
        check_bound("the bundle", "roots of", count.into(), ROOTS_MAX as u64)?;
        let read = |version| Signed::read(source, &format!("root {version}"), ROOT_BYTES_MAX);
        Ok(Self((1..=u64::from(count)).map(read).collect::<Result<_, _>>()?))
    }

    /// What a machine would name the newest root of this chain.
    #[must_use]
    pub fn newest_anchor(&self) -> Option<Anchor> {
        let newest = self.0.last()?;
        Some(Anchor {
            version: self.0.len() as u64,
            sha256: Digest::of(&newest.body),
        })
    }

    /// What a machine would name the first root of this chain.
    #[must_use]
    pub fn first_anchor(&self) -> Option<Anchor> {
        let sha256 = Digest::of(&self.0.first()?.body);
        Some(Anchor { version: 1, sha256 })
    }

    /// The chain with one root more.
    #[must_use]
    pub fn with(mut self, root: Signed) -> Self {
        self.0.push(root);
        self
    }

    /// Whether the first root is signed by enough of its own keys, which shows that they are at hand. Machines do not
    /// ask: they trust it by its digest, and its bytes by the list's.
    ///
    /// # Errors
    /// Whatever speaks against a signature.
    pub fn check_first(&self) -> Result<(), Refusal> {
        let Some(first) = self.0.first() else {
            return Err(Refusal::ForeignRoot { version: 1 });
        };
        let root = parse(&first.body, 1)?;
        first.check(Purpose::Root, "root 1", &[&root.root])
    }

    /// The newest root, if the chain leads to it from the trusted one.
    ///
    /// # Errors
    /// [`Refusal::RootRollback`] when the chain ends before the trusted root, [`Refusal::ForeignRoot`] when it holds
    /// another in its place, [`Refusal::RootExpired`], and whatever speaks against a signature.
    pub fn follow(&self, trusted: Anchor, now: Timestamp) -> Result<Root, Refusal> {
        let version = trusted.version;
        let found = self.0.len() as u64;
        let place = usize::try_from(version)
            .ok()
            .and_then(|version| version.checked_sub(1));
        let Some((first, later)) = place.and_then(|place| self.0.get(place..)?.split_first()) else {
            return Err(Refusal::RootRollback { found, held: version });
        };
        if Digest::of(&first.body) != trusted.sha256 {
            return Err(Refusal::ForeignRoot { version });
        }
        let mut root = parse(&first.body, version)?;
        for (signed, version) in later.iter().zip(version + 1..) {
            let what = format!("root {version}");
            signed.check_before_reading(Purpose::Root, &what, &root.root)?;
            let next = parse(&signed.body, version)?;
            signed.check(Purpose::Root, &what, &[&root.root, &next.root])?;
            root = next;
        }
        match root.expires > now {
            true => Ok(root),
            false => Err(Refusal::RootExpired {
                version: root.version,
                at: root.expires,
            }),
        }
    }
}

fn parse(body: &[u8], wanted: u64) -> Result<Root, Refusal> {
    let what = format!("root {wanted}");
    let root: Root = serde_json::from_slice(body).map_err(|source| Refusal::Malformed { what, source })?;
    match root.version {
        found if found == wanted => Ok(root),
        found => Err(Refusal::RootChain { wanted, found }),
    }
}
