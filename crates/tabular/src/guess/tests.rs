//! What columns of real life are taken for.

use super::*;
use crate::{CsvReader, DateFormat, Dialect, Encoding, NumberFormat, ReadOptions};
use proptest::prelude::*;

fn column(header: &str, cells: &[&str]) -> ColumnGuess {
    let mut tally = Tally::new(header);
    for (row, cell) in cells.iter().enumerate() {
        tally.see(cell, row as u64 + 1);
    }
    verdict::judge(0, tally)
}

fn kind(cells: &[&str]) -> FieldKind {
    column("c", cells).best.kind
}

#[test]
fn whole_numbers_are_integers_with_numbers_in_the_evidence() {
    let found = column("n", &["5", "-7", "", "300", "5"]);
    assert_eq!(found.best.kind, FieldKind::Integer);
    assert_eq!(
        found.best.evidence,
        "4 of 4 values are whole numbers, from -7 to 300; 1 blank"
    );
    assert_eq!(
        (found.values, found.blanks, found.repeats),
        (4, 1, Repeats::Sometimes)
    );
}

#[test]
fn nothing_that_a_number_would_lose_becomes_one() {
    for cells in [
        &["007", "123"][..],
        &["01234", "90210"],
        &["12345678901234567890", "1"],
        &["+5", "+6"],
        &["1e5", "2e7"],
        &["2019-07", "2019-08"],
        &["1.2.3", "1.2.4"],
        &["12%", "13%"],
    ] {
        assert_eq!(kind(cells), FieldKind::Text, "{cells:?}");
    }
    assert!(
        column("zip", &["01234", "90210"])
            .best
            .evidence
            .contains("1 begin with a zero")
    );
}

#[test]
fn decimals_are_read_in_the_way_they_are_written() {
    for (cells, format) in [
        (&["29.85", "-108.15", "3"][..], NumberFormat::Point),
        (&["1,234.56", "2.5"], NumberFormat::Point),
        (&["1.234,56", "2,5"], NumberFormat::Comma),
        (&["0,123", "1,234"], NumberFormat::Comma),
        (&["31.953", "30.685"], NumberFormat::Point),
    ] {
        let found = column("c", cells).best;
        assert_eq!(
            (found.kind, found.formats.number),
            (FieldKind::Decimal, format),
            "{cells:?}"
        );
    }
    let grouped = column("c", &["1,234,567", "12"]).best;
    assert_eq!(
        (grouped.kind, grouped.formats.number),
        (FieldKind::Integer, NumberFormat::Point)
    );
    let huge = column("c", &["99,999,999,999,999,999,999", "1,234,567"]).best;
    assert_eq!(huge.kind, FieldKind::Decimal);
}

#[test]
fn thousands_that_may_be_fractions_stay_text_with_both_alternatives() {
    let found = column("c", &["1,234", "5,678"]);
    assert_eq!(found.best.kind, FieldKind::Text);
    let kinds: Vec<FieldKind> = found.alternatives.iter().map(|guess| guess.kind).collect();
    assert_eq!(kinds, [FieldKind::Integer, FieldKind::Decimal]);
}

#[test]
fn dates_follow_the_value_above_twelve_or_stay_text() {
    for (cells, format) in [
        (&["1990-01-08", "2020-02-29"][..], DateFormat::Iso),
        (&["08.01.1990", "1.2.2020"], DateFormat::DayPoint),
        (&["01/02/2020", "13/02/2020"], DateFormat::DaySlash),
        (&["01/02/2020", "02/13/2020"], DateFormat::MonthSlash),
    ] {
        let found = column("c", cells).best;
        assert_eq!(
            (found.kind, found.formats.date),
            (FieldKind::Date, format),
            "{cells:?}"
        );
    }
    let found = column("c", &["01/02/2020", "03/04/2020"]);
    assert_eq!(found.best.kind, FieldKind::Text);
    assert!(
        found.best.evidence.contains("no number is above 12"),
        "{}",
        found.best.evidence
    );
    assert_eq!(found.alternatives.len(), 2);
    assert_eq!(kind(&["13/02/2020", "02/13/2020"]), FieldKind::Text);
    assert_eq!(kind(&["2020-02-30", "2020-02-01"]), FieldKind::Text);
}

#[test]
fn instants_are_recognised() {
    assert_eq!(
        kind(&["2020-01-01T10:00:00Z", "2020-01-01 10:00:00"]),
        FieldKind::Timestamp
    );
    assert_eq!(kind(&["31.12.2020 10:00:00"]), FieldKind::Timestamp);
}

