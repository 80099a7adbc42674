//! `strongroom witness`: on another host, which knows nothing of this one but its policy.

use super::{Common, audit::read_small};
use crate::{
    failure::CommandError,
    output::{Format, data, talk},
    server::witness as witness_server,
};
use clap::{Args, Subcommand};
use config::{SecretSource, Tls, TlsMinimum};
use jiff::Timestamp;
use platform::{PlatformError, ledger::witness};
use serde_json::json;
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Witness {
    /// Make the folder and the key of a witness for one log; prints the key for `strongroom audit witness`
    Make(Make),
    /// Show how many leaves it has signed; a request must begin there
    Show {
        /// The witness's folder
        folder: PathBuf,
    },
    /// Sign a checkpoint, if it continues all that was signed before
    Sign(Sign),
    /// Do so for whoever asks over https (C2SP tlog-witness), until it is stopped
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(super) struct Make {
    /// The folder, which is made; its parent must be there
    folder: PathBuf,
    /// What the witness is called, such as witness.example.org
    name: String,
}

#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The witness's folder
    folder: PathBuf,
    /// The policy that the appliance's operator handed over (`strongroom audit policy`)
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// What it is asked: `strongroom audit anchor --witness-has SIZE`
    request: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The witness's folder
    folder: PathBuf,
    /// The policy that the appliance's operator handed over (`strongroom audit policy`)
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Where it listens, such as 0.0.0.0:8443
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The server's certificate chain in PEM
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Its private key in PEM, readable by its owner only
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Serve {
    fn run(&self) -> Result<(), CommandError> {
        let seat = witness_server::Seat {
            folder: self.folder.clone(),
            logs: witness::Logs::of(&read_small(&self.policy)?)?,
        };
        let tls = Tls {
            certificate: self.certificate.clone(),
            key: SecretSource::File(self.key.clone()),
            minimum: TlsMinimum::Tls13,
            acme: None,
        };
        actix_web::rt::System::new().block_on(witness_server::run(seat, self.listen, &tls))
    }
}

impl Witness {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Make(make) => {
                let key = witness::make(&make.folder, &make.name)?;
                talk("keep the folder: it holds the key, and what was signed last");
                give(common.format(), &key, "key")
            }
            Self::Show { folder } => {
                let size = witness::seen(folder)?;
                common
                    .format()
                    .thing(&[("size", size.to_string())], &json!({ "size": size }))
            }
            Self::Sign(sign) => {
                let (policy, request) = (read_small(&sign.policy)?, read_small(&sign.request)?);
                let logs = witness::Logs::of(&policy)?;
                let line = witness::sign(&sign.folder, &logs, &request, Timestamp::now());
                give(
                    common.format(),
                    &line.map_err(PlatformError::from)?,
                    "cosignature",
                )
            }
            Self::Serve(serve) => serve.run(),
        }
    }
}

fn give(format: Format, text: &str, name: &str) -> Result<(), CommandError> {
    match format {
        Format::Json => format.thing(&[], &json!({ name: text })),
        Format::Text => data(text),
    }
}
