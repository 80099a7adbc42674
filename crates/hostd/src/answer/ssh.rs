//! The SSH server's settings.

use host::helper::{SshReply, SshState};
use host::ssh::{self, Ssh};

use super::said;

pub(super) fn look() -> SshReply {
    match ssh::look() {
        Ok(Some(found)) => known(&found),
        Ok(None) => nothing(SshState::Absent, None),
        Err(error) => nothing(SshState::Unknown, Some(said(&error))),
    }
}

fn known(found: &Ssh) -> SshReply {
    SshReply {
        state: SshState::Known,
        passwords: Some(found.passwords),
        root_with_password: Some(found.root_with_password),
        ports: found.ports.iter().copied().collect(),
        why: None,
    }
}

fn nothing(state: SshState, why: Option<String>) -> SshReply {
    SshReply {
        state,
        passwords: None,
        root_with_password: None,
        ports: Vec::new(),
        why,
    }
}
