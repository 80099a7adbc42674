//! `/appliance/updates`: what root saw of the machine's updates, and the way to hand a bundle to it.
//!
//! Invariant: this page shows and hands over; it verifies, imports and installs nothing. The form's token is checked before
//! a byte of the file is read.

use crate::{
    appliance,
    errors::Fault,
    fields::with_problems,
    form::check_token,
    parts::read_until_file,
    view::{Badge, BundleRow, ErrorSummary, FieldInput, InputKind, Tone, UpdateRow, UpdatesPage},
    visit::{Answer, Visit, page, page_with, see_other},
    words::{moment, size},
};
use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use bytes::Bytes;
use futures_util::TryStreamExt;
use platform::{
    PlatformError,
    bundle::{
        self, Found, Outcome, Reboot, Renewal, Report, Standing, Update, Verdict, Vulnerabilities, Waiting,
        WaitingPackage,
    },
};
use types::ProblemCode;

/// Most rows of a list; the command line shows all.
const ROWS_MAX: usize = 50;

fn inputs() -> Vec<FieldInput> {
    vec![
        FieldInput::new("file", "Bundle", InputKind::File(".bundle"))
            .with_help("The signed file, as whoever makes bundles gave it to you.")
            .required(),
    ]
}

/// `GET /appliance/updates`
pub(crate) async fn show(visit: Visit) -> Answer {
    appliance::enter(&visit)?;
    page(&updates_page(&visit, inputs(), None).await?)
}

