//! People whom a source vouches for and nobody knows here: who wait, until an operator lets them in or turns them away.
//!
//! Invariants: an account that exists is never given to a newcomer, whatever address they come with; whoever is let in is a
//! member of nothing by that alone.

use crate::{
    Caller, Platform,
    account::{self, NewPerson},
    act::{Act, Object},
    error::{PlatformError, Result},
    operator, session,
};
use jiff::Timestamp;
use store::control::identity::{self, Source, SourceKind};
use types::ProblemCode;

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Who, at the source.
    pub subject: String,
    /// What the source calls them.
    pub name: Option<String>,
    /// Their address, as the source says.
    pub email: Option<String>,
    /// Since when.
    pub asked_at: Timestamp,
}

/// The word for a source in entries and answers.
fn word(source: Source) -> &'static str {
    match source.kind {
        SourceKind::OpenId => "provider",
        SourceKind::Directory => "directory",
    }
}

/// Who waits at a source, oldest first.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub(crate) async fn list(platform: &Platform, caller: &Caller, source: Source) -> Result<Vec<Newcomer>> {
    operator::require(caller)?;
    let found = identity::list_requests(&mut platform.control().read().await?, source).await?;
    let newcomer = |request: identity::IdentityRequest| Newcomer {
        subject: request.subject,
        name: request.name,
        email: request.email,
        asked_at: request.asked_at,
    };
    Ok(found.into_iter().map(newcomer).collect())
}

/// Gives somebody who waits an account of this address, which nobody may have yet.
///
/// # Errors
/// `not-found`; `already-taken` for the address; `invalid`; `not-allowed`; `proof-required`.
pub(crate) async fn let_in(
    platform: &Platform,
    caller: &Caller,
    source: Source,
    key: &str,
    subject: &str,
    email: &str,
) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    let request = identity::take_request(&mut tx, source, subject).await?;
    let person = NewPerson {
        name: request
            .name
            .filter(|name| !name.trim().is_empty())
            .unwrap_or_else(|| email.to_owned()),
        email: email.to_owned(),
        password: None,
    };
    let person = account::prepare(platform, person).await?;
    let (account, Some(made)) = account::find_or_insert(platform, caller, &mut tx, person).await? else {
        tx.close().await?;
        return Err(PlatformError::new(ProblemCode::Taken, taken(source)));
    };
    identity::insert(&mut tx, source, subject, account, platform.now()).await?;
    let act = Act::configuration("identity.let-in", Object::new("account", account)).because(key);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[made]).await?;
    Ok(())
}

/// How somebody who has an account gets in by the source: the two kinds differ in who ties them.
fn taken(source: Source) -> &'static str {
    match source.kind {
        SourceKind::OpenId => {
            "this address has an account; its holder ties it to the provider on the account page"
        }
        SourceKind::Directory => "this address has an account already; give another address",
    }
}

/// Takes somebody off the list.
///
/// # Errors
/// As [`let_in`].
pub(crate) async fn turn_away(
    platform: &Platform,
    caller: &Caller,
    source: Source,
    key: &str,
    subject: &str,
) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    identity::take_request(&mut tx, source, subject).await?;
    let act = Act::configuration("identity.turn-away", Object::new(word(source), key));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}
