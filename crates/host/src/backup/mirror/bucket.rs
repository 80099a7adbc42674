//! A second location in a bucket of S3-compatible storage, by Debian's `rclone`.
//!
//! Invariants: always https, and where the settings name an authority no other is trusted; the key stands in one file that
//! only root reads, and goes with the call; nobody's settings of the client count; what is there under a name is never
//! replaced, but for the small files that say what there is.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{BackupError, Entry, FILES_MAX, Lengths, MANIFEST, Pace, says_what_there_is};
use crate::passing::{self, Passing};
use crate::run::{Call, Program, RunError, Said};
use crate::write;

/// A full backup over a slow line.
const SEND_DEADLINE: Duration = Duration::from_secs(12 * 3600);
const LIST_DEADLINE: Duration = Duration::from_secs(600);
/// The code of "directory not found", which is what it says of a bucket that is not there (rclone(1), exit code).
const NOT_FOUND: i32 = 3;
/// Go's own noise about servers that end an answer twice.
const NOISE: &str = "Unsolicited response";
/// `2026/11/29 18:13:13 `
const STAMP_CHARS: usize = 20;

/// A folder in a bucket, with what signs for it.
#[derive(Clone)]
pub struct SignedBucket {
    /// The host, by name or address; without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The bucket's name.
    pub bucket: String,
    /// The folder in it; empty for the bucket itself.
    pub folder: String,
    /// What requests are signed for.
    pub region: String,
    /// Who signs.
    pub access_key: String,
    /// What is signed with.
    pub secret: Zeroizing<String>,
    /// Certificates of the only authority that is trusted; the machine's where none.
    pub authority: Option<PathBuf>,
    /// Only read, as it was at that moment, where the storage keeps older versions; as it is now if none.
    pub as_of: Option<Timestamp>,
}

impl fmt::Debug for SignedBucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown())
    }
}

impl SignedBucket {
    /// As people read it.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("s3://{}/{}", self.authority_part(), self.path())
    }

    fn authority_part(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    fn path(&self) -> String {
        match self.folder.as_str() {
            "" => self.bucket.clone(),
            folder => format!("{}/{folder}", self.bucket),
        }
    }

    fn there(&self, below: &str) -> String {
        match below {
            "" => format!("far:{}", self.path()),
            below => format!("far:{}/{below}", self.path()),
        }
    }

    /// The client's settings: rclone(1), "S3".
    fn settings(&self) -> Result<Zeroizing<String>, BackupError> {
        let is_one_line = |text: &str| !text.is_empty() && text.chars().all(|one| one.is_ascii_graphic());
        if ![
            self.access_key.as_str(),
            self.secret.as_str(),
            self.region.as_str(),
        ]
        .iter()
        .all(|text| is_one_line(text))
        {
            return Err(BackupError::Far {
                place: self.shown(),
                said: "its key, secret or region has characters that none has; set them again".to_owned(),
            });
        }
        Ok(Zeroizing::new(format!(
            "[far]\ntype = s3\nprovider = Other\nenv_auth = false\naccess_key_id = {}\nsecret_access_key = {}\nregion = {}\n\
             endpoint = https://{}\nforce_path_style = true\nno_check_bucket = true\n",
            self.access_key,
            self.secret.as_str(),
            self.region,
            self.authority_part()
        )))
    }
}

/// The client with its settings, in memory, which go with this value.
struct Client<'a> {
    bucket: &'a SignedBucket,
    folder: Passing,
}

impl<'a> Client<'a> {
    fn of(bucket: &'a SignedBucket) -> Result<Self, BackupError> {
        let client = Self {
            bucket,
            folder: Passing::make("bucket")?,
        };
        write::file(
            &client.settings_file(),
            bucket.settings()?.as_bytes(),
            passing::private(0o600),
        )?;
        Ok(client)
    }

    fn settings_file(&self) -> PathBuf {
        self.folder.path().join("rclone.conf")
    }

    /// No retry of a whole run: the timer comes again in ten minutes.
    fn call(&self, deadline: Duration) -> Call {
        let call = Call::new(Program::Rclone)
            .with(["--config".into(), self.settings_file().into_os_string()])
            .with(["--quiet", "--contimeout", "10s", "--timeout", "30s"])
            .with(["--retries", "1", "--low-level-retries", "2", "--stats", "0"])
            .within(deadline);
        let call = match &self.bucket.authority {
            Some(file) => call.with(["--ca-cert".into(), file.clone().into_os_string()]),
            None => call,
        };
        call.with(
            self.bucket
                .as_of
                .map(|moment| format!("--s3-version-at={moment}")),
        )
    }

