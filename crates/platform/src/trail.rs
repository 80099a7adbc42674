//! The audit trail of an organization, for people: its own entries and the appliance's about it, newest first.

use crate::{
    Workspace, account,
    act::{ActorView, read_header},
    error::{PlatformError, Result},
    record::Change,
    sealing::{self, Show},
    workspace::visible,
};
use access::{Permission, Permit};
use audit::Header;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc};
use store::{
    StoreError,
    control::entry_log,
    tenant::{audit as log, catalogue, record as rows},
};
use types::{AccountId, EntryId, PageSize, ProblemCode, RecordId};

/// Most entries that one answer looks through for a filter.
const SCAN_MAX: usize = 5_000;
/// So many entries in a row that are earlier than asked for end an answer.
const PAST_MAX: usize = 1_000;

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct TrailQuery {
    /// Where an earlier answer stopped.
    pub before: Option<String>,
    /// Only actions that begin with this.
    pub action: Option<String>,
    /// Only this account's acts.
    pub account: Option<AccountId>,
    /// Only acts on the thing of this id; of a record, imports and bulk acts that made one of its versions, too.
    pub object: Option<String>,
    /// Not earlier than this.
    pub from: Option<Timestamp>,
    /// Earlier than this.
    pub until: Option<Timestamp>,
    /// How many.
    pub limit: PageSize,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// Its id.
    pub id: EntryId,
    /// When the database appended it.
    pub at: Timestamp,
    /// Its kind (1 change, 2 erasure, 5 key rotation, 6 configuration or role, 8 sign-in and access).
    pub kind: i16,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub object_kind: String,
    /// To which one.
    pub object_id: Option<String>,
    /// By whom and from where.
    pub actor: ActorView,
    /// The actor's name, if there is an account.
    pub actor_name: Option<String>,
    /// Within which request.
    pub request_id: Option<String>,
    /// The reason given, or what was refused.
    pub reason: Option<String>,
    /// In whose log: `organization` or `appliance`.
    pub place: &'static str,
}

/// A page of entries, newest first.
#[derive(Debug, Clone)]
pub struct TrailPage {
    /// The entries.
    pub entries: Vec<EntryView>,
    /// Where to go on, when there may be more.
    pub next: Option<String>,
}

/// One entry with its commitments and what it changed.
#[derive(Debug, Clone)]
pub struct EntryDetail {
    /// The entry.
    pub view: EntryView,
    /// Commitment to the header, in hexadecimal.
    pub c_header: String,
    /// Commitment of the version before.
    pub c_before: String,
    /// Commitment to the after-image.
    pub c_after: String,
    /// The dataset of the record that it changed.
    pub dataset: Option<String>,
    /// What it changed in that record; sensitive values are masked.
    pub changes: Vec<Change>,
    /// The record was erased since, and with it what the entry changed: it can be shown to nobody any more.
    pub is_erased: bool,
}

/// Where a page stopped in each of the two logs.
#[derive(Clone, Copy)]
struct Marks {
    own: Option<i64>,
    appliance: Option<i64>,
}

impl Marks {
    /// Before the first entry of that time or later; at the newest if none is given.
    async fn at(workspace: &Workspace, until: Option<Timestamp>) -> Result<Self> {
        let Some(until) = until else {
            return Ok(Self {
                own: None,
                appliance: None,
            });
        };
        Ok(Self {
            own: Some(Log::Own.last_before(workspace, until).await? + 1),
            appliance: Some(Log::Appliance.last_before(workspace, until).await? + 1),
        })
    }

    fn write(self) -> String {
        let number = |mark: Option<i64>| mark.unwrap_or(i64::MAX).to_string();
        URL_SAFE_NO_PAD.encode(format!("{}.{}", number(self.own), number(self.appliance)))
    }

    fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (own, appliance) = text.split_once('.')?;
        Some(Self {
            own: Some(own.parse().ok()?),
            appliance: Some(appliance.parse().ok()?),
        })
    }
}

/// Which of the two logs.
#[derive(Clone, Copy)]
enum Log {
    Own,
    Appliance,
}

