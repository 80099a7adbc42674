//! The whole platform gone back to a moment: what is lost by it, told before; and what must not live again, done again after.
//!
//! Invariants: an organization that was deleted since, and a record that was erased since, are deleted and erased again before
//! anybody is let in; what cannot be is told by name. The list of them is taken before, because the database that went back
//! does not know it. Start at [`look`], then [`repeat`].

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object, read_header},
    database::AdminAccess,
    deletion,
    error::{PlatformError, Result},
    file, hold, organization,
    record::{self, Expected},
    restore,
};
use access::Permission;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{
    again,
    control::{deletion as rows, entry_log, legal_hold, organization as organization_rows},
    tenant::{
        audit::{self as log, StoredEntry},
        catalogue, file as files, past,
    },
};
use types::{AccountId, AttachmentId, DatasetId, DeletionId, OrganizationId, ProblemCode, RecordId};

/// Most erasures that are carried over. A list that is cut would let something live again.
const ERASED_MAX: i64 = 100_000;
/// Every kind of entry.
const KINDS: [i16; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// That of an erasure's.
const ERASURE: i16 = 2;

/// What one organization loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its name in addresses.
    pub organization: String,
    /// Entries since the moment: so many acts are undone.
    pub entries: i64,
    /// It was made since the moment, and is gone altogether.
    pub is_gone: bool,
}

/// A deletion that was carried out since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    id: DeletionId,
    organization: OrganizationId,
    /// What it was called in addresses.
    pub slug: String,
    name: String,
    cause: String,
    ordered_at: Timestamp,
    ordered_by: Option<AccountId>,
    hours: i32,
}

/// A record that was erased since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    organization: OrganizationId,
    dataset: DatasetId,
    record: RecordId,
}

/// A file that was erased since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedFile {
    organization: OrganizationId,
    file: AttachmentId,
}

/// A hold that was placed since and is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    organization: OrganizationId,
    reason: String,
    person: String,
    concerns: Option<AccountId>,
}

/// How many entries an organization's log loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    organization: OrganizationId,
    entries: i64,
}

/// What must be done again after the database went back. Ids and names, no values of records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedOver {
    /// Organizations that were deleted since.
    pub deleted: Vec<Deleted>,
    /// Records that were erased since.
    pub erased: Vec<Erased>,
    /// Files that were erased since, with the records of the person whose they were.
    #[serde(default)]
    pub files: Vec<ErasedFile>,
    /// Holds that were placed since.
    #[serde(default)]
    pub holds: Vec<Held>,
    /// What each log loses, which it says itself afterwards.
    pub gaps: Vec<Gap>,
}

/// What going back would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What each organization loses, those first that lose most.
    pub lost: Vec<Lost>,
    /// Entries of the appliance's own log since.
    pub appliance_entries: i64,
    /// What is done again.
    pub carried_over: CarriedOver,
}

