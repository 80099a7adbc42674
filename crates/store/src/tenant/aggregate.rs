//! Counts, sums, averages, least and greatest values, by group and time bucket, at most 1,000 groups.

use super::{
    Tenant,
    bind::Parameters,
    query::{Selection, where_clause},
};
use crate::StoreError;
use types::{Dataset, FieldId, FieldKind};

/// Most groups of one answer.
pub const GROUPS_MAX: usize = 1_000;

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The number of records.
    Count,
    /// The sum of a number field.
    Sum(FieldId),
    /// The average of a number field, to ten places.
    Average(FieldId),
    /// The least value.
    Least(FieldId),
    /// The greatest value.
    Greatest(FieldId),
}

/// The width of a time bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// A day (UTC).
    Day,
    /// A week from Monday.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}

impl Bucket {
    /// Its name, also PostgreSQL's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

/// What the records are grouped by. Money is grouped by currency besides, whenever it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The field.
    pub field: FieldId,
    /// Of dates and timestamps, the bucket.
    pub bucket: Option<Bucket>,
}

/// One group with its measures, all as text; `None` is "no value".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// The values of the groups, in the order asked, then the currency where money is measured.
    pub groups: Vec<Option<String>>,
    /// The measures, in the order asked.
    pub measures: Vec<Option<String>>,
}

/// Computes measures over a selection.
///
/// # Errors
/// What the connection reports.
pub async fn aggregate(
    tenant: &Tenant,
    dataset: &Dataset,
    selection: &Selection<'_>,
    groups: &[Group],
    measures: &[Measure],
) -> Result<Vec<Bin>, StoreError> {
    let mut parameters = Parameters::default();
    let conditions = where_clause(dataset, selection, &mut parameters);
    let mut keys: Vec<String> = groups.iter().map(|group| group_sql(dataset, *group)).collect();
    keys.extend(currencies(dataset, measures));
    let outputs: Vec<String> = measures.iter().map(|measure| measure_sql(*measure)).collect();
    let select: Vec<String> = keys
        .iter()
        .map(|key| format!("({key})::text"))
        .chain(outputs.iter().map(|sql| format!("({sql})::text")))
        .collect();
    let places: Vec<String> = keys.iter().map(|key| format!("({key})")).collect();
    let grouping = if keys.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {0} ORDER BY {0}", places.join(", "))
    };
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE {conditions}{grouping} LIMIT {GROUPS_MAX}",
        select.join(", "),
        tenant.schema(),
        dataset.table()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &parameters.as_slice())
        .await?;
    let read = |row: &tokio_postgres::Row| -> Result<Bin, StoreError> {
        let cells = (0..row.len())
            .map(|i| row.try_get(i))
            .collect::<Result<Vec<Option<String>>, _>>()?;
        let (groups, measures) = cells.split_at(keys.len());
        Ok(Bin {
            groups: groups.to_vec(),
            measures: measures.to_vec(),
        })
    };
    rows.iter().map(read).collect()
}

fn group_sql(dataset: &Dataset, group: Group) -> String {
    let column = group.field.identifier();
    let kind = dataset.field_by_id(group.field).map(|(_, field)| field.kind);
    match (group.bucket, kind) {
        (Some(bucket), Some(FieldKind::Timestamp)) => {
            format!(
                "date_trunc('{}', \"{column}\" AT TIME ZONE 'UTC')::date",
                bucket.as_str()
            )
        }
        (Some(bucket), _) => format!("date_trunc('{}', \"{column}\"::timestamp)::date", bucket.as_str()),
        (None, _) => format!("\"{column}\""),
    }
}

fn currencies(dataset: &Dataset, measures: &[Measure]) -> Option<String> {
    let is_money = |field: &FieldId| {
        dataset
            .field_by_id(*field)
            .is_some_and(|(_, field)| field.kind == FieldKind::Money)
    };
    measures.iter().find_map(|measure| match measure {
        Measure::Sum(field) | Measure::Average(field) | Measure::Least(field) | Measure::Greatest(field) => {
            is_money(field).then(|| format!("\"{}_currency\"", field.identifier()))
        }
        Measure::Count => None,
    })
}

fn measure_sql(measure: Measure) -> String {
    match measure {
        Measure::Count => "count(*)".into(),
        Measure::Sum(field) => format!("sum(\"{}\")", field.identifier()),
        Measure::Average(field) => format!("trim_scale(round(avg(\"{}\"), 10))", field.identifier()),
        Measure::Least(field) => format!("min(\"{}\")", field.identifier()),
        Measure::Greatest(field) => format!("max(\"{}\")", field.identifier()),
    }
}
