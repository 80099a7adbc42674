//! The collector of logs among the answers: it may be left out.
//!
//! Invariant: the key of our certificate is named as a file and read when the step needs it.

use super::sources::certificates;
use platform::forwarding::{ForwardingSettings, Stream};
use serde::Deserialize;
use std::path::PathBuf;

/// The collector that the logs go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forwarding {
    pub(crate) settings: ForwardingSettings,
    pub(crate) key_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::setup) struct WrittenForwarding {
    pub(in crate::setup) host: String,
    pub(in crate::setup) port: Option<u16>,
    pub(in crate::setup) authorities: Option<PathBuf>,
    pub(in crate::setup) certificate: Option<PathBuf>,
    pub(in crate::setup) key_file: Option<PathBuf>,
    pub(in crate::setup) logs: Option<Vec<String>>,
}

/// The collector, if one was written.
pub(super) fn forwarding(written: Option<WrittenForwarding>) -> Result<Option<Forwarding>, String> {
    let Some(written) = written else { return Ok(None) };
    let authority_pem = certificates("forwarding", written.authorities.as_deref())?;
    let (false, Some(authority_pem)) = (written.host.is_empty(), authority_pem) else {
        return Err(
            "forwarding: write host, and authorities, which is a file with its authority's certificates"
                .to_owned(),
        );
    };
    if written.certificate.is_some() != written.key_file.is_some() {
        return Err("forwarding: write certificate and key_file, or neither".to_owned());
    }
    let streams = match written.logs {
        None => Stream::ALL.to_vec(),
        Some(names) => Stream::ALL
            .into_iter()
            .filter(|stream| names.iter().any(|name| name == stream.as_str()))
            .collect(),
    };
    if streams.is_empty() {
        return Err("forwarding.logs: write some of \"audit\", \"access\", \"system\"".to_owned());
    }
    Ok(Some(Forwarding {
        settings: ForwardingSettings {
            host: written.host,
            port: written.port.unwrap_or(6_514),
            authority_pem,
            certificate_pem: certificates("forwarding", written.certificate.as_deref())?,
            streams,
        },
        key_file: written.key_file,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_taken_whole_or_refused_with_its_key() {
        assert_eq!(forwarding(None), Ok(None));
        let folder = tempfile::tempdir().unwrap();
        let authorities = folder.path().join("authority.pem");
        std::fs::write(&authorities, "certificates").unwrap();
        let whole = || WrittenForwarding {
            host: "logs.example.test".to_owned(),
            authorities: Some(authorities.clone()),
            ..WrittenForwarding::default()
        };
        let taken = forwarding(Some(whole())).unwrap().unwrap();
        assert_eq!((taken.settings.port, taken.settings.streams.len()), (6_514, 3));
        for (wrong, words) in [
            (
                WrittenForwarding {
                    host: String::new(),
                    ..whole()
                },
                "forwarding: write host",
            ),
            (
                WrittenForwarding {
                    authorities: None,
                    ..whole()
                },
                "forwarding: write host",
            ),
            (
                WrittenForwarding {
                    certificate: Some("a".into()),
                    ..whole()
                },
                "forwarding: write certificate",
            ),
            (
                WrittenForwarding {
                    logs: Some(vec!["mail".to_owned()]),
                    ..whole()
                },
                "forwarding.logs",
            ),
            (
                WrittenForwarding {
                    authorities: Some("/nonexistent".into()),
                    ..whole()
                },
                "forwarding.authorities",
            ),
        ] {
            let error = forwarding(Some(wrong)).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
