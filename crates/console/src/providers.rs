//! `/appliance/providers`: OpenID providers, as operators set, test and close them, and who waits to be let in.

mod inputs;

use crate::{
    appliance::enter,
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{
        Badge, ErrorSummary, FieldInput, Nav, NewcomerRow, ProviderPage, ProviderRow, ProvidersPage,
        StageRow, Tone,
    },
    visit::{Answer, Visit, page, page_with, see_other},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use inputs::{new_inputs, old_inputs, read_new, read_old};
use platform::provider::{
    self, Newcomer, ProviderChange, ProviderState, ProviderView, Report, Stage, Verdict,
};

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
        chrome: visit.chrome("OpenID providers", Nav::Appliance).await?,
        providers: providers.into_iter().map(row).collect(),
        fields,
        create_open: false,
        failure: None,
    })
}

/// `GET /appliance/providers`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&list_page(&visit, new_inputs(None)).await?)
}

/// `POST /appliance/providers`
pub(crate) async fn add(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    let added = match read_new(&form) {
        Ok(new) => provider::add(visit.platform(), &visit.caller, new).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(view) => see_other(&format!(
            "/appliance/providers/{}?notice=provider-added",
            view.key
        )),
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
    Ok(ProviderPage {
        chrome: visit.chrome(&view.label, Nav::Appliance).await?,
        open: view.state == ProviderState::Active,
        state: state_badge(view.state),
        key: view.key,
        issuer: view.issuer,
        redirect_uri: view.redirect_uri,
        people: view.people,
        stages: Vec::new(),
        fields,
        failure,
        newcomers: newcomers.into_iter().map(newcomer_row).collect(),
    })
}

fn newcomer_row(newcomer: Newcomer) -> NewcomerRow {
    NewcomerRow {
        name: newcomer.name.unwrap_or_else(|| "without a name".to_owned()),
        email: newcomer.email.unwrap_or_default(),
        subject: newcomer.subject,
        asked: moment(newcomer.asked_at),
    }
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

/// `POST /appliance/providers/{provider}`
pub(crate) async fn alter(visit: Visit, key: Path<String>, form: Form) -> Answer {
    enter(&visit)?;
    let view = provider::get(visit.platform(), &visit.caller, &key).await?;
    let altered = match read_old(&form, &view) {
        Ok(change) => provider::alter(visit.platform(), &visit.caller, &key, change).await,
        Err(error) => Err(error),
    };
    match altered {
        Ok(_) => see_other(&format!("/appliance/providers/{key}?notice=saved")),
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
    let (platform, caller, subject) = (visit.platform(), &visit.caller, form.text("subject"));
    let done = match form.text("decision") {
        "let-in" => provider::let_in(platform, caller, &key, subject, form.text("email").trim()).await,
        "turn-away" => provider::turn_away(platform, caller, &key, subject).await,
        _ => return Err(Fault::malformed("the decision is let-in or turn-away")),
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
