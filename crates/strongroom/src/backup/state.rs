//! What is not in the database: settings, certificates, keys, and the state of every table at the backup's point; sealed
//! into one file beside the repository for each backup.
//!
//! Invariants: the file is sealed before it is written; nothing is taken out of it under a name that leads elsewhere. The
//! last signed checkpoint of the audit log, where there is one, is not among it: a log that was gone back with must show.

use crate::failure::{CommandError, Exit};
use ::host::{
    backup::{Repository, roots_for, superuser},
    write,
};
use config::{Config, SecretSource};
use platform::backup::{Manifest, SignedLog};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{Cursor, Read},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Component, Path, PathBuf},
};
use vault::{Secret, file};
use zeroize::Zeroizing;

/// What the sealed file is for, which it is bound to.
const WHAT: &str = "strongroom backup state";
const SUFFIX: &str = "sealed";
/// Settings, certificates and keys are a few kilobytes; the digests of ten thousand tables a megabyte.
const BYTES_MAX: u64 = 64 << 20;
const FILES_MAX: usize = 1000;
/// The name of the description among the files.
const HEAD: &str = "backup.json";
/// The name of the settings file among them, whatever it was called.
const SETTINGS: &str = "settings/strongroom.toml";

/// What one backup's state says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The backup.
    pub(crate) label: String,
    /// The program that wrote it.
    pub(crate) software_version: String,
    /// The cluster's name, such as `strongroom`.
    pub(crate) cluster: String,
    /// Where its data lay.
    pub(crate) data_folder: PathBuf,
    /// The group that may read the settings.
    pub(crate) group: String,
    /// The database's tables at the point.
    pub(crate) manifest: Manifest,
    /// What was signed of the audit log by then; none where nothing was.
    #[serde(default)]
    pub(crate) signed_log: Option<SignedLog>,
}

/// One backup's state, opened.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) head: Head,
    files: Vec<(PathBuf, u32, Zeroizing<Vec<u8>>)>,
}

/// Seals everything into a file, whose name sorts as the backups follow one another.
pub(crate) fn write(
    config: &Config,
    repository: &Repository,
    key: &Secret<32>,
    head: &Head,
) -> Result<PathBuf, CommandError> {
    let json =
        serde_json::to_vec(head).map_err(|error| failed(&format!("the state has no form ({error})")))?;
    let mut files = vec![(PathBuf::from(HEAD), 0o600, Zeroizing::new(json))];
    gather(config, &mut files)?;
    let mut builder = tar::Builder::new(Vec::new());
    for (name, mode, content) in &files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        builder
            .append_data(&mut header, name, content.as_slice())
            .map_err(CommandError::io("cannot pack the settings"))?;
    }
    let packed = Zeroizing::new(
        builder
            .into_inner()
            .map_err(CommandError::io("cannot pack the settings"))?,
    );
    let sealed = file::seal(key, WHAT, &packed).map_err(|error| failed(&error.to_string()))?;
    let stamp = head.manifest.at.strftime("%Y%m%dT%H%M%SZ");
    let path = repository.state().join(format!("{stamp}.{SUFFIX}"));
    write::file(&path, &sealed, roots_for(&superuser()?, 0o640))?;
    Ok(path)
}

/// The files of states in a repository, oldest first.
pub(crate) fn list(repository: &Repository) -> Result<Vec<PathBuf>, CommandError> {
    let folder = repository.state();
    let listed =
        fs::read_dir(&folder).map_err(CommandError::io(format!("cannot list {}", folder.display())))?;
    let paths = listed.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == SUFFIX))
        .collect();
    paths.sort();
    Ok(paths)
}

/// Opens the newest one.
pub(crate) fn newest(repository: &Repository, key: &Secret<32>) -> Result<State, CommandError> {
    let path = list(repository)?.pop().ok_or_else(|| {
        let text = format!(
            "no backup in {} has the state of the platform; take one with `strongroom backup run`",
            repository.folder().display()
        );
        CommandError::said(Exit::NotFound, text)
    })?;
    open(&path, key)
}

/// Opens one.
pub(crate) fn open(path: &Path, key: &Secret<32>) -> Result<State, CommandError> {
    let shown = path.display();
    let mut sealed = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut sealed));
    read.map_err(CommandError::io(format!("cannot read {shown}")))?;
    if sealed.len() as u64 > BYTES_MAX {
        return Err(failed(&format!("{shown} is longer than any state")));
    }
    let packed = file::open(key, WHAT, &sealed).map_err(|error| failed(&format!("{shown}: {error}")))?;
    unpack(&packed).map_err(|why| failed(&format!("{shown} is not whole: {why}")))
}

fn unpack(packed: &[u8]) -> Result<State, String> {
    let mut archive = tar::Archive::new(Cursor::new(packed));
    let mut head = None;
    let mut files = Vec::new();
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let path = entry.path().map_err(|error| error.to_string())?.into_owned();
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || !entry.header().entry_type().is_file() || files.len() >= FILES_MAX {
            return Err(format!("it holds {}", path.display()));
        }
        let mode = entry.header().mode().map_err(|error| error.to_string())?;
        let mut content = Zeroizing::new(Vec::new());
        entry
            .read_to_end(&mut content)
            .map_err(|error| error.to_string())?;
        match path == Path::new(HEAD) {
            true => head = serde_json::from_slice(&content).ok(),
            false => files.push((path, mode & 0o777, content)),
        }
    }
    let head = head.ok_or("it does not say which backup it belongs to")?;
    Ok(State { head, files })
}

