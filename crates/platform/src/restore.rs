//! One organization taken back to what it was at a moment, while its members and everybody else go on working.
//!
//! A restore is an act like any other: each record that differs gets a new version with the values of then, all of them in one
//! transaction under one entry of its own kind. So nothing is edited and nothing is lost: what was written since stays in the
//! history, and the restore itself is taken back in the same way.
//!
//! Invariants: what was erased never comes back, because the values of then are read from images that only a record's own key
//! opens; nothing is carried out that was not looked at and confirmed by name ([`PlannedRestore`] -> [`ConfirmedRestore`]); a
//! record that somebody changes meanwhile keeps what they wrote. Start at [`plan`], then [`carry_out`].

mod aside;
mod page;
mod reach;
mod rehearse;
mod turn;
mod write;

pub use aside::{Aside, Redefinition};
pub use reach::{LastRestore, Reach, reach};
pub use rehearse::{Rehearsed, rehearse};
pub use turn::What;

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Commitments, Object, read_header},
    caller::Identity,
    error::{PlatformError, Result},
    lifecycle,
    rotation::check_unique,
};
use access::{Permission, Permit};
use audit::{Header, LeafKind, RecordState};
use jiff::Timestamp;
use page::Reading;
use store::tenant::{TenantTx, audit::StoredEntry, bulk, catalogue, past};
use turn::Step;
use types::{Dataset, EntryId, ProblemCode, RecordId};
use write::{Ready, Writer};

/// Most records of one dataset whose reasons are told.
const TOLD_MAX: usize = 20;
/// The action of a restore's entry.
const ACTION: &str = "organization.restore";
/// Restores of the whole platform leave an entry for each dataset that they erase in again; further back nobody looks.
const NEWEST_MAX: i64 = 200;
/// Records that are put into the trash at once.
const CHUNK: usize = 250;
/// Records that the database refused wait to be tried again; more than these are a sign of something else.
const REFUSED_MAX: usize = 10_000;

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A moment.
    Moment(Timestamp),
    /// To before the last restore, for every record that nobody has changed since.
    Undo,
}

/// A record that stays as it is, although it was another thing then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which.
    pub record: RecordId,
    /// Why.
    pub why: String,
}

/// What becomes, or became, of one dataset's records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The dataset's key.
    pub dataset: String,
    /// Records that get the values of then.
    pub changed: u64,
    /// Records that come out of the trash.
    pub back: u64,
    /// Records that go to the trash: they were there then, or were not made yet.
    pub trashed: u64,
    /// Records that stay as they are, because their values of then fit no more.
    pub unfit: u64,
    /// Records that somebody changed while the restore ran, and that stay so.
    pub slipped: u64,
    /// Of the unfit ones the first.
    pub told: Vec<Unfit>,
}

impl Tally {
    /// How many records get another version.
    #[must_use]
    pub fn touched(&self) -> u64 {
        self.changed + self.back + self.trashed
    }

    fn count(&mut self, what: What) {
        match what {
            What::Changed => self.changed += 1,
            What::Back => self.back += 1,
            What::Trashed => self.trashed += 1,
        }
    }

    fn refuse(&mut self, record: RecordId, why: String) {
        self.unfit += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(Unfit { record, why });
        }
    }
}

/// A restore that was looked at, and not carried out.
#[derive(Clone)]
pub struct PlannedRestore {
    workspace: Workspace,
    aim: past::Aim,
    /// The moment whose values come back.
    pub moment: Timestamp,
    /// What would become of each dataset, those first that differ most.
    pub tallies: Vec<Tally>,
    /// What no restore brings back.
    pub aside: Aside,
}

/// A restore that was confirmed by the organization's name.
#[derive(Clone)]
pub struct ConfirmedRestore(PlannedRestore);

/// A restore that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its entry; none where nothing differed.
    pub entry: Option<EntryId>,
    /// What became of each dataset.
    pub tallies: Vec<Tally>,
}

impl PlannedRestore {
    /// How many records would get another version.
    #[must_use]
    pub fn touched(&self) -> u64 {
        self.tallies.iter().map(Tally::touched).sum()
    }

    /// The restore that it takes back; none for one to a moment.
    #[must_use]
    pub fn undoes(&self) -> Option<EntryId> {
        match self.aim {
            past::Aim::Before(entry) => Some(entry),
            past::Aim::Moment(_) => None,
        }
    }

    /// Confirms it.
    ///
    /// # Errors
    /// `invalid` unless the organization's name in addresses is typed.
    pub fn confirm(self, typed: &str) -> Result<ConfirmedRestore> {
        let slug = &self.workspace.organization().slug;
        if typed.trim() != slug {
            let message = format!("type {slug} to take the organization back");
            return Err(PlatformError::invalid_at("/name", "not-confirmed", message));
        }
        Ok(ConfirmedRestore(self))
    }
}

/// The organization, for root on the host.
///
/// # Errors
/// `not-allowed` for anybody else; `not-found`.
pub async fn enter(platform: &Platform, caller: &Caller, slug: &str) -> Result<Workspace> {
    let home = platform.home_by_slug(slug).await?;
    let home = home.ok_or_else(|| PlatformError::not_found("organization"))?;
    platform.enter_as_host(home, caller)
}

