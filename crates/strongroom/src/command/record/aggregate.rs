//! `strongroom record aggregate`

use super::list::split_condition;
use crate::{
    client::{
        Client,
        show::{cell, items},
    },
    failure::{CommandError, Exit},
    output::Format,
};
use clap::Args;
use serde_json::{Value as Json, json};

#[derive(Debug, Args)]
pub(super) struct Aggregate {
    /// The dataset's key
    dataset: String,
    /// `count`, or `sum:FIELD`, `average:FIELD`, `min:FIELD`, `max:FIELD`; repeat for more
    #[arg(long = "measure", value_name = "MEASURE", default_value = "count")]
    measures: Vec<String>,
    /// A field to group by; a date or time with `:day`, `:week`, `:month`, `:quarter` or `:year`; up to three
    #[arg(long = "group", value_name = "FIELD")]
    groups: Vec<String>,
    /// A condition, such as `status=open` or `amount[gte]=100`; repeat for more, all must hold
    #[arg(long = "filter", value_name = "CONDITION")]
    filters: Vec<String>,
    /// Words to search for in text fields
    #[arg(long)]
    search: Option<String>,
    /// Records in the trash
    #[arg(long)]
    trash: bool,
}

impl Aggregate {
    pub(super) fn run(&self, client: &Client, format: Format) -> Result<(), CommandError> {
        let dataset = client.get(&["datasets", &self.dataset], &[])?;
        let answer = client.post(
            &["datasets", &self.dataset, "aggregate"],
            None,
            Some(&self.query(&dataset)?),
        )?;
        let bins = items(&answer, "bins");
        let headers = self.headers(bins);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let row = |bin: &Json| {
            let parts = items(bin, "groups").iter().chain(items(bin, "measures"));
            parts.map(cell).collect()
        };
        format.list(&headers, bins.iter().map(row).collect(), &answer)
    }

    /// The groups, the currency where money is measured, the measures.
    fn headers(&self, bins: &[Json]) -> Vec<String> {
        let mut headers = self.groups.clone();
        let groups = bins.first().map_or(0, |bin| items(bin, "groups").len());
        if groups > headers.len() {
            headers.push("currency".to_owned());
        }
        headers.extend(self.measures.iter().cloned());
        headers
    }

    fn query(&self, dataset: &Json) -> Result<Json, CommandError> {
        let measures = self.measures.iter().map(|text| measure(text));
        let groups = self.groups.iter().map(|text| group(text));
        let mut query = json!({
            "measures": measures.collect::<Vec<_>>(),
            "groups": groups.collect::<Vec<_>>(),
            "trash": self.trash,
        });
        if !self.filters.is_empty() {
            let leaves = self.filters.iter().map(|written| leaf(dataset, written));
            query["filter"] = json!({"all": leaves.collect::<Result<Vec<_>, _>>()?});
        }
        if let Some(search) = &self.search {
            query["search"] = json!(search);
        }
        Ok(query)
    }
}

fn measure(written: &str) -> Json {
    match written.split_once(':') {
        Some((measure, field)) => json!({"measure": measure, "field": field}),
        None => json!({"measure": written}),
    }
}

fn group(written: &str) -> Json {
    match written.split_once(':') {
        Some((field, bucket)) => json!({"field": field, "bucket": bucket}),
        None => json!({"field": written}),
    }
}

/// A condition as a leaf of the API's filter tree, which wants lists and truths as such.
fn leaf(dataset: &Json, written: &str) -> Result<Json, CommandError> {
    let (field, operator, value) = split_condition(written)?;
    let operator = operator.unwrap_or("eq");
    let mut fields = items(dataset, "fields").iter();
    let kind = fields
        .find(|found| found["key"] == field)
        .map(|found| &found["kind"]);
    let is = |name: &str| kind.is_some_and(|kind| kind == name);
    let value = if operator == "in" || is("multiple_choice") && operator == "contains" {
        json!(value.split(',').collect::<Vec<_>>())
    } else if operator == "empty" || is("boolean") {
        match value {
            "true" => json!(true),
            "false" => json!(false),
            _ => {
                let text = format!("{written:?} is no condition; write true or false behind the =");
                return Err(CommandError::said(Exit::Usage, text));
            }
        }
    } else {
        json!(value)
    };
    Ok(json!({"field": field, "operator": operator, "value": value}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_and_groups_are_written_as_the_api_reads_them() {
        assert_eq!(measure("count"), json!({"measure": "count"}));
        assert_eq!(
            measure("sum:amount"),
            json!({"measure": "sum", "field": "amount"})
        );
        assert_eq!(group("status"), json!({"field": "status"}));
        assert_eq!(group("due:month"), json!({"field": "due", "bucket": "month"}));
    }

    #[test]
    fn conditions_become_leaves_with_lists_and_truths() {
        let dataset = json!({"fields": [
            {"key": "status", "kind": "choice"}, {"key": "paid", "kind": "boolean"},
            {"key": "tags", "kind": "multiple_choice"}, {"key": "amount", "kind": "money"},
        ]});
        let value = |written: &str| leaf(&dataset, written).map(|leaf| leaf["value"].clone()).ok();
        assert_eq!(value("status[in]=open,late"), Some(json!(["open", "late"])));
        assert_eq!(value("tags[contains]=a,b"), Some(json!(["a", "b"])));
        assert_eq!(value("paid=true"), Some(json!(true)));
        assert_eq!(value("amount[empty]=false"), Some(json!(false)));
        assert_eq!(value("amount[gte]=100"), Some(json!("100")));
        assert_eq!(value("paid=perhaps"), None);
        assert_eq!(leaf(&dataset, "status=open").unwrap()["operator"], "eq");
    }
}
