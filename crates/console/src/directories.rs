//! `/appliance/directories`: LDAP directories, as operators add, try, change and compare them, and who waits to be let in.
//!
//! Invariant: what is tried is not saved, and a password that was typed is never shown again.

pub(crate) mod answers;
mod inputs;

use crate::{
    appliance::{below, enter},
    chrome::crumb,
    errors::Fault,
    fields::with_problems,
    form::Form,
    newcomers::{self, Decision},
    view::{
        Badge, DirectoriesPage, DirectoryAnswer, DirectoryPage, DirectoryRow, ErrorSummary, FieldInput,
        MappingRow, Tone,
    },
    visit::{Answer, Visit, page, page_with, see_other},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use inputs::{new_inputs, old_inputs, read_new, read_newcomers, read_old};
use platform::{
    PlatformError,
    directories::{
        self, DirectoryChange, DirectoryState, DirectoryView, MappingView, NewDirectory,
        settings::{Security, ServiceProof},
        sync::{self, Mode},
    },
    provider::FirstSignIn,
};
use types::ProblemCode;

/// Which of the form's buttons was pressed.
enum Pressed {
    Test,
    Preview,
    Save,
}

/// What came of the form of a new directory.
enum Done {
    Tested(DirectoryAnswer),
    /// Its key.
    Added(String),
}

fn pressed(form: &Form) -> Result<Pressed, Fault> {
    match form.text("act") {
        "test" => Ok(Pressed::Test),
        "preview" => Ok(Pressed::Preview),
        "save" => Ok(Pressed::Save),
        _ => Err(Fault::malformed("the form says test, preview or save")),
    }
}

fn typed_login(form: &Form) -> Option<&str> {
    Some(form.text("login").trim()).filter(|login| !login.is_empty())
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
        alert: match (one.settings.service_proof, one.has_secret, one.has_client_key) {
            (ServiceProof::Password, false, _) => {
                Some("The service account's password is missing, so nobody of it gets in: set it below.")
            }
            (ServiceProof::Certificate, _, false) => {
                Some("The key of our certificate is missing, so nobody of it gets in: set it below.")
            }
            (ServiceProof::Password, true, _) | (ServiceProof::Certificate, _, true) => None,
        },
        newcomers: match one.first_sign_in {
            FirstSignIn::Refuse => "are turned away",
            FirstSignIn::Wait => "wait to be let in",
            FirstSignIn::Create => "get an account if a group of theirs gives a role",
        },
        people: one.people,
        compared,
    }
}

async fn list_page(
    visit: &Visit,
    form: Option<&Form>,
    answer: Option<DirectoryAnswer>,
) -> Result<DirectoriesPage, Fault> {
    let found = directories::list(visit.platform(), &visit.caller).await?;
    Ok(DirectoriesPage {
        chrome: below(visit, "Directories").await?,
        directories: found.iter().map(row).collect(),
        fields: new_inputs(form),
        create_open: form.is_some(),
        answer,
        failure: None,
    })
}

/// `GET /appliance/directories`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&list_page(&visit, None, None).await?)
}

