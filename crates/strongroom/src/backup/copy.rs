//! `strongroom backup copy`: the second location, and what is fetched from it to be looked at.

use super::{Site, progress::Progress, verify};
use crate::{
    failure::{CommandError, Exit, told},
    output,
};
use ::host::{
    backup::{
        Repository,
        mirror::{self, Known, Pace, Place, Remote, Sent, SignedBucket},
        record::{Copied, Doing, Keeps, Location, Outcome, Verification},
        settings, superuser,
    },
    disk,
    run::{Call, Program},
    tree,
    write::{self, Access},
};
use config::{CREDENTIALS, Config, SecondLocation, SecretSource, read_secret};
use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use vault::SecretText;
use zeroize::Zeroizing;

/// Left free beside what is fetched.
const SPARE_BYTES: u64 = 512 << 20;

/// A copy that others wait for ends so soon and says what is left; the timer's next one goes on.
const COPY_FOR: Duration = Duration::from_secs(20 * 60);

/// The private key that signs in at the second location.
pub(super) fn identity(config: &Config) -> PathBuf {
    let folder = config.path.parent().unwrap_or(Path::new("/"));
    folder.join(CREDENTIALS).join("backup-second-key")
}

/// The secret that requests to a bucket are signed with.
pub(super) fn secret_file(config: &Config) -> PathBuf {
    identity(config).with_file_name("backup-second-secret")
}

/// Keeps the secret that requests to a bucket are signed with.
pub(crate) fn keep_secret(config: &Config, secret: &SecretText) -> Result<(), CommandError> {
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    write::file(&secret_file(config), secret.expose().as_bytes(), access)?;
    Ok(())
}

/// Copies what is not there yet, notes how it went, and gives the note.
pub(crate) fn copy(site: &Site, known: Known) -> Result<Copied, CommandError> {
    let second = second(&site.config)?;
    let progress = Progress::begin(site, Doing::Copy);
    let pace = Pace::at_most(site.config.backup.second_bytes_per_second);
    let before = site.record.copied()?.1;
    let sent = place(&site.config, second).and_then(|place| {
        progress.step(&format!("copy what is new to {}", second.shown()));
        let sent = mirror::copy(&site.repository, &place, known, pace, COPY_FOR)?;
        // The copy is whole, whatever the trial comes to.
        let keeps = keeps(&place, before.as_ref()).unwrap_or_else(|error| {
            tracing::warn!(
                error = told(&error),
                "whether the second location could be emptied was not seen"
            );
            None
        });
        Ok((sent, keeps))
    });
    let ended = |outcome, why, (sent, keeps): (Sent, Option<Keeps>)| Copied {
        to: second.shown(),
        at: Timestamp::now(),
        outcome,
        why,
        files: sent.files,
        bytes: sent.bytes,
        newest_change: sent.newest_change,
        holes: sent.holes,
        keeps,
        to_go: sent.to_go,
        oldest_backup: sent.oldest_backup,
        space: sent.space,
    };
    let copied = match &sent {
        Ok(sent) => ended(Outcome::Done, None, sent.clone()),
        Err(error) => ended(Outcome::Failed, Some(told(error)), (Sent::default(), None)),
    };
    site.record.note_copied(&copied)?;
    sent.map(|_| copied)
}

/// Whether the place lets this machine delete: tried once a day, because trying leaves something behind where it does not.
fn keeps(place: &Place, before: Option<&Copied>) -> Result<Option<Keeps>, CommandError> {
    let day = |at: Timestamp| at.as_second() / 86_400;
    let known = before.filter(|before| before.to == place.shown() && day(before.at) == day(Timestamp::now()));
    match known.and_then(|before| before.keeps) {
        Some(keeps) => Ok(Some(keeps)),
        None => Ok(mirror::keeps(place)?),
    }
}

/// Makes the key to sign in with, where there is none; gives its public half, for the other machine.
pub(crate) fn public_key(config: &Config) -> Result<String, CommandError> {
    let path = identity(config);
    if write::look(&path)?.is_none() {
        let call = Call::new(Program::SshKeygen)
            .with(["-q", "-t", "ed25519", "-N", "", "-C", "strongroom-backup", "-f"])
            .with([path.as_os_str()]);
        call.run()?;
    }
    let call = Call::new(Program::SshKeygen)
        .with(["-y", "-f"])
        .with([path.as_os_str()]);
    Ok(call.run()?.trim().to_owned())
}

/// Brings the second location's copy here and verifies it.
pub(crate) fn verify(site: &Site) -> Result<Verification, CommandError> {
    let progress = Progress::begin(site, Doing::Verification);
    progress.step("fetch the second location's copy, read every file and search it");
    let found = fetched(site).and_then(|fetched| verify::look(site, &fetched.repository));
    verify::note(site, Location::Second, found)
}

/// A copy of the second location in the drills' folder, which goes with this value.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) repository: Repository,
    folder: PathBuf,
}

