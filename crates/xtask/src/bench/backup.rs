//! How fast backups are taken, verified and restored, beside pgBackRest alone, `pg_basebackup` and plain copying of the same
//! cluster; and what a running backup costs whoever works meanwhile.
//!
//! Invariants: the appliance is set up by its own `setup`, as root; every copy is synced to the disk before its time counts;
//! rounds of ours and theirs alternate; a failure ends the run, and the cluster is destroyed in any case. Start at
//! [`measure`].

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::unistd::{Uid, User};
use tempfile::TempDir;
use testkit::process::{self, Account};
use testkit::secret::write_private;

/// What we hold ourselves to (issue 5): our time over pgBackRest's own, and what foreground work may lose.
const OVERHEAD_MAX: f64 = 0.15;
const COST_MAX: f64 = 0.20;
/// Bytes of a row of the table that fills the cluster.
const ROW_BYTES: u64 = 128;
/// Seconds of each measurement of foreground work.
const WORK_SECONDS: u64 = 10;

/// An appliance with its own cluster, which goes with it.
struct Appliance {
    folder: TempDir,
    program: PathBuf,
    cluster: String,
    port: u16,
}

/// Sets up, fills, measures, prints.
pub(super) fn measure(program: &Path, megabytes: u64, rounds: usize) -> Result<()> {
    ensure!(
        Uid::effective().is_root(),
        "a cluster of Debian's is made and backed up as root only"
    );
    let appliance = Appliance::make(program)?;
    appliance.fill(megabytes)?;
    let bytes = bytes_below(&appliance.data())?;
    println!("a cluster of {} MB", bytes / 1_000_000);
    let rate = |seconds: f64| bytes as f64 / 1e6 / seconds;
    for round in 1..=rounds {
        let copy = appliance.copy()?;
        let base = appliance.base_backup()?;
        let theirs = appliance.engine(&["--type=full", "backup"])?;
        let ours = appliance.ours(&["backup", "run", "--full"])?;
        let verified = appliance.ours(&["backup", "verify"])?;
        let restored = appliance.restore()?;
        let over = ours / theirs - 1.0;
        println!(
            "round {round}: cp -a {:.0} MB/s, pg_basebackup {:.0} MB/s, pgBackRest {:.0} MB/s, strongroom backup run {:.0} MB/s \
             ({:+.0} %, {} {:.0} %); verify {:.0} MB/s, pgBackRest restore {:.0} MB/s",
            rate(copy),
            rate(base),
            rate(theirs),
            rate(ours),
            over * 100.0,
            if over <= OVERHEAD_MAX {
                "at most"
            } else {
                "MORE THAN"
            },
            OVERHEAD_MAX * 100.0,
            rate(verified),
            rate(restored),
        );
    }
    let drill = appliance.ours(&["backup", "drill"])?;
    println!("a drill, with all that it looks at: {drill:.1} s");
    appliance.measure_cost()
}

impl Appliance {
    fn make(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
        let port = free_port()?;
        let appliance = Self {
            cluster: format!("srbench_{}", std::process::id()),
            program: program.to_owned(),
            folder,
            port,
        };
        let own = |name: &str| appliance.folder.path().join(name);
        write_private(&own("owner"), "correct horse battery staple")?;
        let answers = format!(
            "[server]\nname = \"localhost\"\nhttps = \"127.0.0.1:{https}\"\n\
             [database]\ncluster = {cluster:?}\nport = {port}\ndata_folder = {data:?}\n\
             [organization]\nslug = \"acme\"\nowner_email = \"ada@example.org\"\nowner_password_file = {owner:?}\n\
             [services]\nuser = \"nobody\"\nstart = false\n",
            https = free_port()?,
            cluster = appliance.cluster,
            data = appliance.data(),
            owner = own("owner"),
        );
        fs::write(own("answers.toml"), answers)?;
        let answers = own("answers.toml");
        appliance.ours(&[
            "setup",
            "--answers",
            &answers.display().to_string(),
            "--until",
            "organization",
        ])?;
        appliance.switch_backups_on()?;
        Ok(appliance)
    }

