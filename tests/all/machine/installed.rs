//! The life of a package on a machine: installed, set up, booted, removed, purged, installed again, destroyed.

use testkit::machine::Release;

use super::image::QUESTIONS;
use super::site::{OWNER, PASSWORD, Site};

const UNITS: [&str; 2] = ["strongroom.service", "strongroom-worker.service"];
const CONSENT: &str = "/etc/strongroom/purge-consent";

#[test]
fn a_package_lives_and_ends_as_promised_on_debian_13() {
    life_of_a_package(Release::Trixie);
}

#[test]
fn long_a_package_lives_and_ends_as_promised_on_debian_12() {
    life_of_a_package(Release::Bookworm);
}

fn life_of_a_package(release: Release) {
    let mut site = Site::boot(release);
    installing_does_nothing_but_unpack(&site);
    set_up_asks_what_the_image_answers(&site);
    let audit = audit_answers(&site);
    site.set_up_with(&audit);
    the_owner_signs_in(&site);
    setting_up_again_changes_nothing(&site, &audit);
    the_auditor_is_served(&site);
    the_doctor_finds_no_fault(&site);
    the_daemons_are_confined(&site);
    site.machine.reboot().unwrap();
    the_owner_signs_in(&site);
    removing_and_purging_keep_everything(&site);
    site.install();
    the_owner_signs_in(&site);
    only_an_exact_consent_destroys(&site);
}

fn set_up_asks_what_the_image_answers(site: &Site) {
    let typed: String = QUESTIONS
        .iter()
        .map(|(_, answer)| format!("{answer}\\n"))
        .collect();
    let at_a_terminal =
        format!("printf '{typed}' | script --quiet --command 'strongroom setup --dry-run' /dev/null");
    let said = site.machine.shell(&at_a_terminal).unwrap();
    let mut rest = said.as_str();
    for (question, _) in QUESTIONS {
        let asked = rest.split_once(question);
        rest = asked
            .unwrap_or_else(|| panic!("it does not ask {question:?} where the image answers it: {said}"))
            .1;
    }
    assert!(
        !said.contains("left before all was answered"),
        "it asks more than the image answers: {said}"
    );
}

fn installing_does_nothing_but_unpack(site: &Site) {
    let before = site.machine.packets_sent().unwrap();
    let said = site.install();
    assert!(said.contains("installed and idle"), "{said}");
    assert_eq!(
        site.machine.packets_sent().unwrap(),
        before,
        "somebody tried the network"
    );
    for unit in UNITS {
        assert_eq!(site.unit(unit, "UnitFileState"), "enabled", "{unit}");
        assert_eq!(
            site.unit(unit, "ActiveState"),
            "inactive",
            "{unit} runs without settings"
        );
        assert_eq!(site.unit(unit, "ConditionResult"), "no", "{unit}");
    }
    let seen = site
        .machine
        .shell("stat -c '%A %U:%G %n' /etc/strongroom /etc/strongroom/*")
        .unwrap();
    let wanted = "drwxr-x--- root:strongroom /etc/strongroom\n\
                  drwx------ root:root /etc/strongroom/credentials\n\
                  drwxr-x--- root:strongroom /etc/strongroom/tls\n";
    assert_eq!(seen, wanted);
    // The count is worth something: an attempt does show.
    site.machine
        .attempt(&["bash", "-c", "timeout 1 bash -c '< /dev/tcp/192.0.2.1/80'"])
        .unwrap();
    assert!(
        site.machine.packets_sent().unwrap() > before,
        "an attempt to leave would not be seen"
    );
}

fn the_owner_signs_in(site: &Site) {
    let console = site.console();
    console.wait_until_ready();
    let page = console.sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "the owner cannot sign in:\n{page}");
    for unit in UNITS {
        let state = site.unit(unit, "ActiveState");
        assert_eq!(state, "active", "{}", site.machine.journal(unit).unwrap());
        assert_eq!(
            site.unit(unit, "NRestarts"),
            "0",
            "{}",
            site.machine.journal(unit).unwrap()
        );
    }
}

fn setting_up_again_changes_nothing(site: &Site, audit: &str) {
    let said = site.set_up_with(audit);
    assert!(said.contains("Nothing was changed"), "{said}");
}

