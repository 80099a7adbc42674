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

/// One function of a maintainer script, run on a table in a folder of its own.
fn take_block_out(table: &str) -> (String, String) {
    let unpacked = unpacked();
    let script = std::fs::read_to_string(unpacked.path().join("DEBIAN/postrm")).unwrap();
    let begin = script.find("BEGIN=").unwrap();
    let end = script.find("# Without its keys").unwrap();
    let path = unpacked.path().join("fstab");
    std::fs::write(&path, table).unwrap();
    let run = format!(
        "set -e\n{}\ntake_block_out {}",
        &script[begin..end],
        path.display()
    );
    let output = Command::new("sh").args(["-c", &run]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (std::fs::read_to_string(&path).unwrap(), said)
}

#[test]
fn a_purge_takes_our_block_out_of_a_table_and_never_half_of_one() {
    const BEGIN: &str = "# strongroom storage: begin (written by `strongroom storage encrypt`)\n";
    const END: &str = "# strongroom storage: end\n";
    let whole = format!("/dev/sda1 / ext4\n{BEGIN}ours\n{END}/dev/sdb1 /srv ext4\n");
    assert_eq!(
        take_block_out(&whole),
        (
            "/dev/sda1 / ext4\n/dev/sdb1 /srv ext4\n".to_owned(),
            String::new()
        )
    );
    let none = "/dev/sda1 / ext4\n";
    assert_eq!(take_block_out(none), (none.to_owned(), String::new()));
    for half in [
        format!("{BEGIN}ours\n/dev/sda1 / ext4\n"),
        format!("/dev/sda1 / ext4\n{END}"),
        format!("{END}/dev/sda1 / ext4\n{BEGIN}"),
        format!("{BEGIN}{BEGIN}/dev/sda1 / ext4\n{END}"),
    ] {
        let (left, said) = take_block_out(&half);
        assert_eq!(left, half);
        assert!(said.contains("by hand"), "{said}");
    }
}
