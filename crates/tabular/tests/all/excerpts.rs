//! Excerpts of real files, from bytes to values.

use FieldKind::{Boolean, Choice, Date, Decimal, Integer, Text};
use tabular::{
    ColumnGuess, Converter, CsvReader, Dialect, Guesser, Header, Plan, ReadOptions, Target, decode_head,
    guess_dialect, guess_encoding, propose_fields,
};
use types::{FieldId, FieldKind, Value};

fn open(file: &[u8]) -> CsvReader<&[u8]> {
    let (encoding, _) = guess_encoding(file);
    let (dialect, evidence) = guess_dialect(&decode_head(encoding, file));
    assert_eq!(dialect, Dialect::default(), "{evidence}");
    assert_eq!(dialect.header, Header::Present);
    CsvReader::new(file, encoding, dialect, ReadOptions::default()).unwrap()
}

fn guesses(file: &[u8]) -> Vec<ColumnGuess> {
    let reader = open(file);
    let mut guesser = Guesser::new(reader.headers());
    reader.for_each(|row| guesser.see(&row.unwrap()));
    guesser.finish()
}

fn kinds(guesses: &[ColumnGuess]) -> Vec<FieldKind> {
    guesses.iter().map(|guess| guess.best.kind).collect()
}

/// Every cell through the proposed plan.
fn convert_all(file: &[u8], plan: &Plan) -> Vec<Vec<Value>> {
    let plan: Plan = serde_json::from_str(&serde_json::to_string(plan).unwrap()).unwrap();
    let converter = |target: &Target| match target {
        Target::New { field, formats } => {
            Converter::new(&field.as_ref().clone().with_id(FieldId(1)), *formats)
        }
        Target::Skip | Target::Existing { .. } => panic!("a field is proposed for every column"),
    };
    let converters: Vec<Converter> = plan
        .columns
        .iter()
        .map(|column| converter(&column.target))
        .collect();
    let values = |row: tabular::Row| {
        let cells = row.iter().zip(&converters);
        cells
            .map(|(cell, converter)| converter.convert(cell).unwrap())
            .collect()
    };
    open(file).map(|row| values(row.unwrap())).collect()
}

fn key_of(plan: &Plan, column: usize) -> String {
    match &plan.columns[column].target {
        Target::New { field, .. } => field.key.to_string(),
        Target::Skip | Target::Existing { .. } => String::new(),
    }
}

#[test]
fn the_subscribers_of_a_telephone_company_are_understood() {
    let file = include_bytes!("../data/telco.csv");
    let found = guesses(file);
    let kinds = kinds(&found);
    assert_eq!(kinds[..6], [Text, Choice, Integer, Boolean, Boolean, Integer]);
    assert_eq!(kinds[18..], [Decimal, Decimal, Boolean]);
    assert!(found[0].looks_like_key());
    assert_eq!(found[2].alternatives[0].kind, Boolean);
    assert!(
        found[19].best.evidence.contains("; 3 blank"),
        "{}",
        found[19].best.evidence
    );
    let plan = propose_fields(&found);
    assert_eq!(key_of(&plan, 0), "customer_id");
    let rows = convert_all(file, &plan);
    assert_eq!(rows.len(), 43);
    assert_eq!(rows[41][19], Value::Empty);
}

#[test]
fn a_ledger_by_month_is_understood() {
    let file = include_bytes!("../data/library.csv");
    let found = guesses(file);
    assert_eq!(
        kinds(&found),
        [Choice, Choice, Choice, Text, Choice, Integer, Integer, Integer]
    );
    assert_eq!(convert_all(file, &propose_fields(&found)).len(), 30);
}

#[test]
fn airports_keep_their_codes_and_places() {
    let file = include_bytes!("../data/airports.csv");
    let found = guesses(file);
    assert_eq!(kinds(&found)[0], Text);
    assert_eq!(kinds(&found)[5..], [Decimal, Decimal]);
    let rows = convert_all(file, &propose_fields(&found));
    assert_eq!(rows[0][0], Value::Text("00M".into()));
    assert_eq!(rows[0][6].to_text(), "-89.23450472");
}

#[test]
fn birdstrikes_have_dates_costs_and_blank_speeds() {
    let file = include_bytes!("../data/birdstrikes.csv");
    let found = guesses(file);
    assert_eq!(
        (found[3].best.kind, found[12].best.kind, found[13].best.kind),
        (Date, Integer, Integer)
    );
    assert_eq!(found[12].alternatives[0].kind, FieldKind::Money);
    assert_eq!(found[13].blanks, 6);
    let plan = propose_fields(&found);
    assert_eq!(key_of(&plan, 12), "cost_total");
    assert_eq!(convert_all(file, &plan).len(), 25);
}
