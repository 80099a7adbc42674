//! The disk image, switched on for the first time in an emulator: it asks at its screen, sets itself up and serves.

use std::path::PathBuf;
use std::process::Command;

use testkit::machine::{Emulator, Hardware};

use super::super::package::target;

pub(super) const HARDWARE: Hardware = Hardware {
    disk_gib: 6,
    second_disk_gib: 2,
    has_tpm: false,
};
/// Emulated processors are some twenty times slower than real ones.
pub(super) const SLOW: u64 = 420;

/// What set-up asks, and what is answered. `installed` holds it against the program in every run, since the image itself is switched
/// on in long ones only.
pub(super) const QUESTIONS: [(&str, &str); 20] = [
    ("Name that people will type", "records.example.org"),
    ("Address and port of HTTPS", ""),
    ("redirect plain HTTP", ""),
    ("Certificate from", ""),
    ("Name of the first organization", "Acme"),
    ("Its name in addresses", ""),
    ("Name of its first owner", "Olga"),
    ("E-mail address of the owner", "olga@example.org"),
    ("as an operator: yes or no", "no"),
    ("Set an authenticator app up", "no"),
    ("Repository of Strongroom's packages", ""),
    ("Close every port but HTTPS and SSH", ""),
    ("Servers of an LDAP directory", ""),
    ("Issuer of an OpenID provider", ""),
    ("Server that sends mail", ""),
    ("Address of a program that alerts", ""),
    ("Back up every night", "no"),
    ("Folder for the auditor's kit", ""),
    ("Key of a witness on another host", ""),
    ("Whom the note of the day goes to", ""),
];

/// What `cargo xtask image --profile dev` built; `cargo xtask test --all` does that first.
pub(super) fn image() -> PathBuf {
    let image = target()
        .join("image")
        .join(concat!("strongroom_", env!("CARGO_PKG_VERSION"), "_amd64.raw"));
    assert!(
        image.exists(),
        "there is no image; build it with `cargo xtask image --profile dev`"
    );
    image
}

#[test]
fn long_the_image_boots_asks_for_set_up_and_serves() {
    let mut machine = Emulator::boot(&image(), HARDWARE).unwrap();
    set_up(&mut machine);

    let answer = sign_in_page(machine.https_port());
    assert!(answer.contains("Sign in"), "{answer}");

    sign_in(&mut machine);
    // The shell shows what is typed; the answer is what the command makes of it.
    machine
        .type_line("echo free-$(df --output=size --block-size=G / | tail -1 | tr -d ' ')-of-the-disk")
        .unwrap();
    machine.wait_for("free-6G-of-the-disk", SLOW).unwrap();
    machine
        .type_line("echo doors-$(ss --no-header --listening --tcp --numeric | grep --count -v 127.0.0)-open")
        .unwrap();
    machine.wait_for("doors-1-open", SLOW).unwrap();
}

/// Answers what the machine asks at its first start, and waits until it serves.
pub(super) fn set_up(machine: &mut Emulator) {
    let before = [
        ("Name of this machine", "records.example.org"),
        ("New password:", "an image is not a vault"),
        ("Retype new password:", "an image is not a vault"),
    ];
    let after = [
        ("Password of the first owner", "correct horse battery staple"),
        ("The same again", "correct horse battery staple"),
    ];
    for (question, answer) in before.into_iter().chain(QUESTIONS).chain(after) {
        machine.wait_for(question, SLOW).unwrap();
        machine.type_line(answer).unwrap();
    }
    if let Err(error) = machine.wait_for("Sign in at https://records.example.org", SLOW) {
        panic!("set-up does not end well: {error}\n{}", journal(machine));
    }
}

/// The newest lines of the daemons and of systemd about them: an emulated machine is gone with its test.
fn journal(machine: &mut Emulator) -> String {
    sign_in(machine);
    machine
        .type_line("clear; journalctl --no-pager --lines 60 --unit 'strongroom*'; echo en''ded-here")
        .unwrap();
    machine.wait_for("ended-here", SLOW).unwrap()
}

/// Signs in as root at the screen, and gives what it showed before that.
pub(super) fn sign_in(machine: &mut Emulator) -> String {
    let shown = machine.wait_for("login:", SLOW).unwrap();
    machine.type_line("root").unwrap();
    machine.wait_for("Password:", SLOW).unwrap();
    machine.type_line("an image is not a vault").unwrap();
    machine.wait_for("# ", SLOW).unwrap();
    shown
}

/// From outside, by the name that the certificate bears; the authority is inside, so this asks only whether it serves.
pub(super) fn sign_in_page(port: u16) -> String {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--insecure",
            "--location",
            "--max-time",
            "60",
        ])
        .args(["--resolve", &format!("records.example.org:{port}:127.0.0.1")])
        .arg(format!("https://records.example.org:{port}/sign-in"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
