//! The form that creates or changes a record, and what it shows when somebody else was faster.
//!
//! Invariants: what a person typed is never lost by a refusal; an input that was not touched changes nothing, so that
//! masked values and digits that an input cannot show stay as they are.

mod inputs;
mod upload;

use crate::{
    datasets::{chrome_of, header},
    errors::Fault,
    fields::with_problems,
    form::Form,
    single_record::{Place, expected, id_of, name_of},
    view::{ConflictRow, DatasetTab, ErrorSummary, FieldInput, RecordConflict, RecordFormPage},
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{Extent, cell, moment, title},
};
use access::Permission;
use actix_web::{http::StatusCode, web::Path};
use inputs::{Start, form_inputs, read_input};
use platform::{PlatformError, record};
use types::{Dataset, FieldProblem, ProblemCode, Record, Value};
use upload::{Received, Sent, receive};

fn refuse_reader(room: &Room) -> Result<(), Fault> {
    if room.may(Permission::RecordWrite) {
        return Ok(());
    }
    Err(Fault::new(
        ProblemCode::NotAllowed,
        "your role may not write records",
    ))
}

/// `GET /o/{organization}/d/{dataset}/new`
pub(crate) async fn ask_new(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    refuse_reader(&room)?;
    let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
    let fields = form_inputs(&room, &dataset, &Start::New).await?;
    page(&new_page(&room, &dataset, fields, None).await?)
}

async fn new_page(
    room: &Room,
    dataset: &Dataset,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<RecordFormPage, Fault> {
    let header = header(room, dataset, DatasetTab::Records);
    let path = header.path();
    Ok(RecordFormPage {
        chrome: chrome_of(room, dataset, "New record", DatasetTab::Records).await?,
        dataset: header,
        action: format!("{path}/new"),
        cancel_href: path,
        version: None,
        fields,
        failure,
        conflict: None,
    })
}

/// `POST /o/{organization}/d/{dataset}/new`
pub(crate) async fn create(visit: Visit, path: Path<(String, String)>, sent: Sent) -> Answer {
    let room = visit.enter(&path.0).await?;
    refuse_reader(&room)?;
    let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
    let Received { form, problems } = receive(&room, &dataset, sent).await?;
    let done = match read_input(&dataset, &form, None, problems) {
        Ok(input) => record::create(&room.workspace, &path.1, &input).await,
        Err(problems) => Err(PlatformError::invalid(problems)),
    };
    match done {
        Ok(found) => see_other(&format!(
            "{}/d/{}/r/{}?notice=created",
            room.base(),
            path.1,
            found.record.id
        )),
        Err(error) => {
            let fields = form_inputs(&room, &dataset, &Start::Typed(&form, None)).await?;
            let (fields, failure) = with_problems("The record was not created", error, fields)?;
            let template = new_page(&room, &dataset, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `GET .../r/{record}/edit`
pub(crate) async fn ask_edit(visit: Visit, place: Place) -> Answer {
    let room = visit.enter(&place.0).await?;
    refuse_reader(&room)?;
    let found = record::read(&room.workspace, &place.1, id_of(&place)?).await?;
    let fields = form_inputs(&room, &found.dataset, &Start::Stored(&found.record)).await?;
    page(&edit_page(&room, &found.dataset, &found.record, fields).await?)
}

async fn edit_page(
    room: &Room,
    dataset: &Dataset,
    record: &Record,
    fields: Vec<FieldInput>,
) -> Result<RecordFormPage, Fault> {
    let header = header(room, dataset, DatasetTab::Records);
    let own_path = format!("{}/r/{}", header.path(), record.id);
    let heading = format!("Edit {}", title(dataset, record));
    Ok(RecordFormPage {
        chrome: chrome_of(room, dataset, &heading, DatasetTab::Records).await?,
        dataset: header,
        action: format!("{own_path}/edit"),
        cancel_href: own_path,
        version: Some(record.version.to_string()),
        fields,
        failure: None,
        conflict: None,
    })
}

/// `POST .../r/{record}/edit`
pub(crate) async fn save(visit: Visit, place: Place, sent: Sent) -> Answer {
    let room = visit.enter(&place.0).await?;
    refuse_reader(&room)?;
    let id = id_of(&place)?;
    let found = record::read(&room.workspace, &place.1, id).await?;
    let Received { form, problems } = receive(&room, &found.dataset, sent).await?;
    let expected = expected(&form)?;
    // Against another version than the form was opened with, every input counts as typed.
    let opened = (expected == record::Expected::Version(found.record.version)).then_some(&found.record);
    let done = match read_input(&found.dataset, &form, opened, problems) {
        Ok(input) => record::update(&room.workspace, &place.1, id, expected, &input).await,
        Err(problems) => Err(PlatformError::invalid(problems)),
    };
    let path = format!("{}/d/{}/r/{id}", room.base(), place.1);
    match done {
        Ok(after) if after.record.version == found.record.version => {
            see_other(&format!("{path}?notice=unchanged"))
        }
        Ok(_) => see_other(&format!("{path}?notice=saved")),
        Err(PlatformError {
            code: ProblemCode::Stale,
            current: Some(current),
            ..
        }) => conflict(&room, &found.dataset, &current, &form).await,
        Err(error) => {
            let start = Start::Typed(&form, Some(&found.record));
            let fields = form_inputs(&room, &found.dataset, &start).await?;
            let (fields, failure) = with_problems("The record was not saved", error, fields)?;
            let mut template = edit_page(&room, &found.dataset, &found.record, fields).await?;
            // The version stays the one that the person saw.
            template.version = Some(form.text("version").to_owned());
            template.failure = Some(failure);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// The form again, with both versions side by side; saving it once more saves over theirs.
async fn conflict(room: &Room, dataset: &Dataset, current: &Record, form: &Form) -> Answer {
    let fields = form_inputs(room, dataset, &Start::Typed(form, Some(current))).await?;
    let names = platform::people::names(&room.workspace, &[current.updated_by]).await?;
    let mut template = edit_page(room, dataset, current, fields).await?;
    template.conflict = Some(RecordConflict {
        actor: name_of(&names, current.updated_by),
        at: moment(current.updated_at),
        rows: differences(dataset, current, form),
    });
    page_with(StatusCode::PRECONDITION_FAILED, &template)
}

fn differences(dataset: &Dataset, current: &Record, form: &Form) -> Vec<ConflictRow> {
    let row = |(field, theirs): (&types::Field, &Value)| {
        let typed = inputs::typed(field, form)?;
        let mine = Value::from_text(field.kind, &typed);
        if mine.as_ref() == Ok(theirs) || (*theirs == Value::Masked && typed.is_empty()) {
            return None;
        }
        let mine = mine.unwrap_or(Value::Text(typed));
        Some(ConflictRow {
            label: field.label.clone(),
            theirs: cell(field.kind, theirs, Extent::Cell),
            mine: cell(field.kind, &mine, Extent::Cell),
        })
    };
    dataset
        .fields
        .iter()
        .zip(&current.values)
        .filter_map(row)
        .collect()
}

/// Problems of values that could not even be read.
type Problems = Vec<FieldProblem>;
