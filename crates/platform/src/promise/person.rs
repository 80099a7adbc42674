//! One person's data: requests in time, approved by a second person, and nothing left of what was erased.
//!
//! What was erased is not known any more, so that its values cannot be looked for. What is looked at instead: no row of an erased record is
//! there, hence no key that opens its versions, in history, export or audit page; its newest version is an erasure's; no file of it is
//! there; the words that it was found by are gone. Versions of each organization are opened as a search does, because a search
//! that cannot read finds nobody.

use super::{homes, lifecycle::guards, look::Look};
use crate::{
    Platform,
    error::Result,
    person::{self, Outcome as End, PersonRequest, Verdict},
    workspace::Home,
};
use access::{Permission, Role};
use jiff::{SignedDuration, ToSpan};
use promises::Outcome;
use std::sync::Arc;
use store::{
    control::{legal_hold, organization::OrganizationState},
    tenant::{catalogue, person as rows},
};

pub(super) const ID: &str = "data-subject-rights";

/// Most requests of one organization that are looked at, the open ones first and then the newest.
const REQUESTS_MAX: i64 = 200;
/// Versions that are opened in each organization.
const SAMPLE: i64 = 50;
/// An approved erasure is carried out at once; what is left after a day, nobody is looking after.
const LEFT_MAX: SignedDuration = SignedDuration::from_hours(24);

#[derive(Default)]
struct Figures {
    open: usize,
    in_time: usize,
    late: usize,
    erased: usize,
    sampled: usize,
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    guards(platform, &mut look).await?;
    let mut figures = Figures::default();
    for home in homes(platform).await? {
        of_organization(platform, &home, &mut figures, &mut look).await?;
    }
    Ok(look
        .fact("requests open", figures.open)
        .fact("requests answered in time", figures.in_time)
        .fact("requests answered too late", figures.late)
        .fact("erased records and files looked for", figures.erased)
        .fact("versions opened as a search does", figures.sampled)
        .done())
}

async fn of_organization(
    platform: &Platform,
    home: &Arc<Home>,
    figures: &mut Figures,
    look: &mut Look,
) -> Result<()> {
    let workspace = platform.enter_as_system(Arc::clone(home));
    let slug = home.summary.slug.as_str();
    let datasets = catalogue::list(&home.tenant).await?;
    let (read, unreadable) = person::sample(&workspace, &datasets, SAMPLE).await?;
    figures.sampled += read;
    for record in unreadable {
        let what =
            format!("a version of the record {record} does not open, so that no search finds what it holds");
        look.fault(
            what,
            slug,
            "run `strongroom audit check` and restore the record from a backup",
        );
    }
    for role in [Role::Viewer, Role::Editor] {
        let probe = platform.enter_as_probe(Arc::clone(home), role);
        if probe.may(Permission::PersonRequest) || probe.may(Permission::RecordPurge) {
            let what = format!("a member with the role {role} may find or erase people");
            look.fault(what, slug, "report this as a bug");
        }
    }
    let held = legal_hold::in_force(&mut platform.control().read().await?, Some(home.summary.id)).await?;
    for request in rows::list(&home.tenant, REQUESTS_MAX).await? {
        judge(platform, home, &request, held, figures, look);
        if request.outcome == Some(End::Erased) {
            let found = rows::hits(&home.tenant, request.id, i64::MAX).await?;
            let theirs: Vec<rows::Hit> = found
                .into_iter()
                .filter(|hit| hit.verdict == Some(Verdict::Theirs))
                .collect();
            figures.erased += theirs.len();
            for object in person::states(&workspace, &datasets, &theirs).await?.into_keys() {
                let what = format!("{object} is there, although request {} erased it", request.id);
                look.fault(
                    what,
                    slug,
                    "open a request for this person again, and report this",
                );
            }
            let records: Vec<_> = theirs.iter().map(|hit| hit.object).collect();
            for record in rows::unexplained(&home.tenant, &records).await? {
                let what = format!(
                    "the newest version of {record}, which request {} erased, is no erasure",
                    request.id
                );
                look.fault(what, slug, "run `strongroom audit check`, and report this");
            }
        }
    }
    let left = rows::with_words(&home.tenant).await?;
    if !held && !left.is_empty() {
        let what = format!("the words of {} closed requests are still there", left.len());
        look.fault(
            what,
            slug,
            "see that the worker runs: systemctl status strongroom-worker",
        );
    }
    Ok(())
}

fn judge(
    platform: &Platform,
    home: &Home,
    request: &PersonRequest,
    held: bool,
    figures: &mut Figures,
    look: &mut Look,
) {
    let slug = home.summary.slug.as_str();
    // By the day that ends last on earth.
    let last = request.due_on.saturating_add(1.day()).at(12, 0, 0, 0);
    let due = last
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map(|zoned| zoned.timestamp());
    let ended = request.closed.map_or(platform.now(), |(_, at)| at);
    let is_late = due.is_ok_and(|due| ended > due);
    match request.closed {
        Some(_) if is_late => figures.late += 1,
        Some(_) => figures.in_time += 1,
        None => figures.open += 1,
    }
    // A cancelled organization changes nothing, and all of it goes when its time is over.
    if request.closed.is_none() && is_late && home.state == OrganizationState::Active {
        let what = format!(
            "request {} ({}) was due on {}",
            request.id,
            request.kind.as_str(),
            request.due_on
        );
        look.fault(
            what,
            slug,
            "answer it, or extend it with a reason while the law allows that",
        );
    }
    if let Some((approver, at)) = request.approved {
        let proposer = request.proposed.map(|(who, _)| who);
        if approver == request.asked.0 || Some(approver) == proposer {
            let what = format!(
                "the erasure of request {} was approved by whoever wanted it",
                request.id
            );
            look.fault(what, slug, "look who changed it in the database, and report this");
        }
        let is_old = at.checked_add(LEFT_MAX).is_ok_and(|end| end < platform.now());
        if request.closed.is_none() && is_old && !held {
            let what = format!("the erasure of request {} is approved and not done", request.id);
            look.fault(
                what,
                slug,
                "open the request, see what is left, and go on with it",
            );
        }
    }
}
