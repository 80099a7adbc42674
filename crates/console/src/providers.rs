//! `/appliance/providers`: OpenID providers, as operators set, test and close them, and who waits to be let in.

mod inputs;

use crate::{
    appliance::{below, enter},
    chrome::crumb,
    errors::Fault,
    fields::with_problems,
    form::Form,
    newcomers::{self, Decision},
    view::{Badge, ErrorSummary, FieldInput, ProviderPage, ProviderRow, ProvidersPage, StageRow, Tone},
    visit::{Answer, Visit, page, page_with, see_other},
};
use actix_web::{http::StatusCode, web::Path};
use inputs::{new_inputs, old_inputs, read_new, read_old};
use platform::{
    PlatformError,
    provider::{self, ProviderChange, ProviderState, ProviderView, Report, Stage, Verdict},
};

/// The button that tests what was typed and saves nothing.
const TEST: &str = "test";

fn state_badge(state: ProviderState) -> Badge {
    match state {
        ProviderState::Active => Badge::new("Open", Tone::Good),
        ProviderState::Disabled => Badge::new("Closed", Tone::Neutral),
    }
}

async fn list_page(visit: &Visit, fields: Vec<FieldInput>) -> Result<ProvidersPage, Fault> {
    let providers = provider::list(visit.platform(), &visit.caller).await?;
    let row = |view: ProviderView| ProviderRow {
        key: view.key,
        label: view.label,
        issuer: view.issuer,
        state: state_badge(view.state),
        people: view.people,
    };
    Ok(ProvidersPage {
        chrome: below(visit, "OpenID providers").await?,
        providers: providers.into_iter().map(row).collect(),
        fields,
        create_open: false,
        stages: Vec::new(),
        failure: None,
    })
}

/// `GET /appliance/providers`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&list_page(&visit, new_inputs(None)).await?)
}

/// What came of the form of a new provider.
enum Done {
    Tested(Report),
    /// Its key.
    Added(String),
}

async fn try_or_add(visit: &Visit, form: &Form) -> Result<Done, PlatformError> {
    let new = read_new(form)?;
    if form.text("act") == TEST {
        let report =
            provider::test_draft(visit.platform(), &visit.caller, &new.issuer, &new.settings).await?;
        return Ok(Done::Tested(report));
    }
    let added = provider::add(visit.platform(), &visit.caller, new).await?;
    Ok(Done::Added(added.key))
}

