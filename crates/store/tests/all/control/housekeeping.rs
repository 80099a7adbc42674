//! Jobs, idempotency keys, access events and observations: written without an entry.

use super::*;
use jiff::ToSpan;
use serde_json::json;
use store::control::{
    access_event::{self, AccessFilter, Whose},
    access_log,
    idempotency::{self, Begun},
    job::{self, JobEnd, JobStart, JobState, Lease},
    promise_observation,
};
use types::{JobId, PageSize};

fn job_of(start: JobStart, created_at: Timestamp) -> job::NewJob {
    job::NewJob {
        id: JobId::new(now_ms(), ten()),
        organization: None,
        account: None,
        kind: "import".to_owned(),
        start,
        payload: json!({}),
        created_at,
    }
}

#[tokio::test]
async fn jobs_are_claimed_once_oldest_first() {
    let database = database().await;
    let control = control(&database).await;
    let now = Timestamp::now();
    let (older, newer) = (
        job_of(JobStart::Waiting, now),
        job_of(JobStart::Waiting, now + 1.second()),
    );
    let mut keep = control.keep().await.unwrap();
    job::insert(&mut keep, newer.clone()).await.unwrap();
    job::insert(&mut keep, older.clone()).await.unwrap();
    let mut other = control.keep().await.unwrap();
    let until = now + 1.minute();
    let (one, two) = tokio::join!(
        job::claim_next(&mut keep, now, until),
        job::claim_next(&mut other, now, until)
    );
    let mut ids = [one.unwrap().unwrap().id, two.unwrap().unwrap().id];
    let mut expected = [older.id, newer.id];
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!(job::claim_next(&mut keep, now, until).await.unwrap(), None);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_again_three_times_at_most() {
    let database = database().await;
    let control = control(&database).await;
    let mut keep = control.keep().await.unwrap();
    let mut now = Timestamp::now();
    job::insert(&mut keep, job_of(JobStart::Waiting, now))
        .await
        .unwrap();
    let first = job::claim_next(&mut keep, now, now + 1.minute())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        job::extend_lease(&mut keep, &first, now + 2.minutes())
            .await
            .unwrap(),
        Lease::Held
    );
    for attempt in 2..=job::ATTEMPTS_MAX {
        now += 3.minutes();
        let again = job::claim_next(&mut keep, now, now + 1.minute())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (again.id, again.attempts, again.state),
            (first.id, attempt, JobState::Running)
        );
    }
    let late = job::finish(&mut keep, &first, JobEnd::Done(json!({})), now)
        .await
        .unwrap();
    assert_eq!(late, Lease::Lost);
    assert_eq!(
        job::set_progress(&mut keep, &first, &json!({})).await.unwrap(),
        Lease::Lost
    );
    now += 3.minutes();
    assert_eq!(
        job::claim_next(&mut keep, now, now + 1.minute()).await.unwrap(),
        None
    );
    assert_eq!(
        job::fail_exhausted(&mut keep, now, &json!("gave up"))
            .await
            .unwrap(),
        [first.id]
    );
    let failed = job::find(&mut keep, None, first.id).await.unwrap().unwrap();
    assert_eq!(
        (failed.state, failed.result),
        (JobState::Failed, Some(json!("gave up")))
    );
}

