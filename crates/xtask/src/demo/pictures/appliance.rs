//! What the operator sees: the appliance's own pages, behind a second factor.
//!
//! The authenticator app's key is kept beside the passwords, so that pictures can be taken of the same demo again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use testkit::{authenticator, secret};

use super::super::Demo;
use super::super::people::OPERATOR;
use super::Camera;

/// Pages that an address leads to.
const PAGES: [(&str, &str); 12] = [
    ("appliance", "/appliance"),
    ("appliance-accounts", "/appliance/accounts"),
    ("appliance-audit-note", "/appliance/audit-note"),
    ("appliance-backups", "/appliance/backups"),
    ("appliance-directories", "/appliance/directories"),
    ("appliance-endings", "/appliance/endings"),
    ("appliance-grants", "/appliance/grants"),
    ("appliance-mail", "/appliance/mail"),
    ("appliance-providers", "/appliance/providers"),
    ("appliance-sign-in", "/appliance/sign-in"),
    ("appliance-sms", "/appliance/sms"),
    ("appliance-updates", "/appliance/updates"),
];

impl Camera {
    pub(super) async fn as_operator(&self, demo: &Demo<'_>) -> Result<()> {
        self.sign_in(&OPERATOR, demo.folder).await?;
        let key_file = key_file(demo.folder);
        if key_file.exists() {
            self.wait_for("second factor").await?;
            let key = fs::read_to_string(&key_file)?;
            let values = json!({ "code": code(&key)? });
            self.send("/sign-in/factor", values).await?;
        } else {
            self.set_up_app(&key_file).await?;
        }
        self.wait_for("Appliance").await?;
        for (name, path) in PAGES {
            self.open(path).await?;
            self.take(name).await?;
        }
        Ok(())
    }

    /// As whoever is held to a second factor does it.
    async fn set_up_app(&self, key_file: &Path) -> Result<()> {
        self.wait_for("authenticator app").await?;
        self.send("/account/factors/add", json!({})).await?;
        self.wait_for("Read this picture").await?;
        let key = "return document.getElementById('factor-secret').textContent";
        let key = self.run(key, Json::Null).await?;
        let key = key
            .as_str()
            .context("the page shows no key; was an app set up by hand? Begin anew with --fresh")?;
        self.take("factor-add").await?;
        secret::write_private(key_file, key)?;
        let values = json!({ "code": code(key)?, "label": "Phone" });
        self.send("/account/factors/finish", values).await?;
        self.wait_for("Your recovery codes").await?;
        self.open("/appliance").await
    }
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("passwords").join("operator-authenticator")
}

/// What the app shows now.
fn code(key: &str) -> Result<String> {
    authenticator::code(key, SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
