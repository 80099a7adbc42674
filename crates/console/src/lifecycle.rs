//! The life of an organization: what its state means and when what happens; cancelled, taken back, deleted; legal holds.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    single_record::name_of,
    view::{
        Badge, Banner, Choice, DeletionNotice, ErrorSummary, FieldInput, HoldRow, InputKind, LifecyclePage,
        Nav, Tone,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::moment,
};
use access::Permission;
use actix_web::{http::StatusCode, web::Path};
use jiff::Timestamp;
use platform::{
    PlatformError,
    deletion::{self, HOURS_DEFAULT, HOURS_MAX, HOURS_MIN},
    hold::{self, Hold, NewHold},
    lifecycle::{self, Cause, Lifecycle, State, Warning},
    member, people,
};
use types::{AccountId, HoldId};

fn deletion_inputs(slug: &str, form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let hours = Some(value("hours")).filter(|hours| !hours.is_empty());
    vec![
        FieldInput::new("name", "The organization's name in addresses", InputKind::Text)
            .with_value(value("name"))
            .with_help(format!(
                "Type {slug}. Records, files, history, members and keys go for good, with the accounts of people who are in no \
                 other organization; a signed certificate stays. Export everything before."
            ))
            .required(),
        FieldInput::new("hours", "Hours until then", InputKind::Integer)
            .with_value(hours.unwrap_or_else(|| HOURS_DEFAULT.to_string()))
            .with_help(format!(
                "{HOURS_MIN} to {HOURS_MAX}; until then everybody here sees it and any owner can call it back."
            ))
            .required(),
    ]
}

async fn hold_inputs(room: &Room, form: Option<&Form>) -> Result<Vec<FieldInput>, Fault> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let mut members = Vec::new();
    let mut after = None;
    loop {
        let page = member::list(&room.workspace, after).await?;
        members.extend(page.members);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let nobody = [Choice::new("", "Nobody here")];
    let choices = members
        .into_iter()
        .map(|member| Choice::new(member.account.to_string(), member.name));
    let choices = nobody.into_iter().chain(choices);
    let choices = choices.map(|choice| choice.selected_if(&value("concerns")));
    Ok(vec![
        FieldInput::new("person", "On whose order", InputKind::Text)
            .with_value(value("person"))
            .with_help("A court, an investigator.")
            .required(),
        FieldInput::new("reason", "Reason", InputKind::Text)
            .with_value(value("reason"))
            .with_help("One sentence, with the file's number if there is one; it stays in the audit log.")
            .required(),
        FieldInput::new(
            "concerns",
            "Who is looked into",
            InputKind::Choice(choices.collect()),
        )
        .with_help("They cannot lift the hold."),
    ])
}

fn meaning(life: &Lifecycle) -> &'static str {
    match (&life.deletion, life.state) {
        (Some(_), _) => {
            "A deletion is ordered. Until then an owner can call it back; after it nothing brings the records back here."
        }
        (None, State::Cancelled) => {
            "The organization is cancelled: everything can be read and exported, and nothing in it changes. An owner can take that \
             back until it is deleted."
        }
        (None, State::Active) => "The organization is in use. An owner can cancel it, or order its deletion.",
    }
}

async fn rows(room: &Room, holds: Vec<Hold>) -> Result<Vec<HoldRow>, Fault> {
    let concerned: Vec<AccountId> = holds.iter().filter_map(|hold| hold.concerns).collect();
    let names = people::names(&room.workspace, &concerned).await?;
    let own = room.visit.account()?.id;
    let row = |hold: Hold| HoldRow {
        id: hold.id.to_string(),
        concerns: hold.concerns.map(|account| name_of(&names, account)),
        state: match hold.lifted {
            None => Badge::new("In force", Tone::Warn),
            Some(_) => Badge::new("Lifted", Tone::Neutral),
        },
        placed: moment(hold.placed_at),
        may_lift: hold.lifted.is_none() && hold.placed_by.is_some() && hold.concerns != Some(own),
        lifted: hold.lifted.map(|lifted| moment(lifted.at)),
        person: hold.person,
        reason: hold.reason,
    };
    Ok(holds.into_iter().map(row).collect())
}

