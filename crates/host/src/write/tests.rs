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

/// What a sandbox without openat2 is left with refuses the same.
#[test]
fn opening_part_by_part_follows_no_link_either() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    // The folder for temporary files may itself be reached by a link.
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("real")).unwrap();
    std::fs::write(root.join("real/file"), "x").unwrap();
    symlink("real", root.join("link")).unwrap();
    symlink("real/file", root.join("name")).unwrap();
    let open = |path: &str| open_by_parts(&root.join(path), OFlag::O_RDONLY | OFlag::O_CLOEXEC);
    assert!(open("real/file").is_ok() && open("real").is_ok() && open("./real//file").is_ok());
    for (path, error) in [
        ("link/file", Errno::ELOOP),
        ("name", Errno::ELOOP),
        ("real/file/x", Errno::ENOTDIR),
        ("real/../real/file", Errno::EINVAL),
        ("gone", Errno::ENOENT),
    ] {
        assert_eq!(open(path).unwrap_err(), error, "{path}");
    }
    assert!(open_by_parts(Path::new("/"), OFlag::O_RDONLY | OFlag::O_DIRECTORY).is_ok());
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
