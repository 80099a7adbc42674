//! Codes of authenticator apps: time-based one-time passwords (RFC 6238) with the parameters that every app knows:
//! HMAC-SHA-1, six digits, 30 seconds.
//!
//! Invariants: a secret has 160 random bits (RFC 4226 section 4, R6) and no `Debug` that shows it; a code is compared in
//! constant time with every code of the window, whichever fits. That a code counts once is the store's work: the caller
//! spends the step that [`TotpSecret::look`] names. Start there.

use crate::crypto::{CryptoError, failed};
use crate::mac::is_equal;
use crate::secret::{Secret, SecretText};
use crate::token::base32;
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};
use zeroize::Zeroizing;

/// Seconds that a code lasts.
pub const STEP_SECONDS: i64 = 30;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Steps before and after the present one whose code counts: for slow hands, and clocks that are a little off.
pub const SKEW_STEPS: i64 = 1;
/// Steps around the present one whose code tells that a clock is off. It does not count.
pub const DRIFT_STEPS: i64 = 10;
const SECRET_BYTES: usize = 20;
/// Ten to the power of [`DIGITS`].
const MODULUS: u32 = 1_000_000;

/// What is shared with an authenticator app.
#[derive(Debug)]
pub struct TotpSecret(Secret<SECRET_BYTES>);

/// What a typed code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reading {
    /// The code of a step that counts, if that step is not spent.
    Counts {
        /// The step, counted from 1970.
        step: i64,
    },
    /// The code of a step nearby that does not count: the app's clock or ours is off.
    Off {
        /// The step.
        step: i64,
        /// So many steps after the present one; negative when before.
        ahead: i64,
    },
    /// No code of any step nearby.
    Wrong,
}

impl TotpSecret {
    /// A random one.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        Secret::generate().map(Self)
    }

    /// A secret of these bytes, or nothing when there are not 20 of them.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Secret::from_slice(bytes).map(Self)
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8; SECRET_BYTES] {
        self.0.expose()
    }

    /// The secret as apps take it when it is typed: base32 (RFC 4648) in capitals.
    #[must_use]
    pub fn text(&self) -> SecretText {
        let lower = Zeroizing::new(base32::encode(self.0.expose()));
        SecretText::new(lower.to_ascii_uppercase())
    }

    /// The address that a QR code carries (the "Key Uri Format" of Google Authenticator).
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> SecretText {
        let (issuer, account) = (escaped(issuer), escaped(account));
        let secret = self.text();
        let secret = secret.expose();
        SecretText::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}"
        ))
    }

    /// What a typed code is at a time, in seconds since 1970.
    ///
    /// # Errors
    /// OpenSSL does not do HMAC-SHA-1.
    pub fn look(&self, typed: &str, now_s: i64) -> Result<Reading, CryptoError> {
        let typed: Zeroizing<String> = Zeroizing::new(typed.chars().filter(|typed| *typed != ' ').collect());
        let present = now_s.div_euclid(STEP_SECONDS);
        let mut found = Reading::Wrong;
        for ahead in -DRIFT_STEPS..=DRIFT_STEPS {
            let step = present + ahead;
            let fits = is_equal(self.code_at(step)?.as_bytes(), typed.as_bytes());
            let counts = ahead.abs() <= SKEW_STEPS;
            match (fits, counts) {
                (true, true) => found = Reading::Counts { step },
                (true, false) if found == Reading::Wrong => found = Reading::Off { step, ahead },
                _ => {}
            }
        }
        Ok(found)
    }

    /// The code of a step.
    ///
    /// # Errors
    /// As [`TotpSecret::look`].
    pub fn code_at(&self, step: i64) -> Result<Zeroizing<String>, CryptoError> {
        let wrong = || failed("HMAC-SHA-1");
        let key = PKey::hmac(self.0.expose()).map_err(wrong())?;
        let mut signer = Signer::new(MessageDigest::sha1(), &key).map_err(wrong())?;
        let mut tag = [0; 20];
        signer.update(&step.to_be_bytes()).map_err(wrong())?;
        signer.sign(&mut tag).map_err(wrong())?;
        let number = truncated(&tag) % MODULUS;
        Ok(Zeroizing::new(format!("{number:0width$}", width = DIGITS)))
    }
}

/// Dynamic truncation (RFC 4226 section 5.3).
fn truncated(tag: &[u8; 20]) -> u32 {
    let offset = usize::from(tag[19] & 0x0f);
    let word = [tag[offset], tag[offset + 1], tag[offset + 2], tag[offset + 3]];
    u32::from_be_bytes(word) & 0x7fff_ffff
}

/// Percent-encoding of everything but unreserved characters (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret::from_slice(b"12345678901234567890").unwrap()
    }

    /// RFC 6238 appendix B, SHA-1, the last six of its eight digits.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                *of_the_rfc().code_at(second / STEP_SECONDS).unwrap(),
                code,
                "{second}"
            );
        }
    }

    #[test]
    fn a_code_counts_one_step_around_and_tells_of_a_clock_beyond() {
        let (secret, now) = (TotpSecret::generate().unwrap(), 1_800_000_010);
        let present = now / STEP_SECONDS;
        for ahead in [-12, -11, -10, -2, -1, 0, 1, 2, 10, 11, 12] {
            let code = secret.code_at(present + ahead).unwrap();
            let step = present + ahead;
            let expected = match ahead {
                -1..=1 => Reading::Counts { step },
                -10..=10 => Reading::Off { step, ahead },
                _ => Reading::Wrong,
            };
            let found = secret.look(&code, now).unwrap();
            // One code in about fifty thousand is that of another step as well.
            if secret.code_at(step).unwrap() == code && found != expected {
                let twins = (-DRIFT_STEPS..=DRIFT_STEPS)
                    .filter(|twin| secret.code_at(present + twin).unwrap() == code);
                assert!(
                    twins.count() > usize::from(ahead.abs() <= DRIFT_STEPS),
                    "{ahead}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_code_is_wrong_and_spaces_do_not_matter() {
        let (secret, now) = (of_the_rfc(), 59);
        assert_eq!(secret.look("287 082", now).unwrap(), Reading::Counts { step: 1 });
        for text in ["", "28708", "2870820", "287083", "２８７０８２", "abcdef"] {
            assert_eq!(secret.look(text, now).unwrap(), Reading::Wrong, "{text}");
        }
    }

    #[test]
    fn the_address_names_issuer_account_and_secret() {
        let uri = of_the_rfc().uri("Acme & Söhne", "a+b@example.com");
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Acme%20%26%20S%C3%B6hne:a%2Bb%40example.com?\
             secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20S%C3%B6hne"
        );
    }

    #[test]
    fn a_log_line_shows_no_secret() {
        assert_eq!(format!("{:?}", of_the_rfc()), "TotpSecret(Secret(..))");
    }
}
