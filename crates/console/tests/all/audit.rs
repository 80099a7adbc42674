//! Sample pages of what auditors read: entries, the access log, the promise register.

use super::sample::{Page, at, badge, choices, chrome, code, fact, inside, money, page, text};
use super::{
    client::Client,
    person::Person,
    site::{PASSWORD, Site, email},
};
use console::view::{
    AccessBar, AccessLogPage, AccessRow, AuditEntryPage, AuditFilter, AuditPage, AuditRow, Badge, Change,
    Chrome, Commitment, Nav, OrganizationAccessPage, Pagination, PromiseCounts, PromiseSection, PromiseState,
    PromiseView, PromisesPage, Receipt, Tone, VisitorRow,
};
use std::sync::Arc;
use testkit::browser::Scripts;

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/o/northwind/audit", &audit()),
        page("/o/northwind/audit/0198c2f5", &audit_entry()),
        page("/promises", &promises()),
        page("/account/access-log", &access_log()),
        page("/o/northwind/access-log", &organization_access()),
    ]
}

fn filter() -> AuditFilter {
    AuditFilter {
        actions: choices(
            &[
                ("record.update", "record updated"),
                ("record.reveal", "sensitive values revealed"),
            ],
            "",
        ),
        actors: choices(&[("ada", "Ada Okonkwo"), ("jonas", "Jonas Weber")], "ada"),
        object: "0198c2f5-13aa-7e02-8d11-0c9b54f0a7d3".into(),
        from: "2026-03-11".into(),
        until: String::new(),
    }
}

fn audit() -> AuditPage {
    let row = |action, object: &str, actor: &str, time: &str| AuditRow {
        id: "0198c2f5".into(),
        at: at(time),
        actor: actor.into(),
        action,
        object: object.into(),
        address: "10.20.4.17".into(),
        request_id: "0198c2f4-9d20-7b11".into(),
    };
    let ada = "Ada Okonkwo";
    AuditPage {
        chrome: chrome("Audit", Nav::Audit),
        organization: "northwind".into(),
        filter: filter(),
        entries: vec![
            row(
                badge("record updated", Tone::Accent),
                "7590-VHVEG in Customers",
                ada,
                "12 Mar 2026, 14:02:31",
            ),
            row(
                badge("sensitive values revealed", Tone::Brass),
                "7590-VHVEG in Customers",
                ada,
                "12 Mar 2026, 14:01:09",
            ),
            row(
                badge("import completed", Tone::Good),
                "7,043 records in Customers",
                ada,
                "12 Mar 2026, 13:50:44",
            ),
            row(
                badge("refused", Tone::Bad),
                "export of Payments",
                "Luis Prado",
                "12 Mar 2026, 11:17:02",
            ),
            row(
                badge("role changed", Tone::Warn),
                "Mei Tanaka: editor to accountant",
                ada,
                "11 Mar 2026, 17:40:00",
            ),
            row(
                badge("signed in", Tone::Neutral),
                "session",
                "Jonas Weber",
                "11 Mar 2026, 08:02:13",
            ),
        ],
        pagination: Pagination {
            summary: "6 entries".into(),
            next_href: Some("/o/northwind/audit?after=x".into()),
            ..Pagination::default()
        },
        signed: badge("Verified up to #1,204, 2 seconds ago", Tone::Good),
    }
}