/// A witness, as its own account makes it; here on the same machine, so that no line is needed.
fn audit_answers(site: &Site) -> String {
    let make = "runuser -u strongroom-witness -- strongroom witness make /var/lib/strongroom-witness/log witness.example.org";
    let key = site.machine.shell(make).unwrap();
    format!(
        "\n[audit]\nkit = \"/root/auditor\"\nwitness_key = {:?}\nnote_to = [\"auditor@example.org\"]\n",
        key.trim()
    )
}

/// What set-up laid out is enough for the witness to sign and for a kept note to be compared.
fn the_auditor_is_served(site: &Site) {
    let sign = "cd /tmp && cp /root/auditor/policy.txt . && strongroom audit anchor --witness-has 0 > request \
        && runuser -u strongroom-witness -- strongroom witness sign /var/lib/strongroom-witness/log --policy policy.txt request > answer \
        && strongroom audit cosign request answer";
    site.machine.shell(sign).unwrap();
    let said = site
        .machine
        .shell("strongroom audit note > /root/kept && grep -c witness.example.org /root/kept && strongroom audit check --kept /root/kept && ls /root/auditor")
        .unwrap();
    assert!(
        said.contains("bears it out") && said.contains("verify.py"),
        "{said}"
    );
}

/// And finds one when there is one.
fn the_doctor_finds_no_fault(site: &Site) {
    assert_eq!(faults(site), Vec::<String>::new());
    site.machine.run(&["systemctl", "stop", UNITS[1]]).unwrap();
    let ill = faults(site);
    assert!(ill.len() == 1 && ill[0].contains(UNITS[1]), "{ill:?}");
    site.machine.run(&["systemctl", "start", UNITS[1]]).unwrap();
}

/// What the doctor calls a fault, but for promises that this machine breaks until somebody gives it a firewall and a source
/// of Debian's security updates.
fn faults(site: &Site) -> Vec<String> {
    let doctor = site.machine.attempt(&["strongroom", "doctor"]).unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("ok      units: strongroom.service runs"), "{said}");
    let lines = said.lines().filter(|line| line.contains("✗ fault"));
    let lines = lines.filter(|line| {
        !line
            .split_once("broken (")
            .is_some_and(|(_, names)| are_open(names))
    });
    lines.map(str::to_owned).collect()
}

/// Whether the list of broken promises, up to its parenthesis, names none but those.
fn are_open(names: &str) -> bool {
    const OPEN: [&str; 4] = [
        "firewall",
        "no-disclosure",
        "own-infrastructure",
        "security-updates",
    ];
    let names = names.split_once(')').map_or(names, |(names, _)| names);
    names.split(", ").all(|name| OPEN.contains(&name))
}

