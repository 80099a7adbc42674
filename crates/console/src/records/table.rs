//! What the address says of a table: conditions, words, order, page.

use crate::{
    query::{Pairs, href},
    view::{Choice, Column, FilterBar, FilterChip, FilterCondition, Sort},
};
use platform::list;
use types::{Dataset, FieldKind, FieldProblem, Operator, PageSize};

/// Operators as the builder offers them, the most wanted first.
const OPERATORS: [(Operator, &str); 10] = [
    (Operator::Equal, "is"),
    (Operator::NotEqual, "is not"),
    (Operator::Contains, "contains"),
    (Operator::StartsWith, "starts with"),
    (Operator::GreaterOrEqual, "is at least"),
    (Operator::LessOrEqual, "is at most"),
    (Operator::Greater, "is more than"),
    (Operator::Less, "is less than"),
    (Operator::In, "is one of (a, b)"),
    (Operator::Empty, "is empty (true or false)"),
];

/// What narrows and orders a table.
#[derive(Debug, Clone)]
pub(crate) struct TableQuery {
    /// Field, operator, value.
    conditions: Vec<(String, String, String)>,
    search: String,
    sort: String,
    pub(crate) limit: PageSize,
    pub(crate) cursor: Option<String>,
    one_more: bool,
}

impl TableQuery {
    pub(crate) fn read(query: &Pairs) -> Self {
        let fields = query.all("filter_field");
        let mut operators = query.all("filter_operator");
        let mut values = query.all("filter_value");
        let conditions = fields.map(|field| {
            let operator = operators.next().unwrap_or_default().to_owned();
            let value = values.next().unwrap_or_default().trim().to_owned();
            // The one operator that needs no value.
            let value = if operator == Operator::Empty.as_str() && value.is_empty() {
                "true".to_owned()
            } else {
                value
            };
            (field.to_owned(), operator, value)
        });
        let limit = query.get("limit").and_then(|text| text.parse().ok());
        Self {
            conditions: conditions.filter(|(field, ..)| !field.is_empty()).collect(),
            search: query.text("search").trim().to_owned(),
            sort: query.text("sort").to_owned(),
            limit: limit.and_then(PageSize::new).unwrap_or_default(),
            cursor: query
                .get("cursor")
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            one_more: query.get("add_filter").is_some(),
        }
    }

