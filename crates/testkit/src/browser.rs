//! A real browser: ChromeDriver and headless Chromium with a profile of their own.
//!
//! Invariants: both end with the [`Browser`]; Chromium looks nothing up elsewhere (its background traffic is off); of
//! untrusted certificates it accepts the pinned one only. Start at [`Browser::start`].

use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

mod command;
mod driver;

use command::DevTools;
use driver::Driver;

/// Longest wait for a page to load and for a script to end.
const PAGE_SECONDS_MAX: u64 = 30;

/// How a browser is started.
#[derive(Debug, Clone)]
pub struct BrowserSettings {
    /// Width of the page in pixels.
    pub width: u32,
    /// Height of the page in pixels.
    pub height: u32,
    /// The pin of the certificate to trust, from `certificate::pin`; several with commas between.
    pub trusted_pin: Option<String>,
    /// Whether pages may run scripts.
    pub scripts: Scripts,
}

impl Default for BrowserSettings {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 900,
            trusted_pin: None,
            scripts: Scripts::Allowed,
        }
    }
}

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As in any browser.
    Allowed,
    /// Switched off in the profile, as some people do.
    Blocked,
}

/// Light or dark, as the person's system would ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorScheme {
    /// `prefers-color-scheme: light`
    Light,
    /// `prefers-color-scheme: dark`
    Dark,
}

/// A running browser. It gives fantoccini's client for everything that needs no help here.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // Dropped in this order: the processes end before their folder goes.
    _driver: Driver,
    _profile: TempDir,
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Browser {
    /// Starts ChromeDriver on a free port of the loopback and a browser with an empty profile.
    pub async fn start(settings: &BrowserSettings) -> Result<Self> {
        let profile = tempfile::Builder::new().prefix("strongroom-browser-").tempdir()?;
        let driver = Driver::start(profile.path())?;
        let capabilities = capabilities(settings, profile.path());
        let client = ClientBuilder::native()
            .capabilities(capabilities)
            .connect(&driver.address())
            .await
            .context("ChromeDriver could not start Chromium")?;
        let browser = Self {
            client,
            _driver: driver,
            _profile: profile,
        };
        browser.resize(settings.width, settings.height).await?;
        Ok(browser)
    }

    /// Gives the page this size in pixels; a window's own frame does not count.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.dev_tools("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        Ok(())
    }

    /// Has pages see the system in light or dark.
    pub async fn prefer(&self, scheme: ColorScheme) -> Result<()> {
        let value = match scheme {
            ColorScheme::Light => "light",
            ColorScheme::Dark => "dark",
        };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.dev_tools("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Writes what the page shows as a PNG file.
    pub async fn screenshot_to(&self, path: &Path) -> Result<()> {
        let png = self.client.screenshot().await?;
        fs::write(path, png).with_context(|| format!("cannot write {}", path.display()))
    }

    /// What the browser reported since the last call: script errors, blocked resources and violations of the content
    /// security policy, one message each.
    pub async fn console_messages(&self) -> Result<Vec<String>> {
        let entries = self.client.issue_cmd(command::BrowserLog).await?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .filter_map(|entry| Some(entry.get("message")?.as_str()?.to_owned()))
            .collect())
    }

    /// Sends a command of the Chrome DevTools protocol and gives its result.
    pub async fn dev_tools(&self, method: &str, parameters: Value) -> Result<Value> {
        let command = DevTools {
            method: method.to_owned(),
            parameters,
        };
        self.client
            .issue_cmd(command)
            .await
            .with_context(|| format!("{method} failed"))
    }

    /// Ends the session in an orderly way; dropping the value kills the processes instead, which is fine too.
    pub async fn close(self) -> Result<()> {
        self.client.clone().close().await?;
        Ok(())
    }
}

fn capabilities(settings: &BrowserSettings, profile: &Path) -> Map<String, Value> {
    let mut arguments: Vec<String> = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-sync",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
    ]
    .map(str::to_owned)
    .into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if let Some(pin) = &settings.trusted_pin {
        arguments.push(format!("--ignore-certificate-errors-spki-list={pin}"));
    }
    let scripts = match settings.scripts {
        Scripts::Allowed => 1,
        Scripts::Blocked => 2,
    };
    let preferences = json!({
        "profile.default_content_setting_values.javascript": scripts,
        "download.default_directory": profile.join("downloads"),
        "credentials_enable_service": false,
    });
    let milliseconds = Duration::from_secs(PAGE_SECONDS_MAX).as_millis();
    let capabilities = json!({
        "browserName": "chrome",
        "acceptInsecureCerts": false,
        "goog:chromeOptions": { "args": arguments, "prefs": preferences },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "pageLoad": milliseconds, "script": milliseconds },
    });
    capabilities.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
