//! `strongroom database upgrade`: the appliance's cluster on a newer major version of PostgreSQL, and the way back.
//!
//! Invariants: the old cluster is copied and never written to, and kept until somebody confirms; from before the copy until
//! the new one was seen well nobody can change a record, so that going forward and going back lose nothing; each step is
//! on the disk before it is taken, and no boot starts either cluster while they are half done, so that whoever comes after
//! a power cut ends or undoes it. Start at [`upgrade`].

mod preflight;
pub(crate) mod standing;
mod turn;

use crate::{
    failure::{CommandError, Exit, told},
    finding::{Finding, Level},
    host::block_on,
    output,
    update::health,
};
use ::host::{
    account,
    postgresql::{self, major},
    updates::{Folder, MajorOutcome, MajorPhase, MajorUpgrade},
};
use config::Config;
use jiff::Timestamp;
use nix::fcntl::Flock;
use platform::{Caller, Platform};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The major; the newest that is installed and supported if none.
    pub(crate) to: Option<u32>,
    /// Where the new data is to lie; Debian's place if none.
    pub(crate) data_folder: Option<PathBuf>,
    /// Only say what would be done.
    pub(crate) is_dry: bool,
}

/// What was found and done.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    /// The upgrade that ended in this run, or the one that stands.
    pub(crate) upgrade: Option<MajorUpgrade>,
}

/// What a run holds while it lasts.
struct Run {
    config: Config,
    folder: Folder,
    _lock: Flock<File>,
}

/// Brings the cluster to another major, after ending what was cut off.
pub(crate) fn upgrade(settings: &Path, wish: &Wish) -> Result<Outcome, CommandError> {
    let run = Run::begin(settings)?;
    if let Some(cut) = run.folder.major_under_way()? {
        return Ok(Outcome {
            findings: Vec::new(),
            upgrade: Some(turn::recover(&run, cut)?),
        });
    }
    output::talk("Looking at this machine");
    let (site, findings) = preflight::look(&run, wish)?;
    for finding in &findings {
        output::talk(&finding.lines());
    }
    let faults = findings
        .iter()
        .filter(|found| found.level == Level::Fault)
        .count();
    let Some(site) = site.filter(|_| faults == 0) else {
        let text = format!("nothing was changed: {faults} of the checks above refuse");
        return Err(CommandError::said(Exit::Failed, text));
    };
    if wish.is_dry {
        output::talk("\nWhat would be done");
        site.told().iter().for_each(|line| output::talk(line));
        return Ok(Outcome {
            findings,
            upgrade: None,
        });
    }
    output::talk("\nUpgrading");
    let upgrade = Some(turn::carry_out(&run, &site)?);
    Ok(Outcome { findings, upgrade })
}

/// Ends or undoes what was cut off; nothing where nothing was.
pub(crate) fn resume(settings: &Path) -> Result<Option<MajorUpgrade>, CommandError> {
    let run = Run::begin(settings)?;
    let cut = run.folder.major_under_way()?;
    cut.map(|cut| turn::recover(&run, cut)).transpose()
}

/// Destroys the old cluster, when the appliance is well on the new one.
pub(crate) fn confirm(settings: &Path) -> Result<MajorUpgrade, CommandError> {
    let run = Run::begin(settings)?;
    let kept = run.kept()?;
    health::look(&run.config).map_err(|why| {
        let text =
            format!("the appliance is not well, so nothing is destroyed: {why}; see `strongroom doctor`");
        CommandError::said(Exit::Failed, text)
    })?;
    let old = preflight::named(kept.from, &kept.cluster)?;
    major::drop(old.version, &old.name, &old.data_folder)?;
    run.end(kept, MajorOutcome::Confirmed, None)
}

/// Goes back to the old cluster, with the data that it had; what was written since is lost.
pub(crate) fn go_back(settings: &Path) -> Result<MajorUpgrade, CommandError> {
    let run = Run::begin(settings)?;
    let mut kept = match run.folder.major_under_way()? {
        Some(cut) => cut,
        None => run.kept()?,
    };
    kept.phase = MajorPhase::Return;
    run.folder.note_major(&kept)?;
    turn::put_back(&run, &kept)?;
    run.end(kept, MajorOutcome::Returned, None)
}

impl Run {
    fn begin(settings: &Path) -> Result<Self, CommandError> {
        if !account::is_root() {
            let text = "only root reaches PostgreSQL's clusters; run this as root";
            return Err(CommandError::said(Exit::NotAllowed, text));
        }
        let config = Config::load(Some(settings))?;
        let folder = Folder::of_machine();
        folder.prepare()?;
        let lock = folder.lock()?;
        if folder.current()?.is_some() {
            let text = "an update was cut off; run `strongroom update run --resume` first";
            return Err(CommandError::said(Exit::Conflict, text));
        }
        Ok(Self {
            config,
            folder,
            _lock: lock,
        })
    }

    /// The upgrade whose old cluster is kept.
    fn kept(&self) -> Result<MajorUpgrade, CommandError> {
        let last = self.folder.major_last()?;
        let kept = last.filter(|last| last.outcome == Some(MajorOutcome::Kept));
        kept.ok_or_else(|| {
            let text = "no old cluster is kept from an upgrade of PostgreSQL here; see `pg_lsclusters`";
            CommandError::said(Exit::NotFound, text)
        })
    }

    /// Keeps how it ended, here and in the appliance's log.
    fn end(
        &self,
        mut upgrade: MajorUpgrade,
        outcome: MajorOutcome,
        why: Option<String>,
    ) -> Result<MajorUpgrade, CommandError> {
        upgrade.outcome = Some(outcome);
        upgrade.ended_at = Some(Timestamp::now());
        upgrade.why = why;
        self.folder.finish_major(&upgrade)?;
        let noted = block_on(async {
            let platform = Platform::open(&self.config).await?;
            Ok(platform::update::note_major(&platform, &Caller::host(), &upgrade).await?)
        });
        if let Err(error) = noted {
            output::talk(&format!(
                "the appliance's log has no entry of it: {}",
                told(&error)
            ));
        }
        Ok(upgrade)
    }
}

/// The clusters of this machine, as of now.
fn find(version: u32, name: &str) -> Result<Option<postgresql::Cluster>, CommandError> {
    let clusters = postgresql::clusters()?.into_iter();
    Ok(clusters
        .into_iter()
        .find(|one| one.version == version && one.name == name))
}
