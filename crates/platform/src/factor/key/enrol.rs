//! Setting a key up: asked to make a credential for this appliance, and counting once it has.
//!
//! Invariant: what is refused at a sign-in is refused here too: another origin, another host, a question of somebody else.

use super::{Question, impossible, parsed, party, question, sealed, usable};
use crate::{
    Platform,
    act::Object,
    caller::Caller,
    error::{PlatformError, Result},
    factor::{
        check_room, checked_label, commit,
        enrol::{Enrolled, settle},
        fresh_holder,
    },
    workspace::random,
};
use store::{
    StoreError,
    control::{
        ControlTx,
        factor::{self as rows, Factor, NewKey},
        session::PassedFactor,
    },
};
use types::FactorId;
use webauthn_rs_core::{
    error::WebauthnError,
    proto::{
        AttestationConveyancePreference, Credential, CredentialID, RegisterPublicKeyCredential,
        RegistrationState, UserVerificationPolicy,
    },
};

/// Asks the browser to make a credential.
///
/// # Errors
/// `proof-required`; `conflict` when there are too many factors, or the appliance has no name; `not-allowed` for tokens.
pub async fn begin(platform: &Platform, caller: &Caller) -> Result<Question> {
    let (account, session) = fresh_holder(platform, caller)?;
    let party = party::of(platform)?;
    check_room(&mut platform.control().read().await?, account.id).await?;
    let open = |row: &Factor| sealed::open(platform, row).map(|key| key.cred_id);
    let known = usable(platform, account.id).await?;
    let known = known.iter().map(open).collect::<Result<Vec<CredentialID>>>()?;
    let handle = account.id.bytes();
    let builder = party.new_challenge_register_builder(&handle, &account.email, &account.name);
    let builder = builder.map_err(impossible)?;
    // What make a key is of is not asked: nothing here depends on it, and it would tell people apart.
    let builder = builder
        .attestation(AttestationConveyancePreference::None)
        .user_verification_policy(UserVerificationPolicy::Preferred)
        .exclude_credentials(Some(known));
    let (options, state) = party.generate_challenge_register(builder).map_err(impossible)?;
    question::put(platform, &question::of_enrolment(account.id, session), &state).await?;
    Question::of(&options.public_key)
}

/// Ends setting a key up with the browser's answer. Every other session of the account ends, and this one has passed the
/// second step.
///
/// # Errors
/// `invalid` for an answer that does not fit, or a key that is known already; as [`begin`].
pub async fn finish(platform: &Platform, caller: &Caller, label: &str, given: &str) -> Result<Enrolled> {
    let (account, session) = fresh_holder(platform, caller)?;
    let label = checked_label(label)?;
    let asked = question::of_enrolment(account.id, session);
    let Some(state) = question::take::<RegistrationState>(platform, &asked).await? else {
        return Err(refused("key-late", LATE));
    };
    let answer = parsed::<RegisterPublicKeyCredential>(given).ok_or_else(|| refused("key-refused", ODD))?;
    let party = party::of(platform)?;
    let made = party.register_credential(&answer, &state, None).map_err(told)?;
    let id = FactorId::new(platform.now_ms(), random()?);
    let new = NewKey {
        id,
        account: account.id,
        label,
        secret: sealed::seal(platform, account.id, id, &made)?,
        credential_hash: openssl::sha::sha256(made.cred_id.as_slice()),
        relying_party: host_of(platform)?,
        counter: i64::from(made.counter),
        created_at: platform.now(),
    };
    let mut tx = platform.control().begin().await?;
    store::control::invitation::lock_account(&mut tx, account.id).await?;
    check_room(&mut tx, account.id).await?;
    insert(&mut tx, new, &made).await?;
    let enrolled = settle(platform, &mut tx, account.id, session, PassedFactor::Passkey).await?;
    commit(platform, caller, tx, "factor.add", Object::new("factor", id)).await?;
    Ok(enrolled)
}

const LATE: &str = "the browser answered too late, or to a question that was put before; try again";
const ODD: &str =
    "the browser's answer is none that a passkey or security key gives; try again, or use another browser";
const KNOWN: &str = "this key is set up already";

fn host_of(platform: &Platform) -> Result<String> {
    match super::offer(platform) {
        super::Offer::Offered { host } => Ok(host),
        super::Offer::NoName => Err(PlatformError::invariant("a key without a name to bind it to")),
    }
}

async fn insert(tx: &mut ControlTx, new: NewKey, made: &Credential) -> Result<()> {
    match rows::insert_key(tx, new).await {
        Err(StoreError::Taken { constraint }) if constraint == "factor_credential" => {
            tracing::info!(algorithm = ?made.cred.type_, "a credential that is known already was offered as a new key");
            Err(refused("key-known", KNOWN))
        }
        done => Ok(done?),
    }
}

fn told(error: WebauthnError) -> PlatformError {
    tracing::info!(error = %error, "a new security key was refused");
    match error {
        WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => refused(
            "key-refused",
            "the key did not say that somebody was there; touch it, and give its PIN when it asks",
        ),
        WebauthnError::CredentialAlteredAlgFromRequest => refused("key-known", KNOWN),
        _ => refused("key-refused", ODD),
    }
}

fn refused(code: &'static str, text: &str) -> PlatformError {
    PlatformError::invalid_at("/key", code, text)
}
