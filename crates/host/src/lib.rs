#![doc = include_str!("../README.md")]

pub mod account;
pub mod clock;
pub mod device;
pub mod disk;
pub mod encryption;
pub mod machine;
pub mod mount;
pub mod name;
pub mod port;
pub mod postgresql;
pub mod release;
pub mod run;
pub mod ssh;
pub mod swap;
pub mod unit;
pub mod write;
