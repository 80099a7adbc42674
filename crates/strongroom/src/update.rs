//! `strongroom update`: the platform's own packages, brought to the repository's or a bundle's version and back again by
//! itself.
//!
//! Invariants: nothing is installed that was not rehearsed on a copy of the data; the files of the version that runs are
//! at hand before another is installed; the database is migrated while the old version runs on it, so that going
//! back needs no other database (migrations only expand); each step is on the disk before it is taken, so that
//! whoever comes after a power cut knows what to end or undo. Start at [`run`].

pub(crate) mod bundle;
mod deny;
mod fetch;
pub(crate) mod health;
mod recover;
mod rehearse;
pub(crate) mod renew;
pub(crate) mod report;
mod repository;
pub(crate) mod words;

use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output,
};
use ::host::{
    account,
    apt::{self, SOURCE, act, package},
    updates::{Folder, Outcome, Phase, Update},
};
use bundle::Bundle;
use config::Config;
use jiff::Timestamp;
use platform::{Caller, Platform, promise};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Nobody tries again what was cut off once the machine is up, and what starts with the machine may hold the lock for a while.
const RESUME_PATIENCE: Duration = Duration::from_secs(3600);

/// How much is done.
#[derive(Debug)]
pub(crate) enum Extent {
    /// What was cut off, and then an update out of the repository if there is one.
    Whole,
    /// What was cut off, and then an update out of a bundle that was taken.
    Bundle(Bundle),
    /// Only what was cut off.
    Resume,
}

/// An update that can be had.
struct Offer {
    from: String,
    to: String,
    bundle: Option<u64>,
}

/// One update on its way.
struct Run<'a> {
    folder: &'a Folder,
    config: &'a Config,
    settings: &'a Path,
    update: Update,
}

/// Ends what was cut off, then updates if there is something newer; gives the updates that ended in this run. Files that
/// are named for the way back are kept as those of the version that runs.
///
/// # Errors
/// Nothing could be begun, or the record cannot be written. An update that failed is no error here: its outcome says so.
pub(crate) fn run(
    settings: &Path,
    extent: &Extent,
    way_back: &[PathBuf],
) -> Result<Vec<Update>, CommandError> {
    if !account::is_root() {
        return Err(CommandError::said(
            Exit::NotAllowed,
            "only root updates; run this as root",
        ));
    }
    let config = Config::load(Some(settings))?;
    let folder = Folder::of_machine();
    folder.prepare()?;
    let _lock = match extent {
        Extent::Resume => folder.lock_within(RESUME_PATIENCE)?,
        Extent::Whole | Extent::Bundle(_) => folder.lock()?,
    };
    let mut ended = Vec::new();
    if let Some(update) = folder.current()? {
        let run = Run {
            folder: &folder,
            config: &config,
            settings,
            update,
        };
        ended.push(run.recover()?);
    }
    if !matches!(extent, Extent::Bundle(_)) {
        bundle::end_others(&folder, &config)?;
    }
    fetch::keep_named(&folder, way_back)?;
    let offer = match extent {
        Extent::Resume => return Ok(ended),
        Extent::Whole => newer(&folder)?,
        Extent::Bundle(bundle) => bundle::newer(&folder, &config, bundle)?,
    };
    if let Some(offer) = offer {
        let run = Run {
            folder: &folder,
            config: &config,
            settings,
            update: Update::new(&offer.from, &offer.to, Timestamp::now()).out_of(offer.bundle),
        };
        ended.push(run.take()?);
    }
    look_at_promises(&config);
    Ok(ended)
}

/// The installed version and the repository's, where that is another one.
fn newer(folder: &Folder) -> Result<Option<Offer>, CommandError> {
    if !Path::new(SOURCE).exists() {
        output::talk(&format!(
            "no repository is named in {SOURCE}: this machine is updated with bundles; `strongroom setup` names one"
        ));
        return Ok(None);
    }
    repository::refresh(folder, Timestamp::now())?;
    let from = installed()?;
    match act::candidate(Path::new(SOURCE), "strongroom")? {
        Some(to) if package::compare(&to, &from)?.is_gt() => Ok(Some(Offer {
            from,
            to,
            bundle: None,
        })),
        _ => {
            output::talk(&format!(
                "{from} is the newest version that the repository offers"
            ));
            Ok(None)
        }
    }
}

/// The version of the package that is installed.
fn installed() -> Result<String, CommandError> {
    let own = own_packages()?;
    let version = own.into_iter().find(|(name, _)| name == "strongroom");
    version.map(|(_, version)| version).ok_or_else(|| {
        let text = "the package strongroom is not installed here, so there is nothing to update";
        CommandError::said(Exit::Failed, text)
    })
}

/// Our packages that are installed, with their versions.
fn own_packages() -> Result<Vec<(String, String)>, CommandError> {
    Ok(package::packages(Path::new("/"))?.own)
}

