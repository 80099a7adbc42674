//! An archive encrypted on its way out, opened by Debian's `age`: for a passphrase and for a public key; and what does not open.

use crate::{
    archive::{goods, restore},
    export::whole,
    fixture::Site,
};
use access::Role;
use platform::{
    PlatformError, Workspace,
    export::{Envelope, sealed_archive},
};
use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};
use types::ProblemCode;
use vault::SecretText;

const PASSPHRASE: &str = "pickle orbit lantern seven";

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn for_passphrase(text: &str) -> Result<Envelope, PlatformError> {
    Envelope::for_passphrase(secret(text), &secret(text))
}

async fn sealed(workspace: &Workspace, envelope: Envelope) -> Vec<u8> {
    whole(sealed_archive(workspace, envelope).await.unwrap()).await
}

/// Opens a file with a passphrase, which the tool reads from a terminal only.
fn open_with_passphrase(file: &Path, passphrase: &str) -> Output {
    let command = format!("age --decrypt --output {}.tar {}", file.display(), file.display());
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = script.stdin.take().unwrap();
    // The terminal is asked after it was opened; what is typed before that is kept for it.
    writeln!(stdin, "{passphrase}").unwrap();
    let output = script.wait_with_output().unwrap();
    drop(stdin);
    output
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_for_a_passphrase_is_opened_by_age_and_restored() {
    let site = Site::start().await;
    goods(&site).await;
    let owner = site.as_role(Role::Owner).await;
    let file = sealed(&owner, for_passphrase(PASSPHRASE).unwrap()).await;
    assert!(!file.windows(5).any(|part| part == b"chair" || part == b"manif"));
    let globex = site.second_organization().await;
    let refused = restore(&globex, file.clone()).await.unwrap_err();
    let told = refused
        .errors
        .iter()
        .any(|error| error.message.contains("age --decrypt"));
    assert!(refused.code == ProblemCode::Invalid && told, "{refused:?}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.age");
    fs::write(&path, &file).unwrap();
    let wrong = open_with_passphrase(&path, "pickle orbit lantern eight");
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(
        !wrong.status.success() && said.contains("incorrect passphrase"),
        "{said}"
    );
    let right = open_with_passphrase(&path, PASSPHRASE);
    assert!(right.status.success(), "{right:?}");
    let tar = fs::read(folder.path().join("acme.age.tar")).unwrap();
    assert_eq!(restore(&globex, tar).await.unwrap().records, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_for_a_public_key_is_opened_by_its_holder_and_by_nobody_when_it_was_cut_or_changed() {
    let site = Site::start().await;
    goods(&site).await;
    let owner = site.as_role(Role::Owner).await;
    let folder = tempfile::tempdir().unwrap();
    let identity = folder.path().join("key.txt");
    let made = Command::new("age-keygen")
        .arg("--output")
        .arg(&identity)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = fs::read_to_string(&identity).unwrap();
    let public = text
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .unwrap();
    let file = sealed(&owner, Envelope::for_key(public).unwrap()).await;
    let open = |bytes: &[u8]| {
        let path = folder.path().join("acme.age");
        fs::write(&path, bytes).unwrap();
        Command::new("age")
            .args(["--decrypt", "--identity"])
            .arg(&identity)
            .arg(&path)
            .output()
            .unwrap()
    };
    let right = open(&file);
    assert!(right.status.success(), "{right:?}");
    let globex = site.second_organization().await;
    assert_eq!(restore(&globex, right.stdout).await.unwrap().records, 1);
    assert!(
        !open(&file[..file.len() - 1]).status.success(),
        "one byte is missing"
    );
    assert!(
        !open(&file[..file.len() / 2]).status.success(),
        "half of it is missing"
    );
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(!open(&changed).status.success(), "a bit was changed");
    let mut other = file;
    let at = other.windows(3).position(|part| part == b"-> ").unwrap() + 12;
    other[at] = if other[at] == b'A' { b'B' } else { b'A' };
    assert!(!open(&other).status.success(), "the header was changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_open_for_everybody_or_for_nobody_is_refused() {
    let pointer = |error: PlatformError| error.errors[0].pointer.clone();
    for short in [
        "",
        "short",
        "fifteen letters",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "passwordpassword",
        "with\na second line of it",
    ] {
        assert_eq!(
            pointer(for_passphrase(short).err().unwrap()),
            "/passphrase",
            "{short:?}"
        );
    }
    let differs = Envelope::for_passphrase(secret(PASSPHRASE), &secret("pickle orbit lantern eight"));
    assert_eq!(pointer(differs.err().unwrap()), "/again");
    for key in [
        "",
        "age1",
        "AGE-SECRET-KEY-1QQQQ",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
    ] {
        assert_eq!(
            pointer(Envelope::for_key(key).err().unwrap()),
            "/recipient",
            "{key:?}"
        );
    }
    let site = Site::start().await;
    goods(&site).await;
    let viewer = site.as_role(Role::Viewer).await;
    let refused = sealed_archive(&viewer, for_passphrase(PASSPHRASE).unwrap()).await;
    assert_eq!(refused.err().unwrap().code, ProblemCode::NotAllowed);
}
