//! Updates of the platform from a signed repository: installed, undone and refused, without a hand.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use testkit::machine::Release;
use testkit::package::{repack, wrap};
use testkit::process;
use testkit::repository::{self, SigningKey, Validity};

use super::super::package::package;
use super::console::Console;
use super::site::{OWNER, PASSWORD, Site};

const REPOSITORY: &str = "/srv/strongroom";
const KEYRING: &str = "/usr/share/keyrings/strongroom-archive-keyring.gpg";
const ANSWERS: &str = "\n[updates]\nrepository = \"file:/srv/strongroom\"\n";
const GOOD: Validity<'_> = Validity {
    from: "now",
    until: "+7 days",
};
/// Everything works but the daemons, which end at once; their sandbox has no shell either.
pub(super) const DEAD_DAEMON: &str =
    "#!/bin/sh\ncase \" $* \" in *\" serve \"*|*\" work \"*) exit 1;; esac\nexec \"$0.real\" \"$@\"\n";
/// The program of a version that cannot migrate.
const BAD_MIGRATION: &str = "#!/bin/sh\necho 'column \"x\" does not exist' >&2\nexit 1\n";

/// A vendor: packages, and the key that signs the repository.
struct Vendor {
    folder: TempDir,
    key: SigningKey,
    packages: Vec<PathBuf>,
}

impl Vendor {
    fn new() -> Self {
        Self::until("never")
    }

    /// One whose key ends.
    fn until(end: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::make_until(folder.path(), "Strongroom test archive", end).unwrap();
        Self {
            packages: vec![package()],
            folder,
            key,
        }
    }

    /// A version that is well.
    fn release(&mut self, version: &str) {
        let made = repack(&package(), version, self.folder.path(), |_| Ok(()));
        self.packages.push(made.unwrap());
    }

    /// A version with another program in the place of ours.
    fn release_bad(&mut self, version: &str, script: &str) {
        let made = repack(&package(), version, self.folder.path(), |tree| {
            wrap(&tree.join("usr/bin/strongroom"), script)
        });
        self.packages.push(made.unwrap());
    }

    /// Puts the repository onto the machine.
    fn publish(&self, site: &Site) {
        self.publish_as(site, &self.key, GOOD);
    }

    fn publish_as(&self, site: &Site, key: &SigningKey, validity: Validity<'_>) {
        let out = self.folder.path().join("repository");
        repository::write(&out, &self.packages, &key.secret, validity).unwrap();
        let target = site.machine.outside(REPOSITORY);
        fs::remove_dir_all(&target).ok();
        process::run(Command::new("cp").arg("--recursive").arg(&out).arg(&target)).unwrap();
    }
}

/// Set up with the vendor's repository, and somebody signed in.
fn set_up(vendor: &Vendor) -> (Site, Console) {
    let site = Site::boot(Release::Trixie);
    site.install();
    site.machine.copy_in(&vendor.key.public, KEYRING).unwrap();
    vendor.publish(&site);
    site.set_up_with(ANSWERS);
    let console = site.console();
    console.wait_until_ready();
    let page = console.sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "{page}");
    (site, console)
}

fn version(site: &Site) -> String {
    let shown = ["dpkg-query", "--show", "--showformat=${Version}", "strongroom"];
    site.machine.run(&shown).unwrap()
}

/// `strongroom update run`; whether it ended well, and what it said.
fn update(site: &Site) -> (bool, String) {
    let output = site.machine.attempt(&["strongroom", "update", "run"]).unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// The newest update's outcome and reason.
fn last(site: &Site) -> (String, String) {
    let said = site
        .machine
        .run(&["strongroom", "--json", "update", "history"])
        .unwrap();
    let json: Value = serde_json::from_str(&said).unwrap();
    let last = &json["updates"][0];
    let text = |key: &str| last[key].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("why"))
}

/// What `strongroom update status` finds wrong.
fn faults(site: &Site) -> String {
    let output = site
        .machine
        .attempt(&["strongroom", "--json", "update", "status"])
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    json["faults"].to_string()
}

fn the_session_lives(console: &Console) {
    console.wait_until_ready();
    let page = console.get("/account").unwrap_or_default();
    assert!(page.contains("Sign out"), "the session is gone:\n{page}");
}

