//! A search for payment card numbers in names, definitions and values.

use super::{homes, look::Look, sample};
use crate::{
    Platform,
    error::Result,
    sealing::{self, Show},
    workspace::Home,
};
use promises::Outcome;
use store::{
    control::account,
    tenant::{StoredRecord, catalogue},
};
use types::{Dataset, Field, Filter, PageSize, Value, card::carries_card_number};

/// Most records of one dataset that one run reads, the newest.
const RECORDS_MAX: usize = 20_000;
const ADVICE: &str = "remove the number; the history keeps it until the record is purged";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let (mut scanned, mut total) = (0, 0);
    for home in homes(platform).await? {
        let slug = &home.summary.slug;
        check_text(&home.summary.name, || format!("the name of {slug}"), &mut look);
        for dataset in catalogue::list(&home.tenant).await? {
            check_definition(slug, &dataset, &mut look);
            let see = |records: &[StoredRecord]| scan(&home, &dataset, records, &mut look);
            scanned += sample::newest(&home, &dataset, RECORDS_MAX, see).await?;
            total += sample::count(&home, &dataset, &Filter::All(Vec::new())).await?;
        }
    }
    let accounts = check_accounts(platform, &mut look).await?;
    Ok(look
        .fact("records searched", format!("{scanned} of {total}"))
        .fact("accounts searched", accounts)
        .done())
}

fn check_text(text: &str, place: impl FnOnce() -> String, look: &mut Look) {
    if carries_card_number(text) {
        look.fault("a card number is stored", place(), ADVICE);
    }
}

fn check_definition(slug: &str, dataset: &Dataset, look: &mut Look) {
    let place = || format!("the definition of {slug} / {}", dataset.key);
    for text in [&dataset.label, &dataset.description] {
        check_text(text, place, look);
    }
    for field in &dataset.fields {
        let choices = field.rules.choices.iter().map(String::as_str);
        for text in choices.chain([field.label.as_str(), field.help.as_str()]) {
            check_text(text, place, look);
        }
    }
}

fn scan(home: &Home, dataset: &Dataset, records: &[StoredRecord], look: &mut Look) {
    for stored in records {
        // What does not open is another promise's business.
        let show = |show| sealing::open_with(&home.keys, dataset, stored, show);
        let Ok(record) = show(Show::Clear).or_else(|_| show(Show::Masked)) else {
            continue;
        };
        for (field, value) in dataset.fields.iter().zip(&record.values) {
            if carries(value) {
                look.fault(
                    "a card number is stored",
                    place_of(home, dataset, stored, field),
                    ADVICE,
                );
            }
        }
    }
}

fn place_of(home: &Home, dataset: &Dataset, stored: &StoredRecord, field: &Field) -> String {
    format!(
        "{} / {} / {}, record {}",
        home.summary.slug, dataset.key, field.key, stored.id
    )
}

/// Only where people write: an id or a time is no card number, whatever its digits.
fn carries(value: &Value) -> bool {
    match value {
        Value::Text(text) | Value::Sensitive(text) => carries_card_number(text),
        Value::Choices(names) => names.iter().any(|name| carries_card_number(name)),
        Value::Integer(number) => carries_card_number(&number.to_string()),
        Value::Json(json) => carries_card_number(&json.to_string()),
        Value::Empty
        | Value::Masked
        | Value::Decimal(_)
        | Value::Money(..)
        | Value::Boolean(_)
        | Value::Date(_)
        | Value::Timestamp(_)
        | Value::Reference(_)
        | Value::Point(..)
        | Value::Attachment(_) => false,
    }
}

async fn check_accounts(platform: &Platform, look: &mut Look) -> Result<usize> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let (mut seen, mut after) = (0, None);
    loop {
        let page = account::list(&mut platform.control().read().await?, size, after).await?;
        for account in &page {
            check_text(
                &account.name,
                || format!("the name of account {}", account.id),
                look,
            );
        }
        seen += page.len();
        after = page.last().map(|account| account.id);
        if page.len() < usize::from(PageSize::MAX) {
            return Ok(seen);
        }
    }
}
