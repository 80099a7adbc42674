//! `/o/{organization}/groups`: the groups of directories that give roles here, and who would gain and lose by another.
//!
//! Invariant: a preview saves nothing.

use crate::{
    chrome::role_label,
    directories::answers,
    errors::Fault,
    fields::with_problems,
    form::Form,
    members::role_choices,
    view::{
        Choice, Crumb, DirectoryAnswer, ErrorSummary, FieldInput, InputKind, Nav, RoleGroupRow,
        RoleGroupsPage,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
};
use access::Role;
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    directories::role_group::{self, Alteration, Expected, RoleGroup},
};

fn inputs(directories: &[String], form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let Some(first) = directories.first() else {
        return Vec::new();
    };
    let chosen = Some(value("directory")).filter(|chosen| !chosen.is_empty());
    let chosen = chosen.unwrap_or_else(|| first.clone());
    let choices = directories
        .iter()
        .map(|key| Choice::new(key.clone(), key.clone()).selected_if(&chosen));
    vec![
        FieldInput::new("directory", "Directory", InputKind::Choice(choices.collect())).required(),
        FieldInput::new("group", "Group", InputKind::Text)
            .with_value(value("group"))
            .with_help(
                "Its whole name, such as cn=accounting,ou=groups,dc=example,dc=com, or its SID or GUID.",
            )
            .with_autocomplete("off")
            .required(),
        FieldInput::new(
            "role",
            "Role",
            InputKind::Choice(role_choices(value("role").parse().unwrap_or(Role::Viewer))),
        )
        .required(),
    ]
}

/// What was just asked for.
#[derive(Default)]
struct Asked<'a> {
    form: Option<&'a Form>,
    answer: Option<DirectoryAnswer>,
}

async fn groups_page(room: &Room, asked: Asked<'_>) -> Result<RoleGroupsPage, Fault> {
    let found = role_group::list(&room.workspace).await?;
    let mut chrome = room.chrome("Groups of directories", Nav::Members).await?;
    chrome.crumbs = vec![Crumb {
        text: "Members".to_owned(),
        href: format!("{}/members", room.base()),
    }];
    let row = |one: RoleGroup| RoleGroupRow {
        directory: one.directory,
        group: one.group,
        role: role_label(one.role),
    };
    Ok(RoleGroupsPage {
        chrome,
        organization: room.slug().to_owned(),
        tag: found.tag(),
        fields: inputs(&found.directories, asked.form),
        groups: found.groups.into_iter().map(row).collect(),
        answer: asked.answer,
        failure: None,
    })
}

/// `GET /o/{organization}/groups`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&groups_page(&room, Asked::default()).await?)
}

/// `POST /o/{organization}/groups`
pub(crate) async fn give(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let wanted = form.text("role").parse::<Role>().map(|role| {
        Alteration::Give(RoleGroup {
            directory: form.text("directory").to_owned(),
            group: form.text("group").trim().to_owned(),
            role,
        })
    });
    let wanted = wanted.map_err(|_| PlatformError::invalid_at("/role", "unknown", "choose one of the roles"));
    alter(&room, wanted, &form, Some(&form)).await
}

/// `POST /o/{organization}/groups/remove`
pub(crate) async fn take(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let wanted = Alteration::Take {
        directory: form.text("directory").to_owned(),
        group: form.text("group").to_owned(),
    };
    alter(&room, Ok(wanted), &form, None).await
}

async fn alter(
    room: &Room,
    wanted: Result<Alteration, PlatformError>,
    form: &Form,
    shown: Option<&Form>,
) -> Answer {
    match carry_out(room, wanted, form).await {
        Ok(None) => see_other(&format!("{}/groups?notice=saved", room.base())),
        Ok(answer) => page(&groups_page(room, Asked { form: shown, answer }).await?),
        Err(error) => {
            let mut template = groups_page(
                room,
                Asked {
                    form: shown,
                    answer: None,
                },
            )
            .await?;
            let fields = std::mem::take(&mut template.fields);
            let (fields, failure): (_, ErrorSummary) = with_problems("Nothing was changed", error, fields)?;
            template.fields = fields;
            template.failure = Some(failure);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// The preview that was asked for, or nothing where it was done.
async fn carry_out(
    room: &Room,
    wanted: Result<Alteration, PlatformError>,
    form: &Form,
) -> Result<Option<DirectoryAnswer>, PlatformError> {
    let wanted = wanted?;
    if form.text("act") == "preview" {
        let changes = role_group::preview(&room.workspace, &wanted).await?;
        let title = "Who would gain and who would lose here".to_owned();
        return Ok(Some(answers::of_changes(title, &changes)));
    }
    // The groups as they were shown: what somebody else changed meanwhile is looked at first.
    let expected = Expected::Tag(form.text("tag").to_owned());
    role_group::alter(&room.workspace, &wanted, &expected).await?;
    Ok(None)
}
