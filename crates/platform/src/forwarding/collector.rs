//! One batch to the collector: TLS or nothing, one deadline, and the collector's word that it has taken everything.
//!
//! RFC 5425 has no acknowledgement, and a write that succeeds says only that the bytes lie in a buffer of ours. So each batch has a
//! connection of its own, which we end with a close_notify: whoever answers by closing in turn has read all that came before it, in
//! order (RFC 5425 4.4). A peer that ends with unread data resets the connection instead, as one that is killed does.
//!
//! Invariant: [`deliver`] is well only when the collector closed after us, and without a reset.

use super::settings::{ForwardingSettings, Stored};
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    outgoing::Door,
};
use openssl::{
    error::ErrorStack,
    pkey::PKey,
    ssl::{Ssl, SslConnector, SslMethod, SslVerifyMode, SslVersion},
    x509::{
        X509, X509VerifyResult,
        store::X509StoreBuilder,
        verify::{X509CheckFlags, X509VerifyFlags},
    },
};
use serde::Serialize;
use std::{io, pin::Pin, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_openssl::SslStream;
use types::ProblemCode;

/// For one of several addresses to take a connection.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// For TLS to be agreed.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Addresses that are tried.
const ADDRESSES_MAX: usize = 4;
/// For everything. Shorter than the sender's lease.
const DELIVERY_MAX: Duration = Duration::from_secs(30);
/// A reset that answers our last bytes is here within the way there and back.
const RESET_WITHIN: Duration = Duration::from_millis(300);
/// A collector has nothing to say; what it says up to here is passed over.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Forward secrecy and authenticated encryption where it is TLS 1.2 (RFC 9662 4).
const CIPHERS: &str = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// How the collector said that it has taken everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    /// By a close_notify of its own.
    CloseNotify,
    /// By ending the connection in order, without one, as rsyslog with GnuTLS does.
    EndOfConnection,
}

/// Sends frames, and waits until the collector has taken them.
///
/// # Errors
/// `unavailable` with what went wrong; `invalid` where no setting lets us connect there. Then it may have taken some or all of them.
pub(super) async fn deliver(platform: &Platform, stored: &Stored, frames: &[u8]) -> Result<Taken> {
    let settings = &stored.settings;
    let ssl = prepare(platform, stored)?;
    let sent = timeout(DELIVERY_MAX, exchange(platform, settings, ssl, frames)).await;
    match sent {
        Ok(sent) => sent,
        Err(_) => Err(failed(settings, "it did not take everything in time")),
    }
}

async fn exchange(
    platform: &Platform,
    settings: &ForwardingSettings,
    ssl: Ssl,
    frames: &[u8],
) -> Result<Taken> {
    let tcp = connect(platform, settings).await?;
    let mut stream = SslStream::new(ssl, tcp).map_err(vault_failure)?;
    match timeout(HANDSHAKE_MAX, Pin::new(&mut stream).connect()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(failed(settings, &refusal(&stream, &error))),
        Err(_) => return Err(failed(settings, "it takes connections and does not answer")),
    }
    let broken = |error: io::Error| failed(settings, &words(&error));
    stream.write_all(frames).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    // Our close_notify, and the end of our direction.
    stream.shutdown().await.map_err(broken)?;
    await_close(&mut stream).await.map_err(broken)
}

async fn await_close(stream: &mut SslStream<TcpStream>) -> io::Result<Taken> {
    let mut buffer = [0; 1_024];
    let mut said = 0;
    while said < ANSWER_BYTES_MAX {
        match stream.read(&mut buffer).await {
            Ok(0) => return see_end(stream).await.map(|()| Taken::CloseNotify),
            Ok(bytes) => said += bytes,
            Err(error) if is_end(&error) => return see_end(stream).await.map(|()| Taken::EndOfConnection),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("it answers, as no collector of logs does"))
}

/// The end of TLS is not yet the end of the connection: a peer that leaves with our bytes unread resets it, and its last words may overtake
/// the reset, or the reset come a moment after them.
async fn see_end(stream: &mut SslStream<TcpStream>) -> io::Result<()> {
    let tcp = stream.get_mut();
    let mut buffer = [0; 1_024];
    let mut said = 0;
    while said < ANSWER_BYTES_MAX {
        match tcp.read(&mut buffer).await? {
            0 => {
                tokio::time::sleep(RESET_WITHIN).await;
                return tcp.take_error()?.map_or(Ok(()), Err);
            }
            bytes => said += bytes,
        }
    }
    Err(io::Error::other("it says more after its end"))
}

/// Whether the connection ended in order, only without a close_notify.
fn is_end(error: &io::Error) -> bool {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<openssl::ssl::Error>());
    let stack = cause.and_then(openssl::ssl::Error::ssl_error);
    let reason = stack.and_then(|stack| stack.errors().first()?.reason());
    reason == Some("unexpected eof while reading")
}

