#![doc = include_str!("../README.md")]

pub mod age;
pub mod blind;
pub mod crypto;
pub mod file;
pub mod hierarchy;
pub mod mac;
pub mod note;
pub mod opening;
pub mod password;
pub mod place;
pub mod purpose;
pub mod random;
pub mod record_key;
pub mod root;
pub mod seal;
pub mod secret;
pub mod signing;
pub mod token;
pub mod totp;

mod aead;
mod hkdf;

pub use crypto::CryptoError;
pub use hierarchy::OrganizationKey;
pub use note::NoteSigningError;
pub use opening::Opening;
pub use password::{PasswordHasher, Strength, Verdict};
pub use place::Place;
pub use purpose::{OrganizationKeys, Purpose, PurposeKey};
pub use record_key::RecordKey;
pub use root::RootKey;
pub use seal::OpenError;
pub use secret::{Secret, SecretText};
pub use signing::SigningKey;
pub use token::{
    ApiToken, ApiTokenId, BreakGlassToken, HashedToken, InvitationToken, PendingToken, RecoveryCode,
    ResetToken, SessionToken,
};
pub use totp::TotpSecret;