/// `POST /appliance/updates`: a multipart form whose last part is the bundle.
pub(crate) async fn hand_over(visit: Visit, mut parts: Multipart) -> Answer {
    appliance::enter(&visit)?;
    let (texts, file) = read_until_file(&mut parts).await?;
    check_token(&visit, texts.get("csrf").map_or("", String::as_str), false)?;
    let done = match file {
        Some((_, part)) => {
            let broken =
                |_| PlatformError::new(ProblemCode::Malformed, "the upload ended before the file did");
            let stream = part.map_ok(Bytes::from).map_err(broken);
            bundle::upload(visit.platform(), &visit.caller, stream)
                .await
                .map(drop)
        }
        None => Err(PlatformError::invalid_at("/file", "required", "choose a file")),
    };
    match done {
        Ok(()) => see_other("/appliance/updates?notice=bundle-handed-over"),
        Err(error) => {
            let (fields, failure) = with_problems("The bundle was not taken", error, inputs())?;
            let template = updates_page(&visit, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

async fn updates_page(
    visit: &Visit,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<UpdatesPage, Fault> {
    let standing = bundle::look(visit.platform(), &visit.caller).await?;
    let report = standing.report.as_ref();
    Ok(UpdatesPage {
        chrome: appliance::below(visit, "Updates").await?,
        seen: report.map(|report| moment(report.seen_at)),
        facts: report.map(facts).unwrap_or_default(),
        faults: report.map(|report| report.faults.clone()).unwrap_or_default(),
        unknown: report.and_then(|report| report.unknown.clone()),
        pending: report.map(pending).unwrap_or_default(),
        vulnerabilities: standing.vulnerabilities.iter().map(told).collect(),
        open: standing
            .vulnerabilities
            .iter()
            .flat_map(open)
            .take(ROWS_MAX)
            .collect(),
        bundles: bundles(&standing),
        history: history(&standing),
        fields,
        failure,
    })
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let never = "never".to_owned();
    let at = |at: Option<jiff::Timestamp>| at.map_or(never.clone(), |at| moment(at).text);
    let own = report
        .installed
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    let waiting = report.pending.as_ref().map_or("unknown".to_owned(), |pending| {
        let security = pending.iter().filter(|one| one.is_security).count();
        format!("{}, {security} of them for security", pending.len())
    });
    let stale = report
        .stale
        .as_ref()
        .map_or("unknown".to_owned(), |stale| list(stale));
    vec![
        ("Platform", list(&own.collect::<Vec<_>>())),
        ("Lists last fetched", at(report.lists_at)),
        ("Updates last installed", at(report.upgrade_at)),
        ("Maintenance window", report.window.clone()),
        ("Waiting", waiting),
        ("Held", list(&report.held)),
        ("Not wholly installed", list(&report.unfinished)),
        ("Running old code", stale),
        (
            "Reboot wanted",
            if report.wants_reboot { "yes" } else { "no" }.to_owned(),
        ),
    ]
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

fn pending(report: &Report) -> Vec<[String; 4]> {
    let row = |waiting: &WaitingPackage| {
        let kind = if waiting.is_security { "security" } else { "other" };
        [
            waiting.package.clone(),
            waiting.from.clone(),
            waiting.to.clone(),
            kind.to_owned(),
        ]
    };
    report.pending.iter().flatten().take(ROWS_MAX).map(row).collect()
}

fn told(found: &Vulnerabilities) -> (&'static str, String) {
    let text = match &found.found {
        Err(why) => format!("unknown: {why}"),
        Ok(part) => {
            let days = jiff::Timestamp::now().duration_since(part.as_of).as_hours() / 24;
            format!(
                "{} looked at, {} open, {} undecided; the data is {days} days old",
                part.looked_at,
                part.open.len(),
                part.undecided
            )
        }
    };
    let of = match found.of {
        "packages" => "Installed packages",
        _ => "Components of the platform",
    };
    (of, text)
}

fn open(found: &Vulnerabilities) -> Vec<[String; 5]> {
    let parts = found.found.iter().flat_map(|part| &part.open);
    parts
        .map(|one| {
            [
                one.name.clone(),
                one.installed.clone(),
                one.id.clone(),
                one.severity.as_str().to_owned(),
                one.fix.clone().unwrap_or_else(|| "none yet".to_owned()),
            ]
        })
        .collect()
}

/// Those that wait first, then the verdicts.
fn bundles(standing: &Standing) -> Vec<BundleRow> {
    let waiting = standing.waiting.iter().map(waiting_row);
    waiting.chain(standing.verdicts.iter().map(verdict_row)).collect()
}

fn waiting_row(waiting: &Waiting) -> BundleRow {
    BundleRow {
        name: waiting.name.clone(),
        size: size(i64::try_from(waiting.bytes).unwrap_or(i64::MAX)),
        state: Badge::new("Waiting", Tone::Neutral),
        what: "Root has not looked at it yet.".to_owned(),
        at: None,
    }
}

fn verdict_row(verdict: &Verdict) -> BundleRow {
    let (state, what) = match &verdict.found {
        Found::Imported { sequence, version } => (
            Badge::new("Imported", Tone::Good),
            format!("Bundle {sequence} with version {version}; it is not installed by that."),
        ),
        Found::Refused { why } => (Badge::new("Refused", Tone::Bad), why.clone()),
    };
    BundleRow {
        name: verdict.name.clone(),
        size: size(i64::try_from(verdict.bytes).unwrap_or(i64::MAX)),
        state,
        what,
        at: Some(moment(verdict.at)),
    }
}

fn history(standing: &Standing) -> Vec<UpdateRow> {
    let renewals = standing.renewals.iter().filter(|renewal| renewal.is_news());
    let updates = standing
        .history
        .iter()
        .map(|update| (update.began_at, update_row(update)));
    let mut rows: Vec<_> = updates
        .chain(renewals.map(|renewal| (renewal.at, renewal_row(renewal))))
        .collect();
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    rows.into_iter().take(ROWS_MAX).map(|(_, row)| row).collect()
}

fn update_row(update: &Update) -> UpdateRow {
    let outcome = match update.outcome {
        Some(Outcome::Installed) => "installed",
        Some(Outcome::Refused) => "refused before anything was installed",
        Some(Outcome::Interrupted) => "cut off before anything was installed",
        Some(Outcome::Undone) => "not well, undone",
        Some(Outcome::Unwell) => "not well, and going back did not help",
        None => "cut off",
    };
    UpdateRow {
        at: moment(update.began_at),
        what: format!("{} to {}", update.from, update.to),
        outcome: outcome.to_owned(),
        why: update.why.clone().unwrap_or_default(),
    }
}

fn renewal_row(renewal: &Renewal) -> UpdateRow {
    let (what, outcome) = match (renewal.reboot, renewal.restarted.as_slice()) {
        (Reboot::Begun, _) => ("the machine".to_owned(), "started anew"),
        (Reboot::NotNeeded | Reboot::Wanted, []) => ("nothing".to_owned(), "started anew"),
        (Reboot::NotNeeded | Reboot::Wanted, names) => (names.join(", "), "started anew"),
    };
    let deferred = renewal.deferred.iter().map(|why| format!("put off: {why}"));
    let failed = renewal.failed.iter().map(|why| format!("not well: {why}"));
    let left =
        (!renewal.left.is_empty()).then(|| format!("until the next reboot: {}", renewal.left.join(", ")));
    let wanted = (renewal.reboot == Reboot::Wanted).then(|| "a reboot is wanted".to_owned());
    UpdateRow {
        at: moment(renewal.at),
        what,
        outcome: outcome.to_owned(),
        why: deferred
            .chain(failed)
            .chain(left)
            .chain(wanted)
            .collect::<Vec<_>>()
            .join("; "),
    }
}
