//! systemd's units: what they are, and the few things that are done to ours.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::run::{Call, Program, RunError};

/// Longer than the start of a daemon that waits for its database.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// A unit as systemd sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its file is there.
    pub is_installed: bool,
    /// It starts at boot.
    pub is_enabled: bool,
    /// `active`, `inactive`, `failed`, `activating` ...
    pub state: String,
    /// How often it was started again since it was started by hand.
    pub restarts: u32,
}

/// Whether systemd runs this machine (sd_booted(3)).
#[must_use]
pub fn is_systemd_here() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Asks for a unit.
///
/// # Errors
/// [`RunError`]; a unit that is not installed is no error.
pub fn look(name: &str) -> Result<Unit, RunError> {
    let properties = "--property=LoadState,UnitFileState,ActiveState,NRestarts";
    let call = Call::new(Program::Systemctl).with(["show", properties, "--", name]);
    Ok(parse(&call.within(Duration::from_secs(20)).run()?))
}

/// How a unit's last run, or the last try to start it, ended: `success`, `exit-code`, `start-limit-hit` and so on
/// (systemd.service(5), `$SERVICE_RESULT`).
///
/// # Errors
/// [`RunError`]; a unit that is not installed is no error.
pub fn result(name: &str) -> Result<String, RunError> {
    let call = Call::new(Program::Systemctl).with(["show", "--property=Result", "--", name]);
    let said = call.within(Duration::from_secs(20)).run()?;
    Ok(value(&said, "Result").to_owned())
}

/// When the process of a unit that runs was started, to the second; none where it does not run. Where systemd's word is not
/// understood, it runs since ever.
///
/// # Errors
/// [`RunError`]; a unit that is not installed is no error.
pub fn running_since(name: &str) -> Result<Option<SystemTime>, RunError> {
    let properties = "--property=ActiveState,ExecMainStartTimestamp";
    let call = Call::new(Program::Systemctl).with(["show", "--timestamp=unix", properties, "--", name]);
    Ok(parse_since(&call.within(Duration::from_secs(20)).run()?))
}

fn parse_since(text: &str) -> Option<SystemTime> {
    if value(text, "ActiveState") != "active" {
        return None;
    }
    let written = value(text, "ExecMainStartTimestamp").strip_prefix('@');
    let seconds = written.and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// What a unit's processes may reach over the network, drop-ins included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// The account that they run as, by name; empty for root.
    pub user: String,
    /// They have a network of their own with nothing in it.
    pub has_own_network: bool,
    /// Families of sockets that they may make, as systemd shows them; `~` in front means "all but".
    pub families: Vec<String>,
    /// No address may send to them or hear from them, but those that are allowed.
    pub denies_every_address: bool,
    /// The addresses and networks that are allowed all the same, as systemd shows them.
    pub allowed: Vec<String>,
}

impl Reach {
    /// Whether it allows other addresses than these, or networks of several.
    #[must_use]
    pub fn allows_more_than(&self, addresses: &BTreeSet<IpAddr>) -> bool {
        let is_one_of_them = |shown: &String| {
            // systemd shows a single address with the whole length of its family.
            let single = shown.strip_suffix(if shown.contains(':') { "/128" } else { "/32" });
            let address = single.unwrap_or(shown).parse::<IpAddr>();
            address.is_ok_and(|address| addresses.contains(&address))
        };
        !self.allowed.iter().all(is_one_of_them)
    }
}

/// Asks for a unit's reach, as systemd will apply it.
///
/// # Errors
/// [`RunError`].
pub fn reach(name: &str) -> Result<Reach, RunError> {
    let properties = "--property=User,PrivateNetwork,RestrictAddressFamilies,IPAddressDeny,IPAddressAllow";
    let call = Call::new(Program::Systemctl).with(["show", properties, "--", name]);
    Ok(parse_reach(&call.within(Duration::from_secs(20)).run()?))
}

fn parse_reach(text: &str) -> Reach {
    let denied: Vec<&str> = value(text, "IPAddressDeny").split_whitespace().collect();
    let denies = |network| denied.contains(&network);
    Reach {
        user: value(text, "User").to_owned(),
        has_own_network: value(text, "PrivateNetwork") == "yes",
        families: value(text, "RestrictAddressFamilies")
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        denies_every_address: denies("0.0.0.0/0") && denies("::/0"),
        // What is allowed goes before what is denied (systemd.resource-control(5)).
        allowed: value(text, "IPAddressAllow")
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    }
}

/// A property out of `KEY=VALUE` lines; empty where it is not there.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let mut lines = text.lines();
    lines
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .unwrap_or_default()
}

/// Lets a unit start at boot and starts it now. A unit that runs already is left alone.
///
/// # Errors
/// [`RunError`]; the unit's own words are in the journal.
pub fn enable_and_start(name: &str) -> Result<(), RunError> {
    systemctl(["enable", "--now", "--", name])
}

/// Starts a unit; one that runs already is left alone.
///
/// # Errors
/// As [`enable_and_start`].
pub fn start(name: &str) -> Result<(), RunError> {
    systemctl(["start", "--", name])
}

