//! `[backup]`: where backups lie, how long they are kept, and where the second copy goes.
//!
//! Invariant: a second location on another machine comes with the key that its host is known by, so that nobody else is
//! ever handed a copy.

use std::num::NonZeroU64;
use std::path::PathBuf;

use url::Url;

use crate::checker::Checker;
use crate::file;

mod bucket;

pub use bucket::Bucket;

/// `[backup]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The folder of the encrypted repository; default `/var/lib/strongroom-backup`.
    pub folder: PathBuf,
    /// The folder in which root notes what became of backups, for the daemons to read; default `/var/lib/strongroom/backup`.
    pub record: PathBuf,
    /// Every instant of so many days can be gone back to; default 7, 1 to 30.
    pub retention_days: u32,
    /// A backup that holds everything is made anew when the last is so many days old; default 6, 1 to 30.
    pub full_days: u32,
    /// Where the second copy lies; default nowhere.
    pub second: Option<SecondLocation>,
    /// Most bytes per second that are sent there; default no bound, 10,000 to 10,000,000,000.
    pub second_bytes_per_second: Option<NonZeroU64>,
}

/// A backup is let go of by the run after its time.
const SLACK_DAYS: u32 = 1;

impl Backup {
    /// After so many days nothing in the repository holds what was deleted: the retention, the time between two backups that hold
    /// everything, and a day.
    #[must_use]
    pub fn days_held(&self) -> u32 {
        self.retention_days + self.full_days + SLACK_DAYS
    }
}

/// Where the second copy of the encrypted repository lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondLocation {
    /// In a folder of this machine, such as a share that is mounted there.
    Folder(PathBuf),
    /// On another machine, by SFTP.
    Sftp(Sftp),
    /// In a bucket of S3-compatible storage.
    Bucket(Bucket),
}

/// A folder on another machine, by SFTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sftp {
    /// Who signs in there.
    pub user: String,
    /// The host, by name or address.
    pub host: String,
    /// Its port; default 22.
    pub port: u16,
    /// The folder there.
    pub folder: PathBuf,
    /// The host's public key as in `known_hosts`: `ssh-ed25519 AAAA...`.
    pub host_key: String,
}

impl SecondLocation {
    /// As people read it, without a secret in it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Bucket(bucket) => bucket.shown(),
            Self::Sftp(sftp) => format!(
                "sftp://{}@{}:{}{}",
                sftp.user,
                if sftp.host.contains(':') {
                    format!("[{}]", sftp.host)
                } else {
                    sftp.host.clone()
                },
                sftp.port,
                sftp.folder.display()
            ),
        }
    }
}

pub(crate) fn read(mut section: file::Backup, checker: &mut Checker<'_>) -> Option<Backup> {
    let folder = section
        .folder
        .take()
        .unwrap_or_else(|| "/var/lib/strongroom-backup".to_owned());
    let folder = checker.path("backup.folder", folder);
    let record = section
        .record
        .take()
        .unwrap_or_else(|| "/var/lib/strongroom/backup".to_owned());
    let record = checker.path("backup.record", record);
    let retention_days = checker.number("backup.retention_days", section.retention_days, 7, 1..=30);
    let full_days = checker.number("backup.full_days", section.full_days, 6, 1..=30);
    let rate = section.second_bytes_per_second.take();
    let rate = rate.map_or(Some(0_u64), |rate| {
        checker.number(
            "backup.second_bytes_per_second",
            Some(rate),
            0,
            10_000..=10_000_000_000,
        )
    });
    let second = match section.second.take() {
        None => None,
        Some(text) => Some(second(&text, section, checker)?),
    };
    let (folder, record) = (folder?, record?);
    if let Some(SecondLocation::Folder(second)) = &second
        && (second.starts_with(&folder) || folder.starts_with(second))
    {
        let what = "lies inside the first location, or around it";
        checker.note("backup.second", what, "name a folder on another disk or machine");
    }
    Some(Backup {
        folder,
        record,
        retention_days: retention_days?,
        full_days: full_days?,
        second,
        second_bytes_per_second: NonZeroU64::new(rate?),
    })
}

fn second(text: &str, section: file::Backup, checker: &mut Checker<'_>) -> Option<SecondLocation> {
    if text.starts_with('/') {
        return checker
            .path("backup.second", text.to_owned())
            .map(SecondLocation::Folder);
    }
    if text.starts_with("s3:") {
        return bucket::read(text, section, checker).map(SecondLocation::Bucket);
    }
    sftp(text, section.second_host_key, checker).map(SecondLocation::Sftp)
}

