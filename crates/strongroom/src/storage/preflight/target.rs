//! The device or container file that the volume is made on: blank or ours, and large enough.

use super::super::{
    plan::{Plan, Target},
    volume::{self, MOUNT, NAME},
};
use crate::finding::Finding;
use ::host::{blank, disk, luks, mount, tree};
use std::path::Path;

/// What header and file system take for themselves.
const OVERHEAD_BYTES: u64 = 192 << 20;
/// What stays free on the disk of a container file.
const LEFT_FREE_BYTES: u64 = 512 << 20;

pub(super) fn check_free(begun: Option<&Plan>) -> Option<Finding> {
    let is_taken = luks::is_open(NAME) || mount::is_mounted(Path::new(MOUNT));
    (begun.is_none() && is_taken).then(|| {
        let what = format!("there is a volume {NAME} or something mounted on {MOUNT} that this did not make");
        Finding::fault("volume", what, "close it with `cryptsetup close`, or rename it")
    })
}

/// The target, and whether it holds the data twice, so that it can grow.
pub(super) fn space(plan: &Plan, begun: Option<&Plan>) -> Vec<Finding> {
    let mut used = 0;
    for moved in &plan.moves {
        match tree::bytes(&moved.place) {
            Ok(bytes) => used += bytes,
            Err(error) => return vec![Finding::fault("space", error.to_string(), "run this as root")],
        }
    }
    let found = match &plan.target {
        Target::Device(path) => device(plan, begun, path),
        Target::File(path, bytes) => container(plan, begun, path, *bytes),
    };
    vec![found.map_or_else(|refused| refused, |bytes| enough(bytes, used))]
}

fn enough(bytes: u64, used: u64) -> Finding {
    let needed = used.saturating_mul(2).saturating_add(OVERHEAD_BYTES);
    let what = format!(
        "the data takes {} MiB, the volume has {}",
        used >> 20,
        bytes >> 20
    );
    match bytes >= needed {
        true => Finding::ok("space", what),
        false => Finding::fault(
            "space",
            what,
            format!("give it {} MiB at least: twice the data", needed >> 20),
        ),
    }
}

fn device(plan: &Plan, begun: Option<&Plan>, path: &Path) -> Result<u64, Finding> {
    let is_ours =
        begun.is_some_and(|begun| begun.uuid == plan.uuid) && volume::is_ours(plan).unwrap_or(false);
    // One that a former run left open is closed before it is written to.
    let checked = match is_ours && luks::is_open(NAME) {
        true => blank::size(path).map_err(|error| error.to_string()),
        false if is_ours => blank::check_unused(path).map_err(|error| error.to_string()),
        false => blank::check_device(path).map_err(|error| error.to_string()),
    };
    checked.map_err(|what| Finding::fault("device", what, "name a device that is blank"))
}

fn container(plan: &Plan, begun: Option<&Plan>, path: &Path, bytes: u64) -> Result<u64, Finding> {
    let refuse = |what: String, advice: &str| Err(Finding::fault("file", what, advice));
    let is_begun = begun.is_some_and(|begun| begun.target == plan.target);
    if path.symlink_metadata().is_ok() && !is_begun {
        let what = format!("{} is there already", path.display());
        return refuse(what, "name a file that is not there");
    }
    let Some(folder) = path
        .parent()
        .filter(|folder| path.is_absolute() && folder.is_dir())
    else {
        let what = format!("{} has no folder that is there", path.display());
        return refuse(what, "name an absolute path in a folder of root's");
    };
    if folder.canonicalize().ok().as_deref() != Some(folder) {
        let what = format!("{} leads through a link", folder.display());
        return refuse(what, "name the path that it leads to");
    }
    if plan.moves.iter().any(|moved| path.starts_with(&moved.place)) || path.starts_with("/tmp") {
        let what = format!("{} lies in a folder that is moved or temporary", path.display());
        return refuse(what, "name a file elsewhere, such as /srv/strongroom.luks");
    }
    match disk::space(folder) {
        Ok(space) if is_begun || space.free_bytes >= bytes.saturating_add(LEFT_FREE_BYTES) => Ok(bytes),
        Ok(space) => refuse(
            format!(
                "the disk of {} has {} MiB free",
                folder.display(),
                space.free_bytes >> 20
            ),
            "name a smaller size: 512 MiB must stay free; or another disk",
        ),
        Err(error) => refuse(
            format!("cannot look at {} ({error})", folder.display()),
            "look at the disk",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::plan::tests::plan;
    use super::*;
    use crate::finding::Level;
    use std::fs;

    #[test]
    fn a_volume_holds_the_data_twice_or_is_refused() {
        assert_eq!(enough(4 << 30, 1 << 30).level, Level::Ok);
        assert_eq!(enough(2 << 30, 1 << 30).level, Level::Fault);
        assert_eq!(enough(100 << 20, 0).level, Level::Fault);
    }

    #[test]
    fn a_container_file_is_not_made_over_another_nor_where_it_would_hide_itself() {
        let folder = tempfile::tempdir_in("/srv").unwrap();
        let of = |path: &Path| {
            let target = Target::File(path.to_owned(), 1 << 20);
            container(&Plan { target, ..plan() }, None, path, 1 << 20)
        };
        let taken = folder.path().join("taken");
        fs::write(&taken, "precious").unwrap();
        for bad in [
            taken.as_path(),
            Path::new("/var/tmp/x.luks"),
            Path::new("/tmp/x.luks"),
            Path::new("relative.luks"),
            Path::new("/no/such/folder/x.luks"),
        ] {
            assert!(of(bad).is_err(), "{}", bad.display());
        }
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/var", &link).unwrap();
        assert!(of(&link.join("x.luks")).is_err());
        assert_eq!(of(&folder.path().join("x.luks")).unwrap(), 1 << 20);
        assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");
    }

    #[test]
    fn another_number_makes_a_device_a_foreign_one() {
        let begun = plan();
        let other = Plan {
            uuid: "0b2f2a52-6d9e-4c1c-8a5b-222222222222".to_owned(),
            ..plan()
        };
        let refused = device(&other, Some(&begun), Path::new("/dev/null")).unwrap_err();
        assert!(refused.what.contains("no block device"), "{}", refused.what);
    }
}
