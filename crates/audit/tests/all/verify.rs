//! Honest exports, and what a verification says of them.

use crate::sample::{APPLIANCE, Log, ORIGIN, organization_id, policy, record_id, tag};
use audit::export::Scope;
use audit::note::KeyName;
use audit::verify::{Explanation, FaultKind, Lost, Report, Verdict, verify};
use audit::{Checkpoint, Hash, LeafKind};

fn report(export: &[u8], since: Option<&Checkpoint>) -> Report {
    verify(export, &policy(), since).unwrap()
}

#[track_caller]
fn holds(export: &[u8], since: Option<&Checkpoint>) -> Report {
    let report = report(export, since);
    assert!(
        report.holds(),
        "{:#?} {:#?}",
        report.integrity,
        report.completeness
    );
    report
}

#[test]
fn an_honest_export_of_everything_holds() {
    let log = Log::sample();
    let report = holds(&log.whole(), None);
    assert_eq!(report.counts.leaves, log.entries.len() as u64);
    assert_eq!(
        (
            report.counts.hidden,
            report.counts.heartbeats,
            report.counts.organizations
        ),
        (0, 2, 4)
    );
    // Three versions of the purged record, and the header of the erased organization.
    assert_eq!(report.counts.gone, 4);
    assert_eq!(
        report.counts.headers + report.counts.heartbeats + 1,
        report.counts.leaves
    );
    assert_eq!(report.trusted.unwrap().witnesses[0].0, "office");
}

#[test]
fn an_organizations_export_holds_without_showing_others() {
    let log = Log::sample();
    for organization in [APPLIANCE, 1, 2] {
        let own = log
            .entries
            .iter()
            .filter(|entry| entry.leaf.organization_tag == tag(organization))
            .count();
        let export = log.export(Scope::Organization(tag(organization)), &[]);
        let report = holds(&export, None);
        assert_eq!(report.counts.leaves, own as u64);
        assert_eq!(
            report.counts.leaves + report.counts.hidden,
            log.entries.len() as u64
        );
        assert_eq!(report.shown.last_sequence, Some(own as u64));
        let other = tag(if organization == 1 { 2 } else { 1 });
        assert!(!export.windows(16).any(|bytes| bytes == other));
    }
}

#[test]
fn an_organization_without_entries_proves_nothing() {
    let report = report(&Log::sample().export(Scope::Organization(tag(9)), &[]), None);
    assert_eq!(report.integrity, Verdict::Holds);
    assert!(matches!(report.completeness, Verdict::Unknown(_)));
}

#[test]
fn an_empty_log_and_one_of_heartbeats_hold() {
    holds(&Log::default().whole(), None);
    let mut log = Log::default();
    (0..300).for_each(|_| log.heartbeat());
    holds(&log.whole(), None);
}

#[test]
fn a_log_continues_every_earlier_checkpoint_of_itself() {
    let log = Log::sample();
    let size = log.entries.len();
    for earlier in 0..=size {
        let since = log.checkpoint(earlier);
        assert_eq!(holds(&log.whole(), Some(&since)).continues, Some(earlier as u64));
        let cut = log.export(Scope::Organization(tag(1)), &[earlier as u64]);
        assert_eq!(
            holds(&cut, Some(&since)).continues,
            Some(earlier as u64),
            "{earlier}"
        );
    }
}

#[test]
fn an_export_that_hides_the_earlier_end_says_that_it_cannot_tell() {
    let log = Log::sample();
    // Leaves 12 to 15 are of others but for one: some size among them is spanned.
    let export = log.export(Scope::Organization(tag(2)), &[]);
    let verdicts: Vec<Verdict> = (1..log.entries.len())
        .map(|size| report(&export, Some(&log.checkpoint(size))).integrity)
        .collect();
    assert!(
        verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::Unknown(_)))
    );
    assert!(
        verdicts
            .iter()
            .all(|verdict| !matches!(verdict, Verdict::Broken(..)))
    );
}