fn sftp(text: &str, host_key: Option<String>, checker: &mut Checker<'_>) -> Option<Sftp> {
    const KEY: &str = "backup.second";
    const ADVICE: &str = "write \"sftp://USER@HOST:PORT/FOLDER\", \"s3://HOST:PORT/BUCKET/FOLDER\", or the absolute path of a folder";
    let Some((url, host)) = parse(text) else {
        checker.note(KEY, format!("{text:?} is no place for a copy"), ADVICE);
        return None;
    };
    let user = url.username().to_owned();
    let is_plain = |text: &str| {
        // They stand in arguments and in a batch of commands: nothing in them may mean anything there.
        !text.starts_with('-')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
    };
    if user.is_empty()
        || ![user.as_str(), &host, url.path()]
            .iter()
            .all(|part| is_plain(part))
    {
        let what =
            format!("{text:?} has no user, or characters other than letters, digits, `-`, `_`, `.` and `/`");
        checker.note(KEY, what, ADVICE);
        return None;
    }
    let host_key = checker.required("backup.second_host_key", host_key, "ssh-ed25519 AAAA...")?;
    if !is_host_key(&host_key) {
        let advice = "write its type and its base64, as `ssh-keyscan HOST` prints them after the host's name";
        checker.note("backup.second_host_key", "is no public key of a host", advice);
        return None;
    }
    Some(Sftp {
        user,
        host,
        port: url.port().unwrap_or(22),
        folder: PathBuf::from(url.path()),
        host_key,
    })
}

fn parse(text: &str) -> Option<(Url, String)> {
    let url = Url::parse(text).ok()?;
    let is_whole = url.scheme() == "sftp"
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path().len() > 1;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    is_whole.then_some((url, host))
}

/// Two words: a type of OpenSSH's, and base64.
fn is_host_key(text: &str) -> bool {
    let mut words = text.split(' ');
    let is_type = words.next().is_some_and(|word| {
        (word.starts_with("ssh-") || word.starts_with("ecdsa-"))
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    let is_base64 = words.next().is_some_and(|word| {
        word.starts_with("AAAA")
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    });
    is_type && is_base64 && words.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Config, Environment};

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtest";

    pub(super) fn config(section: &str) -> Result<Backup, String> {
        let text = format!(
            "[tls]\ncertificate = \"/c\"\nkey = \"/k\"\n[database]\nhost = \"/s\"\nname = \"n\"\nuser = \"u\"\n\
             [keys]\nroot_file = \"/r\"\n[backup]\n{section}\n"
        );
        let parsed = Config::parse(&text, Path::new("/etc/strongroom.toml"), &Environment::default());
        parsed
            .map(|config| config.backup)
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn without_a_word_backups_lie_here_for_seven_days_and_nowhere_else() {
        let found = config("").unwrap();
        assert_eq!(found.days_held(), 14);
        assert_eq!(
            (found.retention_days, found.full_days, found.second),
            (7, 6, None)
        );
        assert_eq!(found.folder, Path::new("/var/lib/strongroom-backup"));
    }

    #[test]
    fn another_machine_is_taken_only_with_the_key_of_its_host() {
        let second = "second = \"sftp://backup@vault.example.org:2222/srv/strongroom\"\n";
        let found = config(&format!("{second}second_host_key = \"{KEY}\"")).unwrap();
        let shown = found.second.unwrap().shown();
        assert_eq!(shown, "sftp://backup@vault.example.org:2222/srv/strongroom");
        assert!(config(second).unwrap_err().contains("backup.second_host_key"));
        assert!(config(&format!("{second}second_host_key = \"anything\"")).is_err());
    }

    #[test]
    fn a_place_that_would_say_something_to_the_client_is_refused() {
        for place in [
            "sftp://-oProxyCommand=x@host/srv",
            "sftp://user@host/srv%0aput",
            "sftp://user:secret@host/srv",
            "sftp://user@host/",
            "sftp://host/srv",
            "ftp://user@host/srv",
            "relative/folder",
        ] {
            let section = format!("second = \"{place}\"\nsecond_host_key = \"{KEY}\"");
            assert!(config(&section).is_err(), "{place}");
        }
    }

    #[test]
    fn the_second_location_is_not_the_first() {
        assert!(config("second = \"/var/lib/strongroom-backup/copy\"").is_err());
        assert!(config("second = \"/mnt/copy\"\nretention_days = 31").is_err());
        assert!(config("second = \"/mnt/copy\"").is_ok());
        let paced = config("second = \"/mnt/copy\"\nsecond_bytes_per_second = 1000000").unwrap();
        assert_eq!(
            paced.second_bytes_per_second.map(NonZeroU64::get),
            Some(1_000_000)
        );
        assert!(config("second = \"/mnt/copy\"\nsecond_bytes_per_second = 1").is_err());
    }
}
