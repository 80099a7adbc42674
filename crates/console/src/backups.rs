//! `/appliance/backups`: how far back can be gone, where copies lie, what ran and what was tried; a backup now, a test of the alerts.
//!
//! Invariant: nothing is shown that root's record, PostgreSQL or the disk does not say; what nobody looked at is "not known".

mod places;
mod rows;
mod track;

use crate::{
    appliance::{below, enter},
    errors::Fault,
    form::Form,
    view::{BackupsPage, Badge, Running, Tone},
    visit::{Answer, POLLING, Visit, page, see_other},
    words::{exact_moment, moment},
};
use jiff::Timestamp;
use platform::backup::{self, Delivery, Doing, GoingPhase, Kit, Record, Standing, Started, Step, UnderWay};

const RUNNING: &str = "/appliance/backups?polling=true";

/// `GET /appliance/backups`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&backups_page(&visit).await?)
}

/// `POST /appliance/backups/now`
pub(crate) async fn start(visit: Visit, _form: Form) -> Answer {
    enter(&visit)?;
    let notice = match backup::start_now(visit.platform(), &visit.caller).await? {
        Started::Now => "backup-asked",
        Started::RanAlready => "backup-runs",
    };
    see_other(&format!("/appliance/backups?notice={notice}"))
}

/// `POST /appliance/backups/test-alert`
pub(crate) async fn test_alert(visit: Visit, _form: Form) -> Answer {
    enter(&visit)?;
    backup::test_alert(visit.platform(), &visit.caller).await?;
    see_other("/appliance/backups?notice=alert-asked")
}

async fn backups_page(visit: &Visit) -> Result<BackupsPage, Fault> {
    debug_assert!(
        RUNNING.ends_with(POLLING),
        "looking again must not keep a session alive"
    );
    let standing = backup::standing(visit.platform(), &visit.caller).await?;
    let chrome = below(visit, "Backups").await?;
    let record = match &standing.record {
        Ok(record) => record,
        Err(why) => return Ok(unreadable(chrome, why)),
    };
    let is_on = !record.runs.is_empty();
    let (running, cut_off) = under_way(record, standing.now);
    Ok(BackupsPage {
        chrome,
        unreadable: None,
        is_on,
        reach: reach(&standing, record),
        gaps: gaps(record),
        track: track::draw(&standing, record),
        running,
        cut_off,
        places: places::of(&standing, record),
        kept: rows::kept(record),
        runs: rows::runs(record),
        drills: rows::drills(record),
        told: told(&standing),
        kit: kit(record.kit.as_ref()),
        kit_state: kit_state(standing.now, record.kit.as_ref()),
    })
}

fn unreadable(chrome: crate::view::Chrome, why: &str) -> BackupsPage {
    BackupsPage {
        chrome,
        unreadable: Some(why.to_owned()),
        is_on: false,
        reach: Vec::new(),
        gaps: Vec::new(),
        track: None,
        running: None,
        cut_off: None,
        places: Vec::new(),
        kept: Vec::new(),
        runs: Vec::new(),
        drills: Vec::new(),
        told: Vec::new(),
        kit: Vec::new(),
        kit_state: Badge::new("Not known", Tone::Neutral),
    }
}

fn reach(standing: &Standing, record: &Record) -> Vec<(&'static str, String)> {
    let shown =
        |at: Option<Timestamp>, else_: &str| at.map_or_else(|| else_.to_owned(), |at| exact_moment(at).text);
    let oldest = record
        .report
        .as_ref()
        .and_then(|report| report.info.restorable_from());
    let archiver = &standing.archiver;
    let archiving = match (archiver.is_on, archiver.files_behind) {
        (false, _) => "PostgreSQL archives no changes; run `strongroom backup enable`".to_owned(),
        (true, 0) => "nothing waits".to_owned(),
        (true, waiting) => format!("{waiting} files wait to be archived"),
    };
    let mut facts = vec![
        (
            "Oldest moment",
            shown(oldest, "not known; no backup was looked at yet"),
        ),
        (
            "Newest moment",
            shown(standing.newest(), "not known; PostgreSQL has archived nothing"),
        ),
        ("Changes", archiving),
        ("Kept for", format!("{} days", standing.retention_days)),
    ];
    if archiver.failed_at > archiver.last_at
        && let Some(at) = archiver.failed_at
    {
        let file = archiver.failed.as_deref().unwrap_or("a file");
        facts.push((
            "Archiving fails",
            format!(
                "{file}, last tried {}; look at PostgreSQL's log and at the space of the repository",
                moment(at).text
            ),
        ));
    }
    if let Some(report) = &record.report {
        facts.push(("Repository looked at", moment(report.seen_at).text));
        if report.holes.is_none() {
            facts.push(("Missing changes", "nobody looked for them yet".to_owned()));
        }
    }
    if let Some(going) = &record.going_back {
        let how = match going.phase {
            GoingPhase::UnderWay => "began and was not ended",
            GoingPhase::Kept => "was gone back with; it can be undone",
            GoingPhase::Undoing => "is being taken back",
            GoingPhase::Forgetting => "lets go of what was there before",
        };
        let until = moment(going.until).text;
        facts.push((
            "The whole platform",
            format!("{how}: to {}, until {until}", exact_moment(going.moment).text),
        ));
    }
    facts
}

