//! One daemon of the demo: started with its log in a file, stopped with SIGTERM.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use testkit::process;

use crate::program;

const STOP_SECONDS_MAX: u64 = 20;
const LOG_LINES_SHOWN: usize = 15;

pub(super) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// In a process group of its own, so that Ctrl-C in a terminal reaches us alone and the order of the end is ours.
    pub(super) fn start(program: &Path, name: &'static str, settings: &Path, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(program);
        command.arg("--config").arg(settings).arg(name);
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start `strongroom {name}`"))?;
        Ok(Self { name, child, log })
    }

    /// The subcommand that it runs.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The last lines of its log.
    pub(super) fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }

    /// Asks it to end, waits, and kills it if it does not.
    pub(super) fn stop(&mut self) {
        eprintln!("stopping `strongroom {}`", self.name);
        process::send(self.child.id().cast_signed(), Signal::SIGTERM).ok();
        let ended = process::poll(Duration::from_secs(STOP_SECONDS_MAX), || {
            self.child.try_wait().is_ok_and(|status| status.is_some())
        });
        if !ended {
            eprintln!("`strongroom {}` does not stop and is killed", self.name);
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// The program that was just built.
pub(super) fn program() -> PathBuf {
    program::target().join("debug/strongroom")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn server(script: &str) -> (tempfile::TempDir, Server) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let server = Server::start(&program, "serve", Path::new("settings"), folder.path()).unwrap();
        (folder, server)
    }

    #[test]
    fn a_server_is_asked_to_end_and_its_log_kept() {
        let (_folder, mut server) =
            server("trap 'echo bye; exit 0' TERM; echo \"$@\"; while :; do sleep 0.05; done");
        assert!(process::poll(Duration::from_secs(10), || server.log_end()
            == "--config settings serve"));
        assert!(server.ended().unwrap().is_none());
        server.stop();
        assert!(server.ended().unwrap().unwrap().success());
        assert!(server.log_end().ends_with("bye"), "{}", server.log_end());
    }

    #[test]
    fn a_server_that_ends_by_itself_is_noticed() {
        let (_folder, mut server) = server("echo broken; exit 3");
        assert!(process::poll(Duration::from_secs(10), || server
            .ended()
            .unwrap()
            .is_some()));
        assert_eq!(server.ended().unwrap().unwrap().code(), Some(3));
        assert_eq!(server.log_end(), "broken");
    }
}
