//! The REST API as the members' commands use it: one server, one token, one organization.
//!
//! Invariants: only https, no redirects, every wait has a deadline; the token stands in no argument and no message.
//! Start at [`Client::open`].

pub(crate) mod problem;
pub(crate) mod show;
pub(crate) mod value;

use crate::{
    command::Common,
    failure::{CommandError, Exit},
};
use clap::Args;
use config::{ClientConfig, Secret, SecretSource, read_secret};
use problem::Problem;
use serde_json::Value as Json;
use std::{fs, io::Read, path::PathBuf, time::Duration};
use ureq::{
    Agent, Body, RequestBuilder, SendBody,
    http::Response,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
};
use url::Url;

const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// A statement may take 30 seconds by default; the answer comes after it.
const ANSWER_DEADLINE: Duration = Duration::from_secs(90);
/// JSON answers are pages; none comes near to this.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Which server, as whom, about which organization; each goes before client.toml and the environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// The server, such as `https://vault.example.org`
    #[arg(long, global = true, value_name = "URL")]
    url: Option<Url>,
    /// The server's certificate authority in PEM, where the system does not know it
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// File with the API token, readable by its owner only
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The organization
    #[arg(long, short, global = true, value_name = "SLUG")]
    organization: Option<String>,
}

/// A server that knows us.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: Secret,
    organization: String,
}

impl Client {
    /// Puts the settings together and reads the token. Nothing is sent yet.
    pub(crate) fn open(common: &Common, connection: &Connection) -> Result<Self, CommandError> {
        let settings = ClientConfig::load(common.config.as_deref())?;
        let url = connection.url.clone().or(settings.url);
        let url = url.ok_or_else(|| missing("server", "--url, STRONGROOM_URL or url in client.toml"))?;
        if url.scheme() != "https" {
            return Err(CommandError::said(
                Exit::Usage,
                format!("{url} is not https; tokens are sent by https only"),
            ));
        }
        let token = connection
            .token_file
            .clone()
            .map(SecretSource::File)
            .or(settings.token_file);
        let token = token.ok_or_else(|| {
            missing(
                "token",
                "--token-file, STRONGROOM_TOKEN_FILE or token_file in client.toml",
            )
        })?;
        let organization = connection.organization.clone().or(settings.organization);
        let organization = organization.ok_or_else(|| {
            missing(
                "organization",
                "--organization, STRONGROOM_ORGANIZATION or organization in client.toml",
            )
        })?;
        Ok(Self {
            agent: agent(connection.ca.clone().or(settings.ca_file))?,
            base: url.as_str().trim_end_matches('/').to_owned(),
            token: read_secret(&token)?,
            organization,
        })
    }

    /// The address of something of the organization; the parts are escaped.
    fn address(&self, parts: &[&str]) -> String {
        let mut address = format!("{}/api/v1/organizations", self.base);
        for part in std::iter::once(&self.organization.as_str()).chain(parts) {
            address.push('/');
            address.extend(url::form_urlencoded::byte_serialize(part.as_bytes()));
        }
        // The serializer writes blanks as in a query; in a path they are %20.
        address.replace('+', "%20")
    }

    /// Reads.
    pub(crate) fn get(&self, parts: &[&str], query: &[(String, String)]) -> Result<Json, CommandError> {
        let request = self.agent.get(self.address(parts));
        let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.json(self.signed(request).query_pairs(pairs).call())
    }

    /// Makes or does.
    pub(crate) fn post(
        &self,
        parts: &[&str],
        version: Option<&str>,
        body: Option<&Json>,
    ) -> Result<Json, CommandError> {
        let request = conditional(self.signed(self.agent.post(self.address(parts))), version);
        match body {
            Some(body) => self.json(request.send_json(body)),
            None => self.json(request.send_empty()),
        }
    }

