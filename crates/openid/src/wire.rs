//! The only way out by https: no redirects, no proxy, one deadline for a whole exchange, sizes. Gateways of SMS are reached by
//! it as well as providers ([`Wire::send`]).
//!
//! Invariant: no answer is read beyond its limit, and nothing waits beyond the deadline that it was given.

use crate::reach::Reach;
use std::time::{Duration, Instant};
use ureq::{
    Agent, Body,
    http::Response,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
    unversioned::transport::DefaultConnector,
};

/// Most bytes of an answer: documents and key sets have a few thousand.
pub(crate) const ANSWER_BYTES_MAX: u64 = 512 * 1024;
/// Most bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// To be connected.
const CONNECT_SECONDS: u64 = 4;
/// Most certificates of an authority.
const CERTIFICATES_MAX: usize = 20;

/// Why an exchange with a provider failed.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not https.
    #[error("{url} is not https; nothing else is spoken")]
    NotHttps {
        /// The address.
        url: String,
    },
    /// No connection, no certificate that is trusted, or a line that broke.
    #[error(
        "no answer from {url}; look at its name, at the certificate and its authority, and whether the firewall lets it through"
    )]
    Unreachable {
        /// The address.
        url: String,
        /// What the client saw.
        #[source]
        source: Box<ureq::Error>,
    },
    /// It must not be dialled, or the kernel refuses it.
    #[error("{url} is not asked: {why}")]
    Closed {
        /// The address.
        url: String,
        /// Why, and what to do.
        why: String,
    },
    /// Not in time.
    #[error(
        "{url} did not answer within the time; look whether it is well and whether the firewall lets it through"
    )]
    TooSlow {
        /// The address.
        url: String,
    },
    /// Somewhere else.
    #[error("{url} answers with a redirect ({status}); set the address it really has")]
    Redirect {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// A refusal.
    #[error("{url} answers with status {status}{}", said.as_deref().map(|said| format!(": {said}")).unwrap_or_default())]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
        /// The provider's error code, if it says one.
        said: Option<String>,
    },
    /// More than is read.
    #[error("{url} answers with more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge {
        /// The address.
        url: String,
    },
}

/// Why an authority's certificates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// None in it.
    #[error("there is no certificate in PEM in it")]
    None,
    /// Too many.
    #[error("there are more than {CERTIFICATES_MAX} certificates in it")]
    TooMany,
    /// Something that is not one.
    #[error("a certificate in it is not readable")]
    Malformed,
}

/// Until when something must be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// What is left; a moment at least, so that whoever asks fails by time and not by a zero.
    fn left(self) -> Duration {
        self.0
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1))
    }
}

/// What came back.
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    /// What the provider's clock says, as it wrote it.
    pub(crate) date: Option<String>,
}

/// What came back, whatever its status; no redirect.
#[derive(Debug)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The body.
    pub bytes: Vec<u8>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All in the address.
    Get,
    /// With a body.
    Post,
}

/// A request.
pub struct Sending<'a> {
    /// The address.
    pub url: &'a str,
    /// The method.
    pub method: Method,
    /// The body's media type.
    pub content: &'a str,
    /// The body; of no use with [`Method::Get`].
    pub body: &'a str,
    /// Headers more.
    pub headers: &'a [(&'a str, &'a str)],
}

/// A client for one provider or gateway.
pub struct Wire(Agent);

impl Wire {
    /// A client that trusts this authority, or those of the system, and dials what `reach` tells.
    ///
    /// # Errors
    /// The authority is none.
    pub fn new(authority_pem: Option<&str>, reach: Reach) -> Result<Self, CertificateError> {
        let roots = match authority_pem {
            None => RootCerts::PlatformVerifier,
            Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(roots)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_response_header_size(HEAD_BYTES_MAX)
            // A connection that stays open would outlive what the operator sets.
            .max_idle_connections(0)
            .user_agent(concat!("strongroom/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(CONNECT_SECONDS)))
            .build();
        Ok(Self(Agent::with_parts(config, DefaultConnector::new(), reach)))
    }

    pub(crate) fn get(
        &self,
        url: &str,
        bearer: Option<&str>,
        deadline: Deadline,
    ) -> Result<Received, WireError> {
        check_https(url)?;
        let mut request = self
            .0
            .get(url)
            .config()
            .timeout_global(Some(deadline.left()))
            .build()
            .header("accept", "application/json");
        if let Some(token) = bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        receive(url, request.call())
    }

    /// Sends a request, and looks whether it is answered with success.
    ///
    /// # Errors
    /// [`WireError`]; its texts hold the address.
    pub fn send(&self, sending: &Sending<'_>, deadline: Deadline) -> Result<(), WireError> {
        let status = self.answer(sending, deadline)?.status().as_u16();
        match status {
            200..300 => Ok(()),
            _ => Err(WireError::Status {
                url: sending.url.to_owned(),
                status,
                said: None,
            }),
        }
    }

    /// Sends a request whose refusals say something as well, and gives what came back.
    ///
    /// # Errors
    /// [`WireError`] without [`WireError::Status`].
    pub fn ask(&self, sending: &Sending<'_>, deadline: Deadline) -> Result<Heard, WireError> {
        let mut answer = self.answer(sending, deadline)?;
        Ok(Heard {
            status: answer.status().as_u16(),
            bytes: read(sending.url, &mut answer)?,
        })
    }

    fn answer(&self, sending: &Sending<'_>, deadline: Deadline) -> Result<Response<Body>, WireError> {
        let url = sending.url;
        check_https(url)?;
        let patience = Some(deadline.left());
        let answer = match sending.method {
            Method::Get => {
                let mut request = self.0.get(url).config().timeout_global(patience).build();
                for &(name, value) in sending.headers {
                    request = request.header(name, value);
                }
                request.call()
            }
            Method::Post => {
                let request = self.0.post(url).config().timeout_global(patience).build();
                let mut request = request.header("content-type", sending.content);
                for &(name, value) in sending.headers {
                    request = request.header(name, value);
                }
                request.send(sending.body)
            }
        };
        not_elsewhere(url, answer.map_err(|error| failed(url, error))?)
    }

    pub(crate) fn post_form(
        &self,
        url: &str,
        authorization: Option<&str>,
        form: &[(&str, &str)],
        deadline: Deadline,
    ) -> Result<Received, WireError> {
        check_https(url)?;
        let mut request = self
            .0
            .post(url)
            .config()
            .timeout_global(Some(deadline.left()))
            .build()
            .header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        receive(url, request.send_form(form.iter().copied()))
    }
}

/// Are these certificates that a connection could be checked against?
pub(crate) fn certificates(pem: &str) -> Result<Vec<Certificate<'static>>, CertificateError> {
    let mut found = Vec::new();
    for item in parse_pem(pem.as_bytes()) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| CertificateError::Malformed)? {
            openssl::x509::X509::from_der(certificate.der()).map_err(|_| CertificateError::Malformed)?;
            found.push(certificate);
        }
        if found.len() > CERTIFICATES_MAX {
            return Err(CertificateError::TooMany);
        }
    }
    if found.is_empty() {
        return Err(CertificateError::None);
    }
    Ok(found)
}

