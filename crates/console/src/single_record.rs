//! One record: its values, revealing the sensitive ones, trash, restore, purge.

use crate::{
    datasets::{chrome_of, header},
    errors::Fault,
    files,
    form::Form,
    reference,
    view::{CellKind, DatasetTab, Fact, RecordPage, RecordValue, TableCell},
    visit::{Answer, Room, Visit, page, see_other},
    words::{Extent, cell, moment, revealed, title},
};
use access::Permission;
use actix_web::web::Path;
use platform::record::{self, Expected, Found};
use std::collections::BTreeMap;
use types::{AccountId, FieldKind, RecordId, Value};

/// Organization, dataset, record.
pub(crate) type Place = Path<(String, String, String)>;

/// An id that is none is of no record.
pub(crate) fn id_of(place: &Place) -> Result<RecordId, Fault> {
    place.2.parse().map_err(|_| Fault::not_found("record"))
}

/// A version that a form carries.
pub(crate) fn expected(form: &Form) -> Result<Expected, Fault> {
    let version = form.text("version").parse();
    version
        .map(Expected::Version)
        .map_err(|_| Fault::malformed("the form names no version of the record"))
}

/// `GET /o/{organization}/d/{dataset}/r/{record}`
pub(crate) async fn show(visit: Visit, place: Place) -> Answer {
    let room = visit.enter(&place.0).await?;
    let found = record::read(&room.workspace, &place.1, id_of(&place)?).await?;
    page(&record_page(&room, &found, &BTreeMap::new()).await?)
}

/// `POST .../reveal`: the page once more, with every sensitive value that the role may see. Each is an entry.
pub(crate) async fn reveal(visit: Visit, place: Place, _form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let found = record::read(&room.workspace, &place.1, id).await?;
    let mut clear = BTreeMap::new();
    for (field, value) in found.dataset.fields.iter().zip(&found.record.values) {
        if *value == Value::Masked {
            let key = field.key.as_str();
            let value = record::reveal(&room.workspace, &place.1, id, key).await?;
            clear.insert(key.to_owned(), value);
        }
    }
    page(&record_page(&room, &found, &clear).await?)
}

async fn record_page(
    room: &Room,
    found: &Found,
    clear: &BTreeMap<String, Value>,
) -> Result<RecordPage, Fault> {
    let (dataset, record) = (&found.dataset, &found.record);
    let targets = reference::resolve(room, dataset, std::slice::from_ref(record)).await?;
    let mut values = Vec::with_capacity(dataset.fields.len());
    for (field, value) in dataset.fields.iter().zip(&record.values) {
        values.push(RecordValue {
            key: field.key.to_string(),
            label: field.label.clone(),
            cell: match (clear.get(field.key.as_str()), value) {
                (Some(clear), _) => revealed(clear),
                (None, Value::Reference(id)) => targets.cell(*id),
                (None, Value::Attachment(id)) => files::cell(room, *id).await?,
                (None, value) => cell(field.kind, value, Extent::Whole),
            },
            sensitive: field.kind == FieldKind::SensitiveText,
        });
    }
    Ok(RecordPage {
        chrome: chrome_of(room, dataset, &title(dataset, record), DatasetTab::Records).await?,
        dataset: header(room, dataset, DatasetTab::Records),
        id: record.id.to_string(),
        version: record.version.to_string(),
        facts: facts(room, found).await?,
        may_reveal: room.may(Permission::RecordReveal),
        masked: values.iter().any(|value| value.cell.is_masked()),
        trashed: record.deleted_at.is_some(),
        values,
    })
}

async fn facts(room: &Room, found: &Found) -> Result<Vec<Fact>, Fault> {
    let record = &found.record;
    let names = platform::people::names(&room.workspace, &[record.created_by, record.updated_by]).await?;
    let text = |label: &str, text: String| fact(label, TableCell::new(text, CellKind::Text));
    let mut facts = vec![
        text("Version", record.version.to_string()),
        text("Created by", name_of(&names, record.created_by)),
        text("Created", moment(record.created_at).text),
        text("Changed by", name_of(&names, record.updated_by)),
        text("Changed", moment(record.updated_at).text),
    ];
    if let Some(at) = record.deleted_at {
        facts.push(text("In the trash since", moment(at).text));
    }
    facts.push(fact("Id", TableCell::new(record.id.to_string(), CellKind::Code)));
    Ok(facts)
}

fn fact(label: &str, cell: TableCell) -> Fact {
    Fact {
        label: label.to_owned(),
        cell,
    }
}

/// Who did something, in words.
pub(crate) fn name_of(names: &BTreeMap<AccountId, String>, account: AccountId) -> String {
    names
        .get(&account)
        .cloned()
        .unwrap_or_else(|| "Strongroom".to_owned())
}

fn dataset_path(room: &Room, place: &Place) -> String {
    format!("{}/d/{}", room.base(), place.1)
}

/// `POST .../trash`
pub(crate) async fn trash(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    record::trash(&room.workspace, &place.1, id_of(&place)?, expected(&form)?).await?;
    see_other(&format!("{}?notice=trashed", dataset_path(&room, &place)))
}

/// `POST .../restore`
pub(crate) async fn restore(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    record::restore(&room.workspace, &place.1, id, expected(&form)?).await?;
    see_other(&format!("{}/r/{id}?notice=restored", dataset_path(&room, &place)))
}

/// `POST .../purge`
pub(crate) async fn purge(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    record::purge(&room.workspace, &place.1, id_of(&place)?, expected(&form)?).await?;
    see_other(&format!("{}/trash?notice=purged", dataset_path(&room, &place)))
}
