//! Bad days of a directory. Whatever it does, all of this holds: the person reads the one sentence of every refusal within twelve
//! seconds, an operator reads what is wrong, whoever has a password here comes in meanwhile, and nobody's state changes.

use super::{KEY, enter, is_in, server_at, settings, site};
use crate::fixture::Site;
use access::Role;
use platform::{
    Caller,
    account::NewPerson,
    directories::{
        self, DirectoryChange,
        settings::{Security, Settings},
        sync::{self, Mode},
    },
    member,
    provider::FirstSignIn,
};
use std::time::{Duration, Instant};
use testkit::{
    directory::{BASE, Offered, Openldap, Rogue, SERVICE_PASSWORD, password_of},
    process::most_memory_mib,
};
use types::ProblemCode;
use vault::SecretText;

const LOCAL: &str = "local@example.com";
const LOCAL_PASSWORD: &str = "a long enough sentence";
/// Longest wait for an answer to somebody who signs in by a directory.
const PATIENCE: Duration = Duration::from_secs(12);
/// Whoever has a password here comes in within a second on a machine at rest, and a directory that hangs takes five at least.
const LOCAL_PATIENCE: Duration = Duration::from_secs(4);
/// One exchange stays within 64 MiB (`bad_server.rs` of the directory's tests). Here are three in a row, and a password that takes
/// 19 MiB is measured beside the first.
const MEMORY_MIB_MAX: u64 = 128;

/// A day on which the directory is set or behaves so.
struct Day {
    what: &'static str,
    settings: Settings,
    secret: String,
    /// What an operator reads of it.
    told: &'static str,
}

fn day(what: &'static str, settings: Settings, told: &'static str) -> Day {
    Day {
        what,
        settings,
        secret: SERVICE_PASSWORD.to_owned(),
        told,
    }
}

/// A site with a good directory, which anna has come in by, and somebody with a password here.
struct Scene {
    site: Site,
    server: Openldap,
    anna: String,
    sentence: String,
}

impl Scene {
    async fn start() -> Self {
        let server = Openldap::start(Offered::Good, 0).unwrap();
        let site = site(&server, FirstSignIn::Create).await;
        let person = NewPerson {
            email: LOCAL.into(),
            name: "Local".into(),
            password: Some(SecretText::new(LOCAL_PASSWORD.into())),
        };
        member::add(&site.as_role(Role::Owner).await, person, Role::Owner)
            .await
            .unwrap();
        enter(&site.platform, LOCAL, LOCAL_PASSWORD).await.unwrap();
        let (anna, _) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
        let unknown = enter(&site.platform, "nobody", "x").await.unwrap_err();
        Self {
            site,
            server,
            anna,
            sentence: unknown.detail,
        }
    }

