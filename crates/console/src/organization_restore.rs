//! `/o/{organization}/restore`: one organization taken back to a moment, looked at first, confirmed by its name, and taken back in
//! the same way.
//!
//! Invariant: looking is a GET and changes nothing; what is carried out was confirmed by the organization's name on the page of
//! that very target.

use crate::{
    chrome::crumb,
    errors::Fault,
    fields::with_problems,
    form::Form,
    query::Pairs,
    view::{
        ErrorSummary, FieldInput, InputKind, LastRestoreView, Nav, OrganizationRestorePage, RestorePreview,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{exact_moment, grouped, sentence},
};
use actix_web::{http::StatusCode, web::Path};
use jiff::{SignedDuration, Timestamp};
use platform::{
    PlatformError,
    restore::{self, LastRestore, PlannedRestore, Reach, Tally, Target},
};
use types::{FieldKind, ProblemCode, Value};

/// Redefinitions that are told here; the command line tells all.
const TOLD_MAX: usize = 20;
const NEAR: [(&str, SignedDuration); 4] = [
    ("10 minutes ago", SignedDuration::from_mins(10)),
    ("An hour ago", SignedDuration::from_hours(1)),
    ("A day ago", SignedDuration::from_hours(24)),
    ("A week ago", SignedDuration::from_hours(7 * 24)),
];

/// `GET /o/{organization}/restore`: with `to` or `undo`, what would change.
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    let planned = match target(&visit.query) {
        Ok(None) => None,
        Ok(Some(target)) => Some(
            restore::plan(&room.workspace, target)
                .await
                .map(|planned| (target, planned)),
        ),
        Err(error) => Some(Err(error)),
    };
    match planned.transpose() {
        Ok(planned) => page(&restore_page(&room, planned.as_ref(), None).await?),
        Err(error) => again(&room, None, error).await,
    }
}

/// `POST /o/{organization}/restore`
pub(crate) async fn carry_out(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let Some(target) = target(&form)? else {
        return Err(Fault::malformed("the form names no moment"));
    };
    let planned = restore::plan(&room.workspace, target).await?;
    let kept = (target, planned.clone());
    if planned
        .undoes()
        .is_some_and(|entry| form.text("undo") != entry.to_string())
    {
        let text =
            "somebody went back in time since this page was shown; look at what would be taken back now";
        let error = PlatformError::new(ProblemCode::Conflict, text);
        return again(&room, Some(&kept), error).await;
    }
    let done = match planned.confirm(form.text("name")) {
        Ok(confirmed) => restore::carry_out(confirmed).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => {
            let notice = match done.entry {
                Some(_) => "organization-restored",
                None => "nothing-differed",
            };
            see_other(&format!("{}/restore?notice={notice}", room.base()))
        }
        Err(error) => again(&room, Some(&kept), error).await,
    }
}

/// Where to; none where the address or form names nothing.
fn target(pairs: &Pairs) -> Result<Option<Target>, PlatformError> {
    let text = pairs.text("to").trim();
    if !pairs.text("undo").is_empty() {
        return Ok(Some(Target::Undo));
    }
    if text.is_empty() {
        return Ok(None);
    }
    match Value::from_text(FieldKind::Timestamp, text) {
        Ok(Value::Timestamp(moment)) => Ok(Some(Target::Moment(moment))),
        _ => {
            let message = "write a moment such as 2026-03-12T14:02:31";
            Err(PlatformError::invalid_at("/to", "malformed", message))
        }
    }
}

async fn again(room: &Room, planned: Option<&(Target, PlannedRestore)>, error: PlatformError) -> Answer {
    let mut template = restore_page(room, planned, None).await?;
    let fields: Vec<FieldInput> = match &template.preview {
        Some(preview) => preview.confirm_fields.clone(),
        None => template.moment_fields.clone(),
    };
    let (fields, failure) = with_problems("Nothing was changed", error, fields)?;
    match &mut template.preview {
        Some(preview) => preview.confirm_fields = fields,
        None => template.moment_fields = fields,
    }
    template.failure = Some(failure);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
}

