//! The turn itself: forward, back, and after a power cut.

use super::{Run, find, preflight, preflight::Site, told};
use crate::{
    failure::{CommandError, Exit},
    output,
    standstill::{self, Reason},
};
use ::host::{
    postgresql::{
        self, Verb,
        major::{self, StartsAtBoot},
    },
    unit,
    updates::{MajorOutcome, MajorPhase, MajorUpgrade},
};
use jiff::Timestamp;

const REASON: Reason = Reason::Database;

/// The whole way; an upgrade that failed is undone, and its error says so.
pub(super) fn carry_out(run: &Run, site: &Site) -> Result<MajorUpgrade, CommandError> {
    let cluster = &site.cluster;
    let mut upgrade = MajorUpgrade {
        cluster: cluster.name.clone(),
        port: cluster.port,
        from: cluster.version,
        to: site.to,
        data_folder: site.data_folder.clone(),
        phase: MajorPhase::Hold,
        frozen_until: None,
        began_at: Timestamp::now(),
        ended_at: None,
        outcome: None,
        why: None,
    };
    run.folder.note_major(&upgrade)?;
    match copy(run, site, &mut upgrade).and_then(|()| judge(run, &mut upgrade)) {
        Ok(()) => open(run, upgrade),
        Err(error) => Err(undo(run, upgrade, &told(&error))),
    }
}

/// Ends or undoes what was cut off.
pub(super) fn recover(run: &Run, mut cut: MajorUpgrade) -> Result<MajorUpgrade, CommandError> {
    output::talk(&format!(
        "the upgrade from PostgreSQL {} to {} was cut off; looking where it stands",
        cut.from, cut.to
    ));
    match cut.phase {
        MajorPhase::Open => open(run, cut),
        MajorPhase::Judge => match judge(run, &mut cut) {
            Ok(()) => open(run, cut),
            Err(error) if is_frozen(&cut, Timestamp::now()) => Err(undo(run, cut, &told(&error))),
            Err(error) => Err(no_way_back(&error)),
        },
        MajorPhase::Hold | MajorPhase::Copy | MajorPhase::Return => {
            let outcome = match cut.phase {
                MajorPhase::Return => MajorOutcome::Returned,
                _ => MajorOutcome::Undone,
            };
            put_back(run, &cut)?;
            run.end(cut, outcome, Some("it was cut off".to_owned()))
        }
    }
}

/// Nobody changes anything from here on, and a new cluster is made out of the old one.
fn copy(run: &Run, site: &Site, upgrade: &mut MajorUpgrade) -> Result<(), CommandError> {
    step("let nobody change anything, and stop both daemons", || {
        upgrade.frozen_until = Some(standstill::hold(&run.config, REASON)?);
        standstill::stop_daemons()
    })?;
    upgrade.phase = MajorPhase::Copy;
    run.folder.note_major(upgrade)?;
    // It is copied along with the settings: no boot starts either of them before they are whole.
    major::set_start(&site.cluster, StartsAtBoot::No)?;
    step("copy the cluster", || {
        Ok(major::upgrade(
            &site.cluster,
            site.to,
            site.named_folder.as_deref(),
        )?)
    })
}

/// The new cluster in the old one's place; with nobody let in.
fn judge(run: &Run, upgrade: &mut MajorUpgrade) -> Result<(), CommandError> {
    upgrade.phase = MajorPhase::Judge;
    run.folder.note_major(upgrade)?;
    let cluster = preflight::named(upgrade.to, &upgrade.cluster)?;
    step(&format!("start PostgreSQL {}", upgrade.to), || {
        // It says anew what the old one's settings said, and that it starts with the machine.
        postgresql::configure(&cluster)?;
        unit::reload()?;
        if !cluster.is_running {
            postgresql::control(&cluster, Verb::Start)?;
        }
        Ok(major::analyze(&cluster)?)
    })?;
    if let Some(until) = upgrade.frozen_until {
        standstill::check_time_left(until)?;
    }
    step("look whether the appliance is well on it", || {
        standstill::look(&run.config, &cluster)
    })
}