fn audit_entry() -> AuditEntryPage {
    let hex = "9f2c41d07be6358a1c44f0e2d99b7a60517c83ee20a4b6d1f5083e97c2ab416d";
    let commitment = |label: &str, opens| Commitment {
        label: label.into(),
        hex: hex.into(),
        opens,
    };
    AuditEntryPage {
        chrome: Chrome {
            nav: Nav::Audit,
            ..inside("Entry 0198c2f5", &[("Audit", "/o/northwind/audit")])
        },
        action: badge("record updated", Tone::Accent),
        summary: "Ada Okonkwo changed 7590-VHVEG in Customers,".into(),
        at: at("12 Mar 2026, 14:02:31"),
        header: vec![
            fact("Entry id", code("0198c2f5-13aa-7e02-8d11-0c9b54f0a7d3")),
            fact("Actor", text("Ada Okonkwo (account)")),
            fact("Session", code("0198c1aa-02b7")),
            fact("Method", text("password")),
            fact("Address", code("10.20.4.17")),
            fact("Device", text("Firefox on Debian")),
            fact("Request", code("0198c2f4-9d20-7b11-a01c-77d2f0e3b1aa")),
            fact("Place in transaction", text("1 of 1")),
        ],
        is_erased: false,
        receipt: Receipt {
            state: badge("proven", Tone::Good),
            text: "It is leaf 1,180 of the log, proven under the checkpoint of 1,204.".into(),
            href: "/o/northwind/audit/0198c2f5/receipt".into(),
        },
        commitments: vec![
            commitment("Header", Some(true)),
            commitment("Before", Some(true)),
            commitment("After", None),
        ],
        changes: vec![Change {
            label: "Monthly charges".into(),
            before: money("31.20 USD"),
            after: money("29.85 USD"),
        }],
    }
}

fn promise(id: &str, state: PromiseState, promise: &str, reason: Option<&str>) -> PromiseView {
    let kept = state == PromiseState::Kept;
    PromiseView {
        id: id.into(),
        state,
        kind: "enforced".into(),
        promise: promise.into(),
        evidence:
            "A handshake with the running listener: protocol, cipher, certificate chain, days to expiry."
                .into(),
        facts: if kept {
            vec![
                fact("Protocol", code("TLSv1.3")),
                fact("Cipher", code("TLS_AES_256_GCM_SHA384")),
                fact("TLS 1.2", text("refused")),
                fact("Certificate ends", text("9 Jun 2026, in 89 days")),
            ]
        } else {
            vec![]
        },
        reason: reason.map(Into::into),
        made_by: vec!["CARTO".into(), "CarteFi".into(), "CTO".into()],
        checked: Some(at("12 Mar 2026, 14:02")),
        open: id == "transit-tls" || state == PromiseState::Broken,
    }
}

fn promises() -> PromisesPage {
    use PromiseState::{Broken, Kept, Unknown, Waived};
    let state_of = |index: usize| match index {
        0..=8 => Kept,
        9 => Broken,
        30 => Waived,
        _ => Unknown,
    };
    let ids = [
        "transit-tls",
        "transit-compatibility",
        "rest-encryption",
        "field-encryption",
    ];
    PromisesPage {
        chrome: chrome("Promises", Nav::Promises),
        counts: PromiseCounts {
            kept: 9,
            broken: 1,
            unknown: 56,
            waived: 1,
        },
        wall: (0..67)
            .map(|index| {
                (
                    ids.get(index)
                        .map_or_else(|| format!("promise-{index}"), ToString::to_string),
                    state_of(index),
                )
            })
            .collect(),
        filter: None,
        sections: vec![PromiseSection {
            id: "encryption".into(),
            title: "Encryption".into(),
            promises: vec![
                promise(
                    "transit-tls",
                    Kept,
                    "Every connection from people and programs is encrypted with TLS 1.3; plain HTTP only redirects.",
                    None,
                ),
                promise(
                    "transit-compatibility",
                    Waived,
                    "An administrator can admit older clients (TLS 1.2 with forward-secret AEAD ciphers only), and the register says so while it is on.",
                    Some("Waived by Ada Okonkwo until 1 Jun 2026: no older clients here."),
                ),
                promise(
                    "rest-encryption",
                    Unknown,
                    "All data on disk is encrypted with AES-256.",
                    Some("Not built yet."),
                ),
                promise(
                    "field-encryption",
                    Broken,
                    "Sensitive fields carry a second, application-level encryption under the organization's own key.",
                    Some("1 of 200 sampled values of Customers.tax_number is not sealed."),
                ),
            ],
        }],
        checked: at("12 Mar 2026, 14:02"),
    }
}

