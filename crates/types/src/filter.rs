//! Filters and sort orders as typed trees, read from an address (`filter[amount][gte]=100&sort=-due_on`) or from JSON.
//!
//! Invariant: a condition that exists names a field of its dataset, an operator that the field's kind has, and values
//! of that kind. Sensitive fields have equality only, and cannot be sorted by.

use crate::{Dataset, FieldId, FieldKind, FieldProblem, Value};
use serde_json::Value as Json;

/// What a condition or a sort order looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldRef {
    /// A field of the dataset.
    Field(FieldId),
    /// The record's id.
    Id,
    /// When it was made.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne` (a record without a value differs from every value)
    NotEqual,
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
    /// `in`: equal to one of a comma-separated list
    In,
    /// `contains`: the text occurs, without regard to case; of multiple choices, all of these are chosen
    Contains,
    /// `starts`: the text begins with it, without regard to case
    StartsWith,
    /// `empty`: `true` or `false`
    Empty,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 10] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::In,
        Self::Contains,
        Self::StartsWith,
        Self::Empty,
    ];

    /// Its name in addresses and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Less => "lt",
            Self::LessOrEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "gte",
            Self::In => "in",
            Self::Contains => "contains",
            Self::StartsWith => "starts",
            Self::Empty => "empty",
        }
    }

    /// The operator of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str() == name)
    }

    /// The operators that a kind of field has.
    #[must_use]
    pub fn of_kind(kind: FieldKind) -> &'static [Self] {
        use Operator::{
            Contains, Empty, Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual, StartsWith,
        };
        match kind {
            FieldKind::Text | FieldKind::Email | FieldKind::Url | FieldKind::Phone | FieldKind::Choice => &[
                Equal,
                NotEqual,
                In,
                Contains,
                StartsWith,
                Less,
                LessOrEqual,
                Greater,
                GreaterOrEqual,
                Empty,
            ],
            FieldKind::LongText => &[Contains, StartsWith, Empty],
            FieldKind::Integer
            | FieldKind::Decimal
            | FieldKind::Money
            | FieldKind::Date
            | FieldKind::Timestamp
            | FieldKind::AutoNumber => &[
                Equal,
                NotEqual,
                In,
                Less,
                LessOrEqual,
                Greater,
                GreaterOrEqual,
                Empty,
            ],
            FieldKind::Boolean => &[Equal, NotEqual, Empty],
            FieldKind::MultipleChoice => &[Contains, Empty],
            FieldKind::Reference => &[Equal, NotEqual, In, Empty],
            FieldKind::SensitiveText => &[Equal, In, Empty],
            FieldKind::GeoPoint | FieldKind::Attachment | FieldKind::Json => &[Empty],
        }
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What is compared.
    pub field: FieldRef,
    /// How.
    pub operator: Operator,
    /// With what; one value, or several for `in` and `contains`. Of `empty`, one boolean.
    pub values: Vec<Value>,
}

/// A tree of conditions.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these hold; an empty list always holds.
    All(Vec<Filter>),
    /// One of these holds.
    Any(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// A comparison.
    Is(Condition),
}

impl Filter {
    /// The filter that every record passes.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }
}

/// One key of a sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// What is sorted by.
    pub field: FieldRef,
    /// Which way.
    pub direction: Direction,
}

/// Which way a sort key runs. Records without a value come last when ascending and first when descending, as in
/// PostgreSQL's B-tree indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small to large.
    Ascending,
    /// Large to small.
    Descending,
}

/// Most conditions in one filter.
pub const CONDITIONS_MAX: usize = 50;
/// Most levels of nested filters.
pub const DEPTH_MAX: usize = 8;
/// Most keys of a sort order.
pub const SORT_KEYS_MAX: usize = 3;
/// Most values of one `in`.
pub const VALUES_MAX: usize = 200;

fn problem(pointer: &str, code: &str, message: impl Into<String>) -> FieldProblem {
    FieldProblem::new(pointer, code, message)
}

