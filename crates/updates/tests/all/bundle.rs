//! Sound bundles, and the frozen format.

use std::fs;
use std::io::Read;
use std::path::Path;

use proptest::prelude::*;
use updates::build::{self, BuildError};
use updates::manifest::Content;
use updates::receive::receive;
use updates::root::Chain;

use super::site::{Maker, after, anchor, chain, days, keys, look, root, rotated, terms, today};

/// A bundle of the first version of the format, as it must be read for ever.
const GOLDEN: &str = "tests/golden/bundle-1";

#[test]
fn what_was_made_is_verified_and_its_files_come_out() {
    let maker = Maker::new();
    let (bytes, list) = maker.make_with_list();
    let folder = tempfile::tempdir().unwrap();
    let received = receive(bytes.as_slice(), &terms(), |target| {
        fs::File::create_new(folder.path().join(target.name.as_str())).map(Some)
    });
    let received = received.unwrap();
    assert_eq!(received.manifest, list);
    assert_eq!((received.bytes, received.anchor), (bytes.len() as u64, anchor()));
    for source in &maker.sources {
        let came = fs::read(folder.path().join(source.name.as_str())).unwrap();
        assert_eq!(came, fs::read(&source.path).unwrap(), "{}", source.name);
    }
    assert!(
        look(&bytes, &after(&received)).is_ok(),
        "the same one may come again"
    );
}

#[test]
fn a_later_bundle_follows_and_keys_may_be_replaced_on_the_way() {
    let mut maker = Maker::new();
    let first = look(&maker.make(), &terms()).unwrap();
    maker.draft.sequence = 8;
    assert!(look(&maker.make(), &after(&first)).is_ok());
    maker.chain = rotated();
    maker.keys = keys([51, 53]);
    let second = look(&maker.make(), &after(&first)).unwrap();
    assert_eq!(second.anchor.version, 2);
    assert!(look(&maker.make(), &after(&second)).is_ok());
    assert!(
        look(&maker.make(), &terms()).is_ok(),
        "a machine that comes late follows the chain"
    );
}

#[test]
fn the_builder_makes_nothing_that_would_be_refused() {
    let make = |change: fn(&mut Maker)| {
        let mut maker = Maker::new();
        change(&mut maker);
        let mut bytes = Vec::new();
        let made = build::bundle(
            &mut bytes,
            &maker.chain,
            &maker.draft,
            &maker.sources,
            &maker.keys,
        );
        made.map(drop)
    };
    let unsound: [fn(&mut Maker); 6] = [
        |maker| maker.keys = keys([11]),
        |maker| maker.keys = keys([11, 40]),
        |maker| maker.draft.not_after = maker.draft.not_before,
        |maker| maker.draft.sequence = 0,
        |maker| maker.sources.remove(0).path.clear(),
        |maker| maker.sources.push(maker.sources[1].clone()),
    ];
    for (number, change) in unsound.into_iter().enumerate() {
        let made = make(change);
        assert!(matches!(made, Err(BuildError::Unsound(_))), "{number}: {made:?}");
    }
    assert!(make(|_| ()).is_ok());
    let lonely = build::add_root(Chain::new(Vec::new()), &root(1, 1), &keys([1]), today());
    assert!(lonely.is_err());
    let foreign = build::add_root(chain(), &root(2, 80), &keys([80, 81]), today());
    assert!(foreign.is_err(), "a root that the one before did not sign");
}

#[test]
fn the_frozen_bundle_is_still_taken_and_still_made_the_same() {
    let golden = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN)).unwrap();
    let received = look(&golden, &terms()).unwrap();
    assert_eq!(received.manifest.targets.len(), 3);
    assert_eq!(
        golden,
        Maker::new().make(),
        "the format changed; that needs a new magic number"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the files are and however the bytes arrive.
    #[test]
    fn any_files_come_out_as_they_went_in(
        files in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200_000), 0..4),
        piece in 1_usize..5000,
    ) {
        let mut maker = Maker::new();
        for (number, bytes) in files.iter().enumerate() {
            maker.add(&format!("file-{number}"), bytes, Content::Proof);
        }
        let bytes = maker.make();
        let folder = tempfile::tempdir().unwrap();
        let received = receive(Pieces(&bytes, piece), &terms(), |target| {
            fs::File::create_new(folder.path().join(target.name.as_str())).map(Some)
        });
        prop_assert!(received.is_ok(), "{:?}", received);
        for (number, bytes) in files.iter().enumerate() {
            let came = fs::read(folder.path().join(format!("file-{number}"))).unwrap();
            prop_assert_eq!(&came, bytes);
        }
    }

    /// No bytes at all make it panic or are taken.
    #[test]
    fn noise_is_refused(noise in proptest::collection::vec(any::<u8>(), 0..600), keep in 0_usize..400) {
        let sound = Maker::new().make();
        let bytes = [&sound[..keep.min(sound.len())], &noise].concat();
        prop_assert!(look(&bytes, &terms()).is_err());
    }

    #[test]
    fn a_time_outside_is_refused_and_one_inside_taken(day in -100_i64..200) {
        let mut terms = terms();
        terms.clock = days(day);
        let taken = look(&Maker::new().make(), &terms).is_ok();
        prop_assert_eq!(taken, (0..90).contains(&day));
    }
}

/// A reader that gives few bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}
