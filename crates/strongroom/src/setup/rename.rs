//! `strongroom rename`: another name for the appliance. The certificate, the base URL of every link, the daemons.
//!
//! Invariants: as set-up, it looks before it writes, each step first looks whether it is done, and an interrupted one goes on when it is
//! run again. The settings file changes in one value, and what is written was read back before. Start at [`rename`].

use super::{
    Outcome, Report, answers,
    site::Site,
    step::{Run, Step},
    take,
};
use crate::{
    failure::{CommandError, Exit},
    output,
};
use ::host::{account, name, write};
use config::{Config, Environment};
use std::{net::IpAddr, path::Path, time::Duration};
use url::Url;

/// As long as the doctor waits for the resolver.
const RESOLVE_DEADLINE: Duration = Duration::from_secs(15);

/// Gives the appliance another name, or says what that would do.
///
/// # Errors
/// What speaks against it, before anything is written; what a step met.
pub(crate) fn rename(settings: &Path, host: String, is_dry: bool) -> Result<Outcome, CommandError> {
    if !account::is_root() {
        return Err(refused(
            Exit::NotAllowed,
            "only root renames an appliance; nothing was changed",
        ));
    }
    let host = answers::checked_host(host).map_err(|text| refused(Exit::Usage, text))?;
    let config = Config::load_with(Some(settings), &Environment::default())?;
    let site = Site::present(settings, &config, host)?;
    let url = renamed(&config, &site.answers.server.name)?;
    warn_unresolved(&site.answers.server.name);
    let mut run = Run::new(&site, is_dry);
    let mut steps = vec![take(Step::Certificate, &mut run)?];
    if steps[0].state != "waiting" {
        steps.push(base_url(&mut run, &config, &url)?);
        steps.push(take(Step::Services, &mut run)?);
        if !is_dry {
            steps.push(take(Step::Health, &mut run)?);
            steps.push(take(Step::Renewal, &mut run)?);
        }
    }
    for step in &steps {
        output::talk(&format!("  {:9} {}: {}", step.state, step.step, step.what));
    }
    Ok(Outcome {
        url: url.as_str().trim_end_matches('/').to_owned(),
        findings: Vec::new(),
        is_waiting: steps.iter().any(|step| step.state == "waiting"),
        is_changed: run.is_changed,
        steps,
    })
}

fn refused(exit: Exit, text: impl Into<String>) -> CommandError {
    CommandError::said(exit, text)
}

/// The base URL with the new host; its port stays.
fn renamed(config: &Config, host: &str) -> Result<Url, CommandError> {
    let mut url = config.listen.base_url.clone();
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    };
    url.set_host(Some(&host))
        .map_err(|error| refused(Exit::Usage, format!("{host:?} cannot be in an address: {error}")))?;
    Ok(url)
}

fn warn_unresolved(host: &str) {
    if host.parse::<IpAddr>().is_ok() {
        return;
    }
    match name::resolve(host, RESOLVE_DEADLINE) {
        name::Resolution::Found(_) => {}
        name::Resolution::NotFound(_) | name::Resolution::TookTooLong => output::talk(&format!(
            "! warning {host} resolves to nothing on this machine; people need it in their name service"
        )),
    }
}

/// Sets the one value of the settings file.
fn base_url(run: &mut Run<'_>, config: &Config, url: &Url) -> Result<Report, CommandError> {
    let report = |state, what| Report {
        step: "base-url",
        state,
        what,
    };
    let shown = url.as_str().trim_end_matches('/');
    if config.listen.base_url == *url {
        return Ok(report("unchanged", shown.to_owned()));
    }
    run.is_changed = true;
    let what = format!(
        "{shown}, was {}",
        config.listen.base_url.as_str().trim_end_matches('/')
    );
    let path = &run.site.settings;
    let text = write::read(path)?.and_then(|text| String::from_utf8(text).ok());
    let text = text.ok_or_else(|| refused(Exit::Failed, format!("{} is not text", path.display())))?;
    let text = with_base_url(&text, shown);
    let mut expected = config.clone();
    expected.listen.base_url = url.clone();
    let environment = Environment::default();
    // Whatever the file looks like: what it says now must be what it said, with the one value changed.
    if Config::parse(&text, path, &environment.with_credentials_beside(path))? != expected {
        let text = format!(
            "{} cannot be changed safely; set listen.base_url to {shown:?} there yourself, then run this again",
            path.display()
        );
        return Err(refused(Exit::Failed, text));
    }
    if run.is_dry {
        return Ok(report("to do", what));
    }
    let access = write::look(path)?.ok_or_else(|| refused(Exit::NotFound, "the settings are gone"))?;
    write::file(path, text.as_bytes(), access)?;
    Ok(report("done", what))
}

/// The text with another `base_url` in `[listen]`; comments and everything else stay.
fn with_base_url(text: &str, url: &str) -> String {
    let value = format!("base_url = \"{url}\"");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_section = |line: &str| line.trim_start().starts_with('[');
    let Some(start) = lines.iter().position(|line| line.trim() == "[listen]") else {
        return format!("{text}\n[listen]\n{value}\n");
    };
    let length = lines[start + 1..]
        .iter()
        .take_while(|line| !is_section(line))
        .count();
    let section = start + 1..start + 1 + length;
    let key = |line: &str| line.split('=').next().is_some_and(|key| key.trim() == "base_url");
    match section.clone().find(|place| key(&lines[*place])) {
        Some(place) => {
            // An URL holds no `#` of its own here, since a base URL has no fragment.
            let comment = lines[place]
                .split_once('#')
                .map(|(_, comment)| format!(" #{comment}"));
            lines[place] = value + &comment.unwrap_or_default();
        }
        None => lines.insert(section.start, value),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_changes_and_comments_stay() {
        let before = "# ours\n[listen]\nhttps = \"[::]:443\"\nbase_url = \"https://a.example\" # every link\n\n[tls]\nkey = \"x\" # base_url = \"no\"\n";
        let after = with_base_url(before, "https://b.example:8443");
        assert_eq!(
            after,
            before.replace("https://a.example", "https://b.example:8443")
        );
        assert_eq!(with_base_url(&after, "https://a.example"), before);
    }

    #[test]
    fn a_value_that_is_not_there_is_added_to_its_section() {
        let added = with_base_url(
            "[tls]\nx = 1\n[listen]\nhttps = \"[::]:443\"\n",
            "https://b.example",
        );
        assert_eq!(
            added,
            "[tls]\nx = 1\n[listen]\nbase_url = \"https://b.example\"\nhttps = \"[::]:443\"\n"
        );
        assert!(
            with_base_url("[tls]\nx = 1\n", "https://b.example")
                .ends_with("[listen]\nbase_url = \"https://b.example\"\n")
        );
    }
}
