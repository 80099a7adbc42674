//! AES-256-GCM, by OpenSSL: `nonce(12) || ciphertext || tag(16)`.
//!
//! Invariant: a nonce is random and chosen here; no plaintext leaves before its tag was checked.
//!
//! The cipher is fetched once (a fetch per call costs several times the encryption of a short value); the context
//! is new for each call, because a kept one would hold a key's schedule beyond the key's own life.

use crate::crypto::{CryptoError, failed};
use crate::random::random_array;
use crate::secret::Secret;
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;
use std::sync::OnceLock;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// What nonce and tag add to the plaintext.
pub(crate) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// The longest plaintext. OpenSSL takes lengths as `int`; attachments are chunked far below this.
const PLAINTEXT_BYTES_MAX: usize = 1 << 30;

/// Why a sealed body did not open.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Shorter than nonce and tag, or longer than anything sealed here.
    Length,
    /// The tag is wrong: another key, another place, or changed bytes.
    Refused,
    /// OpenSSL failed.
    Crypto(CryptoError),
}

/// Appends the sealed body to `out`. `aad` is one value in parts; the callers' parts have fixed lengths or stand last.
pub(crate) fn encrypt(
    key: &Secret<32>,
    aad: &[&[u8]],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), CryptoError> {
    let nonce: [u8; NONCE_BYTES] = random_array()?;
    out.reserve(plaintext.len() + OVERHEAD_BYTES);
    out.extend_from_slice(&nonce);
    encrypt_with(key.expose(), &nonce, aad, plaintext, out).map_err(failed("AES-256-GCM encryption"))
}

fn encrypt_with(
    key: &[u8],
    nonce: &[u8],
    aad: &[&[u8]],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), ErrorStack> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        // The binding would panic where the length does not fit; callers bound their values far below.
        return Err(ErrorStack::get());
    }
    let mut context = CipherCtx::new()?;
    context.encrypt_init(Some(cipher()?), Some(key), Some(nonce))?;
    for part in aad {
        context.cipher_update(part, None)?;
    }
    context.cipher_update_vec(plaintext, out)?;
    context.cipher_final(&mut [])?;
    let mut tag = [0; TAG_BYTES];
    context.tag(&mut tag)?;
    out.extend_from_slice(&tag);
    Ok(())
}

/// The plaintext of a sealed body.
pub(crate) fn decrypt(key: &Secret<32>, aad: &[&[u8]], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let (nonce, rest) = body.split_first_chunk::<NONCE_BYTES>().ok_or(Fault::Length)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(Fault::Length)?;
    if ciphertext.len() > PLAINTEXT_BYTES_MAX {
        return Err(Fault::Length);
    }
    let crypto = |source| Fault::Crypto(failed("AES-256-GCM decryption")(source));
    let mut context = CipherCtx::new().map_err(crypto)?;
    let cipher = cipher().map_err(crypto)?;
    context
        .decrypt_init(Some(cipher), Some(key.expose()), Some(nonce))
        .map_err(crypto)?;
    context.set_tag(tag).map_err(crypto)?;
    for part in aad {
        context.cipher_update(part, None).map_err(crypto)?;
    }
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    context
        .cipher_update(ciphertext, Some(plaintext.as_mut_slice()))
        .map_err(crypto)?;
    match context.cipher_final(&mut []) {
        Ok(_) => Ok(plaintext),
        Err(_) => Err(Fault::Refused),
    }
}

fn cipher() -> Result<&'static CipherRef, ErrorStack> {
    static CIPHER: OnceLock<Cipher> = OnceLock::new();
    if let Some(cipher) = CIPHER.get() {
        return Ok(cipher);
    }
    let fetched = Cipher::fetch(None, "AES-256-GCM", None)?;
    Ok(CIPHER.get_or_init(|| fetched))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 256-bit test cases 13 to 17 of the GCM specification (McGrew and Viega), which NIST took over:
    /// key, nonce, associated data, plaintext, ciphertext and tag. Case 17 has a nonce of eight bytes, so it
    /// is not ours.
    const CASES: [[&str; 5]; 4] = [
        [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "000000000000000000000000",
            "",
            "",
            "530f8afbc74536b9a963b4f1c4cb738b",
        ],
        [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "000000000000000000000000",
            "",
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ],
        [
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "cafebabefacedbaddecaf888",
            "",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b391aafd255",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c",
        ],
        [
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        ],
    ];

    #[test]
    fn the_published_vectors_hold_in_both_directions() {
        for [key, nonce, aad, plaintext, expected] in CASES {
            let [key, nonce, aad, plaintext] =
                [key, nonce, aad, plaintext].map(|text| hex::decode(text).unwrap());
            // In two parts, as the callers pass it.
            let (first, second) = aad.split_at(aad.len() / 2);
            let mut body = nonce.clone();
            encrypt_with(&key, &nonce, &[first, second], &plaintext, &mut body).unwrap();
            assert_eq!(hex::encode(&body[NONCE_BYTES..]), expected);
            let key = Secret::from_slice(&key).unwrap();
            assert_eq!(*decrypt(&key, &[&aad], &body).unwrap(), plaintext);
        }
    }

    #[test]
    fn a_body_shorter_than_nonce_and_tag_is_refused() {
        let key = Secret::from_slice(&[0; 32]).unwrap();
        for length in 0..OVERHEAD_BYTES {
            assert!(matches!(decrypt(&key, &[], &vec![0; length]), Err(Fault::Length)));
        }
        assert!(matches!(
            decrypt(&key, &[], &[0; OVERHEAD_BYTES]),
            Err(Fault::Refused)
        ));
    }
}
