//! Promises: each check says "kept" on a sound platform, "broken" when a test breaks the promise, "unknown" when it
//! could not look.

use crate::{
    check::{create, ledger, tamper},
    fixture::{self, Site, field},
};
use access::{Permission, Role};
use jiff::Timestamp;
use openssl::ssl::{SslAcceptor, SslMethod, SslVersion};
use platform::{
    Caller, Origin, Platform, Settings, dataset,
    promise::{self, BUILT, Requirement, RouteDeclaration},
};
use promises::{State, Verdict};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use store::{Address, Login};
use testkit::{TestDatabase, certificate::Authority};
use types::{FieldKind, PageSize, ProblemCode};
use vault::RootKey;

pub(crate) async fn check(platform: &Platform, id: &str) -> Verdict {
    promise::check_one(platform, id).await.unwrap().verdict().clone()
}

pub(crate) async fn assert_kept(site: &Site, id: &str) {
    let verdict = check(&site.platform, id).await;
    assert_eq!(verdict.state, State::Kept, "{verdict:?}");
}

/// Broken, and the first fault says this.
pub(crate) async fn assert_broken(site: &Site, id: &str, what: &str) {
    let verdict = check(&site.platform, id).await;
    assert_eq!(verdict.state, State::Broken, "{verdict:?}");
    assert!(
        verdict.faults.iter().any(|fault| fault.what.contains(what)),
        "{verdict:?}"
    );
}

