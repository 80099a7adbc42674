//! The one line of a machine: a pair of virtual network interfaces, to the host and no further.

use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// nspawn calls the inner end so.
pub(super) const INSIDE: &str = "host0";

/// Whether something passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plug {
    In,
    Out,
}

/// The two ends' addresses, of a network of four.
#[derive(Debug)]
pub(super) struct Line {
    interface: String,
    first: u32,
}

impl Line {
    /// A network that no other running test process has: it is made out of our process id, which is below 2^22.
    pub(super) fn of_process(machine: &str) -> Self {
        Self {
            interface: format!("ve-{machine}"),
            // Of 10.128.0.0/9, four addresses each.
            first: 0x0a80_0000 + (std::process::id() % (1 << 21)) * 4,
        }
    }

    /// The machine's address.
    pub(super) fn inside(&self) -> String {
        dotted(self.first + 2)
    }

    /// The host's.
    pub(super) fn outside(&self) -> String {
        dotted(self.first + 1)
    }

    /// Gives both ends their addresses. The machine sends everything to us, who pass nothing on, so that an attempt
    /// to leave can be counted; without IPv6 it has nothing to say of its own accord.
    pub(super) fn connect(&self, leader: i32) -> Result<()> {
        let (inside, outside) = (format!("{}/30", self.inside()), format!("{}/30", self.outside()));
        ip(None, &["address", "replace", &outside, "dev", &self.interface])?;
        ip(None, &["link", "set", &self.interface, "up"])?;
        let quiet = format!("echo 1 > /proc/sys/net/ipv6/conf/{INSIDE}/disable_ipv6");
        process::run(&mut within(leader, &["sh", "-c", &quiet]))?;
        ip(Some(leader), &["address", "replace", &inside, "dev", INSIDE])?;
        ip(Some(leader), &["link", "set", INSIDE, "up"])?;
        ip(
            Some(leader),
            &["route", "replace", "default", "via", &self.outside()],
        )
    }

    /// Takes the line out, or puts it in again: the machine's own end stays as it is, and nothing passes.
    pub(super) fn set(&self, state: Plug) -> Result<()> {
        let state = match state {
            Plug::In => "up",
            Plug::Out => "down",
        };
        ip(None, &["link", "set", &self.interface, state])
    }

    pub(super) fn remove_routes(&self, leader: i32) -> Result<()> {
        ip(Some(leader), &["route", "flush", "default"])
    }

    pub(super) fn packets_sent(&self, leader: i32) -> Result<u64> {
        let path = "/proc/net/dev";
        let output = process::run(&mut within(leader, &["cat", path]))?;
        let text = String::from_utf8_lossy(&output.stdout);
        packets_sent(&text).with_context(|| format!("{path} does not know {INSIDE}:\n{text}"))
    }
}

/// From /proc/net/dev (proc_pid_net(5)): eight columns of what came, then bytes and packets of what went.
fn packets_sent(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(INSIDE))?;
    let mut columns = line.strip_prefix(':')?.split_whitespace();
    columns.nth(9)?.parse().ok()
}

fn ip(leader: Option<i32>, arguments: &[&str]) -> Result<()> {
    let command = [&["ip"], arguments].concat();
    let mut command = match leader {
        Some(leader) => within(leader, &command),
        None => {
            let mut outer = Command::new("ip");
            outer.args(arguments);
            outer
        }
    };
    process::run(&mut command).map(drop)
}

/// A program of the host, in the machine's network only: the machine need not have it.
pub(super) fn within(leader: i32, command: &[&str]) -> Command {
    let mut nsenter = Command::new("nsenter");
    nsenter
        .arg(format!("--target={leader}"))
        .args(["--net", "--"])
        .args(command);
    nsenter
}

fn dotted(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read_from_the_machines_line_only() {
        let text = "Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets\n\
                    \x20   lo: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n host0: 10 20 0 0 0 0 0 0 30 40 0 0 0 0 0 0\n";
        assert_eq!(packets_sent(text), Some(40));
        assert_eq!(packets_sent("lo: 1 2"), None);
    }

    #[test]
    fn both_ends_are_in_one_network_of_four() {
        let line = Line::of_process("sr1");
        assert_eq!(line.first % 4, 0);
        assert!(line.inside().starts_with("10.") && line.outside() != line.inside());
    }
}
