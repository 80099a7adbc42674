//! What is done for each verb.
//!
//! Invariant: arguments come from the verb's own types alone, which hold words of a list and numbers in bounds; a place in the journal is six numbers.

mod firewall;
mod journal;
mod listeners;
mod ssh;
mod storage;
mod units;

use std::fmt::Write;

use host::helper::{
    Answer, DESCRIPTION, DescriptionReply, ErrorName, INTERFACE, InfoReply, Refusal, SERVICE_INTERFACE, Verb,
};
use serde::Serialize;

/// Most characters of a failure that are told.
const WHY_CHARS_MAX: usize = 2_000;

/// Does it, and gives the answer.
pub(crate) fn to(verb: &Verb) -> Answer {
    match verb {
        Verb::GetInfo(_) => done(&info()),
        Verb::GetInterfaceDescription(asked) => from(description(&asked.interface)),
        Verb::GetStorage(_) => done(&storage::look()),
        Verb::GetSsh(_) => done(&ssh::look()),
        Verb::GetListeners(_) => from(listeners::look()),
        Verb::GetUnits(_) => done(&units::look()),
        Verb::GetJournal(asked) => from(journal::look(asked.after.as_ref())),
        Verb::RestartUnit(asked) => from(units::restart(asked.unit)),
        Verb::StartBackup(_) => from(units::start_backup()),
        Verb::GetFirewall(_) => from(firewall::look()),
        Verb::PlanFirewall(asked) => from(firewall::plan(&asked.ports, asked.ssh)),
        Verb::ApplyFirewall(asked) => from(firewall::apply(asked)),
        Verb::ConfirmFirewall(asked) => from(firewall::confirm(asked.session)),
    }
}

fn info() -> InfoReply {
    InfoReply {
        vendor: "Strongroom".to_owned(),
        product: "strongroom-hostd".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: "man:strongroom-hostd(8)".to_owned(),
        interfaces: vec![SERVICE_INTERFACE.to_owned(), INTERFACE.to_owned()],
    }
}

fn description(interface: &str) -> Result<DescriptionReply, Refusal> {
    if interface != INTERFACE {
        return Err(Refusal::new(
            ErrorName::InterfaceNotFound,
            "only org.strongroom.Host is described here",
        ));
    }
    Ok(DescriptionReply {
        description: DESCRIPTION.to_owned(),
    })
}

fn from<T: Serialize>(result: Result<T, Refusal>) -> Answer {
    match result {
        Ok(reply) => done(&reply),
        Err(refusal) => Answer::Refused(refusal),
    }
}

fn done(reply: &impl Serialize) -> Answer {
    match serde_json::to_value(reply) {
        Ok(reply) => Answer::Done(reply),
        Err(error) => Answer::Refused(failed(&error)),
    }
}

/// A failure with its causes.
fn failed(error: &dyn std::error::Error) -> Refusal {
    Refusal::new(ErrorName::Failed, said(error))
}

/// An error and its causes in one sentence.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(beneath) = cause {
        write!(text, ": {beneath}").ok();
        cause = beneath.source();
    }
    text.chars().take(WHY_CHARS_MAX).collect()
}
