//! What a caller sends as a record's values: JSON by field key, checked member by member. Every fault is reported, not
//! only the first.

use super::value_problem;
use crate::error::{PlatformError, Result};
use access::Permit;
use serde_json::{Map, Value as Json};
use types::{Dataset, Field, FieldKind, FieldProblem, Value, ValueError};

/// Values by field key, not yet checked.
pub type Input = Map<String, Json>;

/// Most fields at fault that one answer lists.
const PROBLEMS_MAX: usize = 100;

/// The values of a new record: what the input names, else the field's default.
pub(crate) fn new_values(permit: &Permit, dataset: &Dataset, input: &Input) -> Result<Vec<Value>> {
    let mut values: Vec<Value> = dataset.fields.iter().map(default_value).collect();
    change_values(permit, dataset, input, &mut values)?;
    Ok(values)
}

/// The default of a field, which was checked when it was defined.
pub(crate) fn default_value(field: &Field) -> Value {
    let json = field.default.as_ref();
    json.and_then(|json| Value::from_json(field.kind, json).ok())
        .unwrap_or(Value::Empty)
}

/// Puts the values that the input names into place.
pub(crate) fn change_values(
    permit: &Permit,
    dataset: &Dataset,
    input: &Input,
    values: &mut [Value],
) -> Result<()> {
    let mut errors = Vec::new();
    for (key, json) in input {
        let pointer = format!("/fields/{}", escape_pointer(key));
        match read_member(permit, dataset, key, json) {
            Ok(Some((place, value))) => values[place] = value,
            Ok(None) => {}
            Err(error) => errors.push(FieldProblem { pointer, ..error }),
        }
        if errors.len() >= PROBLEMS_MAX {
            break;
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(PlatformError::invalid(errors))
    }
}

/// The value of one member and its place; `None` where a mask was sent back, which changes nothing.
fn read_member(
    permit: &Permit,
    dataset: &Dataset,
    key: &str,
    json: &Json,
) -> std::result::Result<Option<(usize, Value)>, FieldProblem> {
    let unknown = || FieldProblem::new("", "unknown-field", "the dataset has no such field");
    let (place, field) = dataset.field(key).ok_or_else(unknown)?;
    if !permit.may_see_field(dataset.id.0, field.id.0) {
        return Err(unknown());
    }
    if field.kind == FieldKind::SensitiveText && is_mask(json) {
        return Ok(None);
    }
    if field.kind == FieldKind::AutoNumber {
        return Err(value_problem("", &ValueError::ReadOnly));
    }
    if !permit.may_write_field(dataset.id.0, field.id.0) {
        return Err(FieldProblem::new(
            "",
            "not-allowed",
            "your role may not change this field",
        ));
    }
    let value = Value::from_json(field.kind, json).map_err(|error| value_problem("", &error))?;
    Ok(Some((place, value)))
}

fn is_mask(json: &Json) -> bool {
    json.as_object()
        .is_some_and(|object| object.len() == 1 && object.get("masked") == Some(&Json::Bool(true)))
}

/// RFC 6901 section 3.
fn escape_pointer(key: &str) -> String {
    let key: String = key.chars().take(80).collect();
    key.replace('~', "~0").replace('/', "~1")
}

/// Reads the `fields` member of a request.
///
/// # Errors
/// `invalid` when it is no object.
pub fn read_input(json: &Json) -> Result<Input> {
    let object = json.as_object().cloned();
    object.ok_or_else(|| {
        PlatformError::invalid_at(
            "/fields",
            "wrong-type",
            "expected an object of field keys and values",
        )
    })
}
