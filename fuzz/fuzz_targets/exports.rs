//! Whatever somebody hands to an auditor as an export, read as the verifier reads it.
#![no_main]

#[path = "../../crates/audit/tests/all/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::check_export(bytes));
