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
use platform::token::{self, NewToken, Token};
use types::TokenId;

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

fn new_inputs(room: &Room, form: Option<&Form>) -> Vec<FieldInput> {
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
    vec![
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
    ]
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

fn row(token: &Token) -> TokenRow {
    let expired = token.expires_at <= Timestamp::now();
    let state = match (token.revoked_at, expired) {
        (Some(_), _) => Badge::new("Revoked", Tone::Bad),
        (None, true) => Badge::new("Expired", Tone::Neutral),
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
        permissions,
        state,
        created: moment(token.created_at),
        expires: Some(moment(token.expires_at)),
        last_used: token.last_used_at.map(moment),
        may_revoke: token.revoked_at.is_none() && !expired,
    }
}

/// `GET /o/{organization}/tokens`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&tokens_page(&room, new_inputs(&room, None)).await?)
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
    };
    match token::create(&room.workspace, new).await {
        Ok((token, secret)) => {
            let mut template = tokens_page(&room, new_inputs(&room, None)).await?;
            template.fresh = Some(FreshToken {
                name: token.name,
                secret: secret.expose().to_owned(),
            });
            page(&template)
        }
        Err(error) => {
            let inputs = new_inputs(&room, Some(&form));
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
