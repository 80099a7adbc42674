//! An authenticator app (RFC 6238), apart from the program's own code, so that a fault in one is seen against the other.

use anyhow::{Context, Result, ensure};
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};

/// The code that an app shows for a secret as it was typed into it, at a time in seconds since 1970.
///
/// # Errors
/// What was typed is no base32.
pub fn code(typed: &str, time_s: u64) -> Result<String> {
    let key = PKey::hmac(&decoded(typed)?)?;
    let tag = Signer::new(MessageDigest::sha1(), &key)?.sign_oneshot_to_vec(&(time_s / 30).to_be_bytes())?;
    let offset = usize::from(tag.last().context("an empty tag")? & 15);
    let word: [u8; 4] = tag.get(offset..offset + 4).context("a short tag")?.try_into()?;
    Ok(format!(
        "{:06}",
        (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000
    ))
}

fn decoded(typed: &str) -> Result<Vec<u8>> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for digit in typed.chars().filter(|digit| *digit != ' ') {
        let value = DIGITS
            .find(digit)
            .with_context(|| format!("{digit:?} is no digit"))?;
        bits = bits << 5 | u32::try_from(value)?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 255)?);
        }
    }
    ensure!(!bytes.is_empty(), "an empty secret");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (time, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                code("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", time).unwrap(),
                expected
            );
        }
        assert!(code("", 59).is_err() && code("1", 59).is_err());
    }
}
