//! `/o/{organization}/person-requests/{request}`: one person's data found, marked, handed over, erased.

use crate::{
    chrome::crumb,
    errors::Fault,
    fields::with_problems,
    form::Form,
    person_requests::{due_badge, kind_label, state_badge},
    single_record::name_of,
    view::{
        Badge, CellKind, Choice, ErrorSummary, Fact, FieldInput, HitRow, InputKind, Nav, PersonRequestPage,
        TableCell, Tone,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::moment,
};
use access::Permission;
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Path,
};
use platform::{
    PlatformError, people,
    person::{
        self, Erased, HitKind, HitState, HitView, Outcome, PersonRequest, RequestKind, RequestView, Verdict,
    },
};
use types::{AccountId, PersonRequestId, RecordId};

type Place = Path<(String, String)>;

fn id_of(place: &Place) -> Result<PersonRequestId, Fault> {
    place.1.parse().map_err(|_| Fault::not_found("request"))
}

fn path(room: &Room, id: PersonRequestId) -> String {
    format!("{}/person-requests/{id}", room.base())
}

/// `GET .../person-requests/{request}`
pub(crate) async fn show(visit: Visit, place: Place) -> Answer {
    let room = visit.enter(&place.0).await?;
    page(&request_page(&room, id_of(&place)?, None).await?)
}

async fn request_page(
    room: &Room,
    id: PersonRequestId,
    failure: Option<ErrorSummary>,
) -> Result<PersonRequestPage, Fault> {
    let view = person::find(&room.workspace, id).await?;
    let hits = person::hits(&room.workspace, id).await?;
    let request = &view.request;
    let mut chrome = room.chrome(&request.reference, Nav::PersonRequests).await?;
    chrome.crumbs.push(crumb(
        "Persons' requests",
        format!("{}/person-requests", room.base()),
    ));
    let is_open = request.closed.is_none();
    let is_free = is_open && request.proposed.is_none();
    let is_decided = request.search_from.is_none()
        && hits.iter().any(|hit| hit.verdict == Some(Verdict::Theirs))
        && hits.iter().all(|hit| hit.verdict.is_some());
    let is_proposed = is_open && request.proposed.is_some() && request.approved.is_none();
    let may_erase = room.may(Permission::RecordPurge);
    Ok(PersonRequestPage {
        chrome,
        path: path(room, id),
        state: state_badge(request),
        facts: facts(room, &view).await?,
        words: view.words.clone(),
        search: is_free.then(|| search_label(request).to_owned()),
        hits: hits.iter().map(|hit| row(room, hit)).collect(),
        may_mark: is_free,
        may_hand_over: is_free && is_decided && room.may(Permission::RecordExport),
        approvable: request
            .proposed
            .filter(|_| is_proposed && may_erase && !is_own(room, request))
            .map(|(_, at)| at.to_string()),
        may_carry_on: is_open && request.approved.is_some() && may_erase,
        may_withdraw: is_proposed,
        proposal_fields: match is_free && is_decided && request.kind == RequestKind::Erasure {
            true => vec![
                FieldInput::new("ground", "Legal ground", InputKind::Text)
                    .with_help(
                        "Such as: consent withdrawn, article 17(1)(b) GDPR. It stays in the audit log.",
                    )
                    .required(),
            ],
            false => Vec::new(),
        },
        extension_fields: match is_open && request.extended_because.is_none() {
            true => extension_inputs(),
            false => Vec::new(),
        },
        end_fields: match is_open && request.approved.is_none() {
            true => end_inputs(request),
            false => Vec::new(),
        },
        failure,
    })
}

fn search_label(request: &PersonRequest) -> &'static str {
    match (request.search_from, request.searched_at) {
        (Some(_), _) => "Go on searching",
        (None, Some(_)) => "Search again",
        (None, None) => "Search",
    }
}

fn is_own(room: &Room, request: &PersonRequest) -> bool {
    let account = room.workspace.caller().account().map(|account| account.id);
    account == Some(request.asked.0) || request.proposed.is_some_and(|(who, _)| Some(who) == account)
}

