//! When the promise breaks.

use super::scene::{Scene, approve};
use crate::{
    check::tamper,
    lifecycle::code,
    promise::{assert_broken, assert_kept},
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use platform::person;
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_breaks_when_a_request_is_overdue_approved_by_one_or_undone_behind_our_back() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    assert_kept(&scene.site, "data-subject-rights").await;
    let overdue = "UPDATE {o}._person_request SET received_on = received_on - 40, due_on = due_on - 40";
    tamper(&scene.site, overdue).await;
    assert_broken(&scene.site, "data-subject-rights", "was due on").await;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let late = person::extend(&scene.asker, id, today.saturating_add(70.days()), "many records").await;
    assert_eq!(code(late), ProblemCode::Invalid, "three months at most");
    person::extend(&scene.asker, id, today.saturating_add(7.days()), "many records")
        .await
        .unwrap();
    let again = person::extend(&scene.asker, id, today.saturating_add(8.days()), "more records").await;
    assert_eq!(code(again), ProblemCode::Conflict);
    assert_kept(&scene.site, "data-subject-rights").await;
    approve(&scene.owner, id).await.unwrap();
    assert_kept(&scene.site, "data-subject-rights").await;
    let photo = scene.photo;
    let back = format!(
        "INSERT INTO {{o}}._file (id, purpose, name, media_type, size, sha256, created_by)
            VALUES ('{photo}', 'attachment', '\\x00', 'image/jpeg', 1, '\\x00', '{photo}')"
    );
    tamper(&scene.site, &back).await;
    assert_broken(&scene.site, "data-subject-rights", "is there, although request").await;
    tamper(
        &scene.site,
        &format!("DELETE FROM {{o}}._file WHERE id = '{photo}'"),
    )
    .await;
    let own = "ALTER TABLE {o}._person_request DROP CONSTRAINT person_request_own;
        UPDATE {o}._person_request SET approved_by = asked_by";
    tamper(&scene.site, own).await;
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "was approved by whoever wanted it",
    )
    .await;
    tamper(
        &scene.site,
        "ALTER TABLE {o}._person_hit DISABLE TRIGGER keep_person_hit",
    )
    .await;
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "the trigger keep_person_hit is missing",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_breaks_when_what_was_erased_has_a_version_again_or_a_search_cannot_read() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    approve(&scene.owner, id).await.unwrap();
    let plain = scene.records["plain"];
    tamper(
        &scene.site,
        &format!("UPDATE {{o}}._entry SET kind = 1 WHERE id = (SELECT entry_id FROM {{o}}._image WHERE record_id = '{plain}' ORDER BY version DESC LIMIT 1)"),
    )
    .await;
    assert_broken(&scene.site, "data-subject-rights", "is no erasure").await;
    let other = scene.records["other"];
    tamper(
        &scene.site,
        &format!("UPDATE {{o}}._image SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE record_id = '{other}'"),
    )
    .await;
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "does not open, so that no search",
    )
    .await;
}
