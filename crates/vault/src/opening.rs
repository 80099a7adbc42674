//! Openings: salt and bytes of a commitment, and their sealed form.
//!
//! Invariant: the commitment is to salted plaintext, because AES-GCM does not commit to its key; the sealed form
//! is tied to entry, role and key. Sealed header: [`crate::seal`]'s format. Sealed image:
//! `algorithm(1) || nonce(12) || ciphertext || tag(16)`, as the record's key has an id and no version.

use crate::crypto::CryptoError;
use crate::purpose::{OrganizationKeys, Purpose};
use crate::random::random_array;
use crate::record_key::RecordKey;
use crate::seal::{self, OpenError};
use audit::{Commitment, Role, commit};
use types::EntryId;
use zeroize::Zeroizing;

const ALGORITHM: u8 = 1;

/// What a commitment commits to.
pub struct Opening {
    /// Random, one for each commitment.
    pub salt: [u8; 32],
    /// The header's or image's bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(..)")
    }
}

impl Opening {
    /// These bytes with a new salt.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn new(bytes: Vec<u8>) -> Result<Self, CryptoError> {
        Ok(Self {
            salt: random_array()?,
            bytes: Zeroizing::new(bytes),
        })
    }

    /// The commitment that this opens.
    #[must_use]
    pub fn commitment(&self, role: Role, entry: EntryId) -> Commitment {
        commit(role, &entry.bytes(), &self.salt, &self.bytes)
    }

    fn joined(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([&self.salt[..], &self.bytes].concat())
    }

    fn parse(joined: &[u8]) -> Result<Self, OpenError> {
        let (salt, bytes) = joined.split_first_chunk::<32>().ok_or(OpenError::Truncated)?;
        Ok(Self {
            salt: *salt,
            bytes: Zeroizing::new(bytes.to_vec()),
        })
    }
}

/// Seals a header under the organization's key for headers.
///
/// # Errors
/// OpenSSL failed.
pub fn seal_header(
    keys: &OrganizationKeys,
    entry: EntryId,
    header: &Opening,
) -> Result<Vec<u8>, CryptoError> {
    seal::seal(
        keys.current(Purpose::AuditHeaders),
        &header_place(entry),
        &header.joined(),
    )
}

/// Opens a sealed header.
///
/// # Errors
/// As [`seal::open`].
pub fn open_header(keys: &OrganizationKeys, entry: EntryId, sealed: &[u8]) -> Result<Opening, OpenError> {
    Opening::parse(&seal::open(
        keys,
        Purpose::AuditHeaders,
        &header_place(entry),
        sealed,
    )?)
}

