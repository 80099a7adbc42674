//! `strongroom forwarding`
//!
//! Invariant: the key of our certificate comes out of a file or stdin, never out of an argument.

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, pem, secret,
};
use clap::{Args, Subcommand, ValueEnum};
use platform::forwarding::{self, ForwardingSettings, ForwardingView, Start, Stream};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Forwarding {
    /// Set the collector that the logs go to; `strongroom forwarding test` tries it afterwards
    Set(Box<Set>),
    /// Show the collector, the last message that it took of each log, and how many wait
    Status,
    /// Send one message now, and say what became of it
    Test,
    /// Forward nothing any more
    Clear,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The collector's name, as its certificate says it
    #[arg(long, value_name = "HOST")]
    host: String,
    /// Its port
    #[arg(long, value_name = "PORT", default_value_t = 6514)]
    port: u16,
    /// The collector's certificate authority in PEM; no other is trusted here
    #[arg(long, value_name = "FILE")]
    authority: PathBuf,
    /// Our own certificate in PEM, where the collector asks for one
    #[arg(long, value_name = "FILE", requires = "key_file")]
    certificate: Option<PathBuf>,
    /// File with the certificate's key in PEM, readable by its owner only; - for stdin
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key_file: Option<PathBuf>,
    /// Which logs are sent; all by default
    #[arg(long, value_name = "LOG", value_delimiter = ',')]
    logs: Vec<Log>,
    /// Send everything that is kept, from the beginning, also what was sent before
    #[arg(long)]
    from_beginning: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// The audit log, with the index and hash of each leaf, and a checkpoint every minute
    Audit,
    /// Sign-ins and requests
    Access,
    /// What the platform's own units say in the journal
    System,
}

impl Log {
    fn stream(self) -> Stream {
        match self {
            Self::Audit => Stream::Audit,
            Self::Access => Stream::Access,
            Self::System => Stream::System,
        }
    }
}

impl Forwarding {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Set(set) => set.run(common),
            Self::Status => status(common),
            Self::Test => test(common),
            Self::Clear => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(forwarding::clear(platform, caller).await?)
                })?;
                output::talk("no log is forwarded any more; how far each was sent is kept");
                Ok(())
            }
        }
    }
}

impl Set {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let mut streams: Vec<Stream> = self.logs.iter().map(|log| log.stream()).collect();
        if streams.is_empty() {
            streams.extend(Stream::ALL);
        }
        streams.sort_by_key(|stream| stream.as_str());
        streams.dedup();
        let settings = ForwardingSettings {
            host: self.host.clone(),
            port: self.port,
            authority_pem: pem::read(&self.authority)?,
            certificate_pem: pem::read_if_named(self.certificate.as_deref())?,
            streams,
        };
        let key = secret::of_file_or_stdin(self.key_file.as_deref())?;
        let from = if self.from_beginning {
            Start::Beginning
        } else {
            Start::Now
        };
        host::as_host(common.config.as_deref(), async |platform, caller| {
            Ok(forwarding::set(platform, caller, settings, key, from).await?)
        })?;
        output::talk("now try it: strongroom forwarding test");
        status(common)
    }
}

fn test(common: &Common) -> Result<(), CommandError> {
    let sent = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(forwarding::test(platform, caller).await?)
    })?;
    output::talk("the collector took a message of kind `test`; see whether it wrote it down");
    common
        .format()
        .thing(&[("messages", sent.messages.to_string())], &json!(sent))
}

fn status(common: &Common) -> Result<(), CommandError> {
    let found = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(forwarding::show(platform, caller).await?)
    })?;
    match found {
        Some(view) => tell(common, &view),
        None => {
            let text = "no collector is set; set it with `strongroom forwarding set`";
            Err(CommandError::said(Exit::NotFound, text))
        }
    }
}

fn tell(common: &Common, view: &ForwardingView) -> Result<(), CommandError> {
    let settings = &view.settings;
    let moment = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let certificate = match (&settings.certificate_pem, view.has_key) {
        (Some(_), true) => "shown",
        (Some(_), false) => "has no key",
        (None, _) => "none",
    };
    let mut pairs = vec![
        ("host", settings.host.clone()),
        ("port", settings.port.to_string()),
        ("our certificate", certificate.to_owned()),
    ];
    for stream in &view.streams {
        let more = if stream.more_wait { "more than " } else { "" };
        let waiting = stream.waiting.map_or_else(
            || "nobody counts them".to_owned(),
            |count| format!("{more}{count}"),
        );
        pairs.extend([
            ("log", stream.stream.as_str().to_owned()),
            ("  messages taken", stream.taken.to_string()),
            ("  last taken", stream.last.clone().unwrap_or_default()),
            ("  taken at", moment(stream.acknowledged_at)),
            ("  messages that wait", waiting),
            ("  oldest of them", moment(stream.oldest)),
        ]);
    }
    pairs.extend([
        ("last tried", moment(view.tried_at)),
        ("fails since", moment(view.failing_since)),
        ("why", view.failure.clone().unwrap_or_default()),
    ]);
    common.format().thing(&pairs, &json!(view))
}