    fn run(&self, call: &Call) -> Result<(), BackupError> {
        let said = self.ask(call)?;
        match said.code {
            Some(0) => Ok(()),
            _ => Err(self.refused(&said)),
        }
    }

    fn ask(&self, call: &Call) -> Result<Said, BackupError> {
        call.ask().map_err(|error| match error {
            RunError::TookTooLong { seconds, .. } => BackupError::Far {
                place: self.bucket.shown(),
                said: format!("it was not done within {seconds} s; look at the line and at the storage"),
            },
            other => other.into(),
        })
    }

    fn refused(&self, said: &Said) -> BackupError {
        let told = match said.code {
            Some(NOT_FOUND) => format!(
                "there is no bucket {}, or this key does not see it",
                self.bucket.bucket
            ),
            _ => reason(&said.errors),
        };
        BackupError::Far {
            place: self.bucket.shown(),
            said: told,
        }
    }

    /// Lengths of the wanted files below, each by its path from there. An only-added-to bucket may hold more of others than we ever have.
    fn list(
        &self,
        below: &str,
        is_deep: bool,
        is_wanted: impl Fn(&Path) -> bool,
    ) -> Result<Lengths, BackupError> {
        let listing = self.folder.path().join("listing");
        let refused = super::refused("write", &listing);
        let file = File::create(&listing).map_err(refused)?;
        let call = self
            .call(LIST_DEADLINE)
            .with(["lsf", "--files-only", "--format", "sp", "--separator", ";"])
            .with(is_deep.then_some("-R"))
            .with([self.bucket.there(below)])
            .to_file(file);
        self.run(&call)?;
        read_listing(&listing, is_wanted)
    }
}

/// `LENGTH;PATH` in each line.
fn read_listing(listing: &Path, is_wanted: impl Fn(&Path) -> bool) -> Result<Lengths, BackupError> {
    let refused = || super::refused("read", listing);
    let mut found = Lengths::new();
    for line in BufReader::new(File::open(listing).map_err(refused())?).lines() {
        let line = line.map_err(refused())?;
        if let Some((length, path)) = line.split_once(';')
            && let Ok(length) = length.parse()
            && is_wanted(Path::new(path))
        {
            found.insert(PathBuf::from(path), length);
        }
        if found.len() > FILES_MAX {
            return Err(BackupError::Unreadable {
                what: format!("more than {FILES_MAX} files at the second location"),
            });
        }
    }
    Ok(found)
}

pub(super) fn is_marked(bucket: &SignedBucket, mark: &str) -> Result<bool, BackupError> {
    let found = Client::of(bucket)?.list("", false, |path| path == Path::new(mark))?;
    Ok(!found.is_empty())
}

pub(super) fn mark(bucket: &SignedBucket, mark: &str, text: &[u8]) -> Result<(), BackupError> {
    let client = Client::of(bucket)?;
    let call = client
        .call(LIST_DEADLINE)
        .with(["rcat".to_owned(), bucket.there(mark)])
        .reading(Zeroizing::new(text.to_vec()));
    client.run(&call)
}

pub(super) fn remove(bucket: &SignedBucket, name: &str) -> Result<(), BackupError> {
    let client = Client::of(bucket)?;
    client.run(
        &client
            .call(LIST_DEADLINE)
            .with(["deletefile".to_owned(), bucket.there(name)]),
    )
}

/// Whether the bucket keeps what is replaced or deleted as an older version.
pub(super) fn has_versions(bucket: &SignedBucket) -> Result<bool, BackupError> {
    let client = Client::of(bucket)?;
    let asked = client.call(LIST_DEADLINE).with(["backend", "versioning"]);
    let said = client.ask(&asked.with([format!("far:{}", bucket.bucket)]))?;
    Ok(said.code == Some(0) && said.output.trim() == "Enabled")
}

pub(super) fn lengths(bucket: &SignedBucket, entries: &[Entry]) -> Result<Lengths, BackupError> {
    let wanted: BTreeSet<&Path> = entries.iter().map(|entry| entry.path.as_path()).collect();
    Client::of(bucket)?.list("", true, |path| wanted.contains(path))
}

/// The manifests of the backups in a folder, which may not be there yet.
pub(super) fn manifests(bucket: &SignedBucket, below: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let found = Client::of(bucket)?.list("", true, |path| {
        path.starts_with(below) && path.file_name() == Some(MANIFEST.as_ref())
    })?;
    Ok(found.into_keys().collect())
}

