//! Bundles of updates that operators hand to root, and what root says of them and of the machine's updates.
//!
//! This process verifies nothing and installs nothing: it puts the file into a spool folder, from which a unit of root's
//! takes it. So a daemon that was taken over can hand over files, as any operator can, and no file counts for it.
//!
//! Invariants: the audit log has the entry before the file is whole in the spool; a file that did not arrive whole never
//! has the name that root looks for; the spool has a bound in files and in bytes.

use crate::{
    Platform, PlatformError,
    act::{Act, Object},
    caller::Caller,
    error::Result,
    operator,
    workspace::random,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use host::updates::{BUNDLE_SUFFIX, Folder};
use jiff::Timestamp;
use std::{io, path::Path, time::Duration};
use tokio::{
    fs::{self, File, OpenOptions},
    io::AsyncWriteExt,
    time::timeout,
};
use types::ProblemCode;
use updates::{
    record::Places,
    vulnerability::{Assessment, Ground, Part, assess},
};

/// Root's records, as pages show them.
pub use host::updates::{
    Found, Outcome, Reboot, Renewal, Report, Update, Verdict, Waiting as WaitingPackage,
};

/// Most bundles that wait at once.
const WAITING_MAX: usize = 4;
/// Longest wait for the next piece of an upload.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is still arriving.
const PART_SUFFIX: &str = ".part";

/// A bundle that root has not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The name of its file.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// Known vulnerabilities of one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vulnerabilities {
    /// What was looked at: `packages`, `components`.
    pub of: &'static str,
    /// What is open, or why nobody can say.
    pub found: std::result::Result<Part, String>,
}

/// Everything that an operator sees of updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What root saw last; none where it never looked.
    pub report: Option<Report>,
    /// Updates of the platform that have ended, newest first.
    pub history: Vec<Update>,
    /// What was started anew, newest first.
    pub renewals: Vec<Renewal>,
    /// What became of bundles that were handed over, newest first.
    pub verdicts: Vec<Verdict>,
    /// Bundles that wait to be looked at.
    pub waiting: Vec<Waiting>,
    /// Known vulnerabilities, by the data of the last bundle.
    pub vulnerabilities: Vec<Vulnerabilities>,
}

