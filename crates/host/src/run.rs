//! Programs of the machine, started and waited for.
//!
//! Invariants: only the programs of [`Program`], by absolute path; no shell; an environment that holds a
//! search path and a locale and nothing of ours; a deadline and a bound on the output; no argument holds a
//! secret. Start at [`Call`].

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{AccessFlags, Pid, access};
use zeroize::Zeroizing;

use crate::account::Account;

/// Most bytes of each stream that are kept; the rest is read and dropped, so that the program does not wait
/// for us.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// A daemon that the program has left behind may hold its streams; they are not waited for any longer than
/// this.
const STREAMS_WAIT: Duration = Duration::from_millis(500);
/// How often an unfinished program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Most characters of what a failed program said that its error repeats.
const SAID_CHARS_MAX: usize = 2000;

/// What may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Gets a certificate from an authority that speaks ACME.
    AcmeTiny,
    /// apt's look at what is there to be installed.
    AptCache,
    /// apt's settings, asked for only.
    AptConfig,
    /// Fetches, installs and updates packages.
    AptGet,
    /// What a disk holds, asked by probing only.
    Blkid,
    /// The program of the version that an update is about to install, unpacked in a folder of root's.
    Candidate,
    /// Copies a folder with all that is in it.
    Cp,
    /// Makes and opens encrypted volumes.
    Cryptsetup,
    /// What is installed, and in what state.
    Dpkg,
    /// A package's file, looked at and unpacked.
    DpkgDeb,
    /// What is installed, asked for only.
    DpkgQuery,
    /// systemd's journal, read only.
    Journalctl,
    /// Makes a file system.
    MkfsExt4,
    /// Mounts a file system.
    Mount,
    /// Which services and whether the kernel still run old code.
    Needrestart,
    /// The kernel's firewall.
    Nft,
    /// Looks at every table and index of a database of that major.
    PgAmcheck {
        /// The major: one of [`crate::postgresql::MAJORS`].
        version: u32,
    },
    /// Backs clusters up and restores them.
    PgBackRest,
    /// Changes a setting of a PostgreSQL cluster.
    PgConftool,
    /// Makes a PostgreSQL cluster (postgresql-common).
    PgCreatecluster,
    /// Starts and stops a server of that major that is none of Debian's clusters.
    PgCtl {
        /// The major: one of [`crate::postgresql::MAJORS`].
        version: u32,
    },
    /// Starts and stops a PostgreSQL cluster.
    PgCtlcluster,
    /// Destroys a PostgreSQL cluster.
    PgDropcluster,
    /// Writes a database into an archive.
    PgDump,
    /// Lists PostgreSQL clusters.
    PgLsclusters,
    /// Reads a database out of an archive.
    PgRestore,
    /// Brings a PostgreSQL cluster to another major version.
    PgUpgradecluster,
    /// Copies files to and from S3-compatible storage.
    Rclone,
    /// Copies files to and from another machine.
    Sftp,
    /// Makes a key to sign in with on another machine.
    SshKeygen,
    /// The SSH server, asked for its settings only.
    Sshd,
    /// systemd's units.
    Systemctl,
    /// systemd's own measure of a unit's sandbox.
    SystemdAnalyze,
    /// Seals a credential with the machine's key.
    SystemdCreds,
    /// Gives the TPM2 a key of a volume.
    SystemdCryptenroll,
    /// Has systemd start a unit later.
    SystemdRun,
    /// systemd's clock.
    Timedatectl,
    /// Unmounts a file system.
    Umount,
    /// Counts anew what PostgreSQL's planner goes by.
    Vacuumdb,
    /// OpenZFS, asked for properties only.
    Zfs,
}

