//! Who accounts are elsewhere.

use super::*;
use store::control::{
    identity::{self, Source, SourceKind},
    openid,
};
use types::SourceId;

fn source(last: u8) -> Source {
    Source {
        kind: SourceKind::OpenId,
        id: SourceId::new(1, [last; 10]),
    }
}

async fn tie(control: &Control, source: Source, subject: &str, account: AccountId) -> Result<(), StoreError> {
    let mut tx = control.begin().await?;
    identity::insert(&mut tx, source, subject, account, Timestamp::now()).await?;
    tx.commit(&entry(), &[]).await.map(drop)
}

#[tokio::test]
async fn a_subject_has_one_account_and_an_account_one_subject_of_a_source() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.org").await;
    let bob = new_account(&control, "bob@example.org").await;
    tie(&control, source(1), "u-1", ann).await.unwrap();
    let taken = |result: Result<(), StoreError>| match result {
        Err(StoreError::Taken { constraint }) => constraint,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        taken(tie(&control, source(1), "u-1", bob).await),
        "identity_taken"
    );
    assert_eq!(
        taken(tie(&control, source(1), "u-2", ann).await),
        "identity_one_of_source"
    );
    tie(&control, source(2), "u-1", bob).await.unwrap();
    let mut read = control.read().await.unwrap();
    let found = identity::find_account(&mut read, source(1), "u-1").await.unwrap();
    assert_eq!(found.unwrap().id, ann);
    let other_case = identity::find_account(&mut read, source(1), "U-1").await.unwrap();
    assert!(other_case.is_none(), "subjects are compared as they are");
}

#[tokio::test]
async fn an_answer_is_taken_once_however_many_ask_at_once() {
    let database = database().await;
    let control = control(&database).await;
    let take = async || {
        let mut keep = control.keep().await.unwrap();
        openid::take_answer(&mut keep, &[7; 32], Timestamp::now())
            .await
            .unwrap()
    };
    let (a, b, c) = tokio::join!(take(), take(), take());
    assert_eq!([a, b, c].into_iter().filter(|taken| *taken).count(), 1);
}
