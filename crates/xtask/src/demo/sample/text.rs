//! CSV rows, days, IBANs and names out of which the samples are made.

use super::Dice;

/// A header and rows as RFC 4180 has it.
pub(super) fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = header.join(",");
    text.push('\n');
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// How many cells a row of ours has.
#[cfg(test)]
pub(super) fn cells(row: &str) -> usize {
    row.split('"')
        .step_by(2)
        .map(|plain| plain.matches(',').count())
        .sum::<usize>()
        + 1
}

/// A day of 2025 or 2026 by its number: `day(0)` is 2025-01-01.
pub(super) fn day(number: i64) -> String {
    const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut year, mut left) = (2025, number);
    while left >= 365 {
        left -= 365;
        year += 1;
    }
    let mut month = 0;
    while left >= MONTHS[month] {
        left -= MONTHS[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, left + 1)
}

/// Cents as an amount: `12.50 EUR`.
pub(super) fn money(cents: i64, currency: &str) -> String {
    format!("{}.{:02} {currency}", cents / 100, cents % 100)
}

/// A Dutch IBAN with right check digits (ISO 13616) of a bank that does not exist. Not one of digits only: every
/// fourteenth of those has a card number's check digit too, and card numbers are refused.
pub(super) fn iban(dice: &mut Dice) -> String {
    let account = format!("HRBR{:010}", dice.between(1, 9_999_999_999));
    format!("NL{:02}{account}", 98 - remainder(&format!("{account}NL00")))
}

/// Letters count as two digits from A, which is 10.
fn remainder(text: &str) -> u32 {
    text.chars().fold(0, |rest, symbol| {
        let value = symbol.to_digit(36).unwrap_or(0);
        let shift = if value < 10 { 10 } else { 100 };
        (rest * shift + value) % 97
    })
}

pub(super) const FIRST: [&str; 24] = [
    "Ada", "Bjarne", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katrin", "Luis",
    "Mira", "Nils", "Oksana", "Pavel", "Quentin", "Rosa", "Samir", "Tilda", "Umar", "Valerie", "Wanda",
    "Yusuf",
];
pub(super) const LAST: [&str; 24] = [
    "Albrecht", "Bergmann", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hoffmann", "Ivanova",
    "Jensen", "Kowalski", "Lehmann", "Moreau", "Nowak", "Olsen", "Petrov", "Quist", "Ricci", "Schmitt",
    "Tanaka", "Ueda", "Virtanen", "Weber", "Zhang",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_calendar() {
        assert_eq!(day(0), "2025-01-01");
        assert_eq!(day(58), "2025-02-28");
        assert_eq!(day(59), "2025-03-01");
        assert_eq!(day(364), "2025-12-31");
        assert_eq!(day(365), "2026-01-01");
    }

    #[test]
    fn an_iban_has_right_check_digits() {
        assert_eq!(remainder("WEST12345698765432GB82"), 1, "the registry's example");
        let mut dice = Dice::new(1);
        for _ in 0..100 {
            let iban = iban(&mut dice);
            let turned = format!("{}{}", &iban[4..], &iban[..4]);
            assert_eq!((iban.len(), remainder(&turned)), (18, 1), "{iban}");
        }
    }

    #[test]
    fn a_cell_with_a_comma_is_quoted_and_counted_once() {
        let text = csv(&["a", "b"], [vec!["x, \"y\"".to_owned(), "z".to_owned()]]);
        assert_eq!(text, "a,b\n\"x, \"\"y\"\"\",z\n");
        assert_eq!(cells("\"x, \"\"y\"\"\",z"), 2);
    }
}