fn extension_inputs() -> Vec<FieldInput> {
    vec![
        FieldInput::new("due_on", "Due on", InputKind::Date)
            .with_help("At most three months after it was received.")
            .required(),
        FieldInput::new("because", "Why", InputKind::Text)
            .with_help("The person is told, within the first month.")
            .required(),
    ]
}

fn end_inputs(request: &PersonRequest) -> Vec<FieldInput> {
    let mut outcomes = vec![
        Choice::new(Outcome::NothingFound.as_str(), "Nothing of theirs was found"),
        Choice::new(Outcome::Refused.as_str(), "It was refused"),
    ];
    if request.handed_over.is_some() {
        outcomes.insert(
            0,
            Choice::new(Outcome::HandedOver.as_str(), "Their data was handed over"),
        );
    }
    vec![
        FieldInput::new("outcome", "How it ended", InputKind::Choice(outcomes)).required(),
        FieldInput::new("note", "What was answered, or why not", InputKind::Text)
            .with_help("It stays, so write no name.")
            .required(),
    ]
}

async fn facts(room: &Room, view: &RequestView) -> Result<Vec<Fact>, Fault> {
    let request = &view.request;
    let steps = [
        ("Written down", Some(request.asked)),
        ("Handed over", request.handed_over),
        ("Erasure proposed", request.proposed),
        ("Erasure approved", request.approved),
        ("Closed", request.closed),
    ];
    let accounts: Vec<AccountId> = steps
        .iter()
        .filter_map(|(_, done)| done.map(|(who, _)| who))
        .collect();
    let names = people::names(&room.workspace, &accounts).await?;
    let text = |label: &str, text: String| Fact {
        label: label.to_owned(),
        cell: TableCell::new(text, CellKind::Text),
    };
    let mut facts = vec![
        text("Asks for", kind_label(request.kind).to_owned()),
        text("Received", request.received_on.strftime("%-d %b %Y").to_string()),
        text("Due", due_badge(view).text),
    ];
    for (label, done) in steps {
        if let Some((who, at)) = done {
            facts.push(text(
                label,
                format!("{}, by {}", moment(at).text, name_of(&names, who)),
            ));
        }
    }
    let said = [
        ("Later because", &request.extended_because),
        ("Legal ground", &request.ground),
        ("Answered", &request.note),
    ];
    for (label, said) in said {
        facts.extend(said.as_ref().map(|said| text(label, said.clone())));
    }
    Ok(facts)
}

fn row(room: &Room, hit: &HitView) -> HitRow {
    let id = hit.object.to_string();
    let short = id.get(..8).unwrap_or(&id).to_owned();
    let (name, href) = match (&hit.dataset, hit.kind) {
        (Some((key, label)), _) => {
            let tail = if hit.state == HitState::Gone {
                "/history"
            } else {
                ""
            };
            (
                format!("{label} {short}"),
                Some(format!("{}/d/{key}/r/{id}{tail}", room.base())),
            )
        }
        (None, HitKind::Record) => (format!("Record {short} of a dataset that is gone"), None),
        (None, HitKind::File) => (format!("File {short}"), None),
    };
    HitRow {
        name,
        href,
        found_in: hit.found_in.join("; "),
        verdict: match hit.verdict {
            None => Badge::new("Undecided", Tone::Warn),
            Some(Verdict::Theirs) => Badge::new("Theirs", Tone::Accent),
            Some(Verdict::Other) => Badge::new("Somebody else's", Tone::Neutral),
        },
        state: match hit.state {
            HitState::There => Badge::new("There", Tone::Neutral),
            HitState::Trashed => Badge::new("In the trash", Tone::Neutral),
            HitState::Gone => Badge::new("Gone", Tone::Good),
        },
        id,
    }
}

