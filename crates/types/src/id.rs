//! Ids. Wide ids are UUID version 7 (RFC 9562 section 5.7): they sort by the time they were made, so an index on
//! them grows at its end. Narrow ids (datasets, fields) number generated identifiers such as `d17` and `f123`.
//!
//! Invariant: an id says nothing of what people typed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! wide_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id from the time in milliseconds since 1970 and ten random bytes.
            #[must_use]
            pub fn new(now_ms: u64, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
            }

            /// The sixteen bytes, as they enter the audit log.
            #[must_use]
            pub fn bytes(self) -> [u8; 16] {
                *self.0.as_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            /// Accepts the hyphenated form only, so that one thing has one address.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let id = Uuid::try_parse(text)?;
                if text.len() == 36 { Ok(Self(id)) } else { Uuid::try_parse("").map(Self) }
            }
        }
    };
}

macro_rules! narrow_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);

        impl $name {
            /// The generated database identifier, such as
            #[doc = concat!("`", $prefix, "17`.")]
            #[must_use]
            pub fn identifier(self) -> String {
                format!(concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

wide_id!(
    /// A tenant.
    OrganizationId
);
wide_id!(
    /// A person, appliance-wide.
    AccountId
);
wide_id!(
    /// A row of a dataset.
    RecordId
);
wide_id!(
    /// An entry of the audit log.
    EntryId
);
wide_id!(
    /// A signed-in browser.
    SessionId
);
wide_id!(
    /// An API token.
    TokenId
);
wide_id!(
    /// An operator grant.
    GrantId
);
wide_id!(
    /// A legal hold.
    HoldId
);
wide_id!(
    /// What a person asked for about their own data.
    PersonRequestId
);
wide_id!(
    /// A signed review of the security logs.
    LogReviewId
);
wide_id!(
    /// An order to delete an organization, and its certificate.
    DeletionId
);
wide_id!(
    /// An invitation to set a first password.
    InvitationId
);
wide_id!(
    /// A second factor of an account.
    FactorId
);
wide_id!(
    /// Where accounts are known besides here: an OpenID provider or a directory.
    SourceId
);
wide_id!(
    /// A background job.
    JobId
);
wide_id!(
    /// A stored, sealed file.
    AttachmentId
);
narrow_id!(
    /// A dataset of one organization; its table is `d<id>`.
    DatasetId,
    "d"
);
narrow_id!(
    /// A field of one organization's dataset; its column is `f<id>`.
    FieldId,
    "f"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_later_sort_later() {
        let earlier = RecordId::new(1_000, [255; 10]);
        let later = RecordId::new(1_001, [0; 10]);
        assert!(earlier < later);
        assert_eq!(later.0.get_version_num(), 7);
    }

    #[test]
    fn only_the_hyphenated_form_is_an_address() {
        let id = RecordId::new(1, [7; 10]);
        assert_eq!(id.to_string().parse::<RecordId>().unwrap(), id);
        assert!(id.0.simple().to_string().parse::<RecordId>().is_err());
        assert!(format!("{{{id}}}").parse::<RecordId>().is_err());
    }
}