fn access_row(act: Badge, method: &str, device: &str, address: &str, organization: &str) -> AccessRow {
    AccessRow {
        at: at("12 Mar 2026, 08:02:13"),
        act,
        detail: "/o/{organization}/datasets".into(),
        method: method.into(),
        device: device.into(),
        address: address.into(),
        organization: organization.into(),
    }
}

fn access_rows() -> Vec<AccessRow> {
    let (signed_in, used) = (badge("signed in", Tone::Good), badge("token used", Tone::Neutral));
    let refused = badge("refused", Tone::Bad);
    vec![
        access_row(signed_in, "password", "Firefox on Debian", "10.20.4.17", ""),
        access_row(used, "token", "curl 8.12", "10.20.9.3", "Northwind Telecom"),
        access_row(refused, "password", "Chrome on Windows", "2001:db8:41::9f3", ""),
    ]
}

fn organization_access() -> OrganizationAccessPage {
    let people = [("ada", "Ada Okonkwo"), ("luis", "Luis Prado")];
    let row = |access| VisitorRow {
        person: "Luis Prado".into(),
        access,
    };
    OrganizationAccessPage {
        chrome: chrome("Access log", Nav::OrganizationAccess),
        organization: "northwind".into(),
        filter: AccessBar {
            people: choices(&people, "luis"),
            outcomes: choices(&[("refused", "Refused")], ""),
            from: "2026-03-01".into(),
            address: "10.20.".into(),
            ..AccessBar::default()
        },
        csv_href: "/o/northwind/access-log.csv".into(),
        rows: access_rows().into_iter().map(row).collect(),
        pagination: Pagination {
            summary: "3 events".into(),
            ..Pagination::default()
        },
    }
}

fn access_log() -> AccessLogPage {
    AccessLogPage {
        chrome: chrome("My access log", Nav::AccessLog),
        filter: AccessBar::default(),
        csv_href: "/account/access-log.csv".into(),
        rows: access_rows(),
        pagination: Pagination {
            summary: "3 lines".into(),
            ..Pagination::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_pages_say_how_far_the_log_is_verified_and_give_a_receipt() {
    let site = Arc::new(Site::start().await);
    let person = Person::new(&site, Scripts::Allowed).await;
    person.sign_in("owner").await;
    person.open("/o/acme/audit").await;
    // The worker of this site signs within seconds.
    person.sees("Verified up to #").await;
    person.sees("seen by 0 witnesses").await;
    let (entry, receipt) = receipt_of(Arc::clone(&site)).await;
    assert!(receipt.starts_with("c2sp.org/tlog-proof@v1\n"), "{receipt}");
    person.open(&entry).await;
    person.sees("proven under the checkpoint of").await;
    person.sees("Save the receipt").await;
    person.heard_no_complaint().await;
}

/// The address of the newest entry that has a receipt, and the receipt as a browser would save it.
async fn receipt_of(site: Arc<Site>) -> (String, String) {
    let work = move || {
        let mut client = Client::new(&site);
        client.sign_in(&email("owner"), PASSWORD, "/o/acme/audit");
        let page = client.get("/o/acme/audit").body;
        let entries = page.split("href=\"/o/acme/audit/").skip(1);
        for (entry, _) in entries.filter_map(|rest| rest.split_once('"')) {
            let address = format!("/o/acme/audit/{entry}");
            let answer = client.get(&format!("{address}/receipt"));
            if answer.status == 200 {
                let saved = answer.header("content-disposition").unwrap().to_owned();
                assert!(saved.starts_with("attachment; filename=\"entry-"), "{saved}");
                return (address, answer.body);
            }
            // Whoever signed in a moment ago made entries that no checkpoint covers yet.
            assert_eq!(answer.status, 404, "{address}");
        }
        panic!("no entry has a receipt");
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}
