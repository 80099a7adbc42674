//! A DNS server (Debian's dnsmasq) on the loopback, which knows what a test gives it and asks nobody.
//!
//! Invariant: the server ends with the [`DnsServer`]. Start at [`DnsServer::start`].

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::{port, process};

/// RFC 1035 section 4.2.
const RESOLVER_PORT: u16 = 53;
const START_PATIENCE: Duration = Duration::from_secs(20);

/// What is listed under a service's name.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    /// The service, such as `_ldap._tcp.harbour.test`.
    pub service: &'static str,
    /// The host; empty for a service that the domain says it has not.
    pub host: &'static str,
    /// Its port.
    pub port: u16,
    /// Lower ones are asked first.
    pub priority: u16,
    /// Its weight among those of its priority.
    pub weight: u16,
}

/// A running server.
#[derive(Debug)]
pub struct DnsServer {
    child: Child,
    /// Where it listens, by UDP and TCP.
    pub address: SocketAddr,
}

impl DnsServer {
    /// Starts a server with these services.
    ///
    /// # Errors
    /// dnsmasq is not there (`cargo xtask test` installs it), or does not start.
    pub fn start(listed: &[Listed]) -> Result<Self> {
        let mut last = None;
        // A port that was free may be taken a moment later.
        for _ in 0..5 {
            match serve(
                listed,
                (Ipv4Addr::LOCALHOST, port::free(Ipv4Addr::LOCALHOST)?).into(),
            ) {
                Ok(server) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("dnsmasq was not started")?)
    }

    /// Starts a server at another address of this machine, such as its end of a test machine's line, at the port where resolvers
    /// look for one.
    ///
    /// # Errors
    /// As [`DnsServer::start`].
    pub fn start_at(address: Ipv4Addr, listed: &[Listed]) -> Result<Self> {
        serve(listed, (address, RESOLVER_PORT).into())
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn serve(listed: &[Listed], address: SocketAddr) -> Result<DnsServer> {
    let mut command = Command::new("dnsmasq");
    command
        .args([
            "--conf-file=/dev/null",
            "--keep-in-foreground",
            "--no-resolv",
            "--no-hosts",
        ])
        .args([
            "--bind-interfaces",
            &format!("--listen-address={}", address.ip()),
            "--user=",
            "--pid-file=",
        ])
        .args(["--local=/test/", &format!("--port={}", address.port())]);
    for one in listed {
        let Listed {
            service,
            host,
            port,
            priority,
            weight,
        } = one;
        command.arg(match host.is_empty() {
            true => format!("--srv-host={service}"),
            false => format!("--srv-host={service},{host},{port},{priority},{weight}"),
        });
    }
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start dnsmasq: apt-get install dnsmasq-base")?;
    let mut server = DnsServer { child, address };
    let came = process::poll(START_PATIENCE, || {
        let ended = server.child.try_wait().is_ok_and(|ended| ended.is_some());
        ended || TcpStream::connect(server.address).is_ok()
    });
    ensure!(
        came && server.child.try_wait()?.is_none(),
        "dnsmasq did not start at {address}"
    );
    Ok(server)
}
