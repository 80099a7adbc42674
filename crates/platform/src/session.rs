//! Sessions: begun by a sign-in, ended by its holder or by time, and knowing a caller again by session or API token.
//!
//! Invariants: an ended session or revoked token is refused on every node within [`crate::cache::AGE_MAX`], and what runs
//! under it ends too ([`crate::withdrawal`]); a session keeps to the tightest bounds of all the organizations of its
//! person. Who may begin a session is decided by [`crate::sign_in`].

mod overdue;
mod own;

pub use overdue::end_overdue;
pub use own::{SessionView, end_others, end_own, list_own};

mod fresh;

pub use fresh::{MINUTES, Wanted, ask_code, ask_key, prove, prove_with_key, require_fresh, wanted};

pub(crate) use fresh::elevate_in;

use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::{AccountSummary, Caller, Identity, Lacks, Origin},
    error::Result,
    narrowing,
    workspace::random,
};
use access::{Permission, TokenScope};
use config::Network;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, net::IpAddr, time::Instant};
use store::{
    NewEntry,
    control::{
        ControlTx,
        account::{Account, AccountState},
        api_token, factor, session as rows,
        session::PassedFactor,
    },
};
use types::SessionId;
use vault::{ApiToken, HashedToken, SessionToken};

/// A caller known by a session or token, as the cache keeps it.
#[derive(Clone)]
pub(crate) struct Known {
    identity: Identity,
    /// The networks that a token may be used from; none is everywhere.
    networks: Vec<Network>,
}

/// What a request says of the person behind a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// They do something.
    Use,
    /// A page of ours asks by itself whether something has changed: no sign of a person.
    Polling,
}

/// How often a session's last use is written down, in seconds.
const TOUCH_SECONDS: i64 = 60;
/// How far the clock may be set back before sessions that were made or used after "now" do not count: they would live for
/// longer than they may.
const FUTURE_SECONDS_MAX: i64 = 300;

/// Begins a session within a transaction; its entry is to be committed with it.
pub(crate) async fn begin_in(
    platform: &Platform,
    tx: &mut ControlTx,
    origin: Origin,
    account: &Account,
    passed: Option<PassedFactor>,
) -> Result<(SessionToken, Caller, NewEntry)> {
    let token = SessionToken::generate().map_err(vault_failure)?;
    let now = platform.now();
    let id = SessionId::new(platform.now_ms(), random()?);
    let lifetime = SignedDuration::from_secs(i64::from(platform.settings().session_absolute_seconds_max));
    let identity = Identity::Person {
        account: AccountSummary::of(account),
        session: id,
        elevated_until: fresh::until(now),
    };
    let caller = Caller {
        identity,
        origin,
        grant: None,
    };
    let new = rows::NewSession {
        id,
        token_hash: token.hashed().bytes().to_vec(),
        account: account.id,
        created_at: now,
        expires_at: now.checked_add(lifetime).unwrap_or(now),
        address: caller.origin.address.clone().unwrap_or_default(),
        device: caller.origin.device.clone().unwrap_or_default(),
        factor: passed,
        elevated_until: fresh::until(now),
    };
    rows::insert(tx, new).await?;
    let act = Act::access("session.begin", Object::new("session", id));
    let act = passed.map_or(act.clone(), |passed| act.because(passed.as_str()));
    let entry = platform.entry(&caller, None, &act)?;
    Ok((token, caller, entry))
}

/// Ends the caller's session. A download breaks off; a job that it put up goes on, as when the browser is closed.
///
/// # Errors
/// `unavailable`.
pub async fn sign_out(platform: &Platform, caller: &Caller) -> Result<()> {
    let Some((_, session)) = caller.holder() else {
        return Ok(());
    };
    let mut tx = platform.control().begin().await?;
    rows::sign_out(&mut tx, session, platform.now()).await?;
    let entry = platform.entry(
        caller,
        None,
        &Act::access("session.end", Object::new("session", session)),
    )?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}

