//! Customers: who the ledger bills. The IBAN is sensitive.

use serde_json::json;

use super::text::{FIRST, LAST, csv, iban};
use super::{Dice, Sample};

/// So many customers there are.
pub(super) const COUNT: usize = 60;

const TRADES: [&str; 12] = [
    "Shipping",
    "Robotics",
    "Bakeries",
    "Optics",
    "Logistics",
    "Biotech",
    "Interiors",
    "Energy",
    "Textiles",
    "Software",
    "Ceramics",
    "Publishing",
];
const FORMS: [&str; 6] = ["GmbH", "AG", "S.L.", "S.r.l.", "B.V.", "Ltd"];
const COUNTRIES: [&str; 6] = [
    "Germany",
    "Switzerland",
    "Spain",
    "Italy",
    "Netherlands",
    "United Kingdom",
];

pub(super) fn sample() -> Sample {
    let definition = json!({
        "key": "customers",
        "label": "Customers",
        "description": "Companies that we bill, with their bank accounts",
        "fields": [
            {"key": "number", "label": "Number", "kind": "text", "presence": "required", "uniqueness": "unique"},
            {"key": "name", "label": "Name", "kind": "text", "presence": "required", "indexing": "indexed"},
            {"key": "contact", "label": "Contact", "kind": "text"},
            {"key": "email", "label": "E-mail", "kind": "email"},
            {"key": "country", "label": "Country", "kind": "choice", "rules": {"choices": COUNTRIES}},
            {"key": "iban", "label": "IBAN", "kind": "sensitive_text", "help": "Sealed; revealing it is logged"},
        ],
    });
    let mut dice = Dice::new(11);
    let rows = (0..COUNT).map(|number| {
        let last = LAST[(number * 7) % LAST.len()];
        let form = number % FORMS.len();
        let first = dice.pick(&FIRST);
        vec![
            format!("C-{:04}", 1001 + number),
            format!("{last} {} {}", TRADES[number / 5], FORMS[form]),
            format!("{first} {last}"),
            format!(
                "{}.{}@customer{}.example",
                plain(first),
                plain(last),
                1001 + number
            ),
            COUNTRIES[form].to_owned(),
            iban(&mut dice),
        ]
    });
    let header = ["number", "name", "contact", "email", "country", "iban"];
    Sample {
        key: "customers",
        csv: csv(&header, rows),
        definition,
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace('í', "i")
}