/// From the kernel's and systemd's own mouths, not from the unit's file.
fn the_daemons_are_confined(site: &Site) {
    for unit in UNITS {
        let status = format!("/proc/{}/status", site.unit(unit, "MainPID"));
        let status = site.machine.run(&["cat", &status]).unwrap();
        let capabilities = if unit == UNITS[0] {
            "0000000000000400"
        } else {
            "0000000000000000"
        };
        for (name, wanted) in [
            ("CapEff", capabilities),
            ("CapBnd", capabilities),
            ("NoNewPrivs", "1"),
            ("Seccomp", "2"),
        ] {
            let line = format!("{name}:\t{wanted}\n");
            assert!(status.contains(&line), "{unit}: {line}is not in\n{status}");
        }
        assert_ne!(
            site.unit(unit, "WatchdogTimestampMonotonic"),
            "0",
            "{unit} gives no sign of life"
        );
    }
    let as_the_user = ["runuser", "-u", "strongroom", "--", "cat"];
    for secret in ["root-key", "database-password", "tls-key"] {
        let path = format!("/etc/strongroom/credentials/{secret}");
        let read = site
            .machine
            .attempt(&[&as_the_user[..], &[&path]].concat())
            .unwrap();
        assert!(!read.status.success(), "the daemons' user can read {path}");
    }
    let arguments = site
        .machine
        .shell("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
        .unwrap();
    let password = site
        .machine
        .shell("cat /etc/strongroom/credentials/database-password")
        .unwrap();
    assert!(
        !arguments.contains(password.trim()),
        "the database's password stands in an argument"
    );
}

fn removing_and_purging_keep_everything(site: &Site) {
    site.apt(&["remove", "strongroom"]);
    assert!(!site.console().answers(), "a removed package still serves");
    site.apt(&["purge", "strongroom"]);
    all_is_there(site);
}

/// As `strongroom storage encrypt` leaves them, with lines of the administrator's around; the disk itself is gone.
const TABLES: &str = r"set -eu
for table in fstab crypttab; do printf '# before\n' >> /etc/$table; done
printf '# strongroom storage: begin (x)\nstrongroom_data UUID=0b2f2a52-6d9e-4c1c-8a5b-111111111111 none luks,nofail\n# strongroom storage: end\n' >> /etc/crypttab
printf '# strongroom storage: begin (x)\n/dev/mapper/strongroom_data /var/lib/strongroom-data ext4 nofail,noauto 0 2\n# strongroom storage: end\n' >> /etc/fstab
for table in fstab crypttab; do printf '# after\n' >> /etc/$table; done";

/// What a restore of the platform and an encryption of the disk leave beside a folder, and something of the administrator's.
const BESIDE: &str = r#"set -eu
data=$(pg_lsclusters --no-header | awk '$2 == "strongroom" { print $6 }')
for aside in $data.before-20261129T064213Z $data.plain $data.before-mine /var/lib/strongroom.plain; do
    mkdir $aside
    echo theirs > $aside/PG_VERSION
done"#;

fn only_an_exact_consent_destroys(site: &Site) {
    let wanted = format!("destroy all data of strongroom on {}", site.machine.name());
    site.machine.shell(TABLES).unwrap();
    site.machine.shell(BESIDE).unwrap();
    for almost in ["yes", "destroy all data of strongroom on another"] {
        site.machine
            .shell(&format!("echo '{almost}' > {CONSENT}"))
            .unwrap();
        site.apt(&["purge", "strongroom"]);
        all_is_there(site);
        site.install();
    }
    site.machine
        .shell(&format!("echo '{wanted}' > {CONSENT}"))
        .unwrap();
    let said = site.machine.shell("apt-get --yes purge strongroom 2>&1").unwrap();
    assert!(
        said.contains("out of reach"),
        "the volume's keys are not told:\n{said}"
    );
    assert!(
        said.contains("this is left") && said.contains("the encrypted volume on"),
        "it says that all is destroyed:\n{said}"
    );
    for table in ["/etc/fstab", "/etc/crypttab"] {
        let text = site.machine.run(&["cat", table]).unwrap();
        assert!(text.contains("# before\n# after\n"), "{table}:\n{text}");
        assert!(!text.contains("strongroom"), "{table}:\n{text}");
    }
    let left = site
        .machine
        .shell("ls -d /etc/strongroom /var/lib/strongroom 2>/dev/null || true; pg_lsclusters -h")
        .unwrap();
    assert!(!left.contains("strongroom"), "left: {left}");
    let beside = "ls -d /var/lib/postgresql/*/strongroom* /var/lib/strongroom.plain 2>/dev/null || true";
    let beside = site.machine.shell(beside).unwrap();
    assert!(
        beside.trim_end().ends_with("/strongroom.before-mine") && beside.lines().count() == 1,
        "what is ours goes, and nothing else: {beside}"
    );
}

fn all_is_there(site: &Site) {
    let files = [
        "strongroom.toml",
        "credentials/root-key",
        "credentials/database-password",
        "tls/certificate.pem",
    ];
    for file in files {
        let path = format!("/etc/strongroom/{file}");
        site.machine
            .run(&["test", "-s", &path])
            .unwrap_or_else(|error| panic!("{path} is gone: {error}"));
    }
    let clusters = site.machine.run(&["pg_lsclusters", "--no-header"]).unwrap();
    let is_online = |line: &str| line.contains(" strongroom ") && line.contains(" online ");
    assert!(clusters.lines().any(is_online), "{clusters}");
}
