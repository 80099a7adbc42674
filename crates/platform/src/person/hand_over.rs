//! What is this person's, as an archive to hand over (GDPR articles 15(3) and 20).

use super::{author, datasets_of, limit, note, row, search::end_search, step};
use crate::{
    Workspace,
    error::{PlatformError, Result},
    export::{self, Reach, Reveal},
    person::{attachment::files_of, conflict},
    pipe::ByteStream,
    session,
};
use access::Permission;
use std::{collections::BTreeSet, sync::Arc};
use store::tenant::person::{self as rows, HitKind, Step, Verdict};
use types::{FieldKind, PersonRequestId, ProblemCode, RecordId};

/// A tar archive of exactly the records that are marked as theirs: CSV, JSON Lines, every version with what fields held that are
/// removed since, attachments, and a manifest with checksums; sensitive values in the clear.
///
/// # Errors
/// `not-allowed` for those who may not export, or not reveal where there is a sensitive field; `proof-required`; `conflict` where a
/// search has not come to its end or hits are undecided, or none is theirs; `not-found`.
pub async fn hand_over(workspace: &Workspace, id: PersonRequestId) -> Result<ByteStream> {
    let asked = workspace.permit(Permission::PersonRequest).await?;
    let permit = workspace.permit(Permission::RecordExport).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let datasets = datasets_of(workspace, &asked).await?;
    let request = row(workspace, id).await?;
    if request.closed.is_some() {
        return Err(conflict("the request is closed"));
    }
    end_search(workspace, &request).await?;
    let hits = rows::hits(workspace.tenant(), id, limit()).await?;
    let theirs = theirs(&hits)?;
    let mut chosen = Vec::new();
    let mut files = BTreeSet::new();
    for dataset in datasets {
        let mut of_it = theirs
            .iter()
            .filter(|hit| hit.dataset == Some(dataset.id))
            .peekable();
        if of_it.peek().is_none() {
            continue;
        }
        for hit in of_it {
            files.extend(files_of(workspace, &dataset, RecordId(hit.object)).await?);
        }
        chosen.push(Arc::new(dataset));
    }
    let has_sensitive = chosen.iter().any(|dataset| {
        let mut fields = dataset.fields.iter();
        fields.any(|field| field.kind == FieldKind::SensitiveText)
    });
    let reveals = workspace.permit(Permission::RecordReveal).await;
    // Nobody knows what a field was that is removed.
    let removed = match &reveals {
        Ok(_) => Reveal::Clear,
        Err(_) => Reveal::Masked,
    };
    if has_sensitive {
        reveals?;
    }
    let records = theirs.iter().filter(|hit| hit.kind == HitKind::Record);
    let records: BTreeSet<RecordId> = records.map(|hit| RecordId(hit.object)).collect();
    let tx = workspace.tenant().begin(&asked).await?;
    step(&tx, id, author(&asked)?, Step::HandedOver).await?;
    let reason = format!("{} records with sensitive values", records.len());
    note(workspace, tx, "person-request.hand-over", id, &reason).await?;
    Ok(export::of_person(
        workspace,
        permit,
        chosen,
        Reach::Person {
            records,
            files,
            removed,
        },
    ))
}

/// The hits that are theirs, once every hit is decided.
pub(super) fn theirs(hits: &[rows::Hit]) -> Result<Vec<&rows::Hit>> {
    if hits.iter().any(|hit| hit.verdict.is_none()) {
        return Err(conflict("say of every hit first whether it is this person's"));
    }
    let theirs: Vec<&rows::Hit> = hits
        .iter()
        .filter(|hit| hit.verdict == Some(Verdict::Theirs))
        .collect();
    match theirs.is_empty() {
        false => Ok(theirs),
        true => Err(PlatformError::new(
            ProblemCode::Conflict,
            "no hit is this person's; close the request as nothing found",
        )),
    }
}
