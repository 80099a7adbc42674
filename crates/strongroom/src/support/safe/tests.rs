//! What a redactor keeps and what it hides.

use super::*;

fn redactor() -> Redactor {
    let mut redactor = Redactor::new([7; 32]);
    redactor.hide_name(Named::Host, "records.example.org");
    redactor.hide_name(Named::Organization, "harbour");
    redactor.hide_name(Named::Person, "Test Owner");
    redactor.hide_secret("seven quiet herons at dawn");
    redactor
}

fn shown(text: &str) -> String {
    redactor().text(text).as_str().to_owned()
}

#[test]
fn our_own_sentences_stay_readable() {
    let line = "2026-11-28T23:45:21.123456Z  WARN jobs cannot be claimed code=\"unavailable\" attempts=3";
    assert_eq!(shown(line), line);
    let line = "strongroom.service: Main process exited, code=exited, status=1/FAILURE";
    assert_eq!(shown(line), line);
}

#[test]
fn names_are_hidden_though_their_words_are_ours() {
    let text = shown("serving https://records.example.org/o/harbour to Test Owner at records.example.org");
    for hidden in ["records", "example", "harbour", "Owner"] {
        assert!(!text.contains(hidden), "{text}");
    }
    assert_eq!(text.matches("host-").count(), 2, "{text}");
    let name = text.split("host-").nth(1).unwrap().get(..8).unwrap();
    assert_eq!(
        text.matches(name).count(),
        2,
        "the same host is the same pseudonym: {text}"
    );
    assert!(text.contains("person-"), "{text}");
    assert!(!shown("path /srv/harbour/data").contains("harbour"));
    assert!(!shown("organization=HARBOUR").to_lowercase().contains("harbour"));
}

#[test]
fn values_in_errors_of_the_database_are_removed() {
    let text = shown("db error: ERROR: the value is taken DETAIL: Key (f12)=(late) already exists.");
    assert!(text.ends_with("DETAIL: [removed]"), "{text}");
    assert!(!shown("the status \"order is late\" is no choice").contains("late"));
}

#[test]
fn what_is_not_ours_becomes_a_pseudonym() {
    for hidden in [
        "srt_8hf7d2_kq93jd",
        "olga@example.org",
        "10.20.4.17",
        "fd12:3456::9",
        "DE89370400440532013000",
        "Okonkwo",
        "zxcvqwer",
        "server17.corp.lan",
        "/home/olga/key.pem",
        "S3cretPa55",
    ] {
        let text = shown(&format!("failed: value={hidden}, {hidden}; ({hidden})"));
        assert!(!text.contains(hidden), "{text}");
    }
}

#[test]
fn secrets_are_hidden_plain_in_hexadecimal_and_in_base64() {
    let secret = "seven quiet herons at dawn";
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = openssl::base64::encode_block(secret.as_bytes());
    for form in [secret, &hexadecimal, &base64] {
        let text = shown(&format!("password is {form}."));
        assert!(!text.contains(form) && !text.contains("herons"), "{text}");
    }
}

#[test]
fn another_bundle_has_other_pseudonyms() {
    let other = Redactor::new([8; 32]).text("olga@example.org");
    assert_ne!(other.as_str(), shown("olga@example.org"));
}

#[test]
fn nothing_steers_a_terminal() {
    assert!(!shown("failed\u{1b}[2Jfailed").contains('\u{1b}'));
}