/// The caller behind a session's token; anonymous when it is unknown, ended, expired or idle for too long. Polling does
/// not keep it alive.
///
/// # Errors
/// `unavailable`.
pub async fn identify_session(
    platform: &Platform,
    origin: Origin,
    text: &str,
    activity: Activity,
) -> Result<Caller> {
    let Ok(token) = SessionToken::parse(text) else {
        return Ok(Caller::anonymous(origin));
    };
    let hash = *token.hashed().bytes();
    if let Some(known) = platform.known().get(&hash) {
        return Ok(Caller {
            identity: known.identity,
            origin,
            grant: None,
        });
    }
    let read = Instant::now();
    let now = platform.now();
    let mut read_from = platform.control().read().await?;
    let Some((session, account)) = rows::find_live_by_hash(&mut read_from, &hash, now).await? else {
        return Ok(Caller::anonymous(origin));
    };
    let bounds = Bounds::new(platform, rows::bounds_of(&mut read_from, account.id).await?);
    drop(read_from);
    if account.state != AccountState::Active || !bounds.allow(&session, now) {
        return Ok(Caller::anonymous(origin));
    }
    let unused = now.as_second() - session.last_seen_at.as_second();
    if activity == Activity::Use && unused >= TOUCH_SECONDS.min(bounds.idle / 2) {
        rows::touch(&mut platform.control().keep().await?, session.id, now).await?;
    }
    let standing = factor::standing(&mut platform.control().read().await?, account.id).await?;
    let identity = identity_of(&session, &account, standing, now);
    platform.known().put(
        hash,
        Known {
            identity: identity.clone(),
            networks: Vec::new(),
        },
        read,
    );
    Ok(Caller {
        identity,
        origin,
        grant: None,
    })
}

/// How long a session may live, in seconds.
struct Bounds {
    idle: i64,
    absolute: i64,
}

impl Bounds {
    fn new(platform: &Platform, own: rows::Bounds) -> Self {
        let settings = platform.settings();
        let tighter = |appliance: u32, own: Option<i32>| {
            let own = own.map_or(i64::MAX, |own| i64::from(own.max(0)));
            i64::from(appliance).min(own)
        };
        Self {
            idle: tighter(settings.session_idle_seconds_max, own.idle_seconds_max),
            absolute: tighter(settings.session_absolute_seconds_max, own.absolute_seconds_max),
        }
    }

    fn allow(&self, session: &rows::Session, now: Timestamp) -> bool {
        let since = |then: Timestamp| now.as_second() - then.as_second();
        let unused = since(session.last_seen_at);
        let age = since(session.created_at);
        (-FUTURE_SECONDS_MAX..=self.idle).contains(&unused)
            && (-FUTURE_SECONDS_MAX..=self.absolute).contains(&age)
    }
}

/// What a session lacks. One that passed no second step is held when the account has a factor, or must have one: neither
/// an old session nor a new requirement leaves a gap.
pub(crate) fn lacks_of_session(passed: Option<&str>, standing: factor::Standing) -> Option<Lacks> {
    // What came by a sent code, or instead of one, is not enough where more is asked of the account.
    let weak = [PassedFactor::Mail, PassedFactor::Sms, PassedFactor::Recovery];
    let is_weak = passed.is_some_and(|passed| weak.into_iter().any(|weak| weak.as_str() == passed));
    let is_short = standing.required && standing.enrolled && !standing.suffices();
    // Who has power over others and something stronger gets no codes any more; a session that came by one before ends with that.
    let is_sent = passed == Some(PassedFactor::Mail.as_str()) || passed == Some(PassedFactor::Sms.as_str());
    if is_sent && standing.required && standing.privileged && standing.strong {
        return Some(Lacks::Proof);
    }
    match (passed.is_some(), standing.enrolled, standing.required) {
        (true, ..) if is_weak && is_short => Some(Lacks::Enrolment),
        (true, ..) | (false, false, false) => None,
        (false, true, _) => Some(Lacks::Proof),
        (false, false, true) => Some(Lacks::Enrolment),
    }
}

/// Is a password older than is allowed? Somebody without one has none that is.
pub(crate) fn is_password_too_old(
    changed_at: Option<Timestamp>,
    standing: factor::Standing,
    now: Timestamp,
) -> bool {
    let (Some(changed_at), Some(days)) = (changed_at, standing.password_days_max) else {
        return false;
    };
    now.as_second() - changed_at.as_second() > i64::from(days) * 86_400
}

/// What an API token lacks: it works for an account that could sign in.
pub(crate) fn lacks_of_program(standing: factor::Standing) -> Option<Lacks> {
    (standing.required && !standing.suffices()).then_some(Lacks::Enrolment)
}