    /// Changes.
    pub(crate) fn patch(
        &self,
        parts: &[&str],
        version: Option<&str>,
        body: &Json,
    ) -> Result<Json, CommandError> {
        let request = conditional(self.signed(self.agent.patch(self.address(parts))), version);
        self.json(request.send_json(body))
    }

    /// Replaces.
    pub(crate) fn put(&self, parts: &[&str], body: &Json) -> Result<Json, CommandError> {
        self.json(self.signed(self.agent.put(self.address(parts))).send_json(body))
    }

    /// Removes.
    pub(crate) fn delete(&self, parts: &[&str], version: Option<&str>) -> Result<Json, CommandError> {
        let request = conditional(self.signed(self.agent.delete(self.address(parts))), version);
        self.json(request.call())
    }

    /// Sends a file as it is.
    pub(crate) fn upload(
        &self,
        parts: &[&str],
        query: &[(String, String)],
        length: u64,
        content: &mut dyn Read,
    ) -> Result<Json, CommandError> {
        let request = self.agent.post(self.address(parts));
        let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = self
            .signed(request)
            .query_pairs(pairs)
            .header("content-type", "application/octet-stream")
            .header("content-length", length.to_string());
        self.json(request.send(SendBody::from_reader(content)))
    }

    /// Reads something that is no JSON, of any length.
    pub(crate) fn download(
        &self,
        parts: &[&str],
        query: &[(String, String)],
    ) -> Result<impl Read + use<>, CommandError> {
        let request = self.agent.get(self.address(parts));
        let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let answer = self.checked(self.signed(request).query_pairs(pairs).call())?;
        Ok(answer.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// The same of an act whose answer is no JSON.
    pub(crate) fn fetch(&self, parts: &[&str]) -> Result<impl Read + use<>, CommandError> {
        let request = self.signed(self.agent.post(self.address(parts)));
        let answer = self.checked(request.send_empty())?;
        Ok(answer.into_body().into_with_config().limit(u64::MAX).reader())
    }

    fn signed<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        request.header("authorization", format!("Bearer {}", self.token.expose()))
    }

    fn json(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Json, CommandError> {
        let mut answer = self.checked(answer)?;
        if answer.status() == 204 {
            return Ok(Json::Null);
        }
        let body = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_json();
        body.map_err(|error| self.unreached(&error))
    }

    fn checked(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, CommandError> {
        let mut answer = answer.map_err(|error| self.unreached(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let body = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec();
        Err(CommandError::Refused(Box::new(Problem::read(
            status,
            &body.unwrap_or_default(),
        ))))
    }

    fn unreached(&self, error: &ureq::Error) -> CommandError {
        let text = format!(
            "{} cannot be reached: {error}; check --url, --ca, and that the server runs",
            self.base
        );
        CommandError::said(Exit::Unreachable, text)
    }
}

fn missing(what: &str, how: &str) -> CommandError {
    CommandError::said(Exit::Usage, format!("no {what} is given; say it with {how}"))
}

/// Strong comparison, as the server wants it (RFC 9110 section 13.1.1).
fn conditional<B>(request: RequestBuilder<B>, version: Option<&str>) -> RequestBuilder<B> {
    match version {
        Some(version) => request.header("if-match", format!("\"{version}\"")),
        None => request,
    }
}

fn agent(authority: Option<PathBuf>) -> Result<Agent, CommandError> {
    let roots = match authority {
        None => RootCerts::PlatformVerifier,
        Some(file) => RootCerts::new_with_certs(&certificates(&file)?),
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
        // Records are nobody's business on the way; a proxy would have to be a setting of ours.
        .proxy(None)
        .user_agent(concat!("strongroom/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT_DEADLINE))
        .timeout_recv_response(Some(ANSWER_DEADLINE))
        .build();
    Ok(config.new_agent())
}

fn certificates(file: &PathBuf) -> Result<Vec<Certificate<'static>>, CommandError> {
    let pem = fs::read(file).map_err(CommandError::io(format!("cannot read {}", file.display())))?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        let text = format!("{} holds no certificate in PEM", file.display());
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(found)
}
