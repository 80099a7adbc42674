//! Reading records: one, a list, a query, aggregates, the history.

use crate::{
    answer::Answer,
    call::Call,
    condition,
    read::members::Members,
    refusal::{Refusal, Result},
    view::{
        history::HistoryView,
        record::{Links, RecordView, RecordsView},
    },
};
use actix_web::http::{StatusCode, header};
use platform::{
    list::{
        self, AggregateBin, AggregateGroup, AggregateMeasure, Bucket, Count, Counting, PlaceOrLive, Query,
        RecordPage,
    },
    record,
};
use serde::Serialize;
use serde_json::Value as Json;
use types::{Dataset, FieldId, PageSize};

/// One record; 304 when the caller has these very bytes.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let found = record::read(call.workspace()?, call.part("dataset"), call.record()?).await?;
    let answer = Answer::ok(&RecordView::of(&found));
    let tag = condition::etag(found.record.version, answer.bytes());
    let answer = match condition::is_known(&call.request, &tag) {
        true => Answer::empty(StatusCode::NOT_MODIFIED),
        false => answer,
    };
    Ok(answer.with(header::ETAG, &tag))
}

/// A page of records, asked for by the address.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let query = query_of(&call)?;
    let page = list::list(call.workspace()?, call.part("dataset"), &query).await?;
    let link = |cursor: &Option<String>| cursor.as_deref().map(|cursor| call.link("cursor", cursor));
    let (next, prev) = (link(&page.next), link(&page.previous));
    let links = Links {
        next: next.as_deref(),
        prev: prev.as_deref(),
    };
    let answer = Answer::ok(&page_view(&page, links));
    Ok(match link_header(links) {
        Some(value) => answer.with(header::LINK, &value),
        None => answer,
    })
}

fn page_view<'a>(page: &'a RecordPage, links: Links<'a>) -> RecordsView<'a> {
    RecordsView {
        dataset: &page.dataset,
        records: &page.records,
        next: page.next.as_deref(),
        prev: page.previous.as_deref(),
        links,
        count: page.count.and_then(Count::exact),
    }
}

/// RFC 8288.
pub(super) fn link_header(links: Links<'_>) -> Option<String> {
    let parts = [("next", links.next), ("prev", links.prev)];
    let parts = parts
        .into_iter()
        .filter_map(|(name, link)| Some(format!("<{}>; rel=\"{name}\"", link?)));
    let value = parts.collect::<Vec<_>>().join(", ");
    (!value.is_empty()).then_some(value)
}

/// The parameters that lists and exports share.
pub(super) fn query_of(call: &Call) -> Result<Query> {
    let trash = call.query.word("trash", &[("true", true), ("false", false)])?;
    let count = call
        .query
        .word("count", &[("exact", Counting::Exact), ("none", Counting::None)])?;
    Ok(Query {
        conditions: call.query.conditions().to_vec(),
        tree: None,
        search: call.query.get("search").map(str::to_owned),
        sort: call.query.get("sort").unwrap_or_default().to_owned(),
        limit: call.limit()?,
        cursor: call.query.get("cursor").map(str::to_owned),
        place: place(trash),
        count: count.unwrap_or_default(),
    })
}

fn place(trash: Option<bool>) -> PlaceOrLive {
    if trash == Some(true) {
        PlaceOrLive::Trash
    } else {
        PlaceOrLive::Live
    }
}

/// A page of records, asked for by a document.
pub(crate) async fn query(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let query = read_query(&mut members);
    members.finish()?;
    let page = list::list(call.workspace()?, call.part("dataset"), &query).await?;
    Ok(Answer::ok(&page_view(&page, Links::default())))
}

fn read_query(members: &mut Members) -> Query {
    let limit = members.integer("limit");
    let size = limit.map(|limit| u16::try_from(limit).ok().and_then(PageSize::new));
    if size == Some(None) {
        let message = format!("expected a whole number from 1 to {}", PageSize::MAX);
        members.note("limit", "out-of-range", message);
    }
    Query {
        limit: size.flatten().unwrap_or_default(),
        sort: members.text("sort").unwrap_or_default(),
        cursor: members.text("cursor"),
        count: members
            .word("count", &[("exact", Counting::Exact), ("none", Counting::None)])
            .unwrap_or_default(),
        ..read_selection(members)
    }
}

