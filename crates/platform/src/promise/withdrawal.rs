//! Whoever is disabled is out at once: by what happened after each disabling, and by the comparisons that find who is gone.
//!
//! Invariant: where nobody was disabled there is nothing to measure, and nothing is "kept".

use super::{directory::judge_sync, look::Look};
use crate::{Platform, error::Result};
use promises::Outcome;
use store::control::{
    directory::{self, DirectoryState},
    withdrawal::{self, WithdrawalFigures},
};

pub(super) const ID: &str = "remote-disable";

/// What is promised: so long may what runs go on.
const SECONDS_MAX: i32 = 5;
/// How far back is looked.
const DAYS: i32 = 90;

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut read = platform.control().read().await?;
    let figures = withdrawal::figures(&mut read, SECONDS_MAX, DAYS).await?;
    let directories = directory::list(&mut read).await?;
    drop(read);
    let mut look = Look::new().fact("disabled in the last 90 days", figures.recent);
    if let Some(slowest) = figures.slowest_ms {
        look.note(
            "longest until a session was ended, in ms",
            format!("{slowest:.0}"),
        );
    }
    judge(&mut look, &figures);
    for row in directories
        .iter()
        .filter(|row| row.state == DirectoryState::Active)
    {
        judge_sync(&mut look, &format!("directory {}", row.key), row, platform.now());
    }
    if figures.recent == 0 && look.is_clean() {
        return Ok(Outcome::could_not_look(
            "nobody was disabled in the last 90 days; it is measured whenever somebody is",
        ));
    }
    Ok(look.done())
}

fn judge(look: &mut Look, figures: &WithdrawalFigures) {
    let late_ms = f64::from(SECONDS_MAX) * 1_000.0;
    if let Some(slowest) = figures.slowest_ms.filter(|slowest| *slowest > late_ms) {
        let what = format!("a session was ended {slowest:.0} ms after its account was disabled");
        look.fault(
            what,
            "the sessions",
            "see that the database and the worker were up then",
        );
    }
    let advice = "end them with `strongroom account disable` once more, and look who changed the account in the database";
    let found = [
        (
            figures.open_sessions,
            "sessions of disabled accounts are open",
            "the sessions",
            advice,
        ),
        (
            figures.answered,
            "requests were carried out for somebody more than five seconds after they were disabled",
            "the access log",
            "restart strongroom.service on every node, and see that their clocks are right",
        ),
        (
            figures.used_tokens,
            "tokens were used more than five seconds after their holder was disabled",
            "the API tokens",
            "revoke them with `strongroom token revoke`, and restart strongroom.service on every node",
        ),
        (
            figures.running_jobs,
            "jobs of disabled people run",
            "the jobs",
            "restart strongroom-worker.service",
        ),
    ];
    for (count, what, place, advice) in found {
        if count > 0 {
            look.fault(format!("{count} {what}"), place, advice);
        }
    }
}
