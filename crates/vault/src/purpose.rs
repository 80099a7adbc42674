//! Purpose keys: what an organization's key is used as. One key never serves two purposes.
//!
//! Invariant: an [`OrganizationKeys`] has at least one version, each with a key for every purpose. They are derived
//! once, when the versions are loaded; the organization keys themselves are dropped then.

use crate::crypto::CryptoError;
use crate::hierarchy::OrganizationKey;
use crate::hkdf::derive_key;
use crate::secret::Secret;
use std::collections::BTreeMap;
use types::OrganizationId;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Sensitive fields.
    Fields,
    /// Chunks of attachments.
    Attachments,
    /// Wrapping the keys of records, which seal images.
    AuditImages,
    /// Headers of entries.
    AuditHeaders,
    /// Equality search in sensitive fields.
    BlindIndex,
    /// Cursors of lists.
    Cursors,
    /// Tokens that tie a form to its session.
    Forms,
    /// The password of the organization's database login, and other secrets of its settings.
    DatabaseCredential,
    /// Sign-ins that are under way elsewhere, as the browser keeps them.
    SignIns,
    /// Letters that wait to be sent.
    Letters,
    /// Secrets of second factors; of the appliance's key only.
    Factors,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 11] = [
        Self::Fields,
        Self::Attachments,
        Self::AuditImages,
        Self::AuditHeaders,
        Self::BlindIndex,
        Self::Cursors,
        Self::Forms,
        Self::DatabaseCredential,
        Self::SignIns,
        Self::Letters,
        Self::Factors,
    ];

    /// The label in the derivation. Frozen: another label is another key.
    fn label(self) -> &'static str {
        match self {
            Self::Fields => "strongroom/purpose/v1/fields",
            Self::Attachments => "strongroom/purpose/v1/attachments",
            Self::AuditImages => "strongroom/purpose/v1/audit-images",
            Self::AuditHeaders => "strongroom/purpose/v1/audit-headers",
            Self::BlindIndex => "strongroom/purpose/v1/blind-index",
            Self::Cursors => "strongroom/purpose/v1/cursors",
            Self::Forms => "strongroom/purpose/v1/forms",
            Self::DatabaseCredential => "strongroom/purpose/v1/database-credential",
            Self::SignIns => "strongroom/purpose/v1/sign-ins",
            Self::Letters => "strongroom/purpose/v1/letters",
            Self::Factors => "strongroom/purpose/v1/factors",
        }
    }
}

/// The key of one purpose in one version.
#[derive(Debug)]
pub struct PurposeKey {
    version: u32,
    secret: Secret<32>,
}

impl PurposeKey {
    /// The version of the organization key it comes from.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }
}

/// Why versions do not make a key set.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// There is no version.
    #[error("organization {organization} has no key: it was erased, or its keys were not loaded")]
    Empty {
        /// Whose keys.
        organization: OrganizationId,
    },
    /// Versions count from 1, each once.
    #[error("organization {organization} has key version {version} twice, or it is zero")]
    Version {
        /// Whose keys.
        organization: OrganizationId,
        /// The version at fault.
        version: u32,
    },
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// All versions of one organization's keys: the newest seals, every one opens.
#[derive(Debug)]
pub struct OrganizationKeys {
    organization: OrganizationId,
    current: VersionKeys,
    older: BTreeMap<u32, VersionKeys>,
}

/// The purpose keys of one version, in the order of [`Purpose::ALL`].
#[derive(Debug)]
struct VersionKeys([PurposeKey; Purpose::ALL.len()]);

impl OrganizationKeys {
    /// Derives the purpose keys of every version.
    ///
    /// # Errors
    /// No version, version zero, a version twice.
    pub fn new(
        organization: OrganizationId,
        keys: impl IntoIterator<Item = (u32, OrganizationKey)>,
    ) -> Result<Self, KeySetError> {
        let mut older = BTreeMap::new();
        for (version, key) in keys {
            let derived = VersionKeys::derive(organization, version, &key)?;
            if version == 0 || older.insert(version, derived).is_some() {
                return Err(KeySetError::Version {
                    organization,
                    version,
                });
            }
        }
        let (_, current) = older.pop_last().ok_or(KeySetError::Empty { organization })?;
        Ok(Self {
            organization,
            current,
            older,
        })
    }

    /// Whose keys they are.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The version that seals.
    #[must_use]
    pub fn current_version(&self) -> u32 {
        self.current.version()
    }

    /// The key that seals for this purpose.
    #[must_use]
    pub fn current(&self, purpose: Purpose) -> &PurposeKey {
        self.current.of(purpose)
    }

    /// The key of that version, if it is still there.
    #[must_use]
    pub fn at(&self, purpose: Purpose, version: u32) -> Option<&PurposeKey> {
        self.newest_first(purpose).find(|key| key.version == version)
    }

    /// The keys of every version, the current one first.
    pub fn newest_first(&self, purpose: Purpose) -> impl Iterator<Item = &PurposeKey> {
        let older = self.older.values().rev();
        std::iter::once(&self.current)
            .chain(older)
            .map(move |keys| keys.of(purpose))
    }
}

