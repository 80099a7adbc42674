//! Operators: accounts that look after the appliance. They have no role in any organization by that.
//!
//! Invariant: only the host makes an operator, so that no session, however it was come by, can make another.

use crate::{
    Platform,
    act::{Act, Object},
    caller::{AccountSummary, Caller, Identity},
    error::{PlatformError, Result},
};
use store::control::account as rows;
use types::{EmailAddress, ProblemCode};

/// Refuses everybody but a signed-in operator and the host. An API token reaches one organization and never the appliance.
///
/// # Errors
/// `not-signed-in`, `not-allowed`.
pub fn require(caller: &Caller) -> Result<()> {
    match &caller.identity {
        Identity::Host => Ok(()),
        Identity::Person { account, .. } if account.operator => Ok(()),
        Identity::Anonymous => Err(access::Denial::NotSignedIn.into()),
        Identity::Held { lacks, .. } => Err(crate::factor::held(*lacks)),
        Identity::Person { .. } | Identity::Token { .. } | Identity::System => {
            let why = "this is for operators of the appliance";
            Err(PlatformError::new(ProblemCode::NotAllowed, why))
        }
    }
}

/// Makes an account an operator; answers whether anything changed.
///
/// # Errors
/// `not-allowed` for anybody but the host, `not-found`, `invalid` for what is no address.
pub async fn appoint(platform: &Platform, caller: &Caller, email: &str) -> Result<bool> {
    change(platform, caller, email, true).await
}

/// Takes from an account that it is an operator; answers whether anything changed.
///
/// # Errors
/// As [`appoint`].
pub async fn dismiss(platform: &Platform, caller: &Caller, email: &str) -> Result<bool> {
    change(platform, caller, email, false).await
}

async fn change(platform: &Platform, caller: &Caller, email: &str, operator: bool) -> Result<bool> {
    if !matches!(caller.identity, Identity::Host) {
        let why = "operators are made and dismissed on the host only";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let address = email.trim().parse::<EmailAddress>();
    let address =
        address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let mut tx = platform.control().begin().await?;
    let Some((account, _)) = rows::find_by_email(&mut tx, &address).await? else {
        return Err(PlatformError::not_found("account"));
    };
    if account.operator == operator {
        return Ok(false);
    }
    rows::set_operator(&mut tx, account.id, operator).await?;
    let action = if operator {
        "operator.appoint"
    } else {
        "operator.dismiss"
    };
    let act = Act::configuration(action, Object::new("account", account.id));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(true)
}

/// The operators, by address; at most 500.
///
/// # Errors
/// `not-signed-in`, `not-allowed`, `unavailable`.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<AccountSummary>> {
    require(caller)?;
    let found = rows::list_operators(&mut platform.control().read().await?).await?;
    Ok(found.iter().map(AccountSummary::of).collect())
}
