//! Tests and comparisons of directories, as tables.

use crate::view::{Badge, DirectoryAnswer, Tone};
use platform::directories::{
    Explained, ExplainedGroup, Stage,
    sync::{Change, Mode, What},
};

/// What a test saw.
pub(super) fn of_test(title: String, stages: &[Stage], explained: Option<&Explained>) -> DirectoryAnswer {
    let mut rows: Vec<_> = stages.iter().map(stage_row).collect();
    let groups = explained.iter().flat_map(|explained| &explained.groups);
    rows.extend(groups.map(group_row));
    DirectoryAnswer {
        title,
        columns: vec!["Stage", "What was seen", "Server", "Took"],
        rows,
    }
}

fn stage_row(stage: &Stage) -> (Option<Badge>, Vec<String>) {
    let badge = match stage.good {
        true => Badge::new("Good", Tone::Good),
        false => Badge::new("Failed", Tone::Bad),
    };
    let cells = vec![
        stage.name.to_owned(),
        stage.text.clone(),
        stage.server.clone(),
        format!("{} ms", stage.took_ms),
    ];
    (Some(badge), cells)
}

fn group_row(one: &ExplainedGroup) -> (Option<Badge>, Vec<String>) {
    let roles = one.gives.iter();
    let roles: Vec<String> = roles
        .map(|(organization, role)| format!("{role} in {organization}"))
        .collect();
    let gives = if roles.is_empty() {
        "gives nothing".to_owned()
    } else {
        format!("gives {}", roles.join(", "))
    };
    let through = one.through.as_ref().map(|through| format!(" through {through}"));
    let named = format!("{}{}", one.group, through.unwrap_or_default());
    (None, vec!["group".to_owned(), named, gives, String::new()])
}

/// What a comparison changes, or would.
pub(crate) fn of_changes(title: String, changes: &[Change]) -> DirectoryAnswer {
    let row = |change: &Change| (None, vec![change.email.clone(), words(&change.what)]);
    DirectoryAnswer {
        title,
        columns: vec!["Person", "What"],
        rows: changes.iter().map(row).collect(),
    }
}

/// What stands above the changes of a comparison.
pub(super) fn title_of(mode: Mode, key: &str) -> String {
    match mode {
        Mode::DryRun => format!("Who would gain and who would lose by {key}"),
        Mode::Guarded | Mode::HoweverMany => format!("What changed by {key}"),
    }
}

fn words(what: &What) -> String {
    match what {
        What::Vanishes => "is gone there: access ends".to_owned(),
        What::Disabled => "is disabled there: access ends".to_owned(),
        What::Returns => "is back: access again".to_owned(),
        What::Gains { organization, role } => format!("gains {role} in {organization}"),
        What::Loses { organization, role } => format!("loses {role} in {organization}"),
    }
}
