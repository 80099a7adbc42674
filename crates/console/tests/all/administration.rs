//! Sample pages of everything around records: sign-in, organizations, members, audit, tokens, promises, account.

use super::sample::{Page, at, badge, choices, chrome, page, with_notice};
use console::view::{
    AccountPage, Badge, Chrome, ConfirmPage, DirectoriesPage, DirectoryAnswer, DirectoryPage, DirectoryRow,
    DoorLink, ErrorPage, ErrorSummary, FactorAddPage, FactorRow, FactorsPage, FieldInput, FreshInvitation,
    FreshToken, IdentityRow, InputKind, InvitationPage, MappingRow, MemberRightsPage, MemberRow, MembersPage,
    Nav, NewcomerRow, NoticeKind, OldPasswordPage, OrganizationCard, OrganizationsPage, RecoveryCodesPage,
    RightsGroup, SecondStepPage, SecurityKeyPage, SendWay, SessionRow, SetUp, SignInPage, SignInRulesPage,
    TokenRow, TokensPage, Tone,
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
        page("/o/northwind/members", &members(false)),
        page("/states/fresh-invitation", &members(true)),
        page("/states/invitation", &invitation(true)),
        page("/states/invitation-dead", &invitation(false)),
        page("/o/northwind/tokens", &tokens(false)),
        page("/states/fresh-token", &tokens(true)),
        page("/o/northwind/members/ben", &member_rights()),
        page("/account", &account()),
        page("/account/factors", &factors(true)),
        page("/states/factors-none", &factors(false)),
        page("/account/factors/add", &factor_add(true)),
        page("/states/factor-required", &factor_add(false)),
        page("/states/recovery-codes", &recovery_codes()),
        page("/sign-in/factor", &second_step()),
        page("/sign-in/factor/key", &security_key("show")),
        page("/account/confirm", &confirm()),
        page("/appliance/sign-in", &rules()),
        page("/account/password", &old_password()),
        page("/states/error", &error()),
        page("/appliance/directories", &directories()),
        page("/appliance/directories/northwind", &directory()),
    ]
}

fn directory_row() -> DirectoryRow {
    DirectoryRow {
        key: "northwind".into(),
        state: Badge::new("Active", Tone::Good),
        servers: "dc1.northwind.example".into(),
        security: "LDAPS",
        alert: Some("The service account's password is missing."),
        newcomers: "are turned away",
        people: 412,
        compared: None,
    }
}

fn directory_chrome(title: &str) -> Chrome {
    Chrome {
        title: title.into(),
        csrf: "c0ffee".into(),
        ..Chrome::default()
    }
}

fn directory_answer() -> DirectoryAnswer {
    let cells = ["TCP", "192.0.2.7:636", "dc1.northwind.example", "3 ms"];
    DirectoryAnswer {
        title: "Test of northwind".into(),
        columns: vec!["Stage", "What was seen", "Server", "Took"],
        rows: vec![(
            Some(Badge::new("Good", Tone::Good)),
            cells.map(str::to_owned).to_vec(),
        )],
    }
}

fn directory_fields() -> Vec<FieldInput> {
    vec![
        FieldInput::new("servers", "Servers", InputKind::Text)
            .with_value("dc1.northwind.example dc2.northwind.example")
            .with_help("NAME or NAME:PORT.")
            .required(),
        FieldInput::new("secret", "Its password", InputKind::Password).with_autocomplete("off"),
    ]
}

fn directories() -> DirectoriesPage {
    DirectoriesPage {
        chrome: directory_chrome("Directories"),
        directories: vec![directory_row()],
        fields: directory_fields(),
        create_open: true,
        answer: Some(directory_answer()),
        failure: None,
    }
}

fn directory() -> DirectoryPage {
    DirectoryPage {
        chrome: directory_chrome("northwind"),
        directory: directory_row(),
        open: true,
        answer: Some(directory_answer()),
        failure: None,
        newcomers: vec![NewcomerRow {
            subject: "5f1c7a52-0d5e-103d-8a6b-2f3f8b9c1d2e".into(),
            name: "Anna Lindqvist".into(),
            email: "anna@northwind.example".into(),
            asked: at("12 Mar 2026, 14:02"),
        }],
        mappings: vec![MappingRow {
            group: "cn=finance,ou=groups,dc=northwind,dc=example".into(),
            organization: "northwind".into(),
            role: "accountant".into(),
        }],
        fields: directory_fields(),
    }
}

