//! Against a journal that systemd's own program wrote.

use super::*;
use std::fmt::Write as _;
use std::process::Command;

const PLACE: &str = "s=f687fb4035db4c6b93e1c91416e2e406;i=5;b=0123456789abcdef0123456789abcdef;m=1388;t=6612ee840ba3e;x=6648222a6ef8f7ed";
const UNITS: [&str; 2] = ["strongroom.service", "strongroom-worker.service"];
const DAY: u64 = 86_400;

#[test]
fn a_place_is_six_numbers_and_nothing_else() {
    let place = Cursor::try_from(PLACE.to_owned()).unwrap();
    assert_eq!(place.to_string(), PLACE);
    assert_eq!(place.at_us, 0x0006_612e_e840_ba3e);
    for wrong in [
        "",
        "s=1;i=1;b=1;m=1;t=1",
        "s=1;i=1;b=1;m=1;t=1;x=1;y=1",
        "s=1;i=1;b=1;m=1;t=1;x=",
        "s=1;i=1;b=1;m=1;t=1;x=1 --root=/",
        "i=1;s=1;b=1;m=1;t=1;x=1",
        "s=1;i=1;b=1;m=1;t=123456789012345678901;x=1",
        "s=G;i=1;b=1;m=1;t=1;x=1",
    ] {
        assert!(Cursor::try_from(wrong.to_owned()).is_err(), "{wrong}");
        assert!(
            serde_json::from_value::<Cursor>(serde_json::json!(wrong)).is_err(),
            "{wrong}"
        );
    }
}

/// A journal with lines of so many seconds ago.
fn journal(folder: &Path, lines: &[(u64, &str, &str)]) -> std::path::PathBuf {
    let now = now_seconds();
    let mut text = String::new();
    for (number, (ago, unit, message)) in (1_u64..).zip(lines) {
        let at = (now - ago) * 1_000_000 + number;
        write!(
            text,
            "__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={number}\n_BOOT_ID=0123456789abcdef0123456789abcdef\n\
             _SYSTEMD_UNIT={unit}\nPRIORITY=4\nMESSAGE={message}\n\n"
        )
        .unwrap();
    }
    let (from, to) = (folder.join("export"), folder.join("made.journal"));
    std::fs::write(&from, text).unwrap();
    let output = Command::new("/lib/systemd/systemd-journal-remote")
        .arg("--output")
        .arg(&to)
        .arg(from)
        .output()
        .expect("systemd-journal-remote; cargo xtask test installs it");
    assert!(output.status.success(), "{output:?}");
    to
}

fn messages(found: &[Followed]) -> Vec<&str> {
    found.iter().map(|found| found.line.message.as_str()).collect()
}

#[test]
fn lines_are_read_from_where_it_stopped_over_days_of_silence_and_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(
        folder.path(),
        &[
            (5 * DAY, "strongroom.service", "first"),
            (5 * DAY, "other.service", "not ours"),
            (5 * DAY - 1, "strongroom.service", "second"),
            (4 * DAY + 60, "strongroom-worker.service", "a day later"),
            (60, "strongroom.service", "now"),
            (50, "strongroom.service", "last"),
        ],
    );
    let newest = read(Some(&file), &UNITS, None, 100).unwrap();
    assert_eq!(messages(&newest), ["last"]);
    // From the first on, as if it had been sent last.
    let mut place = {
        let early = call(Some(&file), &UNITS);
        parse(&early.run().unwrap(), 1).remove(0).place
    };
    let mut all = Vec::new();
    loop {
        let found = read(Some(&file), &UNITS, Some(&place), 2).unwrap();
        let Some(last) = found.last() else { break };
        place = last.place.clone();
        all.extend(found.into_iter().map(|found| found.line.message));
    }
    assert_eq!(all, ["second", "a day later", "now", "last"]);
    assert_eq!(newest[0].line.priority, 4);
    assert_eq!(newest[0].line.unit, "strongroom.service");
}

#[test]
fn a_place_that_the_journal_has_let_go_leads_to_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(folder.path(), &[(60, "strongroom.service", "left")]);
    let gone = Cursor::try_from(PLACE.to_owned()).unwrap();
    assert_eq!(
        messages(&read(Some(&file), &UNITS, Some(&gone), 9).unwrap()),
        ["left"]
    );
}
