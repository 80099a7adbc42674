//! `strongroom rebuild`: the platform on new hardware, out of a copy of the repository and the recovery kit.
//!
//! Invariants: nothing that is there is overwritten: neither settings, nor a cluster, nor a repository; the kit's keys are seen
//! to open the copy before anything is made; whatever let somebody in without a password is void afterwards. A run that
//! was cut off says what to remove.

use super::{
    copy, engine_settings, kit,
    kit::{Kit, SecondBucket},
    run, state,
    state::State,
    superuser_at,
};
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output,
};
use ::host::{
    account::Account,
    backup::{
        Repository,
        engine::{self, Kind, Target, Use},
        mirror::{Place, Remote, SignedBucket},
        settings, superuser, wal,
    },
    postgresql::{self, Cluster, NewCluster, Verb},
    run::{Call, Program},
    tree,
    write::{self, Access},
};
use config::{Config, Environment};
use jiff::Timestamp;
use nix::unistd::{Gid, Group, Uid};
use platform::{Caller, Platform, PlatformError, backup, ledger};
use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    time::Duration,
};
use vault::SecretText;
use zeroize::Zeroizing;

/// A log of millions of leaves.
const COPY_DEADLINE: Duration = Duration::from_secs(3600);

/// Where the copy lies.
#[derive(Debug, Clone)]
pub(crate) enum From {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// At the second location that the kit names.
    Second,
    /// There, as it was at that moment: a bucket that keeps older versions.
    SecondAsOf(Timestamp),
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) from: From,
    pub(crate) kit: PathBuf,
    /// A copy of the lost machine's audit log folder, where there is one.
    pub(crate) audit_log: Option<PathBuf>,
    /// Where the cluster's data is to lie; where it lay if none.
    pub(crate) data_folder: Option<PathBuf>,
}

/// What was done.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    pub(crate) label: String,
    pub(crate) newest_change: Option<String>,
    pub(crate) ended: usize,
    pub(crate) cluster: String,
    /// How the audit log goes on, in words.
    pub(crate) log: String,
}

/// Rebuilds the platform; the daemons are not started.
pub(crate) fn rebuild(
    settings: &Path,
    wish: &Wish,
    passphrase: &SecretText,
) -> Result<Rebuilt, CommandError> {
    super::require_root()?;
    if settings.exists() {
        let text = format!(
            "{} is there: this machine has an appliance, and it is never overwritten; rebuild on an empty machine",
            settings.display()
        );
        return Err(CommandError::said(Exit::Conflict, text));
    }
    let kit = kit::open(&wish.kit, passphrase)?;
    let repository = Repository::new(&kit.first, &engine_settings(settings))?;
    bring(&repository, wish, &kit, settings)?;
    output::talk("  see that the kit opens it");
    let newest = look(&repository, &kit)?;
    let state = state::newest(&repository, &kit.key()?)?;
    let wanted = wish.data_folder.as_ref().unwrap_or(&state.head.data_folder);
    check_cluster(&state)?;
    let build = || {
        let config = put_settings(settings, &state)?;
        let cluster = make_cluster(&config, &state, wanted)?;
        write_engine(&repository, &cluster, &config, kit.pass_phrase())?;
        restore(&repository, &cluster)?;
        put_audit_log(&config, wish)?;
        let log = continue_log(&config, &cluster)?;
        let ended = begin_anew(&config, &state, newest.as_deref())?;
        Ok(Rebuilt {
            label: state.head.label.clone(),
            newest_change: newest.clone(),
            ended,
            cluster: format!("{}/{}", cluster.version, cluster.name),
            log,
        })
    };
    let rebuilt = build().map_err(|error| half_built(settings, &state, &error))?;
    output::talk("  take a backup of what is here now");
    let site = super::Site::of_enabled(settings, super::PATIENT)?;
    run::run(&site, Some(Kind::Full))?;
    Ok(rebuilt)
}

/// What was made until then is in the way of the next try, which overwrites nothing.
fn half_built(settings: &Path, state: &State, error: &CommandError) -> CommandError {
    let folder = settings.parent().unwrap_or(Path::new("/"));
    let text = format!(
        "{}; to try again, remove {}, {} and the cluster (`pg_dropcluster --stop {} {}`), which this run has made",
        told(error),
        folder.display(),
        engine_settings(settings).display(),
        state.head.manifest.major,
        state.head.cluster
    );
    CommandError::said(Exit::Failed, text)
}

