//! Forwarding to Debian's rsyslog: what arrives, in which order, how often, and what is never sent.

use crate::{
    check::{create, ledger},
    fixture::Site,
    promise::{assert_broken, assert_kept, check},
};
use access::Role;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslStream};
use platform::{
    Caller, Workspace,
    forwarding::{self, ForwardingSettings, Sent, Start, Stream},
    sequencer, work,
};
use promises::State;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};
use testkit::{
    Authority, Collector,
    collector::{Admits, Driver},
};
use types::ProblemCode;
use vault::SecretText;

const PATIENCE: Duration = Duration::from_secs(30);

struct Post {
    site: Site,
    owner: Workspace,
    authority: Authority,
    collector: Collector,
}

impl Post {
    async fn start(driver: Driver) -> Self {
        let site = Site::start().await;
        let owner = ledger(&site).await;
        let authority = Authority::create("collector").unwrap();
        let collector = Collector::start(&authority, &["localhost"], driver, Admits::Anybody).unwrap();
        let post = Self {
            site,
            owner,
            authority,
            collector,
        };
        post.set(post.settings()).await;
        post
    }

    fn settings(&self) -> ForwardingSettings {
        ForwardingSettings {
            host: "localhost".into(),
            port: self.collector.port,
            authority_pem: self.authority.certificate_pem().unwrap(),
            certificate_pem: None,
            streams: vec![Stream::Audit, Stream::Access],
        }
    }

    async fn set(&self, settings: ForwardingSettings) {
        let platform = &self.site.platform;
        forwarding::set(platform, &Caller::host(), settings, None, Start::Beginning)
            .await
            .unwrap();
    }

    async fn send(&self) -> platform::error::Result<Sent> {
        let sent = forwarding::run_once(&self.site.platform).await?;
        Ok(sent.expect("nobody else sends"))
    }

    /// Sequences, and sends until nothing waits.
    async fn drain(&self) {
        sequencer::run_once(&self.site.platform).await.unwrap();
        while self.send().await.unwrap().messages > 0 {}
    }

    /// Inserts events as a batch of requests would.
    async fn insert_events(&self, count: i32, device: &str) {
        let text = "INSERT INTO strongroom.access_event (at, action, outcome, status, method, address, device, request_id)
            SELECT now(), 'GET /api/v1/organizations', 'done', 200, 'token', '192.0.2.7', $2, n::text
            FROM generate_series(1, $1) n";
        self.site
            .superuser()
            .await
            .execute(text, &[&count, &device])
            .await
            .unwrap();
    }

    fn of_kind(&self, kind: &str) -> Vec<Value> {
        let all = self.collector.received().unwrap();
        all.into_iter()
            .filter(|message| message["kind"] == kind)
            .collect()
    }

    /// Waits until the collector has written so many of a kind down.
    async fn wait_for(&self, kind: &str, count: usize) -> Vec<Value> {
        testkit::wait_until(PATIENCE, "messages to arrive", async || {
            self.of_kind(kind).len() >= count
        })
        .await
        .unwrap();
        self.of_kind(kind)
    }

    async fn leaves(&self) -> usize {
        let text = "SELECT count(*) FROM strongroom.audit_leaf";
        let row = self.site.superuser().await.query_one(text, &[]).await.unwrap();
        usize::try_from(row.get::<_, i64>(0)).unwrap()
    }
}

fn parameter<'a>(message: &'a Value, name: &str) -> &'a str {
    message["sd"]["strongroom@32473"][name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {message}"))
}