/// A sealed header anew under the current key version, or `None` when it is under it already.
///
/// # Errors
/// As [`seal::open`].
pub fn reseal_header(
    keys: &OrganizationKeys,
    entry: EntryId,
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, OpenError> {
    seal::reseal(keys, Purpose::AuditHeaders, &header_place(entry), sealed)
}

/// Seals an image under its record's key.
///
/// # Errors
/// OpenSSL failed.
pub fn seal_image(key: &RecordKey, entry: EntryId, image: &Opening) -> Result<Vec<u8>, CryptoError> {
    let mut out = vec![ALGORITHM];
    key.encrypt(&[&image_place(entry, key)], &image.joined(), &mut out)?;
    Ok(out)
}

/// Opens a sealed image.
///
/// # Errors
/// It was changed, is another entry's, or was sealed with another key.
pub fn open_image(key: &RecordKey, entry: EntryId, sealed: &[u8]) -> Result<Opening, OpenError> {
    match sealed.split_first() {
        Some((&ALGORITHM, body)) => Opening::parse(&key.decrypt(&[&image_place(entry, key)], body)?),
        Some((&found, _)) => Err(OpenError::Algorithm { found }),
        None => Err(OpenError::Truncated),
    }
}

fn header_place(entry: EntryId) -> Vec<u8> {
    [&entry.bytes()[..], &[Role::Header.number()]].concat()
}

fn image_place(entry: EntryId, key: &RecordKey) -> Vec<u8> {
    [&entry.bytes()[..], &[Role::AfterImage.number()], &key.id()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purpose::tests::keys;

    fn entry(number: u8) -> EntryId {
        EntryId::new(1_000, [number; 10])
    }

    #[test]
    fn a_sealed_image_opens_to_its_commitment() {
        let (set, object) = (keys(1, 1), [5; 16]);
        let key = RecordKey::generate().unwrap();
        let image = Opening::new(b"image".to_vec()).unwrap();
        let commitment = image.commitment(Role::AfterImage, entry(1));
        let sealed = seal_image(&key, entry(1), &image).unwrap();
        let wrapped = key.wrap(&set, object).unwrap();
        assert_eq!(wrapped.len(), 65);

        let key = RecordKey::unwrap(&set, object, key.id(), &wrapped).unwrap();
        let opened = open_image(&key, entry(1), &sealed).unwrap();
        assert_eq!(opened.bytes.as_slice(), b"image");
        assert_eq!(opened.commitment(Role::AfterImage, entry(1)), commitment);
        assert_ne!(opened.commitment(Role::Header, entry(1)), commitment);
    }

    #[test]
    fn an_image_of_another_entry_or_key_or_with_a_changed_byte_does_not_open() {
        let (key, other) = (RecordKey::generate().unwrap(), RecordKey::generate().unwrap());
        let image = Opening::new(b"image".to_vec()).unwrap();
        let sealed = seal_image(&key, entry(1), &image).unwrap();
        assert!(matches!(
            open_image(&key, entry(2), &sealed),
            Err(OpenError::Refused)
        ));
        assert!(matches!(
            open_image(&other, entry(1), &sealed),
            Err(OpenError::Refused)
        ));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 0x80;
            assert!(open_image(&key, entry(1), &damaged).is_err(), "byte {at}");
            assert!(open_image(&key, entry(1), &sealed[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_record_key_of_another_object_id_or_organization_does_not_unwrap() {
        let set = keys(1, 1);
        let key = RecordKey::generate().unwrap();
        let wrapped = key.wrap(&set, [5; 16]).unwrap();
        assert!(RecordKey::unwrap(&set, [5; 16], key.id(), &wrapped).is_ok());
        assert!(RecordKey::unwrap(&set, [6; 16], key.id(), &wrapped).is_err());
        assert!(RecordKey::unwrap(&set, [5; 16], [0; 16], &wrapped).is_err());
        assert!(RecordKey::unwrap(&keys(2, 1), [5; 16], key.id(), &wrapped).is_err());
    }

    #[test]
    fn a_header_opens_for_its_entry_only_and_after_a_rotation() {
        let (old, new) = (keys(1, 1), keys(1, 2));
        let header = Opening::new(b"header".to_vec()).unwrap();
        let sealed = seal_header(&old, entry(1), &header).unwrap();
        assert_eq!(
            open_header(&new, entry(1), &sealed).unwrap().bytes.as_slice(),
            b"header"
        );
        assert!(open_header(&new, entry(2), &sealed).is_err());
        assert!(open_header(&keys(2, 1), entry(1), &sealed).is_err());
        assert!(reseal_header(&old, entry(1), &sealed).unwrap().is_none());
        let resealed = reseal_header(&new, entry(1), &sealed).unwrap().unwrap();
        assert!(matches!(
            open_header(&old, entry(1), &resealed),
            Err(OpenError::KeyVersion { version: 2 })
        ));
        let opened = open_header(&new, entry(1), &resealed).unwrap();
        assert_eq!(opened.salt, header.salt);
    }

    #[test]
    fn a_record_key_moves_to_the_new_version_and_still_opens_its_images() {
        let (old, new) = (keys(1, 1), keys(1, 2));
        let key = RecordKey::generate().unwrap();
        let sealed = seal_image(&key, entry(1), &Opening::new(b"image".to_vec()).unwrap()).unwrap();
        let wrapped = key.wrap(&old, [5; 16]).unwrap();
        let rewrapped = RecordKey::rewrap(&new, [5; 16], key.id(), &wrapped)
            .unwrap()
            .unwrap();
        assert!(
            RecordKey::rewrap(&new, [5; 16], key.id(), &rewrapped)
                .unwrap()
                .is_none()
        );
        let key = RecordKey::unwrap(&new, [5; 16], key.id(), &rewrapped).unwrap();
        assert_eq!(
            open_image(&key, entry(1), &sealed).unwrap().bytes.as_slice(),
            b"image"
        );
    }

    #[test]
    fn a_log_line_shows_no_bytes() {
        assert_eq!(format!("{:?}", Opening::new(vec![1]).unwrap()), "Opening(..)");
    }
}
