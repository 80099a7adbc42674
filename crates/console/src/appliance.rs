//! `/appliance`: what operators look after. Each section is a page of its own, with one line in [`SECTIONS`].
//!
//! Invariant: nobody but an operator sees that these pages exist; every handler below begins with [`enter`].

use crate::{
    chrome::crumb,
    errors::Fault,
    view::{AppliancePage, ApplianceSection, Chrome, Nav},
    visit::{Answer, Visit, page},
};
use platform::operator;

/// Its sections, in the order in which an operator needs them.
const SECTIONS: &[ApplianceSection] = &[
    ApplianceSection {
        href: "/appliance/accounts",
        icon: "users",
        title: "Accounts",
        text: "Everybody who has an account; disable somebody at once.",
    },
    ApplianceSection {
        href: "/appliance/directories",
        icon: "users",
        title: "Directories",
        text: "LDAP directories whose people sign in here, and what came of the last comparison.",
    },
    ApplianceSection {
        href: "/promises",
        icon: "shield",
        title: "Promises",
        text: "What the appliance promises, and whether it is kept.",
    },
    ApplianceSection {
        href: "/appliance/grants",
        icon: "key",
        title: "Access to organizations",
        text: "Ask an organization to let you in, for a purpose and at most a day.",
    },
    ApplianceSection {
        href: "/appliance/backups",
        icon: "history",
        title: "Backups",
        text: "How far back can be gone, where copies lie, and what was really restored.",
    },
    ApplianceSection {
        href: "/appliance/endings",
        icon: "trash",
        title: "Deletions and holds",
        text: "Organizations that end or are held, and the certificates of what was deleted.",
    },
    ApplianceSection {
        href: "/appliance/audit-note",
        icon: "list",
        title: "Note of the day",
        text: "The newest signed checkpoint of the audit log: print it, have it mailed, compare what was kept.",
    },
    ApplianceSection {
        href: "/appliance/updates",
        icon: "restore",
        title: "Updates",
        text: "What is installed, what waits, and handing over a bundle of updates.",
    },
    ApplianceSection {
        href: "/appliance/sign-in",
        icon: "key",
        title: "Sign-in rules",
        text: "Passwords and second factors: what is asked of everybody.",
    },
    ApplianceSection {
        href: "/appliance/providers",
        icon: "key",
        title: "OpenID providers",
        text: "Outside providers by which people sign in, and who waits to be let in.",
    },
    ApplianceSection {
        href: "/appliance/mail",
        icon: "arrow-right",
        title: "Mail",
        text: "The server that sends links to new people, and how it goes.",
    },
    ApplianceSection {
        href: "/appliance/sms",
        icon: "arrow-right",
        title: "SMS",
        text: "The gateway that sends codes to telephones, and whether it works.",
    },
];

/// Refuses whoever is no operator; to them there is nothing here.
pub(crate) fn enter(visit: &Visit) -> Result<(), Fault> {
    visit.account()?;
    operator::require(&visit.caller).map_err(|_| Fault::not_found("page"))
}

/// The frame of a page below `/appliance`, with the way back.
pub(crate) async fn below(visit: &Visit, title: &str) -> Result<Chrome, Fault> {
    let mut chrome = visit.chrome(title, Nav::Appliance).await?;
    chrome.crumbs = vec![crumb("Appliance", "/appliance")];
    Ok(chrome)
}

/// `GET /appliance`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&AppliancePage {
        chrome: visit.chrome("Appliance", Nav::Appliance).await?,
        sections: SECTIONS,
    })
}
