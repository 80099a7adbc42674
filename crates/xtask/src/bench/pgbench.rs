//! pgbench and psql beside us: the same SQL on the same cluster.
//!
//! Invariant: passwords reach them in a file (`PGPASSFILE`), never as an argument.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use testkit::{Cluster, Login, process};

/// pgbench's threads; it has two cores to share with the server at most.
const THREADS_MAX: usize = 2;

/// PostgreSQL's own programs, signed in as the reference's login and acting as the organization's role.
pub(super) struct Reference {
    pgbench: PathBuf,
    psql: PathBuf,
    login: Login,
    password_file: PathBuf,
    folder: PathBuf,
    role: String,
}

/// How one round went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) per_second: f64,
}

impl Reference {
    pub(super) fn new(cluster: &Cluster, login: Login, role: &str, folder: &Path) -> Result<Self> {
        let password_file = folder.join("reference.pgpass");
        login.write_password_file(&password_file)?;
        let pgbench = cluster.binaries().program("pgbench");
        ensure!(
            pgbench.exists(),
            "there is no {}: apt-get install postgresql-contrib",
            pgbench.display()
        );
        Ok(Self {
            pgbench,
            psql: cluster.binaries().program("psql"),
            login,
            password_file,
            folder: folder.to_owned(),
            role: role.to_owned(),
        })
    }

    /// Runs a script for so long with so many clients.
    pub(super) fn run(&self, name: &str, script: &str, clients: usize, seconds: u64) -> Result<Round> {
        let path = self.folder.join(format!("{name}.pgbench"));
        fs::write(&path, script)?;
        let mut command = self.command(&self.pgbench);
        command.args(["--no-vacuum", "--protocol=prepared"]);
        command.arg(format!("--client={clients}"));
        command.arg(format!("--jobs={}", clients.min(THREADS_MAX)));
        command.arg(format!("--time={seconds}"));
        command.arg(format!("--file={}", path.display()));
        let output = process::run(command.arg(&self.login.database))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failed = read_number(&text, "number of failed transactions: ").unwrap_or(0.0);
        ensure!(failed == 0.0, "pgbench's {name} failed {failed} times");
        let per_second = read_number(&text, "tps = ");
        Ok(Round {
            per_second: per_second.with_context(|| {
                format!(
                    "pgbench told no rate: {text}{}",
                    String::from_utf8_lossy(&output.stderr)
                )
            })?,
        })
    }

    /// Runs one psql command, such as `\copy`.
    pub(super) fn psql(&self, text: &str) -> Result<String> {
        let mut command = self.command(&self.psql);
        command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--tuples-only"]);
        let output = process::run(command.arg("--command").arg(text).arg(&self.login.database))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("PGPASSFILE", &self.password_file)
            .env("PGOPTIONS", format!("-c role={}", self.role))
            .env("PGHOST", &self.login.socket_folder)
            .env("PGPORT", self.login.port.to_string())
            .env("PGUSER", &self.login.user);
        command
    }
}

fn read_number(text: &str, after: &str) -> Option<f64> {
    let (_, rest) = text.split_once(after)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let text = "number of failed transactions: 3 (0.010%)\nlatency average = 0.1 ms\n\
                    tps = 9543.21 (without initial connection time)\n";
        assert_eq!(read_number(text, "tps = "), Some(9543.21));
        assert_eq!(read_number(text, "number of failed transactions: "), Some(3.0));
        assert_eq!(read_number("nothing", "tps = "), None);
    }
}
