//! Acts as entries of the audit log: who did what to which thing, from where, sealed and committed to.

pub mod catalogue;

use crate::{
    caller::{Caller, Identity},
    error::{Failure, PlatformError, Result},
};
use audit::{Actor, ActorKind, Header, Role};
use jiff::Timestamp;
use store::{NewEntry, tenant::audit::StoredEntry};
use types::{EntryId, OrganizationId};
use vault::{Opening, OrganizationKeys, opening};

pub(crate) use audit::Object as AuditObject;

/// Where each act is told as it is entered, by its name alone.
pub const ENTERED: &str = "strongroom.act";

/// What an act is done to.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    kind: &'static str,
    id: Option<String>,
}

impl Object {
    pub(crate) fn new(kind: &'static str, id: impl ToString) -> Self {
        Self {
            kind,
            id: Some(id.to_string()),
        }
    }

    /// A kind of thing without an id, such as an account that nobody has.
    pub(crate) fn unknown(kind: &'static str) -> Self {
        Self { kind, id: None }
    }

    pub(crate) fn record(id: types::RecordId) -> Self {
        Self::new("record", id)
    }
}

/// An act before it is sealed.
#[derive(Debug, Clone)]
pub(crate) struct Act<'a> {
    kind: audit::LeafKind,
    action: &'a str,
    object: Object,
    schema_version: i32,
    reason: Option<&'a str>,
    place: (u32, u32),
}

impl<'a> Act<'a> {
    fn new(kind: audit::LeafKind, action: &'a str, object: Object, schema_version: i32) -> Self {
        Self {
            kind,
            action,
            object,
            schema_version,
            reason: None,
            place: (1, 1),
        }
    }

    /// A change to data.
    pub(crate) fn change(action: &'a str, object: Object, schema_version: i32) -> Self {
        Self::new(audit::LeafKind::Change, action, object, schema_version)
    }

    /// The destruction of keys.
    pub(crate) fn erasure(action: &'a str, object: Object, schema_version: i32) -> Self {
        Self::new(audit::LeafKind::Erasure, action, object, schema_version)
    }

    /// Entries that are gone, and why.
    pub(crate) fn gap(action: &'a str, object: Object) -> Self {
        Self::new(audit::LeafKind::ExplainedGap, action, object, 0)
    }

    /// Sealing anew, without a change of values.
    pub(crate) fn rotation(action: &'a str, object: Object) -> Self {
        Self::new(audit::LeafKind::KeyRotation, action, object, 0)
    }

    /// A restore, with what it lost.
    pub(crate) fn restore(action: &'a str, object: Object) -> Self {
        Self::new(audit::LeafKind::Restore, action, object, 0)
    }

    /// A change to settings, definitions or roles.
    pub(crate) fn configuration(action: &'a str, object: Object) -> Self {
        Self::new(audit::LeafKind::Configuration, action, object, 0)
    }

    /// Sign-in, refusal, reveal, export.
    pub(crate) fn access(action: &'a str, object: Object) -> Self {
        Self::new(audit::LeafKind::Access, action, object, 0)
    }

    /// As one of several entries of one transaction: which, from 1, of how many.
    pub(crate) fn placed(self, ordinal: u32, total: u32) -> Self {
        Self {
            place: (ordinal, total),
            ..self
        }
    }

    /// With the reason that the actor gave, or what was refused.
    pub(crate) fn because(self, reason: &'a str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }
}

/// Commitments of an act: the version before, the version after, and the key that seals the image.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Commitments {
    pub(crate) before: [u8; 32],
    pub(crate) after: [u8; 32],
    pub(crate) image_key: Option<[u8; 16]>,
}

