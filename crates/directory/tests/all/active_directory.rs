//! A domain of Samba's, as one test: it takes a minute to make.

use crate::fixture::sign_in_with;
use directory::{
    Outcome, Pool, Refusal, Settings, State, listing,
    service::look_up,
    settings::{Product, Reach, Security, Server},
};
use jiff::Timestamp;
use std::{collections::BTreeSet, net::SocketAddr, time::Duration};
use testkit::directory::Samba;
use types::ServiceName;
use vault::SecretText;

struct Domain {
    settings: Settings,
    secret: SecretText,
}

impl Domain {
    fn of(server: &Samba) -> Self {
        let at: Server = server.address.to_string().parse().unwrap();
        let base = Samba::BASE.to_owned();
        let preset = Settings::preset(Product::ActiveDirectory, at, Samba::SERVICE.into(), base);
        Self {
            settings: Settings {
                authorities: Some(server.authority.clone()),
                ..preset
            },
            secret: SecretText::new(Samba::password_of("strongroom")),
        }
    }

    async fn sign_in(&self, login: &str, password: &str) -> Outcome {
        sign_in_with(&self.settings, &self.secret, login, password)
            .await
            .unwrap()
    }

    async fn right(&self, login: &str) -> (String, BTreeSet<String>) {
        match self.sign_in(login, &Samba::password_of(login)).await {
            Outcome::Proven(person, groups) => (
                person.id,
                groups.into_iter().flat_map(|group| group.keys).collect(),
            ),
            Outcome::Refused(refusal) => panic!("{login}: {refusal}"),
        }
    }

    async fn refusal(&self, login: &str, password: &str) -> Refusal {
        match self.sign_in(login, password).await {
            Outcome::Proven(person, _) => panic!("{} was let in", person.dn),
            Outcome::Refused(refusal) => refusal,
        }
    }
}

fn group(name: &str) -> String {
    format!("cn={name},ou=groups,dc=harbour,dc=test")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_groups_and_states_of_a_domain_are_told_right() {
    let server = Samba::start(1_700).unwrap();
    let domain = Domain::of(&server);
    // Nested three deep, by login name and by principal name; umlauts; a primary group; a loop.
    let (anna, groups) = domain.right("anna").await;
    assert!(
        ["masters", "harbour", "owners"]
            .iter()
            .all(|name| groups.contains(&group(name))),
        "{groups:?}"
    );
    assert!(
        groups.iter().any(|key| key.starts_with("s-1-5-21-")),
        "{groups:?}"
    );
    let by_principal = domain
        .sign_in("anna@harbour.test", &Samba::password_of("anna"))
        .await;
    assert!(matches!(by_principal, Outcome::Proven(person, _) if person.id == anna));
    domain.right("jürgen").await;
    assert!(domain.right("boris").await.1.contains(&group("primary")));
    assert!(domain.right("mover").await.1.contains(&group("loop-b")));
    // States.
    assert_eq!(domain.refusal("anna", "wrong").await, Refusal::WrongPassword);
    for (login, told) in [
        ("off", Refusal::Disabled),
        ("over", Refusal::Expired),
        ("mustchange", Refusal::MustChange),
    ] {
        assert_eq!(
            domain.refusal(login, &Samba::password_of(login)).await,
            told,
            "{login}"
        );
    }
    for _ in 0..3 {
        assert_eq!(domain.refusal("lockme", "wrong").await, Refusal::WrongPassword);
    }
    assert_eq!(
        domain.refusal("lockme", &Samba::password_of("lockme")).await,
        Refusal::Locked
    );
    // Renamed and moved, and still the same.
    let (before, _) = domain.right("mover").await;
    server
        .tool(&["user", "rename", "mover", "--samaccountname=moved"])
        .unwrap();
    server.tool(&["user", "move", "moved", "OU=Services"]).unwrap();
    let after = domain.sign_in("moved", &Samba::password_of("mover")).await;
    assert!(matches!(after, Outcome::Proven(person, _) if person.id == before));
    everybody(&domain).await;
    by_its_own_dns(&server, &domain).await;
}

/// The domain's own DNS server lists its controller, which is reached as it is listed.
async fn by_its_own_dns(server: &Samba, domain: &Domain) {
    const LDAP: u16 = 389;
    let patience = Duration::from_secs(8);
    for name in ["_ldap._tcp.harbour.test", "_ldap._tcp.dc._msdcs.harbour.test"] {
        let service: ServiceName = name.parse().unwrap();
        let listed = tokio::task::block_in_place(|| look_up(&service, &[server.dns()], patience)).unwrap();
        let listed: Vec<(&str, u16)> = listed.iter().map(|one| (one.host.as_str(), one.port)).collect();
        assert_eq!(listed, [(Samba::HOST, LDAP)], "{name}");
        let address = SocketAddr::new(server.address, LDAP);
        let at = Server {
            host: Samba::HOST.to_owned(),
            port: LDAP,
            reach: Reach::Listed(name.to_owned(), vec![address]),
        };
        let settings = Settings {
            servers: vec![at],
            security: Security::Starttls,
            ..domain.settings.clone()
        };
        let password = Samba::password_of("anna");
        let outcome = sign_in_with(&settings, &domain.secret, "anna", &password).await;
        assert!(matches!(outcome, Ok(Outcome::Proven(..))), "{name}: {outcome:?}");
    }
}

/// 1,700 people are more than Samba gives at once, and more members than it names at once.
async fn everybody(domain: &Domain) {
    let listed = listing::list(&Pool::new(), &domain.settings, &domain.secret, Timestamp::now())
        .await
        .unwrap();
    assert!(listed.people.len() >= 1_709, "{}", listed.people.len());
    let find = |login: &str| {
        listed
            .people
            .values()
            .find(|person| person.login == login)
            .unwrap()
    };
    let keys = |login: &str| -> BTreeSet<String> {
        listed
            .groups_of(find(login))
            .into_iter()
            .flat_map(|group| group.keys)
            .collect()
    };
    assert!(
        keys("crew00000").contains(&group("everybody")) && keys("crew01699").contains(&group("everybody"))
    );
    assert!(keys("anna").contains(&group("owners")) && keys("boris").contains(&group("primary")));
    assert_eq!(
        (find("off").state, find("over").state),
        (State::Disabled, State::Expired)
    );
}
