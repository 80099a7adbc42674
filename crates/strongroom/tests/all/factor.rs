//! A first second factor, set up at a real terminal: the secret is read off the screen as a person would, and the code typed.

use super::{
    appliance::{Appliance, OWNER},
    program::strongroom,
};
use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

/// A program at a terminal of its own (script(1)).
struct Terminal {
    child: Child,
    seen: String,
}

impl Terminal {
    fn run(appliance: &Appliance, arguments: &str) -> Self {
        let line = format!(
            "{} --config {} {arguments}",
            strongroom().get_program().to_str().unwrap(),
            appliance.settings().display()
        );
        let child = Command::new("script")
            .args(["-q", "-e", "-f", "-c", &line, "/dev/null"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child,
            seen: String::new(),
        }
    }

    /// Reads until the screen shows this.
    fn until(&mut self, wanted: &str) {
        let mut byte = [0];
        let mut bytes = Vec::new();
        let screen = self.child.stdout.as_mut().unwrap();
        while !String::from_utf8_lossy(&bytes).contains(wanted) {
            let read = screen.read(&mut byte).unwrap();
            assert!(
                read == 1,
                "it ended: {}{}",
                self.seen,
                String::from_utf8_lossy(&bytes)
            );
            bytes.push(byte[0]);
        }
        self.seen.push_str(&String::from_utf8_lossy(&bytes));
    }

    fn type_line(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Its exit status, and everything that was on the screen.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), self.seen + &rest)
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_first_factor_is_set_up_at_a_terminal_and_asked_for_from_then_on() {
    let appliance = Appliance::prepared();
    let enrol = format!("factor enrol {OWNER} --password-file {}", appliance.path("owner"));
    let mut terminal = Terminal::run(&appliance, &enrol);
    terminal.until("type the secret into it: ");
    terminal.until("\n");
    let line = terminal.seen.trim_end().rsplit(": ").next().unwrap().to_owned();
    terminal.until("that it shows now: ");
    terminal.type_line("000000");
    terminal.until("does not fit");
    terminal.until("that it shows now: ");
    terminal.type_line(&testkit::authenticator::code(&line, now_s()).unwrap());
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
