//! The database, the root key and the promises.

use super::{
    audit_log, audit_note, audit_witness, directories, forwarding, mail, providers, stored_certificates,
    webhook,
};
use crate::{finding::Finding, host::block_on};
use ::host::account;
use config::Config;
use platform::{Caller, Failure, Platform, PlatformError, database, factor, promise};
use promises::{RegisterLine, State};
use std::error::Error;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let looked = block_on(async {
        let mut findings = vec![migrations(config).await];
        match Platform::open(config).await {
            Ok(platform) => {
                let name = &config.database.name;
                findings.push(Finding::ok("database", format!("{name} lets the daemons in")));
                findings.push(Finding::ok("root-key", "opens the appliance's keys"));
                findings.push(promises(&platform).await);
                findings.push(second_factors(&platform).await);
                findings.extend(directories::check(&platform).await);
                findings.extend(providers::check(&platform).await);
                findings.push(mail::check(&platform).await);
                findings.push(webhook::check(&platform).await);
                findings.push(forwarding::check(&platform).await);
                findings.extend(stored_certificates::check(&platform).await);
                findings.push(audit_log::check(&platform).await);
                findings.push(audit_witness::check(&platform));
                findings.push(audit_note::check(&platform).await);
            }
            Err(error) => findings.extend(closed(config, &error)),
        }
        Ok(findings)
    });
    looked.unwrap_or_else(|error| {
        vec![Finding::could_not_look(
            "database",
            error.to_string(),
            "try again; look at the machine's load",
        )]
    })
}

/// Only the cluster's superuser, who is root here, sees the steps that are left.
async fn migrations(config: &Config) -> Finding {
    const CHECK: &str = "migrations";
    if !account::is_root() {
        return Finding::could_not_look(CHECK, "only root is let in as the superuser", "run this as root");
    }
    let admin = database::AdminAccess {
        socket_folder: config.database.host.clone(),
        port: config.database.port,
        user: "postgres".to_owned(),
        password: None,
    };
    match database::status(&admin, config).await {
        Ok(found) => judge_migrations(&found),
        Err(error) => Finding::could_not_look(CHECK, detail(&error), "see the check `database`"),
    }
}

fn judge_migrations(found: &database::Status) -> Finding {
    const CHECK: &str = "migrations";
    if found.pending.is_empty() && found.organizations_behind == 0 {
        return Finding::ok(CHECK, format!("version {}", found.version));
    }
    let what = format!(
        "the database is behind this program: {} steps, {} organizations",
        found.pending.len(),
        found.organizations_behind
    );
    Finding::fault(CHECK, what, "run `strongroom database migrate`")
}

/// The key and the database fail in the same call; what lies beneath tells them apart.
fn closed(config: &Config, error: &PlatformError) -> Vec<Finding> {
    let away = |check| {
        Finding::could_not_look(
            check,
            "the database or its key does not open",
            "see the other checks",
        )
    };
    if matches!(error.source, Some(Failure::Vault(_))) {
        let advice = "put back the root key that this database was made with; nothing was changed";
        return vec![
            away("database"),
            Finding::fault("root-key", detail(error), advice),
            away("promises"),
            away("second-factors"),
            away("directories"),
            away("providers"),
            away("mail"),
            away("webhook"),
            away("forwarding"),
            away("stored-certificates"),
            away("audit-log"),
            away("audit-witness"),
            away("audit-note"),
        ];
    }
    let advice = format!(
        "look at the cluster (`pg_lsclusters`) and its log; the settings name the socket in {}, port {}",
        config.database.host.display(),
        config.database.port
    );
    vec![
        Finding::fault("database", detail(error), advice),
        away("root-key"),
        away("promises"),
        away("second-factors"),
        away("directories"),
        away("providers"),
        away("mail"),
        away("webhook"),
        away("forwarding"),
        away("stored-certificates"),
        away("audit-log"),
        away("audit-witness"),
        away("audit-note"),
    ]
}

async fn promises(platform: &Platform) -> Finding {
    const CHECK: &str = "promises";
    match promise::register(platform, &Caller::host()).await {
        Ok(lines) => judge(&lines),
        Err(error) => Finding::could_not_look(CHECK, detail(&error), "try again"),
    }
}

async fn second_factors(platform: &Platform) -> Finding {
    match factor::operators_without(platform, &Caller::host()).await {
        Ok(without) => judge_factors(&without),
        Err(error) => Finding::could_not_look("second-factors", detail(&error), "try again"),
    }
}

fn judge_factors(without: &[String]) -> Finding {
    const CHECK: &str = "second-factors";
    if without.is_empty() {
        return Finding::ok(CHECK, "every operator has one");
    }
    let what = format!("operators without one: {}", without.join(", "));
    let advice = "let them sign in and set one up: until then the console shows them nothing else";
    Finding::warning(CHECK, what, advice)
}

fn judge(lines: &[RegisterLine]) -> Finding {
    const CHECK: &str = "promises";
    let of = |state: State| lines.iter().filter(move |line| line.verdict().state == state);
    let broken: Vec<&str> = of(State::Broken).map(|line| line.promise().id.as_str()).collect();
    let counts = format!(
        "{} kept, {} unknown",
        of(State::Kept).count(),
        of(State::Unknown).count()
    );
    match broken.as_slice() {
        [] => Finding::ok(CHECK, counts),
        broken => Finding::fault(
            CHECK,
            format!("{} broken ({}), {counts}", broken.len(), broken.join(", ")),
            "`strongroom promises --state broken` says what was found and what to do",
        ),
    }
}

fn detail(error: &PlatformError) -> String {
    match error.source() {
        Some(source) => format!("{} ({source})", error.detail),
        None => error.detail.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use promises::{Observation, Outcome, catalogue};

    #[test]
    fn steps_and_organizations_that_are_behind_are_a_fault() {
        let level = |pending, organizations_behind| {
            let status = database::Status {
                version: 3,
                pending,
                organizations_behind,
            };
            judge_migrations(&status).level
        };
        assert_eq!(level(Vec::new(), 0), Level::Ok);
        assert_eq!(level(vec!["0004_more"], 0), Level::Fault);
        assert_eq!(level(Vec::new(), 2), Level::Fault);
    }

    #[test]
    fn an_operator_without_a_second_factor_is_warned_of() {
        assert_eq!(judge_factors(&[]).level, Level::Ok);
        let found = judge_factors(&["olga@harbour.example".to_owned()]);
        assert!(
            found.level == Level::Warning && found.what.contains("olga@"),
            "{found:?}"
        );
    }

    #[test]
    fn a_broken_promise_is_a_fault_with_its_name() {
        let promise = &catalogue()[0];
        let line = |outcome| {
            let observation = Observation {
                checked_at_us: 1_000_000,
                took_ms: 1,
                outcome,
            };
            RegisterLine::new(promise, Some(&observation), None, 1_000_001)
        };
        let kept = line(Outcome::looked().with_fact("a", 1));
        assert_eq!(judge(&[kept]).level, Level::Ok);
        let broken = judge(&[line(
            Outcome::looked().with_fact("a", 1).with_fault("x", "y", "z"),
        )]);
        assert_eq!(broken.level, Level::Fault);
        assert!(broken.what.contains(promise.id.as_str()), "{broken:?}");
    }
}
