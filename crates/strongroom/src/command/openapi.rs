//! `strongroom openapi`

use crate::{failure::CommandError, output};

#[derive(Debug, clap::Args)]
pub(super) struct Openapi {}

impl Openapi {
    pub(super) fn run(&self) -> Result<(), CommandError> {
        output::data(&api::openapi_json())
    }
}
