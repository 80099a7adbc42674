//! A connection with one identity: bind, read, search, page. Each has a deadline, and only code 0 is an answer.
//!
//! Invariants: what `ldap3` does with an answer happens in a task of its own, because it panics on malformed ones; that task
//! ends with the future that waits for it. A page that did not end well is no page.

use std::time::{Duration, Instant};

use ldap3::controls::{Control, ControlParser, ControlType, PagedResults, RawControl};
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry, SearchOptions,
    StdStream,
};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use vault::SecretText;

use crate::{
    entry::Entry,
    failure::{Failure, plain},
    frame::Wrong,
    settings::{Server, ServiceProof, Settings},
    state::PasswordPolicy,
    tls,
    transport::{self, Ended, Pump, Step},
};

/// Longest wait for one operation.
pub const OPERATION_PATIENCE: Duration = Duration::from_secs(5);
/// Longest wait for one page of a listing.
pub const PAGE_PATIENCE: Duration = Duration::from_secs(60);
/// Entries of one page: below the limit that OpenLDAP and Active Directory have as a rule.
const PAGE_SIZE: i32 = 500;

/// An answer to a bind.
#[derive(Debug)]
pub(crate) struct Bound {
    /// The result code.
    pub(crate) code: u32,
    /// What the server said.
    pub(crate) text: String,
    /// What it said of the password policy.
    pub(crate) policy: PasswordPolicy,
}

/// Below what is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Depth {
    /// The entry itself.
    Itself,
    /// It and everything below it.
    Below,
}

/// A connection.
pub(crate) struct Connection {
    ldap: Ldap,
    driver: JoinHandle<()>,
    pump: Pump,
    pub(crate) server: String,
    is_protected: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Opens one; nobody is bound yet.
    pub(crate) async fn open(
        settings: &Settings,
        server: &Server,
        steps: &mut Vec<Step>,
    ) -> Result<Self, Failure> {
        let way = transport::open(settings, server, steps).await?;
        let inside = |error: &dyn std::fmt::Display| Failure::Inside(plain(&error.to_string()));
        let (pump, end) = transport::pump(way.stream).map_err(|error| inside(&error))?;
        let connection = LdapConnSettings::new().set_std_stream(StdStream::Unix(end));
        let opened = LdapConnAsync::with_settings(connection, "ldapi:///").await;
        let (driver, ldap) = opened.map_err(|error| inside(&error))?;
        let driver = tokio::spawn(async move {
            // Whatever ends it, the exchange sees its connection closed, and the pump knows why.
            let _ = driver.drive().await;
        });
        Ok(Self {
            ldap,
            driver,
            pump,
            server: way.server,
            is_protected: way.is_protected,
        })
    }