/// Looks what going back to a moment would lose, and what would have to be done again.
///
/// # Errors
/// `not-allowed` for anybody but the host; `conflict` where more was erased since than is carried over.
pub async fn look(platform: &Platform, caller: &Caller, moment: Timestamp) -> Result<Outlook> {
    let mut outlook = Outlook {
        lost: Vec::new(),
        appliance_entries: entry_log::count_since(&mut platform.control().read().await?, moment).await?,
        carried_over: CarriedOver::default(),
    };
    let deletions = rows::list(&mut platform.control().read().await?).await?;
    let since = deletions
        .into_iter()
        .filter(|deletion| deletion.finished_at.is_some_and(|at| at > moment));
    outlook.carried_over.deleted = since.map(Deleted::of).collect();
    for summary in organization::list_all(platform, caller).await? {
        let Some(home) = platform.home_by_id(summary.id).await? else {
            continue;
        };
        let made = organization_rows::find_by_id(&mut platform.control().read().await?, summary.id).await?;
        let workspace = platform.enter_as_host(home, caller)?;
        let entries = log::count_between(workspace.tenant(), &KINDS, moment, None).await?;
        let tx = workspace.tenant().begin_snapshot().await?;
        let erased = past::erased_since(&tx, moment, ERASED_MAX + 1).await?;
        let files = past::entries_since(&tx, ERASURE, moment, 2 * ERASED_MAX).await?;
        tx.close().await?;
        for entry in &files {
            outlook
                .carried_over
                .files
                .extend(file_of(&workspace, summary.id, entry)?);
        }
        let erased = erased.into_iter().map(|(dataset, record)| Erased {
            organization: summary.id,
            dataset,
            record,
        });
        outlook.carried_over.erased.extend(erased);
        let holds = legal_hold::list(&mut platform.control().read().await?, summary.id).await?;
        let since = holds
            .into_iter()
            .filter(|hold| hold.lifted_at.is_none() && hold.placed_at > moment);
        outlook.carried_over.holds.extend(since.map(|hold| Held {
            organization: summary.id,
            reason: hold.reason,
            person: hold.person,
            concerns: hold.concerns,
        }));
        outlook.carried_over.gaps.push(Gap {
            organization: summary.id,
            entries,
        });
        outlook.lost.push(Lost {
            organization: summary.slug,
            entries,
            is_gone: made.is_some_and(|row| row.created_at > moment),
        });
    }
    if outlook.carried_over.erased.len() > usize::try_from(ERASED_MAX).unwrap_or(usize::MAX) {
        let why = format!(
            "more than {ERASED_MAX} records were erased since then, which would have to be erased again; go back to a later moment"
        );
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    outlook.lost.sort_by_key(|lost| std::cmp::Reverse(lost.entries));
    Ok(outlook)
}

fn file_of(
    workspace: &Workspace,
    organization: OrganizationId,
    entry: &StoredEntry,
) -> Result<Option<ErasedFile>> {
    let header = read_header(workspace.keys(), entry)?;
    let id = header.object.id.filter(|_| header.object.kind == "file");
    let file = id.and_then(|id| id.parse().ok());
    Ok(file.map(|file| ErasedFile { organization, file }))
}

impl Deleted {
    fn of(deletion: rows::Deletion) -> Self {
        Self {
            id: deletion.id,
            organization: deletion.organization_id,
            slug: deletion.slug,
            name: deletion.name,
            cause: deletion.cause.as_str().to_owned(),
            ordered_at: deletion.ordered_at,
            ordered_by: deletion.ordered_by,
            hours: deletion.hours,
        }
    }
}

/// What was done again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeated {
    /// Organizations.
    pub deleted: usize,
    /// Records.
    pub erased: usize,
    /// What lives again and must not, of the first ones a sentence each.
    pub left: Vec<String>,
}

/// Does again what was carried over, in a database that has gone back and that nobody uses yet.
///
/// # Errors
/// `unavailable`. What could not be done again is no error and stands in [`Repeated::left`].
pub async fn repeat(
    platform: &Platform,
    admin: &AdminAccess,
    database: &str,
    carried_over: &CarriedOver,
) -> Result<Repeated> {
    let mut repeated = Repeated::default();
    for gone in &carried_over.deleted {
        if platform.home_by_id(gone.organization).await?.is_none() {
            continue;
        }
        match delete_again(platform, admin, database, gone).await {
            Ok(()) => repeated.deleted += 1,
            Err(error) => repeated.left.push(format!(
                "the organization {} was deleted since and lives again: {}",
                gone.slug, error.detail
            )),
        }
    }
    let mut of_each: BTreeMap<OrganizationId, Vec<Erased>> = BTreeMap::new();
    for erased in &carried_over.erased {
        of_each.entry(erased.organization).or_default().push(*erased);
    }
    for (organization, erased) in of_each {
        if let Some(home) = platform.home_by_id(organization).await? {
            let workspace = platform.enter_as_host(home, &Caller::host())?;
            erase_again(&workspace, &erased, &mut repeated).await?;
        }
    }
    for erased in &carried_over.files {
        if let Some(home) = platform.home_by_id(erased.organization).await? {
            let workspace = platform.enter_as_host(home, &Caller::host())?;
            erase_file_again(&workspace, erased.file, &mut repeated).await?;
        }
    }
    // After the erasures, which a hold refuses.
    for held in &carried_over.holds {
        if let Some(home) = platform.home_by_id(held.organization).await?
            && let Err(error) = hold_again(platform, &home.summary.slug, held).await
        {
            repeated.left.push(format!(
                "a hold on {} was placed since ({}) and is not in force: {}",
                home.summary.slug, held.reason, error.detail
            ));
        }
    }
    Ok(repeated)
}

/// Writes into each organization's log how many entries it had since the moment, and has no more.
///
/// # Errors
/// `unavailable`.
pub async fn explain_gaps(platform: &Platform, moment: Timestamp, carried_over: &CarriedOver) -> Result<()> {
    for gap in carried_over.gaps.iter().filter(|gap| gap.entries > 0) {
        let Some(home) = platform.home_by_id(gap.organization).await? else {
            continue;
        };
        let workspace = platform.enter_as_host(home, &Caller::host())?;
        let reason = format!(
            "the platform went back to {moment}; {} entries since then are gone",
            gap.entries
        );
        let object = Object::new("organization", gap.organization);
        let act = Act::gap("platform.restore", object).because(&reason);
        let permit = workspace.permit(Permission::RecordRead).await?;
        workspace.note(&permit, &act).await?;
    }
    Ok(())
}

