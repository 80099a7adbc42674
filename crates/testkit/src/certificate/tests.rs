//! Certificates as a strict verifier sees them.

use std::os::unix::fs::PermissionsExt;

use std::process::Command;

use super::*;

fn verify(files: &Files, name: &str) -> String {
    let output = Command::new("openssl")
        .args([
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-verify_hostname",
            name,
            "-CAfile",
        ])
        .args([&files.authority, &files.certificate])
        .output()
        .unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_strict_verifier_accepts_the_leaf_for_its_names_only() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::ensure(folder.path()).unwrap();
    assert!(
        verify(&files, "localhost").ends_with("OK\n"),
        "{}",
        verify(&files, "localhost")
    );
    assert!(verify(&files, "example.org").contains("hostname mismatch"));
    let text = Command::new("openssl")
        .args(["x509", "-noout", "-ext", "subjectAltName", "-in"])
        .arg(&files.certificate)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"),
        "{text}"
    );
}

#[test]
fn kept_files_stay_and_a_missing_one_renews_them() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::ensure(folder.path()).unwrap();
    let first = files.pin().unwrap();
    assert_eq!(
        fs::metadata(&files.key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(Files::ensure(folder.path()).unwrap().pin().unwrap(), first);
    fs::remove_file(&files.key).unwrap();
    assert_ne!(Files::ensure(folder.path()).unwrap().pin().unwrap(), first);
}
