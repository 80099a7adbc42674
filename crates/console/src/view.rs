//! What each page shows: plain structs that derive askama's `Template`, filled by handlers, already in words.
//!
//! Invariant: presentation only. No page decides what is allowed; `may_...` fields say what to offer, and the platform
//! decides again when the form arrives. Start at [`Chrome`], the frame around every page.

mod access_log;
mod account;
mod accounts;
mod appliance;
mod appliance_updates;
mod archive;
mod audit;
mod audit_note;
mod backups;
mod break_glass;
mod chrome;
mod dataset;
mod directory;
mod endings;
mod error;
mod export;
mod factor;
mod filter;
mod form;
mod grant;
mod history;
mod import;
mod import_job;
mod invitation;
mod lifecycle;
mod log_review;
mod mail;
mod member;
mod member_rights;
mod organization;
mod organization_restore;
mod password_reset;
mod person;
mod policy;
mod promise;
mod provider;
mod record;
mod record_form;
mod role_group;
mod sign_in;
mod sign_in_rules;
mod sms;
mod table;
mod token;
mod trash;

pub use access_log::{AccessBar, AccessLogPage, AccessRow, OrganizationAccessPage, VisitorRow};
pub use account::{AccountPage, SessionRow};
pub use accounts::{AccountRow, AccountsPage};
pub use appliance::{AppliancePage, ApplianceSection};
pub use appliance_updates::{BundleRow, UpdateRow, UpdatesPage};
pub use archive::{ArchivePage, KeptArchiveRow};
pub use audit::{AuditEntryPage, AuditFilter, AuditPage, AuditRow, Commitment, Receipt};
pub use audit_note::{AuditNotePage, ComparedRow, NoteAddresses, PrintedNote};
pub use backups::{
    BackupsPage, CheckRow, DrillRow, KeptRow, PlaceRow, RunRow, Running, Track, TrackMark, TrackSpan,
};
pub use break_glass::BreakGlassPage;
pub use chrome::{Banner, Chrome, Crumb, Nav, Notice, NoticeKind, OrganizationLink, Theme};
pub use dataset::{
    DatasetHeader, DatasetNewPage, DatasetRow, DatasetSettingsPage, DatasetTab, DatasetsPage, FieldRow,
};
pub use directory::{DirectoriesPage, DirectoryAnswer, DirectoryPage, DirectoryRow, MappingRow};
pub use endings::{CertificateRow, EndingRow, EndingsPage};
pub use error::ErrorPage;
pub use export::ExportPage;
pub use factor::{
    ConfirmPage, FactorAddPage, FactorRow, FactorsPage, OldPasswordPage, RecoveryCodesPage, SecondStepPage,
    SecurityKeyPage, SendWay, SetUp,
};
pub use filter::{FilterBar, FilterChip, FilterCondition};
pub use form::{AttachedFile, Choice, ErrorSummary, FieldFailure, FieldInput, InputKind};
pub use grant::{GrantRow, OperatorAccessPage, OwnGrantsPage};
pub use history::{Change, RecordHistoryPage, RecordVersion};
pub use import::{ImportColumn, ImportPreviewPage, ImportRow, ImportsPage};
pub use import_job::{ImportOutcome, ImportProgressPage, ImportResultPage, RefusedRow};
pub use invitation::InvitationPage;
pub use lifecycle::{DeletionNotice, HoldRow, LifecyclePage};
pub use log_review::{AccessReviewRow, ActReviewRow, LogReviewPage, SignedReviewRow};
pub use mail::MailPage;
pub use member::{FreshInvitation, MemberRow, MembersPage};
pub use member_rights::{MemberRightsPage, RightsGroup};
pub use organization::{OrganizationCard, OrganizationsPage};
pub use organization_restore::{LastRestoreView, OrganizationRestorePage, RestorePreview};
pub use password_reset::PasswordResetPage;
pub use person::{HitRow, PersonRequestPage, PersonRequestRow, PersonRequestsPage};
pub use policy::PoliciesPage;
pub use promise::{PromiseCounts, PromiseSection, PromiseState, PromiseView, PromisesPage};
pub use provider::{
    DoorLink, IdentityRow, NewcomerRow, ProviderPage, ProviderRow, ProvidersPage, StageRow, TieGoPage,
};
pub use record::{RecordPage, RecordRow, RecordValue, RecordsPage};
pub use record_form::{ConflictRow, RecordConflict, RecordFormPage};
pub use role_group::{RoleGroupRow, RoleGroupsPage};
pub use sign_in::SignInPage;
pub use sign_in_rules::SignInRulesPage;
pub use sms::SmsPage;
pub use table::{Badge, CellKind, Column, Fact, Moment, PageSizeLink, Pagination, Sort, TableCell, Tone};
pub use token::{FreshToken, TokenRow, TokensPage};
pub use trash::{TrashPage, TrashRow};
