//! The ruleset of our own table, `inet strongroom`, in the very words in which nft prints it.
//!
//! Invariants: planning is pure; nothing but our table is named, so whatever an administrator has in others stays, and a
//! port that is open here can still be closed there; what is loaded equals what was planned, letter by letter, or somebody
//! changed it.

use std::collections::BTreeSet;

use crate::egress::{self, EgressError, Target};

/// The account of the daemons, which alone may reach targets that settings name.
pub const DAEMONS: &str = "strongroom";
/// The accounts whose connections are ruled: the daemons' and the database's.
pub const RULED: [&str; 2] = [DAEMONS, "postgres"];

/// The family and the name of our table, as nft takes them.
pub const TABLE: [&str; 2] = ["inet", "strongroom"];

/// What comes in whatever is configured. Answers; this machine itself; what IPv4 and IPv6 do not work without (RFC 4890
/// section 4.4); leases of addresses, which are answered to a broadcast and so belong to no known connection.
const ALWAYS: &str = "\t\tct state established,related accept
\t\tct state invalid drop
\t\tiif \"lo\" accept
\t\ticmp type { destination-unreachable, echo-request, time-exceeded, parameter-problem } accept
\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, \
mld-listener-query, mld-listener-report, mld-listener-done, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, \
nd-neighbor-advert, mld2-listener-report } accept
\t\tudp sport 67 udp dport 68 accept
\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
";

/// What goes out, and in whose name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// The numbers of the accounts that begin no connection to another machine.
    pub uids: BTreeSet<u32>,
    /// The number of the daemons' account among them, where the machine has it.
    pub daemons: Option<u32>,
    /// But the daemons' to these, which settings name.
    pub targets: &'a [Target],
}

/// The table that opens these TCP ports and closes all others to whoever comes from outside, and lets nothing of the ruled
/// accounts out but what is named.
///
/// # Errors
/// [`EgressError`], where an account or a target cannot be ruled.
pub fn plan_ruleset(ports: &BTreeSet<u16>, outgoing: &Outgoing<'_>) -> Result<String, EgressError> {
    let open = match ports.len() {
        0 => String::new(),
        // nft prints a set of one without braces.
        1 => format!("\t\ttcp dport {} accept\n", join(ports)),
        _ => format!("\t\ttcp dport {{ {} }} accept\n", join(ports)),
    };
    Ok(format!(
        "table {} {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n{ALWAYS}{open}\t}}\n\n{}}}\n",
        TABLE.join(" "),
        plan_output(outgoing)?
    ))
}

/// The chain for what goes out, as it stands in the ruleset. Other accounts' connections are not ours to rule.
///
/// # Errors
/// As [`plan_ruleset`].
pub fn plan_output(outgoing: &Outgoing<'_>) -> Result<String, EgressError> {
    let mut chain =
        "\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n".to_owned();
    for uid in &outgoing.uids {
        let targets = match outgoing.daemons == Some(*uid) {
            true => outgoing.targets,
            false => &[],
        };
        for rule in egress::rules(*uid, targets)?.lines() {
            chain.extend(["\t\t", rule, "\n"]);
        }
    }
    chain.push_str("\t}\n");
    Ok(chain)
}

/// The chain for what goes out in a ruleset; none where it has none.
#[must_use]
pub fn output_of(ruleset: &str) -> Option<&str> {
    let chain = &ruleset[ruleset.find("\tchain output {\n")?..];
    let end = chain.find("\n\t}\n")? + "\n\t}\n".len();
    Some(&chain[..end])
}

/// The packets that the chain for what goes out has dropped, out of a listing with its counters' states.
#[must_use]
pub fn turned_away(listing: &str) -> Option<u64> {
    let counts = output_of(listing)?.split("counter packets ").skip(1);
    counts
        .map(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .sum()
}

/// What nft reads to put a ruleset in the place of whatever our table holds, in one step; without a ruleset the table goes.
#[must_use]
pub fn plan_replacement(ruleset: Option<&str>) -> String {
    let table = TABLE.join(" ");
    // Named first, because a table that is not there cannot be deleted.
    format!(
        "table {table}\ndelete table {table}\n{}",
        ruleset.unwrap_or_default()
    )
}

/// The ruleset in a replacement; none where the table goes.
#[must_use]
pub fn replaced_by(replacement: &str) -> Option<&str> {
    let ruleset = replacement.strip_prefix(plan_replacement(None).as_str())?;
    Some(ruleset).filter(|ruleset| !ruleset.is_empty())
}

/// Where two rulesets first differ: the line of the first, the line of the second; empty where one has ended.
#[must_use]
pub fn difference<'a>(one: &'a str, other: &'a str) -> Option<(&'a str, &'a str)> {
    let (mut one, mut other) = (one.lines(), other.lines());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (left, right) if left == right => {}
            (left, right) => {
                return Some((left.unwrap_or_default().trim(), right.unwrap_or_default().trim()));
            }
        }
    }
}

