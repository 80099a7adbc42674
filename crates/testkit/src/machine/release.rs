//! The Debian releases that machines run.

/// A release of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Release {
    /// As archives call it.
    pub fn codename(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// What archives call the release before it.
    pub fn before(self) -> &'static str {
        match self {
            Self::Bookworm => "bullseye",
            Self::Trixie => "bookworm",
        }
    }
}
