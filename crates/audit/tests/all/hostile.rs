//! Whatever somebody hands to an auditor: bytes that are no export, no note, no policy, and exports whose parts were
//! moved about. `fuzz/` runs the two checks without end.
#![allow(dead_code, reason = "each fuzz target runs its part")]

use audit::Checkpoint;
use audit::note::{Note, VerifierKey};
use audit::policy::Policy;
use audit::receipt::Receipt;
use audit::rotation::Announcement;
use audit::tile::Tile;
use audit::verify::{Verdict, verify};

const POLICY: &[u8] = include_bytes!("../../vectors/export-policy.txt");

/// Verifies any bytes, as they are and with the digest that they should have: no panic, and a report that says
/// "holds" shows leaves that a pinned key has signed.
pub(crate) fn check_export(bytes: &[u8]) {
    let policy = Policy::parse(POLICY).expect("the vector is a policy");
    for export in [Some(bytes.to_vec()), with_digest(bytes)].into_iter().flatten() {
        let report = verify(&export[..], &policy, None).expect("a slice can be read");
        if report.holds() {
            let trusted = report.trusted.expect("nothing holds without a signature");
            assert_eq!(
                trusted.checkpoint.size,
                report.counts.leaves + report.counts.hidden
            );
        }
        assert!(!matches!(report.completeness, Verdict::Holds) || report.integrity == Verdict::Holds);
    }
}

/// Reads any bytes as each of the texts: whatever is accepted is written again as it was.
pub(crate) fn check_texts(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
            assert_eq!(checkpoint.to_string(), note.text());
        }
    }
    if let Ok(receipt) = Receipt::parse(bytes) {
        assert_eq!(receipt.to_string().as_bytes(), bytes);
    }
    if let Ok(announcement) = Announcement::parse(bytes) {
        assert_eq!(announcement.to_string().as_bytes(), bytes);
    }
    if let Ok(policy) = Policy::parse(bytes) {
        assert_eq!(Policy::parse(policy.to_string().as_bytes()), Ok(policy));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(tile) = Tile::parse(text) {
        assert_eq!(tile.to_string(), text);
    }
}

/// The bytes with an end whose digest is right, where they end in one at all.
fn with_digest(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.len().checked_sub(37)?;
    let (before, last) = bytes.split_at(end);
    let digest = openssl::sha::sha256(before);
    (last.first() == Some(&0x7f)).then(|| [before, &last[..5], &digest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Dice, Log, policy, repaired, tag};
    use audit::export::Scope;
    use std::collections::HashSet;

    /// The frames of an export, whole.
    fn frames(export: &[u8]) -> Vec<Vec<u8>> {
        let (mut frames, mut rest) = (Vec::new(), &export[8..]);
        while !rest.is_empty() {
            let length = usize::try_from(u32::from_be_bytes(rest[1..5].try_into().unwrap())).unwrap();
            let (frame, after) = rest.split_at(5 + length);
            frames.push(frame.to_vec());
            rest = after;
        }
        frames
    }

    #[test]
    fn frames_that_were_moved_doubled_dropped_or_exchanged_are_refused() {
        let log = Log::sample();
        let (whole, own) = (log.whole(), log.export(Scope::Organization(tag(2)), &[]));
        let strangers = frames(&own);
        let mut dice = Dice(9);
        let mut seen = HashSet::new();
        for _ in 0..1_500 {
            let mut edited = frames(&whole);
            for _ in 0..=dice.below(3) {
                let (at, other) = (dice.below(edited.len()), dice.below(edited.len()));
                match dice.below(5) {
                    0 => edited.swap(at, other),
                    1 => _ = edited.remove(at),
                    2 => edited.insert(at, edited[other].clone()),
                    3 => edited[at] = strangers[dice.below(strangers.len())].clone(),
                    _ => edited[at][1..5].copy_from_slice(&u32::MAX.to_be_bytes()),
                }
            }
            let bytes = [b"SREXPT01".to_vec(), edited.concat()].concat();
            if bytes.len() < 45 || bytes == whole || !seen.insert(bytes.clone()) {
                continue;
            }
            let bytes = if bytes[bytes.len() - 37] == 0x7f {
                repaired(bytes)
            } else {
                bytes
            };
            if bytes != whole {
                check_export(&bytes);
                assert!(!verify(&bytes[..], &policy(), None).unwrap().holds());
            }
        }
        assert!(seen.len() > 1_000);
    }

    #[test]
    fn any_bytes_are_no_export_and_never_a_panic() {
        let (whole, mut dice) = (Log::sample().whole(), Dice(4));
        for _ in 0..1_500 {
            let mut bytes = whole[..dice.below(whole.len())].to_vec();
            for _ in 0..dice.below(20) {
                if !bytes.is_empty() {
                    let at = dice.below(bytes.len());
                    bytes[at] = u8::try_from(dice.below(256)).unwrap();
                }
            }
            check_export(&bytes);
        }
    }

    #[test]
    fn any_text_is_read_as_it_is_written_or_not_at_all() {
        let mut log = Log::sample();
        let note = crate::sample::signed(&log.checkpoint(7), 1).to_string();
        let index = log.rotate(&crate::sample::log_key(2).to_string());
        let announcement = log.announcement(index, &[1, 2]);
        let texts = [
            note,
            announcement.receipt.to_string(),
            announcement.to_string(),
            crate::sample::policy_text(),
            "tile/0/x001/067.p/17".to_owned(),
            crate::sample::log_key(1).to_string(),
        ];
        let mut dice = Dice(5);
        for round in 0..4_000 {
            let mut bytes = texts[round % texts.len()].clone().into_bytes();
            for _ in 0..dice.below(4) {
                let at = dice.below(bytes.len());
                match dice.below(3) {
                    0 => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
                    1 => _ = bytes.remove(at),
                    _ => bytes.insert(at, b" \n+/x0"[dice.below(6)]),
                }
                if bytes.is_empty() {
                    bytes.push(b'\n');
                }
            }
            check_texts(&bytes);
        }
    }
}
