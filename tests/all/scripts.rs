//! `preinst`, run as dpkg runs it: which jumps it refuses before anything is unpacked.

use std::process::Command;

use super::package::unpacked;

/// Runs it with dpkg's arguments; gives what it said when it refused.
fn refusal(arguments: &[&str]) -> Option<String> {
    let unpacked = unpacked();
    let script = unpacked.path().join("DEBIAN/preinst");
    let output = Command::new("sh").arg(script).args(arguments).output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_first_installation_and_a_step_within_the_series_are_let_through() {
    assert_eq!(refusal(&["install"]), None);
    assert_eq!(refusal(&["upgrade", "0.1.0"]), None);
    // Removed but not purged, and installed again.
    assert_eq!(refusal(&["install", "0.1.0"]), None);
}

#[test]
fn a_version_that_is_too_old_is_refused_and_told_where_to_stop_on_the_way() {
    let said = refusal(&["upgrade", "0.0.9"]).expect("0.0.9 was let through");
    assert!(
        said.contains("too old") && said.contains("nothing was changed"),
        "{said}"
    );
}

#[test]
fn an_update_refuses_the_same_versions_before_it_begins() {
    let unpacked = unpacked();
    let read = |name: &str| std::fs::read_to_string(unpacked.path().join(name)).unwrap();
    let script = read("DEBIAN/preinst");
    let oldest = script
        .split("OLDEST='")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert_eq!(read("usr/share/strongroom/updates-from").trim(), oldest);
}

#[test]
fn going_back_is_allowed_by_one_series_and_no_more() {
    assert_eq!(refusal(&["upgrade", "0.2.5"]), None);
    for newer in ["0.3.0", "0.10.0", "1.0.0"] {
        let said =
            refusal(&["upgrade", newer]).unwrap_or_else(|| panic!("back from {newer} was let through"));
        assert!(said.contains("cannot read") && said.contains("restore"), "{said}");
    }
}
