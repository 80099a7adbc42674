//! Blind indexes: equality search in sensitive fields, without the values.
//!
//! An index value is `key version(4, big-endian) || HMAC-SHA-256 truncated to 16 bytes`, 20 bytes in all. It begins
//! with its version so that a search passes one candidate for each live version (`= any(...)`) and finds values
//! sealed before and after a rotation alike, and so that the rotation sees which rows are left.
//!
//! What it tells: whoever reads the column sees which rows of one field are equal, and nothing else. Dataset and
//! field are part of the input, so equal values in two columns look different.

use crate::mac::hmac;
use crate::purpose::{OrganizationKeys, Purpose, PurposeKey};
use types::{DatasetId, FieldId};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Length of an index value in bytes.
pub const BLIND_BYTES: usize = 20;

/// The index value to store beside a sealed value: under the current key version.
#[must_use]
pub fn blind_index(
    keys: &OrganizationKeys,
    dataset: DatasetId,
    field: FieldId,
    value: &str,
) -> [u8; BLIND_BYTES] {
    index_under(
        keys.current(Purpose::BlindIndex),
        dataset,
        field,
        &normalize(value),
    )
}

/// The index values that a row with this value may have: one for each live key version, the current first.
#[must_use]
pub fn blind_candidates(
    keys: &OrganizationKeys,
    dataset: DatasetId,
    field: FieldId,
    value: &str,
) -> Vec<Vec<u8>> {
    let value = normalize(value);
    let candidates = keys.newest_first(Purpose::BlindIndex);
    candidates
        .map(|key| index_under(key, dataset, field, &value).to_vec())
        .collect()
}

/// What people see as one text is one value: NFC, without white space around it. Case counts.
fn normalize(value: &str) -> Zeroizing<String> {
    Zeroizing::new(value.trim().nfc().collect())
}

fn index_under(key: &PurposeKey, dataset: DatasetId, field: FieldId, value: &str) -> [u8; BLIND_BYTES] {
    let parts: [&[u8]; 3] = [&dataset.0.to_be_bytes(), &field.0.to_be_bytes(), value.as_bytes()];
    let hash = hmac(key.secret().expose(), &parts);
    let mut out = [0; BLIND_BYTES];
    let bytes = key.version().to_be_bytes().into_iter().chain(hash);
    out.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purpose::tests::keys;

    const DATASET: DatasetId = DatasetId(1);
    const FIELD: FieldId = FieldId(2);

    fn index(keys: &OrganizationKeys, value: &str) -> Vec<u8> {
        blind_index(keys, DATASET, FIELD, value).to_vec()
    }

    #[test]
    fn a_search_finds_values_of_every_live_version() {
        let (old, new) = (keys(1, 1), keys(1, 2));
        let candidates = blind_candidates(&new, DATASET, FIELD, "DE89 3704");
        assert_eq!(candidates, [index(&new, "DE89 3704"), index(&old, "DE89 3704")]);
        assert_eq!(candidates[0][..4], [0, 0, 0, 2]);
        assert_eq!(candidates[1][..4], [0, 0, 0, 1]);
        assert!(!candidates.contains(&index(&old, "DE89 3705")));
    }

    /// Computed apart from this program, with Python's `hmac`. Another value would make stored indexes useless.
    #[test]
    fn the_index_value_is_frozen() {
        assert_eq!(
            hex::encode(index(&keys(1, 1), "value")),
            "0000000180a5bfd8ba5ff601aba0000e76a84cc0"
        );
    }

    #[test]
    fn what_looks_equal_is_equal() {
        let keys = keys(1, 1);
        assert_eq!(index(&keys, "Zu\u{308}rich"), index(&keys, " Z\u{fc}rich\t\n"));
        assert_ne!(index(&keys, "Zürich"), index(&keys, "zürich"));
    }

    #[test]
    fn equal_values_of_other_fields_and_organizations_look_different() {
        let (mine, theirs) = (keys(1, 1), keys(2, 1));
        let home = index(&mine, "value");
        assert_ne!(home, index(&theirs, "value"));
        assert_ne!(home, blind_index(&mine, DatasetId(2), FIELD, "value"));
        assert_ne!(home, blind_index(&mine, DATASET, FieldId(3), "value"));
    }
}
