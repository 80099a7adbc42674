//! The drop-in that lets the worker reach the targets: without one it has no network at all.
//!
//! Invariant: it is there only while something is kept, and allows the kept addresses one by one. The server needs none:
//! it hears clients from everywhere, so only the rules for its account hold it.

use crate::failure::CommandError;
use ::host::{
    outgoing::{Kept, WORKER_DROP_IN as DROP_IN},
    write::{self, Access, Written},
};
use nix::unistd::{Gid, Uid};
use std::{fmt::Write, fs, io, net::IpAddr, path::Path};

const FOLDER: &str = "/etc/systemd/system/strongroom-worker.service.d";
/// Nobody else writes what systemd reads.
const ROOTS: Access = Access {
    user: Uid::from_raw(0),
    group: Gid::from_raw(0),
    mode: 0o644,
};

/// Whether the worker is opened for what is kept, and for nothing else.
pub(crate) fn is_admitted(kept: &Kept) -> Result<bool, CommandError> {
    let found = write::read(Path::new(DROP_IN))?;
    let found = found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(found == drop_in(kept))
}

/// Writes the drop-in for what is kept, or removes it where nothing is.
pub(super) fn open(kept: &Kept) -> Result<Written, CommandError> {
    let Some(text) = drop_in(kept) else {
        return remove();
    };
    let folder = Access { mode: 0o755, ..ROOTS };
    write::folder(Path::new(FOLDER), folder)?;
    Ok(write::file(Path::new(DROP_IN), text.as_bytes(), ROOTS)?)
}

fn remove() -> Result<Written, CommandError> {
    match fs::remove_file(DROP_IN) {
        Ok(()) => {
            // An administrator's own drop-ins may lie beside it.
            fs::remove_dir(FOLDER).ok();
            Ok(Written::Changed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Written::Same),
        Err(error) => Err(CommandError::io(format!("cannot remove {DROP_IN}"))(error)),
    }
}

/// The drop-in's text; none where nothing is to be reached.
fn drop_in(kept: &Kept) -> Option<String> {
    let addresses = kept.addresses();
    if addresses.is_empty() {
        return None;
    }
    let mut text = String::from(
        "# Written by `strongroom firewall apply` out of [outgoing] in strongroom.toml; changed by it alone.\n\
         [Service]\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_INET6\n",
    );
    for address in addresses {
        let bits = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
        writeln!(text, "IPAddressAllow={address}/{bits}").ok();
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::host::outgoing::KeptTarget;

    #[test]
    fn the_worker_is_opened_for_single_addresses_and_for_none_without_targets() {
        assert_eq!(drop_in(&Kept::default()), None);
        let target = |address: &str| KeptTarget {
            host: "a".to_owned(),
            port: 636,
            addresses: vec![address.parse().unwrap()],
        };
        let kept = |all: &[&str]| Kept {
            targets: all.iter().map(|address| target(address)).collect(),
            ..Kept::default()
        };
        assert_eq!(
            drop_in(&kept(&["127.0.0.1"])),
            None,
            "the loopback needs no opening"
        );
        let text = drop_in(&kept(&["10.0.0.5", "fd00::5", "10.0.0.5"])).unwrap();
        assert!(
            text.ends_with("IPAddressAllow=10.0.0.5/32\nIPAddressAllow=fd00::5/128\n"),
            "{text}"
        );
    }
}
