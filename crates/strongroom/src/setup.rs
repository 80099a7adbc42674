//! `strongroom setup`: from an installed package to an appliance that answers over HTTPS.
//!
//! Invariants: nothing is written before every check of the machine has been passed; each step first looks
//! whether it is done, so that an interrupted set-up goes on where it stopped and a second one changes
//! nothing; after a step it is looked again. Start at [`run`].

pub(crate) mod answers;
mod preflight;
pub(crate) mod questions;
pub(crate) mod rename;
pub(crate) mod renew;
pub(crate) mod site;
pub(crate) mod step;

use crate::{
    failure::{CommandError, Exit},
    finding::{Finding, Level},
    output,
};
use ::host::account::Account;
use answers::Answers;
use serde::Serialize;
use site::Site;
use std::path::PathBuf;
use step::{Run, STEPS, Standing, Step};

/// How far set-up goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Only say what would be done.
    pub(crate) is_dry: bool,
    /// Stop after this step.
    pub(crate) until: Step,
}

/// What became of a step.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) step: &'static str,
    pub(crate) state: &'static str,
    pub(crate) what: String,
}

/// What set-up did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) url: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) steps: Vec<Report>,
    /// Somebody else must act before it can go on.
    pub(crate) is_waiting: bool,
    pub(crate) is_changed: bool,
}

/// Sets the appliance up, as far as it is not.
pub(crate) fn run(answers: Answers, settings: PathBuf, extent: Extent) -> Result<Outcome, CommandError> {
    let url = answers.base_url();
    output::talk("Looking at this machine");
    let (site, findings) = check(answers, settings)?;
    output::talk(if extent.is_dry {
        "\nWhat would be done"
    } else {
        "\nSetting up"
    });
    let mut outcome = Outcome {
        url,
        findings,
        steps: Vec::new(),
        is_waiting: false,
        is_changed: false,
    };
    let mut run = Run::new(&site, extent.is_dry);
    for step in STEPS {
        let report = take(step, &mut run)?;
        output::talk(&format!("  {:9} {}: {}", report.state, report.step, report.what));
        outcome.is_waiting = report.state == "waiting";
        outcome.steps.push(report);
        if outcome.is_waiting || step == extent.until {
            break;
        }
    }
    outcome.is_changed = run.is_changed;
    Ok(outcome)
}

/// Everything that speaks against a beginning, at once.
fn check(answers: Answers, settings: PathBuf) -> Result<(Site, Vec<Finding>), CommandError> {
    let user = Account::named(&answers.services.user);
    let mut findings = preflight::people(&answers, user.as_ref());
    let site = user.map(|user| Site::new(answers, settings, &user));
    if let Some(site) = &site {
        findings.extend(preflight::check(site));
    }
    for finding in &findings {
        output::talk(&finding.lines());
    }
    let faults = findings
        .iter()
        .filter(|finding| finding.level == Level::Fault)
        .count();
    match site {
        Some(site) if faults == 0 => Ok((site, findings)),
        _ => Err(CommandError::said(
            Exit::Failed,
            format!("set-up does not begin: {faults} of the checks above refuse; nothing was changed"),
        )),
    }
}

/// Looks, does and looks again.
fn take(step: Step, run: &mut Run<'_>) -> Result<Report, CommandError> {
    let report = |state, what| Report {
        step: step.as_str(),
        state,
        what,
    };
    let todo = match step.look(run) {
        Ok(Standing::ToDo(what)) => what,
        Ok(Standing::Done(what)) => return Ok(report("unchanged", what)),
        Ok(Standing::LeftOut(what)) => return Ok(report("left out", what)),
        Ok(Standing::Waiting(what)) => return Ok(report("waiting", what)),
        // What a step stands on is not there yet, since nothing is really done.
        Err(_) if run.is_dry && run.is_changed => "to do after the steps before it".to_owned(),
        Err(error) => return Err(error),
    };
    run.is_changed = true;
    if run.is_dry {
        return Ok(report("to do", todo));
    }
    step.apply(run)?;
    match step.look(run)? {
        Standing::Done(what) => Ok(report("done", what)),
        Standing::LeftOut(what) => Ok(report("left out", what)),
        Standing::Waiting(what) => Ok(report("waiting", what)),
        Standing::ToDo(what) => Err(CommandError::said(
            Exit::Failed,
            format!(
                "the step {} was done and still has something to do: {what}",
                step.as_str()
            ),
        )),
    }
}
