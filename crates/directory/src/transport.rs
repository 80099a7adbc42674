//! The way to one server: TCP to each of its addresses, StartTLS, TLS, and a pump with a cap between it and `ldap3`.
//!
//! Invariants: no byte of ours but the StartTLS request crosses before TLS is verified; nothing that the server sends reaches
//! the parser before [`Frames`] has looked at it; the pump ends with the connection.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_openssl::SslStream;

use crate::{
    client,
    failure::{Failure, plain},
    frame::{Frames, Wrong},
    settings::{Reach, Security, Server, Settings},
    tls::{self, Certificate},
};

/// Longest wait for one address.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(2);
/// Addresses that are tried at all.
const ADDRESSES_MAX: usize = 4;
/// Longest wait for the name service, and for TLS.
const STEP_PATIENCE: Duration = Duration::from_secs(4);
/// How long a server is listened to that takes no more questions.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Both directions of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A step on the way to a server that was made, and how long it took.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) took: Duration,
    /// Whole days until the end of the certificate that was seen, where one was.
    pub(crate) certificate_days: Option<i64>,
}

/// An open way.
pub(crate) struct Way {
    pub(crate) stream: Box<dyn Stream>,
    /// `host:port`, for messages.
    pub(crate) server: String,
    /// Is there TLS on it?
    pub(crate) is_protected: bool,
}

/// Opens the way to a server. Each step that was made is noted, also when a later one fails.
pub(crate) async fn open(
    settings: &Settings,
    server: &Server,
    steps: &mut Vec<Step>,
) -> Result<Way, Failure> {
    let port = settings.port_of(server);
    let label = Server {
        port,
        ..server.clone()
    }
    .to_string();
    let mut tcp = connect(server, port, &label, steps).await?;
    if settings.security == Security::Plain {
        return Ok(Way {
            stream: Box::new(tcp),
            server: label,
            is_protected: false,
        });
    }
    if settings.security == Security::Starttls {
        let began = Instant::now();
        let asked = timeout(STEP_PATIENCE, start_tls(&mut tcp, &label)).await;
        asked.map_err(|_| Failure::Slow {
            server: label.clone(),
        })??;
        steps.push(Step {
            name: "StartTLS",
            text: "the server agrees".into(),
            took: began.elapsed(),
            certificate_days: None,
        });
    }
    let began = Instant::now();
    let (ssl, seen) = tls::prepare(&server.host, settings)?;
    let mut stream =
        SslStream::new(ssl, tcp).map_err(|error| Failure::Settings(plain(&error.to_string())))?;
    let shaken = timeout(STEP_PATIENCE, std::pin::Pin::new(&mut stream).connect()).await;
    let shaken = shaken.map_err(|_| Failure::Slow {
        server: label.clone(),
    })?;
    shaken.map_err(|error| seen.failure(&label, &error))?;
    let certificate = seen.certificate();
    steps.push(Step {
        name: "TLS",
        text: said(&stream, certificate.as_ref(), settings),
        took: began.elapsed(),
        certificate_days: certificate.and_then(|seen| seen.days),
    });
    Ok(Way {
        stream: Box::new(stream),
        server: label,
        is_protected: true,
    })
}

fn said(stream: &SslStream<TcpStream>, certificate: Option<&Certificate>, settings: &Settings) -> String {
    let version = stream.ssl().version_str();
    let own = settings.client_certificate.as_deref().and_then(client::said);
    let own = own.map(|own| format!("; our own is {own}")).unwrap_or_default();
    let theirs = certificate.map_or_else(
        || version.to_owned(),
        |seen| {
            format!(
                "{version}, {} of {}, until {}: trusted",
                seen.subject, seen.issuer, seen.ends
            )
        },
    );
    theirs + &own
}

