//! `strongroom record list`

use crate::{
    client::{
        Client,
        show::{items, member},
    },
    failure::{CommandError, Exit},
    output::{Format, talk},
};
use clap::Args;
use serde_json::Value as Json;

#[derive(Debug, Args)]
pub(super) struct List {
    /// The dataset's key
    dataset: String,
    /// A condition, such as `status=open` or `amount[gte]=100`; repeat for more, all must hold
    #[arg(long = "filter", value_name = "CONDITION")]
    filters: Vec<String>,
    /// Words to search for in text fields
    #[arg(long)]
    search: Option<String>,
    /// Field keys joined by commas; - in front for descending
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// How many, 1 to 500
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Where an earlier answer stopped
    #[arg(long)]
    cursor: Option<String>,
    /// Records in the trash
    #[arg(long)]
    trash: bool,
    /// Count all that match
    #[arg(long)]
    count: bool,
}

impl List {
    pub(super) fn run(&self, client: &Client, format: Format) -> Result<(), CommandError> {
        let dataset = client.get(&["datasets", &self.dataset], &[])?;
        let answer = client.get(&["datasets", &self.dataset, "records"], &self.query()?)?;
        let keys: Vec<String> = items(&dataset, "fields")
            .iter()
            .map(|field| member(field, "key"))
            .collect();
        let headers: Vec<&str> = std::iter::once("id")
            .chain(keys.iter().map(String::as_str))
            .collect();
        let row = |record: &Json| {
            let fields = keys.iter().map(|key| member(&record["fields"], key));
            std::iter::once(member(record, "id")).chain(fields).collect()
        };
        let rows = items(&answer, "records").iter().map(row).collect();
        format.list(&headers, rows, &answer)?;
        if format == Format::Text {
            self.say_rest(&answer);
        }
        Ok(())
    }

    fn say_rest(&self, answer: &Json) {
        if answer["count"].is_number() {
            talk(&format!("{} records match", member(answer, "count")));
        }
        if let Some(next) = answer["next"].as_str() {
            talk(&format!("there are more: --cursor {next}"));
        }
    }

    fn query(&self) -> Result<Vec<(String, String)>, CommandError> {
        let mut query = vec![("limit".to_owned(), self.limit.to_string())];
        let optional = [
            ("search", &self.search),
            ("sort", &self.sort),
            ("cursor", &self.cursor),
        ];
        for (name, value) in optional {
            query.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
        }
        for filter in &self.filters {
            query.push(condition(filter)?);
        }
        if self.trash {
            query.push(("trash".to_owned(), "true".to_owned()));
        }
        if self.count {
            query.push(("count".to_owned(), "exact".to_owned()));
        }
        Ok(query)
    }
}

/// `field[operator]=value` as the API writes it: `filter[field][operator]=value`.
pub(in crate::command) fn condition(written: &str) -> Result<(String, String), CommandError> {
    let (field, operator, value) = split_condition(written)?;
    let operator = operator
        .map(|operator| format!("[{operator}]"))
        .unwrap_or_default();
    Ok((format!("filter[{field}]{operator}"), value.to_owned()))
}

/// The field, the operator if one is written, and the value.
pub(super) fn split_condition(written: &str) -> Result<(&str, Option<&str>, &str), CommandError> {
    let usage = || {
        let text = format!("{written:?} is no condition; write FIELD=VALUE or FIELD[OPERATOR]=VALUE");
        CommandError::said(Exit::Usage, text)
    };
    let (left, value) = written.split_once('=').ok_or_else(usage)?;
    let (field, operator) = match left.split_once('[') {
        Some((field, rest)) => (field, Some(rest.strip_suffix(']').ok_or_else(usage)?)),
        None => (left, None),
    };
    Ok((field, operator, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_written_as_the_api_reads_them() {
        let read = |text| condition(text).ok();
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(read("status=open"), pair("filter[status]", "open"));
        assert_eq!(read("amount[gte]=100"), pair("filter[amount][gte]", "100"));
        assert_eq!(read("note=a=b"), pair("filter[note]", "a=b"));
        assert_eq!(read("amount[gte=100"), None);
        assert_eq!(read("status"), None);
    }
}
