//! A gateway for SMS on the loopback: takes one request over TLS for each message, as those of telephone companies do, and
//! keeps it.
//!
//! Invariant: it ends with the [`SmsGateway`]. Start at [`SmsGateway::start`].

use crate::certificate::Authority;
use anyhow::Result;
use openssl::ssl::{SslAcceptor, SslMethod, SslStream};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Most bytes of a request.
const REQUEST_BYTES_MAX: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: String,
}

#[derive(Debug, Default)]
struct State {
    received: Mutex<Vec<Received>>,
    status: AtomicU16,
    is_over: AtomicBool,
}

/// A running gateway.
#[derive(Debug)]
pub struct SmsGateway {
    /// Its port on 127.0.0.1; its certificate is for `localhost` too.
    pub port: u16,
    state: Arc<State>,
}

impl SmsGateway {
    /// Starts one on a free port with a certificate of this authority. It answers 202.
    ///
    /// # Errors
    /// No port, or no certificate.
    pub fn start(authority: &Authority) -> Result<Self> {
        let identity = authority.issue_localhost()?;
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        acceptor.set_private_key(&identity.key)?;
        acceptor.set_certificate(&identity.certificate)?;
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        state.status.store(202, Ordering::SeqCst);
        let of_thread = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.is_over.load(Ordering::SeqCst) {
                    return;
                }
                stream.set_read_timeout(Some(PATIENCE)).ok();
                if let Ok(mut stream) = acceptor.accept(stream) {
                    serve(&mut stream, &of_thread).ok();
                }
            }
        });
        Ok(Self { port, state })
    }

    /// Answers with this status from now on.
    pub fn answer_with(&self, status: u16) {
        self.state.status.store(status, Ordering::SeqCst);
    }

    /// What came, the oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        let received = self.state.received.lock();
        received.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SmsGateway {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread up.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

fn serve(stream: &mut SslStream<TcpStream>, state: &State) -> Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&bytes) && bytes.len() < REQUEST_BYTES_MAX {
        match stream.read(&mut buffer)? {
            0 => break,
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    state
        .received
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Received {
            head: head.to_owned(),
            body: body.to_owned(),
        });
    let status = state.status.load(Ordering::SeqCst);
    let location = match status {
        300..400 => "location: https://127.0.0.1:1/\r\n",
        _ => "",
    };
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\n{location}content-length: 2\r\nconnection: close\r\n\r\n{{}}"
    )?;
    stream.shutdown().ok();
    Ok(())
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
