//! Looking at what is shown as a second factor: a typed code of an authenticator app, one that was sent, a recovery code; what
//! a key answers is looked at by [`super::key`] and spent here.
//!
//! Invariants: a try is counted before the code is looked at ([`count_try`]); a code counts once, because whoever lets
//! somebody in by it spends it in the same transaction ([`spend`]); a miss is an entry. A code that would count only later
//! is burnt when it is seen, or telling that a clock is off would let a guesser wait for its time.

use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::Caller,
    error::{PlatformError, Result},
};
use store::{
    StoreError,
    control::{
        ControlTx,
        factor::{self as rows, FactorKind, FactorState},
        key_challenge::Asked,
        pending_sign_in::{self as pending, MissRule},
        recovery_code, sent_code,
        session::PassedFactor,
    },
};
use types::{AccountId, FactorId, ProblemCode};
use vault::{
    Purpose, RecoveryCode, TotpSecret, seal,
    totp::{Reading, STEP_SECONDS},
};

/// Ten misses are free. With three of a million codes right at any time, a guesser who knows the password then has
/// about one chance in 14,000 a day.
const MISSES: MissRule = MissRule {
    free: 10,
    wait_seconds: 60,
    wait_seconds_max: 3_600,
    memory_seconds: 86_400,
};

/// What was shown turned out to be.
pub(crate) enum Answer {
    /// A code of one of the account's apps.
    App {
        factor: FactorId,
        step: i64,
    },
    /// Of the form of a recovery code.
    Recovery {
        hash: [u8; 32],
    },
    /// One of the account's keys, with its counter.
    Key {
        factor: FactorId,
        counter: i64,
    },
    /// Of the form of a code that was sent.
    Sent {
        asked: Asked,
        hash: [u8; 32],
    },
    Missed(Missed),
}

/// Why a code or a key does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    Wrong,
    Used,
    /// It belongs to another time.
    ClockOff {
        factor: FactorId,
        step: i64,
        ahead: i64,
    },
    /// No such code was sent to here, or too long ago.
    NotSent,
    /// Nothing was asked of a key, or too long ago.
    KeyLate,
    /// It is no answer of a key of the account to this page.
    KeyRefused,
    /// The key has counted fewer uses than before: there may be two of it.
    KeyCopied {
        factor: FactorId,
    },
}

/// Counts a try of the account, over all its sign-ins.
///
/// # Errors
/// `too-many-requests` with the seconds to wait, after many misses.
pub(crate) async fn count_try(platform: &Platform, account: AccountId) -> Result<()> {
    let now = platform.now();
    let mut keep = platform.control().keep().await?;
    let Some(until) = pending::count_miss(&mut keep, account, MISSES, now).await? else {
        return Ok(());
    };
    let seconds = u32::try_from(until.as_second() - now.as_second())
        .unwrap_or(0)
        .max(1);
    Err(PlatformError {
        retry_after_seconds: Some(seconds),
        ..PlatformError::new(
            ProblemCode::TooMany,
            "too many codes or passwords of this account were wrong; wait, or ask the operator for a break-glass link",
        )
    })
}

/// What a code is to an account, as far as can be seen without spending it.
pub(crate) async fn read(platform: &Platform, asked: &Asked, typed: &str) -> Result<Answer> {
    let account = asked.account;
    if let Some(answer) = super::sent::read(platform, asked, typed) {
        return Ok(answer);
    }
    if let Some(code) = RecoveryCode::parse(typed) {
        let hash = *code.hashed(account).bytes();
        return Ok(Answer::Recovery { hash });
    }
    let now_s = platform.now().as_second();
    let factors = rows::list_of(&mut platform.control().read().await?, account).await?;
    let mut missed = Missed::Wrong;
    let counting = |row: &rows::Factor| row.state == FactorState::Active && row.kind == FactorKind::Totp;
    for row in factors.into_iter().filter(counting) {
        let secret = open_secret(platform, account, row.id, &row.secret)?;
        match secret.look(typed, now_s).map_err(vault_failure)? {
            Reading::Counts { step } => return Ok(Answer::App { factor: row.id, step }),
            Reading::Off { step, ahead } => {
                missed = Missed::ClockOff {
                    factor: row.id,
                    step,
                    ahead,
                }
            }
            Reading::Wrong => {}
        }
    }
    Ok(Answer::Missed(missed))
}

