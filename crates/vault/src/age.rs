//! Encryption for somebody else, in the format of age (age-encryption.org/v1, C2SP `age.md`), which Debian's `age` opens: for a
//! passphrase, or for a public key.
//!
//! Invariants: a file key is random and used for one file; each piece of 64 KiB is authenticated with its number, and the last one
//! as the last, so that a file that was cut, reordered or changed does not open; memory does not grow with the file. Only sealing is
//! built: whoever opens has the tool. Start at [`Sealer::begin`].

mod recipient;

pub use recipient::{PublicKey, PublicKeyError};

use crate::{
    crypto::{CryptoError, failed},
    hkdf,
    random::{fill_private, random_array},
    secret::{Secret, SecretText},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use openssl::{
    cipher::Cipher,
    cipher_ctx::CipherCtx,
    derive::Deriver,
    error::ErrorStack,
    pkcs5,
    pkey::{Id, PKey},
};
use zeroize::{Zeroize, Zeroizing};

/// The longest piece of the payload.
const PIECE_BYTES: usize = 64 << 10;
const TAG_BYTES: usize = 16;
const FILE_KEY_BYTES: usize = 16;
/// Two to this power is scrypt's cost: 128 MiB, and under a second. The tool takes up to 22.
const SCRYPT_LOG: u8 = 17;
/// What scrypt may take: `128 * N * r` and a little.
const SCRYPT_MEMORY_MAX: u64 = 144 << 20;
/// The header's key is used once, and so is each wrapping key.
const NO_NONCE: [u8; 12] = [0; 12];

/// Who opens it.
#[derive(Debug)]
pub enum Recipient {
    /// Whoever has the passphrase.
    Passphrase(SecretText),
    /// Whoever has the other half of this key.
    Key(PublicKey),
}

/// One file on its way.
pub struct Sealer {
    key: Secret<32>,
    number: u128,
    /// What waits to be a piece: a piece is sealed only when it is known not to be the last.
    waiting: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// A new file, and its first bytes.
    ///
    /// # Errors
    /// [`CryptoError`]; also for a public key that is no point of the curve's large group.
    pub fn begin(to: &Recipient) -> Result<(Self, Vec<u8>), CryptoError> {
        let mut file_key = Zeroizing::new([0; FILE_KEY_BYTES]);
        fill_private(file_key.as_mut_slice())?;
        let mut header = b"age-encryption.org/v1\n".to_vec();
        match to {
            Recipient::Passphrase(passphrase) => {
                for_passphrase(passphrase, file_key.as_slice(), &mut header)?
            }
            Recipient::Key(key) => for_key(key, file_key.as_slice(), &mut header)?,
        }
        header.extend_from_slice(b"---");
        let mac_key = hkdf::derive(file_key.as_slice(), &[], b"header")?;
        let mac = mac(&mac_key, &header).map_err(failed("HMAC-SHA-256"))?;
        header.push(b' ');
        header.extend_from_slice(STANDARD_NO_PAD.encode(mac).as_bytes());
        header.push(b'\n');
        let nonce: [u8; 16] = random_array()?;
        header.extend_from_slice(&nonce);
        let sealer = Self {
            key: hkdf::derive(file_key.as_slice(), &nonce, b"payload")?,
            number: 0,
            waiting: Zeroizing::new(Vec::with_capacity(PIECE_BYTES)),
        };
        Ok((sealer, header))
    }

    /// Takes more of the file, and appends what is ready to `out`.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
        while !bytes.is_empty() {
            if self.waiting.len() == PIECE_BYTES {
                self.piece(false, out)?;
            }
            let count = bytes.len().min(PIECE_BYTES - self.waiting.len());
            let (now, later) = bytes.split_at(count);
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// The end of the file.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), CryptoError> {
        self.piece(true, out)
    }

    fn piece(&mut self, is_last: bool, out: &mut Vec<u8>) -> Result<(), CryptoError> {
        // Eleven bytes of number, most significant first, and one that marks the last piece.
        let mut nonce = [0; 12];
        nonce[..11].copy_from_slice(&self.number.to_be_bytes()[5..]);
        nonce[11] = u8::from(is_last);
        seal(self.key.expose(), &nonce, &self.waiting, out).map_err(failed("ChaCha20-Poly1305"))?;
        self.number += 1;
        self.waiting.zeroize();
        Ok(())
    }
}

fn seal(key: &[u8], nonce: &[u8], plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.encrypt_init(Some(Cipher::chacha20_poly1305()), Some(key), Some(nonce))?;
    context.cipher_update_vec(plaintext, out)?;
    context.cipher_final(&mut [])?;
    let mut tag = [0; TAG_BYTES];
    context.tag(&mut tag)?;
    out.extend_from_slice(&tag);
    Ok(())
}

fn mac(key: &Secret<32>, text: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::hmac(key.expose())?;
    let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key)?;
    signer.sign_oneshot_to_vec(text)
}

