//! Codes by mail and by SMS: eight digits that the appliance sends to an address or a number which its holder has shown to be
//! theirs. They are weak, and said to be: whoever reads the mail or takes the number over reads the codes.
//!
//! Invariants: a code counts once, within [`MINUTES`] minutes, in the sign-in or session that asked for it; only so many are
//! sent; administrators, owners and operators do not stand on them alone ([`Standing::suffices`]), and with a stronger factor
//! they are sent none. Where nothing can be sent, the other factors stand. Start at [`ask`].

mod enrol;
mod place;

pub use enrol::{begin, finish, pending};

use super::code::{Answer, Missed};
use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::Caller,
    error::{PlatformError, Result},
    mail, sms,
};
use jiff::SignedDuration;
use place::Destination;
use store::{
    StoreError,
    control::{
        factor::{self as rows, Factor, FactorKind, FactorState, Standing},
        key_challenge::Asked,
        sent_code::{self as codes, NewCode, SendRule},
    },
};
use types::ProblemCode;
use vault::{Purpose, Secret, mac};

/// How many minutes a code waits.
pub const MINUTES: i64 = 10;
/// How many digits it has: twenty-six bits.
pub const DIGITS: usize = 8;
/// Most codes of an account by one channel within an hour.
pub const HOURLY_MAX: i32 = 5;
/// Most messages of the whole appliance within a day: SMS cost money.
pub const DAILY_SMS_MAX: i32 = 500;
const HOUR_SECONDS: i64 = 3_600;
/// Ten to the power of [`DIGITS`].
const MODULUS: u64 = 100_000_000;

/// By what codes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// To the account's address.
    Mail,
    /// To a telephone number.
    Sms,
}

impl Channel {
    /// The channel of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Mail, Self::Sms]
            .into_iter()
            .find(|channel| channel.as_str() == text)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.kind().as_str()
    }

    fn kind(self) -> FactorKind {
        match self {
            Self::Mail => FactorKind::Mail,
            Self::Sms => FactorKind::Sms,
        }
    }

    fn of(kind: FactorKind) -> Option<Self> {
        match kind {
            FactorKind::Mail => Some(Self::Mail),
            FactorKind::Sms => Some(Self::Sms),
            FactorKind::Totp | FactorKind::Passkey => None,
        }
    }
}

/// Which channels are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// Mail.
    pub mail: bool,
    /// SMS.
    pub sms: bool,
}

/// Which channels are set.
///
/// # Errors
/// `unavailable`.
pub async fn channels(platform: &Platform) -> Result<Channels> {
    Ok(Channels {
        mail: mail::is_set(platform).await?,
        sms: sms::is_set(&mut platform.control().read().await?).await?,
    })
}

/// Where codes of a factor go, masked.
pub(crate) fn masked(platform: &Platform, row: &Factor) -> Result<String> {
    Ok(place::open(platform, row)?.masked())
}

/// Sends a code to the account's address or number; tells where to, masked.
///
/// # Errors
/// `conflict` when the account has none, or stands on a stronger factor; `too-many-requests`; `unavailable` when nothing
/// can be sent.
pub(crate) async fn ask(
    platform: &Platform,
    caller: &Caller,
    asked: &Asked,
    channel: Channel,
) -> Result<String> {
    let mut read = platform.control().read().await?;
    let standing = rows::standing(&mut read, asked.account).await?;
    let found = rows::list_of(&mut read, asked.account).await?;
    drop(read);
    let is_it = |row: &Factor| row.kind == channel.kind() && row.state == FactorState::Active;
    let row = found.into_iter().find(is_it).filter(|_| are_open_to(standing));
    let row = row.ok_or_else(|| {
        let detail = "this account gets no codes that way; use another second factor";
        PlatformError::new(ProblemCode::Conflict, detail)
    })?;
    send(platform, caller, asked, &row, &place::open(platform, &row)?).await
}

/// Is a sent code good enough for an account beside what it has?
pub(crate) fn are_open_to(standing: Standing) -> bool {
    !(standing.privileged && standing.strong)
}

