//! Whether what lies under a folder is encrypted, as the kernel says it.
//!
//! Invariant: the configuration is not asked. What this kernel cannot see (a hypervisor's encrypted disk, a
//! container's host) is plain or unknown here, never encrypted. Start at [`of_folder`].

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::stat::{major, minor};
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use crate::device::{self, Found};
use crate::mount::{self, Mount};
use crate::run::{Call, Program};

/// A file that holds a file system may lie in another such file, but not often.
const DEPTH_MAX: usize = 4;

/// What the kernel says of the storage under a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// It is encrypted.
    Encrypted {
        /// By what: `dm-crypt LUKS2`, `fscrypt`, `ZFS aes-256-gcm`.
        by: String,
        /// The device, mount or dataset that is.
        place: String,
    },
    /// It is not.
    Plain {
        /// The plain device, mount or dataset.
        place: String,
    },
    /// It is in memory and on no disk, swap aside.
    Memory,
    /// Nobody here can say.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// What lies under the folder, or under where it will be.
#[must_use]
pub fn of_folder(folder: &Path) -> Encryption {
    of_folder_at(folder, Path::new("/"), DEPTH_MAX)
}

/// The same for a device file, such as a swap partition.
#[must_use]
pub fn of_device(device: &Path) -> Encryption {
    match fs::metadata(device) {
        Ok(metadata) => of_numbers(metadata.rdev(), Path::new("/"), DEPTH_MAX),
        // A sandbox without devices still shows the kernel's names for them.
        Err(error) if error.kind() == io::ErrorKind::NotFound => of_hidden_device(device, Path::new("/")),
        Err(error) => unknown(format!("cannot look at {} ({error})", device.display())),
    }
}

/// `/dev/dm-1`, whose node is out of sight.
fn of_hidden_device(device: &Path, root: &Path) -> Encryption {
    let name = device
        .parent()
        .filter(|folder| *folder == Path::new("/dev"))
        .and_then(|_| device.file_name()?.to_str());
    match name {
        Some(name) => judge(device::look_named(name, root), root, DEPTH_MAX),
        None => unknown(format!("{} is not shown here", device.display())),
    }
}

fn of_folder_at(folder: &Path, root: &Path, depth: usize) -> Encryption {
    if depth == 0 {
        return unknown(format!(
            "{} lies in too many files of file systems",
            folder.display()
        ));
    }
    let path = match innermost(folder).and_then(|path| path.canonicalize()) {
        Ok(path) => path,
        Err(error) => return unknown(format!("cannot look at {} ({error})", folder.display())),
    };
    if is_fscrypt(&path) {
        let place = path.display().to_string();
        return Encryption::Encrypted {
            by: "fscrypt".to_owned(),
            place,
        };
    }
    match mount::holding(&path, root) {
        Ok(mount) => of_mount(&mount, root, depth),
        Err(error) => unknown(format!("cannot read the table of mounts ({error})")),
    }
}

