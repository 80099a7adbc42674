//! Accounts: people, appliance-wide, with a password that is kept as an Argon2id hash only. Whether one may be used: [`standing`].

pub mod standing;

use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::{Caller, Lacks},
    error::{PlatformError, Result},
    factor::code,
    organization::checked_name,
    password::{self, Whose},
    workspace::random,
};
use store::{
    NewEntry,
    control::{ControlTx, account as rows, pending_sign_in, session},
};
use types::{AccountId, EmailAddress, ProblemCode};
use vault::{SecretText, Verdict};

/// A person to be given an account.
#[derive(Debug)]
pub struct NewPerson {
    /// Their e-mail address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their password; without one they need an [`invitation`](crate::invitation) to sign in.
    pub password: Option<SecretText>,
}

/// A person whose values were checked and whose password was hashed.
pub(crate) struct Prepared {
    email: EmailAddress,
    name: String,
    password: Option<String>,
}

/// Checks a person's values and hashes the password, before a transaction is opened.
pub(crate) async fn prepare(platform: &Platform, person: NewPerson) -> Result<Prepared> {
    let email = person.email.parse::<EmailAddress>();
    let email = email.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let name = checked_name("/name", &person.name)?;
    let password = match person.password {
        Some(password) => {
            let whose = Whose::Nobody {
                words: &[email.as_str(), &name],
            };
            Some(password::hash(platform, "/password", password, whose).await?)
        }
        None => None,
    };
    Ok(Prepared {
        email,
        name,
        password,
    })
}

/// The account of the address, or a new one with its entry.
pub(crate) async fn find_or_insert(
    platform: &Platform,
    caller: &Caller,
    tx: &mut ControlTx,
    person: Prepared,
) -> Result<(AccountId, Option<NewEntry>)> {
    if let Some((account, _)) = rows::find_by_email(tx, &person.email).await? {
        return Ok((account.id, None));
    }
    let id = AccountId::new(platform.now_ms(), random()?);
    let new = rows::NewAccount {
        id,
        email: person.email,
        name: person.name,
        password: person.password,
        operator: false,
        created_at: platform.now(),
    };
    rows::insert(tx, new).await?;
    let entry = platform.entry(
        caller,
        None,
        &Act::configuration("account.create", Object::new("account", id)),
    )?;
    Ok((id, Some(entry)))
}

/// Changes one's own password. Every other session of the account ends.
///
/// # Errors
/// `invalid` when the old password is wrong or the new one too weak; `too-many-requests` after many wrong ones, so that whoever
/// finds an open session does not guess it here; `not-allowed` for tokens.
pub async fn change_password(
    platform: &Platform,
    caller: &Caller,
    old: SecretText,
    new: SecretText,
) -> Result<()> {
    let is_open = matches!(caller.lacks(), None | Some(Lacks::Password));
    let Some((account, session)) = caller.holder().filter(|_| is_open) else {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "sign in with a password to change it",
        ));
    };
    code::count_try(platform, account.id).await?;
    let found = rows::find_by_id(&mut platform.control().read().await?, account.id).await?;
    let stored = found.and_then(|(_, hash)| hash);
    let verdict = platform
        .hash_with(move |hasher| hasher.verify(old.expose(), stored.as_deref()))
        .await?;
    if matches!(verdict.map_err(vault_failure)?, Verdict::Wrong) {
        let act = Act::access("session.refuse", Object::new("account", account.id));
        let entry = platform.entry(caller, None, &act)?;
        platform.control().begin().await?.commit(&entry, &[]).await?;
        return Err(PlatformError::invalid_at(
            "/old_password",
            "wrong-password",
            "this is not your password",
        ));
    }
    let whose = Whose::Account {
        id: account.id,
        words: &[&account.email, &account.name],
    };
    let hashed = password::hash(platform, "/new_password", new, whose).await?;
    let mut tx = platform.control().begin().await?;
    let now = platform.now();
    rows::set_password(&mut tx, account.id, &hashed, now).await?;
    pending_sign_in::forgive(&mut tx, account.id).await?;
    session::end_others_of(&mut tx, account.id, session, now).await?;
    let act = Act::access("account.change-password", Object::new("account", account.id));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}

/// The names of accounts, for pages that show who did something; unknown ids are left out.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn names(
    platform: &Platform,
    ids: &[AccountId],
) -> Result<std::collections::BTreeMap<AccountId, String>> {
    let mut read = platform.control().read().await?;
    let mut names = std::collections::BTreeMap::new();
    for id in ids {
        if !names.contains_key(id)
            && let Some((account, _)) = rows::find_by_id(&mut read, *id).await?
        {
            names.insert(*id, account.name);
        }
    }
    Ok(names)
}
