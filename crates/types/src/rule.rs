//! A field's rules applied to a value: required, bounds, length, pattern, choices, and no card numbers.

use crate::{
    Field, FieldKind, Value, ValueError,
    card::carries_card_number,
    field::{Presence, Rules},
};
use rust_decimal::Decimal;
use std::str::FromStr;

/// Checks one value against its field.
///
/// # Errors
/// The first rule it breaks.
pub fn check_value(field: &Field, value: &Value) -> Result<(), ValueError> {
    match value {
        Value::Empty if field.presence == Presence::Required && field.kind != FieldKind::AutoNumber => {
            return Err(ValueError::Required);
        }
        Value::Empty => return Ok(()),
        Value::Text(text) | Value::Sensitive(text) => check_text(field, text)?,
        Value::Choices(names) => names
            .iter()
            .try_for_each(|name| check_choice(&field.rules, name))?,
        Value::Integer(number) => check_number(&field.rules, Decimal::from(*number))?,
        Value::Decimal(number) | Value::Money(number, _) => check_number(&field.rules, *number)?,
        Value::Date(date) => check_order(&field.rules, &date.to_string())?,
        Value::Json(_)
        | Value::Boolean(_)
        | Value::Timestamp(_)
        | Value::Reference(_)
        | Value::Point(..)
        | Value::Attachment(_)
        | Value::Masked => {}
    }
    check_no_card_number(value)
}

/// Checks what no field may hold, whatever its rules were when the value came.
///
/// # Errors
/// [`ValueError::CardNumber`].
pub fn check_no_card_number(value: &Value) -> Result<(), ValueError> {
    let carries = match value {
        Value::Text(text) | Value::Sensitive(text) => carries_card_number(text),
        // One is one in a column of numbers too.
        Value::Integer(number) => carries_card_number(&number.to_string()),
        Value::Json(json) => return check_json(json),
        // A choice is a name of the definition.
        Value::Choices(_)
        | Value::Empty
        | Value::Decimal(_)
        | Value::Money(..)
        | Value::Date(_)
        | Value::Boolean(_)
        | Value::Timestamp(_)
        | Value::Reference(_)
        | Value::Point(..)
        | Value::Attachment(_)
        | Value::Masked => false,
    };
    if carries {
        Err(ValueError::CardNumber)
    } else {
        Ok(())
    }
}

fn check_text(field: &Field, text: &str) -> Result<(), ValueError> {
    let length = text.chars().count();
    if let Some(max) = field
        .rules
        .length_max
        .map(|max| max as usize)
        .filter(|max| length > *max)
    {
        return Err(ValueError::TooLong {
            max,
            unit: "characters",
        });
    }
    if let Some(min) = field
        .rules
        .length_min
        .map(|min| min as usize)
        .filter(|min| length < *min)
    {
        return Err(ValueError::TooShort { min });
    }
    if let Some(pattern) = &field.rules.pattern {
        let matches = compile_pattern(pattern).is_ok_and(|regex| regex.is_match(text));
        if !matches {
            return Err(ValueError::Pattern {
                pattern: pattern.clone(),
            });
        }
    }
    match field.kind {
        FieldKind::Choice => check_choice(&field.rules, text),
        _ => Ok(()),
    }
}

/// Compiles a rule's pattern, anchored at both ends and bounded in size.
///
/// # Errors
/// When it is no regular expression or too large.
pub fn compile_pattern(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 18)
        .build()
}

fn check_choice(rules: &Rules, name: &str) -> Result<(), ValueError> {
    if rules.choices.iter().any(|choice| choice == name) {
        return Ok(());
    }
    let first: Vec<&str> = rules.choices.iter().take(10).map(String::as_str).collect();
    Err(ValueError::NotAChoice {
        choices: first.join(", "),
    })
}

fn check_number(rules: &Rules, number: Decimal) -> Result<(), ValueError> {
    let bound = |text: &Option<String>| text.as_deref().and_then(|text| Decimal::from_str(text).ok());
    if let Some(min) = bound(&rules.min).filter(|min| number < *min) {
        return Err(ValueError::OutOfRange {
            bound: format!("at least {min}"),
        });
    }
    if let Some(max) = bound(&rules.max).filter(|max| number > *max) {
        return Err(ValueError::OutOfRange {
            bound: format!("at most {max}"),
        });
    }
    Ok(())
}

/// ISO 8601 dates of four-digit years order as text.
fn check_order(rules: &Rules, text: &str) -> Result<(), ValueError> {
    if let Some(min) = rules.min.as_deref().filter(|min| text < *min) {
        return Err(ValueError::OutOfRange {
            bound: format!("not before {min}"),
        });
    }
    if let Some(max) = rules.max.as_deref().filter(|max| text > *max) {
        return Err(ValueError::OutOfRange {
            bound: format!("not after {max}"),
        });
    }
    Ok(())
}

fn check_json(json: &serde_json::Value) -> Result<(), ValueError> {
    use serde_json::Value as Json;
    match json {
        Json::String(text) if carries_card_number(text) => Err(ValueError::CardNumber),
        Json::Number(number) if carries_card_number(&number.to_string()) => Err(ValueError::CardNumber),
        Json::Array(items) => items.iter().try_for_each(check_json),
        Json::Object(members) => members.iter().try_for_each(|(name, member)| {
            if carries_card_number(name) {
                Err(ValueError::CardNumber)
            } else {
                check_json(member)
            }
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
    }
}
