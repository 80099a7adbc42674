//! `strongroom update import`

use super::{here::Here, shown};
use crate::{
    command::Common,
    failure::{CommandError, Exit},
};
use ::host::{
    account::{self, Account},
    write::{self, Access},
};
use nix::unistd::{Gid, Uid};
use std::path::PathBuf;
use updates::{patience::Patience, shelf};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Import {
    /// The bundle
    file: PathBuf,
    #[command(flatten)]
    here: Here,
}

impl Import {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        if !account::is_root() {
            let text = "bundles are unpacked by root alone; run this as root";
            return Err(CommandError::said(Exit::NotAllowed, text));
        }
        let config = common.config.as_deref();
        let places = self.here.places(config);
        // Readable by the daemons, whose checks of promises look at the record and at the data.
        let access = |mode| Access {
            user: Uid::from_raw(0),
            group: Account::named("strongroom").map_or(Gid::from_raw(0), |account| account.gid),
            mode,
        };
        let found = places.read()?;
        let terms = self.here.terms(config, found.as_ref())?;
        write::folder(&places.state, access(0o750))?;
        let before = found.as_ref().map(|found| &found.record);
        let (received, record) = shelf::import(
            &self.file,
            &terms,
            &places,
            before,
            access(0o640),
            Patience::default(),
        )?;
        tracing::info!(
            update.sequence = record.sequence,
            update.version = %record.version,
            update.sha256 = %received.sha256,
            "took the bundle {} with version {}",
            record.sequence,
            record.version
        );
        shown::show(
            common.format(),
            &received,
            Some(&shelf::folder(&places, record.sequence)),
        )
    }
}
