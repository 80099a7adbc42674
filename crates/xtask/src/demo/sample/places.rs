//! Places: measuring stations along the coast, with their positions.

use serde_json::json;

use super::text::{csv, day};
use super::{Dice, Sample};

/// Harbours with their true positions, in hundredths of a degree.
const HARBOURS: [(&str, i64, i64); 20] = [
    ("Hamburg", 5354, 999),
    ("Rotterdam", 5190, 448),
    ("Antwerpen", 5123, 440),
    ("Bremerhaven", 5354, 858),
    ("Le Havre", 4949, 11),
    ("Bilbao", 4335, -304),
    ("Lisboa", 3871, -914),
    ("Valencia", 3945, -32),
    ("Barcelona", 4135, 217),
    ("Marseille", 4330, 537),
    ("Genova", 4441, 893),
    ("Trieste", 4565, 1377),
    ("Piräus", 3794, 2364),
    ("Gdańsk", 5440, 1867),
    ("Aarhus", 5615, 1022),
    ("Göteborg", 5770, 1194),
    ("Oslo", 5991, 1074),
    ("Tallinn", 5944, 2475),
    ("Felixstowe", 5195, 132),
    ("Dublin", 5334, -620),
];
const PIERS: [&str; 6] = [
    "North Pier",
    "South Pier",
    "Container Terminal",
    "Fish Market",
    "Lighthouse",
    "Customs Quay",
];

pub(super) fn sample() -> Sample {
    let definition = json!({
        "key": "places",
        "label": "Places",
        "description": "Measuring stations in harbours",
        "fields": [
            {"key": "code", "label": "Code", "kind": "text", "presence": "required", "uniqueness": "unique"},
            {"key": "name", "label": "Name", "kind": "text", "presence": "required"},
            {"key": "position", "label": "Position", "kind": "geo_point", "presence": "required"},
            {"key": "use", "label": "Use", "kind": "choice", "rules": {"choices": ["tide", "weather", "traffic", "water quality"]}},
            {"key": "depth", "label": "Depth in metres", "kind": "decimal", "rules": {"min": "0", "max": "100"}},
            {"key": "equipment", "label": "Equipment", "kind": "multiple_choice",
             "rules": {"choices": ["radar", "camera", "buoy", "anemometer", "thermometer"]}},
            {"key": "in_service_since", "label": "In service since", "kind": "date"},
            {"key": "unattended", "label": "Unattended", "kind": "boolean"},
        ],
    });
    let mut dice = Dice::new(41);
    let stations = HARBOURS
        .iter()
        .flat_map(|harbour| PIERS.iter().map(move |pier| (harbour, pier)));
    let rows = stations
        .enumerate()
        .map(|(number, (harbour, pier))| station(number, harbour, pier, &mut dice));
    let header = [
        "code",
        "name",
        "position",
        "use",
        "depth",
        "equipment",
        "in_service_since",
        "unattended",
    ];
    Sample {
        key: "places",
        csv: csv(&header, rows),
        definition,
    }
}

fn station(number: usize, harbour: &(&str, i64, i64), pier: &str, dice: &mut Dice) -> Vec<String> {
    let (city, latitude, longitude) = harbour;
    let equipment: Vec<&str> = ["radar", "camera", "buoy", "anemometer", "thermometer"]
        .into_iter()
        .filter(|_| dice.chance(45))
        .collect();
    vec![
        format!("P-{:03}", 101 + number),
        format!("{city}, {pier}"),
        format!("{},{}", degrees(*latitude, dice), degrees(*longitude, dice)),
        (*dice.pick(&["tide", "weather", "traffic", "water quality"])).to_owned(),
        format!("{}.{}", dice.between(2, 24), dice.below(10)),
        equipment.join("; "),
        day(dice.between(0, 420)),
        dice.chance(70).to_string(),
    ]
}

/// Hundredths of a degree, moved by up to two kilometres.
fn degrees(hundredths: i64, dice: &mut Dice) -> String {
    let moved = hundredths * 100 + dice.between(-180, 180);
    let sign = if moved < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", moved.abs() / 10_000, moved.abs() % 10_000)
}
