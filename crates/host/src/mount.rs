//! Mounted file systems, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)); some of them mounted and unmounted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::run::{Call, Program, RunError};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub target: PathBuf,
    /// The kind of file system: `ext4`, `btrfs`, `tmpfs`, `overlay`, `zfs`.
    pub kind: String,
    /// What is mounted: a device, a pool, or a word.
    pub source: String,
    /// The device numbers, `major:minor`; the major is 0 where no block device is below.
    pub device: String,
}

/// The mount that the path lies in. The path must be absolute and without links.
///
/// # Errors
/// As the kernel answers; `NotFound` where no mount holds it.
pub fn holding(path: &Path, root: &Path) -> io::Result<Mount> {
    let text = fs::read_to_string(root.join("proc/self/mountinfo"))?;
    // The last of equals lies on top.
    let mounts = text
        .lines()
        .filter_map(parse)
        .filter(|mount| path.starts_with(&mount.target));
    mounts
        .enumerate()
        .max_by_key(|(place, mount)| (mount.target.as_os_str().len(), *place))
        .map(|(_, mount)| mount)
        .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// Whether something is mounted just there.
#[must_use]
pub fn is_mounted(target: &Path) -> bool {
    holding(target, Path::new("/")).is_ok_and(|mount| mount.target == target)
}

/// Mounts a device on a folder that is there.
///
/// # Errors
/// [`RunError`].
pub fn attach(device: &Path, target: &Path) -> Result<(), RunError> {
    let options = ["--options", "nodev,nosuid,noatime", "--"];
    let call = Call::new(Program::Mount).with(options);
    call.with([device, target]).run().map(drop)
}

/// Mounts what `/etc/fstab` says of a folder; what is mounted already stays.
///
/// # Errors
/// [`RunError`].
pub fn attach_listed(target: &Path) -> Result<(), RunError> {
    if is_mounted(target) {
        return Ok(());
    }
    Call::new(Program::Mount)
        .with(["--"])
        .with([target])
        .run()
        .map(drop)
}

/// Shows a folder at a second place, without what is mounted below it.
///
/// # Errors
/// [`RunError`].
pub fn bind(folder: &Path, target: &Path) -> Result<(), RunError> {
    let call = Call::new(Program::Mount).with(["--bind", "--make-private", "--"]);
    call.with([folder, target]).run().map(drop)
}

/// Unmounts a folder; one on which nothing is mounted is left alone.
///
/// # Errors
/// [`RunError`], when somebody uses it.
pub fn detach(target: &Path) -> Result<(), RunError> {
    unmount(target, &["--"])
}

/// Takes it out of everybody's sight now; the kernel unmounts it when nobody uses it any more.
///
/// # Errors
/// [`RunError`].
pub fn detach_lazily(target: &Path) -> Result<(), RunError> {
    unmount(target, &["--lazy", "--"])
}

fn unmount(target: &Path, options: &[&str]) -> Result<(), RunError> {
    if !is_mounted(target) {
        return Ok(());
    }
    let call = Call::new(Program::Umount).with(options.iter().copied());
    call.with([target]).run().map(drop)
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(2);
    let device = before.next()?.to_owned();
    let target = unescape(before.nth(1)?);
    let mut after = after.split(' ');
    Some(Mount {
        target: target.into(),
        kind: after.next()?.to_owned(),
        source: unescape(after.next()?),
        device,
    })
}

/// Blank, tab, newline and backslash stand as octal numbers.
fn unescape(text: &str) -> String {
    let replaced = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    replaced
        .iter()
        .fold(text.to_owned(), |text, (code, letter)| text.replace(code, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "22 1 254:0 / / rw shared:1 - ext4 /dev/vda1 rw\n\
        30 22 0:25 / /var/lib/my\\040data rw - btrfs /dev/mapper/data rw\n\
        31 22 0:26 / /tmp rw - tmpfs tmpfs rw\n\
        32 22 254:9 / /tmp rw - ext4 /dev/vdb rw\n";

    #[test]
    fn the_innermost_mount_and_of_equals_the_last_one_holds_a_path() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        fs::write(root.path().join("proc/self/mountinfo"), TABLE).unwrap();
        let kind = |path: &str| holding(Path::new(path), root.path()).unwrap().kind;
        assert_eq!(kind("/etc"), "ext4");
        assert_eq!(kind("/var/lib/my data/17"), "btrfs");
        assert_eq!(holding(Path::new("/tmp/x"), root.path()).unwrap().device, "254:9");
        assert_eq!(kind("/var/lib/my"), "ext4");
    }

    #[test]
    fn the_root_of_this_machine_is_mounted() {
        assert_eq!(
            holding(Path::new("/"), Path::new("/")).unwrap().target,
            Path::new("/")
        );
    }
}
