//! Setting an address or a number up: a code is sent there, and it counts once the code was typed.

use super::{Channel, Destination, channels, place, send};
use crate::{
    Platform,
    act::Object,
    caller::{AccountSummary, Caller},
    error::{PlatformError, Result},
    factor::{
        check_room, code, commit,
        enrol::{Enrolled, settle},
        fresh_holder, own,
    },
    sms::PhoneNumber,
    workspace::random,
};
use store::control::{
    factor::{self as rows, Factor, FactorKind, FactorState, NewFactor, Standing},
    key_challenge::{Asked, Ceremony},
    sent_code,
    session::PassedFactor,
};
use types::{AccountId, EmailAddress, FactorId, ProblemCode, SessionId};

fn of_enrolment(account: AccountId, session: SessionId) -> Asked {
    Asked {
        ceremony: Ceremony::Enrol,
        holder: session.bytes().to_vec(),
        account,
    }
}

/// Sends a first code: to the account's own address, or to `number`. Tells where to, masked.
///
/// # Errors
/// `invalid` for the number; `conflict` where the channel is not set, is set up already, or does not suffice for the
/// account; `proof-required`, `too-many-requests`, `unavailable`.
pub async fn begin(platform: &Platform, caller: &Caller, channel: Channel, number: &str) -> Result<String> {
    let (account, session) = fresh_holder(platform, caller)?;
    check_channel(platform, channel).await?;
    let to = destination(account, channel, number)?;
    let id = FactorId::new(platform.now_ms(), random()?);
    let mut tx = platform.control().begin().await?;
    check_standing(rows::standing(&mut tx, account.id).await?)?;
    check_room(&mut tx, account.id).await?;
    let others = rows::list_of(&mut tx, account.id).await?;
    check_first(&others, channel)?;
    let new = NewFactor {
        id,
        account: account.id,
        kind: channel.kind(),
        label: to.masked(),
        secret: place::sealed(platform, account.id, id, &to)?,
        created_at: platform.now(),
    };
    rows::replace_pending(&mut tx, new).await?;
    commit(platform, caller, tx, "factor.begin", Object::new("factor", id)).await?;
    let row = waiting(platform, account.id).await?;
    send(platform, caller, &of_enrolment(account.id, session), &row, &to).await
}

fn destination(account: &AccountSummary, channel: Channel, number: &str) -> Result<Destination> {
    let malformed = |pointer: &str, text: String| PlatformError::invalid_at(pointer, "malformed", text);
    Ok(match channel {
        Channel::Mail => {
            let address = account.email.parse::<EmailAddress>();
            Destination::Mail(address.map_err(|error| malformed("/number", error.to_string()))?)
        }
        Channel::Sms => {
            let number = number.parse::<PhoneNumber>();
            Destination::Sms(number.map_err(|error| malformed("/number", error.to_string()))?)
        }
    })
}

async fn check_channel(platform: &Platform, channel: Channel) -> Result<()> {
    let set = channels(platform).await?;
    let is_set = match channel {
        Channel::Mail => set.mail,
        Channel::Sms => set.sms,
    };
    if is_set {
        return Ok(());
    }
    let detail = "this appliance sends no such codes; use another second factor, or ask whoever runs it";
    Err(PlatformError::new(ProblemCode::Conflict, detail))
}

fn check_standing(standing: Standing) -> Result<()> {
    if standing.privileged {
        let detail = "administrators, owners and operators need an authenticator app, a passkey or a security key: whoever \
                      reads their mail or takes their number over must not get in";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    Ok(())
}

fn check_first(others: &[Factor], channel: Channel) -> Result<()> {
    let is_it = |row: &Factor| row.kind == channel.kind() && row.state == FactorState::Active;
    if others.iter().any(is_it) {
        let detail = "codes that way are set up already; remove that factor first";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    Ok(())
}

/// The address or number that is being set up.
async fn waiting(platform: &Platform, account: AccountId) -> Result<Factor> {
    let found = rows::list_of(&mut platform.control().read().await?, account).await?;
    let is_it = |row: &Factor| row.state == FactorState::Pending && Channel::of(row.kind).is_some();
    found
        .into_iter()
        .find(is_it)
        .ok_or_else(|| PlatformError::not_found("second factor"))
}

/// What is being set up, for the page that was opened again: the channel, and where to, masked.
///
/// # Errors
/// `not-found` when nothing is; `proof-required`.
pub async fn pending(platform: &Platform, caller: &Caller) -> Result<(Channel, String)> {
    let (account, _) = fresh_holder(platform, caller)?;
    let row = waiting(platform, account.id).await?;
    let to = place::open(platform, &row)?;
    Ok((to.channel(), to.masked()))
}

/// Ends setting it up with the code that arrived. Every other session of the account ends, and this one has passed the second
/// step.
///
/// # Errors
/// `invalid` for a code that does not fit; `too-many-requests`; as [`begin`].
pub async fn finish(platform: &Platform, caller: &Caller, typed: &str) -> Result<Enrolled> {
    let (account, session) = fresh_holder(platform, caller)?;
    let row = waiting(platform, account.id).await?;
    code::count_try(platform, account.id).await?;
    let asked = of_enrolment(account.id, session);
    let Some(code::Answer::Sent { hash, .. }) = super::read(platform, &asked, typed) else {
        return Err(code::refuse(platform, caller, account.id, super::MISSED).await?);
    };
    let mut tx = platform.control().begin().await?;
    check_standing(rows::standing(&mut tx, account.id).await?)?;
    if sent_code::spend(&mut tx, &asked, &hash, platform.now())
        .await
        .is_err()
    {
        tx.close().await?;
        return Err(code::refuse(platform, caller, account.id, super::MISSED).await?);
    }
    own(rows::activate(&mut tx, account.id, row.id, &row.label, None).await)?;
    let passed = match row.kind {
        FactorKind::Sms => PassedFactor::Sms,
        _ => PassedFactor::Mail,
    };
    let enrolled = settle(platform, &mut tx, account.id, session, passed).await?;
    commit(platform, caller, tx, "factor.add", Object::new("factor", row.id)).await?;
    Ok(enrolled)
}