    /// Runs one exchange in a task of its own.
    async fn exchange<T, F>(&mut self, patience: Duration, make: impl FnOnce(Ldap) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, LdapError>> + Send + 'static,
        T: Send + 'static,
    {
        self.pump.begin();
        let mut tasks = JoinSet::new();
        tasks.spawn(make(self.ldap.clone()));
        match timeout(patience, tasks.join_next()).await {
            Err(_) => Err(Failure::Slow {
                server: self.server.clone(),
            }),
            Ok(Some(Ok(Ok(answer)))) => Ok(answer),
            Ok(Some(Ok(Err(error)))) => Err(self.broken(&error).await),
            // A panic of the parser.
            Ok(Some(Err(_)) | None) => Err(Failure::Nonsense {
                server: self.server.clone(),
            }),
        }
    }

    async fn broken(&mut self, error: &LdapError) -> Failure {
        let server = self.server.clone();
        // The driver says nothing when it panics, only ends.
        let panicked = timeout(Duration::from_millis(200), &mut self.driver)
            .await
            .is_ok_and(|end| end.is_err());
        match (self.pump.verdict.read(), error) {
            (Some(Ended::Wrong(Wrong::NotLdap)), _) => Failure::Nonsense { server },
            (Some(Ended::Wrong(Wrong::TooLarge)), _) => Failure::TooLarge { server },
            (_, LdapError::FilterParsing) => Failure::Filter {
                filter: String::new(),
            },
            (Some(Ended::Alert(reason)), _) => tls::alerted(server, reason),
            _ if panicked => Failure::Nonsense { server },
            (Some(Ended::Unheard), _) if self.is_protected => Failure::Unheard { server },
            (Some(Ended::Closed | Ended::Unheard), _) => Failure::Closed { server },
            (None, LdapError::Io { .. }) => Failure::Nonsense { server },
            (None, _) => Failure::Closed { server },
        }
    }

    /// One simple bind, with the request for what the password policy says (draft-behera-ldap-password-policy).
    pub(crate) async fn bind(&mut self, name: &str, password: &SecretText) -> Result<Bound, Failure> {
        if password.expose().is_empty() || name.is_empty() {
            // An empty one would be an anonymous bind, which succeeds.
            return Err(Failure::Inside("a bind without a password was not made".into()));
        }
        let (name, password) = (name.to_owned(), SecretText::new(password.expose().to_owned()));
        let result = self.exchange(OPERATION_PATIENCE, move |mut ldap| async move {
            let control = RawControl {
                ctype: PasswordPolicy::OID.to_owned(),
                crit: false,
                val: None,
            };
            ldap.with_controls(control)
                .simple_bind(&name, password.expose())
                .await
        });
        let result = result.await?;
        Ok(Bound {
            code: result.rc,
            policy: PasswordPolicy::of(&result.ctrls),
            text: plain(&result.text),
        })
    }

    /// One bind by what TLS has shown of us: SASL EXTERNAL (RFC 4422 appendix A).
    async fn bind_by_certificate(&mut self) -> Result<Bound, Failure> {
        let result = self.exchange(OPERATION_PATIENCE, |mut ldap| async move {
            ldap.sasl_external_bind().await
        });
        let result = result.await?;
        Ok(Bound {
            code: result.rc,
            policy: PasswordPolicy::of(&result.ctrls),
            text: plain(&result.text),
        })
    }

    /// The service account's bind. The secret is of no use where it proves itself by its certificate.
    pub(crate) async fn bind_service(
        &mut self,
        settings: &Settings,
        secret: &SecretText,
    ) -> Result<(), Failure> {
        let by_certificate = settings.service_proof == ServiceProof::Certificate;
        let bound = match settings.service_proof {
            ServiceProof::Password => self.bind(&settings.service_dn, secret).await?,
            ServiceProof::Certificate => self.bind_by_certificate().await?,
        };
        let server = self.server.clone();
        let service = |why: String| Failure::Service {
            dn: settings.service_dn.clone(),
            why,
        };
        match bound.code {
            0 => Ok(()),
            7 | 48 | 49 if by_certificate => Err(service(format!(
                "the server does not take the client certificate for an account (code {})",
                bound.code
            ))),
            8 => Err(Failure::Stronger { server }),
            13 => Err(Failure::Confidentiality { server }),
            49 => Err(service(
                crate::refusal::Refusal::of_diagnostic(&bound.text).to_string(),
            )),
            19 | 53 => Err(service(
                "its account or its password is not usable any more".into(),
            )),
            code @ (51 | 52) => Err(Failure::Busy { server, code }),
            code => Err(Failure::Code {
                server,
                code,
                text: bound.text,
            }),
        }
    }

    /// One entry, or none when there is none of that name.
    pub(crate) async fn read(&mut self, name: &str, attributes: &[&str]) -> Result<Option<Entry>, Failure> {
        match self
            .search(name, Depth::Itself, "(objectClass=*)", attributes, 1)
            .await
        {
            Ok(found) => Ok(found.into_iter().next()),
            Err(Failure::Base { .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// At most so many entries; one more is a failure of the limit.
    pub(crate) async fn search(
        &mut self,
        base: &str,
        depth: Depth,
        filter: &str,
        attributes: &[&str],
        most: i32,
    ) -> Result<Vec<Entry>, Failure> {
        let query = Query::new(base, depth, filter, attributes);
        let (entries, result) = self
            .exchange(OPERATION_PATIENCE, move |ldap| query.run(ldap, most, None))
            .await
            .map_err(|failure| named(failure, filter))?;
        self.accept(base, &result)?;
        Ok(entries)
    }

    /// Everything below the base, page by page until the server says that it was all.
    pub(crate) async fn list(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        most: usize,
    ) -> Result<Vec<Entry>, Failure> {
        let mut all = Vec::new();
        let mut cookie = Vec::new();
        let began = Instant::now();
        loop {
            let query = Query::new(base, Depth::Below, filter, attributes);
            let page = PagedResults {
                size: PAGE_SIZE,
                cookie,
            };
            let left = (PAGE_PATIENCE * 10)
                .saturating_sub(began.elapsed())
                .min(PAGE_PATIENCE);
            let answered = self.exchange(left, move |ldap| async move {
                let (entries, result) = query.run(ldap, 0, Some(page)).await?;
                let next = next_page(&result);
                Ok((entries, result, next))
            });
            let (entries, result, next) = answered.await.map_err(|failure| named(failure, filter))?;
            self.accept(base, &result)?;
            all.extend(entries);
            if all.len() > most {
                return Err(Failure::Limit {
                    base: base.to_owned(),
                    code: 4,
                });
            }
            match next {
                Some(next) if !next.is_empty() => cookie = next,
                _ => return Ok(all),
            }
        }
    }

    fn accept(&self, base: &str, result: &LdapResult) -> Result<(), Failure> {
        let (base, server) = (base.to_owned(), self.server.clone());
        match result.rc {
            0 => Ok(()),
            code @ (3 | 4 | 11) => Err(Failure::Limit { base, code }),
            8 => Err(Failure::Stronger { server }),
            10 => Err(Failure::Referral { base }),
            13 => Err(Failure::Confidentiality { server }),
            code @ (32 | 34) => Err(Failure::Base { base, code }),
            50 => Err(Failure::NoRight { base }),
            code @ (51 | 52) => Err(Failure::Busy { server, code }),
            code => Err(Failure::Code {
                server,
                code,
                text: plain(&result.text),
            }),
        }
    }
}

fn named(failure: Failure, filter: &str) -> Failure {
    match failure {
        Failure::Filter { .. } => Failure::Filter {
            filter: plain(filter),
        },
        other => other,
    }
}

fn next_page(result: &LdapResult) -> Option<Vec<u8>> {
    let page = result
        .ctrls
        .iter()
        .find(|Control(kind, _)| matches!(kind, Some(ControlType::PagedResults)))?;
    page.1
        .val
        .as_deref()
        .map(|value| PagedResults::parse(value).cookie)
}

struct Query {
    base: String,
    depth: Depth,
    filter: String,
    attributes: Vec<String>,
}

impl Query {
    fn new(base: &str, depth: Depth, filter: &str, attributes: &[&str]) -> Self {
        Self {
            base: base.to_owned(),
            depth,
            filter: filter.to_owned(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Entries are made here, within the task, because making one of a malformed answer panics.
    async fn run(
        self,
        mut ldap: Ldap,
        most: i32,
        page: Option<PagedResults>,
    ) -> Result<(Vec<Entry>, LdapResult), LdapError> {
        let scope = match self.depth {
            Depth::Itself => Scope::Base,
            Depth::Below => Scope::Subtree,
        };
        ldap.with_search_options(SearchOptions::new().sizelimit(most));
        if let Some(page) = page {
            ldap.with_controls(RawControl::from(page));
        }
        let found = ldap
            .search(&self.base, scope, &self.filter, self.attributes)
            .await?;
        let entries = found
            .0
            .into_iter()
            .map(|entry| Entry::of(SearchEntry::construct(entry)))
            .collect();
        Ok((entries, found.1))
    }
}
