//! Sensitive fields: a sample of stored values is sealed under a live key and opens at its place, no clear column is
//! left, and the values of the sample stand nowhere else in the clear.

use super::{homes, look::Look, sample};
use crate::{
    Platform,
    error::Result,
    sealing::{self, Show},
    workspace::Home,
};
use promises::Outcome;
use store::{
    StoreError,
    control::{job, promise_observation},
    tenant::{StoredRecord, StoredValue, bulk, catalogue},
};
use types::{Condition, Dataset, Field, FieldKind, FieldRef, Filter, Operator, PageSize, Value};
use vault::{Purpose, seal};

/// Records of one dataset in the sample.
const SAMPLE: usize = 200;
/// Values of one field that are looked for in the clear.
const SOUGHT: usize = 5;
/// Shorter texts stand elsewhere by chance.
const SOUGHT_CHARS_MIN: usize = 8;

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let (mut fields, mut values, mut sought) = (0, 0, 0);
    for home in homes(platform).await? {
        let rows = clear_rows(platform, &home).await?;
        for dataset in catalogue::list(&home.tenant).await? {
            let sensitive: Vec<&Field> = dataset
                .fields
                .iter()
                .filter(|field| field.kind == FieldKind::SensitiveText)
                .collect();
            if sensitive.is_empty() {
                continue;
            }
            fields += sensitive.len();
            for field in &sensitive {
                check_leftover(&home, &dataset, field, &mut look).await?;
            }
            let mut sampler = Sampler::new(&home, &dataset);
            sample::newest(&home, &dataset, SAMPLE, |page| sampler.see(page, &mut look)).await?;
            values += sampler.values;
            sought += sampler.clear.len();
            seek(&home, &dataset, &sampler.clear, &rows, &mut look).await?;
        }
    }
    Ok(look
        .fact("sensitive fields", fields)
        .fact("values opened", values)
        .fact("values looked for in the clear", sought)
        .done())
}

/// Rows about the organization that never hold values: jobs and observations.
async fn clear_rows(platform: &Platform, home: &Home) -> Result<Vec<(String, String)>> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let mut read = platform.control().read().await?;
    let jobs = job::list(&mut read, Some(home.summary.id), size).await?;
    let observations = promise_observation::newest_of_all(&mut read).await?;
    let text = |job: &job::Job| {
        let result = job.result.clone().unwrap_or_default();
        (
            format!("job {}", job.id),
            format!("{} {} {result}", job.payload, job.progress),
        )
    };
    let mut rows: Vec<(String, String)> = jobs.iter().map(text).collect();
    rows.extend(observations.into_iter().map(|row| {
        (
            format!("observation of {}", row.promise_id),
            row.observation.to_string(),
        )
    }));
    Ok(rows)
}

/// A field that was made sensitive leaves no clear column: the database refuses to read one.
async fn check_leftover(home: &Home, dataset: &Dataset, field: &Field, look: &mut Look) -> Result<()> {
    let tx = home.tenant.begin_snapshot().await?;
    match bulk::plain_texts(&tx, dataset.id, field.id, None, 1).await {
        Err(StoreError::Redefined) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => {
            let place = format!("{} / {} / {}", home.summary.slug, dataset.key, field.key);
            look.fault("a column with the clear values is left", place, "drop the column");
            Ok(())
        }
    }
}

struct Sampler<'a> {
    home: &'a Home,
    dataset: &'a Dataset,
    values: usize,
    /// Clear values to look for, with their field's place.
    clear: Vec<(usize, String)>,
}

impl<'a> Sampler<'a> {
    fn new(home: &'a Home, dataset: &'a Dataset) -> Self {
        Self {
            home,
            dataset,
            values: 0,
            clear: Vec::new(),
        }
    }

    fn see(&mut self, page: &[StoredRecord], look: &mut Look) {
        for stored in page {
            for (place, field) in self.dataset.fields.iter().enumerate() {
                if let Some(StoredValue::Sealed { sealed, .. }) = stored.values.get(place) {
                    self.values += 1;
                    self.check(stored, place, field, sealed, look);
                }
            }
        }
    }

    fn check(&mut self, stored: &StoredRecord, place: usize, field: &Field, sealed: &[u8], look: &mut Look) {
        let slug = &self.home.summary.slug;
        let at = format!(
            "{slug} / {} / {}, record {}",
            self.dataset.key, field.key, stored.id
        );
        let keys = &self.home.keys;
        match seal::key_version_of(sealed) {
            Err(_) => return look.fault("a stored value is not sealed", at, "write the value again"),
            Ok(version) if keys.at(Purpose::Fields, version).is_none() => {
                let what = format!("a value is under key version {version}, which is not there");
                return look.fault(what, at, "restore the key, or write the value again");
            }
            Ok(_) => {}
        }
        // Alone, so that a fault is this field's.
        let alone = Dataset {
            fields: vec![field.clone()],
            ..self.dataset.clone()
        };
        let stored = StoredRecord {
            values: vec![stored.values[place].clone()],
            ..stored.clone()
        };
        match sealing::open_with(keys, &alone, &stored, Show::Clear).map(|record| record.values) {
            Ok(values) => self.keep(place, values),
            Err(_) => look.fault(
                "a sealed value was changed, or moved from another place",
                at,
                "check the organization's log, and restore the value",
            ),
        }
    }

    fn keep(&mut self, place: usize, values: Vec<Value>) {
        let kept = self.clear.iter().filter(|(of, _)| *of == place).count();
        if let Some(Value::Sensitive(text)) = values.into_iter().next()
            && kept < SOUGHT
            && text.chars().count() >= SOUGHT_CHARS_MIN
        {
            self.clear.push((place, text));
        }
    }
}

/// Looks for clear values in the other columns of the table, and in rows that never hold values.
async fn seek(
    home: &Home,
    dataset: &Dataset,
    clear: &[(usize, String)],
    rows: &[(String, String)],
    look: &mut Look,
) -> Result<()> {
    let texts: Vec<&Field> = dataset
        .fields
        .iter()
        .filter(|field| field.kind.is_text())
        .collect();
    for (place, text) in clear {
        let of = dataset.fields.get(*place).map_or("", |field| field.key.as_str());
        let what = format!("a value of {of} stands in the clear");
        for field in &texts {
            let filter = Filter::Is(Condition {
                field: FieldRef::Field(field.id),
                operator: Operator::Contains,
                values: vec![Value::Text(text.clone())],
            });
            if sample::count(home, dataset, &filter).await? > 0 {
                let at = format!("{} / {} / {}", home.summary.slug, dataset.key, field.key);
                look.fault(
                    what.clone(),
                    at,
                    "remove it there, or make that field sensitive too",
                );
            }
        }
        // As it would stand in JSON.
        let quoted = Value::Text(text.clone()).to_json().to_string();
        let quoted = quoted.trim_matches('"');
        for (name, _) in rows.iter().filter(|(_, row)| row.contains(quoted)) {
            look.fault(what.clone(), name.clone(), "delete the row, and report this");
        }
    }
    Ok(())
}
