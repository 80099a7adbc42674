//! `/appliance/mail`: the server that sends mail, as operators set and try it.

use crate::{
    appliance::{below, enter},
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{Choice, ErrorSummary, FieldInput, InputKind, MailPage},
    visit::{Answer, Visit, page, page_with, see_other},
};
use actix_web::http::StatusCode;
use platform::{
    PlatformError,
    mail::{self, MailSecurity, MailSettings, MailView},
};
use types::ProblemCode;
use vault::SecretText;

const SECURITY: [(MailSecurity, &str, &str); 2] = [
    (
        MailSecurity::Tls,
        "TLS",
        "From the first byte, mostly on port 465",
    ),
    (
        MailSecurity::StartTls,
        "STARTTLS",
        "Mostly on port 587; nothing is sent where the server does not offer it",
    ),
];

fn inputs(view: Option<&MailView>, form: Option<&Form>) -> Vec<FieldInput> {
    let stored = view.map(|view| &view.settings);
    let text = |name: &str, stored: Option<String>| match form {
        Some(form) => form.text(name).to_owned(),
        None => stored.unwrap_or_default(),
    };
    let of = |part: fn(&MailSettings) -> String| stored.map(part);
    let security = text("security", of(|s| s.security.as_str().to_owned()));
    let security = if security.is_empty() {
        "tls".to_owned()
    } else {
        security
    };
    let ways = SECURITY.map(|(way, name, help)| Choice {
        help: Some(help.to_owned()),
        ..Choice::new(way.as_str(), name).selected_if(&security)
    });
    let help = match view {
        Some(view) if view.has_secret => {
            "Leave it empty to keep the one that is stored. Another server, account or authority takes it away."
        }
        _ => "None is stored.",
    };
    vec![
        FieldInput::new("host", "Server", InputKind::Text)
            .with_value(text("host", of(|s| s.host.clone())))
            .with_help("As its certificate says it.")
            .required(),
        FieldInput::new("port", "Port", InputKind::Integer)
            .with_value(text("port", of(|s| s.port.to_string())))
            .required(),
        FieldInput::new("security", "Encryption", InputKind::Radio(ways.to_vec())).required(),
        FieldInput::new("account", "Account", InputKind::Text)
            .with_value(text("account", of(|s| s.account.clone().unwrap_or_default())))
            .with_autocomplete("off"),
        FieldInput::new("secret", "Its password", InputKind::Password)
            .with_help(help)
            .with_autocomplete("off"),
        FieldInput::new("from", "Letters are from", InputKind::Email)
            .with_value(text("from", of(|s| s.from.clone())))
            .required(),
        FieldInput::new("authority_pem", "Its certificate authority", InputKind::LongText)
            .with_value(text(
                "authority_pem",
                of(|s| s.authority_pem.clone().unwrap_or_default()),
            ))
            .with_help("In PEM. Empty: the authorities that this machine trusts."),
    ]
}

fn read(form: &Form) -> Result<MailSettings, PlatformError> {
    let malformed = |pointer: &str, text: &str| PlatformError::invalid_at(pointer, "malformed", text);
    let optional = |name: &str| {
        let text = form.text(name).trim().replace("\r\n", "\n");
        (!text.is_empty()).then_some(text)
    };
    let wanted = form.text("security");
    let security = SECURITY.iter().find(|(way, ..)| way.as_str() == wanted);
    Ok(MailSettings {
        host: form.text("host").trim().to_owned(),
        port: form
            .text("port")
            .trim()
            .parse()
            .map_err(|_| malformed("/port", "1 to 65535"))?,
        security: security.ok_or_else(|| malformed("/security", "choose one"))?.0,
        account: optional("account"),
        from: form.text("from").trim().to_owned(),
        authority_pem: optional("authority_pem"),
    })
}

async fn mail_page(
    visit: &Visit,
    form: Option<&Form>,
    failure: Option<ErrorSummary>,
) -> Result<MailPage, Fault> {
    let view = mail::show(visit.platform(), &visit.caller).await?;
    let lines = view.as_ref().map_or_else(Vec::new, |view| {
        let why = view.last_failure.as_deref().unwrap_or("none was given up");
        vec![
            format!("Letters that wait: {}", view.waiting),
            format!("Letters given up: {}", view.failed),
            format!("Why the last was: {why}"),
        ]
    });
    Ok(MailPage {
        chrome: below(visit, "Mail").await?,
        is_set: view.is_some(),
        lines,
        fields: inputs(view.as_ref(), form),
        failure,
    })
}

/// `GET /appliance/mail`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&mail_page(&visit, None, None).await?)
}

/// `POST /appliance/mail`
pub(crate) async fn set(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    let secret = Some(form.text("secret")).filter(|text| !text.is_empty());
    let secret = secret.map(|text| SecretText::new(text.to_owned()));
    let done = match read(&form) {
        Ok(settings) => mail::set(visit.platform(), &visit.caller, settings, secret).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => see_other("/appliance/mail?notice=saved"),
        Err(error) => {
            let (fields, failure) = with_problems("Mail was not set", error, inputs(None, Some(&form)))?;
            let mut template = mail_page(&visit, Some(&form), Some(failure)).await?;
            template.fields = fields;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /appliance/mail/test`: sends a letter to the operator's own address.
pub(crate) async fn test(visit: Visit, _form: Form) -> Answer {
    enter(&visit)?;
    let to = visit.account()?.email.clone();
    match mail::test(visit.platform(), &visit.caller, &to).await {
        Ok(()) => see_other("/appliance/mail?notice=letter-sent"),
        Err(error) if matches!(error.code, ProblemCode::Unavailable | ProblemCode::Invalid) => {
            let failure = ErrorSummary {
                title: format!("No letter was sent. {}", error.detail),
                failures: Vec::new(),
            };
            let template = mail_page(&visit, None, Some(failure)).await?;
            page_with(StatusCode::SERVICE_UNAVAILABLE, &template)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /appliance/mail/clear`
pub(crate) async fn clear(visit: Visit, _form: Form) -> Answer {
    enter(&visit)?;
    mail::clear(visit.platform(), &visit.caller).await?;
    see_other("/appliance/mail?notice=saved")
}
