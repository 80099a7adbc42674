//! The folders that go onto the volume: copied, compared, and removed where they lay.
//!
//! Invariant: what is removed is asked for its device first: it is never the one that the volume is on.

use super::{
    plan::{Move, Plan},
    volume,
};
use crate::failure::{CommandError, Exit};
use ::host::{mount, tree, write};
use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The name of the database's folder on the volume.
pub(super) const DATABASE: &str = "database";
/// Where what lies beneath the mounts is seen for a moment.
const BENEATH: &str = "/run/strongroom-plain";

/// Copies every folder of the plan. What only we write is compared byte by byte.
pub(super) fn copy(plan: &Plan) -> Result<(), CommandError> {
    for moved in &plan.moves {
        let target = volume::folder(&moved.name);
        tree::copy(&moved.place, &target)?;
        match moved.is_shared {
            true => tree::empty(&target, |name| !is_private(name))?,
            false => tree::compare(&moved.place, &target)?,
        }
    }
    Ok(())
}

/// Removes the plain data beneath the mounts, or sets it aside.
pub(super) fn clear_plain(plan: &Plan) -> Result<(), CommandError> {
    each_beneath(plan, |moved, folder| {
        if plan.keeps_plain && !moved.is_shared {
            let aside = folder.with_added_extension("plain");
            if let Some(access) = write::look(folder)? {
                write::folder(&aside, access)?;
            }
            tree::move_entries(folder, &aside)?;
        } else {
            tree::empty(folder, |name| moved.is_shared && is_private(name))?;
        }
        Ok(())
    })
}

/// Whether nothing is left there. Empty folders are nothing: systemd-tmpfiles makes them at boot before a volume is mounted.
pub(super) fn is_removed(plan: &Plan) -> Result<bool, CommandError> {
    let mut is_removed = true;
    each_beneath(plan, |moved, folder| {
        is_removed &= !tree::has_files(folder, |name| moved.is_shared && is_private(name))?;
        Ok(())
    })?;
    Ok(is_removed)
}

/// A folder of a unit that runs; it goes with the unit.
fn is_private(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"systemd-private-")
}

/// The mounts hide what lies beneath; a second view of the file system below does not have them.
fn each_beneath(
    plan: &Plan,
    mut work: impl FnMut(&Move, &Path) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let view = Path::new(BENEATH);
    write::folder(view, volume::root_only(0o700))?;
    for moved in &plan.moves {
        mount::detach(view)?;
        let done = beneath(moved, view).and_then(|folder| work(moved, &folder));
        mount::detach(view)?;
        done?;
    }
    Ok(())
}

fn beneath(moved: &Move, view: &Path) -> Result<PathBuf, CommandError> {
    let place = &moved.place;
    let parent = place.parent().unwrap_or(Path::new("/"));
    let below = mount::holding(parent, Path::new("/")).map_err(CommandError::io(format!(
        "cannot find the file system of {}",
        parent.display()
    )))?;
    mount::bind(&below.target, view)?;
    let inside = place.strip_prefix(&below.target).unwrap_or(place);
    let folder = view.join(inside);
    check_other_device(&folder, place)?;
    Ok(folder)
}

fn check_other_device(beneath: &Path, place: &Path) -> Result<(), CommandError> {
    let device = |path: &Path| {
        let found = fs::symlink_metadata(path);
        found
            .map(|found| found.dev())
            .map_err(CommandError::io(format!("cannot look at {}", path.display())))
    };
    if device(beneath)? != device(place)? {
        return Ok(());
    }
    let text = format!(
        "{} is not mounted from the volume, so nothing is removed there; run this again after `mount --all`",
        place.display()
    );
    Err(CommandError::said(Exit::Failed, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_the_same_device_is_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        let error = check_other_device(folder.path(), folder.path()).unwrap_err();
        assert!(error.to_string().contains("nothing is removed"), "{error}");
        check_other_device(folder.path(), Path::new("/proc")).unwrap();
    }

    #[test]
    fn the_private_folders_of_units_are_left_to_them() {
        assert!(is_private(OsStr::new(
            "systemd-private-1234-strongroom.service-x"
        )));
        assert!(!is_private(OsStr::new("base")));
    }
}
