//! Signing in: a proof of who somebody is, whatever door it came through, and one place that lets them in.
//!
//! Invariants: every door ends in [`admit`], so that none is weaker than another; a refused attempt says the same and takes
//! the same work whether the account exists or not; every attempt is an entry. A door is a file below this one and
//! makes a [`Proven`]. Break-glass is the exception, by design: [`crate::break_glass`].

mod directory;
pub mod openid;
mod password;
mod second;

pub use password::with_password;
pub use second::{MINUTES, TRIES, Waiting, ask_key, waiting, with_code, with_key};

use crate::{
    Platform,
    act::{Act, Object},
    caller::{Caller, Lacks, Origin},
    error::{PlatformError, Result},
    session,
};
use store::control::{
    account::{self, Account},
    factor,
    session::PassedFactor,
};
use types::ProblemCode;
use vault::{PendingToken, SessionToken};

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
    /// The account has a second factor: the person is in when [`with_code`] takes a code of it, or [`with_key`] an answer.
    Factor {
        /// The secret that the browser keeps meanwhile.
        pending: PendingToken,
    },
    /// Something is asked for first: a second factor where one is required, or a new password. The session is good for that,
    /// and for nothing else.
    Enrol {
        /// The secret that the browser keeps.
        token: SessionToken,
        /// Who they are now; held.
        caller: Caller,
    },
}

/// By which door somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// A password that is kept here.
    Password,
    /// A password at a directory.
    Directory,
    /// An OpenID provider.
    OpenId,
}

impl Door {
    /// The name in entries.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Directory => "directory",
            Self::OpenId => "openid",
        }
    }
}

/// A person whom a door knows for certain.
pub(crate) struct Proven {
    /// Who; active when the door looked.
    pub(crate) account: Account,
    /// Which door.
    pub(crate) door: Door,
    /// The second factor that the door saw as well.
    pub(crate) factor: Option<PassedFactor>,
    /// What the door changes when the person is let in.
    pub(crate) rehash: Option<Rehash>,
}

/// The hash of an unchanged password, and the stronger one that takes its place.
pub(crate) struct Rehash {
    pub(crate) old: String,
    pub(crate) new: String,
}

/// Lets a person in, or asks for the second factor first.
pub(crate) async fn admit(platform: &Platform, origin: Origin, proven: Proven) -> Result<Admission> {
    let Proven {
        account,
        door,
        factor: passed,
        rehash,
    } = proven;
    let mut tx = platform.control().begin().await?;
    if let Some(Rehash { old, new }) = rehash {
        account::rehash(&mut tx, account.id, &old, &new).await?;
    }
    let standing = factor::standing(&mut tx, account.id).await?;
    if standing.enrolled && passed.is_none() {
        let (pending, entry) = second::ask(platform, &mut tx, origin, &account, door).await?;
        tx.commit(&entry, &[]).await?;
        return Ok(Admission::Factor { pending });
    }
    let (token, caller, entry) = session::begin_in(platform, &mut tx, origin, &account, passed).await?;
    tx.commit(&entry, &[]).await?;
    let is_old = session::is_password_too_old(account.password_changed_at, standing, platform.now());
    let lacks = match (standing.required && passed.is_none(), is_old) {
        (true, _) => Lacks::Enrolment,
        (false, true) => Lacks::Password,
        (false, false) => return Ok(Admission::Session { token, caller }),
    };
    let caller = Caller {
        identity: session::held(&caller, lacks),
        ..caller
    };
    Ok(Admission::Enrol { token, caller })
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
