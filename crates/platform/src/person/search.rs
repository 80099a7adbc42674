//! The search: every version of every record, in the order of ids, and then what imports left.
//!
//! Invariants: versions say more than rows do: the newest image of a record holds each of its values in the clear, so that one walk
//! over images sees live records, the trash, the past and sensitive fields; a search that takes longer than [`TIME_MAX`] stops, is
//! stored, and goes on when it is called again; memory does not grow with the number of records.

use super::{
    HITS_MAX, author, conflict, datasets_of, limit, missing, note, read_words,
    reading::Reading,
    row, step,
    words::{Needle, Text},
};
use crate::{
    Workspace,
    error::Result,
    file::{self, FilePurpose},
    sealing,
};
use access::Permission;
use audit::{Image, ImageValue};
use futures_util::StreamExt;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
    time::{Duration, Instant},
};
use store::tenant::{
    TenantTx,
    audit::{self as log, StoredImage},
    file as file_rows,
    person::{self as rows, Hit, HitKind, PersonRequest, RecordKey, Step, Verdict},
};
use types::{AttachmentId, Dataset, DatasetId, PersonRequestId, ProblemCode, RecordId};
use uuid::Uuid;

/// Images read at once.
const PAGE: i64 = 500;
/// Most hits of a list that only refer to what is theirs: the others have room when words are found later.
const REFERRING_MAX: usize = HITS_MAX / 2;
/// Longest search before it is stored to go on.
const TIME_MAX: Duration = Duration::from_secs(15);
/// Longest time for the files of imports.
const FILES_TIME_MAX: Duration = Duration::from_secs(15);
/// Of a larger file nothing is read: it is a hit that says so, for people to look at.
const FILE_BYTES_MAX: i64 = 64 << 20;
/// Names of attachments that are remembered at once.
const NAMES_MAX: usize = 10_000;

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched {
    /// Hits of the request in all.
    pub hits: usize,
    /// Whether it came to its end; else call it again.
    pub is_complete: bool,
    /// Records that only refer to what is theirs, and for which the list has no room.
    pub unlisted: usize,
}

/// Looks for the request's words, from where an earlier search stopped or from the beginning. What was said of hits stays. Records that
/// refer to one that is marked as theirs are hits too.
///
/// # Errors
/// `not-allowed`, also for narrowed rights; `not-found`; `conflict` once an erasure is proposed or the request closed, and for words
/// that fit more than [`HITS_MAX`] things.
pub async fn search(workspace: &Workspace, id: PersonRequestId) -> Result<Searched> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    let datasets = datasets_of(workspace, &permit).await?;
    let request = row(workspace, id).await?;
    if request.closed.is_some() || request.proposed.is_some() {
        return Err(conflict(
            "the request is closed, or its erasure is proposed already",
        ));
    }
    let words = read_words(workspace, id).await?;
    let known = rows::hits(workspace.tenant(), id, limit()).await?;
    let theirs = known.iter().filter(|hit| hit.verdict == Some(Verdict::Theirs));
    let mut walk = Walk {
        workspace,
        datasets: datasets.iter().map(|dataset| (dataset.id, dataset)).collect(),
        needles: words.needles(),
        theirs: theirs.map(|hit| hit.object).collect(),
        names: HashMap::new(),
        found: BTreeMap::new(),
    };
    let stopped = walk.records(request.search_from).await?;
    if stopped.is_none() {
        walk.files().await?;
    }
    let looked_for = walk.theirs.clone();
    let (hits, unlisted) = fitting(walk.hits(), &known)?;
    let in_all = known.len() + hits.iter().filter(|hit| !is_known(&known, hit)).count();
    let tx = workspace.tenant().begin(&permit).await?;
    // Whoever marks something meanwhile waits, or was quicker and is seen here.
    rows::lock(&tx, id).await.map_err(missing)?;
    rows::put_hits(&tx, id, &hits).await.map_err(missing)?;
    let now = rows::hits(workspace.tenant(), id, limit()).await?;
    let is_new = |hit: &Hit| hit.verdict == Some(Verdict::Theirs) && !looked_for.contains(&hit.object);
    let place = match stopped {
        _ if now.iter().any(is_new) => Step::ToBeSearched,
        None => Step::SearchEnded,
        Some((record, version)) => Step::Searched(record, version),
    };
    let is_complete = matches!(place, Step::SearchEnded);
    step(&tx, id, author(&permit)?, place).await?;
    let mut reason = match is_complete {
        true => format!("to its end: {in_all} hits"),
        false => format!("not to its end: {in_all} hits so far"),
    };
    if unlisted > 0 {
        reason.push_str(&format!("; {unlisted} more refer to what is theirs"));
    }
    note(workspace, tx, "person-request.search", id, &reason).await?;
    Ok(Searched {
        hits: in_all,
        is_complete,
        unlisted,
    })
}

