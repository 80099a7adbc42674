//! A second location on another machine, by OpenSSH's `sftp` in its batch mode.
//!
//! Invariants: the host is known by the key that the settings name and by no other; no user's or machine's settings of the
//! client count; it asks nobody anything.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{BackupError, Entry, Lengths, MANIFEST, Pace};
use crate::disk::Space;
use crate::passing::Passing;
use crate::run::{Call, Program, RunError};

/// A full backup over a slow line.
const SEND_DEADLINE: Duration = Duration::from_secs(12 * 3600);
const LIST_DEADLINE: Duration = Duration::from_secs(600);
/// Folders that one call lists: what it says must stay below what is kept of it.
const LIST_FOLDERS: usize = 15;
/// Files that one call sends.
const SEND_FILES: usize = 200;

/// A folder on another machine.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Who signs in.
    pub user: String,
    /// The host, by name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The folder there.
    pub folder: PathBuf,
    /// A file with the host's key, in the form of `known_hosts` with the name `*`.
    pub known_hosts: PathBuf,
    /// The private key that signs in.
    pub identity: PathBuf,
}

impl Remote {
    /// As people read it.
    #[must_use]
    pub fn shown(&self) -> String {
        format!(
            "sftp://{}@{}:{}{}",
            self.user,
            self.host,
            self.port,
            self.folder.display()
        )
    }
}

pub(super) fn is_marked(remote: &Remote, mark: &str) -> Result<bool, BackupError> {
    let said = batch(
        remote,
        &format!("-ls -ln {}\n", there(remote, Path::new(mark))),
        LIST_DEADLINE,
        Pace::default(),
    )?;
    Ok(said.lines().any(|line| line.starts_with('-')))
}

pub(super) fn mark(remote: &Remote, mark: &str, text: &[u8]) -> Result<(), BackupError> {
    // The client reads what it sends from a file.
    let passing = Passing::make("mark")?;
    let file = passing.path().join("mark");
    std::fs::write(&file, text).map_err(super::refused("write", &file))?;
    let commands = format!(
        "-mkdir {}\nput {} {}\n",
        quoted(&remote.folder),
        quoted(&file),
        there(remote, Path::new(mark))
    );
    batch(remote, &commands, LIST_DEADLINE, Pace::default()).map(drop)
}

pub(super) fn remove(remote: &Remote, name: &str) -> Result<(), BackupError> {
    let command = format!("rm {}\n", there(remote, Path::new(name)));
    batch(remote, &command, LIST_DEADLINE, Pace::default()).map(drop)
}

pub(super) fn lengths(remote: &Remote, entries: &[Entry]) -> Result<Lengths, BackupError> {
    let folders: BTreeSet<&Path> = entries.iter().filter_map(|entry| entry.path.parent()).collect();
    let folders: Vec<&Path> = folders.into_iter().collect();
    let mut found = Lengths::new();
    for some in folders.chunks(LIST_FOLDERS) {
        let mut commands = String::new();
        for folder in some {
            commands.push_str(&format!("-ls -ln {}\n", there(remote, folder)));
        }
        read_listing(
            remote,
            &batch(remote, &commands, LIST_DEADLINE, Pace::default())?,
            &mut found,
        );
    }
    Ok(found)
}

/// The room on its disk, where the server says it (OpenSSH's `statvfs@openssh.com`).
pub(super) fn space(remote: &Remote) -> Result<Option<Space>, BackupError> {
    let command = format!("-df {}\n", quoted(&remote.folder));
    let said = batch(remote, &command, LIST_DEADLINE, Pace::default())?;
    Ok(read_space(&said))
}

/// Thousands of 1024 bytes: all, used, free for everybody, free for root, and the part that is used (sftp(1), `df`).
fn read_space(said: &str) -> Option<Space> {
    let numbers = said.lines().find(|line| line.trim_end().ends_with('%'))?;
    let numbers: Vec<u64> = numbers
        .split_whitespace()
        .map_while(|word| word.parse().ok())
        .collect();
    match numbers.as_slice() {
        [all, _, free, _] => Some(Space {
            free_bytes: free.saturating_mul(1024),
            total_bytes: all.saturating_mul(1024),
        }),
        _ => None,
    }
}

/// The manifests of the backups in a folder, which may not be there yet.
pub(super) fn manifests(remote: &Remote, below: &Path) -> Result<Vec<PathBuf>, BackupError> {
    // In quotes a star would be none.
    let all = remote.folder.join(below).join("*").join(MANIFEST);
    let command = format!("-ls -1 {}\n", all.display());
    let said = batch(remote, &command, LIST_DEADLINE, Pace::default())?;
    let lines = said
        .lines()
        .map(str::trim)
        .filter(|line| line.ends_with(MANIFEST) && !line.starts_with("sftp>"));
    Ok(lines.map(PathBuf::from).collect())
}

/// Each command is repeated before what it says; a line of a file has its rights first, its length in the fifth place and its
/// name last.
fn read_listing(remote: &Remote, said: &str, found: &mut Lengths) {
    let mut folder = PathBuf::new();
    for line in said.lines() {
        if let Some(path) = line.strip_prefix("sftp> -ls -ln ") {
            let path = Path::new(path.trim().trim_matches('"'));
            folder = path.strip_prefix(&remote.folder).unwrap_or(path).to_owned();
        } else if line.starts_with('-') {
            let words: Vec<&str> = line.split_whitespace().collect();
            let length = words.get(4).and_then(|word| word.parse().ok());
            let name = words.last().and_then(|word| Path::new(word).file_name());
            if let (Some(length), Some(name), true) = (length, name, words.len() >= 9) {
                found.insert(folder.join(name), length);
            }
        }
    }
}

