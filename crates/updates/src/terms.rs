//! What a bundle must meet to be taken here: the machine, the trusted root, what was taken before, the time.
//!
//! Invariant: pure; the clock, the floor under it and the record are parameters.

use jiff::Timestamp;

use crate::key::PublicKey;
use crate::manifest::Manifest;
use crate::refusal::Refusal;
use crate::root::{Anchor, Root};
use crate::version::DebianVersion;

/// How far a number may be beyond the last one. Somebody with stolen keys must not be able to use all numbers up.
pub const SEQUENCE_STEP_MAX: u64 = 1000;

/// What runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `strongroom`.
    pub product: String,
    /// Debian's release: `trixie`.
    pub release: String,
    /// Debian's architecture: `amd64`.
    pub architecture: String,
    /// The installed version of the program.
    pub version: DebianVersion,
}

/// What was taken before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The number of the last bundle.
    pub sequence: u64,
    /// The digest of its list.
    pub manifest_sha256: crate::digest::Digest,
    /// The keys that could sign bundles then.
    pub bundle_keys: Vec<PublicKey>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What runs here.
    pub machine: Machine,
    /// The root that is trusted.
    pub trusted: Anchor,
    /// What was taken before; none for the first bundle.
    pub held: Option<Held>,
    /// The clock.
    pub clock: Timestamp,
    /// What has surely passed: the last bundle, the newest entry. A clock set back brings nothing back to life.
    pub floor: Option<Timestamp>,
}

impl Terms {
    /// The later of clock and floor.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.floor.map_or(self.clock, |floor| floor.max(self.clock))
    }

    /// Whether a list may be taken under the root in force.
    ///
    /// # Errors
    /// What speaks against it: machine, versions, time, number.
    pub fn check(
        &self,
        manifest: &Manifest,
        root: &Root,
        digest: crate::digest::Digest,
    ) -> Result<(), Refusal> {
        self.check_machine(manifest)?;
        self.check_versions(manifest)?;
        self.check_time(manifest)?;
        self.check_sequence(manifest, root, digest)
    }

    fn check_machine(&self, manifest: &Manifest) -> Result<(), Refusal> {
        let here = &self.machine;
        let pair = |found: &String, here: &String| (found != here).then(|| (found.clone(), here.clone()));
        if let Some((found, here)) = pair(&manifest.product, &here.product) {
            return Err(Refusal::OtherProduct { found, here });
        }
        if let Some((found, here)) = pair(&manifest.release, &here.release) {
            return Err(Refusal::OtherRelease { found, here });
        }
        if let Some((found, here)) = pair(&manifest.architecture, &here.architecture) {
            return Err(Refusal::OtherArchitecture { found, here });
        }
        Ok(())
    }

    fn check_versions(&self, manifest: &Manifest) -> Result<(), Refusal> {
        let here = &self.machine.version;
        if manifest.version < *here {
            let (found, here) = (manifest.version.to_string(), here.to_string());
            return Err(Refusal::Downgrade { found, here });
        }
        if *here < manifest.from_oldest {
            let (oldest, here) = (manifest.from_oldest.to_string(), here.to_string());
            return Err(Refusal::TooFar { oldest, here });
        }
        Ok(())
    }

    fn check_time(&self, manifest: &Manifest) -> Result<(), Refusal> {
        let now = self.now();
        if now < manifest.not_before {
            let from = manifest.not_before;
            return Err(Refusal::NotYet { from, now });
        }
        if now >= manifest.not_after {
            let at = manifest.not_after;
            return Err(Refusal::Expired { at, now });
        }
        Ok(())
    }

    /// Where the keys were replaced so far that old signatures cannot reach the threshold, nothing signed before
    /// can come back, and numbers begin anew: otherwise whoever had stolen keys could have used them up for good.
    fn check_sequence(
        &self,
        manifest: &Manifest,
        root: &Root,
        digest: crate::digest::Digest,
    ) -> Result<(), Refusal> {
        let found = manifest.sequence;
        let most = SEQUENCE_STEP_MAX;
        let held = self
            .held
            .as_ref()
            .filter(|held| root.bundle.is_reached_by(&held.bundle_keys));
        let held = match held {
            None => 0,
            Some(held) if found < held.sequence => {
                let held = held.sequence;
                return Err(Refusal::Rollback { found, held });
            }
            Some(held) if found == held.sequence && digest != held.manifest_sha256 => {
                return Err(Refusal::Replaced { sequence: found });
            }
            Some(held) => held.sequence,
        };
        // A first bundle may have any number that leaves room for many more.
        let bound = if held == 0 {
            u64::MAX / 2
        } else {
            held.saturating_add(most)
        };
        match found <= bound {
            true => Ok(()),
            false => Err(Refusal::FastForward { found, held, most }),
        }
    }
}
