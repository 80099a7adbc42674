//! Lists of records: filter, sort, search and keyset paging as one statement. Values are bound; only generated
//! identifiers become text.

use super::{
    Tenant, TenantTx,
    bind::{Parameters, bind_value},
    row::{StoredRecord, read_record, select_list},
};
use crate::StoreError;
use futures_util::{Stream, StreamExt};
use types::{
    Condition, Dataset, FieldId, FieldKind, FieldRef, Filter, Operator, PageSize, RecordId, Sort, Value,
    filter::Direction,
};

/// Blind indexes of a sensitive text under every live key version.
pub type Blind<'a> = &'a (dyn Fn(FieldId, &str) -> Vec<Vec<u8>> + Sync);

/// Live records, or those in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In use.
    Live,
    /// In the trash.
    Trash,
}

/// Which records.
pub struct Selection<'a> {
    /// Live or in the trash.
    pub place: Place,
    /// The filter.
    pub filter: &'a Filter,
    /// Words that must all occur (as beginnings of words) in some text field.
    pub search: Option<&'a str>,
    /// How sensitive texts are looked up.
    pub blind: Blind<'a>,
}

/// A record's place in a sort order: the sorted values and the id.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// One value per sort key.
    pub values: Vec<Value>,
    /// The record.
    pub id: RecordId,
}

/// Which way a page is read from its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The records after it.
    Forward,
    /// The records before it.
    Backward,
}

/// Which page.
pub struct Page<'a> {
    /// The order; the id decides among equals.
    pub sort: &'a [Sort],
    /// Where it begins, and which way it goes.
    pub position: Option<(&'a Position, Turn)>,
    /// How many records.
    pub size: PageSize,
}

/// One page of records in their order, and whether more follow in the direction of reading.
///
/// # Errors
/// What the connection reports.
pub async fn list(
    tenant: &Tenant,
    dataset: &Dataset,
    selection: &Selection<'_>,
    page: &Page<'_>,
) -> Result<(Vec<StoredRecord>, bool), StoreError> {
    let mut parameters = Parameters::default();
    let mut conditions = where_clause(dataset, selection, &mut parameters);
    let backward = matches!(page.position, Some((_, Turn::Backward)));
    if let Some((position, _)) = page.position {
        let beyond = beyond(dataset, page.sort, position, backward, &mut parameters);
        conditions = format!("{conditions} AND ({beyond})");
    }
    let limit = parameters.push(i64::from(page.size.get()) + 1);
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE {conditions} ORDER BY {} LIMIT {limit}",
        select_list(dataset),
        tenant.schema(),
        dataset.table(),
        order_by(dataset, page.sort, backward),
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &parameters.as_slice())
        .await?;
    let more = rows.len() > usize::from(page.size.get());
    let kept = rows.iter().take(usize::from(page.size.get()));
    let mut records = kept
        .map(|row| read_record(dataset, row))
        .collect::<Result<Vec<_>, _>>()?;
    if backward {
        records.reverse();
    }
    Ok((records, more))
}

/// How many records a selection has: exactly, or at most `stop_at`, where counting stops.
///
/// # Errors
/// What the connection reports.
pub async fn count(
    tenant: &Tenant,
    dataset: &Dataset,
    selection: &Selection<'_>,
    stop_at: Option<i64>,
) -> Result<i64, StoreError> {
    let mut parameters = Parameters::default();
    let conditions = where_clause(dataset, selection, &mut parameters);
    let (schema, table) = (tenant.schema(), dataset.table());
    let rows = format!("FROM {schema}.\"{table}\" WHERE {conditions}");
    let text = match stop_at {
        None => format!("SELECT count(*) {rows}"),
        Some(stop_at) => {
            let limit = parameters.push(stop_at);
            format!("SELECT count(*) FROM (SELECT {rows} LIMIT {limit}) AS counted")
        }
    };
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    Ok(connection
        .client
        .query_one(&statement, &parameters.as_slice())
        .await?
        .try_get(0)?)
}

