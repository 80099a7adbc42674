//! Lists of records: filter, sort, search, keyset paging, counts and aggregates.

use crate::{
    Workspace,
    cursor::{Scope, position_of, read_cursor, write_cursor},
    error::{PlatformError, Result},
    sealing::{self, Show},
};
use access::{Permission, Permit};
use std::{collections::BTreeSet, sync::Arc};
use store::tenant::{
    aggregate::{Bin, Group, Measure, aggregate},
    query::{self, Page, Selection, Turn},
};
use types::{
    Condition, Dataset, FieldRef, Filter, Operator, PageSize, Record, RecordId, Sort, Value, filter,
};

pub use store::tenant::aggregate::{
    Bin as AggregateBin, Bucket, Group as AggregateGroup, Measure as AggregateMeasure,
};
pub use store::tenant::query::Place;

/// A filter as a caller sends it, not yet checked against the dataset.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// `filter[key][operator]=text`, all of which must hold.
    pub conditions: Vec<(String, String, String)>,
    /// A tree in JSON, which must hold besides.
    pub tree: Option<serde_json::Value>,
    /// Words to search for.
    pub search: Option<String>,
    /// Field keys joined by commas, `-` in front for descending.
    pub sort: String,
    /// The page's size.
    pub limit: PageSize,
    /// The cursor of an earlier answer.
    pub cursor: Option<String>,
    /// Live records, or those in the trash.
    pub place: PlaceOrLive,
    /// Count all records that match?
    pub count: Counting,
}

/// [`Place`] with a default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlaceOrLive {
    /// In use.
    #[default]
    Live,
    /// In the trash.
    Trash,
}

/// Are all records that match counted?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counting {
    /// No: a count reads every record that matches.
    #[default]
    None,
    /// Until it is clear that there are more than so many.
    UpTo(u32),
    /// Exactly.
    Exact,
}

/// How many records match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(i64),
    /// More than so many; counting stopped there.
    MoreThan(i64),
}

impl Count {
    /// The number, where it is known.
    #[must_use]
    pub fn exact(self) -> Option<i64> {
        match self {
            Self::Exactly(number) => Some(number),
            Self::MoreThan(_) => None,
        }
    }
}

/// A page of records with the definition it was read with.
#[derive(Debug, Clone)]
pub struct RecordPage {
    /// The dataset.
    pub dataset: Arc<Dataset>,
    /// The records; sensitive fields are masked.
    pub records: Vec<Record>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The cursor of the page before, if there is one.
    pub previous: Option<String>,
    /// How many records match, when that was asked.
    pub count: Option<Count>,
}

/// Longest search text.
const SEARCH_MAX: usize = 200;

/// Lists records.
///
/// # Errors
/// `invalid` names the parameter at fault, `bad-cursor`, `not-found`.
pub async fn list(workspace: &Workspace, dataset: &str, query: &Query) -> Result<RecordPage> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let checked = check(&permit, &dataset, query)?;
    let scope = Scope::new(&dataset, &fingerprint(query));
    let start = match &query.cursor {
        Some(text) => Some(read_cursor(workspace, &scope, &dataset, &checked.sort, text)?),
        None => None,
    };
    let blind = |field, text: &str| vault::blind::blind_candidates(workspace.keys(), dataset.id, field, text);
    let selection = checked.selection(&blind);
    let page = Page {
        sort: &checked.sort,
        position: start.as_ref().map(|(position, turn)| (position, *turn)),
        size: query.limit,
    };
    let (stored, more) = query::list(workspace.tenant(), &dataset, &selection, &page).await?;
    // A first page after which there is nothing needs no second look.
    let whole = (start.is_none() && !more).then_some(stored.len());
    let count = count(workspace, &dataset, &selection, query.count, whole).await?;
    let opened = stored
        .iter()
        .map(|stored| sealing::open_record(workspace, &dataset, stored, Show::Masked));
    let records = opened.collect::<Result<Vec<Record>>>()?;
    let turn = start.as_ref().map(|(_, turn)| *turn);
    let (has_next, has_previous) = match turn {
        Some(Turn::Backward) => (true, more),
        Some(Turn::Forward) => (more, true),
        None => (more, false),
    };
    let cursor = |record: Option<&Record>, turn: Turn, wanted: bool| match record.filter(|_| wanted) {
        Some(record) => write_cursor(
            workspace,
            &scope,
            &position_of(&dataset, &checked.sort, record),
            turn,
        )
        .map(Some),
        None => Ok(None),
    };
    let next = cursor(records.last(), Turn::Forward, has_next)?;
    let previous = cursor(records.first(), Turn::Backward, has_previous)?;
    Ok(RecordPage {
        dataset: Arc::clone(&dataset),
        records,
        next,
        previous,
        count,
    })
}