    /// With everything that they keep in the folder that goes.
    fn switch_backups_on(&self) -> Result<()> {
        let own = |name: &str| self.folder.path().join(name);
        let settings = own("etc/strongroom.toml");
        let text = fs::read_to_string(&settings)?;
        let sections = format!(
            "\n[audit]\nfolder = {:?}\n[backup]\nfolder = {:?}\nrecord = {:?}\n",
            own("audit"),
            own("backup"),
            own("record"),
        );
        fs::write(&settings, text + &sections)?;
        self.ours(&["backup", "enable"]).map(drop)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Half of it compresses well and half badly, as records and what is sealed of them do.
    fn fill(&self, megabytes: u64) -> Result<()> {
        let rows = megabytes * 1_000_000 / ROW_BYTES;
        let text = format!(
            "CREATE TABLE fill AS SELECT i, md5(i::text) || md5((i * 7)::text) AS sealed, repeat('record ', 4) || i % 1000 AS plain \
             FROM generate_series(1, {rows}) i; ALTER TABLE fill ADD PRIMARY KEY (i)"
        );
        for statement in ["CREATE DATABASE fill", "CHECKPOINT"] {
            self.sql("postgres", statement)?;
        }
        self.sql("fill", &text)?;
        self.sql("postgres", "CHECKPOINT")
    }

    fn sql(&self, database: &str, text: &str) -> Result<()> {
        let mut psql = Command::new("psql");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--username=postgres",
        ]);
        psql.args(self.connection())
            .args(["--dbname", database, "--command", text]);
        process::run(&mut psql).map(drop)
    }

    fn connection(&self) -> [String; 2] {
        [
            "--host=/var/run/postgresql".to_owned(),
            format!("--port={}", self.port),
        ]
    }

    /// Our program; seconds until it ended.
    fn ours(&self, arguments: &[&str]) -> Result<f64> {
        let settings = self.folder.path().join("etc/strongroom.toml");
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(settings).args(arguments);
        timed(&mut command)
    }

    /// pgBackRest alone, with the very settings that ours uses.
    fn engine(&self, arguments: &[&str]) -> Result<f64> {
        let settings = self.folder.path().join("etc-backup/pgbackrest.conf");
        let mut command = self.postgres("/usr/bin/pgbackrest")?;
        command.arg(format!("--config={}", settings.display()));
        command.arg("--stanza=strongroom").args(arguments);
        timed(&mut command)
    }

    fn postgres(&self, program: &str) -> Result<Command> {
        let mut command = Account::for_postgres()?.command(Path::new(program));
        command.current_dir("/");
        Ok(command)
    }

    fn copy(&self) -> Result<f64> {
        let to = self.folder.path().join("plain");
        let mut copy = Command::new("sh");
        copy.args(["-c", "cp -a \"$0\" \"$1\" && sync -f \"$1\""]);
        let seconds = timed(copy.arg(self.data()).arg(&to))?;
        fs::remove_dir_all(to)?;
        Ok(seconds)
    }

    fn base_backup(&self) -> Result<f64> {
        let to = self.scratch("base")?;
        let mut base = self.postgres("/usr/bin/pg_basebackup")?;
        base.args(self.connection());
        base.args(["--checkpoint=fast", "--wal-method=none", "--pgdata"])
            .arg(&to);
        let seconds = timed(&mut base)?;
        fs::remove_dir_all(to)?;
        Ok(seconds)
    }

    fn restore(&self) -> Result<f64> {
        let to = self.scratch("restored")?;
        let seconds = self.engine(&[
            "--archive-mode=off",
            &format!("--pg1-path={}", to.display()),
            "restore",
        ])?;
        fs::remove_dir_all(to)?;
        Ok(seconds)
    }

    /// An empty folder of PostgreSQL's account.
    fn scratch(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        let user = User::from_name("postgres")?.context("there is no system user postgres")?;
        fs::create_dir(&path)?;
        chown(&path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        Ok(path)
    }

    /// Reads by key, one after another, alone and beside backups at the priority that the unit has (Nice=10, idle disk).
    fn measure_cost(&self) -> Result<()> {
        let alone = self.reads_per_second()?;
        let mut backup = Command::new("nice");
        backup.args(["-n", "10", "ionice", "-c", "3"]).arg(&self.program);
        backup
            .arg("--config")
            .arg(self.folder.path().join("etc/strongroom.toml"));
        backup.args(["backup", "run", "--full"]);
        let mut running = backup.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let beside = self.reads_per_second();
        let is_over = running.try_wait()?.is_some();
        let ended = running.wait()?;
        ensure!(ended.success(), "the backup beside failed ({ended})");
        let beside = beside?;
        let cost = 1.0 - beside / alone;
        println!(
            "reads by key: {alone:.0}/s alone, {beside:.0}/s beside a backup ({:.0} % less, {} {:.0} %){}",
            cost * 100.0,
            if cost <= COST_MAX { "at most" } else { "MORE THAN" },
            COST_MAX * 100.0,
            if is_over {
                "; the backup ended before the reads did: take a larger cluster"
            } else {
                ""
            },
        );
        Ok(())
    }

    fn reads_per_second(&self) -> Result<f64> {
        let script = self.folder.path().join("read.sql");
        fs::write(
            &script,
            "\\set i random(1, 5000)\nSELECT * FROM fill WHERE i = :i;\n",
        )?;
        let mut pgbench = Command::new(newest("pgbench")?);
        pgbench
            .args(self.connection())
            .args(["--username=postgres", "--no-vacuum", "--client=1"]);
        pgbench
            .arg(format!("--time={WORK_SECONDS}"))
            .arg("--file")
            .arg(script)
            .arg("fill");
        let output = process::run(&mut pgbench)?;
        let said = String::from_utf8(output.stdout)?;
        let line = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|line| line.split(' ').next()?.parse().ok());
        number.with_context(|| format!("pgbench does not say a rate: {said}"))
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        for folder in fs::read_dir("/etc/postgresql").into_iter().flatten().flatten() {
            let settings = folder.path().join(&self.cluster);
            if settings.exists() {
                for name in ["strongroom.conf", "strongroom-backup.conf"] {
                    // Debian's tool leaves the folder where it finds a file that it does not know.
                    fs::remove_file(settings.join("conf.d").join(name)).ok();
                }
                let mut drop = Command::new("pg_dropcluster");
                drop.arg("--stop")
                    .arg(folder.file_name())
                    .arg(&self.cluster)
                    .output()
                    .ok();
            }
        }
    }
}

fn timed(command: &mut Command) -> Result<f64> {
    let began = Instant::now();
    process::run(command)?;
    Ok(Duration::as_secs_f64(&began.elapsed()))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Debian keeps pgbench beside the server.
fn newest(program: &str) -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")?
        .flatten()
        .map(|folder| folder.path().join("bin").join(program))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().with_context(|| format!("{program} is not installed"))
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += match metadata.is_dir() {
            true => bytes_below(&entry.path())?,
            false => metadata.len(),
        };
    }
    Ok(bytes)
}
