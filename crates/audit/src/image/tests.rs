//! Frozen vectors, round trips and refusals.

use super::*;
use crate::cbor::{Item, Key, decode};
use crate::vectors;
use proptest::prelude::*;

fn number(mantissa: i128, exponent: i32) -> Number {
    Number { mantissa, exponent }
}

fn image(state: RecordState, values: Vec<(u32, ImageValue)>) -> Image {
    let fields = values
        .into_iter()
        .map(|(field, value)| (NonZeroU32::new(field).unwrap(), value))
        .collect();
    Image { state, fields }
}

fn every_kind() -> Image {
    image(
        RecordState::Live,
        vec![
            (1, ImageValue::Null),
            (2, ImageValue::Text("Grüße".into())),
            (3, ImageValue::Integer(-42)),
            (4, ImageValue::Decimal(number(-150, -2))),
            (5, ImageValue::Money(number(1_999, -2), "EUR".into())),
            (6, ImageValue::Boolean(true)),
            (7, ImageValue::Date("2026-01-31".into())),
            (8, ImageValue::Timestamp(1_767_225_600_000_001)),
            (9, ImageValue::Choices(vec!["a".into(), "b".into()])),
            (10, ImageValue::Reference([0x66; 16])),
            (
                11,
                ImageValue::Point {
                    latitude: number(525_200, -4),
                    longitude: number(-134, -1),
                },
            ),
            (12, ImageValue::Attachment([0x77; 16])),
            (13, ImageValue::Json(r#"{"a":[1,null]}"#.into())),
            (14, ImageValue::Choices(vec![])),
            (24, ImageValue::Decimal(number(i128::MAX, -28))),
            (256, ImageValue::Decimal(number(-(1 << 64) - 1, 0))),
            (70_000, ImageValue::Decimal(number(-(1 << 64), 0))),
        ],
    )
}

#[test]
fn the_frozen_vectors_hold() {
    let vectors = vectors::load(include_str!("../../vectors/image.json"));
    for (name, image) in [
        ("every_kind", every_kind()),
        (
            "trashed",
            image(RecordState::Trashed, vec![(1, ImageValue::Boolean(false))]),
        ),
        ("purged", Image::new(RecordState::Purged)),
    ] {
        assert_eq!(hex::encode(image.encode()), vectors[name], "{name}");
        assert!(Image::decode(&image.encode()).unwrap() == image, "{name}");
    }
}

#[test]
fn an_integer_and_an_instant_of_the_same_number_differ() {
    let one = |value| image(RecordState::Live, vec![(1, value)]).encode();
    assert_ne!(one(ImageValue::Integer(7)), one(ImageValue::Timestamp(7)));
    assert_ne!(
        one(ImageValue::Reference([7; 16])),
        one(ImageValue::Attachment([7; 16]))
    );
    assert_ne!(
        one(ImageValue::Text("[]".into())),
        one(ImageValue::Json("[]".into()))
    );
}

#[test]
fn values_of_no_known_form_are_refused() {
    let integer = |value: i64| Item::Integer(value.into());
    let wide = |value: i128| Item::Bytes(value.to_be_bytes().to_vec());
    for value in [
        Item::Bytes(vec![]),
        Item::Map(BTreeMap::new()),
        Item::Integer(u64::MAX.into()),
        Item::Array(vec![]),
        Item::Array(vec![integer(99), integer(1)]),
        Item::Array(vec![integer(1), integer(1)]),
        Item::Array(vec![integer(1), integer(1), integer(1), integer(1)]),
        Item::Array(vec![integer(1), wide(5), integer(0)]),
        Item::Array(vec![integer(1), Item::Bytes(vec![1]), integer(0)]),
        Item::Array(vec![integer(1), integer(1), integer(1 << 40)]),
        Item::Array(vec![integer(5), integer(1)]),
        Item::Array(vec![integer(6), Item::Bytes(vec![0; 17])]),
        Item::Array(vec![Item::Text("decimal".into()), integer(1), integer(1)]),
    ] {
        let members = BTreeMap::from([(Key::Unsigned(0), integer(0)), (Key::Unsigned(1), value.clone())]);
        assert!(Image::decode(&Item::Map(members).encode()).is_err(), "{value:?}");
    }
}

#[test]
fn an_image_without_a_known_state_or_with_a_wild_field_is_refused() {
    let integer = |value: u64| Item::Integer(value.into());
    let read = |members: Vec<(Key, Item)>| Image::decode(&Item::Map(members.into_iter().collect()).encode());
    assert!(read(vec![(Key::Unsigned(1), Item::Null)]).is_err());
    assert!(read(vec![(Key::Unsigned(0), integer(3))]).is_err());
    assert!(
        read(vec![
            (Key::Unsigned(0), integer(0)),
            (Key::Unsigned(1 << 32), Item::Null)
        ])
        .is_err()
    );
    assert!(
        read(vec![
            (Key::Unsigned(0), integer(0)),
            (Key::Text("a".into()), Item::Null)
        ])
        .is_err()
    );
    assert!(read(vec![(Key::Unsigned(0), integer(0))]).is_ok());
}

#[test]
fn a_log_line_shows_no_value() {
    let shown = format!(
        "{:?}",
        image(RecordState::Live, vec![(1, ImageValue::Text("secret".into()))])
    );
    assert!(!shown.contains("secret"), "{shown}");
}

fn any_number() -> impl Strategy<Value = Number> {
    (any::<i128>(), 0_u32..128, any::<i32>()).prop_map(|(mantissa, shift, exponent)| Number {
        mantissa: mantissa >> shift,
        exponent,
    })
}

fn any_value() -> impl Strategy<Value = ImageValue> {
    prop_oneof![
        Just(ImageValue::Null),
        ".{0,40}".prop_map(ImageValue::Text),
        any::<i64>().prop_map(ImageValue::Integer),
        any_number().prop_map(ImageValue::Decimal),
        (any_number(), "[A-Z]{3}").prop_map(|(amount, currency)| ImageValue::Money(amount, currency)),
        any::<bool>().prop_map(ImageValue::Boolean),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}".prop_map(ImageValue::Date),
        any::<i64>().prop_map(ImageValue::Timestamp),
        prop::collection::vec(".{0,9}", 0..5).prop_map(ImageValue::Choices),
        any::<[u8; 16]>().prop_map(ImageValue::Reference),
        (any_number(), any_number())
            .prop_map(|(latitude, longitude)| ImageValue::Point { latitude, longitude }),
        any::<[u8; 16]>().prop_map(ImageValue::Attachment),
        ".{0,40}".prop_map(ImageValue::Json),
    ]
}

fn any_image() -> impl Strategy<Value = Image> {
    let state = prop::sample::select(&[RecordState::Live, RecordState::Trashed, RecordState::Purged][..]);
    let field = any::<NonZeroU32>();
    (state, prop::collection::btree_map(field, any_value(), 0..20))
        .prop_map(|(state, fields)| Image { state, fields })
}

proptest! {
    #[test]
    fn every_image_survives_the_round_trip(image in any_image()) {
        let bytes = image.encode();
        prop_assert!(Image::decode(&bytes) == Ok(image));
        prop_assert_eq!(decode(&bytes).unwrap().encode(), bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        if let Ok(image) = Image::decode(&bytes) {
            prop_assert_eq!(image.encode(), bytes);
        }
    }

    #[test]
    fn damage_never_panics_and_never_gives_the_same_image(
        image in any_image(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut bytes = image.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = Image::decode(&bytes) {
            prop_assert!(read != image);
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn a_glance_accepts_what_decoding_accepts(
        image in any_image(), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(), is_cut in prop::bool::weighted(0.1),
    ) {
        let mut bytes = image.encode();
        for (at, byte) in places {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        prop_assert_eq!(Image::is_one(&bytes), Image::decode(&bytes).is_ok());
    }
}

/// An image of every kind with one byte that is any other.
#[test]
fn a_glance_agrees_on_every_changed_byte() {
    let bytes = every_kind().encode();
    for at in 0..bytes.len() {
        for byte in 0..=u8::MAX {
            let mut changed = bytes.clone();
            changed[at] = byte;
            assert_eq!(
                Image::is_one(&changed),
                Image::decode(&changed).is_ok(),
                "byte {at} as {byte}"
            );
        }
    }
}
