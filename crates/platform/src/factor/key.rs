//! Passkeys and security keys (W3C Web Authentication level 3): a question that only the key's holder can answer, and only
//! to this appliance's own page.
//!
//! Invariants: a question is answered once and within [`MINUTES`] minutes, by whom it was put to; a key is bound to the
//! host that it was set up under, and answers there only; its counter only goes up. Parsing and signatures are
//! webauthn-rs-core's; start at [`read`].

mod enrol;
mod party;
mod question;
mod sealed;

pub use enrol::{begin, finish};
pub use party::{Offer, offer};
pub(crate) use question::{of_proof, of_sign_in};

use super::code::{Answer, Missed};
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
};
use serde::{Serialize, de::DeserializeOwned};
use store::control::{
    factor::{self as rows, Factor, FactorKind, FactorState},
    key_challenge::Asked,
};
use types::{AccountId, ProblemCode};
use webauthn_rs_core::{
    error::WebauthnError,
    proto::{AuthenticationState, Credential, PublicKeyCredential, UserVerificationPolicy},
};

/// How many minutes a question waits for its answer.
pub const MINUTES: i64 = 5;
/// Most bytes of an answer; the largest that keys give are a tenth of it.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A question to a key.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the browser's `navigator.credentials` takes, as JSON; bytes in it are base64url.
    pub options: String,
}

impl Question {
    fn of(options: &impl Serialize) -> Result<Self> {
        let options = serde_json::to_string(options).map_err(vault_failure)?;
        Ok(Self { options })
    }
}

/// The account's keys that answer under the appliance's present name.
pub(crate) async fn usable(platform: &Platform, account: AccountId) -> Result<Vec<Factor>> {
    let Offer::Offered { host } = offer(platform) else {
        return Ok(Vec::new());
    };
    let found = rows::list_of(&mut platform.control().read().await?, account).await?;
    let is_usable = |row: &Factor| {
        row.kind == FactorKind::Passkey
            && row.state == FactorState::Active
            && row.relying_party.as_deref() == Some(host.as_str())
    };
    Ok(found.into_iter().filter(is_usable).collect())
}

/// Asks the account's keys.
///
/// # Errors
/// `conflict` when it has none that answers here.
pub(crate) async fn ask(platform: &Platform, asked: &Asked) -> Result<Question> {
    let keys = usable(platform, asked.account).await?;
    if keys.is_empty() {
        let detail =
            "this account has no passkey or security key for this address; use another second factor";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    let open = |row: &Factor| sealed::open(platform, row);
    let credentials = keys.iter().map(open).collect::<Result<Vec<Credential>>>()?;
    let party = party::of(platform)?;
    // A device that can tell its holder by finger or PIN does; one that did when it was set up must each time.
    let policy = Some(UserVerificationPolicy::Preferred);
    let builder = party.new_challenge_authenticate_builder(credentials, policy);
    let asking = builder.and_then(|builder| party.generate_challenge_authenticate(builder));
    let (options, state) = asking.map_err(impossible)?;
    question::put(platform, asked, &state).await?;
    Question::of(&options.public_key)
}

/// What an answer is to the question that was put, as far as can be seen without spending it. The question is gone
/// then, whatever the answer is.
pub(crate) async fn read(platform: &Platform, asked: &Asked, given: &str) -> Result<Answer> {
    let Some(state) = question::take::<AuthenticationState>(platform, asked).await? else {
        return Ok(Answer::Missed(Missed::KeyLate));
    };
    let refused = Ok(Answer::Missed(Missed::KeyRefused));
    let Some(answer) = parsed::<PublicKeyCredential>(given) else {
        return refused;
    };
    // Section 7.2, step 6: the key may say whose it is, and must not be wrong about it.
    let handle = answer.get_user_unique_id();
    if handle.is_some_and(|handle| handle != asked.account.bytes().as_slice()) {
        return refused;
    }
    let hash = openssl::sha::sha256(answer.get_credential_id());
    let keys = usable(platform, asked.account).await?;
    let row = keys
        .into_iter()
        .find(|row| row.credential_hash.as_deref() == Some(hash.as_slice()));
    let Some(row) = row else {
        return refused;
    };
    match party::of(platform)?.authenticate_credential(&answer, &state) {
        Ok(result) => Ok(Answer::Key {
            factor: row.id,
            counter: i64::from(result.counter()),
        }),
        Err(WebauthnError::CredentialPossibleCompromise) => {
            Ok(Answer::Missed(Missed::KeyCopied { factor: row.id }))
        }
        Err(error) => {
            tracing::info!(factor = %row.id, error = %error, "the answer of a security key was refused");
            refused
        }
    }
}

fn parsed<T: DeserializeOwned>(given: &str) -> Option<T> {
    (given.len() <= ANSWER_BYTES_MAX)
        .then(|| serde_json::from_str(given).ok())
        .flatten()
}

fn impossible(error: WebauthnError) -> PlatformError {
    PlatformError::invariant(format!("no question can be put to a key: {error}"))
}