#[test]
fn yes_and_no_are_boolean_and_zero_and_one_may_be() {
    assert_eq!(kind(&["Yes", "No", "Yes"]), FieldKind::Boolean);
    assert_eq!(kind(&["TRUE", "FALSE"]), FieldKind::Boolean);
    assert_eq!(kind(&["F", "M", "F", "M"]), FieldKind::Text);
    assert_ne!(kind(&["F", "F", "F", "F", "F"]), FieldKind::Boolean);
    let senior = column("SeniorCitizen", &["0", "1", "0"]);
    assert_eq!(senior.best.kind, FieldKind::Integer);
    assert_eq!(senior.alternatives[0].kind, FieldKind::Boolean);
}

#[test]
fn shapes_are_recognised() {
    for (cells, expected) in [
        (&["ann@example.org", "bob@example.org"][..], FieldKind::Email),
        (&["https://example.org", "http://a.b/c"], FieldKind::Url),
        (&["+44 20 7946 0958", "+442079460958"], FieldKind::Phone),
        (&["31.95, -89.23", "1.5,2.5"], FieldKind::GeoPoint),
        (&["{\"a\":1}", "[1]"], FieldKind::Json),
        (&["a\nb", "c"], FieldKind::LongText),
    ] {
        assert_eq!(kind(cells), expected, "{cells:?}");
    }
}

#[test]
fn amounts_with_a_currency_are_money() {
    let found = column("c", &["12.50 EUR", "€3", "EUR 4.25"]).best;
    assert_eq!(found.kind, FieldKind::Money);
    assert_eq!(found.formats.currency.unwrap().as_str(), "EUR");
    let mixed = column("c", &["12,50 EUR", "3,5 USD"]).best;
    assert_eq!(
        (mixed.formats.number, mixed.formats.currency),
        (NumberFormat::Comma, None)
    );
    assert_eq!(
        column("Cost Total $", &["3", "4"]).alternatives[0].kind,
        FieldKind::Money
    );
    assert_eq!(kind(&["1,234 EUR"]), FieldKind::Text);
}

#[test]
fn few_repeated_values_are_choices() {
    let cells: Vec<&str> = ["Small", "Large"].into_iter().cycle().take(20).collect();
    let found = column("c", &cells).best;
    assert_eq!((found.kind, found.rules.choices.len()), (FieldKind::Choice, 2));
    assert_eq!(found.evidence, "only 2 different values among 20");
}

#[test]
fn card_numbers_never_become_choices() {
    let cells: Vec<&str> = ["4111 1111 1111 1111", "none"]
        .into_iter()
        .cycle()
        .take(20)
        .collect();
    let found = column("c", &cells);
    assert!(!serde_json::to_string(&found).unwrap().contains("4111"));
}

#[test]
fn keys_and_sensitive_headers_are_noted() {
    let cells: Vec<String> = (0..20).map(|number| format!("k-{number}")).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let found = column("IBAN", &cells);
    assert!(found.looks_like_key() && found.sensitive_hint.is_some());
    assert_eq!(found.best.presence, Presence::Required);
    assert_eq!(found.best.kind, FieldKind::Text);
    assert!(
        found
            .alternatives
            .iter()
            .any(|guess| guess.kind == FieldKind::SensitiveText)
    );
}

#[test]
fn a_column_with_one_stray_word_stays_text_and_says_where() {
    let mut cells = vec!["1"; 50];
    cells.push("n/a");
    let found = column("c", &cells);
    let near = found
        .alternatives
        .iter()
        .find(|guess| guess.kind == FieldKind::Integer)
        .unwrap();
    assert_eq!(
        near.evidence,
        "50 of 51 values are whole numbers; row 51 is the first that is not"
    );
}

#[test]
fn memory_for_repeats_is_bounded_over_all_columns() {
    let headers: Vec<String> = (0..40).map(|column| format!("c{column}")).collect();
    let mut text = headers.join(",") + "\n";
    for row in 0..20_480 {
        let line: Vec<String> = (0..40).map(|column| format!("{row}x{column}")).collect();
        text += &(line.join(",") + "\n");
    }
    let reader = CsvReader::new(
        text.as_bytes(),
        Encoding::Utf8,
        Dialect::default(),
        ReadOptions::default(),
    )
    .unwrap();
    let mut guesser = Guesser::new(reader.headers());
    reader.for_each(|row| guesser.see(&row.unwrap()));
    assert!(guesser.columns.iter().map(Tally::hashes).sum::<usize>() <= HASHES_MAX);
    let found = guesser.finish();
    assert!(found.iter().any(|column| column.repeats == Repeats::Unknown));
    assert!(found.iter().any(|column| column.repeats == Repeats::Never));
}

#[test]
fn a_guess_survives_the_job_row() {
    let found = column("Cost €", &["1,5", "2,5"]);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<ColumnGuess>(&json).unwrap(), found);
}

proptest! {
    #[test]
    fn no_values_make_it_panic(cells in proptest::collection::vec("[-+0-9.,:/ €$TZe@{}]{0,20}|\\PC{0,12}", 0..12)) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let found = column("h", &cells);
        prop_assert_eq!(found.values + found.blanks, cells.len() as u64);
    }
}
