//! Connections to other machines: only to targets that the settings name, at addresses that root looked up.
//!
//! Invariants: every use case that goes out asks [`addresses`] at each connection and dials one of them, never a name, so that
//! whoever answers for a name at that moment moves nothing. What a setting does not name is refused here, and dropped by
//! the kernel as well.

use crate::{Platform, PlatformError, error::Result};
use config::{Target, TargetHost};
use host::outgoing::{self, Kept, KeptPlace};
use openid::Reach;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use types::{ProblemCode, ServiceName};

/// What to do when names changed their addresses, or settings their targets.
const APPLY: &str = "run `strongroom firewall apply` on the host, and then `strongroom firewall confirm`";

/// What the settings name and what is kept, held against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What settings name, each with its kept addresses.
    pub named: Vec<Named>,
    /// What is kept and open although no setting names it any more: `HOST:PORT`.
    pub forgotten: Vec<String>,
    /// What is kept, as rules take it.
    pub kept: Kept,
}

/// A target that settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The target.
    pub target: Target,
    /// Its addresses, of a service those of all its hosts; none where it was never looked up.
    pub addresses: Vec<std::net::IpAddr>,
}

/// For the client of web requests: its hosts are where root looked them up, and nowhere where no setting names them.
pub(crate) fn reach(platform: &Platform) -> Reach {
    let door = Door::of(platform);
    Reach::told(Arc::new(move |host: &str, port: u16| {
        door.beyond(host, port).map_err(|error| error.detail)
    }))
}

/// The addresses of a host and port that settings name, to dial one after the other. The host is a name or an address,
/// with or without brackets; certificates are checked against it, not against the address.
///
/// # Errors
/// `invalid` when the host is none, or no setting names it; `unavailable` when root has not looked it up.
pub fn addresses(platform: &Platform, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    Door::of(platform).addresses(host, port)
}

/// What root found under the name of a service of directories that settings name.
///
/// # Errors
/// As [`addresses`].
pub(crate) fn places(platform: &Platform, service: &ServiceName) -> Result<Vec<KeptPlace>> {
    let door = Door::of(platform);
    let target = Target::from(service.clone());
    door.require_named(&target)?;
    let kept = kept(&door.kept)?;
    let found = kept.service(service.as_str()).map(|found| found.places.clone());
    found
        .filter(|places| !places.is_empty())
        .ok_or_else(|| unknown(&target))
}

fn unknown(target: &Target) -> PlatformError {
    let why = format!("the addresses of {target} are not known; {APPLY}");
    PlatformError::new(ProblemCode::Unavailable, why)
}

/// What settings name and where root's word of it lies, for whoever dials without a platform.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    named: Vec<Target>,
    kept: PathBuf,
}

impl Door {
    pub(crate) fn of(platform: &Platform) -> Self {
        Self {
            named: platform.settings().outside_targets.clone(),
            kept: platform.settings().kept_targets.clone(),
        }
    }

    /// As [`addresses`]; none for this machine itself, which is no outgoing connection.
    pub(crate) fn beyond(&self, host: &str, port: u16) -> Result<Option<Vec<SocketAddr>>> {
        match host {
            "localhost" | "127.0.0.1" | "::1" | "[::1]" => Ok(None),
            host => self.addresses(host, port).map(Some),
        }
    }

    fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        let target = Target::new(host, port)
            .map_err(|error| PlatformError::invalid_at("/host", "malformed", error.to_string()))?;
        self.require_named(&target)?;
        let found = match target.host {
            TargetHost::Address(address) => vec![address],
            TargetHost::Name(_) | TargetHost::Service(_) => kept_addresses(&kept(&self.kept)?, &target),
        };
        if found.is_empty() {
            return Err(unknown(&target));
        }
        Ok(found
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }
}

