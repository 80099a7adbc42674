//! The SSH server's effective settings, by its own words (`sshd -T`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::run::{Call, Program, RunError};

/// It reads files and asks nobody.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the SSH server lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// Passwords, or what asks for them at the keyboard (PAM).
    pub passwords: bool,
    /// Root with a password.
    pub root_with_password: bool,
    /// The TCP ports that it takes connections on.
    pub ports: BTreeSet<u16>,
}

/// Asks the SSH server; none where none is installed. Only root is told.
///
/// # Errors
/// [`RunError`].
pub fn look() -> Result<Option<Ssh>, RunError> {
    if !Program::Sshd.is_installed() {
        return Ok(None);
    }
    let call = Call::new(Program::Sshd).with(["-T"]);
    Ok(Some(parse(&call.within(DEADLINE).run()?)))
}

/// `passwordauthentication yes`, one setting a line, names in lower case (sshd(8)).
fn parse(text: &str) -> Ssh {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let settings: BTreeMap<&str, &str> = lines.collect();
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|found| *found == value);
    // A setting that is not shown counts as open: nobody is told that it is closed.
    let passwords = !is("passwordauthentication", "no") || !is("kbdinteractiveauthentication", "no");
    Ssh {
        ports: ports(text),
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

/// `port 22`, a line for each; `listenaddress 192.0.2.1:2222` and `[::]:2222` name their own.
fn ports(text: &str) -> BTreeSet<u16> {
    let port = |line: &str| match line.split_once(' ')? {
        ("port", port) => port.parse().ok(),
        ("listenaddress", address) => address.rsplit_once(':')?.1.parse().ok(),
        _ => None,
    };
    text.lines().filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_seen_whatever_names_it() {
        let text = "port 22\nlistenaddress [::]:22\nlistenaddress 192.0.2.1:2222\nport x\n";
        assert_eq!(ports(text), BTreeSet::from([22, 2222]));
    }

    #[test]
    fn only_what_is_said_to_be_closed_is_closed() {
        let closed =
            "permitrootlogin prohibit-password\npasswordauthentication no\nkbdinteractiveauthentication no\n";
        assert_eq!(
            parse(closed),
            Ssh {
                passwords: false,
                root_with_password: false,
                ports: BTreeSet::new(),
            }
        );
        let open = closed.replace("passwordauthentication no", "passwordauthentication yes");
        assert_eq!(
            parse(&open),
            Ssh {
                passwords: true,
                root_with_password: false,
                ports: BTreeSet::new(),
            }
        );
        assert_eq!(
            parse(""),
            Ssh {
                passwords: true,
                root_with_password: true,
                ports: BTreeSet::new(),
            }
        );
        let keyboard = closed.replace(
            "kbdinteractiveauthentication no",
            "kbdinteractiveauthentication yes",
        );
        assert!(parse(&keyboard).passwords);
    }
}
