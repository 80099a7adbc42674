//! Notes, checkpoints, receipts, announcements of keys, policies, keys and names of tiles: whatever is accepted is written as it was.
#![no_main]

#[path = "../../crates/audit/tests/all/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::check_texts(bytes));