fn sign_in(refused: bool) -> SignInPage {
    SignInPage {
        may_reset: true,
        doors: vec![DoorLink {
            key: "company".into(),
            href: "/sign-in/openid/company".into(),
            label: "Company".into(),
        }],
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
    let card = |slug: &str, name: &str, role: &str| OrganizationCard {
        slug: slug.into(),
        name: name.into(),
        role: role.into(),
    };
    OrganizationsPage {
        chrome: Chrome {
            organization: None,
            ..chrome("Organizations", Nav::Organizations)
        },
        organizations: vec![
            card("northwind", "Northwind Telecom", "owner"),
            card("riverside-library", "Riverside Library", "accountant"),
            card("skyways", "Skyways Air", "viewer"),
        ],
    }
}

fn invitation(alive: bool) -> InvitationPage {
    let password = |name: &str, label: &str| FieldInput::new(name, label, InputKind::Password).required();
    let title = if alive {
        "Set your password"
    } else {
        "This link does not work"
    };
    InvitationPage {
        chrome: Chrome {
            title: title.into(),
            csrf: "c0ffee".into(),
            ..Chrome::default()
        },
        lead: "Northwind Telecom has invited you, Luis Prado.".into(),
        fields: if alive {
            vec![
                password("password", "Password"),
                password("again", "Password again"),
            ]
        } else {
            Vec::new()
        },
        failure: None,
    }
}

fn fresh_link() -> FreshInvitation {
    let token = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    FreshInvitation {
        name: "Mei Tanaka".into(),
        url: format!("https://strongroom.northwind.example/invitation/{token}"),
        expires: at("19 Mar 2026, 14:02"),
    }
}

fn member_row(id: &str, name: &str, role: &str, state: Badge, is_self: bool, disabled: bool) -> MemberRow {
    MemberRow {
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
        source: "directory northwind".into(),
        factors: "authenticator app".into(),
        since: at("12 Mar 2026, 14:02"),
        is_self,
        disabled,
        may_change: !is_self,
        may_invite: id == "mei",
    }
}

fn members(fresh: bool) -> MembersPage {
    MembersPage {
        chrome: chrome("Members", Nav::Members),
        organization: "northwind".into(),
        fresh: fresh.then(fresh_link),
        members: vec![
            member_row(
                "ada",
                "Ada Okonkwo",
                "owner",
                badge("active", Tone::Good),
                true,
                false,
            ),
            member_row(
                "jonas",
                "Jonas Weber",
                "editor",
                badge("active", Tone::Good),
                false,
                false,
            ),
            member_row(
                "mei",
                "Mei Tanaka",
                "accountant",
                badge("invited", Tone::Accent),
                false,
                false,
            ),
            member_row(
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
        next_href: Some("/o/northwind/members?after=luis".into()),
    }
}

fn member_rights() -> MemberRightsPage {
    let rights = [
        ("write", "As the role says"),
        ("none", "Nothing, as if it did not exist"),
    ];
    let input = |name: &str, label: &str| {
        FieldInput::new(name, label, InputKind::Choice(choices(&rights, "write"))).required()
    };
    MemberRightsPage {
        chrome: chrome("Ben Adeyemi", Nav::Members),
        action: "/o/northwind/members/ben".into(),
        name: "Ben Adeyemi".into(),
        about: "ben@northwind.example, editor".into(),
        others: input("others", "All datasets without a choice of their own"),
        groups: vec![RightsGroup {
            label: "Invoices".into(),
            dataset: input("dataset.invoices", "Invoices"),
            fields: vec![input("field.invoices.iban", "IBAN")],
            open: true,
        }],
        tokens: tokens(false).tokens,
        failure: None,
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
        identities: vec![IdentityRow {
            key: "company".into(),
            label: "Company".into(),
            since: at("12 Mar 2026, 08:02"),
        }],
        doors: Vec::new(),
        identity_fields: vec![
            FieldInput::new("identity.password", "Present password", InputKind::Password).required(),
        ],
        chrome: with_notice(
            chrome("Account", Nav::Account),
            NoticeKind::Information,
            "Your password is 81 days old.",
        ),
        login: "ada@northwind.example".into(),
        name: "Ada Okonkwo".into(),
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

fn door(title: &str) -> Chrome {
    Chrome {
        title: title.into(),
        csrf: "c0ffee".into(),
        ..Chrome::default()
    }
}

fn code_field() -> FieldInput {
    FieldInput::new("code", "Code", InputKind::Text)
        .with_help("Six digits from your authenticator app, or one of your recovery codes.")
        .with_autocomplete("one-time-code")
        .required()
}

fn factors(any: bool) -> FactorsPage {
    let row = |label: &str, last_used| FactorRow {
        id: label.to_lowercase(),
        label: label.into(),
        kind: "Authenticator app",
        bound_elsewhere: (label == "Tablet").then(|| "old.example".into()),
        created: at("2 Feb 2026"),
        last_used,
    };
    FactorsPage {
        chrome: chrome("Second factors", Nav::Account),
        factors: match any {
            true => vec![row("Phone", Some(at("12 Mar 2026, 13:58"))), row("Tablet", None)],
            false => Vec::new(),
        },
        recovery_codes_left: 7,
        required: any,
        failure: None,
    }
}

fn factor_add(begun: bool) -> FactorAddPage {
    let picture = "<svg class=\"qr\" viewBox=\"0 0 2 2\" role=\"img\" aria-label=\"QR code for an authenticator app\">\
                   <rect width=\"2\" height=\"2\" fill=\"#fff\"/><path d=\"M0 0h1v1h-1z\" fill=\"#000\"/></svg>";
    FactorAddPage {
        chrome: door("Set up a second factor"),
        held: !begun,
        set_up: begun.then(|| SetUp {
            picture: picture.into(),
            secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".into(),
        }),
        offers_keys: begun,
        offers_mail: !begun,
        offers_sms: !begun,
        sent: None,
        fields: vec![code_field()],
        failure: None,
        next: String::new(),
    }
}

fn security_key(ceremony: &'static str) -> SecurityKeyPage {
    SecurityKeyPage {
        chrome: door("Your second factor"),
        lead: "Touch your key, or follow what your device asks.",
        button: "Ask the key again",
        ceremony,
        action: "/sign-in/factor/key/answer",
        options: "{\"challenge\":\"AAAA\"}".into(),
        fields: Vec::new(),
        back: "/sign-in/factor".into(),
        next: String::new(),
    }
}

fn recovery_codes() -> RecoveryCodesPage {
    RecoveryCodesPage {
        chrome: door("Your recovery codes"),
        codes: vec!["abcd-efgh-ijkl-mnop".into(), "qrst-uvwx-yz23-4567".into()],
        next: "/account/factors".into(),
    }
}

fn second_step() -> SecondStepPage {
    SecondStepPage {
        chrome: door("Your second factor"),
        fields: vec![code_field().with_error("This is not the code that the app shows now.")],
        failure: Some(ErrorSummary {
            title: "You are not signed in yet: look at these fields".into(),
            failures: vec![],
        }),
        next: String::new(),
        tries_left: 4,
        recovery_codes_left: 7,
        has_key: true,
        sends: vec![SendWay {
            channel: "sms",
            to: "+49 … 89".into(),
        }],
    }
}

fn rules() -> SignInRulesPage {
    let number = |name: &str, label: &str, value: &str| {
        FieldInput::new(name, label, InputKind::Integer)
            .with_value(value)
            .required()
    };
    let asked = [
        ("optional", "Whoever wants one"),
        ("required", "Everybody must have one"),
    ];
    SignInRulesPage {
        chrome: chrome("Sign-in rules", Nav::Appliance),
        lead: "What the appliance asks of everybody.".into(),
        fields: vec![
            FieldInput::new(
                "second_factor",
                "Second factor",
                InputKind::Radio(choices(&asked, "required")),
            ),
            number("length_min", "Fewest characters of a password", "15"),
        ],
        failure: None,
    }
}

fn old_password() -> OldPasswordPage {
    OldPasswordPage {
        chrome: door("Change your password"),
        fields: vec![FieldInput::new("new_password", "New password", InputKind::Password).required()],
        failure: None,
    }
}

fn confirm() -> ConfirmPage {
    ConfirmPage {
        chrome: door("Confirm that it is you"),
        fields: vec![code_field()],
        failure: None,
        next: "/o/northwind/members".into(),
        has_key: true,
        sends: Vec::new(),
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
