//! Organizations: made by the operator, with a schema, a login role, keys and a first owner.

use crate::{
    Platform, Workspace,
    account::{self, NewPerson},
    act::{Act, Object, vault_failure},
    caller::{Caller, Identity},
    error::{PlatformError, Result},
    key,
    policy::{self, OrganizationPolicy},
    workspace::{Home, OrganizationSummary, random},
};
use access::{MemberState, Narrowing, Permission, Role, Standing};
use std::{sync::Arc, time::Instant};
use store::{
    StoreError,
    connect::scram_verifier,
    control::{
        membership,
        organization::{self as rows, NewOrganization, Organization},
    },
    tenant::TenantLogin,
};
use types::{AccountId, OrganizationId, OrganizationSlug, PageSize, ProblemCode, SchemaName};
use vault::{Purpose, seal};

/// A member's standing with what is taken away from it.
#[derive(Debug, Clone)]
pub(crate) struct MemberStanding {
    pub(crate) standing: Standing,
    pub(crate) narrowing: Option<Narrowing>,
}

/// An organization with the caller's role in it.
#[derive(Debug, Clone)]
pub struct MyOrganization {
    /// The organization.
    pub summary: OrganizationSummary,
    /// The caller's role.
    pub role: Role,
}

fn summary_of(row: &Organization) -> OrganizationSummary {
    OrganizationSummary {
        id: row.id,
        slug: row.slug.clone(),
        name: row.name.clone(),
    }
}

/// Creates an organization with its first owner, who gets an account if there is none of that address.
///
/// # Errors
/// `already-taken`, `invalid`, `not-allowed` for anybody but the operator at the host.
pub async fn create(
    platform: &Platform,
    caller: &Caller,
    slug: &str,
    name: &str,
    owner: NewPerson,
) -> Result<OrganizationSummary> {
    if !matches!(caller.identity, Identity::Host) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "only the operator creates organizations, on the host",
        ));
    }
    let slug: OrganizationSlug = slug.parse().map_err(|error: types::name::NameError| {
        PlatformError::invalid_at("/slug", "malformed", error.to_string())
    })?;
    let name = checked_name("/name", name)?;
    let id = OrganizationId::new(platform.now_ms(), random()?);
    let password = hex::encode(random::<32>()?);
    let person = account::prepare(platform, owner).await?;
    let mut tx = platform.control().begin().await?;
    let keys = key::create_first(&mut tx, platform.root(), id).await?;
    let sealed = seal::seal(
        keys.current(Purpose::DatabaseCredential),
        &id.bytes(),
        password.as_bytes(),
    );
    let new = NewOrganization {
        id,
        slug: slug.clone(),
        name: name.clone(),
        schema_name: SchemaName::new(random()?),
        audit_tag: random()?,
        login_sealed: sealed.map_err(vault_failure)?,
        verifier: scram_verifier(&password),
        created_at: platform.now(),
    };
    match rows::create(&mut tx, new).await {
        Err(StoreError::Taken { .. }) => {
            return Err(PlatformError::new(
                ProblemCode::Taken,
                format!("there is an organization {slug} already"),
            ));
        }
        made => made?,
    }
    let (account, made) = account::find_or_insert(platform, caller, &mut tx, person).await?;
    membership::insert(&mut tx, id, account, Role::Owner, MemberState::Active).await?;
    let act = Act::configuration("organization.create", Object::new("organization", id));
    let entry = platform.entry(caller, Some(id), &act)?;
    tx.commit(&entry, made.as_slice()).await?;
    Ok(OrganizationSummary {
        id,
        slug: slug.to_string(),
        name,
    })
}

/// A name for people: 1 to 200 characters, trimmed, no control characters, no card number.
pub(crate) fn checked_name(pointer: &str, name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(PlatformError::invalid_at(
            pointer,
            "malformed",
            "1 to 200 characters on one line",
        ));
    }
    if types::card::carries_card_number(name) {
        return Err(PlatformError::invalid_at(
            pointer,
            "card-number",
            types::ValueError::CardNumber.to_string(),
        ));
    }
    Ok(name.to_owned())
}

/// The organizations of the caller, by name.
///
/// # Errors
/// `not-signed-in`.
pub async fn list_mine(platform: &Platform, caller: &Caller) -> Result<Vec<MyOrganization>> {
    let account = caller.acting()?.id;
    let found = rows::list_for_account(&mut platform.control().read().await?, account).await?;
    let reach = match &caller.identity {
        Identity::Token { organization, .. } => Some(*organization),
        _ => None,
    };
    let within = found
        .into_iter()
        .filter(|(row, _)| reach.is_none_or(|reach| reach == row.id));
    Ok(within
        .map(|(row, role)| MyOrganization {
            summary: summary_of(&row),
            role,
        })
        .collect())
}

