//! Samba as the domain controller of an Active Directory, `harbour.test`, on a loopback address of its own: its ports are
//! fixed. It takes root, and about a minute to provision.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;
use tempfile::TempDir;

use crate::certificate::Authority;
use crate::{process, secret};

const ADMINISTRATOR_PASSWORD: &str = "Adm1n-of-the-Harbour";
const START_PATIENCE: Duration = Duration::from_secs(60);
const LDAPS_PORT: u16 = 636;

/// A running domain controller; it ends with the value.
pub struct Samba {
    folder: TempDir,
    server: Child,
    /// Where it listens.
    pub address: IpAddr,
    /// The authority to trust, in PEM.
    pub authority: String,
}

impl Drop for Samba {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Samba {
    /// The base below which everything is.
    pub const BASE: &str = "DC=harbour,DC=test";
    /// What the domain controller is called.
    pub const HOST: &str = "dc1.harbour.test";
    /// The service account, by the name that Active Directory takes too.
    pub const SERVICE: &str = "strongroom@harbour.test";

    /// Everybody's password, the service account's too.
    #[must_use]
    pub fn password_of(login: &str) -> String {
        format!("Pass-{login}-9")
    }

    /// Provisions a domain with people and groups, and this many more people, and starts it.
    ///
    /// # Errors
    /// Without root; when Samba is not installed (`cargo xtask test` does it); what it says itself.
    pub fn start(more: usize) -> Result<Self> {
        ensure!(
            Uid::effective().is_root(),
            "a domain controller's ports are below 1024: run as root"
        );
        let folder = TempDir::new()?;
        // Every process of ours has an address of its own.
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(127, 77, high, low.clamp(1, 254)));
        let authority = certificates(folder.path(), &address.to_string())?;
        let settings = folder.path().join("smb.conf");
        fs::write(&settings, configuration(folder.path(), &address.to_string())?)?;
        provision(&settings, &address.to_string())?;
        let script = folder.path().join("domain.py");
        fs::write(&script, include_str!("domain.py"))?;
        process::run(
            Command::new("/usr/bin/python3")
                .arg(&script)
                .arg(&settings)
                .arg(more.to_string()),
        )?;
        let server = serve(folder.path(), address)?;
        Ok(Self {
            folder,
            server,
            address,
            authority,
        })
    }

    /// Where its own DNS server listens, which lists it under the domain's names of services.
    #[must_use]
    pub fn dns(&self) -> SocketAddr {
        SocketAddr::new(self.address, 53)
    }

    /// Runs `samba-tool` on the domain's database, such as `user disable anna`.
    ///
    /// # Errors
    /// What it says.
    pub fn tool(&self, arguments: &[&str]) -> Result<()> {
        let settings = self.folder.path().join("smb.conf");
        let mut command = Command::new("samba-tool");
        command.args(arguments).arg("--configfile").arg(settings);
        process::run(&mut command).map(drop)
    }
}

fn provision(settings: &Path, address: &str) -> Result<()> {
    let mut command = Command::new("samba-tool");
    command.args([
        "domain",
        "provision",
        "--realm=HARBOUR.TEST",
        "--domain=HARBOUR",
        "--host-name=DC1",
    ]);
    command.args([
        "--server-role=dc",
        "--dns-backend=SAMBA_INTERNAL",
        &format!("--host-ip={address}"),
    ]);
    command
        .arg(format!("--adminpass={ADMINISTRATOR_PASSWORD}"))
        .arg("--configfile")
        .arg(settings);
    process::run(&mut command).map(drop)
}

fn serve(folder: &Path, address: IpAddr) -> Result<Child> {
    let log = File::create(folder.join("log"))?;
    let mut server = Command::new("/usr/sbin/samba")
        .arg("--configfile")
        .arg(folder.join("smb.conf"))
        .args(["-i", "-M", "single", "--debug-stdout"])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start samba")?;
    if process::poll(START_PATIENCE, || {
        TcpStream::connect((address, LDAPS_PORT)).is_ok()
    }) {
        return Ok(server);
    }
    let _ = server.kill();
    let _ = server.wait();
    anyhow::bail!(
        "samba did not start: {}",
        fs::read_to_string(folder.join("log")).unwrap_or_default()
    )
}

fn certificates(folder: &Path, address: &str) -> Result<String> {
    let authority = Authority::create("Harbour authority")?;
    let leaf = authority.issue(&[Samba::HOST, address])?;
    fs::write(folder.join("server.pem"), leaf.certificate_pem()?)?;
    fs::write(folder.join("authority.pem"), authority.certificate_pem()?)?;
    secret::write_private(&folder.join("server.key"), &leaf.key_pem()?)?;
    authority.certificate_pem()
}

fn configuration(folder: &Path, address: &str) -> Result<String> {
    let parts = [
        "private", "state", "cache", "lock", "pid", "ncalrpc", "sockets", "binddns", "sysvol",
    ];
    for part in parts {
        fs::create_dir(folder.join(part))?;
    }
    let folder = folder.display();
    Ok(format!(
        "[global]
netbios name = DC1
workgroup = HARBOUR
realm = HARBOUR.TEST
server role = active directory domain controller
interfaces = {address}/8
bind interfaces only = yes
server services = ldap, kdc, dns
dcerpc endpoint servers = epmapper
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}/lock
pid directory = {folder}/pid
ncalrpc dir = {folder}/ncalrpc
ntp signd socket directory = {folder}/sockets
winbindd socket directory = {folder}/sockets
binddns dir = {folder}/binddns
ldap server require strong auth = yes
tls enabled = yes
tls certfile = {folder}/server.pem
tls keyfile = {folder}/server.key
tls cafile = {folder}/authority.pem
[sysvol]
path = {folder}/sysvol
read only = no
[netlogon]
path = {folder}/sysvol/scripts
read only = no
"
    ))
}
