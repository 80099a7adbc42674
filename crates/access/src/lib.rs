#![doc = include_str!("../README.md")]

mod decide;
mod denial;
mod narrowing;
mod permission;
mod permit;
mod policy;
mod role;
mod subject;
pub mod table;

pub use decide::{Decision, decide, decide_account, decide_appliance, decide_cancelled};
pub use denial::{Answer, Denial};
pub use narrowing::{DatasetId, DatasetRight, FieldId, FieldRight, Narrowing};
pub use permission::{Permission, Realm, UnknownPermission};
pub use permit::{AccountPermit, AppliancePermit, Permit, PermitMismatch, RevealPolicy};
pub use policy::{Choice, Policies, Policy};
pub use role::{Role, UnknownRole};
pub use subject::{Actor, Extent, MemberState, Standing, Subject, TokenScope};
