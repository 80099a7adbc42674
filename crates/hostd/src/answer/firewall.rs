//! The firewall: planned, checked, loaded for a while, confirmed for good.
//!
//! The way back is systemd's: before a ruleset is loaded, a timer is set that starts `strongroom-firewall.service`, which
//! loads the confirmed ruleset, or takes our table away where none was confirmed. A boot starts the same unit. So an
//! unconfirmed ruleset goes whatever becomes of this process, of the caller, or of the machine.
//!
//! Invariants: the timer runs before the ruleset does; what was not confirmed is only in `/run`; a confirmed ruleset is
//! written before the timer is stopped, so that a timer which is quicker loads the new one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use host::account::Account;
use host::firewall::{DAEMONS, Outgoing, RULED, plan_replacement, plan_ruleset, replaced_by};
use host::helper::{
    ApplyFirewall, ConfirmReply, ErrorName, FirewallReply, PlanReply, Ports, Refusal, SshAccess,
};
use host::outgoing::{self, KEPT};
use host::write::{self, Access};
use host::{nft, ssh, unit};
use nix::unistd::{Gid, Uid};

use super::{failed, said};

/// What a boot and the timer start.
const UNIT: &str = "strongroom-firewall.service";
const TIMER: &str = "strongroom-firewall.timer";
/// systemd makes both folders, for root alone (`StateDirectory=`, `RuntimeDirectory=`).
const CONFIRMED: &str = "/var/lib/strongroom-hostd/firewall.nft";
const PENDING: &str = "/run/strongroom-hostd/pending.nft";
/// The login that applied it.
const SESSION: &str = "/run/strongroom-hostd/pending.session";

/// One change at a time.
static CHANGE: Mutex<()> = Mutex::new(());

pub(super) fn look() -> Result<FirewallReply, Refusal> {
    let loaded = nft::list().map_err(|error| failed(&error))?;
    let confirmed = kept(Path::new(CONFIRMED))?;
    let pending = kept(Path::new(PENDING))?;
    let turned_away = nft::turned_away().map_err(|error| failed(&error))?;
    Ok(FirewallReply {
        turned_away,
        is_pending: pending.is_some() && pending == loaded && pending != confirmed,
        loaded,
        confirmed,
    })
}

pub(super) fn plan(ports: &Ports, ssh: SshAccess) -> Result<PlanReply, Refusal> {
    let ssh_ports = ssh_ports(ssh)?;
    let all: BTreeSet<u16> = ports.as_slice().iter().chain(&ssh_ports).copied().collect();
    // Whom the daemons may reach is read here, out of root's own file: no caller names a target.
    let targets = outgoing::read_owned(Path::new(KEPT)).map_err(|error| failed(&error))?;
    let outgoing = Outgoing {
        uids: ruled(),
        daemons: Account::named(DAEMONS).map(|account| account.uid.as_raw()),
        targets: &targets.rules(),
    };
    let ruleset = plan_ruleset(&all, &outgoing).map_err(|error| failed(&error))?;
    nft::check(&plan_replacement(Some(&ruleset))).map_err(|error| failed(&error))?;
    Ok(PlanReply { ruleset, ssh_ports })
}

pub(super) fn apply(asked: &ApplyFirewall) -> Result<PlanReply, Refusal> {
    let _alone = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = plan(&asked.ports, asked.ssh)?;
    let replacement = plan_replacement(Some(&plan.ruleset));
    go_back()?;
    keep(
        Path::new(SESSION),
        &asked.session.map(|number| number.to_string()).unwrap_or_default(),
    )?;
    keep(Path::new(PENDING), &replacement)?;
    let loaded = unit::start_later(UNIT, asked.seconds.into()).and_then(|()| nft::load(&replacement));
    if let Err(error) = loaded {
        // The timer that may run loads what is loaded already.
        forget(Path::new(PENDING));
        return Err(failed(&error));
    }
    Ok(plan)
}

/// The accounts whose connections are ruled. In the name of one that is not there nobody connects.
fn ruled() -> BTreeSet<u32> {
    let accounts = RULED.iter().filter_map(|name| Account::named(name));
    accounts.map(|account| account.uid.as_raw()).collect()
}

/// Puts back what was confirmed, if another ruleset waits: at no time is one loaded that no timer would take back.
fn go_back() -> Result<(), Refusal> {
    let confirmed = match kept_text(Path::new(CONFIRMED))? {
        Some(text) => text,
        None => {
            let none = plan_replacement(None);
            keep(Path::new(CONFIRMED), &none)?;
            none
        }
    };
    if kept(Path::new(PENDING))?.is_some() {
        nft::load(&confirmed).map_err(|error| failed(&error))?;
        forget(Path::new(PENDING));
    }
    unit::stop(TIMER).map_err(|error| failed(&error))
}