impl Log {
    /// The newest entry before a place, or at all: its place and time.
    async fn newest(self, workspace: &Workspace, before: Option<i64>) -> Result<Option<(i64, Timestamp)>> {
        match self {
            Self::Own => {
                let found = log::list_entries(workspace.tenant(), before, 1).await?;
                Ok(found.first().map(|entry| (entry.sequence, entry.appended_at)))
            }
            Self::Appliance => {
                let one = PageSize::new(1).unwrap_or_default();
                let mut read = workspace.platform().control().read().await?;
                let organization = workspace.organization().id;
                let found = entry_log::list_of_organization(&mut read, organization, one, before).await?;
                Ok(found.first().map(|entry| (entry.sequence, entry.appended_at)))
            }
        }
    }

    /// A place that entries before a time do not reach beyond. Places are in the order of times, so it is found by halving; where a
    /// clock ran back, on one side of that moment.
    async fn last_before(self, workspace: &Workspace, until: Timestamp) -> Result<i64> {
        let Some((newest, at)) = self.newest(workspace, None).await? else {
            return Ok(0);
        };
        if at < until {
            return Ok(newest);
        }
        let (mut low, mut high) = (0, newest);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            match self.newest(workspace, Some(middle + 1)).await? {
                Some((place, at)) if at >= until => high = place,
                _ => low = middle,
            }
        }
        Ok(low)
    }
}

/// An entry of either log with its place there.
struct Found {
    view: EntryView,
    marks: Marks,
}

/// Lists entries, newest first.
///
/// # Errors
/// `not-allowed`, `bad-cursor`.
pub async fn list(workspace: &Workspace, query: &TrailQuery) -> Result<TrailPage> {
    let permit = workspace.permit(Permission::AuditRead).await?;
    let bad = || PlatformError::new(ProblemCode::BadCursor, "begin again without the cursor");
    let mut marks = match &query.before {
        Some(text) => Marks::read(text).ok_or_else(bad)?,
        None => Marks::at(workspace, query.until).await?,
    };
    let wanted = usize::from(query.limit.get());
    let mut entries = Vec::with_capacity(wanted);
    let (mut seen, mut past) = (0, 0);
    while seen < SCAN_MAX {
        let page = merged(workspace, marks).await?;
        let full = !page.is_empty();
        let versions = versions_of(workspace, &permit, query, &page).await?;
        for found in page {
            // One entry of an earlier time is no end: a clock may have run back for a moment.
            past = match query.from {
                Some(from) if found.view.at < from => past + 1,
                _ => 0,
            };
            if past > PAST_MAX {
                name_actors(workspace, &mut entries).await?;
                return Ok(TrailPage { entries, next: None });
            }
            marks = found.marks;
            seen += 1;
            if matches(query, &versions, &found.view) {
                entries.push(found.view);
            }
            if entries.len() == wanted {
                name_actors(workspace, &mut entries).await?;
                return Ok(TrailPage {
                    entries,
                    next: Some(marks.write()),
                });
            }
        }
        if !full {
            name_actors(workspace, &mut entries).await?;
            return Ok(TrailPage { entries, next: None });
        }
    }
    name_actors(workspace, &mut entries).await?;
    Ok(TrailPage {
        entries,
        next: Some(marks.write()),
    })
}

fn matches(query: &TrailQuery, versions: &BTreeSet<EntryId>, view: &EntryView) -> bool {
    let TrailQuery {
        action,
        account,
        object,
        from,
        until,
        ..
    } = query;
    action
        .as_ref()
        .is_none_or(|action| view.action.starts_with(action.as_str()))
        && account.is_none_or(|account| view.actor.account == Some(account))
        && from.is_none_or(|from| view.at >= from)
        && until.is_none_or(|until| view.at < until)
        && object
            .as_deref()
            .is_none_or(|object| is_about(view, object) || versions.contains(&view.id))
}

/// Ids are written in one way, and typed in two.
fn is_about(view: &EntryView, object: &str) -> bool {
    view.object_id
        .as_deref()
        .is_some_and(|id| id.eq_ignore_ascii_case(object))
}

