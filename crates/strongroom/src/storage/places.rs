//! What lies where, and what the kernel says of it.

use super::settings_folder;
use crate::host::block_on;
use ::host::{
    encryption::{self, Encryption},
    postgresql, swap,
};
use config::Config;
use platform::{Platform, promise};
use std::path::Path;

/// Where packages of updates lie.
pub(super) const PLATFORM: &str = "/var/lib/strongroom";
/// Temporary files that outlive a reboot.
pub(super) const TEMPORARY: &str = "/var/tmp";
const PROMISE: &str = "rest-encryption";

/// A place, by what it is for.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) what: &'static str,
    pub(crate) path: String,
    pub(crate) found: Encryption,
}

impl Place {
    fn folder(what: &'static str, path: &Path) -> Self {
        Self {
            what,
            path: path.display().to_string(),
            found: encryption::of_folder(path),
        }
    }
}

/// Every place where something of the appliance comes to lie.
pub(crate) fn all(config: &Config) -> Vec<Place> {
    let mut places = vec![
        Place::folder("settings", &settings_folder(config)),
        database(config),
    ];
    places.push(Place::folder("platform", Path::new(PLATFORM)));
    places.extend(["/tmp", TEMPORARY].map(|path| Place::folder("temporary", Path::new(path))));
    match swap::areas() {
        Ok(areas) => places.extend(areas.into_iter().map(|area| Place {
            what: "swap",
            path: area.path.display().to_string(),
            found: area.encryption,
        })),
        Err(error) => places.push(hidden("swap", "/proc/swaps", error.to_string())),
    }
    places
}

fn database(config: &Config) -> Place {
    let (folder, port) = (&config.database.host, config.database.port);
    let socket = format!("{} port {port}", folder.display());
    match postgresql::at_socket(folder, port) {
        Ok(Some(cluster)) => Place::folder("database", &cluster.data_folder),
        Ok(None) => hidden(
            "database",
            &socket,
            "no cluster of Debian's has this socket".to_owned(),
        ),
        Err(error) => hidden("database", &socket, error.to_string()),
    }
}

fn hidden(what: &'static str, path: &str, why: String) -> Place {
    Place {
        what,
        path: path.to_owned(),
        found: Encryption::Unknown { why },
    }
}

/// The state of the promise, and what is wrong; looked at now. None when it cannot be asked, which has been said.
pub(super) fn promise(config: &Config) -> Option<(String, Vec<String>)> {
    let looked = block_on(async {
        let platform = Platform::open(config).await?;
        Ok(promise::check_one(&platform, PROMISE).await?)
    });
    match looked {
        Ok(line) => {
            let verdict = line.verdict();
            let faults = verdict
                .faults
                .iter()
                .map(|fault| format!("{}: {}", fault.where_, fault.what));
            Some((verdict.state.as_str().to_owned(), faults.collect()))
        }
        Err(error) => {
            crate::output::talk(&format!(
                "the promise {PROMISE} was not looked at: {}",
                super::told(&error)
            ));
            None
        }
    }
}
