//! An archive that is made in the background and kept for a day: fetched in parts, opened, and gone in time.

use crate::{
    archive::restore,
    export::{create, whole},
    fixture::{Site, field},
    import::{Worker, bytes},
};
use access::{Choice, DatasetRight, Policies, Role};
use jiff::{SignedDuration, Timestamp};
use openssl::sha::sha256;
use platform::{
    PlatformError, Workspace,
    export::kept::{self, KEPT, KeptState},
    file, lifecycle, member,
    narrowing::NamedNarrowing,
    policy::{self, OrganizationPolicy},
    upkeep::remove_abandoned,
};
use serde_json::json;
use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};
use testkit::wait_until;
use types::{FieldKind, JobId, ProblemCode};

const PATIENCE: Duration = Duration::from_secs(60);

/// A key pair of age; gives the public half.
fn key_in(folder: &Path) -> String {
    let file = folder.join("key.txt");
    let made = Command::new("age-keygen").arg("--output").arg(&file).output();
    assert!(made.unwrap().status.success());
    let text = fs::read_to_string(file).unwrap();
    let public = text.lines().find_map(|line| line.strip_prefix("# public key: "));
    public.unwrap().to_owned()
}

fn open_with(folder: &Path, sealed: &[u8]) -> Vec<u8> {
    let file = folder.join("acme.tar.age");
    fs::write(&file, sealed).unwrap();
    let key = folder.join("key.txt");
    let opened = Command::new("age")
        .args(["--decrypt", "--identity"])
        .arg(key)
        .arg(file)
        .output()
        .unwrap();
    assert!(opened.status.success(), "{opened:?}");
    opened.stdout
}

/// An organization whose archive has more than one chunk.
async fn fill(site: &Site) -> Workspace {
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        field("Name", FieldKind::Text),
        field("Scan", FieldKind::Attachment),
    ];
    site.dataset(&owner, "Goods", fields).await;
    let scan: Vec<u8> = (0..700_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let scan = file::store(&owner, "scan.bin", "image/png", bytes(scan))
        .await
        .unwrap();
    create(&owner, "goods", &json!({"name": "chair", "scan": scan.id})).await;
    owner
}

async fn ready(workspace: &Workspace, id: JobId) {
    let is_ready = async || {
        let kept = kept::list(workspace).await.unwrap();
        let kept = kept.into_iter().find(|kept| kept.id == id).unwrap();
        assert!(!matches!(kept.state, KeptState::Failed { .. }), "{kept:?}");
        matches!(kept.state, KeptState::Ready { .. })
    };
    wait_until(PATIENCE, "the archive", is_ready).await.unwrap();
}

