//! The promise crypto-agility: every sealed thing names a key that is there, is moved to the newest, and no key is too old.

use crate::{
    check::tamper,
    import::Worker,
    promise::{assert_broken, assert_kept, check, start},
    rotation::wait_until_done,
};
use platform::{Caller, rotation};
use promises::State;

const ID: &str = "crypto-agility";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_keeps_crypto_agility_before_during_and_after() {
    let site = start().await;
    assert_kept(&site, ID).await;
    rotation::rotate(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    let verdict = check(&site.platform, ID).await;
    assert_eq!(verdict.state, State::Kept, "a job waits: {verdict:?}");
    let fact = |name: &str| verdict.facts.iter().any(|fact| fact.value.contains(name));
    assert!(fact("1 of 11, 9 %"), "globex has its login only: {verdict:?}");
    let worker = Worker::start(&site.platform);
    wait_until_done(&site).await;
    drop(worker);
    let verdict = check(&site.platform, ID).await;
    assert_eq!(verdict.state, State::Kept, "{verdict:?}");
    assert!(
        verdict.facts.iter().any(|fact| fact.value == "11 of 11, 100 %"),
        "{verdict:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_version_an_old_key_or_a_job_that_failed_breaks_crypto_agility() {
    let old_key = "UPDATE strongroom.organization_key SET created_at = now() - interval '366 days 1 hour'
        WHERE organization_id = (SELECT id FROM strongroom.organization WHERE slug = 'acme')";
    let failed = "INSERT INTO strongroom.job (id, organization_id, kind, payload, state)
        SELECT gen_random_uuid(), id, 'reencrypt', '{}', 'failed' FROM strongroom.organization WHERE slug = 'acme'";
    for (sql, what) in [
        (
            "UPDATE {o}.d1 SET f3 = set_byte(f3, 4, 9)",
            "3 values name algorithm 1, key version 9",
        ),
        ("UPDATE {o}.d1 SET f3 = set_byte(f3, 0, 7)", "name algorithm 7"),
        (
            "UPDATE {o}.d1 SET record_key = set_byte(record_key, 20, 9)",
            "record keys name algorithm 1, key version 9",
        ),
        (
            "UPDATE {o}.d1 SET f3_blind = '\\x00' WHERE id = (SELECT id FROM {o}.d1 ORDER BY id LIMIT 1)",
            "blind indexes name algorithm 0",
        ),
        (
            "UPDATE {o}._entry SET header = set_byte(header, 4, 9)",
            "headers of entries name",
        ),
        (
            "UPDATE strongroom.organization SET login = set_byte(login, 4, 9) WHERE slug = 'acme'",
            "passwords of the database login name",
        ),
        (old_key, "the key is 366 days old"),
        (failed, "the job that seals anew failed"),
    ] {
        let site = start().await;
        assert_kept(&site, ID).await;
        tamper(&site, sql).await;
        assert_broken(&site, ID, what).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_no_job_moves_to_the_newest_version_break_crypto_agility() {
    let site = start().await;
    rotation::rotate(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    tamper(&site, "UPDATE strongroom.job SET state = 'cancelled'").await;
    assert_broken(
        &site,
        ID,
        "3 values are under key version 1, and no job moves them to 2",
    )
    .await;
}