pub(super) fn send(from: &Path, remote: &Remote, entries: &[Entry], pace: Pace) -> Result<(), BackupError> {
    let mut made = BTreeSet::new();
    for some in entries.chunks(SEND_FILES) {
        let mut commands = String::new();
        for entry in some {
            let parents: Vec<&Path> = entry.path.ancestors().skip(1).collect();
            for folder in parents
                .into_iter()
                .rev()
                .filter(|folder| !folder.as_os_str().is_empty())
            {
                if made.insert(folder.to_owned()) {
                    // It may be there.
                    commands.push_str(&format!("-mkdir {}\n", there(remote, folder)));
                }
            }
            let mut part = entry.path.as_os_str().to_owned();
            part.push(".part");
            let (part, whole) = (there(remote, Path::new(&part)), there(remote, &entry.path));
            commands.push_str(&format!(
                "put {} {part}\nrename {part} {whole}\n",
                quoted(&from.join(&entry.path))
            ));
        }
        batch(remote, &commands, SEND_DEADLINE, pace)?;
    }
    Ok(())
}

pub(super) fn fetch(remote: &Remote, parts: &[&str], into: &Path) -> Result<(), BackupError> {
    let mut commands = String::new();
    for part in parts {
        commands.push_str(&format!(
            "get -r {} {}\n",
            there(remote, Path::new(part)),
            quoted(into)
        ));
    }
    batch(remote, &commands, SEND_DEADLINE, Pace::default()).map(drop)
}

fn there(remote: &Remote, path: &Path) -> String {
    quoted(&remote.folder.join(path))
}

/// Names hold nothing that means something inside quotes: paths of settings are plain, and the rest are the engine's.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// Carries out commands, of which the first that fails ends it, but for those that begin with `-` (sftp(1)).
fn batch(remote: &Remote, commands: &str, deadline: Duration, pace: Pace) -> Result<String, BackupError> {
    let option = |name: &str, value: &Path| {
        let mut text = OsString::from(format!("-o{name}="));
        text.push(value);
        text
    };
    let host = match remote.host.contains(':') {
        true => format!("{}@[{}]", remote.user, remote.host),
        false => format!("{}@{}", remote.user, remote.host),
    };
    let call = Call::new(Program::Sftp)
        .with(["-F", "/dev/null", "-b", "-", "-P", &remote.port.to_string()])
        .with(pace.kilobits_per_second().map(|kilobits| format!("-l{kilobits}")))
        .with([
            "-oBatchMode=yes",
            "-oIdentitiesOnly=yes",
            "-oStrictHostKeyChecking=yes",
        ])
        .with([
            "-oGlobalKnownHostsFile=/dev/null",
            "-oUpdateHostKeys=no",
            "-oCheckHostIP=no",
        ])
        .with(["-oPreferredAuthentications=publickey", "-oConnectTimeout=20"])
        .with(["-oServerAliveInterval=15", "-oServerAliveCountMax=4"])
        .with([option("UserKnownHostsFile", &remote.known_hosts)])
        .with([option("IdentityFile", &remote.identity)])
        .with([host])
        .reading(Zeroizing::new(commands.as_bytes().to_vec()))
        .within(deadline);
    call.run().map_err(|error| match error {
        RunError::Failed { said, .. } => BackupError::Far {
            place: remote.shown(),
            said,
        },
        other => other.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_read_where_the_server_says_it() {
        let said = "sftp> -df \"/srv/copy\"\n        Size         Used        Avail       (root)    %Capacity\n\
                    \u{20}     204800         4096       200704       200704           2%\n";
        let space = read_space(said).unwrap();
        assert_eq!(
            (space.total_bytes, space.free_bytes),
            (204_800 * 1024, 200_704 * 1024)
        );
        assert_eq!(
            read_space("Server does not support statvfs@openssh.com extension\n"),
            None
        );
    }

    #[test]
    fn a_listing_gives_lengths_by_path_and_nothing_else_is_taken_for_one() {
        let remote = Remote {
            user: "backup".to_owned(),
            host: "vault".to_owned(),
            port: 22,
            folder: "/srv/copy".into(),
            known_hosts: PathBuf::new(),
            identity: PathBuf::new(),
        };
        let said = "sftp> -ls -ln \"/srv/copy/state\"\n\
                    -rw-r-----    1 0        113          4096 Nov 29 06:42 /srv/copy/state/20261129T064213Z.sealed\n\
                    drwxr-x---    2 0        113          4096 Nov 29 06:42 /srv/copy/state/more\n\
                    sftp> -ls -ln \"/srv/copy/repository\"\n\
                    Can't ls: \"/srv/copy/repository\" not found\n\
                    -rw-r-----    ? 0        113          17 Nov 29  2025 a.zst\n";
        let mut found = Lengths::new();
        read_listing(&remote, said, &mut found);
        let expected = [("repository/a.zst", 17), ("state/20261129T064213Z.sealed", 4096)];
        let expected: Lengths = expected.map(|(path, bytes)| (path.into(), bytes)).into();
        assert_eq!(found, expected);
    }
}
