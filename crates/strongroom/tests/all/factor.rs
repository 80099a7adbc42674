//! A first second factor, set up at a real terminal: the secret is read off the screen as a person would, and the code typed.

use super::{
    appliance::{Appliance, OWNER},
    program::strongroom,
    terminal::Terminal,
};
use std::{
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Sets an authenticator app up for somebody whose password is in a file; gives the recovery codes.
pub(crate) fn enrolled(appliance: &Appliance, email: &str, file: &str) -> Vec<String> {
    let enrol = format!("factor enrol {email} --password-file {}", appliance.path(file));
    let mut terminal = Terminal::run(appliance, &enrol);
    let secret = terminal.line_after("type the secret into it: ");
    terminal.until("that it shows now: ");
    terminal.type_line(&testkit::authenticator::code(&secret, now_s()).unwrap());
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    let codes = screen.rsplit("without the app:").next().unwrap().lines();
    let codes = codes.filter_map(|line| line.strip_prefix("  "));
    codes.map(|code| code.trim().to_owned()).collect()
}

#[test]
fn a_first_factor_is_set_up_at_a_terminal_and_asked_for_from_then_on() {
    let appliance = Appliance::prepared();
    let enrol = format!("factor enrol {OWNER} --password-file {}", appliance.path("owner"));
    let mut terminal = Terminal::run(&appliance, &enrol);
    let secret = terminal.line_after("type the secret into it: ");
    terminal.until("that it shows now: ");
    terminal.type_line("000000");
    terminal.until("does not fit");
    terminal.until("that it shows now: ");
    terminal.type_line(&testkit::authenticator::code(&secret, now_s()).unwrap());
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    let codes = screen.rsplit("without the app:").next().unwrap();
    assert_eq!(
        codes.lines().filter(|line| line.starts_with("  ")).count(),
        10,
        "{codes}"
    );

    let (code, screen) = Terminal::run(&appliance, &enrol).end();
    assert_eq!(code, Some(6), "there is one: {screen}");
    assert!(screen.contains("has a second factor already"), "{screen}");
}

#[test]
fn a_secret_is_shown_to_nobody_where_there_is_no_terminal() {
    let appliance = Appliance::prepared();
    let line = format!(
        "setsid --wait {} --config {} factor enrol {OWNER} --password-file {}",
        strongroom().get_program().to_str().unwrap(),
        appliance.settings().display(),
        appliance.path("owner")
    );
    let said = Command::new("sh")
        .args(["-c", &line])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(2));
    assert!(said.stdout.is_empty());
    let talk = String::from_utf8(said.stderr).unwrap();
    assert!(talk.contains("at a terminal"), "{talk}");
}
