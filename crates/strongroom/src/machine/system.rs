//! Release, processors, memory, clock and name.

use super::Facts;
use crate::finding::Finding;
use ::host::{clock::InStep, machine::Machine, name::Resolution, release::support};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::time::Duration;

const MEMORY_BYTES_MIN: u64 = 900 << 20;
const MEMORY_BYTES_GOOD: u64 = 1900 << 20;
/// A file may be from a clock that was a little ahead.
const CLOCK_SLACK: Duration = Duration::from_secs(300);
/// People need some time to plan an upgrade.
const SUPPORT_DAYS_LEFT_MIN: i32 = 90;

pub(super) fn release(facts: &Facts) -> Finding {
    const CHECK: &str = "operating-system";
    let advice = "run Strongroom on Debian 12 or 13";
    let Some(release) = &facts.release else {
        return Finding::could_not_look(CHECK, "/etc/os-release does not say what runs here", advice);
    };
    let Some(support) = release.debian().and_then(support::of) else {
        return Finding::warning(
            CHECK,
            format!("{} is not a release that is tested", release.name),
            advice,
        );
    };
    let name = &release.name;
    let Some(today) = date_of(facts) else {
        return Finding::could_not_look(CHECK, "the clock cannot be read as a date", "set the clock");
    };
    let left = days(today, support.long_term_until);
    let upgrade = "upgrade the machine to the current Debian release";
    if left < 0 {
        let what = format!(
            "{name} has had no security updates since {}",
            support.long_term_until
        );
        return Finding::fault(CHECK, what, upgrade);
    }
    if left < SUPPORT_DAYS_LEFT_MIN {
        let what = format!(
            "{name} gets its last security updates on {}",
            support.long_term_until
        );
        return Finding::warning(CHECK, what, upgrade);
    }
    if today > support.security_until {
        let what = format!("{name}, long-term support until {}", support.long_term_until);
        return Finding::ok(CHECK, what);
    }
    Finding::ok(
        CHECK,
        format!("{name}, security support until {}", support.security_until),
    )
}

pub(super) fn processors(machine: &Machine) -> Finding {
    const CHECK: &str = "processors";
    match machine.processors {
        1 => Finding::warning(
            CHECK,
            "there is one processor; sign-ins and imports will slow each other down",
            "give the machine two or more",
        ),
        many => Finding::ok(CHECK, format!("{many} processors")),
    }
}

pub(super) fn memory(machine: &Machine) -> Finding {
    const CHECK: &str = "memory";
    let advice = "give the machine 2 GiB or more";
    let Some(bytes) = machine.memory_bytes else {
        return Finding::could_not_look(CHECK, "the kernel does not say how much memory there is", advice);
    };
    let what = format!("{} MiB", bytes >> 20);
    if bytes < MEMORY_BYTES_MIN {
        Finding::fault(CHECK, format!("{what}, which is too little"), advice)
    } else if bytes < MEMORY_BYTES_GOOD {
        Finding::warning(CHECK, format!("{what}, enough for a few people only"), advice)
    } else {
        Finding::ok(CHECK, what)
    }
}

/// A wrong clock is a fault: certificates, sessions and the audit log rest on it.
pub(super) fn clock(facts: &Facts) -> Vec<Finding> {
    const CHECK: &str = "clock";
    let advice = "set the clock (timedatectl set-time, or a time server in /etc/systemd/timesyncd.conf)";
    let behind = facts
        .clock_floor
        .and_then(|floor| floor.duration_since(facts.now).ok())
        .filter(|behind| *behind > CLOCK_SLACK);
    if let Some(behind) = behind {
        let what = format!(
            "the clock is wrong: it stands {} hours before files that were written on this machine",
            behind.as_secs().div_ceil(3600)
        );
        return vec![Finding::fault(CHECK, what, advice)];
    }
    if date_of(facts).is_none_or(|today| today < support::LOOKED_UP) {
        let what = format!(
            "the clock is wrong: it stands before {}, when this was written",
            support::LOOKED_UP
        );
        return vec![Finding::fault(CHECK, what, advice)];
    }
    vec![match facts.in_step {
        InStep::Yes => Finding::ok(CHECK, "kept in step with a time server"),
        InStep::No => Finding::warning(
            CHECK,
            "plausible, and no time server keeps it right",
            "name a time server that this network reaches, in /etc/systemd/timesyncd.conf or chrony",
        ),
        InStep::Unknown => Finding::could_not_look(
            CHECK,
            "plausible; whether a time server keeps it right cannot be seen here",
            "run `timedatectl` on the host",
        ),
    }]
}

pub(super) fn name(name: &str, found: &Resolution) -> Finding {
    const CHECK: &str = "host-name";
    let advice = format!("add {name} to your DNS, or a line with it to /etc/hosts");
    match found {
        Resolution::Found(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            Finding::ok(CHECK, format!("{name} is {}", addresses.join(", ")))
        }
        Resolution::NotFound(why) => {
            Finding::fault(CHECK, format!("{name} does not resolve ({why})"), advice)
        }
        Resolution::TookTooLong => Finding::fault(
            CHECK,
            format!("{name} does not resolve: no name server answers in time"),
            format!("{advice}; the name servers are in /etc/resolv.conf"),
        ),
    }
}

fn date_of(facts: &Facts) -> Option<Date> {
    let now = Timestamp::try_from(facts.now).ok()?;
    Some(now.to_zoned(TimeZone::UTC).date())
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
