//! Setting a second factor up: begun, shown, and counting once a code of it was typed.
//!
//! Invariant: a factor that was not shown to work never counts, so that nobody locks themselves out by a picture that no
//! app has read.

use super::{check_room, checked_label, code, commit, end_others, fresh_holder, issue_codes, own};
use crate::{
    Platform,
    act::{Object, vault_failure},
    caller::Caller,
    error::{PlatformError, Result},
    session,
    workspace::random,
};
use store::control::{
    ControlTx,
    factor::{self as rows, FactorKind, FactorState, NewFactor},
    recovery_code,
    session::PassedFactor,
};
use types::{AccountId, FactorId, SessionId};
use vault::{RecoveryCode, SecretText, SessionToken, TotpSecret, totp::Reading};

/// An app that is being set up.
#[derive(Debug)]
pub struct Enrolment {
    /// The factor's id.
    pub id: FactorId,
    /// The secret as it is typed into an app.
    pub secret: SecretText,
    /// The address that the QR code carries.
    pub uri: SecretText,
}

/// What came of a factor's first proof.
#[derive(Debug)]
pub struct Enrolled {
    /// The session's new token; the old one is void.
    pub session: SessionToken,
    /// The account's recovery codes, shown this once, when it had none.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// Begins to set up an authenticator app, in the place of one that was never shown to work.
///
/// # Errors
/// `proof-required`; `conflict` when there are [`super::FACTORS_MAX`]; `not-allowed` for tokens.
pub async fn begin(platform: &Platform, caller: &Caller) -> Result<Enrolment> {
    let (account, _) = fresh_holder(platform, caller)?;
    let id = FactorId::new(platform.now_ms(), random()?);
    let secret = TotpSecret::generate().map_err(vault_failure)?;
    let mut tx = platform.control().begin().await?;
    check_room(&mut tx, account.id).await?;
    let new = NewFactor {
        id,
        account: account.id,
        kind: FactorKind::Totp,
        label: "Authenticator app".to_owned(),
        secret: code::seal_secret(platform, account.id, id, &secret)?,
        created_at: platform.now(),
    };
    rows::replace_pending(&mut tx, new).await?;
    commit(platform, caller, tx, "factor.begin", Object::new("factor", id)).await?;
    Ok(enrolment(platform, &account.email, id, &secret))
}

/// The app that is being set up, once more: for the page that was opened again.
///
/// # Errors
/// As [`begin`]; `not-found` when nothing is being set up.
pub async fn show(platform: &Platform, caller: &Caller) -> Result<Enrolment> {
    let (account, _) = fresh_holder(platform, caller)?;
    let (id, secret) = pending(platform, account.id).await?;
    Ok(enrolment(platform, &account.email, id, &secret))
}

async fn pending(platform: &Platform, account: AccountId) -> Result<(FactorId, TotpSecret)> {
    let found = rows::list_of(&mut platform.control().read().await?, account).await?;
    let row = found
        .into_iter()
        .find(|row| row.state == FactorState::Pending && row.kind == FactorKind::Totp);
    let row = row.ok_or_else(|| PlatformError::not_found("second factor"))?;
    let secret = code::open_secret(platform, account, row.id, &row.secret)?;
    Ok((row.id, secret))
}

fn enrolment(platform: &Platform, email: &str, id: FactorId, secret: &TotpSecret) -> Enrolment {
    let base = &platform.settings().base_url;
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    Enrolment {
        id,
        secret: secret.text(),
        uri: secret.uri(&format!("Strongroom {host}"), email),
    }
}

/// Ends setting an app up: the code shows that the app works, and the factor counts. Every other session of the account
/// ends, and this one has passed the second step.
///
/// # Errors
/// `invalid` for a code that does not fit; `too-many-requests`; as [`show`].
pub async fn finish(platform: &Platform, caller: &Caller, label: &str, typed: &str) -> Result<Enrolled> {
    let (account, session) = fresh_holder(platform, caller)?;
    let label = checked_label(label)?;
    let (id, secret) = pending(platform, account.id).await?;
    code::count_try(platform, account.id).await?;
    let step = match secret
        .look(typed, platform.now().as_second())
        .map_err(vault_failure)?
    {
        Reading::Counts { step } => step,
        Reading::Off { step, ahead } => {
            let missed = code::Missed::ClockOff {
                factor: id,
                step,
                ahead,
            };
            return Err(code::refuse(platform, caller, account.id, missed).await?);
        }
        Reading::Wrong => {
            return Err(code::refuse(platform, caller, account.id, code::Missed::Wrong).await?);
        }
    };
    let mut tx = platform.control().begin().await?;
    own(rows::activate(&mut tx, account.id, id, &label, Some(step)).await)?;
    let enrolled = settle(platform, &mut tx, account.id, session, PassedFactor::Totp).await?;
    commit(platform, caller, tx, "factor.add", Object::new("factor", id)).await?;
    Ok(enrolled)
}

/// What is due when a factor begins to count, in the transaction in which it does: recovery codes for whoever has none, so
/// that no factor is the only way in; the end of every other session; a new token for this one.
pub(super) async fn settle(
    platform: &Platform,
    tx: &mut ControlTx,
    account: AccountId,
    session: SessionId,
    passed: PassedFactor,
) -> Result<Enrolled> {
    let recovery_codes = match recovery_code::count_left(tx, account).await? {
        0 => issue_codes(platform, tx, account).await?,
        _ => Vec::new(),
    };
    store::control::pending_sign_in::forgive(tx, account).await?;
    end_others(platform, tx, account, session).await?;
    let session = session::elevate_in(platform, tx, session, Some(passed)).await?;
    Ok(Enrolled {
        session,
        recovery_codes,
    })
}
