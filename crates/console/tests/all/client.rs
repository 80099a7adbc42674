//! A small HTTP client with cookies, for what a browser would not do.

use super::site::{PASSWORD, Site, email};
use std::collections::BTreeMap;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    /// The first header of that name, in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Where it leads; fails for what does not lead anywhere.
    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location").unwrap()
    }

    /// What stands between two texts of the page.
    pub(super) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self
            .body
            .split_once(before)
            .unwrap_or_else(|| panic!("no {before} in {}", self.body));
        rest.split(after).next().unwrap()
    }

    /// The token in the page's first form.
    pub(super) fn token(&self) -> String {
        let (_, rest) = self
            .body
            .split_once("name=\"csrf\" value=\"")
            .unwrap_or_else(|| panic!("no form on the page: {}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A browser without a screen.
pub(super) struct Client {
    agent: Agent,
    base: String,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Client {
    pub(super) fn new(site: &Site) -> Self {
        let root = Certificate::from_pem(site.authority_pem.as_bytes()).unwrap();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(RootCerts::new_with_certs(&[root]))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Self {
            agent: config.into(),
            base: site.base.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// Signed in as a member.
    pub(super) fn signed_in(site: &Site, who: &str) -> Self {
        let mut client = Self::new(site);
        let answer = client.sign_in(&email(who), PASSWORD, "");
        match answer.location() {
            "/o" => {}
            "/sign-in/factor" => client.show_recovery_code(site, who),
            held => {
                assert!(held.starts_with("/account/factors/add"), "{held}");
                client.set_up_app(site, who);
            }
        }
        client
    }

    /// Sets an authenticator app up, as whoever must have one is asked to; gives the secret.
    pub(super) fn set_up_app(&mut self, site: &Site, who: &str) -> String {
        const ADD: &str = "/account/factors/add";
        assert_eq!(self.submit(ADD, ADD, &[]).location(), ADD);
        let page = self.get(ADD);
        let secret = page.between("<code id=\"factor-secret\">", "<").to_owned();
        let pairs = [
            ("code", now_code(&secret)),
            ("label", "Phone".to_owned()),
            ("next", "/o".to_owned()),
        ];
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let codes = self.submit(ADD, "/account/factors/finish", &pairs);
        assert!(
            codes.status == 200 && codes.body.contains("Your recovery codes"),
            "{}",
            codes.body
        );
        let shown = codes.body.split("<li><code>").skip(1);
        let shown = shown.map(|rest| rest.split('<').next().unwrap().to_owned());
        site.recovery_codes
            .lock()
            .unwrap()
            .insert(who.to_owned(), shown.collect());
        secret
    }

    fn show_recovery_code(&mut self, site: &Site, who: &str) {
        let code = site
            .recovery_codes
            .lock()
            .unwrap()
            .get_mut(who)
            .unwrap()
            .pop()
            .unwrap();
        let answer = self.submit("/sign-in/factor", "/sign-in/factor", &[("code", &code)]);
        assert_eq!(answer.location(), "/o");
    }

    pub(super) fn sign_in(&mut self, email: &str, password: &str, next: &str) -> Answer {
        let pairs = [("login", email), ("password", password), ("next", next)];
        self.submit("/sign-in", "/sign-in", &pairs)
    }

    fn cookie_header(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    pub(super) fn get(&mut self, path: &str) -> Answer {
        let request = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("cookie", self.cookie_header());
        let answer = request.call().unwrap();
        self.read(answer)
    }

    /// Gets a file with these headers: status, headers, bytes.
    pub(super) fn fetch(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, Vec<(String, String)>, Vec<u8>) {
        let mut request = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("cookie", self.cookie_header());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.call().unwrap();
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
        };
        let headers = answer.headers().iter().map(header).collect();
        let bytes = answer.body_mut().read_to_vec().unwrap();
        (answer.status().as_u16(), headers, bytes)
    }

    /// Posts a body with these headers and nothing else.
    pub(super) fn post_raw(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("cookie", self.cookie_header());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send(body).unwrap();
        self.read(answer)
    }

    /// Posts a form as our own page would.
    pub(super) fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let base = self.base.clone();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", base.as_str()),
        ];
        self.post_raw(path, &headers, encode(pairs).as_bytes())
    }

    /// Opens a page and sends a form with its token.
    pub(super) fn submit(&mut self, page: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let token = self.get(page).token();
        let mut pairs = pairs.to_vec();
        pairs.push(("csrf", &token));
        self.post(path, &pairs)
    }

    fn read(&mut self, mut answer: ureq::http::Response<ureq::Body>) -> Answer {
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
        };
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().map(header).collect(),
            body: answer.body_mut().read_to_string().unwrap(),
        }
    }
}

/// The code that an app shows now.
pub(super) fn now_code(secret: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    testkit::authenticator::code(secret, now.unsigned_abs()).unwrap()
}

/// `application/x-www-form-urlencoded`, every byte that could mean something escaped.
pub(super) fn encode(pairs: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}
