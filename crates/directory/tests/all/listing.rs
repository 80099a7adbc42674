//! Everybody, or nobody.

use crate::fixture::{secret, settings};
use directory::{Failure, Pool, Settings, listing, settings::Binding};
use jiff::Timestamp;
use testkit::directory::{BASE, Offered, Openldap};

#[tokio::test]
async fn everybody_is_listed_through_the_servers_limit() {
    let server = Openldap::start(Offered::Good, 1_700).unwrap();
    let settings = settings(&server);
    let found = listing::list(&Pool::new(), &settings, &secret(), Timestamp::now())
        .await
        .unwrap();
    assert_eq!((found.people.len(), found.without_identifier), (1_712, 0));
    let anna = found
        .people
        .values()
        .find(|person| person.login == "anna")
        .unwrap();
    let names: Vec<String> = found.groups_of(anna).into_iter().map(|group| group.dn).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let carla = found
        .people
        .values()
        .find(|person| person.login == "carla")
        .unwrap();
    assert_eq!(found.groups_of(carla).len(), 3);
    let boris = found
        .people
        .values()
        .find(|person| person.login == "boris")
        .unwrap();
    assert_eq!(found.groups_of(boris).len(), 2);
}

#[tokio::test]
async fn what_is_not_a_whole_answer_is_a_failure() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let good = settings(&server);
    let list =
        async |settings: &Settings| listing::list(&Pool::new(), settings, &secret(), Timestamp::now()).await;
    let elsewhere = Settings {
        person_bases: vec![format!("ou=gone,{BASE}")],
        ..good.clone()
    };
    assert!(matches!(
        list(&elsewhere).await,
        Err(Failure::Base { code: 32, .. })
    ));
    let broken = Settings {
        person_filter: "(objectClass=person".into(),
        ..good.clone()
    };
    assert!(matches!(list(&broken).await, Err(Failure::Filter { .. })));
    let blind = Settings {
        service_dn: format!("uid=boris,ou=people,{BASE}"),
        binding: Binding::Search,
        ..good
    };
    let boris = vault::SecretText::new(testkit::directory::password_of("boris"));
    let seen = listing::list(&Pool::new(), &blind, &boris, Timestamp::now()).await;
    assert!(
        matches!(seen, Err(Failure::Base { .. } | Failure::NoRight { .. })),
        "{:?}",
        seen.map(|seen| seen.people.len())
    );
}
