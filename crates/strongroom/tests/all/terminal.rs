//! Programs at a real terminal: what is on the screen is read as a person would, and typed in answer.

use super::{appliance::Appliance, program::strongroom};
use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

/// A program at a terminal of its own (script(1)).
pub(crate) struct Terminal {
    child: Child,
    seen: String,
}

impl Terminal {
    pub(crate) fn run(appliance: &Appliance, arguments: &str) -> Self {
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
    pub(crate) fn until(&mut self, wanted: &str) {
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

    /// What stands after this on the same line, once the screen shows it.
    pub(crate) fn line_after(&mut self, wanted: &str) -> String {
        self.until(wanted);
        let before = self.seen.len();
        self.until("\n");
        self.seen[before..].trim().to_owned()
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Its exit status, and everything that was on the screen.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
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
