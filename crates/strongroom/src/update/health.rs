//! Whether the platform is well, as its users would see it: units, HTTPS, the sign-in page, the audit log.

use crate::{
    failure::{CommandError, Exit},
    host::block_on,
    probe::Probe,
    setup::step::services::UNITS,
};
use ::host::unit;
use config::Config;
use platform::{Platform, promise};
use promises::State;
use std::{
    thread,
    time::{Duration, Instant},
};

/// Longer than a daemon waits for its database at its start.
const WAIT: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A daemon that is well only for a moment is not.
const SETTLE: Duration = Duration::from_secs(8);
/// One that was started anew this often does not come up.
const RESTARTS_MAX: u32 = 2;
const PAGES: [&str; 2] = ["/api/v1/health", "/sign-in"];
const AUDIT: &str = "audit-complete";

/// What is not well now, if anything.
pub(crate) fn look(config: &Config) -> Result<(), String> {
    units().and_then(|_| pages(config)).and_then(|()| audit(config))
}

/// Waits until it is well and stays so.
pub(crate) fn wait(config: &Config) -> Result<String, CommandError> {
    let began = Instant::now();
    let restarts = units_restarts();
    loop {
        let found = look(config);
        let restarted = units_restarts().saturating_sub(restarts);
        match found {
            Ok(()) => break,
            Err(why) if began.elapsed() > WAIT || restarted > RESTARTS_MAX => return Err(unwell(&why)),
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
    let came_up = began.elapsed();
    let restarts = units_restarts();
    thread::sleep(SETTLE);
    look(config).map_err(|why| unwell(&why))?;
    if units_restarts() != restarts {
        return Err(unwell("a daemon was started anew"));
    }
    Ok(format!("well after {:.1} s", came_up.as_secs_f32()))
}

fn unwell(why: &str) -> CommandError {
    CommandError::said(Exit::Failed, format!("the platform is not well: {why}"))
}

fn units() -> Result<(), String> {
    for name in UNITS {
        let found = unit::look(name).map_err(|error| error.to_string())?;
        if found.state != "active" {
            return Err(format!("{name} is {}", found.state));
        }
    }
    Ok(())
}

/// How often both daemons were started anew by systemd.
fn units_restarts() -> u32 {
    let restarts = |name| unit::look(name).map_or(0, |found| found.restarts);
    UNITS.into_iter().map(restarts).sum()
}

fn pages(config: &Config) -> Result<(), String> {
    let host = config.listen.base_url.host_str().unwrap_or("localhost");
    let host = host.trim_matches(['[', ']']);
    let probe = Probe::of_listener(config.listen.https, host, None);
    for path in PAGES {
        match probe.status_of(path) {
            Ok(Some(200)) => {}
            Ok(Some(status)) => return Err(format!("{path} answers {status}")),
            Ok(None) => return Err(format!("{path} does not answer as HTTP does")),
            Err(error) => return Err(format!("{path}: {error}")),
        }
    }
    Ok(())
}

/// Broken is not well; one that cannot be looked at is no reason to go back, nor are entries that wait. No update begins on a platform
/// where it is broken already.
fn audit(config: &Config) -> Result<(), String> {
    let state = block_on(async {
        let platform = Platform::open(config).await?;
        Ok(promise::check_one(&platform, AUDIT).await?.verdict().state)
    });
    match state {
        Ok(State::Broken) => Err(format!("the promise {AUDIT} is broken")),
        Ok(_) => Ok(()),
        Err(error) => Err(super::told(&error)),
    }
}