async fn connect(
    server: &Server,
    port: u16,
    label: &str,
    steps: &mut Vec<Step>,
) -> Result<TcpStream, Failure> {
    let began = Instant::now();
    let addresses = addresses(server, port, label).await?;
    let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let listed = match &server.reach {
        Reach::Listed(service, _) => format!(", listed under {service}"),
        Reach::Lookup | Reach::At(_) | Reach::Closed(_) => String::new(),
    };
    steps.push(Step {
        name: "DNS",
        text: format!("{}{listed}", list.join(", ")),
        took: began.elapsed(),
        certificate_days: None,
    });
    let began = Instant::now();
    let mut cause = String::new();
    for address in addresses {
        match timeout(ADDRESS_PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                steps.push(Step {
                    name: "TCP",
                    text: address.to_string(),
                    took: began.elapsed(),
                    certificate_days: None,
                });
                return Ok(stream);
            }
            Ok(Err(error)) => cause = words(&error),
            Err(_) => "no answer within two seconds".clone_into(&mut cause),
        }
    }
    Err(Failure::Tcp {
        server: label.to_owned(),
        cause,
    })
}

async fn addresses(server: &Server, port: u16, label: &str) -> Result<Vec<SocketAddr>, Failure> {
    let unknown = || Failure::Name {
        server: label.to_owned(),
    };
    let found = match &server.reach {
        Reach::At(addresses) | Reach::Listed(_, addresses) => addresses.clone(),
        Reach::Closed(why) => {
            let (server, why) = (label.to_owned(), why.clone());
            return Err(Failure::NotNamed { server, why });
        }
        Reach::Lookup => {
            let found = timeout(STEP_PATIENCE, lookup_host((server.host.as_str(), port))).await;
            found.map_err(|_| unknown())?.map_err(|_| unknown())?.collect()
        }
    };
    let found: Vec<SocketAddr> = found.into_iter().take(ADDRESSES_MAX).collect();
    if found.is_empty() {
        Err(unknown())
    } else {
        Ok(found)
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no way there".to_owned(),
        io::ErrorKind::PermissionDenied => "forbidden by the firewall".to_owned(),
        _ => plain(&error.to_string()),
    }
}

/// The extended request 1.3.6.1.4.1.1466.20037 with message number 1 (RFC 4511 4.14).
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
/// Longest answer to it that is read.
const START_TLS_ANSWER_MAX: usize = 4_096;

