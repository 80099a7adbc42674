//! The account's own API tokens in an organization. The secret is on one page, once.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{Badge, Choice, ErrorSummary, FieldInput, FreshToken, InputKind, Nav, TokenRow, TokensPage, Tone},
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::moment,
};
use access::Permission;
use actix_web::{http::StatusCode, web::Path};
use jiff::Timestamp;
use platform::{
    dataset,
    narrowing::NamedNarrowing,
    token::{self, NewToken, Token},
};
use std::sync::Arc;
use types::{Dataset, TokenId};

/// What programs are for; tokens made here carry no more.
const OFFERED: [(Permission, &str); 7] = [
    (Permission::RecordRead, "Read records"),
    (Permission::RecordWrite, "Write records"),
    (Permission::RecordImport, "Import files"),
    (Permission::RecordExport, "Export records"),
    (Permission::RecordReveal, "Reveal sensitive values"),
    (Permission::DatasetDefine, "Change datasets and fields"),
    (Permission::AuditRead, "Read the audit log"),
];

/// What every token can do besides: it could not name its organization else.
const ALWAYS: Permission = Permission::OrganizationRead;

async fn new_inputs(room: &Room, form: Option<&Form>) -> Result<Vec<FieldInput>, Fault> {
    let datasets = dataset::list(&room.workspace).await?;
    let in_dataset = |dataset: &Arc<Dataset>| {
        let key = dataset.key.as_str();
        Choice {
            selected: form.is_some_and(|form| form.all("dataset").any(|chosen| chosen == key)),
            ..Choice::new(key, dataset.label.clone())
        }
    };
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let days = Some(value("days"))
        .filter(|days| !days.is_empty())
        .unwrap_or_else(|| "90".into());
    let ticked = |code: &str| match form {
        Some(form) => form.all("permission").any(|chosen| chosen == code),
        None => code == Permission::RecordRead.code(),
    };
    let choice = |(permission, label): &(Permission, &str)| Choice {
        selected: ticked(permission.code()),
        ..Choice::new(permission.code(), *label)
    };
    let offered = OFFERED.iter().filter(|(permission, _)| room.may(*permission));
    Ok(vec![
        FieldInput::new("name", "Name", InputKind::Text)
            .with_value(value("name"))
            .with_help("What the program is called.")
            .required(),
        FieldInput::new("days", "Lives for days", InputKind::Integer)
            .with_value(days)
            .with_help("1 to 366.")
            .required(),
        FieldInput::new(
            "permission",
            "It may",
            InputKind::MultipleChoice(offered.map(choice).collect()),
        ),
        FieldInput::new(
            "dataset",
            "Only in these datasets",
            InputKind::MultipleChoice(datasets.iter().map(in_dataset).collect()),
        )
        .with_help("None ticked: in all of them, those made later included."),
        FieldInput::new("networks", "Only from these addresses", InputKind::Text)
            .with_value(value("networks"))
            .with_help("Addresses or networks such as 192.0.2.7 or 10.0.0.0/24, parted by spaces. Empty: from everywhere."),
    ])
}

async fn tokens_page(room: &Room, fields: Vec<FieldInput>) -> Result<TokensPage, Fault> {
    let tokens = token::list(&room.workspace).await?;
    Ok(TokensPage {
        chrome: room.chrome("API tokens", Nav::Tokens).await?,
        organization: room.slug().to_owned(),
        fresh: None,
        tokens: tokens.iter().map(row).collect(),
        fields,
        create_open: false,
        failure: None,
    })
}

pub(crate) fn row(token: &Token) -> TokenRow {
    let expired = token.expires_at <= Timestamp::now();
    let state = match (token.revoked_at, expired) {
        (Some(_), _) => Badge::new("Revoked", Tone::Bad),
        (None, true) => Badge::new("Expired", Tone::Neutral),
        (None, false) if token.expires_soon(Timestamp::now()) => Badge::new("Ends soon", Tone::Warn),
        (None, false) => Badge::new("Active", Tone::Good),
    };
    let permissions = match &token.permissions {
        None => "Everything you may".to_owned(),
        Some(codes) => {
            let offered = OFFERED
                .iter()
                .filter(|(permission, _)| codes.iter().any(|code| code == permission.code()));
            offered.map(|(_, label)| *label).collect::<Vec<_>>().join(", ")
        }
    };
    TokenRow {
        id: token.id.to_string(),
        name: token.name.clone(),
        prefix: format!("srt_{}", token.public_id),
        permissions: format!("{permissions}{}", limits(token)),
        state,
        created: moment(token.created_at),
        expires: Some(moment(token.expires_at)),
        last_used: token.last_used_at.map(moment),
        may_revoke: token.revoked_at.is_none() && !expired,
    }
}

/// Where a token is narrowed to, as an end of the sentence on what it may.
fn limits(token: &Token) -> String {
    let mut text = String::new();
    if token.narrowing != NamedNarrowing::default() {
        let datasets: Vec<&str> = token.narrowing.datasets.keys().map(String::as_str).collect();
        text.push_str("; only in ");
        text.push_str(&datasets.join(", "));
    }
    if !token.networks.is_empty() {
        text.push_str("; only from ");
        text.push_str(&token.networks.join(", "));
    }
    text
}

/// `GET /o/{organization}/tokens`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&tokens_page(&room, new_inputs(&room, None).await?).await?)
}

/// `POST /o/{organization}/tokens`: the page with the secret is the answer itself, so that no address leads to it.
pub(crate) async fn make(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let chosen = form.all("permission").map(str::to_owned);
    let permissions = chosen.chain([ALWAYS.code().to_owned()]).collect();
    let new = NewToken {
        name: form.text("name").to_owned(),
        days: form.text("days").trim().parse().unwrap_or(0),
        permissions: Some(permissions),
        narrowing: match form.get("dataset") {
            Some(_) => NamedNarrowing::only(form.all("dataset").map(str::to_owned)),
            None => NamedNarrowing::default(),
        },
        networks: form
            .text("networks")
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    };
    match token::create(&room.workspace, new).await {
        Ok((token, secret)) => {
            let mut template = tokens_page(&room, new_inputs(&room, None).await?).await?;
            template.fresh = Some(FreshToken {
                name: token.name,
                secret: secret.expose().to_owned(),
            });
            page(&template)
        }
        Err(error) => {
            let inputs = new_inputs(&room, Some(&form)).await?;
            let (fields, failure): (_, ErrorSummary) =
                with_problems("The token was not made", error, inputs)?;
            let mut template = tokens_page(&room, fields).await?;
            template.create_open = true;
            template.failure = Some(failure);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST .../tokens/{token}/revoke`
pub(crate) async fn revoke(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path.1.parse::<TokenId>();
    token::revoke(&room.workspace, id.map_err(|_| Fault::not_found("token"))?).await?;
    see_other(&format!("{}/tokens?notice=token-revoked", room.base()))
}
