//! Datasets: the list, a new one, and what every page inside one shows.

use crate::{
    archive,
    chrome::crumb,
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{
        Chrome, DatasetHeader, DatasetNewPage, DatasetRow, DatasetTab, DatasetsPage, ErrorSummary,
        FieldInput, InputKind, Nav,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{COUNTED, counted as count_in_words, moment},
};
use access::Permission;
use actix_web::{http::StatusCode, web::Path};
use futures_util::future::join_all;
use platform::{PlatformError, dataset::DatasetDraft, list};
use std::sync::Arc;
use types::{Dataset, FieldKind, PageSize, ProblemCode};

/// Datasets whose records are counted for the list.
const COUNTED_MAX: usize = 50;

/// What every page inside a dataset shows under its title.
pub(crate) fn header(room: &Room, dataset: &Dataset, tab: DatasetTab) -> DatasetHeader {
    DatasetHeader {
        organization: room.slug().to_owned(),
        slug: dataset.key.to_string(),
        name: dataset.label.clone(),
        tab,
        may_write: room.may(Permission::RecordWrite),
        may_configure: room.may(Permission::DatasetDefine),
        may_export: room.may(Permission::RecordExport),
    }
}

/// The frame of a page inside a dataset.
pub(crate) async fn chrome_of(
    room: &Room,
    dataset: &Dataset,
    title: &str,
    tab: DatasetTab,
) -> Result<Chrome, Fault> {
    let mut chrome = room.chrome(title, Nav::Datasets).await?;
    chrome
        .crumbs
        .push(crumb("Datasets", format!("{}/datasets", room.base())));
    if title != dataset.label || tab != DatasetTab::Records {
        chrome
            .crumbs
            .push(crumb(dataset.label.clone(), header(room, dataset, tab).path()));
    }
    Ok(chrome)
}

/// `GET /o/{organization}/datasets`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    let datasets = platform::dataset::list(&room.workspace).await?;
    let rows = datasets
        .iter()
        .enumerate()
        .map(|(place, dataset)| row(&room, dataset, place < COUNTED_MAX));
    let rows: Result<Vec<DatasetRow>, Fault> = join_all(rows).await.into_iter().collect();
    page(&DatasetsPage {
        chrome: room.chrome("Datasets", Nav::Datasets).await?,
        organization: room.slug().to_owned(),
        datasets: rows?,
        may_configure: room.may(Permission::DatasetDefine),
        may_import: room.may(Permission::RecordImport),
        may_archive: archive::may_open(&room),
    })
}

async fn row(room: &Room, dataset: &Arc<Dataset>, counted: bool) -> Result<DatasetRow, Fault> {
    let sensitive = dataset
        .fields
        .iter()
        .filter(|field| field.kind == FieldKind::SensitiveText)
        .count();
    let mut row = DatasetRow {
        slug: dataset.key.to_string(),
        name: dataset.label.clone(),
        description: dataset.description.clone(),
        records: "–".into(),
        fields: dataset.fields.len().to_string(),
        sensitive_fields: u32::try_from(sensitive).unwrap_or(u32::MAX),
        changed: None,
    };
    if counted {
        let query = list::Query {
            sort: "-updated_at".into(),
            limit: PageSize::new(1).unwrap_or_default(),
            count: COUNTED,
            ..list::Query::default()
        };
        let found = list::list(&room.workspace, dataset.key.as_str(), &query).await?;
        row.records = found.count.map_or_else(|| "–".into(), count_in_words);
        row.changed = found.records.first().map(|record| moment(record.updated_at));
    }
    Ok(row)
}

fn new_fields(form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    vec![
        FieldInput::new("label", "Name", InputKind::Text)
            .required()
            .with_value(value("label"))
            .with_help("For people, for example Customers."),
        FieldInput::new("key", "Key", InputKind::Text)
            .with_value(value("key"))
            .with_help("For programs and addresses; cannot change later. Made from the name when empty."),
        FieldInput::new("description", "Description", InputKind::LongText)
            .with_value(value("description"))
            .with_help("What the dataset holds and who uses it."),
    ]
}

async fn new_page(
    room: &Room,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<DatasetNewPage, Fault> {
    let mut chrome = room.chrome("New dataset", Nav::Datasets).await?;
    chrome
        .crumbs
        .push(crumb("Datasets", format!("{}/datasets", room.base())));
    Ok(DatasetNewPage {
        chrome,
        organization: room.slug().to_owned(),
        fields,
        failure,
    })
}

/// `GET /o/{organization}/datasets/new`
pub(crate) async fn ask(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    if !room.may(Permission::DatasetDefine) {
        return Err(Fault::new(
            ProblemCode::NotAllowed,
            "your role may not make datasets",
        ));
    }
    page(&new_page(&room, new_fields(None), None).await?)
}

/// `POST /o/{organization}/datasets/new`
pub(crate) async fn make(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let draft = DatasetDraft {
        key: form.text("key").trim().to_owned(),
        label: form.text("label").to_owned(),
        description: form.text("description").replace("\r\n", "\n"),
        fields: Vec::new(),
    };
    match platform::dataset::create(&room.workspace, draft).await {
        Ok(dataset) => see_other(&format!(
            "{}/d/{}/settings?notice=dataset-made",
            room.base(),
            dataset.key
        )),
        Err(error) => {
            let error = at_key(error);
            let (fields, failure) =
                with_problems("The dataset was not made", error, new_fields(Some(&form)))?;
            let template = new_page(&room, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// A key that is taken is a problem of the key.
fn at_key(error: PlatformError) -> PlatformError {
    if error.code == ProblemCode::Taken {
        return PlatformError::invalid_at("/key", "taken", error.detail);
    }
    error
}