#[tokio::test]
async fn what_was_put_back_waits_for_its_time_and_counts_as_no_lost_claim() {
    let database = database().await;
    let control = control(&database).await;
    let mut keep = control.keep().await.unwrap();
    let mut now = Timestamp::now();
    job::insert(&mut keep, job_of(JobStart::Waiting, now))
        .await
        .unwrap();
    for failures in 0..2 * job::ATTEMPTS_MAX {
        let claimed = job::claim_next(&mut keep, now, now + 1.minute()).await.unwrap();
        let claimed = claimed.unwrap();
        assert_eq!(claimed.failures, failures);
        let later = now + 1.hour();
        let put_back = job::put_back(&mut keep, &claimed, later).await.unwrap();
        assert_eq!(put_back, Lease::Held);
        let again = job::put_back(&mut keep, &claimed, now).await.unwrap();
        assert_eq!(again, Lease::Lost);
        let early = later - 1.second();
        assert_eq!(
            job::claim_next(&mut keep, early, later).await.unwrap(),
            None,
            "it was not left in peace"
        );
        now = later;
    }
    for _ in 0..job::ATTEMPTS_MAX {
        assert_eq!(
            job::fail_exhausted(&mut keep, now, &json!("gave up"))
                .await
                .unwrap(),
            []
        );
        let claimed = job::claim_next(&mut keep, now, now + 1.minute()).await.unwrap();
        assert!(claimed.is_some(), "its worker died, not it");
        now += 2.minutes();
    }
    assert_eq!(
        job::claim_next(&mut keep, now, now + 1.minute()).await.unwrap(),
        None
    );
    let failed = job::fail_exhausted(&mut keep, now, &json!("gave up"))
        .await
        .unwrap();
    assert_eq!(failed.len(), 1);
}

#[tokio::test]
async fn a_draft_waits_for_its_release_and_a_cancelled_job_is_lost() {
    let database = database().await;
    let control = control(&database).await;
    let (acme, _) = new_organization(&control, "acme").await;
    let now = Timestamp::now();
    let mut keep = control.keep().await.unwrap();
    let draft = job::NewJob {
        organization: Some(acme),
        ..job_of(JobStart::Draft, now)
    };
    job::insert(&mut keep, draft.clone()).await.unwrap();
    assert_eq!(job::claim_next(&mut keep, now, now).await.unwrap(), None);
    let foreign = job::release(&mut keep, None, draft.id, &json!({})).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
    assert_eq!(job::find(&mut keep, None, draft.id).await.unwrap(), None);
    job::release(&mut keep, Some(acme), draft.id, &json!({"rows": 2}))
        .await
        .unwrap();
    let claimed = job::claim_next(&mut keep, now, now + 1.minute())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claimed.payload, json!({"rows": 2}));
    assert_eq!(
        job::set_progress(&mut keep, &claimed, &json!({"done": 1}))
            .await
            .unwrap(),
        Lease::Held
    );
    job::cancel(&mut keep, Some(acme), draft.id, now).await.unwrap();
    assert_eq!(
        job::extend_lease(&mut keep, &claimed, now + 1.hour())
            .await
            .unwrap(),
        Lease::Lost
    );
    let again = job::cancel(&mut keep, Some(acme), draft.id, now).await;
    assert!(matches!(again, Err(StoreError::NotFound)));
    let listed = job::list(&mut keep, Some(acme), PageSize::default())
        .await
        .unwrap();
    assert_eq!((listed.len(), listed[0].state), (1, JobState::Cancelled));
    assert_eq!(job::list(&mut keep, None, PageSize::default()).await.unwrap(), []);
}

#[tokio::test]
async fn one_of_two_equal_requests_is_fresh() {
    let database = database().await;
    let control = control(&database).await;
    let now = Timestamp::now();
    let (mut one, mut two) = (control.keep().await.unwrap(), control.keep().await.unwrap());
    let (first, second) = tokio::join!(
        idempotency::begin(&mut one, [1; 32], [2; 32], None, now),
        idempotency::begin(&mut two, [1; 32], [2; 32], None, now)
    );
    let begun = [first.unwrap(), second.unwrap()];
    assert!(
        begun.contains(&Begun::Fresh) && begun.contains(&Begun::Running),
        "{begun:?}"
    );
    let other = idempotency::begin(&mut one, [1; 32], [3; 32], None, now)
        .await
        .unwrap();
    assert_eq!(other, Begun::Mismatch);
    let much_later = now + 3.hours();
    let lost = idempotency::begin(&mut one, [1; 32], [2; 32], None, much_later).await;
    assert_eq!(lost.unwrap(), Begun::Lost, "whoever had it has died");
    idempotency::finish(&mut one, [1; 32], b"answer").await.unwrap();
    idempotency::abandon(&mut one, [1; 32]).await.unwrap();
    let done = idempotency::begin(&mut one, [1; 32], [2; 32], None, now)
        .await
        .unwrap();
    assert_eq!(done, Begun::Done(b"answer".to_vec()));
    assert_eq!(idempotency::purge(&mut one, now + 23.hours()).await.unwrap(), 0);
    assert_eq!(idempotency::purge(&mut one, now + 25.hours()).await.unwrap(), 1);
}