pub(super) fn confirm(session: Option<u32>) -> Result<ConfirmReply, Refusal> {
    let _alone = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
    let ruleset = waiting()?;
    check_session(session, kept_text(Path::new(SESSION))?.as_deref())?;
    let replacement = plan_replacement(Some(&ruleset));
    keep(Path::new(CONFIRMED), &replacement)?;
    unit::stop(TIMER).map_err(|error| failed(&error))?;
    // The timer may have been quicker than the line before the last.
    if nft::list().map_err(|error| failed(&error))?.as_ref() != Some(&ruleset) {
        nft::load(&replacement).map_err(|error| failed(&error))?;
    }
    forget(Path::new(PENDING));
    Ok(ConfirmReply { ruleset })
}

/// The ruleset that was applied, is loaded, and is not confirmed.
fn waiting() -> Result<String, Refusal> {
    let nothing = |why| Refusal::new(ErrorName::NothingToConfirm, why);
    let Some(ruleset) = kept(Path::new(PENDING))? else {
        return Err(nothing(
            "no ruleset waits to be confirmed; it may have gone already, so apply it again",
        ));
    };
    if nft::list().map_err(|error| failed(&error))?.as_ref() != Some(&ruleset) {
        return Err(nothing("what is loaded is not what was applied; apply it again"));
    }
    Ok(ruleset)
}

/// A connection that was there before the ruleset says nothing about whether one gets in: answers always do.
fn check_session(session: Option<u32>, applied_by: Option<&str>) -> Result<(), Refusal> {
    let applied_by = applied_by.and_then(|text| text.parse::<u32>().ok());
    if session.is_some() && session == applied_by {
        let why = "this login applied the ruleset and was there before it; confirm from a new one, which shows that one gets in";
        return Err(Refusal::new(ErrorName::SameSession, why));
    }
    Ok(())
}

/// The SSH server's own word, so that a caller who does not know its port locks nobody out.
fn ssh_ports(access: SshAccess) -> Result<Vec<u16>, Refusal> {
    if access == SshAccess::Close {
        return Ok(Vec::new());
    }
    match ssh::look() {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(found)) if !found.ports.is_empty() => Ok(found.ports.into_iter().collect()),
        Ok(Some(_)) => Err(unknown_ssh("it names no port")),
        Err(error) => Err(unknown_ssh(&said(&error))),
    }
}

fn unknown_ssh(why: &str) -> Refusal {
    let why =
        format!("the SSH server does not say which ports it uses, so they could not be kept open: {why}");
    Refusal::new(ErrorName::Failed, why)
}

/// The ruleset in a kept file; none where there is no file, or it takes the table away.
fn kept(path: &Path) -> Result<Option<String>, Refusal> {
    Ok(kept_text(path)?.and_then(|text| replaced_by(&text).map(str::to_owned)))
}

fn kept_text(path: &Path) -> Result<Option<String>, Refusal> {
    let bytes = write::read(path).map_err(|error| failed(&error))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn keep(path: &Path, text: &str) -> Result<(), Refusal> {
    let access = Access {
        user: Uid::effective(),
        group: Gid::effective(),
        mode: 0o600,
    };
    write::file(path, text.as_bytes(), access)
        .map(drop)
        .map_err(|error| failed(&error))
}

/// What is left of it is compared with what is loaded, so it does no harm.
fn forget(path: &Path) {
    std::fs::remove_file(PathBuf::from(path)).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_in_the_way_of_a_kept_ruleset_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("firewall.nft"));
        std::fs::write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        assert!(kept(&link).is_err() && keep(&link, "x").is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
        let through = folder.path().join("folder");
        symlink(folder.path(), &through).unwrap();
        assert!(keep(&through.join("new"), "x").is_err());
    }

    #[test]
    fn a_kept_ruleset_reads_back_and_one_that_takes_the_table_away_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("firewall.nft");
        assert_eq!(kept(&path).unwrap(), None);
        keep(&path, &plan_replacement(None)).unwrap();
        assert_eq!(kept(&path).unwrap(), None);
        let outgoing = Outgoing {
            uids: BTreeSet::from([990]),
            daemons: Some(990),
            targets: &[],
        };
        let ruleset = plan_ruleset(&BTreeSet::from([443]), &outgoing).unwrap();
        keep(&path, &plan_replacement(Some(&ruleset))).unwrap();
        assert_eq!(kept(&path).unwrap(), Some(ruleset));
        forget(&path);
        assert!(!path.exists());
    }

    #[test]
    fn the_login_that_applied_does_not_confirm_and_one_without_a_number_may() {
        assert_eq!(
            check_session(Some(3), Some("3")).unwrap_err().name,
            ErrorName::SameSession
        );
        for (session, applied_by) in [
            (Some(4), Some("3")),
            (None, Some("3")),
            (Some(3), Some("")),
            (Some(3), None),
        ] {
            assert!(
                check_session(session, applied_by).is_ok(),
                "{session:?} {applied_by:?}"
            );
        }
    }

    #[test]
    fn closing_ssh_asks_nobody() {
        assert_eq!(ssh_ports(SshAccess::Close).unwrap(), Vec::<u16>::new());
    }
}
