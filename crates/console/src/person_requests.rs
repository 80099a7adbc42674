//! `/o/{organization}/person-requests`: what persons ask for about their own data, and writing one down.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{
        Badge, Choice, ErrorSummary, FieldInput, InputKind, Nav, PersonRequestRow, PersonRequestsPage, Tone,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    person::{self, NewRequest, Outcome, PersonRequest, RequestKind, RequestView, WORDS_MAX},
};

pub(crate) fn kind_label(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Access => "Their data",
        RequestKind::Erasure => "Erasure",
    }
}

pub(crate) fn state_badge(request: &PersonRequest) -> Badge {
    match request.outcome {
        Some(Outcome::HandedOver) => return Badge::new("Handed over", Tone::Good),
        Some(Outcome::Erased) => return Badge::new("Erased", Tone::Good),
        Some(Outcome::NothingFound) => return Badge::new("Nothing found", Tone::Neutral),
        Some(Outcome::Refused) => return Badge::new("Refused", Tone::Neutral),
        None => {}
    }
    match (request.approved, request.proposed, request.searched_at) {
        (Some(_), ..) => Badge::new("Approved, not done", Tone::Bad),
        (None, Some(_), _) => Badge::new("Waits for approval", Tone::Warn),
        (None, None, Some(_)) => Badge::new("Searched", Tone::Accent),
        (None, None, None) => Badge::new("Open", Tone::Accent),
    }
}

/// The day, and how far it is.
pub(crate) fn due_badge(view: &RequestView) -> Badge {
    let due = view.request.due_on.strftime("%-d %b %Y").to_string();
    if view.request.closed.is_some() {
        return Badge::new(due, Tone::Neutral);
    }
    match view.days_left {
        days if days < 0 => Badge::new(format!("{due}, overdue"), Tone::Bad),
        0 => Badge::new(format!("{due}, today"), Tone::Warn),
        days if days <= 7 => Badge::new(format!("{due}, in {days} days"), Tone::Warn),
        days => Badge::new(format!("{due}, in {days} days"), Tone::Neutral),
    }
}

fn inputs(form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let kinds = [RequestKind::Access, RequestKind::Erasure]
        .map(|kind| Choice::new(kind.as_str(), kind_label(kind)).selected_if(&value("kind")));
    vec![
        FieldInput::new("kind", "What they ask for", InputKind::Choice(kinds.to_vec())).required(),
        FieldInput::new("reference", "Your number for it", InputKind::Text)
            .with_value(value("reference"))
            .with_help("It stays in the audit log, so use a number and not a name.")
            .required(),
        FieldInput::new("received_on", "Received on", InputKind::Date)
            .with_value(value("received_on"))
            .with_help("Today when nothing is said. It is due a month later."),
        FieldInput::new("words", "What to look for", InputKind::LongText)
            .with_value(value("words"))
            .with_help(format!(
                "Names, addresses, numbers: one a line, at most {WORDS_MAX}. They are sealed, and gone when the request is closed."
            ))
            .required(),
    ]
}

async fn list_page(
    room: &Room,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<PersonRequestsPage, Fault> {
    let requests = person::list(&room.workspace).await?;
    let row = |view: RequestView| PersonRequestRow {
        id: view.request.id.to_string(),
        kind: kind_label(view.request.kind).to_owned(),
        state: state_badge(&view.request),
        due: due_badge(&view),
        closed: view.request.closed.map(|(_, at)| moment(at)),
        reference: view.request.reference,
    };
    Ok(PersonRequestsPage {
        chrome: room.chrome("Persons' requests", Nav::PersonRequests).await?,
        organization: room.slug().to_owned(),
        requests: requests.into_iter().map(row).collect(),
        fields,
        failure,
    })
}

/// `GET /o/{organization}/person-requests`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&list_page(&room, inputs(None), None).await?)
}

/// `POST /o/{organization}/person-requests`
pub(crate) async fn open(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let opened = match new_request(&form) {
        Ok(new) => person::open(&room.workspace, new).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(id) => see_other(&format!(
            "{}/person-requests/{id}?notice=request-opened",
            room.base()
        )),
        Err(error) => {
            let (fields, failure) = with_problems("Nothing was written down", error, inputs(Some(&form)))?;
            let template = list_page(&room, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

fn new_request(form: &Form) -> Result<NewRequest, PlatformError> {
    let kind = RequestKind::parse(form.text("kind"))
        .ok_or_else(|| PlatformError::invalid_at("/kind", "required", "choose what they ask for"))?;
    let received_on = match form.text("received_on").trim() {
        "" => None,
        day => Some(day.parse().map_err(|_| {
            PlatformError::invalid_at("/received_on", "malformed", "a day such as 2026-03-12")
        })?),
    };
    Ok(NewRequest {
        kind,
        reference: form.text("reference").to_owned(),
        received_on,
        words: form.text("words").lines().map(str::to_owned).collect(),
    })
}
