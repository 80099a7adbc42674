//! People of a real directory: let in, given roles, barred, let in again; and directories that answer badly.

use crate::fixture::Site;
use access::Role;
use platform::{
    Caller, Origin, Platform, PlatformError,
    account::NewPerson,
    directories::{
        self, DirectoryChange, DirectoryView, Draft, NewDirectory,
        role_group::{self, Alteration, RoleGroup},
        settings::{Product, Security, Server, Settings},
        sync::{self, Mode, What},
    },
    member, operator,
    provider::FirstSignIn,
    session,
    sign_in::{self, Admission},
};
use promises::State;
use std::time::{Duration, Instant};
use testkit::{
    Authority,
    certificate::Identity,
    directory::{BASE, Offered, Openldap, SERVICE_DN, SERVICE_PASSWORD, password_of},
};
use types::ProblemCode;
use vault::SecretText;

const KEY: &str = "harbour";
const LOCAL: &str = "local@example.com";
const LOCAL_PASSWORD: &str = "a long enough sentence";

fn server_at(host: &str, port: u16) -> Server {
    format!("{host}:{port}").parse().unwrap()
}

fn settings(server: &Openldap) -> Settings {
    let at = server_at("localhost", server.tls_port);
    let preset = Settings::preset(Product::Openldap, at, SERVICE_DN.into(), BASE.into());
    Settings {
        authorities: Some(server.authority.clone()),
        ..preset
    }
}

/// A site whose directory is the server, with the groups of anna and boris mapped.
async fn site(server: &Openldap, first_sign_in: FirstSignIn) -> Site {
    let site = Site::start().await;
    let new = NewDirectory {
        key: KEY.into(),
        settings: settings(server),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
        first_sign_in,
    };
    let host = Caller::host();
    directories::add(&site.platform, &host, new).await.unwrap();
    for (group, role) in [("owners", Role::Administrator), ("editors", Role::Editor)] {
        let name = format!("CN={group}, ou=groups,{BASE}");
        directories::map(&site.platform, &host, KEY, &name, "acme", role)
            .await
            .unwrap();
    }
    site
}

async fn enter(
    platform: &Platform,
    login: &str,
    password: &str,
) -> Result<(String, Caller), platform::PlatformError> {
    let password = SecretText::new(password.into());
    match sign_in::with_password(platform, Origin::default(), login, password).await? {
        Admission::Session { token, caller } => Ok((token.expose().to_owned(), caller)),
        #[allow(unreachable_patterns, reason = "another door may ask for more")]
        _ => panic!("a session was expected"),
    }
}

async fn role_of(site: &Site, email: &str) -> Option<Role> {
    let workspace = site.as_role(Role::Owner).await;
    let members = member::list(&workspace, None).await.unwrap().members;
    members
        .into_iter()
        .find(|member| member.email == email)
        .map(|member| member.role)
}

async fn is_in(platform: &Platform, token: &str) -> bool {
    platform_identity(platform, token).await.account().is_some()
}

async fn platform_identity(platform: &Platform, token: &str) -> Caller {
    session::identify_session(platform, Origin::default(), token, session::Activity::Use)
        .await
        .unwrap()
}

