//! `cargo xtask demo`: a whole Strongroom with sample data on localhost.
//!
//! Invariants: everything it starts it ends, the servers that people talk to first and the database last; the data
//! stays; nothing listens beyond the loopback. Start at [`run`].

use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;
use testkit::certificate::Files;
use testkit::{Cluster, ClusterSettings, wait_until};

use crate::program;
use crate::stage::{DemoArguments, ScreenshotArguments};

mod fill;
mod marker;
mod people;
mod pictures;
mod ports;
mod sample;
mod server;
mod settings;
mod setup;
mod strongroom;
mod welcome;

use server::Server;
use settings::Ports;
use strongroom::Strongroom;

const READY_SECONDS_MAX: u64 = 60;

/// What a demo is started for.
#[derive(Clone, Copy)]
enum Purpose {
    /// People visit it until they press Ctrl-C.
    Visits,
    /// A browser takes pictures of it.
    Pictures(pictures::Extent),
}

/// `cargo xtask demo`.
pub(crate) fn run(arguments: &DemoArguments) -> Result<()> {
    start(arguments, Purpose::Visits)
}

/// `cargo xtask screenshots`: the demo, with a browser in the place of people.
pub(crate) fn take_pictures(arguments: &ScreenshotArguments) -> Result<()> {
    let extent = if arguments.all {
        pictures::Extent::EveryPage
    } else {
        pictures::Extent::Documents
    };
    start(&arguments.demo, Purpose::Pictures(extent))
}

/// Installs nothing: the first build of xtask has done that. A debug build: from cold it is there in less than half
/// of the time that a release build takes, and a page is still served within milliseconds.
fn start(arguments: &DemoArguments, purpose: Purpose) -> Result<()> {
    let folder = folder(arguments)?;
    let _alone = alone(&folder)?;
    program::run(program::cargo().args(["build", "--package", "strongroom"]))?;
    let cluster = Cluster::open(ClusterSettings::durable(folder.join("cluster"))?)?;
    if arguments.fresh {
        remove_earlier(&folder, &cluster)?;
    }
    cluster.start()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let served = runtime.block_on(serve(&folder, &cluster, purpose));
    eprintln!("stopping the database");
    cluster.stop()?;
    served
}

/// Below the checkout; for root elsewhere, since the user `postgres` may not be able to enter the checkout.
fn folder(arguments: &DemoArguments) -> Result<PathBuf> {
    let folder = if let Some(folder) = &arguments.folder {
        std::path::absolute(folder)?
    } else if Uid::effective().is_root() {
        PathBuf::from("/var/lib/strongroom-demo")
    } else {
        program::root().join("demo")
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o711))?;
    Ok(folder)
}

/// Two demos in one folder would fight over the cluster.
fn alone(folder: &Path) -> Result<File> {
    let file = File::create(folder.join("lock"))?;
    if file.try_lock().is_err() {
        bail!("the demo is running already in {}", folder.display());
    }
    Ok(file)
}

fn remove_earlier(folder: &Path, cluster: &Cluster) -> Result<()> {
    cluster.stop()?;
    cluster.wipe()?;
    for entry in fs::read_dir(folder)?
        .flatten()
        .filter(|entry| entry.file_name() != "cluster" && entry.file_name() != "lock")
    {
        let path = entry.path();
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

async fn serve(folder: &Path, cluster: &Cluster, purpose: Purpose) -> Result<()> {
    let certificates = Files::ensure(&folder.join("tls"))?;
    let ports = Ports {
        https: ports::free(ports::HTTPS, "the console")?,
        http: ports::free(ports::HTTP, "plain HTTP")?,
    };
    let settings = settings::write(folder, cluster, &certificates, ports)?;
    let strongroom = Strongroom::new(&server::program(), &settings);
    setup::before_serving(&strongroom, folder, cluster)?;
    let mut servers = Vec::new();
    let demo = Demo {
        folder,
        settings,
        ports,
        certificates,
    };
    let outcome = demo.serve_for(purpose, &mut servers).await;
    for server in servers.iter_mut() {
        server.stop();
    }
    outcome
}

/// A demo whose cluster runs.
struct Demo<'a> {
    folder: &'a Path,
    settings: PathBuf,
    ports: Ports,
    certificates: Files,
}

impl Demo<'_> {
    /// The servers go into the list as they start, so that the caller can stop them whatever happens.
    async fn serve_for(&self, purpose: Purpose, servers: &mut Vec<Server>) -> Result<()> {
        let mut interrupted = std::pin::pin!(interruption());
        for command in ["serve", "work"] {
            servers.push(Server::start(
                &server::program(),
                command,
                &self.settings,
                self.folder,
            )?);
        }
        self.wait_until_ready(servers).await?;
        fill::once(self)?;
        if let Purpose::Pictures(extent) = purpose {
            return Box::pin(pictures::take(self, extent)).await;
        }
        welcome::print(self)?;
        loop {
            tokio::select! {
                outcome = &mut interrupted => return outcome,
                () = tokio::time::sleep(Duration::from_millis(500)) => check_alive(servers)?,
            }
        }
    }

    async fn wait_until_ready(&self, servers: &mut [Server]) -> Result<()> {
        let mut answers = async || {
            check_alive(servers).is_err() || TcpStream::connect(("127.0.0.1", self.ports.https)).is_ok()
        };
        wait_until(
            Duration::from_secs(READY_SECONDS_MAX),
            "the server to answer",
            &mut answers,
        )
        .await?;
        check_alive(servers)
    }
}

fn check_alive(servers: &mut [Server]) -> Result<()> {
    for server in servers {
        if let Some(status) = server.ended()? {
            bail!(
                "`strongroom {}` ended ({status}); its log ends with:\n{}",
                server.name(),
                server.log_end()
            );
        }
    }
    Ok(())
}

/// Ctrl-C in the terminal, or a friendly kill.
async fn interruption() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    eprintln!();
    Ok(())
}
