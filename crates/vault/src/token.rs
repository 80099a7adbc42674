//! Tokens: secrets that stand for a signed-in browser or a program. Shown once, stored hashed.
//!
//! Invariant: a plain token exists in memory only, is wiped when dropped and shown by no log; what is stored is
//! its [`HashedToken`], from which it cannot be found. A fast hash suffices because a token has 256 random bits.

pub(crate) mod base32;
mod recovery;

pub use recovery::RecoveryCode;

use crate::crypto::CryptoError;
use crate::mac::is_equal;
use crate::random::random_array;
use crate::secret::{Secret, SecretText};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::Sha256;

const API_PREFIX: &str = "srt_";
const ID_CHARS: usize = 16;
const SECRET_CHARS: usize = 52;
const CHECKSUM_CHARS: usize = 8;

/// The hash of a token, as stored.
#[derive(Clone, Copy)]
pub struct HashedToken([u8; 32]);

impl HashedToken {
    /// Out of the database.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the database.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Equality in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        is_equal(&self.0, &other.0)
    }

    fn of(domain: &str, token: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(domain.as_bytes());
        hash.update(&[0]);
        hash.update(token.as_bytes());
        Self(hash.finish())
    }
}

impl std::fmt::Debug for HashedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashedToken(..)")
    }
}

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Of another form altogether.
    #[error("it is not a token")]
    Malformed,
    /// Of the right form, but mistyped or cut.
    #[error("the token was mistyped or cut: its checksum is wrong")]
    Checksum,
}

/// A token of 256 random bits as 43 characters of base64url, each kind hashed under a domain of its own, so that the
/// stored hash of one kind never finds another.
macro_rules! url_token {
    ($(#[$about:meta])* $name:ident, $domain:literal) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name(SecretText);

        impl $name {
            /// A random one.
            ///
            /// # Errors
            /// OpenSSL has no randomness.
            pub fn generate() -> Result<Self, CryptoError> {
                let secret = Secret::<32>::generate()?;
                Ok(Self(SecretText::new(URL_SAFE_NO_PAD.encode(secret.expose()))))
            }

            /// The token that somebody claims to hold.
            ///
            /// # Errors
            /// It is not of the form of one.
            pub fn parse(text: &str) -> Result<Self, TokenError> {
                let is_token = URL_SAFE_NO_PAD.decode_slice(text, &mut [0; 33]) == Ok(32);
                if is_token {
                    Ok(Self(SecretText::new(text.to_owned())))
                } else {
                    Err(TokenError::Malformed)
                }
            }

            /// The text for its holder.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose()
            }

            /// What is stored.
            #[must_use]
            pub fn hashed(&self) -> HashedToken {
                HashedToken::of($domain, self.0.expose())
            }
        }
    };
}

url_token!(
    /// The plain token of a session, in its cookie.
    SessionToken,
    "strongroom/session-token/v1"
);
url_token!(
    /// The plain token of an invitation, in its link.
    InvitationToken,
    "strongroom/invitation-token/v1"
);
url_token!(
    /// The plain token of a break-glass link.
    BreakGlassToken,
    "strongroom/break-glass-token/v1"
);
url_token!(
    /// The plain token of a link that sets another password.
    ResetToken,
    "strongroom/reset-token/v1"
);
url_token!(
    /// The plain token of a sign-in that waits for its second factor, in a cookie.
    PendingToken,
    "strongroom/pending-sign-in/v1"
);

/// The public part of an API token: 80 random bits as 16 characters. It finds the stored row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApiTokenId(String);

impl ApiTokenId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ApiTokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The plain token of a program: `srt_<id>_<secret><checksum>`, in lower-case base32, so that a double click takes
/// it whole and secret scanners know it.
#[derive(Debug)]
pub struct ApiToken {
    id: ApiTokenId,
    text: SecretText,
}

impl ApiToken {
    /// A random one.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        let id = base32::encode(&random_array::<10>()?);
        let secret = SecretText::new(base32::encode(Secret::<32>::generate()?.expose()));
        let mut text = String::with_capacity(128);
        text.extend([API_PREFIX, &id, "_", secret.expose()]);
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self {
            id: ApiTokenId(id),
            text: SecretText::new(text),
        })
    }

    /// The token that a request claims to bear.
    ///
    /// # Errors
    /// It is not of the form of one, or its checksum is wrong; neither needs the database to say so.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let rest = text.strip_prefix(API_PREFIX).ok_or(TokenError::Malformed)?;
        let (id, rest) = rest.split_at_checked(ID_CHARS).ok_or(TokenError::Malformed)?;
        let rest = rest.strip_prefix('_').ok_or(TokenError::Malformed)?;
        let alphabet = id.bytes().chain(rest.bytes()).all(base32::is_digit);
        if !alphabet || rest.len() != SECRET_CHARS + CHECKSUM_CHARS {
            return Err(TokenError::Malformed);
        }
        let (signed, claimed) = text.split_at(text.len() - CHECKSUM_CHARS);
        if checksum(signed) != claimed {
            return Err(TokenError::Checksum);
        }
        Ok(Self {
            id: ApiTokenId(id.to_owned()),
            text: SecretText::new(text.to_owned()),
        })
    }

    /// The public part.
    #[must_use]
    pub fn id(&self) -> &ApiTokenId {
        &self.id
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What is stored.
    #[must_use]
    pub fn hashed(&self) -> HashedToken {
        HashedToken::of("strongroom/api-token/v1", self.text.expose())
    }
}

