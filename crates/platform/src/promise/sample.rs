//! The newest records of a dataset, a page at a time.

use crate::{error::Result, workspace::Home};
use store::tenant::{
    StoredRecord,
    query::{self, Page, Place, Position, Selection, Turn},
};
use types::{Dataset, FieldRef, Filter, PageSize, Sort, Value, filter::Direction};

/// Records read at once.
const PAGE: u16 = 200;

/// Newest first by id.
const NEWEST_FIRST: [Sort; 1] = [Sort {
    field: FieldRef::Id,
    direction: Direction::Descending,
}];

/// Calls `see` with pages of the newest records, live and in the trash, at most `records_max` of each; gives how many
/// there were.
pub(super) async fn newest(
    home: &Home,
    dataset: &Dataset,
    records_max: usize,
    mut see: impl FnMut(&[StoredRecord]) + Send,
) -> Result<usize> {
    let mut total = 0;
    for place in [Place::Live, Place::Trash] {
        let mut seen = 0;
        let mut position = None;
        while seen < records_max {
            let (records, more) = page(home, dataset, place, position.as_ref(), records_max - seen).await?;
            seen += records.len();
            see(&records);
            position = records.last().map(|last| Position {
                values: vec![Value::Reference(last.id)],
                id: last.id,
            });
            if !more || position.is_none() {
                break;
            }
        }
        total += seen;
    }
    Ok(total)
}

async fn page(
    home: &Home,
    dataset: &Dataset,
    place: Place,
    position: Option<&Position>,
    wanted: usize,
) -> Result<(Vec<StoredRecord>, bool)> {
    let blind = |_, _: &str| Vec::new();
    let selection = Selection {
        place,
        filter: &Filter::All(Vec::new()),
        search: None,
        blind: &blind,
    };
    let size = u16::try_from(wanted).unwrap_or(PAGE).min(PAGE);
    let page = Page {
        sort: &NEWEST_FIRST,
        position: position.map(|position| (position, Turn::Forward)),
        size: PageSize::new(size).unwrap_or_default(),
    };
    Ok(query::list(&home.tenant, dataset, &selection, &page).await?)
}

/// How many records match, live and in the trash.
pub(super) async fn count(home: &Home, dataset: &Dataset, filter: &Filter) -> Result<i64> {
    let blind = |_, _: &str| Vec::new();
    let mut total = 0;
    for place in [Place::Live, Place::Trash] {
        let selection = Selection {
            place,
            filter,
            search: None,
            blind: &blind,
        };
        total += query::count(&home.tenant, dataset, &selection, None).await?;
    }
    Ok(total)
}
