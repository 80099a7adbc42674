//! The settings of a directory: tried before they are saved, without a secret that goes elsewhere.

use super::{KEY, enter, is_in, server_at, settings, site};
use access::Role;
use platform::{
    Caller,
    directories::{
        self, DirectoryChange, Draft, NewDirectory,
        settings::{Security, Settings},
        sync::{self, Mode, What},
    },
    operator,
    provider::FirstSignIn,
};
use promises::State;
use testkit::directory::{BASE, Offered, Openldap, SERVICE_PASSWORD, password_of};
use types::ProblemCode;
use vault::SecretText;

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
