//! How the gateway is set, checked, and as it is stored.

use super::{
    gateway::Request,
    template::{Escape, Message},
};
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    source::secret,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::x509::X509;
use serde::{Deserialize, Serialize};
use url::Url;
use vault::SecretText;

/// Most bytes of an authority's certificates.
const AUTHORITY_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of an address, and of a header.
const LINE_BYTES_MAX: usize = 2_000;
/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 4_000;

/// The method of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsMethod {
    /// With a body.
    Post,
    /// All in the address.
    Get,
}

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsContent {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

impl SmsMethod {
    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Get => "get",
        }
    }
}

impl SmsContent {
    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Form => "form",
        }
    }

    fn escape(self) -> Escape {
        match self {
            Self::Json => Escape::Json,
            Self::Form => Escape::Form,
        }
    }
}

/// How the gateway is asked, without the secret. `{number}`, `{text}` and `{code}` are filled into address and body,
/// `{secret}` into header and body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsSettings {
    /// The address; https.
    pub url: String,
    /// The method.
    pub method: SmsMethod,
    /// What the body is.
    pub content: SmsContent,
    /// The body; empty with GET.
    pub body: String,
    /// One header more: `Authorization: Bearer {secret}`.
    pub header: Option<String>,
    /// Certificates of the gateway's authority in PEM; without, the system's.
    pub authority_pem: Option<String>,
}

fn malformed(pointer: &str, text: &str) -> PlatformError {
    PlatformError::invalid_at(pointer, "malformed", text)
}

impl SmsSettings {
    /// Checks what can be checked without asking the gateway.
    ///
    /// # Errors
    /// `invalid`, at the setting at fault.
    pub(super) fn check(&self) -> Result<()> {
        self.sample_url()?;
        if self.url.contains("{secret}") {
            let text = "a secret in an address ends in logs; put {secret} into the header or the body";
            return Err(malformed("/url", text));
        }
        self.check_body()?;
        let all = format!("{}{}", self.url, self.body);
        if !all.contains("{number}") || !(all.contains("{text}") || all.contains("{code}")) {
            let text = "{number}, and {text} or {code}, must stand in the body or the address";
            return Err(malformed("/body", text));
        }
        if let Some(header) = &self.header {
            parts(header)?;
        }
        if let Some(pem) = &self.authority_pem {
            let read = X509::stack_from_pem(pem.as_bytes());
            if pem.len() > AUTHORITY_BYTES_MAX || !read.is_ok_and(|found| !found.is_empty()) {
                return Err(malformed("/authority_pem", "certificates in PEM"));
            }
        }
        Ok(())
    }

    fn check_body(&self) -> Result<()> {
        let is_long = self.body.len() > BODY_BYTES_MAX;
        if is_long || (self.method == SmsMethod::Get && !self.body.trim().is_empty()) {
            return Err(malformed("/body", "at most 4000 bytes, and nothing with GET"));
        }
        let filled = Message::SAMPLE.filled(&self.body, self.content.escape());
        let is_json = || serde_json::from_str::<serde_json::Value>(&filled).is_ok();
        if self.method == SmsMethod::Post && self.content == SmsContent::Json && !is_json() {
            return Err(malformed("/body", "JSON, with the placeholders in its strings"));
        }
        Ok(())
    }

    fn sample_url(&self) -> Result<Url> {
        let wrong = || {
            malformed(
                "/url",
                "an address that begins with https://, without a user or a fragment",
            )
        };
        if self.url.len() > LINE_BYTES_MAX {
            return Err(wrong());
        }
        let url = Url::parse(&Message::SAMPLE.filled(&self.url, Escape::Form)).map_err(|_| wrong())?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url.host_str().unwrap_or_default();
        // A number in the name would send each message elsewhere.
        let is_fixed = self
            .url
            .to_ascii_lowercase()
            .starts_with(&format!("https://{host}"));
        (url.scheme() == "https" && is_plain && is_fixed && !host.is_empty())
            .then_some(url)
            .ok_or_else(wrong)
    }

    /// `HOST:PORT`, as `[outgoing]` names it.
    pub(super) fn target(&self) -> Result<String> {
        let url = self.sample_url()?;
        let port = url.port_or_known_default().unwrap_or(443);
        Ok(format!("{}:{port}", url.host_str().unwrap_or_default()))
    }

    /// Would a secret for the one be good for the other?
    pub(super) fn is_same_gateway(&self, other: &Self) -> bool {
        let part = |settings: &Self| (settings.target().ok(), settings.authority_pem.clone());
        part(self) == part(other)
    }

