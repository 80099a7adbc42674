//! The table of a dataset's records: search, filter, sort, paging, and putting ticked records in the trash.
//!
//! Invariant: everything that narrows the table stands in the address, so that a table can be bookmarked and sent.

mod table;

use crate::{
    datasets::{chrome_of, header},
    errors::Fault,
    files,
    form::Form,
    reference,
    view::{
        CellKind, DatasetTab, Notice, NoticeKind, PageSizeLink, Pagination, RecordRow, RecordsPage, TableCell,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{COUNTED, Extent, cell, grouped, plural, plural_of, sentence, title},
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    bulk::{self, Operation},
    list::{self, Count, Counting},
};
use reference::Targets;
use table::TableQuery;
use types::{Dataset, ProblemCode, Record, Value};

pub(crate) use table::query_of;

/// Page sizes on offer.
const PAGE_SIZES: [u16; 4] = [25, 50, 100, 250];

/// `GET /o/{organization}/d/{dataset}`
pub(crate) async fn show(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
    let table = TableQuery::read(&visit.query);
    let query = list::Query {
        count: if visit.query.text("count") == "exact" {
            Counting::Exact
        } else {
            COUNTED
        },
        ..query_of(&visit.query)
    };
    match list::list(&room.workspace, &path.1, &query).await {
        Ok(found) => {
            let template = records_page(&room, &table, &found).await?;
            page(&template)
        }
        Err(error) if error.code == ProblemCode::Invalid => page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &refused_page(&room, &dataset, &table, &error).await?,
        ),
        Err(error) => Err(error.into()),
    }
}

async fn records_page(
    room: &Room,
    table: &TableQuery,
    found: &list::RecordPage,
) -> Result<RecordsPage, Fault> {
    let dataset = &found.dataset;
    let targets = reference::resolve(room, dataset, &found.records).await?;
    let header = header(room, dataset, DatasetTab::Records);
    let path = header.path();
    Ok(RecordsPage {
        chrome: chrome_of(room, dataset, &dataset.label, DatasetTab::Records).await?,
        filter: table.bar(dataset, &path, &[]),
        columns: table.columns(dataset, &path),
        rows: found
            .records
            .iter()
            .map(|record| row(room, dataset, record, &targets))
            .collect(),
        pagination: pagination(table, found, &path),
        narrowed: table.is_narrowed(),
        export_query: table.query_string(),
        dataset: header,
    })
}

/// The table without rows, its filter open with what is wrong with it.
async fn refused_page(
    room: &Room,
    dataset: &Dataset,
    table: &TableQuery,
    error: &PlatformError,
) -> Result<RecordsPage, Fault> {
    let header = header(room, dataset, DatasetTab::Records);
    let path = header.path();
    let mut chrome = chrome_of(room, dataset, &dataset.label, DatasetTab::Records).await?;
    let text: Vec<String> = error
        .errors
        .iter()
        .map(|problem| sentence(&problem.message))
        .collect();
    chrome.notice = Some(Notice {
        kind: NoticeKind::Failure,
        text: format!("The table cannot be shown like this. {}", text.join(" ")),
    });
    Ok(RecordsPage {
        chrome,
        filter: table.bar(dataset, &path, &error.errors),
        columns: table.columns(dataset, &path),
        rows: Vec::new(),
        pagination: Pagination::default(),
        narrowed: true,
        export_query: String::new(),
        dataset: header,
    })
}

fn row(room: &Room, dataset: &Dataset, record: &Record, targets: &Targets) -> RecordRow {
    let title = title(dataset, record);
    let mut cells: Vec<TableCell> = dataset
        .fields
        .iter()
        .zip(&record.values)
        .map(|(field, value)| match value {
            Value::Reference(id) => targets.cell(*id),
            // Its name is sealed apart; a page of them would open as many.
            Value::Attachment(id) => files::link(room, *id, "File"),
            value => cell(field.kind, value, Extent::Cell),
        })
        .collect();
    // The first cell leads to the record, so it is no link of its own and never without words.
    match cells.first_mut() {
        Some(first) if matches!(first.kind, CellKind::Empty) => {
            *first = TableCell::new(title.clone(), CellKind::Text);
        }
        Some(first) if matches!(first.kind, CellKind::Link { .. }) => first.kind = CellKind::Text,
        Some(_) => {}
        None => cells.push(TableCell::new(title.clone(), CellKind::Text)),
    }
    RecordRow {
        id: record.id.to_string(),
        title,
        cells,
    }
}

fn pagination(table: &TableQuery, found: &list::RecordPage, path: &str) -> Pagination {
    let shown = i64::try_from(found.records.len()).unwrap_or(0);
    let summary = match found.count {
        Some(count) if count != Count::Exactly(shown) => {
            format!("{} of {}", grouped(shown), plural_of(count, "record", "records"))
        }
        _ => plural(shown, "record", "records"),
    };
    let is_bound = matches!(found.count, Some(Count::MoreThan(_)));
    let cursor = table.cursor.as_deref().unwrap_or_default();
    let count_href = table.href(path, &[("cursor", cursor), ("count", "exact")]);
    let page_size = |size: u16| PageSizeLink {
        size: u32::from(size),
        href: table.href(path, &[("limit", &size.to_string())]),
        current: size == table.limit.get(),
    };
    let to = |cursor: &Option<String>| {
        cursor
            .as_ref()
            .map(|cursor| table.href(path, &[("cursor", cursor)]))
    };
    Pagination {
        summary,
        count_href: is_bound.then_some(count_href),
        first_href: table.cursor.as_ref().map(|_| table.href(path, &[])),
        previous_href: to(&found.previous),
        next_href: to(&found.next),
        page_sizes: PAGE_SIZES.map(page_size).into(),
    }
}

/// `POST /o/{organization}/d/{dataset}/trash`: the ticked records, all or none.
pub(crate) async fn trash_ticked(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let ids = form.all("record").filter_map(|text| text.parse().ok());
    let operations: Vec<Operation> = ids.map(|id| Operation::Trash { id, version: None }).collect();
    let notice = if operations.is_empty() {
        "none-ticked"
    } else {
        bulk::apply(&room.workspace, &path.1, operations).await?;
        "trashed"
    };
    see_other(&format!("{}/d/{}?notice={notice}", room.base(), path.1))
}
