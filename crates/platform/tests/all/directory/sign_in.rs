//! Who comes in by a directory: newcomers, known people, and guessers.

use super::{KEY, enter, role_of, settings, site};
use access::Role;
use platform::{
    Caller,
    account::NewPerson,
    directories::{self, DirectoryChange},
    member,
    provider::FirstSignIn,
};
use std::time::{Duration, Instant};
use testkit::directory::{BASE, Offered, Openldap, SERVICE_PASSWORD, password_of};
use types::ProblemCode;
use vault::SecretText;

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
