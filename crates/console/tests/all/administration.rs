//! Sample pages of everything around records: sign-in, organizations, members, audit, tokens, promises, account.

use super::sample::{Page, at, badge, choices, chrome, code, fact, inside, money, page, text, with_notice};
use console::view::{
    AccessLogPage, AccessRow, AccountPage, AuditEntryPage, AuditFilter, AuditPage, AuditRow, Change, Chrome,
    Commitment, ErrorPage, ErrorSummary, FieldInput, FreshToken, InputKind, MemberRow, MembersPage, Nav,
    NoticeKind, OrganizationCard, OrganizationsPage, Pagination, PromiseCounts, PromiseSection, PromiseState,
    PromiseView, PromisesPage, SessionRow, SignInPage, TokenRow, TokensPage, Tone,
};

const ROLES: [(&str, &str); 5] = [
    ("viewer", "Viewer"),
    ("editor", "Editor"),
    ("accountant", "Accountant"),
    ("administrator", "Administrator"),
    ("owner", "Owner"),
];

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/sign-in", &sign_in(false)),
        page("/states/sign-in-refused", &sign_in(true)),
        page("/o", &organizations()),
        page("/o/northwind/members", &members()),
        page("/o/northwind/audit", &audit()),
        page("/o/northwind/audit/0198c2f5", &audit_entry()),
        page("/o/northwind/tokens", &tokens(false)),
        page("/states/fresh-token", &tokens(true)),
        page("/promises", &promises()),
        page("/account", &account()),
        page("/account/access-log", &access_log()),
        page("/states/error", &error()),
    ]
}

fn sign_in(refused: bool) -> SignInPage {
    SignInPage {
        chrome: Chrome {
            title: "Sign in".into(),
            csrf: "c0ffee".into(),
            ..Chrome::default()
        },
        appliance_name: "strongroom.northwind.example".into(),
        fields: vec![
            FieldInput::new("login", "Name", InputKind::Text)
                .required()
                .with_autocomplete("username"),
            FieldInput::new("password", "Password", InputKind::Password)
                .required()
                .with_autocomplete("current-password"),
        ],
        failure: refused.then(|| ErrorSummary {
            title: "That name and password do not belong together. Try again, or ask an administrator."
                .into(),
            failures: vec![],
        }),
        next: String::new(),
    }
}

fn organizations() -> OrganizationsPage {
    let card = |slug: &str, name: &str, role: &str, datasets: &str, members: &str| OrganizationCard {
        slug: slug.into(),
        name: name.into(),
        role: role.into(),
        datasets: datasets.into(),
        members: members.into(),
        since: at("3 Nov 2024"),
    };
    OrganizationsPage {
        chrome: Chrome {
            organization: None,
            ..chrome("Organizations", Nav::Organizations)
        },
        organizations: vec![
            card(
                "northwind",
                "Northwind Telecom",
                "owner",
                "4 datasets",
                "12 members",
            ),
            card(
                "riverside-library",
                "Riverside Library",
                "accountant",
                "1 dataset",
                "5 members",
            ),
            card("skyways", "Skyways Air", "viewer", "2 datasets", "31 members"),
        ],
    }
}

