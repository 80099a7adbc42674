//! Who calls, by the kernel's word, and what they may.
//!
//! Invariant: the socket's mode is the first line and this the second: a caller who is neither root nor the
//! daemons' user is refused even if he can connect.

use std::os::unix::net::UnixStream;

use host::account::Account;
use host::helper::Verb;
use nix::sys::socket::{getsockopt, sockopt};

/// The users who may call, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Users {
    /// root's number.
    pub root: u32,
    /// The daemons' user; none where the machine has none.
    pub service: Option<u32>,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// Everything.
    Root,
    /// Facts, plans, starting its own daemons anew, and a backup.
    Service,
}

/// A caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) pid: i32,
    pub(crate) uid: u32,
    /// None for a stranger.
    pub(crate) rank: Option<Rank>,
}

impl Users {
    /// root, and the daemons' user of that name.
    #[must_use]
    pub fn of_machine(service: &str) -> Self {
        Self {
            root: 0,
            service: Account::named(service).map(|account| account.uid.as_raw()),
        }
    }

    fn rank(self, uid: u32) -> Option<Rank> {
        if uid == self.root {
            return Some(Rank::Root);
        }
        (self.service == Some(uid)).then_some(Rank::Service)
    }
}

impl Peer {
    /// Who connected: what the kernel noted then (SO_PEERCRED, unix(7)), so it does not change with the caller.
    pub(crate) fn of(stream: &UnixStream, users: Users) -> Option<Self> {
        let credentials = getsockopt(stream, sockopt::PeerCredentials).ok()?;
        let uid = credentials.uid();
        Some(Self {
            pid: credentials.pid(),
            uid,
            rank: users.rank(uid),
        })
    }
}

/// What a verb does to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// It changes something that comes about by itself as well, or that the daemons could bring about.
    Own,
    /// It changes the machine for everybody.
    Machine,
}

pub(crate) fn effect(verb: &Verb) -> Effect {
    match verb {
        Verb::GetInfo(_)
        | Verb::GetInterfaceDescription(_)
        | Verb::GetStorage(_)
        | Verb::GetSsh(_)
        | Verb::GetListeners(_)
        | Verb::GetUnits(_)
        | Verb::GetJournal(_)
        | Verb::GetFirewall(_)
        | Verb::PlanFirewall(_) => Effect::None,
        // A daemon that ends itself is started anew as well; a backup comes each night, and systemd bounds how many in an hour.
        Verb::RestartUnit(_) | Verb::StartBackup(_) => Effect::Own,
        Verb::ApplyFirewall(_) | Verb::ConfirmFirewall(_) => Effect::Machine,
    }
}

/// Whether the rank may do it.
pub(crate) fn may(rank: Rank, effect: Effect) -> bool {
    match (rank, effect) {
        (Rank::Root, _) | (Rank::Service, Effect::None | Effect::Own) => true,
        (Rank::Service, Effect::Machine) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: Users = Users {
        root: 0,
        service: Some(107),
    };

    #[test]
    fn a_stranger_has_no_rank_and_nobody_stands_for_a_user_that_is_not_there() {
        assert_eq!(USERS.rank(0), Some(Rank::Root));
        assert_eq!(USERS.rank(107), Some(Rank::Service));
        assert_eq!(USERS.rank(1000), None);
        let without = Users {
            service: None,
            ..USERS
        };
        assert_eq!(without.rank(u32::MAX), None);
    }

    #[test]
    fn only_root_changes_the_machine() {
        for effect in [Effect::None, Effect::Own, Effect::Machine] {
            assert!(may(Rank::Root, effect));
            assert_eq!(may(Rank::Service, effect), effect != Effect::Machine);
        }
    }

    #[test]
    fn the_kernel_names_the_caller() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = Peer::of(&one, USERS).unwrap();
        assert_eq!(peer.pid.cast_unsigned(), std::process::id());
    }
}
