#![doc = include_str!("../README.md")]

mod answer;
mod budget;
mod changes;
mod connection;
mod journal;
mod listener;
mod peer;
mod server;

pub use listener::{TakeError, from_stdin};
pub use peer::Users;
pub use server::{IDLE, Server};