/// Two organizations, the first with a ledger of three records.
pub(crate) async fn start() -> Site {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    for number in 1..4 {
        create(&owner, number).await;
    }
    site.second_organization().await;
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_platform_keeps_every_promise_that_can_be_looked_at() {
    let site = start().await;
    promise::check_all(&site.platform).await.unwrap();
    let register = promise::register(&site.platform, &site.caller(Role::Viewer))
        .await
        .unwrap();
    assert_eq!(register.len(), 67);
    for line in register {
        let (id, verdict) = (line.promise().id.as_str(), line.verdict());
        let expected = match id {
            // This platform has no listener.
            "transit-tls" | "request-verification" => State::Unknown,
            // No worker signs the log here.
            "audit-immutable" | "audit-offline-proof" => State::Unknown,
            // Nobody has set a provider here, nor mail and SMS for codes.
            "sign-in-oidc" | "mfa-available" | "log-forwarding" => State::Unknown,
            // The test's cluster is none of Debian's, so its data folder is not found; the machine may break it all the same.
            "rest-encryption" => {
                assert_ne!(verdict.state, State::Kept, "{verdict:?}");
                continue;
            }
            // As this machine is: its release, its packages, and the bundles and updates that it has seen.
            "current-debian"
            | "offline-updates"
            | "vulnerability-scanning"
            | "security-updates"
            | "change-rollback" => continue,
            // No directory is set up, and nobody was ever disabled.
            "sign-in-ldap" | "remote-disable" => State::Unknown,
            // Nobody has signed a review, and the appliance is young.
            "log-review" => State::Unknown,
            // No backup was ever taken.
            "backup-nightly"
            | "backup-encrypted"
            | "backup-second-location"
            | "backup-retention"
            | "deletion-backups"
            | "restore-tested"
            | "restore-point-in-time"
            | "backup-alert"
            | "disaster-recovery" => State::Unknown,
            // There is no root helper for this platform.
            "firewall" | "no-disclosure" | "own-infrastructure" | "operator-mfa" | "host-hardening" => {
                State::Unknown
            }
            id if BUILT.contains(&id) => State::Kept,
            _ => State::Unknown,
        };
        assert_eq!(verdict.state, expected, "{verdict:?}");
        let built = BUILT.contains(&id);
        assert_eq!(verdict.reason.starts_with("not built yet"), !built, "{verdict:?}");
        let text = format!("{verdict:?}");
        assert!(
            !text.contains("DE0000") && !text.contains("note 1"),
            "no values: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_and_the_operator_see_the_register_and_nobody_else() {
    let site = Site::start().await;
    let code = async |caller: Caller| {
        let seen = promise::register(&site.platform, &caller).await;
        seen.err().map(|error| error.code)
    };
    assert_eq!(code(Caller::host()).await, None);
    assert_eq!(code(site.caller(Role::Viewer)).await, None);
    let stranger = Caller::anonymous(Origin::default());
    assert_eq!(code(stranger).await, Some(ProblemCode::NotSignedIn));
    let unknown = promise::check_one(&site.platform, "no-such-promise").await;
    assert_eq!(unknown.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watch_looks_once_per_interval_and_keeps_history() {
    let site = Site::start().await;
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let watches = [0, 1].map(|_| tokio::spawn(promise::watch(site.platform.clone(), shutdown.clone())));
    let size = PageSize::default();
    let history = async |id: &str| {
        promise::history(&site.platform, &Caller::host(), id, size)
            .await
            .unwrap()
            .len()
    };
    for _ in 0..1_200 {
        if history("no-card-numbers").await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.send(true).unwrap();
    for watch in watches {
        tokio::time::timeout(Duration::from_secs(20), watch)
            .await
            .unwrap()
            .unwrap();
    }
    // Two at once may both find it due, each no more than once.
    assert!((1..=2).contains(&history("password-hashing").await));
    assert!((1..=2).contains(&history("no-card-numbers").await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_without_its_database_cannot_look() {
    let site = start().await;
    let sql = "ALTER ROLE {o} NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{o}'";
    tamper(&site, sql).await;
    for id in [
        "field-encryption",
        "audit-complete",
        "tenant-role",
        "no-card-numbers",
        "export-complete",
    ] {
        let verdict = check(&site.platform, id).await;
        assert_eq!(verdict.state, State::Unknown, "{verdict:?}");
        assert!(verdict.reason.contains("could not look"), "{verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weak_or_foreign_password_hash_breaks_password_hashing() {
    let site = Site::start().await;
    let weak =
        "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (hash, what) in [
        (weak, "below the policy"),
        ("$2b$10$abc", "no hash of ours"),
        ("hunter2", "no hash"),
    ] {
        tamper(
            &site,
            &format!("UPDATE strongroom.account SET password = '{hash}'"),
        )
        .await;
        assert_broken(&site, "password-hashing", what).await;
    }
    let good = weak.replace("m=64,t=1", "m=19456,t=2");
    tamper(
        &site,
        &format!("UPDATE strongroom.account SET password = '{good}'"),
    )
    .await;
    assert_kept(&site, "password-hashing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_without_an_owner_breaks_roles() {
    let site = Site::start().await;
    assert_kept(&site, "roles").await;
    tamper(
        &site,
        "UPDATE strongroom.membership SET state = 'disabled' WHERE role = 'owner'",
    )
    .await;
    assert_broken(&site, "roles", "no active owner").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_or_schema_out_of_place_breaks_tenant_schema() {
    for (sql, what) in [
        (
            "GRANT SELECT ON {o}._dataset TO strongroom_app",
            "strongroom_app has SELECT",
        ),
        ("GRANT USAGE ON SCHEMA {o} TO PUBLIC", "has USAGE"),
        ("ALTER SCHEMA {o} OWNER TO postgres", "belongs to"),
        (
            "CREATE SCHEMA o_aaaaaaaaaaaaaaaaaaaaaaaaaa AUTHORIZATION strongroom_owner",
            "without an organization",
        ),
        (
            "ALTER TABLE {o}._dataset OWNER TO strongroom_app",
            "strongroom_app has",
        ),
    ] {
        let site = Site::start().await;
        assert_kept(&site, "tenant-schema").await;
        tamper(&site, sql).await;
        assert_broken(&site, "tenant-schema", what).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_reaches_across_breaks_tenant_role() {
    let site = start().await;
    assert_kept(&site, "tenant-role").await;
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'globex'";
    let other: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    let grant = format!("GRANT USAGE ON SCHEMA {{o}} TO {other}; GRANT SELECT ON {{o}}._dataset TO {other}");
    tamper(&site, &grant).await;
    assert_broken(&site, "tenant-role", "this succeeded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_with_rights_of_its_own_breaks_tenant_role() {
    let site = start().await;
    tamper(&site, "ALTER ROLE {o} CREATEROLE").await;
    assert_broken(&site, "tenant-role", "beyond its grants").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_or_trigger_beside_the_log_breaks_audit_complete() {
    for (sql, what) in [
        ("UPDATE {o}.d1 SET f1 = 'forged'", "outside any audited act"),
        ("DELETE FROM {o}._image", "images in the log"),
        (
            "ALTER TABLE {o}.d1 DISABLE TRIGGER check_update",
            "without an entry succeeded: UPDATE",
        ),
        (
            "ALTER TABLE {o}.d1 DISABLE TRIGGER check_delete",
            "without an entry succeeded: DELETE",
        ),
        (
            "ALTER TABLE {o}.d1 DISABLE TRIGGER check_insert",
            "without an entry succeeded: INSERT",
        ),
        (
            "DELETE FROM {o}._entry WHERE sequence = 1",
            "is gone from its own",
        ),
    ] {
        let site = start().await;
        assert_kept(&site, "audit-complete").await;
        tamper(&site, sql).await;
        assert_broken(&site, "audit-complete", what).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clear_values_break_field_encryption() {
    let iban = "DE00000000000000000001";
    let job = format!(
        "INSERT INTO strongroom.job (id, organization_id, kind, payload)
         SELECT gen_random_uuid(), id, 'x', '{{\"leak\": \"{iban}\"}}' FROM strongroom.organization WHERE slug = 'acme'"
    );
    let note = format!("UPDATE {{o}}.d1 SET f8 = 'the account is {iban}'");
    for (sql, what) in [
        (
            format!("UPDATE {{o}}.d1 SET f3 = convert_to('{iban}', 'UTF8')"),
            "not sealed",
        ),
        (
            "UPDATE {o}.d1 SET f3 = (SELECT f3 FROM {o}.d1 ORDER BY id LIMIT 1)".to_owned(),
            "changed, or moved",
        ),
        (
            "UPDATE {o}.d1 SET f3 = set_byte(f3, 4, 9)".to_owned(),
            "key version 9",
        ),
        (
            "ALTER TABLE {o}.d1 ADD COLUMN f3_plain text; GRANT SELECT ON {o}.d1 TO {o}".to_owned(),
            "column with the clear",
        ),
        (note, "stands in the clear"),
        (job, "stands in the clear"),
    ] {
        let site = start().await;
        assert_kept(&site, "field-encryption").await;
        tamper(&site, &sql).await;
        assert_broken(&site, "field-encryption", what).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_number_anywhere_breaks_no_card_numbers() {
    let site = start().await;
    let owner = site.as_role(Role::Owner).await;
    dataset::add_field(&owner, "ledger", &field("Whole", FieldKind::Integer))
        .await
        .unwrap();
    assert_kept(&site, "no-card-numbers").await;
    for (put, back) in [
        (
            "UPDATE {o}.d1 SET f1 = 'pay 4111 1111 1111 1111'",
            "UPDATE {o}.d1 SET f1 = ''",
        ),
        (
            "UPDATE {o}.d1 SET f5 = '{\"card\": 4111111111111111}'",
            "UPDATE {o}.d1 SET f5 = NULL",
        ),
        (
            "UPDATE {o}.d1 SET f9 = 4111111111111111",
            "UPDATE {o}.d1 SET f9 = NULL",
        ),
        (
            "UPDATE {o}._dataset SET label = '4111111111111111'",
            "UPDATE {o}._dataset SET label = 'Ledger'",
        ),
        (
            "UPDATE strongroom.account SET name = '4111111111111111'",
            "UPDATE strongroom.account SET name = 'x'",
        ),
        (
            "UPDATE strongroom.organization SET name = '4111111111111111'",
            "UPDATE strongroom.organization SET name = 'x'",
        ),
    ] {
        tamper(&site, put).await;
        assert_broken(&site, "no-card-numbers", "a card number").await;
        let verdict = check(&site.platform, "no-card-numbers").await;
        assert!(
            !format!("{verdict:?}").contains("4111"),
            "the number itself is not told: {verdict:?}"
        );
        tamper(&site, back).await;
    }
    assert_kept(&site, "no-card-numbers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_no_export_carries_breaks_export_complete() {
    let site = start().await;
    let owner = site.as_role(Role::Owner).await;
    dataset::add_field(&owner, "ledger", &field("Mail", FieldKind::Email))
        .await
        .unwrap();
    tamper(
        &site,
        "UPDATE {o}.d1 SET f1 = E'=1+1;\"\\r\\n '' ', f9 = 'a@example.com'",
    )
    .await;
    assert_kept(&site, "export-complete").await;
    tamper(&site, "UPDATE {o}.d1 SET f9 = 'not an address'").await;
    assert_broken(&site, "export-complete", "does not come back").await;
    tamper(&site, "UPDATE {o}.d1 SET f9 = NULL, f3 = '\\x00'").await;
    assert_broken(&site, "export-complete", "cannot be opened").await;
}

/// A platform whose listener is a server of the test's.
pub(crate) struct Listening {
    pub(crate) platform: Platform,
    /// Last, so that connections are closed before it goes.
    _database: TestDatabase,
}

/// Serves HTTPS for `name`, down to a version; answers each path with the status that `answer` gives.
pub(crate) fn serve(name: &str, oldest: SslVersion, answer: fn(&str) -> u16) -> SocketAddr {
    serve_whole(name, oldest, move |path| {
        format!("HTTP/1.1 {} x\r\nContent-Length: 0\r\n\r\n", answer(path))
    })
}

/// The same with whole answers.
pub(crate) fn serve_whole(
    name: &str,
    oldest: SslVersion,
    answer: impl Fn(&str) -> String + Send + 'static,
) -> SocketAddr {
    let authority = Authority::create("a test").unwrap();
    let identity = authority.issue(&[name]).unwrap();
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder.set_private_key(&identity.key).unwrap();
    builder.set_certificate(&identity.certificate).unwrap();
    builder
        .add_extra_chain_cert(authority.certificate().clone())
        .unwrap();
    builder.set_min_proto_version(Some(oldest)).unwrap();
    builder.set_max_proto_version(None).unwrap();
    let acceptor = Arc::new(builder.build());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(mut stream) = acceptor.accept(stream) else {
                continue;
            };
            let mut request = [0; 2048];
            let read = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            if let Some(path) = text.split(' ').nth(1) {
                let _sent = stream.write_all(answer(path).as_bytes());
            }
        }
    });
    address
}

pub(crate) async fn listening(listener: Option<SocketAddr>) -> Listening {
    listening_also(listener, None).await
}

/// The same with a listener for plain HTTP.
pub(crate) async fn listening_also(
    listener: Option<SocketAddr>,
    plain_listener: Option<SocketAddr>,
) -> Listening {
    let database = fixture::database().await;
    let login = database.superuser().unwrap();
    let address = Address {
        socket_folder: login.socket_folder,
        port: login.port,
        database: login.database,
    };
    let app = Login {
        role: "strongroom_app".to_owned(),
        password: database.cluster().password("strongroom_app").unwrap(),
    };
    let settings = Settings {
        base_url: "https://localhost:8443".to_owned(),
        session_idle_seconds_max: 1_800,
        session_absolute_seconds_max: 43_200,
        upload_bytes_max: 1 << 20,
        listener,
        plain_listener,
        helper: "/nonexistent/hostd.sock".into(),
        outside_targets: Vec::new(),
        kept_targets: "/nonexistent/outgoing.json".into(),
        spool: "/nonexistent/incoming".into(),
        updates: "/nonexistent/updates".into(),
        backup: config::Backup {
            folder: "/nonexistent/backup".into(),
            record: "/nonexistent/record".into(),
            retention_days: 7,
            full_days: 7,
            second: None,
            second_bytes_per_second: None,
        },
        audit: "/nonexistent/audit".into(),
        database_socket: "/nonexistent/.s.PGSQL.5432".into(),
    };
    let platform = Platform::open_with(
        settings,
        address,
        app,
        RootKey::generate().unwrap(),
        8,
        Timestamp::now,
    )
    .await
    .unwrap();
    Listening {
        platform,
        _database: database,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_modern_tls_for_the_right_name_keeps_transit_tls() {
    let good = listening(Some(serve("localhost", SslVersion::TLS1_3, |_| 200))).await;
    let verdict = check(&good.platform, "transit-tls").await;
    assert_eq!(verdict.state, State::Kept, "{verdict:?}");
    assert!(
        verdict.facts.iter().any(|fact| fact.value == "TLSv1.3"),
        "{verdict:?}"
    );
    for (address, what) in [
        (serve("localhost", SslVersion::TLS1_2, |_| 200), "accepts TLSv1.2"),
        (
            serve("elsewhere.example", SslVersion::TLS1_3, |_| 200),
            "another name",
        ),
    ] {
        let bad = listening(Some(address)).await;
        let verdict = check(&bad.platform, "transit-tls").await;
        assert_eq!(verdict.state, State::Broken, "{verdict:?}");
        assert!(verdict.reason.contains(what), "{verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_away_leaves_transit_tls_unknown() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let away = listening(Some(gone)).await;
    let verdict = check(&away.platform, "transit-tls").await;
    assert_eq!(verdict.state, State::Unknown, "{verdict:?}");
    let none = listening(None).await;
    assert_eq!(check(&none.platform, "transit-tls").await.state, State::Unknown);
}

fn routes(requirement: Requirement) -> Vec<RouteDeclaration> {
    let route = |method: &str, path: &str, requirement| RouteDeclaration {
        method: method.to_owned(),
        path: path.to_owned(),
        requirement,
    };
    vec![
        route("GET", "/health", Requirement::Public),
        route(
            "GET",
            "/organizations/{organization}/datasets",
            Requirement::Permission(Permission::RecordRead),
        ),
        route("POST", "/organizations/{organization}/datasets", requirement),
        route("GET", "/me", Requirement::SignedIn),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_or_undeclared_route_breaks_request_verification() {
    let closed = |path: &str| if path == "/health" { 200 } else { 401 };
    let good = listening(Some(serve("localhost", SslVersion::TLS1_3, closed))).await;
    let id = "request-verification";
    assert_eq!(
        check(&good.platform, id).await.state,
        State::Unknown,
        "nothing was declared"
    );
    good.platform.declare_routes(routes(Requirement::SignedIn));
    let verdict = check(&good.platform, id).await;
    assert_eq!(verdict.state, State::Kept, "{verdict:?}");

    let undeclared = listening(Some(serve("localhost", SslVersion::TLS1_3, closed))).await;
    undeclared
        .platform
        .declare_routes(routes(Requirement::Undeclared));
    let verdict = check(&undeclared.platform, id).await;
    assert!(verdict.reason.contains("declares no requirement"), "{verdict:?}");

    let open = listening(Some(serve("localhost", SslVersion::TLS1_3, |_| 200))).await;
    open.platform.declare_routes(routes(Requirement::SignedIn));
    let verdict = check(&open.platform, id).await;
    assert!(verdict.reason.contains("answers 200, not 401"), "{verdict:?}");
}
