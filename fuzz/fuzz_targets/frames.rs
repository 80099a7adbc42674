//! Whatever a caller sends to the root helper, read as the helper reads it.
#![no_main]

#[path = "../../crates/hostd/tests/all/conversation.rs"]
mod conversation;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| conversation::check(bytes));
