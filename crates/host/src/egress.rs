//! What may go out of the machine in a daemon's name, as rules of nftables(8): a pure text, loaded by whoever builds the
//! machine's firewall.
//!
//! Invariant: answers to clients pass, connections that the daemon begins do not, but for the targets that a setting
//! names. systemd's `IPAddressDeny=` cannot say this: it filters packets of both directions, so a daemon that serves
//! clients would have to let every address pass.

use std::fmt::Write;
use std::net::IpAddr;

/// Most targets of one daemon.
pub const TARGETS_MAX: usize = 256;
/// RFC 1035 section 4.2.
const RESOLVER_PORT: u16 = 53;

/// Where a daemon may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The address that was resolved and checked, not a name.
    pub address: IpAddr,
    /// The TCP port.
    pub port: u16,
}

/// Why there are no rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Root's own connections are not ours to rule.
    #[error(
        "the daemon runs as root, whose connections cannot be told from the machine's own; give it a user"
    )]
    Root,
    /// More than anybody could look through.
    #[error("{count} targets are more than {TARGETS_MAX}; name fewer")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// It would open every address, or many.
    #[error("{address} is no address of a single machine; name one")]
    NotOne {
        /// What was named.
        address: IpAddr,
    },
}

/// The rules of a chain of `type filter hook output`, one on each line, for the account with this number.
///
/// The loopback stays open, because there the platform looks at its own listener; but not to a resolver, which would carry
/// any name that it is asked for out of the machine. Each dropped attempt is counted.
///
/// # Errors
/// [`EgressError`].
pub fn rules(uid: u32, targets: &[Target]) -> Result<String, EgressError> {
    if uid == 0 {
        return Err(EgressError::Root);
    }
    if targets.len() > TARGETS_MAX {
        return Err(EgressError::TooMany { count: targets.len() });
    }
    let mut targets = targets.to_vec();
    targets.sort_unstable();
    targets.dedup();
    // A reply belongs to a connection that a client began.
    let mut text = format!("meta skuid {uid} ct direction reply ct state established,related accept\n");
    for protocol in ["udp", "tcp"] {
        writeln!(
            text,
            "meta skuid {uid} {protocol} dport {RESOLVER_PORT} counter drop"
        )
        .ok();
    }
    writeln!(text, "meta skuid {uid} oifname \"lo\" accept").ok();
    for Target { address, port } in targets {
        if address.is_unspecified() || address.is_multicast() || is_broadcast(address) {
            return Err(EgressError::NotOne { address });
        }
        let family = if address.is_ipv4() { "ip" } else { "ip6" };
        writeln!(
            text,
            "meta skuid {uid} {family} daddr {address} tcp dport {port} accept"
        )
        .ok();
    }
    writeln!(text, "meta skuid {uid} counter drop").ok();
    Ok(text)
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_broadcast())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::path::Path;
    use std::process::{Command, Stdio};

    fn target(address: &str, port: u16) -> Target {
        let address = address.parse().unwrap();
        Target { address, port }
    }

    #[test]
    fn without_targets_only_answers_and_the_loopback_pass() {
        assert_eq!(
            rules(990, &[]).unwrap(),
            "meta skuid 990 ct direction reply ct state established,related accept\n\
             meta skuid 990 udp dport 53 counter drop\n\
             meta skuid 990 tcp dport 53 counter drop\n\
             meta skuid 990 oifname \"lo\" accept\n\
             meta skuid 990 counter drop\n"
        );
    }

    #[test]
    fn each_target_is_one_address_and_port_before_the_drop() {
        let text = rules(
            990,
            &[
                target("fd00::1", 636),
                target("192.0.2.9", 25),
                target("192.0.2.9", 25),
            ],
        )
        .unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[4], "meta skuid 990 ip daddr 192.0.2.9 tcp dport 25 accept");
        assert_eq!(lines[5], "meta skuid 990 ip6 daddr fd00::1 tcp dport 636 accept");
        assert_eq!(lines[6], "meta skuid 990 counter drop");
        assert_eq!(lines.len(), 7, "{text}");
    }

    #[test]
    fn what_would_open_more_than_was_meant_is_refused() {
        assert_eq!(rules(0, &[]), Err(EgressError::Root));
        for wide in ["0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1"] {
            let refused = rules(990, &[target(wide, 443)]);
            assert!(matches!(refused, Err(EgressError::NotOne { .. })), "{wide}");
        }
        let many = vec![target("192.0.2.9", 25); TARGETS_MAX + 1];
        assert!(matches!(rules(990, &many), Err(EgressError::TooMany { .. })));
    }

    /// A network with one line that leads nowhere, the rules, and who tries what; prints the counters of what was dropped (names by UDP, by TCP, all else) after each.
    const TRIES: &str = r#"
        ip link set lo up
        ip link add d0 type veth peer name d1 && ip link set d1 up
        ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up
        nft -f - || exit 9
        try() { timeout 1 setpriv --reuid=$1 --clear-groups bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null
            nft list ruleset | sed -n 's/.*counter packets \([0-9]*\).*/\1/p' | tr '\n' ' '; echo; }
        try 65534 192.0.2.8 25; try 0 192.0.2.9 443; try 65534 192.0.2.9 443; try 65534 127.0.0.1 53
        try 65534 127.0.0.1 443"#;

    #[test]
    fn the_kernel_lets_out_what_is_named_and_nothing_else_of_that_account() {
        let is_ready = crate::account::is_root() && Path::new("/usr/sbin/nft").exists();
        if !is_ready {
            // Rules are loaded by root alone; the texts are looked at above.
            return;
        }
        let rules = rules(65_534, &[target("192.0.2.8", 25)]).unwrap();
        let table = format!(
            "table inet t {{\nchain out {{\ntype filter hook output priority 0; policy accept;\n{rules}}}\n}}\n"
        );
        let mut child = Command::new("unshare")
            .args(["-n", "bash", "-c", TRIES])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(table.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let counts = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            counts.lines().collect::<Vec<_>>(),
            ["0 0 0 ", "0 0 0 ", "0 0 1 ", "0 1 1 ", "0 1 1 "],
            "{:?}",
            output.status
        );
    }
}