#[test]
fn an_update_is_installed_without_a_hand_and_one_that_is_not_well_is_undone() {
    let mut vendor = Vendor::new();
    let (site, console) = set_up(&vendor);
    assert_eq!(site.unit("strongroom-update.timer", "ActiveState"), "active");

    strangers_and_old_indices_are_refused_and_told(&site, &vendor);

    vendor.release("0.1.1");
    vendor.publish(&site);
    // As the timer does.
    site.machine
        .run(&["systemctl", "start", "strongroom-update.service"])
        .unwrap_or_else(|error| panic!("{error}\n{}", site.machine.journal("strongroom-update").unwrap()));
    assert_eq!(
        version(&site),
        "0.1.1",
        "{}",
        site.machine.journal("strongroom-update").unwrap()
    );
    assert_eq!(last(&site), ("installed".to_owned(), String::new()));
    the_session_lives(&console);
    nothing_is_left(&site);

    vendor.release_bad("0.1.2", DEAD_DAEMON);
    vendor.publish(&site);
    let (is_well, said) = update(&site);
    assert!(!is_well && said.contains("going back to 0.1.1"), "{said}");
    assert_eq!(version(&site), "0.1.1", "{said}");
    assert_eq!(last(&site).0, "undone", "{said}");
    the_session_lives(&console);
    nothing_is_left(&site);

    let (is_well, said) = update(&site);
    assert!(
        is_well && said.contains("0.1.1 is the newest"),
        "it is taken again:\n{said}"
    );
    the_promise_and_the_log_know(&site);
}

/// A stranger's signature, an index that has run out, a package that somebody holds.
fn strangers_and_old_indices_are_refused_and_told(site: &Site, vendor: &Vendor) {
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = SigningKey::make(elsewhere.path(), "Stranger").unwrap();
    let old = Validity {
        from: "-9 days",
        until: "-1 day",
    };
    for (key, validity, wanted) in [(&stranger, GOOD, "sign"), (&vendor.key, old, "expired")] {
        vendor.publish_as(site, key, validity);
        let (is_well, said) = update(site);
        assert!(!is_well && said.contains(wanted), "{wanted}: {said}");
        let found = faults(site);
        assert!(found.contains("the repository is refused"), "{found}");
    }
    vendor.publish(site);
    let (is_well, said) = update(site);
    assert!(is_well, "{said}");
    assert!(!faults(site).contains("is refused"), "{}", faults(site));
    an_older_index_is_refused_though_apt_takes_it(site, vendor);
    site.machine.run(&["apt-mark", "hold", "openssl"]).unwrap();
    assert!(faults(site).contains("held"), "{}", faults(site));
    site.machine.run(&["apt-mark", "unhold", "openssl"]).unwrap();
    assert!(!faults(site).contains("held"), "{}", faults(site));
}

/// Where its lists are gone, apt knows of no newer one.
fn an_older_index_is_refused_though_apt_takes_it(site: &Site, vendor: &Vendor) {
    let older = Validity {
        from: "-2 days",
        until: "+5 days",
    };
    vendor.publish_as(site, &vendor.key, older);
    site.machine.shell("rm -rf /var/lib/apt/lists/*Release").unwrap();
    let (is_well, said) = update(site);
    assert!(!is_well && said.contains("older"), "{said}");
    vendor.publish(site);
    let (is_well, said) = update(site);
    assert!(is_well, "{said}");
}

fn nothing_is_left(site: &Site) {
    let databases = "runuser -u postgres -- psql --port $(pg_lsclusters -h | awk '$2 == \"strongroom\" {print $3}') -Atc 'SELECT datname FROM pg_database'";
    let databases = site.machine.shell(databases).unwrap();
    assert!(!databases.contains("rehearsal"), "{databases}");
    let files = site
        .machine
        .shell(
            "find /var/lib/strongroom/updates -name '*.dump' -o -name current.json -o -path '*candidate/*'",
        )
        .unwrap();
    assert_eq!(files, "");
    let audit = site.machine.run(&["dpkg", "--audit"]).unwrap();
    assert_eq!(audit, "");
}

fn the_promise_and_the_log_know(site: &Site) {
    let said = site.machine.run(&["strongroom", "--json", "promises"]).unwrap();
    let json: Value = serde_json::from_str(&said).unwrap();
    let lines = json["promises"].as_array().unwrap().iter();
    let state = |id: &str| lines.clone().find(|line| line["id"] == id).unwrap()["state"].clone();
    assert_eq!(state("change-rollback"), "kept");
    // There is no source of Debian's security updates on this machine.
    assert_eq!(state("security-updates"), "broken");
    site.machine.run(&["strongroom", "audit", "check"]).unwrap();
}

