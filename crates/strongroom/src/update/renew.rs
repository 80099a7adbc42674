//! `strongroom update renew`: services that still run replaced code are started anew, and the machine where only that
//! helps and the settings allow it.
//!
//! Invariants: only in the maintenance window, and not while an update, a job, a backup, a copy or a drill runs: where nobody can
//! say whether one does, nothing is done. Services that take sessions or the way in along are left to a reboot. One reboot in twenty
//! hours at most, so that a kernel which never comes does not make a machine that never stays up. Start at [`run`].

use super::health;
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output,
};
use ::host::{
    account,
    apt::stale::{self, Stale},
    backup::record,
    unit,
    updates::{Folder, Reboot, RecordError, Renewal},
};
use config::{Config, RebootSetting};
use jiff::{SignedDuration, Timestamp, Zoned};
use nix::fcntl::Flock;
use platform::{Caller, Platform};
use std::{fs::File, io, path::Path};

/// Between two reboots at least.
const BETWEEN_REBOOTS: SignedDuration = SignedDuration::from_hours(20);
/// What begins with one of these takes people's sessions, the bus or the network along when it is started anew
/// (needrestart leaves the same alone), is cut off in its work, or is what runs this.
const LEFT_ALONE: [&str; 18] = [
    "apt-daily",
    "dbus",
    "display-manager",
    "gdm",
    "getty@",
    "ifup@",
    "lightdm",
    "NetworkManager",
    "networking",
    "sddm",
    "serial-getty@",
    "strongroom-backup",
    "strongroom-database-resume",
    "strongroom-renew",
    "strongroom-take",
    "strongroom-update",
    "systemd-logind",
    "user@",
];
/// Debian's own runs, which install packages at this moment.
const INSTALLERS: [&str; 2] = [
    "apt-daily-upgrade.service",
    "unattended-upgrades-shutdown.service",
];

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Started anew, in this order.
    pub(crate) restart: Vec<String>,
    /// Left to a reboot.
    pub(crate) left: Vec<String>,
    /// Something asks for a reboot.
    pub(crate) wants_reboot: bool,
}

/// Looks, and does what may be done now; gives what was done.
///
/// # Errors
/// Nobody can say what still runs old code, or the record cannot be written.
pub(crate) fn run(settings: &Path, now: &Zoned) -> Result<Option<Renewal>, CommandError> {
    if !account::is_root() {
        let text = "only root starts services anew; run this as root";
        return Err(CommandError::said(Exit::NotAllowed, text));
    }
    let config = Config::load(Some(settings))?;
    let folder = Folder::of_machine();
    folder.prepare()?;
    // Root's timer does this as well, because the helper reaches no database and the daemons not its record.
    match crate::helper_calls::bring(&config) {
        Ok(0) => {}
        Ok(count) => output::talk(&format!(
            "{count} lines of the root helper's record are in the audit log"
        )),
        Err(error) => output::talk(&format!(
            "the root helper's record is not in the audit log: {}",
            told(&error)
        )),
    }
    let renewal = in_window(&config, &folder, now)?;
    // What the console shows is of after what was done; a machine that goes down is looked at when it is back.
    if renewal
        .as_ref()
        .is_none_or(|renewal| renewal.reboot != Reboot::Begun)
    {
        super::report::keep(&config, &folder)?;
    }
    Ok(renewal)
}

fn in_window(config: &Config, folder: &Folder, now: &Zoned) -> Result<Option<Renewal>, CommandError> {
    if !is_in_window(config, now) {
        output::talk(&format!(
            "the maintenance window is {}: nothing is started anew outside of it",
            config.updates.window
        ));
        return Ok(None);
    }
    let renewal = Renewal::new(now.timestamp());
    let renewal = match folder.lock() {
        Ok(_lock) => renew(config, folder, renewal)?,
        Err(RecordError::Busy) => renewal.deferred("an update of the platform is running"),
        Err(error) => return Err(error.into()),
    };
    note(config, folder, &renewal)?;
    begin_reboot(&renewal)?;
    Ok(Some(renewal))
}

/// Whether the machine's own clock is in the window.
pub(crate) fn is_in_window(config: &Config, now: &Zoned) -> bool {
    let minute = i16::from(now.hour()) * 60 + i16::from(now.minute());
    u16::try_from(minute).is_ok_and(|minute| config.updates.window.contains(minute))
}

