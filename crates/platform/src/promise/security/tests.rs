use super::*;
use host::{
    apt::{
        Seen,
        automatic::{LastRuns, Timer},
        package::Packages,
        pending::Pending,
        stale::Stale,
    },
    updates::{Refresh, Renewal},
};

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn before(days: i64) -> Option<Timestamp> {
    Timestamp::from_second(now().as_second() - days * 86_400).ok()
}

fn index(origin: &str, label: &str, age: i64, valid: i64) -> Index {
    Index {
        name: format!("{label}_InRelease"),
        origin: origin.to_owned(),
        label: label.to_owned(),
        codename: "stable".to_owned(),
        signed_at: before(age),
        valid_until: before(-valid),
    }
}

fn well() -> Standing {
    Standing {
        has_repository: true,
        refresh: Seen::Known(Some(Refresh {
            at: now(),
            signed_at: before(1),
            failure: None,
        })),
        indices: Seen::Known(vec![
            index("Debian", "Debian-Security", 1, 6),
            index("Strongroom", "Strongroom", 1, 6),
        ]),
        automatic: Seen::Known(Automatic {
            is_unattended_upgrades_installed: true,
            are_lists_fetched: true,
            are_updates_installed: true,
            origins: vec!["origin=Debian,label=Debian-Security".to_owned()],
            weakening: Vec::new(),
        }),
        packages: Seen::Known(Packages::default()),
        pending: Seen::Known(Vec::new()),
        last_runs: Seen::Known(LastRuns {
            lists_at: before(0),
            upgrade_at: before(0),
        }),
        timers: Seen::Known(vec![Timer {
            name: "apt-daily.timer",
            is_running: true,
        }]),
        stale: Seen::Known(Stale {
            by: "needrestart",
            services: Vec::new(),
            kernel: Seen::Known(false),
        }),
        is_reboot_required: false,
        renewal: Seen::Known(None),
        booted_at: before(9),
    }
}

/// What was found wrong; none where nobody could look.
fn faults(change: impl FnOnce(&mut Standing)) -> Option<Vec<String>> {
    let mut standing = well();
    change(&mut standing);
    match judge(&standing, &Seen::Known(None), now()) {
        Outcome::Looked { facts, faults } => {
            assert!(!facts.is_empty());
            Some(faults.into_iter().map(|fault| fault.what).collect())
        }
        Outcome::CouldNotLook { .. } => None,
    }
}

fn automatic_of(standing: &mut Standing) -> &mut Automatic {
    match &mut standing.automatic {
        Seen::Known(automatic) => automatic,
        Seen::Unknown(why) => panic!("{why}"),
    }
}

#[test]
fn a_machine_that_updates_itself_has_no_fault() {
    assert_eq!(faults(|_| {}), Some(Vec::new()));
    assert_eq!(
        faults(|standing| {
            standing.pending = Seen::Known(vec![waiting()]);
        }),
        Some(Vec::new()),
        "an update of today may wait for tonight"
    );
}

fn waiting() -> Pending {
    Pending {
        package: "openssl".to_owned(),
        from: Some("1".to_owned()),
        to: "2".to_owned(),
        is_security: true,
    }
}

#[test]
fn a_held_package_a_stopped_timer_and_a_stranger_each_break_it() {
    type Break = fn(&mut Standing);
    let breaks: [(&str, Break); 12] = [
        ("held", |standing| {
            standing.packages = Seen::Known(Packages {
                held: vec!["openssl".to_owned()],
                ..Packages::default()
            });
        }),
        ("did not end", |standing| {
            standing.packages = Seen::Known(Packages {
                unfinished: vec!["curl (half-configured)".to_owned()],
                ..Packages::default()
            });
        }),
        ("timer", |standing| {
            standing.timers = Seen::Known(vec![Timer {
                name: "apt-daily.timer",
                is_running: false,
            }]);
        }),
        ("repository is refused: NO_PUBKEY", |standing| {
            let failure = Some("NO_PUBKEY 1234".to_owned());
            standing.refresh = Seen::Known(Some(Refresh {
                at: now(),
                signed_at: None,
                failure,
            }));
        }),
        ("no index of the repository", |standing| {
            standing.indices = Seen::Known(vec![index("Debian", "Debian-Security", 1, 6)]);
        }),
        ("no source of Debian's security", |standing| {
            standing.indices = Seen::Known(vec![index("Strongroom", "Strongroom", 1, 6)]);
        }),
        ("expired", |standing| {
            standing.indices = Seen::Known(vec![
                index("Debian", "Debian-Security", 1, 6),
                index("Strongroom", "Strongroom", 8, -1),
            ]);
        }),
        ("older than 8 days", |standing| {
            standing.indices = Seen::Known(vec![
                index("Debian", "Debian-Security", 9, 6),
                index("Strongroom", "Strongroom", 1, 6),
            ]);
        }),
        ("apt takes what it should refuse", |standing| {
            automatic_of(standing).weakening = vec!["Acquire::Check-Valid-Until is \"false\"".to_owned()];
        }),
        ("unattended-upgrades is not installed", |standing| {
            automatic_of(standing).is_unattended_upgrades_installed = false;
        }),
        ("not installed daily", |standing| {
            automatic_of(standing).are_updates_installed = false;
        }),
        ("a security update waits", |standing| {
            standing.pending = Seen::Known(vec![waiting()]);
            standing.last_runs = Seen::Known(LastRuns {
                lists_at: before(0),
                upgrade_at: before(4),
            });
        }),
    ];
    for (said, change) in breaks {
        let found = faults(change).unwrap_or_else(|| panic!("{said}: nobody could look"));
        assert_eq!(found.len(), 1, "{said}: {found:?}");
        assert!(found[0].contains(said), "{said}: {found:?}");
    }
}

