//! Restores of the whole platform that are killed: at whatever moment, what was there before comes back.

use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testkit::process;

use super::Backed;
use crate::all::program::strongroom;

/// From the beginning of a restore to its end.
const MOMENTS: u32 = 10;

impl Backed {
    /// Kills a command with all that it has started, as systemd does it; says whether it had not ended.
    pub(super) fn killed_after(&self, arguments: &[&str], after: Duration) -> bool {
        let mut run = strongroom()
            .arg("--config")
            .arg(self.place.settings())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(after);
        let mut tree = vec![run.id().cast_signed()];
        let mut next = 0;
        while let Some(&pid) = tree.get(next) {
            tree.extend(process::children(pid));
            next += 1;
        }
        for pid in tree {
            process::send(pid, Signal::SIGKILL).unwrap();
        }
        !run.wait().unwrap().success()
    }

    /// Puts back what was there before a restore that was killed, or takes one back that had come to its end.
    fn come_back(&self, name: &str) {
        let said = self.restore(&["--undo"]);
        match said.code {
            // It had not begun.
            Some(4) => {}
            Some(0)
                if said.data.contains("\"carried_out\": false")
                    || said.data.contains("\"carried_out\":false") =>
            {
                self.restored(&["--undo", "--confirm", name]);
            }
            code => assert_eq!(code, Some(0), "{said:?}"),
        }
    }
}

#[test]
fn a_restore_that_is_killed_at_ten_moments_leaves_what_was_there_before() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    std::thread::sleep(Duration::from_secs(1));
    let moment = backed.now();
    backed.create("after");
    let name = backed.restored(&["--to", &moment])["confirm"]
        .as_str()
        .unwrap()
        .to_owned();
    let restore = [
        "--json",
        "restore",
        "platform",
        "--to",
        &moment,
        "--confirm",
        &name,
    ];
    let began = Instant::now();
    backed.restored(&restore[3..]);
    let whole = began.elapsed();
    backed.come_back(&name);
    assert!(backed.has("after"));

    let mut cut_off = 0;
    for number in 0..MOMENTS {
        // Somewhere in each tenth of it; where, the clock says.
        let jitter = whole / MOMENTS * (backed.jitter() % 100) / 100;
        let after = whole / MOMENTS * number + jitter;
        cut_off += u32::from(backed.killed_after(&restore, after));
        backed.come_back(&name);
        assert!(
            backed.has("after") && backed.has("acme"),
            "killed after {after:?} of {whole:?}"
        );
        backed.newest_timeline_lives();
    }
    assert!(cut_off >= MOMENTS / 2, "only {cut_off} were cut off");
    backed.restored(&restore[3..]);
    assert!(!backed.has("after") && backed.has("acme"));
    assert_eq!(backed.json(&["verify"])["whole"], true);
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
}

impl Backed {
    fn jitter(&self) -> u32 {
        self.sql("SELECT (random() * 1000)::integer").parse().unwrap()
    }
}
