//! Updates that are there and not installed: apt's own simulation, which needs no root and changes nothing.

use std::time::Duration;

use serde::Serialize;

use crate::run::{Call, Program, RunError};

const DEADLINE: Duration = Duration::from_secs(120);

/// An update that apt would install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// The package.
    pub package: String,
    /// What is installed; none for a package that comes anew.
    pub from: Option<String>,
    /// What would be.
    pub to: String,
    /// Debian's security team published it.
    pub is_security: bool,
}

/// Asks apt what it would install, held packages included.
///
/// # Errors
/// [`RunError`].
pub fn pending() -> Result<Vec<Pending>, RunError> {
    let call = Call::new(Program::AptGet).with([
        "--simulate",
        "--ignore-hold",
        "--option=Debug::NoLocking=1",
        "dist-upgrade",
    ]);
    Ok(parse(&call.within(DEADLINE).run()?))
}

/// From `Inst openssl [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])`.
fn parse(text: &str) -> Vec<Pending> {
    let line = |line: &str| {
        let rest = line.strip_prefix("Inst ")?;
        let (before, offer) = rest.split_once(" (")?;
        let mut words = before.split_whitespace();
        let package = words.next()?.to_owned();
        let from = words.next().map(|word| word.trim_matches(['[', ']']).to_owned());
        let offer = offer.split(')').next()?;
        let (to, sources) = offer.split_once(' ')?;
        Some(Pending {
            package,
            from,
            to: to.to_owned(),
            is_security: sources.contains("Debian-Security:") || sources.contains("-security"),
        })
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_tells_security_updates_from_others() {
        let text = "NOTE: This is only a simulation!\nInst openssl [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])\n\
                    Inst tzdata [1] (2 Debian:13.1/stable [all]) []\nInst new (1 Debian:13.1/stable [all])\nConf openssl (3.5.1-1+deb13u1 x [amd64])\n";
        let found = parse(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].is_security && !found[1].is_security);
        assert_eq!(
            (found[0].to.as_str(), found[2].from.as_deref()),
            ("3.5.1-1+deb13u1", None)
        );
    }
}
