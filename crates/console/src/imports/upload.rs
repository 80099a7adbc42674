//! `POST /o/{organization}/imports`: a multipart form whose last part is the file.
//!
//! Invariant: the form's token is checked before a byte of the file is read.

use super::imports_page;
use crate::{
    errors::Fault,
    fields::with_problems,
    form::check_token,
    view::{Choice, FieldInput, InputKind},
    visit::{Answer, Room, Visit, page_with, see_other},
};
use actix_multipart::{Field, Multipart};
use actix_web::{http::StatusCode, web::Path};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use platform::{
    PlatformError,
    import::{self, Destination, ImportView},
};
use std::collections::BTreeMap;
use types::ProblemCode;

/// Most bytes of a part that is not the file.
const PART_MAX: usize = 4_096;
/// Most parts before the file.
const PARTS_MAX: usize = 8;

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

fn unreadable() -> Fault {
    Fault::malformed("the upload could not be read")
}

async fn text_of(mut field: Field) -> Result<String, Fault> {
    let bytes = field.bytes(PART_MAX).await;
    let bytes = bytes.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| unreadable())?;
    if text.contains('\0') {
        return Err(unreadable());
    }
    Ok(text)
}

/// The form's texts, and the file's part when it comes.
async fn read_parts(parts: &mut Multipart) -> Result<(BTreeMap<String, String>, Option<Field>), Fault> {
    let mut texts = BTreeMap::new();
    for _ in 0..PARTS_MAX {
        let Some(field) = parts.next().await else {
            return Ok((texts, None));
        };
        let field = field.map_err(|_| unreadable())?;
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            return Ok((texts, Some(field)));
        }
        texts.insert(name, text_of(field).await?);
    }
    Err(unreadable())
}

/// Takes a file and leads to its preview.
pub(crate) async fn upload(visit: Visit, slug: Path<String>, mut parts: Multipart) -> Answer {
    let (texts, file) = read_parts(&mut parts).await?;
    let text = |name: &str| texts.get(name).map(|text| text.trim()).unwrap_or_default();
    check_token(&visit, text("csrf"), false)?;
    let room = visit.enter(&slug).await?;
    let named = file.and_then(|field| {
        let name = field.content_disposition()?.get_filename()?.to_owned();
        (!name.is_empty()).then_some((name, field))
    });
    let done = match named {
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
