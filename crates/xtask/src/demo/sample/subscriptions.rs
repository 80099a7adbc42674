//! Subscriptions: who pays what each month, since when, and who left.

use serde_json::json;

use super::text::{csv, day, money};
use super::{Dice, Sample};

const COUNT: usize = 180;
const PLANS: [(&str, i64); 4] = [
    ("Starter", 4_900),
    ("Team", 14_900),
    ("Business", 49_900),
    ("Enterprise", 189_000),
];

pub(super) fn sample(customers: &[String]) -> Sample {
    let plans: Vec<&str> = PLANS.iter().map(|(plan, _)| *plan).collect();
    let definition = json!({
        "key": "subscriptions",
        "label": "Subscriptions",
        "description": "Recurring revenue by customer and plan",
        "fields": [
            {"key": "reference", "label": "Reference", "kind": "text", "presence": "required", "uniqueness": "unique"},
            {"key": "customer", "label": "Customer", "kind": "reference", "references": "customers"},
            {"key": "plan", "label": "Plan", "kind": "choice", "presence": "required", "rules": {"choices": plans}},
            {"key": "seats", "label": "Seats", "kind": "integer", "rules": {"min": "1", "max": "10000"}},
            {"key": "monthly", "label": "Monthly revenue", "kind": "money", "presence": "required"},
            {"key": "state", "label": "State", "kind": "choice",
             "rules": {"choices": ["trial", "active", "past due", "cancelled"]}},
            {"key": "started_on", "label": "Started on", "kind": "date", "indexing": "indexed"},
            {"key": "ended_on", "label": "Ended on", "kind": "date"},
            {"key": "renews_itself", "label": "Renews itself", "kind": "boolean"},
        ],
    });
    let mut dice = Dice::new(37);
    let rows = (0..COUNT).map(|number| subscription(number, customers, &mut dice));
    let header = [
        "reference",
        "customer",
        "plan",
        "seats",
        "monthly",
        "state",
        "started_on",
        "ended_on",
        "renews_itself",
    ];
    Sample {
        key: "subscriptions",
        csv: csv(&header, rows),
        definition,
    }
}

fn subscription(number: usize, customers: &[String], dice: &mut Dice) -> Vec<String> {
    let (plan, price) = PLANS[dice.below(10).saturating_sub(3) / 2];
    let seats = dice.between(1, 12) * if price > 40_000 { 10 } else { 1 };
    let started = dice.between(0, 415);
    let state = match dice.below(100) {
        0..20 => "cancelled",
        20..27 => "past due",
        27..32 if started > 390 => "trial",
        _ => "active",
    };
    let ended = (started + dice.between(30, 300)).min(424);
    vec![
        format!("SUB-{:04}", 5001 + number),
        dice.pick(customers).clone(),
        plan.to_owned(),
        seats.to_string(),
        money(price + seats * 900, "EUR"),
        state.to_owned(),
        day(started),
        if state == "cancelled" {
            day(ended)
        } else {
            String::new()
        },
        (state != "cancelled" && dice.chance(85)).to_string(),
    ]
}
