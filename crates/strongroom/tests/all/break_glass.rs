//! `strongroom break-glass`: root, at a terminal.

use std::process::Command;

use super::appliance::{Appliance, OWNER};

#[test]
fn the_link_is_shown_at_a_terminal_only_and_only_to_root() {
    let appliance = Appliance::prepared();
    let arguments = ["break-glass", "--account", OWNER, "--reason", "a test"];
    let piped = appliance.run(&arguments);
    assert_eq!(piped.code, Some(5), "{}", piped.talk);
    assert_eq!(piped.data, "");
    if !nix::unistd::Uid::effective().is_root() {
        assert!(piped.talk.contains("root"), "{}", piped.talk);
        return;
    }
    assert!(piped.talk.contains("terminal"), "{}", piped.talk);
    let program = env!("CARGO_BIN_EXE_strongroom");
    let settings = appliance.settings();
    let line = format!(
        "{program} --config {} break-glass --account {OWNER} --reason test",
        settings.display()
    );
    // A terminal of its own (util-linux, which every Debian has).
    let shown = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        text.contains(&format!("https://localhost:{}/break-glass/", appliance.https)),
        "{text}"
    );
    let nobody = [
        "--config",
        settings.to_str().unwrap(),
        "break-glass",
        "--account",
        OWNER,
        "--reason",
        "a test",
    ];
    let other = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", program])
        .args(nobody)
        .output()
        .unwrap();
    assert_ne!(other.status.code(), Some(0));
    assert!(other.stdout.is_empty());
}
