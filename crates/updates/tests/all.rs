//! Bundles: made, verified, attacked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod all {
    mod attack;
    mod bundle;
    mod import;
    mod site;
    mod slow;
    mod version;
    mod vulnerability;
}
