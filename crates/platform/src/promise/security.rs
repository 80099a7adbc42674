//! Security updates of the operating system and of the platform are installed by themselves, every day.
//!
//! They come from Debian's archive, or, where no source of it is named, out of bundles: a fresh, whole and installed one
//! counts as the source then, and nothing needs to run daily.
//!
//! Invariant: a held package, a stopped timer, a repository that apt refuses break the promise, whatever else cannot be
//! seen; without such a fault, a thing that cannot be seen makes it unknown.

mod source;

pub use source::{LastBundle, last_bundle};

use super::look::Look;
use crate::{Platform, PlatformError, error::Result};
use host::apt::{
    ORIGIN, Seen,
    index::Index,
    standing::{self, Automatic, Standing},
};
use jiff::Timestamp;
use promises::Outcome;
use updates::record::Places;

pub(super) const ID: &str = "security-updates";

/// Debian signs its security indices anew every few days, and they are fetched daily.
const INDEX_DAYS_MAX: i64 = 8;
/// A run may fall out once.
const RUN_DAYS_MAX: i64 = 3;
/// Most packages that are named.
const NAMES_MAX: usize = 10;

/// A daemon's sandbox starts no program; root's command line and the update's timer do.
pub(super) fn is_blind() -> bool {
    standing::is_blind()
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    if is_blind() {
        return Ok(Outcome::could_not_look(
            "the sandbox of this daemon hides the machine's packages; `strongroom promises --check` as root sees them",
        ));
    }
    let now = platform.now();
    let looked = tokio::task::spawn_blocking(move || {
        judge(&Standing::of_machine(), &last_bundle(&Places::of_machine()), now)
    });
    looked
        .await
        .map_err(|error| PlatformError::invariant(error.to_string()))
}

/// Where a machine's security updates come from.
enum Source<'a> {
    /// Debian's archive, by apt.
    Archive,
    /// Bundles, the last of which this is.
    Bundles(&'a LastBundle),
    /// Nowhere.
    None,
    /// Nobody can say.
    Unknown(&'a str),
}

/// What a machine's updates mean for the promise; `bundle` is the one that was imported last.
#[must_use]
pub fn judge(standing: &Standing, bundle: &Seen<Option<LastBundle>>, now: Timestamp) -> Outcome {
    let mut look = Look::new();
    packages(standing, &mut look);
    repository(standing, now, &mut look);
    weakening(standing, &mut look);
    old_code(standing, now, &mut look);
    let mut unknown = vec![
        standing.packages.why(),
        standing.indices.why(),
        standing.automatic.why(),
    ];
    match source_of(standing, bundle) {
        Source::Bundles(bundle) => source::check(bundle, now, &mut look),
        Source::Unknown(why) => unknown.push(Some(why)),
        source => {
            debian(standing, now, matches!(source, Source::None), &mut look);
            automatic(standing, &mut look);
            runs(standing, now, &mut look);
            unknown.extend([
                standing.timers.why(),
                standing.pending.why(),
                standing.last_runs.why(),
            ]);
        }
    }
    for why in unknown.into_iter().flatten() {
        look.unseen(why);
    }
    facts(standing, now, look).done()
}

/// An archive that is named counts as the source whatever bundles there are: whoever named it relies on it.
fn source_of<'a>(standing: &Standing, bundle: &'a Seen<Option<LastBundle>>) -> Source<'a> {
    let Some(indices) = standing.indices.known() else {
        return Source::Archive;
    };
    if indices.iter().any(Index::is_debian_security) {
        return Source::Archive;
    }
    match bundle {
        Seen::Known(Some(bundle)) => Source::Bundles(bundle),
        Seen::Known(None) => Source::None,
        Seen::Unknown(why) => Source::Unknown(why),
    }
}

fn packages(standing: &Standing, look: &mut Look) {
    let Some(packages) = standing.packages.known() else {
        return;
    };
    for name in packages.held.iter().take(NAMES_MAX) {
        let advice = "release it with `apt-mark unhold`; a single version is denied by a pin";
        look.fault("a package is held and gets no updates", name, advice);
    }
    for name in packages.unfinished.iter().take(NAMES_MAX) {
        let advice = "run `dpkg --configure --pending`, then `apt-get --fix-broken install`";
        look.fault("the installation of a package did not end", name, advice);
    }
}

/// Our own repository, where one is named.
fn repository(standing: &Standing, now: Timestamp, look: &mut Look) {
    if !standing.has_repository {
        return;
    }
    if let Some(Some(refresh)) = standing.refresh.known()
        && let Some(failure) = &refresh.failure
    {
        let advice = "see what apt says; a new key comes with the package strongroom-archive-keyring";
        look.fault(
            format!("the repository is refused: {failure}"),
            "the repository",
            advice,
        );
    }
    let Some(indices) = standing.indices.known() else {
        return;
    };
    let ours: Vec<&Index> = indices.iter().filter(|index| index.origin == ORIGIN).collect();
    if ours.is_empty() {
        let what = "there is no index of the repository that apt has accepted";
        look.fault(
            what,
            "the repository",
            "run `strongroom update run`, which says why",
        );
    }
    ages(&ours, now, look);
}

fn debian(standing: &Standing, now: Timestamp, is_nowhere: bool, look: &mut Look) {
    let Some(indices) = standing.indices.known() else {
        return;
    };
    let security: Vec<&Index> = indices
        .iter()
        .filter(|index| index.is_debian_security())
        .collect();
    if is_nowhere {
        let advice =
            "name security.debian.org or a mirror of it in /etc/apt/sources.list.d, or update with bundles";
        look.fault(
            "no source of Debian's security updates is known to apt",
            "apt's sources",
            advice,
        );
    }
    ages(&security, now, look);
}

