//! The machine runs a Debian release that still gets security updates.

use super::look::Look;
use crate::Platform;
use host::release::{
    Release,
    support::{self, LOOKED_UP},
};
use jiff::{civil::Date, tz::TimeZone};
use promises::Outcome;

/// Debian sets some dates late: a table that is older than this says nothing.
const TABLE_DAYS_MAX: i32 = 550;

pub(super) fn look(platform: &Platform) -> Outcome {
    let today = platform.now().to_zoned(TimeZone::UTC).date();
    judge(Release::of_machine().as_ref(), today)
}

fn judge(release: Option<&Release>, today: Date) -> Outcome {
    let Some(release) = release else {
        return Outcome::could_not_look("/etc/os-release does not say what runs here");
    };
    let mut look = Look::new().fact("release", &release.name);
    let upgrade = "upgrade the machine to the current Debian release";
    if release.id != "debian" {
        look.fault("the machine does not run Debian", &release.name, upgrade);
        return look.done();
    }
    let Some(support) = release.debian().and_then(support::of) else {
        return Outcome::could_not_look(format!(
            "the support dates of {} are not known here",
            release.name
        ));
    };
    if today > support.long_term_until {
        let what = format!(
            "the release has had no security updates since {}",
            support.long_term_until
        );
        look.fault(what, &release.name, upgrade);
    } else if days(LOOKED_UP, today) > TABLE_DAYS_MAX || today < LOOKED_UP {
        // A release that has ended stays so; one that has not may have got other dates.
        return Outcome::could_not_look(format!(
            "the support dates were looked up on {LOOKED_UP}, and it is {today}"
        ));
    }
    look.fact("security support until", support.security_until)
        .fact("long-term support until", support.long_term_until)
        .fact("dates looked up on", LOOKED_UP)
        .fact("program", env!("CARGO_PKG_VERSION"))
        .done()
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn judged(text: &str, today: Date) -> Outcome {
        judge(Release::parse(text).as_ref(), today)
    }

    fn faults(outcome: &Outcome) -> usize {
        match outcome {
            Outcome::Looked { faults, .. } => faults.len(),
            Outcome::CouldNotLook { why } => panic!("it could not look: {why}"),
        }
    }

    const TRIXIE: &str = "ID=debian\nVERSION_ID=13\n";

    #[test]
    fn a_release_within_its_support_has_no_fault() {
        assert_eq!(faults(&judged(TRIXIE, date(2027, 1, 1))), 0);
        assert_eq!(faults(&judged("ID=debian\nVERSION_ID=12\n", date(2027, 1, 1))), 0);
    }

    #[test]
    fn a_release_past_its_support_and_another_system_break_it() {
        assert_eq!(faults(&judged("ID=debian\nVERSION_ID=11\n", date(2027, 1, 1))), 1);
        assert_eq!(faults(&judged("ID=debian\nVERSION_ID=12\n", date(2029, 1, 1))), 1);
        assert_eq!(faults(&judged("ID=fedora\nVERSION_ID=43\n", date(2027, 1, 1))), 1);
    }

    #[test]
    fn old_dates_an_unknown_release_and_a_clock_of_before_say_nothing() {
        for outcome in [
            judged(TRIXIE, date(2028, 7, 1)),
            judged("ID=debian\nVERSION_ID=15\n", date(2027, 1, 1)),
            judged("ID=debian\n", date(2027, 1, 1)),
            judged(TRIXIE, date(2020, 1, 1)),
            judged("", date(2027, 1, 1)),
        ] {
            assert!(matches!(outcome, Outcome::CouldNotLook { .. }), "{outcome:?}");
        }
    }
}