fn is_known(known: &[Hit], hit: &Hit) -> bool {
    known.iter().any(|old| old.object == hit.object)
}

/// Those that the list has room for, and how many it has none for: records that only refer to what is theirs, as a customer's orders do.
fn fitting(found: Vec<Hit>, known: &[Hit]) -> Result<(Vec<Hit>, usize)> {
    let (old, new): (Vec<Hit>, Vec<Hit>) = found.into_iter().partition(|one| is_known(known, one));
    let (worded, mut referring): (Vec<Hit>, Vec<Hit>) = new.into_iter().partition(|one| one.has_words);
    let Some(room) = HITS_MAX.checked_sub(known.len() + worded.len()) else {
        return Err(conflict(
            "the words fit too many records; open a request with words that fit this person alone",
        ));
    };
    let listed = known.iter().filter(|hit| !hit.has_words).count();
    let room = room.min(REFERRING_MAX.saturating_sub(listed));
    let unlisted = referring.len().saturating_sub(room);
    referring.truncate(room);
    let all = old.into_iter().chain(worded).chain(referring);
    Ok((all.collect(), unlisted))
}

/// Sees to it that what was found is whole: a search that has not come to its end, or not since a record was marked as theirs, is made now.
///
/// # Errors
/// As [`search`]; `conflict` where it does not come to its end in one go.
pub(super) async fn end_search(workspace: &Workspace, request: &PersonRequest) -> Result<()> {
    if request.searched_at.is_some() || search(workspace, request.id).await?.is_complete {
        return Ok(());
    }
    Err(conflict(
        "the search has not come to its end; go on with it first",
    ))
}

/// Where words were found in one thing.
#[derive(Default)]
struct Places {
    dataset: Option<DatasetId>,
    has_words: bool,
    now: BTreeSet<String>,
    past: BTreeSet<String>,
}

struct Walk<'a> {
    workspace: &'a Workspace,
    datasets: BTreeMap<DatasetId, &'a Dataset>,
    needles: Vec<Needle>,
    theirs: BTreeSet<Uuid>,
    names: HashMap<AttachmentId, Option<String>>,
    found: BTreeMap<Uuid, Places>,
}

