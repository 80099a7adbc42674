//! Frozen vectors, round trips and refusals.

use super::*;
use crate::DecodeError;
use crate::cbor::{Item, Key, decode};
use crate::vectors;
use proptest::prelude::*;

fn full() -> Header {
    Header {
        organization: Some([0x11; 16]),
        entry_id: [0x22; 16],
        actor: Actor {
            kind: ActorKind::Account,
            id: Some([0x33; 16]),
            session: Some([0x44; 16]),
            method: Some("password+totp".into()),
            address: Some("192.0.2.7".into()),
            device: Some("Firefox on Debian".into()),
        },
        action: "record.update".into(),
        object: Object {
            kind: "record".into(),
            id: Some("0190a1b2-0000-7000-8000-000000000001".into()),
        },
        time_us: 1_767_225_600_123_456,
        request_id: Some("req-7f".into()),
        ordinal: 1,
        total: 2,
        schema_version: 3,
        software_version: "0.1.0".into(),
        image_key_id: Some([0x55; 16]),
        reason: Some("Zahlendreher — corrected".into()),
    }
}

fn least() -> Header {
    Header {
        organization: None,
        entry_id: [0; 16],
        actor: Actor::system(),
        action: "job.start".into(),
        object: Object {
            kind: "job".into(),
            id: None,
        },
        time_us: -1,
        request_id: None,
        ordinal: 1,
        total: 1,
        schema_version: 0,
        software_version: String::new(),
        image_key_id: None,
        reason: None,
    }
}

#[test]
fn the_frozen_vectors_hold() {
    let vectors = vectors::load(include_str!("../../vectors/header.json"));
    assert_eq!(hex::encode(full().encode()), vectors["full"]);
    assert_eq!(hex::encode(least().encode()), vectors["least"]);
    assert_eq!(Header::decode(&full().encode()).unwrap(), full());
    assert_eq!(Header::decode(&least().encode()).unwrap(), least());
}

fn changed(change: impl FnOnce(&mut std::collections::BTreeMap<Key, Item>)) -> Result<Header, DecodeError> {
    let Item::Map(mut members) = decode(&full().encode()).unwrap() else {
        panic!("not a map")
    };
    change(&mut members);
    Header::decode(&Item::Map(members).encode())
}

#[test]
fn a_header_with_a_wrong_member_is_refused_by_name() {
    let set = |key: u64, item: Item| changed(|members| drop(members.insert(Key::Unsigned(key), item)));
    let number = |value: u64| Item::Integer(value.into());
    assert_eq!(set(1, number(2)), Err(DecodeError::Version { found: 2 }));
    assert_eq!(
        set(14, Item::Null),
        Err(DecodeError::Unknown { what: "the header" })
    );
    assert_eq!(
        set(13, Item::Null),
        Err(DecodeError::Kind {
            what: "the reason",
            expected: "text"
        })
    );
    assert!(set(3, Item::Bytes(vec![0; 15])).is_err());
    assert!(set(7, number(u64::MAX)).is_err());
    assert!(set(9, Item::Array(vec![number(1)])).is_err());
    assert!(set(9, Item::Array(vec![number(1), number(1 << 32)])).is_err());
    for required in [1, 3, 4, 5, 6, 7, 9, 10, 11] {
        let outcome = changed(|members| drop(members.remove(&Key::Unsigned(required))));
        assert!(
            matches!(outcome, Err(DecodeError::Missing { .. })),
            "member {required}"
        );
    }
    assert!(Header::decode(b"").is_err());
    assert!(Header::decode(&Item::Null.encode()).is_err());
}

fn any_header() -> impl Strategy<Value = Header> {
    let text = || prop::option::of(".{0,30}");
    let id = || prop::option::of(any::<[u8; 16]>());
    let actor = (
        prop::sample::select(&ActorKind::ALL[..]),
        id(),
        id(),
        text(),
        text(),
        text(),
    )
        .prop_map(|(kind, id, session, method, address, device)| Actor {
            kind,
            id,
            session,
            method,
            address,
            device,
        });
    let first = (
        id(),
        any::<[u8; 16]>(),
        actor,
        ".{0,30}",
        ".{0,12}",
        text(),
        any::<i64>(),
    );
    let second = (
        text(),
        any::<u32>(),
        any::<u32>(),
        any::<u32>(),
        ".{0,9}",
        id(),
        text(),
    );
    (first, second).prop_map(|(first, second)| Header {
        organization: first.0,
        entry_id: first.1,
        actor: first.2,
        action: first.3,
        object: Object {
            kind: first.4,
            id: first.5,
        },
        time_us: first.6,
        request_id: second.0,
        ordinal: second.1,
        total: second.2,
        schema_version: second.3,
        software_version: second.4,
        image_key_id: second.5,
        reason: second.6,
    })
}

proptest! {
    #[test]
    fn every_header_survives_the_round_trip(header in any_header()) {
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn damage_never_panics_and_never_gives_the_same_header(
        header in any_header(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut bytes = header.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = Header::decode(&bytes) {
            prop_assert_ne!(&read, &header);
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn a_glance_accepts_what_decoding_accepts_and_sees_the_same(
        header in any_header(), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(), is_cut in prop::bool::weighted(0.1),
    ) {
        let mut bytes = header.encode();
        for (at, byte) in places {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let glance = HeaderGlance::read(&bytes);
        let decoded = Header::decode(&bytes);
        prop_assert_eq!(glance.is_some(), decoded.is_ok());
        if let (Some(glance), Ok(header)) = (glance, decoded) {
            prop_assert_eq!(glance.organization, header.organization.as_ref());
            prop_assert_eq!(glance.entry_id, &header.entry_id);
            prop_assert_eq!(glance.object_kind, header.object.kind);
            prop_assert_eq!(glance.object_id, header.object.id.as_deref());
            prop_assert_eq!(glance.time_us, header.time_us);
            prop_assert_eq!(glance.request_id, header.request_id.as_deref());
            prop_assert_eq!((glance.ordinal, glance.total), (header.ordinal, header.total));
        }
    }
}

/// Every header with one byte that is any other, so that no head is left out by chance.
#[test]
fn a_glance_agrees_on_every_changed_byte() {
    for bytes in [full().encode(), least().encode()] {
        for at in 0..bytes.len() {
            for byte in 0..=u8::MAX {
                let mut changed = bytes.clone();
                changed[at] = byte;
                let glance = HeaderGlance::read(&changed).is_some();
                assert_eq!(glance, Header::decode(&changed).is_ok(), "byte {at} as {byte}");
            }
        }
    }
}
