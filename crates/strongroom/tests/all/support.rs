//! The support bundle of an appliance in which canaries were planted: none of them comes through, in no form.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::appliance::{Appliance, PASSWORD};
use super::program::run;

const LDAP_PASSWORD: &str = "Kanarie-LDAP-7f3a";
const CLIENT_SECRET: &str = "Kanarie-OIDC-81c2";
const MAIL_SECRET: &str = "Kanarie-Post-55d0";
const SERVICE_DN: &str = "cn=kanarie-dienst,dc=kanarie,dc=lan";
/// Shorter canaries are looked for as whole words.
const WORD_BELOW: usize = 6;
const RECORD: &str = "kanarienvogel value 4711";

/// Everything that was planted.
fn plant(appliance: &Appliance) -> Vec<String> {
    appliance.secret("kanarie", PASSWORD);
    let password = appliance.path("kanarie");
    let create = [
        "organization",
        "create",
        "kanarie-trading",
        "--name",
        "Test Harbour",
    ];
    let owner = [
        "--owner-email",
        "vera@kanarie.example",
        "--owner-name",
        "Record Owner",
    ];
    let file = ["--password-file", password.as_str()];
    appliance
        .run(&[create.as_slice(), owner.as_slice(), file.as_slice()].concat())
        .done();
    plant_sources(appliance);
    let _daemon = appliance.serve();
    plant_record(appliance);
    let token = fs::read_to_string(appliance.path("owner.token")).unwrap();
    let root = fs::read_to_string(appliance.path("root.key")).unwrap();
    let key = fs::read_to_string(&appliance.certificates.key).unwrap();
    let key_line = key.lines().nth(1).unwrap().to_owned();
    let machine = nix::sys::utsname::uname()
        .unwrap()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    let words = [
        RECORD,
        "kanarienvogel",
        PASSWORD,
        "vera",
        "vera@kanarie.example",
        "kanarie-trading",
        "Test Harbour",
        "Record Owner",
        LDAP_PASSWORD,
        CLIENT_SECRET,
        MAIL_SECRET,
        SERVICE_DN,
        "kanarie-dienst",
        "dc17.kanarie.lan",
        "kanarienbaum",
        "kanariental",
        "kanarie-client-4711",
        "login.kanarie.example",
        "post.kanarie.example",
        "kanarie-post",
        "vogel@kanarie.example",
        token.trim(),
        root.trim(),
        key_line.as_str(),
        machine.as_str(),
    ];
    words.map(str::to_owned).to_vec()
}

/// A dataset with a record.
fn plant_record(appliance: &Appliance) {
    let client = appliance.client();
    let make = [
        "dataset",
        "create",
        "Canaries",
        "--key",
        "canaries",
        "--field",
        "Song=text",
    ];
    run(Some(&client), &make).done();
    let record = format!("song={RECORD}");
    run(Some(&client), &["record", "create", "canaries", &record]).done();
}

/// A directory, a provider, a mail server and a collector, each with names and a secret. None of them is there.
fn plant_sources(appliance: &Appliance) {
    for (name, text) in [
        ("ldap-secret", LDAP_PASSWORD),
        ("client-secret", CLIENT_SECRET),
        ("mail-secret", MAIL_SECRET),
    ] {
        appliance.secret(name, text);
    }
    let authority = testkit::Authority::create("kanarie").unwrap();
    appliance.secret("authority", &authority.certificate_pem().unwrap());
    let (ldap, client, mail) = (
        appliance.path("ldap-secret"),
        appliance.path("client-secret"),
        appliance.path("mail-secret"),
    );
    let directory = format!(
        "directory add kanarienbaum --product openldap --server dc17.kanarie.lan --service-dn {SERVICE_DN} \
         --base dc=kanarie,dc=lan --secret-file {ldap}"
    );
    let provider = format!(
        "provider add kanariental --issuer https://login.kanarie.example --client-id kanarie-client-4711 \
         --secret-file {client}"
    );
    let mail = format!(
        "mail set --host post.kanarie.example --account kanarie-post --secret-file {mail} --from vogel@kanarie.example"
    );
    let authority = appliance.path("authority");
    let collector = format!("forwarding set --host logs.kanarie.example --authority {authority}");
    for command in [directory, provider, mail, collector] {
        let words: Vec<&str> = command.split_whitespace().collect();
        appliance.run(&words).done();
    }
}