/// The members that say which records.
fn read_selection(members: &mut Members) -> Query {
    Query {
        tree: members.take("filter"),
        search: members.text("search"),
        place: place(members.boolean("trash")),
        ..Query::default()
    }
}

#[derive(Serialize)]
struct BinsView<'a> {
    bins: Vec<BinView<'a>>,
}

#[derive(Serialize)]
struct BinView<'a> {
    groups: &'a [Option<String>],
    measures: &'a [Option<String>],
}

impl<'a> From<&'a AggregateBin> for BinView<'a> {
    fn from(bin: &'a AggregateBin) -> Self {
        Self {
            groups: &bin.groups,
            measures: &bin.measures,
        }
    }
}

/// Counts, sums, averages, least and greatest values by group.
pub(crate) async fn aggregate(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let selection = read_selection(&mut members);
    let groups = members.list("groups", 3).unwrap_or_default();
    members.require("measures");
    let measures = members.list("measures", 10).unwrap_or_default();
    let workspace = call.workspace()?;
    let dataset = platform::dataset::find(workspace, call.part("dataset")).await?;
    let groups = read_each(&mut members, "groups", groups, |json, at| {
        read_group(&dataset, json, at)
    });
    let measures = read_each(&mut members, "measures", measures, |json, at| {
        read_measure(&dataset, json, at)
    });
    members.finish()?;
    let (_, bins) = list::summarize(workspace, call.part("dataset"), &selection, &groups, &measures).await?;
    Ok(Answer::ok(&BinsView {
        bins: bins.iter().map(BinView::from).collect(),
    }))
}

fn read_each<T>(
    members: &mut Members,
    name: &str,
    items: Vec<Json>,
    read: impl Fn(Json, String) -> Result<T>,
) -> Vec<T> {
    let mut done = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        let item = read(item, format!("{}/{place}", members.pointer(name)));
        done.extend(members.note_all(item));
    }
    done
}

fn read_group(dataset: &Dataset, json: Json, at: String) -> Result<AggregateGroup> {
    let buckets = [
        Bucket::Day,
        Bucket::Week,
        Bucket::Month,
        Bucket::Quarter,
        Bucket::Year,
    ];
    let buckets: Vec<(&str, Bucket)> = buckets
        .into_iter()
        .map(|bucket| (bucket.as_str(), bucket))
        .collect();
    let mut members = Members::of(json, at)?;
    let field = read_field(dataset, &mut members);
    let bucket = members.word("bucket", &buckets);
    members.finish()?;
    Ok(AggregateGroup { field, bucket })
}

fn read_measure(dataset: &Dataset, json: Json, at: String) -> Result<AggregateMeasure> {
    type Make = fn(FieldId) -> AggregateMeasure;
    let words: [(&str, Option<Make>); 5] = [
        ("count", None),
        ("sum", Some(AggregateMeasure::Sum)),
        ("average", Some(AggregateMeasure::Average)),
        ("min", Some(AggregateMeasure::Least)),
        ("max", Some(AggregateMeasure::Greatest)),
    ];
    let mut members = Members::of(json, at)?;
    let measure = match members.required_word("measure", &words) {
        Some(Some(make)) => make(read_field(dataset, &mut members)),
        Some(None) | None => AggregateMeasure::Count,
    };
    members.finish()?;
    Ok(measure)
}

fn read_field(dataset: &Dataset, members: &mut Members) -> FieldId {
    let key = members.required_text("field");
    match dataset.field(&key) {
        Some((_, field)) => field.id,
        None => {
            if !key.is_empty() {
                members.note("field", "unknown-field", "the dataset has no such field");
            }
            FieldId(0)
        }
    }
}

/// The versions of a record, newest first.
pub(crate) async fn history(call: Call) -> Result<Answer> {
    let before = call.query.parsed::<i64>("before", "a version")?;
    if before.is_some_and(|before| before < 1) {
        return Err(Refusal::invalid_at(
            "before",
            "out-of-range",
            "expected a version",
        ));
    }
    let page = record::history(call.workspace()?, call.part("dataset"), call.record()?, before).await?;
    let next = page
        .before
        .map(|version| call.link("before", &version.to_string()));
    Ok(Answer::ok(&HistoryView::of(&page, next.as_deref())))
}
