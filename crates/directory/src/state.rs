//! What a directory says of an account's state: bits of Active Directory, operational attributes elsewhere, and the answer of a
//! password policy to a bind.

use jiff::Timestamp;
use ldap3::controls::Control;

use crate::{entry::Entry, refusal::Refusal};

/// Attributes that say something of the state; unknown ones do no harm.
pub(crate) const ATTRIBUTES: &[&str] = &[
    "userAccountControl",
    "accountExpires",
    "pwdAccountLockedTime",
    "nsAccountLock",
    "shadowExpire",
];

/// Whether somebody may sign in as far as the entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// They may.
    Active,
    /// An administrator of the directory disabled the account.
    Disabled,
    /// Its time is over.
    Expired,
}

impl State {
    /// What the entry says.
    #[must_use]
    pub fn of(entry: &Entry, now: Timestamp) -> Self {
        let number = |name: &str| entry.text(name).and_then(|text| text.parse::<i64>().ok());
        let disabled = number("userAccountControl").is_some_and(|bits| bits & 2 != 0)
            || entry.text("nsAccountLock").is_some_and(|text| text.eq_ignore_ascii_case("true"))
            // Locked for good, by an administrator (draft-behera-ldap-password-policy 5.3.3).
            || entry.text("pwdAccountLockedTime") == Some("000001010000Z");
        let over = number("accountExpires")
            .and_then(windows_time)
            .is_some_and(|end| end <= now)
            || number("shadowExpire")
                .is_some_and(|days| days >= 0 && days.saturating_mul(86_400) <= now.as_second());
        if disabled {
            Self::Disabled
        } else if over {
            Self::Expired
        } else {
            Self::Active
        }
    }

    /// Why somebody in this state is not let in.
    #[must_use]
    pub fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Active => None,
            Self::Disabled => Some(Refusal::Disabled),
            Self::Expired => Some(Refusal::Expired),
        }
    }
}

/// Tenths of microseconds since 1601 (MS-ADTS 2.2.16); 0 and the largest number are "never".
fn windows_time(ticks: i64) -> Option<Timestamp> {
    const SECONDS_TO_1970: i64 = 11_644_473_600;
    if ticks <= 0 || ticks == i64::MAX {
        return None;
    }
    Timestamp::from_second(ticks / 10_000_000 - SECONDS_TO_1970).ok()
}

/// What a bind's answer said of the password policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordPolicy {
    /// Nothing that keeps somebody out.
    Silent,
    /// The password has expired.
    Expired,
    /// The account is locked.
    Locked,
    /// The password must be changed; the bind succeeded all the same.
    MustChange,
}

impl PasswordPolicy {
    pub(crate) const OID: &'static str = "1.3.6.1.4.1.42.2.27.8.5.1";

    /// `SEQUENCE { warning [0] ..., error [1] ENUMERATED }`: the error is the last part.
    pub(crate) fn of(controls: &[Control]) -> Self {
        let control = controls.iter().find(|Control(_, raw)| raw.ctype == Self::OID);
        let value = control
            .and_then(|Control(_, raw)| raw.val.as_deref())
            .unwrap_or_default();
        let error = match value {
            [0x30, length, .., 0x81, 1, error] if usize::from(*length) == value.len() - 2 => Some(*error),
            _ => None,
        };
        match error {
            Some(0) => Self::Expired,
            Some(1) => Self::Locked,
            Some(2) => Self::MustChange,
            _ => Self::Silent,
        }
    }

    pub(crate) fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Silent => None,
            Self::Expired => Some(Refusal::PasswordExpired),
            Self::Locked => Some(Refusal::Locked),
            Self::MustChange => Some(Refusal::MustChange),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ldap3::{SearchEntry, controls::RawControl};
    use std::collections::HashMap;

    fn state(attribute: &str, value: &str) -> State {
        let attrs = HashMap::from([(attribute.to_owned(), vec![value.to_owned()])]);
        let entry = Entry::of(SearchEntry {
            dn: "cn=a".into(),
            attrs,
            bin_attrs: HashMap::new(),
        });
        State::of(&entry, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn bits_and_times_say_the_state() {
        assert_eq!(state("userAccountControl", "512"), State::Active);
        assert_eq!(state("userAccountControl", "514"), State::Disabled);
        assert_eq!(state("NSACCOUNTLOCK", "TRUE"), State::Disabled);
        assert_eq!(state("pwdAccountLockedTime", "000001010000Z"), State::Disabled);
        assert_eq!(state("accountExpires", "132223104000000000"), State::Expired);
        for never in ["0", "9223372036854775807", "nonsense", "160000000000000000"] {
            assert_eq!(state("accountExpires", never), State::Active, "{never}");
        }
    }

    #[test]
    fn the_policy_answers_with_its_last_part() {
        let policy = |value: &[u8]| {
            let raw = RawControl {
                ctype: PasswordPolicy::OID.into(),
                crit: false,
                val: Some(value.to_vec()),
            };
            PasswordPolicy::of(&[Control(None, raw)])
        };
        assert_eq!(policy(&[0x30, 3, 0x81, 1, 2]), PasswordPolicy::MustChange);
        assert_eq!(
            policy(&[0x30, 8, 0xa0, 3, 0x81, 1, 5, 0x81, 1, 0]),
            PasswordPolicy::Expired
        );
        assert_eq!(policy(&[0x30, 0]), PasswordPolicy::Silent);
        assert_eq!(policy(&[0x30, 9, 0x81, 1, 2]), PasswordPolicy::Silent);
    }
}