/// Every record of a selection, streamed in the order of ids. Memory does not grow with their number.
///
/// # Errors
/// What the connection reports, at the beginning or in the stream.
pub async fn stream<'a>(
    tx: &'a TenantTx,
    dataset: &'a Dataset,
    selection: &Selection<'_>,
) -> Result<impl Stream<Item = Result<StoredRecord, StoreError>> + use<'a>, StoreError> {
    let mut parameters = Parameters::default();
    let conditions = where_clause(dataset, selection, &mut parameters);
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE {conditions} ORDER BY id",
        select_list(dataset),
        tx.tenant.schema(),
        dataset.table()
    );
    let connection = tx.connection()?;
    let statement = connection.client.prepare(&text).await?;
    let rows = connection
        .client
        .query_raw(&statement, parameters.as_slice())
        .await?;
    Ok(rows.map(move |row| read_record(dataset, &row?)))
}

/// The condition of a selection.
pub(super) fn where_clause(
    dataset: &Dataset,
    selection: &Selection<'_>,
    parameters: &mut Parameters,
) -> String {
    let place = match selection.place {
        Place::Live => "deleted_at IS NULL",
        Place::Trash => "deleted_at IS NOT NULL",
    };
    let filter = filter_sql(dataset, selection.filter, selection.blind, parameters);
    let search = selection
        .search
        .and_then(|words| search_sql(dataset, words, parameters));
    format!(
        "{place} AND {filter}{}",
        search.map(|sql| format!(" AND {sql}")).unwrap_or_default()
    )
}

fn search_sql(dataset: &Dataset, words: &str, parameters: &mut Parameters) -> Option<String> {
    let tokens: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(10)
        .map(|word| format!("{}:*", word.to_lowercase()))
        .collect();
    if tokens.is_empty() {
        return None;
    }
    let document = search_document(dataset)?;
    Some(format!(
        "to_tsvector('simple', {document}) @@ to_tsquery('simple', {})",
        parameters.push(tokens.join(" & "))
    ))
}

/// The text of a record that a search looks at, less what its reader does not see; an index on exactly the whole expression makes it quick.
fn search_document(dataset: &Dataset) -> Option<String> {
    let texts = dataset
        .fields
        .iter()
        .filter(|field| field.kind.is_text() && !field.is_masked);
    let columns: Vec<String> = texts
        .map(|field| format!("coalesce(\"{}\", '')", field.column()))
        .collect();
    (!columns.is_empty()).then(|| columns.join(" || ' ' || "))
}

fn filter_sql(dataset: &Dataset, filter: &Filter, blind: Blind<'_>, parameters: &mut Parameters) -> String {
    let mut join = |filters: &[Filter], word: &str, none: &str| {
        let parts: Vec<String> = filters
            .iter()
            .map(|part| filter_sql(dataset, part, blind, parameters))
            .collect();
        if parts.is_empty() {
            none.to_owned()
        } else {
            format!("({})", parts.join(word))
        }
    };
    match filter {
        Filter::All(filters) => join(filters, " AND ", "TRUE"),
        Filter::Any(filters) => join(filters, " OR ", "FALSE"),
        Filter::Not(inner) => format!("({}) IS NOT TRUE", filter_sql(dataset, inner, blind, parameters)),
        Filter::Is(condition) => condition_sql(dataset, condition, blind, parameters),
    }
}

/// A column with the kind of its values.
fn column(dataset: &Dataset, field: FieldRef) -> (String, FieldKind) {
    match field {
        FieldRef::Id => ("id".into(), FieldKind::Reference),
        FieldRef::CreatedAt => ("created_at".into(), FieldKind::Timestamp),
        FieldRef::UpdatedAt => ("updated_at".into(), FieldKind::Timestamp),
        FieldRef::Field(id) => {
            let kind = dataset
                .field_by_id(id)
                .map_or(FieldKind::Text, |(_, field)| field.kind);
            (format!("\"{}\"", id.identifier()), kind)
        }
    }
}

