//! `/appliance/accounts`: everybody who has an account; disabled and enabled by operators.

use crate::{
    appliance,
    errors::Fault,
    form::Form,
    view::{AccountRow, AccountsPage, Badge, Tone},
    visit::{Answer, Visit, page, see_other},
    words::moment,
};
use actix_web::web::Path;
use platform::account::standing::{self, Account, AccountState};
use types::{AccountId, PageSize};

fn state_badge(state: AccountState) -> Badge {
    match state {
        AccountState::Active => Badge::new("Active", Tone::Good),
        AccountState::Disabled => Badge::new("Disabled", Tone::Bad),
        AccountState::Barred => Badge::new("Barred by its directory", Tone::Warn),
    }
}

/// `GET /appliance/accounts`
pub(crate) async fn show(visit: Visit) -> Answer {
    appliance::enter(&visit)?;
    let after = match visit.query.text("after") {
        "" => None,
        id => Some(account_of(id)?),
    };
    let size = PageSize::default();
    let accounts = standing::list(visit.platform(), &visit.caller, size, after).await?;
    let next = accounts
        .last()
        .filter(|_| accounts.len() == usize::from(size.get()))
        .map(|last| format!("/appliance/accounts?after={}", last.id));
    let own = visit.account()?.id;
    let row = |account: Account| AccountRow {
        id: account.id.to_string(),
        is_disabled: account.state == AccountState::Disabled,
        is_own: account.id == own,
        state: state_badge(account.state),
        made: moment(account.created_at),
        email: account.email,
        name: account.name,
        operator: account.operator,
    };
    let chrome = appliance::below(&visit, "Accounts").await?;
    page(&AccountsPage {
        chrome,
        accounts: accounts.into_iter().map(row).collect(),
        next,
    })
}

fn account_of(path: &str) -> Result<AccountId, Fault> {
    path.parse().map_err(|_| Fault::not_found("account"))
}

/// `POST /appliance/accounts/{account}/disable`
pub(crate) async fn disable(visit: Visit, path: Path<String>, _form: Form) -> Answer {
    appliance::enter(&visit)?;
    standing::disable(visit.platform(), &visit.caller, account_of(&path)?).await?;
    see_other("/appliance/accounts?notice=account-disabled")
}

/// `POST /appliance/accounts/{account}/enable`
pub(crate) async fn enable(visit: Visit, path: Path<String>, _form: Form) -> Answer {
    appliance::enter(&visit)?;
    standing::enable(visit.platform(), &visit.caller, account_of(&path)?).await?;
    see_other("/appliance/accounts?notice=account-enabled")
}
