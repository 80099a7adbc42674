//! The note of the day on a page that is made to be printed: for auditors at `/o/{organization}/audit/note`, for operators at
//! `/appliance/audit-note`, who name whom it goes to by mail. What was kept of an earlier day is compared here, too.

use crate::{
    appliance::{below, enter},
    chrome::crumb,
    errors::Fault,
    form::Form,
    view::{
        AuditNotePage, Badge, Chrome, ComparedRow, ErrorSummary, FieldInput, InputKind, Nav, NoteAddresses,
        PrintedNote, Tone,
    },
    visit::{Answer, Visit, page, page_with, see_other},
    words::{grouped, moment, plural},
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    ledger::{
        daily::{self, Addresses, Daily},
        kept::{self, Kept, Kind, Word},
    },
};
use types::ProblemCode;

/// What there is to be printed; none before the first checkpoint.
fn printed(found: Result<Daily, PlatformError>) -> Result<Option<PrintedNote>, Fault> {
    let daily = match found {
        Ok(daily) => daily,
        Err(error) if error.code == ProblemCode::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let number = |size: u64| grouped(i64::try_from(size).unwrap_or(i64::MAX));
    let newest = &daily.newest;
    Ok(Some(PrintedNote {
        size: number(newest.size),
        at: newest.at.map(moment),
        note: newest.note.clone(),
        picture: daily.picture()?,
        older: daily.witnessed.as_ref().map(|older| older.note.clone()),
        older_text: daily.witnessed.as_ref().map(|older| {
            let count = i64::try_from(older.witnesses).unwrap_or(i64::MAX);
            let seen = plural(count, "witness", "witnesses");
            format!("Signed by {seen} elsewhere, up to {} entries", number(older.size))
        }),
    }))
}

fn kept_rows(kept: &[Kept]) -> Vec<ComparedRow> {
    let row = |one: &Kept| ComparedRow {
        what: match one.kind {
            Kind::Note => "Note".to_owned(),
            Kind::Receipt { index } => format!("Receipt of leaf {index}"),
        },
        size: grouped(i64::try_from(one.size).unwrap_or(i64::MAX)),
        word: match one.word {
            Word::BorneOut => Badge::new("The log bears it out", Tone::Good),
            Word::Rewritten => Badge::new(
                "The log was rewritten since: keep this, and tell everybody who must know",
                Tone::Bad,
            ),
            Word::SetBack => Badge::new(
                "The log was set back since: keep this, and tell everybody who must know",
                Tone::Bad,
            ),
            Word::NotOurs => Badge::new("This log never signed it", Tone::Bad),
        },
    };
    kept.iter().map(row).collect()
}

/// What came of a comparison, if one was asked for.
struct Compared {
    kept: Vec<ComparedRow>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
}

impl Compared {
    fn nothing() -> Self {
        Self {
            kept: Vec::new(),
            failure: None,
            status: StatusCode::OK,
        }
    }

    fn of(found: Result<Vec<Kept>, PlatformError>) -> Result<Self, Fault> {
        match found {
            Ok(kept) => Ok(Self {
                kept: kept_rows(&kept),
                ..Self::nothing()
            }),
            Err(error) if error.code == ProblemCode::Invalid => Ok(Self {
                failure: Some(ErrorSummary {
                    title: format!("Nothing was compared. {}", error.detail),
                    failures: Vec::new(),
                }),
                status: StatusCode::UNPROCESSABLE_ENTITY,
                ..Self::nothing()
            }),
            Err(error) => Err(error.into()),
        }
    }
}

fn template(
    chrome: Chrome,
    path: String,
    note: Option<PrintedNote>,
    compared: Compared,
) -> (StatusCode, AuditNotePage) {
    let Compared {
        kept,
        failure,
        status,
    } = compared;
    let page = AuditNotePage {
        chrome,
        path,
        note,
        kept,
        fields: vec![
            FieldInput::new("kept", "A note or receipt that was kept", InputKind::LongText)
                .with_help("As it was saved, or the whole letter.")
                .required(),
        ],
        addresses: None,
        address_fields: Vec::new(),
        failure,
    };
    (status, page)
}

async fn answer(visit: &Visit, slug: &str, form: Option<&Form>) -> Answer {
    let room = visit.enter(slug).await?;
    let compared = match form {
        Some(form) => Compared::of(kept::compare_for(&room.workspace, form.text("kept").as_bytes()).await)?,
        None => Compared::nothing(),
    };
    let note = printed(daily::note_for(&room.workspace).await)?;
    let mut chrome = room.chrome("Note of the day", Nav::Audit).await?;
    chrome
        .crumbs
        .push(crumb("Audit", format!("{}/audit", room.base())));
    let path = format!("{}/audit/note", room.base());
    let (status, template) = template(chrome, path, note, compared);
    page_with(status, &template)
}

/// `GET /o/{organization}/audit/note`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    answer(&visit, &slug, None).await
}

/// `POST /o/{organization}/audit/note`: compares what was kept.
pub(crate) async fn compare(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    answer(&visit, &slug, Some(&form)).await
}

fn address_fields(addresses: &str) -> Vec<FieldInput> {
    vec![
        FieldInput::new("addresses", "Addresses", InputKind::LongText)
            .with_value(addresses.to_owned())
            .with_help("One on each line; at most 16. Nobody: leave it empty. Choose people who do not run this machine."),
    ]
}

async fn appliance_page(
    visit: &Visit,
    compared: Compared,
    written: Option<&str>,
) -> Result<(StatusCode, AuditNotePage), Fault> {
    let note = printed(daily::note(visit.platform(), &visit.caller).await)?;
    let found = Addresses::of(visit.platform(), &visit.caller).await?;
    let chrome = below(visit, "Note of the day").await?;
    let (status, mut page) = template(chrome, "/appliance/audit-note".to_owned(), note, compared);
    let texts: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
    page.address_fields = address_fields(written.unwrap_or(&texts.join("\n")));
    page.addresses = Some(NoteAddresses {
        has_mail: found.has_mail,
        sent: found.sent_at.map(moment),
        trouble: found.failure,
    });
    Ok((status, page))
}

/// `GET /appliance/audit-note`
pub(crate) async fn show_appliance(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&appliance_page(&visit, Compared::nothing(), None).await?.1)
}

/// `POST /appliance/audit-note`: compares what was kept.
pub(crate) async fn compare_appliance(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    let text = form.text("kept").as_bytes();
    let compared = Compared::of(kept::compare(visit.platform(), &visit.caller, text).await)?;
    let (status, template) = appliance_page(&visit, compared, None).await?;
    page_with(status, &template)
}

/// `POST /appliance/audit-note/addresses`
pub(crate) async fn set_addresses(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    let written = form.text("addresses").replace('\r', "");
    let wanted = written.lines().map(str::trim).filter(|line| !line.is_empty());
    let wanted: Vec<String> = wanted.map(str::to_owned).collect();
    match daily::set_addresses(visit.platform(), &visit.caller, &wanted).await {
        Ok(_) => see_other("/appliance/audit-note?notice=saved"),
        Err(error) if error.code == ProblemCode::Invalid => {
            let compared = Compared {
                failure: Some(ErrorSummary {
                    title: format!("The addresses were not saved. {}", error.detail),
                    failures: Vec::new(),
                }),
                status: StatusCode::UNPROCESSABLE_ENTITY,
                ..Compared::nothing()
            };
            let (status, template) = appliance_page(&visit, compared, Some(&written)).await?;
            page_with(status, &template)
        }
        Err(error) => Err(error.into()),
    }
}