/// Looks what a restore of the organization would change; changes nothing.
///
/// # Errors
/// `not-allowed`; `conflict` where there is no restore to take back; `invalid` for a moment that the log does not reach;
/// `cancelled`.
pub async fn plan(workspace: &Workspace, target: Target) -> Result<PlannedRestore> {
    let permit = workspace.permit(Permission::OrganizationRestore).await?;
    let workspace = workspace.clone();
    let tx = workspace.tenant().begin_snapshot().await?;
    let (aim, moment) = aim_of(&workspace, &tx, target).await?;
    let until = past::clock(&tx).await?;
    let mut tallies = Vec::new();
    for dataset in catalogue::list(workspace.tenant()).await? {
        require_all(&permit, &dataset)?;
        let reading = Reading::of(&workspace, &tx, &dataset, aim, until).await?;
        tallies.push(look(&reading).await?);
    }
    let aside = aside::look(&workspace, &tx, moment).await?;
    tx.close().await?;
    tallies.sort_by_key(|tally: &Tally| std::cmp::Reverse(tally.touched()));
    Ok(PlannedRestore {
        workspace,
        aim,
        moment,
        tallies,
        aside,
    })
}

/// A member must be here and mean it; a token must have been made for it by name.
async fn require_meant(workspace: &Workspace) -> Result<Permit> {
    if !matches!(workspace.caller().identity, Identity::Host) {
        lifecycle::require_meant(workspace, Permission::OrganizationRestore).await?;
    }
    workspace.permit(Permission::OrganizationRestore).await
}

/// All of the organization goes back, or nothing: whoever may not change a part of it takes none of it back.
fn require_all(permit: &Permit, dataset: &Dataset) -> Result<()> {
    let mut fields = dataset.fields.iter();
    let is_whole = permit.may_change_dataset(dataset.id.0)
        && fields.all(|field| permit.may_write_field(dataset.id.0, field.id.0));
    match is_whole {
        true => Ok(()),
        false => Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "your rights are narrowed, and a restore changes everything; ask another administrator",
        )),
    }
}

async fn aim_of(workspace: &Workspace, tx: &TenantTx, target: Target) -> Result<(past::Aim, Timestamp)> {
    let refuse = |message: String| PlatformError::invalid_at("/to", "out-of-range", message);
    match target {
        Target::Moment(moment) => {
            let (begins, now) = (past::beginning(tx).await?, past::clock(tx).await?);
            match begins {
                Some(begins) if moment < begins => {
                    Err(refuse(format!("the organization's log begins at {begins}")))
                }
                _ if moment > now => Err(refuse(format!("it is {now}, and that moment is to come"))),
                _ => Ok((past::Aim::Moment(moment), moment)),
            }
        }
        Target::Undo => {
            let (restore, _) = newest(workspace, tx).await?.ok_or_else(|| {
                PlatformError::new(ProblemCode::Conflict, "the organization was never taken back")
            })?;
            Ok((past::Aim::Before(restore.id), restore.appended_at))
        }
    }
}

/// The newest restore of the organization itself: one of the whole platform leaves entries of the same kind.
async fn newest(workspace: &Workspace, tx: &TenantTx) -> Result<Option<(StoredEntry, Header)>> {
    let kind = i16::from(LeafKind::Restore.number());
    for entry in past::newest_entries(tx, kind, NEWEST_MAX).await? {
        let header = read_header(workspace.keys(), &entry)?;
        if header.action == ACTION {
            return Ok(Some((entry, header)));
        }
    }
    Ok(None)
}

async fn look(reading: &Reading<'_>) -> Result<Tally> {
    let mut tally = reading.tally();
    let mut after = None;
    while let Some(page) = reading.page(after, past::Hold::Free).await? {
        after = Some(page.last);
        tally.slipped += page.slipped;
        for turn in page.turns {
            match turn.step {
                Step::Same => {}
                Step::Next { what, .. } => tally.count(what),
                Step::Unfit { why } => tally.refuse(turn.stored.id, why),
            }
        }
    }
    Ok(tally)
}

/// Carries a restore out, wholly or not at all.
///
/// # Errors
/// `conflict` where a dataset is redefined in the same moment; `timeout` where somebody else holds a record for too long; `cancelled`.
pub async fn carry_out(confirmed: ConfirmedRestore) -> Result<Restored> {
    let PlannedRestore {
        workspace,
        aim,
        moment,
        ..
    } = confirmed.0;
    // Keys and state anew: the look and the confirmation may be minutes apart.
    let home = workspace
        .platform()
        .home_by_id(workspace.organization().id)
        .await?;
    let home = home.ok_or_else(|| PlatformError::not_found("organization"))?;
    let workspace = Workspace { home, ..workspace };
    workspace.forget_datasets();
    let permit = require_meant(&workspace).await?;
    let tx = workspace.begin_sealing(&permit).await?;
    let until = past::clock(&tx).await?;
    let mut writer = Writer::new(&workspace, &tx)?;
    let mut tallies = Vec::new();
    for dataset in catalogue::list(workspace.tenant()).await? {
        require_all(&permit, &dataset)?;
        bulk::hold_definition(&tx, &dataset).await?;
        let reading = Reading::of(&workspace, &tx, &dataset, aim, until).await?;
        tallies.push(write_dataset(&reading, &dataset, &mut writer).await?);
    }
    let (entry, before, after) = writer.finish();
    if tallies.iter().map(Tally::touched).sum::<u64>() == 0 {
        tx.close().await?;
        return Ok(Restored { entry: None, tallies });
    }
    let commitments = Commitments {
        before,
        after,
        image_key: None,
    };
    let reason = reason_of(aim, moment, &tallies);
    let object = Object::new("organization", workspace.organization().id);
    let act = Act::restore(ACTION, object).because(&reason);
    tx.commit(&workspace.entry(entry, &act, commitments)?).await?;
    Ok(Restored {
        entry: Some(entry),
        tallies,
    })
}