/// Asks for TLS. Exactly one message is read: bytes after it, which somebody on the way might have injected, would have come
/// in the clear and are refused.
async fn start_tls(stream: &mut TcpStream, server: &str) -> Result<(), Failure> {
    let closed = |_| Failure::Closed {
        server: server.to_owned(),
    };
    let nonsense = || Failure::Nonsense {
        server: server.to_owned(),
    };
    stream.write_all(START_TLS).await.map_err(closed)?;
    let mut header = [0; 2];
    stream.read_exact(&mut header).await.map_err(closed)?;
    let length = match header {
        [0x30, short @ 0..=0x7f] => usize::from(short),
        [0x30, long @ 0x81..=0x84] => {
            let mut digits = vec![0; usize::from(long & 0x7f)];
            stream.read_exact(&mut digits).await.map_err(closed)?;
            digits
                .iter()
                .fold(0, |sum, digit| (sum << 8) | usize::from(*digit))
        }
        _ => return Err(nonsense()),
    };
    if !(10..=START_TLS_ANSWER_MAX).contains(&length) {
        return Err(nonsense());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(closed)?;
    // Message number 1, an extended response, and its result code.
    let Some([0x02, 0x01, 0x01, 0x78, rest @ ..]) = body.get(..) else {
        return Err(nonsense());
    };
    let skip = match rest.first() {
        Some(0..=0x7f) => 1,
        Some(long @ 0x81..=0x84) => 1 + usize::from(long & 0x7f),
        _ => return Err(nonsense()),
    };
    match rest.get(skip..skip + 3) {
        Some([0x0a, 0x01, 0]) => Ok(()),
        Some([0x0a, 0x01, code]) => Err(Failure::StartTlsRefused {
            server: server.to_owned(),
            code: u32::from(*code),
        }),
        _ => Err(nonsense()),
    }
}

/// Why the pump ended, where the server is to blame.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict(Arc<Mutex<Option<Ended>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Wrong(Wrong),
    /// Closed before anything was heard.
    Unheard,
    /// Closed later.
    Closed,
    /// Ended by an alert of TLS, in OpenSSL's words.
    Alert(&'static str),
}

impl Verdict {
    fn give(&self, ended: Ended) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(ended);
    }

    pub(crate) fn read(&self) -> Option<Ended> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pump between the server and the socket that `ldap3` holds; it is stopped when this is dropped.
pub(crate) struct Pump {
    task: JoinHandle<()>,
    pub(crate) verdict: Verdict,
    frames: Arc<Mutex<Frames>>,
}

impl Pump {
    /// The cap counts anew.
    pub(crate) fn begin(&self) {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).begin();
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts the pump; the other end is for `ldap3`.
pub(crate) fn pump(stream: Box<dyn Stream>) -> io::Result<(Pump, StdUnixStream)> {
    let (near, far) = StdUnixStream::pair()?;
    near.set_nonblocking(true)?;
    let near = UnixStream::from_std(near)?;
    let verdict = Verdict::default();
    let frames = Arc::new(Mutex::new(Frames::default()));
    let task = tokio::spawn(run(stream, near, verdict.clone(), frames.clone()));
    Ok((
        Pump {
            task,
            verdict,
            frames,
        },
        far,
    ))
}

async fn run(server: Box<dyn Stream>, near: UnixStream, verdict: Verdict, frames: Arc<Mutex<Frames>>) {
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut from_us, mut to_us) = near.into_split();
    let answers = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut ended = Ended::Unheard;
        loop {
            let count = match from_server.read(&mut buffer).await {
                Ok(0) => return verdict.give(ended),
                Ok(count) => count,
                Err(error) => return verdict.give(alert(&error).map_or(ended, Ended::Alert)),
            };
            ended = Ended::Closed;
            let checked = frames
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .check(&buffer[..count]);
            if let Err(wrong) = checked {
                return verdict.give(Ended::Wrong(wrong));
            }
            if to_us.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    let questions = async {
        // Whatever ends it ends the pump, and the exchange sees its connection closed.
        let _ = tokio::io::copy(&mut from_us, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let mut answers = pin!(answers);
    tokio::select! {
        () = &mut answers => {}
        // A server that refuses our certificate may have closed before our question came: its last words are there to be read. One that
        // says nothing more has ended without a verdict, which counts as closed.
        () = questions => {
            let _ = timeout(LAST_WORDS, answers).await;
        }
    }
}

/// The alert of TLS with which a server ended the connection. With TLS 1.3 what it says of our certificate comes only after the
/// handshake, with the first read (RFC 8446 section 4.4.2.4).
fn alert(error: &io::Error) -> Option<&'static str> {
    let cause = error.get_ref()?.downcast_ref::<openssl::ssl::Error>()?;
    let reason = cause.ssl_error()?.errors().first()?.reason()?;
    reason.contains("alert").then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::Future,
        pin::Pin,
        task::{Context, Poll, ready},
    };
    use tokio::{
        io::ReadBuf,
        time::{Sleep, sleep},
    };

    /// Takes no question, and is found closed a moment later.
    struct Deaf(Pin<Box<Sleep>>);

    impl AsyncRead for Deaf {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            ready!(self.0.as_mut().poll(cx));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Deaf {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_server_that_takes_no_question_is_still_listened_to() {
        let server = Deaf(Box::pin(sleep(Duration::from_millis(50))));
        let (pump, far) = pump(Box::new(server)).unwrap();
        far.set_nonblocking(true).unwrap();
        let mut far = UnixStream::from_std(far).unwrap();
        far.write_all(b"question").await.unwrap();
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        assert_eq!(
            pump.verdict.read(),
            Some(Ended::Unheard),
            "it closed before anything was heard"
        );
    }
}
