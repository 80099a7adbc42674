//! The program that alerts go to, among the answers: it may be left out.
//!
//! Invariant: the secret is named as a file and read when the step needs it.

use super::sources::certificates;
use platform::webhook::WebhookSettings;
use serde::Deserialize;
use std::path::PathBuf;

/// Where alerts go beside mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) settings: WebhookSettings,
    pub(crate) secret_file: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::setup) struct WrittenWebhook {
    pub(in crate::setup) url: String,
    pub(in crate::setup) secret_file: Option<PathBuf>,
    pub(in crate::setup) authorities: Option<PathBuf>,
}

/// The program, if one was written.
pub(super) fn webhook(written: Option<WrittenWebhook>) -> Result<Option<Webhook>, String> {
    let Some(written) = written else { return Ok(None) };
    let settings = WebhookSettings {
        url: written.url,
        authority_pem: certificates("webhook", written.authorities.as_deref())?,
    };
    settings
        .target()
        .map_err(|_| "webhook.url: write an address that begins with https://".to_owned())?;
    let Some(secret_file) = written.secret_file else {
        return Err(
            "webhook.secret_file: write a file with the secret that the other side knows too".to_owned(),
        );
    };
    Ok(Some(Webhook {
        settings,
        secret_file,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_taken_with_its_secret_and_over_https_alone() {
        assert_eq!(webhook(None), Ok(None));
        let whole = || WrittenWebhook {
            url: "https://alerts.example.test/strongroom".to_owned(),
            secret_file: Some("/root/secret".into()),
            authorities: None,
        };
        let taken = webhook(Some(whole())).unwrap().unwrap();
        assert_eq!(taken.settings.target().unwrap(), "alerts.example.test:443");
        let plain = WrittenWebhook {
            url: "http://alerts.example.test".to_owned(),
            ..whole()
        };
        assert!(webhook(Some(plain)).unwrap_err().starts_with("webhook.url"));
        let open = WrittenWebhook {
            secret_file: None,
            ..whole()
        };
        assert!(
            webhook(Some(open))
                .unwrap_err()
                .starts_with("webhook.secret_file")
        );
    }
}