impl Program {
    /// Where Debian installs it.
    #[must_use]
    pub fn path(self) -> &'static Path {
        Path::new(match self {
            Self::AcmeTiny => "/usr/bin/acme-tiny",
            Self::AptCache => "/usr/bin/apt-cache",
            Self::AptConfig => "/usr/bin/apt-config",
            Self::AptGet => "/usr/bin/apt-get",
            Self::Blkid => "/usr/sbin/blkid",
            Self::Candidate => "/var/lib/strongroom/updates/candidate/tree/usr/bin/strongroom",
            Self::Cp => "/usr/bin/cp",
            Self::Cryptsetup => "/usr/sbin/cryptsetup",
            Self::Dpkg => "/usr/bin/dpkg",
            Self::DpkgDeb => "/usr/bin/dpkg-deb",
            Self::DpkgQuery => "/usr/bin/dpkg-query",
            Self::Journalctl => "/usr/bin/journalctl",
            Self::MkfsExt4 => "/usr/sbin/mkfs.ext4",
            Self::Mount => "/usr/bin/mount",
            Self::Needrestart => "/usr/sbin/needrestart",
            Self::Nft => "/usr/sbin/nft",
            Self::PgAmcheck { version: 15 } => "/usr/lib/postgresql/15/bin/pg_amcheck",
            Self::PgAmcheck { version: 16 } => "/usr/lib/postgresql/16/bin/pg_amcheck",
            Self::PgAmcheck { .. } => "/usr/lib/postgresql/17/bin/pg_amcheck",
            Self::PgBackRest => "/usr/bin/pgbackrest",
            Self::PgConftool => "/usr/bin/pg_conftool",
            Self::PgCreatecluster => "/usr/bin/pg_createcluster",
            Self::PgCtl { version: 15 } => "/usr/lib/postgresql/15/bin/pg_ctl",
            Self::PgCtl { version: 16 } => "/usr/lib/postgresql/16/bin/pg_ctl",
            Self::PgCtl { .. } => "/usr/lib/postgresql/17/bin/pg_ctl",
            Self::PgCtlcluster => "/usr/bin/pg_ctlcluster",
            Self::PgDropcluster => "/usr/bin/pg_dropcluster",
            Self::PgDump => "/usr/bin/pg_dump",
            Self::PgLsclusters => "/usr/bin/pg_lsclusters",
            Self::PgRestore => "/usr/bin/pg_restore",
            Self::PgUpgradecluster => "/usr/bin/pg_upgradecluster",
            Self::Rclone => "/usr/bin/rclone",
            Self::Sftp => "/usr/bin/sftp",
            Self::SshKeygen => "/usr/bin/ssh-keygen",
            Self::Sshd => "/usr/sbin/sshd",
            Self::Systemctl => "/usr/bin/systemctl",
            Self::SystemdAnalyze => "/usr/bin/systemd-analyze",
            Self::SystemdCreds => "/usr/bin/systemd-creds",
            Self::SystemdCryptenroll => "/usr/bin/systemd-cryptenroll",
            Self::SystemdRun => "/usr/bin/systemd-run",
            Self::Timedatectl => "/usr/bin/timedatectl",
            Self::Umount => "/usr/bin/umount",
            Self::Vacuumdb => "/usr/bin/vacuumdb",
            Self::Zfs => "/usr/sbin/zfs",
        })
    }

    /// Whether it is installed.
    #[must_use]
    pub fn is_installed(self) -> bool {
        self.path().exists()
    }

    /// Whether this process may start it: a daemon's sandbox lets it start nothing but itself.
    #[must_use]
    pub fn may_start(self) -> bool {
        access(self.path(), AccessFlags::X_OK).is_ok()
    }
}

/// A program with its arguments, not yet started.
#[derive(Debug)]
pub struct Call {
    program: Program,
    arguments: Vec<OsString>,
    input: Zeroizing<Vec<u8>>,
    source: Option<File>,
    target: Option<File>,
    account: Option<Account>,
    folder: PathBuf,
    trust: Option<PathBuf>,
    deadline: Duration,
}

/// What a program left when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub output: String,
    /// Its standard error.
    pub errors: String,
}

/// Why a program did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not there.
    #[error("{} is not installed; install the Debian package that has it", .program.path().display())]
    Absent {
        /// Which.
        program: Program,
    },
    /// The kernel refused to start it.
    #[error("cannot start {}; look at its rights", .program.path().display())]
    NotStarted {
        /// Which.
        program: Program,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It did not end in time and was killed with all it had started.
    #[error("{} did not end within {seconds} s and was stopped; look at the machine's load and at the journal", .program.path().display())]
    TookTooLong {
        /// Which.
        program: Program,
        /// Its deadline.
        seconds: u64,
    },
    /// It ended with an error.
    #[error("{} {arguments} failed ({status}): {said}", .program.path().display())]
    Failed {
        /// Which.
        program: Program,
        /// With what arguments; they hold no secret.
        arguments: String,
        /// How it ended.
        status: String,
        /// What it said.
        said: String,
    },
}

impl Call {
    /// A call with a deadline of a minute and nothing to read.
    #[must_use]
    pub fn new(program: Program) -> Self {
        Self {
            program,
            arguments: Vec::new(),
            input: Zeroizing::default(),
            source: None,
            target: None,
            account: None,
            folder: PathBuf::from("/"),
            trust: None,
            deadline: Duration::from_secs(60),
        }
    }

    /// Adds arguments. Never a secret: everybody on the machine can read them.
    #[must_use]
    pub fn with<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets what the program reads from its standard input; wiped afterwards.
    #[must_use]
    pub fn reading(self, input: Zeroizing<Vec<u8>>) -> Self {
        Self { input, ..self }
    }

    /// Lets the program read an open file, whose rights and place it need not have.
    #[must_use]
    pub fn from_file(self, source: File) -> Self {
        let source = Some(source);
        Self { source, ..self }
    }

    /// Lets the program write its standard output into an open file, however long it is.
    #[must_use]
    pub fn to_file(self, target: File) -> Self {
        let target = Some(target);
        Self { target, ..self }
    }

    /// Runs it with the rights of another account; only for root.
    #[must_use]
    pub fn as_account(self, account: Account) -> Self {
        let account = Some(account);
        Self { account, ..self }
    }

