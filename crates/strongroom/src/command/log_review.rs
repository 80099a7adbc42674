//! `strongroom log-review`: the appliance's security logs of 90 days prepared for a person to look at, and signed by them.
//!
//! Invariant: nobody signs for somebody else. An operator signs on the host in their own name, with their password and factor.

use super::Common;
use crate::{failure::CommandError, host, output, person, secret};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use platform::{
    Caller,
    log_review::{self, Prepared, Review, Signing},
};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum LogReview {
    /// Show what there is to look at, on the host: sign-ins, refused attempts, roles, grants, exports, settings
    Prepare,
    /// Sign that it was looked at, on the host, as an operator, with what `prepare` said last
    Sign(Sign),
    /// List the reviews that were signed, on the host
    Status,
}

#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The operator's e-mail address
    #[arg(long, value_name = "EMAIL")]
    by: String,
    /// A file with their password; asked for at the terminal when it is left out
    #[arg(long, value_name = "FILE")]
    by_password_file: Option<PathBuf>,
    /// Until when it reaches, as `prepare` said
    #[arg(long, value_name = "TIME")]
    until: Timestamp,
    /// The SHA-256 that `prepare` said
    #[arg(long, value_name = "HEX")]
    sha256: String,
    /// What was looked at and found
    #[arg(long, value_name = "TEXT")]
    note: String,
}

impl LogReview {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Prepare => prepare(common),
            Self::Sign(sign) => sign.run(common),
            Self::Status => status(common),
        }
    }
}

fn prepare(common: &Common) -> Result<(), CommandError> {
    let prepared = host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(log_review::prepare_appliance(platform, &Caller::host()).await?)
    })?;
    show(common, &prepared)?;
    let digest = &prepared.digest;
    if digest.access_is_cut {
        output::talk("more came in or was refused than is shown; look at the access log for the rest");
    }
    if let Some(since) = digest.acts_since {
        output::talk(&format!(
            "there are more acts than can be counted at once: those before {since} are not shown, nor signed for; look at the audit log"
        ));
    }
    output::talk(&format!(
        "sign it with: strongroom log-review sign --by EMAIL --until {} --sha256 {} --note TEXT",
        digest.ends_at, prepared.sha256
    ));
    Ok(())
}

fn show(common: &Common, prepared: &Prepared) -> Result<(), CommandError> {
    const COLUMNS: [&str; 6] = ["what", "times", "outcome", "who", "from", "last"];
    let digest = &prepared.digest;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in &digest.access {
        let who = line
            .account
            .map_or_else(|| "nobody known".to_owned(), |account| account.to_string());
        rows.push(vec![
            line.action.clone(),
            line.count.to_string(),
            line.outcome.clone(),
            who,
            line.address.clone(),
            line.last.to_string(),
        ]);
    }
    for line in &digest.acts {
        let who: Vec<String> = line.accounts.iter().map(ToString::to_string).collect();
        rows.push(vec![
            format!("{}: {}", line.concern.label(), line.action),
            line.count.to_string(),
            String::new(),
            who.join(", "),
            String::new(),
            line.last.to_string(),
        ]);
    }
    let json = json!({ "sha256": prepared.sha256, "digest": digest });
    common.format().list(&COLUMNS, rows, &json)
}

impl Sign {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let asked = format!("Password of {}: ", self.by);
        let password = secret::read(self.by_password_file.as_deref(), &asked)?;
        let signing = Signing {
            ends_at: self.until,
            sha256: self.sha256.clone(),
            note: self.note.clone(),
        };
        let id = host::with_platform(common.config.as_deref(), async |platform, _| {
            person::acting(platform, &self.by, password, async |caller| {
                Ok(log_review::sign_appliance(platform, caller, &signing).await?)
            })
            .await
        })?;
        output::talk("signed; the next review is due in 90 days");
        let id = id.to_string();
        common
            .format()
            .thing(&[("log review", id.clone())], &json!({ "id": id }))
    }
}

fn status(common: &Common) -> Result<(), CommandError> {
    const COLUMNS: [&str; 5] = ["signed_at", "signed_by", "until", "sha256", "note"];
    let reviews = host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(log_review::list_appliance(platform, &Caller::host()).await?)
    })?;
    let row = |review: &Review| {
        vec![
            review.signed_at.to_string(),
            review.signed_by.to_string(),
            review.ends_at.to_string(),
            review.sha256.clone(),
            review.note.clone(),
        ]
    };
    let rows = reviews.iter().map(row).collect();
    let json: Vec<Json> = reviews.iter().map(json_of).collect();
    common.format().list(&COLUMNS, rows, &json!({ "reviews": json }))
}

fn json_of(review: &Review) -> Json {
    json!({
        "id": review.id, "signed_at": review.signed_at, "signed_by": review.signed_by, "until": review.ends_at,
        "sha256": review.sha256, "note": review.note,
    })
}