/// The names of our packages that are installed.
fn own_names() -> Result<Vec<&'static str>, CommandError> {
    let installed = own_packages()?;
    let is_installed = |name: &&str| installed.iter().any(|(other, _)| other == name);
    Ok(apt::OWN.into_iter().filter(is_installed).collect())
}

impl Run<'_> {
    /// The file that names where the new version's packages come from (sources.list(5)).
    fn sources(&self) -> PathBuf {
        match self.update.bundle {
            Some(_) => bundle::sources(self.folder),
            None => PathBuf::from(SOURCE),
        }
    }

    /// The whole way.
    fn take(mut self) -> Result<Update, CommandError> {
        output::talk(&format!(
            "updating from {} to {}",
            self.update.from, self.update.to
        ));
        fetch::keep_program(self.folder)?;
        self.folder.note(&self.update)?;
        if let Err(error) = self.prepare() {
            self.clear_up();
            return self.end(Outcome::Refused, Some(&told(&error)));
        }
        match self.replace() {
            Ok(()) => self.succeed(),
            // The packages were not touched, for example because the repository went away.
            Err(error) if recover::is_untouched(&self.update)? => {
                self.clear_up();
                self.end(Outcome::Refused, Some(&told(&error)))
            }
            Err(error) => self.go_back(&told(&error), recover::Blame::Version),
        }
    }

    /// Everything that can fail without harm.
    fn prepare(&mut self) -> Result<(), CommandError> {
        self.step(Phase::Fetch, |run| {
            health::look(run.config).map_err(|why| {
                let text =
                    format!("the platform is not well before the update: {why}; see `strongroom doctor`");
                CommandError::said(Exit::Failed, text)
            })?;
            fetch::fetch(run)
        })?;
        self.step(Phase::BackUp, |run| rehearse::back_up(run))?;
        self.step(Phase::Rehearse, |run| rehearse::rehearse(run))?;
        self.step(Phase::Migrate, |run| rehearse::migrate(run))
    }

    /// From here on it goes forward or back, and does not stop.
    fn replace(&mut self) -> Result<(), CommandError> {
        self.step(Phase::Install, |run| {
            let wanted = own_names()?
                .into_iter()
                .map(|name| format!("{name}={}", run.update.to));
            let wanted: Vec<String> = wanted.collect();
            // A bundle's machine may reach no other source; a repository has only our own packages.
            let alone = run.update.bundle.is_some().then(|| run.sources());
            act::install(alone.as_deref(), &wanted)?;
            Ok(String::new())
        })?;
        self.step(Phase::Health, |run| health::wait(run.config))
    }

    /// Ended first: whoever is cut off in between has the way back of this update at hand as long as it can go back.
    fn succeed(self) -> Result<Update, CommandError> {
        let folder = self.folder;
        // As in `clear_up`, but for the packages.
        rehearse::clear_up(&self).ok();
        let ended = self.end(Outcome::Installed, None)?;
        if let Err(error) = fetch::keep_candidate(folder) {
            output::talk(&format!(
                "the packages of this version are not kept; the next update fetches them: {}",
                told(&error)
            ));
        }
        Ok(ended)
    }

    /// Notes that a step begins, takes it, and notes how it went.
    fn step(
        &mut self,
        phase: Phase,
        work: impl FnOnce(&Self) -> Result<String, CommandError>,
    ) -> Result<(), CommandError> {
        output::talk(&format!("  {}", words::phase(phase)));
        self.update.begin(phase, Timestamp::now());
        self.folder.note(&self.update)?;
        let done = work(self);
        let said = match &done {
            Ok(said) => said.clone(),
            Err(error) => told(error),
        };
        self.update.end_step(Timestamp::now(), &said);
        self.folder.note(&self.update)?;
        done.map(drop)
    }

    /// Puts it into the history and into the appliance's log.
    fn end(mut self, outcome: Outcome, why: Option<&str>) -> Result<Update, CommandError> {
        self.update.end(outcome, why, Timestamp::now());
        self.folder.finish(&self.update)?;
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        output::talk(&format!("{}{why}", words::outcome(Some(outcome))));
        let noted = block_on(async {
            let platform = Platform::open(self.config).await?;
            Ok(platform::update::note(&platform, &Caller::host(), &self.update).await?)
        });
        if let Err(error) = noted {
            output::talk(&format!(
                "the appliance's log has no entry of it: {}",
                told(&error)
            ));
        }
        Ok(self.update)
    }

    /// What a rehearsal leaves. That it cannot be removed now is no failure: the next run does it first.
    fn clear_up(&self) {
        rehearse::clear_up(self).ok();
        fetch::clear_up(self.folder).ok();
    }
}

/// The daemons' sandbox hides what these two look at; this process is outside.
fn look_at_promises(config: &Config) {
    let looked = block_on(async {
        let platform = Platform::open(config).await?;
        for id in promise::OF_UPDATES {
            promise::check_one(&platform, id).await?;
        }
        Ok(())
    });
    if let Err(error) = looked {
        output::talk(&format!(
            "the promises of updates were not looked at: {}",
            told(&error)
        ));
    }
}
