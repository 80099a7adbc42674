#![doc = include_str!("../README.md")]

pub mod cbor;
pub mod chain;
pub mod commitment;
pub mod header;
pub mod image;
pub mod leaf;
pub mod merkle;

mod fields;
#[cfg(test)]
mod vectors;

pub use commitment::{Commitment, Role, commit};
pub use fields::DecodeError;
pub use header::{Actor, ActorKind, Header, Object};
pub use image::{Image, ImageValue, RecordState};
pub use leaf::{Leaf, LeafKind};
