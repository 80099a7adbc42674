//! A look at our repository: apt fetches and verifies its index, and we see that it is one to go by.
//!
//! apt ignores an index that is older than the one it has, and takes one that is older than the one it had. So the newest
//! time of signing is kept outside apt's lists, and nothing older is taken (the attacks that TUF calls rollback and freeze).

use crate::failure::{CommandError, Exit};
use ::host::{
    apt::{
        KEYRING, ORIGIN, SOURCE, act,
        index::{Index, LISTS, indices},
        keyring,
    },
    updates::Folder,
};
use jiff::Timestamp;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// No keyring of a repository is longer.
const KEYRING_BYTES_MAX: u64 = 1 << 20;

/// Fetches the index and notes how that went.
pub(super) fn refresh(folder: &Folder, now: Timestamp) -> Result<(), CommandError> {
    let floor = folder.refresh()?.and_then(|before| before.signed_at);
    match look(floor, now) {
        Ok(signed_at) => Ok(folder.note_refresh(now, Some(signed_at), None)?),
        Err(error) => {
            folder.note_refresh(now, floor, Some(&super::told(&error)))?;
            Err(error)
        }
    }
}

fn look(floor: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, CommandError> {
    act::refresh(Path::new(SOURCE))?;
    judge_keyring(&read(Path::new(KEYRING))?, now).map_err(|why| CommandError::said(Exit::Failed, why))?;
    let found = indices(Path::new(LISTS)).map_err(CommandError::io(format!("cannot look into {LISTS}")))?;
    judge(&found, floor, now).map_err(|why| CommandError::said(Exit::Failed, why))
}

/// Nothing where there is none: apt took the index by another, which the source's file names.
fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(KEYRING_BYTES_MAX).read_to_end(&mut bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
    .map_err(CommandError::io(format!("cannot read {}", path.display())))?;
    Ok(bytes)
}

/// Debian 13's apt goes on taking what is signed by a key that has ended, if the signature says that it is older.
fn judge_keyring(keyring: &[u8], now: Timestamp) -> Result<(), String> {
    match keyring::ended_at(keyring, now) {
        None => Ok(()),
        Some(end) => Err(format!(
            "the key of the repository has expired ({end}), so whoever has it signs what nobody stands for any more; \
             install the vendor's newest strongroom-archive-keyring, and look at the machine's clock"
        )),
    }
}

/// When the index was signed, if it is one to go by.
fn judge(found: &[Index], floor: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, String> {
    let Some(index) = found.iter().find(|index| index.origin == ORIGIN) else {
        return Err(
            "apt has accepted no index of the repository; run `apt-get update` and see what it says"
                .to_owned(),
        );
    };
    if index.is_expired(now) {
        return Err(
            "the index of the repository has expired; ask the vendor, and look at the machine's clock"
                .to_owned(),
        );
    }
    let (Some(signed_at), Some(_)) = (index.signed_at, index.valid_until) else {
        return Err("the index of the repository does not say from when until when it is valid".to_owned());
    };
    match floor {
        Some(floor) if signed_at < floor => Err(format!(
            "the index of the repository is older ({signed_at}) than one that was here before ({floor}): somebody shows \
             old versions; ask the vendor"
        )),
        _ => Ok(signed_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn index(signed: Option<i64>, until: Option<i64>) -> Vec<Index> {
        vec![Index {
            name: "x_InRelease".to_owned(),
            origin: ORIGIN.to_owned(),
            label: ORIGIN.to_owned(),
            codename: "stable".to_owned(),
            signed_at: signed.map(at),
            valid_until: until.map(at),
        }]
    }

    #[test]
    fn an_index_that_is_old_has_run_out_or_never_ends_is_refused() {
        assert_eq!(
            judge(&index(Some(100), Some(900)), Some(at(100)), at(500)),
            Ok(at(100))
        );
        let refusals = [
            (index(Some(99), Some(900)), "older"),
            (index(Some(100), Some(499)), "expired"),
            (index(Some(100), None), "until when"),
            (Vec::new(), "accepted no index"),
        ];
        for (found, wanted) in refusals {
            let why = judge(&found, Some(at(100)), at(500)).unwrap_err();
            assert!(why.contains(wanted), "{why}");
        }
        assert!(
            judge(&index(Some(99), Some(900)), None, at(500)).is_ok(),
            "the first one has nothing before it"
        );
    }
}
