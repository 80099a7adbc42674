//! Readers of what comes in. Each bounds what it reads and says where the fault is.

pub(crate) mod body;
pub(crate) mod json;
pub(crate) mod members;
pub(crate) mod query;