impl State {
    /// Writes the files into a folder that is there, with their modes, as ours; gives the settings file.
    pub(crate) fn extract(&self, folder: &Path) -> Result<PathBuf, CommandError> {
        for (name, mode, content) in &self.files {
            let path = folder.join(name);
            let refused = || CommandError::io(format!("cannot write {}", path.display()));
            let mut maker = fs::DirBuilder::new();
            let parent = path.parent().unwrap_or(folder);
            maker
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(refused())?;
            let mut options = File::options();
            let opened = options.write(true).create_new(true).mode(*mode).open(&path);
            let written = opened.and_then(|mut file| {
                std::io::Write::write_all(&mut file, content)?;
                // Whatever the umask is: who may read them is taken from these files.
                file.set_permissions(fs::Permissions::from_mode(*mode))
            });
            written.map_err(refused())?;
        }
        Ok(folder.join(SETTINGS))
    }

    /// The settings as of then, with every secret read out of the folder that [`State::extract`] wrote.
    pub(crate) fn config(&self, folder: &Path) -> Result<Config, CommandError> {
        let mut config = Config::load(Some(&folder.join(SETTINGS)))?;
        let inside = |source: &mut SecretSource| {
            if let SecretSource::File(path) = source {
                *source = SecretSource::File(folder.join(outside(path)));
            }
        };
        inside(&mut config.keys.root_file);
        config.database.password_file.iter_mut().for_each(inside);
        Ok(config)
    }
}

/// Everything in the settings' folder, and what the settings name elsewhere.
fn gather(config: &Config, files: &mut Vec<(PathBuf, u32, Zeroizing<Vec<u8>>)>) -> Result<(), CommandError> {
    let folder = config.path.parent().unwrap_or(Path::new("/"));
    take(&config.path, Path::new(SETTINGS), files)?;
    take_folder(folder, Path::new("settings"), &config.path, files)?;
    let named = [
        Some(&config.keys.root_file),
        Some(&config.tls.key),
        config.database.password_file.as_ref(),
    ];
    let secrets = named.into_iter().flatten().filter_map(|source| match source {
        SecretSource::File(path) => Some(path),
        SecretSource::Credential { .. } => None,
    });
    for path in secrets.chain([&config.tls.certificate]) {
        // A file outside may be anywhere; one inside is needed there too, because its path is absolute.
        take(path, &outside(path), files)?;
    }
    Ok(())
}

/// Where a file that the settings name by its path lies among the files.
fn outside(path: &Path) -> PathBuf {
    Path::new("outside").join(path.strip_prefix("/").unwrap_or(path))
}

fn take_folder(
    folder: &Path,
    name: &Path,
    except: &Path,
    files: &mut Vec<(PathBuf, u32, Zeroizing<Vec<u8>>)>,
) -> Result<(), CommandError> {
    let refused = || CommandError::io(format!("cannot list {}", folder.display()));
    for entry in fs::read_dir(folder).map_err(refused())? {
        let entry = entry.map_err(refused())?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(refused())?);
        let name = name.join(entry.file_name());
        if kind.is_dir() {
            take_folder(&path, &name, except, files)?;
        } else if kind.is_file() && path != except {
            take(&path, &name, files)?;
        }
    }
    Ok(())
}

fn take(
    path: &Path,
    name: &Path,
    files: &mut Vec<(PathBuf, u32, Zeroizing<Vec<u8>>)>,
) -> Result<(), CommandError> {
    let refused = || CommandError::io(format!("cannot read {}", path.display()));
    let file = File::open(path).map_err(refused())?;
    let mode = file.metadata().map_err(refused())?.mode() & 0o777;
    let mut content = Zeroizing::new(Vec::new());
    file.take(BYTES_MAX)
        .read_to_end(&mut content)
        .map_err(refused())?;
    let bytes: usize = files.iter().map(|(_, _, content)| content.len()).sum();
    if files.len() >= FILES_MAX || (bytes + content.len()) as u64 > BYTES_MAX / 2 {
        let text = format!(
            "there is more beside the settings than settings, at {}; keep other files elsewhere",
            path.display()
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    files.push((name.to_owned(), mode, content));
    Ok(())
}

/// The name of the group that a file belongs to.
pub(crate) fn group_of(path: &Path) -> Result<String, CommandError> {
    let metadata =
        fs::metadata(path).map_err(CommandError::io(format!("cannot look at {}", path.display())))?;
    Ok(::host::account::group_name(metadata.gid()))
}

fn failed(text: &str) -> CommandError {
    CommandError::said(Exit::Failed, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(name: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_size(0);
        header.set_mode(0o600);
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, &[][..]).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in [
            b"../../etc/cron.d/x".as_slice(),
            b"/etc/passwd",
            b"settings/../../x",
        ] {
            assert!(unpack(&packed(name)).unwrap_err().contains("it holds"));
        }
        assert!(
            unpack(&packed(b"settings/x"))
                .unwrap_err()
                .contains("which backup")
        );
    }
}