fn resolve(dataset: &Dataset, name: &str, pointer: &str) -> Result<(FieldRef, FieldKind), FieldProblem> {
    match name {
        "id" => Ok((FieldRef::Id, FieldKind::Reference)),
        "created_at" => Ok((FieldRef::CreatedAt, FieldKind::Timestamp)),
        "updated_at" => Ok((FieldRef::UpdatedAt, FieldKind::Timestamp)),
        _ => match dataset.field(name) {
            Some((_, field)) => Ok((FieldRef::Field(field.id), field.kind)),
            None => Err(problem(pointer, "unknown-field", "the dataset has no such field")),
        },
    }
}

/// Money is compared by amount, so its filter values are plain decimals.
fn compared_kind(kind: FieldKind, operator: Operator) -> FieldKind {
    match (kind, operator) {
        (_, Operator::Empty) => FieldKind::Boolean,
        (FieldKind::Money, _) => FieldKind::Decimal,
        (
            FieldKind::Email | FieldKind::Url | FieldKind::Phone | FieldKind::Choice | FieldKind::LongText,
            _,
        ) => FieldKind::Text,
        (kind, _) => kind,
    }
}

/// Reads one condition from text, such as a query parameter `filter[name][operator]=text`.
///
/// # Errors
/// The parameter at fault and why.
pub fn parse_condition(
    dataset: &Dataset,
    name: &str,
    operator: &str,
    text: &str,
) -> Result<Filter, FieldProblem> {
    let pointer = format!("filter[{name}][{operator}]");
    let (field, kind) = resolve(dataset, name, &pointer)?;
    let operator = Operator::parse(operator).filter(|operator| Operator::of_kind(kind).contains(operator));
    let operator = operator.ok_or_else(|| unknown_operator(&pointer, kind))?;
    let parts: Vec<&str> = match operator {
        Operator::In => text.split(',').collect(),
        Operator::Contains if kind == FieldKind::MultipleChoice => text.split(',').collect(),
        _ => vec![text],
    };
    if parts.len() > VALUES_MAX {
        return Err(problem(
            &pointer,
            "too-long",
            format!("at most {VALUES_MAX} values"),
        ));
    }
    let wanted = compared_kind(kind, operator);
    let values: Result<Vec<Value>, _> = parts
        .into_iter()
        .map(|part| Value::from_text(wanted, part))
        .collect();
    let values = values.map_err(|error| problem(&pointer, error.code(), error.to_string()))?;
    condition(&pointer, field, operator, values)
}

fn condition(
    pointer: &str,
    field: FieldRef,
    operator: Operator,
    values: Vec<Value>,
) -> Result<Filter, FieldProblem> {
    if values.is_empty() || values.iter().any(Value::is_empty) {
        return Err(problem(
            pointer,
            "required",
            "a value is required; use the operator `empty` to find empty fields",
        ));
    }
    Ok(Filter::Is(Condition {
        field,
        operator,
        values,
    }))
}

fn unknown_operator(pointer: &str, kind: FieldKind) -> FieldProblem {
    let names: Vec<&str> = Operator::of_kind(kind)
        .iter()
        .map(|operator| operator.as_str())
        .collect();
    problem(
        pointer,
        "unknown-operator",
        format!("a field of kind {kind} has the operators {}", names.join(", ")),
    )
}

/// Reads a filter from JSON: `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}` or
/// `{"field": "amount", "operator": "gte", "value": "100"}`.
///
/// # Errors
/// A JSON pointer to the part at fault and why.
pub fn parse_filter(dataset: &Dataset, json: &Json) -> Result<Filter, FieldProblem> {
    let mut budget = CONDITIONS_MAX;
    parse_node(dataset, json, "/filter", DEPTH_MAX, &mut budget)
}

