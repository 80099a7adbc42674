//! Events: harbour tours and talks with their seats.

use serde_json::json;

use super::text::{FIRST, LAST, csv, day, money};
use super::{Dice, Sample};

const COUNT: usize = 90;
const TITLES: [&str; 9] = [
    "Harbour by night",
    "How tides are measured",
    "Open day at the lighthouse",
    "Containers and where they go",
    "Birds of the estuary",
    "Navigation for beginners",
    "The fish market at dawn",
    "Storm surges, then and now",
    "A pilot's day",
];
const HALLS: [(&str, i64); 4] = [
    ("Barge Elise", 24),
    ("Pump house", 80),
    ("Customs hall", 160),
    ("Warehouse 7", 320),
];

pub(super) fn sample() -> Sample {
    let halls: Vec<&str> = HALLS.iter().map(|(hall, _)| *hall).collect();
    let definition = json!({
        "key": "events",
        "label": "Events",
        "description": "Tours and talks, their seats and what they bring in",
        "fields": [
            {"key": "code", "label": "Code", "kind": "text", "presence": "required", "uniqueness": "unique"},
            {"key": "title", "label": "Title", "kind": "text", "presence": "required"},
            {"key": "hall", "label": "Hall", "kind": "choice", "rules": {"choices": halls}},
            {"key": "starts_at", "label": "Starts at", "kind": "timestamp", "presence": "required", "indexing": "indexed"},
            {"key": "seats", "label": "Seats", "kind": "integer", "rules": {"min": "1"}},
            {"key": "sold", "label": "Sold", "kind": "integer", "rules": {"min": "0"}},
            {"key": "price", "label": "Price", "kind": "money"},
            {"key": "host", "label": "Host", "kind": "text"},
            {"key": "page", "label": "Page", "kind": "url"},
        ],
    });
    let mut dice = Dice::new(67);
    let rows = (0..COUNT).map(|number| event(number, &mut dice));
    let header = [
        "code",
        "title",
        "hall",
        "starts_at",
        "seats",
        "sold",
        "price",
        "host",
        "page",
    ];
    Sample {
        key: "events",
        csv: csv(&header, rows),
        definition,
    }
}

fn event(number: usize, dice: &mut Dice) -> Vec<String> {
    let (hall, seats) = *dice.pick(&HALLS);
    let date = day(360 + i64::try_from(number).unwrap_or(0));
    let sold = if number < 64 {
        seats * dice.between(45, 100) / 100
    } else {
        seats * dice.between(0, 60) / 100
    };
    let code = format!("E-{:03}", 301 + number);
    vec![
        code.clone(),
        (*dice.pick(&TITLES)).to_owned(),
        hall.to_owned(),
        format!(
            "{date}T{:02}:{}:00Z",
            dice.between(9, 20),
            dice.pick(&["00", "30"])
        ),
        seats.to_string(),
        sold.to_string(),
        money(dice.between(8, 60) * 100 - 10, "EUR"),
        format!("{} {}", dice.pick(&FIRST), dice.pick(&LAST)),
        format!("https://events.harbour.example/{}", code.to_lowercase()),
    ]
}
