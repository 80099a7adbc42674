//! Signing in at a real OpenLDAP.

use crate::fixture::{secret, server_at, settings, sign_in};
use directory::{
    Failure, Outcome, Person, Pool, Refusal, Settings,
    group::Group,
    settings::{Binding, Security},
};
use jiff::Timestamp;
use testkit::directory::{BASE, Offered, Openldap, SERVICE_DN, password_of};
use vault::SecretText;

fn proven(outcome: Outcome) -> (Box<Person>, Vec<Group>) {
    match outcome {
        Outcome::Proven(person, groups) => (person, groups),
        Outcome::Refused(refusal) => panic!("{refusal}"),
    }
}

fn refusal(outcome: Outcome) -> Refusal {
    match outcome {
        Outcome::Proven(person, _) => panic!("{} was let in", person.dn),
        Outcome::Refused(refusal) => refusal,
    }
}

#[tokio::test]
async fn a_person_is_known_with_nested_groups() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (person, groups) = proven(
        sign_in(&settings(&server), "anna", &password_of("anna"))
            .await
            .unwrap(),
    );
    assert_eq!(
        (person.login.as_str(), person.email.as_deref()),
        ("anna", Some("anna@harbour.test"))
    );
    let names: Vec<&str> = groups.iter().map(|group| group.dn.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let owners = groups
        .iter()
        .find(|group| group.keys.contains("cn=owners,ou=groups,dc=harbour,dc=test"));
    assert!(
        owners
            .unwrap()
            .through
            .as_deref()
            .unwrap()
            .contains("harbour-masters")
    );
}

#[tokio::test]
async fn groups_that_name_each_other_end_and_a_group_of_the_same_cn_is_another() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (_, groups) = proven(
        sign_in(&settings(&server), "carla", &password_of("carla"))
            .await
            .unwrap(),
    );
    let mut names: Vec<&str> = groups
        .iter()
        .map(|group| group.dn.split(',').next().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["cn=loop-a", "cn=loop-b", "cn=owners"]);
    let key = directory::group::key(&format!("cn=owners,ou=groups,{BASE}")).unwrap();
    assert!(!groups.iter().any(|group| group.keys.contains(&key)));
}

#[tokio::test]
async fn members_by_unique_name_and_by_login_are_found() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (_, groups) = proven(
        sign_in(&settings(&server), "boris", &password_of("boris"))
            .await
            .unwrap(),
    );
    let names: Vec<&str> = groups
        .iter()
        .map(|group| group.dn.split(',').next().unwrap())
        .collect();
    assert!(
        names.contains(&"cn=editors") && names.contains(&"cn=crew"),
        "{names:?}"
    );
}

#[tokio::test]
async fn one_wrong_password_is_one_bind() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let mut settings = settings(&server);
    let again = settings.servers[0].clone();
    settings.servers.push(again);
    for tries in 1..=3 {
        assert_eq!(
            refusal(sign_in(&settings, "tryme", "wrong").await.unwrap()),
            Refusal::WrongPassword
        );
        assert_eq!(
            server.binds(&format!("uid=tryme,ou=people,{BASE}")).unwrap(),
            tries
        );
    }
}

#[tokio::test]
async fn a_wrong_password_of_the_service_account_is_one_bind_and_says_so() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let mut settings = settings(&server);
    let again = settings.servers[0].clone();
    settings.servers.push(again);
    let wrong = SecretText::new("wrong".into());
    let password = SecretText::new("x".into());
    let failed = directory::sign_in(
        &Pool::new(),
        &settings,
        &wrong,
        "anna",
        &password,
        Timestamp::now(),
    )
    .await;
    assert!(matches!(failed, Err(Failure::Service { .. })), "{failed:?}");
    assert_eq!(server.binds(SERVICE_DN).unwrap(), 1);
}

#[tokio::test]
async fn empty_and_broken_passwords_do_not_reach_the_server() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let settings = settings(&server);
    assert_eq!(
        refusal(sign_in(&settings, "anna", "").await.unwrap()),
        Refusal::Empty
    );
    assert_eq!(
        refusal(sign_in(&settings, "anna", "a\0b").await.unwrap()),
        Refusal::Malformed
    );
    assert_eq!(
        refusal(sign_in(&settings, "an\0na", "a").await.unwrap()),
        Refusal::Malformed
    );
    assert_eq!(server.binds(&format!("uid=anna,ou=people,{BASE}")).unwrap(), 0);
}

