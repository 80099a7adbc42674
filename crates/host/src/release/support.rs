//! Until when Debian supports its releases (<https://wiki.debian.org/DebianReleases>,
//! <https://wiki.debian.org/LTS>).
//!
//! Invariant: the table says when it was looked up, because Debian sets some dates late; whoever asks must
//! mind its age.

use jiff::civil::{Date, date};

/// When the table below was compared with Debian's pages.
pub const LOOKED_UP: Date = date(2026, 11, 1);

/// A release's support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// The major version.
    pub version: u32,
    /// The release's name.
    pub name: &'static str,
    /// The last day of Debian's security team.
    pub security_until: Date,
    /// The last day of the long-term support team.
    pub long_term_until: Date,
}

/// The releases that can matter; the newest is the current one.
const RELEASES: [Support; 3] = [
    Support {
        version: 11,
        name: "bullseye",
        security_until: date(2024, 8, 14),
        long_term_until: date(2026, 8, 31),
    },
    Support {
        version: 12,
        name: "bookworm",
        security_until: date(2026, 7, 11),
        long_term_until: date(2028, 6, 30),
    },
    Support {
        version: 13,
        name: "trixie",
        security_until: date(2028, 8, 9),
        long_term_until: date(2030, 6, 30),
    },
];

/// The support of a release; none for one that the table does not know.
#[must_use]
pub fn of(version: u32) -> Option<Support> {
    RELEASES.into_iter().find(|release| release.version == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_ends_later_in_each_release_and_the_table_knows_only_what_it_knows() {
        for pair in RELEASES.windows(2) {
            assert!(pair[0].long_term_until < pair[1].long_term_until);
        }
        assert!(
            RELEASES
                .iter()
                .all(|release| release.security_until < release.long_term_until)
        );
        assert_eq!(of(13).unwrap().name, "trixie");
        assert_eq!(of(99), None);
    }
}
