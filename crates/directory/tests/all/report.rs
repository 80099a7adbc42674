//! The staged test, against a good server and with each kind of fault.

use crate::fixture::{secret, settings};
use directory::{Settings, report};
use jiff::Timestamp;
use testkit::directory::{BASE, Offered, Openldap};

async fn stages(
    settings: &Settings,
    login: Option<&str>,
) -> (Vec<&'static str>, Option<(&'static str, String)>) {
    let report = report::test(settings, Some(&secret()), login, Timestamp::now()).await;
    let failed = report.failed().map(|stage| (stage.name, stage.text.clone()));
    (
        report
            .stages
            .iter()
            .filter(|stage| stage.good)
            .map(|stage| stage.name)
            .collect(),
        failed,
    )
}

#[tokio::test]
async fn a_good_directory_passes_every_stage() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (good, failed) = stages(&settings(&server), Some("anna")).await;
    assert_eq!(failed, None);
    assert_eq!(
        good,
        [
            "DNS", "TCP", "TLS", "rootDSE", "bind", "base", "base", "filter", "person", "groups"
        ]
    );
}

#[tokio::test]
async fn the_first_failure_is_named_and_nothing_after_it_is_told() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let good = settings(&server);
    let cases: [(&str, &str, Settings); 5] = [
        (
            "TCP",
            "firewall",
            Settings {
                servers: vec!["127.0.0.1:9".parse().unwrap()],
                ..good.clone()
            },
        ),
        (
            "DNS",
            "no address",
            Settings {
                servers: vec!["nowhere.invalid".parse().unwrap()],
                ..good.clone()
            },
        ),
        (
            "base",
            "is not there",
            Settings {
                person_bases: vec![format!("ou=x,{BASE}")],
                ..good.clone()
            },
        ),
        (
            "filter",
            "finds nobody",
            Settings {
                person_filter: "(uid=nobody)".into(),
                ..good.clone()
            },
        ),
        (
            "bind",
            "not let in",
            Settings {
                service_dn: format!("uid=x,{BASE}"),
                ..good.clone()
            },
        ),
    ];
    for (stage, words, settings) in cases {
        let (_, failed) = stages(&settings, Some("anna")).await;
        let (name, text) = failed.unwrap();
        assert_eq!(name, stage, "{text}");
        assert!(text.contains(words), "{text}");
    }
    let (_, failed) = stages(&good, Some("nobody")).await;
    assert_eq!(failed.unwrap().0, "person");
}
