//! Who on other machines the daemons may reach: what root looked up and kept in one file of root's.
//!
//! The daemons can ask no resolver, and rules are made of addresses. So root's command looks names up when the firewall is
//! applied, keeps name, port and addresses, and rules, daemons and checks all read that one file. A name that means
//! another address tomorrow opens nothing by itself.
//!
//! Invariant: a file that somebody else than root could have written counts for no rule ([`read_owned`]).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::egress;
use crate::name::{self, Resolution};
use crate::write::{self, Access, WriteError, Written};

/// Where it is kept, beside the settings.
pub const KEPT: &str = "/etc/strongroom/outgoing.json";
/// Its name beside settings that lie elsewhere.
pub const KEPT_NAME: &str = "outgoing.json";
/// The drop-in that lets the worker, which has no network otherwise, reach them.
pub const WORKER_DROP_IN: &str = "/etc/systemd/system/strongroom-worker.service.d/outgoing.conf";
/// Most addresses of one name: a domain of directory servers has some dozens.
pub const ADDRESSES_MAX: usize = 32;
/// Most hosts of one service that DNS lists: a large domain has some dozens of directory servers.
pub const PLACES_MAX: usize = 64;
/// Most targets.
pub const TARGETS_MAX: usize = 64;

/// The targets with their addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// At most [`TARGETS_MAX`].
    pub targets: Vec<KeptTarget>,
    /// What DNS lists under the names of services: at most [`TARGETS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<KeptService>,
}

/// A service of a domain, as DNS listed it (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptService {
    /// Its name as settings have it, in lower case: `_ldap._tcp.example.com`.
    pub name: String,
    /// Its hosts: at least one, at most [`PLACES_MAX`], sorted.
    pub places: Vec<KeptPlace>,
}

/// One host of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPlace {
    /// Lower ones are asked first.
    pub priority: u16,
    /// How often it is asked first among those of its priority, against the others' weights.
    pub weight: u16,
    /// Host, port and addresses.
    pub target: KeptTarget,
}

/// A target with its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptTarget {
    /// The host as settings name it: a name in lower case, or an address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// What the host meant when it was looked up: at least one, at most [`ADDRESSES_MAX`], sorted.
    pub addresses: Vec<IpAddr>,
}

/// Why there are no targets.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The name has no address, or nobody answers.
    #[error(
        "{host} does not resolve ({why}); write it into /etc/hosts, name its address, or take it out of [outgoing]"
    )]
    Unresolved {
        /// The name.
        host: String,
        /// In the resolver's words.
        why: String,
    },
    /// More addresses than anybody means.
    #[error("{host} resolves to {count} addresses, more than {ADDRESSES_MAX}; name single machines")]
    TooManyAddresses {
        /// The name.
        host: String,
        /// How many.
        count: usize,
    },
    /// The file says something else than we write.
    #[error("{path} is not as it was written; run `strongroom firewall apply`")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It holds more than we write.
    #[error("{path} names more than was ever written; run `strongroom firewall apply`")]
    TooMany {
        /// The file.
        path: String,
    },
    /// Others than root may change it.
    #[error(
        "{path} belongs to user {user} with mode {mode:04o}, so that others than root could name targets; run `chown root {path}` and `chmod 0640 {path}`, and look who changed it"
    )]
    NotRoots {
        /// The file.
        path: String,
        /// The number of its user.
        user: u32,
        /// Its mode.
        mode: u32,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] WriteError),
}

impl Kept {
    /// What the rules let through. Addresses of the loopback need no rule and get none.
    #[must_use]
    pub fn rules(&self) -> Vec<egress::Target> {
        let mut rules = BTreeSet::new();
        for target in self.all() {
            let port = target.port;
            let others = target.addresses.iter().filter(|address| !address.is_loopback());
            rules.extend(others.map(|address| egress::Target {
                address: *address,
                port,
            }));
        }
        rules.into_iter().collect()
    }

    fn all(&self) -> impl Iterator<Item = &KeptTarget> {
        let places = self.services.iter().flat_map(|service| &service.places);
        self.targets.iter().chain(places.map(|place| &place.target))
    }

