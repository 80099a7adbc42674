//! The exports of format version 1, frozen. A change that makes these fail is a new format version, never an edit of
//! the files: `STRONGROOM_WRITE_VECTORS=1` writes them, only ever for a new version.

use crate::sample::{Log, log_key, policy_text, signed, tag};
use audit::export::Scope;
use audit::policy::Policy;
use audit::verify::verify;
use std::path::Path;

fn check(name: &str, made: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    if std::env::var_os("STRONGROOM_WRITE_VECTORS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    assert!(
        std::fs::read(&path).unwrap() == made,
        "{name} is another than the frozen one"
    );
}

#[test]
fn the_frozen_exports_are_written_and_hold() {
    let log = Log::sample();
    let (whole, own) = (log.whole(), log.export(Scope::Organization(tag(1)), &[11]));
    let since = signed(&log.checkpoint(11), 1).to_string();
    check("whole.srexport", &whole);
    check("organization.srexport", &own);
    check("export-policy.txt", policy_text().as_bytes());
    check("since.note", since.as_bytes());
    let policy = Policy::parse(policy_text().as_bytes()).unwrap();
    let since = audit::note::Note::parse(since.as_bytes()).unwrap();
    let since = policy.check(&since).unwrap().checkpoint;
    for export in [whole, own] {
        let report = verify(&export[..], &policy, Some(&since)).unwrap();
        assert!(report.holds());
        assert_eq!(report.continues, Some(11));
    }
}

#[test]
fn the_frozen_announcement_of_a_key_is_written_and_followed() {
    let mut log = Log::sample();
    let index = log.rotate(&log_key(2).to_string());
    let announcement = log.announcement(index, &[1, 2]);
    check("rotation.txt", announcement.to_string().as_bytes());
    let policy = Policy::parse(policy_text().as_bytes()).unwrap();
    assert_eq!(announcement.follow(&policy).unwrap().key, log_key(2));
}
