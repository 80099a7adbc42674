#![doc = include_str!("../README.md")]

pub mod card;
pub mod currency;
pub mod dataset;
pub mod field;
pub mod filter;
mod iban;
pub mod id;
pub mod name;
pub mod page;
pub mod problem;
pub mod record;
pub mod rule;
pub mod service;
pub mod value;

pub use dataset::Dataset;
pub use field::{Field, FieldKind};
pub use filter::{Condition, FieldRef, Filter, Operator, Sort};
pub use id::{
    AccountId, AttachmentId, DatasetId, DeletionId, EntryId, FactorId, FieldId, GrantId, HoldId,
    InvitationId, JobId, LogReviewId, OrganizationId, PersonRequestId, RecordId, SessionId, SourceId,
    TokenId,
};
pub use name::{DatasetKey, EmailAddress, FieldKey, OrganizationSlug, SchemaName};
pub use page::PageSize;
pub use problem::{FieldProblem, ProblemCode};
pub use record::Record;
pub use service::{ServiceKind, ServiceName};
pub use value::{Value, ValueError};