async fn connect(platform: &Platform, settings: &ForwardingSettings) -> Result<TcpStream> {
    let addresses = match Door::of(platform).beyond(&settings.host, settings.port)? {
        Some(told) => told,
        // This machine itself.
        None => lookup_host((settings.host.trim_matches(['[', ']']), settings.port))
            .await
            .map_err(|error| failed(settings, &words(&error)))?
            .collect(),
    };
    let mut why = "it has no address".to_owned();
    for address in addresses.into_iter().take(ADDRESSES_MAX) {
        match timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = words(&error),
            Err(_) => "nobody answers".clone_into(&mut why),
        }
    }
    Err(failed(settings, &why))
}

fn prepare(platform: &Platform, stored: &Stored) -> Result<Ssl> {
    let key = stored.open_key(platform)?;
    let key = key.map(|pem| PKey::private_key_from_pem_passphrase(&pem, b""));
    let key = key.transpose().map_err(vault_failure)?;
    build(&stored.settings, key).map_err(vault_failure)
}

fn build(
    settings: &ForwardingSettings,
    key: Option<PKey<openssl::pkey::Private>>,
) -> std::result::Result<Ssl, ErrorStack> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    connector.set_cipher_list(CIPHERS)?;
    connector.set_verify(SslVerifyMode::PEER);
    let mut trusted = X509StoreBuilder::new()?;
    for certificate in X509::stack_from_pem(settings.authority_pem.as_bytes())? {
        trusted.add_cert(certificate)?;
    }
    // An authority that is itself issued by another may be trusted without it.
    trusted.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    connector.set_cert_store(trusted.build());
    if let (Some(pem), Some(key)) = (&settings.certificate_pem, key) {
        let mut own = X509::stack_from_pem(pem.as_bytes())?.into_iter();
        if let Some(first) = own.next() {
            connector.set_certificate(&first)?;
        }
        for between in own {
            connector.add_extra_chain_cert(between)?;
        }
        connector.set_private_key(&key)?;
    }
    let host = settings.host.trim_matches(['[', ']']);
    let mut ssl = connector.build().configure()?.into_ssl(host)?;
    ssl.param_mut()
        .set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    Ok(ssl)
}

/// Why there is no TLS with it.
fn refusal(stream: &SslStream<TcpStream>, error: &openssl::ssl::Error) -> String {
    let verdict = stream.ssl().verify_result();
    if verdict != X509VerifyResult::OK {
        return format!("its certificate is not trusted: {}", verdict.error_string());
    }
    let reason = error
        .ssl_error()
        .and_then(|stack| stack.errors().first()?.reason());
    match reason {
        Some("wrong version number" | "packet length too long" | "record layer failure") => {
            "it does not speak TLS".to_owned()
        }
        Some(reason) => format!("TLS failed: {reason}"),
        None => "it closed the connection before TLS was agreed".to_owned(),
    }
}

fn failed(settings: &ForwardingSettings, why: &str) -> PlatformError {
    let text = format!(
        "the collector {} cannot be used: {why}; look at the name, the port, the certificate and its authority, and whether \
         the firewall lets it through",
        settings.place()
    );
    PlatformError::new(ProblemCode::Unavailable, text)
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "it broke the connection off before it had taken everything".to_owned()
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to it".to_owned()
        }
        io::ErrorKind::PermissionDenied => "the firewall forbids it".to_owned(),
        _ => plain(&error.to_string()),
    }
}

/// On one line, and not long: it may repeat what the other side said.
fn plain(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    shown.take(200).collect()
}
