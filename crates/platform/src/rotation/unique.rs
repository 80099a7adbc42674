//! Unique sensitive fields while values are under several key versions.
//!
//! One value has another blind index under each version, so the database's own index sees duplicates only among values
//! of one version. A write therefore looks for the value under every version first. Two writes at once are both under
//! the newest version, where the index decides.

use crate::{
    Workspace,
    error::{PlatformError, Result},
    record::value_problem,
};
use store::tenant::query::{self, Place, Selection};
use types::{
    Condition, Dataset, Field, FieldKind, FieldRef, Filter, Operator, RecordId, Value, ValueError,
    field::Uniqueness,
};
use vault::{Purpose, blind};

/// Refuses values of unique sensitive fields that another record than `own` holds.
pub(crate) async fn check_unique(
    workspace: &Workspace,
    dataset: &Dataset,
    own: Option<RecordId>,
    values: &[Value],
) -> Result<()> {
    if workspace
        .keys()
        .newest_first(Purpose::BlindIndex)
        .nth(1)
        .is_none()
    {
        return Ok(());
    }
    let mut errors = Vec::new();
    for (field, value) in dataset.fields.iter().zip(values) {
        let unique = field.kind == FieldKind::SensitiveText && field.uniqueness == Uniqueness::Unique;
        if unique && !value.is_empty() && is_held(workspace, dataset, own, field, value).await? {
            errors.push(value_problem(
                &format!("/fields/{}", field.key),
                &ValueError::NotUnique,
            ));
        }
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(PlatformError::invalid(errors)),
    }
}

async fn is_held(
    workspace: &Workspace,
    dataset: &Dataset,
    own: Option<RecordId>,
    field: &Field,
    value: &Value,
) -> Result<bool> {
    let is = |field, operator, value| {
        Filter::Is(Condition {
            field,
            operator,
            values: vec![value],
        })
    };
    let mut filters = vec![is(FieldRef::Field(field.id), Operator::Equal, value.clone())];
    filters.extend(own.map(|id| is(FieldRef::Id, Operator::NotEqual, Value::Reference(id))));
    let filter = Filter::All(filters);
    let blind = |field, text: &str| blind::blind_candidates(workspace.keys(), dataset.id, field, text);
    for place in [Place::Live, Place::Trash] {
        let selection = Selection {
            place,
            filter: &filter,
            search: None,
            blind: &blind,
        };
        if query::count(workspace.tenant(), dataset, &selection, Some(1)).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
