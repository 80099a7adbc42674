//! Sealing at a place: tampering, moving, other owners, rotation.

use super::*;
use crate::place::Place;
use crate::purpose::tests::keys;
use proptest::prelude::*;
use types::{DatasetId, FieldId, RecordId};

fn place(keys: &OrganizationKeys) -> Place {
    Place {
        organization: keys.organization(),
        dataset: DatasetId(1),
        field: FieldId(2),
        record: RecordId::new(1_000, [3; 10]),
    }
}

fn seal_field(keys: &OrganizationKeys, plaintext: &[u8]) -> Vec<u8> {
    seal(keys.current(Purpose::Fields), &place(keys).bytes(), plaintext).unwrap()
}

fn open_field(keys: &OrganizationKeys, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    open(keys, Purpose::Fields, &place(keys).bytes(), sealed)
}

#[test]
fn a_value_has_the_stated_form_and_opens() {
    let keys = keys(1, 2);
    let sealed = seal_field(&keys, b"secret");
    assert_eq!(sealed.len(), SEAL_BYTES + 6);
    assert_eq!(sealed[..5], [1, 0, 0, 0, 2]);
    assert_eq!(key_version_of(&sealed).unwrap(), 2);
    assert!(!sealed.windows(6).any(|window| window == b"secret"));
    assert_eq!(open_field(&keys, &sealed).unwrap().as_slice(), b"secret");
    assert_eq!(
        open_field(&keys, &seal_field(&keys, b"")).unwrap().as_slice(),
        b""
    );
}

#[test]
fn two_seals_of_one_value_differ() {
    let keys = keys(1, 1);
    assert_ne!(seal_field(&keys, b"same"), seal_field(&keys, b"same"));
}

#[test]
fn a_value_with_any_byte_changed_or_lost_does_not_open() {
    let keys = keys(1, 2);
    let sealed = seal_field(&keys, b"secret");
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1 << bit;
            assert!(open_field(&keys, &damaged).is_err(), "byte {at} bit {bit}");
        }
        assert!(open_field(&keys, &sealed[..at]).is_err(), "{at} bytes");
    }
    assert!(open_field(&keys, &[&sealed[..], &[0]].concat()).is_err());
}

#[test]
fn a_value_moved_to_another_cell_does_not_open() {
    let keys = keys(1, 1);
    let sealed = seal_field(&keys, b"secret");
    let home = place(&keys);
    for other in [
        Place {
            dataset: DatasetId(2),
            ..home
        },
        Place {
            field: FieldId(3),
            ..home
        },
        Place {
            record: RecordId::new(1_000, [4; 10]),
            ..home
        },
        Place {
            dataset: DatasetId(2),
            field: FieldId(1),
            ..home
        },
        Place {
            organization: crate::hierarchy::APPLIANCE,
            ..home
        },
    ] {
        let outcome = open(&keys, Purpose::Fields, &other.bytes(), &sealed);
        assert!(matches!(outcome, Err(OpenError::Refused)), "{other:?}");
    }
}

#[test]
fn a_value_of_another_organization_or_purpose_does_not_open() {
    let (mine, theirs) = (keys(1, 1), keys(2, 1));
    let sealed = seal_field(&mine, b"secret");
    let at = place(&mine).bytes();
    assert!(matches!(
        open(&theirs, Purpose::Fields, &at, &sealed),
        Err(OpenError::Refused)
    ));
    for purpose in Purpose::ALL
        .into_iter()
        .filter(|purpose| *purpose != Purpose::Fields)
    {
        assert!(matches!(
            open(&mine, purpose, &at, &sealed),
            Err(OpenError::Refused)
        ));
    }
}

#[test]
fn old_versions_open_and_move_to_the_new_one() {
    let (old, new) = (keys(1, 1), keys(1, 2));
    let at = place(&new).bytes();
    let sealed = seal_field(&old, b"secret");
    assert_eq!(open_field(&new, &sealed).unwrap().as_slice(), b"secret");
    assert!(reseal(&old, Purpose::Fields, &at, &sealed).unwrap().is_none());
    let resealed = reseal(&new, Purpose::Fields, &at, &sealed).unwrap().unwrap();
    assert_eq!(key_version_of(&resealed).unwrap(), 2);
    assert_eq!(open_field(&new, &resealed).unwrap().as_slice(), b"secret");
    assert!(matches!(
        open_field(&old, &resealed),
        Err(OpenError::KeyVersion { version: 2 })
    ));
    let left = reseal(&old, Purpose::Fields, &at, &resealed).unwrap();
    assert!(
        left.is_none(),
        "who knows fewer versions leaves the work to the other"
    );
}

#[test]
fn the_version_that_a_value_names_is_authenticated() {
    // Two versions with the same key bytes: only the associated data tells them apart.
    let same = || crate::OrganizationKey(crate::Secret::from_slice(&[1; 32]).unwrap());
    let owner = crate::hierarchy::APPLIANCE;
    let keys = OrganizationKeys::new(owner, [(1, same()), (2, same())]).unwrap();
    let mut sealed = seal(keys.current(Purpose::Fields), b"", b"secret").unwrap();
    sealed[4] = 1;
    assert!(matches!(
        open(&keys, Purpose::Fields, b"", &sealed),
        Err(OpenError::Refused)
    ));
}

#[test]
fn an_unknown_algorithm_says_so() {
    let keys = keys(1, 1);
    let mut sealed = seal_field(&keys, b"secret");
    sealed[0] = 2;
    assert!(matches!(
        open_field(&keys, &sealed),
        Err(OpenError::Algorithm { found: 2 })
    ));
}

/// Not a test of correctness: `cargo test --release -p strongroom-vault -- --ignored --nocapture` prints the time.
#[test]
#[ignore = "a measurement"]
fn sealing_a_hundred_thousand_short_values_takes_a_fraction_of_a_second() {
    let keys = keys(1, 1);
    let at = place(&keys).bytes();
    let start = std::time::Instant::now();
    for _ in 0..100_000 {
        seal(keys.current(Purpose::Fields), &at, b"a sensitive value").unwrap();
    }
    let sealing = start.elapsed();
    let start = std::time::Instant::now();
    for number in 0_u32..100_000 {
        let _ = crate::blind::blind_index(&keys, DatasetId(1), FieldId(2), &number.to_string());
    }
    let indexing = start.elapsed();
    let start = std::time::Instant::now();
    for _ in 0..100_000 {
        let key = crate::RecordKey::generate().unwrap();
        let entry = types::EntryId::new(1, [1; 10]);
        let image = crate::Opening::new(vec![7; 200]).unwrap();
        let _ = image.commitment(audit::Role::AfterImage, entry);
        crate::opening::seal_image(&key, entry, &image).unwrap();
        key.wrap(&keys, [1; 16]).unwrap();
    }
    let imaging = start.elapsed();
    assert!(sealing.as_secs() < 5, "{sealing:?}");
    panic!("100,000 fields {sealing:?}, blind indexes {indexing:?}, images with their keys {imaging:?}");
}

proptest! {
    #[test]
    fn every_value_opens_as_it_was(plaintext in any::<Vec<u8>>()) {
        let keys = keys(1, 1);
        let opened = open_field(&keys, &seal_field(&keys, &plaintext)).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
    }

    #[test]
    fn arbitrary_bytes_never_open(sealed in any::<Vec<u8>>()) {
        prop_assert!(open_field(&keys(1, 1), &sealed).is_err());
    }
}
