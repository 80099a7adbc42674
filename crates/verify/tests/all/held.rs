//! Exports beside a receipt that somebody kept, with both verifiers.

use crate::program::{folder, receipt, run};
use crate::sample::{APPLIANCE, Log, signed, tag};
use audit::LeafKind;
use audit::export::Scope;
use audit::receipt::Receipt;
use std::path::Path;
use std::process::Command;

/// Exit codes of both, and what ours said.
fn verify(export: &[u8], receipt: Option<&Receipt>) -> (Option<i32>, Option<i32>, String) {
    let folder = folder(export);
    let mut arguments = vec!["export", "--policy", "policy"];
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.py");
    let mut python = Command::new("python3");
    python
        .current_dir(folder.path())
        .arg(verifier)
        .args(["export", "policy"]);
    if let Some(receipt) = receipt {
        std::fs::write(folder.path().join("receipt"), receipt.to_string()).unwrap();
        arguments.extend(["--receipt", "receipt"]);
        python.args(["--receipt", "receipt"]);
    }
    let (code, text, talk) = run(folder.path(), &arguments);
    let theirs = python.output().unwrap().status.code();
    (code, theirs, text + &talk)
}

#[track_caller]
fn both(export: &[u8], receipt: Option<&Receipt>, code: i32, said: &str) {
    let (ours, theirs, text) = verify(export, receipt);
    assert_eq!((ours, theirs), (Some(code), Some(code)), "{text}");
    assert!(text.contains(said), "{text}");
}

fn own(log: &Log) -> Vec<u8> {
    log.export(Scope::Organization(tag(1)), &[])
}

/// Three acts of an organization of which the last two bear one number.
fn forked() -> Log {
    let mut log = Log::default();
    for action in ["first", "evil", "fine"] {
        log.act(1, LeafKind::Configuration, action, "dataset", None, &[]);
    }
    log.entries[2].leaf.organization_sequence = 2;
    log.entries[2].leaf.previous = log.entries[0].leaf.hash();
    log
}

/// The export of the organization, with that leaf hidden as another's.
fn hiding(log: &Log, index: usize) -> Vec<u8> {
    let whole = own(log);
    let place = |index: usize| {
        let leaf = log.entries[index].leaf.encode();
        whole.windows(188).position(|bytes| bytes == leaf).unwrap() - 5
    };
    let hidden = [&[0x11, 0, 0, 0, 33, 0][..], &log.entries[index].leaf.hash().0].concat();
    crate::sample::repaired([&whole[..place(index)], &hidden, &whole[place(index + 1)..]].concat())
}

#[test]
fn a_receipt_of_what_is_shown_is_compared() {
    let log = Log::sample();
    both(
        &own(&log),
        Some(&receipt(&log, 4)),
        0,
        "  receipt       compared with leaf 4\n",
    );
    both(&log.whole(), Some(&receipt(&log, 4)), 0, "compared with leaf 4");
    let (_, _, text) = verify(&own(&log), None);
    assert!(text.contains("the number alone is not enough"), "{text}");
}

/// Numbers and links of what is shown are whole: without the receipt nobody sees it, which docs/AUDIT-EXPORT.md says.
#[test]
fn a_second_leaf_of_one_number_that_an_export_hides_is_found_by_its_receipt() {
    let log = forked();
    let export = hiding(&log, 1);
    both(&export, None, 0, "VERIFIED");
    both(&export, Some(&receipt(&log, 2)), 0, "VERIFIED");
    let said = "leaf 1: the leaf that the receipt proves to be the organization's is not shown";
    both(&export, Some(&receipt(&log, 1)), 1, said);
    both(
        &log.whole(),
        None,
        1,
        "has number 2 in its organization, where 3 should stand",
    );
}

#[test]
fn a_log_that_was_written_twice_is_found_by_the_receipt_of_the_other() {
    let (mut log, mut other) = (Log::default(), Log::default());
    log.create(1, 1);
    other.create(1, 2);
    let said = "leaf 0: the leaf is not the one that the receipt proves to stand here";
    both(&log.whole(), Some(&receipt(&other, 0)), 1, said);
    both(&own(&log), Some(&receipt(&other, 0)), 1, said);
}

#[test]
fn a_receipt_that_cannot_be_compared_leaves_the_verdict_open() {
    let log = Log::sample();
    let mut longer = log.clone();
    longer.update(1, 1);
    both(
        &own(&log),
        Some(&receipt(&longer, 20)),
        2,
        "ask for a newer export",
    );
    // Of the appliance itself, and of another organization.
    let export = own(&log);
    assert_eq!(log.entries[0].leaf.organization_tag, tag(APPLIANCE));
    for index in [0, 3] {
        both(
            &export,
            Some(&receipt(&log, index)),
            2,
            "that the export does not show",
        );
    }
    let mut forged = receipt(&log, 4);
    forged.checkpoint = signed(&log.checkpoint(20), 3);
    both(
        &export,
        Some(&forged),
        2,
        "error: the receipt receipt proves nothing: ",
    );
    let mut moved = receipt(&log, 4);
    moved.index = 5;
    both(&export, Some(&moved), 2, "proves nothing");
}