/// Who a live session stands for.
fn identity_of(
    session: &rows::Session,
    account: &Account,
    standing: factor::Standing,
    now: Timestamp,
) -> Identity {
    let password_changed_at = account.password_changed_at;
    let account = AccountSummary::of(account);
    // Whoever came by break-glass may have lost the password that would be asked for.
    let is_glass = session.factor.as_deref() == Some(PassedFactor::BreakGlass.as_str());
    let is_old = !is_glass && is_password_too_old(password_changed_at, standing, now);
    let lacks =
        lacks_of_session(session.factor.as_deref(), standing).or_else(|| is_old.then_some(Lacks::Password));
    let elevated_until = session.elevated_until.unwrap_or(Timestamp::UNIX_EPOCH);
    match lacks {
        None => Identity::Person {
            account,
            session: session.id,
            elevated_until,
        },
        Some(lacks) => Identity::Held {
            account,
            session: Some(session.id),
            lacks,
            elevated_until,
        },
    }
}

/// The same person, held.
pub(crate) fn held(caller: &Caller, lacks: Lacks) -> Identity {
    match &caller.identity {
        Identity::Person {
            account,
            session,
            elevated_until,
        } => Identity::Held {
            account: account.clone(),
            session: Some(*session),
            lacks,
            elevated_until: *elevated_until,
        },
        other => other.clone(),
    }
}

/// The caller behind an API token; anonymous when it is unknown, revoked, expired, wrong, or used from elsewhere than it
/// may be.
///
/// # Errors
/// `unavailable`.
pub async fn identify_token(platform: &Platform, origin: Origin, text: &str) -> Result<Caller> {
    let Ok(token) = ApiToken::parse(text) else {
        return Ok(Caller::anonymous(origin));
    };
    let hash = token.hashed();
    if let Some(known) = platform.known().get(hash.bytes()) {
        return Ok(caller_from(known, origin));
    }
    let read = Instant::now();
    let now = platform.now();
    let found =
        api_token::find_live_by_public_id(&mut platform.control().read().await?, token.id().as_str(), now)
            .await?;
    let live = found.filter(|live| {
        let stored: Option<[u8; 32]> = live.secret_hash.as_slice().try_into().ok();
        let right = stored.is_some_and(|stored| HashedToken::from_bytes(stored).matches(&hash));
        right && live.account.state == AccountState::Active
    });
    let Some(live) = live else {
        return Ok(Caller::anonymous(origin));
    };
    let used = live.token.last_used_at.map_or(i64::MIN, Timestamp::as_second);
    if now.as_second().saturating_sub(used) >= TOUCH_SECONDS {
        api_token::touch(&mut platform.control().keep().await?, live.token.id, now).await?;
    }
    let standing = factor::standing(&mut platform.control().read().await?, live.account.id).await?;
    let account = AccountSummary::of(&live.account);
    let identity = match lacks_of_program(standing) {
        Some(lacks) => Identity::Held {
            account,
            session: None,
            lacks,
            elevated_until: Timestamp::UNIX_EPOCH,
        },
        None => Identity::Token {
            account,
            token: live.token.id,
            organization: live.token.organization_id,
            scope: scope_of(live.token.permissions.as_deref()),
            narrowing: narrowing::read(live.token.narrowing)?,
        },
    };
    let networks = live.token.networks.iter().map(|text| text.parse());
    let known = Known {
        identity,
        networks: networks.collect::<Result<_, _>>().map_err(vault_failure)?,
    };
    platform.known().put(*hash.bytes(), known.clone(), read);
    Ok(caller_from(known, origin))
}

/// The holder of a token, unless it is used from elsewhere than it may be; nobody learns that it would be right elsewhere.
fn caller_from(known: Known, origin: Origin) -> Caller {
    let address = origin.address.as_deref();
    let address = address.and_then(|text| text.parse::<IpAddr>().ok());
    let within = |address| known.networks.iter().any(|network| network.contains(address));
    if known.networks.is_empty() || address.is_some_and(within) {
        return Caller {
            identity: known.identity,
            origin,
            grant: None,
        };
    }
    Caller::anonymous(origin)
}

/// Permissions that this program does not know are none.
pub(crate) fn scope_of(codes: Option<&[String]>) -> TokenScope {
    match codes {
        None => TokenScope::All,
        Some(codes) => {
            let known = codes.iter().filter_map(|code| code.parse::<Permission>().ok());
            TokenScope::Only(known.collect::<BTreeSet<Permission>>())
        }
    }
}
