//! A trial of the running program: bundles made on the spot with keys of a moment, one sound and the others spoilt in
//! one way each. It shows that what is refused here is refused now, by this very code.

use jiff::{SignedDuration, Timestamp};

use crate::build::{self, BuildError, Draft, Source};
use crate::digest::Digest;
use crate::key::{KeySet, PublicKey, SigningKey};
use crate::manifest::Content;
use crate::name::TargetName;
use crate::receive::receive;
use crate::root::{Anchor, Chain, Root};
use crate::terms::{Held, Machine, Terms};
use crate::version::DebianVersion;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The sound one was taken.
    pub took_sound: bool,
    /// Kinds of spoilt bundles that were refused.
    pub refused: Vec<&'static str>,
    /// Kinds of spoilt bundles that were taken; there should be none.
    pub taken: Vec<&'static str>,
}

/// A maker of a moment.
struct Maker {
    chain: Chain,
    anchor: Anchor,
    bundle: Vec<u8>,
    keys: Vec<PublicKey>,
}

/// Tries it.
///
/// # Errors
/// [`BuildError`] when no bundle could be made, which says nothing about bundles.
pub fn run(now: Timestamp) -> Result<Trial, BuildError> {
    let (ours, other) = (maker(now)?, maker(now)?);
    let terms = Terms {
        machine: machine()?,
        trusted: ours.anchor,
        held: None,
        clock: now,
        floor: None,
    };
    let is_taken = |bundle: &[u8], terms: &Terms| receive(bundle, terms, |_| Ok(None)).is_ok();
    let later = Terms {
        held: Some(Held {
            sequence: 8,
            manifest_sha256: Digest::of(b""),
            bundle_keys: ours.keys.clone(),
        }),
        ..terms.clone()
    };
    let expired = Terms {
        clock: now + DAY * 2,
        ..terms.clone()
    };
    let mut altered = ours.bundle.clone();
    let middle = altered.len() * 3 / 4;
    altered[middle] ^= 1;
    let cut = &ours.bundle[..ours.bundle.len() - 1];
    let longer = [ours.bundle.as_slice(), b"\0"].concat();
    // The roots of one maker before the list of another.
    let head = |maker: &Maker| 8 + maker.chain.encode().len();
    let mixed = [&ours.bundle[..head(&ours)], &other.bundle[head(&other)..]].concat();
    let spoilt: [(&str, &[u8], &Terms); 7] = [
        ("altered", &altered, &terms),
        ("cut short", cut, &terms),
        ("too long", &longer, &terms),
        ("mixed", &mixed, &terms),
        ("signed by other keys", &other.bundle, &terms),
        ("old", &ours.bundle, &later),
        ("expired", &ours.bundle, &expired),
    ];
    let (taken, refused): (Vec<_>, Vec<_>) = spoilt
        .into_iter()
        .partition(|(_, bundle, terms)| is_taken(bundle, terms));
    let names =
        |kinds: Vec<(&'static str, &[u8], &Terms)>| kinds.into_iter().map(|(kind, ..)| kind).collect();
    Ok(Trial {
        took_sound: is_taken(&ours.bundle, &terms),
        refused: names(refused),
        taken: names(taken),
    })
}

fn maker(now: Timestamp) -> Result<Maker, BuildError> {
    let three = || {
        (0..3)
            .map(|_| SigningKey::generate())
            .collect::<Result<Vec<_>, _>>()
    };
    let (for_roots, for_bundles) = (three()?, three()?);
    let set = |keys: &[SigningKey]| -> Result<(KeySet, Vec<PublicKey>), BuildError> {
        let keys = keys
            .iter()
            .map(SigningKey::public)
            .collect::<Result<Vec<_>, _>>()?;
        let set =
            KeySet::new(2, keys.clone()).map_err(|_| BuildError::Key(crate::key::KeyError::NotEd25519))?;
        Ok((set, keys))
    };
    let (root_set, _) = set(&for_roots)?;
    let (bundle_set, keys) = set(&for_bundles)?;
    let root = Root {
        version: 1,
        expires: now + DAY * 30,
        root: root_set,
        bundle: bundle_set,
    };
    let chain = build::add_root(Chain::new(Vec::new()), &root, &for_roots, now)?;
    let draft = Draft {
        machine: machine()?,
        from_oldest: version()?,
        sequence: 7,
        made_at: now,
        not_before: now,
        not_after: now + DAY,
    };
    let source = Source {
        name: TargetName::parse("strongroom_1_all.deb").map_err(BuildError::name)?,
        // An empty file, so that a trial writes nothing to any disk.
        path: "/dev/null".into(),
        content: Content::Package {
            package: "strongroom".to_owned(),
            version: version()?,
            architecture: "all".to_owned(),
        },
    };
    let mut bundle = Vec::new();
    build::bundle(&mut bundle, &chain, &draft, &[source], &for_bundles)?;
    let anchor = chain
        .first_anchor()
        .ok_or(BuildError::Unsound(crate::refusal::Refusal::Mixed))?;
    Ok(Maker {
        chain,
        anchor,
        bundle,
        keys,
    })
}

fn machine() -> Result<Machine, BuildError> {
    Ok(Machine {
        product: "strongroom".to_owned(),
        release: "trixie".to_owned(),
        architecture: "amd64".to_owned(),
        version: version()?,
    })
}

fn version() -> Result<DebianVersion, BuildError> {
    "1".parse().map_err(BuildError::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sound_bundle_is_taken_and_every_spoilt_one_refused() {
        let trial = run("2026-11-20T12:00:00Z".parse().unwrap()).unwrap();
        assert!(trial.took_sound, "{trial:?}");
        assert_eq!((trial.refused.len(), trial.taken.len()), (7, 0), "{trial:?}");
    }
}
