//! A person at a real browser: opens pages, fills in what is labelled, presses what is written on buttons.

use super::site::{PASSWORD, Site, email};
use fantoccini::{Locator, elements::Element, error::CmdError, key::Key};
use std::time::Duration;
use testkit::{
    Browser,
    browser::{BrowserSettings, Scripts},
    wait_until,
};

/// Longest wait for a page to say something.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser on a site.
pub(super) struct Person {
    pub(super) browser: Browser,
    base: String,
}

impl Person {
    pub(super) async fn new(site: &Site, scripts: Scripts) -> Self {
        Self::trusting(site, scripts, &[]).await
    }

    /// One whose browser trusts other servers besides, by their pins.
    pub(super) async fn trusting(site: &Site, scripts: Scripts, others: &[&str]) -> Self {
        let pins: Vec<&str> = std::iter::once(site.pin.as_str())
            .chain(others.iter().copied())
            .collect();
        let settings = BrowserSettings {
            trusted_pin: Some(pins.join(",")),
            scripts,
            ..BrowserSettings::default()
        };
        Self {
            browser: Browser::start(&settings).await.unwrap(),
            base: site.base.clone(),
        }
    }

    /// Signs in by hand.
    pub(super) async fn sign_in(&self, who: &str) {
        self.open("/sign-in").await;
        self.fill("login", &email(who)).await;
        self.fill("password", PASSWORD).await;
        self.press("Sign in").await;
        // Where it leads to would come after a page that is opened meanwhile; whoever is refused stays.
        let has_left = async || self.path().await != "/sign-in";
        wait_until(PATIENCE, "the sign-in page is left", has_left)
            .await
            .ok();
    }

    pub(super) async fn open(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Path and query of the page.
    pub(super) async fn path(&self) -> String {
        let url = self.browser.current_url().await.unwrap().to_string();
        url.strip_prefix(&self.base).unwrap_or(&url).to_owned()
    }

    async fn named(&self, name: &str) -> Element {
        let found = self
            .browser
            .find(Locator::Css(&format!("[name=\"{name}\"]")))
            .await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no input {name}: {error}; {}", self.text().await),
        }
    }

    /// Types into the input of that name, in the place of what was there.
    pub(super) async fn fill(&self, name: &str, text: &str) {
        let input = self.named(name).await;
        input.clear().await.unwrap();
        input.send_keys(text).await.unwrap();
    }

    /// Chooses in the drop-down of that name.
    pub(super) async fn choose(&self, name: &str, value: &str) {
        let place = format!("select[name=\"{name}\"] option[value=\"{value}\"]");
        let option = self.browser.find(Locator::Css(&place)).await.unwrap();
        option.click().await.unwrap();
    }

    /// Ticks the box, or the radio button, of that name and value.
    pub(super) async fn tick(&self, name: &str, value: &str) {
        let place = format!("input[name=\"{name}\"][value=\"{value}\"]");
        let found = self.browser.find(Locator::Css(&place)).await;
        found.unwrap().click().await.unwrap();
    }

    /// Presses the button, link or disclosure with that text; says yes when the page asks whether it is meant.
    pub(super) async fn press(&self, text: &str) {
        let place = format!(
            "//*[self::button or self::a or self::summary][contains(normalize-space(.), \"{text}\")]"
        );
        for found in self.browser.find_all(Locator::XPath(&place)).await.unwrap() {
            if found.is_displayed().await.unwrap() {
                match found.click().await {
                    Ok(()) => {}
                    Err(error) => panic!("{text} cannot be pressed: {error}"),
                }
                self.agree().await;
                return;
            }
        }
        panic!("nothing to press says {text}: {}", self.text().await);
    }

    async fn agree(&self) {
        let _: Result<(), CmdError> = self.browser.accept_alert().await;
    }

    /// All that the page says. Between two pages there is a moment without any.
    pub(super) async fn text(&self) -> String {
        let body = self.browser.wait().for_element(Locator::Css("body"));
        let body = body.await.unwrap();
        body.text().await.unwrap_or_default()
    }

    /// Waits until the page says it.
    pub(super) async fn sees(&self, text: &str) {
        let said = async || self.text().await.contains(text);
        if wait_until(PATIENCE, text, said).await.is_err() {
            panic!("{} does not say {text}: {}", self.path().await, self.text().await);
        }
    }

    /// The page does not say it.
    pub(super) async fn does_not_see(&self, text: &str) {
        let said = self.text().await;
        assert!(!said.contains(text), "the page says {text}: {said}");
    }

    /// The browser had nothing to complain of.
    pub(super) async fn heard_no_complaint(&self) {
        let messages = self.browser.console_messages().await.unwrap();
        // Form pages that were refused are answered with 4xx, which Chromium notes.
        let complaints: Vec<&String> = messages
            .iter()
            .filter(|message| !message.contains("the server responded with a status of 4"))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

/// Keys and forms, where there is more than one button of a name.
impl Person {
    /// Sends the form whose address ends like this.
    pub(super) async fn submit(&self, address: &str) {
        let place = format!("form[action$=\"{address}\"] button[type=submit]");
        let button = self.browser.find(Locator::Css(&place)).await.unwrap();
        button.click().await.unwrap();
        self.agree().await;
    }

    /// The token of the page's forms.
    pub(super) async fn token(&self) -> String {
        self.named("csrf").await.attr("value").await.unwrap().unwrap()
    }

    /// Types into whatever has the focus.
    pub(super) async fn type_here(&self, text: &str) {
        let active = self.browser.active_element().await.unwrap();
        active.send_keys(text).await.unwrap();
    }

    /// The first stop of the Tab key says this.
    pub(super) async fn first_stop_is(&self, text: &str) {
        self.type_here(&String::from(char::from(Key::Tab))).await;
        let active = self.browser.active_element().await.unwrap();
        assert_eq!(active.text().await.unwrap(), text);
    }

    /// Presses Tab until the input of that name has the focus, which must be visible then.
    pub(super) async fn tab_to(&self, name: &str) {
        for _ in 0..40 {
            let active = self.browser.active_element().await.unwrap();
            if active.attr("name").await.unwrap().as_deref() == Some(name) {
                let outline = active.css_value("outline-style").await.unwrap();
                assert_ne!(outline, "none", "{name} does not show its focus");
                return;
            }
            self.type_here(&String::from(char::from(Key::Tab))).await;
        }
        panic!("Tab does not reach {name}");
    }
}
