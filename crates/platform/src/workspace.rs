//! A caller inside one organization: the way to everything that belongs to it.
//!
//! Invariant: a workspace exists only for an organization that the caller may know of; for all others the answer is the
//! same as for organizations that do not exist.

use crate::{
    Platform,
    act::{Act, Commitments, seal_entry, vault_failure},
    caller::{Caller, Identity, Origin},
    error::{PlatformError, Result},
    policy::{OrganizationPolicy, Requirements},
};
use access::{Decision, Denial, Extent, MemberState, Permission, Permit, Policies, Standing, Subject};
use jiff::Timestamp;
use std::{sync::Arc, time::Instant};
use store::{
    NewEntry, StoreError,
    control::{
        operator_grant::{self, GrantExtent},
        organization::OrganizationState,
    },
    tenant::{Tenant, TenantTx, catalogue, key_version},
};
use types::{Dataset, EntryId, GrantId, OrganizationId};
use vault::OrganizationKeys;

/// An organization, as its people know it.
#[derive(Debug, Clone)]
pub struct OrganizationSummary {
    /// Its id.
    pub id: OrganizationId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
}

/// What every request into an organization needs.
pub(crate) struct Home {
    pub(crate) summary: OrganizationSummary,
    pub(crate) tenant: Tenant,
    pub(crate) keys: OrganizationKeys,
    pub(crate) policies: Policies,
    pub(crate) requirements: Requirements,
    pub(crate) state: OrganizationState,
    pub(crate) export_until: Option<Timestamp>,
}

impl Home {
    /// Everything that the organization decides for itself.
    pub(crate) fn policy(&self) -> OrganizationPolicy {
        OrganizationPolicy {
            administrators: self.policies,
            requirements: self.requirements,
        }
    }
}

/// A caller inside one organization.
#[derive(Clone)]
pub struct Workspace {
    pub(crate) platform: Platform,
    pub(crate) home: Arc<Home>,
    pub(crate) subject: Subject,
    pub(crate) caller: Caller,
    pub(crate) narrowing: Option<access::Narrowing>,
    pub(crate) refusals: Refusals,
}

/// What becomes of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusals {
    /// Each is an entry of the audit log.
    Noted,
    /// They leave no trace: the caller is the promise register's own probe. The log tells what people and programs
    /// tried; a hundred entries an hour that nobody stands behind would bury those.
    Silent,
}

impl Workspace {
    /// The organization.
    #[must_use]
    pub fn organization(&self) -> &OrganizationSummary {
        &self.home.summary
    }

    /// The caller's role there; none for the platform itself.
    #[must_use]
    pub fn role(&self) -> Option<access::Role> {
        match self.subject.standing() {
            Standing::Member { role, .. } => Some(role),
            Standing::SignedIn | Standing::Operator | Standing::Granted { .. } => None,
        }
    }

