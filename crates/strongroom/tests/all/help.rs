//! The arguments: help of every command, manual pages, completion, and mistakes that are told at once.

use std::fs;

use super::program::run;

const COMMANDS: &[&str] = &[
    "",
    "serve",
    "work",
    "setup",
    "rename",
    "certificate",
    "certificate status",
    "certificate renew",
    "doctor",
    "maintenance",
    "maintenance on",
    "maintenance off",
    "maintenance status",
    "database",
    "database prepare",
    "database migrate",
    "database status",
    "database upgrade",
    "key",
    "key create",
    "organization",
    "organization create",
    "organization list",
    "organization policy",
    "organization life",
    "organization cancel",
    "organization reinstate",
    "organization delete",
    "organization keep",
    "organization restore",
    "organization hold",
    "organization hold list",
    "organization hold place",
    "organization hold lift",
    "organization certificate",
    "organization window",
    "organization rotate-key",
    "member",
    "member list",
    "member add",
    "member invite",
    "member narrow",
    "member end-sessions",
    "factor",
    "factor enrol",
    "factor reset",
    "grant",
    "grant ask",
    "grant own",
    "grant give-back",
    "grant list",
    "grant approve",
    "grant refuse",
    "grant end",
    "account",
    "account disable",
    "account enable",
    "account list",
    "operator",
    "operator appoint",
    "operator dismiss",
    "operator list",
    "directory",
    "directory add",
    "directory list",
    "directory alter",
    "directory remove",
    "directory test",
    "directory explain",
    "directory sync",
    "directory map",
    "directory unmap",
    "directory mappings",
    "provider",
    "provider add",
    "provider list",
    "provider alter",
    "provider test",
    "provider remove",
    "provider tie",
    "provider untie",
    "provider newcomers",
    "provider let-in",
    "mail",
    "mail set",
    "mail show",
    "mail test",
    "mail clear",
    "forwarding",
    "forwarding set",
    "forwarding status",
    "forwarding test",
    "forwarding clear",
    "sms",
    "sms set",
    "sms show",
    "sms test",
    "sms off",
    "webhook",
    "webhook set",
    "webhook show",
    "webhook test",
    "webhook clear",
    "break-glass",
    "token",
    "token create",
    "dataset",
    "dataset list",
    "dataset show",
    "dataset create",
    "dataset add-field",
    "dataset make-sensitive",
    "record",
    "record list",
    "record get",
    "record create",
    "record update",
    "record trash",
    "record restore",
    "record purge",
    "record batch",
    "record aggregate",
    "record history",
    "record reveal",
    "import",
    "export",
    "backup",
    "backup enable",
    "backup run",
    "backup status",
    "backup list",
    "backup verify",
    "backup copy",
    "backup drill",
    "recovery-kit",
    "recovery-kit make",
    "recovery-kit verify",
    "rebuild",
    "restore",
    "restore organization",
    "restore platform",
    "person-request",
    "person-request list",
    "person-request open",
    "person-request search",
    "person-request hits",
    "person-request mark",
    "person-request extend",
    "person-request hand-over",
    "person-request propose",
    "person-request withdraw",
    "person-request approve",
    "person-request carry-on",
    "person-request close",
    "log-review",
    "log-review prepare",
    "log-review sign",
    "log-review status",
    "audit",
    "audit list",
    "audit show",
    "audit prove",
    "audit export",
    "audit check",
    "audit anchor",
    "audit witness",
    "audit cosign",
    "audit recover",
    "audit rotate-key",
    "audit kit",
    "audit note",
    "audit policy",
    "witness",
    "witness make",
    "witness serve",
    "witness show",
    "witness sign",
    "access-log",
    "access-log list",
    "access-log export",
    "access-log keep",
    "promises",
    "update",
    "update verify",
    "update import",
    "update vulnerabilities",
    "firewall",
    "firewall plan",
    "firewall apply",
    "firewall confirm",
    "firewall status",
    "update status",
    "update run",
    "update take",
    "update renew",
    "update history",
    "storage",
    "storage status",
    "storage encrypt",
    "config",
    "config check",
    "support",
    "support bundle",
    "status",
    "openapi",
    "completion",
    "man",
];

fn help(command: &str) -> String {
    let mut arguments: Vec<&str> = command.split_whitespace().collect();
    arguments.push("--help");
    run(None, &arguments).done()
}

#[test]
fn the_help_of_every_command_is_as_we_know_it() {
    let all: Vec<String> = COMMANDS
        .iter()
        .map(|command| format!("==== strongroom {command}\n\n{}", help(command)))
        .collect();
    insta::assert_snapshot!("help", all.join("\n"));
}

#[test]
fn no_command_is_missing_from_the_list_above() {
    for command in COMMANDS {
        let text = help(command);
        let Some((_, below)) = text.split_once("Commands:\n") else {
            continue;
        };
        let lines = below.lines().take_while(|line| !line.is_empty());
        // A wrapped description goes on further to the right.
        let names = lines
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next());
        for name in names.filter(|name| *name != "help") {
            let whole = format!("{command} {name}");
            assert!(COMMANDS.contains(&whole.trim()), "{whole} is not in COMMANDS");
        }
    }
}

#[test]
fn manual_pages_and_completions_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("man");
    run(None, &["man", "--dir", target.to_str().unwrap()]).done();
    let page = fs::read_to_string(target.join("strongroom-database-prepare.1")).unwrap();
    assert!(page.contains("admin\\-socket\\-folder"), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(None, &["completion", shell]).done();
        assert!(
            script.contains("make-sensitive"),
            "the script for {shell} lacks a command"
        );
    }
}

#[test]
fn the_version_is_the_crates() {
    assert_eq!(
        run(None, &["--version"]).done().trim(),
        concat!("strongroom ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_configuration_with_mistakes_is_told_with_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("strongroom.toml");
    fs::write(&file, "[listen]\nhttps = \"nowhere\"\n[database]\nport = 99999\n").unwrap();
    let said = run(Some(&file), &["config", "check"]);
    assert_eq!(said.code, Some(1));
    let shown = said.talk.replace(folder.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!("config_check", shown);
    let json = run(Some(&file), &["--json", "config", "check"]);
    assert!(json.data.contains("\"problems\":[{"), "{}", json.data);
}

#[test]
fn an_absent_configuration_says_where_it_was_looked_for() {
    let said = run(Some("/nonexistent/strongroom.toml".as_ref()), &["serve"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.talk
            .starts_with("error: cannot read the configuration file /nonexistent/strongroom.toml"),
        "{}",
        said.talk
    );
}

#[test]
fn a_root_key_is_made_once_and_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("root.key");
    let arguments = ["key", "create", "--file", file.to_str().unwrap()];
    run(None, &arguments).done();
    let first = fs::read(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = run(None, &arguments);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(fs::read(&file).unwrap(), first, "the key was replaced");
}

#[test]
fn a_member_command_without_settings_says_what_is_missing() {
    let said = run(None, &["record", "list", "invoices"]);
    assert_eq!(said.code, Some(2));
    assert!(said.talk.contains("no server is given"), "{}", said.talk);
    let plain = run(None, &["record", "list", "invoices", "--url", "http://localhost"]);
    assert_eq!(plain.code, Some(2));
    assert!(plain.talk.contains("is not https"), "{}", plain.talk);
}