/// Every organization, for the operator at the host and for the platform's own checks; names only.
///
/// # Errors
/// `not-allowed` for anybody else.
pub async fn list_all(platform: &Platform, caller: &Caller) -> Result<Vec<OrganizationSummary>> {
    if !matches!(caller.identity, Identity::Host | Identity::System) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "only the operator lists organizations, on the host",
        ));
    }
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let size = PageSize::new(PageSize::MAX).unwrap_or_default();
        let page = rows::list_all(&mut platform.control().read().await?, size, after).await?;
        after = page.last().map(|row| row.id);
        let full = page.len() == usize::from(PageSize::MAX);
        all.extend(page.iter().map(summary_of));
        if !full {
            return Ok(all);
        }
    }
}

/// Gives the organization another name for people; its name in addresses stays.
///
/// # Errors
/// `invalid`, `not-allowed`.
pub async fn rename(workspace: &Workspace, name: &str) -> Result<()> {
    workspace.permit(Permission::OrganizationRename).await?;
    let name = checked_name("/name", name)?;
    let id = workspace.organization().id;
    let mut tx = workspace.platform().control().begin().await?;
    rows::rename(&mut tx, id, &name).await?;
    let act = Act::configuration("organization.rename", Object::new("organization", id));
    let entry = workspace.platform().entry(workspace.caller(), Some(id), &act)?;
    tx.commit(&entry, &[]).await?;
    workspace.platform().homes().clear();
    Ok(())
}

impl Platform {
    /// An organization with its connections and keys; a cancelled one can still be read.
    pub(crate) async fn home_by_slug(&self, slug: &str) -> Result<Option<Arc<Home>>> {
        if let Some(home) = self.homes().get(slug) {
            return Ok(Some(home));
        }
        let Ok(parsed) = slug.parse::<OrganizationSlug>() else {
            return Ok(None);
        };
        let read = Instant::now();
        let row = rows::find_by_slug(&mut self.control().read().await?, &parsed).await?;
        let Some(row) = row else { return Ok(None) };
        let home = self.open_home(row).await?;
        self.homes().put(slug.to_owned(), Arc::clone(&home), read);
        Ok(Some(home))
    }

    /// The same by id.
    pub(crate) async fn home_by_id(&self, id: OrganizationId) -> Result<Option<Arc<Home>>> {
        let row = rows::find_by_id(&mut self.control().read().await?, id).await?;
        match row {
            Some(row) => Ok(Some(self.open_home(row).await?)),
            None => Ok(None),
        }
    }

    async fn open_home(&self, row: Organization) -> Result<Arc<Home>> {
        let keys = key::load(self.control(), self.root(), row.id).await?;
        let tenant = match self.tenants().known(row.id) {
            Some(tenant) => tenant,
            None => {
                let opened = seal::open(
                    &keys,
                    Purpose::DatabaseCredential,
                    &row.id.bytes(),
                    &row.login_sealed,
                );
                let password =
                    String::from_utf8(opened.map_err(vault_failure)?.to_vec()).map_err(vault_failure)?;
                let schema = row.schema_name.clone();
                self.tenants().tenant(TenantLogin {
                    organization: row.id,
                    schema,
                    password: password.into(),
                })?
            }
        };
        let OrganizationPolicy {
            administrators,
            requirements,
        } = policy::of_row(&row)?;
        Ok(Arc::new(Home {
            summary: summary_of(&row),
            tenant,
            keys,
            policies: administrators,
            requirements,
            state: row.state,
            export_until: row.export_until,
        }))
    }

    /// What an account is in an organization.
    pub(crate) async fn standing(
        &self,
        organization: OrganizationId,
        account: AccountId,
    ) -> Result<MemberStanding> {
        let place = (organization, account);
        if let Some(standing) = self.standings().get(&place) {
            return Ok(standing);
        }
        let read = Instant::now();
        let found = membership::find(&mut self.control().read().await?, organization, account).await?;
        let standing = match found {
            None => MemberStanding {
                standing: Standing::SignedIn,
                narrowing: None,
            },
            Some(member) => {
                let Membership {
                    role,
                    state,
                    narrowing,
                } = Membership::of(member)?;
                MemberStanding {
                    standing: Standing::Member {
                        organization: organization.0,
                        role,
                        state,
                    },
                    narrowing,
                }
            }
        };
        self.standings().put(place, standing.clone(), read);
        Ok(standing)
    }
}

/// The parts of a membership that decide.
struct Membership {
    role: Role,
    state: MemberState,
    narrowing: Option<Narrowing>,
}

impl Membership {
    fn of(row: membership::Membership) -> Result<Self> {
        let empty = row.narrowing.as_object().is_some_and(serde_json::Map::is_empty);
        let narrowing = (!empty)
            .then(|| serde_json::from_value(row.narrowing))
            .transpose();
        Ok(Self {
            role: row.role,
            state: row.state,
            narrowing: narrowing.map_err(vault_failure)?,
        })
    }
}
