//! `strongroom storage`: what lies on the disks encrypted, and bringing the appliance's data onto a LUKS2 volume.
//!
//! Invariants: nothing is ever written to a device that is not blank; the plain data stays whole and untouched until the
//! appliance was seen well on the volume; one atomic write of `/etc/fstab` is the moment from which the volume counts,
//! so that a power cut before it finds the plain data and one after it a whole, compared copy; nobody changes anything
//! in between (maintenance), so that both ways lose nothing. Start at [`encrypt`].

mod back;
mod boot;
mod key;
mod moved;
pub(crate) mod places;
pub(crate) mod plan;
mod preflight;
mod volume;

pub(crate) use key::KeyKind;
pub(crate) use plan::{Plan, Target};
pub(crate) use volume::NAME;

use crate::{
    failure::{CommandError, Exit, told},
    finding::{Finding, Level},
    output,
    standstill::{self, Reason},
};
use ::host::{account, updates::Folder};
use config::Config;
use jiff::Timestamp;
use key::Keys;
use nix::fcntl::Flock;
use preflight::Site;
use std::{
    fs::File,
    path::{Path, PathBuf},
};
use vault::SecretText;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) target: Target,
    pub(crate) key: KeyKind,
    /// Keep the plain data beside its old place.
    pub(crate) keeps_plain: bool,
    /// Only say what would be done.
    pub(crate) is_dry: bool,
}

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) is_changed: bool,
    /// What the kernel says of the promise afterwards.
    pub(crate) promise: Option<(String, Vec<String>)>,
}

/// What a caller brings along: passphrases are read, and the recovery key shown, by whoever speaks with people.
pub(crate) struct Talk<'a> {
    pub(crate) passphrase: &'a dyn Fn() -> Result<SecretText, CommandError>,
    pub(crate) recovery_key: &'a dyn Fn(&str) -> Result<(), CommandError>,
}

/// Brings the data onto an encrypted volume, or ends what was begun.
pub(crate) fn encrypt(settings: &Path, wish: &Wish, talk: &Talk<'_>) -> Result<Outcome, CommandError> {
    if !account::is_root() {
        let text = "only root reaches disks; run this as root";
        return Err(CommandError::said(Exit::NotAllowed, text));
    }
    let config = Config::load(Some(settings))?;
    let _lock = keep_updates_out()?;
    match plan::read(&config)? {
        Some(plan) if boot::is_switched()? => finish(&config, plan, wish.is_dry),
        begun => begin(&config, wish, talk, begun),
    }
}

/// An update replaces what is moved here.
fn keep_updates_out() -> Result<Flock<File>, CommandError> {
    let folder = Folder::of_machine();
    folder.prepare()?;
    let lock = folder.lock()?;
    if folder.current()?.is_some() {
        let text = "an update was cut off; run `strongroom update run --resume` first";
        return Err(CommandError::said(Exit::Conflict, text));
    }
    Ok(lock)
}

fn begin(
    config: &Config,
    wish: &Wish,
    talk: &Talk<'_>,
    begun: Option<Plan>,
) -> Result<Outcome, CommandError> {
    output::talk("Looking at this machine");
    let (site, findings) = preflight::look(config, wish, begun.as_ref())?;
    for finding in &findings {
        output::talk(&finding.lines());
    }
    let faults = findings
        .iter()
        .filter(|finding| finding.level == Level::Fault)
        .count();
    let Some(site) = site.filter(|_| faults == 0) else {
        let text = format!("nothing was changed: {faults} of the checks above refuse");
        return Err(CommandError::said(Exit::Failed, text));
    };
    let mut outcome = Outcome {
        findings,
        is_changed: false,
        promise: None,
    };
    if wish.is_dry {
        output::talk("\nWhat would be done");
        site.plan.told().iter().for_each(|line| output::talk(line));
        return Ok(outcome);
    }
    let plan = make(config, &site, begun, talk)?;
    switch(config, plan)?;
    outcome.is_changed = true;
    outcome.promise = places::promise(config);
    Ok(outcome)
}

