//! Where unpacked bundles lie: a folder of root's for each, made beside its place and renamed into it when the whole
//! bundle is verified.
//!
//! ```text
//! /var/lib/strongroom/updates/7/manifest.json   the list as it was signed
//!                              /files/…          every file
//!                              /Packages         the index that apt reads, made here
//! ```
//!
//! Invariants: a folder with a number holds a whole, verified bundle or is not there; the last two stay, so that there
//! is a way back. One import at a time.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use host::run::{Call, Program, RunError};
use host::write::{Access, WriteError};
use jiff::Timestamp;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, Flock, FlockArg, RenameFlags, renameat2};

use crate::digest::Digest;
use crate::manifest::{Content, Manifest, Target};
use crate::patience::{self, Patience};
use crate::receive::{Received, receive};
use crate::record::{Places, Record, RecordError};
use crate::refusal::Refusal;
use crate::terms::Terms;

/// Most bytes of what a package says of itself.
const CONTROL_BYTES_MAX: usize = 64 << 10;
/// The folder of a bundle that is being taken.
const INCOMING: &str = "incoming";
/// How many bundles stay.
const KEPT: usize = 2;

/// Why a bundle was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The bundle.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The folder.
    #[error("cannot {what} {}; look at its rights and at the space on its disk", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file or folder of ours.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// dpkg-deb.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Somebody else could have put something there.
    #[error("{} can be written by others than root; give it to root alone (`chown root`, `chmod go-w`)", .path.display())]
    Open {
        /// Which folder.
        path: PathBuf,
    },
    /// Not what was verified.
    #[error("{} is not the list that was verified; import the bundle again", .path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// Another import runs.
    #[error("another import is or was just at work; try again when it has ended")]
    Busy,
}

/// Takes a bundle: verifies it, unpacks it, records it.
///
/// # Errors
/// [`ImportError`]; then everything is as it was.
pub fn import(
    bundle: &Path,
    terms: &Terms,
    places: &Places,
    before: Option<&Record>,
    access: Access,
    patience: Patience,
) -> Result<(Received, Record), ImportError> {
    let shelf = &places.state;
    check_owner(shelf)?;
    let _lock = lock(shelf)?;
    // The terms were made before the lock was held; another import may have ended in between.
    if places.read()?.map(|found| found.record).as_ref() != before {
        return Err(ImportError::Busy);
    }
    let incoming = shelf.join(INCOMING);
    remove(&incoming)?;
    let source = patience::open(bundle, patience).map_err(failed("open", bundle))?;
    let taken = unpack(source, terms, &incoming);
    let received = match taken {
        Ok(received) => received,
        Err(error) => {
            remove(&incoming).ok();
            return Err(error);
        }
    };
    let place = shelf.join(received.manifest.sequence.to_string());
    put(&incoming, &place)?;
    sync_folder(shelf)?;
    let record = Record::of(&received, before, terms.clock);
    places.write(&record, access)?;
    clear(
        shelf,
        received.manifest.sequence,
        before.map(|record| record.sequence),
    )?;
    Ok((received, record))
}

/// The folder of a bundle that was taken.
#[must_use]
pub fn folder(places: &Places, sequence: u64) -> PathBuf {
    places.state.join(sequence.to_string())
}

/// The list of the bundle that was taken last, if it is still the one that was verified then.
///
/// # Errors
/// [`ImportError::Changed`], [`ImportError::Io`].
pub fn manifest(places: &Places, record: &Record) -> Result<Manifest, ImportError> {
    let path = folder(places, record.sequence).join("manifest.json");
    let file = File::open(&path).map_err(failed("open", &path))?;
    let mut body = Vec::new();
    io::Read::read_to_end(
        &mut io::Read::take(file, crate::manifest::MANIFEST_BYTES_MAX.into()),
        &mut body,
    )
    .map_err(failed("read", &path))?;
    if Digest::of(&body) != record.manifest_sha256 {
        return Err(ImportError::Changed { path });
    }
    Ok(Manifest::parse(&body)?)
}

fn unpack(source: impl io::Read, terms: &Terms, folder: &Path) -> Result<Received, ImportError> {
    make_folder(folder)?;
    let files = folder.join("files");
    make_folder(&files)?;
    let received = receive(source, terms, |target| {
        create(&files.join(target.name.as_str())).map(Some)
    })?;
    let index = index(&received.manifest, &files)?;
    for (name, content) in [("manifest.json", &received.manifest_body), ("Packages", &index)] {
        let path = folder.join(name);
        let written = create(&path).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
        written.map_err(failed("write", &path))?;
    }
    sync_folder(&files)?;
    sync_folder(folder)?;
    Ok(received)
}

