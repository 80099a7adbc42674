#![doc = include_str!("../README.md")]

mod message;
mod text;

pub use message::{BYTES_MAX, Facility, Message, Severity};
