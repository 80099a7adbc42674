//! A look at the own listener as a client: what TLS it speaks, which certificate it shows, whether clients
//! would trust it.
//!
//! Invariant: what is seen is told, not refused, so that a doctor can say what is wrong; every wait has a
//! deadline.

use openssl::{
    error::ErrorStack,
    ssl::{
        HandshakeError, SslConnector, SslConnectorBuilder, SslMethod, SslStream, SslVerifyMode, SslVersion,
    },
    x509::{X509, X509VerifyResult},
};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

/// How long connecting, and each read or write, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of an answer that are read.
const ANSWER_MAX: usize = 4096;

/// What a handshake showed.
#[derive(Debug)]
pub(crate) struct Shown {
    /// `TLSv1.3`
    pub(crate) protocol: String,
    pub(crate) suite: String,
    pub(crate) leaf: Option<X509>,
    /// Why a client would not trust it for this name; nothing if it would.
    pub(crate) mistrust: Option<String>,
}

/// Why nothing was seen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// Nobody answers.
    #[error("nobody answers on {address} ({source})")]
    Away { address: SocketAddr, source: io::Error },
    /// Somebody answers, but not as asked.
    #[error("whoever listens on {address} refuses the handshake")]
    Refused { address: SocketAddr },
    /// On our side.
    #[error("OpenSSL failed")]
    Crypto(#[from] ErrorStack),
}

/// Where to look, and as whom to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe<'a> {
    pub(crate) address: SocketAddr,
    /// The host of the base URL.
    pub(crate) host: &'a str,
    /// An authority that clients are told to trust beside the system's.
    pub(crate) authority: Option<&'a Path>,
}

impl<'a> Probe<'a> {
    /// Of a listener of this machine, wherever it listens.
    pub(crate) fn of_listener(listener: SocketAddr, host: &'a str, authority: Option<&'a Path>) -> Self {
        let ip = match listener.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self {
            address: SocketAddr::new(ip, listener.port()),
            host,
            authority,
        }
    }

    /// Shakes hands as a modern client.
    pub(crate) fn look(&self) -> Result<Shown, ProbeError> {
        let stream = self.connect(SslVersion::TLS1_3, None)?;
        let ssl = stream.ssl();
        let trust = ssl.verify_result();
        Ok(Shown {
            protocol: ssl.version_str().to_owned(),
            suite: ssl
                .current_cipher()
                .map_or("none", |suite| suite.name())
                .to_owned(),
            leaf: ssl.peer_certificate(),
            mistrust: (trust != X509VerifyResult::OK).then(|| trust.error_string().to_owned()),
        })
    }

    /// Whether TLS 1.2 or older is spoken to whoever asks for it.
    pub(crate) fn speaks_old(&self) -> Result<bool, ProbeError> {
        match self.connect(SslVersion::TLS1, Some(SslVersion::TLS1_2)) {
            Ok(_) => Ok(true),
            Err(ProbeError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The status of a GET; none when the answer is no HTTP.
    pub(crate) fn status_of(&self, path: &str) -> Result<Option<u16>, ProbeError> {
        let mut stream = self.connect(SslVersion::TLS1_3, None)?;
        let away = |source| ProbeError::Away {
            address: self.address,
            source,
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.host
        );
        stream.write_all(request.as_bytes()).map_err(away)?;
        let mut answer = Vec::new();
        let mut piece = [0; 512];
        while answer.len() < ANSWER_MAX && !answer.windows(2).any(|end| end == b"\r\n") {
            match stream.read(&mut piece).map_err(away)? {
                0 => break,
                read => answer.extend_from_slice(&piece[..read]),
            }
        }
        let line = String::from_utf8_lossy(&answer);
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        Ok(status.and_then(|status| status.parse().ok()))
    }

    fn connect(
        &self,
        least: SslVersion,
        most: Option<SslVersion>,
    ) -> Result<SslStream<TcpStream>, ProbeError> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        builder.set_min_proto_version(Some(least))?;
        builder.set_max_proto_version(most)?;
        if most.is_some() {
            builder.set_cipher_list("ALL:@SECLEVEL=0")?;
        }
        trust(&mut builder, self.authority)?;
        let address = self.address;
        let away = |source| ProbeError::Away { address, source };
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(away)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(away)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(away)?;
        let mut configuration = builder.build().configure()?;
        configuration.set_use_server_name_indication(self.host.parse::<IpAddr>().is_err());
        match configuration.connect(self.host, stream) {
            Ok(stream) => Ok(stream),
            Err(HandshakeError::SetupFailure(error)) => Err(error.into()),
            Err(HandshakeError::WouldBlock(_)) => Err(away(io::ErrorKind::TimedOut.into())),
            Err(HandshakeError::Failure(_)) => Err(ProbeError::Refused { address }),
        }
    }
}

/// The certificate is judged, and the handshake goes on whatever the judgement.
fn trust(builder: &mut SslConnectorBuilder, authority: Option<&Path>) -> Result<(), ErrorStack> {
    if let Some(authority) = authority.filter(|path| path.exists()) {
        builder.set_ca_file(authority)?;
    }
    builder.set_verify_callback(SslVerifyMode::NONE, |good, _| good);
    Ok(())
}