/// The page, with the inputs of the form that failed, if one did.
async fn about_page(
    room: &Room,
    failed: Option<(Failed, Vec<FieldInput>, ErrorSummary)>,
) -> Result<LifecyclePage, Fault> {
    let life = lifecycle::show(&room.workspace).await?;
    let may_hold = room.may(Permission::HoldManage);
    let holds = match may_hold {
        true => rows(room, hold::list(&room.workspace).await?).await?,
        false => Vec::new(),
    };
    let mut deletion_fields = deletion_inputs(room.slug(), None);
    let mut hold_fields = match may_hold {
        true => hold_inputs(room, None).await?,
        false => Vec::new(),
    };
    let failure = failed.map(|(form, fields, failure)| {
        match form {
            Failed::Deletion => deletion_fields = fields,
            Failed::Hold => hold_fields = fields,
        }
        failure
    });
    Ok(LifecyclePage {
        chrome: room.chrome("Organization", Nav::Lifecycle).await?,
        organization: room.slug().to_owned(),
        state: match life.state {
            State::Active => Badge::new("Active", Tone::Good),
            State::Cancelled => Badge::new("Cancelled", Tone::Warn),
        },
        meaning: meaning(&life).to_owned(),
        cancelled: life.cancelled_at.map(moment),
        export_until: life.export_until.map(moment),
        window_days: life.window_days,
        is_cancelled: life.state == State::Cancelled,
        deletion: life.deletion.map(|planned| DeletionNotice {
            cause: match planned.cause {
                Cause::Order => "by an owner".to_owned(),
                Cause::Window => "because the time for exports is over".to_owned(),
            },
            ordered: moment(planned.ordered_at),
            due: moment(planned.due_at),
        }),
        is_held: life.is_held,
        may_restore: room.may(Permission::OrganizationRestore),
        may_end: room.may(Permission::OrganizationDelete),
        deletion_fields,
        may_hold,
        holds,
        hold_fields,
        failure,
    })
}

/// Which form was refused.
#[derive(Clone, Copy)]
enum Failed {
    Deletion,
    Hold,
}

/// `GET /o/{organization}/about`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&about_page(&room, None).await?)
}

fn back(room: &Room, notice: &str) -> Answer {
    see_other(&format!("{}/about?notice={notice}", room.base()))
}

async fn again(
    room: &Room,
    form: Failed,
    title: &str,
    error: PlatformError,
    fields: Vec<FieldInput>,
) -> Answer {
    let (fields, failure) = with_problems(title, error, fields)?;
    let template = about_page(room, Some((form, fields, failure))).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
}

/// `POST .../about/cancel`
pub(crate) async fn cancel(visit: Visit, slug: Path<String>, _form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    lifecycle::cancel(&room.workspace).await?;
    back(&room, "organization-cancelled")
}

/// `POST .../about/reinstate`
pub(crate) async fn reinstate(visit: Visit, slug: Path<String>, _form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    lifecycle::reinstate(&room.workspace).await?;
    back(&room, "organization-reinstated")
}

/// `POST .../about/delete`
pub(crate) async fn delete(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let hours = form.text("hours").trim().parse().unwrap_or(0);
    match deletion::order(&room.workspace, form.text("name"), hours).await {
        Ok(_) => back(&room, "deletion-ordered"),
        Err(error) => {
            let fields = deletion_inputs(room.slug(), Some(&form));
            again(&room, Failed::Deletion, "Nothing was ordered", error, fields).await
        }
    }
}

/// `POST .../about/keep`
pub(crate) async fn keep(visit: Visit, slug: Path<String>, _form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    deletion::call_back(&room.workspace).await?;
    back(&room, "deletion-called-back")
}

/// `POST .../about/holds`
pub(crate) async fn place_hold(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let placed = match new_hold(&form) {
        Ok(new) => hold::place(&room.workspace, new).await,
        Err(error) => Err(error),
    };
    match placed {
        Ok(_) => back(&room, "hold-placed"),
        Err(error) => {
            let fields = hold_inputs(&room, Some(&form)).await?;
            again(&room, Failed::Hold, "The hold was not placed", error, fields).await
        }
    }
}

/// Whoever is looked into is one of the list or nobody: an id that cannot be read must not become nobody.
fn new_hold(form: &Form) -> Result<NewHold, PlatformError> {
    let concerns = match form.text("concerns") {
        "" => None,
        id => Some(id.parse().map_err(|_| {
            PlatformError::invalid_at(
                "/concerns",
                "malformed",
                "choose a member from the list, or nobody",
            )
        })?),
    };
    Ok(NewHold {
        reason: form.text("reason").to_owned(),
        person: form.text("person").to_owned(),
        concerns,
    })
}

/// `POST .../about/holds/{hold}/lift`
pub(crate) async fn lift_hold(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path.1.parse::<HoldId>().map_err(|_| Fault::not_found("hold"))?;
    hold::lift(&room.workspace, id, form.text("reason")).await?;
    back(&room, "hold-lifted")
}

/// What stands above every page of an organization that is cancelled or about to be deleted.
pub(crate) async fn banner(room: &Room) -> Result<Option<Banner>, Fault> {
    let text = match lifecycle::warning(&room.workspace).await? {
        None => return Ok(None),
        Some(Warning::Deletion { due_at }) => format!(
            "This organization will be deleted for good on {}. An owner can call that back on the page Organization.",
            clock(due_at)
        ),
        Some(Warning::Cancelled { export_until }) => format!(
            "This organization is cancelled: everything can be read and exported until {}, and nothing in it changes.",
            clock(export_until)
        ),
    };
    Ok(Some(Banner {
        is_on: true,
        text,
        message: None,
    }))
}

fn clock(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}
