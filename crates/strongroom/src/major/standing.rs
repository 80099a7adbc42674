//! Which PostgreSQL the appliance runs on, against what this release supports and what is installed.

use crate::finding::Finding;
use ::host::{
    postgresql::{self, MAJORS},
    updates::{Folder, MajorOutcome, MajorUpgrade},
};
use config::Config;

pub(crate) const CHECK: &str = "postgresql";
const COMMAND: &str = "`strongroom database upgrade --plan` says what it takes";

/// What is to be known of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The major that runs; none where it is no cluster of Debian's here.
    running: Option<u32>,
    installed: Vec<u32>,
    under_way: Option<MajorUpgrade>,
    last: Option<MajorUpgrade>,
}

/// The check of the doctor.
pub(crate) fn check(config: Option<&Config>) -> Finding {
    match look(config) {
        Ok(standing) => judge(&standing),
        Err(why) => Finding::could_not_look(CHECK, why, "run this as root on the host"),
    }
}

fn look(config: Option<&Config>) -> Result<Standing, String> {
    let config = config.ok_or("the settings cannot be read")?;
    let found = postgresql::at_socket(&config.database.host, config.database.port);
    let folder = Folder::of_machine();
    Ok(Standing {
        running: found
            .map_err(|error| error.to_string())?
            .map(|cluster| cluster.version),
        installed: postgresql::installed_versions(),
        under_way: folder.major_under_way().map_err(|error| error.to_string())?,
        last: folder.major_last().map_err(|error| error.to_string())?,
    })
}

fn judge(standing: &Standing) -> Finding {
    if let Some(cut) = &standing.under_way {
        let what = format!(
            "an upgrade from PostgreSQL {} to {} is running, or was cut off",
            cut.from, cut.to
        );
        return Finding::fault(CHECK, what, "run `strongroom database upgrade --resume`");
    }
    let Some(running) = standing.running else {
        let what = "the appliance's database is no cluster of Debian's here";
        return Finding::could_not_look(CHECK, what, "look where it runs");
    };
    let (oldest, newest) = (*MAJORS.start(), *MAJORS.end());
    if running < oldest {
        let what = format!("PostgreSQL {running} runs, and this release needs {oldest} or newer");
        return Finding::fault(CHECK, what, COMMAND);
    }
    let kept = standing
        .last
        .as_ref()
        .filter(|last| last.outcome == Some(MajorOutcome::Kept));
    if let Some(kept) = kept {
        let what = format!(
            "PostgreSQL {running} runs; the cluster {}/{} of before is kept and takes space",
            kept.from, kept.cluster
        );
        let advice = "`strongroom database upgrade --confirm` destroys it, when all is well";
        return Finding::warning(CHECK, what, advice);
    }
    let installed = standing
        .installed
        .iter()
        .filter(|major| MAJORS.contains(major))
        .max();
    match installed {
        Some(installed) if *installed > running => {
            let what = format!("PostgreSQL {running} runs, and {installed} is installed and supported");
            Finding::warning(CHECK, what, COMMAND)
        }
        _ if running < newest => Finding::ok(
            CHECK,
            format!("PostgreSQL {running}; this release runs on up to {newest}, which is not installed"),
        ),
        _ => Finding::ok(CHECK, format!("PostgreSQL {running}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use ::host::updates::MajorPhase;
    use jiff::Timestamp;

    fn standing(running: u32, installed: &[u32]) -> Standing {
        Standing {
            running: Some(running),
            installed: installed.to_vec(),
            under_way: None,
            last: None,
        }
    }

    fn upgrade(outcome: Option<MajorOutcome>) -> MajorUpgrade {
        MajorUpgrade {
            cluster: "strongroom".to_owned(),
            port: 5432,
            from: 15,
            to: 17,
            data_folder: "/x".into(),
            phase: MajorPhase::Copy,
            frozen_until: None,
            began_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            outcome,
            why: None,
        }
    }

    #[test]
    fn a_major_that_is_behind_what_is_installed_is_told_and_one_that_is_too_old_a_fault() {
        assert_eq!(judge(&standing(17, &[17, 15])).level, Level::Ok);
        assert_eq!(judge(&standing(15, &[17, 15])).level, Level::Warning);
        let alone = judge(&standing(15, &[15]));
        assert!(
            alone.level == Level::Ok && alone.what.contains("up to 17"),
            "{}",
            alone.what
        );
        assert_eq!(
            judge(&standing(15, &[99, 15])).level,
            Level::Ok,
            "99 is not supported"
        );
        assert_eq!(judge(&standing(14, &[14])).level, Level::Fault);
        let elsewhere = Standing {
            running: None,
            ..standing(15, &[])
        };
        assert_eq!(judge(&elsewhere).level, Level::CouldNotLook);
    }

    #[test]
    fn an_upgrade_that_was_cut_off_is_a_fault_and_a_kept_cluster_a_warning() {
        let cut = Standing {
            under_way: Some(upgrade(None)),
            ..standing(17, &[17])
        };
        assert_eq!(judge(&cut).level, Level::Fault);
        let with = |outcome| Standing {
            last: Some(upgrade(Some(outcome))),
            ..standing(17, &[17])
        };
        assert_eq!(judge(&with(MajorOutcome::Kept)).level, Level::Warning);
        assert_eq!(judge(&with(MajorOutcome::Confirmed)).level, Level::Ok);
    }
}
