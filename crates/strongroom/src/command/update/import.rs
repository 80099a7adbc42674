//! `strongroom update import`

use super::{
    here::Here,
    run::{WayBack, code, take},
    shown,
};
use crate::{
    command::Common,
    failure::{CommandError, Exit},
    update::{Extent, bundle::Bundle},
};
use ::host::{
    account::{self, Account},
    write::{self, Access},
};
use nix::unistd::{Gid, Uid};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use updates::{manifest::Manifest, patience::Patience, shelf};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Import {
    /// The bundle
    file: PathBuf,
    /// Install what is in it: Debian's packages, then the platform's as `strongroom update run` does, with a way back
    #[arg(long)]
    install: bool,
    #[command(flatten)]
    way_back: WayBack,
    #[command(flatten)]
    here: Here,
}

impl Import {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        if self.way_back.is_named() && !self.install {
            let text = "--way-back is for an update; say --install as well, or leave it out";
            return Err(CommandError::said(Exit::Usage, text));
        }
        let (manifest, folder) = import(common, &self.here, &self.file)?;
        if !self.install {
            return Ok(ExitCode::SUCCESS);
        }
        let extent = Extent::Bundle(Bundle::of(&manifest, folder));
        let ended = take(common.config.as_deref(), &extent, &self.way_back)?;
        Ok(code(&ended))
    }
}

/// Takes the bundle, shows it, and gives its list and the folder that it was unpacked to.
pub(super) fn import(common: &Common, here: &Here, file: &Path) -> Result<(Manifest, PathBuf), CommandError> {
    if !account::is_root() {
        let text = "bundles are unpacked by root alone; run this as root";
        return Err(CommandError::said(Exit::NotAllowed, text));
    }
    let config = common.config.as_deref();
    let places = here.places(config);
    // Readable by the daemons, whose checks of promises look at the record and at the data.
    let access = |mode| Access {
        user: Uid::from_raw(0),
        group: Account::named("strongroom").map_or(Gid::from_raw(0), |account| account.gid),
        mode,
    };
    let found = places.read()?;
    let terms = here.terms(config, found.as_ref())?;
    write::folder(&places.state, access(0o750))?;
    let before = found.as_ref().map(|found| &found.record);
    let (received, record) =
        shelf::import(file, &terms, &places, before, access(0o640), Patience::default())?;
    tracing::info!(
        update.sequence = record.sequence,
        update.version = %record.version,
        update.sha256 = %received.sha256,
        "took the bundle {} with version {}",
        record.sequence,
        record.version
    );
    let folder = shelf::folder(&places, record.sequence);
    shown::show(common.format(), &received, Some(&folder))?;
    Ok((received.manifest, folder))
}