fn code<T>(result: Result<T, PlatformError>) -> ProblemCode {
    result.err().unwrap().code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_archive_is_fetched_in_parts_and_opened_by_its_receiver_alone() {
    let site = Site::start().await;
    let owner = fill(&site).await;
    let folder = tempfile::tempdir().unwrap();
    let public = key_in(folder.path());
    let id = kept::ask(&owner, &public).await.unwrap();
    assert_eq!(code(kept::ask(&owner, &public).await), ProblemCode::Conflict);
    assert_eq!(code(kept::describe(&owner, id).await), ProblemCode::NotFound);
    let _worker = Worker::start(&site.platform);
    ready(&owner, id).await;

    let (about, stream) = kept::open(&owner, id, 0).await.unwrap();
    let sealed = whole(stream).await;
    assert_eq!(sealed.len() as u64, about.size);
    assert_eq!(hex::encode(sha256(&sealed)), about.sha256);
    assert_eq!(about.name, "acme.tar.age");
    let chunk = file::CHUNK_BYTES as u64;
    for from in [1, chunk - 1, chunk, chunk + 1, 2 * chunk + 17, about.size - 1] {
        let (_, stream) = kept::open(&owner, id, from).await.unwrap();
        let rest = whole(stream).await;
        assert!(rest == sealed[usize::try_from(from).unwrap()..], "from {from}");
    }
    assert_eq!(
        code(kept::open(&owner, id, about.size).await),
        ProblemCode::Invalid
    );
    assert!(!sealed.windows(5).any(|part| part == b"chair" || part == b"manif"));
    let globex = site.second_organization().await;
    let opened = open_with(folder.path(), &sealed);
    assert_eq!(restore(&globex, opened).await.unwrap().records, 1);

    // Whoever did not ask for it does not have it, and no other organization has.
    let accountant = site.as_role(Role::Accountant).await;
    assert_eq!(code(kept::open(&accountant, id, 0).await), ProblemCode::NotFound);
    assert_eq!(code(kept::open(&globex, id, 0).await), ProblemCode::NotFound);
    assert!(kept::list(&accountant).await.unwrap().is_empty());
    let viewer = site.as_role(Role::Viewer).await;
    assert_eq!(code(kept::ask(&viewer, &public).await), ProblemCode::NotAllowed);
    assert_eq!(code(kept::open(&viewer, id, 0).await), ProblemCode::NotAllowed);

    for _ in 1..kept::KEPT_MAX {
        let another = kept::ask(&owner, &public).await.unwrap();
        ready(&owner, another).await;
    }
    assert_eq!(
        code(kept::ask(&owner, &public).await),
        ProblemCode::Conflict,
        "a disk is filled by archives"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_archive_is_gone_after_its_day_and_stays_until_then() {
    let site = Site::start().await;
    let owner = fill(&site).await;
    let folder = tempfile::tempdir().unwrap();
    let id = kept::ask(&owner, &key_in(folder.path())).await.unwrap();
    let worker = Worker::start(&site.platform);
    ready(&owner, id).await;
    worker.kill();
    let later = |age: SignedDuration| Timestamp::now() + age;
    let minute = SignedDuration::from_mins(1);
    let removed = async |at: Timestamp| remove_abandoned(&site.platform, at).await.unwrap().files;
    assert_eq!(removed(later(KEPT - minute)).await, 0);
    kept::describe(&owner, id).await.unwrap();
    assert_eq!(removed(later(KEPT + minute)).await, 1);
    assert_eq!(code(kept::describe(&owner, id).await), ProblemCode::NotFound);
    assert_eq!(removed(later(KEPT + minute)).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_kept_for_a_key_that_is_none_or_in_a_cancelled_organization() {
    let site = Site::start().await;
    let owner = fill(&site).await;
    for key in ["", "age1", "a passphrase that is long enough"] {
        assert_eq!(code(kept::ask(&owner, key).await), ProblemCode::Invalid, "{key}");
    }
    let folder = tempfile::tempdir().unwrap();
    let public = key_in(folder.path());
    lifecycle::cancel(&owner).await.unwrap();
    let owner = site.as_role(Role::Owner).await;
    assert_eq!(code(kept::ask(&owner, &public).await), ProblemCode::Cancelled);
}

/// Whether owners and administrators may reveal; gives an owner under that policy.
async fn set_reveal(site: &Site, reveal: Choice) -> Workspace {
    let administrators = Policies {
        administrators_reveal: reveal,
        ..Policies::default()
    };
    let policy = OrganizationPolicy {
        administrators,
        ..OrganizationPolicy::default()
    };
    let owner = site.as_role(Role::Owner).await;
    policy::set(&owner, policy).await.unwrap();
    site.as_role(Role::Owner).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_see_less_since_fetches_no_more_than_they_might_make_now() {
    let site = Site::start().await;
    let owner = fill(&site).await;
    let fields = vec![field("Iban", FieldKind::SensitiveText)];
    site.dataset(&owner, "Accounts", fields).await;
    let folder = tempfile::tempdir().unwrap();
    let public = key_in(folder.path());
    let _worker = Worker::start(&site.platform);
    let masked = kept::ask(&owner, &public).await.unwrap();
    ready(&owner, masked).await;
    assert!(kept::describe(&owner, masked).await.is_ok(), "as it was made");

    let owner = set_reveal(&site, Choice::Allow).await;
    let clear = kept::ask(&owner, &public).await.unwrap();
    ready(&owner, clear).await;
    assert!(kept::describe(&owner, clear).await.is_ok());
    let owner = set_reveal(&site, Choice::Deny).await;
    assert_eq!(code(kept::open(&owner, clear, 0).await), ProblemCode::NotAllowed);
    assert!(kept::describe(&owner, masked).await.is_ok(), "it holds masks");

    let admin = site.as_role(Role::Administrator).await;
    let of_all = kept::ask(&admin, &public).await.unwrap();
    ready(&admin, of_all).await;
    let narrowing = NamedNarrowing {
        datasets: BTreeMap::from([("goods".to_owned(), DatasetRight::None)]),
        ..NamedNarrowing::default()
    };
    member::set_narrowing(&owner, site.account(Role::Administrator), &narrowing)
        .await
        .unwrap();
    let narrowed = site.as_role(Role::Administrator).await;
    assert_eq!(
        code(kept::open(&narrowed, of_all, 0).await),
        ProblemCode::NotAllowed
    );
}