/// The copy, in the place of the first location.
fn bring(repository: &Repository, wish: &Wish, kit: &Kit, settings: &Path) -> Result<(), CommandError> {
    if let From::Folder(folder) = &wish.from
        && folder == repository.folder()
    {
        // The disk of the first location was saved; on this machine PostgreSQL's account may have another number.
        repository.prepare()?;
        let postgres = superuser()?;
        return copy::give(&repository.data(), postgres.uid, postgres.gid);
    }
    if repository.folder().exists() && tree::has_files(repository.folder(), |_| false)? {
        let text = format!(
            "{} is there and not empty; move it away, or rebuild from it",
            repository.folder().display()
        );
        return Err(CommandError::said(Exit::Conflict, text));
    }
    output::talk("  fetch the copy");
    let place = match &wish.from {
        From::Folder(folder) => Place::Folder(folder.clone()),
        From::Second => second(kit, settings)?,
        From::SecondAsOf(moment) => as_of(second(kit, settings)?, *moment)?,
    };
    copy::bring(&place, repository)
}

/// A bucket before somebody replaced or deleted what is in it.
fn as_of(place: Place, moment: Timestamp) -> Result<Place, CommandError> {
    match place {
        Place::Bucket(bucket) => Ok(Place::Bucket(SignedBucket {
            as_of: Some(moment),
            ..bucket
        })),
        Place::Folder(_) | Place::Remote(_) => {
            let text = "--as-of needs a second location in a bucket, whose storage keeps versions";
            Err(CommandError::said(Exit::Usage, text))
        }
    }
}

/// The second location as the kit knows it.
fn second(kit: &Kit, settings: &Path) -> Result<Place, CommandError> {
    let failed = |text: &str| CommandError::said(Exit::Failed, text);
    let shown = kit
        .second
        .as_ref()
        .ok_or_else(|| failed("the kit names no second location; give --from a folder"))?;
    if shown.starts_with('/') {
        return Ok(Place::Folder(PathBuf::from(shown)));
    }
    if let Some(bucket) = &kit.second_bucket {
        return second_bucket(kit, shown, bucket, settings);
    }
    let (Some(host_key), Some(identity)) = (&kit.second_host_key, &kit.second_identity) else {
        return Err(failed(
            "the kit has no key to sign in with at the second location; give --from a folder",
        ));
    };
    let url: url::Url = shown
        .parse()
        .map_err(|_| failed("the kit's second location is no address"))?;
    let folder = engine_settings(settings);
    let access = private(0o700);
    write::folder(&folder, access)?;
    let (key_file, host_file) = (folder.join("second-key"), folder.join("second-host"));
    write::file(&key_file, format!("{identity}\n").as_bytes(), private(0o600))?;
    copy::write_known_hosts(&host_file, host_key)?;
    Ok(Place::Remote(Remote {
        user: url.username().to_owned(),
        host: url
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned(),
        port: url.port().unwrap_or(22),
        folder: PathBuf::from(url.path()),
        known_hosts: host_file,
        identity: key_file,
    }))
}

/// The second location in a bucket, with its authority's certificates in a file, as the client takes them.
fn second_bucket(
    kit: &Kit,
    shown: &str,
    bucket: &SecondBucket,
    settings: &Path,
) -> Result<Place, CommandError> {
    let failed = |text: &str| CommandError::said(Exit::Failed, text);
    let (host, port, name, folder) =
        config::Bucket::parts(shown).ok_or_else(|| failed("the kit's second location is no address"))?;
    let secret = kit.second_identity.clone().ok_or_else(|| {
        failed("the kit has no secret to sign with at the second location; give --from a folder")
    })?;
    let authority = match &bucket.authority {
        None => None,
        Some(text) => {
            let folder = engine_settings(settings);
            write::folder(&folder, private(0o700))?;
            let file = folder.join("second-authority.pem");
            write::file(&file, text.as_bytes(), private(0o600))?;
            Some(file)
        }
    };
    Ok(Place::Bucket(SignedBucket {
        host,
        port,
        bucket: name,
        folder,
        region: bucket.region.clone(),
        access_key: bucket.access_key.clone(),
        secret: Zeroizing::new(secret),
        authority,
        as_of: None,
    }))
}

