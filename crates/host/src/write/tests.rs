use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

fn mine(mode: u32) -> Access {
    Access {
        user: Uid::effective(),
        group: Gid::effective(),
        mode,
    }
}

#[test]
fn a_file_is_made_changed_and_then_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("settings.toml");
    assert_eq!(file(&path, b"one", mine(0o640)).unwrap(), Written::Made);
    assert_eq!(file(&path, b"two", mine(0o640)).unwrap(), Written::Changed);
    let inode = fs::metadata(&path).unwrap().ino();
    assert_eq!(file(&path, b"two", mine(0o640)).unwrap(), Written::Same);
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode, "it was written again");
    assert_eq!(file(&path, b"two", mine(0o600)).unwrap(), Written::Changed);
    assert_eq!(look(&path).unwrap(), Some(mine(0o600)));
    assert_eq!(read(&path).unwrap().as_deref(), Some(&b"two"[..]));
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "something was left behind"
    );
}

#[test]
fn a_planted_link_is_not_followed() {
    let folder = TempDir::new().unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "theirs").unwrap();
    let path = folder.path().join("ours");
    symlink(&victim, &path).unwrap();
    assert!(matches!(
        file(&path, b"x", mine(0o600)),
        Err(WriteError::Link { .. })
    ));
    assert!(matches!(access(&path, mine(0o777)), Err(WriteError::Link { .. })));
    let elsewhere = folder.path().join("elsewhere");
    symlink(folder.path(), &elsewhere).unwrap();
    let through = file(&elsewhere.join("new"), b"x", mine(0o600));
    assert!(matches!(through, Err(WriteError::Link { .. })), "{through:?}");
    assert_eq!(fs::read(&victim).unwrap(), b"theirs");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_lock_is_made_once_and_never_through_a_link() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("lock");
    let first = lock_file(&path, mine(0o640)).unwrap();
    assert_eq!(look(&path).unwrap(), Some(mine(0o640)));
    first.try_lock().unwrap();
    let second = lock_file(&path, mine(0o600)).unwrap();
    assert!(second.try_lock().is_err(), "it is the same file");
    assert_eq!(
        look(&path).unwrap(),
        Some(mine(0o640)),
        "what is there is not given away"
    );
    let victim = folder.path().join("victim");
    let planted = folder.path().join("planted");
    symlink(&victim, &planted).unwrap();
    assert!(matches!(
        lock_file(&planted, mine(0o600)),
        Err(WriteError::Link { .. })
    ));
    assert!(!victim.exists());
}

#[test]
fn a_link_in_place_of_the_temporary_file_is_not_written_through() {
    let folder = TempDir::new().unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "theirs").unwrap();
    symlink(
        &victim,
        folder.path().join(format!(".ours.{}.new", std::process::id())),
    )
    .unwrap();
    file(&folder.path().join("ours"), b"x", mine(0o600)).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"theirs");
}

#[test]
fn a_folder_gets_its_mode_and_a_file_in_its_place_is_refused() {
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("tls");
    assert_eq!(folder(&path, mine(0o750)).unwrap(), Written::Made);
    assert_eq!(folder(&path, mine(0o750)).unwrap(), Written::Same);
    assert_eq!(folder(&path, mine(0o700)).unwrap(), Written::Changed);
    let taken = parent.path().join("taken");
    fs::write(&taken, "").unwrap();
    assert!(matches!(
        folder(&taken, mine(0o700)),
        Err(WriteError::AnotherKind { .. })
    ));
    assert!(matches!(
        file(&path, b"x", mine(0o600)),
        Err(WriteError::AnotherKind { .. })
    ));
}

#[test]
fn what_is_not_there_is_told_apart_from_what_cannot_be_looked_at() {
    let folder = TempDir::new().unwrap();
    assert_eq!(look(&folder.path().join("gone")).unwrap(), None);
    assert_eq!(look(&folder.path().join("gone/deeper")).unwrap(), None);
    assert_eq!(read(&folder.path().join("gone/deeper")).unwrap(), None);
    let error = file(&folder.path().join("gone/deeper"), b"", mine(0o600)).unwrap_err();
    assert!(error.to_string().starts_with("cannot open "), "{error}");
}

#[test]
fn a_new_file_never_takes_the_place_of_what_is_there() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bundle.tar");
    new_file(&path, b"first", mine(0o600)).unwrap();
    assert_eq!(look(&path).unwrap(), Some(mine(0o600)));
    let link = folder.path().join("link.tar");
    symlink(folder.path().join("victim"), &link).unwrap();
    for taken in [&path, &link] {
        let error = new_file(taken, b"second", mine(0o600)).unwrap_err();
        assert!(matches!(error, WriteError::Exists { .. }), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert!(!folder.path().join("victim").exists());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing half-written is left"
    );
}