/// Spends a code within the transaction that lets somebody in by it, and forgives the misses.
pub(crate) async fn spend(
    platform: &Platform,
    tx: &mut ControlTx,
    account: AccountId,
    answer: Answer,
) -> Result<std::result::Result<PassedFactor, Missed>> {
    let now = platform.now();
    let (spent, passed, missed) = match answer {
        Answer::Sent { asked, hash } => {
            let spent = sent_code::spend(tx, &asked, &hash, now).await;
            let passed = match &spent {
                Ok((_, FactorKind::Sms)) => PassedFactor::Sms,
                _ => PassedFactor::Mail,
            };
            (spent.map(drop), passed, Missed::NotSent)
        }
        Answer::Missed(missed) => return Ok(Err(missed)),
        Answer::App { factor, step } => {
            let spent = rows::spend_step(tx, factor, step, now).await;
            (spent, PassedFactor::Totp, Missed::Used)
        }
        Answer::Recovery { hash } => {
            let spent = recovery_code::spend(tx, account, &hash, now).await;
            (spent, PassedFactor::Recovery, Missed::Wrong)
        }
        Answer::Key { factor, counter } => {
            let spent = rows::spend_counter(tx, factor, counter, now).await;
            (spent, PassedFactor::Passkey, Missed::KeyCopied { factor })
        }
    };
    match spent {
        Err(StoreError::NotFound) => return Ok(Err(missed)),
        spent => spent?,
    }
    pending::forgive(tx, account).await?;
    Ok(Ok(passed))
}

/// Writes a miss down, and says what the person can do.
pub(crate) async fn refuse(
    platform: &Platform,
    caller: &Caller,
    account: AccountId,
    missed: Missed,
) -> Result<PlatformError> {
    let mut tx = platform.control().begin().await?;
    if let Missed::ClockOff { factor, step, ahead } = missed
        && ahead > 0
    {
        rows::burn_steps(&mut tx, factor, step).await?;
    }
    let reason = match missed {
        Missed::Wrong => "wrong",
        Missed::Used => "used already",
        Missed::ClockOff { .. } => "of another time",
        Missed::NotSent => "no code that was sent for this, or too late",
        Missed::KeyLate => "answered too late",
        Missed::KeyRefused => "no answer of a key of the account",
        Missed::KeyCopied { .. } => "the key's counter went back",
    };
    let object = match missed {
        Missed::KeyCopied { factor } => Object::new("factor", factor),
        _ => Object::new("account", account),
    };
    let act = Act::access("factor.refuse", object).because(reason);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(problem(missed))
}

fn problem(missed: Missed) -> PlatformError {
    let (code, text) = match missed {
        Missed::KeyLate | Missed::KeyRefused | Missed::KeyCopied { .. } => return key_problem(missed),
        Missed::NotSent => (
            "wrong-code",
            "this is not the code that was sent for this sign-in, or its ten minutes are over; have another one sent".to_owned(),
        ),
        Missed::Wrong => (
            "wrong-code",
            "this is not the code that the app shows now, and no recovery code that still works".to_owned(),
        ),
        Missed::Used => (
            "used-code",
            "this code was used already; wait for the next one, which comes within half a minute".to_owned(),
        ),
        Missed::ClockOff { ahead, .. } => {
            let minutes = (ahead.abs() * STEP_SECONDS + 30) / 60;
            let which = if ahead > 0 { "ahead of" } else { "behind" };
            let text = format!(
                "this code is right for another time: the clock of your device is about {minutes} min {which} that of \
                 the appliance; set it by the network, wait 5 minutes, and try again"
            );
            ("clock-off", text)
        }
    };
    PlatformError::invalid_at("/code", code, text)
}

fn key_problem(missed: Missed) -> PlatformError {
    let (code, text) = match missed {
        Missed::KeyLate => (
            "key-late",
            "the key answered too late, or to a question of before; try again",
        ),
        Missed::KeyCopied { .. } => (
            "key-copied",
            "this key has counted fewer uses than when it was last used here, as a copy of it would; use another second \
             factor, remove the key, and tell your administrator",
        ),
        _ => (
            "key-refused",
            "this is no answer of a key of this account; use the key that you set up here, or another second factor",
        ),
    };
    PlatformError::invalid_at("/key", code, text)
}

/// Where an app's secret lies: a secret copied to another row does not open there.
fn place(account: AccountId, factor: FactorId) -> Vec<u8> {
    [b"totp".as_slice(), &account.bytes(), &factor.bytes()].concat()
}

pub(crate) fn seal_secret(
    platform: &Platform,
    account: AccountId,
    factor: FactorId,
    secret: &TotpSecret,
) -> Result<Vec<u8>> {
    let key = platform.appliance_keys().current(Purpose::Factors);
    seal::seal(key, &place(account, factor), secret.expose()).map_err(vault_failure)
}

pub(crate) fn open_secret(
    platform: &Platform,
    account: AccountId,
    factor: FactorId,
    sealed: &[u8],
) -> Result<TotpSecret> {
    let opened = seal::open(
        platform.appliance_keys(),
        Purpose::Factors,
        &place(account, factor),
        sealed,
    );
    let secret = TotpSecret::from_slice(&opened.map_err(vault_failure)?);
    secret
        .ok_or_else(|| PlatformError::invariant(format!("the secret of factor {factor} has another length")))
}
