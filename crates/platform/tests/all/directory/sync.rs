//! The comparison with a directory: who is gone, who is back, who gains and loses roles, and when nobody is changed.

use super::{KEY, delete, enter, is_in, member_of, role_of, settings, site};
use access::{DatasetRight, Role};
use platform::{
    Caller,
    directories::{
        self, DirectoryChange,
        settings::Settings,
        sync::{self, Mode, What},
    },
    member,
    narrowing::NamedNarrowing,
    provider::FirstSignIn,
};
use testkit::directory::{BASE, Offered, Openldap, password_of};
use types::ProblemCode;

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
async fn whoever_a_group_takes_away_and_gives_back_is_narrowed_as_before() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    enter(&site.platform, "boris", &password_of("boris"))
        .await
        .unwrap();
    let owner = site.as_role(Role::Owner).await;
    let taken_away = NamedNarrowing {
        others: DatasetRight::Read,
        ..NamedNarrowing::default()
    };
    let boris = member_of(&site, "boris@harbour.test").await.unwrap();
    member::set_narrowing(&owner, boris.account, &taken_away)
        .await
        .unwrap();
    let group = format!("cn=editors,ou=groups,{BASE}");
    directories::unmap(&site.platform, &host, KEY, &group, "acme")
        .await
        .unwrap();
    sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    assert!(member_of(&site, "boris@harbour.test").await.is_none());
    directories::map(&site.platform, &host, KEY, &group, "acme", Role::Editor)
        .await
        .unwrap();
    sync::run(&site.platform, &host, KEY, Mode::Guarded)
        .await
        .unwrap();
    let back = member_of(&site, "boris@harbour.test").await.unwrap();
    assert_eq!((back.role, back.narrowing), (Role::Editor, taken_away));
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
