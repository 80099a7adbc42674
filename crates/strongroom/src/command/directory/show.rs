//! Directories, tests and changes as tables and as JSON.

use crate::{failure::CommandError, output::Format};
use platform::directories::{
    DirectoryView, Explained, ExplainedGroup, MappingView, Stage,
    settings::ServiceProof,
    sync::{Change, What},
};
use serde_json::{Value, json};

pub(super) fn list(format: Format, found: &[DirectoryView]) -> Result<(), CommandError> {
    let row = |one: &DirectoryView| {
        let sync = one.last_sync.as_ref();
        let sync = sync.map_or_else(
            || "never".to_owned(),
            |sync| format!("{} {}: {}", sync.at, sync.result, sync.text),
        );
        let servers: Vec<String> = one.settings.servers.iter().map(ToString::to_string).collect();
        let secret = match (one.settings.service_proof, one.has_secret, one.has_client_key) {
            (ServiceProof::Certificate, _, true) => "not needed",
            (ServiceProof::Certificate, _, false) => "its key is missing",
            (ServiceProof::Password, true, _) => "set",
            (ServiceProof::Password, false, _) => "missing",
        };
        vec![
            one.key.clone(),
            one.state.to_string(),
            servers.join(", "),
            secret.to_owned(),
            one.first_sign_in.as_str().to_owned(),
            one.people.to_string(),
            sync,
        ]
    };
    let item = |one: &DirectoryView| {
        json!({
            "key": one.key, "state": one.state.as_str(), "settings": one.settings, "has_secret": one.has_secret, "has_client_key": one.has_client_key,
            "first_sign_in": one.first_sign_in.as_str(), "people": one.people, "last_sync": one.last_sync,
        })
    };
    let json = json!({ "directories": found.iter().map(item).collect::<Vec<Value>>() });
    let headers = [
        "directory",
        "state",
        "servers",
        "password",
        "newcomers",
        "people",
        "last comparison",
    ];
    format.list(&headers, found.iter().map(row).collect(), &json)
}

pub(super) fn mappings(format: Format, found: &[MappingView]) -> Result<(), CommandError> {
    let row = |one: &MappingView| vec![one.group.clone(), one.organization.clone(), one.role.to_string()];
    let item = |one: &MappingView| json!({"group": one.group, "organization": one.organization, "role": one.role.as_str()});
    let json = json!({ "mappings": found.iter().map(item).collect::<Vec<Value>>() });
    format.list(
        &["group", "organization", "role"],
        found.iter().map(row).collect(),
        &json,
    )
}

pub(super) fn report(
    format: Format,
    stages: &[Stage],
    explained: Option<&Explained>,
) -> Result<(), CommandError> {
    let row = |stage: &Stage| {
        let verdict = if stage.good { "good" } else { "failed" };
        let took = format!("{} ms", stage.took_ms);
        vec![
            stage.server.clone(),
            stage.name.to_owned(),
            verdict.to_owned(),
            took,
            stage.text.clone(),
        ]
    };
    let mut rows: Vec<Vec<String>> = stages.iter().map(row).collect();
    if let Some(explained) = explained {
        let roles = roles(&explained.roles);
        rows.push(vec![
            String::new(),
            "roles".into(),
            "good".into(),
            String::new(),
            roles,
        ]);
    }
    let json = json!({ "stages": stages, "person": explained.map(person) });
    format.list(
        &["server", "stage", "verdict", "took", "what was seen"],
        rows,
        &json,
    )
}

pub(super) fn explained(format: Format, explained: &Explained) -> Result<(), CommandError> {
    let row = |one: &ExplainedGroup| {
        let through = one.through.clone().unwrap_or_default();
        vec![one.group.clone(), through, roles(&one.gives)]
    };
    let rows = explained.groups.iter().map(row).collect();
    format.list(&["group", "through", "gives"], rows, &person(explained))
}

fn roles(given: &[(String, access::Role)]) -> String {
    let each: Vec<String> = given
        .iter()
        .map(|(organization, role)| format!("{organization}: {role}"))
        .collect();
    if each.is_empty() {
        "nothing".to_owned()
    } else {
        each.join(", ")
    }
}

fn person(explained: &Explained) -> Value {
    let named = |given: &[(String, access::Role)]| {
        let each = given
            .iter()
            .map(|(organization, role)| json!({"organization": organization, "role": role.as_str()}));
        Value::Array(each.collect())
    };
    let groups = explained
        .groups
        .iter()
        .map(|one| json!({"group": one.group, "through": one.through, "gives": named(&one.gives)}));
    json!({"dn": explained.dn, "groups": groups.collect::<Vec<Value>>(), "roles": named(&explained.roles)})
}

pub(super) fn changes(format: Format, changes: &[Change]) -> Result<(), CommandError> {
    let row = |change: &Change| {
        let what = match &change.what {
            What::Vanishes => "is gone: access ends".to_owned(),
            What::Disabled => "is disabled there: access ends".to_owned(),
            What::Returns => "is back: access again".to_owned(),
            What::Gains { organization, role } => format!("gains {role} in {organization}"),
            What::Loses { organization, role } => format!("loses {role} in {organization}"),
        };
        vec![change.email.clone(), what]
    };
    format.list(
        &["person", "what"],
        changes.iter().map(row).collect(),
        &json!({ "changes": changes }),
    )
}
