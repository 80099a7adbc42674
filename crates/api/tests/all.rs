//! The interface over real HTTP against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "all/appliance.rs"]
mod appliance;
#[path = "all/archive.rs"]
mod archive;
#[path = "all/bad_input.rs"]
mod bad_input;
#[path = "all/conforming.rs"]
mod conforming;
#[path = "../../platform/tests/all/fixture.rs"]
mod fixture;
#[path = "all/http.rs"]
mod http;
#[path = "all/idempotency.rs"]
mod idempotency;
#[path = "all/import.rs"]
mod import;
#[path = "all/paging.rs"]
mod paging;
#[path = "all/record.rs"]
mod record;
#[path = "all/recovery.rs"]
mod recovery;
#[path = "all/role_group.rs"]
mod role_group;
#[path = "all/walk.rs"]
mod walk;
#[path = "all/web.rs"]
mod web;
