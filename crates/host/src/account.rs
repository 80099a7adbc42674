//! System accounts by name.

use nix::unistd::{Gid, Group, Uid, User};

/// A user with its first group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: Uid,
    /// The number of its first group.
    pub gid: Gid,
}

impl Account {
    /// The account of that name; none where the machine has none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten()?;
        Some(Self {
            name: user.name,
            uid: user.uid,
            gid: user.gid,
        })
    }
}

/// The name of a user, or its number where it has none.
#[must_use]
pub fn user_name(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

/// The name of a group, or its number where it has none.
#[must_use]
pub fn group_name(gid: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    group.map_or_else(|| gid.to_string(), |group| group.name)
}

/// Whether this process may do what root may.
#[must_use]
pub fn is_root() -> bool {
    Uid::effective().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_name_and_numbers_without_a_name_stay_numbers() {
        let root = Account::named("root").unwrap();
        assert!(root.uid.is_root());
        assert_eq!(Account::named("strongroom-no-such-user"), None);
        assert_eq!(
            (user_name(0), group_name(0)),
            ("root".to_owned(), "root".to_owned())
        );
        assert_eq!(user_name(4_000_000_001), "4000000001");
    }
}