/// `POST /appliance/providers`: tests what was typed, or adds it.
pub(crate) async fn add(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    match try_or_add(&visit, &form).await {
        Ok(Done::Added(key)) => see_other(&format!("/appliance/providers/{key}?notice=provider-added")),
        Ok(Done::Tested(report)) => {
            let mut template = list_page(&visit, new_inputs(Some(&form))).await?;
            template.create_open = true;
            template.stages = report.stages.into_iter().map(stage_row).collect();
            page(&template)
        }
        Err(error) => {
            let (fields, failure) =
                with_problems("The provider was not added", error, new_inputs(Some(&form)))?;
            let mut template = list_page(&visit, fields).await?;
            (template.create_open, template.failure) = (true, Some(failure));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

async fn provider_page(
    visit: &Visit,
    view: ProviderView,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<ProviderPage, Fault> {
    let newcomers = provider::newcomers(visit.platform(), &visit.caller, &view.key).await?;
    let mut chrome = below(visit, &view.label).await?;
    chrome
        .crumbs
        .push(crumb("OpenID providers", "/appliance/providers"));
    Ok(ProviderPage {
        chrome,
        open: view.state == ProviderState::Active,
        state: state_badge(view.state),
        key: view.key,
        issuer: view.issuer,
        redirect_uri: view.redirect_uri,
        logout_uri: view.logout_uri,
        people: view.people,
        stages: Vec::new(),
        fields,
        failure,
        newcomers: newcomers.into_iter().map(newcomers::row).collect(),
    })
}

fn stage_row(stage: Stage) -> StageRow {
    let verdict = match stage.verdict {
        Verdict::Passed => Badge::new("Passed", Tone::Good),
        Verdict::Doubtful => Badge::new("Doubtful", Tone::Warn),
        Verdict::Failed => Badge::new("Failed", Tone::Bad),
    };
    StageRow {
        name: stage.name.to_owned(),
        verdict,
        detail: stage.detail,
        milliseconds: stage.milliseconds,
    }
}

/// `GET /appliance/providers/{provider}`
pub(crate) async fn one(visit: Visit, key: Path<String>) -> Answer {
    enter(&visit)?;
    let view = provider::get(visit.platform(), &visit.caller, &key).await?;
    let fields = old_inputs(&view, None);
    page(&provider_page(&visit, view, fields, None).await?)
}

/// Tests what was typed, and gives what was seen; or saves it.
async fn try_or_alter(
    visit: &Visit,
    view: &ProviderView,
    form: &Form,
) -> Result<Option<Report>, PlatformError> {
    let (platform, caller) = (visit.platform(), &visit.caller);
    let change = read_old(form, view)?;
    if form.text("act") == TEST {
        let settings = change.settings.as_ref().unwrap_or(&view.settings);
        return Ok(Some(
            provider::test_draft(platform, caller, &view.issuer, settings).await?,
        ));
    }
    provider::alter(platform, caller, &view.key, change).await?;
    Ok(None)
}

/// `POST /appliance/providers/{provider}`: tests what was typed, or saves it.
pub(crate) async fn alter(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let view = provider::get(visit.platform(), &visit.caller, &key).await?;
    match try_or_alter(&visit, &view, &form).await {
        Ok(None) => see_other(&format!("/appliance/providers/{key}?notice=saved")),
        Ok(Some(report)) => {
            let fields = old_inputs(&view, Some(&form));
            let mut template = provider_page(&visit, view, fields, None).await?;
            template.stages = report.stages.into_iter().map(stage_row).collect();
            page(&template)
        }
        Err(error) => {
            let inputs = old_inputs(&view, Some(&form));
            let (fields, failure) = with_problems("The provider was not changed", error, inputs)?;
            let template = provider_page(&visit, view, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /appliance/providers/{provider}/test`: the page with what was seen.
pub(crate) async fn test(visit: Visit, key: Path<String>, _form: Form) -> Answer {
    enter(&visit)?;
    let Report { stages } = provider::test(visit.platform(), &visit.caller, &key).await?;
    let view = provider::get(visit.platform(), &visit.caller, &key).await?;
    let fields = old_inputs(&view, None);
    let mut template = provider_page(&visit, view, fields, None).await?;
    template.stages = stages.into_iter().map(stage_row).collect();
    page(&template)
}

/// `POST /appliance/providers/{provider}/state`: opens or closes it.
pub(crate) async fn set_state(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let state = match form.text("state") {
        "active" => ProviderState::Active,
        "disabled" => ProviderState::Disabled,
        _ => return Err(Fault::malformed("the state is active or disabled")),
    };
    let change = ProviderChange {
        state: Some(state),
        ..ProviderChange::default()
    };
    provider::alter(visit.platform(), &visit.caller, &key, change).await?;
    see_other(&format!("/appliance/providers/{key}?notice=saved"))
}

/// `POST /appliance/providers/{provider}/remove`
pub(crate) async fn remove(visit: Visit, key: Path<String>, _form: Form) -> Answer {
    enter(&visit)?;
    provider::remove(visit.platform(), &visit.caller, &key).await?;
    see_other("/appliance/providers?notice=provider-removed")
}

/// `POST /appliance/providers/{provider}/newcomers`: lets somebody in, or takes them off the list.
pub(crate) async fn decide(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let (platform, caller) = (visit.platform(), &visit.caller);
    let (subject, decision) = newcomers::read(&form)?;
    let done = match decision {
        Decision::LetIn(email) => provider::let_in(platform, caller, &key, subject, email).await,
        Decision::TurnAway => provider::turn_away(platform, caller, &key, subject).await,
    };
    match done {
        Ok(()) => see_other(&format!("/appliance/providers/{key}?notice=saved")),
        Err(error) => {
            let view = provider::get(platform, caller, &key).await?;
            let (fields, failure) = with_problems("Nobody was let in", error, old_inputs(&view, None))?;
            let template = provider_page(&visit, view, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}