/// The repository opens and has no hole; gives its newest change.
fn look(repository: &Repository, kit: &Kit) -> Result<Option<String>, CommandError> {
    kit.mend(repository)?;
    // The cluster is not known yet; the engine wants a place for it all the same.
    let wish = settings::Wish {
        data_folder: &repository.drill().join("none"),
        socket_folder: Path::new("/run"),
        port: 5432,
        retention_days: 30,
    };
    settings::write_engine(repository, &wish, kit.pass_phrase())?;
    let info = engine::info(repository)?;
    let oldest = info
        .backups
        .last()
        .map(|backup| backup.archive_start.clone())
        .unwrap_or_default();
    let names: Vec<String> = wal::archived(&repository.data())?
        .into_iter()
        .filter(|name| *name >= oldest)
        .collect();
    if let Some((before, after)) = wal::holes(&names).first() {
        // Replaying would end at the hole and say nothing.
        let text = format!(
            "changes between {before} and {after} are missing in the copy: what came after {before} cannot be had; take another \
             copy, or move the files after the hole away and run this again"
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(names.last().cloned())
}

/// Settings, certificates and keys as they were, with their rights.
fn put_settings(settings: &Path, state: &State) -> Result<Config, CommandError> {
    output::talk("  put settings, certificates and keys in their place");
    let folder = settings.parent().unwrap_or(Path::new("/"));
    let aside = Path::new("/run").join(format!("strongroom-rebuild-{}", std::process::id()));
    fs::remove_dir_all(&aside).ok();
    fs::create_dir(&aside).map_err(CommandError::io(format!("cannot make {}", aside.display())))?;
    let moved = state.extract(&aside).and_then(|_| {
        let group = Group::from_name(&state.head.group).ok().flatten();
        let group = group.map_or(Gid::from_raw(0), |group| group.gid);
        put_folder(&aside.join("settings"), folder, group)?;
        let outside = aside.join("outside");
        if outside.exists() {
            put_outside(&outside, Path::new("/"), folder)?;
        }
        Ok(())
    });
    fs::remove_dir_all(&aside).ok();
    moved?;
    Ok(Config::load_with(Some(settings), &Environment::default())?)
}

/// As set-up makes it: the group reads everything but the credentials.
fn put_folder(from: &Path, to: &Path, group: Gid) -> Result<(), CommandError> {
    let is_secret = to.ends_with(config::CREDENTIALS);
    let (group, mode) = if is_secret {
        (Gid::from_raw(0), 0o700)
    } else {
        (group, 0o750)
    };
    write::folder(
        to,
        Access {
            group,
            ..private(mode)
        },
    )?;
    let refused = || CommandError::io(format!("cannot read {}", from.display()));
    for entry in fs::read_dir(from).map_err(refused())? {
        let entry = entry.map_err(refused())?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            put_folder(&path, &target, group)?;
            continue;
        }
        let mode = entry.metadata().map_err(refused())?.mode() & 0o777;
        let content = fs::read(&path).map_err(refused())?;
        let group = if mode & 0o070 == 0 {
            Gid::from_raw(0)
        } else {
            group
        };
        write::new_file(
            &target,
            &content,
            Access {
                group,
                ..private(mode)
            },
        )?;
    }
    Ok(())
}

/// Files that the settings name elsewhere; what is in the settings' own folder is there by now.
fn put_outside(from: &Path, to: &Path, settings: &Path) -> Result<(), CommandError> {
    let refused = || CommandError::io(format!("cannot put back {}", to.display()));
    for entry in fs::read_dir(from).map_err(refused())? {
        let entry = entry.map_err(refused())?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            put_outside(&path, &target, settings)?;
        } else if !target.starts_with(settings) && !target.exists() {
            fs::create_dir_all(to).map_err(refused())?;
            let mode = entry.metadata().map_err(refused())?.mode() & 0o777;
            let content = fs::read(&path).map_err(refused())?;
            write::new_file(&target, &content, private(mode))?;
        }
    }
    Ok(())
}

