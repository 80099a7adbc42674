//! The services' sandboxes, by systemd's own measure.
//!
//! Invariant: the host's settings are not compared with a benchmark yet, so this is never "kept"; a unit that is more exposed
//! than it was shipped breaks it.

use super::look::Look;
use crate::{Platform, error::Result, helper};
use host::{
    exposure::{OPENED_WORKER_TENTHS, shipped_tenths_max},
    helper::{GetUnits, UnitReply},
    outgoing::WORKER_DROP_IN,
};
use promises::Outcome;

pub(super) const ID: &str = "host-hardening";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    Ok(match helper::ask(platform, GetUnits {}).await? {
        Ok(reply) => judge(&reply.units),
        Err(error) => Outcome::could_not_look(helper::text(&error)),
    })
}

fn judge(units: &[UnitReply]) -> Outcome {
    let mut look = Look::new();
    let mut seen = Vec::new();
    for unit in units {
        check(unit, &mut look);
        seen.push(told(unit));
    }
    if !look.is_clean() {
        return look.fact("exposure", seen.join(", ")).done();
    }
    let why = format!(
        "the host's settings are not compared with a benchmark yet; the units' exposure is {}",
        seen.join(", ")
    );
    Outcome::could_not_look(why)
}

fn check(unit: &UnitReply, look: &mut Look) {
    let bound = shipped_tenths_max(&unit.name);
    let Some((tenths, bound)) = unit.exposure_tenths.zip(bound) else {
        return;
    };
    // What it may reach by that drop-in is looked at by no-disclosure.
    let bound = match unit.drop_ins.as_slice() {
        [path] if path == WORKER_DROP_IN => bound.max(OPENED_WORKER_TENTHS),
        _ => bound,
    };
    if tenths <= bound {
        return;
    }
    let what = format!(
        "its sandbox is looser than it was shipped: exposure {}, not {} at most; drop-ins: {}",
        decimal(tenths),
        decimal(bound),
        match unit.drop_ins.as_slice() {
            [] => "none".to_owned(),
            paths => paths.join(" "),
        }
    );
    let advice = format!(
        "look at `systemctl cat {0}`; `systemctl revert {0}` undoes changes made here",
        unit.name
    );
    look.fault(what, unit.name.as_str(), &advice);
}

fn told(unit: &UnitReply) -> String {
    let drop_ins = match unit.drop_ins.len() {
        0 => String::new(),
        many => format!(" with {many} drop-ins"),
    };
    match (unit.exposure_tenths, &unit.why) {
        (Some(tenths), _) => format!("{} {}{drop_ins}", unit.name, decimal(tenths)),
        (None, why) => format!(
            "{} unknown ({})",
            unit.name,
            why.as_deref().unwrap_or("it is not said why")
        ),
    }
}

fn decimal(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(tenths: Option<u32>, drop_ins: &[&str]) -> UnitReply {
        UnitReply {
            name: "strongroom.service".to_owned(),
            state: "active".to_owned(),
            is_enabled: true,
            restarts: 0,
            exposure_tenths: tenths,
            reach: None,
            drop_ins: drop_ins.iter().map(|path| (*path).to_owned()).collect(),
            why: None,
        }
    }

    #[test]
    fn a_drop_in_that_loosens_a_unit_breaks_it_and_is_named() {
        let path = "/etc/systemd/system/strongroom.service.d/override.conf";
        let outcome = judge(&[unit(Some(41), &[path])]);
        let Outcome::Looked { faults, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(
            faults[0].what.contains(path) && faults[0].what.contains("4.1"),
            "{faults:?}"
        );
    }

    #[test]
    fn the_worker_may_be_opened_for_targets_and_by_nothing_else() {
        let worker = |tenths, drop_ins: &[&str]| UnitReply {
            name: "strongroom-worker.service".to_owned(),
            ..unit(Some(tenths), drop_ins)
        };
        let is_broken = |unit| matches!(judge(&[unit]), Outcome::Looked { .. });
        assert!(!is_broken(worker(OPENED_WORKER_TENTHS, &[WORKER_DROP_IN])));
        assert!(is_broken(worker(OPENED_WORKER_TENTHS, &[])));
        assert!(is_broken(worker(
            OPENED_WORKER_TENTHS,
            &[WORKER_DROP_IN, "/etc/x.conf"]
        )));
        assert!(is_broken(worker(OPENED_WORKER_TENTHS + 1, &[WORKER_DROP_IN])));
    }

    #[test]
    fn it_is_never_kept_and_says_how_exposed_the_units_are() {
        for (unit, said) in [
            (unit(Some(14), &[]), "strongroom.service 1.4"),
            (unit(None, &[]), "unknown"),
        ] {
            let outcome = judge(&[unit]);
            let Outcome::CouldNotLook { why } = outcome else {
                panic!("{outcome:?}")
            };
            assert!(why.contains(said), "{why}");
        }
    }
}
