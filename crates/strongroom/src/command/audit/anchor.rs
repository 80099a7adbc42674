//! `strongroom audit anchor`, `witness` and `cosign`: what is kept elsewhere, and what comes back.

use super::{super::Common, give, read_small};
use crate::{
    failure::{CommandError, Exit},
    host,
    output::{Format, talk},
};
use clap::Args;
use platform::{
    Caller, Platform,
    ledger::{
        self,
        witness::{self, Answer, Asked, Contact},
    },
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};
use url::Url;

#[derive(Debug, Args)]
pub(in crate::command) struct Anchor {
    /// As a request to a witness, which has signed so many leaves (`strongroom witness show`)
    #[arg(long, value_name = "SIZE")]
    witness_has: Option<u64>,
    /// Ask every witness that has an address now, and show what each said
    #[arg(long, conflicts_with = "witness_has")]
    ask: bool,
}

#[derive(Debug, Args)]
pub(in crate::command) struct Appoint {
    /// The key: name+id+key
    key: String,
    /// Where it is asked every ten minutes (`strongroom witness serve`), such as https://witness.example.org:8443; carried by hand if not given
    #[arg(long)]
    url: Option<Url>,
    /// Certificates of its authority in PEM, where the system does not know it
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::command) struct Cosign {
    /// What the witness was asked
    request: PathBuf,
    /// What it answered
    answer: PathBuf,
}

impl Anchor {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        host::with_platform(common.config.as_deref(), async |platform, _| {
            match self.witness_has {
                _ if self.ask => return ask(platform, common.format()).await,
                None => anchor(platform, common.format()).await?,
                Some(old) => {
                    let request = witness::request(platform, &Caller::host(), old).await?;
                    give(common.format(), &request, &json!({ "request": request }))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Appoint {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let authority_pem = self.ca.as_deref().map(read_small).transpose()?;
        let contact = self.url.clone().map(|url| Contact {
            url,
            authority_pem: authority_pem.map(|pem| String::from_utf8_lossy(&pem).into_owned()),
        });
        host::with_platform(common.config.as_deref(), async |platform, _| {
            witness::appoint(platform, &Caller::host(), &self.key, contact).await?;
            talk(
                "its cosignatures count from now on; the policy names it, so give the policy to the auditor again",
            );
            Ok(())
        })
    }
}

/// Ends well when every witness has signed.
async fn ask(platform: &Platform, format: Format) -> Result<ExitCode, CommandError> {
    let asked = witness::ask(platform, &Caller::host()).await?;
    if asked.is_empty() {
        let text = "no witness has an address; name one with `strongroom audit witness KEY --url URL`";
        return Err(CommandError::said(Exit::NotFound, text));
    }
    let is_signed = |answer: &Answer| matches!(answer, Answer::Signed { .. });
    let row = |(name, asked): (&String, &Asked)| {
        let said = match &asked.answer {
            Answer::Signed { size } => format!("signed {size} leaves"),
            Answer::Refused { why } => format!("REFUSED: {why}"),
            Answer::Away { why } => format!("away: {why}"),
        };
        vec![name.clone(), said]
    };
    format.list(
        &["witness", "said"],
        asked.iter().map(row).collect(),
        &json!({ "witnesses": asked }),
    )?;
    Ok(match asked.values().all(|asked| is_signed(&asked.answer)) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(Exit::Failed as u8),
    })
}

async fn anchor(platform: &Platform, format: Format) -> Result<(), CommandError> {
    let found = ledger::checkpoint(platform).await?;
    let found = found.ok_or_else(|| {
        let text = "nothing was signed yet: see that the worker runs, with `strongroom doctor`";
        CommandError::said(Exit::NotFound, text)
    })?;
    give(
        format,
        &found.note,
        &json!({"note": found.note, "size": found.size, "root": found.root, "published_at": found.at}),
    )
}

impl Cosign {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let (request, answer) = (read_small(&self.request)?, read_small(&self.answer)?);
        let size = host::with_platform(common.config.as_deref(), async |platform, _| {
            Ok(witness::keep(platform, &Caller::host(), &request, &answer).await?)
        })?;
        talk(&format!("a witness has seen the log up to {size} leaves"));
        common
            .format()
            .thing(&[("size", size.to_string())], &json!({ "size": size }))
    }
}
