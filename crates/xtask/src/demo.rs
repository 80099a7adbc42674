//! `cargo xtask demo`: a whole Strongroom with sample data on localhost.
//!
//! Invariants: everything it starts it ends, the servers that people talk to first and the database last; the data
//! stays; nothing listens beyond the loopback. Start at [`run`].

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::Uid;
use testkit::certificate::Files;
use testkit::{Cluster, ClusterSettings, wait_until};

use crate::program;
use crate::stage::DemoArguments;

mod database;
mod server;
mod settings;

use server::Server;

/// Where the console and the API are.
const ADDRESS: &str = "https://localhost:8443/";
const PORT: u16 = 8443;
const READY_SECONDS_MAX: u64 = 60;

/// Installs nothing: the first build of xtask has done that.
pub(crate) fn run(arguments: &DemoArguments) -> Result<()> {
    ensure!(
        TcpStream::connect(("127.0.0.1", PORT)).is_err(),
        "port {PORT} is taken: is the demo running already?"
    );
    program::run(program::cargo().args(["build", "--package", "strongroom"]))?;
    let folder = folder()?;
    let cluster = Cluster::open(ClusterSettings::durable(folder.join("cluster"))?)?;
    if arguments.fresh {
        remove_earlier(&folder, &cluster)?;
    }
    cluster.start()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let served = runtime.block_on(serve(&folder, &cluster));
    eprintln!("stopping the database");
    cluster.stop()?;
    served
}

/// Below the checkout; for root elsewhere, since the user `postgres` may not be able to enter the checkout.
fn folder() -> Result<PathBuf> {
    let folder = if Uid::effective().is_root() {
        PathBuf::from("/var/lib/strongroom-demo")
    } else {
        program::root().join("demo")
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o711))?;
    Ok(folder)
}

fn remove_earlier(folder: &Path, cluster: &Cluster) -> Result<()> {
    cluster.stop()?;
    cluster.wipe()?;
    for entry in fs::read_dir(folder)?
        .flatten()
        .filter(|entry| entry.file_name() != "cluster")
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

async fn serve(folder: &Path, cluster: &Cluster) -> Result<()> {
    let certificates = Files::ensure(&folder.join("tls"))?;
    database::prepare(cluster).await?;
    let settings = settings::write_settings(folder, cluster, &certificates)?;
    let mut servers = Vec::new();
    let outcome = serve_until_interrupted(&settings, folder, &mut servers).await;
    for server in servers.iter_mut() {
        server.stop();
    }
    outcome
}

/// The servers go into the list as they start, so that the caller can stop them whatever happens.
async fn serve_until_interrupted(settings: &Path, folder: &Path, servers: &mut Vec<Server>) -> Result<()> {
    for command in ["serve", "work"] {
        servers.push(Server::start(&server::program(), command, settings, folder)?);
    }
    wait_until_ready(servers).await?;
    println!("Strongroom is at {ADDRESS}");
    println!("  data and logs   {}", folder.display());
    println!("  trust           {}", folder.join("tls/authority.pem").display());
    println!("Ctrl-C stops everything; the data stays.");
    let mut interrupted = std::pin::pin!(interruption());
    loop {
        tokio::select! {
            outcome = &mut interrupted => return outcome,
            () = tokio::time::sleep(Duration::from_millis(500)) => check_alive(servers)?,
        }
    }
}

async fn wait_until_ready(servers: &mut [Server]) -> Result<()> {
    let answers = async || check_alive(servers).is_err() || TcpStream::connect(("127.0.0.1", PORT)).is_ok();
    let mut answers = answers;
    wait_until(
        Duration::from_secs(READY_SECONDS_MAX),
        "the server to answer",
        &mut answers,
    )
    .await?;
    check_alive(servers)
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
