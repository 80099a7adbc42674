//! Recovery codes: the way in when every other second factor is lost. Each works once; a set is shown once.
//!
//! Invariant: a code has 80 random bits, so that its stored hash, though fast, cannot be turned back by trying; the hash
//! is bound to its account, so that equal codes of two people would not be seen as equal.

use super::{HashedToken, base32};
use crate::crypto::CryptoError;
use crate::secret::{Secret, SecretText};
use openssl::sha::Sha256;
use types::AccountId;
use zeroize::Zeroizing;

const RANDOM_BYTES: usize = 10;
/// Characters of a code without its hyphens.
const DIGITS: usize = 16;
/// Characters between hyphens.
const GROUP: usize = 4;
const DOMAIN: &str = "strongroom/recovery-code/v1";

/// One code, `abcd-efgh-ijkl-mnop`.
#[derive(Debug)]
pub struct RecoveryCode(SecretText);

impl RecoveryCode {
    /// A random one.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        let secret = Secret::<RANDOM_BYTES>::generate()?;
        let digits = Zeroizing::new(base32::encode(secret.expose()));
        Ok(Self(grouped(&digits)))
    }

    /// The code that somebody typed, whatever they did with case, spaces and hyphens; none when it has not its form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for typed in text.chars().filter(|typed| !matches!(typed, ' ' | '-')) {
            let digit = typed.to_ascii_lowercase();
            let known = u8::try_from(digit).is_ok_and(base32::is_digit);
            if !known || digits.len() == DIGITS {
                return None;
            }
            digits.push(digit);
        }
        (digits.len() == DIGITS).then(|| Self(grouped(&digits)))
    }

    /// The text for its holder.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored.
    #[must_use]
    pub fn hashed(&self, account: AccountId) -> HashedToken {
        let mut hash = Sha256::new();
        hash.update(DOMAIN.as_bytes());
        hash.update(&[0]);
        hash.update(&account.bytes());
        hash.update(self.0.expose().as_bytes());
        HashedToken::from_bytes(hash.finish())
    }
}

fn grouped(digits: &str) -> SecretText {
    let mut text = String::with_capacity(DIGITS + DIGITS / GROUP);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            text.push('-');
        }
        text.push(digit);
    }
    SecretText::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId::new(1_000, [number; 10])
    }

    #[test]
    fn a_code_is_read_back_however_it_was_typed() {
        let code = RecoveryCode::generate().unwrap();
        let shown = code.expose();
        assert_eq!(shown.len(), 19, "{shown}");
        let plain = shown.replace('-', "");
        for typed in [
            shown.to_uppercase(),
            plain.clone(),
            format!(" {plain} "),
            shown.replace('-', " "),
        ] {
            let read = RecoveryCode::parse(&typed).unwrap();
            assert!(
                read.hashed(account(1)).matches(&code.hashed(account(1))),
                "{typed}"
            );
        }
        assert!(!code.hashed(account(1)).matches(&code.hashed(account(2))));
    }

    #[test]
    fn what_has_another_form_is_no_code() {
        for text in [
            "",
            "123456",
            "abcd-efgh-ijkl-mno",
            "abcd-efgh-ijkl-mnopq",
            "abcd-efgh-ijkl-mno1",
            "äbcd-efgh-ijkl-mnop",
        ] {
            assert!(RecoveryCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_log_line_shows_no_code() {
        assert_eq!(
            format!("{:?}", RecoveryCode::generate().unwrap()),
            "RecoveryCode(SecretText(..))"
        );
    }
}
