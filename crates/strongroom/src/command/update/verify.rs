//! `strongroom update verify`

use super::{here::Here, shown};
use crate::{command::Common, failure::CommandError};
use std::path::PathBuf;
use updates::{
    patience::{self, Patience},
    receive::receive,
};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Verify {
    /// The bundle
    file: PathBuf,
    #[command(flatten)]
    here: Here,
}

impl Verify {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let config = common.config.as_deref();
        let found = self.here.places(config).read()?;
        let terms = self.here.terms(config, found.as_ref())?;
        let cannot = CommandError::io(format!("cannot open {}", self.file.display()));
        let source = patience::open(&self.file, Patience::default()).map_err(cannot)?;
        let received = receive(source, &terms, |_| Ok(None))?;
        shown::show(common.format(), &received, None)
    }
}
