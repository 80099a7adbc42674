//! `strongroom firewall`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, outgoing,
    output::{self, Format, talk},
};
use ::host::helper::{GetFirewall, Helper, PlanFirewall, PlanReply, Ports, ReturnSeconds, SshAccess};
use clap::Subcommand;
use config::Config;
use platform::{
    Caller,
    firewall::{self, ConfirmFrom},
    outgoing::{Named, compare},
};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Firewall {
    /// Show the ruleset that the configuration needs, without loading it
    Plan {
        #[command(flatten)]
        ssh: Ssh,
    },
    /// Load the ruleset; it goes again by itself unless it is confirmed in time
    Apply {
        #[command(flatten)]
        ssh: Ssh,
        /// How long it waits to be confirmed: 5 to 600
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        seconds: u32,
    },
    /// Keep the loaded ruleset, after reboots too; from a new login, which shows that one gets in
    Confirm {
        /// Also from the login that applied it: only where the way in is not the network
        #[arg(long)]
        same_login: bool,
    },
    /// Show what is loaded and what a boot loads
    Status,
}

#[derive(Debug, clap::Args)]
pub(super) struct Ssh {
    /// Close the SSH server's ports as well: only where there is another way in
    #[arg(long)]
    close_ssh: bool,
}

impl Ssh {
    fn access(&self) -> SshAccess {
        match self.close_ssh {
            true => SshAccess::Close,
            false => SshAccess::Keep,
        }
    }
}

impl Firewall {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Plan { ssh } => plan(common, ssh.access()),
            Self::Apply { ssh, seconds } => apply(common, ssh.access(), *seconds),
            Self::Confirm { same_login } => confirm(common, *same_login),
            Self::Status => status(common),
        }
    }
}

/// The ports of the listeners that the configuration names.
pub(crate) fn ports(config: &Config) -> Result<Ports, CommandError> {
    let listeners = std::iter::once(config.listen.https).chain(config.listen.http);
    Ok(firewall::ports(listeners)?)
}

fn plan(common: &Common, ssh: SshAccess) -> Result<(), CommandError> {
    let config = Config::load(common.config.as_deref())?;
    let ports = ports(&config)?;
    let plan = Helper::connect()?.call(&PlanFirewall { ports, ssh })?;
    show(common, &plan)?;
    tell_targets(&config)
}

/// A plan is made of what is kept; applying looks names up first.
fn tell_targets(config: &Config) -> Result<(), CommandError> {
    let (kept, now) = (outgoing::kept(config)?, outgoing::look_up(config)?);
    if kept != now {
        let now = compare(&config.outside_targets(), now).told();
        talk(&format!(
            "Applying will also look up and keep what [outgoing] names: {now}."
        ));
    }
    Ok(())
}

fn apply(common: &Common, ssh: SshAccess, seconds: u32) -> Result<(), CommandError> {
    let usage =
        |error: ::host::helper::PortsError| CommandError::said(Exit::Usage, format!("--seconds: {error}"));
    let wait = ReturnSeconds::try_from(seconds).map_err(usage)?;
    let config = Config::load(common.config.as_deref())?;
    let targets = outgoing::look_up(&config)?;
    outgoing::keep(&config, &targets)?;
    let plan = host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(firewall::apply(platform, &Caller::host(), ssh, wait).await?)
    })?;
    outgoing::admit(&config, &targets)?;
    show(common, &plan)?;
    talk(&format!(
        "Loaded. In {seconds} seconds it goes again: sign in anew, and run `strongroom firewall confirm` there."
    ));
    Ok(())
}

fn confirm(common: &Common, same_login: bool) -> Result<(), CommandError> {
    let from = match same_login {
        true => ConfirmFrom::Any,
        false => ConfirmFrom::Another,
    };
    let reply = host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(firewall::confirm(platform, &Caller::host(), from).await?)
    })?;
    match common.format() {
        Format::Json => output::data(&json!({"ruleset": reply.ruleset}).to_string())?,
        Format::Text => output::data(&reply.ruleset)?,
    }
    talk("Kept: every boot loads it.");
    Ok(())
}

fn status(common: &Common) -> Result<(), CommandError> {
    let config = Config::load(common.config.as_deref())?;
    let targets = compare(&config.outside_targets(), outgoing::kept(&config)?);
    let reply = Helper::connect()?.call(&GetFirewall {})?;
    let state = match (&reply.loaded, reply.is_pending) {
        (None, _) => "not loaded",
        (Some(_), true) => "waits to be confirmed",
        (Some(loaded), false) if reply.confirmed.as_ref() == Some(loaded) => "confirmed",
        (Some(_), false) => "not as confirmed",
    };
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let pairs = [
        ("state", state.to_owned()),
        ("may reach", targets.told()),
        ("loaded", or_none(&reply.loaded)),
        ("after a boot", or_none(&reply.confirmed)),
    ];
    let json = json!({
        "state": state,
        "loaded": reply.loaded,
        "confirmed": reply.confirmed,
        "is_pending": reply.is_pending,
        "targets": targets.named.iter().map(named).collect::<Vec<_>>(),
        "no_longer_named": targets.forgotten,
    });
    common.format().thing(&pairs, &json)?;
    for (what, advice) in targets.faults() {
        talk(&format!("{what}; {advice}"));
    }
    Ok(())
}

fn named(named: &Named) -> serde_json::Value {
    json!({
        "host": named.target.host.to_string(),
        "port": named.target.port,
        "addresses": named.addresses,
    })
}

fn show(common: &Common, plan: &PlanReply) -> Result<(), CommandError> {
    match common.format() {
        Format::Json => {
            output::data(&json!({"ruleset": plan.ruleset, "ssh_ports": plan.ssh_ports}).to_string())
        }
        Format::Text => output::data(&plan.ruleset),
    }
}
