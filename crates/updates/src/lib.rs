#![doc = include_str!("../README.md")]

pub mod build;
pub mod key;
pub mod manifest;
pub mod name;
pub mod patience;
pub mod receive;
pub mod record;
pub mod refusal;
pub mod root;
pub mod shelf;
pub mod signed;
pub mod terms;
pub mod trial;
pub mod version;
pub mod vulnerability;

pub mod digest;