impl Door {
    fn require_named(&self, target: &Target) -> Result<()> {
        if self.named.contains(target) {
            return Ok(());
        }
        let why = format!(
            "no setting lets the platform connect to {target}; name it in [outgoing] of the settings file, and {APPLY}"
        );
        Err(PlatformError::invalid_at("/host", "not-named", why))
    }
}

/// Holds what settings name against what is kept.
///
/// # Errors
/// `unavailable` when the kept file cannot be read.
pub fn standing(platform: &Platform) -> Result<Standing> {
    let settings = platform.settings();
    Ok(compare(&settings.outside_targets, kept(&settings.kept_targets)?))
}

/// The same without a platform.
#[must_use]
pub fn compare(targets: &[Target], kept: Kept) -> Standing {
    let named = targets.iter().map(|target| Named {
        addresses: kept_addresses(&kept, target),
        target: target.clone(),
    });
    let is_named = |host: &str, port: u16| {
        targets
            .iter()
            .any(|target| target.port == port && target.host.to_string() == host)
    };
    let forgotten = kept
        .targets
        .iter()
        .filter(|target| !is_named(&target.host, target.port));
    let forgotten = forgotten.map(|target| format!("{}:{}", target.host, target.port));
    let services = kept.services.iter().map(|service| &service.name);
    let services = services.filter(|name| !is_named(name, 0)).cloned();
    Standing {
        named: named.collect(),
        forgotten: forgotten.chain(services).collect(),
        kept,
    }
}

impl Standing {
    /// What is wrong with it, each with what to do next.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let unknown = self.named.iter().filter(|named| named.addresses.is_empty());
        let unknown = unknown.map(|named| {
            let what = format!(
                "settings name {}, whose addresses are not known, so it is closed",
                named.target
            );
            (what, APPLY.to_owned())
        });
        let forgotten = self.forgotten.iter().map(|target| {
            let what = format!("{target} may still be open although no setting names it");
            (what, APPLY.to_owned())
        });
        unknown.chain(forgotten).collect()
    }

    /// The targets in words: `dc1.example.com:636 (10.0.0.5)`; `none` where there are none.
    #[must_use]
    pub fn told(&self) -> String {
        let told = self
            .named
            .iter()
            .map(|named| match (&named.target.host, named.addresses.as_slice()) {
                (TargetHost::Service(name), _) => told_service(&self.kept, name),
                (TargetHost::Name(_), []) => format!("{} (no address)", named.target),
                (TargetHost::Name(_), addresses) => {
                    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                    format!("{} ({})", named.target, addresses.join(", "))
                }
                (TargetHost::Address(_), _) => named.target.to_string(),
            });
        let told: Vec<String> = told.collect();
        match told.as_slice() {
            [] => "none".to_owned(),
            told => told.join(", "),
        }
    }
}

/// A service with its hosts: `_ldap._tcp.example.com (dc1.example.com:389 10.0.0.5)`.
fn told_service(kept: &Kept, name: &ServiceName) -> String {
    let places = kept.service(name.as_str()).map(|found| found.places.as_slice());
    let told = places.unwrap_or_default().iter().map(|place| {
        let addresses: Vec<String> = place.target.addresses.iter().map(ToString::to_string).collect();
        format!(
            "{}:{} {}",
            place.target.host,
            place.target.port,
            addresses.join(" ")
        )
    });
    let told: Vec<String> = told.collect();
    match told.as_slice() {
        [] => format!("{name} (no server)"),
        told => format!("{name} ({})", told.join(", ")),
    }
}

fn kept(path: &Path) -> Result<Kept> {
    outgoing::read(path).map_err(|error| PlatformError::new(ProblemCode::Unavailable, error.to_string()))
}

