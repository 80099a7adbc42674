//! The encrypted volume: made, mounted out of everybody's sight, and discarded while nothing counts on it.

use super::{
    boot::UNLOCK_UNIT,
    key::Keys,
    plan::{Plan, Target},
};
use crate::failure::{CommandError, Exit};
use ::host::{
    blank, luks, mount, unit,
    write::{self, Access},
};
use nix::{
    fcntl::{self, FallocateFlags},
    unistd::{Gid, Uid},
};
use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The volume's name for the kernel. No dash: systemd writes those in its own way in the names of units.
pub(crate) const NAME: &str = "strongroom_data";
/// What the volume and its file system are labelled.
const LABEL: &str = "strongroom-data";
/// Where it is mounted; only root gets further.
pub(super) const MOUNT: &str = "/var/lib/strongroom-data";

/// Its device when it is open.
pub(super) fn mapped() -> PathBuf {
    luks::mapped(NAME)
}

/// A folder on it.
pub(super) fn folder(name: &str) -> PathBuf {
    Path::new(MOUNT).join(name)
}

/// Writes the volume, with both keys tried and a file system mounted.
pub(super) fn make(plan: &Plan, keys: &Keys) -> Result<(), CommandError> {
    let source = plan.target.path();
    match &plan.target {
        Target::File(path, bytes) => make_file(path, *bytes)?,
        // Once more, as late as can be.
        Target::Device(path) if is_ours(plan)? => drop(blank::check_unused(path)?),
        Target::Device(path) => drop(blank::check_device(path)?),
    }
    luks::format(source, &plan.uuid, LABEL, &keys.recovery)?;
    match &keys.unlocking {
        Some(key) => {
            luks::add_key(source, &keys.recovery, key)?;
            luks::check_key(source, key)?;
        }
        None => luks::enroll_tpm(source, &keys.recovery)?,
    }
    luks::open(source, NAME, &keys.recovery)?;
    luks::make_file_system(NAME, LABEL)?;
    write::folder(Path::new(MOUNT), root_only(0o700))?;
    mount::attach(&mapped(), Path::new(MOUNT))?;
    write::access(Path::new(MOUNT), root_only(0o700))?;
    Ok(())
}

/// Whether the device bears the number that only this plan knows.
pub(super) fn is_ours(plan: &Plan) -> Result<bool, CommandError> {
    Ok(luks::uuid(plan.target.path())?.as_deref() == Some(plan.uuid.as_str()))
}

/// Closes it, and removes a container file, as long as nothing counts on it. A device keeps its header, by which the next
/// run knows it.
pub(super) fn discard(plan: &Plan) -> Result<(), CommandError> {
    close()?;
    if let Target::File(path, bytes) = &plan.target
        && is_our_file(plan, path, *bytes)?
    {
        let what = format!("cannot remove {}", path.display());
        fs::remove_file(path).map_err(CommandError::io(what))?;
    }
    Ok(())
}

/// With our number, or half made: of the planned length and without any header.
fn is_our_file(plan: &Plan, path: &Path, bytes: u64) -> Result<bool, CommandError> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(false);
    };
    if !found.is_file() {
        return Ok(false);
    }
    let number = luks::uuid(path)?;
    Ok(match number {
        Some(number) => number == plan.uuid,
        None => found.uid() == 0 && found.len() == bytes,
    })
}

pub(super) fn close() -> Result<(), CommandError> {
    mount::detach(Path::new(MOUNT))?;
    // One that systemd opened it also closes, or it would think it open.
    unit::stop(UNLOCK_UNIT)?;
    luks::close(NAME)?;
    Ok(())
}

/// With its space, so that the disk cannot run full under it later.
fn make_file(path: &Path, bytes: u64) -> Result<(), CommandError> {
    let refused = || CommandError::io(format!("cannot make the container file {}", path.display()));
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let file = opened.map_err(refused())?;
    let length = i64::try_from(bytes).map_err(|_| {
        CommandError::said(
            Exit::Usage,
            "the container file is larger than any disk; name a smaller size",
        )
    })?;
    fcntl::fallocate(&file, FallocateFlags::empty(), 0, length).map_err(|error| refused()(error.into()))?;
    file.sync_all().map_err(refused())
}

pub(super) fn root_only(mode: u32) -> Access {
    Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode,
    }
}
