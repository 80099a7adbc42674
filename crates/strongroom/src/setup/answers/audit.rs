//! What the answers say of the audit log: where the auditor's kit goes, who the witness is, whom the note of the day goes to. All of it
//! may be left out.

use super::sources::certificates;
use platform::ledger::witness::{self, Contact};
use serde::Deserialize;
use std::path::PathBuf;
use types::EmailAddress;
use url::Url;

/// Around the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Audit {
    /// The folder of the auditor's kit; written later if none.
    pub(crate) kit: Option<PathBuf>,
    pub(crate) witness: Option<Witness>,
    /// Whom the note of the day goes to.
    pub(crate) note_to: Vec<String>,
}

/// A witness elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witness {
    /// Its key, as `strongroom witness make` gave it.
    pub(crate) key: String,
    /// Where it is asked; carried by hand if none.
    pub(crate) contact: Option<Contact>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::setup) struct WrittenAudit {
    pub(in crate::setup) kit: Option<PathBuf>,
    pub(in crate::setup) witness_key: Option<String>,
    pub(in crate::setup) witness_url: Option<Url>,
    pub(in crate::setup) witness_authorities: Option<PathBuf>,
    pub(in crate::setup) note_to: Vec<String>,
}

/// What was written, where it can be.
pub(super) fn audit(written: WrittenAudit) -> Result<Audit, String> {
    if written.kit.as_ref().is_some_and(|kit| !kit.is_absolute()) {
        return Err("audit.kit: write the whole path of the folder, beginning with /".to_owned());
    }
    for address in &written.note_to {
        let parsed = address.parse::<EmailAddress>();
        parsed.map_err(|error| format!("audit.note_to: {address:?}: {error}"))?;
    }
    let authority_pem = certificates("audit", written.witness_authorities.as_deref())?;
    let contact = match (written.witness_url, authority_pem) {
        (None, Some(_)) => {
            return Err("audit.witness_authorities: write audit.witness_url as well".to_owned());
        }
        (url, authority_pem) => url.map(|url| Contact { url, authority_pem }),
    };
    let witness = match (written.witness_key, contact) {
        (None, None) => None,
        (None, Some(_)) => {
            return Err("audit.witness_url: write the witness's key in audit.witness_key as well".to_owned());
        }
        (Some(key), contact) => Some(Witness {
            key: checked_key(&key)?,
            contact,
        }),
    };
    Ok(Audit {
        kit: written.kit,
        witness,
        note_to: written.note_to,
    })
}

fn checked_key(text: &str) -> Result<String, String> {
    witness::check_key(text).map_err(|error| format!("audit.witness_key: {}", error.detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_the_log_is_taken_whole_or_refused_with_its_key() {
        assert_eq!(audit(WrittenAudit::default()), Ok(Audit::default()));
        let url = Url::parse("https://witness.example.test:8443").ok();
        for (wrong, words) in [
            (
                WrittenAudit {
                    kit: Some("kit".into()),
                    ..WrittenAudit::default()
                },
                "audit.kit",
            ),
            (
                WrittenAudit {
                    note_to: vec!["nobody".to_owned()],
                    ..WrittenAudit::default()
                },
                "audit.note_to",
            ),
            (
                WrittenAudit {
                    witness_url: url,
                    ..WrittenAudit::default()
                },
                "audit.witness_url",
            ),
            (
                WrittenAudit {
                    witness_key: Some("key".to_owned()),
                    ..WrittenAudit::default()
                },
                "audit.witness_key",
            ),
            (
                WrittenAudit {
                    witness_authorities: Some("/nonexistent".into()),
                    ..WrittenAudit::default()
                },
                "audit.authorities",
            ),
        ] {
            let error = audit(wrong).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