/// Those of a page's entries that made versions of the record that is asked for: an import's own object is its dataset.
async fn versions_of(
    workspace: &Workspace,
    permit: &Permit,
    query: &TrailQuery,
    page: &[Found],
) -> Result<BTreeSet<EntryId>> {
    let record = query
        .object
        .as_ref()
        .and_then(|object| object.parse::<RecordId>().ok());
    let Some(record) = record else {
        return Ok(BTreeSet::new());
    };
    let entries: Vec<EntryId> = page.iter().map(|found| found.view.id).collect();
    let versions = log::versions_by(workspace.tenant(), record, &entries).await?;
    let seen = versions
        .into_iter()
        .filter(|(_, _, dataset)| permit.may_see_dataset(dataset.0));
    Ok(seen.map(|(entry, ..)| entry).collect())
}

/// The next entries of both logs in the order of their times.
async fn merged(workspace: &Workspace, marks: Marks) -> Result<Vec<Found>> {
    const PAGE: u16 = 200;
    let own = log::list_entries(workspace.tenant(), marks.own, i64::from(PAGE)).await?;
    let size = PageSize::new(PAGE).unwrap_or_default();
    let mut read = workspace.platform().control().read().await?;
    let organization = workspace.organization().id;
    let appliance = entry_log::list_of_organization(&mut read, organization, size, marks.appliance).await?;
    drop(read);
    let mut own = own.into_iter().map(Entry::from).peekable();
    let mut appliance = appliance.into_iter().map(Entry::from).peekable();
    let mut marks = marks;
    let mut found = Vec::new();
    while found.len() < usize::from(PAGE) {
        let first_is_own = match (own.peek(), appliance.peek()) {
            (Some(own), Some(appliance)) => own.at >= appliance.at,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        let next = if first_is_own {
            own.next()
        } else {
            appliance.next()
        };
        let Some(entry) = next else { break };
        if first_is_own {
            marks.own = Some(entry.sequence);
        } else {
            marks.appliance = Some(entry.sequence);
        }
        let place = if first_is_own { "organization" } else { "appliance" };
        found.push(Found {
            view: view_of(workspace, &entry, place)?,
            marks,
        });
    }
    Ok(found)
}

/// What both logs have in common.
struct Entry {
    stored: log::StoredEntry,
    at: Timestamp,
    sequence: i64,
}

impl From<log::StoredEntry> for Entry {
    fn from(stored: log::StoredEntry) -> Self {
        Self {
            at: stored.appended_at,
            sequence: stored.sequence,
            stored,
        }
    }
}

/// An entry of the appliance in the shape of an organization's.
pub(crate) fn as_tenants(row: entry_log::StoredEntry) -> log::StoredEntry {
    log::StoredEntry {
        id: row.id,
        sequence: row.sequence,
        kind: row.kind,
        key_version: row.key_version,
        header: row.header,
        c_header: row.c_header,
        c_before: row.c_before,
        c_after: row.c_after,
        transaction: String::new(),
        appended_at: row.appended_at,
    }
}

impl From<entry_log::StoredEntry> for Entry {
    fn from(row: entry_log::StoredEntry) -> Self {
        as_tenants(row).into()
    }
}

fn header_of(workspace: &Workspace, entry: &Entry, place: &str) -> Result<Header> {
    let keys = if place == "appliance" {
        workspace.platform().appliance_keys()
    } else {
        workspace.keys()
    };
    read_header(keys, &entry.stored)
}

fn view_of(workspace: &Workspace, entry: &Entry, place: &'static str) -> Result<EntryView> {
    let header = header_of(workspace, entry, place)?;
    Ok(EntryView {
        id: entry.stored.id,
        at: entry.at,
        kind: entry.stored.kind,
        action: header.action.clone(),
        object_kind: header.object.kind.clone(),
        object_id: header.object.id.clone(),
        actor: ActorView::of(&header),
        actor_name: None,
        request_id: header.request_id.clone(),
        reason: header.reason.clone(),
        place,
    })
}

async fn name_actors(workspace: &Workspace, entries: &mut [EntryView]) -> Result<()> {
    let ids: Vec<AccountId> = entries.iter().filter_map(|entry| entry.actor.account).collect();
    let names = account::names(workspace.platform(), &ids).await?;
    for entry in entries {
        entry.actor_name = entry.actor.account.and_then(|id| names.get(&id).cloned());
    }
    Ok(())
}

/// One entry with what it changed.
///
/// # Errors
/// `not-found`, `not-allowed`.
pub async fn find(workspace: &Workspace, id: EntryId) -> Result<EntryDetail> {
    let permit = workspace.permit(Permission::AuditRead).await?;
    let (entry, place) = match log::find_entry(workspace.tenant(), id).await {
        Ok(stored) => (Entry::from(stored), "organization"),
        Err(StoreError::NotFound) => (find_appliance(workspace, id).await?, "appliance"),
        Err(error) => return Err(error.into()),
    };
    let mut views = [view_of(workspace, &entry, place)?];
    name_actors(workspace, &mut views).await?;
    let [view] = views;
    let Changed {
        dataset,
        changes,
        is_erased,
    } = changes_of(workspace, &permit, &view, id).await?;
    Ok(EntryDetail {
        view,
        c_header: hex::encode(entry.stored.c_header),
        c_before: hex::encode(entry.stored.c_before),
        c_after: hex::encode(entry.stored.c_after),
        dataset,
        changes,
        is_erased,
    })
}

/// The commitment to an entry's header, by which the log of leaves knows it.
pub(crate) async fn commitment(workspace: &Workspace, id: EntryId) -> Result<[u8; 32]> {
    workspace.permit(Permission::AuditRead).await?;
    match log::find_entry(workspace.tenant(), id).await {
        Ok(stored) => Ok(stored.c_header),
        Err(StoreError::NotFound) => Ok(find_appliance(workspace, id).await?.stored.c_header),
        Err(error) => Err(error.into()),
    }
}

async fn find_appliance(workspace: &Workspace, id: EntryId) -> Result<Entry> {
    let found = entry_log::find(&mut workspace.platform().control().read().await?, id).await?;
    let own = found.filter(|entry| entry.organization_id == Some(workspace.organization().id));
    own.map(Entry::from)
        .ok_or_else(|| PlatformError::not_found("entry"))
}

/// What an entry changed in one record.
#[derive(Default)]
struct Changed {
    dataset: Option<String>,
    changes: Vec<Change>,
    is_erased: bool,
}

/// What an entry about one record changed, while the record's key is there, as far as the permit's holder sees the record.
async fn changes_of(
    workspace: &Workspace,
    permit: &Permit,
    view: &EntryView,
    id: EntryId,
) -> Result<Changed> {
    let record = view
        .object_id
        .as_deref()
        .and_then(|id| id.parse::<RecordId>().ok());
    let Some(record) = record.filter(|_| view.object_kind == "record") else {
        return Ok(Changed::default());
    };
    let versions = log::versions_by(workspace.tenant(), record, &[id]).await?;
    let Some((_, version, dataset)) = versions.first().copied() else {
        return Ok(Changed::default());
    };
    let dataset = match catalogue::find_by_id(workspace.tenant(), dataset).await {
        Err(StoreError::NotFound) => return Ok(Changed::default()),
        found => Arc::new(found?),
    };
    if !permit.may_see_dataset(dataset.id.0) {
        return Ok(Changed::default());
    }
    let dataset = visible(permit, &dataset);
    let of_dataset = |changes, is_erased| Changed {
        dataset: Some(dataset.key.to_string()),
        changes,
        is_erased,
    };
    let stored = match rows::find(workspace.tenant(), &dataset, record).await {
        Err(StoreError::NotFound) => return Ok(of_dataset(Vec::new(), true)),
        found => found?,
    };
    // The version that the entry made, and the one before it.
    let steps = log::history(workspace.tenant(), record, Some(version + 1), 2).await?;
    let image = |place: usize| {
        let step = steps.get(place).map(|(image, _)| image);
        step.map(|image| sealing::open_image(workspace.keys(), &stored.record_key, image))
            .transpose()
    };
    let (before, after) = (image(1)?, image(0)?);
    let changes = sealing::compare(&dataset, before.as_ref(), after.as_ref(), Show::Masked);
    Ok(of_dataset(changes, false))
}