impl Drop for Fetched {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Brings it here: what was verified is what the far side holds.
pub(crate) fn fetched(site: &Site) -> Result<Fetched, CommandError> {
    let second = second(&site.config)?;
    let place = place(&site.config, second)?;
    let pass_phrase = settings::pass_phrase(&site.repository)?.unwrap_or_default();
    let folder = site.repository.drill().join("fetched");
    fs::remove_dir_all(&folder).ok();
    check_room(site)?;
    // Nobody else gets in before all of it is given away: a path through somebody else's folder leads wherever they like.
    let closed = Access {
        user: Uid::from_raw(0),
        group: superuser()?.gid,
        mode: 0o700,
    };
    write::folder(&folder, closed)?;
    let inner = folder.join("copy");
    write::folder(&inner, closed)?;
    let fetched = Fetched {
        repository: Repository::new(&inner, &inner.join("settings"))?,
        folder,
    };
    output::talk(&format!("  fetch {}", second.shown()));
    bring(&place, &fetched.repository)?;
    write::folder(
        &fetched.folder,
        Access {
            mode: 0o750,
            ..closed
        },
    )?;
    let cluster = site.cluster()?;
    let wish = settings::Wish {
        data_folder: &cluster.data_folder,
        socket_folder: &cluster.socket_folder,
        port: cluster.port,
        retention_days: site.config.backup.retention_days,
    };
    settings::write_engine(&fetched.repository, &wish, &pass_phrase)?;
    Ok(fetched)
}

/// The copy is as large as what it is a copy of; there it may hold more, of what was let go of here.
fn check_room(site: &Site) -> Result<(), CommandError> {
    let drills = site.repository.drill();
    let space = disk::space(&disk::nearest(&drills))
        .map_err(CommandError::io(format!("cannot look at {}", drills.display())))?;
    let wanted = tree::bytes(&site.repository.data())? + SPARE_BYTES;
    if space.free_bytes < wanted {
        let text = format!(
            "the disk of {} has {} MB free, and the copy needs about {} MB; make room and run this again",
            drills.display(),
            space.free_bytes / 1_000_000,
            wanted / 1_000_000
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(())
}

/// Brings a place's copy into a repository's folders, whose engine can read it then.
pub(super) fn bring(place: &Place, repository: &Repository) -> Result<(), CommandError> {
    repository.prepare()?;
    mirror::fetch(place, repository.folder())?;
    let postgres = superuser()?;
    give(&repository.data(), postgres.uid, postgres.gid)
}

/// To PostgreSQL's account; links are not followed.
pub(super) fn give(path: &Path, user: Uid, group: Gid) -> Result<(), CommandError> {
    let refused = || CommandError::io(format!("cannot give away {}", path.display()));
    std::os::unix::fs::lchown(path, Some(user.as_raw()), Some(group.as_raw())).map_err(refused())?;
    if path.is_symlink() || !path.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(refused())? {
        give(&entry.map_err(refused())?.path(), user, group)?;
    }
    Ok(())
}

fn second(config: &Config) -> Result<&SecondLocation, CommandError> {
    config.backup.second.as_ref().ok_or_else(|| {
        let text = format!(
            "{} names no second location; set `second` in [backup]",
            config.path.display()
        );
        CommandError::said(Exit::NotFound, text)
    })
}

fn place(config: &Config, second: &SecondLocation) -> Result<Place, CommandError> {
    let sftp = match second {
        SecondLocation::Folder(folder) => return Ok(Place::Folder(folder.clone())),
        SecondLocation::Bucket(bucket) => return signed(config, bucket),
        SecondLocation::Sftp(sftp) => sftp,
    };
    let identity = identity(config);
    if write::look(&identity)?.is_none() {
        let text =
            "there is no key to sign in with at the second location; run `strongroom backup copy --key`";
        return Err(CommandError::said(Exit::Failed, text));
    }
    let known_hosts = config.backup.folder.join("second-host");
    write_known_hosts(&known_hosts, &sftp.host_key)?;
    Ok(Place::Remote(Remote {
        user: sftp.user.clone(),
        host: sftp.host.clone(),
        port: sftp.port,
        folder: sftp.folder.clone(),
        known_hosts,
        identity,
    }))
}

/// A bucket with the secret of its key.
fn signed(config: &Config, bucket: &config::Bucket) -> Result<Place, CommandError> {
    let file = secret_file(config);
    if write::look(&file)?.is_none() {
        let text =
            "there is no secret to sign with at the second location; run `strongroom backup copy --secret`";
        return Err(CommandError::said(Exit::Failed, text));
    }
    let secret = read_secret(&SecretSource::File(file))?;
    Ok(Place::Bucket(SignedBucket {
        host: bucket.host.clone(),
        port: bucket.port,
        bucket: bucket.bucket.clone(),
        folder: bucket.folder.clone(),
        region: bucket.region.clone(),
        access_key: bucket.access_key.clone(),
        secret: Zeroizing::new(secret.expose().to_owned()),
        authority: bucket.authority.clone(),
        as_of: None,
    }))
}

/// One key, whatever the host is called: nobody else's is ever taken.
pub(super) fn write_known_hosts(path: &Path, host_key: &str) -> Result<(), CommandError> {
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    write::file(path, format!("* {host_key}\n").as_bytes(), access)?;
    Ok(())
}
