//! A new key of the log: who pinned the old one follows, and nobody is led anywhere else.

use crate::sample::{Log, log_key, policy, policy_text};
use audit::export::Scope;
use audit::policy::Policy;
use audit::rotation::{Announcement, RotationError, Succession};
use audit::verify::{Report, Verdict, verify};
use audit::{LeafKind, Object};

/// A log that announced the key of seed 2, and goes on.
fn rotated() -> (Log, Announcement) {
    let mut log = Log::sample();
    let index = log.rotate(&log_key(2).to_string());
    log.update(1, 1);
    let announcement = log.announcement(index, &[1, 2]);
    (log, announcement)
}

fn report(log: &Log, policy: &Policy, seeds: &[u8]) -> Report {
    verify(&log.export_by(Scope::Whole, &[], seeds)[..], policy, None).unwrap()
}

#[track_caller]
fn assert_fault(report: &Report, code: &str) {
    let Verdict::Broken(faults, _) = &report.integrity else {
        panic!("{report:?}");
    };
    assert!(faults.iter().any(|fault| fault.kind.code() == code), "{faults:?}");
}

#[test]
fn who_pinned_the_old_key_verifies_before_while_and_after_it_is_exchanged() {
    let before = Log::sample();
    let (mut log, announcement) = rotated();
    let mut succession = Succession::of(policy());
    let followed = succession.follow(&announcement).unwrap();
    assert_eq!(
        (&followed.key, followed.index),
        (&log_key(2), announcement.receipt.index)
    );
    assert_eq!(
        succession.newest().witnesses(),
        policy().witnesses(),
        "witnesses stay"
    );
    // Before and while both sign, the pinned policy is enough.
    assert!(report(&before, &policy(), &[1]).holds());
    assert!(report(&log, &policy(), &[1, 2]).holds());
    assert!(report(&log, succession.newest(), &[1, 2]).holds());
    // Afterwards only the followed one is.
    log.update(1, 1);
    assert!(report(&log, succession.newest(), &[2]).holds());
    assert_fault(&report(&log, &policy(), &[2]), "trust");
    // Each size has the policy of its time: the old key's word ends at the leaf that names the new one.
    assert_eq!(succession.at(followed.index), &policy());
    assert_eq!(succession.at(followed.index + 1), succession.newest());
    assert_fault(&report(&log, succession.newest(), &[1]), "trust");
}

#[test]
fn a_second_rotation_is_followed_after_the_first_and_not_without_it() {
    let (mut log, first) = rotated();
    let index = log.rotate(&log_key(3).to_string());
    let second = log.announcement(index, &[2, 3]);
    let mut succession = Succession::of(policy());
    let refused = succession.follow(&second).unwrap_err();
    assert!(matches!(refused, RotationError::Receipt(_)), "{refused:?}");
    succession.follow(&first).unwrap();
    succession.follow(&second).unwrap();
    assert!(report(&log, succession.newest(), &[3]).holds());
    // Nobody goes back the way that was come.
    assert!(matches!(
        succession.follow(&first),
        Err(RotationError::Receipt(_))
    ));
}

#[test]
fn a_forged_rotation_is_refused() {
    let (log, honest) = rotated();
    let index = usize::try_from(honest.receipt.index).unwrap();
    let refused = |announcement: &Announcement| announcement.follow(&policy()).unwrap_err();
    // The old key has not signed.
    assert!(matches!(
        refused(&log.announcement(index, &[2])),
        RotationError::Receipt(_)
    ));
    // The leaf does not name that key.
    let mut other = honest.clone();
    let mut elsewhere = Log::sample();
    let at = elsewhere.rotate(&log_key(3).to_string());
    let forged = elsewhere.announcement(at, &[1, 3]);
    (other.header, other.salt) = (forged.header, forged.salt);
    assert!(matches!(refused(&other), RotationError::Commitment { .. }));
    // A second rotation at one index: its proof does not lead to the root that the old key signed.
    other = honest.clone();
    other.receipt.leaf = forged.receipt.leaf;
    assert!(matches!(refused(&other), RotationError::Receipt(_)));
    // A leaf of another kind that speaks of a key; a rotation in an organization's log; one that names no key of this log.
    for (organization, kind, name, expected) in [
        (0, LeafKind::Configuration, log_key(2).to_string(), "kind"),
        (1, LeafKind::KeyRotation, log_key(2).to_string(), "kind"),
        (0, LeafKind::KeyRotation, "somebody".to_owned(), "key"),
        (
            0,
            LeafKind::KeyRotation,
            crate::sample::witness_key().to_string(),
            "key",
        ),
        (0, LeafKind::KeyRotation, log_key(2).to_string(), ""),
    ] {
        let mut log = Log::sample();
        let index = log.entries.len();
        let object = Object {
            kind: "log-key".to_owned(),
            id: Some(name.clone()),
        };
        let header = log.header(organization, "audit-key.rotate", object);
        log.act_with(organization, kind, &header, &[]);
        let found = match log.announcement(index, &[1, 2]).follow(&policy()) {
            Ok(_) => "",
            Err(RotationError::Kind { .. }) => "kind",
            Err(RotationError::Key { .. }) => "key",
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{organization} {kind:?} {name}");
    }
}

#[test]
fn a_log_that_announces_a_key_and_does_not_sign_with_it_is_false() {
    let (mut log, _) = rotated();
    assert_fault(&report(&log, &policy(), &[1]), "new-key");
    assert_fault(&report(&log, &policy(), &[1, 3]), "new-key");
    // The newest counts.
    log.rotate(&log_key(3).to_string());
    assert_fault(&report(&log, &policy(), &[1, 2]), "new-key");
    assert!(report(&log, &policy(), &[1, 3]).holds());
    log.rotate("nobody");
    assert_fault(&report(&log, &policy(), &[1, 2, 3]), "new-key");
}

#[test]
fn an_announcement_is_written_as_it_is_read_and_no_changed_bit_of_it_leads_anywhere_else() {
    let (_, honest) = rotated();
    let text = honest.to_string();
    assert_eq!(Announcement::parse(text.as_bytes()).unwrap(), honest);
    for bit in 0..text.len() * 8 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        let followed = Announcement::parse(&changed).and_then(|changed| changed.follow(&policy()));
        // The new key's own signature is of no key that the policy names, and counts for nothing.
        if let Ok(followed) = followed {
            assert_eq!(followed.key, log_key(2), "bit {bit}");
        }
    }
    // Without its last lines it may still be signed by the old key.
    for cut in 0..text.len() {
        let followed = Announcement::parse(&text.as_bytes()[..cut]).and_then(|cut| cut.follow(&policy()));
        assert!(followed.is_err(), "{cut}: the witness's line stands last");
    }
    assert!(policy_text().contains("quorum office"));
}
