//! What the firewall's verbs take and give.

use serde::{Deserialize, Serialize};

/// Most ports that a ruleset opens beside SSH's.
const PORTS_MAX: usize = 8;
/// Nobody signs in anew in less.
const SECONDS_MIN: u32 = 5;
/// Longer than this nobody is to be locked out.
const SECONDS_MAX: u32 = 600;

/// TCP ports that the platform listens on: at most 8, none of them 0, sorted, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u16>", into = "Vec<u16>")]
pub struct Ports(Vec<u16>);

/// How long an unconfirmed ruleset stays, in seconds: 5 to 600.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ReturnSeconds(u32);

/// Why ports or seconds are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortsError {
    /// Too many.
    #[error("a ruleset opens at most {PORTS_MAX} ports")]
    TooMany,
    /// Port 0.
    #[error("0 is no port")]
    Zero,
    /// Too short or too long.
    #[error("a ruleset waits between {SECONDS_MIN} and {SECONDS_MAX} seconds to be confirmed")]
    Seconds,
}

impl Ports {
    /// The ports, sorted.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        &self.0
    }
}

impl TryFrom<Vec<u16>> for Ports {
    type Error = PortsError;

    fn try_from(mut ports: Vec<u16>) -> Result<Self, PortsError> {
        ports.sort_unstable();
        ports.dedup();
        if ports.len() > PORTS_MAX {
            return Err(PortsError::TooMany);
        }
        if ports.contains(&0) {
            return Err(PortsError::Zero);
        }
        Ok(Self(ports))
    }
}

impl From<Ports> for Vec<u16> {
    fn from(ports: Ports) -> Self {
        ports.0
    }
}

impl TryFrom<u32> for ReturnSeconds {
    type Error = PortsError;

    fn try_from(seconds: u32) -> Result<Self, PortsError> {
        if (SECONDS_MIN..=SECONDS_MAX).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(PortsError::Seconds)
        }
    }
}

impl From<ReturnSeconds> for u32 {
    fn from(seconds: ReturnSeconds) -> Self {
        seconds.0
    }
}

/// Whether the SSH server's ports stay open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshAccess {
    /// They do; the helper asks the SSH server which they are.
    Keep,
    /// They do not: somebody else has a way in.
    Close,
}

/// A ruleset that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanReply {
    /// As nft prints it.
    pub ruleset: String,
    /// The ports of the SSH server among those that it opens.
    pub ssh_ports: Vec<u16>,
}

/// What is loaded, and what a boot will load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirewallReply {
    /// Our table as nft prints it; none when the kernel has none.
    pub loaded: Option<String>,
    /// The confirmed ruleset, in the same form; none when none was confirmed.
    pub confirmed: Option<String>,
    /// An applied ruleset waits to be confirmed.
    pub is_pending: bool,
    /// Packets of the ruled accounts that were turned away since our table was loaded; none where it rules none.
    pub turned_away: Option<u64>,
}
