//! The two verifiers, which share no code, on the same exports.
//!
//! They must agree on integrity, and on completeness wherever integrity holds: what is left out of bytes that nobody
//! committed to has no meaning, and each says so in its own way.

use crate::sample::{
    APPLIANCE, Dice, Log, Part, log_key, policy, policy_text, record_id, repaired, signed, tag, witness_key,
};
use audit::export::Scope;
use audit::verify::{Verdict, verify};
use audit::{Commitment, Hash, LeafKind};
use std::path::Path;
use std::process::Command;

/// Verifies every export of a folder; a signature that was checked once is not checked again.
const DRIVER: &str = r#"
import functools, os, runpy, sys
names = runpy.run_path(sys.argv[1])
inside = names["verify"].__globals__
inside["signed"] = functools.lru_cache(None)(inside["signed"])
policy = names["read_policy"](open(sys.argv[2]).read())
since = names["read_checkpoint"](open(sys.argv[3], "rb").read(), policy)
for name in sorted(os.listdir(sys.argv[4])):
    data = open(os.path.join(sys.argv[4], name), "rb").read()
    for earlier in (None, since):
        print(*names["verify"](data, policy, earlier).report())
"#;

/// What either says: integrity, and completeness.
type Verdicts = (String, String);

fn of_python(exports: &[Vec<u8>], log: &Log) -> Vec<Verdicts> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("exports")).unwrap();
    std::fs::write(path("policy"), policy_text()).unwrap();
    std::fs::write(path("since"), signed(&log.checkpoint(11), 1).to_string()).unwrap();
    for (number, export) in exports.iter().enumerate() {
        std::fs::write(path(&format!("exports/{number:06}")), export).unwrap();
    }
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.py");
    let mut python = Command::new("python3");
    python
        .arg("-c")
        .arg(DRIVER)
        .arg(verifier)
        .args([path("policy"), path("since"), path("exports")]);
    let output = python.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split_once(' ').unwrap());
    lines
        .map(|(integrity, completeness)| (integrity.to_owned(), completeness.to_owned()))
        .collect()
}

fn of_rust(exports: &[Vec<u8>], log: &Log) -> Vec<Verdicts> {
    let since = log.checkpoint(11);
    let word = |verdict: &Verdict| match verdict {
        Verdict::Holds => "holds".to_owned(),
        Verdict::Broken(..) => "broken".to_owned(),
        Verdict::Unknown(_) => "unknown".to_owned(),
    };
    let both = exports
        .iter()
        .flat_map(|export| [(export, None), (export, Some(&since))]);
    both.map(|(export, since)| {
        let report = verify(&export[..], &policy(), since).unwrap();
        (word(&report.integrity), word(&report.completeness))
    })
    .collect()
}

/// How many of the exports both refuse; that they agree is asserted.
fn compare(exports: &[Vec<u8>], log: &Log) -> usize {
    let (ours, theirs) = (of_rust(exports, log), of_python(exports, log));
    assert_eq!(ours.len(), theirs.len());
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(
            ours.0,
            theirs.0,
            "integrity of export {}: {ours:?} {theirs:?}",
            number / 2
        );
        if ours.0 != "broken" {
            assert_eq!(ours.1, theirs.1, "completeness of export {}", number / 2);
        }
    }
    ours.iter()
        .filter(|(integrity, completeness)| integrity == "broken" || completeness == "broken")
        .count()
}

#[test]
fn both_accept_every_honest_export() {
    let log = Log::sample();
    let scopes = [1, 2, APPLIANCE].map(|organization| Scope::Organization(tag(organization)));
    let mut exports: Vec<_> = scopes.iter().map(|scope| log.export(*scope, &[11])).collect();
    exports.extend(scopes.iter().map(|scope| log.export(*scope, &[])));
    exports.push(log.whole());
    assert_eq!(compare(&exports, &log), 0);
}

/// An entry without images, whose header was changed.
fn with_header(log: &mut Log, change: impl FnOnce(&mut audit::header::Header)) {
    let object = audit::Object {
        kind: "x".to_owned(),
        id: None,
    };
    let mut header = log.header(1, "x", object);
    change(&mut header);
    log.act_with(1, LeafKind::Access, &header, &[]);
}

