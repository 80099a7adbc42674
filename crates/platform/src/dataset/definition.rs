//! A field as it is asked for, checked.

use crate::{
    error::{PlatformError, Result},
    organization::checked_name,
};
use serde::{Deserialize, Serialize};
use types::{
    Dataset, Field, FieldId, FieldKey, FieldKind, Value,
    field::{Indexing, Presence, Rules, Uniqueness},
    rule,
};

/// A field as a caller describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDraft {
    /// Its key; made from the label when empty.
    #[serde(default)]
    pub key: String,
    /// Its label.
    pub label: String,
    /// Its kind.
    pub kind: FieldKind,
    /// Must it hold a value?
    #[serde(default)]
    pub presence: Presence,
    /// May two records hold the same value?
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// Does the database keep an index?
    #[serde(default)]
    pub indexing: Indexing,
    /// Rules beyond the kind.
    #[serde(default)]
    pub rules: Rules,
    /// The key of the dataset that a reference points to.
    #[serde(default)]
    pub references: Option<String>,
    /// The value of a new record that names none.
    #[serde(default)]
    pub default: Option<serde_json::Value>,
    /// A sentence for whoever fills the form.
    #[serde(default)]
    pub help: String,
}

/// Checks a field; `known` are the organization's datasets.
///
/// # Errors
/// `invalid` with a pointer below `at`.
pub fn check_field(known: &[Dataset], draft: &FieldDraft, at: &str) -> Result<Field> {
    let label = checked_name(&format!("{at}/label"), &draft.label)?;
    let key = if draft.key.is_empty() {
        types::name::key_from_label(&label, &|_| false)
    } else {
        draft.key.clone()
    };
    let key = key.parse::<FieldKey>();
    let key =
        key.map_err(|error| PlatformError::invalid_at(format!("{at}/key"), "malformed", error.to_string()))?;
    if draft.help.chars().count() > 500 {
        return Err(PlatformError::invalid_at(
            format!("{at}/help"),
            "too-long",
            "at most 500 characters",
        ));
    }
    let rules = check_rules(known, draft, at)?;
    let field = Field {
        id: FieldId(0),
        key,
        label,
        kind: draft.kind,
        presence: draft.presence,
        uniqueness: check_uniqueness(draft, at)?,
        indexing: draft.indexing,
        rules,
        default: draft.default.clone().filter(|json| !json.is_null()),
        help: draft.help.trim().to_owned(),
        is_masked: false,
    };
    check_default(&field, at)?;
    Ok(field)
}

fn check_uniqueness(draft: &FieldDraft, at: &str) -> Result<Uniqueness> {
    let possible = !matches!(
        draft.kind,
        FieldKind::LongText
            | FieldKind::MultipleChoice
            | FieldKind::GeoPoint
            | FieldKind::Json
            | FieldKind::Money
    );
    if draft.uniqueness == Uniqueness::Unique && !possible {
        let message = format!("a field of kind {} cannot be unique", draft.kind);
        return Err(PlatformError::invalid_at(
            format!("{at}/uniqueness"),
            "wrong-kind",
            message,
        ));
    }
    Ok(draft.uniqueness)
}

fn check_rules(known: &[Dataset], draft: &FieldDraft, at: &str) -> Result<Rules> {
    let at = format!("{at}/rules");
    let mut rules = draft.rules.clone();
    if matches!(draft.kind, FieldKind::Choice | FieldKind::MultipleChoice) {
        rules
            .choices
            .iter_mut()
            .for_each(|name| *name = name.trim().to_owned());
        let mut seen = std::collections::BTreeSet::new();
        let fine =
            |name: &String| (1..=200).contains(&name.len()) && !name.contains(';') && !name.contains('\0');
        if rules.choices.is_empty() || rules.choices.len() > 500 || !rules.choices.iter().all(fine) {
            let message = "1 to 500 choices of 1 to 200 characters without `;`";
            return Err(PlatformError::invalid_at(
                format!("{at}/choices"),
                "malformed",
                message,
            ));
        }
        rules.choices.retain(|name| seen.insert(name.clone()));
    }
    if let Some(pattern) = &rules.pattern
        && (pattern.len() > 500 || rule::compile_pattern(pattern).is_err())
    {
        return Err(PlatformError::invalid_at(
            format!("{at}/pattern"),
            "malformed",
            "not a regular expression",
        ));
    }
    for (name, bound) in [("min", &rules.min), ("max", &rules.max)] {
        let kind = if draft.kind == FieldKind::Money {
            FieldKind::Decimal
        } else {
            draft.kind
        };
        let number = matches!(kind, FieldKind::Integer | FieldKind::Decimal | FieldKind::Date);
        if bound
            .as_ref()
            .is_some_and(|text| !number || Value::from_text(kind, text).is_err())
        {
            return Err(PlatformError::invalid_at(
                format!("{at}/{name}"),
                "malformed",
                "not a bound of this kind",
            ));
        }
    }
    if draft.kind == FieldKind::Reference {
        let target = draft
            .references
            .as_deref()
            .and_then(|key| known.iter().find(|dataset| dataset.key.as_str() == key));
        let target = target.map(|dataset| dataset.id).or(rules.dataset);
        let target = target.filter(|id| known.iter().any(|dataset| dataset.id == *id));
        let missing = || {
            PlatformError::invalid_at(
                format!("{at}/dataset"),
                "required",
                "name the dataset it refers to",
            )
        };
        rules.dataset = Some(target.ok_or_else(missing)?);
    } else {
        rules.dataset = None;
    }
    Ok(rules)
}

fn check_default(field: &Field, at: &str) -> Result<()> {
    let Some(json) = &field.default else { return Ok(()) };
    let pointer = format!("{at}/default");
    if matches!(
        field.kind,
        FieldKind::SensitiveText | FieldKind::AutoNumber | FieldKind::Attachment
    ) {
        return Err(PlatformError::invalid_at(
            pointer,
            "wrong-kind",
            "a field of this kind has no default",
        ));
    }
    let checked = Value::from_json(field.kind, json).and_then(|value| rule::check_value(field, &value));
    checked.map_err(|error| PlatformError::invalid_at(pointer, error.code(), error.to_string()))
}
