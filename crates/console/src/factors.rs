//! `/account/factors`: one's own second factors, and setting one up.
//!
//! Invariants: the secret of an app is shown only while it is set up, recovery codes once, on the page that answers the
//! form; whoever is held reaches [`ADD`] and [`finish`] only.

use crate::{
    admission::with_next,
    errors::Fault,
    fields::with_problems,
    form::Form,
    session::session_cookie,
    sign_in::{door_chrome, door_page, invariant, local_path},
    view::{
        ErrorSummary, FactorAddPage, FactorRow, FactorsPage, FieldInput, InputKind, Nav, RecoveryCodesPage,
        SetUp,
    },
    visit::{Answer, Visit, page, page_with, see_other},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    caller::Lacks,
    factor::{
        self, FactorView,
        enrol::{self, Enrolled},
        key::{self, Offer},
        picture,
    },
};
use types::{FactorId, ProblemCode};
use vault::RecoveryCode;

/// Where a factor is set up.
pub(crate) const ADD: &str = "/account/factors/add";
const LIST: &str = "/account/factors";

/// `GET /account/factors`
pub(crate) async fn show(visit: Visit) -> Answer {
    page(&list_page(&visit, None).await?)
}

async fn list_page(visit: &Visit, failure: Option<ErrorSummary>) -> Result<FactorsPage, Fault> {
    let own = factor::list_own(visit.platform(), &visit.caller).await?;
    Ok(FactorsPage {
        chrome: visit.chrome("Second factors", Nav::Account).await?,
        factors: own.factors.into_iter().map(row).collect(),
        recovery_codes_left: own.recovery_codes_left,
        required: own.required,
        failure,
    })
}

fn row(factor: FactorView) -> FactorRow {
    FactorRow {
        id: factor.id.to_string(),
        label: factor.label,
        kind: match factor.kind {
            "passkey" => "Passkey or security key",
            _ => "Authenticator app",
        },
        bound_elsewhere: factor.bound_elsewhere,
        created: moment(factor.created_at),
        last_used: factor.last_used_at.map(moment),
    }
}

/// `GET /account/factors/add`
pub(crate) async fn ask(visit: Visit) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    add_page(&visit, next, inputs(), None, StatusCode::OK).await
}

/// `POST /account/factors/add`
pub(crate) async fn begin(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    enrol::begin(visit.platform(), &visit.caller).await?;
    see_other(&with_next(ADD, next))
}

/// `POST /account/factors/finish`
pub(crate) async fn finish(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    let (label, code) = (form.text("label"), form.text("code"));
    match enrol::finish(visit.platform(), &visit.caller, label, code).await {
        Ok(enrolled) => added(&visit, next, enrolled),
        Err(error) if error.code == ProblemCode::Invalid => {
            let inputs = inputs_with(label);
            let (fields, failure) = with_problems("The app was not added", error, inputs)?;
            add_page(
                &visit,
                next,
                fields,
                Some(failure),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}

/// Goes on with the session's new token, past the recovery codes where there are new ones.
pub(crate) fn added(visit: &Visit, next: &str, enrolled: Enrolled) -> Answer {
    let next = if next.is_empty() { LIST } else { next };
    let mut answer = match enrolled.recovery_codes.as_slice() {
        [] => see_other(next)?,
        codes => codes_page(visit, codes, next)?,
    };
    let seconds = visit.platform().settings().session_absolute_seconds_max;
    let cookie = session_cookie(enrolled.session.expose(), seconds);
    answer.add_cookie(&cookie).map_err(invariant)?;
    Ok(answer)
}

/// The page on which factors are set up, with why one was not.
pub(crate) async fn not_added(visit: &Visit, next: &str, title: &str, error: PlatformError) -> Answer {
    let (_, failure) = with_problems(title, error, Vec::new())?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    add_page(visit, next, inputs(), Some(failure), status).await
}

fn inputs() -> Vec<FieldInput> {
    inputs_with("Authenticator app")
}

fn inputs_with(label: &str) -> Vec<FieldInput> {
    vec![
        FieldInput::new("code", "Code", InputKind::Text)
            .with_help("The six digits that the app shows now.")
            .with_autocomplete("one-time-code")
            .required(),
        FieldInput::new("label", "Name", InputKind::Text)
            .with_value(label)
            .with_help("So that you know it again: “Phone”, “Key ring”.")
            .required(),
    ]
}

async fn add_page(
    visit: &Visit,
    next: &str,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Answer {
    let set_up = match enrol::show(visit.platform(), &visit.caller).await {
        Ok(enrolment) => Some(SetUp {
            picture: picture::svg(&enrolment.uri)?,
            secret: spaced(enrolment.secret.expose()),
        }),
        Err(error) if error.code == ProblemCode::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let template = FactorAddPage {
        chrome: door_chrome(visit, "Set up a second factor", &visit.visitor)?,
        held: visit.caller.lacks() == Some(Lacks::Enrolment),
        set_up,
        offers_keys: matches!(key::offer(visit.platform()), Offer::Offered { .. }),
        fields,
        failure,
        next: next.to_owned(),
    };
    door_page(visit, &visit.visitor, status, &template)
}

/// In groups of four, for whoever types it.
fn spaced(secret: &str) -> String {
    let digits: Vec<char> = secret.chars().collect();
    let groups = digits.chunks(4).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

fn codes_page(visit: &Visit, codes: &[RecoveryCode], next: &str) -> Answer {
    let template = RecoveryCodesPage {
        chrome: door_chrome(visit, "Your recovery codes", &visit.visitor)?,
        codes: codes.iter().map(|code| code.expose().to_owned()).collect(),
        next: next.to_owned(),
    };
    page(&template)
}

/// `POST /account/factors/recovery-codes`
pub(crate) async fn renew_codes(visit: Visit, _form: Form) -> Answer {
    match factor::renew_recovery_codes(visit.platform(), &visit.caller).await {
        Ok(codes) => codes_page(&visit, &codes, LIST),
        Err(error) => refused(&visit, "No codes were made", error).await,
    }
}

/// `POST /account/factors/{factor}/rename`
pub(crate) async fn rename(visit: Visit, id: Path<String>, form: Form) -> Answer {
    match factor::rename(visit.platform(), &visit.caller, read(&id)?, form.text("label")).await {
        Ok(()) => see_other("/account/factors?notice=saved"),
        Err(error) => refused(&visit, "The factor was not renamed", error).await,
    }
}

/// `POST /account/factors/{factor}/remove`
pub(crate) async fn remove(visit: Visit, id: Path<String>, _form: Form) -> Answer {
    match factor::remove(visit.platform(), &visit.caller, read(&id)?).await {
        Ok(()) => see_other("/account/factors?notice=factor-removed"),
        Err(error) => refused(&visit, "The factor was not removed", error).await,
    }
}

fn read(id: &str) -> Result<FactorId, Fault> {
    id.parse().map_err(|_| Fault::not_found("second factor"))
}

async fn refused(visit: &Visit, title: &str, error: PlatformError) -> Answer {
    let (_, failure) = with_problems(title, error, Vec::new())?;
    let template = list_page(visit, Some(failure)).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
}
