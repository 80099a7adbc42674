//! Making a text field sensitive: every value is sealed, the clear column is dropped and the table rewritten, in one
//! transaction. Readers wait for its end.

use super::field_to_change;
use crate::{
    Workspace,
    act::{Act, Object},
    error::{PlatformError, Result},
    sealing::seal_value,
    workspace::visible,
};
use access::Permission;
use std::sync::Arc;
use store::tenant::{
    StoredValue, TenantTx, bulk,
    catalogue::{self, SealStep},
};
use types::{Dataset, Field, FieldKind, ProblemCode, Value, field::Rules};

/// How many values are read at once.
const PAGE: i64 = 1_000;

/// Makes a text field sensitive. There is no way back.
///
/// # Errors
/// `conflict` for a field of another kind; `not-found`.
pub async fn make_sensitive(workspace: &Workspace, dataset: &str, field: &str) -> Result<Arc<Dataset>> {
    let permit = workspace.permit(Permission::DatasetDefine).await?;
    let dataset = workspace.dataset_to_change(&permit, dataset).await?;
    let found = field_to_change(&permit, &dataset, field)?;
    if !found.kind.is_text() {
        let detail = format!(
            "a field of kind {} cannot be made sensitive; only text can",
            found.kind
        );
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    let tx = workspace.begin_sealing(&permit).await?;
    let act = Act::rotation(
        "field.make-sensitive",
        Object::new("dataset", format!("{}/{}", dataset.key, found.key)),
    );
    tx.append(&workspace.plain_entry(&act)?).await?;
    catalogue::seal_field(&tx, found.id, SealStep::Begin).await?;
    seal_values(workspace, &tx, &dataset, found).await?;
    catalogue::seal_field(&tx, found.id, SealStep::Finish).await?;
    // A default or a list of choices would tell values that are not to be told.
    let rules = Rules {
        choices: Vec::new(),
        ..found.rules.clone()
    };
    catalogue::alter_field(
        &tx,
        &Field {
            default: None,
            rules,
            ..found.clone()
        },
    )
    .await?;
    let changed = catalogue::find_within(&tx, dataset.id).await?;
    tx.commit_appended().await?;
    workspace.forget_datasets();
    Ok(visible(&permit, &Arc::new(changed)))
}

async fn seal_values(workspace: &Workspace, tx: &TenantTx, dataset: &Dataset, field: &Field) -> Result<()> {
    let sensitive = Field {
        kind: FieldKind::SensitiveText,
        ..field.clone()
    };
    let mut after = None;
    loop {
        let page = bulk::plain_texts(tx, dataset.id, field.id, after, PAGE).await?;
        for (record, text) in &page {
            let Some(text) = text else { continue };
            let value = Value::Sensitive(text.clone());
            let stored = seal_value(workspace.keys(), dataset, *record, &sensitive, &value)?;
            if let StoredValue::Sealed { sealed, blind } = stored {
                bulk::reseal_value(tx, dataset.id, *record, field.id, &sealed, &blind).await?;
            }
        }
        after = page.last().map(|(record, _)| *record);
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}