    /// What DNS listed under a service's name; none where it is not kept.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&KeptService> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The addresses of all targets, each once.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        self.rules().into_iter().map(|rule| rule.address).collect()
    }

    /// What a host and port mean; none where they are not kept.
    #[must_use]
    pub fn of(&self, host: &str, port: u16) -> Option<&KeptTarget> {
        self.targets
            .iter()
            .find(|target| target.host == host && target.port == port)
    }
}

/// Looks a host up as every program of the machine would.
///
/// # Errors
/// [`OutgoingError::Unresolved`], [`OutgoingError::TooManyAddresses`].
pub fn resolve(host: &str, port: u16, deadline: Duration) -> Result<KeptTarget, OutgoingError> {
    let unresolved = |why: String| OutgoingError::Unresolved {
        host: host.to_owned(),
        why,
    };
    let found = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => match name::resolve(host, deadline) {
            Resolution::Found(found) => found,
            Resolution::NotFound(why) => return Err(unresolved(why)),
            Resolution::TookTooLong => {
                return Err(unresolved(format!("no answer in {} seconds", deadline.as_secs())));
            }
        },
    };
    let addresses: BTreeSet<IpAddr> = found.into_iter().map(|address| address.to_canonical()).collect();
    if addresses.len() > ADDRESSES_MAX {
        return Err(OutgoingError::TooManyAddresses {
            host: host.to_owned(),
            count: addresses.len(),
        });
    }
    Ok(KeptTarget {
        host: host.to_owned(),
        port,
        addresses: addresses.into_iter().collect(),
    })
}

/// What is kept; nothing where there is no file.
///
/// # Errors
/// [`OutgoingError`].
pub fn read(path: &Path) -> Result<Kept, OutgoingError> {
    match write::read(path)? {
        None => Ok(Kept::default()),
        Some(bytes) => parse(path, &bytes),
    }
}

/// The same for whoever makes rules of it: only of a file that root alone may change.
///
/// # Errors
/// [`OutgoingError`].
pub fn read_owned(path: &Path) -> Result<Kept, OutgoingError> {
    let Some((bytes, access)) = write::read_with_access(path)? else {
        return Ok(Kept::default());
    };
    if !access.user.is_root() || access.mode & 0o022 != 0 {
        return Err(OutgoingError::NotRoots {
            path: path.display().to_string(),
            user: access.user.as_raw(),
            mode: access.mode,
        });
    }
    parse(path, &bytes)
}

