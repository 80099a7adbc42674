//! One member: what is taken away from the role per dataset and field, their tokens, and the end of their sessions.

use crate::{
    chrome::role_label,
    errors::Fault,
    fields::with_problems,
    form::Form,
    tokens,
    view::{Choice, Crumb, ErrorSummary, FieldInput, InputKind, MemberRightsPage, Nav, RightsGroup},
    visit::{Answer, Room, Visit, page, page_with, see_other},
};
use access::{DatasetRight, FieldRight, Permission};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    dataset,
    member::{self, Member},
    narrowing::{NamedNarrowing, field_word, word},
    token,
};
use std::collections::BTreeMap;
use types::{AccountId, Dataset, TokenId};

const RIGHTS: [(DatasetRight, &str); 3] = [
    (DatasetRight::Write, "As the role says"),
    (DatasetRight::Read, "Reading only"),
    (DatasetRight::None, "Nothing, as if it did not exist"),
];
const FIELD_RIGHTS: [(FieldRight, &str); 4] = [
    (FieldRight::Write, "As the role says"),
    (FieldRight::Read, "Reading only"),
    (FieldRight::Masked, "Masked"),
    (FieldRight::Hidden, "Hidden, as if it did not exist"),
];

fn dataset_choices(selected: &str) -> Vec<Choice> {
    let choice = |(right, label): &(DatasetRight, &str)| Choice::new(word(*right), *label);
    let choices = RIGHTS.iter().map(choice);
    choices.map(|choice| choice.selected_if(selected)).collect()
}

/// A dataset without a word of its own goes with all others.
fn own_choices(selected: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", "As on all other datasets").selected_if(selected)];
    choices.extend(dataset_choices(selected));
    choices
}

fn field_input(dataset: &Dataset, field: &types::Field, narrowing: &NamedNarrowing) -> FieldInput {
    let named = narrowing.fields.get(dataset.key.as_str());
    let right = named.and_then(|fields| fields.get(field.key.as_str()));
    let selected = field_word(right.copied().unwrap_or_default());
    let choice = |(right, label): &(FieldRight, &str)| Choice::new(field_word(*right), *label);
    let choices = FIELD_RIGHTS.iter().map(choice);
    let choices = choices.map(|choice| choice.selected_if(selected)).collect();
    let name = format!("field.{}.{}", dataset.key, field.key);
    FieldInput::new(name, field.label.clone(), InputKind::Choice(choices)).required()
}

fn group(dataset: &Dataset, narrowing: &NamedNarrowing) -> RightsGroup {
    let key = dataset.key.as_str();
    let selected = narrowing.datasets.get(key).map_or("", |right| word(*right));
    let kind = InputKind::Choice(own_choices(selected));
    let fields = dataset.fields.iter();
    RightsGroup {
        label: dataset.label.clone(),
        dataset: FieldInput::new(format!("dataset.{key}"), dataset.label.clone(), kind).required(),
        fields: fields
            .map(|field| field_input(dataset, field, narrowing))
            .collect(),
        open: narrowing.fields.contains_key(key),
    }
}

async fn rights_page(
    room: &Room,
    member: &Member,
    narrowing: &NamedNarrowing,
    failure: Option<ErrorSummary>,
) -> Result<MemberRightsPage, Fault> {
    let datasets = dataset::list(&room.workspace).await?;
    let tokens = token::list_of(&room.workspace, member.account).await?;
    let members = format!("{}/members", room.base());
    let mut chrome = room.chrome(&member.name, Nav::Members).await?;
    chrome.crumbs = vec![Crumb {
        text: "Members".to_owned(),
        href: members.clone(),
    }];
    let kind = InputKind::Choice(dataset_choices(word(narrowing.others)));
    Ok(MemberRightsPage {
        chrome,
        action: format!("{members}/{}", member.account),
        name: member.name.clone(),
        about: format!("{}, {}", member.email, role_label(member.role).to_lowercase()),
        others: FieldInput::new("others", "All datasets without a choice of their own", kind)
            .with_help("Also those that are made later.")
            .required(),
        groups: datasets.iter().map(|dataset| group(dataset, narrowing)).collect(),
        tokens: tokens.iter().map(tokens::row).collect(),
        failure,
    })
}

async fn find(room: &Room, account: &str) -> Result<Member, Fault> {
    let account = account.parse::<AccountId>();
    let account = account.map_err(|_| Fault::not_found("member"))?;
    Ok(member::show(&room.workspace, account).await?)
}

/// `GET /o/{organization}/members/{account}`
pub(crate) async fn show(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    room.workspace.require(Permission::MemberManage).await?;
    let member = find(&room, &path.1).await?;
    page(&rights_page(&room, &member, &member.narrowing, None).await?)
}

/// `None` for a word that the page does not offer.
fn right_of(text: &str) -> Option<DatasetRight> {
    let known = RIGHTS.iter().find(|(right, _)| word(*right) == text);
    known.map(|(right, _)| *right)
}

fn field_right_of(text: &str) -> Option<FieldRight> {
    let known = FIELD_RIGHTS.iter().find(|(right, _)| field_word(*right) == text);
    known.map(|(right, _)| *right)
}

fn read(form: &Form) -> Option<NamedNarrowing> {
    let mut named = NamedNarrowing {
        others: right_of(form.text("others"))?,
        ..NamedNarrowing::default()
    };
    for (name, value) in form.pairs() {
        if let Some(key) = name.strip_prefix("dataset.").filter(|_| !value.is_empty()) {
            named.datasets.insert(key.to_owned(), right_of(value)?);
        }
        if let Some((dataset, field)) = name.strip_prefix("field.").and_then(|rest| rest.split_once('.')) {
            let right = field_right_of(value)?;
            let fields: &mut BTreeMap<_, _> = named.fields.entry(dataset.to_owned()).or_default();
            if right != FieldRight::Write {
                fields.insert(field.to_owned(), right);
            }
        }
    }
    named.fields.retain(|_, fields| !fields.is_empty());
    Some(named)
}

/// `POST /o/{organization}/members/{account}`
pub(crate) async fn save(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    room.workspace.require(Permission::MemberManage).await?;
    let member = find(&room, &path.1).await?;
    let asked = read(&form).ok_or_else(|| Fault::malformed("the form names a right that there is not"))?;
    match member::set_narrowing(&room.workspace, member.account, &asked).await {
        Ok(_) => see_other(&format!(
            "{}/members/{}?notice=rights-saved",
            room.base(),
            member.account
        )),
        Err(error) => {
            let (_, failure) = with_problems("The rights were not changed", error, Vec::new())?;
            let template = rights_page(&room, &member, &asked, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST .../members/{account}/end-sessions`
pub(crate) async fn end_sessions(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    room.workspace.require(Permission::MemberManage).await?;
    let member = find(&room, &path.1).await?;
    member::end_sessions(&room.workspace, member.account).await?;
    see_other(&format!(
        "{}/members/{}?notice=member-sessions-ended",
        room.base(),
        member.account
    ))
}

/// `POST .../members/{account}/tokens/{token}/revoke`
pub(crate) async fn revoke_token(visit: Visit, path: Path<(String, String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    room.workspace.require(Permission::TokenManageAll).await?;
    let member = find(&room, &path.1).await?;
    let id = path.2.parse::<TokenId>().map_err(|_| Fault::not_found("token"))?;
    token::revoke_of(&room.workspace, member.account, id).await?;
    see_other(&format!(
        "{}/members/{}?notice=token-revoked",
        room.base(),
        member.account
    ))
}
