//! The helper as systemd starts it: a process with a listening socket for its standard input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod all {
    mod calls;
    mod conversation;
    mod daemon;
    mod frames;
    mod hostile;
}