/// Looks for a canary as it is, in whatever case, in hexadecimal and in base64.
#[track_caller]
fn assert_absent(canary: &str, name: &str, text: &str) {
    let hexadecimal: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = openssl::base64::encode_block(canary.as_bytes());
    let forms = [canary, &hexadecimal, base64.trim_end_matches('=')];
    // What two letters are in another form, random ids are by chance.
    let forms = if canary.len() < 4 { &forms[..1] } else { &forms[..] };
    for form in forms {
        let (text, form) = (text.to_lowercase(), form.to_lowercase());
        // A machine may be called "vm", and a random name of a schema hold these letters: so short a canary is looked for as a word.
        let is_there = match form.len() < WORD_BELOW {
            true => text
                .split(|one: char| !one.is_alphanumeric())
                .any(|word| word == form),
            false => text.contains(&form),
        };
        assert!(!is_there, "{name} holds {form:?}:\n{text}");
    }
}

fn preview(appliance: &Appliance) -> Vec<(String, String)> {
    let shown: Value = serde_json::from_str(
        &appliance
            .run(&["--json", "support", "bundle", "--preview"])
            .done(),
    )
    .unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = shown["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| (text(&file["name"]), text(&file["text"])))
        .collect()
}

#[test]
fn no_canary_comes_through_and_what_helps_does() {
    let appliance = Appliance::prepared();
    let canaries = plant(&appliance);
    let files = preview(&appliance);
    for (name, text) in &files {
        for canary in &canaries {
            assert_absent(canary, name, text);
        }
    }
    let of = |wanted: &str| files.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
    assert!(
        of("sizes.txt").contains("strongroom access_event_"),
        "{}",
        of("sizes.txt")
    );
    assert!(of("sizes.txt").contains(" d1 "), "{}", of("sizes.txt"));
    for fact in [
        "1 openldap ldaps active",
        "1 standard active",
        "mail: tls",
        "logs that are forwarded: 3",
    ] {
        assert!(of("sizes.txt").contains(fact), "{fact}: {}", of("sizes.txt"));
    }
    assert!(
        of("postgresql.txt").contains("fsync "),
        "{}",
        of("postgresql.txt")
    );
    assert!(
        of("settings.txt").contains("keys.root_file: [secret], file path-"),
        "{}",
        of("settings.txt")
    );
    assert!(
        of("settings.txt").contains("limits.requests_per_minute: 600"),
        "{}",
        of("settings.txt")
    );
    assert!(of("doctor.txt").contains("ok settings"), "{}", of("doctor.txt"));
    assert!(of("versions.txt").contains(concat!("strongroom: ", env!("CARGO_PKG_VERSION"))));
    for (name, text) in files.iter().skip(1) {
        assert!(
            of("manifest.txt").contains(name.as_str()),
            "{name} is not in the manifest"
        );
        assert!(!text.is_empty());
    }
}

#[test]
fn settings_that_do_not_load_leak_nothing_and_are_told() {
    let appliance = Appliance::prepared();
    let section =
        format!("[ldap]\nserver = \"ldaps://dc17.kanarie.lan\"\nbind_password = \"{LDAP_PASSWORD}\"\n");
    appliance.add_settings(&section);
    let files = preview(&appliance);
    for (name, text) in &files {
        for canary in [LDAP_PASSWORD, "dc17.kanarie.lan", "kanarie"] {
            assert_absent(canary, name, text);
        }
    }
    let (_, settings) = files.iter().find(|(name, _)| name == "settings.txt").unwrap();
    assert!(settings.contains("the settings cannot be read"), "{settings}");
    let (_, journal) = files.iter().find(|(name, _)| name == "journal.txt").unwrap();
    assert!(
        journal.contains("left out"),
        "names are not known, so nothing of the journal is shown: {journal}"
    );
}

#[test]
fn the_file_is_private_holds_what_the_preview_showed_and_is_never_overwritten() {
    let appliance = Appliance::prepared();
    let path = appliance.path("bundle.tar");
    appliance.run(&["support", "bundle", "--out", &path]).done();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let listed = Command::new("tar").args(["-tf", &path]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let names: Vec<String> = preview(&appliance)
        .into_iter()
        .map(|(name, _)| format!("strongroom-support/{name}"))
        .collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), names);
    let before = fs::read(&path).unwrap();
    let again = appliance.run(&["support", "bundle", "--out", &path]);
    assert_eq!(again.code, Some(1));
    assert!(again.talk.contains("never overwritten"), "{}", again.talk);
    assert_eq!(fs::read(&path).unwrap(), before);
    let link = appliance.path("link.tar");
    symlink(appliance.path("victim"), &link).unwrap();
    assert_eq!(
        appliance.run(&["support", "bundle", "--out", &link]).code,
        Some(1)
    );
    assert!(!Path::new(&appliance.path("victim")).exists());
}
