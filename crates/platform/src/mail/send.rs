//! One letter to the server: TLS or nothing, one deadline.

use super::{
    Letter,
    settings::{MailSecurity, MailSettings, Stored},
};
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    outgoing::Door,
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use std::{error::Error, time::Duration};
use tokio::net::TcpStream;
use types::ProblemCode;

/// For each command to the server.
const COMMAND_MAX: Duration = Duration::from_secs(10);
/// For one of several addresses to take a connection.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// For all commands.
const LETTER_MAX: Duration = Duration::from_secs(30);

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends it.
pub(super) async fn deliver(platform: &Platform, stored: &Stored, letter: &Letter) -> Result<()> {
    let message = message(&stored.settings, letter)?;
    let transport = transport(platform, stored).await?;
    within(&stored.settings, transport.send(message)).await.map(drop)
}

/// Connects and signs in, and sends nothing.
pub(super) async fn reach(platform: &Platform, stored: &Stored) -> Result<()> {
    let transport = transport(platform, stored).await?;
    let is_well = within(&stored.settings, transport.test_connection()).await?;
    if is_well {
        return Ok(());
    }
    Err(failed(
        &stored.settings,
        "it does not answer as a mail server does",
    ))
}

async fn within<T>(
    settings: &MailSettings,
    work: impl Future<Output = std::result::Result<T, lettre::transport::smtp::Error>>,
) -> Result<T> {
    match tokio::time::timeout(LETTER_MAX, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if error.is_permanent() => {
            // Trying again would be told the same.
            let text = format!("{} refuses: {}", settings.host, words(&error));
            Err(PlatformError::new(ProblemCode::Invalid, text))
        }
        Ok(Err(error)) => Err(failed(settings, &words(&error))),
        Err(_) => Err(failed(settings, "it took too long")),
    }
}

fn failed(settings: &MailSettings, why: &str) -> PlatformError {
    let text = format!(
        "{}:{} cannot be used: {why}; look at the name, the port, the certificate and its authority, and whether the \
         firewall lets it through",
        settings.host, settings.port
    );
    PlatformError::new(ProblemCode::Unavailable, text)
}

fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect()
}

fn message(settings: &MailSettings, letter: &Letter) -> Result<Message> {
    let to = letter.to.parse().map_err(vault_failure)?;
    let from: Mailbox = settings.from.parse().map_err(vault_failure)?;
    // By a number of its own where no job tells it: lettre makes one.
    let id = letter.job.map(|job| format!("<{job}@{}>", from.email.domain()));
    Message::builder()
        .message_id(id)
        .from(from)
        .to(to)
        .subject(letter.subject.clone())
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.clone())
        .map_err(vault_failure)
}

/// Where to connect: the server's name on this machine, or one of the addresses that root looked up. Of several, the first
/// that takes a connection.
async fn place(platform: &Platform, settings: &MailSettings) -> Result<String> {
    let Some(told) = Door::of(platform).beyond(&settings.host, settings.port)? else {
        return Ok(settings.host.clone());
    };
    let (last, others) = told
        .split_last()
        .ok_or_else(|| failed(settings, "it has no address"))?;
    for address in others {
        let connected = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await;
        if matches!(connected, Ok(Ok(_))) {
            return Ok(address.ip().to_string());
        }
    }
    Ok(last.ip().to_string())
}

async fn transport(platform: &Platform, stored: &Stored) -> Result<Transport> {
    let settings = &stored.settings;
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.authority_pem {
        parameters = parameters.certificate_store(CertificateStore::None);
        for certificate in openssl::x509::X509::stack_from_pem(pem.as_bytes()).map_err(vault_failure)? {
            let pem = certificate.to_pem().map_err(vault_failure)?;
            let certificate = Certificate::from_pem(&pem).map_err(vault_failure)?;
            parameters = parameters.add_root_certificate(certificate);
        }
    }
    let parameters = parameters.build_native().map_err(vault_failure)?;
    let tls = match settings.security {
        MailSecurity::Tls => Tls::Wrapper(parameters),
        MailSecurity::StartTls => Tls::Required(parameters),
    };
    // "Dangerous" is its plain start; the TLS above is required.
    let mut builder = Transport::builder_dangerous(place(platform, settings).await?)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(COMMAND_MAX));
    if let (Some(account), Some(secret)) = (&settings.account, stored.open_secret(platform)?) {
        builder = builder.credentials(Credentials::new(account.clone(), secret.expose().to_owned()));
    }
    Ok(builder.build())
}
