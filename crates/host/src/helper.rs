//! The language of the root helper, `strongroom-hostd`, and a client that speaks it.
//!
//! It is varlink (<https://varlink.org>): JSON messages, each ended by a NUL byte, over a unix socket. What may be
//! said stands in `helper/org.strongroom.Host.varlink`; a test holds the file and the types below together.
//!
//! Invariants: the verbs are a closed list ([`Verb`]); their parameters hold no path, no command and no text of the
//! caller's making; a message is bounded in bytes and in depth before it is parsed, and a member that is not known,
//! or stands twice, refuses it. Start at [`Helper`] to ask, at [`Verb::read`] to answer.

mod client;
mod firewall;
mod frame;
mod message;
mod method;
pub mod record;
mod reply;

#[cfg(test)]
mod tests;

pub use client::{Helper, HelperError};
pub use firewall::{FirewallReply, PlanReply, Ports, PortsError, ReturnSeconds, SshAccess};
pub use frame::{FRAME_BYTES_MAX, FrameError, Frames};
pub use message::{Answer, ErrorName, Refusal};
pub use method::{
    ApplyFirewall, ConfirmFirewall, GetFirewall, GetInfo, GetInterfaceDescription, GetJournal, GetListeners,
    GetSsh, GetStorage, GetUnits, Method, OwnUnit, PlanFirewall, RestartUnit, StartBackup, Verb,
};
pub use reply::{
    BackupReply, ConfirmReply, DescriptionReply, InfoReply, JournalLine, JournalReply, ListenersReply, Place,
    PlaceKind, PlaceState, RestartReply, SshReply, SshState, StorageReply, UnitReply, UnitsReply,
};

/// Where the helper's socket lies; systemd makes it and starts the helper when somebody connects.
pub const SOCKET: &str = "/run/strongroom/hostd.sock";
/// The interface's name.
pub const INTERFACE: &str = "org.strongroom.Host";
/// The interface's description, as the helper gives it to whoever asks.
pub const DESCRIPTION: &str = include_str!("helper/org.strongroom.Host.varlink");
/// The interface that every varlink service has.
pub const SERVICE_INTERFACE: &str = "org.varlink.service";
