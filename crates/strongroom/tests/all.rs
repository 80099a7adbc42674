//! The program as people and service managers run it: its arguments, and the daemons with a real cluster.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod all {
    mod appliance;
    mod audit_log;
    mod backup;
    mod break_glass;
    mod certificate;
    mod client;
    mod factor;
    mod grant;
    mod help;
    mod kill;
    mod lifecycle;
    mod nodes;
    mod program;
    mod serve;
    mod setup;
    mod support;
    mod terminal;
    mod update;
    mod witness;
}
