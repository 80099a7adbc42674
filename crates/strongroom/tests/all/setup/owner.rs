//! The first owner: operator, second factor, recovery kit.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::process::Stdio;

use super::{Place, is_root, states};
use crate::all::program::Said;
use crate::all::program::run;

#[test]
fn the_owner_operates_and_the_recovery_kit_is_made_where_the_answers_say() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    testkit::secret::write_private(&place.path("passphrase"), "correct horse battery staple").unwrap();
    let kit = place.path("kit");
    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    let text = text.replace("[services]", "owner_operates = true\n[services]");
    fs::write(place.path("answers.toml"), text).unwrap();
    place.answer_more(&format!(
        "[backup]\nenable = true\nfolder = {:?}\nrecord = {:?}\nkit = {kit:?}\nkit_passphrase_file = {:?}\n",
        place.path("backup"),
        place.path("record"),
        place.path("passphrase")
    ));
    let four = |said: Said| {
        let states = states(said);
        let named = |step: &str| states.iter().find(|(name, _)| name == step).unwrap().1.clone();
        ["operator", "second-factor", "backup", "recovery-kit"].map(named)
    };
    let first = four(place.setup(&["--until", "recovery-kit"]));
    assert_eq!(first, ["done", "left out", "done", "done"]);
    assert_eq!(fs::metadata(&kit).unwrap().permissions().mode() & 0o777, 0o600);
    let again = four(place.setup(&["--until", "recovery-kit"]));
    assert_eq!(again, ["unchanged", "left out", "unchanged", "unchanged"]);
    let operators = run(Some(&place.settings()), &["--json", "operator", "list"]).done();
    assert!(operators.contains("ada@example.org"), "{operators}");

    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    fs::write(
        place.path("answers.toml"),
        text.replace("enable = true", "enable = false"),
    )
    .unwrap();
    let refused = place.setup(&["--dry-run"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.talk.contains("backup.kit"), "{}", refused.talk);
}

#[test]
fn a_second_factor_that_is_asked_for_needs_a_terminal_and_the_set_up_goes_on_later() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let answers = place.path("answers.toml");
    let text = fs::read_to_string(&answers).unwrap();
    fs::write(
        &answers,
        text.replace("[services]", "owner_factor = true\n[services]"),
    )
    .unwrap();
    let refused = Command::new("setsid")
        .arg("--wait")
        .arg(env!("CARGO_BIN_EXE_strongroom"))
        .arg("--config")
        .arg(place.settings())
        .args(["setup", "--until", "second-factor", "--answers"])
        .arg(&answers)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let text = fs::read_to_string(&answers).unwrap();
    fs::write(
        &answers,
        text.replace("owner_factor = true", "owner_factor = false"),
    )
    .unwrap();
    let went_on = states(place.setup(&["--until", "second-factor"]));
    assert_eq!(went_on.last().unwrap().1, "left out", "{went_on:?}");
}
