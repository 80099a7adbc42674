//! The firewall: every port closed but the platform's and SSH's, and nothing of the daemons let out.
//!
//! Elsewhere a ruleset is confirmed from a new login, which shows that one gets in. Set-up is run at the machine, the SSH
//! server's ports stay open by its own word, and connections that are there live on; so the answer in the answers file is
//! the confirmation. Where set-up ends between the two, the ruleset goes by itself.

use super::{Run, Standing};
use crate::{
    command::firewall::ports,
    failure::{CommandError, Exit},
    host::block_on,
    outgoing,
    setup::site::Site,
};
use ::host::{
    helper::{GetFirewall, Helper, PlanFirewall, PortsError, ReturnSeconds, SshAccess},
    unit,
};
use platform::{
    Caller, Platform,
    firewall::{self, ConfirmFrom},
    outgoing::{Standing as Targets, compare},
};

/// Long enough for the lines between applying and confirming on a slow machine.
const RETURN_SECONDS: u32 = 60;

pub(super) fn look(run: &Run<'_>) -> Result<Standing, CommandError> {
    let site = run.site;
    if !site.answers.firewall.apply {
        let what = "the answers do not ask for it, so no port is closed and the daemons may connect out; \
                    answer firewall.apply, or run `strongroom firewall apply`";
        return Ok(Standing::LeftOut(what.to_owned()));
    }
    if run.is_without_services || !unit::is_systemd_here() {
        let what = "the daemons are not started here; start them, then run `strongroom firewall apply`";
        return Ok(Standing::LeftOut(what.to_owned()));
    }
    stand(site)
}

fn stand(site: &Site) -> Result<Standing, CommandError> {
    let config = super::settings::config(site)?;
    let targets = outgoing::look_up(&config)?;
    let is_kept = outgoing::kept(&config)? == targets && outgoing::is_admitted(&targets)?;
    let ports = ports(&config)?;
    let mut helper = Helper::connect()?;
    let firewall = helper.call(&GetFirewall {})?;
    // One that an administrator closed further, with another way in, is left alone.
    for ssh in [SshAccess::Keep, SshAccess::Close] {
        let ports = ports.clone();
        let plan = helper.call(&PlanFirewall { ports, ssh })?;
        let planned = Some(plan.ruleset);
        if is_kept && firewall.loaded == planned && firewall.confirmed == planned {
            let targets = compare(&config.outside_targets(), targets);
            return Ok(Standing::Done(told(&ports_of(&plan.ssh_ports), &targets)));
        }
    }
    Ok(Standing::ToDo(
        "close every port but the platform's and SSH's, and let nothing of the daemons out but to what [outgoing] names"
            .to_owned(),
    ))
}

fn told(ssh: &str, targets: &Targets) -> String {
    let whereto = match targets.named.is_empty() {
        true => "nowhere".to_owned(),
        false => format!("to {}", targets.told()),
    };
    format!("loaded now and by every boot: HTTPS is open, SSH on {ssh}, the daemons connect {whereto}")
}

fn ports_of(ssh: &[u16]) -> String {
    let ports: Vec<String> = ssh.iter().map(u16::to_string).collect();
    match ports.as_slice() {
        [] => "no port".to_owned(),
        ports => format!("port {}", ports.join(", ")),
    }
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let config = super::settings::config(site)?;
    let seconds = ReturnSeconds::try_from(RETURN_SECONDS)
        .map_err(|error: PortsError| CommandError::said(Exit::Failed, error.to_string()))?;
    let targets = outgoing::look_up(&config)?;
    outgoing::keep(&config, &targets)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        firewall::apply(&platform, &Caller::host(), SshAccess::Keep, seconds).await?;
        firewall::confirm(&platform, &Caller::host(), ConfirmFrom::Any).await?;
        Ok(())
    })?;
    outgoing::admit(&config, &targets)
}