fn delete(server: &Openldap, login: &str) {
    server
        .modify(&format!("dn: uid={login},ou=people,{BASE}\nchangetype: delete\n"))
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_gets_an_account_with_the_role_of_their_groups() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let (_, caller) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    assert_eq!(caller.account().unwrap().email, "anna@harbour.test");
    assert_eq!(
        role_of(&site, "anna@harbour.test").await,
        Some(Role::Administrator)
    );
    let (_, again) = enter(&site.platform, "ANNA", &password_of("anna")).await.unwrap();
    assert_eq!(again.account().unwrap().id, caller.account().unwrap().id);
    let none = enter(&site.platform, "carla", &password_of("carla"))
        .await
        .unwrap_err();
    assert_eq!(
        none.code,
        ProblemCode::NotSignedIn,
        "a group of the same cn elsewhere gives nothing"
    );
    let nameless = enter(&site.platform, "nomail", &password_of("nomail"))
        .await
        .unwrap_err();
    assert_eq!(nameless.detail, none.detail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newcomers_are_refused_unless_it_is_set_and_an_account_is_never_given_by_its_address() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Refuse).await;
    assert!(enter(&site.platform, "anna", &password_of("anna")).await.is_err());
    let change = DirectoryChange {
        first_sign_in: Some(FirstSignIn::Create),
        ..DirectoryChange::default()
    };
    directories::alter(&site.platform, &Caller::host(), KEY, change)
        .await
        .unwrap();
    let taken = NewPerson {
        email: "anna@harbour.test".into(),
        name: "Another Anna".into(),
        password: None,
    };
    member::add(&site.as_role(Role::Owner).await, taken, Role::Viewer)
        .await
        .unwrap();
    assert!(enter(&site.platform, "anna", &password_of("anna")).await.is_err());
    assert_eq!(role_of(&site, "anna@harbour.test").await, Some(Role::Viewer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_wrong_passwords_are_three_binds_and_the_fifth_is_none() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let dn = format!("uid=tryme,ou=people,{BASE}");
    for tries in 1..=6 {
        let began = Instant::now();
        let refused = enter(&site.platform, "tryme", "wrong").await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotSignedIn);
        assert!(
            began.elapsed() >= Duration::from_secs(1),
            "the floor of a refusal's time"
        );
        assert_eq!(server.binds(&dn).unwrap(), tries.min(4));
    }
    let unknown = enter(&site.platform, "nobody", "wrong").await.unwrap_err();
    let known = enter(&site.platform, "boris", "wrong").await.unwrap_err();
    assert_eq!(unknown.detail, known.detail);
    // The directory's own limit is five: the right password still works there.
    let direct = directory_sign_in(&server, "tryme").await;
    assert!(direct, "the directory must not have locked the person");
}

async fn directory_sign_in(server: &Openldap, login: &str) -> bool {
    let (secret, password) = (
        SecretText::new(SERVICE_PASSWORD.into()),
        SecretText::new(password_of(login)),
    );
    let now = jiff::Timestamp::now();
    let outcome = directory::sign_in(
        &directory::Pool::new(),
        &settings(server),
        &secret,
        login,
        &password,
        now,
    )
    .await;
    matches!(outcome, Ok(directory::Outcome::Proven(..)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_password_here_signs_in_while_the_directory_hangs() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let person = NewPerson {
        email: LOCAL.into(),
        name: "Local".into(),
        password: Some(SecretText::new(LOCAL_PASSWORD.into())),
    };
    member::add(&site.as_role(Role::Owner).await, person, Role::Administrator)
        .await
        .unwrap();
    server.hang().unwrap();
    let waiting = enter(&site.platform, "anna", "x");
    let local = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let began = Instant::now();
        enter(&site.platform, LOCAL, LOCAL_PASSWORD).await.unwrap();
        began.elapsed()
    };
    let began = Instant::now();
    let (refused, took) = tokio::join!(waiting, local);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotSignedIn);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    server.resume().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_gone_is_barred_with_their_sessions_and_comes_back_by_the_directory_alone() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let (anna, _) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let (boris, _) = enter(&site.platform, "boris", &password_of("boris"))
        .await
        .unwrap();
    let none = sync::run(&site.platform, &host, KEY, Mode::DryRun).await.unwrap();
    assert_eq!(none, []);
    server.modify(&format!("dn: uid=anna,ou=people,{BASE}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n")).unwrap();
    delete(&server, "boris");
    let planned = sync::run(&site.platform, &host, KEY, Mode::DryRun).await.unwrap();
    let whats: Vec<&What> = planned.iter().map(|change| &change.what).collect();
    assert!(
        whats.contains(&&What::Disabled) && whats.contains(&&What::Vanishes),
        "{whats:?}"
    );
    assert!(is_in(&site.platform, &anna).await, "a dry run changes nobody");
    sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    assert!(!is_in(&site.platform, &anna).await && !is_in(&site.platform, &boris).await);
    assert_eq!(
        role_of(&site, "boris@harbour.test").await,
        Some(Role::Editor),
        "reversibly: the role is kept"
    );
    server
        .modify(&format!(
            "dn: uid=anna,ou=people,{BASE}\nchangetype: modify\ndelete: pwdAccountLockedTime\n"
        ))
        .unwrap();
    let back = sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    assert_eq!(
        back.iter().map(|change| &change.what).collect::<Vec<_>>(),
        [&What::Returns]
    );
    assert!(
        !is_in(&site.platform, &anna).await,
        "an ended session stays ended"
    );
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_administrator_disabled_stays_so_whatever_the_directory_says() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let superuser = site.superuser().await;
    let disable = "UPDATE strongroom.account SET state = 'disabled' WHERE email = 'anna@harbour.test'";
    superuser
        .batch_execute(&format!("SET session_replication_role = replica; {disable}"))
        .await
        .unwrap();
    sync::run(&site.platform, &Caller::host(), KEY, Mode::Guarded)
        .await
        .unwrap();
    assert!(enter(&site.platform, "anna", &password_of("anna")).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_give_and_take_roles_and_leave_alone_what_people_gave() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    enter(&site.platform, "boris", &password_of("boris"))
        .await
        .unwrap();
    assert_eq!(role_of(&site, "boris@harbour.test").await, Some(Role::Editor));
    let add = format!(
        "dn: cn=owners,ou=groups,{BASE}\nchangetype: modify\nadd: member\nmember: uid=boris,ou=people,{BASE}\n"
    );
    server.modify(&add).unwrap();
    let planned = sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    assert!(
        planned
            .iter()
            .any(|change| matches!(&change.what, What::Gains { role, .. } if role == "administrator"))
    );
    assert_eq!(
        role_of(&site, "boris@harbour.test").await,
        Some(Role::Administrator)
    );
    for group in ["owners", "editors"] {
        let name = format!("cn={group},ou=groups,{BASE}");
        directories::unmap(&site.platform, &host, KEY, &name, "acme")
            .await
            .unwrap();
    }
    sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    assert_eq!(role_of(&site, "boris@harbour.test").await, None);
    assert_eq!(role_of(&site, "editor@example.com").await, Some(Role::Editor));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_answer_changes_nobody_and_is_told() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let (anna, _) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let good = settings(&server);
    let broken = [
        (
            Settings {
                person_filter: "(uid=nobody)".into(),
                ..good.clone()
            },
            "refused",
            "holds nobody",
        ),
        (
            Settings {
                person_bases: vec![format!("ou=gone,{BASE}")],
                ..good.clone()
            },
            "failed",
            "is not there",
        ),
        (
            Settings {
                group_bases: vec![format!("ou=services,{BASE}")],
                ..good.clone()
            },
            "refused",
            "is not in the directory's answer",
        ),
    ];
    for (settings, result, words) in broken {
        let change = DirectoryChange {
            settings: Some(settings),
            ..DirectoryChange::default()
        };
        directories::alter(&site.platform, &host, KEY, change)
            .await
            .unwrap();
        assert!(
            sync::run(&site.platform, &host, KEY, Mode::Guarded)
                .await
                .is_err()
        );
        let told = directories::get(&site.platform, &host, KEY)
            .await
            .unwrap()
            .last_sync
            .unwrap();
        assert_eq!(told.result, result, "{}", told.text);
        assert!(told.text.contains(words), "{}", told.text);
        assert!(is_in(&site.platform, &anna).await);
    }
    drop(server);
    assert!(
        sync::run(&site.platform, &host, KEY, Mode::Guarded)
            .await
            .is_err()
    );
    assert!(is_in(&site.platform, &anna).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_implausible_drop_changes_nobody_until_the_host_confirms_it() {
    let server = Openldap::start(Offered::Good, 12).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let mut members = String::new();
    for number in 0..12 {
        let login = format!("crew{number:05}");
        let name = format!("uid={login},ou=people,{BASE}");
        members +=
            &format!("dn: cn=owners,ou=groups,{BASE}\nchangetype: modify\nadd: member\nmember: {name}\n\n");
    }
    server.modify(&members).unwrap();
    for number in 0..12 {
        let login = format!("crew{number:05}");
        enter(&site.platform, &login, &password_of(&login)).await.unwrap();
    }
    for number in 0..6 {
        delete(&server, &format!("crew{number:05}"));
    }
    let refused = sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
    assert!(refused.detail.contains("6 of 12"), "{}", refused.detail);
    let planned = sync::run(&site.platform, &host, KEY, Mode::DryRun).await.unwrap();
    assert_eq!(planned.len(), 6);
    let done = sync::run(&site.platform, &host, KEY, Mode::HoweverMany)
        .await
        .unwrap();
    assert_eq!(done.len(), 6);
    assert_eq!(
        sync::run(&site.platform, &host, KEY, Mode::DryRun).await.unwrap(),
        []
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_goes_with_what_it_was_for_and_nobody_but_the_host_maps_groups() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    operator::appoint(&site.platform, &host, "owner@example.com")
        .await
        .unwrap();
    let mut caller = site.caller(Role::Owner);
    if let platform::caller::Identity::Person { account, .. } = &mut caller.identity {
        account.operator = true;
    }
    let group = format!("cn=owners,ou=groups,{BASE}");
    let mapped = directories::map(&site.platform, &caller, KEY, &group, "acme", Role::Owner)
        .await
        .unwrap_err();
    assert_eq!(mapped.code, ProblemCode::NotAllowed);
    let stranger = directories::list(&site.platform, &site.caller(Role::Administrator))
        .await
        .unwrap_err();
    assert_eq!(stranger.code, ProblemCode::NotAllowed);
    let many = sync::run(&site.platform, &caller, KEY, Mode::HoweverMany)
        .await
        .unwrap_err();
    assert_eq!(many.code, ProblemCode::NotAllowed);
    let by_cn = directories::map(&site.platform, &host, KEY, "owners", "acme", Role::Owner)
        .await
        .unwrap_err();
    assert_eq!(by_cn.code, ProblemCode::Invalid);
    let elsewhere = Settings {
        servers: vec!["elsewhere.test".parse().unwrap()],
        ..settings(&server)
    };
    let plain = Settings {
        security: Security::Plain,
        ..settings(&server)
    };
    for changed in [elsewhere, plain] {
        let change = DirectoryChange {
            settings: Some(changed),
            ..DirectoryChange::default()
        };
        let view = directories::alter(&site.platform, &Caller::host(), KEY, change)
            .await
            .unwrap();
        assert!(!view.has_secret);
        let back = DirectoryChange {
            settings: Some(settings(&server)),
            secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
            ..DirectoryChange::default()
        };
        assert!(
            directories::alter(&site.platform, &caller, KEY, back)
                .await
                .unwrap()
                .has_secret
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_kept_by_a_good_directory_only() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let state = async || {
        let line = platform::promise::check_one(&site.platform, "sign-in-ldap")
            .await
            .unwrap();
        (line.verdict().state, format!("{:?}", line.verdict()))
    };
    let alter = async |settings: Settings, secret: &str| {
        let secret = Some(SecretText::new(secret.into()));
        let change = DirectoryChange {
            settings: Some(settings),
            secret,
            ..DirectoryChange::default()
        };
        directories::alter(&site.platform, &host, KEY, change)
            .await
            .unwrap();
    };
    sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    assert_eq!(state().await.0, State::Kept);
    alter(settings(&server), "a password that ran out").await;
    let (broken, text) = state().await;
    assert_eq!(broken, State::Broken, "{text}");
    let at = server_at("localhost", server.port);
    let plain = Settings {
        servers: vec![at],
        security: Security::Plain,
        ..settings(&server)
    };
    alter(plain, SERVICE_PASSWORD).await;
    let (broken, text) = state().await;
    assert!(broken == State::Broken && text.contains("readable"), "{text}");
    let stranger = Openldap::start(Offered::Good, 0).unwrap();
    let wrong = Settings {
        authorities: Some(stranger.authority.clone()),
        ..settings(&server)
    };
    alter(wrong, SERVICE_PASSWORD).await;
    assert_eq!(state().await.0, State::Broken);
    alter(settings(&server), SERVICE_PASSWORD).await;
    assert_eq!(state().await.0, State::Kept);
    drop(server);
    assert_eq!(state().await.0, State::Broken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_says_which_group_gives_which_role() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let (stages, explained) = directories::test(&site.platform, &Caller::host(), KEY, Some("anna"))
        .await
        .unwrap();
    assert!(stages.iter().all(|stage| stage.good), "{stages:?}");
    let explained = explained.unwrap();
    assert_eq!(explained.roles, [("acme".to_owned(), Role::Administrator)]);
    let giving = explained
        .groups
        .iter()
        .find(|group| !group.gives.is_empty())
        .unwrap();
    assert!(giving.group.starts_with("cn=owners"));
    assert!(giving.through.as_deref().unwrap().contains("harbour-masters"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_tried_and_its_losses_are_told_before_anything_is_saved() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let (token, _) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let draft = |change: fn(&mut Settings)| {
        let mut settings = settings(&server);
        change(&mut settings);
        Draft {
            settings,
            secret: None,
            client_key: None,
        }
    };
    let nobody = draft(|settings| settings.person_filter = "(uid=boris)".into());
    let told = sync::preview(&site.platform, &host, KEY, nobody).await.unwrap();
    let lost: Vec<&str> = told
        .iter()
        .filter(|change| change.what == What::Vanishes)
        .map(|change| change.email.as_str())
        .collect();
    assert_eq!(lost, ["anna@harbour.test"], "{told:?}");
    let same = draft(|_| {});
    let told = sync::preview(&site.platform, &host, KEY, same).await.unwrap();
    assert!(told.is_empty(), "{told:?}");
    let broken = draft(|settings| settings.person_filter = "(uid=".into());
    let refused = sync::preview(&site.platform, &host, KEY, broken)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid);
    assert!(is_in(&site.platform, &token).await, "nobody was changed");
    let before = directories::get(&site.platform, &host, KEY).await.unwrap();
    assert!(before.has_secret && before.settings == settings(&server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_without_tls_is_set_and_tried_by_the_host_alone() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    operator::appoint(&site.platform, &Caller::host(), "viewer@example.com")
        .await
        .unwrap();
    let (_, operator) = site.sign_in(Role::Viewer).await;
    let plain = || Settings {
        security: Security::Plain,
        servers: vec![server_at("localhost", server.port)],
        ..settings(&server)
    };
    let draft = || Draft {
        settings: plain(),
        secret: None,
        client_key: None,
    };
    let new = NewDirectory {
        key: "plain".into(),
        settings: plain(),
        secret: None,
        client_key: None,
        first_sign_in: FirstSignIn::Refuse,
    };
    let added = directories::add(&site.platform, &operator, new).await.map(drop);
    let change = DirectoryChange {
        settings: Some(plain()),
        ..DirectoryChange::default()
    };
    let altered = directories::alter(&site.platform, &operator, KEY, change)
        .await
        .map(drop);
    let tried = directories::test_draft(&site.platform, &operator, Some(KEY), draft(), None)
        .await
        .map(drop);
    let previewed = sync::preview(&site.platform, &operator, KEY, draft())
        .await
        .map(drop);
    for refused in [added, altered, tried, previewed] {
        let refused = refused.unwrap_err();
        assert!(
            refused.code == ProblemCode::NotAllowed && refused.detail.contains("without TLS"),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_password_does_not_follow_a_draft_to_another_server() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    // The same server by another name, so that nothing but the password makes the difference.
    let elsewhere = async |secret: Option<&str>| {
        let draft = Draft {
            settings: Settings {
                servers: vec![server_at("127.0.0.1", server.tls_port)],
                ..settings(&server)
            },
            secret: secret.map(|secret| SecretText::new(secret.into())),
            client_key: None,
        };
        let tried = directories::test_draft(&site.platform, &Caller::host(), Some(KEY), draft, None).await;
        let (stages, _) = tried.unwrap();
        stages
            .into_iter()
            .find(|stage| !stage.good)
            .map(|stage| stage.name)
    };
    assert_eq!(elsewhere(Some(SERVICE_PASSWORD)).await, None);
    assert_eq!(elsewhere(None).await, Some("bind"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_far_from_its_end_is_told_with_its_days() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let health = directories::health(&site.platform, &Caller::host(), KEY)
        .await
        .unwrap();
    assert!(health.failed.is_none(), "{health:?}");
    assert!(
        health.certificate_days.is_some_and(|days| days >= 0),
        "{health:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_maps_no_group_that_would_tell_or_give_more_than_it_may() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let give = |group: &str, role| {
        Alteration::Give(RoleGroup {
            directory: KEY.to_owned(),
            group: format!("cn={group},ou=groups,{BASE}"),
            role,
        })
    };
    let code = |refused: Result<(), platform::PlatformError>| refused.unwrap_err().code;

    // The host never mapped a group to this organization, and nobody here is an operator: who anna is, is not told.
    let globex = site.second_organization().await;
    assert_eq!(
        role_group::list(&globex).await.unwrap().directories,
        Vec::<String>::new()
    );
    let told = role_group::preview(&globex, &give("owners", Role::Viewer)).await;
    assert_eq!(told.unwrap_err().code, ProblemCode::NotFound);
    assert_eq!(
        code(role_group::alter(&globex, &give("owners", Role::Viewer)).await),
        ProblemCode::NotFound
    );

    let administrator = site.as_role(Role::Administrator).await;
    for (wanted, expected) in [
        (give("owners", Role::Owner), ProblemCode::NotAllowed),
        (give("nobody", Role::Viewer), ProblemCode::Invalid),
    ] {
        assert_eq!(code(role_group::alter(&administrator, &wanted).await), expected);
    }
    for low in [Role::Viewer, Role::Editor, Role::Accountant] {
        let workspace = site.as_role(low).await;
        assert_eq!(
            code(role_group::alter(&workspace, &give("owners", Role::Viewer)).await),
            ProblemCode::NotAllowed,
            "{low}"
        );
    }
    let owner = site.as_role(Role::Owner).await;
    role_group::alter(&owner, &give("editors", Role::Owner))
        .await
        .unwrap();
    let take = Alteration::Take {
        directory: KEY.to_owned(),
        group: format!("cn=editors,ou=groups,{BASE}"),
    };
    assert_eq!(
        code(role_group::alter(&administrator, &take).await),
        ProblemCode::NotAllowed,
        "what makes owners is the owners' alone"
    );
    role_group::alter(&owner, &take).await.unwrap();

    let mut stale = site.caller(Role::Owner);
    if let platform::caller::Identity::Person { elevated_until, .. } = &mut stale.identity {
        *elevated_until = jiff::Timestamp::UNIX_EPOCH;
    }
    let stale = site.platform.enter(&stale, "acme").await.unwrap();
    assert_eq!(
        code(role_group::alter(&stale, &give("editors", Role::Viewer)).await),
        ProblemCode::ProofRequired
    );
}

/// A kept file of root's with these places under `_ldap._tcp.localhost`.
fn kept(folder: &std::path::Path, places: serde_json::Value) -> std::path::PathBuf {
    let path = folder.join("outgoing.json");
    let service = serde_json::json!({"name": "_ldap._tcp.localhost", "places": places});
    let kept = serde_json::json!({"targets": [], "services": [service]});
    std::fs::write(&path, kept.to_string()).unwrap();
    path
}

fn place(priority: u16, host: &str, port: u16) -> serde_json::Value {
    let target = serde_json::json!({"host": host, "port": port, "addresses": ["127.0.0.1"]});
    serde_json::json!({"priority": priority, "weight": 1, "target": target})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hosts_that_dns_lists_are_asked_by_priority_and_one_that_is_away_is_passed_over() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The first is away, and the next one takes over; a host that is not of the domain was never kept by us.
    let places = serde_json::json!([
        place(0, "localhost", 1),
        place(1, "evil.example", server.port),
        place(2, "localhost", server.port),
    ]);
    let kept = kept(folder.path(), places);
    let site = Site::start_with(|settings| {
        settings.outside_targets = vec!["_ldap._tcp.localhost".parse().unwrap()];
        settings.kept_targets = kept;
    })
    .await;
    let host = Caller::host();
    let listed = Settings {
        servers: vec!["_ldap._tcp.localhost".parse().unwrap()],
        security: Security::Starttls,
        ..settings(&server)
    };
    let new = NewDirectory {
        key: KEY.into(),
        settings: listed.clone(),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
        first_sign_in: FirstSignIn::Create,
    };
    directories::add(&site.platform, &host, new).await.unwrap();
    let name = format!("cn=owners,ou=groups,{BASE}");
    directories::map(&site.platform, &host, KEY, &name, "acme", Role::Editor)
        .await
        .unwrap();
    let (_, caller) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    assert_eq!(caller.account().unwrap().email, "anna@harbour.test");
    let (stages, _) = directories::test(&site.platform, &host, KEY, None).await.unwrap();
    let told = |server: &str, name: &str| {
        let mut of = stages.iter().filter(|stage| stage.server == server);
        of.find(|stage| stage.name == name)
            .map(|stage| (stage.good, stage.text.clone()))
    };
    assert_eq!(told("localhost:1", "TCP").map(|told| told.0), Some(false));
    let outside = told(&format!("evil.example:{}", server.port), "DNS").unwrap();
    assert!(
        !outside.0 && outside.1.contains("no host below localhost"),
        "{outside:?}"
    );
    let good = format!("localhost:{}", server.port);
    assert_eq!(told(&good, "bind").map(|told| told.0), Some(true));
    assert!(
        told(&good, "DNS")
            .unwrap()
            .1
            .contains("listed under _ldap._tcp.localhost")
    );
    // A service that no setting of root's names is asked by nobody.
    let elsewhere = Settings {
        servers: vec!["_ldap._tcp.dc._msdcs.localhost".parse().unwrap()],
        ..listed
    };
    let draft = Draft {
        settings: elsewhere,
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
    };
    let (stages, _) = directories::test_draft(&site.platform, &host, None, draft, None)
        .await
        .unwrap();
    assert!(stages[0].text.contains("no setting lets"), "{stages:?}");
}

fn pem(identity: &Identity) -> SecretText {
    SecretText::new(identity.key_pem().unwrap())
}

async fn alter(
    site: &Site,
    settings: Settings,
    client_key: Option<SecretText>,
) -> Result<DirectoryView, PlatformError> {
    let change = DirectoryChange {
        settings: Some(settings),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key,
        ..DirectoryChange::default()
    };
    directories::alter(&site.platform, &Caller::host(), KEY, change).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_key_is_sealed_opens_the_way_and_goes_when_the_servers_change() {
    let clients = Authority::create("Clients").unwrap();
    let server = Openldap::start_demanding(&clients).unwrap();
    let own = clients.issue_client("strongroom").unwrap();
    let other = clients.issue_client("another").unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    // By the test and not by a sign-in, after which the server would be left alone for a minute.
    let (stages, _) = directories::test(&site.platform, &host, KEY, None).await.unwrap();
    assert!(
        stages
            .iter()
            .any(|stage| stage.name == "client certificate" && !stage.good),
        "{stages:?}"
    );
    let shown = Settings {
        client_certificate: Some(own.certificate_pem().unwrap()),
        ..settings(&server)
    };
    let wrong = alter(&site, shown.clone(), Some(pem(&other))).await.unwrap_err();
    assert_eq!(wrong.errors[0].pointer, "/client_key", "{wrong:?}");
    let without = alter(&site, settings(&server), Some(pem(&own)))
        .await
        .unwrap_err();
    assert_eq!(without.errors[0].pointer, "/client_key", "{without:?}");
    assert!(
        alter(&site, shown.clone(), Some(pem(&own)))
            .await
            .unwrap()
            .has_client_key
    );
    let draft = Draft {
        settings: shown.clone(),
        secret: None,
        client_key: None,
    };
    let (stages, _) = directories::test_draft(&site.platform, &host, Some(KEY), draft, None)
        .await
        .unwrap();
    assert!(stages.iter().all(|stage| stage.good), "{stages:?}");
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let superuser = site.superuser().await;
    let text = "SELECT encode(client_key, 'escape') || settings::text FROM strongroom.directory";
    let stored: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    assert!(
        !stored.contains("PRIVATE KEY") && stored.contains("BEGIN CERTIFICATE"),
        "{stored}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_key_follows_to_no_other_server_and_stays_with_no_other_certificate() {
    let clients = Authority::create("Clients").unwrap();
    let server = Openldap::start_demanding(&clients).unwrap();
    let own = clients.issue_client("strongroom").unwrap();
    let other = clients.issue_client("another").unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let shown = Settings {
        client_certificate: Some(own.certificate_pem().unwrap()),
        ..settings(&server)
    };
    alter(&site, shown.clone(), Some(pem(&own))).await.unwrap();
    let elsewhere = Settings {
        servers: vec![server_at("127.0.0.1", server.tls_port)],
        ..shown.clone()
    };
    let draft = Draft {
        settings: elsewhere.clone(),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
    };
    let (stages, _) = directories::test_draft(&site.platform, &host, Some(KEY), draft, None)
        .await
        .unwrap();
    let failed = stages.iter().find(|stage| !stage.good).unwrap();
    assert!(
        failed.text.contains("there is none here"),
        "a stored key follows to no other server: {failed:?}"
    );
    assert!(!alter(&site, elsewhere, None).await.unwrap().has_client_key);
    assert!(
        alter(&site, shown.clone(), Some(pem(&own)))
            .await
            .unwrap()
            .has_client_key
    );
    let renewed = Settings {
        client_certificate: Some(other.certificate_pem().unwrap()),
        ..shown
    };
    assert!(
        !alter(&site, renewed, None).await.unwrap().has_client_key,
        "it is of another certificate"
    );
    let found = platform::stored_certificate::list(&site.platform, &host)
        .await
        .unwrap();
    let subjects: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["CN=Harbour authority", "CN=another"]);
    assert!(
        found.iter().all(|one| one.ends_at > jiff::Timestamp::now()),
        "{found:?}"
    );
}
