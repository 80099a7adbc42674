//! The SSH server's effective settings, by its own words (`sshd -T`).

use std::collections::BTreeMap;

use crate::run::{Call, Program, RunError};

/// What the SSH server lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// Passwords, or what asks for them at the keyboard (PAM).
    pub passwords: bool,
    /// Root with a password.
    pub root_with_password: bool,
}

/// Asks the SSH server; none where none is installed. Only root is told.
///
/// # Errors
/// [`RunError`].
pub fn look() -> Result<Option<Ssh>, RunError> {
    if !Program::Sshd.is_installed() {
        return Ok(None);
    }
    Ok(Some(parse(&Call::new(Program::Sshd).with(["-T"]).run()?)))
}

/// `passwordauthentication yes`, one setting a line, names in lower case (sshd(8)).
fn parse(text: &str) -> Ssh {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let settings: BTreeMap<&str, &str> = lines.collect();
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|found| *found == value);
    // A setting that is not shown counts as open: nobody is told that it is closed.
    let passwords = !is("passwordauthentication", "no") || !is("kbdinteractiveauthentication", "no");
    Ssh {
        passwords,
        root_with_password: passwords
            && ![
                "no",
                "prohibit-password",
                "without-password",
                "forced-commands-only",
            ]
            .iter()
            .any(|closed| is("permitrootlogin", closed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_to_be_closed_is_closed() {
        let closed =
            "permitrootlogin prohibit-password\npasswordauthentication no\nkbdinteractiveauthentication no\n";
        assert_eq!(
            parse(closed),
            Ssh {
                passwords: false,
                root_with_password: false
            }
        );
        let open = closed.replace("passwordauthentication no", "passwordauthentication yes");
        assert_eq!(
            parse(&open),
            Ssh {
                passwords: true,
                root_with_password: false
            }
        );
        assert_eq!(
            parse(""),
            Ssh {
                passwords: true,
                root_with_password: true
            }
        );
        let keyboard = closed.replace(
            "kbdinteractiveauthentication no",
            "kbdinteractiveauthentication yes",
        );
        assert!(parse(&keyboard).passwords);
    }
}
