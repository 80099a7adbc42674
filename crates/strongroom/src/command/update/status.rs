//! `strongroom update status`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    finding::Finding,
    major::standing,
    output::{self, Format},
    update::{renew, words},
};
use ::host::{
    apt::{Seen, automatic::Timer, index::Index, package::Packages, standing::Standing},
    updates::{Folder, Renewal, Update},
};
use config::Config;
use jiff::Timestamp;
use platform::promise;
use promises::{Fault, Outcome};
use serde_json::json;
use std::process::ExitCode;
use updates::record::Places;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Status {}

impl Status {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let now = Timestamp::now();
        let standing = Standing::of_machine();
        let bundle = promise::last_bundle(&Places::of_machine());
        let renewal = Seen::of(Folder::of_machine().renewals()).map(|renewals| renewals.into_iter().next());
        let last = Seen::of(Folder::of_machine().history()).map(|history| history.into_iter().next());
        let (faults, unknown) = match promise::judge_security_updates(&standing, &bundle, now) {
            Outcome::Looked { faults, .. } => (faults, None),
            Outcome::CouldNotLook { why } => (Vec::new(), Some(why)),
        };
        let config = Config::load(common.config.as_deref()).ok();
        let postgresql = standing::check(config.as_ref());
        match common.format() {
            Format::Json => {
                let json = json!({
                    "machine": standing,
                    "last_update": last,
                    "last_bundle": bundle,
                    "last_renewal": renewal,
                    "faults": faults,
                    "unknown": unknown,
                    "postgresql": postgresql,
                });
                output::data(&json.to_string())?;
            }
            Format::Text => {
                let mut lines = lines(&standing, &last, &postgresql, now);
                lines.push((
                    "bundle",
                    show(&bundle, |bundle| bundle_line(bundle.as_ref(), now)),
                ));
                lines.push((
                    "started anew",
                    show(&renewal, |renewal| renewal_line(renewal.as_ref())),
                ));
                common.format().thing(&lines, &json!(null))?;
                for fault in &faults {
                    output::data(&told(fault))?;
                }
            }
        }
        if let Some(why) = unknown {
            output::talk(&format!("not everything can be seen: {why}"));
        }
        Ok(match faults.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(Exit::Failed as u8),
        })
    }
}

fn told(fault: &Fault) -> String {
    output::printable(format!(
        "✗ {}: {}\n    to do: {}",
        fault.where_, fault.what, fault.advice
    ))
}

fn lines(
    standing: &Standing,
    last: &Seen<Option<Update>>,
    postgresql: &Finding,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let newest = |last: &Option<Update>| last.as_ref().map_or("none yet".to_owned(), update_line);
    let indices = |indices: &Vec<Index>| {
        list(
            indices.iter().map(|index| index_line(index, now)).collect(),
            "none",
        )
    };
    let timers = |timers: &Vec<Timer>| list(timers.iter().map(timer_line).collect(), "none");
    let own = |packages: &Packages| {
        let own = packages.own.iter();
        list(
            own.map(|(name, version)| format!("{name} {version}")).collect(),
            "no package",
        )
    };
    vec![
        ("platform", show(&standing.packages, own)),
        ("last update", show(last, newest)),
        ("database", database(postgresql)),
        ("repository", repository(standing)),
        ("indices", show(&standing.indices, indices)),
        (
            "waiting",
            show(&standing.pending, |pending| {
                let security = pending.iter().filter(|one| one.is_security).count();
                format!("{} updates, {security} of them for security", pending.len())
            }),
        ),
        (
            "last run",
            show(&standing.last_runs, |runs| {
                runs.upgrade_at.map_or("never".to_owned(), |at| at.to_string())
            }),
        ),
        ("timers", show(&standing.timers, timers)),
        (
            "held",
            show(&standing.packages, |packages| list(packages.held.clone(), "none")),
        ),
        (
            "unfinished",
            show(&standing.packages, |packages| {
                list(packages.unfinished.clone(), "none")
            }),
        ),
        (
            "old code",
            show(&standing.stale, |stale| {
                list(stale.services.clone(), "none") + " (seen by " + stale.by + ")"
            }),
        ),
        (
            "old kernel",
            match &standing.stale {
                Seen::Known(stale) => show(&stale.kernel, |is_old| yes(*is_old)),
                Seen::Unknown(why) => format!("unknown: {why}"),
            },
        ),
        ("reboot wanted", yes(standing.is_reboot_required)),
    ]
}

fn database(found: &Finding) -> String {
    match &found.advice {
        Some(advice) => format!("{}; {advice}", found.what),
        None => found.what.clone(),
    }
}

fn bundle_line(bundle: Option<&promise::LastBundle>, now: Timestamp) -> String {
    let Some(bundle) = bundle else {
        return "none was ever imported".to_owned();
    };
    let days = now.duration_since(bundle.made_at).as_hours() / 24;
    let left = match bundle.outdated.len() {
        0 => "installed".to_owned(),
        count => format!("{count} packages of it are not installed"),
    };
    format!(
        "{}: {days} days old, valid until {}, {left}",
        bundle.sequence, bundle.not_after
    )
}

fn renewal_line(renewal: Option<&Renewal>) -> String {
    let Some(renewal) = renewal else {
        return "nobody looked in a maintenance window yet".to_owned();
    };
    format!("{}: {}", renewal.at, renew::lines(renewal).join("; "))
}

fn index_line(index: &Index, now: Timestamp) -> String {
    let age = index
        .age_days(now)
        .map_or("of unknown age".to_owned(), |days| format!("{days} days old"));
    let until = index
        .valid_until
        .map_or("for ever".to_owned(), |until| until.to_string());
    format!("{} {}: {age}, valid until {until}", index.label, index.codename)
}

fn timer_line(timer: &Timer) -> String {
    let state = if timer.is_running { "runs" } else { "does not run" };
    format!("{} {state}", timer.name)
}

fn repository(standing: &Standing) -> String {
    if !standing.has_repository {
        return "none is named".to_owned();
    }
    show(&standing.refresh, |refresh| match refresh {
        None => "named, not looked at yet".to_owned(),
        Some(refresh) => match &refresh.failure {
            None => format!("looked at {}", refresh.at),
            Some(failure) => format!("refused at {}: {failure}", refresh.at),
        },
    })
}

fn update_line(update: &Update) -> String {
    format!(
        "{} to {}: {} at {}",
        update.from,
        update.to,
        words::outcome(update.outcome),
        update.ended_at.unwrap_or(update.began_at)
    )
}

fn show<T>(seen: &Seen<T>, shown: impl FnOnce(&T) -> String) -> String {
    match seen {
        Seen::Known(value) => shown(value),
        Seen::Unknown(why) => format!("unknown: {why}"),
    }
}

fn list(items: Vec<String>, none: &str) -> String {
    match items.is_empty() {
        true => none.to_owned(),
        false => items.join("\n"),
    }
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}