/// Before anything is written: what can be mended by installing or removing something lets the command be run again.
fn check_cluster(state: &State) -> Result<(), CommandError> {
    let (name, version) = (&state.head.cluster, state.head.manifest.major);
    if !postgresql::installed_versions().contains(&version) {
        let text = format!(
            "PostgreSQL {version} is not installed, which the backup is of; install it, then run this again"
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    let wanted = |cluster: &Cluster| cluster.version == version && cluster.name == *name;
    if postgresql::clusters()?.iter().any(wanted) {
        let text = format!(
            "the cluster {version}/{name} is there; remove it (`pg_dropcluster`) if nothing in it is needed"
        );
        return Err(CommandError::said(Exit::Conflict, text));
    }
    Ok(())
}

fn make_cluster(config: &Config, state: &State, data_folder: &Path) -> Result<Cluster, CommandError> {
    let (name, version) = (&state.head.cluster, state.head.manifest.major);
    output::talk(&format!("  make the cluster {version}/{name}"));
    let wanted = |cluster: &Cluster| cluster.version == version && cluster.name == *name;
    postgresql::create(&NewCluster {
        version,
        name: name.clone(),
        port: Some(config.database.port),
        data_folder: Some(data_folder.to_owned()),
    })?;
    let cluster = postgresql::clusters()?.into_iter().find(wanted).ok_or_else(|| {
        CommandError::said(
            Exit::Failed,
            format!("the cluster {version}/{name} was made and is not listed"),
        )
    })?;
    postgresql::configure(&cluster)?;
    tree::empty(&cluster.data_folder, |_| false)?;
    Ok(cluster)
}

fn write_engine(
    repository: &Repository,
    cluster: &Cluster,
    config: &Config,
    pass_phrase: &str,
) -> Result<(), CommandError> {
    let wish = settings::Wish {
        data_folder: &cluster.data_folder,
        socket_folder: &cluster.socket_folder,
        port: cluster.port,
        retention_days: config.backup.retention_days,
    };
    settings::write_engine(repository, &wish, pass_phrase)?;
    settings::write_cluster(repository, cluster)?;
    Ok(())
}

fn restore(repository: &Repository, cluster: &Cluster) -> Result<(), CommandError> {
    output::talk("  restore the newest backup");
    let postgres: Account = superuser()?;
    let data = &cluster.data_folder;
    let given = chown(data, Some(postgres.uid.as_raw()), Some(postgres.gid.as_raw()));
    given.map_err(CommandError::io(format!("cannot give away {}", data.display())))?;
    engine::restore(repository, &Target::Newest, data, Use::InPlace)?;
    output::talk("  replay every change after it");
    postgresql::control(cluster, Verb::Start)?;
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async { Ok(backup::wait_replayed(&admin).await?) })
}

/// The lost machine's folder of the log, of which a copy was kept; the units' account owns it when they start.
fn put_audit_log(config: &Config, wish: &Wish) -> Result<(), CommandError> {
    let Some(kept) = &wish.audit_log else {
        return Ok(());
    };
    let folder = &config.audit.folder;
    if folder.exists() && tree::has_files(folder, |_| false)? {
        let text = format!(
            "{} is there and not empty; move it away, or leave --audit-log out",
            folder.display()
        );
        return Err(CommandError::said(Exit::Conflict, text));
    }
    output::talk("  put the copy of the audit log's folder in its place");
    let owner = owner_of_log()?;
    write::folder(
        folder,
        Access {
            user: owner.uid,
            group: owner.gid,
            mode: 0o750,
        },
    )?;
    let mut from = kept.clone().into_os_string();
    from.push("/.");
    Call::new(Program::Cp)
        .with(["-R", "--no-preserve=ownership", "--"])
        .with([from, folder.clone().into_os_string()])
        .within(COPY_DEADLINE)
        .run()?;
    copy::give(folder, owner.uid, owner.gid)
}

/// Whoever runs the worker; root where nobody of that name is there, as on a machine that only tries this out.
fn owner_of_log() -> Result<Account, CommandError> {
    let root = || Account::named("root");
    Account::named("strongroom").or_else(root).ok_or_else(|| {
        CommandError::said(
            Exit::Failed,
            "this machine has neither an account strongroom nor root",
        )
    })
}

/// The signed log goes on with what the database holds: after leaves that come back out of the tiles, or with tiles that are made
/// anew where the folder was lost. What cannot be mended is told, and is no reason to leave the rest undone.
fn continue_log(config: &Config, cluster: &Cluster) -> Result<String, CommandError> {
    output::talk("  see how the audit log goes on");
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async {
        let platform = Platform::open(config).await?;
        let caller = Caller::host();
        let mended = async {
            let Some(plan) = ledger::plan(&platform, &caller).await? else {
                return Ok("it goes on as it was".to_owned());
            };
            let words = plan.confirmation();
            ledger::recover(&platform, &caller, &admin, &config.database.name, &words).await?;
            Ok(format!(
                "{words}; compare its next checkpoint with one that was kept elsewhere"
            ))
        };
        let said: Result<String, PlatformError> = mended.await;
        Ok(said.unwrap_or_else(|error| {
            format!(
                "it is not signed until it is mended: {}; run `strongroom audit recover`",
                error.detail
            )
        }))
    })
}

fn begin_anew(config: &Config, state: &State, newest: Option<&str>) -> Result<usize, CommandError> {
    let said = format!(
        "rebuilt from the backup {} and the changes until {}",
        state.head.label,
        newest.unwrap_or("its end")
    );
    block_on(async {
        let platform = Platform::open(config).await?;
        Ok(backup::begin_anew(&platform, &Caller::host(), &said).await?)
    })
    .map_err(|error| {
        let text = format!(
            "the database is back and its keys do not fit it: {}; the kit and the copy are not of the same appliance",
            told(&error)
        );
        CommandError::said(Exit::Failed, text)
    })
}

fn private(mode: u32) -> Access {
    Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode,
    }
}