/// People are let in: from here on it only goes forward.
fn open(run: &Run, mut upgrade: MajorUpgrade) -> Result<MajorUpgrade, CommandError> {
    upgrade.phase = MajorPhase::Open;
    run.folder.note_major(&upgrade)?;
    standstill::start_and_look(
        &run.config,
        &preflight::named(upgrade.to, &upgrade.cluster)?,
        REASON,
    )?;
    run.end(upgrade, MajorOutcome::Kept, None)
}

/// Puts the old cluster back; the error says what became of it.
fn undo(run: &Run, upgrade: MajorUpgrade, why: &str) -> CommandError {
    let (from, to) = (upgrade.from, upgrade.to);
    output::talk(&format!("going back to PostgreSQL {from}: {why}"));
    let undone =
        put_back(run, &upgrade).and_then(|()| run.end(upgrade, MajorOutcome::Undone, Some(why.to_owned())));
    let text = match undone {
        Ok(_) => format!(
            "PostgreSQL {to} was not taken: {why}; everything is as it was before, on PostgreSQL {from}"
        ),
        Err(error) => format!(
            "PostgreSQL {to} was not taken: {why}; and going back failed: {}; run `strongroom database upgrade --resume`",
            told(&error)
        ),
    };
    CommandError::said(Exit::Failed, text)
}

/// The old cluster serves again, as it was; the new one is destroyed, half made or whole.
pub(super) fn put_back(run: &Run, upgrade: &MajorUpgrade) -> Result<(), CommandError> {
    let name = &upgrade.cluster;
    step("stop, and remove the new cluster", || {
        standstill::stop_daemons()?;
        Ok(major::drop(upgrade.to, name, &upgrade.data_folder)?)
    })?;
    let old = preflight::named(upgrade.from, name)?;
    step(&format!("start PostgreSQL {} and look", upgrade.from), || {
        if old.port != upgrade.port {
            if old.is_running {
                postgresql::control(&old, Verb::Stop)?;
            }
            major::set_port(&old, upgrade.port)?;
        }
        major::set_start(&old, StartsAtBoot::Yes)?;
        unit::reload()?;
        let old = find(upgrade.from, name)?.unwrap_or(old);
        standstill::start_and_look(&run.config, &old, REASON)
    })
}

/// Whether nobody can have changed anything, so that going back loses nothing.
fn is_frozen(upgrade: &MajorUpgrade, now: Timestamp) -> bool {
    upgrade.frozen_until.is_some_and(|until| now < until)
}

fn no_way_back(error: &CommandError) -> CommandError {
    let text = format!(
        "{}; records may have been changed since, so nothing goes back by itself; mend what is not well (`strongroom doctor`) and run \
         `strongroom database upgrade --resume`, or lose them with --return --discard-changes",
        told(error)
    );
    CommandError::said(Exit::Failed, text)
}

fn step<T>(what: &str, work: impl FnOnce() -> Result<T, CommandError>) -> Result<T, CommandError> {
    output::talk(&format!("  {what}"));
    work()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn going_back_by_itself_is_only_while_nobody_can_have_changed_anything() {
        let now = Timestamp::now();
        let mut upgrade = MajorUpgrade {
            cluster: "strongroom".to_owned(),
            port: 5432,
            from: 15,
            to: 17,
            data_folder: "/var/lib/postgresql/17/strongroom".into(),
            phase: MajorPhase::Judge,
            frozen_until: None,
            began_at: now,
            ended_at: None,
            outcome: None,
            why: None,
        };
        assert!(!is_frozen(&upgrade, now));
        upgrade.frozen_until = Some(now + SignedDuration::from_hours(1));
        assert!(is_frozen(&upgrade, now));
        assert!(!is_frozen(&upgrade, now + SignedDuration::from_hours(2)));
    }
}