#[tokio::test]
async fn nobody_and_two_are_nobody() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let settings = settings(&server);
    assert_eq!(
        refusal(sign_in(&settings, "nobody", "x").await.unwrap()),
        Refusal::Unknown
    );
    assert_eq!(
        refusal(sign_in(&settings, "twin", &password_of("twin")).await.unwrap()),
        Refusal::Ambiguous
    );
    for login in ["*", "a*", "anna)(uid=*", "*)(objectClass=*", "\\2a", "\"()*\\"] {
        assert_eq!(
            refusal(sign_in(&settings, login, "x").await.unwrap()),
            Refusal::Unknown,
            "{login}"
        );
    }
}

#[tokio::test]
async fn odd_names_sign_in_by_search_and_by_template() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let searching = settings(&server);
    let template = format!("uid={{login}},ou=people,{BASE}");
    let templating = Settings {
        binding: Binding::Template(template),
        ..searching.clone()
    };
    for login in ["p(a)r*en", "Jürgen Größe"] {
        for settings in [&searching, &templating] {
            let (person, _) = proven(sign_in(settings, login, &password_of(login)).await.unwrap());
            assert_eq!(person.login, login);
        }
    }
    let out = refusal(
        sign_in(&templating, "carla,ou=guests", &password_of("carla"))
            .await
            .unwrap(),
    );
    assert!(
        matches!(out, Refusal::WrongPassword | Refusal::Unknown),
        "{out:?}"
    );
}

#[tokio::test]
async fn states_of_the_password_policy_keep_people_out() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let settings = settings(&server);
    let set = |login: &str, attribute: &str, value: &str| {
        let ldif = format!(
            "dn: uid={login},ou=people,{BASE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        );
        server.modify(&ldif).unwrap();
    };
    set("locked", "pwdAccountLockedTime", "000001010000Z");
    set("mustchange", "pwdReset", "TRUE");
    let locked = refusal(
        sign_in(&settings, "locked", &password_of("locked"))
            .await
            .unwrap(),
    );
    assert_eq!(locked, Refusal::Locked);
    let must = refusal(
        sign_in(&settings, "mustchange", &password_of("mustchange"))
            .await
            .unwrap(),
    );
    assert_eq!(must, Refusal::MustChange);
}

#[tokio::test]
async fn a_person_who_moves_and_is_renamed_stays_the_same_and_a_new_one_does_not() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let settings = settings(&server);
    let (before, _) = proven(sign_in(&settings, "mover", &password_of("mover")).await.unwrap());
    let moved = format!(
        "dn: uid=mover,ou=people,{BASE}\nchangetype: modrdn\nnewrdn: uid=moved\ndeleteoldrdn: 1\nnewsuperior: ou=guests,{BASE}\n"
    );
    server.modify(&moved).unwrap();
    let (after, _) = proven(sign_in(&settings, "moved", &password_of("mover")).await.unwrap());
    assert_eq!(before.id, after.id);
    server
        .modify(&format!("dn: uid=moved,ou=guests,{BASE}\nchangetype: delete\n"))
        .unwrap();
    let anew = format!(
        "dn: uid=moved,ou=guests,{BASE}\nobjectClass: inetOrgPerson\nuid: moved\ncn: a\nsn: b\nuserPassword: new\n"
    );
    server.add(&anew).unwrap();
    let (anew, _) = proven(sign_in(&settings, "moved", "new").await.unwrap());
    assert_ne!(anew.id, after.id);
}

#[tokio::test]
async fn the_next_server_is_asked_and_the_first_one_again_when_it_is_back() {
    let (first, second) = (
        Openldap::start(Offered::Good, 0).unwrap(),
        Openldap::start(Offered::Good, 0).unwrap(),
    );
    let mut settings = settings(&first);
    settings.authorities = Some(format!("{}{}", first.authority, second.authority));
    settings.servers.push(server_at("localhost", second.tls_port));
    let dead = first.tls_port;
    drop(first);
    let pool = Pool::new();
    for _ in 0..2 {
        let password = SecretText::new(password_of("anna"));
        let outcome =
            directory::sign_in(&pool, &settings, &secret(), "anna", &password, Timestamp::now()).await;
        proven(outcome.unwrap());
    }
    settings.servers = vec![server_at("localhost", dead)];
    let password = SecretText::new("x".into());
    let resting = directory::sign_in(&pool, &settings, &secret(), "anna", &password, Timestamp::now()).await;
    assert!(matches!(resting, Err(Failure::Resting { .. })), "{resting:?}");
}

#[tokio::test]
async fn start_tls_protects_as_well() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let mut settings = settings(&server);
    settings.security = Security::Starttls;
    settings.servers[0].port = server.port;
    proven(sign_in(&settings, "anna", &password_of("anna")).await.unwrap());
    assert!(server.log().unwrap().contains("STARTTLS"));
}
