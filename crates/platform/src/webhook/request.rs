//! One message as a request: https, signed, one deadline, no redirect; nothing of what comes back is kept.

use super::{Message, settings::Stored};
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    outgoing,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openid::{
    Reach,
    wire::{Deadline, Method, Sending, Wire, WireError},
};
use std::time::Duration;
use types::ProblemCode;
use vault::mac;

/// From the name's look-up to the end of the answer.
const EXCHANGE: Duration = Duration::from_secs(15);

/// What stands in the three headers of Standard Webhooks 1.0.
struct Signed {
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

pub(super) async fn send(platform: &Platform, stored: Stored, id: &str, message: &Message) -> Result<()> {
    let secret = stored.open_secret(platform)?;
    let body = serde_json::to_string(message).map_err(vault_failure)?;
    let signed = sign(&secret, &format!("msg_{id}"), platform.now().as_second(), body);
    let (reach, target) = (outgoing::reach(platform), stored.settings.target()?);
    let task = tokio::task::spawn_blocking(move || exchange(&stored, &signed, reach));
    let done = task.await.map_err(|error| {
        PlatformError::invariant(format!("the exchange with a webhook ended early: {error}"))
    })?;
    done.map_err(|why| {
        let text = format!("the webhook at {target} cannot be used: {why}");
        PlatformError::new(ProblemCode::Unavailable, text)
    })
}

/// HMAC-SHA-256 over `id.timestamp.body` (Standard Webhooks 1.0, "Signature scheme").
fn sign(secret: &[u8], id: &str, timestamp: i64, body: String) -> Signed {
    let content = format!("{id}.{timestamp}.{body}");
    let tag = mac::under(secret, content.as_bytes());
    Signed {
        id: id.to_owned(),
        timestamp: timestamp.to_string(),
        signature: format!("v1,{}", STANDARD.encode(tag)),
        body,
    }
}

/// What went wrong, in words that do not hold the address: there may be a secret of the other side's in it.
fn exchange(stored: &Stored, signed: &Signed, reach: Reach) -> std::result::Result<(), String> {
    let settings = &stored.settings;
    let wire = Wire::new(settings.authority_pem.as_deref(), reach).map_err(|error| error.to_string())?;
    let sending = Sending {
        url: &settings.url,
        method: Method::Post,
        content: "application/json",
        body: &signed.body,
        headers: &[
            ("webhook-id", &signed.id),
            ("webhook-timestamp", &signed.timestamp),
            ("webhook-signature", &signed.signature),
        ],
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
            format!("it answers with status {status}; look at its log and at the secret")
        }
        WireError::TooLarge { .. } => "its answer is too large".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_standards_own_example_is() {
        // The libraries' example (standard-webhooks/standard-webhooks, libraries/python/tests).
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#.to_owned();
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(
            signed.signature,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(signed.timestamp, "1614265330");
    }
}