#[test]
fn long_a_version_that_cannot_migrate_is_refused_before_anything_is_installed_and_a_later_one_is_taken() {
    let mut vendor = Vendor::new();
    let (site, console) = set_up(&vendor);
    vendor.release_bad("0.1.1", BAD_MIGRATION);
    vendor.publish(&site);
    let (is_well, said) = update(&site);
    assert!(!is_well && said.contains("does not exist"), "{said}");
    assert_eq!(
        (version(&site), last(&site).0),
        ("0.1.0".to_owned(), "refused".to_owned())
    );
    the_session_lives(&console);
    nothing_is_left(&site);
    vendor.release_bad("0.1.2", DEAD_DAEMON);
    vendor.publish(&site);
    update(&site);
    assert_eq!(last(&site).0, "undone");
    vendor.release("0.1.3");
    vendor.publish(&site);
    let (is_well, said) = update(&site);
    assert!(is_well, "{said}");
    assert_eq!(version(&site), "0.1.3");
    the_session_lives(&console);
}

/// Long enough to set up and publish with.
const KEY_LIVES: Duration = Duration::from_secs(150);

#[test]
fn long_a_repository_whose_key_has_expired_is_refused_and_told_and_a_new_keyring_mends_it() {
    let made = Instant::now();
    let mut vendor = Vendor::until(&format!("seconds={}", KEY_LIVES.as_secs()));
    let (site, console) = set_up(&vendor);
    let (is_well, said) = update(&site);
    assert!(
        is_well,
        "the key does not live long enough for this machine: {said}"
    );
    vendor.release("0.1.1");
    vendor.publish(&site);
    std::thread::sleep((KEY_LIVES + Duration::from_secs(2)).saturating_sub(made.elapsed()));
    let (is_well, said) = update(&site);
    assert!(!is_well && said.to_lowercase().contains("expired"), "{said}");
    assert_eq!(version(&site), "0.1.0");
    let found = faults(&site);
    assert!(found.contains("the repository is refused"), "{found}");
    the_session_lives(&console);

    // As a new strongroom-archive-keyring brings it.
    let elsewhere = tempfile::tempdir().unwrap();
    vendor.key = SigningKey::make(elsewhere.path(), "Strongroom test archive, renewed").unwrap();
    site.machine.copy_in(&vendor.key.public, KEYRING).unwrap();
    vendor.publish(&site);
    let (is_well, said) = update(&site);
    assert!(is_well, "{said}");
    assert_eq!(version(&site), "0.1.1");
}

#[test]
fn long_an_update_that_is_cut_off_at_any_time_comes_back_working() {
    let mut vendor = Vendor::new();
    let (mut site, _) = set_up(&vendor);
    vendor.release("0.1.1");
    vendor.publish(&site);
    let reset = "rm -f /etc/apt/preferences.d/10strongroom-denied.pref; apt-get -qq update; \
                 apt-get -qq --yes --allow-downgrades install strongroom=0.1.0";
    for cut in 0..10 {
        site.machine.shell(reset).unwrap();
        site.machine
            .run(&["systemctl", "start", "--no-block", "strongroom-update.service"])
            .unwrap();
        let wait = random_below(Duration::from_secs(25));
        std::thread::sleep(wait);
        site.machine.cut_power().unwrap();
        let is_over = process::poll(Duration::from_secs(180), || {
            let state = site.unit("strongroom-update-resume.service", "ActiveState");
            state == "inactive" || state == "failed"
        });
        let journal = site.machine.journal("strongroom-update-resume").unwrap();
        assert!(is_over, "cut {cut} after {wait:?}:\n{journal}");
        let page = {
            let console = site.console();
            console.wait_until_ready();
            console.sign_in(OWNER, PASSWORD)
        };
        assert!(page.contains("Sign out"), "cut {cut} after {wait:?}:\n{journal}");
        let (outcome, why) = last(&site);
        // A machine's processes do not all end in the same instant: the update may see that systemd is gone already.
        let is_dying = outcome == "refused" && why.contains("Failed to connect to system scope bus");
        let is_fit = is_dying || ["installed", "interrupted", "undone", ""].contains(&outcome.as_str());
        assert!(is_fit, "cut {cut} after {wait:?}: {outcome}: {why}\n{journal}");
        assert!(["0.1.0", "0.1.1"].contains(&version(&site).as_str()));
        assert_eq!(
            site.machine.run(&["dpkg", "--audit"]).unwrap(),
            "",
            "cut {cut} after {wait:?}"
        );
    }
    let history = site.machine.run(&["strongroom", "--json", "update", "history"]);
    let history = history.unwrap();
    assert!(
        history.contains("it was cut off"),
        "no cut hit an update: {history}"
    );
}

/// Any instant will do; which one is told.
fn random_below(longest: Duration) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let share = u64::from(now.subsec_micros() % 1000);
    longest.mul_f64(share as f64 / 1000.0)
}
