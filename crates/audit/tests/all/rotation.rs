//! A new key of the log: who pinned the old one follows, and nobody is led anywhere else.

use crate::sample::{Log, log_key, named_key, policy, policy_text, signed_by, signer, witness_key};
use audit::export::{Preamble, Reader, Scope};
use audit::note::Signature;
use audit::policy::Policy;
use audit::rotation::{Announcement, Followed, RotationError, Succession};
use audit::verify::{Report, Verdict, Verifier, examine, verify};
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
    let origin = log_key(1).name().clone();
    assert_eq!(succession.at(&origin, followed.index), &policy());
    assert_eq!(succession.at(&origin, followed.index + 1), succession.newest());
    // Of another log it ends nothing.
    let another = witness_key().name().clone();
    assert_eq!(succession.at(&another, 0), succession.newest());
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

/// With a step that was followed, and a changed beginning.
fn verdict(export: &[u8], step: Option<&Followed>, change: impl FnOnce(&mut Preamble)) -> Report {
    let (mut preamble, mut reader) = Reader::open(export).unwrap();
    change(&mut preamble);
    let mut verifier = Verifier::begin(&preamble, &policy(), None);
    if let Some(step) = step {
        verifier = verifier.with_step(step);
    }
    while let Some(batch) = reader.next_batch().unwrap() {
        verifier.take(examine(&batch));
    }
    verifier.finish(None)
}

#[test]
fn a_second_rotation_of_one_leaf_is_not_followed_after_the_first() {
    let (log, first) = rotated();
    let mut succession = Succession::of(policy());
    succession.follow(&first).unwrap();
    // Whoever has both keys signs another log, with a third key at the same index; or gives the first once more.
    let mut other = Log::sample();
    let index = other.rotate(&log_key(3).to_string());
    for again in [other.announcement(index, &[1, 2]), first] {
        let refused = succession.follow(&again).unwrap_err();
        assert!(matches!(refused, RotationError::Order { .. }), "{refused:?}");
        assert!(report(&log, succession.newest(), &[1, 2]).holds());
    }
}

#[test]
fn an_announcement_of_another_log_says_nothing_of_the_leaves_of_this_one() {
    let (log, announcement) = rotated();
    let mut step = Succession::of(policy()).follow(&announcement).unwrap();
    step.leaf.0[0] ^= 1;
    let export = log.export_by(Scope::Whole, &[], &[1, 2]);
    assert_fault(&verdict(&export, Some(&step), |_| {}), "receipt");
    step.key = witness_key();
    assert!(verdict(&export, Some(&step), |_| {}).holds());
}

#[test]
fn a_leaf_that_may_have_announced_a_key_and_is_gone_leaves_the_verdict_open() {
    let (mut log, announcement) = rotated();
    let index = usize::try_from(announcement.receipt.index).unwrap();
    // The log goes on with the old key.
    log.lose(index);
    let open = report(&log, &policy(), &[1]);
    assert!(matches!(open.integrity, Verdict::Unknown(_)), "{open:?}");
    // Until another is announced, with which it signs.
    log.rotate(&log_key(3).to_string());
    assert!(report(&log, &policy(), &[1, 3]).holds());
    assert_fault(&report(&log, &policy(), &[1]), "new-key");
}

#[test]
fn the_new_key_signs_under_the_name_of_the_log() {
    let elsewhere = named_key("elsewhere.example.org/log", 2);
    let mut log = Log::sample();
    log.rotate(&elsewhere.to_string());
    let mut note = signed_by(&log.checkpoint(log.entries.len()), &[1]);
    let (_, signature) = signer(2, note.text().as_bytes());
    note.add(Signature::log(&elsewhere, signature)).unwrap();
    let found = verdict(&log.whole(), None, |preamble| {
        preamble.checkpoint = note.to_string().into_bytes();
    });
    assert_fault(&found, "new-key");
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
        (0, LeafKind::KeyRotation, witness_key().to_string(), "key"),
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