fn gaps(record: &Record) -> Vec<String> {
    let Some(report) = &record.report else {
        return Vec::new();
    };
    let stretches = report.gaps.iter().map(|gap| {
        let until = match gap.until {
            Some(until) => format!("before {}", exact_moment(until).text),
            None => "until the next backup".to_owned(),
        };
        format!(
            "Changes are missing: not every moment after {} and {until} can be gone back to.",
            exact_moment(gap.from).text
        )
    });
    let holes = report
        .holes
        .iter()
        .flatten()
        .map(|hole| crate::words::sentence(hole));
    stretches.chain(holes).collect()
}

fn under_way(record: &Record, now: Timestamp) -> (Option<Running>, Option<String>) {
    match &record.under_way {
        None => (None, None),
        Some(run) if run.is_alive(now) => (Some(running(run)), None),
        Some(run) => {
            let last = run
                .steps
                .last()
                .map_or("nothing was done yet", |step| step.said.as_str());
            let text = format!(
                "{} was cut off; its last sign of life is of {}, at: {last}.",
                title(run.doing),
                exact_moment(run.seen_at).text
            );
            (None, Some(text))
        }
    }
}

fn title(doing: Doing) -> &'static str {
    match doing {
        Doing::Backup => "A backup",
        Doing::Copy => "A copy to the second location",
        Doing::Verification => "A verification",
        Doing::Drill => "A drill",
    }
}

fn running(run: &UnderWay) -> Running {
    Running {
        title: match run.doing {
            Doing::Backup => "A backup runs",
            Doing::Copy => "A copy to the second location runs",
            Doing::Verification => "A verification runs",
            Doing::Drill => "A drill runs",
        },
        since: exact_moment(run.began_at),
        percent: run.bytes.map(|(done, all)| {
            let percent = done.saturating_mul(100) / all.max(1);
            u8::try_from(percent.min(100)).unwrap_or(100)
        }),
        steps: steps(&run.steps),
        refresh_href: RUNNING,
    }
}

fn steps(steps: &[Step]) -> Vec<(crate::view::Moment, String)> {
    let one = |step: &Step| (exact_moment(step.at), step.said.clone());
    steps.iter().map(one).collect()
}

fn told(standing: &Standing) -> Vec<(&'static str, String)> {
    let how = |last: Option<&Delivery>| match last {
        None => "no alert and no test of one was sent yet".to_owned(),
        Some(last) => match &last.failure {
            None => format!("the last was taken {}", moment(last.at).text),
            Some(why) => format!("the last, {}, was not taken: {why}", moment(last.at).text),
        },
    };
    let told = &standing.told;
    vec![
        (
            "Mail to operators",
            match told.is_mail_set {
                true => how(told.letter.as_ref()),
                false => "not set; on the host, `strongroom mail set`".to_owned(),
            },
        ),
        (
            "Webhook",
            match &told.webhook {
                Some(target) => format!("{target}; {}", how(told.message.as_ref())),
                None => "not set; on the host, `strongroom webhook set`".to_owned(),
            },
        ),
    ]
}

fn kit(kit: Option<&Kit>) -> Vec<(&'static str, String)> {
    let Some(kit) = kit else {
        let text = "none was made; on the host, `strongroom recovery-kit make`";
        return vec![("Made", text.to_owned())];
    };
    let verified = kit.verified_at.map(|at| moment(at).text);
    vec![
        ("Made", moment(kit.made_at).text),
        ("Read back whole", verified.unwrap_or_else(|| "never".to_owned())),
        (
            "Keys in use",
            match kit.is_current {
                true => "those in it, as the last backup saw it",
                false => "others than those in it: make another",
            }
            .to_owned(),
        ),
        ("Fingerprint", kit.fingerprint.clone()),
    ]
}

fn kit_state(now: Timestamp, kit: Option<&Kit>) -> Badge {
    /// As the promise `disaster-recovery` has it.
    const DAYS_MAX: i64 = 90;
    let Some(kit) = kit else {
        return Badge::new("None", Tone::Bad);
    };
    let is_old = |at: Timestamp| now.duration_since(at).as_hours() > 24 * DAYS_MAX;
    match kit.verified_at {
        _ if !kit.is_current => Badge::new("Out of date", Tone::Bad),
        None => Badge::new("Never read back", Tone::Warn),
        Some(at) if is_old(at) => Badge::new("Read back long ago", Tone::Warn),
        Some(_) => Badge::new("Good", Tone::Good),
    }
}
