//! Signing in: a proof of who somebody is, whatever door it came through, and one place that lets them in.
//!
//! Invariants: every door ends in [`admit`], so that none is weaker than another; a refused attempt says the same and takes
//! the same work whether the account exists or not; every attempt is an entry. A door is a file below this one and
//! makes a [`Proven`]. Break-glass is the exception, by design: [`crate::break_glass`].

mod directory;
pub mod openid;
mod password;

pub use password::with_password;

use crate::{
    Platform,
    act::{Act, Object},
    caller::{Caller, Origin},
    error::{PlatformError, Result},
    session,
};
use store::control::account::{self, Account};
use types::ProblemCode;
use vault::SessionToken;

/// What a sign-in has led to.
#[derive(Debug)]
pub enum Admission {
    /// The person is in.
    Session {
        /// The secret that the browser keeps.
        token: SessionToken,
        /// Who they are now.
        caller: Caller,
    },
}

/// A person whom a door knows for certain.
pub(crate) struct Proven {
    /// Who; active when the door looked.
    pub(crate) account: Account,
    /// What the door changes when the person is let in.
    pub(crate) rehash: Option<Rehash>,
}

/// The hash of an unchanged password, and the stronger one that takes its place.
pub(crate) struct Rehash {
    pub(crate) old: String,
    pub(crate) new: String,
}

/// Lets a person in.
pub(crate) async fn admit(platform: &Platform, origin: Origin, proven: Proven) -> Result<Admission> {
    let Proven { account, rehash } = proven;
    let mut tx = platform.control().begin().await?;
    let (token, caller, entry) = session::begin_in(platform, &mut tx, origin, &account).await?;
    if let Some(Rehash { old, new }) = rehash {
        account::rehash(&mut tx, account.id, &old, &new).await?;
    }
    tx.commit(&entry, &[]).await?;
    Ok(Admission::Session { token, caller })
}

/// Writes down that somebody was turned away.
pub(crate) async fn note_refusal(platform: &Platform, origin: Origin) -> Result<()> {
    let act = Act::access("session.refuse", Object::unknown("account"));
    let entry = platform.entry(&Caller::anonymous(origin), None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}

/// The one sentence for every cause.
pub(crate) fn refused() -> PlatformError {
    let text = "the e-mail address or the password is not right";
    PlatformError::new(ProblemCode::NotSignedIn, text)
}
