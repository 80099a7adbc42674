//! Files: sealed at rest, whole or refused, bounded.

use crate::fixture::{Site, UPLOAD_BYTES_MAX};
use access::Role;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use openssl::sha::sha256;
use platform::{PlatformError, file};
use types::ProblemCode;

async fn whole(
    mut stream: impl futures_util::Stream<Item = Result<Bytes, PlatformError>> + Unpin,
) -> Result<Vec<u8>, PlatformError> {
    let mut whole = Vec::new();
    while let Some(piece) = stream.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole)
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|place| (place % 251) as u8).collect()
}

fn pieces(content: &[u8]) -> impl futures_util::Stream<Item = Result<Bytes, PlatformError>> + Unpin {
    let pieces: Vec<_> = content
        .chunks(100_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_many_chunks_comes_back_and_lies_sealed() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    for size in [0, 1, file::CHUNK_BYTES, file::CHUNK_BYTES * 3 + 17] {
        let content = content(size);
        let stored = file::store(&owner, "Vertrag.pdf", "application/pdf", pieces(&content))
            .await
            .unwrap();
        assert_eq!(
            (stored.size, stored.sha256.clone()),
            (size as i64, hex::encode(sha256(&content)))
        );
        let (view, stream) = file::open(&owner, stored.id).await.unwrap();
        assert_eq!(view, stored);
        assert!(whole(stream).await.unwrap() == content, "{size} bytes");
    }
    let client = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization";
    let schema: String = client.query_one(text, &[]).await.unwrap().get(0);
    let text =
        format!("SELECT count(*) FROM \"{schema}\"._file WHERE position('Vertrag'::bytea IN name) > 0");
    let clear: i64 = client.query_one(&text, &[]).await.unwrap().get(0);
    assert_eq!(clear, 0, "the name is sealed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swapped_and_lost_chunks_are_noticed() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let stored = file::store(&owner, "a", "text/plain", pieces(&content(file::CHUNK_BYTES * 3)))
        .await
        .unwrap();
    let client = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization";
    let schema: String = client.query_one(text, &[]).await.unwrap().get(0);
    let table = format!("\"{schema}\"._file_chunk");
    let id = stored.id;
    let damage = [
        format!("DELETE FROM {table} WHERE file_id = '{id}' AND number = 2"),
        format!(
            "UPDATE {table} SET number = 7 - number WHERE file_id = '{id}'; UPDATE {table} SET number = number - 6 WHERE file_id = '{id}'"
        ),
    ];
    for statement in damage {
        client.batch_execute(&statement).await.unwrap();
        let (_, stream) = file::open(&owner, id).await.unwrap();
        assert!(whole(stream).await.is_err(), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_or_has_a_card_number_for_a_name_is_refused() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let piece = Bytes::from(vec![0; 1 << 20]);
    let endless = stream::repeat_with(move || Ok(piece.clone())).take((UPLOAD_BYTES_MAX >> 20) as usize + 1);
    let refused = file::store(&owner, "a", "text/plain", Box::pin(endless))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::TooLarge);
    let refused = file::store(&owner, "4111 1111 1111 1111.pdf", "text/plain", pieces(b"x")).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::Invalid);
    let viewer = site.as_role(Role::Viewer).await;
    let refused = file::store(&viewer, "a", "text/plain", pieces(b"x"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
}
