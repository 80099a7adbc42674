//! Witnesses that have an address are asked over https: C2SP tlog-witness `add-checkpoint`.
//!
//! Invariant: a witness that is away holds nothing up, and one that refuses because the log does not continue what it signed is never
//! forgotten: what each said last stands in the log's folder, beside what it signed.

use super::{
    appointed::{self, Contact},
    refused, take, witnessed, write_request,
};
use crate::{
    Caller, Platform,
    check::require_operator,
    error::{PlatformError, Result},
    ledger::{Folder, Published, checkpoint},
    outgoing,
    work::stopped_within,
};
use jiff::Timestamp;
use openid::{
    Reach,
    wire::{Deadline, Heard, Method, Sending, Wire},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::watch as channel;

/// As often as a log that is idle grows by a heartbeat.
const ASK_EVERY: Duration = Duration::from_mins(10);
/// A worker that has just started signs first.
const ASK_AFTER: Duration = Duration::from_secs(20);
/// From the look-up of the address to the end of an answer.
const EXCHANGE: Duration = Duration::from_secs(10);
/// Longest text of a refusal that is kept.
const SAID_CHARS_MAX: usize = 300;

/// What a witness said when it was asked last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When it was asked.
    pub at: Timestamp,
    /// What it said.
    pub answer: Answer,
}

