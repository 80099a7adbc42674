//! The firewall: applied for a while, confirmed for good, by the operator at the host.
//!
//! Invariant: the audit log says what is about to be done before it is done, and what became of it afterwards; where it
//! cannot be written, nothing is done.

use crate::{
    Caller, Platform, PlatformError,
    act::{Act, Object},
    caller::Identity,
    error::Result,
    helper, outgoing,
};
use host::{
    helper::{
        ApplyFirewall, ConfirmFirewall, ConfirmReply, HelperError, PlanReply, Ports, ReturnSeconds, SshAccess,
    },
    login,
};
use std::net::SocketAddr;
use types::ProblemCode;

/// The ports that the listeners need open: those that only this machine reaches need none.
///
/// # Errors
/// `invalid` where there are more than a ruleset opens.
pub fn ports(listeners: impl IntoIterator<Item = SocketAddr>) -> Result<Ports> {
    let reached = listeners
        .into_iter()
        .filter(|address| !address.ip().to_canonical().is_loopback());
    let ports: Vec<u16> = reached.map(|address| address.port()).collect();
    Ports::try_from(ports)
        .map_err(|error| PlatformError::invalid_at("/listen", "malformed", error.to_string()))
}

/// The ports of this platform's own listeners.
pub(crate) fn own_ports(platform: &Platform) -> Result<Ports> {
    let settings = platform.settings();
    ports(settings.listener.into_iter().chain(settings.plain_listener))
}

/// Loads the ruleset that the configuration needs; it goes again unless it is confirmed in time.
///
/// # Errors
/// `not-allowed` for anybody but the operator at the host; `unavailable` when the helper is not there or cannot do it, or the
/// audit log cannot be written.
pub async fn apply(
    platform: &Platform,
    caller: &Caller,
    ssh: SshAccess,
    seconds: ReturnSeconds,
) -> Result<PlanReply> {
    require_host(caller)?;
    let ports = own_ports(platform)?;
    let targets = outgoing::standing(platform)?.told();
    let what = format!(
        "ports {:?}, ssh {}, targets {targets}, returns after {} s",
        ports.as_slice(),
        match ssh {
            SshAccess::Keep => "kept",
            SshAccess::Close => "closed",
        },
        u32::from(seconds)
    );
    note(platform, caller, "firewall.apply", &what).await?;
    let asked = ApplyFirewall {
        ports,
        ssh,
        seconds,
        session: login::session(),
    };
    let reply = helper::ask(platform, asked).await?;
    settle(platform, caller, "firewall.apply", reply).await
}

/// From which login a ruleset may be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmFrom {
    /// Another one than that which applied it: it shows that one gets in.
    Another,
    /// Any: the way in is not the network.
    Any,
}

/// Keeps the ruleset that waits.
///
/// # Errors
/// As [`apply`]; `conflict` when none waits, or this login applied it.
pub async fn confirm(platform: &Platform, caller: &Caller, from: ConfirmFrom) -> Result<ConfirmReply> {
    require_host(caller)?;
    let session = match from {
        ConfirmFrom::Another => login::session(),
        ConfirmFrom::Any => None,
    };
    note(platform, caller, "firewall.confirm", "begun").await?;
    let reply = helper::ask(platform, ConfirmFirewall { session }).await?;
    settle(platform, caller, "firewall.confirm", reply).await
}

fn require_host(caller: &Caller) -> Result<()> {
    match caller.identity {
        Identity::Host => Ok(()),
        Identity::Anonymous
        | Identity::Held { .. }
        | Identity::Person { .. }
        | Identity::Token { .. }
        | Identity::System => {
            let why = "only the operator changes the firewall, on the host";
            Err(PlatformError::new(ProblemCode::NotAllowed, why))
        }
    }
}

/// What became of it, as an entry and as the answer.
async fn settle<T>(
    platform: &Platform,
    caller: &Caller,
    action: &str,
    reply: std::result::Result<T, HelperError>,
) -> Result<T> {
    let outcome = match &reply {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("not done: {}", helper::text(error)),
    };
    let noted = note(platform, caller, action, &outcome).await;
    let reply = reply.map_err(|error| helper::problem(&error))?;
    noted.map(|()| reply)
}

/// Brings a line of the root helper's own record of changes into the appliance's log, whoever called: for root's timer.
///
/// # Errors
/// `not-allowed` for anybody but the host; `unavailable`.
pub async fn note_call(platform: &Platform, caller: &Caller, verb: &str, what: &str) -> Result<()> {
    require_host(caller)?;
    let act = Act::configuration("helper.call", Object::new("verb", verb)).because(what);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}

async fn note(platform: &Platform, caller: &Caller, action: &str, reason: &str) -> Result<()> {
    let object = Object::new("firewall", host::firewall::TABLE.join(" "));
    let act = Act::configuration(action, object).because(reason);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_only_this_machine_reaches_needs_no_port() {
        let of = |texts: &[&str]| {
            let listeners: Vec<SocketAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
            ports(listeners).unwrap().as_slice().to_vec()
        };
        assert_eq!(of(&["[::]:443", "0.0.0.0:80"]), [80, 443]);
        assert_eq!(
            of(&["127.0.0.1:8443", "[::1]:80", "[::ffff:127.0.0.1]:81"]),
            Vec::<u16>::new()
        );
    }
}
