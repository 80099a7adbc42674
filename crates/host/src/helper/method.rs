//! The verbs: what a caller may ask the helper for.
//!
//! Each is a struct with its parameters; [`Verb`] is the closed list of them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::firewall::{FirewallReply, PlanReply, Ports, ReturnSeconds, SshAccess};
use super::message::{Call, ErrorName, Members, Refusal, check_shape};
use super::reply::{
    BackupReply, ConfirmReply, DescriptionReply, InfoReply, JournalReply, ListenersReply, RestartReply,
    SshReply, StorageReply, UnitsReply,
};
use super::{INTERFACE, SERVICE_INTERFACE};
use crate::journal::Cursor;

/// Most characters of a caller's text that a refusal repeats.
const TOLD_CHARS_MAX: usize = 64;

/// A verb with its name on the wire and the kind of its reply.
pub trait Method: Serialize {
    /// Interface and method.
    const NAME: &'static str;
    /// What comes back.
    type Reply: DeserializeOwned;
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $fields:tt = $wire:literal -> $reply:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name $fields

            impl Method for $name {
                const NAME: &'static str = $wire;
                type Reply = $reply;
            }
        )+

        /// Everything that a caller may ask for.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Verb {
            $($(#[$doc])* $name($name),)+
        }

        impl Verb {
            /// The names of all verbs.
            pub const NAMES: &'static [&'static str] = &[$($wire),+];

            /// Its name on the wire.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $wire,)+
                }
            }

            fn of(method: &str, parameters: Members) -> Result<Self, Refusal> {
                match method {
                    $($wire => parameters.read().map(Self::$name).map_err(unreadable),)+
                    other => Err(unknown(other)),
                }
            }
        }
    };
}

methods! {
    /// Who answers here.
    GetInfo {} = "org.varlink.service.GetInfo" -> InfoReply;
    /// What may be asked, in varlink's language.
    GetInterfaceDescription {
        /// Which interface.
        pub interface: String,
    } = "org.varlink.service.GetInterfaceDescription" -> DescriptionReply;
    /// Whether what lies on the disks is encrypted.
    GetStorage {} = "org.strongroom.Host.GetStorage" -> StorageReply;
    /// What the SSH server lets in.
    GetSsh {} = "org.strongroom.Host.GetSsh" -> SshReply;
    /// Who listens on which port.
    GetListeners {} = "org.strongroom.Host.GetListeners" -> ListenersReply;
    /// How our units do, and how exposed they are.
    GetUnits {} = "org.strongroom.Host.GetUnits" -> UnitsReply;
    /// Lines of our units in the journal.
    GetJournal {
        /// The place after which they begin; none for the newest line alone.
        pub after: Option<Cursor>,
    } = "org.strongroom.Host.GetJournal" -> JournalReply;
    /// Starts one of our units anew.
    RestartUnit {
        /// Which.
        pub unit: OwnUnit,
    } = "org.strongroom.Host.RestartUnit" -> RestartReply;
    /// Starts the nightly backup now.
    StartBackup {} = "org.strongroom.Host.StartBackup" -> BackupReply;
    /// The ruleset that is loaded, and the confirmed one.
    GetFirewall {} = "org.strongroom.Host.GetFirewall" -> FirewallReply;
    /// The ruleset that would be loaded.
    PlanFirewall {
        /// The platform's ports.
        pub ports: Ports,
        /// Whether SSH's stay open.
        pub ssh: SshAccess,
    } = "org.strongroom.Host.PlanFirewall" -> PlanReply;
    /// Loads the ruleset; it goes by itself when nobody confirms it in time.
    ApplyFirewall {
        /// The platform's ports.
        pub ports: Ports,
        /// Whether SSH's stay open.
        pub ssh: SshAccess,
        /// How long it waits to be confirmed.
        pub seconds: ReturnSeconds,
        /// The caller's login, which is not the one to confirm from.
        pub session: Option<u32>,
    } = "org.strongroom.Host.ApplyFirewall" -> PlanReply;
    /// Keeps the ruleset that waits, over boots too.
    ConfirmFirewall {
        /// The caller's login; none where it does not matter.
        pub session: Option<u32>,
    } = "org.strongroom.Host.ConfirmFirewall" -> ConfirmReply;
}

/// The daemons that the helper may start anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnUnit {
    /// `strongroom.service`.
    Server,
    /// `strongroom-worker.service`.
    Worker,
}

impl OwnUnit {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Server, Self::Worker];

    /// As systemd calls it.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Server => "strongroom.service",
            Self::Worker => "strongroom-worker.service",
        }
    }
}

impl Verb {
    /// Reads a call.
    ///
    /// # Errors
    /// `InvalidParameter`, `MethodNotFound`, `InterfaceNotFound`, with what was wrong.
    pub fn read(message: &[u8]) -> Result<Self, Refusal> {
        check_shape(message).map_err(|why| Refusal::new(ErrorName::InvalidParameter, why))?;
        let call: Call = serde_json::from_slice(message).map_err(unreadable)?;
        if call.more || call.oneway || call.upgrade {
            let why = "each call has one answer: more, oneway and upgrade are not spoken";
            return Err(Refusal::new(ErrorName::InvalidParameter, why));
        }
        Self::of(&call.method, call.parameters.unwrap_or_default())
    }
}

/// The parser names the member; a text of the caller's is cut short and shown without control characters.
fn unreadable(error: serde_json::Error) -> Refusal {
    Refusal::new(ErrorName::InvalidParameter, told(&error.to_string()))
}

fn unknown(method: &str) -> Refusal {
    let interface = method.rsplit_once('.').map_or("", |(interface, _)| interface);
    if interface == INTERFACE || interface == SERVICE_INTERFACE {
        return Refusal::new(ErrorName::MethodNotFound, told(method));
    }
    Refusal::new(ErrorName::InterfaceNotFound, told(interface))
}

fn told(text: &str) -> String {
    text.chars()
        .take(TOLD_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect()
}