    /// One message as a request.
    pub(super) fn filled(&self, message: &Message<'_>) -> Result<Request> {
        let header = match &self.header {
            Some(header) => {
                let (name, value) = parts(header)?;
                Some((name.to_owned(), message.filled(value, Escape::None)))
            }
            None => None,
        };
        Ok(Request {
            url: message.filled(&self.url, Escape::Form),
            body: match self.method {
                SmsMethod::Post => Some(message.filled(&self.body, self.content.escape())),
                SmsMethod::Get => None,
            },
            header,
        })
    }

    /// What the secret is sealed to.
    fn place(&self) -> Result<Vec<u8>> {
        Ok(format!("sms:{}", self.target()?).into_bytes())
    }
}

/// Name and value of a header.
fn parts(header: &str) -> Result<(&str, &str)> {
    let wrong = || malformed("/header", "one line: Authorization: Bearer {secret}");
    let (name, value) = header.split_once(':').ok_or_else(wrong)?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_value = |c: char| c.is_ascii() && !c.is_ascii_control();
    let value = value.trim();
    let is_well = !name.is_empty() && name.chars().all(is_name) && value.chars().all(is_value);
    (is_well && header.len() <= LINE_BYTES_MAX)
        .then_some((name, value))
        .ok_or_else(wrong)
}

/// As it stands in the database.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) settings: SmsSettings,
    /// Sealed, in base64.
    pub(super) secret: Option<String>,
}

impl Stored {
    pub(super) fn open_secret(&self, platform: &Platform) -> Result<Option<SecretText>> {
        let Some(text) = &self.secret else { return Ok(None) };
        let sealed = STANDARD.decode(text).map_err(vault_failure)?;
        let place = self.settings.place()?;
        secret::open(platform, &place, &sealed).map(Some)
    }
}

pub(super) fn seal_secret(platform: &Platform, settings: &SmsSettings, given: &SecretText) -> Result<String> {
    // It may go into a header, or a body of another kind.
    if !given.expose().is_ascii() {
        return Err(malformed("/secret", "1 to 1000 characters of ASCII on one line"));
    }
    Ok(STANDARD.encode(secret::seal(platform, &settings.place()?, given)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> SmsSettings {
        SmsSettings {
            url: "https://gateway.example/send".to_owned(),
            method: SmsMethod::Post,
            content: SmsContent::Json,
            body: r#"{"to":"{number}","text":"{text}"}"#.to_owned(),
            header: Some("Authorization: Bearer {secret}".to_owned()),
            authority_pem: None,
        }
    }

    #[test]
    fn a_gateway_is_one_https_host_and_its_secret_never_in_an_address() {
        sound().check().unwrap();
        assert_eq!(sound().target().unwrap(), "gateway.example:443");
        type Wrong = fn(&mut SmsSettings);
        let wrong: [(&str, Wrong); 12] = [
            ("/url", |s| s.url = "http://gateway.example/".into()),
            ("/url", |s| s.url = "https://{number}.example/".into()),
            ("/url", |s| s.url = "https://a:b@gateway.example/".into()),
            ("/url", |s| s.url = "https://gateway.example/?key={secret}".into()),
            ("/url", |s| s.url = "https://gateway.example/#a".into()),
            ("/url", |s| {
                s.url = format!("https://gateway.example/{}", "a".repeat(2_000))
            }),
            ("/body", |s| s.body = r#"{"to":{number},"text":"{text}"}"#.into()),
            ("/body", |s| s.body = r#"{"text":"{text}"}"#.into()),
            ("/body", |s| s.body = r#"{"to":"{number}"}"#.into()),
            ("/body", |s| s.method = SmsMethod::Get),
            ("/header", |s| s.header = Some("A: b\r\nC: d".into())),
            ("/authority_pem", |s| s.authority_pem = Some("none".into())),
        ];
        for (pointer, change) in wrong {
            let mut settings = sound();
            change(&mut settings);
            let refused = settings.check().unwrap_err();
            assert_eq!(refused.errors[0].pointer, pointer, "{settings:?}");
        }
        let by_address = SmsSettings {
            url: "https://gateway.example/send?to={number}&text={text}".to_owned(),
            method: SmsMethod::Get,
            body: String::new(),
            ..sound()
        };
        by_address.check().unwrap();
        assert!(by_address.is_same_gateway(&sound()));
    }
}
