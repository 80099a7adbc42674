//! The two keys of a volume: the one that unlocks it at boot, and the one for the day when that does not.
//!
//! Invariant: neither is written anywhere by us but sealed; both are wiped when dropped.

use super::Talk;
use crate::failure::{CommandError, Exit};
use ::host::luks::Key;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use vault::Secret;

/// Shorter ones are guessed: whoever has the disk has all the time there is.
const PASSPHRASE_CHARS_MIN: usize = 16;
/// cryptsetup reads no longer line.
const PASSPHRASE_BYTES_MAX: usize = 512;
/// Letters that lie at the same place on every keyboard, one for each value of four bits (modhex, as systemd-cryptenroll(1)).
const LETTERS: &[u8; 16] = b"cbdefghijklnrtuv";

/// What unlocks the volume at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyKind {
    /// The machine's TPM2, as long as Secure Boot is as it is now: protects disks without this machine.
    Tpm2,
    /// A passphrase that somebody types at the machine's screen at every boot.
    Passphrase,
    /// A key on the system's own disk: protects a disk that is thrown away or stolen without that one.
    Host,
}

impl KeyKind {
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Tpm2 => {
                "the machine's TPM2; this protects the disk without this machine, not the machine as a whole"
            }
            Self::Passphrase => "a passphrase typed at the machine's screen at every boot",
            Self::Host => {
                "a key on the system's own disk; this protects a disk that is thrown away or stolen without that one, and nothing \
                 more"
            }
        }
    }
}

/// Both keys, while the volume is made.
pub(super) struct Keys {
    /// Shown once.
    pub(super) recovery: Key,
    /// None where the TPM2 makes its own.
    pub(super) unlocking: Option<Key>,
}

impl Keys {
    pub(super) fn make(kind: KeyKind, talk: &Talk<'_>) -> Result<Self, CommandError> {
        let unlocking = match kind {
            KeyKind::Tpm2 => None,
            KeyKind::Host => Some(random_key()?),
            KeyKind::Passphrase => {
                let text = (talk.passphrase)()?;
                check_passphrase(text.expose())?;
                Some(Key::new(text.expose().to_owned()))
            }
        };
        Ok(Self {
            recovery: random_key()?,
            unlocking,
        })
    }
}

fn check_passphrase(text: &str) -> Result<(), CommandError> {
    let refuse = |text: &str| Err(CommandError::said(Exit::Failed, text));
    if text.chars().count() < PASSPHRASE_CHARS_MIN {
        return refuse("the passphrase has less than 16 characters; whoever has the disk can try for years");
    }
    if text.len() > PASSPHRASE_BYTES_MAX || text.chars().any(char::is_control) {
        return refuse(
            "the passphrase has more than 512 bytes, or characters that cannot be typed; choose another",
        );
    }
    Ok(())
}

/// 256 random bits, in eight groups of eight letters.
fn random_key() -> Result<Key, CommandError> {
    let failed = |error| {
        CommandError::said(
            Exit::Failed,
            format!("there is no randomness for a key ({error})"),
        )
    };
    let secret = Secret::<32>::generate().map_err(failed)?;
    Ok(written(secret.expose()))
}

fn written(bytes: &[u8; 32]) -> Key {
    // The whole length at once: a grown text leaves pieces behind.
    let mut text = Key::new(String::with_capacity(71));
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(LETTERS[usize::from(half)]));
        }
    }
    text
}

/// A random number for a volume (RFC 9562, version 4).
pub(super) fn volume_number() -> Result<String, CommandError> {
    let failed = |error| {
        CommandError::said(
            Exit::Failed,
            format!("there is no randomness for a number ({error})"),
        )
    };
    let mut bytes = vault::random::random_array::<16>().map_err(failed)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_eight_groups_of_eight_letters_and_each_its_own() {
        let key = written(&[0x0f; 32]);
        assert_eq!(key.as_str(), ["cvcvcvcv"; 8].join("-"));
        assert_eq!(key.len(), 71);
        assert_ne!(random_key().unwrap(), random_key().unwrap());
    }

    #[test]
    fn a_passphrase_that_is_short_or_cannot_be_typed_is_refused() {
        check_passphrase("sixteen letters!").unwrap();
        for bad in ["fifteen letters", "sixteen letters\u{7}!", &"x".repeat(513)] {
            assert!(check_passphrase(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_volumes_number_has_the_form_of_version_4() {
        let number = volume_number().unwrap();
        let lengths: Vec<_> = number.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&number[14..15], "4");
        assert!("89ab".contains(&number[19..20]), "{number}");
    }
}
