//! Our order of versions is dpkg's.

use std::cmp::Ordering;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use updates::version::DebianVersion;

/// What looks like versions: epochs, dots, tildes, pluses, letters, revisions, zeros in front.
const LOOKS: &str = "([0-2]:)?[0-9]{1,2}([.+~-]?([0-9]{1,3}|[a-z]{1,2}|~|rc0|~~|0)){0,4}(-[0-9a-z+.~]{1,4})?";

/// Asks dpkg about many pairs in one go: a line for each relation that holds.
fn dpkg(pairs: &[(String, String)]) -> Vec<Ordering> {
    let script: String = pairs
        .iter()
        .map(|(left, right)| {
            format!(
                "if dpkg --compare-versions '{left}' lt '{right}'; then echo lt; \
                 elif dpkg --compare-versions '{left}' eq '{right}'; then echo eq; else echo gt; fi\n"
            )
        })
        .collect();
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let order = |line| match line {
        "lt" => Ordering::Less,
        "eq" => Ordering::Equal,
        _ => Ordering::Greater,
    };
    text.lines().map(order).collect()
}

#[test]
fn thousands_of_versions_stand_in_dpkgs_order() {
    let mut runner = TestRunner::deterministic();
    let strategy = proptest::string::string_regex(LOOKS).unwrap();
    let mut one = || strategy.new_tree(&mut runner).unwrap().current();
    let mut pairs: Vec<(String, String)> = (0..1500).map(|_| (one(), one())).collect();
    // Neighbours of one version, which differ in a little.
    for _ in 0..1500 {
        let base = one();
        let suffix = one().chars().filter(|c| *c != ':').take(2).collect::<String>();
        pairs.push((base.clone(), format!("{base}{suffix}")));
        pairs.push((format!("{base}~{suffix}"), format!("{base}0")));
    }
    pairs.retain(|(left, right)| {
        left.parse::<DebianVersion>().is_ok() && right.parse::<DebianVersion>().is_ok()
    });
    assert!(pairs.len() > 3000, "{}", pairs.len());
    let said: Vec<Ordering> = pairs.chunks(200).flat_map(dpkg).collect();
    assert_eq!(said.len(), pairs.len());
    for ((left, right), dpkg) in pairs.iter().zip(said) {
        let ours = left
            .parse::<DebianVersion>()
            .unwrap()
            .cmp(&right.parse().unwrap());
        assert_eq!(ours, dpkg, "{left} and {right}");
    }
}

#[test]
fn what_is_no_version_is_refused() {
    for text in [
        "",
        "a",
        ":1",
        "1:",
        "a:1",
        "1-",
        "1 2",
        "1_2",
        "-1",
        "1\u{e4}",
        "99999999999:1",
        "2147483648:1",
    ] {
        assert!(text.parse::<DebianVersion>().is_err(), "{text:?}");
    }
    let version: DebianVersion = "1:2.0-3-4~bpo12+1".parse().unwrap();
    assert_eq!(version.without_epoch(), "2.0-3-4~bpo12+1");
}

proptest! {
    #[test]
    fn the_order_is_one(a in LOOKS, b in LOOKS, c in LOOKS) {
        let parsed = [&a, &b, &c].map(|text| text.parse::<DebianVersion>().ok());
        if let [Some(a), Some(b), Some(c)] = parsed {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c { prop_assert!(a <= c); }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,30}") {
        let _parsed = text.parse::<DebianVersion>();
    }
}
