//! Ledger: invoices to customers.

use serde_json::json;

use super::text::{csv, day, money};
use super::{Dice, Sample};

const COUNT: usize = 300;
const SUBJECTS: [&str; 10] = [
    "Data platform, monthly fee",
    "Consulting, two days",
    "Migration workshop",
    "Support retainer",
    "Sensor calibration",
    "Annual audit assistance",
    "Training for five people",
    "Custom report",
    "Storage, extra volume",
    "On-site installation",
];
const CURRENCIES: [(&str, usize); 3] = [("EUR", 76), ("CHF", 14), ("GBP", 10)];
/// The sample's today: 2026-03-01.
const TODAY: i64 = 424;

pub(super) fn sample(customers: &[String]) -> Sample {
    let definition = json!({
        "key": "ledger",
        "label": "Ledger",
        "description": "Invoices, what they come to and whether they were paid",
        "fields": [
            {"key": "number", "label": "Number", "kind": "text", "presence": "required", "uniqueness": "unique"},
            {"key": "customer", "label": "Customer", "kind": "reference", "presence": "required", "references": "customers"},
            {"key": "subject", "label": "Subject", "kind": "text"},
            {"key": "amount", "label": "Amount", "kind": "money", "presence": "required", "indexing": "indexed"},
            {"key": "status", "label": "Status", "kind": "choice", "presence": "required",
             "rules": {"choices": ["draft", "open", "paid", "overdue", "written off"]}},
            {"key": "issued_on", "label": "Issued on", "kind": "date", "presence": "required", "indexing": "indexed"},
            {"key": "due_on", "label": "Due on", "kind": "date"},
            {"key": "paid_on", "label": "Paid on", "kind": "date"},
        ],
    });
    let mut dice = Dice::new(23);
    let rows = (0..COUNT).map(|number| invoice(number, customers, &mut dice));
    let header = [
        "number",
        "customer",
        "subject",
        "amount",
        "status",
        "issued_on",
        "due_on",
        "paid_on",
    ];
    Sample {
        key: "ledger",
        csv: csv(&header, rows),
        definition,
    }
}

fn invoice(number: usize, customers: &[String], dice: &mut Dice) -> Vec<String> {
    let issued = i64::try_from(number).unwrap_or(0) * (TODAY - 1) / 299;
    let due = issued + *dice.pick(&[14, 30, 30, 45]);
    let paid = due + dice.between(-12, 20);
    let status = match () {
        () if number >= COUNT - 6 => "draft",
        () if paid < TODAY && dice.chance(94) => "paid",
        () if due >= TODAY => "open",
        () if dice.chance(15) => "written off",
        () => "overdue",
    };
    let amount = dice.between(40, 900) * dice.between(100, 1900);
    vec![
        format!("INV-{:05}", 20_001 + number),
        dice.pick(customers).clone(),
        (*dice.pick(&SUBJECTS)).to_owned(),
        money(amount, currency(dice)),
        status.to_owned(),
        day(issued),
        day(due),
        if status == "paid" {
            day(paid.max(issued))
        } else {
            String::new()
        },
    ]
}

fn currency(dice: &mut Dice) -> &'static str {
    let mut roll = dice.below(100);
    for (currency, share) in CURRENCIES {
        if roll < share {
            return currency;
        }
        roll -= share;
    }
    CURRENCIES[0].0
}
