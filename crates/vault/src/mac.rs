//! Message authentication: HMAC-SHA-256 over short messages that clients carry for us (cursors, forms).
//!
//! Invariants: comparison takes the same time wherever the first difference is; the context is part of what is
//! authenticated, so a cursor of one list is no cursor of another. The message itself is readable to its bearer.

use crate::purpose::{OrganizationKeys, Purpose, PurposeKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::{Sha256, sha256};
use zeroize::Zeroizing;

/// Length of a tag in bytes.
pub const TAG_BYTES: usize = 32;

/// The block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// Why a signed message was refused.
#[derive(Debug, thiserror::Error)]
pub enum MacError {
    /// Not of the form that [`sign`] gives.
    #[error("the signed message is malformed")]
    Malformed,
    /// Its key is gone or not loaded.
    #[error("the signed message needs key version {version}, which is not there")]
    KeyVersion {
        /// The version it names.
        version: u32,
    },
    /// Changed, for another context, or signed with another key.
    #[error("the signed message was changed or is for another use")]
    Refused,
}

/// A message with its tag, as text for a URL or a form: base64url of `key version(4) || tag(32) || message`.
/// `context` says what the message is for, such as the list and its filter.
#[must_use]
pub fn sign(keys: &OrganizationKeys, purpose: Purpose, context: &[u8], message: &[u8]) -> String {
    let key = keys.current(purpose);
    let tag = tag(key, context, message);
    URL_SAFE_NO_PAD.encode([&key.version().to_be_bytes()[..], &tag, message].concat())
}

/// The message out of [`sign`]'s text, if it was signed for this context.
///
/// # Errors
/// It was not.
pub fn verify(
    keys: &OrganizationKeys,
    purpose: Purpose,
    context: &[u8],
    text: &str,
) -> Result<Vec<u8>, MacError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| MacError::Malformed)?;
    let (version, rest) = bytes.split_first_chunk::<4>().ok_or(MacError::Malformed)?;
    let (claimed, message) = rest.split_first_chunk::<TAG_BYTES>().ok_or(MacError::Malformed)?;
    let version = u32::from_be_bytes(*version);
    let key = keys
        .at(purpose, version)
        .ok_or(MacError::KeyVersion { version })?;
    if check_tag(key, context, message, claimed) {
        Ok(message.to_vec())
    } else {
        Err(MacError::Refused)
    }
}

/// The tag of a message under a secret that somebody else has too, as RFC 2104 has it and nothing more: for protocols of others.
#[must_use]
pub fn under(secret: &[u8], message: &[u8]) -> [u8; TAG_BYTES] {
    hmac(secret, &[message])
}

/// The tag alone, for a message that both sides know (a form's session).
#[must_use]
pub fn tag(key: &PurposeKey, context: &[u8], message: &[u8]) -> [u8; TAG_BYTES] {
    // The length keeps the end of the context from passing as the beginning of the message.
    let length = (context.len() as u64).to_be_bytes();
    hmac(key.secret().expose(), &[&length, context, message])
}

/// Whether `claimed` is the tag of the message.
#[must_use]
pub fn check_tag(key: &PurposeKey, context: &[u8], message: &[u8], claimed: &[u8]) -> bool {
    is_equal(&tag(key, context, message), claimed)
}

/// Equality in the same time wherever the first difference is. Lengths are public.
pub(crate) fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && openssl::memcmp::eq(a, b)
}

/// HMAC-SHA-256 (RFC 2104) of the parts, one after the other. Written out over OpenSSL's SHA-256, because its HMAC
/// objects cost 14 us a call where this costs half of one, and an import asks for one per sensitive value.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = Zeroizing::new([0_u8; BLOCK_BYTES]);
    if key.len() > BLOCK_BYTES {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = padded_hash(&block, 0x36, parts);
    padded_hash(&block, 0x5c, &[&inner])
}

fn padded_hash(block: &[u8; BLOCK_BYTES], pad: u8, parts: &[&[u8]]) -> [u8; 32] {
    let padded = Zeroizing::new(block.map(|byte| byte ^ pad));
    let mut hash = Sha256::new();
    hash.update(padded.as_slice());
    parts.iter().for_each(|part| hash.update(part));
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purpose::tests::keys;
    use proptest::prelude::*;

    /// RFC 4231 section 4, test cases 1 to 4, 6 and 7 (5 is the truncated one).
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let counted: Vec<u8> = (1..=25).collect();
        let large =
            b"This is a test using a larger than block-size key and a larger than block-size data. The key \
                      needs to be hashed before being used by the HMAC algorithm.";
        for (key, data, expected) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &counted,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                large,
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ] {
            let (first, second) = data.split_at(data.len() / 2);
            assert_eq!(hex::encode(hmac(key, &[first, second])), expected);
        }
    }

    #[test]
    fn a_signed_message_is_read_back_in_its_context_only() {
        let (old, new) = (keys(1, 1), keys(1, 2));
        let text = sign(&old, Purpose::Cursors, b"list 1", b"after 7");
        assert_eq!(
            verify(&old, Purpose::Cursors, b"list 1", &text).unwrap(),
            b"after 7"
        );
        assert_eq!(
            verify(&new, Purpose::Cursors, b"list 1", &text).unwrap(),
            b"after 7"
        );
        let refused = |keys: &OrganizationKeys, purpose, context: &[u8]| {
            matches!(verify(keys, purpose, context, &text), Err(MacError::Refused))
        };
        assert!(refused(&old, Purpose::Cursors, b"list 2"));
        assert!(refused(&old, Purpose::Cursors, b"list "));
        assert!(refused(&old, Purpose::Forms, b"list 1"));
        assert!(refused(&keys(2, 1), Purpose::Cursors, b"list 1"));
        let newer = sign(&new, Purpose::Cursors, b"", b"");
        assert!(matches!(
            verify(&old, Purpose::Cursors, b"", &newer),
            Err(MacError::KeyVersion { version: 2 })
        ));
    }

    #[test]
    fn a_signed_message_with_any_byte_changed_is_refused() {
        let keys = keys(1, 1);
        let text = sign(&keys, Purpose::Cursors, b"c", b"message");
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            let damaged = URL_SAFE_NO_PAD.encode(damaged);
            assert!(
                verify(&keys, Purpose::Cursors, b"c", &damaged).is_err(),
                "byte {at}"
            );
        }
        for text in ["", "AAAA", "not base64!", &text[..20], &format!("{text}=")] {
            assert!(
                matches!(
                    verify(&keys, Purpose::Cursors, b"c", text),
                    Err(MacError::Malformed)
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn context_and_message_cannot_borrow_from_each_other() {
        let keys = keys(1, 1);
        let key = keys.current(Purpose::Forms);
        assert_ne!(tag(key, b"ab", b"c"), tag(key, b"a", b"bc"));
        assert!(check_tag(key, b"a", b"b", &tag(key, b"a", b"b")));
        assert!(!check_tag(key, b"a", b"b", &tag(key, b"a", b"b")[..31]));
        assert!(!check_tag(key, b"a", b"b", b""));
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_never_accepted(text in ".{0,120}") {
            prop_assert!(verify(&keys(1, 1), Purpose::Cursors, b"", &text).is_err());
        }
    }
}