/// The index of a flat repository: what each package says of itself, its place, length and digest.
fn index(manifest: &Manifest, files: &Path) -> Result<Vec<u8>, ImportError> {
    let mut index = Vec::new();
    for target in &manifest.targets {
        if !matches!(target.content, Content::Package { .. }) {
            continue;
        }
        let control = Call::new(Program::DpkgDeb)
            .with(["--field".into(), files.join(target.name.as_str())])
            .run()?;
        check_control(target, &control)?;
        let control = control.trim_end();
        write!(
            index,
            "{control}\nFilename: files/{}\nSize: {}\nSHA256: {}\n\n",
            target.name, target.bytes, target.sha256
        )
        .map_err(failed("write", Path::new("Packages")))?;
    }
    Ok(index)
}

/// Whether a package is what the list calls it.
fn check_control(target: &Target, control: &str) -> Result<(), Refusal> {
    let Content::Package {
        package,
        version,
        architecture,
    } = &target.content
    else {
        return Ok(());
    };
    let wrong = |found: String| Refusal::WrongSoftware {
        name: target.name.clone(),
        wanted: format!("{package} {version} {architecture}"),
        found,
    };
    // A blank line, or a field of ours, would let a package put a stanza of its own into the index.
    let is_ours = |line: &str| {
        let field = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        ["filename", "size", "sha256", "sha512", "sha1", "md5sum"].contains(&field.as_str())
    };
    let lines = || control.trim_end().lines();
    if control.len() > CONTROL_BYTES_MAX || lines().any(|line| line.trim().is_empty() || is_ours(line)) {
        return Err(wrong("a description of itself that no package has".to_owned()));
    }
    let field = |name: &str| {
        let mut found = lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.next().map(str::trim).unwrap_or_default().to_owned()
    };
    let (name, found, kind) = (field("Package"), field("Version"), field("Architecture"));
    match name == *package && found == version.as_str() && kind == *architecture {
        true => Ok(()),
        false => Err(wrong(format!("{name} {found} {kind}"))),
    }
}

/// Puts the folder in its place. One that is there already is the rest of an import that was killed before the record
/// was written, or the same bundle: the two change places in one step, so that a bundle of the record is never away.
fn put(incoming: &Path, place: &Path) -> Result<(), ImportError> {
    if fs::symlink_metadata(place).is_err() {
        return fs::rename(incoming, place).map_err(failed("rename", incoming));
    }
    let exchanged = renameat2(AT_FDCWD, incoming, AT_FDCWD, place, RenameFlags::RENAME_EXCHANGE);
    exchanged.map_err(|error| failed("exchange", incoming)(error.into()))?;
    remove(incoming)
}

/// Everything from the shelf up to the folder above it is root's alone, or whoever's who runs this: otherwise a
/// daemon's user could have put another folder there.
fn check_owner(shelf: &Path) -> Result<(), ImportError> {
    for path in [Some(shelf), shelf.parent()].into_iter().flatten() {
        let found = fs::symlink_metadata(path).map_err(failed("look at", path))?;
        let mine = nix::unistd::Uid::effective().as_raw();
        if !found.is_dir() || ![0, mine].contains(&found.uid()) || found.mode() & 0o022 != 0 {
            return Err(ImportError::Open {
                path: path.to_owned(),
            });
        }
    }
    Ok(())
}

fn lock(shelf: &Path) -> Result<Flock<File>, ImportError> {
    let path = shelf.join("lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options
        .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
        .open(&path)
        .map_err(failed("open", &path))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => ImportError::Busy,
        error => failed("lock", &path)(error.into()),
    })
}

/// Readable whatever the umask, so that the daemons can look at the data about vulnerabilities; who may come here at all
/// is decided by the folder above.
fn make_folder(path: &Path) -> Result<(), ImportError> {
    let made = fs::DirBuilder::new().mode(0o700).create(path);
    let open = made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o755)));
    open.map_err(failed("make", path))
}

fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    Ok(file)
}

fn remove(path: &Path) -> Result<(), ImportError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(failed("remove", path)),
    }
}

/// Removes all bundles but the last two.
fn clear(shelf: &Path, newest: u64, before: Option<u64>) -> Result<(), ImportError> {
    let entries = fs::read_dir(shelf).map_err(failed("look into", shelf))?;
    let mut old: Vec<u64> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number != newest && Some(*number) != before)
        .collect();
    old.sort_unstable();
    let spare = KEPT - 1 - usize::from(before.is_some_and(|before| before != newest)).min(KEPT - 1);
    let last = old.len().saturating_sub(spare);
    old[..last]
        .iter()
        .try_for_each(|number| remove(&shelf.join(number.to_string())))
}

fn sync_folder(path: &Path) -> Result<(), ImportError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(failed("write", path))
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ImportError {
    let path = path.to_owned();
    move |source| ImportError::Io { what, path, source }
}

/// What has surely passed here, with which the terms are made.
#[must_use]
pub fn floor(record: Option<&Record>, others: impl IntoIterator<Item = Timestamp>) -> Option<Timestamp> {
    let ours = record.map(|record| record.made_at.max(record.imported_at));
    others.into_iter().chain(ours).max()
}