/// Keeps them.
///
/// # Errors
/// [`OutgoingError`]; then what was kept is kept.
pub fn write(path: &Path, kept: &Kept, access: Access) -> Result<Written, OutgoingError> {
    let shown = || path.display().to_string();
    let mut text = serde_json::to_vec_pretty(kept).map_err(|source| OutgoingError::Unreadable {
        path: shown(),
        source,
    })?;
    text.push(b'\n');
    Ok(write::file(path, &text, access)?)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Kept, OutgoingError> {
    let path = path.display().to_string();
    let kept: Kept = match serde_json::from_slice(bytes) {
        Ok(kept) => kept,
        Err(source) => return Err(OutgoingError::Unreadable { path, source }),
    };
    let is_bounded = kept.targets.len() <= TARGETS_MAX
        && kept.services.len() <= TARGETS_MAX
        && kept
            .services
            .iter()
            .all(|service| service.places.len() <= PLACES_MAX)
        && kept.all().all(|target| target.addresses.len() <= ADDRESSES_MAX);
    match is_bounded {
        true => Ok(kept),
        false => Err(OutgoingError::TooMany { path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::{Gid, Uid};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mine(mode: u32) -> Access {
        Access {
            user: Uid::effective(),
            group: Gid::effective(),
            mode,
        }
    }

    fn kept(host: &str, port: u16, addresses: &[&str]) -> Kept {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let host = host.to_owned();
        Kept {
            targets: vec![KeptTarget {
                host,
                port,
                addresses,
            }],
            ..Kept::default()
        }
    }

    fn service(host: &str, address: &str) -> KeptService {
        let place = KeptPlace {
            priority: 0,
            weight: 100,
            target: kept(host, 389, &[address]).targets.remove(0),
        };
        KeptService {
            name: "_ldap._tcp.example.com".to_owned(),
            places: vec![place],
        }
    }

    #[test]
    fn what_is_kept_reads_back_and_no_file_is_no_target() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEPT_NAME);
        assert_eq!(read(&path).unwrap(), Kept::default());
        assert_eq!(read_owned(&path).unwrap(), Kept::default());
        let mut targets = kept("dc1.example.com", 636, &["10.0.0.5", "fd00::5"]);
        let before = serde_json::to_string(&targets).unwrap();
        assert!(!before.contains("services"), "a helper of before reads it too");
        targets.services = vec![service("dc2.example.com", "10.0.0.6")];
        write(&path, &targets, mine(0o640)).unwrap();
        assert_eq!(read(&path).unwrap(), targets);
        assert_eq!(targets.of("dc1.example.com", 636).unwrap().addresses.len(), 2);
        assert_eq!(targets.of("dc1.example.com", 389), None);
        assert_eq!(targets.service("_ldap._tcp.example.com").unwrap().places.len(), 1);
        assert_eq!(targets.service("_ldaps._tcp.example.com"), None);
    }

    #[test]
    fn a_file_that_others_could_have_written_makes_no_rule() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEPT_NAME);
        write(&path, &kept("a", 1, &["10.0.0.5"]), mine(0o640)).unwrap();
        assert_eq!(read_owned(&path).is_ok(), Uid::effective().is_root());
        for mode in [0o660, 0o642] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(
                matches!(read_owned(&path), Err(OutgoingError::NotRoots { .. })),
                "{mode:o}"
            );
        }
        if Uid::effective().is_root() {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            nix::unistd::chown(&path, Some(Uid::from_raw(65_534)), None).unwrap();
            assert!(matches!(read_owned(&path), Err(OutgoingError::NotRoots { .. })));
        }
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(read_owned(&link).is_err());
    }

    #[test]
    fn what_was_never_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEPT_NAME);
        let many = Kept {
            targets: vec![kept("a", 1, &["10.0.0.5"]).targets.remove(0); TARGETS_MAX + 1],
            ..Kept::default()
        };
        let mut crowded = service("a", "10.0.0.5");
        crowded.places = vec![crowded.places.remove(0); PLACES_MAX + 1];
        let crowded = Kept {
            services: vec![crowded],
            ..Kept::default()
        };
        let wide = kept("a", 1, &["10.0.0.5"; ADDRESSES_MAX + 1]);
        for text in [
            "".to_owned(),
            "{}".to_owned(),
            "{\"targets\":[],\"more\":1}".to_owned(),
            serde_json::to_string(&many).unwrap(),
            serde_json::to_string(&wide).unwrap(),
            serde_json::to_string(&crowded).unwrap(),
        ] {
            std::fs::write(&path, &text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }

    #[test]
    fn rules_name_each_address_once_and_none_of_this_machine() {
        let mut targets = kept("a", 1, &["10.0.0.5", "127.0.0.1"]);
        targets.targets.extend(kept("b", 1, &["10.0.0.5", "::1"]).targets);
        assert_eq!(targets.rules().len(), 1);
        assert_eq!(targets.addresses().len(), 1);
        targets.services = vec![service("dc2", "10.0.0.6"), service("dc1", "127.0.0.1")];
        assert_eq!(
            targets.rules().len(),
            2,
            "a service's hosts are let through as well"
        );
    }

    #[test]
    fn a_name_that_does_not_resolve_is_told_and_an_address_is_itself() {
        let error = resolve("strongroom.invalid", 636, Duration::from_secs(30)).unwrap_err();
        assert!(
            error.to_string().contains("strongroom.invalid does not resolve"),
            "{error}"
        );
        let found = resolve("::ffff:10.0.0.5", 25, Duration::ZERO).unwrap();
        assert_eq!(found.addresses, ["10.0.0.5".parse::<IpAddr>().unwrap()]);
        assert!(
            !resolve("localhost", 25, Duration::from_secs(30))
                .unwrap()
                .addresses
                .is_empty()
        );
    }
}
