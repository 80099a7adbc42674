//! Exit codes, reports, and files that are none.

use crate::sample::{Dice, Log, Part, policy, policy_text, signed, tag};
use audit::{export::Scope, merkle::prove_inclusion, receipt::Receipt};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with a policy and an export.
pub(crate) fn folder(export: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy"), policy_text()).unwrap();
    std::fs::write(folder.path().join("export"), export).unwrap();
    folder
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom-verify"));
    // What stands around it must not matter.
    command.env_clear();
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output: Output = program().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const VERIFY: [&str; 3] = ["export", "--policy", "policy"];

#[test]
fn an_honest_export_is_verified_and_says_what_it_is_of() {
    let log = Log::sample();
    let folder = folder(&log.whole());
    let since = signed(&log.checkpoint(11), 1).to_string();
    std::fs::write(folder.path().join("since"), since).unwrap();
    let (code, text, talk) = run(
        folder.path(),
        &["export", "--policy", "policy", "--since", "since"],
    );
    assert_eq!((code, talk.as_str()), (Some(0), ""));
    for line in [
        "VERIFIED\n",
        "  integrity     holds: what is shown is what was committed to\n",
        "  completeness  holds: all entries are shown\n",
        "  log           records.example.org/log, 20 leaves\n",
        "  witness       office, at 2026-01-01T00:01:00Z\n",
        "  continues     the earlier checkpoint of 11 leaves\n",
        "  to            2026-01-01T00:00:19Z\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn an_organizations_export_says_up_to_which_number_it_is_complete() {
    let folder = folder(&Log::sample().export(Scope::Organization(tag(1)), &[]));
    let (code, text, _) = run(folder.path(), &VERIFY);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("all entries of the organization up to number 11 are shown"),
        "{text}"
    );
    assert!(text.contains("  not shown     9 leaves of others\n"), "{text}");
}

/// The receipt of a leaf, in the checkpoint of all.
pub(crate) fn receipt(log: &Log, index: usize) -> Receipt {
    let leaves: Vec<_> = log.entries.iter().map(|entry| entry.leaf.hash()).collect();
    Receipt {
        leaf: log.entries[index].leaf.encode(),
        index: index as u64,
        hashes: prove_inclusion(&leaves, index).unwrap(),
        checkpoint: signed(&log.checkpoint(leaves.len()), 1),
    }
}

#[test]
fn a_receipt_says_as_which_number_an_entry_stands_in_the_log() {
    let log = Log::sample();
    let folder = folder(&log.whole());
    let receipt = receipt(&log, 4);
    let number = log.entries[4].leaf.organization_sequence;
    let check = ["--receipt", "receipt", "--policy", "policy"];
    let told = |text: &str| {
        std::fs::write(folder.path().join("receipt"), text).unwrap();
        run(folder.path(), &check)
    };
    let (code, text, talk) = told(&receipt.to_string());
    assert_eq!((code, talk.as_str()), (Some(0), ""));
    assert!(
        text.starts_with(
            "VERIFIED\n  receipt       leaf 4 of records.example.org/log, in its checkpoint of 20 leaves\n"
        ),
        "{text}"
    );
    assert!(text.contains(&format!("  number        {number}\n")), "{text}");

    let mut moved = receipt.clone();
    moved.index = 5;
    let (code, text, _) = told(&moved.to_string());
    assert!(code == Some(1) && text.starts_with("FALSE\n"), "{text}");
    let mut later = receipt.clone();
    later.leaf[36] ^= 1;
    assert_eq!(told(&later.to_string()).0, Some(1), "another number");
    let mut unsigned = receipt;
    unsigned.checkpoint = signed(&log.checkpoint(20), 3);
    assert_eq!(told(&unsigned.to_string()).0, Some(1), "the key of somebody else");
    let (code, _, talk) = told("nothing of the kind");
    assert!(code == Some(2) && talk.contains("is no receipt"), "{talk}");
    let (code, _, talk) = run(folder.path(), &[&check[..], &["--since", "since"]].concat());
    assert!(code == Some(2) && talk.contains("EXPORT"), "{talk}");
}

#[test]
fn a_changed_entry_is_named_for_people_and_for_programs() {
    let mut log = Log::sample();
    log.entries[4].images[0].salt[0] ^= 1;
    log.entries[17].images[0].part = Part::Missing;
    let folder = folder(&log.whole());
    let (code, text, _) = run(folder.path(), &VERIFY);
    assert_eq!(code, Some(1));
    assert!(
        text.starts_with("FALSE\n  integrity     BROKEN, first at:\n                leaf 4, entry "),
        "{text}"
    );
    let (code, text, _) = run(folder.path(), &["export", "--policy", "policy", "--json"]);
    assert_eq!(code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["verdict"], "false");
    assert_eq!(report["integrity"]["faults"][0]["code"], "after");
    assert_eq!(report["integrity"]["faults"][0]["leaf"], 4);
    assert_eq!(report["completeness"]["faults"][0]["code"], "image-missing");
    assert_eq!(report["completeness"]["faults"][0]["leaf"], 17);
    assert_eq!(report["checkpoint"]["size"], 20);
}

#[test]
fn what_is_not_there_or_no_policy_is_not_told_to_be_false() {
    let log = Log::sample();
    let folder = folder(&log.whole());
    let path = folder.path();
    std::fs::write(path.join("torn"), "log nothing\n").unwrap();
    std::fs::write(path.join("forged"), signed(&log.checkpoint(11), 2).to_string()).unwrap();
    std::fs::write(path.join("unsigned"), log.checkpoint(11).to_string()).unwrap();
    for (arguments, said) in [
        (
            &["absent", "--policy", "policy"][..],
            "error: cannot read absent: No such file",
        ),
        (
            &["export", "--policy", "absent"],
            "error: cannot read absent: No such file",
        ),
        (
            &["export", "--policy", "torn"],
            "error: torn is no policy: line 1 of the policy: the key cannot be read: ",
        ),
        (
            &["export", "--policy", "policy", "--since", "export"],
            "error: export is no signed checkpoint: ",
        ),
        (
            &["export", "--policy", "policy", "--since", "unsigned"],
            "error: unsigned is no signed checkpoint: ",
        ),
        (
            &["export", "--policy", "policy", "--since", "forged"],
            "error: the policy does not accept the earlier checkpoint forged: no key",
        ),
        (
            &[".", "--policy", "policy"],
            "error: cannot read .: Is a directory",
        ),
        (&["export"], "error: the following required arguments"),
        (&["--policy", "policy"], "error: the following required arguments"),
    ] {
        let (code, text, talk) = run(path, arguments);
        assert_eq!((code, text.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(talk.starts_with(said), "{arguments:?}: {talk}");
    }
    let empty = self::folder(&log.export(Scope::Organization(tag(9)), &[]));
    let (code, text, _) = run(empty.path(), &VERIFY);
    assert_eq!(code, Some(2));
    assert!(text.starts_with("CANNOT TELL\n"), "{text}");
}

#[test]
fn what_is_no_export_is_false() {
    for export in [&b""[..], b"SREXPT01", b"SREXPT02", b"\x1f\x8b", &[0; 100_000]] {
        let (code, text, _) = run(folder(export).path(), &VERIFY);
        assert_eq!(code, Some(1));
        assert!(text.contains("the export is damaged at byte "), "{text}");
    }
}

#[test]
fn an_export_may_come_over_a_pipe() {
    let folder = folder(b"");
    let mut child = program()
        .current_dir(folder.path())
        .args(["-", "--policy", "policy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&Log::sample().whole())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"VERIFIED\n"));
}

#[test]
fn a_report_that_nobody_takes_is_no_verdict() {
    let folder = folder(&Log::sample().whole());
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = program()
        .current_dir(folder.path())
        .args(VERIFY)
        .stdout(full)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}

/// Many batches, so that the threads have something to mix up.
fn long() -> Log {
    let mut log = Log::default();
    for round in 0..40 {
        let records: Vec<u32> = (0..400).map(|number| 1_000 * round + number).collect();
        log.bulk(1, "record.import", &records);
        for record in records.into_iter().step_by(7) {
            log.update(1, record);
        }
        log.heartbeat();
    }
    log
}

#[test]
fn a_long_export_gives_the_report_of_the_library() {
    let mut log = long();
    let honest = log.whole();
    assert!(honest.len() > 6 * 256 * 1024);
    log.entries[1_900].images[0].salt[0] ^= 1;
    for export in [honest, log.whole()] {
        let expected = audit::verify::verify(&export[..], &policy(), None).unwrap();
        let folder = folder(&export);
        let (code, text, _) = run(folder.path(), &["export", "--policy", "policy", "--json"]);
        assert_eq!(code, Some(i32::from(!expected.holds())));
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["counts"]["images"], expected.counts.images);
        assert_eq!(report["counts"]["leaves"], log.entries.len());
        if !expected.holds() {
            assert_eq!(report["integrity"]["faults"][0]["leaf"], 1_900);
        }
    }
}

#[test]
fn every_flipped_bit_of_a_long_export_is_refused_by_the_program() {
    let (export, mut dice) = (long().whole(), Dice(3));
    let folder = folder(&export);
    for _ in 0..40 {
        let bit = dice.below(export.len() * 8);
        let mut flipped = export.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(folder.path().join("export"), flipped).unwrap();
        assert_eq!(run(folder.path(), &VERIFY).0, Some(1), "bit {bit}");
    }
}

#[test]
fn the_manual_page_and_the_help_say_what_the_exit_codes_mean() {
    let (code, page, _) = run(Path::new("/"), &["--man"]);
    assert_eq!(code, Some(0));
    assert!(
        page.contains(".TH strongroom-verify 1") && page.contains("0 verified"),
        "{page}"
    );
    let (_, help, _) = run(Path::new("/"), &["--help"]);
    assert!(help.contains("Exit codes: 0 verified; 1 false"), "{help}");
}
