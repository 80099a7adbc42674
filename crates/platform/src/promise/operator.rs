//! The operators' two factors: the host's side of it, the SSH server.
//!
//! Invariant: operators have no second factor in the platform yet, so this is never "kept"; what the SSH server lets in can
//! break it.

use super::look::Look;
use crate::{Platform, error::Result, helper};
use host::helper::{GetSsh, SshReply, SshState};
use promises::Outcome;

pub(super) const ID: &str = "operator-mfa";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    Ok(match helper::ask(platform, GetSsh {}).await? {
        Ok(reply) => judge(&reply),
        Err(error) => Outcome::could_not_look(helper::text(&error)),
    })
}

fn judge(reply: &SshReply) -> Outcome {
    const PLACE: &str = "the SSH server";
    let advice = "set PasswordAuthentication no and KbdInteractiveAuthentication no in /etc/ssh/sshd_config.d/, and reload ssh";
    let mut look = Look::new();
    if reply.passwords == Some(true) {
        look.fault("it takes passwords", PLACE, advice);
    }
    if reply.root_with_password == Some(true) {
        look.fault("root may sign in with a password", PLACE, advice);
    }
    if !look.is_clean() {
        return look.fact("ports", format!("{:?}", reply.ports)).done();
    }
    let host = match (reply.state, &reply.why) {
        (SshState::Absent, _) => "there is no SSH server".to_owned(),
        (SshState::Known, _) if reply.passwords == Some(false) => "the SSH server takes keys only".to_owned(),
        (SshState::Known, _) => "the SSH server does not say whether it takes passwords".to_owned(),
        (SshState::Unknown, why) => {
            let why = why.as_deref().unwrap_or("it does not say why");
            format!("the SSH server's settings are not known: {why}")
        }
    };
    Outcome::could_not_look(format!(
        "operators have no second factor in the platform yet; on the host, {host}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(state: SshState, passwords: Option<bool>, root: Option<bool>) -> SshReply {
        SshReply {
            state,
            passwords,
            root_with_password: root,
            ports: vec![22],
            why: None,
        }
    }

    #[test]
    fn passwords_over_ssh_break_it() {
        for (passwords, root, count) in [(Some(true), Some(false), 1), (Some(true), Some(true), 2)] {
            let outcome = judge(&reply(SshState::Known, passwords, root));
            let Outcome::Looked { faults, .. } = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!(faults.len(), count);
        }
    }

    #[test]
    fn it_is_never_kept_and_says_what_the_host_does() {
        for (state, passwords, said) in [
            (SshState::Known, Some(false), "keys only"),
            (SshState::Known, None, "does not say whether"),
            (SshState::Absent, None, "no SSH server"),
            (SshState::Unknown, None, "not known"),
        ] {
            let outcome = judge(&reply(state, passwords, None));
            let Outcome::CouldNotLook { why } = outcome else {
                panic!("{outcome:?}")
            };
            assert!(why.contains(said), "{why}");
        }
    }
}
