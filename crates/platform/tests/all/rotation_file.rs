//! Rotating an organization's key while it has files: nothing stays under the old version, whoever reads, uploads or
//! dies meanwhile.

use crate::{
    check::{create, ledger},
    fixture::Site,
    import::Worker,
    rotation::{is_clean, wait_until_done},
};
use access::Role;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use platform::{
    Caller, PlatformError, Workspace,
    file::{self, CHUNK_BYTES, FileView},
    rotation,
};
use std::time::Duration;
use testkit::wait_until;
use tokio_postgres::Client;

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|place| (place % 251) as u8).collect()
}

async fn store(workspace: &Workspace, bytes: usize) -> FileView {
    let pieces: Vec<_> = content(bytes)
        .chunks(100_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    file::store(workspace, "a.bin", "application/pdf", stream::iter(pieces))
        .await
        .unwrap()
}

async fn read(workspace: &Workspace, stored: &FileView) -> Vec<u8> {
    let (view, mut stream) = file::open(workspace, stored.id).await.unwrap();
    assert_eq!(view.name, "a.bin");
    let mut whole = Vec::new();
    while let Some(piece) = stream.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    whole
}

async fn schema(superuser: &Client) -> String {
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
    superuser.query_one(text, &[]).await.unwrap().get(0)
}

/// How many of everything that is sealed name this version: chunks, names of files, values, blind indexes, record keys
/// and the login's password.
async fn under(site: &Site, version: u8) -> [i64; 6] {
    let superuser = site.superuser().await;
    let schema = schema(&superuser).await;
    let text = format!(
        "SELECT (SELECT count(*) FROM {schema}._file_chunk WHERE substr(sealed, 2, 4) = $1),
            (SELECT count(*) FROM {schema}._file WHERE substr(name, 2, 4) = $1),
            (SELECT count(*) FROM {schema}.d1 WHERE substr(f3, 2, 4) = $1),
            (SELECT count(*) FROM {schema}.d1 WHERE substr(f3_blind, 1, 4) = $1),
            (SELECT count(*) FROM {schema}.d1 WHERE substr(record_key, 18, 4) = $1),
            (SELECT count(*) FROM strongroom.organization WHERE slug = 'acme' AND substr(login, 2, 4) = $1)"
    );
    let version = [0, 0, 0, version];
    let row = superuser.query_one(&text, &[&version.as_slice()]).await.unwrap();
    [0, 1, 2, 3, 4, 5].map(|column| row.get(column))
}

async fn rotate(site: &Site) {
    rotation::rotate(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rotation_no_file_value_key_or_password_names_the_old_version() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    let sizes = [0, 1, CHUNK_BYTES, CHUNK_BYTES * 20 + 17];
    let mut files = Vec::new();
    for size in sizes {
        files.push(store(&owner, size).await);
    }
    assert_eq!(under(&site, 1).await, [23, 4, 1, 1, 1, 1]);
    rotate(&site).await;
    let worker = Worker::start(&site.platform);
    let status = wait_until_done(&site).await;
    drop(worker);
    let result = status.result.clone().unwrap();
    assert_eq!(
        (&result["files"], &result["left"]),
        (&4.into(), &0.into()),
        "{result}"
    );
    assert!(status.files >= 4, "{status:?}");
    assert_eq!(under(&site, 1).await, [0; 6]);
    assert_eq!(under(&site, 2).await, [23, 4, 1, 1, 1, 1]);
    let owner = site.as_role(Role::Owner).await;
    for (size, stored) in sizes.iter().zip(&files) {
        assert!(read(&owner, stored).await == content(*size), "{size} bytes");
    }
    // Each batch of chunks and of names has its entry, besides that of the records.
    let superuser = site.superuser().await;
    let text = format!(
        "SELECT count(*) FROM {}._entry WHERE kind = 5",
        schema(&superuser).await
    );
    let entries: i64 = superuser.query_one(&text, &[]).await.unwrap().get(0);
    assert_eq!(entries, 2 + 1 + 1);
    assert!(is_clean(&site).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_dies_in_the_middle_of_a_file_ends_when_it_runs_again() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let bytes = CHUNK_BYTES * 40;
    let stored = store(&owner, bytes).await;
    rotate(&site).await;
    // Holds the job up at the 33rd chunk.
    let superuser = site.superuser().await;
    let schema = schema(&superuser).await;
    let hold = format!("BEGIN; SELECT FROM {schema}._file_chunk WHERE number = 32 FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    let worker = Worker::start(&site.platform);
    wait_until(Duration::from_secs(30), "two batches being moved", async || {
        under(&site, 2).await[0] == 32
    })
    .await
    .unwrap();
    worker.kill();
    superuser.batch_execute("ROLLBACK").await.unwrap();
    let half = site.as_role(Role::Owner).await;
    assert!(read(&half, &stored).await == content(bytes), "half-way it reads");
    let over = "UPDATE strongroom.job SET lease_until = now() - interval '1 second' WHERE state = 'running'";
    superuser.batch_execute(over).await.unwrap();
    let worker = Worker::start(&site.platform);
    let status = wait_until_done(&site).await;
    drop(worker);
    assert_eq!(status.state.as_deref(), Some("done"), "{status:?}");
    assert_eq!(
        (under(&site, 1).await[..2].to_vec(), under(&site, 2).await[0]),
        (vec![0, 0], 40)
    );
    let owner = site.as_role(Role::Owner).await;
    assert!(read(&owner, &stored).await == content(bytes));
    assert!(is_clean(&site).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_began_before_a_rotation_reads_to_its_end() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let bytes = CHUNK_BYTES * 60;
    let stored = store(&owner, bytes).await;
    let (_, mut stream) = file::open(&owner, stored.id).await.unwrap();
    let mut whole = stream.next().await.unwrap().unwrap().to_vec();
    rotate(&site).await;
    let worker = Worker::start(&site.platform);
    wait_until_done(&site).await;
    drop(worker);
    assert_eq!(under(&site, 1).await[0], 0);
    while let Some(piece) = stream.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    assert!(whole == content(bytes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_began_before_a_rotation_is_waited_for() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, PlatformError>>(1);
    let pieces = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let uploading = owner.clone();
    let upload =
        tokio::spawn(
            async move { file::store(&uploading, "a.bin", "application/pdf", Box::pin(pieces)).await },
        );
    let piece = || Ok(Bytes::from(content(CHUNK_BYTES)));
    for _ in 0..3 {
        sender.send(piece()).await.unwrap();
    }
    rotate(&site).await;
    let worker = Worker::start(&site.platform);
    // The job has gone over everything that it can see, and the password of the login first.
    wait_until(
        Duration::from_secs(30),
        "the login being sealed anew",
        async || under(&site, 2).await[5] == 1,
    )
    .await
    .unwrap();
    // Another upload goes its way meanwhile, under the new version.
    let later = store(&site.as_role(Role::Owner).await, CHUNK_BYTES).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let status = rotation::status(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    assert_eq!(status.state.as_deref(), Some("running"), "{status:?}");
    sender.send(piece()).await.unwrap();
    drop(sender);
    let stored = upload.await.unwrap().unwrap();
    wait_until_done(&site).await;
    drop(worker);
    assert_eq!((under(&site, 1).await[0], under(&site, 2).await[0]), (0, 5));
    let owner = site.as_role(Role::Owner).await;
    let whole: Vec<u8> = (0..4).flat_map(|_| content(CHUNK_BYTES)).collect();
    assert!(read(&owner, &stored).await == whole);
    assert_eq!(read(&owner, &later).await.len(), CHUNK_BYTES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_of_the_organizations_login_seals_no_file_anew_without_an_entry_of_rotation() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let stored = store(&owner, 1).await;
    let superuser = site.superuser().await;
    let schema = schema(&superuser).await;
    let login = format!("SET SESSION AUTHORIZATION {schema}");
    superuser.batch_execute(&login).await.unwrap();
    let forged = "decode('0100000009', 'hex')";
    for (statement, code) in [
        (
            format!("SELECT {schema}._reseal_chunk('{}', 0, {forged})", stored.id),
            "SR001",
        ),
        (
            format!("SELECT {schema}._reseal_file_name('{}', {forged})", stored.id),
            "SR001",
        ),
        (
            format!("UPDATE {schema}._file_chunk SET sealed = {forged}"),
            "42501",
        ),
        (format!("UPDATE {schema}._file SET name = {forged}"), "42501"),
    ] {
        let refused = superuser.batch_execute(&statement).await.unwrap_err();
        assert_eq!(refused.code().map(|code| code.code()), Some(code), "{statement}");
    }
    assert!(read(&owner, &stored).await == content(1));
}
