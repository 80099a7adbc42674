//! A signed apt repository, made out of package files: for `cargo xtask repository` and for test machines.
//!
//! The layout is apt's (`dists/`, `pool/`), the index is made by apt-ftparchive and signed by gpg in a home of its own,
//! so that no key of ours comes near the user's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process;

/// The name that the repository gives itself, as `Origin` and `Label`; never changed, because pins name it.
pub const ORIGIN: &str = "Strongroom";
/// `Suite` and `Codename`.
pub const SUITE: &str = "stable";
const COMPONENT: &str = "main";
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// A signing key: both halves as files.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The secret half, armoured.
    pub secret: PathBuf,
    /// The public half, binary, as apt's `Signed-By` wants it.
    pub public: PathBuf,
}

/// From when until when the index is good, as `date --date` reads it: `now`, `+7 days`, `-1 day`.
#[derive(Debug, Clone, Copy)]
pub struct Validity<'a> {
    /// When it says that it was signed.
    pub from: &'a str,
    /// After that apt refuses it.
    pub until: &'a str,
}

impl SigningKey {
    /// Makes a key without a passphrase in a folder: for tests, whose repositories last as long as they do.
    ///
    /// # Errors
    /// When gpg is not there or refuses.
    pub fn make(folder: &Path, name: &str) -> Result<Self> {
        Self::make_until(folder, name, "never")
    }

    /// The same for a time, as gpg reads it: `seconds=90`.
    ///
    /// # Errors
    /// As [`SigningKey::make`].
    pub fn make_until(folder: &Path, name: &str, until: &str) -> Result<Self> {
        let key = Self {
            secret: folder.join("secret.asc"),
            public: folder.join("public.gpg"),
        };
        let home = Home::new(&folder.join("home"))?;
        home.run(&["--quick-generate-key", name, "ed25519", "sign", until])?;
        fs::write(&key.secret, home.run(&["--armor", "--export-secret-keys"])?)?;
        fs::write(&key.public, home.run(&["--export"])?)?;
        Ok(key)
    }
}

/// Writes the repository; what was in the folder's `dists` and `pool` goes.
///
/// # Errors
/// When a package cannot be read, or apt-ftparchive or gpg fails.
pub fn write(folder: &Path, packages: &[PathBuf], secret: &Path, validity: Validity<'_>) -> Result<()> {
    ensure!(!packages.is_empty(), "a repository needs at least one package");
    for part in ["dists", "pool"] {
        let part = folder.join(part);
        if part.exists() {
            fs::remove_dir_all(&part).with_context(|| format!("cannot empty {}", part.display()))?;
        }
    }
    let pool = folder.join("pool").join(COMPONENT);
    fs::create_dir_all(&pool)?;
    for package in packages {
        let name = package.file_name().context("a package has no name")?;
        fs::copy(package, pool.join(name)).with_context(|| format!("cannot copy {}", package.display()))?;
    }
    let dists = folder.join("dists").join(SUITE);
    for architecture in ARCHITECTURES {
        let binary = dists.join(COMPONENT).join(format!("binary-{architecture}"));
        fs::create_dir_all(&binary)?;
        let list = ftparchive(folder, &["--arch", architecture, "packages", "pool"])?;
        fs::write(binary.join("Packages"), list)?;
    }
    fs::write(dists.join("Release"), release(folder, validity)?)?;
    sign(&dists, secret)
}

fn release(folder: &Path, validity: Validity<'_>) -> Result<Vec<u8>> {
    let mut options = vec![
        ("Origin", ORIGIN.to_owned()),
        ("Label", ORIGIN.to_owned()),
        ("Suite", SUITE.to_owned()),
        ("Codename", SUITE.to_owned()),
        ("Architectures", ARCHITECTURES.join(" ")),
        ("Components", COMPONENT.to_owned()),
        ("Description", "Strongroom and nothing else".to_owned()),
    ];
    options.push(("Date", time(validity.from)?));
    let options: Vec<String> = options
        .into_iter()
        .map(|(name, value)| format!("--option=APT::FTPArchive::Release::{name}={value}"))
        .collect();
    let suite = format!("dists/{SUITE}");
    let mut arguments: Vec<&str> = options.iter().map(String::as_str).collect();
    arguments.extend(["release", &suite]);
    let fields = ftparchive(folder, &arguments)?;
    // apt-ftparchive counts this one from now, which may not be when it is to be signed.
    let until = format!("Valid-Until: {}\n", time(validity.until)?);
    Ok([until.into_bytes(), fields].concat())
}

/// As apt's indices write it.
fn time(text: &str) -> Result<String> {
    let shown = process::run(
        Command::new("date")
            .args(["--utc", "--date", text, "+%a, %d %b %Y %H:%M:%S UTC"])
            .env("LC_ALL", "C"),
    )?;
    Ok(String::from_utf8(shown.stdout)?.trim().to_owned())
}

fn ftparchive(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let mut command = Command::new("apt-ftparchive");
    command.args(arguments).current_dir(folder).env("LC_ALL", "C");
    let output = process::run(&mut command).context("cannot make the index; is apt-utils installed?")?;
    Ok(output.stdout)
}

/// In the way of `InRelease`: text and signature in one file, so that the two cannot be of different times.
fn sign(dists: &Path, secret: &Path) -> Result<()> {
    let home = Home::new(&dists.join(".signing"))?;
    home.run(&["--import", &secret.to_string_lossy()])?;
    let (text, signed) = (dists.join("Release"), dists.join("InRelease"));
    home.run(&[
        "--clearsign",
        "--digest-algo=SHA512",
        "--output",
        &signed.to_string_lossy(),
        &text.to_string_lossy(),
    ])?;
    Ok(())
}

/// A home of gpg, gone with its agent when dropped.
#[derive(Debug)]
pub struct Home(PathBuf);

impl Home {
    /// Makes one in a folder that is not there yet.
    ///
    /// # Errors
    /// When something is there, or it cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder.to_owned()))
    }

    /// Runs gpg with its keys, and gives what it wrote to stdout.
    ///
    /// # Errors
    /// With what gpg said, when it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let mut gpg = Command::new("gpg");
        gpg.arg("--homedir")
            .arg(&self.0)
            .args([
                "--batch",
                "--yes",
                "--quiet",
                "--no-tty",
                "--pinentry-mode=loopback",
                "--passphrase=",
            ])
            .args(arguments)
            .stdin(Stdio::null());
        Ok(process::run(&mut gpg)?.stdout)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut end = Command::new("gpgconf");
        end.arg("--homedir").arg(&self.0).args(["--kill", "all"]);
        end.output().ok();
        fs::remove_dir_all(&self.0).ok();
    }
}
