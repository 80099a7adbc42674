//! This machine as a bundle must fit it: what runs, what is trusted, what was taken before, what time it is at least.

use crate::{
    failure::{CommandError, Exit},
    host, output,
};
use ::host::{
    clock,
    release::{Release, support},
    updates::FOLDER,
};
use config::{Config, Environment};
use jiff::Timestamp;
use platform::{Caller, promise};
use std::path::{Path, PathBuf};
use updates::{
    record::{Found, Places},
    root::Anchor,
    shelf,
    terms::{Machine, Terms},
};

/// What commands about bundles take.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Here {
    /// The root to trust with the first bundle: its number, a colon and its SHA-256, as whoever makes bundles names it
    #[arg(long, value_name = "ROOT")]
    root: Option<Anchor>,
    #[command(flatten)]
    shelf: Shelf,
}

/// Where bundles lie.
#[derive(Debug, clap::Args)]
pub(super) struct Shelf {
    /// Where unpacked bundles lie
    #[arg(long, value_name = "FOLDER", default_value = FOLDER)]
    state_folder: PathBuf,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            state_folder: FOLDER.into(),
        }
    }
}

impl Shelf {
    /// Both places of the record: the folder of bundles and the folder of the settings.
    pub(super) fn places(&self, config: Option<&Path>) -> Places {
        let settings = Config::place(config, &Environment::of_process());
        Places {
            state: self.state_folder.clone(),
            settings: settings.parent().unwrap_or(Path::new("/")).to_owned(),
        }
    }
}

impl Here {
    pub(super) fn places(&self, config: Option<&Path>) -> Places {
        self.shelf.places(config)
    }

    /// What a bundle must meet.
    pub(super) fn terms(&self, config: Option<&Path>, found: Option<&Found>) -> Result<Terms, CommandError> {
        let record = found.map(|found| &found.record);
        if found.is_some_and(|found| !found.agree) {
            output::talk("note: the two records of the last bundle differ; the later one counts");
        }
        let others = [
            clock::floor().and_then(|floor| Timestamp::try_from(floor).ok()),
            database_time(config),
        ];
        Ok(Terms {
            machine: machine()?,
            trusted: self.trusted(record.map(|record| record.root))?,
            held: record.map(updates::record::Record::held),
            clock: Timestamp::now(),
            floor: shelf::floor(record, others.into_iter().flatten()),
        })
    }

    fn trusted(&self, recorded: Option<Anchor>) -> Result<Anchor, CommandError> {
        match (recorded, self.root) {
            (Some(recorded), None) => Ok(recorded),
            (None, Some(given)) => Ok(given),
            (Some(recorded), Some(given)) if recorded == given => Ok(recorded),
            (Some(recorded), Some(_)) => {
                let text = format!("this machine trusts the root {recorded} already; leave --root out");
                Err(CommandError::said(Exit::Usage, text))
            }
            (None, None) => {
                let text = "no bundle was ever taken here; name the root to trust with --root NUMBER:SHA256, \
                            as whoever makes the bundles told you by another way than the bundle";
                Err(CommandError::said(Exit::Usage, text))
            }
        }
    }
}

/// What runs here.
fn machine() -> Result<Machine, CommandError> {
    let unknown = |what: &str| {
        let text = format!("{what} is not known here; bundles are for Debian 12 and 13 on amd64 and arm64");
        CommandError::said(Exit::Failed, text)
    };
    let release = Release::of_machine().and_then(|release| support::of(release.debian()?));
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => return Err(unknown(&format!("Debian's name of the architecture {other}"))),
    };
    let version = env!("CARGO_PKG_VERSION").parse();
    Ok(Machine {
        product: "strongroom".to_owned(),
        release: release
            .ok_or_else(|| unknown("the release of this machine"))?
            .name
            .to_owned(),
        architecture: architecture.to_owned(),
        version: version.map_err(|_| unknown("the version of this program"))?,
    })
}

/// When the database last kept an observation: that has surely passed, whatever the clock says. None where the
/// database cannot be asked, which must not stop an update.
fn database_time(config: Option<&Path>) -> Option<Timestamp> {
    let asked = host::with_platform(config, async |platform, _| {
        let register = promise::register(platform, &Caller::host()).await?;
        Ok(register
            .iter()
            .filter_map(|line| line.verdict().checked_at_us)
            .max())
    });
    let newest = asked
        .ok()
        .flatten()
        .and_then(|us| Timestamp::from_microsecond(us).ok());
    if newest.is_none() {
        output::talk(
            "note: the database cannot be asked what time it is at least; files of this machine were",
        );
    }
    newest
}