impl VersionKeys {
    fn derive(
        organization: OrganizationId,
        version: u32,
        key: &OrganizationKey,
    ) -> Result<Self, CryptoError> {
        let owner = organization.bytes();
        let of = |purpose: Purpose| -> Result<PurposeKey, CryptoError> {
            Ok(PurposeKey {
                version,
                secret: derive_key(&key.0, &owner, purpose.label())?,
            })
        };
        let [a, b, c, d, e, f, g, h, i, j, k] = Purpose::ALL.map(of);
        Ok(Self([a?, b?, c?, d?, e?, f?, g?, h?, i?, j?, k?]))
    }

    fn version(&self) -> u32 {
        self.of(Purpose::Fields).version
    }

    fn of(&self, purpose: Purpose) -> &PurposeKey {
        // The discriminants count from zero in the order of `Purpose::ALL`; a test holds them to it.
        &self.0[purpose as usize]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::hierarchy::APPLIANCE;
    use std::collections::HashSet;

    /// Keys of fixed bytes: versions `1..=versions` of the organization with that number.
    pub(crate) fn keys(organization: u8, versions: u8) -> OrganizationKeys {
        let key = |version: u8| OrganizationKey(Secret::from_slice(&[version; 32]).unwrap());
        let organization = OrganizationId::new(1_000, [organization; 10]);
        OrganizationKeys::new(
            organization,
            (1..=versions).map(|version| (version.into(), key(version))),
        )
        .unwrap()
    }

    #[test]
    fn every_purpose_version_and_organization_has_its_own_key() {
        let sets = [keys(1, 2), keys(2, 2)];
        let mut seen = HashSet::new();
        for (set, purpose) in sets
            .iter()
            .flat_map(|set| Purpose::ALL.map(|purpose| (set, purpose)))
        {
            assert!(
                set.newest_first(purpose)
                    .all(|key| seen.insert(*key.secret.expose()))
            );
        }
        assert_eq!(seen.len(), 2 * 2 * Purpose::ALL.len());
    }

    #[test]
    fn the_order_of_purposes_is_that_of_their_discriminants() {
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, place);
        }
    }

    /// Computed apart from this program, with Python's `hmac`: HKDF of 32 bytes of 0x01, the organization's UUID
    /// (00000000-03e8-7101-8101-010101010101) as salt, the label as info.
    #[test]
    fn the_derivation_is_frozen() {
        let key = keys(1, 1);
        for (purpose, expected) in Purpose::ALL.into_iter().zip([
            "65f637b5c0f245ee01acf2882d2a0ed8072b79c12134465e11702827564a0994",
            "6625659c8ee24cc1b6bae17a7b5893fc8355f495e54d3af8132a639641146faf",
            "3f2903c98a359f3281b2be933f000cab6de42c2aa865e4e30e71e139591a3792",
            "e057d70a704a4d4694e656a5440b21e49ad80079ccba72a1733cdcceb72bd2e5",
            "df04539e9592183c2e4a8deded7499daaad5a804be9da4839834b87f029bfbea",
            "2edaee76a0540c99ced60b1232a0ba051eb43598a7fa8744fe3301f1230941e8",
            "68b81374bd2fee08c5cb7f5f57815563c0c43b2ad3d4cbb67d979d3ed9de190f",
            "76b13ce48ebd0332b292e1d2c1be5d23ee5c91968bf17d07c8ab78572339a21d",
            "a49fdca5d33eea575909a72d6f01cd93a8cbb3413e8de47dc9671a920a7b11ff",
            "081cf864527e2286a8f00937b9652d73fb9bfd339db39816c7e87fb79f705bbd",
            "e0f25657fed45a0f0f25bfa48f7df6b55c238f59d166c32105341bb2c68c6df0",
        ]) {
            assert_eq!(
                hex::encode(key.current(purpose).secret.expose()),
                expected,
                "{purpose:?}"
            );
        }
    }

    #[test]
    fn the_newest_version_seals_and_older_ones_are_found() {
        let set = keys(1, 3);
        assert_eq!(set.current_version(), 3);
        assert_eq!(set.at(Purpose::Fields, 1).unwrap().version(), 1);
        assert!(set.at(Purpose::Fields, 4).is_none());
        let versions: Vec<u32> = set
            .newest_first(Purpose::Fields)
            .map(PurposeKey::version)
            .collect();
        assert_eq!(versions, [3, 2, 1]);
    }

    #[test]
    fn no_version_a_repeated_one_and_version_zero_are_refused() {
        let key = || OrganizationKey::generate().unwrap();
        let outcome = OrganizationKeys::new(APPLIANCE, []);
        assert!(matches!(outcome, Err(KeySetError::Empty { .. })));
        let outcome = OrganizationKeys::new(APPLIANCE, [(1, key()), (1, key())]);
        assert!(matches!(outcome, Err(KeySetError::Version { version: 1, .. })));
        let outcome = OrganizationKeys::new(APPLIANCE, [(0, key())]);
        assert!(matches!(outcome, Err(KeySetError::Version { version: 0, .. })));
    }

    #[test]
    fn a_log_line_shows_no_key() {
        let shown = format!("{:?}", keys(0x41, 1));
        assert!(
            shown.contains("Secret(..)") && !shown.contains("[1, 1") && !shown.contains("65, 65"),
            "{shown}"
        );
    }
}
