//! `/appliance/directories`: LDAP directories, their staged test, who gains and who loses, and comparing now.

use crate::{
    appliance::enter,
    errors::Fault,
    form::Form,
    view::{Badge, DirectoriesPage, DirectoryAnswer, DirectoryRow, ErrorSummary, Nav, Tone},
    visit::{Answer, Visit, page, page_with},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    directories::{
        self, DirectoryState, DirectoryView, Explained, ExplainedGroup, Stage,
        settings::Security,
        sync::{self, Change, Mode, What},
    },
    provider::FirstSignIn,
};
use types::ProblemCode;

/// `GET /appliance/directories`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&template(&visit, None).await?)
}

async fn template(visit: &Visit, answer: Option<DirectoryAnswer>) -> Result<DirectoriesPage, Fault> {
    let found = directories::list(visit.platform(), &visit.caller).await?;
    Ok(DirectoriesPage {
        chrome: visit.chrome("Directories", Nav::Appliance).await?,
        directories: found.iter().map(row).collect(),
        answer,
        failure: None,
    })
}

fn row(one: &DirectoryView) -> DirectoryRow {
    let servers: Vec<String> = one.settings.servers.iter().map(ToString::to_string).collect();
    let compared = one.last_sync.as_ref().map(|last| {
        let (label, tone) = match last.result.as_str() {
            "done" => ("Done", Tone::Good),
            "refused" => ("Refused: nobody was changed", Tone::Bad),
            _ => ("Failed: nobody was changed", Tone::Bad),
        };
        (moment(last.at), Badge::new(label, tone), last.text.clone())
    });
    DirectoryRow {
        key: one.key.clone(),
        state: match one.state {
            DirectoryState::Active => Badge::new("Active", Tone::Good),
            DirectoryState::Disabled => Badge::new("Disabled", Tone::Neutral),
        },
        servers: servers.join(", "),
        security: match one.settings.security {
            Security::Ldaps => "LDAPS",
            Security::Starttls => "StartTLS",
            Security::Plain => "no TLS: everybody on the way reads passwords",
        },
        alert: (!one.has_secret).then_some(
            "The service account's password is missing, so nobody of it gets in: set it on the host.",
        ),
        newcomers: match one.first_sign_in {
            FirstSignIn::Refuse => "are turned away",
            FirstSignIn::Wait => "wait to be let in",
            FirstSignIn::Create => "get an account if a group of theirs gives a role",
        },
        people: one.people,
        compared,
    }
}

/// `POST /appliance/directories/{key}/test`
pub(crate) async fn test(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let login = Some(form.text("login").trim()).filter(|login| !login.is_empty());
    let tested = directories::test(visit.platform(), &visit.caller, &key, login).await;
    answer(
        &visit,
        tested.map(|(stages, explained)| told(&key, &stages, explained.as_ref())),
    )
    .await
}

fn told(key: &str, stages: &[Stage], explained: Option<&Explained>) -> DirectoryAnswer {
    let row = |stage: &Stage| {
        let badge = if stage.good {
            Badge::new("Good", Tone::Good)
        } else {
            Badge::new("Failed", Tone::Bad)
        };
        let cells = vec![
            stage.name.to_owned(),
            stage.text.clone(),
            stage.server.clone(),
            format!("{} ms", stage.took_ms),
        ];
        (Some(badge), cells)
    };
    let mut rows: Vec<_> = stages.iter().map(row).collect();
    rows.extend(
        explained
            .iter()
            .flat_map(|explained| &explained.groups)
            .map(group_row),
    );
    DirectoryAnswer {
        title: format!("Test of {key}"),
        columns: vec!["Stage", "What was seen", "Server", "Took"],
        rows,
    }
}

fn group_row(one: &ExplainedGroup) -> (Option<Badge>, Vec<String>) {
    let roles = one
        .gives
        .iter()
        .map(|(organization, role)| format!("{role} in {organization}"));
    let roles: Vec<String> = roles.collect();
    let gives = if roles.is_empty() {
        "gives nothing".to_owned()
    } else {
        format!("gives {}", roles.join(", "))
    };
    let through = one.through.as_ref().map(|through| format!(" through {through}"));
    let named = format!("{}{}", one.group, through.unwrap_or_default());
    (None, vec!["group".to_owned(), named, gives, String::new()])
}

/// `POST /appliance/directories/{key}/preview`
pub(crate) async fn preview(visit: Visit, key: Path<String>, _form: Form) -> Answer {
    compare_as(visit, &key, Mode::DryRun).await
}

/// `POST /appliance/directories/{key}/compare`
pub(crate) async fn compare(visit: Visit, key: Path<String>, _form: Form) -> Answer {
    compare_as(visit, &key, Mode::Guarded).await
}

async fn compare_as(visit: Visit, key: &str, mode: Mode) -> Answer {
    enter(&visit)?;
    let changes = sync::run(visit.platform(), &visit.caller, key, mode).await;
    let title = match mode {
        Mode::DryRun => format!("Who would gain and who would lose by {key}"),
        Mode::Guarded | Mode::HoweverMany => format!("What changed by {key}"),
    };
    let told = |changes: Vec<Change>| DirectoryAnswer {
        title,
        columns: vec!["Person", "What"],
        rows: changes
            .iter()
            .map(|change| (None, vec![change.email.clone(), words(&change.what)]))
            .collect(),
    };
    answer(&visit, changes.map(told)).await
}

fn words(what: &What) -> String {
    match what {
        What::Vanishes => "is gone there: access ends".to_owned(),
        What::Disabled => "is disabled there: access ends".to_owned(),
        What::Returns => "is back: access again".to_owned(),
        What::Gains { organization, role } => format!("gains {role} in {organization}"),
        What::Loses { organization, role } => format!("loses {role} in {organization}"),
    }
}

/// The page with the answer, or with why there is none. That a directory cannot be asked is what the operator came to learn.
async fn answer(visit: &Visit, answered: Result<DirectoryAnswer, PlatformError>) -> Answer {
    match answered {
        Ok(answer) => page(&template(visit, Some(answer)).await?),
        Err(error) if matches!(error.code, ProblemCode::Unavailable | ProblemCode::Conflict) => {
            let mut shown = template(visit, None).await?;
            shown.failure = Some(ErrorSummary {
                title: error.detail,
                failures: Vec::new(),
            });
            page_with(StatusCode::CONFLICT, &shown)
        }
        Err(error) => Err(error.into()),
    }
}