/// Hands a bundle to root; gives the name under which its verdict will stand.
///
/// # Errors
/// `not-signed-in`, `not-allowed`; `conflict` when others wait; `too-large`; `malformed` when it breaks off; `unavailable` when
/// there is no spool on this machine, or its disk is full.
pub async fn upload(
    platform: &Platform,
    caller: &Caller,
    stream: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<String> {
    operator::require(caller)?;
    let spool = platform.settings().spool.clone();
    if entries(&spool).await?.len() >= WAITING_MAX {
        let why = "other bundles wait to be looked at; try again when their verdicts are there";
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    let name = new_name(platform)?;
    let part = spool.join(format!("{name}{PART_SUFFIX}"));
    let done = receive(platform, caller, &part, &name, stream).await;
    if done.is_err() {
        fs::remove_file(&part).await.ok();
    }
    done.map(|()| name)
}

async fn receive(
    platform: &Platform,
    caller: &Caller,
    part: &Path,
    name: &str,
    stream: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<()> {
    let open = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(part)
        .await;
    let mut file = open.map_err(|error| refused(&error))?;
    let bytes = write(&mut file, stream, platform.settings().upload_bytes_max).await?;
    file.sync_all().await.map_err(|error| refused(&error))?;
    let what = format!("{bytes} bytes");
    let act = Act::configuration("bundle.upload", Object::new("bundle", name)).because(&what);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    let whole = part.with_file_name(name);
    fs::rename(part, whole).await.map_err(|error| refused(&error))
}

async fn write(
    file: &mut File,
    mut stream: impl Stream<Item = Result<Bytes>> + Unpin,
    most: u64,
) -> Result<u64> {
    let mut seen = 0_u64;
    loop {
        let late = |_| PlatformError::new(ProblemCode::Timeout, "the upload came too slowly");
        let Some(piece) = timeout(PATIENCE, stream.next()).await.map_err(late)? else {
            break;
        };
        let piece = piece?;
        seen = seen.saturating_add(piece.len() as u64);
        if seen > most {
            let why = format!(
                "a bundle has at most {most} bytes here (limits.upload_bytes_max); copy it into the spool on the host"
            );
            return Err(PlatformError::new(ProblemCode::TooLarge, why));
        }
        file.write_all(&piece).await.map_err(|error| refused(&error))?;
    }
    file.flush().await.map_err(|error| refused(&error))?;
    if seen == 0 {
        return Err(PlatformError::invalid_at(
            "/file",
            "required",
            "the file is empty",
        ));
    }
    Ok(seen)
}

/// What there is to see of updates.
///
/// # Errors
/// `not-signed-in`, `not-allowed`; `unavailable` when root's record cannot be read.
pub async fn look(platform: &Platform, caller: &Caller) -> Result<Standing> {
    operator::require(caller)?;
    let settings = platform.settings();
    let waiting = entries(&settings.spool).await.unwrap_or_default();
    let folder = settings.updates.clone();
    let now = platform.now();
    let task = tokio::task::spawn_blocking(move || read(&folder, now));
    let standing = task
        .await
        .map_err(|error| PlatformError::invariant(error.to_string()))??;
    Ok(Standing { waiting, ..standing })
}

fn read(path: &Path, now: Timestamp) -> Result<Standing> {
    let folder = Folder::at(path);
    let unreadable = |error: host::updates::RecordError| {
        PlatformError::new(
            ProblemCode::Unavailable,
            format!("root's record of updates cannot be read: {error}"),
        )
    };
    Ok(Standing {
        report: folder.report().map_err(unreadable)?,
        history: folder.history().map_err(unreadable)?,
        renewals: folder.renewals().map_err(unreadable)?,
        verdicts: folder.verdicts().map_err(unreadable)?,
        waiting: Vec::new(),
        vulnerabilities: vulnerabilities(now),
    })
}

fn vulnerabilities(now: Timestamp) -> Vec<Vulnerabilities> {
    let places = Places::of_machine();
    let assessed = match (places.read(), Ground::of_machine()) {
        (Ok(Some(found)), Some(ground)) => {
            assess(&places, &found.record, &ground, now).map_err(|unknown| unknown.to_string())
        }
        (Ok(None), _) => Err("no bundle was ever imported here, and no other data is there".to_owned()),
        (Err(error), _) => Err(error.to_string()),
        (_, None) => Err("the release of this machine is not known here".to_owned()),
    };
    let (packages, components) = match assessed {
        Ok(Assessment { system, program }) => (
            system.map_err(|unknown| unknown.to_string()),
            program.map_err(|unknown| unknown.to_string()),
        ),
        Err(why) => (Err(why.clone()), Err(why)),
    };
    let of = |of, found| Vulnerabilities { of, found };
    vec![of("packages", packages), of("components", components)]
}

/// The whole files in the spool, at most a few.
async fn entries(spool: &Path) -> Result<Vec<Waiting>> {
    let mut folder = fs::read_dir(spool)
        .await
        .map_err(|error| no_spool(spool, &error))?;
    let mut found = Vec::new();
    while let Some(entry) = folder.next_entry().await.map_err(|error| refused(&error))? {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = name.ends_with(BUNDLE_SUFFIX) || name.ends_with(PART_SUFFIX);
        let bytes = entry.metadata().await.map_or(0, |metadata| metadata.len());
        if is_ours && found.len() < WAITING_MAX {
            found.push(Waiting { name, bytes });
        }
    }
    found.sort_by(|one: &Waiting, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Names sort by time, so that the older one is looked at first.
fn new_name(platform: &Platform) -> Result<String> {
    let random: [u8; 6] = random()?;
    Ok(format!(
        "{}-{}{BUNDLE_SUFFIX}",
        platform.now_ms(),
        hex::encode(random)
    ))
}

fn no_spool(spool: &Path, error: &io::Error) -> PlatformError {
    let why = format!(
        "bundles cannot be handed over here: {} cannot be read ({error}); the package strongroom makes it",
        spool.display()
    );
    PlatformError::new(ProblemCode::Unavailable, why)
}

fn refused(error: &io::Error) -> PlatformError {
    let why = format!("the bundle could not be put into the spool ({error}); look at the space on its disk");
    PlatformError::new(ProblemCode::Unavailable, why)
}
