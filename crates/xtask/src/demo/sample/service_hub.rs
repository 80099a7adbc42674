//! Service hub: tickets of customers.

use serde_json::json;

use super::text::{FIRST, LAST, csv, day};
use super::{Dice, Sample};

const COUNT: usize = 240;
const THINGS: [&str; 8] = [
    "Export",
    "Sign-in",
    "Tide sensor",
    "Invoice PDF",
    "Dashboard",
    "Weather feed",
    "Import of a spreadsheet",
    "Map view",
];
const TROUBLES: [&str; 6] = [
    "answers slowly since the update",
    "shows yesterday's values",
    "stops after the first page",
    "is refused for one person",
    "loses its connection at night",
    "counts one row twice",
];

pub(super) fn sample(customers: &[String]) -> Sample {
    let definition = json!({
        "key": "service_hub",
        "label": "Service hub",
        "description": "What customers ask for and how long it takes",
        "fields": [
            {"key": "ticket", "label": "Ticket", "kind": "text", "presence": "required", "uniqueness": "unique"},
            {"key": "subject", "label": "Subject", "kind": "text", "presence": "required"},
            {"key": "customer", "label": "Customer", "kind": "reference", "references": "customers"},
            {"key": "priority", "label": "Priority", "kind": "choice", "rules": {"choices": ["low", "normal", "high", "urgent"]}},
            {"key": "state", "label": "State", "kind": "choice", "rules": {"choices": ["new", "in progress", "waiting", "solved"]}},
            {"key": "assignee", "label": "Assignee", "kind": "text"},
            {"key": "opened_at", "label": "Opened at", "kind": "timestamp", "indexing": "indexed"},
            {"key": "hours", "label": "Hours spent", "kind": "decimal", "rules": {"min": "0"}},
            {"key": "phone", "label": "Call back", "kind": "sensitive_text"},
        ],
    });
    let mut dice = Dice::new(53);
    let rows = (0..COUNT).map(|number| ticket(number, customers, &mut dice));
    let header = [
        "ticket",
        "subject",
        "customer",
        "priority",
        "state",
        "assignee",
        "opened_at",
        "hours",
        "phone",
    ];
    Sample {
        key: "service_hub",
        csv: csv(&header, rows),
        definition,
    }
}

fn ticket(number: usize, customers: &[String], dice: &mut Dice) -> Vec<String> {
    let old = number < COUNT - 50;
    let state = if old {
        "solved"
    } else {
        dice.pick(&["new", "in progress", "in progress", "waiting", "solved"])
    };
    let opened = i64::try_from(number).unwrap_or(0) * 420 / 240;
    let (hour, minute) = (dice.between(7, 18), dice.between(0, 59));
    let assignee = format!("{} {}", FIRST[dice.below(5)], LAST[dice.below(5)]);
    vec![
        format!("T-{:05}", 70_001 + number),
        format!("{} {}", dice.pick(&THINGS), dice.pick(&TROUBLES)),
        dice.pick(customers).clone(),
        (*dice.pick(&["low", "normal", "normal", "normal", "high", "urgent"])).to_owned(),
        state.to_owned(),
        if state == "new" { String::new() } else { assignee },
        format!("{}T{hour:02}:{minute:02}:00Z", day(opened)),
        format!("{}.{}", dice.between(0, 9), dice.pick(&["0", "25", "5", "75"])),
        // 01 632 960 000 to 999 are kept for fiction by Ofcom.
        format!("+44 1632 960{:03}", dice.below(1000)),
    ]
}