async fn restore_page(
    room: &Room,
    planned: Option<&(Target, PlannedRestore)>,
    failure: Option<ErrorSummary>,
) -> Result<OrganizationRestorePage, Fault> {
    let reach = restore::reach(&room.workspace).await?;
    let mut chrome = room.chrome("Go back in time", Nav::Lifecycle).await?;
    chrome.crumbs = vec![crumb("Organization", format!("{}/about", room.base()))];
    let chosen = match planned {
        Some((Target::Moment(moment), _)) => typed(*moment),
        _ => room.visit.query.text("to").to_owned(),
    };
    Ok(OrganizationRestorePage {
        chrome,
        organization: room.slug().to_owned(),
        from: reach.from.map(exact_moment),
        moment_fields: vec![
            FieldInput::new("to", "Moment", InputKind::ExactTimestamp)
                .with_value(chosen)
                .with_help("In UTC, to the second.")
                .required(),
        ],
        near: near(room, &reach),
        preview: planned.map(|(target, planned)| preview(room, *target, planned)),
        last: reach.last.map(|last| last_view(room, &last)),
        failure,
    })
}

/// As an input of a moment holds it; a part of a second is left off, so that the moment asked for is never a later one.
fn typed(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn near(room: &Room, reach: &Reach) -> Vec<(&'static str, String)> {
    let one = |(label, ago): &(&'static str, SignedDuration)| {
        let moment = reach.to.checked_sub(*ago).ok()?;
        let is_within = reach.from.is_some_and(|from| from <= moment);
        is_within.then(|| (*label, format!("{}/restore?to={}Z", room.base(), typed(moment))))
    };
    NEAR.iter().filter_map(one).collect()
}

fn last_view(room: &Room, last: &LastRestore) -> LastRestoreView {
    LastRestoreView {
        at: exact_moment(last.at),
        said: sentence(&last.said),
        entry_href: format!("{}/audit/{}", room.base(), last.entry),
        undo_href: format!("{}/restore?undo=true", room.base()),
    }
}

fn preview(room: &Room, target: Target, planned: &PlannedRestore) -> RestorePreview {
    let touched = planned.touched();
    let at = exact_moment(planned.moment).text;
    let (pair, title) = match target {
        Target::Moment(moment) => (("to", moment.to_string()), format!("Back to {at}")),
        Target::Undo => (
            (
                "undo",
                planned
                    .undoes()
                    .map(|entry| entry.to_string())
                    .unwrap_or_default(),
            ),
            format!("The restore of {at} taken back"),
        ),
    };
    let said = match touched {
        0 => "Nothing differs: every record is as it was then, or must stay as it is.".to_owned(),
        1 => "One record would get another version. Nothing was changed yet.".to_owned(),
        touched => format!(
            "{} records would get another version. Nothing was changed yet.",
            number(touched)
        ),
    };
    let name = FieldInput::new("name", "The organization's name in addresses", InputKind::Text)
        .with_help(format!("Type {} to carry it out.", room.slug()))
        .with_autocomplete("off")
        .required();
    RestorePreview {
        target: pair,
        title,
        said,
        datasets: planned
            .tallies
            .iter()
            .filter(|tally| is_told(tally))
            .map(row)
            .collect(),
        aside: aside(planned),
        unfit: planned
            .tallies
            .iter()
            .flat_map(|tally| unfit(room, tally))
            .collect(),
        confirm_fields: if touched == 0 { Vec::new() } else { vec![name] },
    }
}

fn number(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

fn is_told(tally: &Tally) -> bool {
    tally.touched() + tally.unfit + tally.slipped > 0
}

fn row(tally: &Tally) -> (String, [String; 4]) {
    let counts = [
        tally.changed,
        tally.back,
        tally.trashed,
        tally.unfit + tally.slipped,
    ];
    (tally.dataset.clone(), counts.map(number))
}

fn unfit(room: &Room, tally: &Tally) -> Vec<(String, String, String)> {
    let one = |unfit: &restore::Unfit| {
        let href = format!("{}/d/{}/r/{}", room.base(), tally.dataset, unfit.record);
        (href, unfit.record.to_string(), sentence(&unfit.why))
    };
    tally.told.iter().map(one).collect()
}

fn aside(planned: &PlannedRestore) -> Vec<String> {
    let aside = &planned.aside;
    let erased = (aside.erasures > 0).then(|| {
        format!(
            "{} acts have erased something since then; what they erased does not come back.",
            grouped(aside.erasures)
        )
    });
    let redefined = aside.redefinitions.iter().take(TOLD_MAX).map(|one| {
        format!(
            "{} was defined anew on {} ({}): its definition stays as it is now, and values of removed fields do not come back.",
            one.dataset,
            exact_moment(one.at).text,
            one.action
        )
    });
    let more = aside.redefinitions.len().saturating_sub(TOLD_MAX);
    let more = (more > 0).then(|| format!("{more} more definitions changed since then."));
    erased.into_iter().chain(redefined).chain(more).collect()
}