fn condition_sql(
    dataset: &Dataset,
    condition: &Condition,
    blind: Blind<'_>,
    parameters: &mut Parameters,
) -> String {
    let (name, kind) = column(dataset, condition.field);
    let Some(first) = condition.values.first() else {
        return "FALSE".into();
    };
    if condition.operator == Operator::Empty {
        let negate = if *first == Value::Boolean(true) {
            ""
        } else {
            "NOT "
        };
        return format!("{name} IS {negate}NULL");
    }
    if let (FieldKind::SensitiveText, FieldRef::Field(id)) = (kind, condition.field) {
        let texts = condition.values.iter().map(Value::to_text);
        let candidates: Vec<Vec<u8>> = texts.flat_map(|text| blind(id, &text)).collect();
        return format!(
            "\"{}_blind\" = ANY({})",
            id.identifier(),
            parameters.push(candidates)
        );
    }
    let mut compare = |operator: &str| {
        parameters.extend(vec![bind_value(kind, first)]);
        format!("{name} {operator} {}", parameters.last_mark())
    };
    match condition.operator {
        Operator::Equal => compare("="),
        Operator::NotEqual => compare("IS DISTINCT FROM"),
        Operator::Less => compare("<"),
        Operator::LessOrEqual => compare("<="),
        Operator::Greater => compare(">"),
        Operator::GreaterOrEqual => compare(">="),
        Operator::In => in_sql(&name, kind, &condition.values, parameters),
        Operator::Contains if kind == FieldKind::MultipleChoice => {
            let names: Vec<String> = condition.values.iter().flat_map(choice_names).collect();
            format!("{name} @> {}", parameters.push(names))
        }
        Operator::Contains => format!(
            "{name} ILIKE {}",
            parameters.push(format!("%{}%", escape_like(&first.to_text())))
        ),
        Operator::StartsWith => format!(
            "{name} ILIKE {}",
            parameters.push(format!("{}%", escape_like(&first.to_text())))
        ),
        Operator::Empty => "FALSE".into(),
    }
}

fn choice_names(value: &Value) -> Vec<String> {
    match value {
        Value::Choices(names) => names.clone(),
        other => vec![other.to_text()],
    }
}

fn in_sql(name: &str, kind: FieldKind, values: &[Value], parameters: &mut Parameters) -> String {
    let mut marks = Vec::with_capacity(values.len());
    for value in values {
        parameters.extend(vec![bind_value(kind, value)]);
        marks.push(parameters.last_mark());
    }
    format!("{name} IN ({})", marks.join(", "))
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn is_descending(sort: Sort, backward: bool) -> bool {
    (sort.direction == Direction::Descending) != backward
}

/// The id runs the way of the first key, so that an index on (column, id) serves both.
fn id_descending(sort: &[Sort], backward: bool) -> bool {
    sort.first()
        .map_or(backward, |first| is_descending(*first, backward))
}

fn order_by(dataset: &Dataset, sort: &[Sort], backward: bool) -> String {
    let word = |descending: bool| if descending { "DESC" } else { "ASC" };
    let keys = sort.iter().map(|key| {
        format!(
            "{} {}",
            column(dataset, key.field).0,
            word(is_descending(*key, backward))
        )
    });
    let id = format!("id {}", word(id_descending(sort, backward)));
    keys.chain(std::iter::once(id)).collect::<Vec<_>>().join(", ")
}

/// The records beyond a position: equal in the first keys and beyond in the next, key by key, the id last. Nulls come
/// last when ascending and first when descending.
fn beyond(
    dataset: &Dataset,
    sort: &[Sort],
    position: &Position,
    backward: bool,
    parameters: &mut Parameters,
) -> String {
    let mut alternatives = Vec::with_capacity(sort.len() + 1);
    let mut equal = String::new();
    for (key, value) in sort.iter().zip(&position.values) {
        let (name, kind) = column(dataset, key.field);
        let descending = is_descending(*key, backward);
        let mark = (!value.is_empty()).then(|| {
            parameters.extend(vec![bind_value(kind, value)]);
            parameters.last_mark()
        });
        let further = match (&mark, descending) {
            (Some(mark), false) => format!("({name} > {mark} OR {name} IS NULL)"),
            (Some(mark), true) => format!("{name} < {mark}"),
            (None, false) => "FALSE".to_owned(),
            (None, true) => format!("{name} IS NOT NULL"),
        };
        alternatives.push(format!("({equal}{further})"));
        equal += &mark.map_or(format!("{name} IS NULL AND "), |mark| {
            format!("{name} = {mark} AND ")
        });
    }
    let sign = if id_descending(sort, backward) { "<" } else { ">" };
    alternatives.push(format!("({equal}id {sign} {})", parameters.push(position.id.0)));
    alternatives.join(" OR ")
}