    /// Who asks.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The platform.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// May the caller do this? For pages that show what can be done; asking leaves no trace.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        matches!(self.decide(permission), Decision::Allowed(_))
    }

    /// Refuses a caller who may not do this, before a face reads what else was sent. The use case asks again.
    ///
    /// # Errors
    /// As [`access::Denial`] says; the refusal is an entry of the audit log.
    pub async fn require(&self, permission: Permission) -> Result<()> {
        self.permit(permission).await.map(|_| ())
    }

    fn decide(&self, permission: Permission) -> Decision<Permit> {
        let home = &self.home;
        let decide = match home.state {
            OrganizationState::Active => access::decide,
            OrganizationState::Cancelled => access::decide_cancelled,
        };
        decide(
            &self.subject,
            home.summary.id.0,
            permission,
            &home.policies,
            self.narrowing.as_ref(),
        )
    }

    /// A permit for what the caller is about to do. A refusal is an entry of the audit log.
    ///
    /// # Errors
    /// `not-signed-in`, `not-allowed` or `not-found`, as [`access::Denial`] says.
    pub(crate) async fn permit(&self, permission: Permission) -> Result<Permit> {
        match self.decide(permission) {
            Decision::Allowed(permit) => Ok(permit),
            Decision::Denied(denial) => {
                if self.refusals == Refusals::Noted {
                    self.note_refusal(permission, &denial).await?;
                }
                Err(denial.into())
            }
        }
    }

    async fn note_refusal(&self, permission: Permission, denial: &Denial) -> Result<()> {
        let reason = format!("{}: {}", permission.code(), denial.code());
        let act = Act::access(
            "access.refuse",
            crate::act::Object::new("organization", self.home.summary.id),
        );
        let entry = self.entry(
            self.new_entry_id()?,
            &act.because(&reason),
            Commitments::default(),
        )?;
        let subject = Subject::system(self.home.summary.id.0);
        let permit = access::decide(
            &subject,
            self.home.summary.id.0,
            Permission::RecordRead,
            &self.home.policies,
            None,
        );
        self.tenant()
            .begin(&permit.into_result()?)
            .await?
            .commit(&entry)
            .await?;
        Ok(())
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.home.tenant
    }

    /// A transaction that seals and may take long: an upload, an import, a batch. The job of a rotation waits for those
    /// that began under an older key version, or what they seal would stay under it.
    pub(crate) async fn begin_sealing(&self, permit: &Permit) -> Result<TenantTx> {
        let tx = self.tenant().begin(permit).await?;
        key_version::hold(&tx, self.keys().current_version()).await?;
        Ok(tx)
    }

    pub(crate) fn keys(&self) -> &OrganizationKeys {
        &self.home.keys
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.platform.now()
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.platform.now_ms()
    }

    pub(crate) fn new_entry_id(&self) -> Result<EntryId> {
        self.platform.new_entry_id()
    }

    /// Seals an act into an entry of this organization's log.
    pub(crate) fn entry(&self, id: EntryId, act: &Act<'_>, commitments: Commitments) -> Result<NewEntry> {
        let organization = Some(self.home.summary.id);
        seal_entry(
            &self.home.keys,
            &self.caller,
            organization,
            id,
            self.now(),
            act,
            commitments,
        )
    }

    /// Seals an act without images into an entry.
    pub(crate) fn plain_entry(&self, act: &Act<'_>) -> Result<NewEntry> {
        self.entry(self.new_entry_id()?, act, Commitments::default())
    }

    /// Writes an entry for an act that changes no data, such as a reveal or an export.
    pub(crate) async fn note(&self, permit: &Permit, act: &Act<'_>) -> Result<()> {
        let entry = self.plain_entry(act)?;
        self.tenant().begin(permit).await?.commit(&entry).await?;
        Ok(())
    }

    /// A dataset's definition, without fields that are hidden from the permit's holder.
    pub(crate) async fn dataset(&self, permit: &Permit, key: &str) -> Result<Arc<Dataset>> {
        let dataset = self.definition(key).await?;
        if !permit.may_see_dataset(dataset.id.0) {
            return Err(PlatformError::not_found("dataset"));
        }
        Ok(visible(permit, &dataset))
    }

    /// A dataset's whole definition, for writing.
    pub(crate) async fn dataset_to_change(&self, permit: &Permit, key: &str) -> Result<Arc<Dataset>> {
        let dataset = self.definition(key).await?;
        if !permit.may_see_dataset(dataset.id.0) {
            return Err(PlatformError::not_found("dataset"));
        }
        if !permit.may_change_dataset(dataset.id.0) {
            return Err(PlatformError::new(
                types::ProblemCode::NotAllowed,
                "your role may not change this dataset",
            ));
        }
        Ok(dataset)
    }

    async fn definition(&self, key: &str) -> Result<Arc<Dataset>> {
        let place = (self.home.summary.id, key.to_owned());
        if let Some(dataset) = self.platform.datasets().get(&place) {
            return Ok(dataset);
        }
        let read = Instant::now();
        let found = match catalogue::find(self.tenant(), key).await {
            Err(StoreError::NotFound) => return Err(PlatformError::not_found("dataset")),
            found => Arc::new(found?),
        };
        self.platform.datasets().put(place, Arc::clone(&found), read);
        Ok(found)
    }

    /// Reads definitions anew from now on.
    pub(crate) fn forget_datasets(&self) {
        self.platform.datasets().clear();
    }
}

/// The definition as the permit's holder may see it: without hidden fields, and with a mark at masked ones.
pub(crate) fn visible(permit: &Permit, dataset: &Arc<Dataset>) -> Arc<Dataset> {
    let read = |field: &types::Field| permit.may_read_field(dataset.id.0, field.id.0);
    if dataset.fields.iter().all(read) {
        return Arc::clone(dataset);
    }
    let fields = dataset
        .fields
        .iter()
        .filter(|field| permit.may_see_field(dataset.id.0, field.id.0))
        .map(|field| types::Field {
            is_masked: !read(field),
            ..field.clone()
        })
        .collect();
    Arc::new(Dataset {
        fields,
        ..Dataset::clone(dataset)
    })
}

