//! Permits: the proof that a decision was made, and what it leaves.
//!
//! Invariant: permits are constructed in `decide.rs` only, are not `Clone`, and answer for one permission in one
//! organization. A function that needs one takes `&Permit` and begins with [`Permit::require`].

use uuid::Uuid;

use crate::narrowing::{DatasetId, DatasetRight, FieldId, FieldRight, Narrowing};
use crate::permission::Permission;
use crate::role::Role;
use crate::subject::Actor;

/// Whether the holder may have sensitive fields in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevealPolicy {
    /// Sensitive fields show their mask.
    Masked,
    /// Sensitive fields may be revealed; each reveal is logged.
    Clear,
}

/// A permit is for something else than what the function does; a fault of the calling code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the permit is for {held}, and {required} is required")]
pub struct PermitMismatch {
    /// What the permit is for.
    pub held: Permission,
    /// What the function needs.
    pub required: Permission,
}

/// Proof that an actor may do one thing in one organization.
///
/// ```compile_fail
/// let forged = access::Permit { permission: access::Permission::RecordRead };
/// ```
#[derive(Debug)]
pub struct Permit {
    pub(crate) permission: Permission,
    pub(crate) organization: Uuid,
    pub(crate) actor: Actor,
    pub(crate) role: Option<Role>,
    pub(crate) reveal: RevealPolicy,
    pub(crate) narrowing: Narrowing,
}

/// Proof that an operator, or root at the host, may do one thing on the appliance.
#[derive(Debug)]
pub struct AppliancePermit {
    pub(crate) permission: Permission,
    pub(crate) actor: Actor,
}

/// Proof that somebody may act on their own account.
#[derive(Debug)]
pub struct AccountPermit {
    pub(crate) permission: Permission,
    pub(crate) account: Uuid,
    pub(crate) actor: Actor,
}

impl Permit {
    /// Refuses a permit for anything but `permission`.
    ///
    /// # Errors
    /// [`PermitMismatch`] when the permit is for another permission.
    pub fn require(&self, permission: Permission) -> Result<(), PermitMismatch> {
        check_same(self.permission, permission)
    }

    /// What it is for.
    pub const fn permission(&self) -> Permission {
        self.permission
    }

    /// Where it holds.
    pub const fn organization(&self) -> Uuid {
        self.organization
    }

    /// Who holds it.
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// The account that holds it; none for the platform itself.
    pub const fn account(&self) -> Option<Uuid> {
        self.actor.account()
    }

    /// The member's role; none for the platform itself.
    pub const fn role(&self) -> Option<Role> {
        self.role
    }

    /// What is taken away from the holder: whoever hands rights on hands on no more than is left.
    pub const fn narrowing(&self) -> &Narrowing {
        &self.narrowing
    }

    /// Whether the holder may have sensitive fields in the clear at all.
    pub const fn reveal_policy(&self) -> RevealPolicy {
        self.reveal
    }

    /// Whether the dataset exists for the holder.
    pub fn may_see_dataset(&self, dataset: DatasetId) -> bool {
        self.narrowing.dataset(dataset) >= DatasetRight::Read
    }

    /// Whether the permit's permission may change this dataset: its records, or its definition.
    pub fn may_change_dataset(&self, dataset: DatasetId) -> bool {
        changes(self.permission) && self.narrowing.dataset(dataset) == DatasetRight::Write
    }

    /// Whether the field exists for the holder (its value may still be masked).
    pub fn may_see_field(&self, dataset: DatasetId, field: FieldId) -> bool {
        self.narrowing.field(dataset, field) > FieldRight::Hidden
    }

    /// Whether the field's value may be shown if it is not sensitive, and used to filter, sort and group.
    pub fn may_read_field(&self, dataset: DatasetId, field: FieldId) -> bool {
        self.narrowing.field(dataset, field) >= FieldRight::Read
    }

    /// Whether a sensitive field's clear value may leave under this permit: only under `record.reveal` or
    /// `record.export`, never under `record.read`.
    pub fn may_reveal_field(&self, dataset: DatasetId, field: FieldId) -> bool {
        let asked = matches!(
            self.permission,
            Permission::RecordReveal | Permission::RecordExport
        );
        asked && self.reveal == RevealPolicy::Clear && self.may_read_field(dataset, field)
    }

    /// Whether the field's value may be written under this permit.
    pub fn may_write_field(&self, dataset: DatasetId, field: FieldId) -> bool {
        let asked = matches!(
            self.permission,
            Permission::RecordWrite | Permission::RecordImport | Permission::OrganizationRestore
        );
        asked && self.narrowing.field(dataset, field) == FieldRight::Write
    }
}

/// The permissions that change a dataset.
fn changes(permission: Permission) -> bool {
    matches!(
        permission,
        Permission::RecordWrite
            | Permission::RecordImport
            | Permission::RecordPurge
            | Permission::PeriodClose
            | Permission::DatasetDefine
            | Permission::TemplateApply
            | Permission::KeyRotate
            | Permission::OrganizationRestore
    )
}

impl AppliancePermit {
    /// Refuses a permit for anything but `permission`.
    ///
    /// # Errors
    /// [`PermitMismatch`] when the permit is for another permission.
    pub fn require(&self, permission: Permission) -> Result<(), PermitMismatch> {
        check_same(self.permission, permission)
    }

    /// What it is for.
    pub const fn permission(&self) -> Permission {
        self.permission
    }

    /// Who holds it.
    pub const fn actor(&self) -> Actor {
        self.actor
    }
}

impl AccountPermit {
    /// Refuses a permit for anything but `permission`.
    ///
    /// # Errors
    /// [`PermitMismatch`] when the permit is for another permission.
    pub fn require(&self, permission: Permission) -> Result<(), PermitMismatch> {
        check_same(self.permission, permission)
    }

    /// The account it is for: the holder's own.
    pub const fn account(&self) -> Uuid {
        self.account
    }

    /// Who holds it.
    pub const fn actor(&self) -> Actor {
        self.actor
    }
}

fn check_same(held: Permission, required: Permission) -> Result<(), PermitMismatch> {
    if held == required {
        Ok(())
    } else {
        Err(PermitMismatch { held, required })
    }
}
