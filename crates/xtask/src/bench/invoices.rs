//! The sample: invoices, the same in every run, as CSV and as JSON.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value as Json, json};

use super::random::Random;

/// The dataset's key.
pub(super) const DATASET: &str = "invoices";
/// The choices of the field `status`.
pub(super) const STATUSES: [&str; 5] = ["draft", "open", "late", "paid", "void"];
/// The fields in the order of the CSV file.
pub(super) const KEYS: [&str; 8] = [
    "number", "customer", "amount", "due_on", "status", "paid", "items", "note",
];
/// The currency of every amount: the file names none.
pub(super) const CURRENCY: &str = "EUR";
/// How many days the due dates are spread over, from 2024-01-01.
pub(super) const DAYS: u64 = 720;

const NOTES: [&str; 4] = [
    "Delivered to the back entrance, signed for by the caretaker, two boxes were damp and are credited.",
    "Terms as agreed in the frame contract; discount for payment within ten days is already deducted.",
    "Second reminder sent by letter, the customer asks for instalments, to be decided by accounting.",
    "Repair of the cold store under warranty, travel not charged, parts listed on the enclosed sheet.",
];

/// One invoice.
pub(super) struct Invoice {
    number: String,
    customer: String,
    cents: u64,
    due_on: String,
    status: &'static str,
    paid: bool,
    items: u64,
    note: &'static str,
}

impl Invoice {
    /// The invoice of a series with a place in it; two series share no number.
    pub(super) fn new(series: &str, place: u64, random: &mut Random) -> Self {
        let status = STATUSES[pick(random, STATUSES.len())];
        Self {
            number: format!("{series}-{place:08}"),
            customer: format!("Customer {:05} Ltd", random.below(5_000)),
            cents: 100 + random.below(5_000_000),
            due_on: date(random.below(DAYS)),
            status,
            paid: status == "paid",
            items: 1 + random.below(40),
            note: NOTES[pick(random, NOTES.len())],
        }
    }

    fn amount(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    /// As the member `fields` of a request.
    pub(super) fn fields(&self) -> Json {
        json!({
            "number": self.number,
            "customer": self.customer,
            "amount": {"amount": self.amount(), "currency": CURRENCY},
            "due_on": self.due_on,
            "status": self.status,
            "paid": self.paid,
            "items": self.items,
            "note": self.note,
        })
    }

    /// As a line of CSV; only the note holds commas.
    fn line(&self) -> String {
        let Self {
            number,
            customer,
            due_on,
            status,
            paid,
            items,
            note,
            ..
        } = self;
        let amount = self.amount();
        format!("{number},{customer},{amount},{due_on},{status},{paid},{items},\"{note}\"\n")
    }

    /// As the values of an SQL `VALUES` row, in the order of the columns of [`KEYS`], amount before currency; the
    /// number is made by the database, because it must differ each time.
    pub(super) fn sql(&self) -> String {
        let Self {
            customer,
            due_on,
            status,
            paid,
            items,
            note,
            ..
        } = self;
        let amount = self.amount();
        format!(
            "gen_random_uuid()::text, '{customer}', {amount}, '{CURRENCY}', '{due_on}'::date, '{status}', {paid}, \
             {items}::bigint, '{note}'"
        )
    }
}

fn pick(random: &mut Random, length: usize) -> usize {
    usize::try_from(random.below(length as u64)).unwrap_or_default()
}

/// The day so many days after 2024-01-01, in a calendar of twelve months of thirty days, where every date exists but
/// those of late February, which are moved.
pub(super) fn date(days: u64) -> String {
    let (year, rest) = (2024 + days / 360, days % 360);
    let (month, day) = (rest / 30 + 1, rest % 30 + 1);
    let day = if month == 2 { day.min(28) } else { day };
    format!("{year}-{month:02}-{day:02}")
}

/// Writes a CSV file with a heading.
pub(super) fn write_csv(path: &Path, rows: u64) -> Result<u64> {
    let mut random = Random::new(1);
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{}", KEYS.join(","))?;
    for place in 0..rows {
        file.write_all(Invoice::new("A", place, &mut random).line().as_bytes())?;
    }
    Ok(file.into_inner()?.metadata()?.len())
}

/// The dataset's fields as the API takes them.
pub(super) fn fields() -> Json {
    json!([
        {"key": "number", "label": "Number", "kind": "text", "presence": "required", "uniqueness": "unique"},
        {"key": "customer", "label": "Customer", "kind": "text"},
        {"key": "amount", "label": "Amount", "kind": "money"},
        {"key": "due_on", "label": "Due on", "kind": "date", "indexing": "indexed"},
        {"key": "status", "label": "Status", "kind": "choice", "rules": {"choices": STATUSES}},
        {"key": "paid", "label": "Paid", "kind": "boolean"},
        {"key": "items", "label": "Items", "kind": "integer"},
        {"key": "note", "label": "Note", "kind": "long_text"},
    ])
}

/// The path of a list: open invoices due from a day on, by due date.
pub(super) fn list_path(base: &str, days: u64) -> String {
    let mut path = format!("{base}/records?filter%5Bstatus%5D=open&filter%5Bdue_on%5D%5Bgte%5D=");
    // Writing into a String cannot fail.
    write!(path, "{}&sort=due_on&limit=50", date(days)).ok();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_exists() {
        for days in 0..DAYS {
            let date = date(days);
            let parts: Vec<u32> = date.split('-').map(|part| part.parse().unwrap()).collect();
            let longest = if parts[1] == 2 { 28 } else { 30 };
            assert!(
                (1..=12).contains(&parts[1]) && (1..=longest).contains(&parts[2]),
                "{date}"
            );
        }
    }

    #[test]
    fn a_run_makes_the_same_file_again() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("1.csv"), folder.path().join("2.csv"));
        write_csv(&first, 100).unwrap();
        write_csv(&second, 100).unwrap();
        let text = std::fs::read_to_string(&first).unwrap();
        assert_eq!(text, std::fs::read_to_string(&second).unwrap());
        assert_eq!(text.lines().count(), 101);
        assert!(
            text.lines()
                .all(|line| line.split('"').next().unwrap().split(',').count() == 8)
        );
    }
}
