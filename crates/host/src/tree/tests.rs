use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};
use tempfile::TempDir;

fn planted() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::create_dir_all(from.join("base/1")).unwrap();
    fs::write(from.join("base/1/1259"), vec![7; 300_000]).unwrap();
    fs::write(from.join("PG_VERSION"), "17\n").unwrap();
    fs::set_permissions(from.join("PG_VERSION"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("/nowhere", from.join("link")).unwrap();
    fs::create_dir(&to).unwrap();
    (folder, from, to)
}

#[test]
fn a_copy_is_the_same_and_each_change_to_it_is_found() {
    let (_folder, from, to) = planted();
    copy(&from, &to).unwrap();
    compare(&from, &to).unwrap();
    type Change = (&'static str, fn(&Path));
    let changes: [Change; 6] = [
        ("the mode", |to| {
            fs::set_permissions(to.join("PG_VERSION"), fs::Permissions::from_mode(0o640)).unwrap();
        }),
        ("the length", |to| fs::write(to.join("PG_VERSION"), "1").unwrap()),
        ("the content", |to| {
            fs::write(to.join("PG_VERSION"), "18\n").unwrap()
        }),
        ("the list of entries", |to| {
            fs::write(to.join("base/more"), "").unwrap()
        }),
        ("the link", |to| {
            fs::remove_file(to.join("link")).unwrap();
            symlink("/elsewhere", to.join("link")).unwrap();
        }),
        ("the kind", |to| {
            fs::remove_file(to.join("link")).unwrap();
            fs::create_dir(to.join("link")).unwrap();
        }),
    ];
    for (expected, change) in changes {
        let fresh = to.with_file_name("fresh");
        fs::create_dir(&fresh).unwrap();
        copy(&from, &fresh).unwrap();
        change(&fresh);
        match compare(&from, &fresh) {
            Err(TreeError::Different { what, .. }) => assert_eq!(what, expected),
            other => panic!("{expected}: {other:?}"),
        }
        fs::remove_dir_all(&fresh).unwrap();
    }
}

#[test]
fn emptying_follows_no_link_and_leaves_what_is_to_be_kept() {
    let (folder, from, to) = planted();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    symlink(&outside, from.join("base/way-out")).unwrap();
    symlink(&outside, from.join("way-out")).unwrap();
    empty(&from, |name| name == "PG_VERSION").unwrap();
    assert_eq!(names(&from).unwrap(), ["PG_VERSION"]);
    assert!(outside.join("precious").exists(), "a link was followed");
    move_entries(&from, &to).unwrap();
    assert_eq!(names(&to).unwrap(), ["PG_VERSION"]);
}

#[test]
fn the_size_counts_what_lies_on_the_disk() {
    let (_folder, from, _to) = planted();
    let size = bytes(&from).unwrap();
    assert!((300_000..2_000_000).contains(&size), "{size}");
    assert!(matches!(
        bytes(Path::new("/no/such")),
        Err(TreeError::Refused { .. })
    ));
}

#[test]
fn empty_folders_are_nothing_and_one_file_deep_below_is_something() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("updates/candidate")).unwrap();
    fs::create_dir_all(folder.path().join("private/x")).unwrap();
    fs::write(folder.path().join("private/x/file"), "").unwrap();
    let ours = |name: &OsStr| name == "private";
    assert!(!has_files(folder.path(), ours).unwrap());
    assert!(has_files(folder.path(), |_| false).unwrap());
    symlink("/nowhere", folder.path().join("updates/candidate/link")).unwrap();
    assert!(has_files(folder.path(), ours).unwrap());
}