/// Changes that the log's own key signs.
const ATTACKS: &[fn(&mut Log)] = &[
    |log| log.entries[2].images[0].salt[0] ^= 1,
    |log| log.entries[2].header.as_mut().unwrap().0[0] ^= 1,
    |log| log.entries[4].leaf.header = Commitment([1; 32]),
    |log| log.entries[4].leaf.after = Commitment([1; 32]),
    |log| log.entries[4].leaf.before = Commitment([1; 32]),
    |log| log.entries[6].leaf.before = Commitment([1; 32]),
    |log| log.entries[12].leaf.before = Commitment::ZERO,
    |log| log.entries[4].leaf.previous = Hash([1; 32]),
    |log| log.entries[4].leaf.time_ms = 0,
    |log| log.entries[4].leaf.organization_sequence = 9,
    |log| log.entries[4].leaf.kind = LeafKind::Heartbeat,
    |log| log.entries[5].leaf.after = Commitment([1; 32]),
    |log| _ = log.entries.remove(4),
    |log| _ = log.entries.pop(),
    |log| log.entries.swap(2, 4),
    |log| log.entries.insert(5, log.entries[4].clone()),
    |log| log.entries[1].header = None,
    |log| log.entries[1].header.as_mut().unwrap().1 = Part::Missing,
    |log| log.entries[1].header.as_mut().unwrap().1 = Part::Gone(14),
    |log| log.entries[1].header.as_mut().unwrap().1 = Part::Gone(16),
    |log| log.entries[17].images[0].part = Part::Missing,
    |log| log.entries[19].images.clear(),
    |log| log.entries[2].images[0].part = Part::Gone(14),
    |log| log.entries[2].images[0].part = Part::Gone(4),
    |log| log.entries[2].images[0].part = Part::Gone(999),
    |log| log.entries[4].images[0].part = Part::Gone(2),
    |log| log.entries[4].images[0].version = 3,
    |log| log.entries[4].images[0].record = record_id(2),
    |log| log.entries[6].images.swap(0, 1),
    |log| log.entries[0].images = log.entries[2].images.clone(),
    |log| log.entries[13].images = log.entries[2].images.clone(),
    |log| {
        for entry in log
            .entries
            .iter_mut()
            .filter(|entry| entry.leaf.organization_tag == tag(2))
        {
            entry.images.clear();
            entry.header.as_mut().unwrap().1 = Part::Gone(16);
        }
    },
    |log| with_header(log, |header| header.organization = None),
    |log| with_header(log, |header| header.time_us += 3_600_000_000),
    |log| {
        let mut header = log.header(
            1,
            "x",
            audit::Object {
                kind: "x".to_owned(),
                id: None,
            },
        );
        header.total = 2;
        log.act_with(1, LeafKind::Access, &header, &[]);
        (0..62).for_each(|_| log.heartbeat());
    },
];

#[test]
fn both_refuse_every_attack() {
    let honest = Log::sample();
    let exports: Vec<Vec<u8>> = ATTACKS
        .iter()
        .map(|attack| {
            let mut log = honest.clone();
            attack(&mut log);
            log.whole()
        })
        .collect();
    // A log that merely ends earlier is a good log, and a continuation of what was seen before.
    assert_eq!(compare(&exports, &honest), 2 * exports.len() - 2);
}

#[test]
fn both_refuse_every_forgery() {
    let forgeries = crate::forged::FORGERIES.iter();
    let exports: Vec<Vec<u8>> = forgeries.map(|(_, _, export)| export()).collect();
    assert_eq!(compare(&exports, &Log::sample()), 2 * exports.len());
    // Each is refused for itself, not for the earlier checkpoint that it does not continue.
    let alone = of_python(&exports, &Log::sample()).into_iter().step_by(2);
    for ((what, ..), verdicts) in crate::forged::FORGERIES.iter().zip(alone) {
        assert!(
            verdicts.0 == "broken" || verdicts.1 == "broken",
            "{what}: {verdicts:?}"
        );
    }
}