#[test]
fn what_cannot_be_seen_is_unknown_unless_something_is_wrong_anyway() {
    let hidden = || "the sandbox".to_owned();
    assert_eq!(
        faults(|standing| standing.pending = Seen::Unknown(hidden())),
        None
    );
    assert_eq!(
        faults(|standing| standing.indices = Seen::Unknown(hidden())),
        None
    );
    let found = faults(|standing| {
        standing.pending = Seen::Unknown(hidden());
        automatic_of(standing).are_lists_fetched = false;
    });
    assert_eq!(found.map(|found| found.len()), Some(1));
}

fn bundle() -> LastBundle {
    LastBundle {
        sequence: 7,
        made_at: before(3).unwrap(),
        not_after: before(-60).unwrap(),
        spoilt: None,
        outdated: Vec::new(),
    }
}

/// A machine that no archive of Debian's reaches and nothing runs on by itself.
fn alone(bundle: &Seen<Option<LastBundle>>, change: impl FnOnce(&mut Standing)) -> Option<Vec<String>> {
    let mut standing = well();
    standing.has_repository = false;
    standing.indices = Seen::Known(Vec::new());
    standing.timers = Seen::Unknown("nobody needs them".to_owned());
    standing.last_runs = Seen::Known(LastRuns {
        lists_at: None,
        upgrade_at: None,
    });
    automatic_of(&mut standing).is_unattended_upgrades_installed = false;
    change(&mut standing);
    match judge(&standing, bundle, now()) {
        Outcome::Looked { faults, .. } => Some(faults.into_iter().map(|fault| fault.what).collect()),
        Outcome::CouldNotLook { .. } => None,
    }
}

#[test]
fn on_a_machine_without_an_archive_a_fresh_installed_bundle_is_the_source() {
    let fresh = Seen::Known(Some(bundle()));
    assert_eq!(alone(&fresh, |_| {}), Some(Vec::new()));
    let stale = Seen::Known(Some(LastBundle {
        made_at: before(40).unwrap(),
        ..bundle()
    }));
    let found = alone(&stale, |_| {}).unwrap();
    assert!(found.len() == 1 && found[0].contains("40 days old"), "{found:?}");
    let left = Seen::Known(Some(LastBundle {
        outdated: vec!["openssl 1, the bundle has 2".to_owned()],
        ..bundle()
    }));
    assert_eq!(alone(&left, |_| {}).unwrap().len(), 1);
    let none = alone(&Seen::Known(None), |_| {}).unwrap();
    assert!(
        none.iter()
            .any(|what| what.contains("no source of Debian's security")),
        "{none:?}"
    );
    assert_eq!(
        alone(&Seen::Unknown("the record is spoilt".to_owned()), |_| {}),
        None
    );
    // What is wrong with the machine is wrong whichever way updates come.
    let held = alone(&fresh, |standing| {
        standing.packages = Seen::Known(Packages {
            held: vec!["openssl".to_owned()],
            ..Packages::default()
        });
        automatic_of(standing).weakening = vec!["Acquire::Check-Date is \"false\"".to_owned()];
    });
    assert_eq!(held.unwrap().len(), 2);
}

#[test]
fn an_archive_that_is_named_and_stale_is_not_excused_by_a_bundle() {
    let mut standing = well();
    standing.has_repository = false;
    standing.indices = Seen::Known(vec![index("Debian", "Debian-Security", 20, -5)]);
    let outcome = judge(&standing, &Seen::Known(Some(bundle())), now());
    let Outcome::Looked { faults, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        faults.iter().any(|fault| fault.what.contains("expired")),
        "{faults:?}"
    );
}

#[test]
fn old_code_that_nobody_starts_anew_breaks_it_and_a_young_machine_or_a_recent_night_does_not() {
    let old = |standing: &mut Standing| {
        standing.stale = Seen::Known(Stale {
            by: "needrestart",
            services: vec!["cron.service".to_owned()],
            kernel: Seen::Known(true),
        });
    };
    let found = faults(old).unwrap();
    assert!(found.len() == 1 && found[0].contains("cron.service"), "{found:?}");
    let young = faults(|standing| {
        old(standing);
        standing.booted_at = before(1);
    });
    assert_eq!(young, Some(Vec::new()));
    let night = |days: i64, failed: &[&str]| {
        let mut renewal = Renewal::new(before(days).unwrap());
        renewal.failed = failed.iter().map(|text| (*text).to_owned()).collect();
        Seen::Known(Some(renewal))
    };
    let of = |renewal| {
        faults(|standing| {
            old(standing);
            standing.renewal = renewal;
        })
        .unwrap()
        .len()
    };
    assert_eq!(of(night(1, &[])), 0);
    assert_eq!(of(night(5, &[])), 1);
    assert_eq!(of(night(1, &["cron.service: it did not start"])), 1);
}
