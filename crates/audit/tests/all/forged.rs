//! Exports forged by whoever holds the log's own key, each hiding or smuggling in something that one check alone finds.
//!
//! Both verifiers are tried with each: here the fault that is named, in the tests of `strongroom-verify` that the Python
//! verifier refuses it too.

use crate::sample::{APPLIANCE, Log, Part, log_key, organization_id, record_id, repaired, tag, witness_key};
use audit::export::Scope;
use audit::verify::uuid;
use audit::{Commitment, LeafKind, Object, Role, commit};

/// What is forged, the code of the fault, and the export.
pub(crate) type Forgery = (&'static str, &'static str, fn() -> Vec<u8>);

pub(crate) const FORGERIES: &[Forgery] = &[
    ("a key is announced that does not sign", "new-key", || {
        let mut log = two_acts(1);
        log.rotate(&log_key(2).to_string());
        log.whole()
    }),
    ("what is announced is no key of a log", "new-key", || {
        let mut log = two_acts(1);
        log.rotate(&witness_key().to_string());
        log.whole()
    }),
    (
        "the erasure of the nil record hides headers",
        "unexplained",
        || {
            let mut log = two_acts(1);
            hide_headers(&mut log, 1);
            log.act(1, LeafKind::Erasure, "x", "record", Some(&uuid(&[0; 16])), &[]);
            log.whole()
        },
    ),
    ("an organization under two tags", "organization", || {
        let mut log = two_acts(1);
        let mut header = log.header(2, "x", object("dataset"));
        header.organization = Some(organization_id(1));
        log.act_with(2, LeafKind::Configuration, &header, &[]);
        log.whole()
    }),
    ("a record in the appliance's log", "appliance", || {
        let mut log = two_acts(1);
        log.create(APPLIANCE, 5);
        log.whole()
    }),
    ("a bulk act in the appliance's log", "appliance", || {
        let mut log = two_acts(1);
        log.bulk(APPLIANCE, "record.import", &[5, 6]);
        log.whole()
    }),
    (
        "the deletion of an organization that lives on hides another",
        "not-erased",
        || {
            let mut log = two_acts(1);
            two_acts_more(&mut log, 2);
            hide_headers(&mut log, 2);
            delete(&mut log, &uuid(&organization_id(1)));
            log.whole()
        },
    ),
    ("one organization deleted in two spellings", "unexplained", || {
        let mut log = two_acts(1);
        hide_headers(&mut log, 1);
        delete(&mut log, &uuid(&organization_id(3)));
        two_acts_more(&mut log, 2);
        hide_headers(&mut log, 2);
        delete(&mut log, &uuid(&organization_id(3)).to_uppercase());
        log.whole()
    }),
    (
        "a restore that loses everything, itself too",
        "unexplained",
        || restored("0-18446744073709551615"),
    ),
    ("a restore that loses its own leaf", "unexplained", || {
        restored("0-2")
    }),
    ("a restore of a range in another spelling", "unexplained", || {
        restored("0-+1")
    }),
    ("a restore of no range", "unexplained", || restored("everything")),
    (
        "one version of an erased record is hidden, others are open",
        "not-erased",
        || {
            let mut log = Log::default();
            log.create(1, 7);
            log.update(1, 7);
            log.update(1, 7);
            log.entries[1].images[0].part = Part::Gone(3);
            let id = uuid(&record_id(7));
            log.act(1, LeafKind::Erasure, "record.purge", "record", Some(&id), &[]);
            log.whole()
        },
    ),
    (
        "a hole in a transaction kept fresh by its own place",
        "transaction",
        || {
            let mut log = Log::default();
            part(&mut log, 1);
            (0..62).for_each(|_| log.heartbeat());
            part(&mut log, 1);
            log.whole()
        },
    ),
    (
        "a hole in a transaction behind a whole one",
        "transaction",
        || {
            let mut log = Log::default();
            part(&mut log, 1);
            (0..62).for_each(|_| log.heartbeat());
            part(&mut log, 1);
            part(&mut log, 2);
            log.whole()
        },
    ),
    ("something before an act and nothing after it", "before", || {
        let mut log = two_acts(1);
        log.entries[1].leaf.before = Commitment([5; 32]);
        log.whole()
    }),
    ("a header behind a hidden part", "superfluous", || {
        behind_hidden(&[0x20, 0, 0, 0, 1, 2])
    }),
    ("an image behind a hidden part", "superfluous", || {
        let mut frame = vec![0x21, 0, 0, 0, 57];
        frame.extend([[7; 16].as_slice(), &[0; 8], &[2], &[0; 32]].concat());
        behind_hidden(&frame)
    }),
    ("a leaf behind more than can be counted", "superfluous", || {
        let (export, leaf) = (own(), Log::sample().entries[1].leaf.encode());
        let tree = first_of(&export, &[0x10, 0x11]);
        let mut forged = export[..tree].to_vec();
        for height in (0..64).rev() {
            forged.extend([0x11, 0, 0, 0, 33, height]);
            forged.extend([height; 32]);
        }
        forged.extend([0x10, 0, 0, 0, 188]);
        forged.extend(leaf);
        forged.extend(&export[export.len() - 37..]);
        repaired(forged)
    }),
    ("a header whose place is no numbers", "header", || {
        with_header(|bytes| replace(bytes, &[9, 0x82, 1, 1], &[9, 0x82, 0xf5, 0xf5]))
    }),
    ("a header whose object is a text", "header", || {
        with_header(|bytes| replace(bytes, b"\x06\xa1\x01\x67dataset", b"\x06\x67dataset"))
    }),
    ("a header that nests without end", "header", || {
        with_header(|_| vec![0x81; 20_000])
    }),
];

