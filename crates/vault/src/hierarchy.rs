//! Organization keys: random, versioned, kept in the database only wrapped under the root key.
//!
//! Invariant: a wrapped key opens only for its organization, its version and its root key.
//! Wrapped: `algorithm(1) || root key id(8) || nonce(12) || ciphertext(32) || tag(16)`, 69 bytes.

use crate::aead::{self, Fault};
use crate::crypto::CryptoError;
use crate::root::{RootKey, RootKeyId};
use crate::secret::Secret;
use types::OrganizationId;

/// AES-256-GCM under HKDF of the root key.
const ALGORITHM: u8 = 1;

const WRAP: &str = "strongroom/organization-wrap/v1";

/// The appliance's own place in the hierarchy: the organization with the nil UUID.
pub const APPLIANCE: OrganizationId = OrganizationId(uuid::Uuid::nil());

/// One version of an organization's key. What it sealed is gone when it is.
#[derive(Debug)]
pub struct OrganizationKey(pub(crate) Secret<32>);

/// Why a wrapped key did not open.
#[derive(Debug, thiserror::Error)]
pub enum UnwrapError {
    /// Not a wrapped key at all.
    #[error("the stored key of organization {organization} is damaged")]
    Malformed {
        /// Whose key.
        organization: OrganizationId,
    },
    /// Wrapped under another root key.
    #[error("the key of organization {organization} needs root key {needed}, but {present} is loaded")]
    OtherRoot {
        /// Whose key.
        organization: OrganizationId,
        /// The root key that wrapped it.
        needed: RootKeyId,
        /// The root key at hand.
        present: RootKeyId,
    },
    /// Changed, or taken from another organization or version.
    #[error("the stored key of organization {organization}, version {version}, was changed or is another's")]
    Refused {
        /// Whose key.
        organization: OrganizationId,
        /// Its version.
        version: u32,
    },
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl OrganizationKey {
    /// A random one.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        Secret::generate().map(Self)
    }

    /// The key as it is stored.
    ///
    /// # Errors
    /// OpenSSL failed.
    pub fn wrap(
        &self,
        root: &RootKey,
        organization: OrganizationId,
        version: u32,
    ) -> Result<Vec<u8>, CryptoError> {
        let id = root.id()?;
        let mut out = vec![ALGORITHM];
        out.extend_from_slice(&id.0);
        let place = place(organization, version, id);
        aead::encrypt(&root.derive(WRAP)?, &[&place], self.0.expose(), &mut out)?;
        Ok(out)
    }

    /// The key out of its stored form.
    ///
    /// # Errors
    /// It was wrapped under another root key, for another place, or was changed.
    pub fn unwrap(
        root: &RootKey,
        organization: OrganizationId,
        version: u32,
        wrapped: &[u8],
    ) -> Result<Self, UnwrapError> {
        let malformed = || UnwrapError::Malformed { organization };
        let (algorithm, rest) = wrapped.split_first().ok_or_else(malformed)?;
        let (needed, body) = rest.split_first_chunk::<8>().ok_or_else(malformed)?;
        if *algorithm != ALGORITHM {
            return Err(malformed());
        }
        let (needed, present) = (RootKeyId(*needed), root.id()?);
        if needed != present {
            return Err(UnwrapError::OtherRoot {
                organization,
                needed,
                present,
            });
        }
        let place = place(organization, version, present);
        match aead::decrypt(&root.derive(WRAP)?, &[&place], body) {
            Ok(bytes) => Secret::from_slice(&bytes).map(Self).ok_or_else(malformed),
            Err(Fault::Length) => Err(malformed()),
            Err(Fault::Refused) => Err(UnwrapError::Refused {
                organization,
                version,
            }),
            Err(Fault::Crypto(error)) => Err(error.into()),
        }
    }
}

fn place(organization: OrganizationId, version: u32, root: RootKeyId) -> Vec<u8> {
    [
        &[ALGORITHM][..],
        &organization.bytes(),
        &version.to_be_bytes(),
        &root.0,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(number: u8) -> OrganizationId {
        OrganizationId::new(1_000, [number; 10])
    }

    #[test]
    fn a_wrapped_key_opens_for_its_organization_version_and_root_only() {
        let (root, other) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
        let key = OrganizationKey::generate().unwrap();
        let wrapped = key.wrap(&root, organization(1), 3).unwrap();
        assert_eq!(wrapped.len(), 69);
        let opened = OrganizationKey::unwrap(&root, organization(1), 3, &wrapped).unwrap();
        assert_eq!(opened.0.expose(), key.0.expose());
        for (owner, version) in [(organization(2), 3), (organization(1), 4), (APPLIANCE, 3)] {
            let outcome = OrganizationKey::unwrap(&root, owner, version, &wrapped);
            assert!(matches!(outcome, Err(UnwrapError::Refused { .. })));
        }
        let outcome = OrganizationKey::unwrap(&other, organization(1), 3, &wrapped);
        assert!(matches!(outcome, Err(UnwrapError::OtherRoot { .. })));
    }

    #[test]
    fn a_wrapped_key_with_any_byte_changed_or_lost_does_not_open() {
        let root = RootKey::generate().unwrap();
        let wrapped = OrganizationKey::generate()
            .unwrap()
            .wrap(&root, APPLIANCE, 1)
            .unwrap();
        for at in 0..wrapped.len() {
            let mut damaged = wrapped.clone();
            damaged[at] ^= 1;
            assert!(
                OrganizationKey::unwrap(&root, APPLIANCE, 1, &damaged).is_err(),
                "byte {at}"
            );
            assert!(
                OrganizationKey::unwrap(&root, APPLIANCE, 1, &wrapped[..at]).is_err(),
                "{at} bytes"
            );
        }
    }

    #[test]
    fn the_stored_form_holds_no_key_bytes() {
        let root = RootKey::generate().unwrap();
        let key = OrganizationKey::generate().unwrap();
        let wrapped = key.wrap(&root, APPLIANCE, 1).unwrap();
        assert!(
            !wrapped
                .windows(8)
                .any(|window| key.0.expose().windows(8).any(|part| part == window))
        );
        assert_ne!(wrapped, key.wrap(&root, APPLIANCE, 1).unwrap());
    }
}