    /// Runs it in a folder, for programs that write where they stand.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder, ..self }
    }

    /// Lets it trust the authorities in this file of PEM, in the place of the machine's (SSL_CERT_FILE of OpenSSL).
    #[must_use]
    pub fn trusting(self, authorities: &Path) -> Self {
        let trust = Some(authorities.to_owned());
        Self { trust, ..self }
    }

    /// Sets the deadline.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Runs it to its end, whatever its exit code. Blocks.
    ///
    /// # Errors
    /// [`RunError::Absent`], [`RunError::NotStarted`], [`RunError::TookTooLong`].
    pub fn ask(&self) -> Result<Said, RunError> {
        Ok(self.finish()?.0)
    }

    /// Runs it to its end and gives its standard output. Blocks.
    ///
    /// # Errors
    /// As [`Call::ask`], and [`RunError::Failed`] when its exit code is not 0.
    pub fn run(&self) -> Result<String, RunError> {
        let (said, status) = self.finish()?;
        if status.success() {
            return Ok(said.output);
        }
        let words = if said.errors.trim().is_empty() {
            &said.output
        } else {
            &said.errors
        };
        let arguments: Vec<_> = self.arguments.iter().map(|one| one.to_string_lossy()).collect();
        Err(RunError::Failed {
            program: self.program,
            arguments: arguments.join(" "),
            status: status.to_string(),
            said: words.trim().chars().take(SAID_CHARS_MAX).collect(),
        })
    }

    fn finish(&self) -> Result<(Said, ExitStatus), RunError> {
        let mut child = self.start()?;
        let output = child.stdout.take().map(Stream::begin);
        let errors = child.stderr.take().map(Stream::begin);
        self.feed(&mut child);
        let status = self.wait(&mut child)?;
        let end = Instant::now() + STREAMS_WAIT;
        let said = Said {
            code: status.code(),
            output: output.map(|stream| stream.text(end)).unwrap_or_default(),
            errors: errors.map(|stream| stream.text(end)).unwrap_or_default(),
        };
        Ok((said, status))
    }

    fn start(&self) -> Result<Child, RunError> {
        let program = self.program;
        let mut command = Command::new(program.path());
        let stream = |file: &Option<File>| match file {
            Some(file) => file.try_clone().map(Stdio::from),
            None => Ok(Stdio::piped()),
        };
        let not_started = |source| RunError::NotStarted { program, source };
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            // Packages that would ask take their defaults (debconf(7)).
            .env("DEBIAN_FRONTEND", "noninteractive")
            .current_dir(&self.folder)
            // Its own group, so that whatever it starts can be stopped with it.
            .process_group(0)
            .stdin(stream(&self.source).map_err(not_started)?)
            .stdout(stream(&self.target).map_err(not_started)?)
            .stderr(Stdio::piped());
        if let Some(trust) = &self.trust {
            command.env("SSL_CERT_FILE", trust);
        }
        if let Some(account) = &self.account {
            // Its supplementary groups go as well: std drops root's when the user is set.
            command.gid(account.gid.as_raw()).uid(account.uid.as_raw());
        }
        command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => RunError::Absent { program },
            _ => RunError::NotStarted { program, source },
        })
    }

    /// Writes the input and closes the stream. On a thread, because a program that does not read would hold
    /// us past the deadline; a program that closes its input early is no failure.
    fn feed(&self, child: &mut Child) {
        let Some(mut stdin) = child.stdin.take() else {
            return;
        };
        if self.input.is_empty() {
            return;
        }
        let input = self.input.clone();
        thread::spawn(move || stdin.write_all(&input).ok());
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, RunError> {
        let program = self.program;
        let end = Instant::now() + self.deadline;
        loop {
            let looked = child.try_wait();
            match looked.map_err(|source| RunError::NotStarted { program, source })? {
                Some(status) => return Ok(status),
                None if Instant::now() < end => thread::sleep(LOOK_EVERY),
                None => {
                    kill_group(child);
                    let seconds = self.deadline.as_secs();
                    return Err(RunError::TookTooLong { program, seconds });
                }
            }
        }
    }
}

/// The child is not collected yet, so its id cannot be another process's.
fn kill_group(child: &mut Child) {
    killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).ok();
    child.wait().ok();
}

/// A stream that is read on a thread of its own.
struct Stream {
    kept: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn begin(mut source: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&kept);
        let reader = thread::spawn(move || {
            let mut piece = [0; 8192];
            while let Ok(read @ 1..) = source.read(&mut piece) {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let room = OUTPUT_BYTES_MAX - kept.len();
                kept.extend_from_slice(&piece[..read.min(room)]);
            }
        });
        Self { kept, reader }
    }

    /// What was read by the end of the stream, or by `end`.
    fn text(self, end: Instant) -> String {
        while !self.reader.is_finished() && Instant::now() < end {
            thread::sleep(LOOK_EVERY);
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

#[cfg(test)]
mod tests;