/// `-> TYPE ARGUMENTS`, and on the next line the file key, sealed under a key that only the recipient has.
fn stanza(
    arguments: &str,
    wrapping: &[u8],
    file_key: &[u8],
    header: &mut Vec<u8>,
) -> Result<(), CryptoError> {
    let mut body = Vec::with_capacity(FILE_KEY_BYTES + TAG_BYTES);
    seal(wrapping, &NO_NONCE, file_key, &mut body).map_err(failed("ChaCha20-Poly1305"))?;
    header.extend_from_slice(format!("-> {arguments}\n{}\n", STANDARD_NO_PAD.encode(body)).as_bytes());
    Ok(())
}

fn for_passphrase(passphrase: &SecretText, file_key: &[u8], header: &mut Vec<u8>) -> Result<(), CryptoError> {
    let salt: [u8; 16] = random_array()?;
    let labelled = [b"age-encryption.org/v1/scrypt".as_slice(), &salt].concat();
    let mut wrapping = Zeroizing::new([0; 32]);
    let (text, cost) = (passphrase.expose().as_bytes(), 1_u64 << SCRYPT_LOG);
    pkcs5::scrypt(
        text,
        &labelled,
        cost,
        8,
        1,
        SCRYPT_MEMORY_MAX,
        wrapping.as_mut_slice(),
    )
    .map_err(failed("scrypt"))?;
    let arguments = format!("scrypt {} {SCRYPT_LOG}", STANDARD_NO_PAD.encode(salt));
    stanza(&arguments, wrapping.as_slice(), file_key, header)
}

fn for_key(to: &PublicKey, file_key: &[u8], header: &mut Vec<u8>) -> Result<(), CryptoError> {
    let (share, shared) = agree(to.bytes()).map_err(failed("X25519"))?;
    let salt = [share.as_slice(), to.bytes()].concat();
    let wrapping = hkdf::derive(&shared, &salt, b"age-encryption.org/v1/X25519")?;
    let arguments = format!("X25519 {}", STANDARD_NO_PAD.encode(&share));
    stanza(&arguments, wrapping.expose(), file_key, header)
}

/// The public half of a key that is used this once, and what both sides have in common. OpenSSL refuses where that is zero (RFC 7748, 6.1).
fn agree(to: &[u8; 32]) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), ErrorStack> {
    let own = PKey::generate_x25519()?;
    let theirs = PKey::public_key_from_raw_bytes(to, Id::X25519)?;
    let mut deriver = Deriver::new(&own)?;
    deriver.set_peer(&theirs)?;
    Ok((own.raw_public_key()?, Zeroizing::new(deriver.derive_to_vec()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(to: &Recipient, pieces: &[&[u8]]) -> Vec<u8> {
        let (mut sealer, mut out) = Sealer::begin(to).unwrap();
        for piece in pieces {
            sealer.push(piece, &mut out).unwrap();
        }
        sealer.finish(&mut out).unwrap();
        out
    }

    fn key() -> Recipient {
        let text = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
        Recipient::Key(text.parse().unwrap())
    }

    fn header_bytes(file: &[u8]) -> usize {
        let mark = b"\n--- ";
        let at = file.windows(mark.len()).position(|part| part == mark).unwrap();
        at + mark.len() + 43 + 1
    }

    #[test]
    fn a_file_has_its_pieces_and_never_an_empty_last_one_after_others() {
        for (length, pieces) in [
            (0, 1),
            (1, 1),
            (PIECE_BYTES, 1),
            (PIECE_BYTES + 1, 2),
            (3 * PIECE_BYTES, 3),
        ] {
            let content = vec![7; length];
            let file = sealed(&key(), &[&content]);
            let payload = file.len() - header_bytes(&file) - 16;
            assert_eq!(payload, length + pieces * TAG_BYTES, "{length}");
        }
    }

    #[test]
    fn nothing_of_the_file_stands_in_it_and_no_file_is_like_another() {
        let content = b"a sentence that must not be seen";
        let (one, other) = (sealed(&key(), &[content]), sealed(&key(), &[content]));
        assert_ne!(one, other);
        assert!(!one.windows(8).any(|part| content.starts_with(part)));
        let (head, _) = one.split_at(21);
        assert_eq!(head, b"age-encryption.org/v1");
    }

    #[test]
    fn a_key_that_gives_everybody_the_same_secret_is_refused() {
        let zero = Recipient::Key(PublicKey::of_bytes([0; 32]));
        assert!(Sealer::begin(&zero).is_err());
    }
}