#[test]
fn both_agree_that_the_explanation_may_be_a_leaf_of_others() {
    let mut log = Log::sample();
    let lost = log.entries.len() as u64;
    log.update(2, 50);
    log.entries[20].images.clear();
    log.entries[20].header.as_mut().unwrap().1 = Part::Gone(lost + 1);
    let range = format!("{lost}-{lost}");
    log.act(APPLIANCE, LeafKind::Restore, "restore", "log", Some(&range), &[]);
    let exports = [log.export(Scope::Organization(tag(2)), &[11]), log.whole()];
    assert_eq!(compare(&exports, &log), 0);
    let verdicts = of_python(&exports, &log);
    assert_eq!(verdicts[0].1, "unknown");
    assert_eq!(verdicts[2].1, "holds");
}

/// Reads every policy, and says which it takes.
const POLICIES: &str = r#"
import runpy, sys
read_policy = runpy.run_path(sys.argv[1])["read_policy"]
for name in sys.argv[2:]:
    try:
        read_policy(open(name, encoding="utf-8", newline="").read())
        print("taken")
    except ValueError:
        print("refused")
    except KeyError:
        print("refused")
"#;

#[test]
fn both_take_and_refuse_the_same_policies() {
    let text = policy_text();
    let (log, witness) = (log_key(1), witness_key());
    let head = format!("log {log}\nwitness a {witness}\n");
    let policies = [
        text.clone(),
        format!("{head}quorum none\n"),
        format!("{head}group g 1 a\nquorum g\n"),
        format!("{head}\tgroup  g\tany a\nquorum g"),
        format!("{head}group g 0 a\nquorum g\n"),
        format!("{head}group g 2 a\nquorum g\n"),
        format!("{head}group g 2 a a\nquorum g\n"),
        format!("{head}group g any a\ngroup h any a\nquorum h\n"),
        format!("{head}group g all b\nquorum g\n"),
        format!("{head}group g -1 a\nquorum g\n"),
        format!("{head}group a any a\nquorum a\n"),
        format!("{head}group none any a\nquorum none\n"),
        format!("{head}quorum a\nquorum a\n"),
        head.clone(),
        format!("{head}witness b {witness}\nquorum a\n"),
        format!("{head}log {log}\nquorum a\n"),
        format!("log {log}\nwitness a {log}\nquorum a\n"),
        format!("log {witness}\nquorum none\n"),
        format!("witness a {witness}\nquorum a\n"),
        format!("{head}quorum b\n"),
        format!("{head}quorum\n"),
        format!("{head}trust everybody\nquorum a\n"),
        format!("{head}quorum a\r\n"),
        format!("# \u{2028}quorum none\n{head}quorum a\n"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut python = Command::new("python3");
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.py");
    python.args(["-c", POLICIES]).arg(verifier);
    for (number, policy) in policies.iter().enumerate() {
        let path = folder.path().join(format!("{number:02}"));
        std::fs::write(&path, policy).unwrap();
        python.arg(path);
    }
    let output = python.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told.lines().count(), policies.len(), "{told}");
    for (policy, told) in policies.iter().zip(told.lines()) {
        let ours = audit::policy::Policy::parse(policy.as_bytes());
        assert_eq!(ours.is_ok(), told == "taken", "{policy}: {ours:?}");
    }
    assert!(told.contains("taken") && told.contains("refused"));
}

#[test]
fn both_agree_on_600_flipped_bits() {
    let (log, mut dice) = (Log::sample(), Dice(2));
    let whole = log.whole();
    let own = log.export(Scope::Organization(tag(1)), &[]);
    let flipped: Vec<Vec<u8>> = (0..600)
        .map(|number| {
            let mut export = if number % 3 == 0 {
                own.clone()
            } else {
                whole.clone()
            };
            let bit = dice.below((export.len() - 37) * 8);
            export[bit / 8] ^= 1 << (bit % 8);
            // One in four as damage leaves it, the others as an attacker would.
            if number % 4 == 0 { export } else { repaired(export) }
        })
        .collect();
    assert!(compare(&flipped, &log) > 1_100);
}
