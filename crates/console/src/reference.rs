//! References: which record an id stands for, in words, asked for all cells of a page at once.

use crate::{
    errors::Fault,
    view::{CellKind, Choice, TableCell},
    visit::Room,
    words::title,
};
use platform::list::{self, PlaceOrLive, Query};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use types::{Dataset, DatasetId, Field, PageSize, Record, RecordId, Value, filter::VALUES_MAX};

/// Most records offered in a form.
const OFFERED_MAX: u16 = 200;

/// Titles and paths of the records that the values of a page refer to.
#[derive(Default)]
pub(crate) struct Targets(BTreeMap<RecordId, (String, String)>);

impl Targets {
    /// A reference as a link with the record's title; as its id where the record is gone.
    pub(crate) fn cell(&self, id: RecordId) -> TableCell {
        match self.0.get(&id) {
            Some((title, href)) => TableCell::new(title.clone(), CellKind::Link { href: href.clone() }),
            None => TableCell::new(id.to_string(), CellKind::Code),
        }
    }
}

/// The references of these records, by the dataset they lead to.
fn wanted(dataset: &Dataset, records: &[Record]) -> BTreeMap<DatasetId, BTreeSet<RecordId>> {
    let mut wanted: BTreeMap<DatasetId, BTreeSet<RecordId>> = BTreeMap::new();
    for record in records {
        for (field, value) in dataset.fields.iter().zip(&record.values) {
            if let (Some(target), Value::Reference(id)) = (field.rules.dataset, value) {
                wanted.entry(target).or_default().insert(*id);
            }
        }
    }
    wanted
}

/// Resolves the references of these records, a page of them per dataset at most.
pub(crate) async fn resolve(room: &Room, dataset: &Dataset, records: &[Record]) -> Result<Targets, Fault> {
    let wanted = wanted(dataset, records);
    let mut targets = Targets::default();
    if wanted.is_empty() {
        return Ok(targets);
    }
    let datasets = platform::dataset::list(&room.workspace).await?;
    for (id, ids) in wanted {
        let Some(target) = datasets.iter().find(|dataset| dataset.id == id) else {
            continue;
        };
        let mut ids: Vec<String> = ids.iter().take(VALUES_MAX).map(ToString::to_string).collect();
        // A record in the trash still has its name.
        for place in [PlaceOrLive::Live, PlaceOrLive::Trash] {
            let query = Query {
                tree: Some(serde_json::json!({ "field": "id", "operator": "in", "value": ids })),
                limit: PageSize::new(PageSize::MAX).unwrap_or_default(),
                place,
                ..Query::default()
            };
            let found = list::list(&room.workspace, target.key.as_str(), &query).await?;
            for record in &found.records {
                ids.retain(|id| *id != record.id.to_string());
                let path = format!("{}/d/{}/r/{}", room.base(), target.key, record.id);
                let mark = if place == PlaceOrLive::Trash {
                    " (in the trash)"
                } else {
                    ""
                };
                let title = format!("{}{mark}", title(&found.dataset, record));
                targets.0.insert(record.id, (title, path));
            }
            if ids.is_empty() {
                break;
            }
        }
    }
    Ok(targets)
}

/// What the form offers for a reference.
pub(crate) enum Offer {
    /// Every record there is: the form can show a list to choose from.
    All(Vec<Choice>),
    /// The first of many.
    Some(Vec<Choice>),
}

/// The records that a reference may lead to.
pub(crate) async fn offer(room: &Room, datasets: &[Arc<Dataset>], field: &Field) -> Result<Offer, Fault> {
    let target = datasets
        .iter()
        .find(|dataset| Some(dataset.id) == field.rules.dataset);
    let Some(target) = target else {
        return Ok(Offer::Some(Vec::new()));
    };
    let query = Query {
        limit: PageSize::new(OFFERED_MAX).unwrap_or_default(),
        ..Query::default()
    };
    let found = list::list(&room.workspace, target.key.as_str(), &query).await?;
    let choice = |record: &Record| Choice::new(record.id.to_string(), title(&found.dataset, record));
    let mut choices: Vec<Choice> = found.records.iter().map(choice).collect();
    choices.sort_by_key(|choice| choice.label.to_lowercase());
    Ok(match found.next {
        None => Offer::All(choices),
        Some(_) => Offer::Some(choices),
    })
}
