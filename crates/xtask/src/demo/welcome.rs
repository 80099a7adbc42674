//! What the demo says when everything runs: where, who, how to trust it, how to use it from a terminal.

use std::fmt::Write;
use std::fs;

use anyhow::Result;
use openssl::hash::MessageDigest;
use openssl::x509::X509;
use testkit::secret;

use super::Demo;
use super::people::{OPERATOR, OWNER, PEOPLE, SLUG};

/// Prints it, and keeps it in a file that only we can read.
pub(super) fn print(demo: &Demo<'_>) -> Result<()> {
    let text = text(demo)?;
    secret::write_private(&demo.folder.join("welcome.txt"), &text)?;
    print!("{text}");
    Ok(())
}

fn text(demo: &Demo<'_>) -> Result<String> {
    let mut text = String::new();
    let address = format!("https://localhost:{}", demo.ports.https);
    writeln!(text, "\nStrongroom is at {address}/\n")?;
    writeln!(text, "  {:14} {:24} password", "role", "e-mail")?;
    for person in PEOPLE.into_iter().chain([OPERATOR]) {
        let password = person.password(demo.folder)?;
        writeln!(text, "  {:14} {:24} {password}", person.role, person.email)?;
    }
    writeln!(
        text,
        "\n  The operator looks after the appliance ({address}/appliance), and sets up an authenticator app at the first sign-in."
    )?;
    let authority = &demo.certificates.authority;
    let print = fingerprint(&fs::read(authority)?)?;
    writeln!(
        text,
        "\n  Your browser will warn: the certificate is of this demo's own authority."
    )?;
    writeln!(
        text,
        "  Trust {} (SHA-256 {print}), or go on.",
        authority.display()
    )?;
    writeln!(text, "\n  curl --cacert {} \\", authority.display())?;
    writeln!(
        text,
        "       -H \"Authorization: Bearer $(cat {})\" \\",
        OWNER.token_file(demo.folder).display()
    )?;
    writeln!(text, "       {address}/api/v1/organizations/{SLUG}/datasets")?;
    writeln!(text, "\n  data, logs, this text: {}", demo.folder.display())?;
    writeln!(text, "  Ctrl-C stops everything; the data stays.\n")?;
    Ok(text)
}

/// As browsers show it: SHA-256 of the certificate, in pairs of digits.
fn fingerprint(pem: &[u8]) -> Result<String> {
    let digest = X509::from_pem(pem)?.digest(MessageDigest::sha256())?;
    Ok(digest
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":"))
}