fn check_https(url: &str) -> Result<(), WireError> {
    if url.starts_with("https://") {
        return Ok(());
    }
    Err(WireError::NotHttps { url: url.to_owned() })
}

fn receive(url: &str, answer: Result<Response<Body>, ureq::Error>) -> Result<Received, WireError> {
    let mut answer = not_elsewhere(url, answer.map_err(|error| failed(url, error))?)?;
    let status = answer.status().as_u16();
    let date = answer.headers().get("date").and_then(|value| value.to_str().ok());
    let date = date.map(str::to_owned);
    let bytes = read(url, &mut answer)?;
    if status != 200 {
        return Err(WireError::Status {
            url: url.to_owned(),
            status,
            said: error_code(&bytes),
        });
    }
    Ok(Received { bytes, date })
}

/// No redirect is followed.
fn not_elsewhere(url: &str, answer: Response<Body>) -> Result<Response<Body>, WireError> {
    match answer.status().as_u16() {
        status @ 300..400 => Err(WireError::Redirect {
            url: url.to_owned(),
            status,
        }),
        _ => Ok(answer),
    }
}

fn read(url: &str, answer: &mut Response<Body>) -> Result<Vec<u8>, WireError> {
    let body = answer
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec();
    body.map_err(|error| failed(url, error))
}

fn failed(url: &str, error: ureq::Error) -> WireError {
    let url = url.to_owned();
    match error {
        ureq::Error::Timeout(_) => WireError::TooSlow { url },
        ureq::Error::BodyExceedsLimit(_) => WireError::TooLarge { url },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => WireError::TooSlow { url },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => WireError::Closed {
            url,
            why: error.to_string(),
        },
        other => WireError::Unreachable {
            url,
            source: Box::new(other),
        },
    }
}

/// The `error` of RFC 6749, section 5.2: a word, never the free text beside it.
fn error_code(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        error: String,
    }
    let refusal: Refusal = serde_json::from_slice(bytes).ok()?;
    let code: String = refusal.error.chars().take(60).collect();
    let plain = code
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    (plain && !code.is_empty()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_code_is_a_word() {
        assert_eq!(
            error_code(br#"{"error":"invalid_grant","error_description":"<b>"}"#).as_deref(),
            Some("invalid_grant")
        );
        assert_eq!(error_code(br#"{"error":"<script>"}"#), None);
        assert_eq!(error_code(b"<html>"), None);
    }

    #[test]
    fn an_authority_is_certificates() {
        assert_eq!(certificates("").unwrap_err(), CertificateError::None);
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(broken).unwrap_err(), CertificateError::Malformed);
    }

    #[test]
    fn a_host_is_dialled_where_it_was_told_and_not_at_all_where_it_was_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tell = move |host: &str, port: u16| match (host, port) {
            ("login.example.test", 8443) => Ok(Some(vec![address])),
            _ => Err(format!("no setting names {host}:{port}")),
        };
        let wire = Wire::new(None, Reach::told(std::sync::Arc::new(tell))).unwrap();
        let ask = |url| wire.get(url, None, Deadline::after(Duration::from_millis(300)));
        let asked = ask("https://login.example.test:8443/");
        assert!(
            matches!(asked, Err(WireError::TooSlow { .. })),
            "nobody speaks TLS there"
        );
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_ok(), "it was dialled elsewhere");
        let Err(WireError::Closed { why, .. }) = ask("https://other.example.test/") else {
            panic!("a host that nobody named is dialled");
        };
        assert!(why.contains("no setting names other.example.test:443"), "{why}");
    }

    #[test]
    fn plain_http_is_not_spoken() {
        let wire = Wire::new(None, Reach::by_resolver()).unwrap();
        let refused = wire.get(
            "http://127.0.0.1:9/",
            None,
            Deadline::after(Duration::from_secs(1)),
        );
        assert!(matches!(refused, Err(WireError::NotHttps { .. })));
    }
}
