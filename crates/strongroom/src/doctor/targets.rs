//! The places on other machines that settings name: looked up now, and held against what is kept and open.
//!
//! Only root's resolver counts, so a change of an address shows here and opens nothing by itself.

use crate::{failure::told, finding::Finding, outgoing};
use ::host::outgoing::Kept;
use config::{Config, Target};
use platform::outgoing::compare;

const CHECK: &str = "outgoing";
const APPLY: &str = "run `strongroom firewall apply`, and then `strongroom firewall confirm`";

pub(super) fn check(config: &Config) -> Finding {
    let targets = config.outside_targets();
    let kept = match outgoing::kept(config) {
        Ok(kept) => kept,
        Err(error) => return Finding::could_not_look(CHECK, told(&error), "run this as root"),
    };
    match outgoing::look_up(config) {
        Ok(now) => judge(&targets, kept, &now),
        Err(error) => Finding::fault(
            CHECK,
            told(&error),
            "until then the daemons use the addresses that are kept, if there are any",
        ),
    }
}

fn judge(targets: &[Target], kept: Kept, now: &Kept) -> Finding {
    let is_current = kept == *now;
    let standing = compare(targets, kept);
    if let Some((what, advice)) = standing.faults().into_iter().next() {
        return Finding::fault(CHECK, what, advice);
    }
    if !is_current {
        let now = compare(targets, now.clone()).told();
        let what = format!("what settings name resolves to others than are kept and open: {now}");
        return Finding::warning(CHECK, what, APPLY);
    }
    Finding::ok(CHECK, format!("the daemons may connect to: {}", standing.told()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use ::host::outgoing::KeptTarget;

    fn kept(address: &str) -> Kept {
        let target = KeptTarget {
            host: "dc1.example.com".to_owned(),
            port: 636,
            addresses: vec![address.parse().unwrap()],
        };
        Kept {
            targets: vec![target],
            ..Kept::default()
        }
    }

    #[test]
    fn a_target_that_is_not_kept_not_named_any_more_or_has_moved_is_told() {
        let named = ["dc1.example.com:636".parse().unwrap()];
        let (old, new) = (kept("10.0.0.5"), kept("10.0.0.6"));
        let level = |targets: &[Target], kept: &Kept, now: &Kept| judge(targets, kept.clone(), now).level;
        assert_eq!(level(&named, &old, &old), Level::Ok);
        assert_eq!(level(&[], &Kept::default(), &Kept::default()), Level::Ok);
        assert_eq!(level(&named, &Kept::default(), &new), Level::Fault);
        assert_eq!(level(&[], &old, &Kept::default()), Level::Fault);
        assert_eq!(level(&named, &old, &new), Level::Warning);
    }
}