pub(super) fn send(
    from: &Path,
    bucket: &SignedBucket,
    entries: &[Entry],
    pace: Pace,
) -> Result<(), BackupError> {
    let (replaced, kept): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| says_what_there_is(entry));
    let client = Client::of(bucket)?;
    for (some, how) in [
        (kept, ["--immutable", "--size-only"]),
        // Another of the same length is another.
        (replaced, ["--ignore-times", "--no-traverse"]),
    ] {
        if some.is_empty() {
            continue;
        }
        let names: Vec<String> = some
            .iter()
            .map(|entry| format!("{}\n", entry.path.display()))
            .collect();
        let call = client
            .call(SEND_DEADLINE)
            .with(["copy", "--files-from-raw", "-", "--no-traverse"])
            .with(how)
            .with(pace.bytes_per_second().map(|bytes| format!("--bwlimit={bytes}B")))
            .with([from.as_os_str().to_owned(), bucket.there("").into()])
            .reading(Zeroizing::new(names.concat().into_bytes()));
        client.run(&call)?;
    }
    Ok(())
}

pub(super) fn fetch(bucket: &SignedBucket, parts: &[&str], into: &Path) -> Result<(), BackupError> {
    let client = Client::of(bucket)?;
    for part in parts {
        let call = client.call(SEND_DEADLINE).with([
            "copy".into(),
            bucket.there(part).into(),
            into.join(part).into_os_string(),
        ]);
        client.run(&call)?;
    }
    Ok(())
}

/// The last thing that it says is why it ended, with a cause in the line after it; before that stand attempts, and the time in each.
fn reason(errors: &str) -> String {
    let lines: Vec<&str> = errors.lines().filter(|line| !line.contains(NOISE)).collect();
    let is_stamped = |line: &&str| line.get(4..5) == Some("/") && line.len() > STAMP_CHARS;
    let last = lines.iter().rposition(is_stamped);
    let Some((said, rest)) = last.and_then(|at| Some((lines[at].get(STAMP_CHARS..)?, &lines[at + 1..])))
    else {
        return "it gave no reason; look at the storage's own log".to_owned();
    };
    match rest.first().and_then(|line| line.strip_prefix("caused by: ")) {
        Some(cause) => format!("{said}: {cause}"),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn bucket(secret: &str) -> SignedBucket {
        SignedBucket {
            host: "fd00::1".to_owned(),
            port: 9000,
            bucket: "copies".to_owned(),
            folder: "strongroom".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "writer".to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
            authority: None,
            as_of: None,
        }
    }

    #[test]
    fn the_secret_is_shown_nowhere_and_cannot_write_settings_of_its_own() {
        let good = bucket("s3cret/with+signs=");
        assert_eq!(format!("{good:?}"), "s3://[fd00::1]:9000/copies/strongroom");
        assert!(
            good.settings()
                .unwrap()
                .contains("secret_access_key = s3cret/with+signs=\n")
        );
        for odd in ["", "x\nendpoint = http://elsewhere", "a b", "x\0"] {
            assert!(bucket(odd).settings().is_err(), "{odd:?}");
        }
    }

    #[test]
    fn the_reason_is_the_last_thing_said_without_its_time_and_noise() {
        let said = "2026/11/29 18:13:13 ERROR : : error listing: X\n\tstatus code: 403\n\
                    2026/11/29 18:13:13 Failed to lsf: SignatureDoesNotMatch: check your key\n\
                    \tstatus code: 403, request id: y\n\
                    2026/11/29 18:13:14 Unsolicited response received on idle HTTP channel\n";
        assert_eq!(
            reason(said),
            "Failed to lsf: SignatureDoesNotMatch: check your key"
        );
        let cause = "2026/11/29 18:13:13 Failed to lsf: send request failed\ncaused by: Get: x509: unknown authority\n";
        assert_eq!(
            reason(cause),
            "Failed to lsf: send request failed: Get: x509: unknown authority"
        );
        assert!(reason("").contains("no reason"));
    }

    #[test]
    fn a_listing_gives_lengths_by_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("listing");
        fs::write(
            &path,
            "17;repository/a.zst\nnonsense\n-1;folder/\n4;repository/other\n",
        )
        .unwrap();
        let found = read_listing(&path, |path| path != Path::new("repository/other")).unwrap();
        assert_eq!(found, Lengths::from([("repository/a.zst".into(), 17)]));
    }
}