fn renew(config: &Config, folder: &Folder, mut renewal: Renewal) -> Result<Renewal, CommandError> {
    let found = stale::stale().map_err(|why| CommandError::said(Exit::Failed, why))?;
    let plan = plan(&found, stale::is_reboot_required(Path::new("/")));
    if plan.restart.is_empty() && plan.left.is_empty() && !plan.wants_reboot {
        return Ok(renewal);
    }
    if let Some(why) = busy(config) {
        return Ok(renewal.deferred(&why));
    }
    let _kept_out = match keep_backups_out(&config.backup.record) {
        Ok(lock) => lock,
        Err(why) => return Ok(renewal.deferred(&why)),
    };
    let last = last_reboot(folder)?;
    if plan.wants_reboot && may_reboot(config.updates.reboot, last, renewal.at) {
        // A reboot starts every service anew.
        renewal.reboot = Reboot::Begun;
        renewal.left = plan.left;
        return Ok(renewal);
    }
    if plan.wants_reboot {
        renewal.reboot = Reboot::Wanted;
    }
    renewal.left = plan.left;
    for name in plan.restart {
        match unit::restart(&name) {
            Ok(()) => renewal.restarted.push(name),
            Err(error) => renewal.failed.push(format!("{name}: {error}")),
        }
    }
    if !renewal.restarted.is_empty()
        && let Err(error) = health::wait(config)
    {
        renewal.failed.push(told(&error));
    }
    Ok(renewal)
}

/// Who is started anew in which order: databases, others, the platform last, so that it comes back once.
pub(crate) fn plan(found: &Stale, is_reboot_required: bool) -> Plan {
    let is_left = |name: &String| {
        let is_service = name.ends_with(".service");
        !is_service || LEFT_ALONE.iter().any(|start| name.starts_with(start))
    };
    let (mut left, mut restart): (Vec<String>, Vec<String>) =
        found.services.iter().cloned().partition(is_left);
    let rank = |name: &String| match name.as_str() {
        name if name.starts_with("postgresql") => 0,
        name if name.starts_with("strongroom") => 2,
        _ => 1,
    };
    restart.sort_by(|one, other| (rank(one), one).cmp(&(rank(other), other)));
    left.sort();
    Plan {
        wants_reboot: is_reboot_required || found.kernel.known() == Some(&true),
        restart,
        left,
    }
}

fn may_reboot(setting: RebootSetting, last: Option<Timestamp>, now: Timestamp) -> bool {
    let is_recent = last.is_some_and(|last| now.duration_since(last) < BETWEEN_REBOOTS);
    match setting {
        RebootSetting::Report => false,
        RebootSetting::InWindow => !is_recent,
    }
}

fn last_reboot(folder: &Folder) -> Result<Option<Timestamp>, CommandError> {
    let renewals = folder.renewals()?;
    let begun = renewals.iter().find(|renewal| renewal.reboot == Reboot::Begun);
    Ok(begun.map(|renewal| renewal.at))
}

/// Why it is no moment for it; none where it is one.
fn busy(config: &Config) -> Option<String> {
    for name in INSTALLERS {
        match unit::look(name) {
            Ok(found) if matches!(found.state.as_str(), "active" | "activating") => {
                return Some(format!("{name} is at work"));
            }
            Ok(_) => {}
            Err(error) => return Some(format!("nobody says whether {name} is at work: {error}")),
        }
    }
    let running = block_on(async {
        let platform = Platform::open(config).await?;
        Ok(platform::update::running_jobs(&platform).await?)
    });
    match running.as_deref() {
        Ok([]) => None,
        Ok(kinds) => Some(format!("a job runs: {}", kinds.join(", "))),
        Err(error) => Some(format!("nobody says whether a job runs: {}", told(error))),
    }
}

/// No backup, copy or drill begins while this is held; why not, where one runs. None where backups were never switched on.
fn keep_backups_out(record: &Path) -> Result<Option<Flock<File>>, String> {
    if record
        .symlink_metadata()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    {
        return Ok(None);
    }
    match record::Folder::at(record).lock() {
        Ok(Some(lock)) => Ok(Some(lock)),
        Ok(None) => Err("a backup, a copy or a drill runs".to_owned()),
        Err(error) => Err(format!(
            "nobody says whether a backup runs: {}",
            told(&error.into())
        )),
    }
}

/// In the record, on the output, which is the journal's, and in the appliance's log.
fn note(config: &Config, folder: &Folder, renewal: &Renewal) -> Result<(), CommandError> {
    for line in lines(renewal) {
        output::talk(&line);
    }
    // The newest is kept in any case: it shows when somebody last looked.
    folder.note_renewal(renewal)?;
    let did_something = !renewal.restarted.is_empty() || renewal.reboot == Reboot::Begun;
    if !did_something {
        return Ok(());
    }
    let noted = block_on(async {
        let platform = Platform::open(config).await?;
        Ok(platform::update::note_renewal(&platform, &Caller::host(), renewal).await?)
    });
    if let Err(error) = noted {
        output::talk(&format!(
            "the appliance's log has no entry of it: {}",
            told(&error)
        ));
    }
    Ok(())
}

fn begin_reboot(renewal: &Renewal) -> Result<(), CommandError> {
    if renewal.reboot == Reboot::Begun {
        unit::reboot()?;
    }
    Ok(())
}

