//! Why a person is not let in, as the directory or our own rules say. For the administrator: the person sees one sentence.

use thiserror::Error;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// An empty password would be an anonymous bind, which succeeds (RFC 4513 5.1.2).
    #[error("the password is empty")]
    Empty,
    /// The name or the password holds a NUL or is too long.
    #[error("the name or the password holds what no directory takes")]
    Malformed,
    /// The search found nobody.
    #[error("nobody under the search bases has this login name and passes the filter")]
    Unknown,
    /// The search found several.
    #[error("several people have this login name; make it unique or narrow the search bases")]
    Ambiguous,
    /// The entry has no identifier that stays.
    #[error("the entry has no readable identifier; let the service account read it")]
    NoIdentifier,
    /// The password is wrong (49, data 52e).
    #[error("the password is wrong")]
    WrongPassword,
    /// The account is disabled (533, userAccountControl, nsAccountLock).
    #[error("the account is disabled in the directory")]
    Disabled,
    /// The account has expired (701, accountExpires).
    #[error("the account has expired in the directory")]
    Expired,
    /// The account is locked (775, ppolicy).
    #[error("the account is locked in the directory after wrong passwords; unlock it there or wait")]
    Locked,
    /// The password must be changed first (773, pwdReset).
    #[error("the password must be changed first, at a workstation or the directory's own page")]
    MustChange,
    /// The password has expired (532, ppolicy).
    #[error("the password has expired; change it at a workstation or the directory's own page")]
    PasswordExpired,
    /// Not at this time or from here (530, 531).
    #[error("the directory allows this account other hours or other machines only")]
    NotHere,
}

impl Refusal {
    /// What a failed bind says: Active Directory's code in `data 52e,` (MS-ERREF), or nothing more than "wrong".
    #[must_use]
    pub fn of_diagnostic(text: &str) -> Self {
        let code = text
            .split_once(" data ")
            .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default());
        match code {
            Some("525") => Self::Unknown,
            Some("530" | "531") => Self::NotHere,
            Some("532") => Self::PasswordExpired,
            Some("533") => Self::Disabled,
            Some("701") => Self::Expired,
            Some("773") => Self::MustChange,
            Some("775") => Self::Locked,
            _ => Self::WrongPassword,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn the_code_of_active_directory_says_why() {
        let text = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1";
        assert_eq!(Refusal::of_diagnostic(text), Refusal::Locked);
        assert_eq!(
            Refusal::of_diagnostic(&text.replace("775", "52e")),
            Refusal::WrongPassword
        );
        assert_eq!(Refusal::of_diagnostic(""), Refusal::WrongPassword);
    }
}