fn ages(indices: &[&Index], now: Timestamp, look: &mut Look) {
    for index in indices {
        let advice = "run `apt-get update` and see what it says; look at the machine's clock and line";
        if index.is_expired(now) {
            look.fault("the index has expired", &index.name, advice);
        } else if index.age_days(now).is_some_and(|days| days > INDEX_DAYS_MAX) {
            look.fault(
                format!("the index is older than {INDEX_DAYS_MAX} days"),
                &index.name,
                advice,
            );
        } else if index.age_days(now).is_some_and(|days| days < -1) {
            look.fault(
                "the index is from the future",
                &index.name,
                "set the machine's clock",
            );
        }
    }
}

/// Whichever way updates come, apt installs them.
fn weakening(standing: &Standing, look: &mut Look) {
    for weak in standing
        .automatic
        .known()
        .iter()
        .flat_map(|found| &found.weakening)
    {
        let advice = "find it with `grep -r` in /etc/apt and remove it";
        look.fault(
            format!("apt takes what it should refuse: {weak}"),
            "apt's settings",
            advice,
        );
    }
}

fn automatic(standing: &Standing, look: &mut Look) {
    if let Some(timers) = standing.timers.known() {
        for timer in timers.iter().filter(|timer| !timer.is_running) {
            let advice = format!("run `systemctl enable --now {}`", timer.name);
            look.fault("a timer of apt does not run", timer.name, &advice);
        }
    }
    let Some(found) = standing.automatic.known() else {
        return;
    };
    for what in missing(found) {
        let advice = "install unattended-upgrades and run `strongroom setup` again";
        look.fault(what, "apt's settings", advice);
    }
}

/// What keeps updates from being installed by themselves.
fn missing(found: &Automatic) -> Vec<&'static str> {
    let is_security = |origin: &String| origin.to_lowercase().contains("security");
    [
        (
            found.is_unattended_upgrades_installed,
            "unattended-upgrades is not installed",
        ),
        (found.are_lists_fetched, "lists of packages are not fetched daily"),
        (found.are_updates_installed, "updates are not installed daily"),
        (
            found.origins.iter().any(is_security),
            "unattended-upgrades installs nothing from Debian's security archive",
        ),
    ]
    .into_iter()
    .filter(|(is_so, _)| !is_so)
    .map(|(_, what)| what)
    .collect()
}

fn runs(standing: &Standing, now: Timestamp, look: &mut Look) {
    let (Some(pending), Some(runs)) = (standing.pending.known(), standing.last_runs.known()) else {
        return;
    };
    let is_late = |at: Option<Timestamp>| at.is_none_or(|at| days(at, now) > RUN_DAYS_MAX);
    let waiting = pending.iter().filter(|one| one.is_security);
    if is_late(runs.upgrade_at) {
        let advice = "see `journalctl -u apt-daily-upgrade` and /var/log/unattended-upgrades";
        for one in waiting.take(NAMES_MAX) {
            look.fault(
                format!("a security update waits: {}", one.to),
                &one.package,
                advice,
            );
        }
    }
}

/// What an update replaced on the disk is not mended while it runs. The nights of a machine that was just started are to come.
fn old_code(standing: &Standing, now: Timestamp, look: &mut Look) {
    let (Some(stale), Some(renewal)) = (standing.stale.known(), standing.renewal.known()) else {
        return;
    };
    const PLACE: &str = "running services";
    for failed in renewal.iter().flat_map(|renewal| &renewal.failed).take(NAMES_MAX) {
        let what = format!("a service was started anew and is not well: {failed}");
        look.fault(what, PLACE, "look at `journalctl -u strongroom-renew`");
    }
    let is_young = standing.booted_at.is_none_or(|at| days(at, now) <= RUN_DAYS_MAX);
    let is_looked_after = renewal
        .as_ref()
        .is_some_and(|last| days(last.at, now) <= RUN_DAYS_MAX);
    if stale.services.is_empty() || is_young || is_looked_after {
        return;
    }
    let names: Vec<&str> = stale
        .services
        .iter()
        .take(NAMES_MAX)
        .map(String::as_str)
        .collect();
    let what = format!(
        "services run code that was replaced, and nobody started them anew for {RUN_DAYS_MAX} days: {}",
        names.join(", ")
    );
    let advice = "see `systemctl status strongroom-renew.timer strongroom-renew.service`; `strongroom update renew` does it \
                  in the window";
    look.fault(what, PLACE, advice);
}

fn facts(standing: &Standing, now: Timestamp, mut look: Look) -> Look {
    if let Some(pending) = standing.pending.known() {
        let security = pending.iter().filter(|one| one.is_security).count();
        look = look.fact("security updates that wait", security);
    }
    if let Some(runs) = standing.last_runs.known() {
        let shown = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
        look = look.fact("last run of unattended-upgrades", shown(runs.upgrade_at));
    }
    for index in standing.indices.known().into_iter().flatten().take(NAMES_MAX) {
        if let Some(days) = index.age_days(now) {
            look = look.fact(
                &format!("age of {} {}", index.label, index.codename),
                format!("{days} days"),
            );
        }
    }
    look = match standing.stale.known() {
        Some(stale) => look.fact("services with old code", stale.services.len()),
        None => look.fact("services with old code", "unknown"),
    };
    look.fact("reboot wanted", standing.wants_reboot())
}

fn days(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).div_euclid(86_400)
}

#[cfg(test)]
mod tests;
