//! A sign-in: find the person, then one bind with what they typed, on a connection of its own.
//!
//! Invariants: one typed password is one bind at one server. Between [`find`] and [`Found::prove`] the caller can throttle by the
//! identifier that stays. The whole takes at most [`PATIENCE`] each.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;
use vault::SecretText;

use crate::{
    connection::{Connection, Depth},
    failure::Failure,
    group::{self, Group},
    person::{self, Person},
    pool::Pool,
    refusal::Refusal,
    settings::{Binding, Server, Settings},
};

/// Longest wait for finding, and for proving: together within twelve seconds.
pub const PATIENCE: Duration = Duration::from_secs(6);
const LOGIN_MAX: usize = 254;
const PASSWORD_MAX: usize = 1_024;

/// What a sign-in led to.
#[derive(Debug)]
pub enum Outcome {
    /// It is this person, in these groups.
    Proven(Box<Person>, Vec<Group>),
    /// It is not, or they may not.
    Refused(Refusal),
}

/// A person who was found and has not proved anything yet.
pub struct Found {
    service: Connection,
    server: Server,
    /// The identifier that stays; `None` where a template makes the name and nothing was searched.
    pub id: Option<String>,
    dn: String,
}

/// Finds who this login name is; the service account does it.
///
/// # Errors
/// Why the directory could not be asked.
pub async fn find(
    pool: &Pool,
    settings: &Settings,
    secret: &SecretText,
    login: &str,
    now: Timestamp,
) -> Result<Result<Found, Refusal>, Failure> {
    if login.is_empty() || login.len() > LOGIN_MAX || login.contains('\0') {
        return Ok(Err(Refusal::Malformed));
    }
    let found = timeout(PATIENCE, find_within(pool, settings, secret, login, now)).await;
    found.unwrap_or_else(|_| Err(slow(settings)))
}

async fn find_within(
    pool: &Pool,
    settings: &Settings,
    secret: &SecretText,
    login: &str,
    now: Timestamp,
) -> Result<Result<Found, Refusal>, Failure> {
    let (mut service, server) = pool.connect(settings, secret).await?;
    if let Binding::Template(template) = &settings.binding {
        let dn = template.replace("{login}", &ldap3::dn_escape(login));
        return Ok(Ok(Found {
            service,
            server,
            id: None,
            dn,
        }));
    }
    let searched = search(&mut service, settings, login, now).await;
    if let Err(failure) = &searched
        && failure.is_of_the_server()
    {
        pool.rest(settings, &server, failure);
    }
    Ok(searched?.map(|person| Found {
        service,
        server,
        id: Some(person.id),
        dn: person.dn,
    }))
}

/// Looks for the one person with this login name below all bases.
pub(crate) async fn search(
    service: &mut Connection,
    settings: &Settings,
    login: &str,
    now: Timestamp,
) -> Result<Result<Person, Refusal>, Failure> {
    let mut hits = Vec::new();
    for base in &settings.person_bases {
        // Two are enough to know that it is not one.
        match service
            .search(
                base,
                Depth::Below,
                &settings.login_filter(login),
                &person::attributes(settings),
                2,
            )
            .await
        {
            Ok(found) => hits.extend(found),
            Err(Failure::Limit { code: 4, .. }) => return Ok(Err(Refusal::Ambiguous)),
            Err(failure) => return Err(failure),
        }
    }
    // Bases may lie within each other.
    hits.sort_by(|one, other| one.dn.cmp(&other.dn));
    hits.dedup_by(|one, other| one.dn == other.dn);
    Ok(match hits.as_slice() {
        [] => Err(Refusal::Unknown),
        [one] => Person::of(settings, one, now).ok_or(Refusal::NoIdentifier),
        _ => Err(Refusal::Ambiguous),
    })
}

