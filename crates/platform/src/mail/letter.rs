//! What letters say. Plain text; every link is made with the configured base URL.

use crate::{
    Platform,
    deletion::Certificate,
    ledger::{daily::Daily, kept::RULE},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use types::{EmailAddress, JobId};

/// A letter. It may hold a link that lets somebody in, so it is sealed wherever it lies.
#[derive(Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) text: String,
    /// The job that it is sent by: sent a second time, because nobody knows whether the first came through, it is the same letter.
    #[serde(skip)]
    pub(super) job: Option<JobId>,
}

impl Letter {
    fn new(to: &EmailAddress, subject: &str, text: String) -> Self {
        Self {
            to: to.to_string(),
            subject: subject.to_owned(),
            text,
            job: None,
        }
    }

    /// As a job sends it.
    pub(crate) fn sent_by(self, job: JobId) -> Self {
        Self {
            job: Some(job),
            ..self
        }
    }

    /// Without a word: for a job that is about the address alone.
    pub(crate) fn blank(to: &EmailAddress) -> Self {
        Self::new(to, "", String::new())
    }

    /// Whom it is to.
    pub(crate) fn to(&self) -> &str {
        &self.to
    }

    /// With a code of the second step.
    pub(crate) fn code(to: &EmailAddress, host: &str, code: &str, minutes: i64) -> Self {
        let text = format!(
            "{code} is your code for the Strongroom at {host}. It works once, for {minutes} minutes, on the page that asked \
             for it. Nobody will ask you for it by mail or telephone.\n\n\
             If you are not signing in there now, somebody knows your password: change it.\n"
        );
        Self::new(to, "Your code", text)
    }

    /// With a link that sets another password.
    pub(crate) fn password_reset(to: &EmailAddress, url: &str, minutes: i64) -> Self {
        let text = format!(
            "Somebody, perhaps you, has asked for another password at the Strongroom where this address has an account.\n\n\
             Set it with this link. It works once, for {minutes} minutes:\n\n{url}\n\n\
             If it was not you, leave this letter alone; your password stays as it is.\n"
        );
        Self::new(to, "Set another password", text)
    }

    /// With what is wrong with backups, for an operator.
    pub(crate) fn backup_alert(to: &EmailAddress, base_url: &str, promise: &str, faults: &[String]) -> Self {
        let text = format!(
            "The backups of the Strongroom at {base_url} need somebody to look.\n\n{}\n\n\
             `strongroom backup status` on the host shows more. This is told once a day while it lasts (promise {promise}).\n",
            faults.join("\n")
        );
        Self::new(to, "Backups need a look", text)
    }

    /// With nothing wrong: that alerts about backups arrive is seen once a month.
    pub(crate) fn backup_alert_test(to: &EmailAddress, base_url: &str) -> Self {
        let text = format!(
            "This letter comes once a month, and when an operator asks for it. It shows that the Strongroom at {base_url} can tell you when a backup fails or \
             does not happen. Nothing is wrong.\n\n\
             Where it does not come for longer than that, look at `strongroom mail show` on the host.\n"
        );
        Self::new(to, "Alerts about backups work", text)
    }

    /// That nobody has signed a review of the security logs for so many days.
    pub(crate) fn log_review(to: &EmailAddress, base_url: &str, days: i64) -> Self {
        let text = format!(
            "Nobody has signed a review of the security logs of the Strongroom at {base_url} for {days} days. One is due every 90 days.\n\n\
             On the host, `strongroom log-review prepare` shows what there is to look at, and how to sign it.\n"
        );
        Self::new(to, "Review the security logs", text)
    }

    /// With the newest signed checkpoints, each between two lines.
    pub(crate) fn audit_note(to: &EmailAddress, base_url: &str, daily: &Daily) -> Self {
        let at = daily
            .newest
            .at
            .map(|at| format!(", published {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")));
        let mut text = format!(
            "This is the note of the day of the audit log of the Strongroom at {base_url}: its newest signed checkpoint, of {} entries{}. \
             Keep this letter where nobody who runs that machine can change it. If the log is ever rewritten or set back, this note shows \
             it: `strongroom audit check --kept FILE` on the host compares, and so does the page `Note of the day` of the audit log.\n\n\
             {RULE}\n{}{RULE}\n",
            daily.newest.size,
            at.unwrap_or_default(),
            daily.newest.note,
        );
        if let Some(older) = &daily.witnessed {
            text += &format!(
                "\nWitnesses elsewhere ({}) have signed it up to {} entries:\n\n{RULE}\n{}{RULE}\n",
                older.witnesses, older.size, older.note
            );
        }
        Self::new(to, "Note of the day of the audit log", text)
    }

    /// With the link of an invitation.
    pub(crate) fn invitation(to: &EmailAddress, url: &str, days: i64) -> Self {
        let text = format!(
            "You were added to a Strongroom, where records are kept.\n\n\
             Set your password with this link. It works once, for {days} days:\n\n{url}\n\n\
             If you expect nothing of the kind, leave this letter alone; nothing happens then.\n"
        );
        Self::new(to, "Set your password", text)
    }
}

impl Letter {
    /// With the certificate of a deletion: what stands between the lines is the signed text.
    pub(crate) fn certificate(to: &EmailAddress, certificate: &Certificate) -> Self {
        let text = format!(
            "An organization whose deletion you ordered is deleted for good. Keep this letter: your account may be gone with it.\n\n\
             The certificate stands between the lines, its Ed25519 signature in base64 below. Whoever runs the Strongroom has both as \
             files, and the public key.\n\n\
             ----------------------------------------\n{}----------------------------------------\n{}\n",
            certificate.text,
            STANDARD.encode(&certificate.signature),
        );
        Self::new(to, "Deletion certificate", text)
    }
}

/// The one that shows that mail works.
pub(super) fn test(platform: &Platform, to: &EmailAddress) -> Letter {
    let base = &platform.settings().base_url;
    let text = format!("This letter shows that the Strongroom at {base} can send mail.\n");
    Letter::new(to, "Mail works", text)
}
