//! Leaves out of what waits: pure.
//!
//! Invariant: within one home each leaf continues the one before, in number and by hash.

use crate::error::{PlatformError, Result};
use audit::{Commitment, Leaf, LeafKind, leaf::LEAF_BYTES, merkle::Hash};
use std::collections::HashMap;
use store::control::audit_log::Waiting;

/// Where a home's own order has come to.
#[derive(Debug, Clone, Copy)]
struct Place {
    sequence: u64,
    previous: Hash,
}

/// The leaves of what waits, in its order.
pub(super) fn leaves(waiting: &[Waiting], time_ms: u64) -> Result<Vec<[u8; LEAF_BYTES]>> {
    let mut places: HashMap<&str, Place> = HashMap::new();
    let mut leaves = Vec::with_capacity(waiting.len());
    for entry in waiting {
        let place = places
            .entry(&entry.home)
            .or_insert_with(|| place_of(entry.home_sequence, entry.home_previous));
        let leaf = leaf_of(entry, *place, time_ms)?;
        *place = Place {
            sequence: leaf.organization_sequence,
            previous: leaf.hash(),
        };
        leaves.push(leaf.encode());
    }
    Ok(leaves)
}

/// A heartbeat of the appliance, whose home has come to that place.
pub(super) fn heartbeat((sequence, previous): (i64, [u8; 32]), time_ms: u64) -> [u8; LEAF_BYTES] {
    let place = place_of(sequence, previous);
    let leaf = Leaf {
        kind: LeafKind::Heartbeat,
        organization_tag: [0; 16],
        organization_sequence: place.sequence + 1,
        previous: place.previous,
        time_ms,
        header: Commitment::ZERO,
        before: Commitment::ZERO,
        after: Commitment::ZERO,
        key_id: [0; 16],
    };
    leaf.encode()
}

fn place_of(sequence: i64, previous: [u8; 32]) -> Place {
    Place {
        sequence: sequence.unsigned_abs(),
        previous: Hash(previous),
    }
}

fn leaf_of(entry: &Waiting, place: Place, time_ms: u64) -> Result<Leaf> {
    let number = u8::try_from(entry.kind).ok();
    let kind = number
        .and_then(LeafKind::from_number)
        .filter(|kind| *kind != LeafKind::Heartbeat);
    let kind = kind.ok_or_else(|| {
        let (sequence, kind) = (entry.sequence, entry.kind);
        PlatformError::invariant(format!("entry {sequence} of the outbox is of the kind {kind}"))
    })?;
    let [header, before, after] = entry.commitments.map(Commitment);
    Ok(Leaf {
        kind,
        organization_tag: entry.tag,
        organization_sequence: place.sequence + 1,
        previous: place.previous,
        time_ms,
        header,
        before,
        after,
        key_id: key_id(entry.key_version),
    })
}

/// The version of the home's key, at the end of sixteen bytes: which key of an organization sealed an entry says nothing of
/// what it is about, where a record's own key would join the leaves of one record.
pub(crate) fn key_id(version: i32) -> [u8; 16] {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&version.to_be_bytes());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(sequence: i64, home: &str) -> Waiting {
        let byte = home.len() as u8;
        Waiting {
            sequence,
            home: home.to_owned(),
            kind: 1,
            key_version: 3,
            commitments: [[1; 32], [2; 32], [3; 32]],
            tag: [byte; 16],
            home_sequence: 10,
            home_previous: [byte; 32],
        }
    }

    fn decoded(waiting: &[Waiting]) -> Vec<Leaf> {
        let leaves = leaves(waiting, 1_000).unwrap();
        leaves.iter().map(|leaf| Leaf::decode(leaf).unwrap()).collect()
    }

    #[test]
    fn each_home_counts_and_links_its_own_leaves() {
        let found = decoded(&[
            waiting(1, "a"),
            waiting(2, "bb"),
            waiting(5, "a"),
            waiting(4, "bb"),
        ]);
        let numbers: Vec<u64> = found.iter().map(|leaf| leaf.organization_sequence).collect();
        assert_eq!(numbers, [11, 11, 12, 12]);
        assert_eq!(found[0].previous, Hash([1; 32]));
        assert_eq!(found[1].previous, Hash([2; 32]));
        assert_eq!(found[2].previous, found[0].hash());
        assert_eq!(found[3].previous, found[1].hash());
        assert_eq!(found[0].key_id, *b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03");
        assert_eq!(found[0].header, Commitment([1; 32]));
    }

    #[test]
    fn a_heartbeat_or_an_unknown_kind_does_not_come_out_of_the_outbox() {
        for kind in [0, 3, 9, -1] {
            let entry = Waiting {
                kind,
                ..waiting(1, "a")
            };
            assert!(leaves(&[entry], 1).is_err(), "{kind}");
        }
    }

    #[test]
    fn a_heartbeat_continues_the_appliances_own_order() {
        let leaf = Leaf::decode(&heartbeat((7, [9; 32]), 5)).unwrap();
        assert_eq!(
            (leaf.kind, leaf.organization_sequence, leaf.previous),
            (LeafKind::Heartbeat, 8, Hash([9; 32]))
        );
    }
}