/// `POST /appliance/directories`: tests what was typed, or adds it.
pub(crate) async fn add(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    let done = match pressed(&form)? {
        Pressed::Test => try_new(&visit, &form).await,
        Pressed::Preview | Pressed::Save => add_new(&visit, &form).await,
    };
    match done {
        Ok(Done::Tested(answer)) => page(&list_page(&visit, Some(&form), Some(answer)).await?),
        Ok(Done::Added(key)) => see_other(&format!("/appliance/directories/{key}?notice=directory-added")),
        Err(error) => {
            let (fields, failure) =
                with_problems("The directory was not added", error, new_inputs(Some(&form)))?;
            let mut template = list_page(&visit, Some(&form), None).await?;
            (template.fields, template.failure) = (fields, Some(failure));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

async fn try_new(visit: &Visit, form: &Form) -> Result<Done, PlatformError> {
    let (platform, caller) = (visit.platform(), &visit.caller);
    let draft = read_new(form)?;
    let (stages, person) = directories::test_draft(platform, caller, None, draft, typed_login(form)).await?;
    let title = "Test of what is not saved yet".to_owned();
    Ok(Done::Tested(answers::of_test(title, &stages, person.as_ref())))
}

async fn add_new(visit: &Visit, form: &Form) -> Result<Done, PlatformError> {
    let draft = read_new(form)?;
    let new = NewDirectory {
        key: form.text("key").trim().to_owned(),
        settings: draft.settings,
        secret: draft.secret,
        client_key: draft.client_key,
        first_sign_in: read_newcomers(form)?,
    };
    let made = directories::add(visit.platform(), &visit.caller, new).await?;
    Ok(Done::Added(made.key))
}

/// What a directory's page shows besides the directory.
#[derive(Default)]
struct Extra {
    fields: Option<Vec<FieldInput>>,
    answer: Option<DirectoryAnswer>,
    failure: Option<ErrorSummary>,
}

async fn directory_page(visit: &Visit, view: &DirectoryView, extra: Extra) -> Result<DirectoryPage, Fault> {
    let (platform, caller) = (visit.platform(), &visit.caller);
    let newcomers = directories::newcomers(platform, caller, &view.key).await?;
    let mappings = directories::mappings(platform, caller, &view.key).await?;
    let mapping = |one: MappingView| MappingRow {
        group: one.group,
        organization: one.organization,
        role: one.role.to_string(),
    };
    let mut chrome = below(visit, &view.key).await?;
    chrome.crumbs.push(crumb("Directories", "/appliance/directories"));
    Ok(DirectoryPage {
        chrome,
        directory: row(view),
        open: view.state == DirectoryState::Active,
        answer: extra.answer,
        failure: extra.failure,
        newcomers: newcomers.into_iter().map(newcomers::row).collect(),
        mappings: mappings.into_iter().map(mapping).collect(),
        fields: extra.fields.unwrap_or_else(|| old_inputs(view, None)),
    })
}

/// `GET /appliance/directories/{key}`
pub(crate) async fn one(visit: Visit, key: Path<String>) -> Answer {
    enter(&visit)?;
    let view = directories::get(visit.platform(), &visit.caller, &key).await?;
    page(&directory_page(&visit, &view, Extra::default()).await?)
}

/// `POST /appliance/directories/{key}`: tests what was typed, says who would gain and lose by it, or saves it.
pub(crate) async fn alter(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let view = directories::get(visit.platform(), &visit.caller, &key).await?;
    let done = match pressed(&form)? {
        Pressed::Test => try_old(&visit, &view, &form).await.map(Some),
        Pressed::Preview => preview_old(&visit, &view, &form).await.map(Some),
        Pressed::Save => save(&visit, &view, &form).await.map(|()| None),
    };
    let fields = old_inputs(&view, Some(&form));
    match done {
        Ok(None) => see_other(&format!("/appliance/directories/{key}?notice=saved")),
        Ok(answer) => {
            let fields = Some(fields);
            let extra = Extra {
                fields,
                answer,
                failure: None,
            };
            page(&directory_page(&visit, &view, extra).await?)
        }
        Err(error) if error.code == ProblemCode::Unavailable => {
            failed(&visit, &view, Some(fields), error).await
        }
        Err(error) => {
            let (fields, failure) = with_problems("The directory was not changed", error, fields)?;
            let extra = Extra {
                fields: Some(fields),
                answer: None,
                failure: Some(failure),
            };
            page_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &directory_page(&visit, &view, extra).await?,
            )
        }
    }
}

async fn try_old(visit: &Visit, view: &DirectoryView, form: &Form) -> Result<DirectoryAnswer, PlatformError> {
    let (platform, caller) = (visit.platform(), &visit.caller);
    let draft = read_old(form, view)?;
    let login = typed_login(form);
    let (stages, person) = directories::test_draft(platform, caller, Some(&view.key), draft, login).await?;
    let title = "Test of what is not saved yet".to_owned();
    Ok(answers::of_test(title, &stages, person.as_ref()))
}

async fn preview_old(
    visit: &Visit,
    view: &DirectoryView,
    form: &Form,
) -> Result<DirectoryAnswer, PlatformError> {
    let draft = read_old(form, view)?;
    let changes = sync::preview(visit.platform(), &visit.caller, &view.key, draft).await?;
    let title = answers::title_of(Mode::DryRun, &view.key);
    Ok(answers::of_changes(title, &changes))
}

async fn save(visit: &Visit, view: &DirectoryView, form: &Form) -> Result<(), PlatformError> {
    let draft = read_old(form, view)?;
    let change = DirectoryChange {
        state: None,
        settings: (draft.settings != view.settings).then_some(draft.settings),
        secret: draft.secret,
        client_key: draft.client_key,
        first_sign_in: Some(read_newcomers(form)?),
    };
    directories::alter(visit.platform(), &visit.caller, &view.key, change).await?;
    Ok(())
}

/// The page with why there is no answer. That a directory cannot be asked is what the operator came to learn.
async fn failed(
    visit: &Visit,
    view: &DirectoryView,
    fields: Option<Vec<FieldInput>>,
    error: PlatformError,
) -> Answer {
    let failure = ErrorSummary {
        title: error.detail,
        failures: Vec::new(),
    };
    let extra = Extra {
        fields,
        answer: None,
        failure: Some(failure),
    };
    page_with(StatusCode::CONFLICT, &directory_page(visit, view, extra).await?)
}

async fn answered(visit: &Visit, key: &str, answered: Result<DirectoryAnswer, PlatformError>) -> Answer {
    let view = directories::get(visit.platform(), &visit.caller, key).await?;
    match answered {
        Ok(answer) => {
            let extra = Extra {
                answer: Some(answer),
                ..Extra::default()
            };
            page(&directory_page(visit, &view, extra).await?)
        }
        Err(error) if matches!(error.code, ProblemCode::Unavailable | ProblemCode::Conflict) => {
            failed(visit, &view, None, error).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /appliance/directories/{key}/test`
pub(crate) async fn test(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let tested = directories::test(visit.platform(), &visit.caller, &key, typed_login(&form)).await;
    let told =
        tested.map(|(stages, person)| answers::of_test(format!("Test of {key}"), &stages, person.as_ref()));
    answered(&visit, &key, told).await
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
    let title = answers::title_of(mode, key);
    let told = changes.map(|changes| answers::of_changes(title, &changes));
    answered(&visit, key, told).await
}

/// `POST /appliance/directories/{key}/state`: opens or closes it.
pub(crate) async fn set_state(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let state = match form.text("state") {
        "active" => DirectoryState::Active,
        "disabled" => DirectoryState::Disabled,
        _ => return Err(Fault::malformed("the state is active or disabled")),
    };
    let change = DirectoryChange {
        state: Some(state),
        ..DirectoryChange::default()
    };
    directories::alter(visit.platform(), &visit.caller, &key, change).await?;
    see_other(&format!("/appliance/directories/{key}?notice=saved"))
}

/// `POST /appliance/directories/{key}/remove`
pub(crate) async fn remove(visit: Visit, key: Path<String>, _form: Form) -> Answer {
    enter(&visit)?;
    directories::remove(visit.platform(), &visit.caller, &key).await?;
    see_other("/appliance/directories?notice=directory-removed")
}

/// `POST /appliance/directories/{key}/newcomers`: lets somebody in, or takes them off the list.
pub(crate) async fn decide(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let (platform, caller) = (visit.platform(), &visit.caller);
    let (subject, decision) = newcomers::read(&form)?;
    let done = match decision {
        Decision::LetIn(email) => directories::let_in(platform, caller, &key, subject, email).await,
        Decision::TurnAway => directories::turn_away(platform, caller, &key, subject).await,
    };
    match done {
        Ok(()) => see_other(&format!("/appliance/directories/{key}?notice=saved")),
        Err(error) => {
            let view = directories::get(platform, caller, &key).await?;
            let (fields, failure) = with_problems("Nobody was let in", error, old_inputs(&view, None))?;
            let extra = Extra {
                fields: Some(fields),
                answer: None,
                failure: Some(failure),
            };
            let template = directory_page(&visit, &view, extra).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}