fn members() -> MembersPage {
    let row = |id: &str, name: &str, role: &str, state, is_self, disabled: bool| MemberRow {
        id: id.into(),
        name: name.into(),
        login: format!("{id}@northwind.example"),
        role: ROLES
            .iter()
            .find(|(value, _)| *value == role)
            .map_or("", |(_, label)| label)
            .into(),
        roles: if is_self {
            Vec::new()
        } else {
            choices(&ROLES, role)
        },
        state,
        last_seen: (!disabled).then(|| at("12 Mar 2026, 14:02")),
        is_self,
        disabled,
    };
    MembersPage {
        chrome: chrome("Members", Nav::Members),
        organization: "northwind".into(),
        members: vec![
            row(
                "ada",
                "Ada Okonkwo",
                "owner",
                badge("active", Tone::Good),
                true,
                false,
            ),
            row(
                "jonas",
                "Jonas Weber",
                "editor",
                badge("active", Tone::Good),
                false,
                false,
            ),
            row(
                "mei",
                "Mei Tanaka",
                "accountant",
                badge("active", Tone::Good),
                false,
                false,
            ),
            row(
                "luis",
                "Luis Prado",
                "viewer",
                badge("disabled", Tone::Neutral),
                false,
                true,
            ),
        ],
        fields: vec![
            FieldInput::new("name", "Name", InputKind::Text).required(),
            FieldInput::new("login", "Name to sign in with", InputKind::Text).required(),
            FieldInput::new("role", "Role", InputKind::Choice(choices(&ROLES, "viewer"))).required(),
        ],
        add_open: false,
        failure: None,
        may_administer: true,
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
        filter: AuditFilter {
            actions: choices(
                &[
                    ("record.update", "record updated"),
                    ("record.reveal", "sensitive values revealed"),
                ],
                "",
            ),
            actors: choices(&[("ada", ada), ("jonas", "Jonas Weber")], "ada"),
            from: "2026-03-01".into(),
            until: String::new(),
        },
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

fn tokens(fresh: bool) -> TokensPage {
    let permissions = [
        ("records.read", "Read records"),
        ("records.write", "Write records"),
        ("export", "Export"),
    ];
    let row = |name: &str, state, may_revoke: bool| TokenRow {
        id: name.into(),
        name: name.into(),
        prefix: "srt_7Qm2".into(),
        permissions: "Read and write records".into(),
        state,
        created: at("2 Feb 2026"),
        expires: Some(at("2 May 2026")),
        last_used: may_revoke.then(|| at("12 Mar 2026, 13:58")),
        may_revoke,
    };
    TokensPage {
        chrome: chrome("API tokens", Nav::Tokens),
        organization: "northwind".into(),
        fresh: fresh.then(|| FreshToken {
            name: "billing export".into(),
            secret: "srt_7Qm2Xc_4kGf9vTn2LhWq8RzYpB1sD6uJ3aEoMiC5xN7tK0b".into(),
        }),
        tokens: vec![
            row("nightly load", badge("active", Tone::Good), true),
            row("old dashboard", badge("expired", Tone::Neutral), false),
        ],
        fields: vec![
            FieldInput::new("name", "Name", InputKind::Text)
                .required()
                .with_help("What the program is called."),
            FieldInput::new("expires", "Ends on", InputKind::Date)
                .required()
                .with_value("2026-06-10"),
            FieldInput::new(
                "permission",
                "It may",
                InputKind::MultipleChoice(choices(&permissions, "records.read")),
            ),
        ],
        create_open: !fresh,
        failure: None,
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

fn account() -> AccountPage {
    let session = |device: &str, current| SessionRow {
        id: device.into(),
        device: device.into(),
        address: "10.20.4.17".into(),
        started: at("12 Mar 2026, 08:02"),
        last_used: at("12 Mar 2026, 14:02"),
        current,
    };
    let password = |name: &str, label: &str| FieldInput::new(name, label, InputKind::Password).required();
    AccountPage {
        chrome: with_notice(
            chrome("Account", Nav::Account),
            NoticeKind::Information,
            "Your password is 81 days old.",
        ),
        login: "ada".into(),
        email: "ada@northwind.example".into(),
        password_fields: vec![
            password("current", "Present password").with_autocomplete("current-password"),
            password("new", "New password")
                .with_autocomplete("new-password")
                .with_help("At least 15 characters; a few unrelated words do well."),
        ],
        failure: None,
        sessions: vec![
            session("Firefox on Debian", true),
            session("Safari on iPhone", false),
        ],
    }
}

fn access_log() -> AccessLogPage {
    let row = |act, method: &str, device: &str, address: &str, organization: &str| AccessRow {
        at: at("12 Mar 2026, 08:02:13"),
        act,
        method: method.into(),
        device: device.into(),
        address: address.into(),
        organization: organization.into(),
    };
    AccessLogPage {
        chrome: chrome("Access log", Nav::AccessLog),
        rows: vec![
            row(
                badge("signed in", Tone::Good),
                "password",
                "Firefox on Debian",
                "10.20.4.17",
                "",
            ),
            row(
                badge("token used", Tone::Neutral),
                "token",
                "curl 8.12",
                "10.20.9.3",
                "Northwind Telecom",
            ),
            row(
                badge("refused", Tone::Bad),
                "password",
                "Chrome on Windows",
                "2001:db8:41::9f3",
                "",
            ),
        ],
        pagination: Pagination {
            summary: "3 lines".into(),
            ..Pagination::default()
        },
    }
}

fn error() -> ErrorPage {
    ErrorPage {
        chrome: chrome("There is nothing here", Nav::None),
        status: 404,
        code: "not-found".into(),
        detail: "No dataset of that name is in Northwind Telecom, or it is not yours to see.".into(),
        next: "Check the address, or choose the dataset from the list.".into(),
        back_href: "/o/northwind/datasets".into(),
        back_text: "To the datasets".into(),
        request_id: "0198c2f4-9d20-7b11-a01c-77d2f0e3b1aa".into(),
    }
}
