//! What backups rest on is away: the archive takes nothing for an hour, or for longer than there is room; the second location
//! cannot be reached for a week.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::Uid;
use testkit::clock::Moved;
use testkit::mail::{ACCOUNT, MailServer, SECRET, Speech};
use testkit::{Authority, SftpServer, process};

use super::{Backed, files};
use crate::all::appliance::{Daemon, start};
use crate::all::program::{run, strongroom};

const PATIENCE: Duration = Duration::from_secs(90);

/// A folder that nothing gets into until this is dropped: PostgreSQL's account may not even look.
struct Closed(PathBuf);

impl Closed {
    fn at(folder: PathBuf) -> Self {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
        Self(folder)
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        fs::set_permissions(&self.0, fs::Permissions::from_mode(0o750)).unwrap();
    }
}

impl Backed {
    /// Somebody to whom alerts go, and a server that takes them.
    fn with_mail(&self) -> MailServer {
        let authority = Authority::create("Post").unwrap();
        let server = MailServer::start(&authority, Speech::Tls).unwrap();
        let (secret, pem) = (
            self.place.path("mail-secret"),
            self.place.path("mail-authority.pem"),
        );
        testkit::secret::write_private(&secret, SECRET).unwrap();
        fs::write(&pem, authority.certificate_pem().unwrap()).unwrap();
        let port = server.port.to_string();
        let words = [
            "mail",
            "set",
            "--host",
            "localhost",
            "--port",
            &port,
            "--account",
            ACCOUNT,
        ];
        let files = [
            "--secret-file",
            secret.to_str().unwrap(),
            "--authority",
            pem.to_str().unwrap(),
        ];
        let from = ["--from", "strongroom@example.org"];
        let settings = self.place.settings();
        run(Some(&settings), &[words.as_slice(), &files, &from].concat()).done();
        run(Some(&settings), &["operator", "appoint", "ada@example.org"]).done();
        server
    }

    /// The worker, with its clock moved.
    pub(super) fn work_at(&self, moved: &Moved) -> Daemon {
        let mut program = strongroom();
        moved.apply(&mut program);
        program.arg("--config").arg(self.place.settings()).arg("work");
        start(program, self.place.path("work.log"))
    }

    /// Writes and begins another file of changes, so many times.
    fn write_files_of_changes(&self, count: u32) {
        for number in 0..count {
            self.sql(&format!("INSERT INTO public.late VALUES ({number})"));
            self.sql("SELECT pg_switch_wal()");
        }
    }

    fn waiting(&self) -> usize {
        let status = self.place.path("data/pg_wal/archive_status");
        let files = files(&status).into_iter();
        files
            .filter(|file| file.extension() == Some("ready".as_ref()))
            .count()
    }
}

#[test]
fn an_archive_that_takes_nothing_for_an_hour_is_told_and_loses_no_write() {
    let Some(backed) = Backed::new() else { return };
    let mail = backed.with_mail();
    backed.sql("CREATE TABLE public.late (number integer)");
    backed.json(&["run"]);
    let now = Moved::by_hours(0);
    let (state, why) = backed.promise(&now, "backup-nightly");
    assert_eq!(state, "kept", "{why}");

    let closed = Closed::at(backed.repository().join("repository/archive"));
    backed.write_files_of_changes(8);
    backed.create("meanwhile");
    let fails = || backed.sql("SELECT failed_count > 0 FROM pg_stat_archiver") == "t";
    assert!(process::poll(PATIENCE, fails), "the archive takes changes");
    let an_hour_later = Moved::by_hours(1);
    let worker = backed.work_at(&an_hour_later);
    let is_told = || {
        let letters = mail.letters().unwrap_or_default();
        letters
            .iter()
            .any(|letter| letter.contains("could not be archived"))
    };
    assert!(
        process::poll(PATIENCE * 2, is_told),
        "nobody was told: {}",
        worker.log()
    );
    drop(worker);
    let (state, why) = backed.promise(&an_hour_later, "backup-nightly");
    assert!(
        state == "broken" && why.contains("files of changes wait"),
        "{why}"
    );
    let waiting = backed.waiting();
    assert!((8..20).contains(&waiting), "{waiting} files wait");

    drop(closed);
    backed.archive();
    let all_went = || backed.waiting() == 0;
    assert!(
        process::poll(PATIENCE, all_went),
        "{} still wait",
        backed.waiting()
    );
    assert_eq!(backed.sql("SELECT count(*) FROM public.late"), "8");
    assert!(backed.has("meanwhile"));
    assert_eq!(backed.json(&["verify"])["whole"], true, "a change is missing");
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
    let (state, why) = backed.promise(&an_hour_later, "backup-nightly");
    assert_eq!(state, "kept", "{why}");
}

