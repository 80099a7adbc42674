//! The recovery kit: what a lost machine would take with it, in one file under a passphrase.
//!
//! Invariants: with it and any copy of the repository the platform can be rebuilt, with nothing of this machine; it is read
//! back before anybody is told that it is good. Whoever has the file and its passphrase has everything: it lies in a safe, and
//! its passphrase elsewhere.

use super::{Site, key, state};
use crate::{
    failure::{CommandError, Exit},
    output,
};
use ::host::{
    backup::{Repository, STANZA, record::Kit as Noted, settings},
    write::{self, Access},
};
use config::{Config, SecondLocation, read_secret};
use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use openssl::{base64, sha::sha256};
use platform::{
    Caller,
    backup::{self, BackupAct},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};
use vault::{Secret, SecretText, file};
use zeroize::{Zeroize, Zeroizing};

/// What the sealed file is for, which it is bound to.
const WHAT: &str = "strongroom recovery kit";
const FORMAT: u32 = 1;
const BYTES_MAX: u64 = 8 << 20;
/// Without these the repository is lost even with the pass phrase.
const INFO: [&str; 4] = [
    "backup/strongroom/backup.info",
    "backup/strongroom/backup.info.copy",
    "archive/strongroom/archive.info",
    "archive/strongroom/archive.info.copy",
];

/// What the kit holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kit {
    format: u32,
    /// When it was made.
    pub(crate) made_at: Timestamp,
    /// The program that made it.
    software_version: String,
    /// The folder of the first location on the machine that made it.
    pub(crate) first: PathBuf,
    /// The second location, for people.
    pub(crate) second: Option<String>,
    /// The key of its host, where it is another machine.
    pub(crate) second_host_key: Option<String>,
    /// The private key that signs in there, or the secret that signs.
    pub(crate) second_identity: Option<String>,
    /// What else a bucket takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second_bucket: Option<SecondBucket>,
    pass_phrase: String,
    backup_key: String,
    root_key: String,
    /// The engine's small files, by their path in the repository, in base64.
    info: Vec<(String, String)>,
}

/// What a bucket takes beside its address and its secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecondBucket {
    pub(crate) region: String,
    pub(crate) access_key: String,
    /// Certificates of the only authority that is trusted, in PEM.
    pub(crate) authority: Option<String>,
}

impl Drop for Kit {
    fn drop(&mut self) {
        self.pass_phrase.zeroize();
        self.backup_key.zeroize();
        self.root_key.zeroize();
        self.second_identity.zeroize();
    }
}

/// Makes a kit, reads it back, and notes it.
pub(crate) fn make(site: &Site, to: &Path, passphrase: &SecretText) -> Result<Noted, CommandError> {
    let kit = gather(site)?;
    let json = Zeroizing::new(
        serde_json::to_vec(&kit).map_err(|error| failed(&format!("the kit has no form ({error})")))?,
    );
    let sealed = file::seal_with_passphrase(passphrase.expose(), WHAT, &json)
        .map_err(|error| failed(&error.to_string()))?;
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    write::new_file(to, &sealed, access)?;
    let noted = Noted {
        made_at: kit.made_at,
        fingerprint: kit.fingerprint(),
        verified_at: None,
        is_current: true,
    };
    site.record.note_kit(&noted)?;
    site.note(async |platform| {
        backup::note_act(platform, &Caller::host(), BackupAct::KitMade, &noted.fingerprint).await
    });
    verify(site, to, passphrase)
}

/// Reads a kit and sees that it would do for this machine: its keys are the ones in use, and open the newest backup.
pub(crate) fn verify(site: &Site, from: &Path, passphrase: &SecretText) -> Result<Noted, CommandError> {
    let kit = open(from, passphrase)?;
    let now = gather(site)?;
    if kit.fingerprint() != now.fingerprint() {
        let text = format!(
            "{} was made for other keys than those in use; make another with `strongroom recovery-kit make`",
            from.display()
        );
        return Err(failed(&text));
    }
    let key = kit.key()?;
    match state::list(&site.repository)?.pop() {
        Some(newest) => {
            state::open(&newest, &key)?;
        }
        None => output::talk(
            "there is no backup yet that the kit could be tried on; verify it again after the first",
        ),
    }
    let noted = Noted {
        made_at: kit.made_at,
        fingerprint: kit.fingerprint(),
        verified_at: Some(Timestamp::now()),
        is_current: true,
    };
    site.record.note_kit(&noted)?;
    site.note(async |platform| {
        backup::note_act(
            platform,
            &Caller::host(),
            BackupAct::KitVerified,
            &noted.fingerprint,
        )
        .await
    });
    Ok(noted)
}

/// Opens a kit.
pub(crate) fn open(from: &Path, passphrase: &SecretText) -> Result<Kit, CommandError> {
    let shown = from.display();
    let mut sealed = Vec::new();
    let read = File::open(from).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut sealed));
    read.map_err(CommandError::io(format!("cannot read the recovery kit {shown}")))?;
    let json = file::open_with_passphrase(passphrase.expose(), WHAT, &sealed)
        .map_err(|error| failed(&format!("the recovery kit {shown}: {error}")))?;
    let kit: Kit = serde_json::from_slice(&json).map_err(|_| {
        failed(&format!(
            "the recovery kit {shown} is of another version of Strongroom"
        ))
    })?;
    match kit.format {
        FORMAT => Ok(kit),
        other => Err(failed(&format!(
            "the recovery kit {shown} has the form {other}, which is not known here"
        ))),
    }
}

