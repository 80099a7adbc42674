//! The operators' two factors: in the platform, where whoever has none is held, and at the host's SSH server.
//!
//! Invariant: "kept" only when both sides were seen. An operator who has not set a factor up yet breaks nothing, because
//! nothing is open to them before; they are told.

use super::look::Look;
use crate::{Platform, error::Result, helper};
use host::helper::{GetSsh, SshReply, SshState};
use promises::Outcome;
use store::control::factor_evidence::{self, OperatorFact};

pub(super) const ID: &str = "operator-mfa";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let operators = factor_evidence::list_operators(&mut platform.control().read().await?).await?;
    Ok(match helper::ask(platform, GetSsh {}).await? {
        Ok(reply) => judge(&reply, &operators),
        Err(error) => Outcome::could_not_look(helper::text(&error)),
    })
}

fn judge(reply: &SshReply, operators: &[OperatorFact]) -> Outcome {
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
        (SshState::Absent, _) => "there is no SSH server",
        (SshState::Known, _) if reply.passwords == Some(false) => "the SSH server takes keys only",
        (SshState::Known, _) => {
            return Outcome::could_not_look("the SSH server does not say whether it takes passwords");
        }
        (SshState::Unknown, why) => {
            let why = why.as_deref().unwrap_or("it does not say why");
            return Outcome::could_not_look(format!("the SSH server's settings are not known: {why}"));
        }
    };
    let enrolled = operators.iter().filter(|operator| operator.enrolled).count();
    look.fact("host", host)
        .fact("operators", operators.len())
        .fact("operators with a second factor", enrolled)
        .fact(
            "operators to whom nothing is open before they set one up",
            operators.len() - enrolled,
        )
        .done()
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
            let outcome = judge(&reply(SshState::Known, passwords, root), &[]);
            let Outcome::Looked { faults, .. } = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!(faults.len(), count);
        }
    }

    #[test]
    fn it_is_kept_only_where_the_host_was_seen() {
        let operators = [true, false].map(|enrolled| OperatorFact {
            email: "a@example.com".to_owned(),
            enrolled,
        });
        for (state, passwords, said) in [
            (SshState::Known, None, "does not say whether"),
            (SshState::Unknown, None, "not known"),
        ] {
            let outcome = judge(&reply(state, passwords, None), &operators);
            let Outcome::CouldNotLook { why } = outcome else {
                panic!("{outcome:?}")
            };
            assert!(why.contains(said), "{why}");
        }
        for (state, passwords) in [(SshState::Known, Some(false)), (SshState::Absent, None)] {
            let outcome = judge(&reply(state, passwords, None), &operators);
            let Outcome::Looked { faults, .. } = &outcome else {
                panic!("{outcome:?}")
            };
            assert!(
                faults.is_empty() && format!("{outcome:?}").contains("second factor"),
                "{outcome:?}"
            );
        }
    }
}