fn join(ports: &BTreeSet<u16>) -> String {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    ports.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(ports: &[u16]) -> String {
        let outgoing = Outgoing {
            uids: BTreeSet::from([990, 107]),
            daemons: Some(990),
            targets: &[],
        };
        plan_ruleset(&ports.iter().copied().collect(), &outgoing).unwrap()
    }

    #[test]
    fn a_ruleset_opens_the_ports_and_drops_the_rest() {
        let text = plan(&[443, 22]);
        assert!(
            text.starts_with("table inet strongroom {\n\tchain input {\n"),
            "{text}"
        );
        assert!(
            text.contains("policy drop;") && text.contains("\t\ttcp dport { 22, 443 } accept\n"),
            "{text}"
        );
        assert!(plan(&[443]).contains("\t\ttcp dport 443 accept\n"));
        assert!(!plan(&[]).contains("accept\n\t\ttcp"));
    }

    #[test]
    fn a_replacement_gives_its_ruleset_back_and_touches_no_other_table() {
        let ruleset = plan(&[443]);
        let replacement = plan_replacement(Some(&ruleset));
        assert_eq!(replaced_by(&replacement), Some(ruleset.as_str()));
        assert_eq!(replaced_by(&plan_replacement(None)), None);
        assert_eq!(replaced_by("flush ruleset\n"), None);
        let tables = replacement.lines().filter(|line| line.contains("table "));
        assert!(
            tables.clone().count() == 3 && tables.into_iter().all(|line| line.contains("inet strongroom"))
        );
    }

    #[test]
    fn a_rule_that_is_gone_or_added_or_changed_shows() {
        let planned = plan(&[443]);
        assert_eq!(difference(&planned, &planned), None);
        let opened = planned.replace("policy drop", "policy accept");
        assert!(difference(&planned, &opened).unwrap().1.contains("policy accept"));
        let flushed = "table inet strongroom {\n\tchain input {\n";
        assert!(difference(&planned, flushed).unwrap().1.is_empty());
    }
    #[test]
    fn what_was_turned_away_is_added_up() {
        let listing = plan(&[443]).replacen("counter", "counter packets 2 bytes 120", 1);
        let listing = listing.replacen("counter drop", "counter packets 3 bytes 180 drop", 1);
        assert_eq!(turned_away(&listing), Some(5));
        assert_eq!(turned_away("table inet strongroom {\n}\n"), None);
    }

    #[test]
    fn a_target_is_open_to_the_daemons_and_not_to_the_database() {
        let target = Target {
            address: [192, 0, 2, 9].into(),
            port: 636,
        };
        let outgoing = Outgoing {
            uids: BTreeSet::from([990, 107]),
            daemons: Some(990),
            targets: &[target],
        };
        let chain = plan_output(&outgoing).unwrap();
        let open = |uid: u32| format!("meta skuid {uid} ip daddr 192.0.2.9 tcp dport 636 accept\n");
        assert!(
            chain.contains(&open(990)) && !chain.contains(&open(107)),
            "{chain}"
        );
        let nobody = Outgoing {
            daemons: None,
            ..outgoing
        };
        assert!(!plan_output(&nobody).unwrap().contains("daddr"));
    }

    #[test]
    fn the_ruled_accounts_begin_no_connection_and_root_is_not_ruled() {
        let ruleset = plan(&[443]);
        let chain = output_of(&ruleset).unwrap();
        for uid in [107, 990] {
            assert!(
                chain.contains(&format!("\t\tmeta skuid {uid} counter drop\n")),
                "{chain}"
            );
        }
        assert!(ruleset.ends_with(&format!("\n\n{chain}}}\n")), "{ruleset}");
        let flushed = "table inet strongroom {\n\tchain input {\n\t}\n}\n";
        assert_eq!(output_of(flushed), None);
        let root = Outgoing {
            uids: BTreeSet::from([0]),
            daemons: None,
            targets: &[],
        };
        assert_eq!(plan_output(&root), Err(EgressError::Root));
    }
}
