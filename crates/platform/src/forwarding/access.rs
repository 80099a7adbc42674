//! The access log as messages: one for each sign-in and request, in the order of their numbers.

use super::batch::{Batch, MESSAGES_MAX, PROGRAM};
use crate::{
    Platform,
    error::{PlatformError, Result},
};
use store::control::access_event::{self as rows, AccessEvent};
use syslog::{Facility, Message, Severity};

/// What came after the event of that number.
pub(super) async fn read(platform: &Platform, host: &str, from: &str) -> Result<Batch> {
    let after: i64 = from
        .parse()
        .map_err(|_| PlatformError::invariant("the access log's position is no number"))?;
    let mut batch = Batch::new("access", from);
    for event in rows::settled_after(platform.control(), after, MESSAGES_MAX).await? {
        if batch.is_full() {
            break;
        }
        push(&mut batch, host, event);
    }
    Ok(batch)
}

fn push(batch: &mut Batch, host: &str, event: AccessEvent) {
    let last = format!("access {}: {}", event.id, event.action);
    let text = format!("{} {} from {}", event.action, event.outcome, event.address);
    let severity = match event.outcome.as_str() {
        "done" => Severity::Informational,
        "refused" => Severity::Notice,
        _ => Severity::Warning,
    };
    let (id, at) = (event.id, event.at);
    let message = Message {
        facility: Facility::Security,
        severity,
        at,
        host,
        program: PROGRAM,
        kind: "access",
        parameters: parameters(event),
        text: &text,
    };
    batch.push(&message, id, last);
}

fn parameters(event: AccessEvent) -> Vec<(&'static str, String)> {
    let optional = [
        ("number", Some(event.id.to_string())),
        ("organization", event.organization_id.map(|id| id.to_string())),
        ("account", event.account_id.map(|id| id.to_string())),
        ("action", Some(event.action)),
        ("outcome", Some(event.outcome)),
        ("status", event.status.map(|status| status.to_string())),
        ("method", Some(event.method)),
        ("address", Some(event.address)),
        ("request", Some(event.request_id)),
        ("device", Some(event.device)),
    ];
    let found = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    found.collect()
}
