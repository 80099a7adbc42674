//! The ruleset of our own table, `inet strongroom`, in the very words in which nft prints it.
//!
//! Invariants: planning is pure; nothing but our table is named, so whatever an administrator has in others stays, and a
//! port that is open here can still be closed there; what is loaded equals what was planned, letter by letter, or somebody
//! changed it.

use std::collections::BTreeSet;

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

/// The table that opens these TCP ports and closes all others to whoever comes from outside.
#[must_use]
pub fn plan_ruleset(ports: &BTreeSet<u16>) -> String {
    let open = match ports.len() {
        0 => String::new(),
        // nft prints a set of one without braces.
        1 => format!("\t\ttcp dport {} accept\n", join(ports)),
        _ => format!("\t\ttcp dport {{ {} }} accept\n", join(ports)),
    };
    format!(
        "table {} {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n{ALWAYS}{open}\t}}\n}}\n",
        TABLE.join(" ")
    )
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

    #[test]
    fn a_ruleset_opens_the_ports_and_drops_the_rest() {
        let text = plan_ruleset(&BTreeSet::from([443, 22]));
        assert!(
            text.starts_with("table inet strongroom {\n\tchain input {\n"),
            "{text}"
        );
        assert!(
            text.contains("policy drop;") && text.contains("\t\ttcp dport { 22, 443 } accept\n"),
            "{text}"
        );
        assert!(plan_ruleset(&BTreeSet::from([443])).contains("\t\ttcp dport 443 accept\n"));
        assert!(!plan_ruleset(&BTreeSet::new()).contains("tcp"));
    }

    #[test]
    fn a_replacement_gives_its_ruleset_back_and_touches_no_other_table() {
        let ruleset = plan_ruleset(&BTreeSet::from([443]));
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
        let planned = plan_ruleset(&BTreeSet::from([443]));
        assert_eq!(difference(&planned, &planned), None);
        let opened = planned.replace("policy drop", "policy accept");
        assert!(difference(&planned, &opened).unwrap().1.contains("policy accept"));
        let flushed = "table inet strongroom {\n\tchain input {\n";
        assert!(difference(&planned, flushed).unwrap().1.is_empty());
    }
}
