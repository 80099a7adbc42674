//! The last bundle as the source of security updates, on a machine that no archive of Debian's reaches.
//!
//! Invariant: a bundle counts while it is whole, in its time, not older than a month, and installed; nothing of it is
//! taken on trust: its list is verified against the record, its files are looked at, and dpkg is asked for each package.

use crate::promise::{bundle, look::Look};
use host::{
    apt::{Seen, package},
    run::RunError,
};
use jiff::Timestamp;
use updates::{
    manifest::{Content, Manifest},
    record::{Found, Places},
    shelf,
    version::DebianVersion,
};

/// Debian publishes several security updates each week; the data about vulnerabilities goes stale as quickly.
const DAYS_MAX: i64 = 31;
/// Most packages that are named.
const NAMES_MAX: usize = 10;

/// The bundle that was imported last.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LastBundle {
    /// Its number.
    pub sequence: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it may be installed.
    pub not_after: Timestamp,
    /// Why it is not whole; none where it is.
    pub spoilt: Option<String>,
    /// Packages of it that are installed here in an older version.
    pub outdated: Vec<String>,
}

/// Looks at the bundle that was imported last; none where none ever was.
#[must_use]
pub fn last_bundle(places: &Places) -> Seen<Option<LastBundle>> {
    match places.read() {
        Ok(None) => Seen::Known(None),
        Ok(Some(found)) => Seen::of(look_at(places, &found)).map(Some),
        Err(error) => Seen::Unknown(error.to_string()),
    }
}

fn look_at(places: &Places, found: &Found) -> Result<LastBundle, RunError> {
    let record = &found.record;
    let mut bundle = LastBundle {
        sequence: record.sequence,
        made_at: record.made_at,
        not_after: record.not_after,
        spoilt: None,
        outdated: Vec::new(),
    };
    match shelf::manifest(places, record) {
        Err(error) => bundle.spoilt = Some(error.to_string()),
        Ok(manifest) => {
            bundle.spoilt = bundle::on_shelf(places, record).err();
            bundle.outdated = outdated(&manifest, package::version)?;
        }
    }
    Ok(bundle)
}

/// Packages of the list that are here in an older version; one that is not here at all is none of this machine's.
fn outdated(
    manifest: &Manifest,
    installed: impl Fn(&str) -> Result<Option<String>, RunError>,
) -> Result<Vec<String>, RunError> {
    let mut found = Vec::new();
    for target in &manifest.targets {
        let Content::Package { package, version, .. } = &target.content else {
            continue;
        };
        let Some(here) = installed(package)? else {
            continue;
        };
        // A version that is none cannot be told to be new enough.
        if here.parse::<DebianVersion>().is_ok_and(|here| here >= *version) {
            continue;
        }
        found.push(format!("{package} {here}, the bundle has {version}"));
    }
    Ok(found)
}

/// What is wrong with it as the only source.
pub(super) fn check(bundle: &LastBundle, now: Timestamp, look: &mut Look) {
    let place = format!("bundle {}", bundle.sequence);
    let newer = "make a newer bundle, then `strongroom update import FILE --install`";
    let age = now.duration_since(bundle.made_at).as_hours() / 24;
    if let Some(why) = &bundle.spoilt {
        look.fault(
            format!("the last bundle is not whole: {why}"),
            &place,
            "import it again",
        );
    }
    if now >= bundle.not_after {
        look.fault(
            format!("the last bundle has expired on {}", bundle.not_after),
            &place,
            newer,
        );
    } else if age > DAYS_MAX {
        look.fault(
            format!("the last bundle is {age} days old, more than {DAYS_MAX}"),
            &place,
            newer,
        );
    } else if age < -1 {
        look.fault(
            "the last bundle is from the future",
            &place,
            "set the machine's clock",
        );
    }
    for package in bundle.outdated.iter().take(NAMES_MAX) {
        let what = format!("a package of the last bundle is not installed: {package}");
        look.fault(what, &place, "run `strongroom update run --bundle`");
    }
    look.note(
        "source of updates",
        format!("bundle {}, {age} days old", bundle.sequence),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use promises::Outcome;

    fn now() -> Timestamp {
        "2026-11-28T12:00:00Z".parse().unwrap()
    }

    fn days(count: i64) -> jiff::SignedDuration {
        jiff::SignedDuration::from_hours(24 * count)
    }

    pub(super) fn fresh() -> LastBundle {
        LastBundle {
            sequence: 7,
            made_at: now() - days(3),
            not_after: now() + days(60),
            spoilt: None,
            outdated: Vec::new(),
        }
    }

    fn faults(change: impl FnOnce(&mut LastBundle)) -> Vec<String> {
        let mut bundle = fresh();
        change(&mut bundle);
        let mut look = Look::new();
        check(&bundle, now(), &mut look);
        match look.done() {
            Outcome::Looked { faults, .. } => faults.into_iter().map(|fault| fault.what).collect(),
            Outcome::CouldNotLook { why } => panic!("{why}"),
        }
    }

    #[test]
    fn a_stale_expired_spoilt_or_uninstalled_bundle_is_no_source() {
        assert_eq!(faults(|_| {}), Vec::<String>::new());
        assert_eq!(
            faults(|bundle| bundle.made_at = now() - days(31)),
            Vec::<String>::new()
        );
        type Break = fn(&mut LastBundle);
        let breaks: [(&str, Break); 5] = [
            ("32 days old", |bundle| bundle.made_at = now() - days(32)),
            ("from the future", |bundle| bundle.made_at = now() + days(3)),
            ("expired", |bundle| bundle.not_after = now()),
            ("not whole: gone", |bundle| {
                bundle.spoilt = Some("gone".to_owned())
            }),
            ("not installed: openssl 1", |bundle| {
                bundle.outdated = vec!["openssl 1, the bundle has 2".to_owned()];
            }),
        ];
        for (said, change) in breaks {
            let found = faults(change);
            assert!(found.len() == 1 && found[0].contains(said), "{said}: {found:?}");
        }
    }

    #[test]
    fn a_package_counts_as_installed_in_the_bundles_version_or_a_later_one() {
        let target = |name: &str, version: &str| {
            serde_json::json!({
                "name": format!("{name}.deb"), "bytes": 1, "sha256": "0".repeat(64),
                "content": {"kind": "package", "package": name, "version": version, "architecture": "amd64"},
            })
        };
        let manifest = serde_json::json!({
            "format": 1, "product": "strongroom", "release": "trixie", "architecture": "amd64", "version": "0.2.0",
            "from_oldest": "0.1.0", "sequence": 7, "made_at": now(), "not_before": now(), "not_after": now(),
            "roots_sha256": "0".repeat(64),
            "targets": [target("older", "2"), target("same", "2"), target("newer", "2"), target("absent", "2"),
                        target("strange", "2")],
        });
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let installed = |name: &str| {
            let version = match name {
                "older" => Some("1:0~rc1-1"),
                "same" => Some("2"),
                "newer" => Some("2+deb13u1"),
                "strange" => Some("no version"),
                _ => None,
            };
            Ok(version.map(|version| version.trim_start_matches("1:").to_owned()))
        };
        let found = outdated(&manifest, installed).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("older") && found[1].starts_with("strange"),
            "{found:?}"
        );
    }
}