fn numbers(messages: &[Value], name: &str) -> Vec<usize> {
    messages
        .iter()
        .map(|message| parameter(message, name).parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_leaf_arrives_once_and_in_order_with_what_it_says_and_the_checkpoint() {
    for driver in [Driver::GnuTls, Driver::OpenSsl] {
        let post = Post::start(driver).await;
        create(&post.owner, 1).await;
        post.drain().await;
        let leaves = post.leaves().await;
        let audit = post.wait_for("audit", leaves).await;
        assert_eq!(numbers(&audit, "index"), (0..leaves).collect::<Vec<_>>());
        let hash =
            "SELECT encode(sha256('\\x00'::bytea || leaf), 'hex') FROM strongroom.audit_leaf ORDER BY index";
        let rows = post.site.superuser().await.query(hash, &[]).await.unwrap();
        for (message, row) in audit.iter().zip(rows) {
            assert_eq!(parameter(message, "leaf"), row.get::<_, String>(0));
            assert_eq!(
                (message["pri"].as_str(), message["program"].as_str()),
                (Some("110"), Some("strongroom"))
            );
        }
        let created = audit
            .iter()
            .find(|message| parameter(message, "action") == "record.create")
            .unwrap();
        assert_eq!(parameter(created, "object"), "record");
        assert_eq!(
            parameter(created, "account"),
            post.site.account(Role::Owner).to_string()
        );
        assert_eq!(
            parameter(created, "organization"),
            post.site.organization.id.to_string()
        );
        assert_eq!(parameter(created, "outcome"), "done");
        let checkpoint = &post.wait_for("checkpoint", 1).await[0];
        let published = platform::ledger::checkpoint(&post.site.platform)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(parameter(checkpoint, "root"), published.root);
        assert!(parameter(checkpoint, "note").len() > 100);
        let view = forwarding::show(&post.site.platform, &Caller::host())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (view.waiting(), view.failing_since, view.streams[0].taken),
            (0, None, leaves as u64)
        );
        // Nothing of a record, and nobody's name, leaves with it.
        let everything = serde_json::to_string(&post.collector.received().unwrap()).unwrap();
        for secret in ["owner@example.com", "INV-1", "ledger"] {
            assert!(!everything.contains(secret), "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_goes_away_and_comes_back_gets_everything_once() {
    let mut post = Post::start(Driver::OpenSsl).await;
    post.insert_events(700, "before").await;
    post.drain().await;
    post.wait_for("access", 700).await;
    post.collector.stop().unwrap();
    post.insert_events(1_200, "while it was away").await;
    create(&post.owner, 1).await;
    sequencer::run_once(&post.site.platform).await.unwrap();
    let away = post.send().await.unwrap_err();
    assert_eq!(away.code, ProblemCode::Unavailable);
    assert!(away.detail.contains("refused"), "{}", away.detail);
    let view = forwarding::show(&post.site.platform, &Caller::host())
        .await
        .unwrap()
        .unwrap();
    assert!(view.waiting() > 1_200 && view.failing_since.is_some(), "{view:?}");
    post.collector.start_again().unwrap();
    post.drain().await;
    let access = post.wait_for("access", 1_900).await;
    let mut ids = numbers(&access, "number");
    ids.dedup();
    assert_eq!(ids.len(), 1_900, "none twice");
    assert!(ids.is_sorted());
    let leaves = post.leaves().await;
    assert_eq!(
        numbers(&post.wait_for("audit", leaves).await, "index"),
        (0..leaves).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_hangs_is_given_up_in_time_and_nothing_counts_as_taken() {
    let post = Post::start(Driver::GnuTls).await;
    post.drain().await;
    let before = post.leaves().await;
    post.wait_for("audit", before).await;
    post.collector.hang().unwrap();
    post.insert_events(400, "while it hung").await;
    let began = Instant::now();
    let error = post.send().await.unwrap_err();
    assert!(error.detail.contains("does not answer"), "{}", error.detail);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // Whoever works here notices nothing of it.
    create(&post.owner, 1).await;
    post.collector.resume().unwrap();
    post.drain().await;
    let access = post.wait_for("access", 400).await;
    let mut ids = numbers(&access, "number");
    ids.dedup();
    assert_eq!((ids.len(), access.len()), (400, 400));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_authority_and_the_name_that_are_set_are_spoken_to() {
    let post = Post::start(Driver::OpenSsl).await;
    post.insert_events(3, "never sent").await;
    let refused = async |settings: ForwardingSettings| {
        post.set(settings).await;
        post.send().await.unwrap_err().detail
    };
    let stranger = Authority::create("another").unwrap().certificate_pem().unwrap();
    let why = refused(ForwardingSettings {
        authority_pem: stranger,
        ..post.settings()
    })
    .await;
    assert!(why.contains("not trusted"), "{why}");
    let why = refused(ForwardingSettings {
        host: "127.0.0.1".into(),
        ..post.settings()
    })
    .await;
    assert!(why.contains("IP address mismatch"), "{why}");
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = plain.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = plain.accept().unwrap();
        let mut first = [0; 5];
        stream.read_exact(&mut first).unwrap();
        stream.write_all(b"220 say it in the clear, please\r\n").unwrap();
        first
    });
    let why = refused(ForwardingSettings {
        port,
        ..post.settings()
    })
    .await;
    assert!(why.contains("TLS"), "{why}");
    // A handshake, and not a byte of a log.
    assert_eq!(heard.join().unwrap()[0], 22);
    let why = refused(ForwardingSettings {
        host: "collector.example.com".into(),
        ..post.settings()
    })
    .await;
    assert!(why.contains("no setting lets"), "{why}");
    assert!(post.collector.received().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_asks_for_our_certificate_gets_it_and_its_key_is_kept_sealed() {
    let post = Post::start(Driver::OpenSsl).await;
    let strict =
        Collector::start(&post.authority, &["localhost"], Driver::GnuTls, Admits::Certified).unwrap();
    let (platform, host) = (&post.site.platform, Caller::host());
    let open = ForwardingSettings {
        port: strict.port,
        ..post.settings()
    };
    post.insert_events(3, "to whom it may concern").await;
    post.set(open.clone()).await;
    assert!(post.send().await.is_err());
    assert!(strict.received().unwrap().is_empty());
    let identity = post.authority.issue_client("strongroom").unwrap();
    let certified = ForwardingSettings {
        certificate_pem: Some(identity.certificate_pem().unwrap()),
        ..open
    };
    let set = async |settings: ForwardingSettings, key: Option<String>| {
        forwarding::set(platform, &host, settings, key.map(SecretText::new), Start::Now).await
    };
    let other = post.authority.issue_client("other").unwrap().key_pem().unwrap();
    assert!(
        set(certified.clone(), Some(other)).await.is_err(),
        "the key of another certificate"
    );
    assert!(set(certified.clone(), None).await.is_err(), "no key");
    let key = identity.key_pem().unwrap();
    set(certified.clone(), Some(key.clone())).await.unwrap();
    post.drain().await;
    assert!(!strict.received().unwrap().is_empty(), "{}", strict.log());
    let stored = "SELECT value::text FROM strongroom.setting WHERE name = 'forwarding'";
    let row = post.site.superuser().await.query_one(stored, &[]).await.unwrap();
    assert!(!row.get::<_, String>(0).contains("PRIVATE KEY"));
    // The key does not follow to another place.
    let elsewhere = ForwardingSettings {
        port: 6_514,
        ..certified.clone()
    };
    assert_eq!(set(elsewhere, None).await.unwrap_err().errors[0].pointer, "/key");
    set(certified, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stranger_calls_his_browser_stays_within_its_parameter() {
    let post = Post::start(Driver::GnuTls).await;
    let device = "x\"] injected\n<13>1 - - - - - - second\r\n35 <13>1 - - - - - - third message here\0 \u{202e}é\u{2028}\\";
    post.insert_events(1, &device.replace('\0', "")).await;
    post.insert_events(1, &"]".repeat(20_000)).await;
    post.insert_events(1, "after").await;
    post.drain().await;
    let access = post.wait_for("access", 3).await;
    assert_eq!(access.len(), 3);
    let total = post.collector.received().unwrap();
    assert!(
        total.iter().all(|message| message["program"] == "strongroom"),
        "{total:?}"
    );
    let found = parameter(&access[0], "device");
    assert!(
        found.starts_with("x\"] injected␊<13>1") && found.ends_with('\\'),
        "{found}"
    );
    assert!(!found.chars().any(char::is_control));
    assert!(parameter(&access[1], "device").ends_with('…'));
    assert_eq!(parameter(&access[2], "device"), "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_dies_before_it_notes_what_was_taken_sends_one_batch_twice_and_loses_none() {
    let post = Post::start(Driver::OpenSsl).await;
    post.insert_events(1_200, "each once or twice").await;
    let superuser = post.site.superuser().await;
    let break_it = "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'dead'; END $$;
        CREATE TRIGGER die BEFORE UPDATE ON strongroom.forwarding_position FOR EACH ROW EXECUTE FUNCTION public.die()";
    superuser.batch_execute(break_it).await.unwrap();
    post.send().await.unwrap_err();
    let mend = "DROP TRIGGER die ON strongroom.forwarding_position; DROP FUNCTION public.die()";
    superuser.batch_execute(mend).await.unwrap();
    post.drain().await;
    let access = post.wait_for("access", 1_200 + 500).await;
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for number in numbers(&access, "number") {
        *times.entry(number).or_default() += 1;
    }
    assert_eq!(times.len(), 1_200, "none is lost");
    assert_eq!(
        times.values().filter(|count| **count == 2).count(),
        500,
        "one batch came twice"
    );
    assert!(times.values().all(|count| *count <= 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_commits_late_is_not_passed_over() {
    let post = Post::start(Driver::OpenSsl).await;
    let mut late = post.site.superuser().await;
    let text =
        "INSERT INTO strongroom.access_event (at, action, outcome, method, address, device, request_id)
        VALUES (now(), 'late', 'done', 'none', '::1', '', '')";
    let transaction = late.transaction().await.unwrap();
    transaction.execute(text, &[]).await.unwrap();
    post.insert_events(3, "early").await;
    post.drain().await;
    assert!(
        post.of_kind("access").is_empty(),
        "nothing after an event that is still written"
    );
    transaction.commit().await.unwrap();
    post.drain().await;
    let access = post.wait_for("access", 4).await;
    assert_eq!(parameter(&access[0], "action"), "late");
    assert_eq!(access.len(), 4);
}

/// A TLS server that agrees, and then reads nothing.
fn deaf(authority: &Authority, mut treat: impl FnMut(SslStream<TcpStream>) + Send + 'static) -> u16 {
    let identity = authority.issue(&["localhost"]).unwrap();
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls()).unwrap();
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.certificate).unwrap();
    let context = acceptor.build().into_context();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            Ssl::new(&context)
                .unwrap()
                .accept(stream)
                .into_iter()
                .for_each(&mut treat);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_leaves_politely_with_our_bytes_unread_has_not_taken_them() {
    let post = Post::start(Driver::OpenSsl).await;
    let port = deaf(&post.authority, |mut stream| {
        std::thread::sleep(Duration::from_millis(300));
        stream.shutdown().unwrap();
    });
    post.set(ForwardingSettings {
        port,
        ..post.settings()
    })
    .await;
    post.insert_events(10, "never read").await;
    post.send().await.unwrap_err();
    let view = forwarding::show(&post.site.platform, &Caller::host()).await;
    let streams = view.unwrap().unwrap().streams;
    assert!(streams.iter().all(|stream| stream.taken == 0), "{streams:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_lie_in_a_buffer_do_not_count_as_taken() {
    let post = Post::start(Driver::OpenSsl).await;
    let mut kept = Vec::new();
    let port = deaf(&post.authority, move |stream| kept.push(stream));
    post.set(ForwardingSettings {
        port,
        ..post.settings()
    })
    .await;
    post.insert_events(10, "few enough for every buffer").await;
    let began = Instant::now();
    let error = post.send().await.unwrap_err();
    assert!(error.detail.contains("in time"), "{}", error.detail);
    assert!(
        (25..40).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
    let view = forwarding::show(&post.site.platform, &Caller::host())
        .await
        .unwrap()
        .unwrap();
    assert!(view.streams.iter().all(|stream| stream.taken == 0), "{view:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_sends_and_one_process_at_a_time() {
    let post = Post::start(Driver::GnuTls).await;
    post.insert_events(50, "by the worker").await;
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let workers: Vec<_> = (0..2)
        .map(|_| tokio::spawn(work::run(post.site.platform.clone(), shutdown.clone(), 1)))
        .collect();
    post.wait_for("access", 50).await;
    post.wait_for("checkpoint", 1).await;
    assert_eq!(
        forwarding::run_once(&post.site.platform).await.unwrap(),
        None,
        "the worker has the lease"
    );
    create(&post.owner, 1).await;
    testkit::wait_until(PATIENCE, "the record's leaf", async || {
        post.of_kind("audit").iter().any(|message| {
            message["text"]
                .as_str()
                .unwrap_or_default()
                .contains("record.create")
        })
    })
    .await
    .unwrap();
    stop.send(true).unwrap();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(post.of_kind("access").len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_kept_while_the_collector_takes_logs_and_broken_when_it_is_away_for_long() {
    let mut post = Post::start(Driver::OpenSsl).await;
    let (platform, host) = (&post.site.platform, Caller::host());
    post.drain().await;
    assert_kept(&post.site, "log-forwarding").await;
    let verdict = check(platform, "log-forwarding").await;
    assert!(
        verdict
            .facts
            .iter()
            .any(|fact| fact.name.contains("last acknowledged of the audit log")),
        "{verdict:?}"
    );
    post.collector.stop().unwrap();
    create(&post.owner, 1).await;
    post.send().await.unwrap_err();
    assert_kept(&post.site, "log-forwarding").await;
    let superuser = post.site.superuser().await;
    let a_day_ago = "UPDATE strongroom.forwarding_lease SET failing_since = now() - interval '1 day'";
    superuser.batch_execute(a_day_ago).await.unwrap();
    assert_broken(&post.site, "log-forwarding", "it takes nothing since").await;
    post.collector.start_again().unwrap();
    post.drain().await;
    assert_kept(&post.site, "log-forwarding").await;
    // A worker that does not run fails at nothing; what waits tells.
    let old = "INSERT INTO strongroom.access_event (at, action, outcome, method, address, device, request_id)
        VALUES (now() - interval '1 day', 'old', 'done', 'none', '::1', '', '')";
    superuser.batch_execute(old).await.unwrap();
    assert_broken(
        &post.site,
        "log-forwarding",
        "messages of the access log wait since",
    )
    .await;
    forwarding::clear(platform, &host).await.unwrap();
    assert_eq!(check(platform, "log-forwarding").await.state, State::Unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_begins_with_what_comes_goes_on_after_a_pause_and_is_for_operators_only() {
    let post = Post::start(Driver::GnuTls).await;
    let (platform, host) = (&post.site.platform, Caller::host());
    let settings = post.settings();
    forwarding::clear(platform, &host).await.unwrap();
    assert_eq!(
        forwarding::test(platform, &host).await.unwrap_err().code,
        ProblemCode::Conflict
    );
    let owner = post.site.caller(Role::Owner);
    let denied = forwarding::set(platform, &owner, settings.clone(), None, Start::Now).await;
    assert_eq!(denied.unwrap_err().code, ProblemCode::NotAllowed);
    assert_eq!(
        forwarding::show(platform, &owner).await.unwrap_err().code,
        ProblemCode::NotAllowed
    );
    for (wrong, pointer) in [
        (
            ForwardingSettings {
                host: "a\r\nb".into(),
                ..settings.clone()
            },
            "/host",
        ),
        (
            ForwardingSettings {
                port: 0,
                ..settings.clone()
            },
            "/host",
        ),
        (
            ForwardingSettings {
                authority_pem: "nonsense".into(),
                ..settings.clone()
            },
            "/authority_pem",
        ),
        (
            ForwardingSettings {
                streams: Vec::new(),
                ..settings.clone()
            },
            "/streams",
        ),
    ] {
        let refused = forwarding::set(platform, &host, wrong, None, Start::Now)
            .await
            .unwrap_err();
        assert_eq!(refused.errors[0].pointer, pointer);
    }
    post.insert_events(5, "while it was off").await;
    forwarding::set(platform, &host, settings, None, Start::Now)
        .await
        .unwrap();
    assert_eq!(forwarding::test(platform, &host).await.unwrap().messages, 1);
    post.drain().await;
    post.wait_for("test", 1).await;
    // It had been sent before, so it goes on where it stood.
    assert_eq!(post.wait_for("access", 5).await.len(), 5);
    let actions: Vec<String> = post
        .of_kind("audit")
        .iter()
        .map(|message| parameter(message, "action").to_owned())
        .collect();
    for action in ["forwarding.set", "forwarding.clear", "forwarding.test"] {
        assert!(
            actions.iter().any(|found| found == action),
            "{action}: {actions:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_read_is_told_and_holds_the_other_logs_up_no_more_than_it_must() {
    let post = Post::start(Driver::OpenSsl).await;
    let settings = ForwardingSettings {
        streams: Stream::ALL.to_vec(),
        ..post.settings()
    };
    post.set(settings).await;
    post.insert_events(3, "all the same").await;
    // There is no root helper for this platform.
    post.drain().await;
    assert_eq!(post.wait_for("access", 3).await.len(), 3);
    let (platform, host) = (&post.site.platform, Caller::host());
    let view = forwarding::show(platform, &host).await.unwrap().unwrap();
    let why = view.failure.unwrap();
    assert!(why.contains("the journal cannot be read"), "{why}");
    let since = view.failing_since.unwrap();
    post.insert_events(1, "later").await;
    post.drain().await;
    let view = forwarding::show(platform, &host).await.unwrap().unwrap();
    assert_eq!(view.failing_since, Some(since), "what goes well does not hide it");
    // Without the journal nothing is left to complain of.
    post.set(post.settings()).await;
    post.drain().await;
    let view = forwarding::show(platform, &host).await.unwrap().unwrap();
    assert_eq!((view.failing_since, view.failure), (None, None));
}
