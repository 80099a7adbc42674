//! Sign-ins with a real provider, and with providers that lie.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod all {
    mod certified;
    mod hostile;
}