impl Walk<'_> {
    /// Answers where it stopped, if it did not come to the end.
    async fn records(&mut self, from: Option<(RecordId, i64)>) -> Result<Option<(RecordId, i64)>> {
        let began = Instant::now();
        let tx = self.workspace.tenant().begin_snapshot().await?;
        let mut after = from;
        let stopped = loop {
            let images = log::images_after(&tx, after, PAGE).await?;
            let keys = keys_of(&tx, &self.datasets, &images).await?;
            for image in &images {
                // Erased, or of a dataset that is gone.
                if let Some(key) = keys.get(&image.record) {
                    self.look(image, key).await?;
                }
            }
            after = images.last().map(|last| (last.record, last.version)).or(after);
            if images.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break None;
            }
            if began.elapsed() > TIME_MAX || self.found.len() > HITS_MAX {
                break after;
            }
        };
        tx.close().await?;
        Ok(stopped)
    }

    async fn look(&mut self, image: &StoredImage, key: &RecordKey) -> Result<()> {
        let opened = sealing::open_image(self.workspace.keys(), &key.key, image)?;
        let Some(dataset) = self.datasets.get(&image.dataset).copied() else {
            return Ok(());
        };
        let mut places: BTreeSet<String> = BTreeSet::new();
        let mut texts = Vec::new();
        for (field, value) in &opened.fields {
            let place = key_of(dataset, *field);
            match value {
                ImageValue::Attachment(id) => {
                    let id = AttachmentId(Uuid::from_bytes(*id));
                    if let Some(name) = self.name_of(id).await? {
                        texts.push(Text::new(&place, &name));
                    }
                }
                ImageValue::Reference(id) if self.theirs.contains(&Uuid::from_bytes(*id)) => {
                    places.insert(place);
                }
                value => texts.extend(text_of(value).map(|text| Text::new(&place, &text))),
            }
        }
        let mut worded = BTreeSet::new();
        for needle in &self.needles {
            worded.extend(needle.find(&texts).into_iter().map(str::to_owned));
        }
        let has_words = !worded.is_empty();
        places.extend(worded);
        if !places.is_empty() {
            let found = self.found.entry(image.record.0).or_default();
            found.dataset = Some(image.dataset);
            found.has_words |= has_words;
            match image.version == key.version {
                true => found.now.extend(places),
                false => found.past.extend(places),
            }
        }
        Ok(())
    }

    async fn name_of(&mut self, id: AttachmentId) -> Result<Option<String>> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let name = match file::find(self.workspace, FilePurpose::Attachment, id).await {
            Ok((view, _)) => Some(view.name),
            Err(error) if error.code == ProblemCode::NotFound => None,
            Err(error) => return Err(error),
        };
        if self.names.len() >= NAMES_MAX {
            self.names.clear();
        }
        self.names.insert(id, name.clone());
        Ok(name)
    }

    /// What cannot be read within the time is a hit as well: people look at it.
    async fn files(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut after = None;
        loop {
            let page = file_rows::of_imports(self.workspace.tenant(), after, PAGE).await?;
            for stored in &page {
                let place = match stored.size > FILE_BYTES_MAX {
                    true => Some("an upload too large to be searched"),
                    false => match self.is_in_file(stored, began).await? {
                        Some(true) => Some("what an import left"),
                        Some(false) => None,
                        None => Some("an upload for which there was no time"),
                    },
                };
                if let Some(place) = place {
                    let found = self.found.entry(stored.id.0).or_default();
                    found.now.insert(place.to_owned());
                    found.has_words = true;
                }
            }
            after = page.last().map(|last| last.id);
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) || self.found.len() > HITS_MAX {
                return Ok(());
            }
        }
    }

    /// Read piece by piece, each with the end of the one before it; none where the time was over.
    async fn is_in_file(&self, stored: &file_rows::StoredFile, began: Instant) -> Result<Option<bool>> {
        let overlap = self.needles.iter().map(Needle::overlap).max().unwrap_or(0);
        let mut bytes = file::read(self.workspace, stored);
        let mut reading = Reading::new(overlap);
        while let Some(piece) = bytes.next().await {
            if began.elapsed() > FILES_TIME_MAX {
                return Ok(None);
            }
            for text in reading.take(&piece?) {
                let text = Text::new("", &text);
                if self.needles.iter().any(|needle| needle.is_in(&text)) {
                    return Ok(Some(true));
                }
            }
        }
        Ok(Some(false))
    }

    fn hits(self) -> Vec<Hit> {
        let hit = |(object, places): (Uuid, Places)| {
            let past = places.past.difference(&places.now);
            let past: Vec<String> = past.map(|key| format!("{key}, earlier")).collect();
            Hit {
                object,
                kind: match places.dataset {
                    Some(_) => HitKind::Record,
                    None => HitKind::File,
                },
                dataset: places.dataset,
                found_in: places.now.into_iter().chain(past).collect(),
                has_words: places.has_words,
                verdict: None,
            }
        };
        self.found.into_iter().map(hit).collect()
    }
}

