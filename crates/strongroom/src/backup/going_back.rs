//! `strongroom restore platform`: the whole platform as it was at a moment, and the way back.
//!
//! Invariants: nothing that is there is overwritten: the database's folder is put aside and kept for a while, and comes back by
//! itself when anything fails; each phase is on the disk before it begins, and no boot starts a database that is half done; before
//! anybody is let in, what was deleted or erased since is deleted and erased again, and everything that lets somebody in
//! without a password is void. Settings, keys and the audit log's own files are not taken back. Start at [`plan`].

mod undo;

pub(super) use undo::forget_overdue;
pub(crate) use undo::{forget, plan_undo, undo};

use super::{Site, run, superuser_at};
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output, standstill,
    update::health,
};
use ::host::{
    backup::{
        engine::{self, Kind, Target, Use},
        info::Backup,
        record::{GoingBack, GoingPhase},
        superuser, wal,
    },
    disk,
    postgresql::{
        self, Cluster, Verb,
        major::{self, StartsAtBoot},
    },
    tree, unit,
    write::{self, Access},
};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Platform, PlatformError, backup,
    database::{self, AdminAccess},
    ledger::{self, Plan},
    maintenance,
    revival::{self, CarriedOver, Outlook, Repeated},
};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};
use types::ProblemCode;

/// What was there before is kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Left free beside the restored database.
const SPARE_BYTES: u64 = 512 << 20;

/// A restore that was looked at.
pub(crate) struct Planned {
    site: Site,
    cluster: Cluster,
    moment: Timestamp,
    /// What is lost, and what is done again.
    pub(crate) outlook: Outlook,
    /// The name that is typed to confirm it.
    pub(crate) name: String,
}

/// A restore that was confirmed by the appliance's name.
pub(crate) struct Confirmed(Planned);

/// What was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) repeated: Repeated,
    /// Sessions, tokens and links that were ended.
    pub(crate) ended: usize,
    /// Where what was there before is kept, and until when.
    pub(crate) kept: Option<(PathBuf, Timestamp)>,
    /// Why no backup of what is there now was taken.
    pub(crate) without_backup: Option<String>,
}

impl Done {
    fn nothing() -> Self {
        Self {
            repeated: Repeated::default(),
            ended: 0,
            kept: None,
            without_backup: None,
        }
    }
}

impl Planned {
    /// Confirms it by the appliance's name.
    pub(crate) fn confirm(self, typed: &str) -> Result<Confirmed, CommandError> {
        match typed.trim() == self.name {
            true => Ok(Confirmed(self)),
            false => Err(CommandError::said(
                Exit::Usage,
                format!("type {} to take the whole platform back", self.name),
            )),
        }
    }
}

/// Looks what going back would mean; changes nothing.
pub(crate) fn plan(site: Site, moment: Timestamp) -> Result<Planned, CommandError> {
    refuse_another(&site)?;
    let cluster = site.cluster()?;
    check_moment(&site, moment)?;
    check_place(&site, &cluster, moment)?;
    let outlook = look_since(&site, moment)?;
    Ok(Planned {
        name: name_of(&site),
        site,
        cluster,
        moment,
        outlook,
    })
}

fn name_of(site: &Site) -> String {
    let url = &site.config.listen.base_url;
    let host = url.host_str().map(str::to_owned);
    host.unwrap_or_else(|| "platform".to_owned())
}

fn refuse_another(site: &Site) -> Result<(), CommandError> {
    let Some(other) = site.record.going_back()? else {
        return Ok(());
    };
    let text = match other.phase {
        GoingPhase::Kept => format!(
            "what was there before the last restore is kept until {}; take that restore back with `--undo`, or let go of it with `--forget`, first",
            other.until
        ),
        GoingPhase::UnderWay | GoingPhase::Undoing => {
            "a restore was cut off; `strongroom restore platform --undo` puts back what was there".to_owned()
        }
        GoingPhase::Forgetting => {
            "what was there before the last restore is being let go of; `strongroom restore platform --forget` ends that".to_owned()
        }
    };
    Err(CommandError::said(Exit::Conflict, text))
}

fn check_moment(site: &Site, moment: Timestamp) -> Result<(), CommandError> {
    let info = engine::info(&site.repository)?;
    let from = info.restorable_from();
    let now = Timestamp::now();
    if from.is_none_or(|from| moment < from) || moment > now {
        let from = from.map_or_else(|| "never".to_owned(), |from| from.to_string());
        let text = format!("{moment} cannot be gone back to: every moment from {from} to {now} can");
        return Err(CommandError::said(Exit::Usage, text));
    }
    let begins = beginning(&info.backups, moment).map(|backup| backup.archive_start.clone());
    let names = wal::archived(&site.repository.data())?;
    for hole in wal::told_holes(&names, &begins.unwrap_or_default()) {
        output::talk(&format!(
            "{hole}: what came after that and before the next backup cannot be had"
        ));
    }
    Ok(())
}