/// What was done, for people.
pub(crate) fn lines(renewal: &Renewal) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(why) = &renewal.deferred {
        lines.push(format!("put off: {why}"));
    }
    let lists = [
        ("started anew", &renewal.restarted),
        ("not well", &renewal.failed),
        ("runs old code until the next reboot", &renewal.left),
    ];
    for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        lines.push(format!("{what}: {}", names.join(", ")));
    }
    match renewal.reboot {
        Reboot::NotNeeded => {}
        Reboot::Wanted => {
            lines.push("a reboot is wanted; reboot by hand, or set updates.reboot = \"in-window\"".to_owned())
        }
        Reboot::Begun => lines.push("the machine is started anew".to_owned()),
    }
    if lines.is_empty() {
        lines.push("nothing runs old code".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::host::apt::Seen;

    fn stale(services: &[&str], kernel: bool) -> Stale {
        Stale {
            by: "a test",
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            kernel: Seen::Known(kernel),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn databases_come_first_the_platform_last_and_what_takes_sessions_along_is_left() {
        let services = [
            "strongroom.service",
            "ssh.service",
            "dbus.service",
            "user@1000.service",
            "postgresql@17-strongroom.service",
            "bash",
            "strongroom-update.service",
            "strongroom-backup.service",
            "strongroom-backup-copy.service",
            "strongroom-database-resume.service",
            "strongroom-take.service",
            "cron.service",
        ];
        let plan = plan(&stale(&services, false), false);
        assert_eq!(
            plan.restart,
            [
                "postgresql@17-strongroom.service",
                "cron.service",
                "ssh.service",
                "strongroom.service"
            ]
        );
        assert_eq!(
            plan.left,
            [
                "bash",
                "dbus.service",
                "strongroom-backup-copy.service",
                "strongroom-backup.service",
                "strongroom-database-resume.service",
                "strongroom-take.service",
                "strongroom-update.service",
                "user@1000.service"
            ]
        );
        assert!(!plan.wants_reboot);
    }

    #[test]
    fn an_old_kernel_or_a_packages_wish_asks_for_a_reboot_and_only_the_setting_begins_one() {
        assert!(plan(&stale(&[], true), false).wants_reboot);
        assert!(plan(&stale(&[], false), true).wants_reboot);
        let now = at("2026-11-28T03:00:00Z");
        assert!(!may_reboot(RebootSetting::Report, None, now));
        assert!(may_reboot(RebootSetting::InWindow, None, now));
        assert!(!may_reboot(
            RebootSetting::InWindow,
            Some(at("2026-11-28T02:30:00Z")),
            now
        ));
        assert!(may_reboot(
            RebootSetting::InWindow,
            Some(at("2026-11-27T03:00:00Z")),
            now
        ));
    }

    #[test]
    fn nothing_is_started_anew_under_a_backup_and_none_begins_meanwhile() {
        let place = tempfile::tempdir().unwrap();
        let never = keep_backups_out(&place.path().join("record")).unwrap();
        assert!(never.is_none(), "backups were never switched on");
        let record = record::Folder::at(place.path());
        let backup = record.lock().unwrap();
        let why = keep_backups_out(place.path()).unwrap_err();
        assert_eq!(why, "a backup, a copy or a drill runs");
        drop(backup);
        let held = keep_backups_out(place.path()).unwrap();
        assert!(held.is_some() && record.lock().unwrap().is_none());
    }

    #[test]
    fn the_window_is_the_machines_own_time() {
        let text = "[tls]\ncertificate = \"/c\"\nkey = \"/k\"\n[database]\nhost = \"/s\"\nname = \"s\"\nuser = \"u\"\n\
                    [keys]\nroot_file = \"/r\"\n[updates]\nwindow = \"23:00-01:00\"\n";
        let config = Config::parse(text, Path::new("/x.toml"), &config::Environment::default()).unwrap();
        let is_in = |text: &str| is_in_window(&config, &text.parse::<Zoned>().unwrap());
        assert!(is_in("2026-11-28T23:30:00+01:00[Europe/Berlin]"));
        assert!(is_in("2026-11-28T00:30:00+01:00[Europe/Berlin]"));
        assert!(!is_in("2026-11-28T22:30:00+01:00[Europe/Berlin]"));
        assert!(!is_in("2026-11-28T12:00:00+00:00[UTC]"));
    }

    #[test]
    fn what_was_done_is_told_and_nothing_to_do_too() {
        let mut renewal = Renewal::new(at("2026-11-28T03:00:00Z"));
        assert_eq!(lines(&renewal), ["nothing runs old code"]);
        assert!(!renewal.is_news());
        renewal.restarted = vec!["cron.service".to_owned()];
        renewal.failed = vec!["x.service: it did not start".to_owned()];
        renewal.reboot = Reboot::Wanted;
        let said = lines(&renewal).join("\n");
        assert!(
            said.contains("cron.service") && said.contains("not well") && said.contains("in-window"),
            "{said}"
        );
        assert!(renewal.is_news());
    }
}