/// In the host's name, which alone lifts it then. Whom it concerns may be no member yet.
async fn hold_again(platform: &Platform, slug: &str, held: &Held) -> Result<()> {
    let new = |concerns| hold::NewHold {
        reason: held.reason.clone(),
        person: held.person.clone(),
        concerns,
    };
    let there = legal_hold::list(&mut platform.control().read().await?, held.organization).await?;
    let is_it = |hold: &legal_hold::LegalHold| {
        hold.lifted_at.is_none() && hold.reason == held.reason && hold.person == held.person
    };
    if there.iter().any(is_it) {
        return Ok(());
    }
    let host = Caller::host();
    match hold::place_at_host(platform, &host, slug, new(held.concerns)).await {
        Err(error) if error.code == ProblemCode::Invalid && held.concerns.is_some() => {
            hold::place_at_host(platform, &host, slug, new(None)).await?;
        }
        placed => drop(placed?),
    }
    Ok(())
}

async fn delete_again(
    platform: &Platform,
    admin: &AdminAccess,
    database: &str,
    gone: &Deleted,
) -> Result<()> {
    let object = Object::new("organization", gone.organization);
    let act = Act::configuration("organization.order-deletion", object)
        .because("it was carried out before the platform went back in time");
    let entry = platform.entry(&Caller::host(), Some(gone.organization), &act)?;
    let order = again::Order {
        id: gone.id,
        organization: gone.organization,
        slug: &gone.slug,
        name: &gone.name,
        cause: &gone.cause,
        ordered_at: gone.ordered_at,
        ordered_by: gone.ordered_by,
        hours: gone.hours,
    };
    again::order(&mut admin.connect(database).await?, &order, &entry).await?;
    deletion::carry_out_one(platform, gone.id).await
}

/// Records refer to each other: what is refused for that is tried again when others are gone.
async fn erase_again(workspace: &Workspace, erased: &[Erased], repeated: &mut Repeated) -> Result<()> {
    let datasets = catalogue::list(workspace.tenant()).await?;
    let mut waiting: Vec<(&str, RecordId)> = Vec::new();
    for dataset in &datasets {
        let its = erased.iter().filter(|one| one.dataset == dataset.id);
        let ids: Vec<RecordId> = its.map(|one| one.record).collect();
        match restore::put_in_trash(workspace, dataset, &ids).await {
            Err(error) if error.code == ProblemCode::Unavailable => return Err(error),
            Err(error) => {
                let (slug, key, count) = (&workspace.organization().slug, &dataset.key, ids.len());
                repeated.left.push(format!(
                    "{count} records of {key} in {slug} were erased since and live again: {}",
                    error.detail
                ));
                continue;
            }
            Ok(_) => {}
        }
        waiting.extend(ids.into_iter().map(|id| (dataset.key.as_str(), id)));
    }
    loop {
        let mut refused = Vec::new();
        for (dataset, record) in &waiting {
            match erase(workspace, dataset, *record).await {
                Ok(Purged::Now) => repeated.erased += 1,
                Ok(Purged::Before) => {}
                Err(error) if error.code == ProblemCode::Unavailable => return Err(error),
                Err(error) => refused.push((*dataset, *record, error.detail)),
            }
        }
        let is_stuck = refused.len() == waiting.len();
        if refused.is_empty() || is_stuck {
            let slug = &workspace.organization().slug;
            let told = refused.iter().map(|(dataset, record, why)| {
                format!("the record {record} of {dataset} in {slug} was erased since and lives again: {why}")
            });
            repeated.left.extend(told);
            return Ok(());
        }
        waiting = refused
            .into_iter()
            .map(|(dataset, record, _)| (dataset, record))
            .collect();
    }
}

async fn erase_file_again(workspace: &Workspace, id: AttachmentId, repeated: &mut Repeated) -> Result<()> {
    if files::present(workspace.tenant(), &[id]).await?.is_empty() {
        return Ok(());
    }
    let why = match file::erase(
        workspace,
        id,
        "it was erased before the platform went back in time",
    )
    .await
    {
        Ok(true) => return Ok(()),
        Ok(false) => "a record has it".to_owned(),
        Err(error) if error.code == ProblemCode::Unavailable => return Err(error),
        Err(error) => error.detail,
    };
    let slug = &workspace.organization().slug;
    repeated.left.push(format!(
        "the file {id} in {slug} was erased since and lives again: {why}"
    ));
    Ok(())
}

enum Purged {
    Now,
    Before,
}

async fn erase(workspace: &Workspace, dataset: &str, id: RecordId) -> Result<Purged> {
    match record::purge(workspace, dataset, id, Expected::Any).await {
        Err(error) if error.code == ProblemCode::NotFound => Ok(Purged::Before),
        done => done.map(|()| Purged::Now),
    }
}
