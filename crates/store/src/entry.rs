//! An audit entry that is ready to be appended: sealed header and commitments. What they are made of is the business
//! of `audit` and `vault`; this crate only keeps them in the same transaction as the change.

use types::{EntryId, OrganizationId};

/// An entry to append.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its id (uuid v7).
    pub id: EntryId,
    /// Of an act on the appliance, the organization that sees it besides the operator.
    pub organization: Option<OrganizationId>,
    /// 1 change, 2 erasure, 5 key rotation, 6 configuration or role, 8 sign-in and access.
    pub kind: i16,
    /// The version of the organization key that sealed header and image.
    pub key_version: i32,
    /// The sealed header.
    pub header: Vec<u8>,
    /// Commitment to the header.
    pub c_header: [u8; 32],
    /// Commitment of the version before; 32 zero bytes at the first.
    pub c_before: [u8; 32],
    /// Commitment to the after-image, or the Merkle root of a bulk act's.
    pub c_after: [u8; 32],
}
