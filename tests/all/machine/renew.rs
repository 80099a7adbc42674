//! Services that still run replaced code: told, left alone outside the window and under a running job, and then started
//! anew without a hand, and the machine too where the settings allow it.

use serde_json::Value;
use testkit::machine::Release;

use super::site::{OWNER, PASSWORD, Site};

const SETTINGS: &str = "/etc/strongroom/strongroom.toml";
const UNIT: &str = "strongroom-test-old.service";

/// A service of a program that is replaced under it, as dpkg does it: by another file of the same name. `exec`, so that it
/// runs before that.
const OLD_CODE: &str = "
cp /usr/bin/sleep /usr/bin/strongroom-test-old
printf '[Service]\\nType=exec\\nExecStart=/usr/bin/strongroom-test-old infinity\\n' > /etc/systemd/system/strongroom-test-old.service
systemctl daemon-reload && systemctl start strongroom-test-old.service
cp /usr/bin/sleep /usr/bin/strongroom-test-new && mv /usr/bin/strongroom-test-new /usr/bin/strongroom-test-old";

/// A job that a worker holds, as far as anybody can tell.
const JOB: &str = "INSERT INTO strongroom.job (id, kind, state, payload, attempts, created_at, lease_until) VALUES \
                   (gen_random_uuid(), 'import', 'running', '{}', 3, now(), now() + interval '1 hour')";

#[test]
fn what_runs_replaced_code_is_started_anew_in_the_window_and_under_no_job() {
    let mut site = Site::boot(Release::Trixie);
    site.install();
    site.set_up();
    site.console().wait_until_ready();
    assert_eq!(site.unit("strongroom-renew.timer", "ActiveState"), "active");
    site.machine.shell(OLD_CODE).unwrap();
    let before = site.unit(UNIT, "MainPID");
    let status = status(&site);
    assert!(status["machine"]["stale"].to_string().contains(UNIT), "{status}");

    window(&site, 12, 14);
    let said = renew(&site);
    assert!(said.contains("nothing is started anew outside of it"), "{said}");
    assert_eq!(site.unit(UNIT, "MainPID"), before);

    window(&site, -1, 2);
    psql(&site, JOB);
    let said = renew(&site);
    assert!(said.contains("put off: a job runs: import"), "{said}");
    assert_eq!(site.unit(UNIT, "MainPID"), before);

    psql(
        &site,
        "DELETE FROM strongroom.job WHERE kind = 'import' AND attempts = 3",
    );
    site.machine.shell("touch /run/reboot-required").unwrap();
    let said = renew(&site);
    assert!(said.contains(&format!("started anew: {UNIT}")), "{said}");
    assert!(said.contains("a reboot is wanted"), "{said}");
    assert_ne!(site.unit(UNIT, "MainPID"), before);
    it_stands_in_status_history_and_journal(&site);
    the_machine_is_started_anew_where_the_settings_allow_it_and_not_twice(&mut site);
}

fn the_machine_is_started_anew_where_the_settings_allow_it_and_not_twice(site: &mut Site) {
    reboots_in_window(site);
    site.machine
        .run(&["systemctl", "start", "--no-block", "strongroom-renew.service"])
        .unwrap();
    site.machine.come_back().unwrap();
    site.console().wait_until_ready();
    let page = site.console().sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "{page}");
    let status = status(site);
    assert!(status["last_renewal"].to_string().contains("begun"), "{status}");

    site.machine.shell("touch /run/reboot-required").unwrap();
    let said = renew(site);
    assert!(said.contains("a reboot is wanted"), "twice within a day: {said}");
    site.machine.run(&["test", "-e", "/run/reboot-required"]).unwrap();
}

fn it_stands_in_status_history_and_journal(site: &Site) {
    let status = status(site);
    assert!(!status["machine"]["stale"].to_string().contains(UNIT), "{status}");
    assert!(status["last_renewal"].to_string().contains(UNIT), "{status}");
    let history = ["strongroom", "--json", "update", "history"];
    let history: Value = serde_json::from_str(&site.machine.run(&history).unwrap()).unwrap();
    let renewals = history["renewals"].as_array().unwrap();
    assert!(renewals[0]["restarted"].to_string().contains(UNIT), "{history}");
    assert!(
        renewals[1]["deferred"].as_str().unwrap().contains("a job runs"),
        "{history}"
    );
    site.machine
        .run(&["systemctl", "start", "strongroom-renew.service"])
        .unwrap();
    let journal = site.machine.journal("strongroom-renew.service").unwrap();
    assert!(journal.contains("a reboot is wanted"), "{journal}");
    let doctor = site.machine.attempt(&["strongroom", "doctor"]).unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("only a reboot changes that"), "{said}");
}

fn renew(site: &Site) -> String {
    let output = site.machine.attempt(&["strongroom", "update", "renew"]).unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn status(site: &Site) -> Value {
    let command = ["strongroom", "--json", "update", "status"];
    serde_json::from_slice(&site.machine.attempt(&command).unwrap().stdout).unwrap()
}

/// From and until so many hours from now, by the machine's clock.
fn window(site: &Site, from: i32, until: i32) {
    let hour = |hours: i32| {
        let date = format!("date -d '{hours} hours' +%H:%M");
        site.machine.shell(&date).unwrap().trim().to_owned()
    };
    let section = format!("\n[updates]\nwindow = \"{}-{}\"\n", hour(from), hour(until));
    let path = site.machine.outside(SETTINGS);
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.split("\n[updates]").next().unwrap();
    std::fs::write(&path, format!("{text}{section}")).unwrap();
}

/// In the window that is set already.
fn reboots_in_window(site: &Site) {
    let path = site.machine.outside(SETTINGS);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}reboot = \"in-window\"\n")).unwrap();
}

fn psql(site: &Site, statement: &str) {
    let command = format!(
        "cd /; runuser -u postgres -- psql --port $(pg_lsclusters -h | awk '$2 == \"strongroom\" {{print $3}}') \
             -v ON_ERROR_STOP=1 strongroom -c \"{statement}\""
    );
    site.machine.shell(&command).unwrap();
}