    /// Everything that is kept of people, but for the sessions of whoever has a password here.
    async fn state(&self) -> String {
        let text = "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
            SELECT 'account ' || to_jsonb(one)::text AS line FROM strongroom.account one
            UNION ALL SELECT 'membership ' || to_jsonb(one)::text FROM strongroom.membership one
            UNION ALL SELECT 'identity ' || to_jsonb(one)::text FROM strongroom.identity one
            UNION ALL SELECT 'session ' || session.id || coalesce(session.ended_at::text, '') FROM strongroom.session
                JOIN strongroom.account ON account.id = session.account_id WHERE account.email <> $1) AS every";
        let superuser = self.site.superuser().await;
        superuser.query_one(text, &[&LOCAL]).await.unwrap().get(0)
    }

    async fn set(&self, settings: Settings, secret: &str) {
        let change = DirectoryChange {
            settings: Some(settings),
            secret: Some(SecretText::new(secret.into())),
            ..DirectoryChange::default()
        };
        directories::alter(&self.site.platform, &Caller::host(), KEY, change)
            .await
            .unwrap();
    }

    /// One signs in by the directory with the right password, while another does with the one that they have here.
    #[allow(
        clippy::print_stdout,
        reason = "how long they took is what a reader wants to see"
    )]
    async fn both_sign_in(&self, what: &str) {
        let began = Instant::now();
        let waiting = async {
            let password = password_of("anna");
            let refused = enter(&self.site.platform, "anna", &password).await.unwrap_err();
            (refused, began.elapsed())
        };
        let local = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let began = Instant::now();
            enter(&self.site.platform, LOCAL, LOCAL_PASSWORD).await.unwrap();
            began.elapsed()
        };
        let ((refused, waited), took) = tokio::join!(waiting, local);
        println!("{what}: refused after {waited:?}, in with a password here after {took:?}");
        assert_eq!(
            (refused.code, &refused.detail),
            (ProblemCode::NotSignedIn, &self.sentence),
            "{what}"
        );
        assert!(waited < PATIENCE, "{what}: {waited:?}");
        assert!(took < LOCAL_PATIENCE, "{what}: {took:?}");
    }

    /// What an operator's test says first is wrong.
    async fn told(&self) -> String {
        let (stages, _) = directories::test(&self.site.platform, &Caller::host(), KEY, Some("anna"))
            .await
            .unwrap();
        let failed = stages.into_iter().find(|stage| !stage.good);
        failed.map(|stage| stage.text).unwrap_or_default()
    }

    async fn endures(&self, day: Day) {
        let Day {
            what,
            settings,
            secret,
            told,
        } = day;
        let before = (self.state().await, most_memory_mib().unwrap());
        self.set(settings.clone(), &secret).await;
        self.both_sign_in(what).await;
        let said = self.told().await;
        assert!(!said.is_empty() && said.contains(told), "{what}: {said:?}");
        // Other settings in what does not matter, so that the server is asked and not left alone after it failed.
        let mut again = settings;
        again.attributes.name = "sn".to_owned();
        self.set(again, &secret).await;
        let compared = sync::run(&self.site.platform, &Caller::host(), KEY, Mode::Guarded).await;
        assert!(compared.is_err(), "{what}: {compared:?}");
        assert!(is_in(&self.site.platform, &self.anna).await, "{what}");
        assert_eq!(self.state().await, before.0, "{what}");
        // The kernel counts pages of each thread apart, and the sum a little late.
        let more = most_memory_mib().unwrap().saturating_sub(before.1);
        assert!(more <= MEMORY_MIB_MAX, "{what}: {more} MiB more");
    }

    async fn endures_all(&self, days: Vec<Day>) {
        for day in days {
            Box::pin(self.endures(day)).await;
        }
        self.set(settings(&self.server), SERVICE_PASSWORD).await;
        let password = password_of("anna");
        enter(&self.site.platform, "anna", &password)
            .await
            .expect("what was mended is asked at once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_of_certificates_and_of_security_change_nobody() {
    let scene = Scene::start().await;
    let bad = [Offered::OtherAuthority, Offered::Ended, Offered::OtherName];
    let servers = bad.map(|offered| Openldap::start(offered, 0).unwrap());
    let [stranger, ended, other_name] = servers.each_ref().map(settings);
    let at_port = |port| Settings {
        servers: vec![server_at("localhost", port)],
        ..settings(&scene.server)
    };
    let starttls = |port| Settings {
        security: Security::Starttls,
        ..at_port(port)
    };
    let stripping = Rogue::StripsStartTls.start().unwrap();
    let injecting = Rogue::InjectsAfterStartTls.start().unwrap();
    scene
        .endures_all(vec![
            day("a certificate of another authority", stranger, "CN=Stranger"),
            day("a certificate that is over", ended, "2021"),
            day("a certificate for another name", other_name, "other.harbour.test"),
            day("LDAPS at a port of LDAP", at_port(scene.server.port), "TLS"),
            day("StartTLS at a port of LDAPS", starttls(scene.server.tls_port), ""),
            day("StartTLS stripped", starttls(stripping.port), "StartTLS"),
            day(
                "an answer injected after StartTLS",
                starttls(injecting.port),
                "TLS",
            ),
        ])
        .await;
    for server in servers {
        let log = server.log().unwrap();
        assert_eq!(
            log.matches("BIND dn=\"uid=").count(),
            0,
            "no password crossed: {log}"
        );
    }
    for rogue in [stripping, injecting] {
        for secret in [SERVICE_PASSWORD, &password_of("anna")] {
            assert!(
                !rogue.has_heard(secret.as_bytes()),
                "a password crossed in the clear"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_of_settings_change_nobody() {
    let scene = Scene::start().await;
    let stingy = Openldap::start_stingy().unwrap();
    let good = settings(&scene.server);
    let changed = |change: &dyn Fn(&mut Settings)| {
        let mut settings = good.clone();
        change(&mut settings);
        settings
    };
    let gone = |settings: &mut Settings| settings.person_bases = vec![format!("ou=gone,{BASE}")];
    let nobody = |settings: &mut Settings| settings.person_filter = "(uid=nobody)".into();
    let blind = |settings: &mut Settings| settings.service_dn = format!("uid=boris,ou=people,{BASE}");
    let wrong_password = Day {
        secret: "a password that ran out".into(),
        ..day(
            "a wrong password of the service account",
            good.clone(),
            "not let in",
        )
    };
    let without_right = Day {
        secret: password_of("boris"),
        ..day(
            "a service account that may read nothing",
            changed(&blind),
            "is not there",
        )
    };
    let binds = |dn: &str| scene.server.binds(dn).unwrap();
    Box::pin(scene.endures(wrong_password)).await;
    assert_eq!(
        scene
            .server
            .log()
            .unwrap()
            .matches("RESULT tag=97 err=49")
            .count(),
        3,
        "a sign-in, a test and a comparison: one bind each"
    );
    let before = binds(&format!("uid=anna,ou=people,{BASE}"));
    scene
        .endures_all(vec![
            day("a wrong base", changed(&gone), "is not there"),
            day("a filter that finds nobody", changed(&nobody), "finds nobody"),
            without_right,
        ])
        .await;
    assert_eq!(
        binds(&format!("uid=anna,ou=people,{BASE}")),
        before + 1,
        "anna was bound only when all was mended"
    );
    // A sign-in needs two entries at most; who stops here is the comparison.
    let state = scene.state().await;
    scene.set(settings(&stingy), SERVICE_PASSWORD).await;
    let refused = sync::run(&scene.site.platform, &Caller::host(), KEY, Mode::Guarded)
        .await
        .unwrap_err();
    assert!(refused.detail.contains("limit"), "{}", refused.detail);
    assert_eq!(scene.state().await, state);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_of_servers_that_hang_drip_or_flood_change_nobody() {
    let scene = Scene::start().await;
    let at = |rogue: Rogue| Settings {
        servers: vec![server_at("127.0.0.1", rogue.start().unwrap().port)],
        security: Security::Plain,
        ..settings(&scene.server)
    };
    let over_tls = Settings {
        security: Security::Ldaps,
        ..at(Rogue::Hangs)
    };
    scene
        .endures_all(vec![
            day("a server that hangs", at(Rogue::Hangs), "in time"),
            day("a server that hangs before TLS", over_tls, "in time"),
            day("a byte a second", at(Rogue::Drips), "in time"),
            day("two gibibytes", at(Rogue::AnnouncesTwoGibibytes), "16 MiB"),
            day("entries without end", at(Rogue::SendsEntriesWithoutEnd), "16 MiB"),
            day(
                "one entry of millions of values",
                at(Rogue::SendsOneEntryOfMillions),
                "16 MiB",
            ),
            day("a death in mid-page", at(Rogue::DiesInMidPage), "closed"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stderr, reason = "a panic is told where it always is")]
async fn days_of_nonsense_change_nobody() {
    // What reads nonsense may panic, which its task survives; a trace of it would read all of the test's debug information.
    std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
    let scene = Scene::start().await;
    let at = |rogue: &Rogue| Settings {
        servers: vec![server_at("127.0.0.1", rogue.start().unwrap().port)],
        security: Security::Plain,
        ..settings(&scene.server)
    };
    let days = Rogue::NONSENSE.iter().map(|rogue| day("nonsense", at(rogue), ""));
    scene.endures_all(days.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_password_here_signs_in_while_the_directory_hangs() {
    let scene = Scene::start().await;
    scene.server.hang().unwrap();
    scene.both_sign_in("a real server that hangs").await;
    scene.server.resume().unwrap();
}
