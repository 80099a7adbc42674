//! One request to the gateway: https, one deadline, and nothing of what it holds in an error.

use super::settings::{SmsContent, SmsMethod, SmsSettings};
use crate::{
    Platform,
    error::{PlatformError, Result},
    outgoing,
};
use openid::Reach;
use openid::wire::{Deadline, Method, Sending, Wire, WireError};
use std::time::Duration;
use types::ProblemCode;

/// From the name's look-up to the end of the answer.
const EXCHANGE: Duration = Duration::from_secs(10);

/// What is sent.
pub(super) struct Request {
    pub(super) url: String,
    pub(super) body: Option<String>,
    pub(super) header: Option<(String, String)>,
}

pub(super) async fn send(platform: &Platform, settings: SmsSettings, request: Request) -> Result<()> {
    let reach = outgoing::reach(platform);
    let target = settings.target()?;
    let task = tokio::task::spawn_blocking(move || exchange(&settings, &request, reach));
    let done = task.await.map_err(|error| {
        PlatformError::invariant(format!("the exchange with a gateway ended early: {error}"))
    })?;
    done.map_err(|why| {
        let text = format!("the SMS gateway {target} cannot be used: {why}");
        PlatformError::new(ProblemCode::Unavailable, text)
    })
}

/// What went wrong, in words that hold no address: with GET, number and code stand in it.
fn exchange(settings: &SmsSettings, request: &Request, reach: Reach) -> std::result::Result<(), String> {
    let wire = Wire::new(settings.authority_pem.as_deref(), reach).map_err(|error| error.to_string())?;
    let content = match settings.content {
        SmsContent::Json => "application/json",
        SmsContent::Form => "application/x-www-form-urlencoded",
    };
    let headers: Vec<(&str, &str)> = request
        .header
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let sending = Sending {
        url: &request.url,
        method: match settings.method {
            SmsMethod::Post => Method::Post,
            SmsMethod::Get => Method::Get,
        },
        content,
        body: request.body.as_deref().unwrap_or_default(),
        headers: &headers,
    };
    wire.send(&sending, Deadline::after(EXCHANGE))
        .map_err(|error| told(&error))
}

fn told(error: &WireError) -> String {
    match error {
        WireError::NotHttps { .. } => "its address is not https".to_owned(),
        WireError::Unreachable { .. } => {
            "no answer; look at its name, at the certificate and its authority, and whether the firewall lets it through"
                .to_owned()
        }
        WireError::Closed { why, .. } => format!("it is not asked: {why}"),
        WireError::TooSlow { .. } => "it did not answer in time".to_owned(),
        WireError::Redirect { status, .. } => {
            format!("it answers with a redirect ({status}); set the address it really has")
        }
        WireError::Status { status, .. } => {
            format!("it answers with status {status}; look at the secret and the template")
        }
        WireError::TooLarge { .. } => "its answer is too large".to_owned(),
    }
}