/// Notes whether the kit that was made last still holds the keys in use.
pub(super) fn look_again(site: &Site) -> Result<(), CommandError> {
    if let Some(mut noted) = site.record.kit()? {
        noted.is_current = noted.fingerprint == gather(site)?.fingerprint();
        site.record.note_kit(&noted)?;
    }
    Ok(())
}

fn gather(site: &Site) -> Result<Kit, CommandError> {
    let (config, repository) = (&site.config, &site.repository);
    let pass_phrase = settings::pass_phrase(repository)?
        .ok_or_else(|| failed("the repository has no pass phrase; run `strongroom backup enable`"))?;
    let backup_key = read_secret(&config::SecretSource::File(key::path(config)))?;
    let second = second(config)?;
    Ok(Kit {
        format: FORMAT,
        made_at: Timestamp::now(),
        software_version: env!("CARGO_PKG_VERSION").to_owned(),
        first: repository.folder().to_owned(),
        second: config.backup.second.as_ref().map(SecondLocation::shown),
        second_host_key: second.host_key,
        second_identity: second.identity,
        second_bucket: second.bucket,
        pass_phrase: pass_phrase.to_string(),
        backup_key: backup_key.expose().to_owned(),
        root_key: read_root_key(config)?,
        info: read_info(repository)?,
    })
}

/// Raw bytes or digits: as digits in the kit.
fn read_root_key(config: &Config) -> Result<String, CommandError> {
    let path = config.keys.root_file.path()?;
    let bytes =
        Zeroizing::new(fs::read(&path).map_err(CommandError::io(format!("cannot read {}", path.display())))?);
    Ok(match bytes.len() {
        32 => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => String::from_utf8_lossy(&bytes).trim().to_owned(),
    })
}

/// How the second location is reached.
#[derive(Default)]
struct Second {
    host_key: Option<String>,
    identity: Option<String>,
    bucket: Option<SecondBucket>,
}

fn second(config: &Config) -> Result<Second, CommandError> {
    Ok(match &config.backup.second {
        None | Some(SecondLocation::Folder(_)) => Second::default(),
        Some(SecondLocation::Sftp(sftp)) => Second {
            host_key: Some(sftp.host_key.clone()),
            identity: read_if_there(super::copy::identity(config))?,
            bucket: None,
        },
        Some(SecondLocation::Bucket(bucket)) => Second {
            host_key: None,
            identity: read_if_there(super::copy::secret_file(config))?,
            bucket: Some(SecondBucket {
                region: bucket.region.clone(),
                access_key: bucket.access_key.clone(),
                authority: bucket.authority.as_deref().map(read_text).transpose()?,
            }),
        },
    })
}

fn read_if_there(path: PathBuf) -> Result<Option<String>, CommandError> {
    if !path.exists() {
        return Ok(None);
    }
    let secret = read_secret(&config::SecretSource::File(path))?;
    Ok(Some(secret.expose().to_owned()))
}

fn read_text(path: &Path) -> Result<String, CommandError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    read.map_err(CommandError::io(format!("cannot read {}", path.display())))?;
    Ok(text)
}

fn read_info(repository: &Repository) -> Result<Vec<(String, String)>, CommandError> {
    let read = |name: &str| {
        let path = repository.data().join(name);
        let bytes = fs::read(&path).map_err(CommandError::io(format!("cannot read {}", path.display())))?;
        Ok((name.to_owned(), base64::encode_block(&bytes)))
    };
    INFO.into_iter()
        .filter(|name| repository.data().join(name).exists())
        .map(read)
        .collect()
}

impl Kit {
    /// The key that opens settings and keys beside the backups.
    pub(crate) fn key(&self) -> Result<Secret<32>, CommandError> {
        key::parse(&self.backup_key)
            .ok_or_else(|| failed("the recovery kit holds no key of 64 hexadecimal digits"))
    }

    /// The pass phrase of the repository.
    pub(crate) fn pass_phrase(&self) -> &str {
        &self.pass_phrase
    }

    /// Eight bytes of a digest over the keys, which are random and long, and over where the second location is.
    pub(crate) fn fingerprint(&self) -> String {
        let all = Zeroizing::new(format!(
            "strongroom/recovery-kit/v1\n{STANZA}\n{}\n{}\n{}\n{:?}\n{:?}\n{:?}\n{:?}{}",
            self.pass_phrase,
            self.backup_key,
            self.root_key,
            self.first,
            self.second,
            self.second_host_key,
            self.second_identity,
            self.second_bucket
                .as_ref()
                .map(|bucket| format!("\n{bucket:?}"))
                .unwrap_or_default()
        ));
        sha256(all.as_bytes())[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Puts the engine's small files into a repository that has lost them.
    pub(crate) fn mend(&self, repository: &Repository) -> Result<(), CommandError> {
        for (name, text) in &self.info {
            let path = repository.data().join(name);
            if INFO.contains(&name.as_str()) && !path.exists() {
                let bytes = base64::decode_block(text)
                    .map_err(CommandError::tls("cannot read a file in the recovery kit"))?;
                fs::write(&path, bytes)
                    .map_err(CommandError::io(format!("cannot write {}", path.display())))?;
            }
        }
        Ok(())
    }
}

fn failed(text: &str) -> CommandError {
    CommandError::said(Exit::Failed, text)
}
