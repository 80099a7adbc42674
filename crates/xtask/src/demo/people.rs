//! The people of the demo: one in each role of its organization, with a password of this installation and an API token, and the
//! operator, who looks after the appliance.
//!
//! Invariant: passwords and tokens lie in files that only we can read; they are drawn at random for each installation.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use testkit::secret;

/// The organization's name in addresses.
pub(super) const SLUG: &str = "harbour";
/// The organization's name for people.
pub(super) const ORGANIZATION: &str = "Harbour Analytics";

/// Somebody who signs in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// The role, or what the person is otherwise; it names the person's files.
    pub(super) role: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

/// The owner first: the others are added by the owner.
pub(super) const PEOPLE: [Person; 5] = [
    Person {
        role: "owner",
        name: "Olga Brandt",
        email: "olga@harbour.example",
    },
    Person {
        role: "administrator",
        name: "Amir Haddad",
        email: "amir@harbour.example",
    },
    Person {
        role: "accountant",
        name: "Agnes Lindqvist",
        email: "agnes@harbour.example",
    },
    Person {
        role: "editor",
        name: "Emeka Obi",
        email: "emeka@harbour.example",
    },
    Person {
        role: "viewer",
        name: "Vera Novak",
        email: "vera@harbour.example",
    },
];

/// The owner.
pub(super) const OWNER: Person = PEOPLE[0];

/// Who looks after the appliance in the browser; in the organization a viewer.
pub(super) const OPERATOR: Person = Person {
    role: "operator",
    name: "Oskar Lund",
    email: "oskar@harbour.example",
};

impl Person {
    /// The file with the password; made at the first call.
    pub(super) fn password_file(&self, folder: &Path) -> Result<PathBuf> {
        let file = folder.join("passwords").join(self.role);
        match fs::metadata(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(folder.join("passwords"))?;
                secret::write_private(&file, &pronounceable(&secret::random_secret()?)?)?;
            }
            found => {
                found.with_context(|| file.display().to_string())?;
            }
        }
        Ok(file)
    }

    /// The password.
    pub(super) fn password(&self, folder: &Path) -> Result<String> {
        Ok(fs::read_to_string(self.password_file(folder)?)?)
    }

    /// The file with the API token.
    pub(super) fn token_file(&self, folder: &Path) -> PathBuf {
        folder.join("tokens").join(self.role)
    }
}

/// Ten syllables out of twenty random hexadecimal digits, 6 bits each, in groups that can be typed.
fn pronounceable(random: &str) -> Result<String> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let digits = random
        .chars()
        .map(|digit| digit.to_digit(16).map(|digit| digit as usize));
    let digits: Vec<usize> = digits.collect::<Option<_>>().context("not hexadecimal")?;
    let mut word = String::new();
    for (place, pair) in digits.chunks_exact(2).take(10).enumerate() {
        if place > 0 && place.is_multiple_of(2) {
            word.push('-');
        }
        word.push(CONSONANTS[pair[0] % 16] as char);
        word.push(VOWELS[pair[1] % 4] as char);
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let password = OWNER.password(folder.path()).unwrap();
        assert_eq!(password.len(), 24, "{password}");
        assert_eq!(OWNER.password(folder.path()).unwrap(), password);
        assert_ne!(PEOPLE[1].password(folder.path()).unwrap(), password);
    }

    #[test]
    fn syllables_follow_the_digits() {
        assert_eq!(
            pronounceable(&"0".repeat(48)).unwrap(),
            "baba-baba-baba-baba-baba"
        );
    }
}
