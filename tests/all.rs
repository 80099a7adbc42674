//! The appliance as a customer gets it: the package, its scripts and units, and whole Debian machines with it.
//!
//! `cargo xtask test` builds the package first; by hand, `cargo xtask deb --profile dev` does. Tests below `machine`
//! need root and a kernel that can run containers (docs/TESTING.md).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test tells what it measured, which decides nothing"
)]

mod all {
    mod machine;
    mod package;
    mod scripts;
    mod units;
}
