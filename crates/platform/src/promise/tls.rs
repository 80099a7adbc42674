//! TLS handshakes with our own listener, as a client would make them. Blocking: run it on a blocking thread.

use openssl::{
    error::ErrorStack,
    ssl::{HandshakeError, SslConnector, SslMethod, SslStream, SslVerifyMode, SslVersion},
    x509::X509,
};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// How long connecting, and each read or write, may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer that are read.
const ANSWER_MAX: usize = 4096;
/// Most bytes of a page that are read, and how long a whole one may take.
const PAGE_MAX: usize = 1 << 20;
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// Which versions are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// TLS 1.3 only.
    Modern,
    /// TLS 1.2 and older only, with every cipher.
    Old,
}

/// Why there was no handshake.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Nobody answered, so nothing was learned.
    #[error("the listener does not answer: {0}")]
    Away(#[from] io::Error),
    /// The listener refused.
    #[error("the listener refused the handshake")]
    Refused,
    /// On our side.
    #[error("OpenSSL failed: {0}")]
    Crypto(#[from] ErrorStack),
}

/// What a handshake showed.
pub(super) struct Shown {
    pub(super) protocol: String,
    pub(super) cipher: String,
    /// The leaf first.
    pub(super) chain: Vec<X509>,
}

/// The host of a base URL, without scheme, port and path.
pub(super) fn host_of(base_url: &str) -> &str {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or(address),
        None => authority.split(':').next().unwrap_or(authority),
    }
}

/// Where to reach a listener from this machine.
pub(super) fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

/// A handshake; the certificate is looked at by the caller, not refused here.
pub(super) fn handshake(address: SocketAddr, host: &str, offer: Offer) -> Result<Shown, Fault> {
    let stream = connect(address, host, offer)?;
    let ssl = stream.ssl();
    let chain = ssl
        .peer_cert_chain()
        .map(|chain| chain.iter().map(ToOwned::to_owned).collect());
    Ok(Shown {
        protocol: ssl.version_str().to_owned(),
        cipher: ssl
            .current_cipher()
            .map_or("none", |cipher| cipher.name())
            .to_owned(),
        chain: chain.unwrap_or_default(),
    })
}

/// The status of a GET without credentials; none when the answer is no HTTP.
pub(super) fn status_of(address: SocketAddr, host: &str, path: &str) -> Result<Option<u16>, Fault> {
    let mut stream = connect(address, host, Offer::Modern)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 512];
    while answer.len() < ANSWER_MAX && !answer.windows(2).any(|end| end == b"\r\n") {
        match stream.read(&mut piece)? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    Ok(status.and_then(|status| status.parse().ok()))
}

/// An answer over HTTP.
#[derive(Debug, Default)]
pub(super) struct Answer {
    head: Vec<(String, String)>,
    /// As text, without its head.
    pub(super) body: String,
    /// There was more than was read.
    pub(super) is_cut: bool,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_ref(), ""));
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Self {
            head: head.lines().skip(1).filter_map(field).collect(),
            body: body.to_owned(),
            is_cut: bytes.len() >= PAGE_MAX,
        }
    }

    /// As long as it says (RFC 9110 section 8.6); one that does not say ends with the connection.
    fn is_whole(&self) -> bool {
        let length = self.header("content-length").and_then(|text| text.parse().ok());
        length.is_some_and(|length: usize| self.body.len() >= length)
    }

    /// The values of a header, by its name in lower case.
    pub(super) fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.head.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }
}

/// The answer to a GET without credentials, as a browser would get it.
pub(super) fn answer_to(address: SocketAddr, host: &str, path: &str) -> Result<Answer, Fault> {
    let until = Instant::now() + ANSWER_PATIENCE;
    let mut stream = connect(address, host, Offer::Modern)?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html, */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while answer.len() < PAGE_MAX && !Answer::of(&answer).is_whole() {
        if Instant::now() > until {
            return Err(io::Error::from(io::ErrorKind::TimedOut).into());
        }
        match stream.read(&mut piece)? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    if !answer.starts_with(b"HTTP/1.1 ") {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is no HTTP").into());
    }
    Ok(Answer::of(&answer))
}

fn connect(address: SocketAddr, host: &str, offer: Offer) -> Result<SslStream<TcpStream>, Fault> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    // What the listener serves is to be seen, whoever signed it.
    builder.set_verify(SslVerifyMode::NONE);
    match offer {
        Offer::Modern => builder.set_min_proto_version(Some(SslVersion::TLS1_3))?,
        Offer::Old => {
            builder.set_min_proto_version(None)?;
            builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
            builder.set_cipher_list("ALL:@SECLEVEL=0")?;
        }
    }
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut configuration = builder.build().configure()?.verify_hostname(false);
    configuration.set_use_server_name_indication(host.parse::<IpAddr>().is_err());
    match configuration.connect(host, stream) {
        Ok(stream) => Ok(stream),
        Err(HandshakeError::SetupFailure(error)) => Err(error.into()),
        Err(HandshakeError::WouldBlock(_)) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        Err(HandshakeError::Failure(middle)) => match middle.error().io_error() {
            Some(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(io::Error::from(error.kind()).into())
            }
            _ => Err(Fault::Refused),
        },
    }
}

/// True when the certificate is for this host: by its alternative names, a star for one label (RFC 6125 section 6.4).
pub(super) fn is_for(leaf: &X509, host: &str) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    let octets = address.map(|address| match address {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    });
    let Some(names) = leaf.subject_alt_names() else {
        return false;
    };
    names.iter().any(|name| match &octets {
        Some(octets) => name.ipaddress() == Some(octets),
        None => name.dnsname().is_some_and(|name| matches_name(name, host)),
    })
}

fn matches_name(name: &str, host: &str) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && same(rest, parent)),
        None => same(name, host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_base_url_is_without_scheme_port_and_path() {
        let hosts = [
            "https://a.example",
            "https://a.example:8443/x",
            "https://[::1]:8443",
            "https://127.0.0.1:1",
        ];
        assert_eq!(hosts.map(host_of), ["a.example", "a.example", "::1", "127.0.0.1"]);
    }

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(matches_name("*.example.com", "a.EXAMPLE.com"));
        assert!(!matches_name("*.example.com", "a.b.example.com"));
        assert!(!matches_name("*.example.com", "example.com"));
        assert!(!matches_name("a.example.com", "b.example.com"));
    }
}
