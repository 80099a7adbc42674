//! RFC 8949 appendix A (the items we use), every refused form by name, and properties.

use super::*;
use proptest::prelude::*;

/// RFC 8949 appendix A, the rows without floats, tags and indefinite lengths.
const APPENDIX_A: &[&str] = &[
    "00",
    "01",
    "0a",
    "17",
    "1818",
    "1819",
    "1864",
    "1903e8",
    "1a000f4240",
    "1b000000e8d4a51000",
    "1bffffffffffffffff",
    "3bffffffffffffffff",
    "20",
    "29",
    "3863",
    "3903e7",
    "f4",
    "f5",
    "f6",
    "40",
    "4401020304",
    "60",
    "6161",
    "6449455446",
    "62225c",
    "62c3bc",
    "63e6b0b4",
    "64f0908591",
    "80",
    "83010203",
    "8301820203820405",
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    "a0",
    "a201020304",
    "a26161016162820203",
    "826161a161626163",
    "a56161614161626142616361436164614461656145",
];

#[test]
fn the_examples_of_the_rfc_are_read_and_written_back() {
    for text in APPENDIX_A {
        let bytes = hex::decode(text).unwrap();
        let item = decode(&bytes).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(hex::encode(item.encode()), *text);
    }
    assert_eq!(
        decode(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255])
            .unwrap()
            .encode()[0],
        0x3b
    );
    assert_eq!(
        decode(&[0x38, 0x63]).unwrap(),
        Item::Integer(Integer::from(-100_i64))
    );
}

#[test]
fn every_other_form_is_refused_by_name() {
    for (text, expected) in [
        ("", CborError::Truncated { at: 0 }),
        ("18", CborError::Truncated { at: 0 }),
        ("1817", CborError::NotShortest { at: 0 }),
        ("190017", CborError::NotShortest { at: 0 }),
        ("1a0000ffff", CborError::NotShortest { at: 0 }),
        ("1b00000000ffffffff", CborError::NotShortest { at: 0 }),
        ("5800", CborError::NotShortest { at: 0 }),
        ("42ff", CborError::Truncated { at: 0 }),
        ("5bffffffffffffffff", CborError::Truncated { at: 0 }),
        ("9bffffffffffffffff", CborError::Truncated { at: 0 }),
        ("bbffffffffffffffff", CborError::Truncated { at: 0 }),
        ("8301", CborError::Truncated { at: 0 }),
        ("61ff", CborError::NotUtf8 { at: 0 }),
        ("9fff", CborError::Unsupported { at: 0 }),
        ("5f4100ff", CborError::Unsupported { at: 0 }),
        ("bf0101ff", CborError::Unsupported { at: 0 }),
        ("1c", CborError::Unsupported { at: 0 }),
        ("c001", CborError::Unsupported { at: 0 }),
        ("f93c00", CborError::Unsupported { at: 0 }),
        ("fa47c35000", CborError::Unsupported { at: 0 }),
        ("fb3ff199999999999a", CborError::Unsupported { at: 0 }),
        ("f7", CborError::Unsupported { at: 0 }),
        ("f818", CborError::Unsupported { at: 0 }),
        ("a1206101", CborError::KeyKind { at: 1 }),
        ("a202010101", CborError::KeyOrder { at: 3 }),
        ("a201010102", CborError::KeyOrder { at: 3 }),
        ("a2626161016162", CborError::KeyOrder { at: 5 }),
        ("0000", CborError::Trailing { at: 1 }),
    ] {
        assert_eq!(decode(&hex::decode(text).unwrap()), Err(expected), "{text}");
    }
}

#[test]
fn sixteen_levels_are_read_and_seventeen_refused() {
    let nested = |levels: usize| [vec![0x81; levels], vec![0x00]].concat();
    assert!(decode(&nested(DEPTH_MAX)).is_ok());
    assert_eq!(
        decode(&nested(DEPTH_MAX + 1)),
        Err(CborError::TooDeep { at: DEPTH_MAX })
    );
    assert!(decode(&nested(1_000_000)).is_err());
}

#[test]
fn integers_beyond_sixty_four_bits_are_refused() {
    assert!(Integer::new(i128::from(u64::MAX) + 1).is_none());
    assert!(Integer::new(-i128::from(u64::MAX) - 1).is_some());
    assert!(Integer::new(-i128::from(u64::MAX) - 2).is_none());
}

fn any_item() -> impl Strategy<Value = Item> {
    let key = prop_oneof![any::<u64>().prop_map(Key::Unsigned), ".{0,6}".prop_map(Key::Text)];
    let leaf = prop_oneof![
        any::<i64>().prop_map(|value| Item::Integer(value.into())),
        any::<u64>().prop_map(|value| Item::Integer(value.into())),
        any::<Vec<u8>>().prop_map(Item::Bytes),
        ".{0,40}".prop_map(Item::Text),
        any::<bool>().prop_map(Item::Bool),
        Just(Item::Null),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Item::Array),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(Item::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(item in any_item()) {
        prop_assert_eq!(decode(&item.encode()), Ok(item));
    }

    #[test]
    fn what_is_accepted_has_one_encoding(bytes in any::<Vec<u8>>()) {
        if let Ok(item) = decode(&bytes) {
            prop_assert_eq!(item.encode(), bytes);
        }
    }

    #[test]
    fn a_damaged_item_never_panics_and_never_reads_as_another_form(
        item in any_item(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = item.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(item) = decode(&bytes) {
            prop_assert_eq!(item.encode(), bytes);
        }
    }

    #[test]
    fn keys_are_ordered_as_their_encodings(a in ".{0,300}", b in ".{0,300}", n in any::<u64>(), m in any::<u64>()) {
        let encode = |key: &Key| match key {
            Key::Unsigned(number) => Item::Integer((*number).into()).encode(),
            Key::Text(text) => Item::Text(text.clone()).encode(),
        };
        let keys = [Key::Text(a), Key::Text(b), Key::Unsigned(n), Key::Unsigned(m)];
        for x in &keys {
            for y in &keys {
                prop_assert_eq!(x.cmp(y), encode(x).cmp(&encode(y)));
            }
        }
    }
}
