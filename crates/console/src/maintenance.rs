//! Maintenance on the pages: the banner, and which forms are refused before they are read.
//!
//! Invariant: a form is refused unless it is named here; the database refuses what this list forgets.

use crate::{errors::Fault, state::Console, view::Banner};
use actix_web::{dev::ServiceRequest, http::Method};
use jiff::Timestamp;
use platform::maintenance::{self, Maintenance, Phase};

/// Refuses a form that changes something while maintenance is on.
pub(crate) async fn admit(console: &Console, request: &ServiceRequest) -> Result<(), Fault> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || changes_nothing(request.path()) {
        return Ok(());
    }
    Ok(maintenance::refuse_changes(console.platform()).await?)
}

/// Forms that leave at most a trace: who came and went, what was revealed or exported, and the colours of a browser.
fn changes_nothing(path: &str) -> bool {
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    matches!(
        parts[..],
        ["sign-in" | "sign-out"]
            | ["sign-in", "factor"]
            | ["break-glass", _]
            | ["account", "confirm"]
            | ["account", "appearance"]
            | ["account", "sessions", "end-others"]
            | ["account", "sessions", _, "end"]
            | ["o", _, "archive"]
            | ["o", _, "audit", "note"]
            | ["appliance", "audit-note"]
            | ["o", _, "d", _, "export"]
            | ["o", _, "d", _, "r", _, "reveal"]
    )
}

/// What the banner of this request's page says. Assets have none, and where the database is away the page itself says
/// so.
pub(crate) async fn banner(console: &Console, request: &ServiceRequest) -> Option<Banner> {
    if request.path().starts_with("/assets/") {
        return None;
    }
    let found = maintenance::current(console.platform()).await.ok()?;
    found.map(|found| banner_of(&found))
}

fn banner_of(found: &Maintenance) -> Banner {
    let until = found
        .until
        .map(|until| format!(" until {}", clock(until)))
        .unwrap_or_default();
    let text = match found.phase {
        Phase::On => format!("Maintenance{until}: everything can be read, nothing can be changed."),
        Phase::Announced => {
            let from = clock(found.from);
            format!("Maintenance from {from}{until}: everything can be read then, nothing can be changed.")
        }
    };
    Banner {
        is_on: found.phase == Phase::On,
        text,
        message: found.message.clone(),
    }
}

/// To the minute, with the day: people of several time zones read it.
fn clock(time: Timestamp) -> String {
    time.strftime("%-d %B, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_that_leave_a_trace_at_most_pass() {
        for open in [
            "/sign-in",
            "/sign-out",
            "/sign-in/factor",
            "/break-glass/x",
            "/account/confirm",
            "/account/appearance",
            "/account/sessions/17/end",
            "/o/acme/archive",
            "/o/acme/audit/note",
            "/appliance/audit-note",
            "/o/acme/d/invoices/export",
            "/o/acme/d/invoices/r/17/reveal",
        ] {
            assert!(changes_nothing(open), "{open}");
        }
        for closed in [
            "/account/password",
            "/account/factors/add",
            "/account/factors/17/remove",
            "/invitation/x",
            "/o/acme/archive/restore",
            "/appliance/audit-note/addresses",
            "/o/acme/d/invoices/new",
            "/o/acme/d/invoices/r/17/edit",
            "/o/acme/d/invoices/r/17/reveal/",
            "/o/acme/imports",
            "/o/acme/tokens/1/revoke",
            "/o/acme/members/1/role",
            "//sign-in",
            "/",
        ] {
            assert!(!changes_nothing(closed), "{closed}");
        }
    }

    #[test]
    fn the_banner_says_what_and_until_when() {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        let found = Maintenance {
            phase: Phase::Announced,
            from: moment("2026-12-01T20:00:00Z"),
            until: Some(moment("2026-12-01T21:30:00Z")),
            message: Some("A new version.".to_owned()),
        };
        assert_eq!(
            banner_of(&found).text,
            "Maintenance from 1 December, 20:00 UTC until 1 December, 21:30 UTC: everything can be read then, nothing can \
             be changed."
        );
        let on = Maintenance {
            phase: Phase::On,
            until: None,
            ..found
        };
        assert_eq!(
            banner_of(&on).text,
            "Maintenance: everything can be read, nothing can be changed."
        );
    }
}