/// Counts what a selection has; `whole` is the answer where it is known already.
async fn count(
    workspace: &Workspace,
    dataset: &Dataset,
    selection: &Selection<'_>,
    counting: Counting,
    whole: Option<usize>,
) -> Result<Option<Count>> {
    let most = match counting {
        Counting::None => return Ok(None),
        Counting::UpTo(most) => Some(i64::from(most)),
        Counting::Exact => None,
    };
    if let Some(whole) = whole.and_then(|whole| i64::try_from(whole).ok()) {
        return Ok(Some(Count::Exactly(whole)));
    }
    let stop_at = most.map(|most| most + 1);
    let counted = query::count(workspace.tenant(), dataset, selection, stop_at).await?;
    Ok(Some(match most {
        Some(most) if counted > most => Count::MoreThan(most),
        _ => Count::Exactly(counted),
    }))
}

/// Aggregates records.
///
/// # Errors
/// As [`list`].
pub async fn summarize(
    workspace: &Workspace,
    dataset: &str,
    query: &Query,
    groups: &[Group],
    measures: &[Measure],
) -> Result<(Arc<Dataset>, Vec<Bin>)> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let checked = check(&permit, &dataset, query)?;
    check_aggregate(&dataset, groups, measures)?;
    let blind = |field, text: &str| vault::blind::blind_candidates(workspace.keys(), dataset.id, field, text);
    let bins = aggregate(
        workspace.tenant(),
        &dataset,
        &checked.selection(&blind),
        groups,
        measures,
    )
    .await?;
    Ok((dataset, bins))
}

/// A query that was checked against its dataset.
pub(crate) struct Checked {
    filter: Filter,
    search: Option<String>,
    sort: Vec<Sort>,
    place: Place,
}

impl Checked {
    /// Of what it selects, only these records.
    pub(crate) fn only(&mut self, records: &BTreeSet<RecordId>) {
        let is_one = Filter::Is(Condition {
            field: FieldRef::Id,
            operator: Operator::In,
            values: records.iter().map(|id| Value::Reference(*id)).collect(),
        });
        let before = std::mem::replace(&mut self.filter, is_one.clone());
        self.filter = Filter::All(vec![before, is_one]);
    }

    pub(crate) fn selection<'a>(&'a self, blind: query::Blind<'a>) -> Selection<'a> {
        Selection {
            place: self.place,
            filter: &self.filter,
            search: self.search.as_deref(),
            blind,
        }
    }
}