impl Asked {
    /// Nobody makes a refusal forgotten by cutting the line.
    fn after(self, before: Option<&Self>) -> Self {
        match (&self.answer, before) {
            (
                Answer::Away { .. },
                Some(
                    refused @ Self {
                        answer: Answer::Refused { .. },
                        ..
                    },
                ),
            ) => refused.clone(),
            _ => self,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It has signed a checkpoint of so many leaves.
    Signed {
        /// Leaves.
        size: u64,
    },
    /// It will not, because this log is not the one that it has signed before.
    Refused {
        /// In words.
        why: String,
    },
    /// It cannot be asked, or does not know this log.
    Away {
        /// In words.
        why: String,
    },
}

/// Asks at its times until `shutdown` says true.
pub(crate) async fn watch(platform: &Platform, mut shutdown: channel::Receiver<bool>) {
    let (caller, mut pause) = (Caller::system(), ASK_AFTER);
    while !stopped_within(&mut shutdown, pause).await {
        pause = ASK_EVERY;
        let mut stop = shutdown.clone();
        let asked = tokio::select! {
            asked = ask(platform, &caller) => asked,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if let Err(error) = asked {
            tracing::warn!(code = error.code.as_str(), detail = %error.detail, "witnesses cannot be asked");
        }
    }
}

/// Asks every witness that has an address, one after the other and all for the same checkpoint, so that their words stand together; keeps
/// what they signed, and gives what each said.
///
/// # Errors
/// `not-allowed`; `unavailable`; `conflict` when the log's folder cannot be read.
pub async fn ask(platform: &Platform, caller: &Caller) -> Result<BTreeMap<String, Asked>> {
    require_operator(caller)?;
    let known = appointed::read(&mut platform.control().read().await?).await?;
    let before = asked(platform)?;
    let published = checkpoint(platform).await?;
    let mut now = BTreeMap::new();
    for (name, witness) in known {
        let Some(contact) = witness.contact else {
            // Carried by hand from now on: what it refused before stays refused.
            let refused = before
                .get(&name)
                .filter(|said| matches!(said.answer, Answer::Refused { .. }));
            now.extend(refused.map(|said| (name.clone(), said.clone())));
            continue;
        };
        let answer = match &published {
            Some(published) => ask_one(platform, &contact, published)
                .await
                .unwrap_or_else(|error| Answer::Away {
                    why: format!("it was not asked: {}", error.detail),
                }),
            None => Answer::Away {
                why: "nothing was signed here yet: see that the worker runs".to_owned(),
            },
        };
        let told = before.get(&name).map(|before| &before.answer);
        tell(&name, told, &answer);
        let asked = Asked {
            at: platform.now(),
            answer,
        };
        now.insert(name.clone(), asked.after(before.get(&name)));
    }
    // Before the first signature there may be no folder.
    if now != before && published.is_some() {
        let bytes = serde_json::to_vec(&now).map_err(crate::act::vault_failure)?;
        Folder::at(&platform.settings().audit).keep_asked(&bytes)?;
    }
    Ok(now)
}

/// Once when it changes, and not every ten minutes.
fn tell(name: &str, before: Option<&Answer>, answer: &Answer) {
    match (answer, before) {
        (Answer::Refused { why }, _) => {
            tracing::error!(witness = name, why, "a witness does not sign this log");
        }
        (Answer::Away { .. }, Some(Answer::Away { .. })) => {}
        (Answer::Away { why }, _) => tracing::warn!(witness = name, why, "a witness cannot be asked"),
        (Answer::Signed { size }, Some(Answer::Away { .. })) => {
            tracing::info!(witness = name, size, "a witness is there again");
        }
        (Answer::Signed { .. }, _) => {}
    }
}

/// What each witness said when it was asked last, by its name.
///
/// # Errors
/// `unavailable` when the folder cannot be read; `conflict` when what is kept there is damaged.
pub fn asked(platform: &Platform) -> Result<BTreeMap<String, Asked>> {
    let kept = Folder::at(&platform.settings().audit).asked()?;
    let read = kept.map(|bytes| serde_json::from_slice(&bytes)).transpose();
    let read = read.map_err(|error| refused(format!("what witnesses said cannot be read: {error}")))?;
    Ok(read.unwrap_or_default())
}

/// Begins where the newest word ends, and once more from where the witness says that it stands.
async fn ask_one(platform: &Platform, contact: &Contact, published: &Published) -> Result<Answer> {
    // What cannot be used of the words that are kept here is not needed: the witness says where it stands.
    let known = witnessed(platform)
        .await
        .ok()
        .flatten()
        .filter(|found| found.is_ours);
    let old = known.map_or(0, |found| found.size.min(published.size));
    let first = post(platform, contact, published, old).await?;
    let Reply::Elsewhere(size) = first else {
        return Ok(first.answer(old));
    };
    if size <= published.size {
        return Ok(post(platform, contact, published, size).await?.answer(size));
    }
    let leaves = checkpoint(platform).await?.map_or(0, |newest| newest.size);
    Ok(match size > leaves {
        true => Answer::Refused {
            why: format!("it has signed {size} leaves of this log, which has {leaves}: the log was set back"),
        },
        false => Answer::Away {
            why: format!("somebody else has asked it meanwhile, for {size} leaves"),
        },
    })
}

/// What came back.
enum Reply {
    Signed(u64),
    /// It stands at another size than the request begins at.
    Elsewhere(u64),
    Refused(String),
    Away(String),
}

impl Reply {
    fn answer(self, old: u64) -> Answer {
        match self {
            Self::Signed(size) => Answer::Signed { size },
            Self::Elsewhere(size) if size == old => Answer::Refused {
                why: format!("it has signed another log of {size} leaves"),
            },
            Self::Elsewhere(size) => Answer::Away {
                why: format!(
                    "it stands at {size} leaves and does not sign from there; somebody else asks it as well"
                ),
            },
            Self::Refused(why) => Answer::Refused { why },
            Self::Away(why) => Answer::Away { why },
        }
    }
}

async fn post(platform: &Platform, contact: &Contact, published: &Published, old: u64) -> Result<Reply> {
    let body = write_request(platform, published, old)?;
    let (reach, contact, sent) = (outgoing::reach(platform), contact.clone(), body.clone());
    let task = tokio::task::spawn_blocking(move || exchange(&contact, &sent, reach));
    let heard = task
        .await
        .map_err(|error| PlatformError::invariant(format!("a witness was not asked to the end: {error}")))?;
    let heard = match heard {
        Ok(heard) => heard,
        Err(why) => return Ok(Reply::Away(why)),
    };
    let said = || {
        let text = String::from_utf8_lossy(&heard.bytes);
        let text: String = text
            .trim()
            .chars()
            .filter(|char| !char.is_control())
            .take(SAID_CHARS_MAX)
            .collect();
        text
    };
    Ok(match heard.status {
        200 => match take(platform, body.as_bytes(), &heard.bytes).await {
            Ok(size) => Reply::Signed(size),
            Err(error) => Reply::Away(format!("its answer cannot be kept: {}", error.detail)),
        },
        409 => match said().parse() {
            Ok(size) => Reply::Elsewhere(size),
            Err(_) => Reply::Refused("it has signed another log of this size".to_owned()),
        },
        422 => Reply::Refused(format!(
            "the log does not continue what it signed before; it says: {}",
            said()
        )),
        status => Reply::Away(format!("it answers with status {status}: {}", said())),
    })
}

fn exchange(contact: &Contact, body: &str, reach: Reach) -> std::result::Result<Heard, String> {
    let wire = Wire::new(contact.authority_pem.as_deref(), reach).map_err(|error| error.to_string())?;
    let sending = Sending {
        url: &contact.submission(),
        method: Method::Post,
        content: "text/plain; charset=utf-8",
        body,
        headers: &[],
    };
    wire.ask(&sending, Deadline::after(EXCHANGE))
        .map_err(|error| error.to_string())
}
