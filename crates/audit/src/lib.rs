#![doc = include_str!("../README.md")]

pub mod cbor;
pub mod chain;
pub mod checkpoint;
pub mod commitment;
pub mod export;
pub mod header;
pub mod image;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod receipt;
pub mod rotation;
pub mod tile;
pub mod verify;

mod fields;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod vectors;

pub use checkpoint::Checkpoint;
pub use commitment::{Commitment, Role, commit};
pub use fields::DecodeError;
pub use header::{Actor, ActorKind, Header, Object};
pub use image::{Image, ImageValue, RecordState};
pub use leaf::{Leaf, LeafKind};
pub use merkle::Hash;