impl Platform {
    /// Steps into an organization.
    ///
    /// # Errors
    /// `not-found` for organizations that do not exist and for those that the caller is no active member of;
    /// `not-signed-in` for nobody.
    pub async fn enter(&self, caller: &Caller, slug: &str) -> Result<Workspace> {
        let account = caller.acting()?.id;
        let home = self
            .home_by_slug(slug)
            .await?
            .ok_or_else(|| PlatformError::not_found("organization"))?;
        let organization = home.summary.id;
        let standing = self.standing(organization, account).await?;
        let (subject, narrowing) = match &caller.identity {
            Identity::Token {
                token,
                organization: reach,
                scope,
                narrowing,
                ..
            } => {
                if *reach != organization {
                    return Err(PlatformError::not_found("organization"));
                }
                let own = Some(narrowing.clone());
                let subject = Subject::token(account.0, token.0, standing.standing, scope.clone(), own);
                (subject, standing.narrowing)
            }
            _ => (Subject::person(account.0, standing.standing), standing.narrowing),
        };
        let (subject, grant) = match self.granted(caller, organization, &subject).await? {
            Some((subject, grant)) => (subject, Some(grant)),
            None => (subject, None),
        };
        let workspace = Workspace {
            platform: self.clone(),
            home,
            subject,
            caller: Caller {
                grant,
                ..caller.clone()
            },
            narrowing,
            refusals: Refusals::Noted,
        };
        match workspace.decide(Permission::OrganizationRead) {
            Decision::Allowed(_) => Ok(workspace),
            Decision::Denied(_) => Err(PlatformError::not_found("organization")),
        }
    }

    /// An operator whom the organization has let in, and the grant. Read anew each time: it ends at once.
    async fn granted(
        &self,
        caller: &Caller,
        organization: OrganizationId,
        subject: &Subject,
    ) -> Result<Option<(Subject, GrantId)>> {
        let Identity::Person { account, .. } = &caller.identity else {
            return Ok(None);
        };
        if !account.operator || subject.standing() != Standing::SignedIn {
            return Ok(None);
        }
        let mut read = self.control().read().await?;
        let found = operator_grant::find_open(&mut read, organization, account.id, self.now()).await?;
        Ok(found.map(|grant| {
            let standing = Standing::Granted {
                organization: organization.0,
                extent: match grant.extent {
                    GrantExtent::Read => Extent::Read,
                    GrantExtent::Repair => Extent::Repair,
                },
            };
            (Subject::person(account.id.0, standing), grant.id)
        }))
    }

    /// The platform's own workspace in an organization, for jobs and checks.
    pub(crate) fn enter_as_system(&self, home: Arc<Home>) -> Workspace {
        let subject = Subject::system(home.summary.id.0);
        Workspace {
            platform: self.clone(),
            home,
            subject,
            caller: Caller::system(),
            narrowing: None,
            refusals: Refusals::Noted,
        }
    }

    /// The host's own workspace in an organization, for what root does there; entries name the host.
    pub(crate) fn enter_as_host(&self, home: Arc<Home>, caller: &Caller) -> Result<Workspace> {
        if !matches!(caller.identity, Identity::Host) {
            return Err(PlatformError::new(
                types::ProblemCode::NotAllowed,
                "only root on the host does this",
            ));
        }
        Ok(Workspace {
            caller: caller.clone(),
            ..self.enter_as_system(home)
        })
    }

    /// A workspace of nobody with a role, for calls that must be refused. No account has its id, and no membership is
    /// made for it; whoever calls with it names things that do not exist.
    pub(crate) fn enter_as_probe(&self, home: Arc<Home>, role: access::Role) -> Workspace {
        let standing = Standing::Member {
            organization: home.summary.id.0,
            role,
            state: MemberState::Active,
        };
        Workspace {
            platform: self.clone(),
            home,
            subject: Subject::person(uuid::Uuid::nil(), standing),
            caller: Caller::anonymous(Origin::default()),
            narrowing: None,
            refusals: Refusals::Silent,
        }
    }
}

/// A random array, or the vault's failure.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    vault::random::random_array().map_err(vault_failure)
}