#[test]
fn what_waits_for_an_archive_is_bounded_and_what_was_let_go_of_is_told() {
    let Some(backed) = Backed::new() else { return };
    backed.sql("CREATE TABLE public.late (number integer)");
    backed.json(&["run"]);
    let settings = backed.place.path("etc-backup/pgbackrest.conf");
    let text = fs::read_to_string(&settings).unwrap();
    assert!(text.contains("archive-push-queue-max=4GiB"), "there is no bound");
    fs::write(&settings, text.replace("=4GiB", "=64MiB")).unwrap();

    let closed = Closed::at(backed.repository().join("repository/archive"));
    backed.write_files_of_changes(12);
    let is_bounded = || backed.waiting() <= 4;
    assert!(process::poll(PATIENCE, is_bounded), "{} wait", backed.waiting());
    assert_eq!(
        backed.sql("SELECT count(*) FROM public.late"),
        "12",
        "a write is lost"
    );
    drop(closed);
    backed.archive();
    let said = backed.backup(&["verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("are missing"), "{said:?}");
    assert_eq!(backed.json(&["list"])["holes"].as_array().unwrap().len(), 1);

    backed.json(&["run", "--full"]);
    let drill = backed.json(&["drill"]);
    assert_eq!(drill["drill"]["outcome"], "done", "{drill}");
}

#[test]
fn a_second_location_that_is_away_for_a_week_is_told_and_catches_up() {
    if !Uid::effective().is_root() {
        return;
    }
    let mut server = SftpServer::start_at("127.0.0.1").unwrap();
    let section = format!(
        "second = {:?}\nsecond_host_key = {:?}\nretention_days = 2\nfull_days = 2",
        server.location(),
        server.host_key().unwrap()
    );
    let Some(backed) = Backed::with(|_| section) else {
        return;
    };
    let first = backed.json(&["run"])["run"]["label"].as_str().unwrap().to_owned();
    server.admit(&backed.backup(&["copy", "--key"]).done()).unwrap();
    backed.json(&["copy", "--begin"]);
    let holds = |folder: &str| {
        let label = format!("backup/strongroom/{first}");
        PathBuf::from(folder).join("repository").join(label).exists()
    };
    let (here, there) = (backed.repository(), server.copy());
    let (here, there) = (here.to_str().unwrap(), there.to_str().unwrap());
    assert!(holds(here) && holds(there));

    server.stop();
    for day in 1..=7 {
        let moved = Moved::by_days(day);
        backed.move_cluster(Some(&moved));
        backed.at(&moved, &["backup", "run"]).done();
        let said = backed.at(&moved, &["backup", "copy"]);
        assert_eq!(said.code, Some(1), "day {day}: {said:?}");
        assert!(said.talk.contains("refused"), "day {day}: {said:?}");
    }
    let week = Moved::by_days(7);
    let (state, why) = backed.promise(&week, "backup-second-location");
    assert_eq!(state, "broken", "{why}");
    for told in ["the last copy failed", "nothing was copied for 16"] {
        assert!(why.contains(told), "{told}: {why}");
    }
    assert!(!holds(here), "old days stay because the other place is away");
    assert!(holds(there));

    server.restart().unwrap();
    let sent = backed.at(&week, &["--json", "backup", "copy"]).done();
    assert!(!sent.contains("\"files\": 0"), "{sent}");
    assert!(holds(there), "we delete nothing there");
    backed
        .at(&week, &["--json", "backup", "verify", "--second"])
        .done();
    backed
        .at(&week, &["--json", "backup", "drill", "--second"])
        .done();
    let (state, why) = backed.promise(&week, "backup-second-location");
    assert_eq!(state, "kept", "{why}");
}