    pub(crate) fn is_narrowed(&self) -> bool {
        !self.conditions.is_empty() || !self.search.is_empty()
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs = Vec::new();
        for (field, operator, value) in &self.conditions {
            pairs.push(("filter_field", field.as_str()));
            pairs.push(("filter_operator", operator));
            pairs.push(("filter_value", value));
        }
        for (name, value) in [("search", &self.search), ("sort", &self.sort)] {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        pairs
    }

    /// The same table with other parameters. The page size is kept unless it is among them; the cursor never is.
    pub(crate) fn href(&self, path: &str, with: &[(&str, &str)]) -> String {
        let names = |name: &str| with.iter().any(|(other, _)| *other == name);
        let limit = self.limit.get().to_string();
        let mut pairs: Vec<(&str, &str)> = self
            .pairs()
            .into_iter()
            .filter(|(name, _)| !names(name))
            .collect();
        if self.limit != PageSize::default() && !names("limit") {
            pairs.push(("limit", &limit));
        }
        pairs.extend(with.iter().filter(|(_, value)| !value.is_empty()));
        href(path, pairs)
    }

    /// What narrows and orders, as the part of an address after `?`, for the export.
    pub(crate) fn query_string(&self) -> String {
        href("", self.pairs()).trim_start_matches('?').to_owned()
    }

    fn without(&self, place: usize) -> Self {
        let mut other = self.clone();
        other.conditions.remove(place);
        other
    }

    /// Search box and builder; `problems` are what the platform says of the conditions.
    pub(crate) fn bar(&self, dataset: &Dataset, path: &str, problems: &[FieldProblem]) -> FilterBar {
        let error = |field: &str, operator: &str| {
            let pointer = format!("filter[{field}][{operator}]");
            let found = problems.iter().find(|problem| problem.pointer == pointer);
            found.map(|problem| crate::words::sentence(&problem.message))
        };
        let mut conditions: Vec<FilterCondition> = self
            .conditions
            .iter()
            .map(|(field, operator, value)| FilterCondition {
                field: field.clone(),
                operator: operator.clone(),
                value: value.clone(),
                error: error(field, operator),
            })
            .collect();
        if conditions.is_empty() || self.one_more {
            conditions.push(FilterCondition::default());
        }
        let limit = self.limit.get().to_string();
        let kept = [
            ("sort", self.sort.as_str()),
            (
                "limit",
                if self.limit == PageSize::default() {
                    ""
                } else {
                    &limit
                },
            ),
        ];
        FilterBar {
            action: path.to_owned(),
            search: self.search.clone(),
            fields: filter_fields(dataset),
            operators: OPERATORS
                .iter()
                .map(|(operator, label)| Choice::new(operator.as_str(), *label))
                .collect(),
            conditions,
            applied: self.chips(dataset, path),
            clear_href: href(path, kept.iter().copied().filter(|(_, value)| !value.is_empty())),
            open: self.one_more || !problems.is_empty(),
            kept: kept
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    fn chips(&self, dataset: &Dataset, path: &str) -> Vec<FilterChip> {
        let condition = |(place, (field, operator, value)): (usize, &(String, String, String))| {
            let label = dataset
                .field(field)
                .map_or(field.as_str(), |(_, field)| field.label.as_str());
            let words = match (operator.as_str(), value.as_str()) {
                ("empty", "true") => "is empty".to_owned(),
                ("empty", _) => "is not empty".to_owned(),
                ("in", value) => format!("is one of {value}"),
                (operator, value) => {
                    let known = OPERATORS.iter().find(|(known, _)| known.as_str() == operator);
                    format!("{} {value}", known.map_or(operator, |(_, words)| words))
                }
            };
            FilterChip {
                text: format!("{label} {words}"),
                remove_href: self.without(place).href(path, &[]),
            }
        };
        let mut chips: Vec<FilterChip> = self.conditions.iter().enumerate().map(condition).collect();
        if !self.search.is_empty() {
            chips.push(FilterChip {
                text: format!("Search: {}", self.search),
                remove_href: self.href(path, &[("search", "")]),
            });
        }
        chips
    }

    /// Heads of the columns. Each leads from not sorted to ascending to descending and back.
    pub(crate) fn columns(&self, dataset: &Dataset, path: &str) -> Vec<Column> {
        let columns: Vec<Column> = dataset
            .fields
            .iter()
            .map(|field| {
                let key = field.key.as_str();
                let descending = format!("-{key}");
                let (sort, next) = match self.sort.as_str() {
                    sort if sort == key => (Sort::Ascending, descending.as_str()),
                    sort if sort == descending => (Sort::Descending, ""),
                    _ => (Sort::None, key),
                };
                Column {
                    label: field.label.clone(),
                    numeric: field.kind.is_number(),
                    sensitive: field.kind == FieldKind::SensitiveText,
                    sort,
                    sort_href: field
                        .kind
                        .is_ordered()
                        .then(|| self.href(path, &[("sort", next)])),
                }
            })
            .collect();
        if columns.is_empty() {
            return vec![Column {
                label: "Record".into(),
                numeric: false,
                sensitive: false,
                sort: Sort::None,
                sort_href: None,
            }];
        }
        columns
    }
}

/// What can be filtered by: every field with an operator, and the times.
fn filter_fields(dataset: &Dataset) -> Vec<Choice> {
    let own = dataset
        .fields
        .iter()
        .map(|field| Choice::new(field.key.as_str(), field.label.as_str()));
    let times = [("created_at", "Created at"), ("updated_at", "Changed at")];
    own.chain(times.map(|(key, label)| Choice::new(key, label)))
        .collect()
}

/// The platform's query of an address, without a count.
pub(crate) fn query_of(query: &Pairs) -> list::Query {
    let table = TableQuery::read(query);
    list::Query {
        conditions: table.conditions,
        search: Some(table.search).filter(|words| !words.is_empty()),
        sort: table.sort,
        limit: table.limit,
        cursor: table.cursor,
        ..list::Query::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TableQuery {
        TableQuery::read(&Pairs::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn rows_of_the_builder_are_zipped_and_empty_ones_ignored() {
        let table = read(
            "filter_field=a&filter_operator=eq&filter_value=1&filter_field=&filter_operator=gt&filter_value=2\
             &filter_field=c&filter_operator=empty&filter_value=",
        );
        let expected = [("a", "eq", "1"), ("c", "empty", "true")];
        let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(table.conditions, expected);
    }

    #[test]
    fn an_address_keeps_what_narrows_and_drops_the_cursor() {
        let table = read("search=x&sort=-a&limit=25&cursor=abc");
        assert_eq!(table.href("/d", &[("sort", "b")]), "/d?search=x&limit=25&sort=b");
        assert_eq!(table.href("/d", &[("sort", "")]), "/d?search=x&limit=25");
        assert_eq!(table.query_string(), "search=x&sort=-a");
    }

    #[test]
    fn a_page_size_out_of_bounds_is_the_default() {
        for text in ["limit=0", "limit=501", "limit=x", ""] {
            assert_eq!(read(text).limit, PageSize::default(), "{text}");
        }
    }
}
