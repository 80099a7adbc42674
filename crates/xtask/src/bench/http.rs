//! A kept-alive HTTP/1.1 connection over TLS, as plain as a load generator needs it.
//!
//! Invariant: an answer is handed out only whole; what cannot be read is an error, never an empty answer.

use std::net::SocketAddr;
use std::pin::Pin;

use anyhow::{Context, Result, bail, ensure};
use openssl::ssl::{SslConnector, SslMethod};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const READ_BYTES: usize = 64 * 1024;

/// Where to connect, and which authority to trust.
#[derive(Clone)]
pub(super) struct Target {
    /// The server's address.
    pub(super) address: SocketAddr,
    connector: SslConnector,
    /// `authorization: Bearer ...`, or nothing.
    authorization: String,
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body; of [`Connection::drain`] nothing but its length is kept.
    pub(super) body: Vec<u8>,
    /// Length of the body in bytes.
    pub(super) length: u64,
}

/// How the end of a body is known (RFC 9112 section 6.3).
enum Framing {
    Length(u64),
    Chunked,
}

impl Target {
    pub(super) fn new(address: SocketAddr, authority: &std::path::Path) -> Result<Self> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        builder.set_ca_file(authority)?;
        builder.set_read_ahead(true);
        Ok(Self {
            address,
            connector: builder.build(),
            authorization: String::new(),
        })
    }

    /// The same with an API token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self {
            authorization: format!("authorization: Bearer {token}\r\n"),
            ..self.clone()
        }
    }

    /// A request's bytes. `headers` are whole lines with their CRLF.
    pub(super) fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut request = Vec::with_capacity(512 + body.len());
        request.extend_from_slice(method.as_bytes());
        request.extend_from_slice(b" /api/v1");
        request.extend_from_slice(path.as_bytes());
        request.extend_from_slice(b" HTTP/1.1\r\nhost: localhost\r\n");
        request.extend_from_slice(self.authorization.as_bytes());
        request.extend_from_slice(headers.as_bytes());
        if !body.is_empty() {
            request.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        request
    }
}

/// One connection.
pub(super) struct Connection {
    stream: SslStream<TcpStream>,
    /// What was read beyond the last answer.
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self> {
        let tcp = TcpStream::connect(target.address).await?;
        tcp.set_nodelay(true)?;
        let ssl = target.connector.configure()?.into_ssl("localhost")?;
        let mut stream = SslStream::new(ssl, tcp)?;
        let handshake = Pin::new(&mut stream).connect().await;
        handshake.context("the TLS handshake failed")?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(READ_BYTES),
        })
    }

    /// Sends a request and reads the answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.exchange(request, true).await
    }

    /// The same, keeping of the body nothing but its length.
    pub(super) async fn drain(&mut self, request: &[u8]) -> Result<Answer> {
        self.exchange(request, false).await
    }

    async fn exchange(&mut self, request: &[u8], keep: bool) -> Result<Answer> {
        self.stream.write_all(request).await?;
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(
                self.buffer.len() < HEAD_BYTES_MAX,
                "the answer's head does not end"
            );
            self.fill().await?;
        };
        let (status, framing) = read_head(&self.buffer[..head_end])?;
        self.buffer.drain(..head_end);
        let mut answer = Answer {
            status,
            body: Vec::new(),
            length: 0,
        };
        match framing {
            Framing::Length(length) => self.take(length, keep, &mut answer).await?,
            Framing::Chunked => self.take_chunks(keep, &mut answer).await?,
        }
        Ok(answer)
    }

    async fn fill(&mut self) -> Result<()> {
        self.buffer.reserve(READ_BYTES);
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }

    /// Moves that many bytes of the body into the answer.
    async fn take(&mut self, mut left: u64, keep: bool, answer: &mut Answer) -> Result<()> {
        answer.length += left;
        while left > 0 {
            if self.buffer.is_empty() {
                self.fill().await?;
            }
            let here = self.buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if keep {
                answer.body.extend_from_slice(&self.buffer[..here]);
            }
            self.buffer.drain(..here);
            left -= here as u64;
        }
        Ok(())
    }

    async fn take_chunks(&mut self, keep: bool, answer: &mut Answer) -> Result<()> {
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).context("a chunk without a size")?;
            self.take(size, keep, answer).await?;
            let end = self.line().await?;
            ensure!(end.is_empty(), "a chunk that does not end, or a trailer");
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn line(&mut self) -> Result<String> {
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n") {
                break at;
            }
            ensure!(self.buffer.len() < HEAD_BYTES_MAX, "a line that does not end");
            self.fill().await?;
        };
        let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 2);
        Ok(line)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn read_head(head: &[u8]) -> Result<(u16, Framing)> {
    let head = std::str::from_utf8(head).context("the answer's head is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status: u16 = status.context("the answer has no status")?;
    let mut framing = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            framing = Some(Framing::Length(value.trim().parse()?));
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Some(Framing::Chunked);
        }
    }
    match framing {
        Some(framing) => Ok((status, framing)),
        None if matches!(status, 204 | 304) => Ok((status, Framing::Length(0))),
        None => bail!("the answer does not say how long it is: {head:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_status_and_length() {
        let (status, framing) = read_head(b"HTTP/1.1 201 Created\r\nContent-Length: 17\r\n\r\n").unwrap();
        assert_eq!(status, 201);
        assert!(matches!(framing, Framing::Length(17)));
        let (_, framing) = read_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        assert!(matches!(framing, Framing::Chunked));
    }

    #[test]
    fn a_head_without_a_length_is_refused_unless_there_is_no_body() {
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(read_head(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok());
        assert!(read_head(b"nonsense\r\n\r\n").is_err());
    }
}