/// Seals an act into an entry.
pub(crate) fn seal_entry(
    keys: &OrganizationKeys,
    caller: &Caller,
    organization: Option<OrganizationId>,
    id: EntryId,
    now: Timestamp,
    act: &Act<'_>,
    commitments: Commitments,
) -> Result<NewEntry> {
    debug_assert!(
        catalogue::is_action(act.action),
        "{} is no act of the catalogue",
        act.action
    );
    // Logging is not auditing: the tests listen here whether each act of the catalogue was entered by one of them.
    tracing::trace!(target: ENTERED, action = act.action);
    let header = Header {
        organization: organization.map(OrganizationId::bytes),
        entry_id: id.bytes(),
        actor: actor_of(caller),
        action: act.action.to_owned(),
        object: AuditObject {
            kind: act.object.kind.to_owned(),
            id: act.object.id.clone(),
        },
        time_us: now.as_microsecond(),
        request_id: caller.origin.request_id.clone(),
        ordinal: act.place.0,
        total: act.place.1,
        schema_version: act.schema_version.unsigned_abs(),
        software_version: env!("CARGO_PKG_VERSION").to_owned(),
        image_key_id: commitments.image_key,
        reason: act.reason.map(str::to_owned),
    };
    let opening = Opening::new(header.encode()).map_err(vault_failure)?;
    Ok(NewEntry {
        id,
        organization,
        kind: i16::from(act.kind.number()),
        key_version: i32::try_from(keys.current_version()).unwrap_or(i32::MAX),
        header: opening::seal_header(keys, id, &opening).map_err(vault_failure)?,
        c_header: opening.commitment(Role::Header, id).0,
        c_before: commitments.before,
        c_after: commitments.after,
    })
}

/// A failure of the vault, for the journal only.
pub(crate) fn vault_failure(error: impl std::fmt::Display) -> PlatformError {
    PlatformError::internal(Failure::Vault(error.to_string()))
}

fn actor_of(caller: &Caller) -> Actor {
    let (kind, id, session, method) = match &caller.identity {
        Identity::Anonymous => (ActorKind::Account, None, None, None),
        // An operator whom the organization has let in: the log says so of every act.
        Identity::Person { account, session, .. } if caller.grant.is_some() => (
            ActorKind::Operator,
            Some(account.id.bytes()),
            Some(session.bytes()),
            Some("operator-grant"),
        ),
        Identity::Person { account, session, .. } => (
            ActorKind::Account,
            Some(account.id.bytes()),
            Some(session.bytes()),
            Some("session"),
        ),
        Identity::Held { account, session, .. } => (
            ActorKind::Account,
            Some(account.id.bytes()),
            session.map(types::SessionId::bytes),
            session.map(|_| "session"),
        ),
        Identity::Token { account, token, .. } => (
            ActorKind::Token,
            Some(account.id.bytes()),
            Some(token.bytes()),
            Some("token"),
        ),
        Identity::Host => (ActorKind::Operator, None, None, Some("host")),
        Identity::System => (ActorKind::System, None, None, None),
    };
    Actor {
        kind,
        id,
        session,
        method: method.map(str::to_owned),
        address: caller.origin.address.clone(),
        device: caller.origin.device.clone(),
    }
}

/// Who acted, as pages and answers show it.
#[derive(Debug, Clone)]
pub struct ActorView {
    /// `account`, `token`, `operator` or `system`.
    pub kind: &'static str,
    /// The account, where there is one.
    pub account: Option<types::AccountId>,
    /// From which address.
    pub address: Option<String>,
    /// With which device or program.
    pub device: Option<String>,
}

impl ActorView {
    pub(crate) fn of(header: &Header) -> Self {
        Self {
            kind: header.actor.kind.name(),
            account: header
                .actor
                .id
                .map(|id| types::AccountId(uuid::Uuid::from_bytes(id))),
            address: header.actor.address.clone(),
            device: header.actor.device.clone(),
        }
    }
}

/// Opens an entry's header and checks that it opens its commitment.
pub(crate) fn read_header(keys: &OrganizationKeys, entry: &StoredEntry) -> Result<Header> {
    let opening = opening::open_header(keys, entry.id, &entry.header).map_err(vault_failure)?;
    if opening.commitment(Role::Header, entry.id).0 != entry.c_header {
        return Err(PlatformError::invariant(format!(
            "the header of entry {} does not open its commitment",
            entry.id
        )));
    }
    Header::decode(&opening.bytes).map_err(vault_failure)
}
