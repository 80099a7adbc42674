//! Somebody whom a provider vouches for and nobody here knows.
//!
//! Invariant: an account that exists is never given to them, whatever address the provider says they have. A new account is
//! made only for an address that the provider has verified and nobody has here.

use crate::{
    Platform,
    account::{self, NewPerson},
    act::{Act, Object},
    caller::{Caller, Identity, Origin},
    error::{PlatformError, Result},
    provider::{FirstSignIn, ProviderSettings, source_of},
};
use access::{MemberState, Role};
use openid::Person;
use store::{
    NewEntry, StoreError,
    control::{
        ControlTx,
        account::{self as accounts, Account},
        identity::{self, IdentityRequest},
        membership,
        openid::Provider as Row,
    },
};
use types::{AccountId, EmailAddress, PageSize, ProblemCode};

/// What becomes of them.
pub(super) enum Received {
    /// They have an account now.
    Account(Account),
    /// They wait.
    Waits,
    /// Neither.
    TurnedAway,
}

pub(super) async fn receive(
    platform: &Platform,
    origin: &Origin,
    row: &Row,
    settings: &ProviderSettings,
    person: &Person,
) -> Result<Received> {
    // Nobody is signed in yet; the platform acts, from where the person is.
    let caller = Caller {
        identity: Identity::System,
        origin: origin.clone(),
        grant: None,
    };
    match settings.first_sign_in {
        FirstSignIn::Refuse => Ok(Received::TurnedAway),
        FirstSignIn::Wait => wait(platform, &caller, row, person).await,
        FirstSignIn::Create => match free_address(platform, person).await? {
            Some(email) => create(platform, &caller, row, settings, person, email).await,
            None => wait(platform, &caller, row, person).await,
        },
    }
}

/// The address that the provider vouches for, if nobody has it here.
async fn free_address(platform: &Platform, person: &Person) -> Result<Option<EmailAddress>> {
    let verified = person.email.as_ref().filter(|_| person.email_verified);
    let Some(Ok(email)) = verified.map(|email| email.parse::<EmailAddress>()) else {
        return Ok(None);
    };
    let found = accounts::find_by_email(&mut platform.control().read().await?, &email).await?;
    Ok(found.is_none().then_some(email))
}

async fn wait(platform: &Platform, caller: &Caller, row: &Row, person: &Person) -> Result<Received> {
    let source = source_of(row.id);
    let mut tx = platform.control().begin().await?;
    let waiting = identity::list_requests(&mut tx, source).await?;
    if waiting.iter().any(|one| one.subject == person.subject) {
        tx.close().await?;
        return Ok(Received::Waits);
    }
    if waiting.len() >= usize::from(PageSize::MAX) {
        tx.close().await?;
        tracing::warn!(
            openid.provider = row.key,
            "too many people wait to be let in; no more are noted"
        );
        return Ok(Received::TurnedAway);
    }
    let request = IdentityRequest {
        subject: person.subject.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        asked_at: platform.now(),
    };
    identity::ask(&mut tx, source, &request).await?;
    let act = Act::access("identity.ask", Object::new("provider", &row.key));
    tx.commit(&platform.entry(caller, None, &act)?, &[]).await?;
    Ok(Received::Waits)
}

async fn create(
    platform: &Platform,
    caller: &Caller,
    row: &Row,
    settings: &ProviderSettings,
    person: &Person,
    email: EmailAddress,
) -> Result<Received> {
    let new = NewPerson {
        name: person.name.clone().unwrap_or_else(|| email.to_string()),
        email: email.to_string(),
        password: None,
    };
    let prepared = account::prepare(platform, new).await?;
    let mut tx = platform.control().begin().await?;
    let (account, Some(made)) = account::find_or_insert(platform, caller, &mut tx, prepared).await? else {
        // Somebody took the address in this moment.
        tx.close().await?;
        return wait(platform, caller, row, person).await;
    };
    let tied = identity::insert(
        &mut tx,
        source_of(row.id),
        &person.subject,
        account,
        platform.now(),
    )
    .await;
    if let Err(StoreError::Taken { .. }) = tied {
        let text = "you were let in elsewhere in this moment; begin again";
        return Err(PlatformError::new(ProblemCode::Conflict, text));
    }
    tied?;
    let joined = join(platform, caller, &mut tx, settings, account).await?;
    let act = Act::configuration("identity.create", Object::new("account", account)).because(&row.key);
    let entry = platform.entry(caller, None, &act)?;
    let rest: Vec<NewEntry> = std::iter::once(made).chain(joined).collect();
    tx.commit(&entry, &rest).await?;
    let found = accounts::find_by_id(&mut platform.control().read().await?, account).await?;
    let found = found.ok_or_else(|| PlatformError::not_found("account"))?;
    Ok(Received::Account(found.0))
}

/// Makes the account a member where the host has set so, as long as that organization is there.
async fn join(
    platform: &Platform,
    caller: &Caller,
    tx: &mut ControlTx,
    settings: &ProviderSettings,
    account: AccountId,
) -> Result<Option<NewEntry>> {
    let Some(wanted) = &settings.membership else {
        return Ok(None);
    };
    let found = store::control::organization::find_by_id(tx, wanted.organization).await?;
    let role = wanted
        .role
        .parse::<Role>()
        .ok()
        .filter(|role| *role < Role::Administrator);
    let (Some(_), Some(role)) = (found, role) else {
        tracing::warn!(organization = %wanted.organization, "newcomers cannot become members there");
        return Ok(None);
    };
    membership::insert(tx, wanted.organization, account, role, MemberState::Active).await?;
    let act = Act::configuration("member.add", Object::new("member", account)).because(role.as_str());
    Ok(Some(platform.entry(caller, Some(wanted.organization), &act)?))
}