fn object(kind: &str) -> Object {
    Object {
        kind: kind.to_owned(),
        id: None,
    }
}

fn two_acts(organization: u8) -> Log {
    let mut log = Log::default();
    two_acts_more(&mut log, organization);
    log
}

fn two_acts_more(log: &mut Log, organization: u8) {
    for action in ["dataset.create", "dataset.update"] {
        log.act(
            organization,
            LeafKind::Configuration,
            action,
            "dataset",
            None,
            &[],
        );
    }
}

/// What the organization has so far is said to be gone, for the leaf that comes next.
fn hide_headers(log: &mut Log, organization: u8) {
    let by = log.entries.len() as u64;
    let own = log.entries.iter_mut();
    for entry in own.filter(|entry| entry.leaf.organization_tag == tag(organization)) {
        entry.header.as_mut().unwrap().1 = Part::Gone(by);
    }
}

fn delete(log: &mut Log, organization: &str) {
    log.act(
        APPLIANCE,
        LeafKind::Erasure,
        "organization.delete",
        "organization",
        Some(organization),
        &[],
    );
}

/// Leaves 0 and 1 are gone, and leaf 2 is the restore of that range.
fn restored(range: &str) -> Vec<u8> {
    let mut log = two_acts(1);
    hide_headers(&mut log, 1);
    log.act(APPLIANCE, LeafKind::Restore, "restore", "log", Some(range), &[]);
    log.whole()
}

/// One place of a transaction of two.
fn part(log: &mut Log, ordinal: u32) {
    let mut header = log.header(1, "x", object("dataset"));
    header.request_id = Some("q".to_owned());
    (header.ordinal, header.total) = (ordinal, 2);
    log.act_with(1, LeafKind::Configuration, &header, &[]);
}

fn own() -> Vec<u8> {
    Log::sample().export(Scope::Organization(tag(1)), &[])
}

/// Where the first frame of one of those kinds begins.
fn first_of(export: &[u8], kinds: &[u8]) -> usize {
    let mut at = 8;
    while !kinds.contains(&export[at]) {
        at += 5 + usize::try_from(u32::from_be_bytes(export[at + 1..at + 5].try_into().unwrap())).unwrap();
    }
    at
}

fn behind_hidden(frame: &[u8]) -> Vec<u8> {
    let mut export = own();
    let end = first_of(&export, &[0x11]) + 38;
    export.splice(end..end, frame.iter().copied());
    repaired(export)
}

/// A log whose second entry has other bytes for a header, and commits to them.
fn with_header(change: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut log = Log::default();
    log.act(1, LeafKind::Configuration, "dataset.create", "dataset", None, &[]);
    let header = log.header(1, "dataset.update", object("dataset"));
    log.act_with(1, LeafKind::Configuration, &header, &[]);
    let entry = &mut log.entries[1];
    let (salt, part) = entry.header.as_mut().unwrap();
    let bytes = change(&header.encode());
    entry.leaf.header = commit(Role::Header, &header.entry_id, salt, &bytes);
    *part = Part::Open(bytes);
    log.whole()
}

fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut places = bytes.windows(old.len());
    let at = places.position(|found| found == old).expect("the header has it");
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}
