//! The staged test of a directory, as it is stored or as it would be: what was seen at each step, and which group gives a
//! person which role.
//!
//! Invariant: a stored password goes to no server but those that it was given for; a draft that names others brings its own.

use super::{
    find, mapping, require_host_for_plain,
    stored::{
        bind_secret, check_key, client_key, nothing, open_key, open_secret, reachable, reachable_settings,
        settings_of,
    },
};
use crate::{
    Caller, Platform,
    error::{PlatformError, Result},
    operator,
};
use directory::{
    Settings,
    report::{Report, Stage},
    settings::ServiceProof,
};
use store::control::directory::{self as rows, Directory as Row, Mapping};
use types::ProblemCode;
use vault::SecretText;

/// Settings that are not saved yet.
#[derive(Debug)]
pub struct Draft {
    /// The settings.
    pub settings: Settings,
    /// The service account's password; without, the one that is stored, where it was given for the same servers.
    pub secret: Option<SecretText>,
    /// The key of the client certificate; without, the one that is stored, where it was given for the same servers.
    pub client_key: Option<SecretText>,
}

/// A person as `test` and `explain` tell of them.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The name in the directory.
    pub dn: String,
    /// The groups.
    pub groups: Vec<ExplainedGroup>,
    /// The roles that result.
    pub roles: Vec<(String, access::Role)>,
}

/// A group of such a person.
#[derive(Debug, Clone)]
pub struct ExplainedGroup {
    /// Its name.
    pub group: String,
    /// The group through which the person is in it, if not directly.
    pub through: Option<String>,
    /// What it gives: organizations and roles.
    pub gives: Vec<(String, access::Role)>,
}

/// Tests a directory stage by stage, and tells which group gives a person which role.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator; `not-found`.
pub async fn test(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    login: Option<&str>,
) -> Result<(Vec<Stage>, Option<Explained>)> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let report = look_at(platform, &row, login).await?;
    told(platform, Some(&row), report).await
}

/// Tests what is not saved yet: a new directory, or other settings of the one with this key. Nothing is changed.
///
/// # Errors
/// As [`test`].
pub async fn test_draft(
    platform: &Platform,
    caller: &Caller,
    key: Option<&str>,
    draft: Draft,
    login: Option<&str>,
) -> Result<(Vec<Stage>, Option<Explained>)> {
    operator::require(caller)?;
    let row = match key {
        Some(key) => Some(find(platform, key).await?),
        None => None,
    };
    let before = row.as_ref().map(settings_of).transpose()?.map(|old| old.security);
    require_host_for_plain(caller, before, &draft.settings)?;
    let (settings, secret) = opened(platform, row.as_ref(), draft)?;
    let report = directory::report::test(&settings, secret.as_ref(), login, platform.now()).await;
    told(platform, row.as_ref(), report).await
}

/// Says which group gives a person which role.
///
/// # Errors
/// As [`test`]; `not-found` for who is not in the directory; `unavailable` with the first thing that failed.
pub async fn explain(platform: &Platform, caller: &Caller, key: &str, login: &str) -> Result<Explained> {
    let (stages, explained) = test(platform, caller, key, Some(login)).await?;
    explained.ok_or_else(|| match stages.into_iter().find(|stage| !stage.good) {
        Some(stage) if stage.name == "person" => PlatformError::new(ProblemCode::NotFound, stage.text),
        Some(stage) => PlatformError::new(ProblemCode::Unavailable, stage.text),
        None => PlatformError::new(ProblemCode::NotFound, "nothing is known of this person"),
    })
}

/// A draft to connect with.
pub(super) fn opened(
    platform: &Platform,
    row: Option<&Row>,
    draft: Draft,
) -> Result<(Settings, Option<SecretText>)> {
    let secret = match (draft.secret, row) {
        _ if draft.settings.service_proof == ServiceProof::Certificate => Some(nothing()),
        (Some(secret), _) => Some(secret),
        (None, Some(row)) if !settings_of(row)?.exposes_secret(&draft.settings) => {
            open_secret(platform, row)?
        }
        (None, _) => None,
    };
    let key = match (draft.client_key, row) {
        (Some(key), _) => {
            check_key(&draft.settings, &key)?;
            Some(key)
        }
        (None, Some(row)) if !settings_of(row)?.goes_elsewhere(&draft.settings) => open_key(platform, row)?,
        (None, _) => None,
    };
    let settings = Settings {
        client_key: key.as_ref().map(client_key),
        ..draft.settings
    };
    Ok((reachable(platform, settings), secret))
}

async fn told(
    platform: &Platform,
    row: Option<&Row>,
    report: Report,
) -> Result<(Vec<Stage>, Option<Explained>)> {
    let Some((person, groups)) = report.person else {
        return Ok((report.stages, None));
    };
    let mappings: Vec<Mapping> = match row {
        Some(row) => rows::mappings(&mut platform.control().read().await?, row.id).await?,
        None => Vec::new(),
    };
    let explained = mapping::explain(platform, &mappings, &person.dn, &groups).await?;
    Ok((report.stages, Some(explained)))
}

/// How a directory is, in short.
#[derive(Debug, Clone)]
pub struct Health {
    /// The first stage of its test that failed.
    pub failed: Option<Stage>,
    /// Whole days until the first of its servers' certificates ends, where TLS was reached.
    pub certificate_days: Option<i64>,
}

/// Looks how a directory is.
///
/// # Errors
/// As [`test`].
pub async fn health(platform: &Platform, caller: &Caller, key: &str) -> Result<Health> {
    operator::require(caller)?;
    let report = look_at(platform, &find(platform, key).await?, None).await?;
    Ok(Health {
        failed: report.failed().cloned(),
        certificate_days: report.certificate_days,
    })
}

/// The test, for the promise and for [`health`].
pub(crate) async fn look_at(platform: &Platform, row: &Row, login: Option<&str>) -> Result<Report> {
    let settings = reachable_settings(platform, row)?;
    let secret = bind_secret(platform, row, &settings)?;
    Ok(directory::report::test(&settings, secret.as_ref(), login, platform.now()).await)
}
