//! `GET /o/{organization}/d/{dataset}/trash`

use crate::{
    datasets::{chrome_of, header},
    query::href,
    single_record::name_of,
    view::{DatasetTab, Pagination, TrashPage, TrashRow},
    visit::{Answer, Visit, page},
    words::{COUNTED, grouped, moment, plural_of, title},
};
use access::Permission;
use actix_web::web::Path;
use platform::list::{self, Count, PlaceOrLive};
use std::collections::BTreeMap;
use types::{AccountId, Dataset, Record};

/// What lies in the trash, last changed first.
pub(crate) async fn show(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let query = list::Query {
        sort: "-updated_at".into(),
        place: PlaceOrLive::Trash,
        count: COUNTED,
        cursor: visit.query.get("cursor").map(str::to_owned),
        ..list::Query::default()
    };
    let found = list::list(&room.workspace, &path.1, &query).await?;
    let accounts: Vec<AccountId> = found.records.iter().map(|record| record.updated_by).collect();
    let names = platform::people::names(&room.workspace, &accounts).await?;
    let header = header(&room, &found.dataset, DatasetTab::Trash);
    let own_path = format!("{}/trash", header.path());
    page(&TrashPage {
        chrome: chrome_of(&room, &found.dataset, "Trash", DatasetTab::Trash).await?,
        dataset: header,
        rows: found
            .records
            .iter()
            .map(|record| row(&found.dataset, record, &names))
            .collect(),
        pagination: pagination(&found, &own_path, query.cursor.is_some()),
        may_purge: room.may(Permission::RecordPurge),
    })
}

fn row(dataset: &Dataset, record: &Record, names: &BTreeMap<AccountId, String>) -> TrashRow {
    TrashRow {
        id: record.id.to_string(),
        title: title(dataset, record),
        version: record.version.to_string(),
        actor: name_of(names, record.updated_by),
        at: moment(record.deleted_at.unwrap_or(record.updated_at)),
    }
}

fn pagination(found: &list::RecordPage, path: &str, is_later: bool) -> Pagination {
    let shown = i64::try_from(found.records.len()).unwrap_or(0);
    let count = found.count.unwrap_or(Count::Exactly(shown));
    let to = |cursor: &Option<String>| {
        cursor
            .as_ref()
            .map(|cursor| href(path, [("cursor", cursor.as_str())]))
    };
    Pagination {
        summary: format!("{} of {}", grouped(shown), plural_of(count, "record", "records")),
        first_href: is_later.then(|| path.to_owned()),
        previous_href: to(&found.previous),
        next_href: to(&found.next),
        ..Pagination::default()
    }
}
