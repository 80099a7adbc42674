//! What directories and OpenID providers have in common as sources of people: a key, a secret, who waits to be let in.
//!
//! Invariant: a key is a name that stands in addresses and commands as it is. Start at [`newcomer`].

pub(crate) mod newcomer;
pub(crate) mod secret;

pub use newcomer::Newcomer;

use crate::error::{PlatformError, Result};
use store::StoreError;
use types::ProblemCode;

/// Longest key, in characters.
const KEY_MAX: usize = 39;

/// Refuses what is no key.
///
/// # Errors
/// `invalid` at `/key`.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let starts = key.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = key
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if starts && plain && key.len() <= KEY_MAX {
        return Ok(());
    }
    let text = format!("1 to {KEY_MAX} small letters, digits and hyphens, beginning with a letter");
    Err(PlatformError::invalid_at("/key", "malformed", text))
}

/// Refuses one more than there may be.
///
/// # Errors
/// `conflict`.
pub(crate) fn check_room(there_are: usize, max: i64, what: &str) -> Result<()> {
    if there_are < usize::try_from(max).unwrap_or(usize::MAX) {
        return Ok(());
    }
    Err(PlatformError::new(
        ProblemCode::Conflict,
        format!("at most {max} {what} are possible"),
    ))
}

/// What an insertion came to: a key that somebody has is told as that.
///
/// # Errors
/// `already-taken`; whatever else the store says.
pub(crate) fn inserted(done: Result<(), StoreError>, what: &str, key: &str) -> Result<()> {
    match done {
        Err(StoreError::Taken { .. }) => {
            let text = format!("there is a {what} {key} already");
            Err(PlatformError::new(ProblemCode::Taken, text))
        }
        done => Ok(done?),
    }
}

/// What a change came to: the state that it was made from must be the state that it meets.
///
/// # Errors
/// `conflict`; whatever else the store says.
pub(crate) fn updated(done: Result<(), StoreError>, what: &str) -> Result<()> {
    match done {
        Err(StoreError::NotFound) => {
            let text = format!("the {what} was changed meanwhile; look at it again");
            Err(PlatformError::new(ProblemCode::Conflict, text))
        }
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_small_letters_digits_and_hyphens() {
        for key in ["a", "company", "dc-2", &"a".repeat(KEY_MAX)] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        for key in [
            "",
            "2dc",
            "-a",
            "Company",
            "a b",
            "a/b",
            "ä",
            &"a".repeat(KEY_MAX + 1),
        ] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }

    #[test]
    fn one_more_than_there_may_be_is_refused() {
        assert!(check_room(3, 4, "directories").is_ok());
        let full = check_room(4, 4, "directories").unwrap_err();
        assert_eq!(full.code, ProblemCode::Conflict);
    }
}
