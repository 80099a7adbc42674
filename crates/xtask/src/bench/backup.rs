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
use jiff::Timestamp;
use nix::unistd::{Uid, User};
use serde_json::Value;
use tempfile::TempDir;
use testkit::process::{self, Account};
use testkit::secret::write_private;

use super::report::Spread;

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
    let mut ratios = Vec::with_capacity(rounds);
    for round in 1..=rounds {
        let copy = appliance.copy()?;
        let base = appliance.base_backup()?;
        let theirs = appliance.engine(&["--type=full", "backup"])?;
        let ours = appliance.back_up()?;
        let verified = appliance.ours(&["backup", "verify"])?;
        let restored = appliance.restore()?;
        println!(
            "round {round}: cp -a {:.0} MB/s, pg_basebackup {:.0} MB/s, pgBackRest {:.0} MB/s, strongroom backup run {:.0} MB/s; \
             verify {:.0} MB/s, pgBackRest restore {:.0} MB/s",
            rate(copy),
            rate(base),
            rate(theirs),
            rate(ours),
            rate(verified),
            rate(restored),
        );
        ratios.push(ours / theirs - 1.0);
    }
    judge("strongroom backup run over pgBackRest", ratios, OVERHEAD_MAX);
    let drill = appliance.ours(&["backup", "drill"])?;
    println!("a drill, with all that it looks at: {drill:.1} s");
    let costs = (0..rounds).map(|_| appliance.cost()).collect::<Result<_>>()?;
    judge("reads by key beside a backup, lost", costs, COST_MAX);
    Ok(())
}

/// Says the median of what rounds say with their range, and whether it is within the bound.
fn judge(what: &str, rounds: Vec<f64>, max: f64) {
    let Spread {
        median,
        least,
        greatest,
    } = Spread::of(rounds);
    println!(
        "{what}: {:+.0} % ({:+.0} to {:+.0}), {} {:.0} %",
        median * 100.0,
        least * 100.0,
        greatest * 100.0,
        if median <= max { "at most" } else { "MORE THAN" },
        max * 100.0,
    );
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
        // Or PostgreSQL would do it by itself, beside the first rounds.
        self.sql("fill", "VACUUM (FREEZE, ANALYZE) fill")?;
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

    /// A full backup of ours; says how long each of its steps took.
    fn back_up(&self) -> Result<f64> {
        let settings = self.folder.path().join("etc/strongroom.toml");
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(settings);
        let began = Instant::now();
        let output = process::run(command.args(["backup", "run", "--full", "--json"]))?;
        let seconds = began.elapsed().as_secs_f64();
        let said: Value = serde_json::from_slice(&output.stdout)?;
        let time = |value: &Value| {
            let text = value.as_str().context("the run says no time")?;
            anyhow::Ok(text.parse::<Timestamp>()?)
        };
        let run = &said["run"];
        let mut since = time(&run["began_at"])?;
        let mut doing = "look what there is";
        let mut end = |at, next| -> Result<()> {
            let took = time(at)?.duration_since(since).as_secs_f64();
            println!("  {doing}: {took:.1} s");
            (since, doing) = (time(at)?, next);
            Ok(())
        };
        for step in run["steps"].as_array().into_iter().flatten() {
            end(&step["at"], step["said"].as_str().unwrap_or_default())?;
        }
        end(&run["ended_at"], "")?;
        Ok(seconds)
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

    /// Which part of reads by key is lost beside a backup at the priority that the unit has (Nice=10, idle disk).
    fn cost(&self) -> Result<f64> {
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
        println!(
            "reads by key: {alone:.0}/s alone, {beside:.0}/s beside a backup{}",
            if is_over {
                "; the backup ended before the reads did: take a larger cluster"
            } else {
                ""
            },
        );
        Ok(1.0 - beside / alone)
    }

    /// With a client for each processor: fewer leave processors asleep, which a backup beside them would only wake.
    fn reads_per_second(&self) -> Result<f64> {
        let script = self.folder.path().join("read.sql");
        fs::write(
            &script,
            "\\set i random(1, 5000)\nSELECT * FROM fill WHERE i = :i;\n",
        )?;
        let mut pgbench = Command::new(newest("pgbench")?);
        pgbench
            .args(self.connection())
            .args(["--username=postgres", "--no-vacuum"]);
        let processors = std::thread::available_parallelism()?;
        pgbench.args([format!("--client={processors}"), format!("--jobs={processors}")]);
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