async fn keys_of(
    tx: &TenantTx,
    datasets: &BTreeMap<DatasetId, &Dataset>,
    images: &[StoredImage],
) -> Result<HashMap<RecordId, RecordKey>> {
    let mut of_each: BTreeMap<DatasetId, BTreeSet<RecordId>> = BTreeMap::new();
    for image in images {
        of_each.entry(image.dataset).or_default().insert(image.record);
    }
    let mut keys = HashMap::new();
    for (id, records) in of_each {
        if let Some(dataset) = datasets.get(&id) {
            let records: Vec<RecordId> = records.into_iter().collect();
            let found = rows::record_keys(tx, dataset, &records).await?;
            keys.extend(found.into_iter().map(|key| (key.record, key)));
        }
    }
    Ok(keys)
}

/// A field's key, or its number where the dataset no longer has it.
fn key_of(dataset: &Dataset, field: NonZeroU32) -> String {
    let is_it = |one: &&types::Field| u32::try_from(one.id.0) == Ok(field.get());
    let known = dataset.fields.iter().find(is_it);
    known.map_or_else(|| format!("removed field {field}"), |one| one.key.to_string())
}

/// What of a value words can occur in.
fn text_of(value: &ImageValue) -> Option<String> {
    match value {
        ImageValue::Text(text) | ImageValue::Json(text) | ImageValue::Date(text) => Some(text.clone()),
        ImageValue::Integer(number) => Some(number.to_string()),
        ImageValue::Choices(names) => Some(names.join(" ")),
        ImageValue::Null
        | ImageValue::Decimal(_)
        | ImageValue::Money(..)
        | ImageValue::Boolean(_)
        | ImageValue::Timestamp(_)
        | ImageValue::Reference(_)
        | ImageValue::Point { .. }
        | ImageValue::Attachment(_) => None,
    }
}

/// Opens some versions as a search does: how many it could read, and which it could not.
pub(crate) async fn sample(
    workspace: &Workspace,
    datasets: &[Dataset],
    count: i64,
) -> Result<(usize, Vec<RecordId>)> {
    let tx = workspace.tenant().begin_snapshot().await?;
    let datasets: BTreeMap<DatasetId, &Dataset> =
        datasets.iter().map(|dataset| (dataset.id, dataset)).collect();
    let images = log::images_after(&tx, None, count).await?;
    let keys = keys_of(&tx, &datasets, &images).await?;
    tx.close().await?;
    let (mut read, mut unreadable) = (0, Vec::new());
    for image in &images {
        let Some(key) = keys.get(&image.record) else {
            continue;
        };
        let opened: Result<Image> = sealing::open_image(workspace.keys(), &key.key, image);
        match opened {
            Ok(_) => read += 1,
            Err(_) => unreadable.push(image.record),
        }
    }
    Ok((read, unreadable))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(count: u128, has_words: bool) -> Vec<Hit> {
        // Ids of their own for either kind.
        let first = u128::from(has_words) << 64;
        let hit = |number| Hit {
            object: Uuid::from_u128(first + number),
            kind: HitKind::Record,
            dataset: Some(DatasetId(1)),
            found_in: Vec::new(),
            has_words,
            verdict: None,
        };
        (0..count).map(hit).collect()
    }

    #[test]
    fn what_only_refers_leaves_room_for_words_that_are_found_later() {
        let (listed, unlisted) = fitting(hits(1_200, false), &[]).unwrap();
        assert_eq!((listed.len(), unlisted), (500, 700));
        let later = [hits(500, true), hits(1_200, false)].concat();
        let (listed, unlisted) = fitting(later, &listed).unwrap();
        let worded = listed.iter().filter(|hit| hit.has_words).count();
        assert_eq!((listed.len(), worded, unlisted), (1_000, 500, 700));
        fitting(hits(501, true), &hits(500, false)).unwrap_err();
        fitting(hits(1_001, true), &[]).unwrap_err();
    }

    #[test]
    fn with_many_words_fewer_that_refer_are_listed() {
        let (listed, unlisted) = fitting([hits(900, true), hits(300, false)].concat(), &[]).unwrap();
        assert_eq!((listed.len(), unlisted), (1_000, 200));
    }
}
