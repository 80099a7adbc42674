//! A second location in a bucket of S3-compatible storage: `s3://HOST:PORT/BUCKET/FOLDER`, spoken over https and nothing else.
//!
//! Invariant: every part is a word that means nothing to the client's settings and arguments; the secret is in none of them.

use std::path::PathBuf;

use url::Url;

use crate::checker::Checker;
use crate::file;

/// Where requests are signed for, where nobody says.
const REGION: &str = "us-east-1";
const KEY: &str = "backup.second";
const ADVICE: &str = "write \"s3://HOST:PORT/BUCKET/FOLDER\"; the key goes into second_access_key, and its secret is set \
                      with `strongroom backup copy --secret`";
/// Longest key and region.
const WORD_BYTES_MAX: usize = 128;

/// A folder in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The host, by name or address; without brackets.
    pub host: String,
    /// Its port; default 443.
    pub port: u16,
    /// The bucket's name.
    pub bucket: String,
    /// The folder in it; empty for the bucket itself.
    pub folder: String,
    /// What requests are signed for; default `us-east-1`.
    pub region: String,
    /// Who signs.
    pub access_key: String,
    /// A file with the certificates of the only authority that is trusted; the machine's where none.
    pub authority: Option<PathBuf>,
}

impl Bucket {
    /// As people read it, without a secret in it.
    #[must_use]
    pub fn shown(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let folder = match self.folder.as_str() {
            "" => String::new(),
            folder => format!("/{folder}"),
        };
        format!("s3://{host}:{}/{}{folder}", self.port, self.bucket)
    }

    /// The parts of an address as [`Bucket::shown`] writes it: host, port, bucket, folder; none where it is no such address.
    #[must_use]
    pub fn parts(text: &str) -> Option<(String, u16, String, String)> {
        let url = Url::parse(text).ok()?;
        let is_whole = url.scheme() == "s3"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        // Not the parsed path: it forgets parts that lead out.
        let path = text.strip_prefix("s3://")?.split_once('/')?.1;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
        let is_there =
            is_whole && is_bucket(bucket) && is_plain(&host) && is_plain(folder) && !is_odd(folder);
        is_there.then(|| {
            (
                host,
                url.port().unwrap_or(443),
                bucket.to_owned(),
                folder.to_owned(),
            )
        })
    }
}

/// As S3 names them: 3 to 63 small letters, digits, dots and dashes.
fn is_bucket(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    (3..=63).contains(&text.len()) && text.bytes().all(is_one) && !text.starts_with(['-', '.'])
}

fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
}

/// A folder in which a part is none, or leads out.
fn is_odd(folder: &str) -> bool {
    !folder.is_empty() && folder.split('/').any(|part| matches!(part, "" | "." | ".."))
}

pub(super) fn read(text: &str, section: file::Backup, checker: &mut Checker<'_>) -> Option<Bucket> {
    let Some((host, port, bucket, folder)) = Bucket::parts(text) else {
        checker.note(KEY, format!("{text:?} is no folder in a bucket"), ADVICE);
        return None;
    };
    let access_key = checker.required("backup.second_access_key", section.second_access_key, "AKIA...")?;
    let region = section.second_region.unwrap_or_else(|| REGION.to_owned());
    for (key, text) in [
        ("backup.second_access_key", &access_key),
        ("backup.second_region", &region),
    ] {
        let is_word = !text.is_empty() && text.chars().all(|one| one.is_ascii_graphic());
        if !is_word || text.len() > WORD_BYTES_MAX {
            checker.note(
                key,
                "has characters that none has",
                "write it as the storage shows it",
            );
            return None;
        }
    }
    let authority = match section.second_authority_file {
        None => None,
        Some(path) => Some(checker.path("backup.second_authority_file", path)?),
    };
    Some(Bucket {
        host,
        port,
        bucket,
        folder,
        region,
        access_key,
        authority,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{SecondLocation, tests::config};
    use super::*;

    const WHO: &str = "second_access_key = \"writer\"";

    #[test]
    fn a_bucket_is_taken_with_its_key_and_shown_as_it_is_written() {
        let text = "second = \"s3://storage.example.org:9000/copies/strongroom/one\"\n";
        let Some(SecondLocation::Bucket(found)) = config(&format!("{text}{WHO}")).unwrap().second else {
            panic!("no bucket");
        };
        assert_eq!(
            found.shown(),
            "s3://storage.example.org:9000/copies/strongroom/one"
        );
        assert_eq!((found.region.as_str(), found.authority), ("us-east-1", None));
        let whole = Bucket::parts("s3://[fd00::1]/copies").unwrap();
        assert_eq!(
            whole,
            ("fd00::1".to_owned(), 443, "copies".to_owned(), String::new())
        );
        assert!(config(text).unwrap_err().contains("second_access_key"));
    }

    #[test]
    fn an_address_that_says_more_than_a_folder_in_a_bucket_is_refused() {
        for place in [
            "s3://host",
            "s3://host/",
            "s3://host/UP",
            "s3://host/copies/../other",
            "s3://host/copies//one",
            "s3://key:secret@host/copies",
            "s3://host/copies?acl",
            "s3://host/copies/a%0ab",
            "s3:copies",
        ] {
            let section = format!("second = \"{place}\"\n{WHO}");
            assert!(config(&section).is_err(), "{place}");
        }
        let place = "second = \"s3://host/copies\"\n";
        for more in [
            "second_access_key = \"a\\nb\"",
            "second_access_key = \"a\"\nsecond_region = \"x y\"",
        ] {
            assert!(config(&format!("{place}{more}")).is_err(), "{more}");
        }
    }
}