#[test]
fn a_rewritten_shortened_or_other_log_is_found_by_the_earlier_checkpoint() {
    let log = Log::sample();
    let first = |since: &Checkpoint| match report(&log.whole(), Some(since)).integrity {
        Verdict::Broken(faults, 1) => faults[0].kind.clone(),
        other => panic!("{other:?}"),
    };
    let rewritten = Checkpoint {
        root: Hash([1; 32]),
        ..log.checkpoint(7)
    };
    assert_eq!(first(&rewritten), FaultKind::Rewritten { size: 7 });
    let mut longer = log.clone();
    longer.heartbeat();
    let (size, seen) = (log.entries.len() as u64, longer.entries.len() as u64);
    assert_eq!(
        first(&longer.checkpoint(longer.entries.len())),
        FaultKind::SetBack { size, seen }
    );
    let other = Checkpoint {
        origin: KeyName::parse("elsewhere.example/log").unwrap(),
        ..log.checkpoint(7)
    };
    assert_eq!(first(&other), FaultKind::OtherLog);
    assert_ne!(ORIGIN, "elsewhere.example/log");
}

#[test]
fn batches_are_the_same_wherever_the_file_is_cut() {
    // A bulk act that spans several batches: 4,000 records of a good 100 bytes.
    let mut log = Log::default();
    log.create(1, 1);
    let records: Vec<u32> = (1..4_000).collect();
    log.bulk(1, "record.bulk_update", &records);
    log.update(1, 3_999);
    let export = log.whole();
    assert!(export.len() > 300_000);
    assert_eq!(holds(&export, None).counts.images, 4_001);
    // A source that gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = into.len().min(self.0.len()).min(977);
            let (now, later) = self.0.split_at(length);
            into[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }
    assert!(verify(Slow(&export), &policy(), None).unwrap().holds());
}

#[test]
fn a_transaction_cut_by_the_checkpoint_is_open_and_an_older_one_is_not_whole() {
    let mut log = Log::default();
    log.transaction(1, &["a", "b"]);
    log.entries.pop();
    let report = holds(&log.whole(), None);
    assert_eq!(report.counts.open_transactions, 1);
    (0..62).for_each(|_| log.heartbeat());
    match crate::verify::report(&log.whole(), None).completeness {
        Verdict::Broken(faults, 1) => {
            assert_eq!(
                (faults[0].index, &faults[0].kind),
                (Some(0), &FaultKind::Transaction { total: 2 })
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn contents_lost_by_a_restore_are_explained_by_its_leaf() {
    let mut log = Log::sample();
    let lost = log.entries.len() as u64;
    log.create(2, 60);
    log.update(2, 60);
    for entry in &mut log.entries[usize::try_from(lost).unwrap()..] {
        entry.images.clear();
        entry.header.as_mut().unwrap().1 = crate::sample::Part::Gone(lost + 2);
    }
    let range = format!("{lost}-{}", lost + 1);
    let mut short = log.clone();
    log.act(APPLIANCE, LeafKind::Restore, "restore", "log", Some(&range), &[]);
    let report = holds(&log.whole(), None);
    let explained = |lost, tag, leaf, openings| Explanation {
        leaf,
        lost,
        tag,
        openings,
    };
    let leaves = Lost::Leaves {
        first: lost,
        last: lost + 1,
    };
    assert_eq!(
        report.explained.wide,
        [
            explained(Lost::Organization(organization_id(3)), Some(tag(3)), 16, 1),
            explained(leaves, None, lost + 2, 2),
        ]
    );
    assert_eq!(
        report.explained.records,
        [explained(Lost::Record(record_id(4)), Some(tag(1)), 14, 3)]
    );
    let range = format!("{lost}-{lost}");
    short.act(APPLIANCE, LeafKind::Restore, "restore", "log", Some(&range), &[]);
    assert!(matches!(
        crate::verify::report(&short.whole(), None).completeness,
        Verdict::Broken(_, 1)
    ));
    // In the organization's own export that leaf is hidden: nothing is wrong, and nothing is proven.
    let own = crate::verify::report(&log.export(Scope::Organization(tag(2)), &[]), None);
    assert_eq!((own.integrity, own.explained.hidden), (Verdict::Holds, 2));
    assert!(matches!(own.completeness, Verdict::Unknown(reason) if reason.contains("everything")));
}