/// Back to the request with a notice, or the page once more with what was wrong.
async fn answer(room: &Room, id: PersonRequestId, title: &str, done: Result<&str, PlatformError>) -> Answer {
    match done {
        Ok(notice) => see_other(&format!("{}?notice={notice}", path(room, id))),
        Err(error) => {
            let (_, failure) = with_problems(title, error, Vec::new())?;
            let template = request_page(room, id, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST .../search`
pub(crate) async fn search(visit: Visit, place: Place, _form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let searched = person::search(&room.workspace, id).await;
    let notice = searched.map(|searched| match (searched.is_complete, searched.unlisted) {
        (true, 0) => "search-ended",
        (true, _) => "search-ended-with-more",
        (false, _) => "search-goes-on",
    });
    answer(&room, id, "The search was not stored", notice).await
}

/// `POST .../marks`
pub(crate) async fn mark(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let ids = form.all("hit").filter_map(|text| text.parse::<RecordId>().ok());
    let ticked: Vec<_> = ids.map(|id| id.0).collect();
    if ticked.is_empty() {
        return answer(&room, id, "", Ok("none-ticked")).await;
    }
    let verdict = match form.text("verdict") {
        "theirs" => Verdict::Theirs,
        _ => Verdict::Other,
    };
    let marked = person::mark(&room.workspace, id, &ticked, verdict).await;
    answer(&room, id, "Nothing was marked", marked.map(|()| "request-marked")).await
}

/// `POST .../archive`: the answer is the file.
pub(crate) async fn hand_over(visit: Visit, place: Place, _form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    match person::hand_over(&room.workspace, id).await {
        Ok(stream) => Ok(HttpResponse::Ok()
            .content_type("application/x-tar")
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{id}.tar\""),
            ))
            .streaming(stream)),
        Err(error) => answer(&room, id, "Nothing was handed over", Err(error)).await,
    }
}

/// `POST .../extend`
pub(crate) async fn extend(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let done = match form.text("due_on").trim().parse() {
        Ok(due_on) => person::extend(&room.workspace, id, due_on, form.text("because")).await,
        Err(_) => Err(PlatformError::invalid_at(
            "/due_on",
            "malformed",
            "a day such as 2026-03-12",
        )),
    };
    answer(
        &room,
        id,
        "The request is due as before",
        done.map(|()| "request-extended"),
    )
    .await
}

/// `POST .../propose`
pub(crate) async fn propose(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let done = person::propose(&room.workspace, id, form.text("ground")).await;
    answer(
        &room,
        id,
        "Nothing was proposed",
        done.map(|()| "erasure-proposed"),
    )
    .await
}

/// `POST .../withdraw`
pub(crate) async fn withdraw(visit: Visit, place: Place, _form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let done = person::withdraw(&room.workspace, id).await;
    answer(
        &room,
        id,
        "Nothing was taken back",
        done.map(|()| "proposal-withdrawn"),
    )
    .await
}

fn said(erased: &Erased) -> &'static str {
    match erased.left.is_empty() {
        true => "erasure-done",
        false => "erasure-left",
    }
}

/// `POST .../approve`
pub(crate) async fn approve(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let proposed_at = form.text("proposed_at").parse();
    let proposed_at =
        proposed_at.map_err(|_| Fault::malformed("the form does not say which proposal was seen"))?;
    let done = person::approve(&room.workspace, id, proposed_at).await;
    answer(&room, id, "Nothing was erased", done.map(|erased| said(&erased))).await
}

/// `POST .../carry-on`
pub(crate) async fn carry_on(visit: Visit, place: Place, _form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let done = person::carry_on(&room.workspace, id).await;
    answer(&room, id, "Nothing was erased", done.map(|erased| said(&erased))).await
}

/// `POST .../close`
pub(crate) async fn close(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let outcome = Outcome::parse(form.text("outcome"));
    let done = match outcome {
        Some(outcome) => person::close(&room.workspace, id, outcome, form.text("note")).await,
        None => Err(PlatformError::invalid_at(
            "/outcome",
            "required",
            "say how it ended",
        )),
    };
    answer(
        &room,
        id,
        "The request is open as before",
        done.map(|()| "request-closed"),
    )
    .await
}