#[tokio::test]
async fn an_abandoned_request_may_be_sent_again() {
    let database = database().await;
    let control = control(&database).await;
    let mut keep = control.keep().await.unwrap();
    let now = Timestamp::now();
    assert_eq!(
        idempotency::begin(&mut keep, [1; 32], [2; 32], None, now)
            .await
            .unwrap(),
        Begun::Fresh
    );
    idempotency::abandon(&mut keep, [1; 32]).await.unwrap();
    assert_eq!(
        idempotency::begin(&mut keep, [1; 32], [2; 32], None, now)
            .await
            .unwrap(),
        Begun::Fresh
    );
}

fn event_of(account: AccountId, organization: Option<OrganizationId>) -> access_event::NewAccessEvent {
    access_event::NewAccessEvent {
        at: Timestamp::now(),
        account: Some(account),
        organization,
        action: "sign-in".to_owned(),
        outcome: "done".to_owned(),
        status: Some(200),
        method: "password".to_owned(),
        address: "192.0.2.1".to_owned(),
        device: "a browser".to_owned(),
        request_id: "1".to_owned(),
    }
}

#[tokio::test]
async fn access_events_are_listed_to_their_own() {
    let database = database().await;
    let control = control(&database).await;
    let (ann, bob) = (AccountId::new(1, ten()), AccountId::new(2, ten()));
    let acme = OrganizationId::new(1, ten());
    let mut keep = control.keep().await.unwrap();
    let events = [
        event_of(ann, None),
        event_of(bob, Some(acme)),
        event_of(ann, Some(acme)),
    ];
    access_event::insert_many(&mut keep, &events).await.unwrap();
    access_event::insert_many(&mut keep, &[]).await.unwrap();
    let page = PageSize::new(1).unwrap();
    let mut of_ann = async |before| {
        let all = AccessFilter::default();
        access_event::list(&mut keep, Whose::Account(ann), &all, page, before)
            .await
            .unwrap()
    };
    let newest = of_ann(None).await;
    assert_eq!(newest.events[0].organization_id, Some(acme));
    let older = of_ann(newest.looked_until.map(|(id, _)| id)).await;
    assert_eq!((older.events.len(), older.events[0].organization_id), (1, None));
    let end = of_ann(older.looked_until.map(|(id, _)| id)).await;
    assert_eq!(end, access_event::Found::default());
}

#[tokio::test]
async fn an_organizations_log_has_every_way_in_of_its_members_and_an_index_names_them() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.com").await;
    let (acme, _) = new_organization(&control, "acme").await;
    join(&control, acme, ann, Role::Viewer).await;
    let bob = AccountId::new(2, ten());
    let ways = [
        "sign-in",
        "sign-in-begun",
        "sign-in-code",
        "sign-in-key",
        "openid",
        "sign-out",
        "break-glass",
    ];
    let event = |account, action: &str| access_event::NewAccessEvent {
        action: action.to_owned(),
        ..event_of(account, None)
    };
    let mut events: Vec<_> = ways.iter().map(|action| event(ann, action)).collect();
    // What a member does elsewhere, and who is no member, is not this organization's business.
    events.extend([event(ann, "GET /account"), event(bob, "sign-in-code")]);
    let mut keep = control.keep().await.unwrap();
    access_event::insert_many(&mut keep, &events).await.unwrap();
    let (whose, all) = (Whose::Organization(acme), AccessFilter::default());
    let found = access_event::list(&mut keep, whose, &all, PageSize::default(), None);
    let found = found.await.unwrap().events.into_iter();
    let mut found: Vec<_> = found.map(|event| event.action).collect();
    found.reverse();
    assert_eq!(found, ways);
    let text = "SELECT indexdef FROM pg_indexes WHERE indexname = 'access_event_way_in'";
    let index: String = superuser(&database)
        .await
        .query_one(text, &[])
        .await
        .unwrap()
        .get(0);
    assert!(
        ways.iter().all(|way| index.contains(&format!("'{way}'"))),
        "{index}"
    );
}