/// Has a unit started, and does not wait for it.
///
/// # Errors
/// [`RunError`]; not where the unit itself fails later.
pub fn begin(name: &str) -> Result<(), RunError> {
    systemctl(["start", "--no-block", "--", name])
}

/// Has systemd read its files anew, the tables of volumes and mounts among them.
///
/// # Errors
/// [`RunError`].
pub fn reload() -> Result<(), RunError> {
    systemctl(["daemon-reload"])
}

/// Starts a unit that runs anew.
///
/// # Errors
/// As [`enable_and_start`].
pub fn restart(name: &str) -> Result<(), RunError> {
    systemctl(["restart", "--", name])
}

/// Starts the machine anew, as systemd does it: services are stopped in their order.
///
/// # Errors
/// As [`enable_and_start`].
pub fn reboot() -> Result<(), RunError> {
    systemctl(["reboot"])
}

/// Stops a unit; one that is not there or does not run is left alone.
///
/// # Errors
/// As [`enable_and_start`].
pub fn stop(name: &str) -> Result<(), RunError> {
    if !matches!(look(name)?.state.as_str(), "active" | "activating" | "reloading") {
        return Ok(());
    }
    systemctl(["stop", "--", name])
}

/// Has systemd forget that a unit failed; one that did not, or is not there any more, is left alone.
///
/// # Errors
/// As [`enable_and_start`].
pub fn forget_failure(name: &str) -> Result<(), RunError> {
    match look(name)?.state.as_str() {
        "failed" => systemctl(["reset-failed", "--", name]),
        _ => Ok(()),
    }
}

/// Has systemd start a unit after so many seconds, by a timer of the same name, which goes with the next boot.
///
/// # Errors
/// As [`enable_and_start`]; also when such a timer runs already.
pub fn start_later(name: &str, seconds: u32) -> Result<(), RunError> {
    let call = Call::new(Program::SystemdRun)
        .with([format!("--on-active={seconds}"), format!("--unit={name}")])
        .with(["--timer-property=AccuracySec=100ms", "--quiet"]);
    call.within(START_DEADLINE).run().map(drop)
}

fn systemctl<const N: usize>(arguments: [&str; N]) -> Result<(), RunError> {
    let call = Call::new(Program::Systemctl).with(arguments);
    call.within(START_DEADLINE).run().map(drop)
}

fn parse(text: &str) -> Unit {
    Unit {
        is_installed: value(text, "LoadState") == "loaded",
        is_enabled: matches!(
            value(text, "UnitFileState"),
            "enabled" | "enabled-runtime" | "static"
        ),
        state: value(text, "ActiveState").to_owned(),
        restarts: value(text, "NRestarts").parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_runs_since_the_start_of_its_process_and_since_ever_where_nobody_understands_when() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let told = "ActiveState=active\nExecMainStartTimestamp=@1764398400\n";
        assert_eq!(parse_since(told), at(1_764_398_400));
        assert_eq!(parse_since(&told.replace('@', "Sat ")), at(0));
        assert_eq!(parse_since(&told.replace("=active", "=failed")), None);
        assert_eq!(parse_since(""), None);
    }

    #[test]
    fn a_units_reach_is_read_with_its_drop_ins() {
        let closed = "User=strongroom\nPrivateNetwork=yes\nRestrictAddressFamilies=AF_UNIX\nIPAddressDeny=0.0.0.0/0 ::/0\nIPAddressAllow=\n";
        let reach = parse_reach(closed);
        assert!(reach.has_own_network && reach.denies_every_address);
        assert_eq!(reach.families, ["AF_UNIX"]);
        assert_eq!(reach.user, "strongroom");
        let opened = parse_reach(&closed.replace("IPAddressAllow=", "IPAddressAllow=192.0.2.0/24"));
        assert_eq!(
            opened.allowed,
            ["192.0.2.0/24"],
            "what is allowed goes before what is denied"
        );
        let addresses = |text: &[&str]| text.iter().map(|text| text.parse().unwrap()).collect();
        assert!(opened.allows_more_than(&addresses(&["192.0.2.0"])));
        let one = parse_reach(&closed.replace(
            "IPAddressAllow=",
            "IPAddressAllow=192.0.2.9/32 fd00::1/128 192.0.2.7",
        ));
        assert!(!one.allows_more_than(&addresses(&["192.0.2.9", "fd00::1", "192.0.2.7"])));
        assert!(one.allows_more_than(&addresses(&["192.0.2.9", "fd00::1"])));
        assert!(!reach.allows_more_than(&BTreeSet::new()));
        let half = parse_reach(&closed.replace(" ::/0", ""));
        assert!(!half.denies_every_address);
        let nothing = parse_reach("");
        assert!(!nothing.has_own_network && nothing.families.is_empty());
    }

    #[test]
    fn a_units_properties_are_read() {
        let text = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nNRestarts=3\n";
        let unit = parse(text);
        assert!(unit.is_installed && unit.is_enabled);
        assert_eq!((unit.state.as_str(), unit.restarts), ("active", 3));
        let absent = parse("LoadState=not-found\nUnitFileState=\nActiveState=inactive\nNRestarts=0\n");
        assert!(!absent.is_installed && !absent.is_enabled);
    }
}