/// Counts, keeps and sends a code.
async fn send(
    platform: &Platform,
    caller: &Caller,
    asked: &Asked,
    row: &Factor,
    to: &Destination,
) -> Result<String> {
    let channel = to.channel();
    count(platform, asked, channel).await?;
    let code = generate()?;
    let now = platform.now();
    let new = NewCode {
        factor: row.id,
        hash: hash(platform, asked, &code),
        created_at: now,
        expires_at: now.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(now),
    };
    let act = Act::access("factor.send-code", Object::new("factor", row.id)).because(channel.as_str());
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    codes::keep(&mut platform.control().keep().await?, asked, new).await?;
    if let Err(error) = to.deliver(platform, &code).await {
        tracing::warn!(channel = channel.as_str(), detail = %error.detail, "a code could not be sent");
        codes::forget(&mut platform.control().keep().await?, asked).await?;
        return Err(unsent(channel));
    }
    Ok(to.masked())
}

fn unsent(channel: Channel) -> PlatformError {
    let what = match channel {
        Channel::Mail => "mail",
        Channel::Sms => "SMS",
    };
    let text = format!(
        "no code was sent: {what} does not work at the moment; use another second factor or a recovery code, or try again \
         later, and tell your administrator"
    );
    PlatformError::new(ProblemCode::Unavailable, text)
}

async fn count(platform: &Platform, asked: &Asked, channel: Channel) -> Result<()> {
    let rule = SendRule {
        most: HOURLY_MAX,
        seconds: HOUR_SECONDS,
    };
    let mut keep = platform.control().keep().await?;
    match codes::count(&mut keep, asked.account.0, channel.kind(), rule, platform.now()).await {
        Err(StoreError::NotFound) => {
            let text = "as many codes were sent as may be within the hour; use another second factor or a recovery code, or \
                        wait";
            return Err(PlatformError {
                retry_after_seconds: u32::try_from(HOUR_SECONDS).ok(),
                ..PlatformError::new(ProblemCode::TooMany, text)
            });
        }
        counted => counted?,
    }
    drop(keep);
    // Last: what one account may not send does not spend what everybody shares.
    match channel {
        Channel::Sms => count_sms(platform).await,
        Channel::Mail => Ok(()),
    }
}

/// Counts one of the messages that the whole appliance may send within a day.
///
/// # Errors
/// `unavailable` when they are spent, which is an alert.
pub(crate) async fn count_sms(platform: &Platform) -> Result<()> {
    let rule = SendRule {
        most: DAILY_SMS_MAX,
        seconds: 24 * HOUR_SECONDS,
    };
    let mut keep = platform.control().keep().await?;
    match codes::count(
        &mut keep,
        uuid::Uuid::nil(),
        FactorKind::Sms,
        rule,
        platform.now(),
    )
    .await
    {
        Err(StoreError::NotFound) => {
            tracing::error!(
                most = DAILY_SMS_MAX,
                "the day's SMS are spent; nobody gets a code by SMS until tomorrow"
            );
            Err(unsent(Channel::Sms))
        }
        counted => Ok(counted?),
    }
}

fn generate() -> Result<String> {
    let random = Secret::<8>::generate().map_err(vault_failure)?;
    // Of 2^64 numbers the remainder favours none by more than one in ten thousand million.
    let number = u64::from_be_bytes(*random.expose()) % MODULUS;
    Ok(format!("{number:0width$}", width = DIGITS))
}

/// A code's hash, good for whom it was sent to and where it was asked for.
fn hash(platform: &Platform, asked: &Asked, code: &str) -> [u8; 32] {
    let key = platform.appliance_keys().current(Purpose::Factors);
    let kind = asked.ceremony.as_str().as_bytes();
    let message = [kind, &asked.account.bytes(), &asked.holder, code.as_bytes()].concat();
    mac::tag(key, b"sent-code", &message)
}

/// What a typed text is, if it has the form of such a code.
pub(super) fn read(platform: &Platform, asked: &Asked, typed: &str) -> Option<Answer> {
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| Answer::Sent {
        asked: asked.clone(),
        hash: hash(platform, asked, &digits),
    })
}

/// What a code that does not count is called.
pub(super) const MISSED: Missed = Missed::NotSent;
