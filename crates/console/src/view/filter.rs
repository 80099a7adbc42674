//! The bar above a table of records: search, filter builder, what is applied.
//!
//! The builder is a GET form. Each row posts `filter_field`, `filter_operator` and `filter_value` in the same order, so
//! the handler zips the three lists; a row with an empty `filter_field` is ignored. `add_filter` asks for one more row.

use super::Choice;
use askama::Template;

/// Search box and filter builder of one dataset.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/filter_bar.html")]
pub struct FilterBar {
    /// Path of the table, without query.
    pub action: String,
    /// The words searched for.
    pub search: String,
    /// Fields that can be filtered by: key and label.
    pub fields: Vec<Choice>,
    /// Operators on offer: `eq`, `contains`, `gte`, ...
    pub operators: Vec<Choice>,
    /// Rows of the builder; at least one.
    pub conditions: Vec<FilterCondition>,
    /// What is applied, each with the way to take it away.
    pub applied: Vec<FilterChip>,
    /// Where everything is taken away.
    pub clear_href: String,
    /// Whether the builder stands open.
    pub open: bool,
    /// Parameters to keep, for example `sort` and `limit`: name and value.
    pub kept: Vec<(String, String)>,
}

/// One row of the filter builder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterCondition {
    /// Key of the field; empty for a new row.
    pub field: String,
    /// Operator.
    pub operator: String,
    /// Value as typed.
    pub value: String,
    /// Why the condition was refused.
    pub error: Option<String>,
}

/// One applied condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterChip {
    /// In words, for example `Amount is at least 100`.
    pub text: String,
    /// The same page without it.
    pub remove_href: String,
}
