//! The use cases against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "all/attack.rs"]
mod attack;
#[path = "all/bulk.rs"]
mod bulk;
#[path = "all/check.rs"]
mod check;
#[path = "all/crash.rs"]
mod crash;
#[path = "all/export.rs"]
mod export;
#[path = "all/file.rs"]
mod file;
#[path = "all/fixture.rs"]
mod fixture;
#[path = "all/import.rs"]
mod import;
#[path = "all/invitation.rs"]
mod invitation;
#[path = "all/promise.rs"]
mod promise;
#[path = "all/record.rs"]
mod record;
#[path = "all/rotation.rs"]
mod rotation;
#[path = "all/search.rs"]
mod search;
