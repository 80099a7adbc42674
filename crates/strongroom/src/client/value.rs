//! `FIELD=VALUE` of the command line as values of the API, by the kinds of the dataset's fields.

use crate::{
    client::show::items,
    failure::{CommandError, Exit},
};
use serde_json::{Map, Value as Json};
use types::{FieldKind, Value};

/// Reads assignments against a dataset's definition. An empty value empties the field; `FIELD:=JSON` is taken as it is.
pub(crate) fn fields(dataset: &Json, assignments: &[String]) -> Result<Map<String, Json>, CommandError> {
    assignments
        .iter()
        .map(|assignment| field(dataset, assignment))
        .collect()
}

fn field(dataset: &Json, assignment: &str) -> Result<(String, Json), CommandError> {
    let usage = |text: String| CommandError::said(Exit::Usage, text);
    let (key, text) = assignment
        .split_once('=')
        .ok_or_else(|| usage(format!("{assignment:?} is not FIELD=VALUE")))?;
    if let Some(key) = key.strip_suffix(':') {
        let value = serde_json::from_str(text);
        let value = value.map_err(|error| usage(format!("{key}: {text:?} is not JSON: {error}")))?;
        return Ok((key.to_owned(), value));
    }
    let kind = kind_of(dataset, key).ok_or_else(|| {
        usage(format!(
            "the dataset has no field {key:?}; `strongroom dataset show` lists them"
        ))
    })?;
    let value = Value::from_text(kind, text).map_err(|error| usage(format!("{key}: {error}")))?;
    Ok((key.to_owned(), value.to_json()))
}

fn kind_of(dataset: &Json, key: &str) -> Option<FieldKind> {
    let field = items(dataset, "fields")
        .iter()
        .find(|field| field["key"] == key)?;
    let kind = field["kind"].as_str()?;
    FieldKind::ALL
        .iter()
        .copied()
        .find(|known| known.as_str() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(assignments: &[&str]) -> Result<Json, String> {
        let dataset = json!({"fields": [
            {"key": "number", "kind": "text"}, {"key": "amount", "kind": "money"}, {"key": "paid", "kind": "boolean"},
            {"key": "count", "kind": "integer"}, {"key": "place", "kind": "geo_point"},
        ]});
        let assignments: Vec<String> = assignments.iter().map(|&text| text.to_owned()).collect();
        fields(&dataset, &assignments)
            .map(Json::Object)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_text_becomes_a_value_of_the_fields_kind() {
        let read = read(&[
            "number=7=7",
            "amount=12.50 EUR",
            "paid=true",
            "count=3",
            "amount2:=[1]",
        ])
        .unwrap();
        assert_eq!(read["number"], "7=7");
        assert_eq!(read["amount"], json!({"amount": "12.50", "currency": "EUR"}));
        assert_eq!(read["paid"], true);
        assert_eq!(read["count"], 3);
        assert_eq!(read["amount2"], json!([1]));
    }

    #[test]
    fn an_empty_text_empties_and_what_cannot_be_read_is_refused() {
        assert_eq!(read(&["amount="]).unwrap()["amount"], Json::Null);
        assert!(read(&["amount"]).unwrap_err().contains("FIELD=VALUE"));
        assert!(read(&["amont=1 EUR"]).unwrap_err().contains("no field \"amont\""));
        assert!(read(&["count=three"]).unwrap_err().starts_with("count: "));
        assert!(read(&["count:=three"]).unwrap_err().contains("not JSON"));
    }
}