fn reason_of(aim: past::Aim, moment: Timestamp, tallies: &[Tally]) -> String {
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let to = match aim {
        past::Aim::Moment(_) => format!("back to {moment}"),
        past::Aim::Before(entry) => format!("the restore {entry} taken back"),
    };
    format!(
        "{to}: {} changed, {} out of the trash, {} into it, {} left as they are",
        sum(|tally| tally.changed),
        sum(|tally| tally.back),
        sum(|tally| tally.trashed),
        sum(|tally| tally.unfit + tally.slipped)
    )
}

async fn write_dataset(reading: &Reading<'_>, dataset: &Dataset, writer: &mut Writer<'_>) -> Result<Tally> {
    let mut tally = reading.tally();
    let mut refused = Vec::new();
    let mut after = None;
    while let Some(page) = reading.page(after, past::Hold::Locked).await? {
        after = Some(page.last);
        tally.slipped += page.slipped;
        let mut batch = Vec::with_capacity(page.turns.len());
        for turn in page.turns {
            match turn.step {
                Step::Same => {}
                Step::Next { record, state, what } => {
                    let id = record.id;
                    match check_unique(reading.workspace, dataset, Some(id), &record.values).await {
                        Ok(()) => batch.push(writer.seal(dataset, &turn.stored, &record, state, what)?),
                        Err(error) if error.code == ProblemCode::Invalid => {
                            tally.refuse(id, turn::sentence(&error))
                        }
                        Err(error) => return Err(error),
                    }
                }
                Step::Unfit { why } => tally.refuse(turn.stored.id, why),
            }
        }
        refused.extend(put(writer, dataset, batch, &mut tally).await?);
        if refused.len() > REFUSED_MAX {
            let why = format!(
                "more than {REFUSED_MAX} records of {} cannot go back, because others have their unique values now; nothing was changed",
                dataset.key
            );
            return Err(PlatformError::new(ProblemCode::Conflict, why));
        }
    }
    // What another record gives free in the same restore fits the next time.
    loop {
        let waiting = refused.len();
        let batch = refused.into_iter().map(|(ready, _)| ready).collect();
        refused = put(writer, dataset, batch, &mut tally).await?;
        if refused.len() == waiting || refused.is_empty() {
            break;
        }
    }
    for (ready, why) in refused {
        tally.refuse(ready.id(), why);
    }
    Ok(tally)
}

async fn put(
    writer: &mut Writer<'_>,
    dataset: &Dataset,
    batch: Vec<Ready>,
    tally: &mut Tally,
) -> Result<Vec<(Ready, String)>> {
    let put = writer.put(dataset, batch).await?;
    for what in put.done {
        tally.count(what);
    }
    Ok(put.refused)
}

/// Puts those of these records that are not there into the trash, under an entry of a restore: for what must be erased again.
pub(crate) async fn put_in_trash(workspace: &Workspace, dataset: &Dataset, ids: &[RecordId]) -> Result<u64> {
    let permit = workspace.permit(Permission::OrganizationRestore).await?;
    let tx = workspace.begin_sealing(&permit).await?;
    bulk::hold_definition(&tx, dataset).await?;
    let mut writer = Writer::new(workspace, &tx)?;
    let mut trashed = 0;
    for some in ids.chunks(CHUNK) {
        let rows = past::rows(&tx, dataset, some, past::Hold::Locked).await?;
        let mut batch = Vec::with_capacity(rows.len());
        for stored in rows.iter().filter(|stored| stored.deleted_at.is_none()) {
            let record = turn::trashed(workspace, dataset, stored)?;
            batch.push(writer.seal(dataset, stored, &record, RecordState::Trashed, What::Trashed)?);
        }
        trashed += writer.put(dataset, batch).await?.done.len() as u64;
    }
    if trashed == 0 {
        tx.close().await?;
        return Ok(0);
    }
    let (entry, before, after) = writer.finish();
    let commitments = Commitments {
        before,
        after,
        image_key: None,
    };
    let reason = format!("{trashed} records that were erased before");
    let act = Act::restore("record.trash-again", Object::new("dataset", dataset.id)).because(&reason);
    tx.commit(&workspace.entry(entry, &act, commitments)?).await?;
    Ok(trashed)
}
