//! A public key as age shows it: `age1...`, Bech32 (BIP 173) over 32 bytes.
//!
//! Invariant: one letter that was typed wrong is noticed, because the checksum does not fit.

use std::str::FromStr;

/// What stands before the separator.
const PREFIX: &str = "age";
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_CHARS: usize = 6;
/// 32 bytes in letters of five bits.
const DATA_CHARS: usize = 52;

/// An X25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Why a text is no public key.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum PublicKeyError {
    /// A secret key: it must not be handed to anybody.
    #[error(
        "this is the secret half, which nobody else may have; give the public one, which begins with age1"
    )]
    Secret,
    /// It has another form.
    #[error("a public key is age1 and {} letters and digits, as age-keygen shows it", DATA_CHARS + CHECKSUM_CHARS)]
    Form,
    /// A letter is wrong.
    #[error("a letter of this key is wrong, because its checksum does not fit; copy it again")]
    Checksum,
}

impl PublicKey {
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err(PublicKeyError::Secret);
        }
        let data = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('1'));
        let data = data.ok_or(PublicKeyError::Form)?.as_bytes();
        if data.len() != DATA_CHARS + CHECKSUM_CHARS {
            return Err(PublicKeyError::Form);
        }
        let value = |letter: &u8| ALPHABET.iter().position(|other| other == letter);
        let values: Option<Vec<u8>> = data
            .iter()
            .map(|letter| value(letter).and_then(|at| u8::try_from(at).ok()))
            .collect();
        let values = values.ok_or(PublicKeyError::Form)?;
        if checksum(&values) != 1 {
            return Err(PublicKeyError::Checksum);
        }
        to_bytes(&values[..DATA_CHARS])
            .map(Self)
            .ok_or(PublicKeyError::Form)
    }
}

/// BIP 173: 1 for a text whose checksum fits.
fn checksum(values: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let high = PREFIX.bytes().map(|byte| byte >> 5);
    let low = PREFIX.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(values.iter().copied());
    all.fold(1, |sum: u32, value| {
        let top = sum >> 25;
        let next = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        let taps = GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1);
        taps.fold(next, |next, (_, tap)| next ^ tap)
    })
}

/// Five bits each into bytes; the four bits that are left over must be zero.
fn to_bytes(values: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = Vec::with_capacity(32);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for value in values {
        held = held << 5 | u32::from(*value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    if held != 0 {
        return None;
    }
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    #[test]
    fn a_key_is_read_and_one_wrong_letter_is_noticed() {
        let key: PublicKey = KEY.parse().unwrap();
        assert_eq!(hex::encode(key.bytes()).len(), 64);
        for at in 4..KEY.len() {
            let other = if &KEY[at..=at] == "q" { "p" } else { "q" };
            let wrong = format!("{}{other}{}", &KEY[..at], &KEY[at + 1..]);
            assert_eq!(
                wrong.parse::<PublicKey>(),
                Err(PublicKeyError::Checksum),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused_and_a_secret_one_is_named() {
        for text in [
            "",
            "age1",
            "age1q",
            &KEY.to_uppercase(),
            &format!("{KEY}q"),
            "ssh-ed25519 AAAA",
            "age1é",
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(PublicKeyError::Form), "{text}");
        }
        let secret = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
        assert_eq!(secret.parse::<PublicKey>(), Err(PublicKeyError::Secret));
    }
}
