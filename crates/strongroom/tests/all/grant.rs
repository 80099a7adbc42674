//! Operators' access to organizations on the command line: asked for with a password and a factor, decided by the organization.

use super::{
    appliance::{Appliance, Daemon},
    factor::enrolled,
    program::run,
    terminal::Terminal,
};
use serde_json::Value;
use std::path::Path;

const OPERATOR: &str = "viewer@example.org";

/// An appliance that serves, with an operator who has these recovery codes, and the owner's settings.
fn operated() -> (Appliance, Daemon, std::path::PathBuf, Vec<String>) {
    let appliance = Appliance::prepared();
    let daemon = appliance.serve();
    let owner = appliance.client();
    appliance.add_member("viewer");
    appliance.run(&["operator", "appoint", OPERATOR]).done();
    let codes = enrolled(&appliance, OPERATOR, "viewer");
    (appliance, daemon, owner, codes)
}

/// A command as the operator: the code is typed.
fn as_operator(appliance: &Appliance, command: &str, code: &str) -> (Option<i32>, String) {
    let by = format!("--by {OPERATOR} --by-password-file {}", appliance.path("viewer"));
    let mut terminal = Terminal::run(appliance, &format!("{command} {by}"));
    terminal.until("recovery code: ");
    terminal.type_line(code);
    terminal.end()
}

fn grants(owner: &Path) -> Vec<Value> {
    let listed = run(Some(owner), &["--json", "grant", "list"]).done();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    listed["grants"].as_array().unwrap().clone()
}

#[test]
fn an_operator_asks_with_a_factor_and_the_organization_decides_and_ends_it() {
    let (appliance, _daemon, owner, codes) = operated();
    let ask = "grant ask acme --purpose mend_the_ledger --hours 2";
    let (code, screen) = as_operator(&appliance, ask, "wrong-code");
    assert_ne!(code, Some(0), "{screen}");
    assert!(grants(&owner).is_empty(), "nothing was asked without the factor");
    let (code, screen) = as_operator(&appliance, ask, &codes[0]);
    assert_eq!(code, Some(0), "{screen}");
    let asked = grants(&owner);
    assert_eq!(
        (asked.len(), &asked[0]["state"], &asked[0]["hours"]),
        (1, &"asked".into(), &2.into())
    );
    let id = asked[0]["id"].as_str().unwrap();

    let (code, screen) = as_operator(&appliance, ask, &codes[0]);
    assert_ne!(code, Some(0), "a recovery code is good once: {screen}");
    run(Some(&owner), &["grant", "approve", id]).done();
    let (code, screen) = as_operator(&appliance, "grant own", &codes[1]);
    assert!(
        code == Some(0) && screen.contains(id) && screen.contains("acme"),
        "{screen}"
    );
    run(Some(&owner), &["grant", "end", id]).done();
    assert_ne!(grants(&owner)[0]["state"], "active");

    let (_, screen) = as_operator(
        &appliance,
        "grant ask acme --purpose mend_it_once_more",
        &codes[2],
    );
    let open = grants(&owner).into_iter().find(|one| one["state"] == "asked");
    let id = open.unwrap_or_else(|| panic!("{screen}"))["id"]
        .as_str()
        .unwrap()
        .to_owned();
    run(Some(&owner), &["grant", "refuse", &id]).done();
    let late = run(Some(&owner), &["grant", "approve", &id]);
    assert_eq!(
        late.code,
        Some(4),
        "what was refused stays refused: {}",
        late.talk
    );
}