/// Forty bits of SHA-256: against slips of the hand, not against forgers.
fn checksum(text: &str) -> String {
    let hash = openssl::sha::sha256(text.as_bytes());
    base32::encode(&hash[..CHECKSUM_CHARS * 5 / 8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_session_token_is_read_back_and_matches_its_hash_only() {
        let (one, two) = (
            SessionToken::generate().unwrap(),
            SessionToken::generate().unwrap(),
        );
        assert_eq!(one.expose().len(), 43);
        let again = SessionToken::parse(one.expose()).unwrap();
        assert!(
            again
                .hashed()
                .matches(&HashedToken::from_bytes(*one.hashed().bytes()))
        );
        assert!(!two.hashed().matches(&one.hashed()));
    }

    /// Computed apart from this program. Another value would end every session at an update.
    #[test]
    fn the_stored_hash_is_frozen() {
        let token = SessionToken::parse(&"A".repeat(43)).unwrap();
        let expected = "2fed2fb84d670d88c196bbfc56e28894265972f0628a83ef49dab584ff249c73";
        assert_eq!(hex::encode(token.hashed().bytes()), expected);
    }

    #[test]
    fn tokens_of_two_kinds_with_the_same_text_have_different_hashes() {
        let text = "A".repeat(43);
        let session = SessionToken::parse(&text).unwrap().hashed();
        assert!(!InvitationToken::parse(&text).unwrap().hashed().matches(&session));
    }

    #[test]
    fn what_is_not_a_session_token_is_refused() {
        let token = SessionToken::generate().unwrap();
        let text = token.expose();
        for other in [
            "",
            "abc",
            &text[..42],
            &format!("{text}A"),
            &format!("{text}="),
            &"!".repeat(43),
        ] {
            assert_eq!(
                SessionToken::parse(other).unwrap_err(),
                TokenError::Malformed,
                "{other}"
            );
        }
    }

    #[test]
    fn an_api_token_has_the_stated_form() {
        let token = ApiToken::generate().unwrap();
        let text = token.expose();
        assert_eq!(text.len(), 4 + 16 + 1 + 52 + 8);
        assert_eq!(&text[4..20], token.id().as_str());
        let again = ApiToken::parse(text).unwrap();
        assert_eq!(again.id(), token.id());
        assert!(again.hashed().matches(&token.hashed()));
        assert!(!ApiToken::generate().unwrap().hashed().matches(&token.hashed()));
    }

    #[test]
    fn a_mistyped_api_token_is_told_by_its_checksum() {
        let token = ApiToken::generate().unwrap();
        let text = token.expose();
        for at in (4..20).chain(21..text.len()) {
            let mut typed = text.to_owned();
            let other = if &text[at..=at] == "a" { "b" } else { "a" };
            typed.replace_range(at..=at, other);
            assert_eq!(
                ApiToken::parse(&typed).unwrap_err(),
                TokenError::Checksum,
                "character {at}"
            );
        }
    }

    #[test]
    fn what_is_not_an_api_token_is_malformed() {
        let token = ApiToken::generate().unwrap();
        let text = token.expose();
        let upper = text.to_uppercase();
        for other in [
            "",
            "srt_",
            &text[1..],
            &text[..80],
            &format!("{text}a"),
            &upper,
            &text.replace("srt", "srx"),
        ] {
            assert_eq!(
                ApiToken::parse(other).unwrap_err(),
                TokenError::Malformed,
                "{other}"
            );
        }
    }

    #[test]
    fn a_log_line_shows_no_token() {
        let (session, api) = (SessionToken::generate().unwrap(), ApiToken::generate().unwrap());
        let shown = format!("{session:?} {api:?} {:?}", session.hashed());
        assert!(
            !shown.contains(session.expose()) && !shown.contains(&api.expose()[21..]),
            "{shown}"
        );
        assert!(shown.contains("HashedToken(..)"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(srt_)?.{0,90}") {
            prop_assert!(ApiToken::parse(&text).is_err());
            let _ = SessionToken::parse(&text);
        }
    }
}
