//! Record keys: a random key for each record, which seals the images of its versions. Destroying it erases the
//! record's history, while the commitments in the log still verify.
//!
//! Invariant: a wrapped record key opens only for its object and its own id.

use crate::aead;
use crate::crypto::CryptoError;
use crate::purpose::{OrganizationKeys, Purpose};
use crate::random::random_array;
use crate::seal::{self, OpenError};
use crate::secret::Secret;

/// The key that seals the images of one record, or of another object that has images.
#[derive(Debug)]
pub struct RecordKey {
    id: [u8; 16],
    secret: Secret<32>,
}

impl RecordKey {
    /// A random key with a random id.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self {
            id: random_array()?,
            secret: Secret::generate()?,
        })
    }

    /// The id that headers and leaves name.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The key as it is stored: sealed for its object (a record's UUID bytes), 65 bytes.
    ///
    /// # Errors
    /// OpenSSL failed.
    pub fn wrap(&self, keys: &OrganizationKeys, object: [u8; 16]) -> Result<Vec<u8>, CryptoError> {
        seal::seal(
            keys.current(Purpose::AuditImages),
            &place(object, self.id),
            self.secret.expose(),
        )
    }

    /// The key out of its stored form.
    ///
    /// # Errors
    /// It was changed, is another object's, or the organization's key is gone.
    pub fn unwrap(
        keys: &OrganizationKeys,
        object: [u8; 16],
        id: [u8; 16],
        wrapped: &[u8],
    ) -> Result<Self, OpenError> {
        let bytes = seal::open(keys, Purpose::AuditImages, &place(object, id), wrapped)?;
        let secret = Secret::from_slice(&bytes).ok_or(OpenError::Truncated)?;
        Ok(Self { id, secret })
    }

    /// The stored form anew under the current key version, or `None` when it is under it already.
    ///
    /// # Errors
    /// As [`RecordKey::unwrap`].
    pub fn rewrap(
        keys: &OrganizationKeys,
        object: [u8; 16],
        id: [u8; 16],
        wrapped: &[u8],
    ) -> Result<Option<Vec<u8>>, OpenError> {
        seal::reseal(keys, Purpose::AuditImages, &place(object, id), wrapped)
    }

    pub(crate) fn encrypt(
        &self,
        aad: &[&[u8]],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        aead::encrypt(&self.secret, aad, plaintext, out)
    }

    pub(crate) fn decrypt(
        &self,
        aad: &[&[u8]],
        body: &[u8],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, aead::Fault> {
        aead::decrypt(&self.secret, aad, body)
    }
}

fn place(object: [u8; 16], id: [u8; 16]) -> Vec<u8> {
    [object, id].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opening::{Opening, open_image, seal_image};
    use types::EntryId;

    #[test]
    fn an_image_is_tied_to_the_id_of_its_key_and_not_to_the_bytes_alone() {
        let secret = || Secret::from_slice(&[1; 32]).unwrap();
        let (key, renamed) = (
            RecordKey {
                id: [1; 16],
                secret: secret(),
            },
            RecordKey {
                id: [2; 16],
                secret: secret(),
            },
        );
        let entry = EntryId::new(1_000, [3; 10]);
        let sealed = seal_image(&key, entry, &Opening::new(b"image".to_vec()).unwrap()).unwrap();
        assert!(open_image(&key, entry, &sealed).is_ok());
        assert!(matches!(
            open_image(&renamed, entry, &sealed),
            Err(OpenError::Refused)
        ));
    }

    #[test]
    fn a_log_line_shows_no_key() {
        let key = RecordKey {
            id: [0; 16],
            secret: Secret::from_slice(&[0xab; 32]).unwrap(),
        };
        assert!(!format!("{key:?}").contains("171"));
    }
}