#[tokio::test]
async fn access_events_of_an_organization_are_narrowed() {
    let database = database().await;
    let control = control(&database).await;
    let (ann, bob) = (AccountId::new(1, ten()), AccountId::new(2, ten()));
    let acme = OrganizationId::new(1, ten());
    let mut keep = control.keep().await.unwrap();
    let events = [
        event_of(ann, None),
        event_of(bob, Some(acme)),
        event_of(ann, Some(acme)),
    ];
    access_event::insert_many(&mut keep, &events).await.unwrap();
    let mut of = async |filter: AccessFilter| {
        let whose = Whose::Organization(acme);
        let found = access_event::list(&mut keep, whose, &filter, PageSize::default(), None);
        let found = found.await.unwrap().events.into_iter();
        found.filter_map(|event| event.account_id).collect::<Vec<_>>()
    };
    let all = AccessFilter::default();
    assert_eq!(of(all.clone()).await, [ann, bob]);
    let (account, outcome) = (Some(bob), Some("refused".to_owned()));
    assert_eq!(
        of(AccessFilter {
            account,
            ..all.clone()
        })
        .await,
        [bob]
    );
    assert!(
        of(AccessFilter {
            outcome,
            ..all.clone()
        })
        .await
        .is_empty()
    );
    let (from, until) = (Timestamp::now() + 1.hours(), Timestamp::now() - 1.hours());
    assert!(
        of(AccessFilter {
            from: Some(from),
            ..all.clone()
        })
        .await
        .is_empty()
    );
    assert!(
        of(AccessFilter {
            until: Some(until),
            ..all.clone()
        })
        .await
        .is_empty()
    );
    let day = AccessFilter {
        from: Some(until),
        until: Some(from),
        ..all
    };
    assert_eq!(of(day).await, [ann, bob]);
}

#[tokio::test]
async fn the_newest_thousand_observations_stay() {
    let database = database().await;
    let control = control(&database).await;
    let fill = "INSERT INTO strongroom.promise_observation
        SELECT 'a', now() - make_interval(secs => n), to_jsonb(n) FROM generate_series(1, 1002) n";
    superuser(&database).await.batch_execute(fill).await.unwrap();
    let mut keep = control.keep().await.unwrap();
    promise_observation::insert(&mut keep, "b", Timestamp::now(), &json!(7))
        .await
        .unwrap();
    assert_eq!(promise_observation::trim(&mut keep, "a").await.unwrap(), 2);
    assert_eq!(promise_observation::trim(&mut keep, "a").await.unwrap(), 0);
    let newest = promise_observation::newest_of_all(&mut keep).await.unwrap();
    let newest: Vec<_> = newest
        .iter()
        .map(|one| (one.promise_id.as_str(), &one.observation))
        .collect();
    assert_eq!(newest, [("a", &json!(1)), ("b", &json!(7))]);
    let history = promise_observation::history(&mut keep, "a", PageSize::new(2).unwrap())
        .await
        .unwrap();
    assert_eq!(
        history.iter().map(|one| &one.observation).collect::<Vec<_>>(),
        [&json!(1), &json!(2)]
    );
}