impl Found {
    /// One bind with the password, the own entry read anew, and the groups.
    ///
    /// # Errors
    /// Why the directory could not be asked.
    pub async fn prove(
        mut self,
        settings: &Settings,
        password: &SecretText,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let text = password.expose();
        if text.is_empty() {
            return Ok(Outcome::Refused(Refusal::Empty));
        }
        if text.contains('\0') || text.len() > PASSWORD_MAX {
            return Ok(Outcome::Refused(Refusal::Malformed));
        }
        let proven = timeout(PATIENCE, self.prove_within(settings, password, now)).await;
        proven.unwrap_or_else(|_| Err(slow(settings)))
    }

    async fn prove_within(
        &mut self,
        settings: &Settings,
        password: &SecretText,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let mut own = Connection::open(settings, &self.server, &mut Vec::new()).await?;
        if let Some(refusal) = bind(&mut own, &self.dn, password).await? {
            return Ok(Outcome::Refused(refusal));
        }
        let Some(person) = self.read_own(&mut own, settings, now).await? else {
            return Ok(Outcome::Refused(Refusal::NoIdentifier));
        };
        // Somebody else may have got the name between the search and the bind.
        if self.id.as_ref().is_some_and(|id| *id != person.id) {
            return Ok(Outcome::Refused(Refusal::Unknown));
        }
        if let Some(refusal) = person.state.refusal() {
            return Ok(Outcome::Refused(refusal));
        }
        let groups = group::of_person(&mut self.service, settings, &person).await?;
        Ok(Outcome::Proven(Box::new(person), groups))
    }

    /// The person's entry as it is after the bind: with their own eyes, or the service account's where they may not see it.
    async fn read_own(
        &mut self,
        own: &mut Connection,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Option<Person>, Failure> {
        let attributes = person::attributes(settings);
        let seen = match own.read(&self.dn, &attributes).await {
            Ok(seen) => seen,
            Err(Failure::NoRight { .. }) => None,
            Err(failure) => return Err(failure),
        };
        if let Some(person) = seen.and_then(|entry| Person::of(settings, &entry, now))
            && !person.login.is_empty()
        {
            return Ok(Some(person));
        }
        let seen = self.service.read(&self.dn, &attributes).await?;
        Ok(seen.and_then(|entry| Person::of(settings, &entry, now)))
    }
}

/// The one bind: why not, if not.
async fn bind(own: &mut Connection, dn: &str, password: &SecretText) -> Result<Option<Refusal>, Failure> {
    let server = own.server.clone();
    let bound = own.bind(dn, password).await?;
    match bound.code {
        0 => Ok(bound.policy.refusal()),
        8 => Err(Failure::Stronger { server }),
        13 => Err(Failure::Confidentiality { server }),
        // A template made a name that is not there or is none.
        32 | 34 => Ok(Some(Refusal::Unknown)),
        49 => Ok(Some(
            bound
                .policy
                .refusal()
                .unwrap_or_else(|| Refusal::of_diagnostic(&bound.text)),
        )),
        19 | 53 => Ok(Some(bound.policy.refusal().unwrap_or(Refusal::Disabled))),
        code @ (51 | 52) => Err(Failure::Busy { server, code }),
        code => Err(Failure::Code {
            server,
            code,
            text: bound.text,
        }),
    }
}

/// Both steps, for whoever has no throttle between them.
///
/// # Errors
/// Why the directory could not be asked.
pub async fn sign_in(
    pool: &Pool,
    settings: &Settings,
    secret: &SecretText,
    login: &str,
    password: &SecretText,
    now: Timestamp,
) -> Result<Outcome, Failure> {
    if password.expose().is_empty() {
        return Ok(Outcome::Refused(Refusal::Empty));
    }
    match find(pool, settings, secret, login, now).await? {
        Ok(found) => found.prove(settings, password, now).await,
        Err(refusal) => Ok(Outcome::Refused(refusal)),
    }
}

fn slow(settings: &Settings) -> Failure {
    let server = settings
        .servers
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    Failure::Slow { server }
}
