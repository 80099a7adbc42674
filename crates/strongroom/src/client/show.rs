//! Values of the API as a person reads them in a table.

use serde_json::Value as Json;

/// A value in a cell.
pub(crate) fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Json::Object(members) => {
            let member = |name: &str| members.get(name).map(cell);
            match (
                members.len(),
                member("amount"),
                member("currency"),
                member("latitude"),
                member("longitude"),
            ) {
                (1, ..) if members.get("masked") == Some(&Json::Bool(true)) => "••••".to_owned(),
                (2, Some(amount), Some(currency), ..) => format!("{amount} {currency}"),
                (2, .., Some(latitude), Some(longitude)) => format!("{latitude}, {longitude}"),
                _ => value.to_string(),
            }
        }
    }
}

/// A member of an object in a cell.
pub(crate) fn member(object: &Json, name: &str) -> String {
    cell(object.get(name).unwrap_or(&Json::Null))
}

/// The items of a list member.
pub(crate) fn items<'a>(object: &'a Json, name: &str) -> &'a [Json] {
    object
        .get(name)
        .and_then(Json::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_shown_as_people_write_them() {
        let shown = [
            (json!(null), ""),
            (json!({"amount": "12.50", "currency": "EUR"}), "12.50 EUR"),
            (json!({"latitude": "52.5", "longitude": "13.4"}), "52.5, 13.4"),
            (json!({"masked": true}), "••••"),
            (json!(["a", "b"]), "a, b"),
            (json!({"masked": true, "x": 1}), r#"{"masked":true,"x":1}"#),
            (json!(7), "7"),
        ];
        for (value, expected) in shown {
            assert_eq!(cell(&value), expected);
        }
    }
}
