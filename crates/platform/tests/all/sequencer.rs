//! The sequencer against a real database: dense, once each, whoever dies; the database refuses what does not match; whose
//! leaves they were is forgotten with the organization.

use crate::{
    check::{create, ledger, tamper},
    deletion::DUE,
    fixture::{SLUG, Site, field},
    lifecycle::with_a_note,
};
use audit::{Leaf, LeafKind, merkle::Hash};
use jiff::Timestamp;
use platform::{
    Caller, Workspace,
    check::{self, FaultCode},
    deletion, record,
    sequencer::{self, HEARTBEAT_MS},
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use tokio::sync::watch;
use types::FieldKind;

/// Every leaf, in order.
async fn leaves(site: &Site) -> Vec<Leaf> {
    let text = "SELECT index, leaf FROM strongroom.audit_leaf ORDER BY index";
    let rows = site.superuser().await.query(text, &[]).await.unwrap();
    let leaf = |(at, row): (usize, &tokio_postgres::Row)| {
        assert_eq!(row.get::<_, i64>(0), at as i64, "indexes are dense");
        Leaf::decode(&row.get::<_, Vec<u8>>(1)).unwrap()
    };
    rows.iter().enumerate().map(leaf).collect()
}

/// The commitments to headers of every entry, of all logs.
async fn entries(site: &Site) -> BTreeSet<Vec<u8>> {
    let superuser = site.superuser().await;
    let schemas =
        "SELECT schema_name || '._entry' FROM strongroom.organization UNION SELECT 'strongroom.entry'";
    let mut found = BTreeSet::new();
    for row in superuser.query(schemas, &[]).await.unwrap() {
        let text = format!("SELECT c_header FROM {}", row.get::<_, String>(0));
        let rows = superuser.query(&text, &[]).await.unwrap();
        found.extend(rows.iter().map(|row| row.get::<_, Vec<u8>>(0)));
    }
    found
}

/// Each home's leaves count from 1 and name the one before.
fn assert_linked(leaves: &[Leaf]) {
    let mut homes: BTreeMap<[u8; 16], (u64, Hash)> = BTreeMap::new();
    let mut time = 0;
    for leaf in leaves {
        let (place, previous) = homes.entry(leaf.organization_tag).or_insert((0, Hash([0; 32])));
        assert_eq!(
            (leaf.organization_sequence, leaf.previous),
            (*place + 1, *previous)
        );
        (*place, *previous) = (leaf.organization_sequence, leaf.hash());
        assert!(leaf.time_ms >= time, "times do not go back");
        time = leaf.time_ms;
    }
}

async fn assert_clean(site: &Site) {
    for report in [
        check::organization(&site.platform, &Caller::host(), SLUG)
            .await
            .unwrap(),
        check::appliance(&site.platform, &Caller::host()).await.unwrap(),
    ] {
        assert!(report.is_clean(), "{report:?}");
    }
}

/// Writes as one of many: every fifth write is cut off somewhere in the middle, every seventh is followed by a refused one.
async fn write(owner: Workspace, writer: usize, writes: usize) {
    for n in 0..writes {
        let fields = json!({ "text": format!("{writer}/{n}") });
        let write = record::create(&owner, "notes", fields.as_object().unwrap());
        if n % 5 == 4 {
            drop(tokio::time::timeout(Duration::from_millis(3), write).await);
        } else {
            write.await.unwrap();
        }
        if n % 7 == 6 {
            let wrong = json!({ "nowhere": 1 });
            record::create(&owner, "notes", wrong.as_object().unwrap())
                .await
                .unwrap_err();
        }
    }
}

async fn writers_and_kills(writes: usize, kill_every: Duration) {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    site.dataset(&owner, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    let (done, over) = watch::channel(false);
    let platform = site.platform.clone();
    let superuser = site.superuser().await;
    let killer = tokio::spawn(async move {
        let mut kills = 0;
        while !*over.borrow() {
            let leader = tokio::spawn(platform::work::run(platform.clone(), over.clone(), 1));
            tokio::time::sleep(kill_every).await;
            if kills % 2 == 0 {
                // The task dies where it is; its connection breaks.
                leader.abort();
            } else {
                // Of this database: other tests lead logs of their own in the same cluster.
                let text = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND classid = (hashtext('strongroom.audit_lease')::bigint & 4294967295)::oid AND objsubid = 2";
                superuser.execute(text, &[]).await.unwrap();
                leader.abort();
            }
            kills += 1;
        }
        kills
    });
    let writers = (0..24).map(|writer| tokio::spawn(write(owner.clone(), writer, writes)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    done.send(true).unwrap();
    assert!(killer.await.unwrap() >= 2, "the sequencer was killed");
    // One that was killed in the middle of publishing ends that step; whoever meets it there is refused, and comes again.
    let pass = async || match sequencer::run_once(&site.platform).await {
        Err(error) if error.code == types::ProblemCode::Conflict => None,
        pass => pass.unwrap(),
    };
    testkit::wait_until(Duration::from_secs(10), "nobody leads any more", async || {
        pass().await.is_some()
    })
    .await
    .unwrap();
    let leaves = leaves(&site).await;
    assert_linked(&leaves);
    let entries = entries(&site).await;
    let logged: Vec<Vec<u8>> = leaves
        .iter()
        .filter(|leaf| leaf.kind != LeafKind::Heartbeat)
        .map(|leaf| leaf.header.0.to_vec())
        .collect();
    assert!(logged.len() > 24 * writes / 2, "{}", logged.len());
    assert_eq!(logged.len(), entries.len(), "none twice, none missing");
    assert_eq!(logged.into_iter().collect::<BTreeSet<_>>(), entries);
    assert_clean(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_four_writers_and_a_sequencer_that_is_killed_leave_one_leaf_for_each_entry() {
    writers_and_kills(25, Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_the_same_with_a_kill_every_two_seconds() {
    writers_and_kills(400, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_session_leads_and_the_next_takes_over() {
    let site = Site::start().await;
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(platform::work::run(site.platform.clone(), stopped, 1));
    let sequenced = async || !leaves(&site).await.is_empty();
    testkit::wait_until(Duration::from_secs(10), "the worker sequences", sequenced)
        .await
        .unwrap();
    assert_eq!(
        sequencer::run_once(&site.platform).await.unwrap(),
        None,
        "another leads"
    );
    stop.send(true).unwrap();
    worker.await.unwrap();
    let freed = async || sequencer::run_once(&site.platform).await.unwrap().is_some();
    testkit::wait_until(Duration::from_secs(10), "the lead is free", freed)
        .await
        .unwrap();
}

static CLOCK_MS: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::from_millisecond(CLOCK_MS.load(Ordering::SeqCst)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_evidence_and_a_clock_that_goes_back_does_not_turn_the_log_back() {
    CLOCK_MS.store(Timestamp::now().as_millisecond(), Ordering::SeqCst);
    let site = Site::start_with_clock(clock).await;
    let first = sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert!(first.entries > 5 && !first.heartbeat, "{first:?}");
    let pass = async || sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert_eq!(pass().await.size, first.size, "nothing waits");
    CLOCK_MS.fetch_add(i64::try_from(HEARTBEAT_MS).unwrap(), Ordering::SeqCst);
    let beat = pass().await;
    assert!(beat.heartbeat && beat.size == first.size + 1, "{beat:?}");
    CLOCK_MS.fetch_sub(5_000, Ordering::SeqCst);
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    pass().await;
    let leaves = leaves(&site).await;
    assert_linked(&leaves);
    let beats = leaves.iter().filter(|leaf| leaf.kind == LeafKind::Heartbeat);
    assert_eq!(beats.count(), 1);
}

/// What `append_leaves` answers to the program's own login, for a change of what it should have been given.
async fn refused(site: &Site, change: impl FnOnce(&mut Vec<[u8; 188]>, &mut i64, &mut i64)) -> String {
    let superuser = site.superuser().await;
    superuser.batch_execute("SET ROLE strongroom_app").await.unwrap();
    let text = "SELECT p.sequence, p.kind, p.c_header, p.c_before, p.c_after, h.tag, h.sequence, h.previous
        FROM strongroom.audit_pending p JOIN strongroom.audit_home h USING (schema_name) ORDER BY p.sequence LIMIT 1";
    let row = superuser.query_one(text, &[]).await.unwrap();
    let part = |at: usize| audit::Commitment(row.get::<_, Vec<u8>>(at).try_into().unwrap());
    let leaf = Leaf {
        kind: LeafKind::from_number(row.get::<_, i16>(1) as u8).unwrap(),
        organization_tag: row.get::<_, Vec<u8>>(5).try_into().unwrap(),
        organization_sequence: row.get::<_, i64>(6) as u64 + 1,
        previous: Hash(row.get::<_, Vec<u8>>(7).try_into().unwrap()),
        time_ms: Timestamp::now().as_millisecond() as u64,
        header: part(2),
        before: part(3),
        after: part(4),
        key_id: [0; 16],
    };
    let text = "SELECT coalesce(max(index) + 1, 0) FROM strongroom.audit_leaf";
    let mut first: i64 = superuser.query_one(text, &[]).await.unwrap().get(0);
    let mut epoch: i64 = superuser
        .query_one("SELECT strongroom.take_audit_lease()", &[])
        .await
        .unwrap()
        .get(0);
    let mut leaves = vec![leaf.encode()];
    change(&mut leaves, &mut first, &mut epoch);
    let taken = vec![Some(row.get::<_, i64>(0)); leaves.len()];
    let leaves: Vec<&[u8]> = leaves.iter().map(<[u8; 188]>::as_slice).collect();
    let call = "SELECT strongroom.append_leaves($1, $2, $3, $4)";
    let answer = match superuser.execute(call, &[&epoch, &first, &taken, &leaves]).await {
        Ok(_) => "appended".to_owned(),
        Err(error) => error.as_db_error().unwrap().message().to_owned(),
    };
    superuser
        .batch_execute("SELECT pg_advisory_unlock_all()")
        .await
        .unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_refuses_leaves_that_are_not_what_waits() {
    let site = Site::start().await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    let size = leaves(&site).await.len();
    // Magic, kind, padding, tag, place, previous, each commitment.
    for at in [0, 8, 9, 12, 35, 36, 76, 139, 171] {
        let answer = refused(&site, |leaves, _, _| leaves[0][at] ^= 1).await;
        assert_eq!(answer, format!("leaf {size} is not what waits"), "byte {at}");
    }
    let answer = refused(&site, |leaves, _, _| {
        // In its place and linked, as the next would be.
        let first = Leaf::decode(&leaves[0]).unwrap();
        let again = Leaf {
            organization_sequence: first.organization_sequence + 1,
            previous: first.hash(),
            ..first
        };
        leaves.push(again.encode());
    })
    .await;
    assert_eq!(answer, "an entry is named twice");
    let answer = refused(&site, |leaves, _, _| {
        let leaf = Leaf::decode(&leaves[0]).unwrap();
        let time_ms = leaf.time_ms + 2 * 3_600_000;
        leaves[0] = Leaf { time_ms, ..leaf }.encode();
    })
    .await;
    assert_eq!(answer, "a leaf is of a time to come");
    let answer = refused(&site, |_, first, _| *first += 1).await;
    assert_eq!(answer, format!("the log has {size} leaves"));
    let answer = refused(&site, |_, _, epoch| *epoch -= 1).await;
    assert_eq!(answer, "another session leads the audit log");
    assert_eq!(leaves(&site).await.len(), size, "nothing was appended");
    assert_eq!(refused(&site, |_, _, _| {}).await, "appended");
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert_linked(&leaves(&site).await);
    assert_clean(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_login_changes_the_log_and_its_owner_needs_to_disable_triggers() {
    let site = Site::start().await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    for (role, code) in [("strongroom_app", "42501"), ("strongroom_owner", "SR002")] {
        for text in [
            "UPDATE strongroom.audit_leaf SET leaf = leaf",
            "DELETE FROM strongroom.audit_leaf",
            "TRUNCATE strongroom.audit_leaf",
        ] {
            let superuser = site.superuser().await;
            superuser
                .batch_execute(&format!("SET ROLE {role}"))
                .await
                .unwrap();
            let refused = superuser.batch_execute(text).await.unwrap_err();
            assert_eq!(refused.code().unwrap().code(), code, "{role}: {text}");
        }
    }
    let superuser = site.superuser().await;
    superuser.batch_execute("SET ROLE strongroom_app").await.unwrap();
    for text in [
        "INSERT INTO strongroom.audit_leaf VALUES (99, '')",
        "UPDATE strongroom.audit_home SET sequence = 0",
        "UPDATE strongroom.audit_lease SET epoch = 0",
    ] {
        let refused = superuser.batch_execute(text).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_that_speaks_sql_cannot_stop_the_log_of_others() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization";
    let schema: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    superuser
        .batch_execute(&format!("SET ROLE {schema}"))
        .await
        .unwrap();
    let append = |kind: u8, commitment: &str| {
        format!(
            "SELECT {schema}._append(gen_random_uuid(), {kind}::smallint, 1, '', {commitment}, sha256('b'), sha256('c'))"
        )
    };
    for bad in [
        append(3, "sha256('a')"),
        append(9, "sha256('a')"),
        append(1, "'short'"),
    ] {
        superuser.batch_execute(&bad).await.unwrap_err();
    }
    // The same commitment twice is a forgery that the check names; it holds nobody up.
    superuser.batch_execute(&append(1, "sha256('a')")).await.unwrap();
    superuser.batch_execute(&append(1, "sha256('a')")).await.unwrap();
    create(&owner, 2).await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let figures = "SELECT count(*) FROM strongroom.audit_pending";
    let waiting: i64 = site
        .superuser()
        .await
        .query_one(figures, &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(waiting, 0);
    assert_linked(&leaves(&site).await);
    let report = check::organization(&site.platform, &Caller::host(), SLUG)
        .await
        .unwrap();
    let repeated: Vec<&str> = report
        .faults
        .iter()
        .filter(|fault| fault.code == FaultCode::EntryRepeated)
        .map(|fault| fault.detail.as_str())
        .collect();
    assert_eq!(repeated.len(), 2, "the entry and its leaf: {report:?}");
    assert!(
        repeated
            .iter()
            .all(|detail| detail.contains("entered twice, past the platform")),
        "{repeated:?}"
    );
    let gone = report
        .faults
        .iter()
        .filter(|fault| fault.code == FaultCode::EntryGone);
    assert_eq!(gone.count(), 0, "nothing is gone: {report:?}");
    let appliance = check::appliance(&site.platform, &Caller::host()).await.unwrap();
    assert!(appliance.is_clean(), "{appliance:?}");
}

/// Numbers are given in another order than transactions end in: whoever remembers the highest one passes over what ends late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_commits_after_a_later_one_was_signed_is_not_passed_over() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let late = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization";
    let schema: String = late.query_one(text, &[]).await.unwrap().get(0);
    let append = format!(
        "BEGIN; SET LOCAL ROLE {schema};
         SELECT {schema}._append(gen_random_uuid(), 1::smallint, 1, '', sha256('late'), sha256('b'), sha256('c'))"
    );
    late.batch_execute(&append).await.unwrap();
    create(&owner, 1).await;
    let pass = async || sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let before = pass().await;
    assert_eq!(before.signed, Some(before.size), "the later one is signed");
    assert_eq!(pass().await.size, before.size, "nothing that has ended waits");
    late.batch_execute("COMMIT").await.unwrap();
    let after = pass().await;
    assert_eq!((after.entries, after.size), (1, before.size + 1));
    let logged: BTreeSet<Vec<u8>> = leaves(&site)
        .await
        .iter()
        .map(|leaf| leaf.header.0.to_vec())
        .collect();
    assert_eq!(logged, entries(&site).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_in_the_hand_of_another_login_holds_up_nobody() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    let attacker = site.superuser().await;
    let pass = async || sequencer::run_once(&site.platform).await.unwrap();
    for (number, take) in [(2, "pg_advisory_lock"), (3, "pg_advisory_lock_shared")] {
        // As the leading session would, and every number that the next session may have.
        let text = format!(
            "SELECT {take}(hashtext('strongroom.audit_lease'), pg_backend_pid());
             SELECT {take}(hashtext('strongroom.audit_lease'), pg_backend_pid() + n) FROM generate_series(1, 200) n"
        );
        attacker.batch_execute(&text).await.unwrap();
        create(&owner, number).await;
        let done = pass().await.expect("it leads by the epoch");
        assert!(
            done.entries > 0 && done.signed == Some(done.size),
            "{take}: {done:?}"
        );
        attacker
            .batch_execute("SELECT pg_advisory_unlock_all()")
            .await
            .unwrap();
    }
    assert!(pass().await.is_some());
    assert_linked(&leaves(&site).await);
    assert_clean(&site).await;
}

/// Lines in the outbox that are of no entry.
pub(crate) async fn flood(site: &Site, lines: i64) {
    let text = "INSERT INTO strongroom.audit_pending
            (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
        SELECT 'strongroom', gen_random_uuid(), 1, 1, sha256(int8send(n)), sha256('b'), sha256('c'), clock_timestamp()
        FROM generate_series(1, $1::bigint) n";
    site.superuser().await.execute(text, &[&lines]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_signed_in_between() {
    let site = Site::start().await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    flood(&site, 60_000).await;
    let first = sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert_eq!((first.entries, first.signed), (50_000, Some(first.size)));
    let second = sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert_eq!((second.entries, second.signed), (10_000, Some(second.size)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_outlive_their_organization_and_whose_they_were_is_forgotten() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let tag = "SELECT tag FROM strongroom.audit_home WHERE schema_name <> 'strongroom'";
    let tag: Vec<u8> = site.superuser().await.query_one(tag, &[]).await.unwrap().get(0);
    let of_tag = async || {
        let leaves = leaves(&site).await;
        leaves
            .iter()
            .filter(|leaf| leaf.organization_tag[..] == tag[..])
            .count()
    };
    let before = of_tag().await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    // What waits when the organization goes keeps its place.
    let waits = "SELECT count(*) FROM strongroom.audit_pending WHERE schema_name <> 'strongroom'";
    let waiting: i64 = site.superuser().await.query_one(waits, &[]).await.unwrap().get(0);
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    let still: i64 = site.superuser().await.query_one(waits, &[]).await.unwrap().get(0);
    assert_eq!(still, waiting, "the outbox keeps what waits");
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert_eq!(of_tag().await, before + usize::try_from(waiting).unwrap());
    let homes = "SELECT count(*) FROM strongroom.audit_home WHERE schema_name <> 'strongroom'";
    let homes: i64 = site.superuser().await.query_one(homes, &[]).await.unwrap().get(0);
    assert_eq!(homes, 0, "nobody can tell whose leaves they were");
    let whole = check::tree(&site.platform, &Caller::host()).await.unwrap();
    assert!(whole.is_clean(), "the deletion has its entry: {whole:?}");
    assert_linked(&leaves(&site).await);
    let appliance = check::appliance(&site.platform, &Caller::host()).await.unwrap();
    assert!(appliance.is_clean(), "{appliance:?}");
}

/// What the check finds after SQL of a superuser on a sequenced log.
async fn found_after(sql: &str) -> Vec<FaultCode> {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    for number in 0..3 {
        create(&owner, number).await;
    }
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert_clean(&site).await;
    tamper(&site, sql).await;
    let report = check::organization(&site.platform, &Caller::host(), SLUG)
        .await
        .unwrap();
    report.faults.iter().map(|fault| fault.code).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_superuser_does_to_entries_and_leaves_is_found() {
    let tag = "(SELECT tag FROM strongroom.audit_home WHERE schema_name = '{o}')";
    let second = format!(
        "index = (SELECT index FROM strongroom.audit_leaf WHERE substr(leaf, 13, 24) = {tag} || int8send(2))"
    );
    for (sql, code) in [
        (
            "UPDATE {o}._entry SET kind = 6 WHERE sequence = (SELECT max(sequence) FROM {o}._entry)".to_owned(),
            FaultCode::EntryAltered,
        ),
        (
            "UPDATE {o}._entry SET c_header = sha256('x') WHERE sequence = (SELECT max(sequence) FROM {o}._entry)".to_owned(),
            FaultCode::EntryUnlogged,
        ),
        (
            format!("UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 9) WHERE {second}"),
            FaultCode::LeafLink,
        ),
        (format!("DELETE FROM strongroom.audit_leaf WHERE {second}"), FaultCode::LeafMissing),
        (
            "INSERT INTO {o}._entry (id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
                SELECT gen_random_uuid(), kind, key_version, header, sha256('y'), c_before, c_after, transaction_id, appended_at
                FROM {o}._entry LIMIT 1".to_owned(),
            FaultCode::EntryUnlogged,
        ),
        ("TRUNCATE strongroom.audit_leaf".to_owned(), FaultCode::EntryUnlogged),
    ] {
        let found = found_after(&sql).await;
        assert!(found.contains(&code), "{sql}: {found:?}");
    }
}
