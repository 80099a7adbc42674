//! `/appliance/sms`: the gateway that sends SMS, as operators set and try it.

use crate::{
    appliance::{below, enter},
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{Choice, ErrorSummary, FieldInput, InputKind, SmsPage},
    visit::{Answer, Visit, page, page_with, see_other},
};
use actix_web::http::StatusCode;
use platform::{
    PlatformError,
    sms::{self, SmsContent, SmsMethod, SmsSettings, SmsView},
};
use types::ProblemCode;
use vault::SecretText;

const METHODS: [(SmsMethod, &str); 2] = [(SmsMethod::Post, "POST"), (SmsMethod::Get, "GET")];
const CONTENTS: [(SmsContent, &str); 2] = [(SmsContent::Json, "JSON"), (SmsContent::Form, "A form")];
/// What a gateway's body often looks like.
const BODY: &str = "{\"to\": \"{number}\", \"text\": \"{text}\"}";
const HEADER: &str = "Authorization: Bearer {secret}";

fn inputs(view: Option<&SmsView>, form: Option<&Form>) -> Vec<FieldInput> {
    let stored = view.map(|view| &view.settings);
    let text = |name: &str, of: fn(&SmsSettings) -> String, shipped: &str| match form {
        Some(form) => form.text(name).to_owned(),
        None => stored.map_or_else(|| shipped.to_owned(), of),
    };
    let method = text("method", |s| s.method.as_str().to_owned(), "post");
    let content = text("content", |s| s.content.as_str().to_owned(), "json");
    let methods = METHODS.map(|(way, name)| Choice::new(way.as_str(), name).selected_if(&method));
    let contents = CONTENTS.map(|(way, name)| Choice::new(way.as_str(), name).selected_if(&content));
    let help = match view {
        Some(view) if view.has_secret => {
            "Leave it empty to keep the one that is stored. Another host or authority takes it away."
        }
        _ => "None is stored.",
    };
    vec![
        FieldInput::new("url", "Address", InputKind::Text)
            .with_value(text("url", |s| s.url.clone(), ""))
            .with_help("https://; {number}, {text} and {code} are filled in.")
            .required(),
        FieldInput::new("method", "Method", InputKind::Radio(methods.to_vec())).required(),
        FieldInput::new("content", "The body is", InputKind::Radio(contents.to_vec())).required(),
        FieldInput::new("body", "Body", InputKind::LongText)
            .with_value(text("body", |s| s.body.clone(), BODY))
            .with_help("{number}, {text}, {code} and {secret} are filled in. Empty with GET."),
        FieldInput::new("header", "One header more", InputKind::Text)
            .with_value(text("header", |s| s.header.clone().unwrap_or_default(), HEADER))
            .with_help("{secret} is filled in."),
        FieldInput::new("secret", "The secret", InputKind::Password)
            .with_help(help)
            .with_autocomplete("off"),
        FieldInput::new("authority_pem", "Its certificate authority", InputKind::LongText)
            .with_value(text(
                "authority_pem",
                |s| s.authority_pem.clone().unwrap_or_default(),
                "",
            ))
            .with_help("In PEM. Empty: the authorities that this machine trusts."),
    ]
}

fn read(form: &Form) -> Result<SmsSettings, PlatformError> {
    let choose = |pointer: &str| PlatformError::invalid_at(pointer, "malformed", "choose one");
    let optional = |name: &str| {
        let text = form.text(name).trim().replace("\r\n", "\n");
        (!text.is_empty()).then_some(text)
    };
    let method = METHODS
        .iter()
        .find(|(way, _)| way.as_str() == form.text("method"));
    let content = CONTENTS
        .iter()
        .find(|(way, _)| way.as_str() == form.text("content"));
    Ok(SmsSettings {
        url: form.text("url").trim().to_owned(),
        method: method.ok_or_else(|| choose("/method"))?.0,
        content: content.ok_or_else(|| choose("/content"))?.0,
        body: optional("body").unwrap_or_default(),
        header: optional("header"),
        authority_pem: optional("authority_pem"),
    })
}

fn lines(view: &SmsView) -> Vec<String> {
    let last = match &view.last_test {
        None => "No test message went out since it was set.".to_owned(),
        Some(test) => match &test.failure {
            None => format!("The last test message was taken at {}.", test.at),
            Some(why) => format!("The last test message, at {}, was not taken: {why}.", test.at),
        },
    };
    let target = format!(
        "Name {} in [outgoing] of the settings file, or the firewall keeps messages in.",
        view.target
    );
    vec![last, target]
}

async fn sms_page(
    visit: &Visit,
    form: Option<&Form>,
    failure: Option<ErrorSummary>,
) -> Result<SmsPage, Fault> {
    let view = sms::show(visit.platform(), &visit.caller).await?;
    Ok(SmsPage {
        chrome: below(visit, "SMS").await?,
        is_set: view.is_some(),
        lines: view.as_ref().map_or_else(Vec::new, lines),
        fields: inputs(view.as_ref(), form),
        failure,
    })
}

/// `GET /appliance/sms`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&sms_page(&visit, None, None).await?)
}

/// `POST /appliance/sms`
pub(crate) async fn set(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    let secret = Some(form.text("secret")).filter(|text| !text.is_empty());
    let secret = secret.map(|text| SecretText::new(text.to_owned()));
    let done = match read(&form) {
        Ok(settings) => sms::set(visit.platform(), &visit.caller, settings, secret).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => see_other("/appliance/sms?notice=saved"),
        Err(error) => {
            let (fields, failure) = with_problems("SMS was not set", error, inputs(None, Some(&form)))?;
            let mut template = sms_page(&visit, Some(&form), Some(failure)).await?;
            template.fields = fields;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /appliance/sms/test`
pub(crate) async fn test(visit: Visit, form: Form) -> Answer {
    enter(&visit)?;
    match sms::test(visit.platform(), &visit.caller, form.text("number")).await {
        Ok(()) => see_other("/appliance/sms?notice=message-sent"),
        Err(error) if matches!(error.code, ProblemCode::Unavailable | ProblemCode::Invalid) => {
            let why = error
                .errors
                .first()
                .map_or(&error.detail, |problem| &problem.message);
            let failure = ErrorSummary {
                title: format!("No message was sent. {}", crate::words::sentence(why)),
                failures: Vec::new(),
            };
            let template = sms_page(&visit, None, Some(failure)).await?;
            page_with(StatusCode::SERVICE_UNAVAILABLE, &template)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /appliance/sms/clear`
pub(crate) async fn clear(visit: Visit, _form: Form) -> Answer {
    enter(&visit)?;
    sms::clear(visit.platform(), &visit.caller).await?;
    see_other("/appliance/sms?notice=saved")
}