fn parse_node(
    dataset: &Dataset,
    json: &Json,
    at: &str,
    depth: usize,
    budget: &mut usize,
) -> Result<Filter, FieldProblem> {
    let bounds = || {
        problem(
            at,
            "too-long",
            format!("at most {CONDITIONS_MAX} conditions in {DEPTH_MAX} levels"),
        )
    };
    *budget = budget.checked_sub(1).ok_or_else(bounds)?;
    let depth = depth.checked_sub(1).ok_or_else(bounds)?;
    let object = json
        .as_object()
        .ok_or_else(|| problem(at, "wrong-type", "expected an object"))?;
    let mut list = |name: &str| -> Option<Result<Vec<Filter>, FieldProblem>> {
        let items = object.get(name).filter(|_| object.len() == 1)?.as_array()?;
        let nodes = items.iter().enumerate();
        Some(
            nodes
                .map(|(i, item)| parse_node(dataset, item, &format!("{at}/{name}/{i}"), depth, budget))
                .collect(),
        )
    };
    if let Some(filters) = list("all") {
        return filters.map(Filter::All);
    }
    if let Some(filters) = list("any") {
        return filters.map(Filter::Any);
    }
    if let Some(inner) = object.get("not").filter(|_| object.len() == 1) {
        return parse_node(dataset, inner, &format!("{at}/not"), depth, budget)
            .map(|filter| Filter::Not(Box::new(filter)));
    }
    parse_leaf(dataset, object, at)
}

fn parse_leaf(
    dataset: &Dataset,
    object: &serde_json::Map<String, Json>,
    at: &str,
) -> Result<Filter, FieldProblem> {
    let text = |name: &str| object.get(name).and_then(Json::as_str);
    let (Some(name), Some(operator), Some(value), 3) =
        (text("field"), text("operator"), object.get("value"), object.len())
    else {
        return Err(problem(
            at,
            "wrong-type",
            "expected `all`, `any`, `not`, or `field` with `operator` and `value`",
        ));
    };
    let (field, kind) = resolve(dataset, name, &format!("{at}/field"))?;
    let operator = Operator::parse(operator).filter(|operator| Operator::of_kind(kind).contains(operator));
    let operator = operator.ok_or_else(|| unknown_operator(&format!("{at}/operator"), kind))?;
    let several =
        operator == Operator::In || kind == FieldKind::MultipleChoice && operator == Operator::Contains;
    let items = match value {
        Json::Array(items) if several => items.iter().collect(),
        single => vec![single],
    };
    let pointer = format!("{at}/value");
    if items.len() > VALUES_MAX {
        return Err(problem(
            &pointer,
            "too-long",
            format!("at most {VALUES_MAX} values"),
        ));
    }
    let wanted = match compared_kind(kind, operator) {
        FieldKind::MultipleChoice => FieldKind::Text,
        kind => kind,
    };
    let values: Result<Vec<Value>, _> = items
        .into_iter()
        .map(|item| Value::from_json(wanted, item))
        .collect();
    let values = values.map_err(|error| problem(&pointer, error.code(), error.to_string()))?;
    condition(&pointer, field, operator, values)
}

/// Reads a sort order: field keys joined by commas, `-` in front of a key for descending.
///
/// # Errors
/// The key at fault and why.
pub fn parse_sort(dataset: &Dataset, text: &str) -> Result<Vec<Sort>, FieldProblem> {
    let keys: Vec<&str> = text.split(',').filter(|key| !key.is_empty()).collect();
    if keys.len() > SORT_KEYS_MAX {
        return Err(problem(
            "sort",
            "too-long",
            format!("at most {SORT_KEYS_MAX} keys"),
        ));
    }
    keys.into_iter().map(|key| parse_sort_key(dataset, key)).collect()
}

fn parse_sort_key(dataset: &Dataset, key: &str) -> Result<Sort, FieldProblem> {
    let (name, direction) = match key.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (key, Direction::Ascending),
    };
    let (field, kind) = resolve(dataset, name, "sort")?;
    if kind.is_ordered() || field == FieldRef::Id {
        Ok(Sort { field, direction })
    } else {
        Err(problem(
            "sort",
            "not-sortable",
            format!("a field of kind {kind} cannot be sorted by"),
        ))
    }
}
