//! `GET .../r/{record}/history`

use crate::{
    datasets::{chrome_of, header},
    single_record::{Place, id_of},
    view::{Badge, Change, DatasetTab, RecordHistoryPage, RecordVersion, TableCell, Tone},
    visit::{Answer, Visit, page},
    words::{Extent, cell, exact_moment, title},
};
use access::Permission;
use platform::record::{self, Step};
use std::collections::BTreeMap;
use types::{AccountId, Dataset, FieldKind};

/// Every version of a record, newest first.
pub(crate) async fn show(visit: Visit, place: Place) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let before = visit.query.get("before").and_then(|text| text.parse().ok());
    let history = record::history(&room.workspace, &place.1, id, before).await?;
    let accounts: Vec<AccountId> = history
        .steps
        .iter()
        .filter_map(|step| step.actor.account)
        .collect();
    let names = platform::people::names(&room.workspace, &accounts).await?;
    let (dataset, heading) = match history.is_erased {
        true => {
            let definition = platform::dataset::find(&room.workspace, &place.1).await?;
            (definition, "History of an erased record".to_owned())
        }
        false => {
            let found = record::read(&room.workspace, &place.1, id).await?;
            let heading = format!("History of {}", title(&found.dataset, &found.record));
            (found.dataset, heading)
        }
    };
    let dataset = &dataset;
    let header = header(&room, dataset, DatasetTab::Records);
    let sees_entries = room.may(Permission::AuditRead);
    let audit = sees_entries.then(|| format!("{}/audit", room.base()));
    let older = history
        .before
        .map(|before| format!("{}/r/{id}/history?before={before}", header.path()));
    page(&RecordHistoryPage {
        chrome: chrome_of(&room, dataset, &heading, DatasetTab::Records).await?,
        dataset: header,
        id: id.to_string(),
        versions: history
            .steps
            .iter()
            .map(|step| version(dataset, step, &names, audit.as_deref()))
            .collect(),
        older_href: older,
        is_erased: history.is_erased,
    })
}

fn version(
    dataset: &Dataset,
    step: &Step,
    names: &BTreeMap<AccountId, String>,
    audit: Option<&str>,
) -> RecordVersion {
    let actor = step
        .actor
        .account
        .and_then(|account| names.get(&account).cloned());
    RecordVersion {
        version: step.version.to_string(),
        action: action_badge(&step.action),
        actor: actor.unwrap_or_else(|| format!("Strongroom ({})", step.actor.kind)),
        at: exact_moment(step.at),
        entry_href: audit.map(|audit| format!("{audit}/{}", step.entry)),
        changes: changes(Some(dataset), &step.changes),
    }
}

/// Changes as rows of before and after; the dataset says how its fields' values are shown.
pub(crate) fn changes(dataset: Option<&Dataset>, changes: &[record::Change]) -> Vec<Change> {
    let row = |change: &record::Change| {
        let field = dataset.and_then(|dataset| dataset.field(&change.key));
        let kind = field.map_or(FieldKind::Text, |(_, field)| field.kind);
        let side = |value| -> TableCell { cell(kind, value, Extent::Cell) };
        Change {
            label: change.label.clone(),
            before: side(&change.before),
            after: side(&change.after),
        }
    };
    changes.iter().map(row).collect()
}

/// An act in words with its tone.
pub(crate) fn action_badge(action: &str) -> Badge {
    let (text, tone) = match action {
        "record.create" => ("Created", Tone::Good),
        "record.update" => ("Changed", Tone::Accent),
        "record.trash" => ("Put in the trash", Tone::Warn),
        "record.restore" => ("Restored", Tone::Good),
        "record.bulk" => ("Several at once", Tone::Accent),
        "record.purge" => ("Deleted for good", Tone::Bad),
        "person-request.erase" => ("Erased a person's data", Tone::Bad),
        "person-request.hand-over" => ("Handed a person's data over", Tone::Brass),
        "record.reveal" => ("Revealed", Tone::Brass),
        "organization.restore" => ("Taken back in time", Tone::Warn),
        "import.run" => ("Imported", Tone::Good),
        "import.upload" => ("Uploaded a file", Tone::Neutral),
        "import.plan" => ("Planned an import", Tone::Neutral),
        "import.cancel" => ("Cancelled an import", Tone::Neutral),
        "import.refuse" => ("Import refused", Tone::Warn),
        "export.run" | "export.archive" => ("Exported", Tone::Brass),
        "access.refuse" | "session.refuse" => ("Refused", Tone::Bad),
        "session.begin" => ("Signed in", Tone::Neutral),
        "session.end" => ("Signed out", Tone::Neutral),
        "break-glass.create" => ("Made a break-glass link", Tone::Warn),
        "break-glass.use" => ("Came in by break-glass", Tone::Warn),
        "invitation.create" => ("Made a link", Tone::Good),
        "invitation.use" => ("Set a first password", Tone::Good),
        "file.create" => ("Stored a file", Tone::Good),
        other => return Badge::new(in_words(other), tone_of(other)),
    };
    Badge::new(text, tone)
}

/// `member.set-role` becomes `Member: set role`.
fn in_words(action: &str) -> String {
    let (object, verb) = action.split_once('.').unwrap_or((action, ""));
    let words = format!("{object}: {verb}").replace(['-', '_', '.'], " ");
    let mut characters = words.trim_end_matches([':', ' ']).chars();
    let head: String = characters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    head + characters.as_str()
}

fn tone_of(action: &str) -> Tone {
    let verb = action.split_once('.').map_or(action, |(_, verb)| verb);
    match verb {
        "create" | "add" => Tone::Good,
        "delete" | "remove" | "revoke" | "purge" => Tone::Bad,
        "make-sensitive" | "rotate" => Tone::Brass,
        _ => Tone::Neutral,
    }
}
