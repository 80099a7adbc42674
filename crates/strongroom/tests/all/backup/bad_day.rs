//! Bad days of backups: a full disk at either place, a run that is killed at ten moments, a deletion meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::clock::Moved;
use testkit::process;

use super::{Backed, files};
use crate::all::program::strongroom;

const PATIENCE: Duration = Duration::from_secs(60);
/// Milliseconds after which a run is killed: from its very beginning to its last steps.
const KILLED_AFTER: [u64; 10] = [20, 150, 300, 500, 800, 1200, 1700, 2300, 3000, 4000];

/// A small disk at a path, until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this machine lets nobody mount.
    fn at(path: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m,mode=0755"),
                "tmpfs",
            ])
            .arg(path)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        mounted.success().then(|| Self(path.to_owned()))
    }

    /// Nothing more gets onto it.
    fn fill(&self) {
        let filler = Command::new("dd")
            .args([
                "if=/dev/zero",
                "bs=64k",
                &format!("of={}", self.filler().display()),
            ])
            .stderr(Stdio::null())
            .status();
        assert!(!filler.unwrap().success(), "it was not filled");
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_first_location_loses_no_write_and_is_told_until_there_is_room() {
    let mut disk = None;
    let Some(backed) = Backed::with(|place| {
        disk = SmallDisk::at(&place.path("backup"), 400);
        String::new()
    }) else {
        return;
    };
    let Some(disk) = disk else { return };
    backed.json(&["run"]);
    disk.fill();
    backed.sql("CREATE TABLE public.late AS SELECT generate_series(1, 20000) AS i");
    backed.sql("SELECT pg_switch_wal()");
    let fails = || backed.sql("SELECT failed_count > 0 FROM pg_stat_archiver") == "t";
    assert!(
        process::poll(PATIENCE, fails),
        "the archive took it on a full disk"
    );
    // As the timer does every ten minutes.
    backed.backup(&["copy", "--if-set"]).done();
    let (state, why) = backed.promise(&Moved::by_hours(0), "backup-nightly");
    assert!(state == "broken" && why.contains("nearly full"), "{why}");
    let said = backed.backup(&["run", "--full"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let status = backed.backup(&["status"]);
    assert_eq!(
        status.code,
        Some(1),
        "a backup that failed is no good news: {status:?}"
    );

    disk.empty();
    backed.archive();
    assert_eq!(backed.sql("SELECT count(*) FROM public.late"), "20000");
    assert_eq!(backed.json(&["run", "--full"])["run"]["outcome"], "done");
    assert_eq!(
        backed.json(&["verify"])["whole"],
        true,
        "a change of meanwhile is missing"
    );
}

#[test]
fn a_full_second_location_is_told_and_filled_up_when_there_is_room() {
    let Some(backed) = Backed::with_folder() else {
        return;
    };
    let Some(disk) = SmallDisk::at(&backed.second(), 200) else {
        return;
    };
    backed.json(&["run"]);
    disk.fill();
    let said = backed.backup(&["copy", "--begin"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("No space left"), "{said:?}");
    assert_eq!(
        backed.json(&["list"])["holes"],
        serde_json::json!([]),
        "the first location suffers"
    );
    disk.empty();
    backed.json(&["copy", "--begin"]);
    let part = fs::File::create(disk.filler()).unwrap();
    let room = nix::sys::statvfs::statvfs(&backed.second()).unwrap();
    let free = i64::try_from(room.blocks_available() * room.fragment_size()).unwrap();
    nix::fcntl::posix_fallocate(&part, 0, free - (8 << 20)).unwrap();
    backed.json(&["copy"]);
    let (state, why) = backed.promise(&Moved::by_hours(0), "backup-second-location");
    assert!(state == "broken" && why.contains("nearly full"), "{why}");
    disk.empty();
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);
    assert!(
        files(&backed.second())
            .iter()
            .all(|path| path.extension() != Some("part".as_ref()))
    );
}

#[test]
fn a_backup_that_is_killed_at_ten_moments_leaves_nothing_in_the_way() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    for milliseconds in KILLED_AFTER {
        backed.killed_after(&["backup", "run", "--full"], Duration::from_millis(milliseconds));
    }
    assert_eq!(backed.json(&["run", "--full"])["run"]["outcome"], "done");
    assert_eq!(backed.json(&["verify"])["whole"], true);
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
}

#[test]
fn an_organization_that_is_deleted_during_a_backup_is_gone_and_the_backup_is_good() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    backed.create("doomed");
    let mut run = strongroom()
        .arg("--config")
        .arg(backed.place.settings())
        .args(["backup", "run", "--full"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    backed.delete("doomed");
    assert!(run.wait().unwrap().success(), "the backup failed");
    assert!(!backed.has("doomed") && backed.has("acme"));
    assert_eq!(backed.json(&["verify"])["whole"], true);
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
}
