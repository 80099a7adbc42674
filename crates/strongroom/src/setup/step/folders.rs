//! The folders of settings and secrets.

use super::Standing;
use crate::{failure::CommandError, setup::site::Site};
use ::host::write::{self, Access};
use std::path::PathBuf;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    for (folder, access) in folders(site) {
        let shown = folder.display();
        match write::look(&folder)? {
            None => return Ok(Standing::ToDo(format!("make {shown} (mode {:04o})", access.mode))),
            Some(found) if found != access => {
                let what = format!(
                    "set owner and mode of {shown} ({:04o}, was {:04o})",
                    access.mode, found.mode
                );
                return Ok(Standing::ToDo(what));
            }
            Some(_) => {}
        }
    }
    Ok(Standing::Done(site.folder().display().to_string()))
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    for (folder, access) in folders(site) {
        write::folder(&folder, access)?;
    }
    Ok(())
}

/// As the package makes them.
fn folders(site: &Site) -> [(PathBuf, Access); 3] {
    [
        (site.folder().to_owned(), site.shared(0o750)),
        (site.tls(), site.shared(0o750)),
        (site.credentials(), site.private(0o700)),
    ]
}
