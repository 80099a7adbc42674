//! What is sealed names an algorithm and a key version that are there; it is under the newest version, or a job moves it
//! there; no key is older than its bound.
//!
//! Headers of entries stay under the version that sealed them, because an entry is never changed: for them a known
//! version is enough. The appliance's own key cannot be rotated yet, so its age is told and not judged.

use super::{homes, look::Look};
use crate::{
    Platform,
    check::{self, Subject},
    error::Result,
    rotation,
    workspace::Home,
};
use jiff::Timestamp;
use promises::Outcome;
use store::{
    control::{
        job::{Job, JobState},
        organization as organizations,
        organization_key::{self as keys, WrappedKey},
    },
    tenant::key_version::{self, VersionCount},
};
use vault::{hierarchy::APPLIANCE, seal};

/// An organization's newest key is at most so old: half of the two years that NIST SP 800-57 part 1, section 5.3.6,
/// suggests for the use of symmetric keys that encrypt data or wrap keys.
const KEY_AGE_DAYS_MAX: i64 = 365;
/// AES-256-GCM, the one algorithm there is (see `vault::seal`).
const ALGORITHM: u8 = 1;
const MICROSECONDS_OF_DAY: i64 = 86_400_000_000;

/// What was counted over all organizations.
#[derive(Default)]
struct Totals {
    sealed: i64,
    newest: i64,
    entries: i64,
    oldest_days: i64,
    under_way: usize,
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let mut totals = Totals::default();
    let homes = homes(platform).await?;
    for home in &homes {
        look_at(platform, home, &mut totals, &mut look).await?;
    }
    let mut read = platform.control().read().await?;
    let own = keys::list(&mut read, APPLIANCE).await?;
    let own_days = own.last().map_or(0, |key| days(platform.now(), key));
    Ok(look
        .fact("organizations", homes.len())
        .fact(
            "sealed things under the newest key version",
            share(totals.newest, totals.sealed),
        )
        .fact("headers of entries, which stay as they are", totals.entries)
        .fact(
            "age of the oldest organization's key",
            format!("{} of {KEY_AGE_DAYS_MAX} days", totals.oldest_days),
        )
        .fact("age of the appliance's own key", format!("{own_days} days"))
        .fact("re-encryption jobs under way", totals.under_way)
        .done())
}

async fn look_at(platform: &Platform, home: &Home, totals: &mut Totals, look: &mut Look) -> Result<()> {
    // A rotation may come, and even end, while a large organization is counted: what is newest, and whether a job is
    // under way, is asked before the count; which versions there are, after it.
    let (before, moved_before) = standing(platform, home).await?;
    let counts = count(platform, home).await?;
    let (known, job) = standing(platform, home).await?;
    let is_moving = |job: &Job| matches!(job.state, JobState::Waiting | JobState::Running);
    let moving = moved_before.iter().chain(&job).any(is_moving);
    totals.under_way += usize::from(moving);
    check_age(platform.now(), home, &known, totals, look);
    let versions = Versions {
        known: known.iter().map(|key| key.version.unsigned_abs()).collect(),
        newest: before.last().map_or(0, |key| key.version.unsigned_abs()),
        moving,
    };
    check_versions(home, &counts, &versions, totals, look);
    if let Some(job) = job.filter(|job| job.state == JobState::Failed) {
        let what = format!("the job that seals anew failed: {}", job.id);
        look.fault(what, home.summary.slug.clone(), "rotate the key again");
    }
    Ok(())
}

/// The versions of an organization's key, oldest first, and the newest job of a rotation.
async fn standing(platform: &Platform, home: &Home) -> Result<(Vec<WrappedKey>, Option<Job>)> {
    let mut read = platform.control().read().await?;
    let known = keys::list(&mut read, home.summary.id).await?;
    Ok((known, rotation::newest_job(&mut read, home.summary.id).await?))
}

/// Everything sealed of an organization, by kind, algorithm and version.
async fn count(platform: &Platform, home: &Home) -> Result<Vec<VersionCount>> {
    let subject: Subject<'_> = check::open(platform, home).await?;
    let mut counts = key_version::count_elsewhere(&subject.tx).await?;
    for dataset in &subject.datasets {
        counts.extend(key_version::count_in_dataset(&subject.tx, dataset).await?);
    }
    subject.tx.close().await?;
    let row = organizations::find_by_id(&mut platform.control().read().await?, home.summary.id).await?;
    if let Some(row) = row {
        // What names no version at all names version 0, which does not exist.
        counts.push(VersionCount {
            kind: "passwords of the database login".to_owned(),
            algorithm: ALGORITHM,
            version: seal::key_version_of(&row.login_sealed).unwrap_or(0),
            count: 1,
        });
    }
    Ok(counts)
}

fn check_age(now: Timestamp, home: &Home, known: &[WrappedKey], totals: &mut Totals, look: &mut Look) {
    let age = known.last().map_or(0, |key| days(now, key));
    totals.oldest_days = totals.oldest_days.max(age);
    if age > KEY_AGE_DAYS_MAX {
        let what = format!("the key is {age} days old, and {KEY_AGE_DAYS_MAX} is the bound");
        look.fault(what, home.summary.slug.clone(), "rotate the organization's key");
    }
}

fn days(now: Timestamp, key: &WrappedKey) -> i64 {
    (now.as_microsecond() - key.created_at.as_microsecond()) / MICROSECONDS_OF_DAY
}

/// What the counts are held against.
struct Versions {
    known: Vec<u32>,
    /// The newest when the count began.
    newest: u32,
    /// Whether a job moves what is older.
    moving: bool,
}

fn check_versions(
    home: &Home,
    counts: &[VersionCount],
    versions: &Versions,
    totals: &mut Totals,
    look: &mut Look,
) {
    let newest = versions.newest;
    for VersionCount {
        kind,
        algorithm,
        version,
        count,
    } in counts
    {
        if *algorithm != ALGORITHM || !versions.known.contains(version) {
            let what = format!(
                "{count} {kind} name algorithm {algorithm}, key version {version}, which is not known"
            );
            let advice = "restore the key, or the values from a backup";
            look.fault(what, home.summary.slug.clone(), advice);
            continue;
        }
        if kind == key_version::ENTRIES {
            totals.entries += count;
            continue;
        }
        totals.sealed += count;
        if *version >= newest {
            totals.newest += count;
        } else if !versions.moving {
            let what =
                format!("{count} {kind} are under key version {version}, and no job moves them to {newest}");
            look.fault(what, home.summary.slug.clone(), "rotate the key again");
        }
    }
}

fn share(part: i64, of: i64) -> String {
    let percent = (part * 100).checked_div(of).unwrap_or(100);
    format!("{part} of {of}, {percent} %")
}