/// The innermost part of the path that is there. A part that may not be looked at is an error and not
/// skipped: what a sandbox lays over it is not what the folder lies on.
fn innermost(folder: &Path) -> io::Result<PathBuf> {
    for path in folder.ancestors() {
        match fs::symlink_metadata(path) {
            Ok(_) => return Ok(path.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

fn of_mount(mount: &Mount, root: &Path, depth: usize) -> Encryption {
    match mount.kind.as_str() {
        "tmpfs" | "ramfs" => Encryption::Memory,
        "zfs" => of_dataset(&mount.source),
        "btrfs" => of_btrfs(mount, root, depth),
        _ if mount.device.starts_with("0:") => unknown(format!(
            "{} is {}, which shows no device here",
            mount.target.display(),
            mount.kind
        )),
        _ => judge(device::look(&mount.device, root), root, depth),
    }
}

/// Btrfs shows numbers of its own; its devices are listed by the file system.
fn of_btrfs(mount: &Mount, root: &Path, depth: usize) -> Encryption {
    let source = nearest_name(Path::new(&mount.source));
    let Some(devices) = source.and_then(|source| btrfs_devices(&source, root)) else {
        return unknown(format!(
            "the devices of {} are not shown here",
            mount.target.display()
        ));
    };
    let mut found = devices
        .iter()
        .map(|name| judge(device::look_named(name, root), root, depth));
    let first = found
        .next()
        .unwrap_or_else(|| unknown("it has no device".to_owned()));
    match first {
        Encryption::Encrypted { .. } => found
            .find(|other| !matches!(other, Encryption::Encrypted { .. }))
            .unwrap_or(first),
        worse => worse,
    }
}

/// `/dev/mapper/data` leads to `dm-0`, which is its name for the kernel.
fn nearest_name(device: &Path) -> Option<String> {
    let real = device.canonicalize().unwrap_or_else(|_| device.to_owned());
    Some(real.file_name()?.to_str()?.to_owned())
}

fn btrfs_devices(source: &str, root: &Path) -> Option<Vec<String>> {
    let systems = fs::read_dir(root.join("sys/fs/btrfs")).ok()?;
    systems.flatten().find_map(|system| {
        let devices = fs::read_dir(system.path().join("devices")).ok()?.flatten();
        let mut names: Vec<_> = devices
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names.iter().any(|name| name == source).then_some(names)
    })
}

fn of_numbers(device: u64, root: &Path, depth: usize) -> Encryption {
    let numbers = format!("{}:{}", major(device), minor(device));
    judge(device::look(&numbers, root), root, depth)
}

fn judge(found: Found, root: &Path, depth: usize) -> Encryption {
    match found {
        Found::Encrypted { by, device } => Encryption::Encrypted {
            by: format!("dm-crypt {by}"),
            place: device,
        },
        Found::Plain { device } => Encryption::Plain { place: device },
        Found::File { path } => of_file(&path, root, depth),
        Found::Hidden { what } => unknown(what),
    }
}

fn of_file(path: &Path, root: &Path, depth: usize) -> Encryption {
    let folder = path.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    of_folder_at(&folder, root, depth - 1)
}

/// The kernel marks what an fscrypt policy covers, whether its key is there or not.
fn is_fscrypt(path: &Path) -> bool {
    let found = statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS);
    found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::ENCRYPTED))
}

/// OpenZFS shows properties by its own tool only.
fn of_dataset(dataset: &str) -> Encryption {
    let call = Call::new(Program::Zfs).with(["get", "-H", "-p", "-o", "value", "encryption", dataset]);
    let place = dataset.to_owned();
    match call.run() {
        Ok(value) => match value.trim() {
            "off" => Encryption::Plain { place },
            "" | "-" => unknown(format!("ZFS does not say whether {dataset} is encrypted")),
            cipher => Encryption::Encrypted {
                by: format!("ZFS {cipher}"),
                place,
            },
        },
        Err(error) => unknown(error.to_string()),
    }
}

fn unknown(why: String) -> Encryption {
    Encryption::Unknown { why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::Planted;

    const LUKS2: &str = "CRYPT-LUKS2-8d7f0f3e3c7d4b7a9a52a7f7d9f0c1aa-data";

    fn under_root(kernel: &Planted, mount: &str) -> Encryption {
        kernel.write("proc/self/mountinfo", &format!("22 1 {mount} rw\n"));
        of_folder_at(Path::new("/"), kernel.root(), DEPTH_MAX)
    }

    #[test]
    fn a_folder_is_encrypted_when_its_device_is_and_plain_when_not() {
        let kernel = Planted::new();
        kernel.device("vda", "254:0", None, &[]);
        kernel.device("virtual/dm-0", "253:0", Some(LUKS2), &["vda"]);
        let found = under_root(&kernel, "253:0 / / rw - ext4 /dev/mapper/data");
        let (by, place) = ("dm-crypt LUKS2".to_owned(), "dm-0".to_owned());
        assert_eq!(found, Encryption::Encrypted { by, place });
        let plain = under_root(&kernel, "254:0 / / rw - ext4 /dev/vda");
        assert_eq!(
            plain,
            Encryption::Plain {
                place: "vda".to_owned()
            }
        );
    }

    #[test]
    fn a_loop_device_is_what_the_place_of_its_file_is() {
        let kernel = Planted::new();
        kernel.device("virtual/loop0", "7:0", None, &[]);
        kernel.write("sys/devices/virtual/loop0/loop/backing_file", "/image\n");
        // The file lies on the loop device itself, which no kernel would do: the walk ends and says that it
        // does not know.
        let found = under_root(&kernel, "7:0 / / rw - ext4 /dev/loop0");
        assert!(matches!(found, Encryption::Unknown { .. }), "{found:?}");
    }

    #[test]
    fn a_device_whose_node_is_out_of_sight_is_found_by_its_name() {
        let kernel = Planted::new();
        kernel.device("vda", "254:0", None, &[]);
        kernel.device("virtual/dm-0", "253:0", Some(LUKS2), &["vda"]);
        let of = |path: &str| of_hidden_device(Path::new(path), kernel.root());
        assert!(matches!(of("/dev/dm-0"), Encryption::Encrypted { .. }));
        assert!(matches!(of("/dev/vda"), Encryption::Plain { .. }));
        for hidden in ["/dev/dm-7", "/dev/mapper/dm-0", "/dev/..", "/"] {
            assert!(matches!(of(hidden), Encryption::Unknown { .. }), "{hidden}");
        }
    }

    #[test]
    fn every_device_of_a_btrfs_counts() {
        let kernel = Planted::new();
        kernel.device("vda", "254:0", None, &[]);
        kernel.device("virtual/dm-0", "253:0", Some(LUKS2), &["vda"]);
        kernel.write("sys/fs/btrfs/1234/devices/dm-0/x", "");
        let mount = "0:40 / / rw - btrfs /dev/dm-0";
        assert!(matches!(under_root(&kernel, mount), Encryption::Encrypted { .. }));
        kernel.write("sys/fs/btrfs/1234/devices/vda/x", "");
        assert!(matches!(under_root(&kernel, mount), Encryption::Plain { .. }));
    }

    #[test]
    fn memory_and_what_shows_no_device_are_neither() {
        let kernel = Planted::new();
        assert_eq!(
            under_root(&kernel, "0:26 / / rw - tmpfs tmpfs"),
            Encryption::Memory
        );
        let overlay = under_root(&kernel, "0:27 / / rw - overlay overlay");
        assert!(
            matches!(&overlay, Encryption::Unknown { why } if why.contains("overlay")),
            "{overlay:?}"
        );
        let hidden = under_root(&kernel, "254:0 / / rw - ext4 /dev/vda");
        assert!(matches!(hidden, Encryption::Unknown { .. }), "{hidden:?}");
    }

    #[test]
    fn a_folder_that_may_not_be_looked_at_is_unknown() {
        let name = "x".repeat(300);
        let found = of_folder(&Path::new("/tmp").join(name));
        assert!(matches!(found, Encryption::Unknown { .. }), "{found:?}");
    }

    #[test]
    fn this_machine_gives_an_answer_for_any_folder() {
        let root = of_folder(Path::new("/"));
        assert_eq!(of_folder(Path::new("/no/such/folder")), root);
    }
}