/// Makes the volume and a compared copy on it; whatever fails on the way is put back.
fn make(config: &Config, site: &Site, begun: Option<Plan>, talk: &Talk<'_>) -> Result<Plan, CommandError> {
    output::talk("\nEncrypting");
    if let Some(begun) = begun {
        step("clear up what a former run began", || discard(config, &begun))?;
    }
    let keys = Keys::make(site.plan.key, talk)?;
    plan::write(config, &site.plan)?;
    match build(config, site, &keys, talk) {
        Ok(until) => Ok(Plan {
            frozen_until: Some(until),
            ..site.plan.clone()
        }),
        Err(error) => {
            output::talk("putting everything back: nothing was switched yet");
            let undone = discard(config, &site.plan)
                .and_then(|()| standstill::start_and_look(config, &site.cluster, Reason::Storage));
            Err(explained(&error, undone))
        }
    }
}

/// The appliance stands still from the copying on; gives the moment until which nobody can change anything.
fn build(config: &Config, site: &Site, keys: &Keys, talk: &Talk<'_>) -> Result<Timestamp, CommandError> {
    let plan = &site.plan;
    step("make the volume", || volume::make(plan, keys))?;
    (talk.recovery_key)(&keys.recovery)?;
    step("prepare what unlocks it at boot", || {
        boot::prepare(config, plan, keys)
    })?;
    let until = standstill::hold(config, Reason::Storage)?;
    standstill::stop(&site.cluster)?;
    step("copy and compare", || moved::copy(plan))?;
    standstill::check_time_left(until)?;
    Ok(until)
}

/// Everything of a volume on which nothing counts.
fn discard(config: &Config, plan: &Plan) -> Result<(), CommandError> {
    volume::discard(plan)?;
    boot::forget(config)
}

/// From here on it goes forward or back, and does not stop.
fn switch(config: &Config, mut plan: Plan) -> Result<(), CommandError> {
    let switched = plan::write(config, &plan)
        .and_then(|()| step("switch to the volume", || boot::switch(&plan)))
        .and_then(|()| settle(config, &mut plan));
    switched.map_err(|error| match plan.is_well {
        true => error,
        false => {
            output::talk(&format!("going back to the plain data: {}", told(&error)));
            explained(&error, back::go_back(config, &plan))
        }
    })
}

/// Goes on after a power cut, or says that all is done.
fn finish(config: &Config, mut plan: Plan, is_dry: bool) -> Result<Outcome, CommandError> {
    let mut outcome = Outcome {
        findings: vec![Finding::ok(
            "storage",
            format!("the data lies on {}", plan.target.shown()),
        )],
        is_changed: false,
        promise: None,
    };
    let is_done = plan.is_well && moved::is_removed(&plan)?;
    if is_dry || is_done {
        outcome.promise = is_done.then(|| places::promise(config)).flatten();
        return Ok(outcome);
    }
    output::talk("Going on where it was cut off");
    outcome.is_changed = true;
    if let Err(error) = settle(config, &mut plan) {
        return Err(match back::is_safe(&plan) {
            true => explained(&error, back::go_back(config, &plan)),
            false => explained(&error, Err(back::refused(&plan))),
        });
    }
    outcome.promise = places::promise(config);
    Ok(outcome)
}

/// The volume counts: start, look, and only then remove what is plain.
fn settle(config: &Config, plan: &mut Plan) -> Result<(), CommandError> {
    if !plan.is_well {
        step("mount", || boot::mount_all(plan))?;
        step("start and look whether it is well", || {
            standstill::start_and_look(
                config,
                &standstill::cluster_named(&plan.cluster)?,
                Reason::Storage,
            )
        })?;
        plan.is_well = true;
        plan::write(config, plan)?;
    }
    let what = match plan.keeps_plain {
        true => "set the plain data aside",
        false => "remove the plain data",
    };
    step(what, || moved::clear_plain(plan))
}

fn step<T>(what: &str, work: impl FnOnce() -> Result<T, CommandError>) -> Result<T, CommandError> {
    output::talk(&format!("  {what}"));
    work()
}

/// A failure, and what became of putting things back.
fn explained(error: &CommandError, undone: Result<(), CommandError>) -> CommandError {
    let text = match undone {
        Ok(()) => format!(
            "{}; everything is as it was before, and the plain data is in use",
            told(error)
        ),
        Err(second) => format!("{}; and putting back failed: {}", told(error), told(&second)),
    };
    CommandError::said(Exit::Failed, text)
}

/// A path that root's settings and services live by.
fn settings_folder(config: &Config) -> PathBuf {
    config
        .path
        .parent()
        .unwrap_or(Path::new("/etc/strongroom"))
        .to_owned()
}