fn kept_addresses(kept: &Kept, target: &Target) -> Vec<std::net::IpAddr> {
    if let TargetHost::Service(name) = &target.host {
        let places = kept.service(name.as_str()).map(|found| found.places.as_slice());
        let addresses = places
            .unwrap_or_default()
            .iter()
            .flat_map(|place| &place.target.addresses);
        return addresses.copied().collect();
    }
    let found = kept.of(&target.host.to_string(), target.port);
    found.map_or_else(Vec::new, |kept| kept.addresses.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::outgoing::KeptTarget;

    fn kept_of(host: &str, port: u16, addresses: &[&str]) -> KeptTarget {
        KeptTarget {
            host: host.to_owned(),
            port,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn what_no_setting_names_is_not_dialled_and_this_machine_is_not_outside() {
        let door = Door {
            named: vec![
                "login.example.com:443".parse().unwrap(),
                "10.0.0.5:587".parse().unwrap(),
            ],
            kept: "/nonexistent/outgoing.json".into(),
        };
        assert_eq!(door.beyond("localhost", 587).unwrap(), None);
        let at = |text: &str| Some(vec![text.parse::<SocketAddr>().unwrap()]);
        assert_eq!(door.beyond("10.0.0.5", 587).unwrap(), at("10.0.0.5:587"));
        for (host, port) in [
            ("10.0.0.5", 25),
            ("localhost.example.com", 443),
            ("127.0.0.1.example.com", 443),
        ] {
            let refused = door.beyond(host, port).unwrap_err();
            assert!(refused.detail.contains("no setting lets"), "{}", refused.detail);
        }
        let unknown = door.beyond("login.example.com", 443).unwrap_err();
        assert!(unknown.detail.contains("are not known"), "{}", unknown.detail);
    }

    #[test]
    fn what_settings_name_and_what_is_kept_must_be_the_same() {
        let named: Vec<Target> = ["dc1.example.com:636", "10.0.0.5:587"]
            .map(|text| text.parse().unwrap())
            .into();
        let whole = Kept {
            targets: vec![
                kept_of("dc1.example.com", 636, &["10.0.0.9"]),
                kept_of("10.0.0.5", 587, &["10.0.0.5"]),
            ],
            ..Kept::default()
        };
        let sound = compare(&named, whole.clone());
        assert_eq!(sound.faults(), []);
        assert_eq!(sound.told(), "dc1.example.com:636 (10.0.0.9), 10.0.0.5:587");
        let unknown = compare(&named, Kept::default());
        assert_eq!(unknown.faults().len(), 2);
        assert!(
            unknown.faults()[0].0.contains("dc1.example.com:636"),
            "{unknown:?}"
        );
        let forgotten = compare(&named[..1], whole);
        assert_eq!(forgotten.faults().len(), 1);
        assert!(forgotten.faults()[0].0.contains("10.0.0.5:587"), "{forgotten:?}");
        assert_eq!(compare(&[], Kept::default()).told(), "none");
    }

    #[test]
    fn a_service_is_told_with_its_hosts_and_is_closed_until_it_was_looked_up() {
        let named: Vec<Target> = vec!["_ldap._tcp.example.com".parse().unwrap()];
        let place = KeptPlace {
            priority: 0,
            weight: 100,
            target: kept_of("dc1.example.com", 389, &["10.0.0.9"]),
        };
        let service = host::outgoing::KeptService {
            name: "_ldap._tcp.example.com".to_owned(),
            places: vec![place],
        };
        let whole = Kept {
            services: vec![service],
            ..Kept::default()
        };
        let sound = compare(&named, whole.clone());
        assert_eq!(sound.faults(), []);
        assert_eq!(
            sound.told(),
            "_ldap._tcp.example.com (dc1.example.com:389 10.0.0.9)"
        );
        let unknown = compare(&named, Kept::default());
        assert!(unknown.faults()[0].0.contains("are not known"), "{unknown:?}");
        assert_eq!(unknown.told(), "_ldap._tcp.example.com (no server)");
        let forgotten = compare(&[], whole);
        assert_eq!(forgotten.forgotten, ["_ldap._tcp.example.com"]);
    }
}
