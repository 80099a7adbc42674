use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// A kernel's view that a test makes: the same folders and links as in sysfs.
pub(crate) struct Planted(TempDir);

impl Planted {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["sys/dev/block", "sys/class/block", "proc/self"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self(root)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// A device below `sys/devices`, on top of others; `uuid` for device-mapper's.
    pub(crate) fn device(&self, path: &str, numbers: &str, uuid: Option<&str>, slaves: &[&str]) {
        let folder = self.root().join("sys/devices").join(path);
        fs::create_dir_all(folder.join("slaves")).unwrap();
        symlink(&folder, self.root().join("sys/dev/block").join(numbers)).unwrap();
        symlink(
            &folder,
            self.root().join("sys/class/block").join(name_of(&folder)),
        )
        .unwrap();
        if let Some(uuid) = uuid {
            fs::create_dir(folder.join("dm")).unwrap();
            fs::write(folder.join("dm/uuid"), format!("{uuid}\n")).unwrap();
        }
        for slave in slaves {
            let target = self.root().join("sys/devices").join(slave);
            symlink(&target, folder.join("slaves").join(name_of(&target))).unwrap();
        }
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const LUKS2: &str = "CRYPT-LUKS2-8d7f0f3e3c7d4b7a9a52a7f7d9f0c1aa-data";

fn plain(device: &str) -> Found {
    Found::Plain {
        device: device.to_owned(),
    }
}

fn encrypted(device: &str) -> Found {
    Found::Encrypted {
        by: "LUKS2".to_owned(),
        device: device.to_owned(),
    }
}

#[test]
fn a_disk_and_its_partition_are_plain() {
    let kernel = Planted::new();
    kernel.device("vda", "254:0", None, &[]);
    kernel.device("vda/vda1", "254:1", None, &[]);
    kernel.write("sys/devices/vda/vda1/partition", "1\n");
    assert_eq!(look("254:0", kernel.root()), plain("vda"));
    assert_eq!(look("254:1", kernel.root()), plain("vda"));
}

#[test]
fn a_volume_on_top_of_luks_is_encrypted() {
    let kernel = Planted::new();
    kernel.device("vda", "254:0", None, &[]);
    kernel.device("virtual/dm-0", "253:0", Some(LUKS2), &["vda"]);
    kernel.device("virtual/dm-1", "253:1", Some("LVM-abc"), &["virtual/dm-0"]);
    assert_eq!(look("253:0", kernel.root()), encrypted("dm-0"));
    assert_eq!(look("253:1", kernel.root()), encrypted("dm-0"));
    assert_eq!(look_named("dm-1", kernel.root()), encrypted("dm-0"));
}

#[test]
fn luks_below_the_partition_of_a_mirror_is_found() {
    let kernel = Planted::new();
    kernel.device("vda", "254:0", None, &[]);
    kernel.device("virtual/dm-0", "253:0", Some(LUKS2), &["vda"]);
    kernel.device("virtual/md0", "9:0", None, &["virtual/dm-0"]);
    kernel.device("virtual/md0/md0p1", "259:0", None, &[]);
    kernel.write("sys/devices/virtual/md0/md0p1/partition", "1\n");
    assert_eq!(look("259:0", kernel.root()), encrypted("dm-0"));
}

#[test]
fn one_plain_leg_of_a_mirror_makes_it_plain_whichever_it_is() {
    // One before and one after the encrypted leg in the order of names.
    for leg in ["vdb", "xvdb"] {
        let kernel = Planted::new();
        kernel.device("vda", "254:0", None, &[]);
        kernel.device(leg, "254:16", None, &[]);
        kernel.device("virtual/dm-0", "253:0", Some(LUKS2), &["vda"]);
        kernel.device("virtual/md0", "9:0", None, &["virtual/dm-0", leg]);
        assert_eq!(look("9:0", kernel.root()), plain(leg));
    }
}

#[test]
fn what_the_kernel_does_not_show_is_hidden_and_a_circle_ends() {
    let kernel = Planted::new();
    assert!(matches!(look("254:7", kernel.root()), Found::Hidden { .. }));
    kernel.device("virtual/dm-0", "253:0", Some("LVM-a"), &["virtual/dm-1"]);
    kernel.device("virtual/dm-1", "253:1", Some("LVM-b"), &["virtual/dm-0"]);
    assert!(matches!(look("253:0", kernel.root()), Found::Hidden { .. }));
}

#[test]
fn a_loop_device_names_its_file() {
    let kernel = Planted::new();
    kernel.device("virtual/loop0", "7:0", None, &[]);
    kernel.write("sys/devices/virtual/loop0/loop/backing_file", "/var/lib/image\n");
    let path = PathBuf::from("/var/lib/image");
    assert_eq!(look("7:0", kernel.root()), Found::File { path });
}
