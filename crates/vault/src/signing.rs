//! A signing key of the appliance: Ed25519 (RFC 8032), for documents that somebody checks elsewhere with `openssl`.
//!
//! Invariant: the private half leaves this type only to be sealed, and has no `Debug` that shows it. Start at [`SigningKey`].

use crate::crypto::{CryptoError, failed};
use openssl::{
    pkey::{Id, PKey, Private},
    sign::{Signer, Verifier},
};
use zeroize::Zeroizing;

/// Bytes of the private half (RFC 8032 section 5.1.5).
pub const PRIVATE_BYTES: usize = 32;
/// Bytes of the public half (RFC 8032 section 5.1.5).
pub const PUBLIC_BYTES: usize = 32;
/// Bytes of a signature (RFC 8032 section 5.1.6).
pub const SIGNATURE_BYTES: usize = 64;

/// A key pair.
pub struct SigningKey(PKey<Private>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// A random one.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        PKey::generate_ed25519()
            .map(Self)
            .map_err(failed("make a signing key"))
    }

    /// The key of a private half.
    ///
    /// # Errors
    /// There are not [`PRIVATE_BYTES`] bytes.
    pub fn from_private(bytes: &[u8]) -> Result<Self, CryptoError> {
        PKey::private_key_from_raw_bytes(bytes, Id::ED25519)
            .map(Self)
            .map_err(failed("read a signing key"))
    }

    /// The private half, to be sealed.
    ///
    /// # Errors
    /// OpenSSL refuses.
    pub fn private(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let private = self.0.raw_private_key();
        private.map(Zeroizing::new).map_err(failed("write a signing key"))
    }

    /// The public half in PEM (RFC 8410), as `openssl pkeyutl -pubin` reads it.
    ///
    /// # Errors
    /// OpenSSL refuses.
    pub fn public_pem(&self) -> Result<String, CryptoError> {
        let pem = self.0.public_key_to_pem().map_err(failed("write a public key"))?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// The public half as RFC 8032 encodes it.
    ///
    /// # Errors
    /// OpenSSL refuses.
    pub fn public(&self) -> Result<[u8; PUBLIC_BYTES], CryptoError> {
        let public = self.0.raw_public_key().map_err(failed("read a public key"))?;
        // Another length is no key of Ed25519, which OpenSSL does not give.
        public
            .try_into()
            .map_err(|_| failed("read a public key")(openssl::error::ErrorStack::get()))
    }

    /// Signs a document; 64 bytes.
    ///
    /// # Errors
    /// OpenSSL refuses.
    pub fn sign(&self, document: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut signer = Signer::new_without_digest(&self.0).map_err(failed("sign"))?;
        signer.sign_oneshot_to_vec(document).map_err(failed("sign"))
    }

    /// Signs bytes, into an array.
    pub(crate) fn signature(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], CryptoError> {
        let signature = self.sign(message)?;
        signature
            .try_into()
            .map_err(|_| failed("sign")(openssl::error::ErrorStack::get()))
    }
}

/// Whether a signature over a document is by the key of this PEM; what is no key has signed nothing.
#[must_use]
pub fn is_signed(public_pem: &str, document: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = PKey::public_key_from_pem(public_pem.as_bytes()) else {
        return false;
    };
    let verified = Verifier::new_without_digest(&key)
        .and_then(|mut verifier| verifier.verify_oneshot(signature, document));
    verified.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_gives_the_published_signature() {
        // RFC 8032 section 7.1, test 2.
        let private =
            hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SigningKey::from_private(&private).unwrap();
        let signature = key.sign(&[0x72]).unwrap();
        assert_eq!(
            hex::encode(&signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(is_signed(&key.public_pem().unwrap(), &[0x72], &signature));
    }

    #[test]
    fn a_changed_document_and_another_key_are_found() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let signature = key.sign(b"deleted: 17").unwrap();
        let pem = key.public_pem().unwrap();
        assert!(is_signed(&pem, b"deleted: 17", &signature));
        assert!(!is_signed(&pem, b"deleted: 16", &signature));
        assert!(!is_signed(
            &other.public_pem().unwrap(),
            b"deleted: 17",
            &signature
        ));
        assert!(!is_signed("no key", b"deleted: 17", &signature));
        assert!(!is_signed(&pem, b"deleted: 17", &signature[..63]));
    }

    #[test]
    fn a_key_comes_back_from_its_private_half_and_never_shows_it() {
        let key = SigningKey::generate().unwrap();
        let private = key.private().unwrap();
        assert_eq!(private.len(), PRIVATE_BYTES);
        let again = SigningKey::from_private(&private).unwrap();
        assert_eq!(again.public_pem().unwrap(), key.public_pem().unwrap());
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
        assert!(SigningKey::from_private(&private[1..]).is_err());
    }
}
