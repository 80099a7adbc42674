//! `POST /o/{organization}/imports`: a multipart form whose last part is the file.
//!
//! Invariant: the form's token is checked before a byte of the file is read.

use super::imports_page;
use crate::{
    errors::Fault,
    fields::with_problems,
    form::check_token,
    parts::read_until_file,
    view::{Choice, FieldInput, InputKind},
    visit::{Answer, Room, Visit, page_with, see_other},
};
use actix_multipart::{Field, Multipart};
use actix_web::{http::StatusCode, web::Path};
use bytes::Bytes;
use futures_util::TryStreamExt;
use platform::{
    PlatformError,
    import::{self, Destination, ImportView},
};
use types::ProblemCode;

/// The inputs of the upload; the address may name a dataset.
pub(super) async fn inputs(room: &Room) -> Result<Vec<FieldInput>, Fault> {
    let chosen = room.visit.query.text("dataset");
    let datasets = platform::dataset::list(&room.workspace).await?;
    let mut choices = vec![Choice::new("", "A new dataset").selected_if(chosen)];
    choices.extend(
        datasets
            .iter()
            .map(|dataset| Choice::new(dataset.key.as_str(), &*dataset.label).selected_if(chosen)),
    );
    Ok(vec![
        FieldInput::new("dataset", "Into", InputKind::Choice(choices)),
        FieldInput::new("name", "Name of a new dataset", InputKind::Text)
            .with_help("Made from the file's name when empty."),
        FieldInput::new("file", "File", InputKind::File(".csv,.tsv,.txt,.json,.jsonl"))
            .with_help("CSV in any usual encoding and delimiter, or JSON.")
            .required(),
    ])
}

/// Takes a file and leads to its preview.
pub(crate) async fn upload(visit: Visit, slug: Path<String>, mut parts: Multipart) -> Answer {
    let (texts, file) = read_until_file(&mut parts).await?;
    let text = |name: &str| texts.get(name).map(|text| text.trim()).unwrap_or_default();
    check_token(&visit, text("csrf"), false)?;
    let room = visit.enter(&slug).await?;
    let done = match file {
        Some((name, field)) => take(&room, &name, text("dataset"), text("name"), field).await,
        None => Err(PlatformError::invalid_at("/file", "required", "choose a file")),
    };
    match done {
        Ok(view) => see_other(&super::path_of(&room, view.id)),
        Err(error) if matches!(error.code, ProblemCode::Invalid | ProblemCode::Conflict) => {
            let mut fields = inputs(&room).await?;
            for field in &mut fields {
                if matches!(field.kind, InputKind::Text) {
                    field.value = text("name").to_owned();
                }
            }
            let (fields, failure) = with_problems("The file was not taken", error, fields)?;
            let template = imports_page(&room, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
        Err(error) => Err(error.into()),
    }
}

async fn take(
    room: &Room,
    file_name: &str,
    dataset: &str,
    name: &str,
    field: Field,
) -> Result<ImportView, PlatformError> {
    let broken = |_| PlatformError::new(ProblemCode::Malformed, "the upload ended before the file did");
    let stream = field.map_ok(Bytes::from).map_err(broken);
    let target = Some(dataset).filter(|key| !key.is_empty());
    let view = import::upload(&room.workspace, file_name, target, stream).await?;
    if target.is_some() || name.is_empty() {
        return Ok(view);
    }
    let mut plan = view.plan.clone();
    plan.dataset = Destination::New {
        key: String::new(),
        label: name.to_owned(),
    };
    import::plan(&room.workspace, view.id, plan).await
}
