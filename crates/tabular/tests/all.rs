//! The crate from outside: whole files, and files that are an attack.

#[cfg(test)]
#[path = "all/excerpts.rs"]
mod excerpts;
#[cfg(test)]
#[path = "all/giants.rs"]
mod giants;