/// The backup that a restore to a moment begins with.
fn beginning(backups: &[Backup], moment: Timestamp) -> Option<&Backup> {
    backups.iter().rev().find(|backup| backup.ended_at <= moment)
}

/// There is room for both, and the folder can be put aside.
fn check_place(site: &Site, cluster: &Cluster, moment: Timestamp) -> Result<(), CommandError> {
    let data = &cluster.data_folder;
    let refused = || CommandError::io(format!("cannot look at {}", data.display()));
    let parent = data.parent().unwrap_or(Path::new("/"));
    let (own, above) = (
        fs::metadata(data).map_err(refused())?,
        fs::metadata(parent).map_err(refused())?,
    );
    if own.dev() != above.dev() || data.is_symlink() {
        let text = format!(
            "{} is a disk of its own or a link and cannot be put aside; move the cluster into a folder below it first",
            data.display()
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    let info = engine::info(&site.repository)?;
    let bytes = beginning(&info.backups, moment).map_or(0, |backup| backup.bytes);
    let space = disk::space(parent).map_err(refused())?;
    let wanted = bytes + SPARE_BYTES;
    if space.free_bytes < wanted {
        let text = format!(
            "the disk of {} has {} MB free, and {} MB are needed, because what is there now is kept; make room and run this again",
            data.display(),
            space.free_bytes / 1_000_000,
            wanted / 1_000_000
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(())
}

/// Carries it out. Where anything fails before the platform is as it was then, all is put back.
pub(crate) fn carry_out(confirmed: Confirmed) -> Result<Done, CommandError> {
    let Planned {
        site,
        cluster,
        moment,
        ..
    } = confirmed.0;
    output::talk("  see that everything until now is archived");
    block_on(async { Ok(backup::set_marks(&site.superuser(), &site.config.database.name).await?) })?;
    let now = Timestamp::now();
    let mut going = GoingBack {
        phase: GoingPhase::UnderWay,
        moment,
        began_at: now,
        until: now.checked_add(KEPT).unwrap_or(Timestamp::MAX),
        data: cluster.data_folder.clone(),
        before: beside(&cluster.data_folder, "before", now),
        carried_over: serde_json::Value::Null,
    };
    stop_daemons()?;
    // Nobody is let in any more: what was erased until now is on the list.
    let turned = look_since(&site, moment).and_then(|outlook| {
        site.record.note_going_back(&going)?;
        turn(&site, &cluster, &going, &outlook.carried_over)
    });
    let (repeated, ended) = match turned {
        Ok(done) => done,
        Err(error) => {
            output::talk(&format!("it failed: {}", told(&error)));
            output::talk("  put back what was there");
            if let Err(second) = undo::put_back(&site, &cluster, &going) {
                return Err(not_put_back(&error, &second));
            }
            tell_without_backup(back_up(&site));
            let text = format!("the platform is as it was before: {}", told(&error));
            return Err(CommandError::said(Exit::Failed, text));
        }
    };
    // In this order: whoever could work there from a boot on must not be put back without a question. Each command that finds it kept
    // sees to the start.
    going.phase = GoingPhase::Kept;
    site.record.note_going_back(&going)?;
    major::set_start(&cluster, StartsAtBoot::Yes)?;
    start_daemons(&site)?;
    Ok(Done {
        repeated,
        ended,
        kept: Some((going.before, going.until)),
        without_backup: back_up(&site),
    })
}

fn not_put_back(first: &CommandError, second: &CommandError) -> CommandError {
    let text = format!(
        "going back failed: {}; and what was there is not put back yet: {}; run `strongroom restore platform --undo`, which ends that",
        told(first),
        told(second)
    );
    CommandError::said(Exit::Failed, text)
}

/// The old folder aside, the database of then in its place, and nobody let in until it is fit for that.
fn turn(
    site: &Site,
    cluster: &Cluster,
    going: &GoingBack,
    carried_over: &CarriedOver,
) -> Result<(Repeated, usize), CommandError> {
    major::set_start(cluster, StartsAtBoot::No)?;
    postgresql::control(cluster, Verb::Stop)?;
    rename(&going.data, &going.before)?;
    let postgres = superuser()?;
    let its = Access {
        user: postgres.uid,
        group: postgres.gid,
        mode: 0o700,
    };
    write::folder(&going.data, its)?;
    output::talk(&format!(
        "  restore, and replay every change until {}",
        going.moment
    ));
    engine::restore(
        &site.repository,
        &Target::moment(going.moment),
        &going.data,
        Use::InPlace,
    )?;
    postgresql::control(cluster, Verb::Start)?;
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async { Ok(backup::wait_replayed(&admin).await?) })?;
    output::talk("  do again what must not live again");
    let said = format!("the platform went back to {}", going.moment);
    settle(site, cluster, going.moment, carried_over, &said)
}

/// Makes a database that went from one time to another fit for people to be let in.
fn settle(
    site: &Site,
    cluster: &Cluster,
    moment: Timestamp,
    carried_over: &CarriedOver,
    said: &str,
) -> Result<(Repeated, usize), CommandError> {
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async {
        // Passwords and schema may be of then.
        database::prepare(&admin, &site.config).await?;
        let platform = Platform::open(&site.config).await?;
        // Maintenance of then refuses what has to be written now, and whoever began it has long ended it.
        if maintenance::current(&platform).await?.is_some() {
            maintenance::end(&platform, &Caller::host()).await?;
            output::talk("  end the maintenance that was on then");
        }
        let name = &site.config.database.name;
        let unmended = mend_log(&platform, &admin, name).await.err();
        let mut repeated = revival::repeat(&platform, &admin, name, carried_over).await?;
        repeated.left.extend(unmended.map(|error| {
            format!(
                "the signed log is not mended, and nothing is signed until it is: {}; see `strongroom audit recover`",
                error.detail
            )
        }));
        revival::explain_gaps(&platform, moment, carried_over).await?;
        let ended = backup::begin_anew(&platform, &Caller::host(), said).await?;
        Ok((repeated, ended))
    })
}

fn look_since(site: &Site, moment: Timestamp) -> Result<Outlook, CommandError> {
    block_on(async {
        let platform = Platform::open(&site.config).await?;
        Ok(revival::look(&platform, &Caller::host(), moment).await?)
    })
}

/// The database is behind what was signed: leaves come back out of the tiles, and the log says which entries were lost.
async fn mend_log(platform: &Platform, admin: &AdminAccess, database: &str) -> Result<(), PlatformError> {
    let caller = Caller::host();
    match ledger::plan(platform, &caller).await? {
        Some(plan @ Plan::Return { .. }) => {
            output::talk("  bring back the leaves of the log that were signed");
            ledger::recover(platform, &caller, admin, database, &plan.confirmation()).await?;
            Ok(())
        }
        Some(Plan::Resign { .. }) => Err(PlatformError::new(
            ProblemCode::Conflict,
            "its key was exchanged after the moment that was gone back to",
        )),
        Some(Plan::Remember { .. } | Plan::BeginAgain { .. }) | None => Ok(()),
    }
}

fn beside(data: &Path, word: &str, at: Timestamp) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    data.with_file_name(format!("{name}.{word}-{}", at.strftime("%Y%m%dT%H%M%SZ")))
}

fn remove(folder: &Path) -> Result<(), CommandError> {
    tree::empty(folder, |_| false)?;
    fs::remove_dir(folder).map_err(CommandError::io(format!("cannot remove {}", folder.display())))
}

fn rename(from: &Path, to: &Path) -> Result<(), CommandError> {
    fs::rename(from, to).map_err(CommandError::io(format!(
        "cannot move {} to {}",
        from.display(),
        to.display()
    )))
}

fn stop_quietly(cluster: &Cluster) {
    if let Err(error) = postgresql::control(cluster, Verb::Stop) {
        output::talk(&format!("  (it did not run: {error})"));
    }
}

fn start_cluster(cluster: &Cluster) -> Result<(), CommandError> {
    let found = standstill::cluster_named(&format!("{}/{}", cluster.version, cluster.name))?;
    match found.is_running {
        true => Ok(()),
        false => Ok(postgresql::control(cluster, Verb::Start)?),
    }
}

fn stop_daemons() -> Result<(), CommandError> {
    match unit::is_systemd_here() {
        true => standstill::stop_daemons(),
        false => Ok(()),
    }
}

fn start_daemons(site: &Site) -> Result<(), CommandError> {
    if unit::is_systemd_here() {
        standstill::start_daemons()?;
        health::wait(&site.config)?;
    }
    Ok(())
}

fn tell_without_backup(without: Option<String>) {
    if let Some(why) = without {
        output::talk(&format!(
            "no backup was taken of what is here now: {why}; run `strongroom backup run --full`"
        ));
    }
}

/// The changes from here on begin a new timeline; that they could not be backed up is said, and no failure of what was done.
fn back_up(site: &Site) -> Option<String> {
    output::talk("  take a backup of what is here now");
    run::run(site, Some(Kind::Full)).err().map(|error| told(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_putting_back_fails_as_well_the_first_reason_and_the_way_on_are_told() {
        let failed = |text: &str| CommandError::said(Exit::Failed, text);
        let said = not_put_back(&failed("the disk is full"), &failed("nothing answers")).to_string();
        for part in [
            "the disk is full",
            "nothing answers",
            "strongroom restore platform --undo",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn what_was_there_is_put_beside_under_a_name_of_its_time() {
        let at = Timestamp::from_second(1_795_934_533).unwrap();
        let aside = beside(Path::new("/var/lib/postgresql/17/main"), "before", at);
        assert_eq!(
            aside,
            Path::new("/var/lib/postgresql/17/main.before-20261129T064213Z")
        );
    }
}