pub(crate) fn check(permit: &Permit, dataset: &Dataset, query: &Query) -> Result<Checked> {
    let mut filters = Vec::with_capacity(query.conditions.len() + 1);
    let mut errors = Vec::new();
    if query.conditions.len() > filter::CONDITIONS_MAX {
        let message = format!("at most {} conditions", filter::CONDITIONS_MAX);
        return Err(PlatformError::invalid_at("filter", "too-long", message));
    }
    for (name, operator, text) in &query.conditions {
        match filter::parse_condition(dataset, name, operator, text) {
            Ok(condition) => filters.push(condition),
            Err(error) => errors.push(error),
        }
    }
    if let Some(tree) = &query.tree {
        match filter::parse_filter(dataset, tree) {
            Ok(tree) => filters.push(tree),
            Err(error) => errors.push(error),
        }
    }
    let sort = filter::parse_sort(dataset, &query.sort).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    let search = query.search.clone().filter(|words| !words.trim().is_empty());
    if search
        .as_ref()
        .is_some_and(|words| words.len() > SEARCH_MAX || words.contains('\0'))
    {
        return Err(PlatformError::invalid_at(
            "search",
            "too-long",
            format!("at most {SEARCH_MAX} characters"),
        ));
    }
    if !errors.is_empty() {
        return Err(PlatformError::invalid(errors));
    }
    let filter = Filter::All(filters);
    refuse_hidden(permit, dataset, &filter, &sort)?;
    let place = if query.place == PlaceOrLive::Trash {
        Place::Trash
    } else {
        Place::Live
    };
    Ok(Checked {
        filter,
        search,
        sort,
        place,
    })
}

/// A masked field must not be found out by filtering or sorting, unless its equality search is its purpose.
fn refuse_hidden(permit: &Permit, dataset: &Dataset, filter: &Filter, sort: &[Sort]) -> Result<()> {
    let readable = |field: FieldRef| match field {
        FieldRef::Field(id) => permit.may_read_field(dataset.id.0, id.0),
        FieldRef::Id | FieldRef::CreatedAt | FieldRef::UpdatedAt => true,
    };
    let mut fields = Vec::new();
    collect_fields(filter, &mut fields);
    fields.extend(sort.iter().map(|key| key.field));
    if fields.into_iter().all(readable) {
        Ok(())
    } else {
        Err(PlatformError::invalid_at(
            "filter",
            "unknown-field",
            "the dataset has no such field",
        ))
    }
}

fn collect_fields(filter: &Filter, fields: &mut Vec<FieldRef>) {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => {
            filters.iter().for_each(|filter| collect_fields(filter, fields))
        }
        Filter::Not(inner) => collect_fields(inner, fields),
        Filter::Is(Condition { field, .. }) => fields.push(*field),
    }
}

fn check_aggregate(dataset: &Dataset, groups: &[Group], measures: &[Measure]) -> Result<()> {
    if groups.len() > 3 || measures.is_empty() || measures.len() > 10 {
        return Err(PlatformError::invalid_at(
            "measures",
            "too-long",
            "one to ten measures in at most three groups",
        ));
    }
    // A masked field is none here: the least value of one record is its value.
    let found = |field| dataset.field_by_id(field).filter(|(_, field)| !field.is_masked);
    let kind = |field| found(field).map(|(_, field)| field.kind);
    let wrong = |pointer: &str| {
        PlatformError::invalid_at(pointer, "wrong-kind", "the field's kind does not permit this")
    };
    for group in groups {
        let kind = kind(group.field).ok_or_else(|| wrong("groups"))?;
        let dated = matches!(kind, types::FieldKind::Date | types::FieldKind::Timestamp);
        let groupable = kind.is_ordered() || kind == types::FieldKind::Reference;
        if !groupable || (group.bucket.is_some() && !dated) {
            return Err(wrong("groups"));
        }
    }
    for measure in measures {
        let fits = match measure {
            Measure::Count => true,
            Measure::Sum(field) | Measure::Average(field) => {
                kind(*field).is_some_and(types::FieldKind::is_number)
            }
            Measure::Least(field) | Measure::Greatest(field) => {
                kind(*field).is_some_and(|kind| kind.is_ordered() && kind != types::FieldKind::Boolean)
            }
        };
        if !fits {
            return Err(wrong("measures"));
        }
    }
    Ok(())
}

/// What a cursor is tied to besides the dataset.
fn fingerprint(query: &Query) -> String {
    let place = if query.place == PlaceOrLive::Trash {
        "trash"
    } else {
        "live"
    };
    let parts = serde_json::json!([place, query.sort, query.conditions, query.tree, query.search]);
    parts.to_string()
}