#[tokio::test]
async fn a_filter_that_matches_nothing_says_how_far_it_looked_and_goes_on_from_there() {
    let database = database().await;
    let control = control(&database).await;
    let acme = OrganizationId::new(1, ten());
    let superuser = superuser(&database).await;
    let many = access_event::SCAN_MAX * 2 + 500;
    let text = "INSERT INTO strongroom.access_event
            (at, organization_id, action, outcome, method, address, device, request_id)
        SELECT now() - (g / 2) * interval '1 millisecond', $1, 'record.list', 'done', 'token', '192.0.2.1', 'x', g::text
        FROM generate_series(1, $2::bigint) g";
    superuser.execute(text, &[&acme.0, &many]).await.unwrap();
    superuser
        .batch_execute("ANALYZE strongroom.access_event")
        .await
        .unwrap();
    let mut keep = control.keep().await.unwrap();
    let filter = AccessFilter {
        address: Some("203.0.113.".to_owned()),
        ..AccessFilter::default()
    };
    let (mut before, mut pages) = (None, 0);
    let began = std::time::Instant::now();
    loop {
        let whose = Whose::Organization(acme);
        let found = access_event::list(&mut keep, whose, &filter, PageSize::default(), before)
            .await
            .unwrap();
        assert!(found.events.is_empty());
        pages += 1;
        match found.looked_until {
            Some((id, _)) => before = Some(id),
            None => break,
        }
    }
    assert_eq!(pages, 3, "two full looks and what is left");
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    // Everything is found once, over events of the same instant too.
    let all = AccessFilter {
        address: Some("192.0.2.".to_owned()),
        ..AccessFilter::default()
    };
    let (mut before, mut seen) = (None, std::collections::BTreeSet::new());
    let (mut count, size) = (0_i64, PageSize::new(PageSize::MAX).unwrap());
    loop {
        let whose = Whose::Organization(acme);
        let found = access_event::list(&mut keep, whose, &all, size, before)
            .await
            .unwrap();
        count += i64::try_from(found.events.len()).unwrap();
        seen.extend(found.events.iter().map(|event| event.id));
        match found.looked_until {
            Some((id, _)) if count < 3_000 => before = Some(id),
            Some(_) | None => break,
        }
    }
    assert_eq!(seen.len(), usize::try_from(count).unwrap());
}

#[tokio::test]
async fn old_months_go_with_an_entry_and_never_the_last_three() {
    let database = database().await;
    let control = control(&database).await;
    let superuser = superuser(&database).await;
    let old = "INSERT INTO strongroom.access_event (at, action, outcome, method, address, device, request_id)
        VALUES (now() - interval '1 day', 'a', 'done', 'none', '', '', '');
        ALTER TABLE strongroom.access_event DETACH PARTITION strongroom.access_event_before;
        ALTER TABLE strongroom.access_event ATTACH PARTITION strongroom.access_event_before
            FOR VALUES FROM (MINVALUE) TO ('2025-01-01 00:00:00+00')";
    superuser
        .batch_execute(&old.replace("now() - interval '1 day'", "'2024-05-05'"))
        .await
        .unwrap();
    let none = control.begin().await.unwrap();
    let mut tx = none;
    assert_eq!(access_log::trim(&mut tx, 120).await.unwrap(), 0);
    assert_eq!(access_log::trim(&mut tx, 13).await.unwrap(), 1);
    tx.commit(&entry(), &[]).await.unwrap();
    let mut read = control.read().await.unwrap();
    let gone = access_log::list_trimmed(&mut read, 10).await.unwrap();
    assert_eq!((gone.len(), gone[0].events), (1, 1));
    // What the program could ask for to hide its traces.
    let mut tx = control.begin().await.unwrap();
    assert_eq!(access_log::trim(&mut tx, 0).await.unwrap(), 0);
    tx.close().await.unwrap();
    let mut keep = control.keep().await.unwrap();
    access_log::prepare(&mut keep, 3).await.unwrap();
    assert_eq!(access_log::prepare(&mut keep, 3).await.unwrap(), 0);
    let figures = access_log::figures(&mut read, 60).await.unwrap();
    assert!(figures.months_ahead >= 4 && !figures.is_writable, "{figures:?}");
}
